# SPDX-License-Identifier: Apache-2.0
"""The declaration as a state of the network, and what speaks against it in the account.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from ..reconcile.component import Seen
from ..reconcile.plan import Ref
from ..reconcile.tags import new_tags, wanted_tags
from . import acls, blocks, dhcp, endpoints, flow_logs, groups, names, nat_addresses, protections, subnets, topology
from .routes import waits_for_attachment
from .state import FREE, IN_USE, TO_EGRESS_ONLY_GATEWAY, TO_INTERNET_GATEWAY, complete

Options = Mapping[str, Any]
State = dict[str, Any]


def desire(options: Options, seen: Seen) -> State:
    """The whole network as declared; what exists keeps its id, its place and its blocks."""
    present = complete(seen.resource, seen.satellites)
    desired = {
        "region": seen.around["region"],
        "common_tags": new_tags(options),
        "adopted_parts": options["adopted_parts"] or {},
        "part_names": options["part_names"] or {},
        "tier_tags": {f"subnet/{key}": topology.tier_tags(options, f"subnet/{key}") for key in topology.keys(options)},
        **_vpc(options, present, exists=seen.resource is not None),
        **_groups(options, present),
        **acls.desired(options, present, vpc_block(options, present)),
        "default_route_table_locked": options["default_route_table_locked"] or None,
        **dhcp.desired(options, present),
        **protections.desired(options, present),
        **flow_logs.desired_parts(options, present, seen.around["region"], seen.around.get("account", "")),
        **_topology(options, present),
        "foreign_subnets": {} if options["purge_subnets"] else None,
    }
    desired["endpoint_names"] = endpoints.names_of(options, seen.around)
    desired["gateway_endpoints"] = endpoints.desired_gateways(options, present, desired["route_tables"], seen.around)
    desired["interface_endpoints"] = endpoints.desired_interfaces(options, present, seen.around)
    # A dead endpoint holds the private name that its successor needs, and the subnets and groups it stood in.
    stated = options["interface_endpoints"] is not None or options["gateway_endpoints"] is not None
    desired["dead_endpoints"] = {} if stated else None
    _tag_parts(options, present, desired)
    return desired


def _vpc(options: Options, present: State, exists: bool) -> State:
    """The VPC itself, with its blocks."""
    name = names.network_name(options)
    return {
        "name": name,
        "cidr_block": options["cidr_block"],
        "first_block": blocks.first_block(options),
        "secondary_cidr_blocks": _sorted(options["secondary_cidr_blocks"]),
        "ipv6": blocks.desired_ipv6(options, present),
        "ipv6_netmask_length": options["ipv6_netmask_length"],
        "instance_tenancy": options["instance_tenancy"],
        **{field: _dns(options, field) for field in ("dns_support", "dns_hostnames")},
        "network_address_usage_metrics": options["network_address_usage_metrics"],
        "tags": wanted_tags(options, present["tags"] if exists else None, name),
    }


def _groups(options: Options, present: State) -> State:
    with_ipv6 = bool(present["ipv6"] or blocks.desired_ipv6(options, present))
    found = present["security_groups"]
    return {
        "security_groups": groups.desired_groups(options, found, _vpc_blocks(options, present), with_ipv6),
        "groups_without_ipv6": groups.without_ipv6(options),
        # False says that the group is nobody's business here; AWS's own rules are never put back.
        "default_security_group_locked": options["default_security_group_locked"] or None,
    }


def _vpc_blocks(options: Options, present: State) -> list[Any]:
    further = options["secondary_cidr_blocks"]
    return [vpc_block(options, present), *(present["secondary_cidr_blocks"] if further is None else sorted(further))]


def _sorted(values: Any) -> list[Any] | None:
    return None if values is None else sorted(values)


def _dns(options: Options, field: str) -> bool | None:
    """Interface endpoints answer under the names of their services, which takes both settings; so they imply them.

    Source: CreateVpcEndpoint API reference, PrivateDnsEnabled.
    """
    return True if options[field] is None and endpoints.needs_dns(options) else options[field]


def vpc_block(options: Options, present: State) -> Any:
    """The VPC's first IPv4 block; a Ref for one that is still to come out of a pool."""
    pool = options["ipv4_ipam_pool_id"]
    return present["cidr_block"] or options["cidr_block"] or (Ref(names.VPC_BLOCK) if pool else None)


