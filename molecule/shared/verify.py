# SPDX-License-Identifier: Apache-2.0
"""Looks at AWS with boto3 alone and says everything that is not as inventories/local declares it.

    verify.py vpc redis    is what these roles lay there?
    verify.py gone         is nothing of the environment left?

A module of ours never vouches for itself: nothing of the project is imported here, only its YAML is read.
"""

from __future__ import annotations

import ipaddress
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import ClientError
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[2]
EVERYWHERE = "0.0.0.0/0"
# What the variables of the components begin with.
ROLES = ("vpc_", "redis_", "kinesis_", "state_bucket_")


class Environment:
    """What is declared, clients to look with, and what was found to differ."""

    def __init__(self) -> None:
        files = [*ROOT.glob("roles/*/defaults/main.yml"), *ROOT.glob("inventories/local/group_vars/all/*.yml")]
        #: Options by name; what the inventory says comes after the defaults of the roles.
        self.declared: dict[str, Any] = {}
        for file in files:
            self.declared.update(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
        self.declared = {name: self.resolved(value) if name.startswith(ROLES) else value
                         for name, value in self.declared.items()}  # fmt: skip
        self.name = f"{self.declared['stack_name']}-{self.declared['environment_suffix']}"
        self.ownership = {
            "streambed:stack": self.declared["stack_name"],
            "streambed:environment": self.declared["environment_suffix"],
        }
        self.bucket = f"{self.name}-state-{self.declared['account_id']}"
        self.lock_table = f"{self.name}-state-lock"
        self.looked_at = 0
        self.differences: list[str] = []

    def resolved(self, value: Any) -> Any:
        """A default that follows from another choice, as Ansible reads it."""
        if isinstance(value, dict):
            return {key: self.resolved(each) for key, each in value.items()}
        if isinstance(value, str) and "{{" in value:
            return NativeEnvironment().from_string(value).render(self.declared)
        return value

    def client(self, service: str) -> Any:
        """A boto3 client in the declared region."""
        return boto3.client(service, region_name=self.declared["region"])

    def expect(self, what: str, found: Any, wanted: Any) -> None:
        """Write a difference down and go on, so that one run names all of them."""
        self.looked_at += 1
        if found != wanted:
            self.differences.append(f"{what}: found {found!r}, wanted {wanted!r}")

    def expect_tags(self, what: str, found: Iterable[dict[str, str]], **more: str) -> None:
        """The tags are the ownership tags and `more`, in which __ stands for a colon; no others."""
        wanted = {**self.ownership, **{key.replace("__", ":"): value for key, value in more.items()}}
        self.expect(f"{what}: tags", tags(found), wanted)

    def owned(self) -> list[dict[str, Any]]:
        """EC2's filter for what carries the ownership tags."""
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in self.ownership.items()]

    def subnets(self, vpc_id: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The VPC's subnets by tier and zone."""
        found = self.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]
        return {(tags(one["Tags"]).get("streambed:tier", ""), one["AvailabilityZone"]): one for one in found}

    def groups(self, vpc_id: str) -> dict[str, dict[str, Any]]:
        """The VPC's security groups by name."""
        answer = self.client("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
        return {group["GroupName"]: group for group in answer["SecurityGroups"]}

    def vpc_ids(self) -> list[str]:
        """The ids of all VPCs that carry the ownership tags."""
        return [vpc["VpcId"] for vpc in self.client("ec2").describe_vpcs(Filters=self.owned())["Vpcs"]]


def tags(found: Iterable[dict[str, str]]) -> dict[str, str]:
    """AWS's list of tags as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in found}


def read(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer; an empty one where AWS knows no such thing."""
    try:
        return call(**arguments)
    except ClientError:
        return {}


# --- vpc ---


def check_vpc(env: Environment) -> None:
    """The network, part by part."""
    ec2 = env.client("ec2")
    vpcs = ec2.describe_vpcs(Filters=env.owned())["Vpcs"]
    env.expect("VPCs with the ownership tags", len(vpcs), 1)
    if not vpcs:
        return
    vpc = vpcs[0]
    env.expect("VPC: CIDR block", vpc["CidrBlock"], env.declared["vpc_cidr_block"])
    env.expect("VPC: tenancy", vpc["InstanceTenancy"], env.declared["vpc_instance_tenancy"])
    env.expect_tags("VPC", vpc["Tags"], Name=env.name)
    for option, attribute in (("vpc_dns_support", "enableDnsSupport"), ("vpc_dns_hostnames", "enableDnsHostnames")):
        answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
        found = answer[attribute[0].upper() + attribute[1:]]["Value"]
        env.expect(f"VPC: {attribute}", found, env.declared[option])
    subnets = env.subnets(vpc["VpcId"])
    _check_subnets(env, subnets)
    gateways = _check_nat_gateways(env, vpc["VpcId"], subnets)
    tables = _check_routes(env, vpc["VpcId"], subnets, gateways)
    _check_endpoints(env, vpc["VpcId"], subnets, tables)
    _check_groups(env, vpc["VpcId"])
    _check_flow_log(env, vpc["VpcId"])


def _check_subnets(env: Environment, subnets: dict[tuple[str, str], dict[str, Any]]) -> None:
    tiers, zones = list(env.declared["vpc_tiers"]), env.declared["vpc_zones"]
    env.expect("subnets, tier and zone", sorted(subnets), sorted((tier, zone) for tier in tiers for zone in zones))
    # Each tier keeps room for reserved zones, each VPC for reserved tiers: a row of blocks for each tier.
    columns = env.declared["vpc_reserved_zones"]
    deeper = (columns * env.declared["vpc_reserved_tiers"] - 1).bit_length()
    blocks = list(ipaddress.ip_network(env.declared["vpc_cidr_block"]).subnets(deeper))
    for (tier, zone), subnet in subnets.items():
        what = f"subnet {tier}/{zone}"
        if tier in tiers:
            wanted = blocks[tiers.index(tier) * columns + ord(zone[-1]) - ord("a")]
            env.expect(f"{what}: CIDR block", subnet["CidrBlock"], str(wanted))
        env.expect(f"{what}: public address on launch", subnet["MapPublicIpOnLaunch"], False)
        marks = {"streambed__part": f"subnet/{tier}/{zone}", "streambed__tier": tier}
        env.expect_tags(what, subnet["Tags"], Name=f"{env.name}-{tier}-{zone}", **marks)


def _check_nat_gateways(env: Environment, vpc_id: str, subnets: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    """The ids of the NAT gateways that are there."""
    ec2 = env.client("ec2")
    of_vpc = {"Name": "vpc-id", "Values": [vpc_id]}
    found = ec2.describe_nat_gateways(Filters=[of_vpc])["NatGateways"]
    found = [gateway for gateway in found if gateway["State"] != "deleted"]
    wanted = {"none": 0, "single": 1, "per_zone": len(env.declared["vpc_zones"])}[env.declared["vpc_nat_gateways"]]
    env.expect("NAT gateways", len(found), wanted)
    with_gateway = {tier for tier, value in env.declared["vpc_tiers"].items() if value.get("internet") == "gateway"}
    places = {subnet["SubnetId"]: place for place, subnet in subnets.items()}
    for gateway in found:
        tier, zone = places.get(gateway["SubnetId"], ("", ""))
        env.expect(f"NAT gateway {zone}: state", gateway["State"], "available")
        env.expect(f"NAT gateway {zone}: stands in a tier with an internet gateway", tier in with_gateway, True)
        part = {"Name": f"{env.name}-nat-{zone}", "streambed__part": f"nat/{zone}"}
        env.expect_tags(f"NAT gateway {zone}", gateway["Tags"], **part)
    addresses = ec2.describe_addresses(Filters=env.owned())["Addresses"]
    held = {one["AllocationId"] for gateway in found for one in gateway["NatGatewayAddresses"]}
    env.expect("addresses, all held by NAT gateways", {one["AllocationId"] for one in addresses}, held)
    return [gateway["NatGatewayId"] for gateway in found]


def _check_routes(
    env: Environment, vpc_id: str, subnets: dict[tuple[str, str], dict[str, Any]], nat_gateways: list[str]
) -> set[str]:
    """The ids of the route tables of the declared subnets."""
    ec2 = env.client("ec2")
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
    attached = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc_id]}])
    internet_gateways = [gateway["InternetGatewayId"] for gateway in attached["InternetGateways"]]
    env.expect("internet gateways", len(internet_gateways), 1)
    by_subnet = {one.get("SubnetId"): table for table in tables for one in table["Associations"]}
    used = set()
    for (tier, zone), subnet in subnets.items():
        table = by_subnet.get(subnet["SubnetId"], {"Routes": []})
        used.add(table.get("RouteTableId", ""))
        targets = [
            (route.get("GatewayId") or route.get("NatGatewayId"), route["State"])
            for route in table["Routes"]
            if route.get("DestinationCidrBlock") == EVERYWHERE
        ]
        internet = env.declared["vpc_tiers"].get(tier, {}).get("internet", "none")
        wanted = {"gateway": internet_gateways, "nat": nat_gateways, "none": []}[internet]
        env.expect(f"route table {tier}/{zone}: ways to the internet", len(targets), min(len(wanted), 1))
        env.expect(f"route table {tier}/{zone}: leads to {internet}",
                   [target for target in targets if target not in [(one, "active") for one in wanted]], [])  # fmt: skip
        part = {"Name": f"{env.name}-{tier}-{zone}", "streambed__part": f"route-table/{tier}/{zone}"}
        env.expect_tags(f"route table {tier}/{zone}", table.get("Tags", []), **part)
    env.expect("route tables of their own", len(used), len(subnets))
    return used


