# SPDX-License-Identifier: Apache-2.0
"""A platform that is small enough to be laid in seconds, what of it is there, and time that passes for it."""

from __future__ import annotations

from typing import Any

from localcloud.process import Cloud

# More than a lease; a stream's mode may change twice, its shards ten times in 24 hours.
LEASE_SECONDS, DAY_SECONDS = 125.0, 24 * 3600.0
SMALL: dict[str, Any] = {
    "vpc_cidr_block": "10.90.0.0/16", "vpc_nat_gateways": "none", "vpc_flow_logs": {}, "vpc_gateway_endpoints": [],
    "vpc_tiers": {"app": {"internet": "none"}, "cache": {"internet": "none"}}, "vpc_default_network_acl": None,
    "redis_final_snapshot": False, "redis_apply_immediately": True, "state_bucket_delete_state_history": True,
}  # fmt: skip
GROUPS = {
    "app": {"description": "Apps", "ingress": [], "egress": []},
    "cache": {"description": "Redis", "ingress": [{"port": 6379, "security_group": "app"}], "egress": []},
}


def ours(cloud: Cloud) -> dict[str, list[Any]]:
    """Everything that bears our name or tags, seen through boto3."""
    tag = [{"Name": "tag:streambed:stack", "Values": ["sensors"]}]
    ec2, cache = cloud.client("ec2"), cloud.client("elasticache")
    gateways = ec2.describe_nat_gateways(Filter=tag)["NatGateways"]
    found = {
        "vpcs": ec2.describe_vpcs(Filters=tag)["Vpcs"],
        "subnets": ec2.describe_subnets(Filters=tag)["Subnets"],
        "security groups": ec2.describe_security_groups(Filters=tag)["SecurityGroups"],
        "route tables": ec2.describe_route_tables(Filters=tag)["RouteTables"],
        "internet gateways": ec2.describe_internet_gateways(Filters=tag)["InternetGateways"],
        "NAT gateways": [gateway for gateway in gateways if gateway["State"] != "deleted"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "endpoints": ec2.describe_vpc_endpoints(Filters=tag)["VpcEndpoints"],
        "flow logs": ec2.describe_flow_logs()["FlowLogs"],
        "log groups": cloud.client("logs").describe_log_groups()["logGroups"],
        "roles": cloud.client("iam").list_roles()["Roles"],
        "replication groups": cache.describe_replication_groups()["ReplicationGroups"],
        "subnet groups": cache.describe_cache_subnet_groups()["CacheSubnetGroups"],
        "snapshots": cache.describe_snapshots()["Snapshots"],
        "streams": cloud.client("kinesis").list_streams()["StreamNames"],
        "buckets": cloud.client("s3").list_buckets()["Buckets"],
        "lock tables": cloud.client("dynamodb").list_tables()["TableNames"],
    }
    return {kind: things for kind, things in found.items() if things}


def make_key(cloud: Cloud, alias: str) -> str:
    """The id of a new key of the account with this alias."""
    kms = cloud.client("kms")
    key = str(kms.create_key()["KeyMetadata"]["KeyId"])
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    return key


def later(cloud: Cloud, seconds: float) -> None:
    """Lets time pass in the cloud."""
    cloud.configure(clock_ahead_seconds=cloud.configure()["clock_ahead_seconds"] + seconds)
