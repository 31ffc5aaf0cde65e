# SPDX-License-Identifier: Apache-2.0
"""Stacks that Terraform built: their states, and the same world made with boto3 where there is no Terraform."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.process import Cloud
from tests.support.components import ROOT
from tools.terraform_state import Found, Resource, State

STACKS = ROOT / "tests" / "integration" / "stacks"
SECRETS = ("auth_token", "passwords")


def of_module(whole: Mapping[str, Any], module: str) -> dict[str, Any]:
    """The part of a state that is one module's, as if it were a stack of its own."""
    prefix, resources = f"module.{module}", []
    for each in whole["resources"]:
        inner = each.get("module", "")
        if inner == prefix or inner.startswith(f"{prefix}."):
            rest = inner.removeprefix(prefix).removeprefix(".")
            resources.append({**{key: value for key, value in each.items() if key != "module"},
                              **({"module": rest} if rest else {})})  # fmt: skip
    return {"version": whole["version"], "terraform_version": whole["terraform_version"], "resources": resources}


def scrubbed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A small state without secrets: what is empty goes, and what Terraform keeps for itself."""
    resources = []
    for each in state["resources"]:
        instances = [{**{key: value for key, value in instance.items() if key == "index_key"}, "attributes": {
            key: "a secret" if key in SECRETS else value for key, value in instance["attributes"].items()
            if value not in (None, "", [], {})}} for instance in each["instances"]]  # fmt: skip
        resources.append({**each, "instances": instances})
    return {**state, "resources": resources}


def roles(found: Found) -> tuple[str, ...]:
    return tuple(role for role in ("vpc", "redis", "kinesis", "state_bucket") if role in found.components)


def adopted_with(found: Found, case: str) -> dict[str, Any]:
    """The variables of an adopted stack, with its identity."""
    chosen = {name: value for name, value in found.variables.items() if name.startswith(roles(found))}
    return {**chosen, "stack_name": "iot", "environment_suffix": case.replace("_", "-")}


Maker = Callable[[Cloud, Resource], str]


def loaded(cloud: Cloud, state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of the same world in this cloud, whose ids are other ones."""
    text = json.dumps(state)
    for kind, make in MAKERS.items():
        for number in range(len(State(json.loads(text)).all(kind))):
            resource = State(json.loads(text)).all(kind)[number]
            made = make(cloud, resource)
            if made:
                text = text.replace(str(resource.get("id")), made)
    return dict(json.loads(text))


def _tagged(kind: str, resource: Resource) -> dict[str, Any]:
    tags = [{"Key": key, "Value": value} for key, value in resource.tags.items()]
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def _vpc(cloud: Cloud, each: Resource) -> str:
    ec2 = cloud.client("ec2")
    made = ec2.create_vpc(CidrBlock=each.get("cidr_block"), **_tagged("vpc", each))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=made, EnableDnsHostnames={"Value": bool(each.get("enable_dns_hostnames"))})
    return str(made)


def _subnet(cloud: Cloud, each: Resource) -> str:
    ec2 = cloud.client("ec2")
    made = ec2.create_subnet(VpcId=each.get("vpc_id"), CidrBlock=each.get("cidr_block"),
                             AvailabilityZone=each.get("availability_zone"), **_tagged("subnet", each))  # fmt: skip
    public = {"Value": bool(each.get("map_public_ip_on_launch"))}
    ec2.modify_subnet_attribute(SubnetId=made["Subnet"]["SubnetId"], MapPublicIpOnLaunch=public)
    return str(made["Subnet"]["SubnetId"])


def _gateway(cloud: Cloud, each: Resource) -> str:
    ec2 = cloud.client("ec2")
    made = ec2.create_internet_gateway(**_tagged("internet-gateway", each))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=each.get("vpc_id"))
    return str(made)


def _nat(cloud: Cloud, each: Resource) -> str:
    place = {"SubnetId": each.get("subnet_id"), "AllocationId": each.get("allocation_id")}
    made = cloud.client("ec2").create_nat_gateway(**place, **_tagged("natgateway", each))
    return str(made["NatGateway"]["NatGatewayId"])