def _check_endpoints(
    env: Environment, vpc_id: str, subnets: dict[tuple[str, str], dict[str, Any]], tables: set[str]
) -> None:
    found = env.client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["VpcEndpoints"]
    kinds = {(one["ServiceName"].rsplit(".", 1)[-1], one["VpcEndpointType"]): one for one in found}
    wanted = {(service, "Gateway") for service in env.declared["vpc_gateway_endpoints"]}
    wanted |= {(service, "Interface") for service in env.declared["vpc_interface_endpoints"]}
    env.expect("endpoints", set(kinds), wanted)
    tier = env.declared["vpc_interface_endpoint_tier"]
    stand_in = {subnet["SubnetId"] for (one, _), subnet in subnets.items() if one == tier}
    for (service, kind), endpoint in kinds.items():
        env.expect(f"endpoint {service}: state", endpoint["State"], "available")
        part = {"Name": f"{env.name}-{service}", "streambed__part": f"endpoint/{service}"}
        env.expect_tags(f"endpoint {service}", endpoint["Tags"], **part)
        if kind == "Gateway":
            env.expect(f"endpoint {service}: route tables", set(endpoint["RouteTableIds"]), tables)
        else:
            env.expect(f"endpoint {service}: subnets", set(endpoint["SubnetIds"]), stand_in)
            env.expect(f"endpoint {service}: private DNS", endpoint["PrivateDnsEnabled"], True)
            guards = [group["GroupName"] for group in endpoint["Groups"]]
            env.expect(f"endpoint {service}: security groups", guards, [f"{env.name}-endpoints"])


