# SPDX-License-Identifier: Apache-2.0
"""The calls for the VPC itself: its birth, its settings, and the tags of all parts.  Pure."""

from __future__ import annotations

import json
from typing import Any

from ..reconcile.plan import CREATE, Call, Ref
from ..reconcile.tags import boto3_tags, tag_changes, tag_specifications
from . import names, waits

TAGS = "tags"


# What can be switched on a VPC, as ModifyVpcAttribute takes it and DescribeVpcAttribute answers it.
ATTRIBUTES = {
    "dns_support": "EnableDnsSupport",
    "dns_hostnames": "EnableDnsHostnames",
    "network_address_usage_metrics": "EnableNetworkAddressUsageMetrics",
}


def create_calls(desired: Any) -> list[Call]:
    params = {
        **desired["first_block"],
        "InstanceTenancy": desired["instance_tenancy"] or "default",
        "TagSpecifications": tag_specifications("vpc", desired["tags"]),
    }
    wait = waits.vpc(Ref("vpc_id"), with_acl=desired["default_network_acl"] is not None)
    return [Call("ec2", "create_vpc", params, names.VPC, f"create VPC {desired['name']}", CREATE,
                 saves={"vpc_id": "Vpc.VpcId", names.VPC_BLOCK: "Vpc.CidrBlock"}, wait=wait)]  # fmt: skip


def vpc_calls(observed: Any, desired: Any) -> list[Call]:
    """One attribute per call; names need resolution, so that comes first and goes last."""
    vpc_id, calls = observed["vpc_id"], []
    if desired["instance_tenancy"] != observed["instance_tenancy"]:
        params = {"VpcId": vpc_id, "InstanceTenancy": desired["instance_tenancy"]}
        calls.append(Call("ec2", "modify_vpc_tenancy", params, names.VPC, "let new instances share hardware"))
    dns = ("dns_support", "dns_hostnames") if desired["dns_support"] else ("dns_hostnames", "dns_support")
    for field in (*dns, "network_address_usage_metrics"):
        if desired[field] != observed[field]:
            params = {"VpcId": vpc_id, ATTRIBUTES[field]: {"Value": desired[field]}}
            why = f"switch {field} {'on' if desired[field] else 'off'}"
            calls.append(Call("ec2", "modify_vpc_attribute", params, names.VPC, why))
    return calls + tag_calls({vpc_id: observed["tags"]}, {vpc_id: desired["tags"]}, names.VPC)


def part_tag_calls(observed: Any, desired: Any) -> list[Call]:
    return tag_calls(observed["part_tags"], desired["part_tags"], TAGS)


def tag_calls(before: Any, after: Any, on: str) -> list[Call]:
    """One call for all objects that get the same tags."""
    setting: dict[str, list[str]] = {}
    removing: dict[str, list[str]] = {}
    for item, tags in after.items():
        to_set, to_remove = tag_changes(before.get(item, {}), tags)
        if to_set:
            setting.setdefault(json.dumps(to_set, sort_keys=True), []).append(item)
        if to_remove:
            removing.setdefault(json.dumps(to_remove), []).append(item)
    calls = []
    for keys, items in removing.items():
        params = {"Resources": items, "Tags": [{"Key": key} for key in json.loads(keys)]}
        calls.append(Call("ec2", "delete_tags", params, on, f"remove tags of {len(items)} objects"))
    for tags, items in setting.items():
        params = {"Resources": items, "Tags": boto3_tags(json.loads(tags))}
        calls.append(Call("ec2", "create_tags", params, on, f"set tags of {len(items)} objects"))
    return calls
