# SPDX-License-Identifier: Apache-2.0
"""Objects of real AWS, as others recorded them: a declaration derived from each plans nothing for it.

Each object is read by the component's own observe, with our tags on it and the least around it that it can stand in.
``STREAMBED_RECORDINGS`` names the folder, as in ``test_recorded_answers.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.ec2_vpc_network import names
from ansible.module_utils.reconcile import planning
from ansible.module_utils.reconcile.errors import Refused
from ansible.module_utils.reconcile.identity import identity_of
from ansible.module_utils.reconcile.plan import Call
from ansible.module_utils.reconcile.tags import boto3_tags
from ansible.module_utils.s3_state_bucket import lock_table

from tests.integration.test_recorded_answers import FOLDER, dated, recorded
from tests.support.components import IDENTITY, component, options
from tests.support.replay import Replay

pytestmark = pytest.mark.skipif(not FOLDER, reason="STREAMBED_RECORDINGS names no folder of recorded answers")
Item = dict[str, Any]
OURS = boto3_tags(identity_of({**options("kinesis_data_stream", {}), **IDENTITY}).ownership)


# What cannot be declared as it was recorded, with the reason.
REASONS = {
    "create-subnet/cli-example-3": "a subnet with IPv6 alone: every subnet that Streambed lays has IPv4",
    "create-vpc/pending": "the recorder put a placeholder in the place of the tenancy",
    "create-vpc-endpoint/cli-example-2": "an endpoint of a Gateway Load Balancer, which is none of a service of AWS",
    "create-vpc-endpoint/cli-example/": "the answer to a creation without the policy, which every later answer shows",
}


def calls_of(module: str, given: Mapping[str, Any], aws: Replay) -> list[Call]:
    """What a run would do.  Raises Refused."""
    checked, part = options(module, dict(given)), component(module)
    planning.refuse(list(part.rules(checked)))
    seen = part.observe(aws, checked)
    alone = {name: read(aws, checked) for name, read in part.leans_on.items()}
    return planning.planned(part, checked, replace(seen, around={**seen.around, **alone}))[2]


def derived(module: str, given: Mapping[str, Any], aws: Replay) -> dict[str, Any]:
    """The declaration that states what is there, with all that an option can state."""
    seen = component(module).observe(aws, options(module, dict(given)))
    assert seen.resource is not None
    stated = {name: seen.resource[name] for name in component(module).options if seen.resource.get(name) is not None}
    # Of a table the option says only whether there is one.
    return {**stated, **({"lock_table": bool(stated["lock_table"])} if "lock_table" in stated else {}), **given}


def objects(*kinds: tuple[str, str]) -> Any:
    """Parameters: each object in the lists (or alone) under a member of the answers of an operation."""
    found = []
    for operation, member in kinds:
        for name, content in recorded(operation):
            items = dated(content["response"]).get(member) or []
            for place, item in enumerate(items if isinstance(items, list) else [items]):
                reason = next((text for part, text in REASONS.items() if part in f"{name}/"), "")
                marks = [pytest.mark.skip(reason=reason)] if reason else []
                found.append(pytest.param(item, id=f"{name}/{place}", marks=marks))
    return pytest.mark.parametrize("item", found)


@objects(("describe-stream-summary", "StreamDescriptionSummary"))
def test_a_stream(item: Item) -> None:
    answers = {"describe_stream_summary": {"StreamDescriptionSummary": item}, "list_tags_for_resource": {"Tags": OURS}}
    aws = Replay("us-west-2", answers)
    given = derived("kinesis_data_stream", {"name": item["StreamName"]}, aws)
    assert (given["shard_count"], given["retention_hours"]) == (item["OpenShardCount"], item["RetentionPeriodHours"])
    assert calls_of("kinesis_data_stream", given, aws) == []


# AWS shows engine, windows and security groups on members only; this is one that was recorded, of a present version.
MEMBER = {
    "Engine": "redis", "EngineVersion": "7.0.7", "PreferredMaintenanceWindow": "mon:17:30-mon:18:30",
    "NotificationConfiguration": {"TopicArn": "arn:aws:sns:us-west-2:123456789012:My_Topic", "TopicStatus": "active"},
    "CacheParameterGroup": {"CacheParameterGroupName": "default.redis7", "ParameterApplyStatus": "in-sync"},
    "CacheSubnetGroupName": "kxkxk", "AutoMinorVersionUpgrade": True,
    "SecurityGroups": [{"SecurityGroupId": "sg-xxxxxd7b", "Status": "active"}],
}  # fmt: skip
GROUP = {
    "ReplicationGroupId": "my-cluster", "Description": " ", "Status": "available", "ClusterEnabled": False,
    "TransitEncryptionEnabled": False, "AtRestEncryptionEnabled": False, "SnapshotWindow": "02:00-03:00",
}  # fmt: skip


def group_answers(group: Item, member: Item) -> Replay:
    """A group of ours with a member, in a subnet group of ours that covers its zones."""
    zones = sorted({node["PreferredAvailabilityZone"] for shard in group.get("NodeGroups") or ()
                    for node in shard.get("NodeGroupMembers") or ()} or {"us-west-2a"})  # fmt: skip
    subnets = [{"SubnetIdentifier": f"subnet-{zone}", "SubnetAvailabilityZone": {"Name": zone}} for zone in zones]
    described = [{"SubnetId": f"subnet-{zone}", "AvailabilityZone": zone, "VpcId": "vpc-1"} for zone in zones]
    subnet_group = {"CacheSubnetGroupName": member["CacheSubnetGroupName"], "ARN": "arn:subnet-group", "VpcId": "vpc-1",
                    "CacheSubnetGroupDescription": "Cache subnets of sensors-test", "Subnets": subnets}  # fmt: skip
    parameters = member["CacheParameterGroup"]["CacheParameterGroupName"].removeprefix("default.")
    family = parameters.removesuffix(".cluster.on")
    # A member can be another group's, of the other mode.
    mode = ".cluster.on" if group.get("ClusterEnabled") else ""
    member = {**member, "CacheParameterGroup": {"CacheParameterGroupName": f"default.{family}{mode}"}}
    offer = {"Engine": "redis", "EngineVersion": member["EngineVersion"], "CacheParameterGroupFamily": family}
    whole = {"ARN": "arn:group", "MemberClusters": ["a-member"], **group}
    return Replay("us-west-2", {
        "describe_replication_groups": {"ReplicationGroups": [whole]},
        "describe_cache_subnet_groups": {"CacheSubnetGroups": [subnet_group]},
        "describe_cache_clusters": {"CacheClusters": [member]},
        "describe_cache_engine_versions": {"CacheEngineVersions": [offer]},
        "describe_subnets": {"Subnets": described},
        "list_tags_for_resource": {"TagList": OURS},
    })  # fmt: skip


# Options that say just what AWS shows.
SHOWN = {"description": "Description", "cache_node_type": "CacheNodeType", "snapshot_window": "SnapshotWindow",
         "snapshot_retention_days": "SnapshotRetentionLimit", "at_rest_encryption_enabled": "AtRestEncryptionEnabled",
         "transit_encryption_enabled": "TransitEncryptionEnabled", "kms_key_id": "KmsKeyId"}  # fmt: skip
# What belongs to the other cluster mode says nothing that can be declared.
OF_OTHER_MODE = ("num_node_groups", "replicas_per_node_group")
# Answers of before 2018 show no encryption, so that nobody can declare what there is: the plan says that it is fixed.
OLDER = "describe-replication-groups/custodian-elasticache-add-security-group"


def plan_of_group(group: Item, member: Item) -> list[Call]:
    """What is planned for a group whose declaration says what is there."""
    aws = group_answers(group, member)
    subnets = [each["SubnetId"] for each in aws.read("ec2", "describe_subnets")["Subnets"]]
    given = derived("elasticache_replication_group",
                    {"name": group["ReplicationGroupId"], "subnet_ids": subnets,
                     "cache_subnet_group_name": member["CacheSubnetGroupName"]}, aws)  # fmt: skip
    if given.get("cluster_mode") != "enabled":
        given = {name: value for name, value in given.items() if name not in OF_OTHER_MODE}
    stated = {option: given[option] for option in SHOWN if given.get(option) is not None}
    assert stated == {option: group[SHOWN[option]] for option in stated}
    assert set(stated) == {option for option, member in SHOWN.items() if group.get(member) is not None}
    return calls_of("elasticache_replication_group", given, aws)


@objects(("describe-replication-groups", "ReplicationGroups"), ("create-replication-group", "ReplicationGroup"),
         ("modify-replication-group", "ReplicationGroup"), ("decrease-replica-count", "ReplicationGroup"),
         ("modify-replication-group-shard-configuration", "ReplicationGroup"))  # fmt: skip
def test_a_replication_group(item: Item, request: pytest.FixtureRequest) -> None:
    if OLDER in request.node.name:
        with pytest.raises(Refused, match="encryption"):
            plan_of_group(item, MEMBER)
    else:
        assert plan_of_group(item, MEMBER) == []


@objects(("describe-cache-clusters", "CacheClusters"))
def test_a_member(item: Item) -> None:
    if item["Engine"] == "redis":
        assert plan_of_group(GROUP, {**MEMBER, **item}) == []


# What is read only where it is declared, so that a first look has to ask.
ASKED = {"access_logging": {}, "replication": {}, "object_lock": {}}
BUCKET = {"name": "sensors-states", "account_id": "123456789012", "adopt": True}


@pytest.mark.parametrize(("name", "content"), [
    pytest.param(name, content, id=name) for name, content in recorded()
    if name.startswith(("s3/get-bucket-", "s3/get-public-", "s3/get-object-lock-"))
])  # fmt: skip
def test_a_bucket_setting(name: str, content: Item) -> None:
    tags = {"get_bucket_tagging": {"TagSet": OURS}, "get_bucket_versioning": {"Status": "Enabled"}}
    operation = name.split("/")[1].replace("-", "_")
    response = dated(content["response"])
    if operation == "get_bucket_tagging":
        response = {"TagSet": [*response["TagSet"], *OURS]}
    if isinstance(response.get("Policy"), dict):
        response = {**response, "Policy": json.dumps(response["Policy"])}
    aws = Replay("eu-west-1", {"head_bucket": {"BucketRegion": "eu-west-1"}, **tags, operation: response})
    given = derived("s3_state_bucket", {**BUCKET, **ASKED}, aws)
    part = component("s3_state_bucket")
    seen = part.observe(aws, options("s3_state_bucket", {**BUCKET, **ASKED})).resource or {}
    given = {**given, **{setting: seen.get(setting) for setting in ASKED}}
    assert calls_of("s3_state_bucket", given, aws) == []


@objects(("describe-table", "Table"), ("create-table", "TableDescription"))
def test_a_lock_table(item: Item) -> None:
    named = {**item, "TableName": "sensors-test-state-lock", "KeySchema": lock_table.KEY,
             "AttributeDefinitions": lock_table.ATTRIBUTES}  # fmt: skip
    aws = Replay("eu-west-1", {"head_bucket": {}, "get_bucket_tagging": {"TagSet": OURS},
                               "get_bucket_versioning": {"Status": "Enabled"}, "describe_table": {"Table": named},
                               "list_tags_of_resource": {"Tags": OURS}})  # fmt: skip
    given = derived("s3_state_bucket", {**BUCKET, "lock_table": True}, aws)
    calls = calls_of("s3_state_bucket", given, aws)
    # What no option states is always so: paid by request, with a way back, and protected.
    assert {call.operation for call in calls} <= {"update_table", "update_continuous_backups"}
    done = {**named, "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "DeletionProtectionEnabled": True,
            "TableStatus": "ACTIVE"}  # fmt: skip
    recovery = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
    aws = Replay("eu-west-1", {**aws.answers, "describe_table": {"Table": done},
                               "describe_continuous_backups": {"ContinuousBackupsDescription": recovery}})  # fmt: skip
    assert calls_of("s3_state_bucket", given, aws) == []


BLOCK = "10.0.0.0/16"
ACCOUNT = "123456789012"


def tagged(part: str) -> list[dict[str, str]]:
    return boto3_tags(names.wanted_part_tags(options("ec2_vpc_network", {"cidr_block": BLOCK}), part, {}))


def network(item: Item, kind: str, **around: Any) -> Replay:
    """A VPC of ours with a recorded object in it, and what is given around it."""
    vpc = {"VpcId": "vpc-1", "CidrBlock": BLOCK, "InstanceTenancy": "default", "DhcpOptionsId": "dopt-1",
           "CidrBlockAssociationSet": [{"AssociationId": "a-1", "CidrBlock": BLOCK,
                                        "CidrBlockState": {"State": "associated"}}]}  # fmt: skip
    name = [{"Key": "Name", "Value": "sensors-test"}, *OURS]
    lists = {kind: [item]} if kind != "Vpcs" else {}
    vpcs = [{**(item if kind == "Vpcs" else vpc), "Tags": name}]
    attributes = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames",
                  "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics"}  # fmt: skip
    zones = [{"ZoneName": f"us-east-1{letter}", "State": "available"} for letter in "abcdef"]
    operations = {"Subnets": "describe_subnets", "RouteTables": "describe_route_tables",
                  "SecurityGroups": "describe_security_groups", "NetworkAcls": "describe_network_acls",
                  "NatGateways": "describe_nat_gateways", "VpcEndpoints": "describe_vpc_endpoints",
                  "FlowLogs": "describe_flow_logs", "InternetGateways": "describe_internet_gateways",
                  "Addresses": "describe_addresses", "ServiceDetails": "describe_vpc_endpoint_services"}  # fmt: skip
    return Replay("us-east-1", {
        "describe_vpcs": {"Vpcs": vpcs},
        "describe_availability_zones": {"AvailabilityZones": zones},
        "describe_vpc_attribute": lambda params: {attributes[params["Attribute"]]: {"Value": True}},
        "get_caller_identity": {"Account": ACCOUNT},
        **{operation: {key: [*lists.get(key, ()), *around.get(key, ())]} for key, operation in operations.items()},
    })  # fmt: skip


def calls_on(given: Mapping[str, Any], aws: Replay, noun: str) -> list[Any]:
    """What is planned for one part; others around it are not there, and would be made."""
    found = calls_of("ec2_vpc_network", given, aws)
    return [(call.operation, call.params) for call in found if call.on in (noun, f"tags of {noun}")]


@objects(("describe-vpcs", "Vpcs"), ("create-vpc", "Vpc"))
def test_a_vpc(item: Item) -> None:
    blocks = item.get("CidrBlockAssociationSet") or ()
    there = {each["CidrBlock"] for each in blocks if each["CidrBlockState"]["State"] == "associated"}
    further = sorted(there - {item["CidrBlock"]})
    given = {"cidr_block": item["CidrBlock"], "instance_tenancy": item["InstanceTenancy"], "dns_support": True,
             "dns_hostnames": True, "secondary_cidr_blocks": further}  # fmt: skip
    if item.get("Ipv6CidrBlockAssociationSet"):
        given["ipv6_pool"] = "amazon"
    assert [call.operation for call in calls_of("ec2_vpc_network", given, network(item, "Vpcs"))] == []


def subnet(**more: Any) -> Item:
    return {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a",
            "Tags": tagged("subnet/app/us-east-1a"), **more}  # fmt: skip


@objects(("describe-subnets", "Subnets"), ("create-subnet", "Subnet"))
def test_a_subnet(item: Item) -> None:
    zone = item["AvailabilityZone"]
    key = f"app/{zone}"
    hosts = item.get("PrivateDnsNameOptionsOnLaunch") or {}
    tier = {"internet": "none", "map_public_ip_on_launch": item.get("MapPublicIpOnLaunch", False),
            "enable_resource_name_dns_a_record_on_launch": hosts.get("EnableResourceNameDnsARecord", False),
            "private_dns_hostname_type_on_launch": hosts.get("HostnameType", "ip-name")}  # fmt: skip
    aws = network({**item, "Tags": tagged(f"subnet/{key}"), "VpcId": "vpc-1"}, "Subnets")
    aws.region = zone[:-1]
    zones = {"AvailabilityZones": [{"ZoneName": zone, "State": "available"}]}
    aws = Replay(zone[:-1], {**aws.answers, "describe_availability_zones": zones})
    given = {"zones": [zone], "tiers": {"app": tier}}
    assert calls_on(given, aws, names.subnet(key)) == []


@objects(("describe-security-groups", "SecurityGroups"), ("create-security-group", "SecurityGroup"))
def test_a_security_group(item: Item) -> None:
    key = "mine"
    seen = component("ec2_vpc_network").observe(
        network({**item, "Tags": tagged(f"security-group/{key}"), "GroupName": "sensors-test-mine"}, "SecurityGroups"),
        options("ec2_vpc_network", {"cidr_block": BLOCK}))  # fmt: skip
    assert seen.resource is not None
    group = seen.resource["security_groups"][key]
    given = {"cidr_block": BLOCK, "security_groups": {key: {way: group[way] for way in ("ingress", "egress")}
                                                      | {"description": group["description"]}}}  # fmt: skip
    aws = network({**item, "Tags": tagged(f"security-group/{key}"), "GroupName": "sensors-test-mine"}, "SecurityGroups")
    assert calls_of("ec2_vpc_network", given, aws) == []


@objects(("describe-network-acls", "NetworkAcls"), ("create-network-acl", "NetworkAcl"))
def test_a_network_acl(item: Item) -> None:
    default = {**item, "IsDefault": True, "Associations": []}
    seen = component("ec2_vpc_network").observe(network(default, "NetworkAcls"),
                                                options("ec2_vpc_network", {"cidr_block": BLOCK}))  # fmt: skip
    assert seen.resource is not None
    found = seen.resource["default_network_acl"]
    rules = {way: [{"rule_number": int(number), **rule} for number, rule in found[way].items()]
             for way in ("ingress", "egress")}  # fmt: skip
    given = {"cidr_block": BLOCK, "default_network_acl": rules}
    assert calls_of("ec2_vpc_network", given, network(default, "NetworkAcls")) == []


@objects(("describe-nat-gateways", "NatGateways"), ("create-nat-gateway", "NatGateway"))
def test_a_nat_gateway(item: Item) -> None:
    zone = "us-east-1a"
    primary = next((each for each in item["NatGatewayAddresses"] if each.get("IsPrimary")),
                   item["NatGatewayAddresses"][0])  # fmt: skip
    address = {"AllocationId": primary["AllocationId"], "Domain": "vpc", "PublicIp": "203.0.113.9",
               "AssociationId": "eipassoc-1", "Tags": tagged(f"nat/{zone}")}  # fmt: skip
    key = f"public/{zone}"
    home = subnet(SubnetId=item["SubnetId"], Tags=tagged(f"subnet/{key}"))
    aws = network({**item, "Tags": tagged(f"nat/{zone}"), "VpcId": "vpc-1"}, "NatGateways",
                  Subnets=[home], Addresses=[address])  # fmt: skip
    given = {"cidr_block": BLOCK, "zones": [zone], "nat_gateways": "single",
             "tiers": {"public": {"internet": "gateway"}, "app": {"internet": "nat"}}}  # fmt: skip
    assert calls_on(given, aws, names.nat_gateway(zone)) == []
    assert calls_on(given, aws, names.address(primary["AllocationId"])) == []


@objects(("describe-vpc-endpoints", "VpcEndpoints"), ("create-vpc-endpoint", "VpcEndpoint"))
def test_an_endpoint(item: Item) -> None:
    kind, zone = item["VpcEndpointType"], "us-east-1a"
    service = item["ServiceName"].replace("<region>", "us-east-1").partition(".us-east-1.")[2]
    policy = item.get("PolicyDocument")
    text = json.dumps(policy) if isinstance(policy, dict) else policy
    key = f"app/{zone}"
    ids = [*(item.get("SubnetIds") or ()), "subnet-1"]
    home = subnet(SubnetId=ids[0], Tags=tagged(f"subnet/{key}"))
    table_ids = [*(item.get("RouteTableIds") or ()), "rtb-1"]
    table = {"RouteTableId": table_ids[0], "VpcId": "vpc-1", "Tags": tagged(f"route-table/{key}"), "Routes": [],
             "Associations": [{"SubnetId": ids[0], "RouteTableAssociationId": "rtbassoc-1", "Main": False}],
             "PropagatingVgws": []}  # fmt: skip
    group_ids = [*(each["GroupId"] for each in item.get("Groups") or ()), "sg-1"]
    group = {"GroupId": group_ids[0], "GroupName": "sensors-test-ends", "VpcId": "vpc-1", "Description": "ends",
             "IpPermissions": [], "IpPermissionsEgress": [], "Tags": tagged("security-group/ends")}  # fmt: skip
    detail = {"ServiceName": item["ServiceName"].replace("<region>", "us-east-1"),
              "ServiceType": [{"ServiceType": kind}], "AvailabilityZones": [zone], "VpcEndpointPolicySupported": True,
              **({"PrivateDnsName": "name"} if kind == "Interface" else {})}  # fmt: skip
    stands = {"SubnetIds": ids[:1], "Groups": [{"GroupId": group_ids[0]}]} if kind == "Interface" else {}
    leads = {"RouteTableIds": table_ids[:1]} if kind == "Gateway" else {}
    ours = {**item, **stands, **leads, "PolicyDocument": text, "VpcId": "vpc-1", "Tags": tagged(f"endpoint/{service}"),
            "ServiceName": detail["ServiceName"]}  # fmt: skip
    aws = network(ours, "VpcEndpoints", Subnets=[home], RouteTables=[table], SecurityGroups=[group],
                  ServiceDetails=[detail])  # fmt: skip
    own = {"policy": json.loads(text) if text else {}}
    if kind == "Interface":
        own |= {"private_dns_enabled": bool(item.get("PrivateDnsEnabled")), "security_groups": ["ends"], "tier": "app"}
    given = {"cidr_block": BLOCK, "zones": [zone], "tiers": {"app": {"internet": "none"}}, "dns_hostnames": True,
             f"{kind.lower()}_endpoints": [service], "endpoint_settings": {service: own},
             "security_groups": {"ends": {"description": "ends", "ingress": [], "egress": []}}}  # fmt: skip
    assert calls_on(given, aws, names.endpoint(service)) == []


@objects(("describe-route-tables", "RouteTables"))
def test_a_route_table(item: Item) -> None:
    zone = "us-east-1a"
    key = f"app/{zone}"
    place = {"SubnetId": "subnet-1", "RouteTableAssociationId": "rtbassoc-1", "Main": False}
    ours = {**item, "VpcId": "vpc-1", "Tags": tagged(f"route-table/{key}"), "Associations": [place]}
    targets = {route.get("GatewayId") or route.get("NatGatewayId") or "" for route in item["Routes"]
               if route.get("DestinationCidrBlock") == "0.0.0.0/0"}  # fmt: skip
    gateways = [{"InternetGatewayId": target, "Attachments": [{"VpcId": "vpc-1", "State": "available"}],
                 "Tags": tagged("internet-gateway")} for target in targets if target.startswith("igw-")]  # fmt: skip
    nat = [{"NatGatewayId": target, "State": "available", "SubnetId": "subnet-2", "VpcId": "vpc-1",
            "NatGatewayAddresses": [{"AllocationId": "eipalloc-1"}], "Tags": tagged(f"nat/{zone}")}
           for target in targets if target.startswith("nat-")]  # fmt: skip
    public = subnet(SubnetId="subnet-2", CidrBlock="10.0.1.0/24", Tags=tagged(f"subnet/public/{zone}"))
    aws = network(ours, "RouteTables", Subnets=[subnet(), public], InternetGateways=gateways, NatGateways=nat)
    seen = component("ec2_vpc_network").observe(aws, options("ec2_vpc_network", {"cidr_block": BLOCK})).resource or {}
    way = "gateway" if gateways else "nat" if nat else "none"
    tier = {"internet": way, "routes": seen["route_tables"][key]["routes"],
            "propagating_vgws": seen["route_tables"][key]["propagating_vgws"]}  # fmt: skip
    given = {"cidr_block": BLOCK, "zones": [zone], "tiers": {"app": tier, "public": {"internet": "gateway"}},
             **({"nat_gateways": "single"} if nat else {})}  # fmt: skip
    assert calls_on(given, aws, names.route_table(key)) == []


@objects(("describe-flow-logs", "FlowLogs"))
def test_a_flow_log(item: Item) -> None:
    log = {**item, "ResourceId": "vpc-1", "Tags": tagged("flow-log"), "LogDestinationType": "cloud-watch-logs"}
    given = {"cidr_block": BLOCK, "flow_logs": {
        "traffic_type": item["TrafficType"], "iam_role_arn": item["DeliverLogsPermissionArn"],
        "max_aggregation_interval_seconds": item.get("MaxAggregationInterval", 600)}}  # fmt: skip
    assert calls_on(given, network(log, "FlowLogs"), names.FLOW_LOG) == []