def _check_groups(env: Environment, vpc_id: str) -> None:
    groups = env.groups(vpc_id)
    names = {group["GroupId"]: name for name, group in groups.items()}
    https_from_inside = {"protocol": "tcp", "port": 443, "cidr_block": env.declared["vpc_cidr_block"]}
    wanted = {f"{env.name}-{key}": value for key, value in env.declared["vpc_security_groups"].items()}
    if env.declared["vpc_interface_endpoints"]:
        wanted[f"{env.name}-endpoints"] = {"ingress": [https_from_inside], "egress": []}
    env.expect("security groups", set(groups), {*wanted, "default"})
    wanted["default"] = {"ingress": [], "egress": []}
    for name, group in groups.items():
        for direction, field in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
            declared = wanted.get(name, {}).get(direction, [])
            found = {rule for permission in group[field] for rule in _found_rules(permission, names)}
            rules = {_declared_rule(rule, env.name) for rule in declared}
            env.expect(f"security group {name}: {direction}", found, rules)
        if name != "default":
            key = name.removeprefix(f"{env.name}-")
            part = {"Name": name, "streambed__part": f"security-group/{key}"}
            env.expect_tags(f"security group {name}", group["Tags"], **part)


def _found_rules(permission: dict[str, Any], names: dict[str, str]) -> Iterable[tuple[Any, ...]]:
    """Protocol, first port, last port and peer of each rule in one of AWS's permissions."""
    ports = permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort")
    for pair in permission.get("UserIdGroupPairs", []):
        yield (*ports, names.get(pair["GroupId"], pair["GroupId"]))
    for key, field in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("PrefixListIds", "PrefixListId")):
        for block in permission.get(key, []):
            yield (*ports, block[field])


