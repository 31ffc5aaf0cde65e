# SPDX-License-Identifier: Apache-2.0
"""The picture of a network: subnets by tier and zone, what leads out of them, and who may reach whom.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..reconcile.drawing import Box, Drawing, Way
from . import groups, topology

State = Mapping[str, Any]
#: What a group that lets everything out, or in, reaches.
EVERYWHERE = {topology.IPV4: "everywhere", topology.IPV6: "everywhere (IPv6)"}


def drawing(state: State) -> Drawing:
    """The boxes and ways of a network, observed or foreseen."""
    return Drawing((*_edge(state), *_subnets(state), *_gateways(state), *_endpoints(state), *_groups(state)),
                   tuple(ways(state.get("security_groups") or {})))  # fmt: skip


def _edge(state: State) -> Iterator[Box]:
    """The VPC itself, and what stands at its edge."""
    blocks = [state.get("cidr_block"), *(state.get("secondary_cidr_blocks") or ())]
    if state.get("cidr_block"):
        logs = "flow logs" if state.get("flow_logs") or state.get("further_flow_logs") else "no flow logs"
        yield Box("VPC", "VPC", _text(blocks), (*_id(state, "vpc_id"), logs))
    for key, name in (("internet_gateway", "internet gateway"), ("egress_only_gateway", "egress-only gateway")):
        if state.get(key):
            yield Box(name, name, "to the internet" if key == "internet_gateway" else "out by IPv6", _id(state[key]))


def _subnets(state: State) -> Iterator[Box]:
    tables = state.get("route_tables") or {}
    out = {key: _text((table.get("internet_routes") or {}).values())
           for table in tables.values() for key in table.get("subnets") or ()}  # fmt: skip
    for key, subnet in (state.get("subnets") or {}).items():
        tier, zone = topology.split(key)
        way = f"out by {out[key]}" if out.get(key) else "no way out"
        yield Box(f"subnet {key}", "subnet", str(subnet.get("cidr_block") or "IPv6"), (way, *_id(subnet)), tier, zone)


def _gateways(state: State) -> Iterator[Box]:
    for key, gateway in (state.get("nat_gateways") or {}).items():
        tier, zone = topology.split(gateway["subnet"]) if gateway.get("subnet") else ("", "")
        label = gateway.get("public_ip") or ("in every zone" if key == topology.REGIONAL else "an address to come")
        yield Box(f"NAT gateway {key}", "NAT gateway", str(label), _id(gateway), tier, zone)


def _endpoints(state: State) -> Iterator[Box]:
    for name, endpoint in (state.get("gateway_endpoints") or {}).items():
        tables = len(endpoint.get("route_tables") or ())
        yield Box(f"endpoint {name}", "gateway endpoint", name, (f"in {tables} route tables", *_id(endpoint)))
    for name, endpoint in (state.get("interface_endpoints") or {}).items():
        facts = [f"in {_text(endpoint.get('subnets') or ())}"]
        facts += [f"groups {_text(endpoint['security_groups'])}"] if endpoint.get("security_groups") else []
        yield Box(f"endpoint {name}", "interface endpoint", name, (*facts, *_id(endpoint)))


def _groups(state: State) -> Iterator[Box]:
    for key, group in (state.get("security_groups") or {}).items():
        yield Box(f"security group {key}", "security group", key, (str(group.get("description") or ""), *_id(group)))


def ways(found: Mapping[str, State]) -> Iterator[Way]:
    """One way for each rule. Between two groups of ours it takes the rules of both, or one of them is a hindrance."""
    ins = {(_end(rule), key, by(rule)) for key, group in found.items() for rule in group.get("ingress") or ()}
    outs = {(key, _end(rule), by(rule)) for key, group in found.items() for rule in group.get("egress") or ()}
    for source, target, what in sorted(ins | outs):
        yield Way(source, target, what, _hindrance(source, target, what, found, ins, outs))


def _hindrance(source: str, target: str, what: str, found: Mapping[str, State], ins: Any, outs: Any) -> str:
    if {source, target} <= found.keys():
        if (source, target, what) not in outs and not _lets_out(found[source]):
            return f"{source} has no such rule for egress"
        if (source, target, what) not in ins:
            return f"{target} has no such rule for ingress"
    return ""


def _lets_out(group: State) -> bool:
    """Whether a group lets everything out, whatever else it says."""
    return any(rule["protocol"] == groups.ALL_PROTOCOLS and _end(rule) in EVERYWHERE.values()
               for rule in group.get("egress") or ())  # fmt: skip


def _end(rule: State) -> str:
    """The other end of a rule."""
    end = next((str(rule[each]) for each in groups.ENDS if rule.get(each)), "")
    return EVERYWHERE.get(end, end)


def by(rule: State) -> str:
    """A rule's protocol with its ports."""
    first, last = rule.get("from_port"), rule.get("to_port")
    if rule["protocol"] == groups.ALL_PROTOCOLS or first is None:
        return "all" if rule["protocol"] == groups.ALL_PROTOCOLS else f"protocol {rule['protocol']}"
    if first in (-1, groups.PORTS[0]) and last in (-1, groups.PORTS[-1]):
        return f"{rule['protocol']} all"
    return f"{rule['protocol']} {first}" if first == last else f"{rule['protocol']} {first}-{last}"


def _id(state: State, key: str = "id") -> tuple[str, ...]:
    """The id, where there is one already."""
    return (state[key],) if isinstance(state.get(key), str) else ()


def _text(values: Iterable[Any]) -> str:
    return ", ".join(str(each) for each in values)