def _route_table(cloud: Cloud, each: Resource) -> str:
    ec2 = cloud.client("ec2")
    made = ec2.create_route_table(VpcId=each.get("vpc_id"), **_tagged("route-table", each))["RouteTable"][
        "RouteTableId"
    ]
    for route in each.get("route") or ():
        _lead(ec2, made, route, route["cidr_block"])
    return str(made)


def _route(cloud: Cloud, each: Resource) -> str:
    _lead(cloud.client("ec2"), each.get("route_table_id"), each.attributes, each.get("destination_cidr_block"))
    return ""


def _lead(ec2: Any, table: str, route: Mapping[str, Any], block: str) -> None:
    ends = {"GatewayId": route.get("gateway_id"), "NatGatewayId": route.get("nat_gateway_id")}
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=block,
                     **{key: value for key, value in ends.items() if value})  # fmt: skip


def _association(cloud: Cloud, each: Resource) -> str:
    cloud.client("ec2").associate_route_table(SubnetId=each.get("subnet_id"), RouteTableId=each.get("route_table_id"))
    return ""


def _endpoint(cloud: Cloud, each: Resource) -> str:
    made = cloud.client("ec2").create_vpc_endpoint(
        VpcId=each.get("vpc_id"), ServiceName=each.get("service_name"), RouteTableIds=each.get("route_table_ids")
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def _group(cloud: Cloud, each: Resource) -> str:
    """A group with the rules that stand in it; Terraform takes the rule away with which AWS bears it."""
    ec2 = cloud.client("ec2")
    made = ec2.create_security_group(GroupName=each.get("name"), Description=each.get("description"),
                                     VpcId=each.get("vpc_id"))["GroupId"]  # fmt: skip
    born = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissionsEgress"]
    ec2.revoke_security_group_egress(GroupId=made, IpPermissions=born)
    for way in ("ingress", "egress"):
        for rule in each.get(way) or ():
            ends = {"IpRanges": [{"CidrIp": block} for block in rule.get("cidr_blocks") or ()],
                    "UserIdGroupPairs": [{"GroupId": item} for item in rule.get("security_groups") or ()]}  # fmt: skip
            _allow(ec2, way, made, rule["protocol"], rule, ends)
    return str(made)


def _rule(cloud: Cloud, each: Resource) -> str:
    ends = {"IpRanges": [{"CidrIp": each.get("cidr_ipv4")}]}
    _allow(
        cloud.client("ec2"), "ingress", each.get("security_group_id"), each.get("ip_protocol"), each.attributes, ends
    )
    return ""


def _older_rule(cloud: Cloud, each: Resource) -> str:
    group = each.get("security_group_id")
    ends = {"IpRanges": [{"CidrIp": block} for block in each.get("cidr_blocks") or ()],
            "UserIdGroupPairs": [{"GroupId": group}] if each.get("self") else []}  # fmt: skip
    _allow(cloud.client("ec2"), each.get("type"), group, each.get("protocol"), each.attributes, ends)
    return ""


def _allow(ec2: Any, way: str, group: str, protocol: str, rule: Mapping[str, Any], ends: Mapping[str, Any]) -> None:
    ports = {} if protocol == "-1" else {"FromPort": rule["from_port"], "ToPort": rule["to_port"]}
    permission = {"IpProtocol": protocol, **ports, **{key: value for key, value in ends.items() if value}}
    getattr(ec2, f"authorize_security_group_{way}")(GroupId=group, IpPermissions=[permission])


def _default_group(cloud: Cloud, each: Resource) -> str:
    ec2, filters = cloud.client("ec2"), [{"Name": "vpc-id", "Values": [each.get("vpc_id")]}]
    (group,) = [found for found in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
                if found["GroupName"] == "default"]  # fmt: skip
    for way, rules in (("ingress", group["IpPermissions"]), ("egress", group["IpPermissionsEgress"])):
        if rules:
            getattr(ec2, f"revoke_security_group_{way}")(GroupId=group["GroupId"], IpPermissions=rules)
    return str(group["GroupId"])


def _subnet_group(cloud: Cloud, each: Resource) -> str:
    cloud.client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=each.get("name"), SubnetIds=each.get("subnet_ids"),
        CacheSubnetGroupDescription=each.get("description") or "Managed by Terraform")  # fmt: skip
    return ""


def _parameter_group(cloud: Cloud, each: Resource) -> str:
    cloud.client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName=each.get("name"),
        CacheParameterGroupFamily=each.get("family"),
        Description="of Terraform",
    )
    return ""