def _declared_rule(rule: dict[str, Any], name: str) -> tuple[Any, ...]:
    first, last = rule.get("from_port", rule.get("port")), rule.get("to_port", rule.get("port"))
    peer = rule.get("cidr_block") or f"{name}-{rule['security_group']}"
    return rule.get("protocol", "tcp"), first, last, peer


def _check_flow_log(env: Environment, vpc_id: str) -> None:
    wanted = env.declared["vpc_flow_logs"]
    found = env.client("ec2").describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc_id]}])["FlowLogs"]
    env.expect("flow logs", len(found), 1)
    group_name, role_name = f"/streambed/{env.name}/flow-logs", f"{env.name}-flow-logs"
    for log in found:
        env.expect("flow log: status", log["FlowLogStatus"], "ACTIVE")
        env.expect("flow log: log group", log["LogGroupName"], group_name)
        env.expect("flow log: traffic", log["TrafficType"], wanted["traffic_type"])
        interval = wanted["max_aggregation_interval_seconds"]
        env.expect("flow log: interval", log["MaxAggregationInterval"], interval)
        env.expect("flow log: role", log["DeliverLogsPermissionArn"].rsplit("/", 1)[-1], role_name)
        env.expect_tags("flow log", log["Tags"], Name=env.name, streambed__part="flow-log")
    groups = env.client("logs").describe_log_groups(logGroupNamePrefix=group_name)["logGroups"]
    retentions = [group.get("retentionInDays") for group in groups]
    env.expect("log group: retention in days", retentions, [wanted["retention_days"]])
    role = read(env.client("iam").get_role, RoleName=role_name).get("Role", {})
    trusted = [one["Principal"] for one in role.get("AssumeRolePolicyDocument", {}).get("Statement", [])]
    env.expect("role of the flow log: trusts", trusted, [{"Service": "vpc-flow-logs.amazonaws.com"}])


# --- redis ---


