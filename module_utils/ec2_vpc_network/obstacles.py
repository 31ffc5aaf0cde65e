# SPDX-License-Identifier: Apache-2.0
"""What speaks against a declaration in the account that it meets.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import Ref
from . import blocks, endpoints, gateways, names, nat_addresses, topology
from .desire import placed, vpc_block
from .refuse import Refuse
from .state import complete

Options = Mapping[str, Any]
State = dict[str, Any]


def obstacles(options: Options, present: State, around: Mapping[str, Any]) -> Iterator[Refusal]:
    """What AWS would refuse, as far as it takes a look at the account to know; whether the VPC exists or not."""
    if options["state"] == "absent":
        return
    refuse = Refuse(names.network_name(options))
    if not vpc_block(options, present):
        step = "set cidr_block or ipv4_ipam_pool_id"
        yield refuse("cidr_block", None, "a block for the new VPC, such as 10.20.0.0/16", step)
        return
    yield from _unknown_zones(options, refuse, around)
    for given in (gateways.given_obstacles, nat_addresses.obstacles):
        yield from given(options, refuse, present, around.get("given_addresses"))
    first = vpc_block(options, present)
    yield from blocks.obstacles(options, refuse, present, None if isinstance(first, Ref) else IPv4Network(first))
    if topology.stated(options):
        yield from _unsaid(options, refuse, present)
        yield from _turned(options, refuse, present)
        yield from _misplaced(options, refuse, present)
        yield from _without_ipv6(options, refuse, present)


def _unknown_zones(options: Options, refuse: Refuse, around: Mapping[str, Any]) -> Iterator[Refusal]:
    strange = [zone for zone in options["zones"] or () if zone not in around["zones"]] if around["zones"] else []
    if strange:
        found = f"{', '.join(strange)}, which {around['region']} does not offer"
        yield refuse("zones", found, around["zones"], "correct zones or the region")


def _unsaid(options: Options, refuse: Refuse, present: State) -> Iterator[Refusal]:
    """Where null would leave a gateway or an endpoint as it is, and there is none yet, or not where it may stay."""
    users = topology.users_of_nat(options)
    if users and options["nat_gateways"] is None and not present["nat_gateways"]:
        yield refuse("nat_gateways", None, f"single, per_zone or regional for {', '.join(users)} with internet nat",
                     "set nat_gateways, or internet none for these tiers")  # fmt: skip
    homeless = [each for each in options["interface_endpoints"] or () if endpoints.tier_of(options, each) is None]
    new = [each for each in homeless if each not in present["interface_endpoints"]]
    if new:
        yield refuse("interface_endpoint_tier", None, f"a tier for {', '.join(new)}: {', '.join(options['tiers'])}")
    staying = set(topology.keys(options))
    left = [each for each in homeless if each in present["interface_endpoints"]
            and not set(present["interface_endpoints"][each]["subnets"]) <= staying]  # fmt: skip
    if left:
        yield refuse("interface_endpoint_tier", None,
                     f"a tier for {', '.join(left)}, whose subnets go: {', '.join(options['tiers'])}")  # fmt: skip


def _turned(options: Options, refuse: Refuse, present: State) -> Iterator[Refusal]:
    """Subnets that would have to get an IPv4 block, or to lose it.  Source: CreateSubnet API reference, Ipv6Native."""
    for key in topology.keys(options):
        tier, before = topology.split(key)[0], present["subnets"].get(key)
        native = topology.native(options, tier)
        if before and native != (before["cidr_block"] is None):
            step = "a subnet stays what it is born as; put the old value back, or declare another tier"
            yield refuse(f"tiers {tier} ipv6_native", native, f"{str(not native).lower()}, as its subnets are", step)


def _misplaced(options: Options, refuse: Refuse, present: State) -> Iterator[Refusal]:
    explicit = topology.explicit_blocks(options)
    if isinstance(vpc_block(options, present), Ref) and explicit:
        step = "leave cidr_blocks out, or give the VPC a cidr_block"
        yield refuse("tiers cidr_blocks", ", ".join(map(str, explicit.values())), "a block that is known", step)
        return
    for key, block in placed(options, present).items():
        before = present["subnets"].get(key, {}).get("cidr_block")
        field = f"tiers cidr_blocks of {names.subnet(key)}"
        if block is None:
            yield refuse(field, f"no free block in {vpc_block(options, present)}", "room for every subnet",
                         "set a longer subnet_prefix_length, or give cidr_blocks")  # fmt: skip
        elif before and explicit.get(key, before) != before:
            step = "the block of a subnet cannot change; put the old value back, or remove the zone or tier first"
            yield refuse(field, explicit[key], before, step)
        elif not before and key in explicit and _overlaps(block, _used(present)):
            step = "choose a free block; that of a subnet that goes is free after a run that removes it"
            yield refuse(field, block, "a block that no other subnet uses", step)


def _without_ipv6(options: Options, refuse: Refuse, present: State) -> Iterator[Refusal]:
    for key, ipv6 in blocks.desired_subnets(options, present).items():
        if "cidr_block" in ipv6 and ipv6["cidr_block"] is None:
            wanted = "room in the VPC's IPv6 block for every subnet"
            yield refuse("tiers", f"no free /64 for {names.subnet(key)}", wanted, "set ipv6 to false in a tier")


def _used(present: State) -> list[IPv4Network]:
    """All blocks in use; those of subnets that are about to go are free only when they are gone."""
    blocks = [*present["foreign_cidr_blocks"], *(item["cidr_block"] for item in present["subnets"].values())]
    return [IPv4Network(block) for block in blocks if block]


def _overlaps(block: str, others: Iterable[IPv4Network]) -> bool:
    return any(IPv4Network(block).overlaps(other) for other in others)


def guards(observed: State, desired: State, differences: Mapping[str, Any]) -> Iterator[Refusal]:
    """Changes that AWS cannot make on what exists, or that would cut what is in use."""
    observed, refuse = complete(observed), Refuse(desired["name"])
    tenancy = desired["instance_tenancy"]
    if "instance_tenancy" in differences and tenancy != "default":
        step = "AWS changes the tenancy of a VPC to default only; put the old value back"
        yield refuse("instance_tenancy", tenancy, observed["instance_tenancy"], step)
    for zone, item in (desired["nat_gateways"] or {}).items():
        home = item.get("subnet")  # a regional one has none
        if desired["subnets"] is not None and home and home not in desired["subnets"]:
            yield refuse("tiers", f"no {home}", f"the subnet of {names.nat_gateway(zone)}",
                         "keep the tier, or set nat_gateways to none first")  # fmt: skip
    for key, group in (desired["security_groups"] or {}).items():
        if key in observed["security_groups"]:
            adopted = f"security-group/{key}" in desired["adopted_parts"]
            yield from _renamed(
                "" if adopted else desired["name"], refuse, key, observed["security_groups"][key], group
            )


def _renamed(name: str, refuse: Refuse, key: str, before: State, after: State) -> Iterator[Refusal]:
    """Source: ModifySecurityGroupRules is the only change of a group; its name and description are given at birth.

    A group that was adopted keeps the name that others gave it; ``name`` is empty then.
    """
    if after["description"] != before["description"]:
        step = "AWS cannot change a description; put the old one back, or use another key"
        yield refuse(f"security_groups {key} description", after["description"], before["description"], step)
    wanted = names.part_name(name, f"security-group/{key}")
    if name and before.get("group_name", wanted) != wanted:
        step = "a security group cannot be renamed; put the old name back"
        yield refuse("name", name, f"the name inside {before['group_name']}", step)
