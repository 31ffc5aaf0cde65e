# SPDX-License-Identifier: Apache-2.0
"""What a plan will take from the account's quotas, and the verdicts on an account.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network
from typing import Any

from .keys import of_role

OK, WARNING, STOP = "ok", "warning", "stop"
Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Quota:
    """One quota of Service Quotas and what it counts.  ``needs`` uses ``key``."""

    key: str
    title: str
    service_code: str
    quota_code: str


# Source: Service Quotas console and ListServiceQuotas, codes as published by AWS; values are always asked.
QUOTAS = (
    Quota("vpcs", "VPCs", "vpc", "L-F678F1CE"),
    Quota("elastic_ips", "elastic IPs", "ec2", "L-0263D0A3"),
    Quota("nat_gateways", "NAT gateways per zone", "vpc", "L-FE5A380F"),
    Quota("internet_gateways", "internet gateways", "vpc", "L-A4707A72"),
    Quota("egress_only_gateways", "egress-only internet gateways", "vpc", "L-45FE3B85"),
    Quota("gateway_endpoints", "gateway endpoints", "vpc", "L-1B52E74A"),
    Quota("cache_nodes", "cache nodes", "elasticache", "L-DFE45DF3"),
)


@dataclass(frozen=True)
class Limit:
    """A quota on one object, and what every account has of it at least: only more than that is worth a question."""

    key: str
    title: str
    service_code: str
    quota_code: str
    at_least: int


# Source: "Amazon VPC quotas" and "Quotas for ElastiCache"; those of rules and routes count for each family of
# addresses, those of rules for each way too.
LIMITS = (
    Limit("acl_rules", "rules of one network ACL, with the last one", "vpc", "L-2AEEBF1A", 20),
    Limit("group_rules", "rules of one security group", "vpc", "L-0EA8095F", 60),
    Limit("routes", "routes of one route table", "vpc", "L-93826ACB", 50),
    Limit("blocks", "IPv4 CIDR blocks of the VPC", "vpc", "L-83CA0A9D", 5),
    Limit("nat_addresses", "addresses of one NAT gateway", "vpc", "L-5F53652F", 2),
    Limit("subnets", "subnets of the VPC", "vpc", "L-407747CB", 200),
    Limit("interface_endpoints", "interface endpoints of the VPC", "vpc", "L-29B6F2EB", 50),
    Limit("nodes", "nodes of the replication group", "elasticache", "L-AF354865", 90),
)


WAYS = ("ingress", "egress")

# Kinesis tells its limits itself, in one answer: what it counts, its title, and the keys of used and limit.
# Source: DescribeLimits API reference; it takes one call a second.
STREAM_LIMITS = {
    "shards": ("shards", "OpenShardCount", "ShardLimit"),
    "on_demand_streams": ("streams on demand", "OnDemandStreamCount", "OnDemandStreamCountLimit"),
}


@dataclass(frozen=True)
class Check:
    """One line of the table: what was looked at, what was found, what would do, and the verdict."""

    what: str
    found: str
    wanted: str
    verdict: str
    next_step: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def calls_of(plans: Mapping[str, Plan]) -> list[Mapping[str, Any]]:
    """All calls of the plans."""
    return [call for plan in plans.values() for call in plan.get("calls") or ()]


def needs(plans: Mapping[str, Plan]) -> dict[str, int]:
    """How many more of each thing there are after the plans, by the keys of QUOTAS and STREAM_LIMITS, without zeros.

    NAT gateways count in the zone that gets most of them. What a plan removes frees nothing: it may be made before.
    """
    calls = calls_of(plans)
    operations = Counter(call["operation"] for call in calls)
    zones = Counter(call["on"].rpartition("/")[2] for call in calls if call["operation"] == "create_nat_gateway")
    found = {
        "vpcs": operations["create_vpc"],
        "elastic_ips": operations["allocate_address"],
        "nat_gateways": max(zones.values(), default=0),
        "internet_gateways": operations["create_internet_gateway"],
        "egress_only_gateways": operations["create_egress_only_internet_gateway"],
        "gateway_endpoints": sum(call["operation"] == "create_vpc_endpoint"
                                 and call["params"].get("VpcEndpointType") == "Gateway" for call in calls),
        "cache_nodes": grown(plans, "redis", cache_nodes),
        "shards": grown(plans, "kinesis", shards),
        "on_demand_streams": grown(plans, "kinesis", on_demand_streams),
    }  # fmt: skip
    return {key: count for key, count in found.items() if count > 0}


def sizes(plans: Mapping[str, Plan]) -> dict[str, int]:
    """How large the largest object of each kind is after the plans, by the keys of LIMITS, where AWS may refuse it.

    ``resource`` is what a component is after its plan; what no plan touches is there already.
    """
    touched = {key: plan["resource"] for key, plan in plans.items() if plan.get("calls")}
    network = touched.get("vpc", {})
    acls = [*(network.get("network_acls") or {}).values(), network.get("default_network_acl") or {}]
    groups = (network.get("security_groups") or {}).values()
    tables = (network.get("route_tables") or {}).values()
    found = {
        "acl_rules": 1 + largest(acl[way].values() for acl in acls for way in WAYS if acl.get(way)),
        "group_rules": largest(group[way] for group in groups for way in WAYS if group.get(way)),
        "routes": largest([{"cidr_block": each} for part in ("routes", "internet_routes") for each in table[part]]
                          for table in tables),
        "blocks": 1 + len(network.get("secondary_cidr_blocks") or ()),
        "nat_addresses": 1 + max((len(each.get("secondary_allocation_ids") or ())
                                  for each in (network.get("nat_gateways") or {}).values()), default=0),
        "subnets": len(network.get("subnets") or ()) + len(network.get("foreign_subnets") or ()),
        "interface_endpoints": len(network.get("interface_endpoints") or ()),
        "nodes": max(map(cache_nodes, of_role(touched, "redis").values()), default=0),
    }  # fmt: skip
    return {limit.key: found[limit.key] for limit in LIMITS if found[limit.key] > limit.at_least}


def largest(groups: Iterable[Iterable[Mapping[str, Any]]]) -> int:
    """The most rules of one family of addresses that any of the groups has; one without a block counts in both."""
    most = 0
    for rules in groups:
        blocks = [str(rule.get("ipv6_cidr_block") or rule.get("cidr_block") or "") for rule in rules]
        ipv6, either = sum(":" in block for block in blocks), blocks.count("")
        most = max(most, ipv6 + either, len(blocks) - ipv6)
    return most


def grown(plans: Mapping[str, Plan], role: str, count: Callable[[Mapping[str, Any]], int]) -> int:
    """How many more all that a role declares counts after the plans than before; what shrinks frees nothing."""
    return sum(max(0, growth(plan, count)) for plan in of_role(plans, role).values())


def growth(plan: Plan, count: Callable[[Mapping[str, Any]], int]) -> int:
    """How many more a component counts after its plan than before."""
    if not plan.get("calls"):
        return 0
    diff, after = plan["diff"], plan["resource"]
    before = {**after, **diff["before"]} if diff["before"] else {}
    return count({**after, **diff["after"]}) - count(before)


def cache_nodes(group: Mapping[str, Any]) -> int:
    """Nodes of a replication group: shards times (1 + replicas), or the clusters it counts."""
    if group.get("num_cache_clusters"):
        return int(group["num_cache_clusters"])
    return int(group.get("num_node_groups") or 0) * (1 + int(group.get("replicas_per_node_group") or 0))


def shards(stream: Mapping[str, Any]) -> int:
    """Shards of a stream; on demand, AWS counts streams instead."""
    return int(stream.get("shard_count") or 0)


def on_demand_streams(stream: Mapping[str, Any]) -> int:
    """1 for a stream on demand."""
    return int(stream.get("stream_mode") == "ON_DEMAND")


def bucket_name(plan: Plan) -> Check:
    """The state bucket's name; a name that is someone else's was refused while planning."""
    creates = any(call["operation"] == "create_bucket" for call in plan.get("calls") or ())
    return Check("state bucket name", "free" if creates else "ours", "free or ours", OK)


def same_addresses(plans: Mapping[str, Plan], present: Iterable[Mapping[str, Any]]) -> Iterator[Check]:
    """Warnings for new VPCs whose addresses another VPC of the account and region has: the two can never be peered.

    Source: "VPC peering limitations", matching or overlapping CIDR blocks.
    """
    calls = calls_of(plans)
    blocks = [call["params"].get("CidrBlock") for call in calls if call["operation"] == "create_vpc"]
    for block in map(IPv4Network, filter(None, blocks)):
        for vpc in present:
            if block.overlaps(IPv4Network(vpc["CidrBlock"])):
                name = next((tag["Value"] for tag in vpc.get("Tags") or () if tag["Key"] == "Name"), "without a name")
                yield Check(f"addresses {block}", f"{vpc['VpcId']} ({name}) has {vpc['CidrBlock']}",
                            "a block that no other VPC of this account and region has", WARNING,
                            "choose another vpc_cidr_block if the two are ever to be connected")  # fmt: skip


def same(what: str, found: str, wanted: str, next_step: str) -> Check:
    """Stop unless the two are equal."""
    return Check(what, found, wanted, OK) if found == wanted else Check(what, found, wanted, STOP, next_step)


def fits(title: str, size: int, quota: float | None) -> Check:
    """Whether one object may be as large as it will be; a quota that could not be read is a warning."""
    if quota is None:
        return Check(title, "quota unknown", f"{size}", WARNING,
                     "allow servicequotas:GetServiceQuota, or compare by hand")  # fmt: skip
    verdict = OK if size <= quota else STOP
    step = "ask for a higher quota in Service Quotas, or declare less" * (verdict != OK)
    return Check(title, f"quota {quota:.0f}", f"{size}", verdict, step)


def room(title: str, used: int, needed: int, quota: float | None) -> Check:
    """Whether ``needed`` more fit; a quota that could not be read is a warning."""
    what = title
    if quota is None:
        return Check(what, f"{used} used, quota unknown", f"room for {needed} more", WARNING,
                     "allow servicequotas:GetServiceQuota, or compare by hand")  # fmt: skip
    found = f"{used} of {quota:.0f} used"
    if used + needed > quota:
        return Check(what, found, f"room for {needed} more", STOP,
                     "ask for a higher quota in Service Quotas, or remove what is unused")  # fmt: skip
    verdict = WARNING if used + needed == quota else OK
    return Check(what, found, f"room for {needed} more", verdict, "the quota is full after this run" * (verdict != OK))


def table(checks: Sequence[Check]) -> list[str]:
    """The checks as lines with aligned columns."""
    rows = [("check", "found", "wanted", "verdict"), *((c.what, c.found, c.wanted, c.verdict) for c in checks)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [*lines, *(f"{check.what}: next: {check.next_step}" for check in checks if check.next_step)]