def check_redis(env: Environment) -> None:
    """The replication group, its members, and the groups that it stands on."""
    cache = env.client("elasticache")
    found = read(cache.describe_replication_groups, ReplicationGroupId=env.name).get("ReplicationGroups", [])
    env.expect("replication groups of that name", len(found), 1)
    if not found:
        return
    group, declared = found[0], env.declared
    on_off = {True: "enabled", False: "disabled"}
    for field, wanted in {
        "Status": "available",
        "Engine": declared["redis_engine"],
        "CacheNodeType": declared["redis_cache_node_type"],
        "ClusterEnabled": declared["redis_cluster_mode"] == "enabled",
        "AtRestEncryptionEnabled": declared["redis_at_rest_encryption_enabled"],
        "TransitEncryptionEnabled": declared["redis_transit_encryption_enabled"],
        "TransitEncryptionMode": declared["redis_transit_encryption_mode"],
        "MultiAZ": on_off[declared["redis_multi_az_enabled"]],
        "AutomaticFailover": on_off[declared["redis_automatic_failover_enabled"]],
        "SnapshotRetentionLimit": declared["redis_snapshot_retention_days"],
        "SnapshotWindow": declared["redis_snapshot_window"],
        "AutoMinorVersionUpgrade": declared["redis_auto_minor_version_upgrade"],
        "PendingModifiedValues": {},
    }.items():
        env.expect(f"replication group: {field}", group.get(field), wanted)
    env.expect_tags(
        "replication group", read(cache.list_tags_for_resource, ResourceName=group["ARN"]).get("TagList", [])
    )
    _check_shards(env, group["NodeGroups"])
    _check_members(env, group["MemberClusters"])
    _check_subnet_group(env)


def _check_shards(env: Environment, shards: list[dict[str, Any]]) -> None:
    env.expect("replication group: shards", len(shards), env.declared["redis_num_node_groups"])
    for shard in shards:
        what, members = f"shard {shard['NodeGroupId']}", shard["NodeGroupMembers"]
        env.expect(f"{what}: status", shard["Status"], "available")
        env.expect(f"{what}: replicas", len(members) - 1, env.declared["redis_replicas_per_node_group"])
        zones = {member["PreferredAvailabilityZone"] for member in members}
        env.expect(f"{what}: zones {sorted(zones)}, at least two", len(zones) >= 2, True)
        env.expect(f"{what}: zones beside the declared ones", zones - set(env.declared["vpc_zones"]), set())


def _check_members(env: Environment, members: list[str]) -> None:
    cache = env.client("elasticache")
    allowed = {
        group["GroupId"]
        for vpc_id in env.vpc_ids()
        for name, group in env.groups(vpc_id).items()
        if name in [f"{env.name}-{key}" for key in env.declared["redis_security_group_names"]]
    }
    parameter_groups = set()
    for member in members:
        (node,) = cache.describe_cache_clusters(CacheClusterId=member)["CacheClusters"]
        version, wanted = node["EngineVersion"], env.declared["redis_engine_version"]
        env.expect(f"{member}: version {version} is a {wanted}", f"{version}.".startswith(f"{wanted}."), True)
        window = env.declared["redis_preferred_maintenance_window"]
        env.expect(f"{member}: maintenance window", node["PreferredMaintenanceWindow"], window)
        guards = {group["SecurityGroupId"] for group in node["SecurityGroups"]}
        env.expect(f"{member}: security groups", guards, allowed)
        env.expect(f"{member}: subnet group", node["CacheSubnetGroupName"], env.name)
        env.expect(f"{member}: parameters", node["CacheParameterGroup"]["ParameterApplyStatus"], "in-sync")
        parameter_groups.add(node["CacheParameterGroup"]["CacheParameterGroupName"])
    env.expect("replication group: parameter groups", len(parameter_groups), 1)
    for name in parameter_groups:
        pages = cache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=name)
        values = {one["ParameterName"]: one.get("ParameterValue") for page in pages for one in page["Parameters"]}
        wanted = "yes" if env.declared["redis_cluster_mode"] == "enabled" else "no"
        env.expect(f"parameter group {name}: cluster-enabled", values.get("cluster-enabled"), wanted)