def _topology(options: Options, present: State) -> State:
    """Subnets, internet gateway, NAT gateways with addresses, and route tables."""
    if not topology.stated(options):
        fields = ("subnets", "internet_gateway", "egress_only_gateway", "nat_gateways", "addresses", "route_tables")
        return dict.fromkeys(fields)
    nat, addresses = _nat(options, present)
    reached = topology.tiers_with(options, topology.GATEWAY) or nat
    subnets_ = _subnets(options, present)
    tables = {table: _route_table(options, present, nat, table, {key: subnets_[key] for key in users})
              for table, users in topology.table_keys(options).items()}  # fmt: skip
    leaving = any(TO_EGRESS_ONLY_GATEWAY in table["internet_routes"].values() for table in tables.values())
    return {
        "subnets": subnets_,
        "internet_gateway": {**present["internet_gateway"], "attached": True} if reached else {},
        "egress_only_gateway": _egress_only(options, present, leaving),
        "nat_gateways": nat,
        "addresses": addresses,
        "route_tables": tables,
    }


def _egress_only(options: Options, present: State, needed: bool) -> State | None:
    if options["ipv6_pool"] is None:
        return None
    return {**present["egress_only_gateway"], "attached": True} if needed else {}


def _route_table(options: Options, present: State, nat: State, table: str, users: State) -> State:
    """Each subnet has a table of its own, so that what changes for one tier or zone touches no other.

    Subnets of tiers that share one agree on what it holds.
    """
    found = present["route_tables"].get(table, {})
    key, subnet = next(iter(users.items()))
    tier = topology.tier(options, topology.split(key)[0])
    # A route bears no tag that says whose it is: what is not declared stays, unless the tier says otherwise.
    declared = {destination: target for destination, target in topology.tier_routes(options, key).items()
                if not waits_for_attachment(present, target)}  # fmt: skip
    purges = tier.get("purge_routes")
    # A NAT instance, a firewall or a hub that leads everywhere is a way to the internet as well.
    elsewhere = {each: declared.pop(each) for each in (topology.IPV4, topology.IPV6) if each in declared}
    routes = {**({} if purges else found.get("routes", {})), **declared}
    present_ways = found.get("internet_routes", {})
    ways = {**_ways(options, {} if purges else present_ways, nat, key, subnet), **elsewhere}
    vgws = tier.get("propagating_vgws")
    vgws = found.get("propagating_vgws", []) if vgws is None else sorted(
        gateway for gateway in vgws if not waits_for_attachment(present, gateway))  # fmt: skip
    return {**found, "internet_routes": ways, "routes": routes, "propagating_vgws": vgws, "subnets": sorted(users)}


def _subnets(options: Options, present: State) -> State:
    found, ipv6, ipv4 = {}, blocks.desired_subnets(options, present), placed(options, present)
    for key in topology.keys(options):
        tier, zone = topology.split(key)
        before = present["subnets"].get(key, {})
        found[key] = {
            **before,
            "cidr_block": ipv4.get(key),
            "zone": zone,
            "tier": tier,
            "ipv6": ipv6[key],
            "attributes": subnets.desired_attributes(options, key, before, ipv6[key]),
        }
    return found


def placed(options: Options, present: State) -> dict[str, Any]:
    """IPv4 blocks by subnet key; ``None`` where there is no room."""
    block = vpc_block(options, present)
    if isinstance(block, Ref):
        return blocks.placed_in_unknown(topology.place(options, blocks.stand_in(options), {}, ()))
    taken = {key: subnet["cidr_block"] for key, subnet in present["subnets"].items() if subnet["cidr_block"]}
    further = _vpc_blocks(options, present)[1:]
    return topology.place(options, IPv4Network(block), taken, present["foreign_cidr_blocks"], further)


def _nat(options: Options, present: State) -> tuple[State, State]:
    """NAT gateways by zone and the addresses that stay; a new gateway takes an unused address of ours."""
    if options["nat_gateways"] is None:
        return present["nat_gateways"], present["addresses"]
    zones = topology.nat_zones(options, present["nat_gateways"])
    tier = topology.home_of_nat(options)
    gateways = {zone: nat_addresses.desired(options, zone, present["nat_gateways"].get(zone)
                                            or _new_nat(options, tier, zone)) for zone in zones}  # fmt: skip
    dropped = {item.get("allocation_id") for zone, item in present["nat_gateways"].items() if zone not in gateways}
    addresses = present["addresses"]
    kept = {key: item for key, item in addresses.items() if item["use"] == IN_USE and key not in dropped}
    spare = {key: item for key, item in addresses.items() if item["use"] == FREE}
    needing = [zone for zone in zones if not {"id", "mode", "allocation_id"} & gateways[zone].keys()]
    for zone in needing:
        chosen = min(spare, key=lambda key: (spare[key]["zone"] != zone, key), default=None)
        if chosen:
            gateways[zone] = {**gateways[zone], "allocation_id": chosen}
            kept[chosen] = {**spare.pop(chosen), "zone": zone}
    return gateways, kept


