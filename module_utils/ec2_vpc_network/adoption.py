# SPDX-License-Identifier: Apache-2.0
"""Taking over a VPC that somebody else made: what comes along, and what has to be said before it is cut off.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import forms
from ..reconcile.errors import Refusal, did_you_mean
from ..reconcile.identity import identity_of
from ..reconcile.tags import ansible_tags
from . import acls, names, topology
from .owned import IDS, items
from .refuse import Refuse


def attached(answers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The internet gateway that the VPC has, whoever made it."""
    return next(iter((answers.get("attached_gateways") or {}).get("InternetGateways", ())), None)


def taken_over(options: Mapping[str, Any], answers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The internet gateway at the VPC, ours or to become so with an adopted VPC, which takes no second one."""
    gateway = attached(answers)
    if not gateway or _of_somebody(options, gateway):
        return None
    ours = identity_of(options).owns(ansible_tags(gateway.get("Tags")))
    wanted = topology.tiers_with(options, topology.GATEWAY, topology.NAT)
    return gateway if ours or (options["adopt"] and wanted) else None


def obstacles(
    options: Mapping[str, Any], answers: Mapping[str, Any], resource: Mapping[str, Any] | None
) -> Iterator[Refusal]:
    """A gateway of others in the place of ours, and locks that would cut off what an adopted VPC serves."""
    if resource is None or options["state"] == "absent":
        return
    refuse, gateway = Refuse(names.network_name(options)), attached(answers)
    wanted = topology.tiers_with(options, topology.GATEWAY, topology.NAT)
    adopting = not identity_of(options).owns(resource["tags"])
    yield from _strange_parts(options, answers, refuse, adopting)
    if gateway and wanted and gateway["InternetGatewayId"] != resource["internet_gateway"].get("id"):
        step = "set adopt to take it over, or have it detached"
        yield refuse("tiers internet", f"{gateway['InternetGatewayId']} of somebody else at the VPC",
                     "a VPC without an internet gateway of others", step)  # fmt: skip
    if adopting:
        yield from _cut_off(options, resource, refuse)


def _cut_off(options: Mapping[str, Any], resource: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """Settings of what a VPC is born with that would cut off those who use it; they need a word of the reader."""
    led = resource["default_route_table"]["destinations"]
    if options["default_route_table_locked"] and led:
        yield refuse("default_route_table_locked", f"true, and routes to {', '.join(led)} in the main route table",
                     "false, or a main route table that leads nowhere, before a VPC is adopted",
                     "set it to false, or give the subnets that use it a table of their own")  # fmt: skip
    rules = [rule for way in ("ingress", "egress") for rule in resource["default_security_group"][way]]
    if options["default_security_group_locked"] and rules:
        yield refuse("default_security_group_locked", f"true, and {len(rules)} rules in the default group",
                     "false, or a default group without rules, before a VPC is adopted",
                     "set it to false, or take what uses the group out of it and empty it")  # fmt: skip
    acl, wanted = resource["default_network_acl"], options["default_network_acl"] or {}
    if any(wanted.get(way) is not None and acls.declared(wanted[way], resource["cidr_block"]) != acl.get(way)
           for way in acls.DIRECTIONS):  # fmt: skip
        yield refuse("default_network_acl", "other rules than it has",
                     "null, or the rules that it has, before a VPC is adopted",
                     "set it to null; once the VPC is adopted, a plan shows what it would change")  # fmt: skip


def _of_somebody(options: Mapping[str, Any], gateway: Mapping[str, Any]) -> bool:
    """Whether a gateway bears the ownership tags of another environment."""
    identity, tags = identity_of(options), ansible_tags(gateway.get("Tags"))
    return any(tags.get(key, value) != value for key, value in identity.ownership.items())


# The kinds of parts that can be adopted, and how their ids begin; what there is one of has nothing behind the kind.
KINDS = {
    "subnet": "subnet", "route-table": "rtb", "nat": "nat", "address": "eipalloc", "internet-gateway": "igw",
    "egress-only-internet-gateway": "eigw", "security-group": "sg", "network-acl": "acl", "endpoint": "vpce",
    "flow-log": "fl",
}  # fmt: skip


def named(options: Mapping[str, Any]) -> dict[str, str]:
    """What the declaration says of things that others made: id -> what follows the kind in our part's tag."""
    return {str(item): str(part).partition("/")[2] for part, item in (options["adopted_parts"] or {}).items()}


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """Parts that no network has, ids of something else, and one thing in two places."""
    places: dict[str, str] = {}
    for part, item in (options["adopted_parts"] or {}).items():
        kind, field = str(part).partition("/")[0], f"adopted_parts {part}"
        if kind not in KINDS:
            wanted = f"one of {', '.join(KINDS)}, a slash and its place, such as subnet/app/eu-west-1a"
            yield refuse("adopted_parts", str(part) + did_you_mean(kind, KINDS), wanted)
        elif not forms.is_id(item, KINDS[kind]):
            yield refuse(field, item, f"an id that begins with {KINDS[kind]}-")
        elif item in places:
            yield refuse(field, f"{item}, which is {places[item]} as well", "one place for each thing")
        places.setdefault(str(item), str(part))


def _strange_parts(
    options: Mapping[str, Any], answers: Mapping[str, Any], refuse: Refuse, adopting: bool
) -> Iterator[Refusal]:
    """Parts that bear another environment's tags, and while the VPC is being adopted those that it does not have."""
    there = {item[IDS[kind]]: item for kind in IDS for item in items(answers, kind)}
    there |= {each["InternetGatewayId"]: each for each in [attached(answers)] if each}
    for part, item in (options["adopted_parts"] or {}).items():
        if item in there and _of_somebody(options, there[item]):
            yield refuse(f"adopted_parts {part}", f"{item} of another environment", "a part of nobody's", "remove it")
        elif item not in there and adopting:
            yield refuse(f"adopted_parts {part}", f"{item}, which the VPC does not have", "a part of this VPC")