def _check_subnet_group(env: Environment) -> None:
    cache, tier = env.client("elasticache"), env.declared["redis_subnet_tier"]
    answer = read(cache.describe_cache_subnet_groups, CacheSubnetGroupName=env.name)
    found = answer.get("CacheSubnetGroups", [])
    env.expect("cache subnet groups of that name", len(found), 1)
    wanted = {
        subnet["SubnetId"]
        for vpc_id in env.vpc_ids()
        for (one, _), subnet in env.subnets(vpc_id).items()
        if one == tier
    }
    for group in found:
        subnets = {subnet["SubnetIdentifier"] for subnet in group["Subnets"]}
        env.expect(f"cache subnet group: subnets of tier {tier}", subnets, wanted)
        env.expect_tags(
            "cache subnet group", read(cache.list_tags_for_resource, ResourceName=group["ARN"]).get("TagList", [])
        )


# --- kinesis ---


def check_kinesis(env: Environment) -> None:
    """The stream."""
    kinesis, declared = env.client("kinesis"), env.declared
    answer = read(kinesis.describe_stream_summary, StreamName=env.name)
    env.expect("stream: is there", bool(answer), True)
    if not answer:
        return
    stream = answer["StreamDescriptionSummary"]
    env.expect("stream: mode", stream["StreamModeDetails"]["StreamMode"], declared["kinesis_stream_mode"])
    for field, wanted in {
        "StreamStatus": "ACTIVE",
        "OpenShardCount": declared["kinesis_shard_count"],
        "RetentionPeriodHours": declared["kinesis_retention_hours"],
        "EncryptionType": declared["kinesis_encryption_type"],
        "KeyId": declared["kinesis_kms_key_id"] or "alias/aws/kinesis",
    }.items():
        env.expect(f"stream: {field}", stream.get(field), wanted)
    env.expect_tags("stream", kinesis.list_tags_for_stream(StreamName=env.name)["Tags"])


# --- state_bucket ---


def check_state_bucket(env: Environment) -> None:
    """The bucket that keeps state, and the lock table beside it."""
    s3, bucket, declared = env.client("s3"), {"Bucket": env.bucket}, env.declared
    env.expect("bucket: is there", bool(read(s3.head_bucket, **bucket)), True)
    env.expect("bucket: versioning", read(s3.get_bucket_versioning, **bucket).get("Status"), "Enabled")
    answer = read(s3.get_bucket_encryption, **bucket).get("ServerSideEncryptionConfiguration", {})
    found = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in answer.get("Rules", [])]
    env.expect("bucket: encryption", found, [declared["state_bucket_sse_algorithm"]])
    answer = read(s3.get_public_access_block, **bucket).get("PublicAccessBlockConfiguration", {})
    ways = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    env.expect("bucket: public access is blocked", answer, dict.fromkeys(ways, True))
    answer = read(s3.get_bucket_ownership_controls, **bucket).get("OwnershipControls", {})
    found = [rule["ObjectOwnership"] for rule in answer.get("Rules", [])]
    env.expect("bucket: object ownership", found, [declared["state_bucket_object_ownership"]])
    env.expect_tags("bucket", read(s3.get_bucket_tagging, **bucket).get("TagSet", []))
    _check_policy(env, json.loads(read(s3.get_bucket_policy, **bucket).get("Policy", "{}")))
    _check_lifecycle(env, read(s3.get_bucket_lifecycle_configuration, **bucket).get("Rules", []))
    _check_lock_table(env)


