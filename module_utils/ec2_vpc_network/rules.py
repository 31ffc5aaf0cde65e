# SPDX-License-Identifier: Apache-2.0
"""Declarations that AWS would refuse, found without asking it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from .. import forms
from ..reconcile.errors import Refusal, did_you_mean
from ..reconcile.identity import tag_problems
from . import (
    acls,
    adoption,
    blocks,
    dhcp,
    endpoint_rules,
    flow_log_rules,
    groups,
    names,
    nat_addresses,
    part_names,
    protections,
    subnets,
    topology,
)
from .refuse import WORD, WORDS, Refuse, nearest
from .routes import TARGETS

Options = Mapping[str, Any]
# The role <name>-flow-logs has at most 64 characters.  Source: CreateRole API reference, RoleName.
NAME_LENGTH = 64 - len("-flow-logs")
# Source: CreateSecurityGroup API reference, GroupDescription.
DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}\Z")
TIER_KEYS = (
    "internet", "zones", "cidr_blocks", "ipv6", "ipv6_native", "network_acl", "tags", "routes", "purge_routes",
    "propagating_vgws", "route_table",
    *subnets.ATTRIBUTES,
)  # fmt: skip
WAYS = (topology.GATEWAY, topology.NAT, topology.NONE)
GROUP_KEYS = ("description", "ingress", "egress", "purge_rules")
RULE_KEYS = ("protocol", "port", "from_port", "to_port", *groups.ENDS)
RESERVED_TAGS = ("aws:", "streambed:")
RESERVED_GROUPS = (names.ENDPOINTS_GROUP, "default")


def rules(options: Options) -> Iterator[Refusal]:
    """Everything that is wrong with a declaration, so that the reader mends it at once."""
    refuse = Refuse(names.network_name(options))
    if len(names.network_name(options)) > NAME_LENGTH:
        yield refuse("name", f"{len(names.network_name(options))} characters", f"at most {NAME_LENGTH}")
    if options["vpc_id"] and not forms.is_id(options["vpc_id"], "vpc"):
        yield refuse("vpc_id", options["vpc_id"], "an id that begins with vpc-")
    shape = [*_blocks(options, refuse), *blocks.refusals(options, refuse), *_tiers(options, refuse)]
    yield from shape
    if not shape:
        yield from _room(options, refuse)
        yield from _nat(options, refuse)
        yield from nat_addresses.refusals(options, refuse)
        yield from _shared_tables(options, refuse)
        yield from _ipv6(options, refuse)
        yield from endpoint_rules.refusals(options, refuse)
    yield from adoption.refusals(options, refuse)
    yield from () if shape else part_names.refusals(options, refuse)
    yield from _groups(options, refuse)
    yield from acls.refusals(options, refuse)
    yield from dhcp.refusals(options, refuse)
    yield from protections.refusals(options, refuse)
    yield from flow_log_rules.refusals(options, refuse)
    if options["dns_hostnames"] and options["dns_support"] is False:
        yield refuse("dns_hostnames", True, "dns_support beside it", "set dns_support to true")


def _blocks(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    if options["cidr_block"] is not None:
        yield from refuse.block("cidr_block", options["cidr_block"])
    length = options["subnet_prefix_length"]
    if length is not None and not topology.LARGEST <= length <= topology.SMALLEST:
        yield refuse("subnet_prefix_length", length, "16 to 28")
    for field in ("reserved_zones", "reserved_tiers"):
        if options[field] is not None and options[field] < 1:
            yield refuse(field, options[field], "1 or more")


def _tiers(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    zones, tiers = options["zones"], options["tiers"]
    if (zones is None) != (tiers is None):
        missing = "zones" if zones is None else "tiers"
        yield refuse(missing, None, "zones and tiers together", f"set {missing}")
    elif bool(zones) != bool(tiers):
        empty, other = ("tiers", "zones") if zones else ("zones", "tiers")
        yield refuse(empty, None, f"at least one, for there are {other}", f"set {empty}")
    for zone in dict.fromkeys(zone for zone in zones or () if zones.count(zone) > 1):
        yield refuse("zones", f"{zone} twice", "each zone once")
    for tier, value in (tiers or {}).items():
        yield from _tier(refuse, tier, value, zones or ())


def _tier(refuse: Refuse, tier: Any, value: Any, zones: Any) -> Iterator[Refusal]:
    field = f"tiers {tier}"
    if not WORD.match(str(tier)):
        yield refuse("tiers", repr(tier), WORDS)
    if not isinstance(value, Mapping):
        yield refuse(field, "nothing" if value is None else repr(value), "a mapping such as {internet: none}")
        return
    yield from refuse.unknown(field, value, TIER_KEYS)
    if value.get("internet") not in WAYS:
        yield refuse(f"{field} internet", value.get("internet"), WAYS)
    own = value.get("zones")
    yield from refuse.zones(f"{field} zones", own, zones)
    yield from _tier_attributes(refuse, field, value)
    yield from _tier_tags(refuse, f"{field} tags", value.get("tags") or {})
    yield from _tier_routes(refuse, f"{field} routes", value.get("routes") or {}, value.get("internet"))
    for gateway in value.get("propagating_vgws") or ():
        if not str(gateway).startswith("vgw-"):
            yield refuse(f"{field} propagating_vgws", gateway, "a list of ids that begin with vgw-")
    blocks = value.get("cidr_blocks") or {}
    if not isinstance(blocks, Mapping):
        yield refuse(f"{field} cidr_blocks", repr(blocks), "a dictionary of zones")
        return
    there = own if isinstance(own, list) else zones
    for zone, block in blocks.items():
        if zone not in there:
            yield refuse(f"{field} cidr_blocks", zone, f"one of zones: {', '.join(map(str, there))}")
        yield from refuse.block(f"{field} cidr_blocks {zone}", block)


def _tier_attributes(refuse: Refuse, field: str, value: Mapping[str, Any]) -> Iterator[Refusal]:
    for name in ("ipv6", "ipv6_native", "purge_routes", *subnets.ATTRIBUTES):
        allowed = subnets.HOSTNAME_TYPES if name == subnets.HOSTNAME_TYPE else (True, False)
        if value.get(name) is not None and value[name] not in allowed:
            yield refuse(f"{field} {name}", repr(value[name]), allowed)
    if value.get("enable_dns64") and value.get("internet") != topology.NAT:
        yield refuse(f"{field} enable_dns64", True, f"internet {topology.NAT}, for a NAT gateway translates")


def _tier_tags(refuse: Refuse, field: str, tags: Any) -> Iterator[Refusal]:
    if not isinstance(tags, Mapping):
        yield refuse(field, repr(tags), "a dictionary of tags")
        return
    for key in tags:
        if str(key).startswith(RESERVED_TAGS) or key == "Name":
            yield refuse(field, key, "a tag of your own", f"remove {key}")
        for name, found, wanted, step in tag_problems(str(key), tags[key]):
            yield refuse(f"{field} {name}", found, wanted, step)


def _tier_routes(refuse: Refuse, field: str, routes: Any, internet: Any) -> Iterator[Refusal]:
    if not isinstance(routes, Mapping):
        yield refuse(field, repr(routes), "a dictionary of destinations with the id of a target for each")
        return
    for destination, target in routes.items():
        block, kind = topology.any_network(destination), str(target).partition("-")[0]
        if block is None and not forms.is_id(destination, "pl"):
            yield refuse(field, destination, nearest(destination))
        elif block is not None and block.prefixlen == 0 and internet != topology.NONE:
            yield refuse(field, destination, "another block: internet decides on the way to everywhere")
        elif block is not None and block.prefixlen == 0 and kind in ("igw", "nat", "eigw"):
            yield refuse(field, target, f"internet {topology.GATEWAY} or {topology.NAT}, for what is laid here",
                         "set internet, or name what others keep")  # fmt: skip
        if kind not in TARGETS:
            yield refuse(field, target, f"an id that begins with {', '.join(TARGETS)}")


def _room(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    """Whether all subnets would find room in an empty VPC, apart from each other."""
    pooled = options["ipv4_ipam_pool_id"] and options["cidr_block"] is None
    vpc = blocks.stand_in(options) if pooled else topology.network(options["cidr_block"])
    if vpc is None or not topology.stated(options):
        return
    explicit = {} if pooled else {key: IPv4Network(each) for key, each in topology.explicit_blocks(options).items()}
    rooms = [vpc, *map(IPv4Network, options["secondary_cidr_blocks"] or ())]
    for position, (key, block) in enumerate(explicit.items()):
        field = f"tiers cidr_blocks of {names.subnet(key)}"
        if not any(block.subnet_of(room) for room in rooms):
            yield refuse(field, block, f"a block inside {' or '.join(map(str, rooms))}")
        for other in list(explicit)[:position]:
            if block.overlaps(explicit[other]):
                yield refuse(field, block, f"a block apart from {explicit[other]} of {names.subnet(other)}")
    left_out = [key for key, block in topology.place(options, vpc, {}, (), rooms[1:]).items() if block is None]
    if left_out:
        length = topology.prefix_length(options, vpc)
        yield refuse("tiers", f"{len(topology.keys(options))} subnets of /{length}, no room for {', '.join(left_out)}",
                     f"subnets that fit into {vpc}",
                     "set a longer subnet_prefix_length, a larger cidr_block, or fewer tiers or zones")  # fmt: skip


def _ipv6(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    """Attributes that need an IPv6 block, in tiers that get none."""
    with_ipv6 = options["ipv6_pool"] not in (None, blocks.NO_POOL)
    for name, value in (options["tiers"] or {}).items():
        needs = next((each for each in ("ipv6_native", *subnets.OF_IPV6) if value.get(each)), None)
        if needs and (value.get("ipv6") is False or not with_ipv6):
            yield refuse(f"tiers {name} {needs}", True, "IPv6 in this tier", "set ipv6_pool, and ipv6 of the tier")
        # What has no IPv4 address has no name or block of that kind either.
        for key, never in subnets.NEVER_NATIVE.items() if value.get("ipv6_native") else ():
            if value.get(key) == never:
                yield refuse(f"tiers {name} {key}", never, "nothing of the kind with ipv6_native", f"remove {key}")
        if value.get("ipv6_native") and value.get("cidr_blocks"):
            yield refuse(f"tiers {name} cidr_blocks", list(value["cidr_blocks"].values()),
                         "no IPv4 block with ipv6_native", "remove cidr_blocks")  # fmt: skip


def _nat(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    if not topology.stated(options):
        return
    wanted, users = options["nat_gateways"], topology.users_of_nat(options)
    if users and wanted == topology.NO_NAT:
        yield refuse("nat_gateways", wanted, f"single, per_zone or regional for {', '.join(users)} with internet nat",
                     "set nat_gateways, or internet none for these tiers")  # fmt: skip
    if wanted in (topology.SINGLE, topology.PER_ZONE) and not topology.home_of_nat(options):
        kind = " and IPv4" if topology.tiers_with(options, topology.GATEWAY) else ""
        yield refuse("nat_gateways", wanted, f"a tier with internet gateway{kind}, in which NAT gateways stand",
                     "add such a tier, or set nat_gateways to none")  # fmt: skip
    for zone, allocation in (options["nat_allocation_ids"] or {}).items():
        if zone not in (options["zones"] or ()):
            yield refuse("nat_allocation_ids", zone, f"one of zones: {', '.join(options['zones'] or ())}")
        if not str(allocation).startswith("eipalloc-"):
            yield refuse(f"nat_allocation_ids {zone}", allocation, "an id that begins with eipalloc-")


# What tiers say of their route tables: those that share one agree on it.
OF_TABLES = ("internet", "routes", "purge_routes", "propagating_vgws", "ipv6", "ipv6_native", "enable_dns64")


def _shared_tables(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    tiers: dict[str, dict[str, Any]] = {}
    for name, value in (options["tiers"] or {}).items():
        if value.get("route_table") is not None:
            tiers.setdefault(str(value["route_table"]), {})[name] = value
    for table, sharing in tiers.items():
        first, *others = sharing
        field = f"tiers {first} route_table"
        if not WORD.match(table):
            yield refuse(field, repr(table), WORDS)
        for other, key in ((other, key) for other in others for key in OF_TABLES):
            if sharing[other].get(key) != sharing[first].get(key):
                wanted = f"{sharing[first].get(key)}, as in tier {first}, which has the same route_table"
                yield refuse(f"tiers {other} {key}", sharing[other].get(key), wanted, f"give {other} another table")
        if sharing[first]["internet"] == topology.NAT and options["nat_gateways"] == topology.PER_ZONE:
            yield refuse(field, f"{table}, and nat_gateways per_zone", "a table for each zone, which leads to its NAT",
                         "leave route_table out, or set nat_gateways to single")  # fmt: skip


def _groups(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    declared = options["security_groups"] or {}
    for key, group in declared.items():
        field = f"security_groups {key}"
        if not WORD.match(str(key)) or key in RESERVED_GROUPS:
            wanted = f"{WORDS}, not {' or '.join(RESERVED_GROUPS)}"
            yield refuse("security_groups", repr(key), wanted)
        if not isinstance(group, Mapping):
            yield refuse(field, repr(group), f"a dictionary with {', '.join(GROUP_KEYS)}")
            continue
        yield from refuse.unknown(field, group, GROUP_KEYS)
        if group.get("description") and not DESCRIPTION.match(str(group["description"])):
            yield refuse(
                f"{field} description", repr(group["description"]), "up to 255 of a-z A-Z 0-9 ._-:/()#,@[]+=&;{}!$*"
            )
        for way in ("ingress", "egress"):
            yield from _rule_list(refuse, f"{field} {way}", group.get(way), declared)


def _rule_list(refuse: Refuse, field: str, rules_: Any, declared: Any) -> Iterator[Refusal]:
    if rules_ is not None and not isinstance(rules_, list):
        yield refuse(field, repr(rules_), "a list of rules")
        return
    forms: list[Any] = []
    for rule in rules_ or ():
        faults = (
            list(_rule(refuse, field, rule, declared)) if isinstance(rule, Mapping) else [refuse(field, rule, "rules")]
        )
        yield from faults
        forms += [] if faults else groups.declared([rule]) or []
    for position, form in enumerate(forms):
        if form in forms[:position]:
            yield refuse(field, groups.spelled(form), "each rule once")


def _rule(refuse: Refuse, field: str, rule: Mapping[str, Any], declared: Any) -> Iterator[Refusal]:
    yield from refuse.unknown(field, rule, RULE_KEYS)
    if groups.protocol_of(rule) not in (*groups.PROTOCOLS, *groups.WITHOUT_PORTS):
        yield refuse(f"{field} protocol", rule["protocol"], f"{', '.join(groups.PROTOCOLS)}, or a number up to 255")
        return
    if len([end for end in groups.ENDS if rule.get(end)]) != 1:
        yield refuse(field, groups.spelled(rule), f"one of {', '.join(groups.ENDS)}")
    yield from refuse.ends(field, rule)
    if rule.get("prefix_list") and not str(rule["prefix_list"]).startswith("pl-"):
        yield refuse(f"{field} prefix_list", rule["prefix_list"], "an id that begins with pl-")
    other = rule.get("security_group")
    if other and other not in declared and not forms.is_id(other, "sg"):
        yield refuse(f"{field} security_group", f"{other}{did_you_mean(str(other), declared)}",
                     f"{', '.join(map(str, declared))}, or the id of another group")  # fmt: skip
    yield from _ports(refuse, field, rule)


def _ports(refuse: Refuse, field: str, rule: Mapping[str, Any]) -> Iterator[Refusal]:
    protocol = groups.protocol_of(rule)
    stated = {key: rule[key] for key in ("port", "from_port", "to_port") if rule.get(key) is not None}
    if protocol in (groups.ALL_PROTOCOLS, *groups.WITHOUT_PORTS):
        if stated:
            yield refuse(field, groups.spelled(stated), f"no ports with protocol {protocol}")
        return
    if not stated and protocol not in groups.OF_ICMP:
        yield refuse(field, groups.spelled(rule), "port, or from_port and to_port")
    if "port" in stated and len(stated) > 1 or ("from_port" in stated) != ("to_port" in stated):
        yield refuse(field, groups.spelled(stated), "port, or from_port and to_port")
        return
    numbers = {key: _number(value) for key, value in stated.items()}
    # Source: IpPermission API reference: ICMP types and codes are 0 to 255, -1 is all.
    allowed = range(-1, 256) if protocol in groups.OF_ICMP else groups.PORTS
    for key, number in numbers.items():
        if number not in allowed:
            yield refuse(f"{field} {key}", rule[key], f"{allowed[0]} to {allowed[-1]}")
            return
    if protocol not in groups.OF_ICMP and numbers.get("from_port", 0) > numbers.get("to_port", groups.PORTS[-1]):
        yield refuse(field, groups.spelled(stated), "from_port up to to_port")


def _number(value: Any) -> int:
    return int(value) if re.fullmatch(r"-?\d+", str(value)) else -2
