# SPDX-License-Identifier: Apache-2.0
"""What a group stands in: the subnets and security groups that its declaration names, out of what a network offers.

Only ``read_network`` touches AWS; it is asked where the network is not part of the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..reconcile.component import Seen
from ..reconcile.errors import Refusal, did_you_mean
from ..reconcile.identity import identity_of
from ..reconcile.offers import NETWORK, PART_TAG, TIER_TAG, Network, Subnet
from ..reconcile.plan import Ref
from ..reconcile.tags import ansible_tags
from . import datastores, node_groups
from .names import NOUN, group_name
from .rules import mode_of

if TYPE_CHECKING:
    from ..aws.client import Aws

Options = Mapping[str, Any]
Around = Mapping[str, Any]
DEFAULT_TIER = "cache"
DEFAULT_SECURITY_GROUPS = ("cache",)
# Where named subnets stand in ``around``.
NAMED_SUBNETS = "named_subnets"
# Whether all named security groups are there.
NAMED_GROUPS = "named_groups"
SECURITY_GROUP_PART = "security-group/"


def read_network(aws: Aws, options: Options) -> Network:
    """The environment's network as it is, found by its tags; ids that the options give need no look."""
    owned = [{"Name": f"tag:{key}", "Values": [value]} for key, value in identity_of(options).ownership.items()]
    requests = {}
    if not options["subnet_ids"]:
        requests["subnets"] = ("ec2", "describe_subnets", {"Filters": owned})
    if not options["security_group_ids"]:
        requests["groups"] = ("ec2", "describe_security_groups", {"Filters": owned})
    answers = aws.read_many(requests) if requests else {}
    subnets, groups = [], {}
    for item in answers.get("subnets", {}).get("Subnets", ()):
        subnets.append(subnet_of(item))
    for item in answers.get("groups", {}).get("SecurityGroups", ()):
        part = ansible_tags(item.get("Tags")).get(PART_TAG, "")
        if part.startswith(SECURITY_GROUP_PART):
            groups[part.removeprefix(SECURITY_GROUP_PART)] = item["GroupId"]
    return Network(tuple(subnets), groups)


def subnet_of(item: Mapping[str, Any]) -> Subnet:
    """A subnet as DescribeSubnets shows it."""
    tier = ansible_tags(item.get("Tags")).get(TIER_TAG, "")
    return Subnet(tier, item["AvailabilityZone"], item["SubnetId"], not item.get("Ipv6Native"))


def subnets(options: Options, around: Around) -> tuple[Subnet, ...]:
    """The subnets that the group's nodes may stand in, as far as they are there or planned."""
    if options["subnet_ids"]:
        return tuple(around[NAMED_SUBNETS])
    tier = options["subnet_tier"] or DEFAULT_TIER
    return tuple(subnet for subnet in around[NETWORK].subnets if subnet.tier == tier)


def subnet_ids(options: Options, around: Around) -> list[Any]:
    """Their ids; a Ref for each that is still to come, and one for all where nobody plans any."""
    found = sorted((subnet.id for subnet in subnets(options, around)), key=str)
    return found or [_missing_subnets(options)]


def zones(options: Options, around: Around) -> list[str]:
    """The availability zones that they lie in."""
    return sorted({subnet.zone for subnet in subnets(options, around)})


def _missing_subnets(options: Options) -> Ref:
    if options["subnet_ids"]:
        ids = ", ".join(options["subnet_ids"])
        return Ref("subnets", parent=f"subnets {ids}")
    tier = options["subnet_tier"] or DEFAULT_TIER
    network = identity_of(options).name
    return Ref(f"subnets of tier {tier}", parent=f"subnets of tier '{tier}' of network {network} (role vpc)")


def _groups(options: Options) -> list[str]:
    named = options["security_group_names"]
    return list(DEFAULT_SECURITY_GROUPS if named is None else named)


def security_group_ids(options: Options, around: Around) -> list[Any]:
    """The ids of the security groups, a Ref for each that is still to come."""
    if options["security_group_ids"]:
        return sorted(options["security_group_ids"])
    found, network = around[NETWORK].security_groups, identity_of(options).name
    return [found.get(key) or Ref(key, parent=f"security group '{key}' of network {network} (role vpc)")
            for key in _groups(options)]  # fmt: skip


def _missing(options: Options, around: Around) -> Iterator[Refusal]:
    """What is named by id and not there; AWS does not say which of several it is."""
    for field, there in (("subnet_ids", around.get(NAMED_SUBNETS)), ("security_group_ids", around.get(NAMED_GROUPS))):
        if options[field] and not there:
            found = f"{', '.join(options[field])}, not all of which are there"
            yield Refusal(NOUN, group_name(options), field, found, "ids of this account and region", f"correct {field}")


def _without_ipv4(options: Options, seen: Seen) -> Iterator[Refusal]:
    """Nodes with IPv4 addresses in subnets that have none.

    Source: ElastiCache user guide, "Choosing a network type": a subnet group supports what all its subnets have.
    """
    kind = options["network_type"] or (seen.resource or {}).get("network_type") or "ipv4"
    places = sorted({subnet.tier for subnet in subnets(options, seen.around) if not subnet.ipv4})
    if places and kind != "ipv6":
        yield Refusal(NOUN, group_name(options), "network_type", kind, f"ipv6, for subnets of {', '.join(places)} have "
                      "nothing else", "set network_type: ipv6, or choose other subnets")  # fmt: skip


def misfits(options: Options, seen: Seen) -> Iterator[Refusal]:
    """Names that nobody knows, what a new group has to say, and Multi-AZ where there is one zone only."""
    if options["state"] == "absent":
        return
    yield from _missing(options, seen.around)
    name, network = group_name(options), seen.around.get(NETWORK) or Network()
    joins = datastores.joins(options, seen.resource)
    if seen.resource is None and mode_of(options) == "enabled" and options["num_node_groups"] is None and not joins:
        yield Refusal(NOUN, name, "num_node_groups", None, "the number of node groups of a new group with cluster_mode "
                      "enabled", "set num_node_groups")  # fmt: skip
    tier = options["subnet_tier"] or DEFAULT_TIER
    if not options["subnet_ids"] and network.tiers and tier not in network.tiers:
        yield Refusal(NOUN, name, "subnet_tier", f"{tier}{did_you_mean(tier, network.tiers)}", network.tiers,
                      "correct subnet_tier, or declare the tier in the network")  # fmt: skip
        return
    known = sorted(network.security_groups)
    for key in [] if options["security_group_ids"] or not known else _groups(options):
        if key not in known:
            yield Refusal(NOUN, name, "security_group_names", f"{key}{did_you_mean(key, known)}", known,
                          "correct security_group_names, or declare the group in the network")  # fmt: skip
    yield from _without_ipv4(options, seen)
    there = zones(options, seen.around)
    yield from node_groups.misfits(options, there)
    if options["multi_az_enabled"] and len(there) == 1:
        yield Refusal(NOUN, name, "multi_az_enabled", f"true, with subnets in {there[0]} only",
                      "subnets in at least two zones", "add a zone, or set multi_az_enabled: false")  # fmt: skip