def _check_policy(env: Environment, policy: dict[str, Any]) -> None:
    arn = f"arn:aws:s3:::{env.bucket}"
    denials = [
        set(statement["Resource"])
        for statement in policy.get("Statement", [])
        if (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    env.expect("bucket policy: where requests without TLS are denied", denials, [{arn, f"{arn}/*"}])


def _check_lifecycle(env: Environment, rules: list[dict[str, Any]]) -> None:
    enabled = [rule for rule in rules if rule["Status"] == "Enabled" and not rule["Filter"].get("Prefix")]
    old = [rule["NoncurrentVersionExpiration"] for rule in enabled if "NoncurrentVersionExpiration" in rule]
    days = env.declared["state_bucket_noncurrent_versions_days"]
    kept = env.declared["state_bucket_noncurrent_versions_kept"]
    env.expect("bucket: old versions", old, [{"NoncurrentDays": days, "NewerNoncurrentVersions": kept}])
    uploads = [rule["AbortIncompleteMultipartUpload"] for rule in enabled if "AbortIncompleteMultipartUpload" in rule]
    days = env.declared["state_bucket_abort_incomplete_multipart_days"]
    env.expect("bucket: unfinished uploads", uploads, [{"DaysAfterInitiation": days}])


def _check_lock_table(env: Environment) -> None:
    dynamodb = env.client("dynamodb")
    table = read(dynamodb.describe_table, TableName=env.lock_table).get("Table", {})
    env.expect("lock table: status", table.get("TableStatus"), "ACTIVE")
    if not table:
        return
    env.expect("lock table: key", table["KeySchema"], [{"AttributeName": "LockID", "KeyType": "HASH"}])
    env.expect("lock table: billing", table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
    env.expect("lock table: deletion protection", table["DeletionProtectionEnabled"], True)
    backups = dynamodb.describe_continuous_backups(TableName=env.lock_table)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    env.expect("lock table: point-in-time recovery", recovery, "ENABLED")
    env.expect_tags("lock table", dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"])


# --- gone ---


def check_gone(env: Environment) -> None:
    """Nothing that a role lays is left, found by ownership tags or by name."""
    ec2, owned = env.client("ec2"), env.owned()
    gateways = ec2.describe_nat_gateways(Filters=owned)["NatGateways"]
    for kind, ids in {
        "VPCs": env.vpc_ids(),
        "subnets": [one["SubnetId"] for one in ec2.describe_subnets(Filters=owned)["Subnets"]],
        "security groups": [one["GroupId"] for one in ec2.describe_security_groups(Filters=owned)["SecurityGroups"]],
        "NAT gateways": [one["NatGatewayId"] for one in gateways if one["State"] != "deleted"],
        "addresses": [one["AllocationId"] for one in ec2.describe_addresses(Filters=owned)["Addresses"]],
        "endpoints": [one["VpcEndpointId"] for one in ec2.describe_vpc_endpoints(Filters=owned)["VpcEndpoints"]],
        "flow logs": [one["FlowLogId"] for one in ec2.describe_flow_logs(Filters=owned)["FlowLogs"]],
        "streams": [name for name in env.client("kinesis").list_streams()["StreamNames"] if env.name in name],
        "tables": [name for name in env.client("dynamodb").list_tables()["TableNames"] if env.name in name],
    }.items():
        env.expect(f"{kind} that are left", ids, [])
    cache = env.client("elasticache")
    for kind, answer, items, key in (
        ("log groups", env.client("logs").describe_log_groups(), "logGroups", "logGroupName"),
        ("roles", env.client("iam").list_roles(), "Roles", "RoleName"),
        ("buckets", env.client("s3").list_buckets(), "Buckets", "Name"),
        ("replication groups", cache.describe_replication_groups(), "ReplicationGroups", "ReplicationGroupId"),
        ("nodes", cache.describe_cache_clusters(), "CacheClusters", "CacheClusterId"),
        ("cache subnet groups", cache.describe_cache_subnet_groups(), "CacheSubnetGroups", "CacheSubnetGroupName"),
    ):
        names = [one[key] for one in answer[items]]
        env.expect(f"{kind} that are left", [name for name in names if env.name in name], [])


CHECKS = {
    "vpc": check_vpc,
    "redis": check_redis,
    "kinesis": check_kinesis,
    "state_bucket": check_state_bucket,
    "gone": check_gone,
}


def main(components: list[str]) -> int:
    """0 when all is as declared; otherwise 1, and every difference on a line of its own."""
    env = Environment()
    for component in components:
        CHECKS[component](env)
    print("\n".join(env.differences) or f"{env.name}: {' '.join(components)}: {env.looked_at} checks passed")
    return 1 if env.differences or not env.looked_at else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
