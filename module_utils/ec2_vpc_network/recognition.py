"""Which part an object is whose tags say something else, as after a tier has got another name.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from . import topology
from .owned import IDS, Owned, items

Options = Mapping[str, Any]
Answers = Mapping[str, Any]


def recognised(options: Options, answers: Answers) -> Owned:
    """Whose everything is, by its tags and by where it stands."""
    owned = Owned(options)
    for find in (_renamed_subnets, _moved_tables, _moved_acls):
        owned = owned.knowing(find(options, owned, answers))
    return owned


def subnet_keys(owned: Owned, answers: Answers) -> dict[str, str]:
    """Our subnets: id -> key."""
    return {item["SubnetId"]: key for key, item in owned.parts(items(answers, "subnet"), "subnet").items()}


def _renamed_subnets(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A subnet that is declared no more, and stands where one that is declared and missing would be placed.

    It is that subnet, under another name: what is in it cannot move.
    """
    ours = owned.parts(items(answers, "subnet"), "subnet")
    undeclared = set(ours) - set(topology.keys(options))
    by_place = {(ours[key]["CidrBlock"], ours[key]["AvailabilityZone"]): ours[key]["SubnetId"] for key in undeclared}
    found = {}
    for key, block in _places(options, answers).items():
        subnet = by_place.pop((block, topology.split(key)[1]), None) if key not in ours else None
        if subnet:
            found[subnet] = key
    return found


def _places(options: Options, answers: Answers) -> dict[str, str]:
    """The block that each declared subnet has in an empty VPC; those that the declaration itself gives come first."""
    vpc = next(iter(answers["vpcs"]["Vpcs"]), None)
    if vpc is None or not topology.stated(options):
        return {}
    explicit, declared = topology.explicit_blocks(options), topology.keys(options)
    preferred = {key: topology.preferred(options, IPv4Network(vpc["CidrBlock"]), key) for key in declared}
    return {
        key: str(explicit.get(key, preferred[key])) for key in sorted(declared, key=lambda key: key not in explicit)
    }


def _moved_tables(_: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A route table whose subnet is called otherwise now: the one that it is associated with."""
    keys = subnet_keys(owned, answers)
    ours = owned.parts(items(answers, "route-table"), "route-table")
    found = {}
    for key, table in ours.items():
        homes = {keys[each["SubnetId"]] for each in table.get("Associations") or () if each.get("SubnetId") in keys}
        if key not in keys.values() and len(homes) == 1 and not homes & ours.keys():
            found[table[IDS["route-table"]]] = homes.pop()
    return found


def _moved_acls(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A network ACL whose tier is called otherwise now: the one whose subnets are under it."""
    keys, tiers = subnet_keys(owned, answers), options["tiers"] or {}
    ours = owned.parts(items(answers, "network-acl"), "network-acl")
    found = {}
    for tier, acl in ours.items():
        under = {topology.split(keys[each["SubnetId"]])[0] for each in acl.get("Associations") or ()
                 if each["SubnetId"] in keys} & tiers.keys()  # fmt: skip
        if tier not in tiers and len(under) == 1 and not under & ours.keys():
            found[acl[IDS["network-acl"]]] = under.pop()
    return found