# CreateReplicationGroup's parameters by the provider's attribute.
OF_GROUP = {
    "replication_group_id": "ReplicationGroupId", "description": "ReplicationGroupDescription", "engine": "Engine",
    "engine_version": "EngineVersion", "node_type": "CacheNodeType", "subnet_group_name": "CacheSubnetGroupName",
    "automatic_failover_enabled": "AutomaticFailoverEnabled", "multi_az_enabled": "MultiAZEnabled",
    "parameter_group_name": "CacheParameterGroupName", "security_group_ids": "SecurityGroupIds",
    "snapshot_retention_limit": "SnapshotRetentionLimit", "snapshot_window": "SnapshotWindow",
    "maintenance_window": "PreferredMaintenanceWindow", "at_rest_encryption_enabled": "AtRestEncryptionEnabled",
    "transit_encryption_enabled": "TransitEncryptionEnabled",
}  # fmt: skip


def _replication_group(cloud: Cloud, each: Resource) -> str:
    params = {name: each.get(path) for path, name in OF_GROUP.items() if each.get(path) is not None}
    for name in ("AtRestEncryptionEnabled", "TransitEncryptionEnabled", "AutomaticFailoverEnabled", "MultiAZEnabled"):
        params[name] = str(params.get(name, False)).lower() == "true"
    if each.get("cluster_enabled"):
        params |= {"NumNodeGroups": each.get("num_node_groups"),
                   "ReplicasPerNodeGroup": each.get("replicas_per_node_group")}  # fmt: skip
    else:
        params["NumCacheClusters"] = each.get("num_cache_clusters")
    if each.get("auth_token"):
        params["AuthToken"] = "only-a-token-of-a-test-0123456789"
    tags = [{"Key": key, "Value": value} for key, value in each.tags.items()]
    cloud.client("elasticache").create_replication_group(**params, Tags=tags)
    return ""


def _stream(cloud: Cloud, each: Resource) -> str:
    kinesis, name = cloud.client("kinesis"), each.get("name")
    mode = each.get("stream_mode_details.0.stream_mode") or "PROVISIONED"
    shards = {"ShardCount": each.get("shard_count")} if mode == "PROVISIONED" else {}
    tags = {"Tags": each.tags} if each.tags else {}
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": mode}, **shards, **tags)
    if each.get("retention_period") != 24:
        kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=each.get("retention_period"))
    if each.get("encryption_type") == "KMS":
        kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=each.get("kms_key_id"))
    return ""


def _bucket(cloud: Cloud, each: Resource) -> str:
    place = {"Bucket": each.get("bucket")}
    s3 = cloud.client("s3")
    s3.create_bucket(**place, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if each.tags:
        tags = [{"Key": key, "Value": value} for key, value in each.tags.items()]
        s3.put_bucket_tagging(**place, Tagging={"TagSet": tags})
    return ""


def _versioning(cloud: Cloud, each: Resource) -> str:
    status = {"Status": each.get("versioning_configuration.0.status")}
    cloud.client("s3").put_bucket_versioning(Bucket=each.get("bucket"), VersioningConfiguration=status)
    return ""


def _address(cloud: Cloud, each: Resource) -> str:
    return str(cloud.client("ec2").allocate_address(Domain="vpc", **_tagged("elastic-ip", each))["AllocationId"])


# By type, in the order in which they need each other.
MAKERS: dict[str, Maker] = {
    "aws_vpc": _vpc, "aws_default_security_group": _default_group, "aws_subnet": _subnet,
    "aws_internet_gateway": _gateway, "aws_eip": _address, "aws_nat_gateway": _nat, "aws_route_table": _route_table,
    "aws_route": _route, "aws_route_table_association": _association, "aws_vpc_endpoint": _endpoint,
    "aws_security_group": _group, "aws_vpc_security_group_ingress_rule": _rule,
    "aws_security_group_rule": _older_rule,
    "aws_elasticache_subnet_group": _subnet_group, "aws_elasticache_parameter_group": _parameter_group,
    "aws_elasticache_replication_group": _replication_group, "aws_kinesis_stream": _stream, "aws_s3_bucket": _bucket,
    "aws_s3_bucket_versioning": _versioning,
}  # fmt: skip