def _new_nat(options: Options, tier: str, zone: str) -> State:
    """A NAT gateway that does not exist yet, with the addresses that are given for it."""
    given = options["nat_allocation_ids"] or {}
    if zone == topology.REGIONAL:
        return {"mode": zone, "allocation_ids": {each: given[each] for each in options["zones"] if each in given}}
    return {"subnet": f"{tier}/{zone}", **({"allocation_id": given[zone]} if zone in given else {})}


OUR_WAYS = (TO_INTERNET_GATEWAY, TO_EGRESS_ONLY_GATEWAY, "nat-", "igw-", "eigw-", names.nat_gateway(""))


def _ways(options: Options, found: Mapping[str, str], nat: State, key: str, subnet: State) -> dict[str, str]:
    """What leads a subnet to the internet, by destination; where no way is declared, one that others set stays.

    A tier that says ``none`` says so of IPv6 as well: what leads it to a gateway of ours goes.
    """
    tier, zone = topology.split(key)
    closed = topology.internet(options, tier) == topology.NONE
    silent = () if options["ipv6_pool"] is not None or closed else (topology.IPV6,)
    ways = {destination: target for destination, target in found.items()
            if destination in silent or not target.startswith(OUR_WAYS)}  # fmt: skip
    way = topology.internet(options, tier)
    # By which of the two the subnet begins connections at all.
    ends = [topology.IPV4] if subnet["cidr_block"] else []
    ends += [topology.IPV6] if subnet["ipv6"] and not silent else []
    if way == topology.GATEWAY:
        ways |= dict.fromkeys(ends, TO_INTERNET_GATEWAY)
    if way == topology.NAT:
        gateway = names.nat_gateway(zone if zone in nat else next(iter(nat), zone))
        through = {topology.IPV4: gateway, topology.IPV6: TO_EGRESS_ONLY_GATEWAY}
        ways |= {end: through[end] for end in ends}
        # Whom DNS64 gives an IPv6 address of a host without one, must come to that host.
        ways |= {topology.NAT64: gateway} if subnet["attributes"]["enable_dns64"] else {}
    return ways


def _tag_parts(options: Options, present: State, desired: State) -> None:
    """Adds the tags of all parts that exist and stay, by id."""
    tags = present["part_tags"]
    wanted = {item: names.wanted_part_tags(options, part, tags.get(item, {}), called)
              for part, item, called in _existing(desired)}  # fmt: skip
    desired["part_tags"] = {**tags, **wanted}
    for kind, part in (("flow_log_group", "flow-log-group"), ("flow_log_role", "flow-log-role")):
        desired[kind] = _tagged(options, part, present[kind], desired[kind])
    for name, group in (desired["further_flow_log_groups"] or {}).items():
        found = present["further_flow_log_groups"].get(name, {})
        desired["further_flow_log_groups"][name] = _tagged(options, f"flow-log-group/{name}", found, group)


def _tagged(options: Options, part: str, before: Mapping[str, Any], after: Any) -> Any:
    """A part that bears its tags itself, with those that it should carry if it exists and stays."""
    wanted = names.wanted_part_tags(options, part, before.get("tags", {})) if before and after else None
    return {**after, "tags": wanted} if wanted else after


# How the parts in each mapping of a state are tagged.
KINDS = (
    ("subnets", "subnet"),
    ("route_tables", "route-table"),
    ("nat_gateways", "nat"),
    ("gateway_endpoints", "endpoint"),
    ("interface_endpoints", "endpoint"),
    ("security_groups", "security-group"),
    ("network_acls", "network-acl"),
    ("further_flow_logs", "flow-log"),
)


def _existing(desired: State) -> Iterator[tuple[str, str, str]]:
    """Part and id of everything that exists and stays, and what the reader calls it."""
    for field, kind in KINDS:
        for key, item in (desired[field] or {}).items():
            if "id" in item:
                yield f"{kind}/{key}", item["id"], f"{kind}/{key}"
    for item_id in desired["dhcp_option_sets"] or ():
        yield "dhcp-options", item_id, "dhcp-options"
    # An address bears the tag of the NAT gateway that it is for.
    for allocation, item in (desired["addresses"] or {}).items():
        yield f"nat/{item['zone']}", allocation, f"address/{item['zone']}"
    for field, part in (("internet_gateway", "internet-gateway"), ("flow_logs", "flow-log"),
                        ("egress_only_gateway", "egress-only-internet-gateway")):  # fmt: skip
        if (desired[field] or {}).get("id"):
            yield part, desired[field]["id"], part
