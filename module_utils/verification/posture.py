# SPDX-License-Identifier: Apache-2.0
"""What docs/posture.md says to hold, looked at afresh: one line, and one more for each control that does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..environment.keys import of_role
from ..environment.preflight import OK, WARNING, Check
from . import traces
from .paths import Network

if TYPE_CHECKING:
    from ..aws.client import Aws

EVERYONE = frozenset({"0.0.0.0/0", "::/0"})
PORTS_OF_ADMINISTRATION = (22, 3389)
NONE = ("NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "NoSuchLifecycleConfiguration",
        "OwnershipControlsNotFoundError")  # fmt: skip
# Control of AWS Security Hub, and whether it holds.
Held = Iterator[tuple[str, bool]]


def of_network(network: Network, flow_logs: Mapping[str, Any]) -> Held:
    """Controls on a VPC; an ACL's rules count whatever stands before them, as AWS Config counts them."""
    default = [each for each in network.security_groups if each["GroupName"] == "default"]
    yield "EC2.2", all(not each["IpPermissions"] and not each["IpPermissionsEgress"] for each in default)
    logs = [(each["TrafficType"], each["FlowLogStatus"]) for each in flow_logs.get("FlowLogs") or ()]
    yield "EC2.6", ("ALL", "ACTIVE") in logs
    ingress = [rule for each in network.security_groups for rule in each["IpPermissions"]]
    blocks = {each["CidrIp"] for rule in ingress for each in rule.get("IpRanges") or ()}
    blocks |= {each["CidrIpv6"] for rule in ingress for each in rule.get("Ipv6Ranges") or ()}
    for control in ("EC2.13", "EC2.14", "EC2.18", "EC2.19"):
        yield control, not blocks & EVERYONE
    yield "EC2.15", not any(each.get("MapPublicIpOnLaunch") for each in network.subnets)
    yield "EC2.16", all(each["Associations"] for each in network.network_acls)
    entries = [entry for each in network.network_acls for entry in each["Entries"]]
    spans = [entry.get("PortRange") or {"From": 0, "To": 65535} for entry in entries
             if not entry["Egress"] and entry["RuleAction"] == "allow" and entry["Protocol"] in ("-1", "6", "17")
             and {entry.get("CidrBlock"), entry.get("Ipv6CidrBlock")} & EVERYONE]  # fmt: skip
    yield "EC2.21", not any(span["From"] <= port <= span["To"] for span in spans for port in PORTS_OF_ADMINISTRATION)


def of_cache(group: Mapping[str, Any]) -> Held:
    """Controls on a replication group, as one look at it found it."""
    yield "ElastiCache.1", (group.get("snapshot_retention_days") or 0) >= 1
    yield "ElastiCache.2", bool(group.get("auto_minor_version_upgrade"))
    yield "ElastiCache.3", bool(group.get("automatic_failover_enabled"))
    yield "ElastiCache.4", bool(group.get("at_rest_encryption_enabled"))
    yield "ElastiCache.5", group.get("transit_encryption_mode") == "required"
    yield "ElastiCache.7", group.get("cache_subnet_group_name") != "default"


def of_stream(stream: Mapping[str, Any]) -> Held:
    """Controls on a stream, as one look at it found it."""
    yield "Kinesis.1", stream.get("encryption_type") == "KMS"
    yield "Kinesis.2", bool(stream.get("tags"))
    yield "Kinesis.3", (stream.get("retention_hours") or 0) >= 168


def of_bucket(answers: Mapping[str, Any]) -> Held:
    """Controls on a bucket, from S3's answers."""
    policy = json.loads((answers["policy"] or {}).get("Policy") or '{"Statement": []}')
    denials = [each for each in policy["Statement"] if each["Effect"] == "Deny" and each.get("Principal") == "*"]
    yield "S3.5", any(each.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for each in denials)
    block = (answers["block"] or {}).get("PublicAccessBlockConfiguration") or {}
    yield "S3.8", len(block) == 4 and all(block.values())
    rules = [rule for rule in (answers["lifecycle"] or {}).get("Rules") or () if rule["Status"] == "Enabled"]
    yield "S3.10", any("NoncurrentVersionExpiration" in rule for rule in rules)
    owners = ((answers["ownership"] or {}).get("OwnershipControls") or {}).get("Rules")
    yield "S3.12", owners == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    yield "S3.13", any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    yield "S3.14", (answers["versioning"] or {}).get("Status") == "Enabled"


def read_bucket(aws: Aws, bucket: str) -> dict[str, Any]:
    """S3's answers about a bucket.  Raises one of the errors of a read."""
    operations = {"policy": "get_bucket_policy", "block": "get_public_access_block",
                  "lifecycle": "get_bucket_lifecycle_configuration", "ownership": "get_bucket_ownership_controls",
                  "versioning": "get_bucket_versioning"}  # fmt: skip
    return aws.read_many({key: ("s3", each, {"Bucket": bucket}, NONE) for key, each in operations.items()})


def checks(aws: Aws, network: Network | None, seen: Mapping[str, Mapping[str, Any]]) -> Iterator[Check]:
    """The posture of what is there, by key: a line for each control that does not hold, and one for those that do.

    A control that does not hold is a warning: it may be meant so, and a plan says whether it is.
    """
    held: list[tuple[str, bool]] = []
    try:
        if network is not None:
            about = [{"Name": "resource-id", "Values": [seen["vpc"]["vpc_id"]]}]
            held += of_network(network, aws.read("ec2", "describe_flow_logs", Filters=about) or {})
        if "state_bucket" in seen:
            held += of_bucket(read_bucket(aws, seen["state_bucket"]["name"]))
    except traces.ERRORS as error:
        yield Check("posture", traces.told(error), "an answer to every read", WARNING, "allow the reads it names")
    for role, controls in (("redis", of_cache), ("kinesis", of_stream)):
        mine = of_role(seen, role)
        for each in mine.values():
            of_which = f" of {each['name']}" if len(mine) > 1 else ""
            held += [(f"{control}{of_which}", holds) for control, holds in controls(each)]
    for control in [name for name, holds in held if not holds]:
        yield Check(f"posture {control}", "does not hold", "holds", WARNING, "docs/posture.md says what sees to it")
    fine = [name for name, holds in held if holds]
    yield Check("posture", f"{len(fine)} controls hold", f"{len(held)} hold", OK if len(fine) == len(held) else WARNING)
