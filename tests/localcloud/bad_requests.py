# SPDX-License-Identifier: Apache-2.0
"""Requests that break their models in exactly one way, made from the models themselves."""

from __future__ import annotations

import base64
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from moto.core.utils import get_service_model

from localcloud.models.constraints import compiled

#: Service -> the operations whose requests are broken.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "ec2": (
        "CreateVpc", "DescribeVpcs", "CreateSubnet", "CreateNatGateway", "CreateRoute", "CreateFlowLogs",
        "CreateVpcEndpoint", "CreateNetworkAclEntry", "DescribeSubnets", "ModifyVpcAttribute", "DescribeNatGateways",
        "ModifySubnetAttribute", "CreateDhcpOptions", "DescribeNetworkAcls", "CreateTags",
    ),
    "elasticache": (
        "CreateReplicationGroup", "ModifyReplicationGroup", "CreateUser", "CreateUserGroup",
        "DescribeReplicationGroups", "CreateCacheParameterGroup", "ModifyReplicationGroupShardConfiguration",
        "IncreaseReplicaCount", "ModifyUser",
    ),
    "kinesis": (
        "CreateStream", "UpdateShardCount", "AddTagsToStream", "IncreaseStreamRetentionPeriod", "StartStreamEncryption",
        "RegisterStreamConsumer", "PutRecord", "ListShards", "UpdateStreamMode", "UpdateMaxRecordSize",
    ),
    "s3": ("PutBucketLifecycleConfiguration", "PutObject", "PutBucketTagging", "PutBucketReplication", "ListObjectsV2",
           "PutBucketOwnershipControls", "PutBucketEncryption"),
    "dynamodb": ("CreateTable", "DescribeTable", "UpdateTable", "PutItem", "ListTables", "TagResource"),
    "logs": ("CreateLogGroup", "PutRetentionPolicy", "DescribeLogGroups", "PutMetricFilter", "TagResource"),
    "secretsmanager": ("CreateSecret", "GetSecretValue", "ListSecrets", "DeleteSecret"),
    "kms": ("CreateKey", "DescribeKey", "CreateAlias", "ListKeys", "EnableKeyRotation"),
    "iam": ("CreateRole", "PutRolePolicy", "TagRole", "ListRoles", "GetRole", "UpdateRole"),
    "sts": ("AssumeRole", "GetSessionToken"),
    "cloudwatch": ("PutMetricAlarm", "DescribeAlarms", "PutDashboard", "TagResource"),
    "service-quotas": ("GetServiceQuota", "ListServiceQuotas", "RequestServiceQuotaIncrease"),
    "resourcegroupstaggingapi": ("GetResources", "TagResources", "UntagResources"),
}  # fmt: skip
PER_KIND = 5
_FOR_ENDPOINTS = {("dynamodb", "TableName"), ("dynamodb", "ResourceArn")}

_TEXTS = (
    "demo", "demo-1", "12345678901234567890123456789012", "123456789012", "/demo", "alias/demo", "demo@example.com",
    "arn:aws:kinesis:eu-west-1:123456789012:stream/demo", "arn:aws:iam::123456789012:role/demo", "L-F678F1CE",
    "arn:aws:kinesis:eu-west-1:123456789012:stream/demo/consumer/demo:1", "arn:aws:s3:::demo", "1", "a" * 40, "12:00",
)  # fmt: skip


@dataclass(frozen=True)
class Bad:
    """One bad request."""

    service: str
    operation: str
    kind: str
    place: str
    params: dict[str, Any]

    @property
    def method(self) -> str:
        """The name of boto3's method."""
        return xform_name(self.operation)

    def __str__(self) -> str:
        return f"{self.service}-{self.operation}-{self.kind}-{self.place}"


