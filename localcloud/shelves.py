# SPDX-License-Identifier: Apache-2.0
"""Where moto keeps what: the objects that may be late, and how AWS says that it does not know one.

Source: EC2 API reference, "Error codes"; the error codes of IAM, S3, Logs and KMS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend
from moto.s3.models import s3_backends

from localcloud.calls import Call
from localcloud.overlays.ec2.base import kept
from localcloud.overlays.ec2.protections import CONTROL, EXCLUSION
from localcloud.overlays.elasticache.store import store_of
from localcloud.settings import ACCOUNT


@dataclass(frozen=True)
class Shelf:
    """Where moto keeps the objects of one kind, and which reads look there.

    `holders(region)` are the dictionaries by id, or lists of objects with an allocation id.
    """

    service: str
    kind: str
    reads: tuple[str, ...]
    holders: Callable[[str], list[Any]]
    #: Code, message and status for a call that names one before it is known everywhere; None where AWS waits instead.
    missing: tuple[str, str, int] | None = None
    #: What calls name an object by, where that is not the name under which moto keeps it.
    called: Callable[[Any], str] | None = None


def _backend(service: str, region: str) -> Any:
    # By name, when first needed: most of moto's services take time to import.
    return get_backend(service)[ACCOUNT][region]  # type: ignore[call-overload]


def _kept(service: str, name: str, place: str = "") -> Callable[[str], list[Any]]:
    return lambda region: [getattr(_backend(service, place or region), name)]


def _ours(kind: str) -> Callable[[str], list[Any]]:
    """What moto does not know, and localcloud keeps beside it."""
    return lambda region: [kept(_backend("ec2", region), kind)]


def _nested(name: str) -> Callable[[str], list[Any]]:
    return lambda region: list(getattr(_backend("ec2", region), name).values())


def _cache(name: str) -> Callable[[str], list[Any]]:
    return lambda region: [getattr(store_of(_backend("elasticache", region)), name)]


def _buckets(region: str) -> list[Any]:
    return [s3_backends[ACCOUNT]["aws"].buckets, s3_backends.bucket_accounts]


#: Reads of what a bucket is, not of objects in it.
_BUCKET_READS = ("HeadBucket", "List*", "GetBucket*", "GetPublicAccessBlock", "GetObjectLockConfiguration")

SHELVES = (
    Shelf(
        "ec2",
        "VPC",
        ("DescribeVpcs", "DescribeVpcAttribute"),
        _kept("ec2", "vpcs"),
        ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "subnet",
        ("DescribeSubnets",),
        _nested("subnets"),
        ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "security group",
        ("DescribeSecurityGroups", "DescribeSecurityGroupRules"),
        _nested("groups"),
        ("InvalidGroup.NotFound", "The security group '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "route table",
        ("DescribeRouteTables",),
        _kept("ec2", "route_tables"),
        ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "internet gateway",
        ("DescribeInternetGateways",),
        _kept("ec2", "internet_gateways"),
        ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "NAT gateway",
        ("DescribeNatGateways",),
        _kept("ec2", "nat_gateways"),
        ("InvalidNatGatewayID.NotFound", "The natGateway ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "address",
        ("DescribeAddresses",),
        _kept("ec2", "addresses"),
        ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "endpoint",
        ("DescribeVpcEndpoints",),
        _kept("ec2", "vpc_end_points"),
        ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist", 400),
    ),
    Shelf("ec2", "flow log", ("DescribeFlowLogs",), _kept("ec2", "flow_logs")),
    Shelf(
        "ec2",
        "network ACL",
        ("DescribeNetworkAcls",),
        _kept("ec2", "network_acls"),
        ("InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "DHCP options",
        ("DescribeDhcpOptions",),
        _kept("ec2", "dhcp_options_sets"),
        ("InvalidDhcpOptionsID.NotFound", "The dhcpOption ID '{}' does not exist", 400),
    ),
    Shelf(
        "ec2",
        "egress-only gateway",
        ("DescribeEgressOnlyInternetGateways",),
        _kept("ec2", "egress_only_internet_gateways"),
        ("InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist", 400),
    ),
    Shelf("ec2", "encryption control", ("DescribeVpcEncryptionControls",), _ours(CONTROL)),
    Shelf("ec2", "exclusion", ("DescribeVpcBlockPublicAccessExclusions",), _ours(EXCLUSION)),
    Shelf(
        "elasticache",
        "replication group",
        ("DescribeReplicationGroups", "DescribeCacheClusters", "List*"),
        _cache("groups"),
    ),
    Shelf("elasticache", "subnet group", ("DescribeCacheSubnetGroups", "ListTags*"), _cache("subnet_groups")),
    Shelf("elasticache", "parameter group", ("DescribeCacheParam*", "ListTags*"), _cache("parameter_groups")),
    Shelf("kinesis", "stream", ("DescribeStream*", "List*"), _kept("kinesis", "streams")),
    Shelf("s3", "bucket", _BUCKET_READS, _buckets, ("NoSuchBucket", "The specified bucket does not exist", 404)),
    Shelf("dynamodb", "table", ("Describe*", "List*"), _kept("dynamodb", "tables")),
    Shelf(
        "logs",
        "log group",
        ("Describe*", "List*"),
        _kept("logs", "groups"),
        ("ResourceNotFoundException", "The specified log group does not exist.", 400),
    ),
    Shelf(
        "iam",
        "role",
        ("Get*", "List*"),
        _kept("iam", "roles", "aws"),
        ("NoSuchEntity", "The role with name {} cannot be found.", 404),
        lambda role: str(role.name),
    ),
    Shelf(
        "kms",
        "key",
        ("Describe*", "Get*", "List*"),
        _kept("kms", "keys"),
        ("NotFoundException", "Key '{}' does not exist", 400),
    ),
)


def ids_of(call: Call) -> dict[str, set[str]]:
    """What there is of each kind of the call's service: kind -> ids."""
    return {
        shelf.kind: {name for holder in shelf.holders(call.region) for name in names_on(holder)}
        for shelf in SHELVES
        if shelf.service == call.service
    }


def words_of(value: Any) -> set[str]:
    """Every text in a call's parameters."""
    if isinstance(value, dict):
        return {word for inner in value.values() for word in words_of(inner)}
    if isinstance(value, list):
        return {word for inner in value for word in words_of(inner)}
    return {value} if isinstance(value, str) else set()


def named_by(call: Call) -> set[str]:
    """What a call may name: every text in its parameters, and the last part of what looks like an ARN."""
    return {part for word in words_of(call.params) for part in (word, re.split("[/:]", word)[-1])}


def names_on(holder: Any) -> list[str]:
    """The names of the objects that one holder keeps."""
    return list(holder) if isinstance(holder, dict) else [each.allocation_id for each in holder]
