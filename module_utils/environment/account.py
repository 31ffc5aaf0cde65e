# SPDX-License-Identifier: Apache-2.0
"""Whether an account is the right one and has room for a plan.  Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import preflight

if TYPE_CHECKING:
    from ..aws.client import Aws

PERMISSIONS = frozenset({
    "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "elasticache:DescribeCacheClusters", "kinesis:DescribeLimits",
    "servicequotas:GetServiceQuota", "sts:GetCallerIdentity",
})  # fmt: skip

# A quota that the credentials may not read, or that the account never changed, is not an error.
UNREADABLE = ("NoSuchResourceException", "AccessDeniedException", "AccessDenied", "403", "NotImplemented")

USED = {
    "vpcs": ("ec2", "describe_vpcs", {}),
    "elastic_ips": ("ec2", "describe_addresses", {}),
    "nat_gateways": (
        "ec2",
        "describe_nat_gateways",
        {"Filter": [{"Name": "state", "Values": ["pending", "available"]}]},
    ),
    "internet_gateways": ("ec2", "describe_internet_gateways", {}),
    "gateway_endpoints": (
        "ec2",
        "describe_vpc_endpoints",
        {"Filters": [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]},
    ),
    "egress_only_gateways": ("ec2", "describe_egress_only_internet_gateways", {}),
    "cache_nodes": ("elasticache", "describe_cache_clusters", {}),
}
# Where the answer lists what counts one by one.
LISTS = {
    "vpcs": "Vpcs", "elastic_ips": "Addresses", "internet_gateways": "InternetGateways",
    "egress_only_gateways": "EgressOnlyInternetGateways",
    "gateway_endpoints": "VpcEndpoints",
}  # fmt: skip
SUBNETS: tuple[Any, ...] = ("ec2", "describe_subnets", {})


def place_checks(aws: Aws, account_id: str | None, region: str | None) -> list[preflight.Check]:
    """Account and region, as far as they are stated."""
    checks = []
    if account_id:
        caller = aws.read("sts", "get_caller_identity") or {}
        step = "use the credentials of that account, or correct account_id in the inventory"
        checks.append(preflight.same("account", caller["Account"], account_id, step))
    if region:
        checks.append(preflight.same("region", aws.region, region, "correct AWS_REGION, or region in the inventory"))
    return checks


def quota_checks(aws: Aws, plans: Mapping[str, Any]) -> Iterator[preflight.Check]:
    """Room for what the plans create; quotas of what they do not create are not asked for."""
    needs = preflight.needs(plans)
    quotas = [quota for quota in preflight.QUOTAS if quota.key in needs]
    requests: dict[str, tuple[Any, ...]] = {quota.key: USED[quota.key] for quota in quotas}
    sizes = preflight.sizes(plans)
    limits = [limit for limit in preflight.LIMITS if limit.key in sizes]
    asked: list[Any] = [*quotas, *limits]
    requests |= {f"{each.key} quota": ("service-quotas", "get_service_quota",
                                       {"ServiceCode": each.service_code, "QuotaCode": each.quota_code}, UNREADABLE)
                 for each in asked}  # fmt: skip
    if "nat_gateways" in needs:
        requests["subnets"] = SUBNETS
    streams = [key for key in preflight.STREAM_LIMITS if key in needs]
    if streams:
        requests["streams"] = ("kinesis", "describe_limits", {})
    answers = aws.read_many(requests) if requests else {}
    for quota in quotas:
        answer = answers[f"{quota.key} quota"]
        limit = answer["Quota"]["Value"] if answer else None
        yield preflight.room(quota.title, used(quota.key, answers), needs[quota.key], limit)
    for each in limits:
        answer = answers[f"{each.key} quota"]
        yield preflight.fits(each.title, sizes[each.key], answer["Quota"]["Value"] if answer else None)
    if "vpcs" in needs:
        yield from preflight.same_addresses(plans, answers["vpcs"]["Vpcs"])
    if "state_bucket" in plans:
        yield preflight.bucket_name(plans["state_bucket"])
    for key in streams:
        title, used_key, limit_key = preflight.STREAM_LIMITS[key]
        yield preflight.room(title, answers["streams"][used_key], needs[key], answers["streams"][limit_key])


def used(key: str, answers: Mapping[str, Any]) -> int:
    """How many of something the account has now; NAT gateways are counted in the zone that has most of them."""
    answer = answers[key]
    if key in LISTS:
        return len(answer[LISTS[key]])
    if key == "cache_nodes":
        return sum(cluster["NumCacheNodes"] for cluster in answer["CacheClusters"])
    zone_of = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in answers["subnets"]["Subnets"]}
    # A regional one stands in no subnet.
    zones = [zone_of[gateway["SubnetId"]] for gateway in answer["NatGateways"] if gateway.get("SubnetId") in zone_of]
    return max((zones.count(zone) for zone in set(zones)), default=0)