def bad_requests() -> list[Bad]:
    """At most `PER_KIND` of each service and kind of constraint."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for service, operations in OPERATIONS.items():
        for operation in operations:
            for bad in _broken(service, operation):
                seen[service, bad.kind] += 1
                if seen[service, bad.kind] <= PER_KIND:
                    found.append(bad)
    return found


def _broken(service: str, operation: str) -> Iterator[Bad]:
    model = get_service_model(service).operation_model(operation)
    shape = model.input_shape
    good = _good(shape)
    for name, member in shape.members.items():
        if name.startswith(("Checksum", "ContentLength")) or (service, name) in _FOR_ENDPOINTS:
            continue  # boto3 computes these, or reads them itself
        if name in shape.required_members and member.serialization.get("location") != "uri":
            yield Bad(service, operation, "required", name, {k: v for k, v in good.items() if k != name})
        for kind, place, value in _bad_values(member, json=model.service_model.protocol == "json"):
            if member.serialization.get("location") != "uri":
                yield Bad(service, operation, kind, f"{name}{place}", {**copy.deepcopy(good), name: value})


def _bad_values(shape: Any, json: bool, depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """Kind, place below the shape, and a value that breaks the shape there and nowhere else."""
    limits, kind = shape.metadata, shape.type_name
    if kind in ("integer", "long"):
        yield "type", "", "many"
        yield from (("range", "", limits[side] + step) for side, step in (("min", -1), ("max", 1)) if side in limits)
    elif kind == "boolean" and json:
        # For the other protocols boto3 makes true or false of everything.
        yield "type", "", "maybe"
    elif kind == "string":
        yield from _bad_texts(shape, json)
    elif kind == "list":
        inner = _good(shape.member)
        if "max" in limits and limits["max"] < 300:
            yield "length", "", [copy.deepcopy(inner) for _ in range(limits["max"] + 1)]
        if depth < 2:
            yield from ((k, f".1{p}", [v]) for k, p, v in _bad_values(shape.member, json, depth + 1))
    elif kind == "structure" and depth < 2:
        good = _good(shape)
        for name, member in shape.members.items():
            if name in shape.required_members and len(good) > 1:
                yield "required", f".{name}", {k: v for k, v in good.items() if k != name}
            yield from ((k, f".{name}{p}", {**good, name: v}) for k, p, v in _bad_values(member, json, depth + 1))


def _bad_texts(shape: Any, json: bool) -> Iterator[tuple[str, str, Any]]:
    limits = shape.metadata
    if json:
        yield "type", "", 7
    if shape.enum:
        yield "enum", "", "Nonsense"
        return
    pattern = compiled(limits["pattern"]) if "pattern" in limits else None
    most = limits.get("max", 10**6)
    if most < 3000 and (pattern is None or pattern.fullmatch("a" * (most + 1))):
        yield "length", "", "a" * (most + 1)
    bad = next((text for text in ("-\u2603 \x07", "?!", "é*") if pattern and not pattern.fullmatch(text)), None)
    if bad and limits.get("min", 0) <= len(bad) <= most:
        yield "pattern", "", bad


def _good(shape: Any) -> Any:
    """The smallest value that the shape allows."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        return {name: _good(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [_good(shape.member) for _ in range(limits.get("min", 0))]
    if kind == "map":
        return {_good(shape.key): _good(shape.value)} if limits.get("min") else {}
    if kind == "string":
        return shape.enum[0] if shape.enum else _good_text(limits)
    numbers = {"integer": limits.get("min", 1), "long": limits.get("min", 1), "float": 1.0, "double": 1.0}
    return {**numbers, "boolean": True, "blob": base64.b64encode(b"demo")}.get(kind, "demo")


def _good_text(limits: dict[str, Any]) -> str:
    pattern = compiled(limits.get("pattern", r"[\s\S]*"))
    fits = (text for text in _TEXTS if limits.get("min", 0) <= len(text) <= limits.get("max", 10**6))
    return next((text for text in fits if pattern is None or pattern.fullmatch(text)), "demo")
