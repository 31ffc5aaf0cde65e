# SPDX-License-Identifier: Apache-2.0
"""What is there under a few names, in the form of a state, for stacks whose state is lost or lies elsewhere.

It says no more than what must not be guessed; everything else is no opinion, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

# What a group is without a word of its declaration is encrypted.
ENCRYPTION = {"at_rest_encryption_enabled": "AtRestEncryptionEnabled",
              "transit_encryption_enabled": "TransitEncryptionEnabled"}  # fmt: skip


def document_of(names: Mapping[str, str]) -> dict[str, Any]:
    """A state with the things of these names, by role.  Raises ValueError for another word, ClientError for no such."""
    made = {"vpc": _vpc, "redis": _group, "kinesis": _stream, "state_bucket": _bucket}
    unknown = sorted(set(names) - set(made))
    if unknown:
        raise ValueError(f"STATE: found {unknown[0]}, wanted {', '.join(made)}. Next: correct it")
    resources = [_resource(*each) for role, name in names.items() for each in made[role](name)]
    return {"version": 4, "resources": resources}


def _resource(kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": dict(attributes)}]}


def _vpc(name: str) -> list[tuple[str, dict[str, Any]]]:
    (vpc,) = boto3.client("ec2").describe_vpcs(VpcIds=[name])["Vpcs"]
    tags = {tag["Key"]: tag["Value"] for tag in vpc.get("Tags", ())}
    return [("aws_vpc", {"id": name, "cidr_block": vpc["CidrBlock"], "tags": tags})]


def _group(name: str) -> list[tuple[str, dict[str, Any]]]:
    """A group stands in its subnets and security groups: without a word it would leave them."""
    elasticache = boto3.client("elasticache")
    (group,) = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    (member,) = elasticache.describe_cache_clusters(CacheClusterId=sorted(group["MemberClusters"])[0])["CacheClusters"]
    within = member["CacheSubnetGroupName"]
    (subnets,) = elasticache.describe_cache_subnet_groups(CacheSubnetGroupName=within)["CacheSubnetGroups"]
    groups = [each["SecurityGroupId"] for each in member.get("SecurityGroups", ())]
    ids = [each["SubnetIdentifier"] for each in subnets["Subnets"]]
    return [
        ("aws_elasticache_replication_group", {
            "arn": group["ARN"], "replication_group_id": name, "subnet_group_name": within,
            "security_group_ids": groups, **{name: bool(group.get(key)) for name, key in ENCRYPTION.items()}}),
        ("aws_elasticache_subnet_group", {"name": within, "subnet_ids": ids}),
    ]  # fmt: skip


def _stream(name: str) -> list[tuple[str, dict[str, Any]]]:
    summary = boto3.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    mode = summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
    return [("aws_kinesis_stream", {"arn": summary["StreamARN"], "name": name, "stream_mode_details": [
        {"stream_mode": mode}]})]  # fmt: skip


def _bucket(name: str) -> list[tuple[str, dict[str, Any]]]:
    s3 = boto3.client("s3")
    s3.head_bucket(Bucket=name)
    try:
        policy = s3.get_bucket_policy(Bucket=name)["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        policy = ""
    return [("aws_s3_bucket", {"bucket": name, "policy": policy})]
