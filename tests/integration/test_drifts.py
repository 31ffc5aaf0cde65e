# SPDX-License-Identifier: Apache-2.0
"""What others change in what is laid, by hand and in the children that AWS adds: named and repaired, or told.

Each row is an intrusion with boto3 into one environment that is laid once. What is repaired is named by the plan, and
after a run nothing differs. What is told stays, for it is not ours, and is taken back here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from localcloud.process import REGION, Cloud
from tests.support import figures
from tests.support.environments import conducted, operations

DENY = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
ADMIN = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ACCOUNT = "123456789012"
NAME, BUCKET, TABLE, ROLE = "sensors-test", f"sensors-test-state-{ACCOUNT}", "sensors-test-state-lock", "flow-logs"
VARIABLES: dict[str, Any] = {
    "vpc_cidr_block": "10.90.0.0/16", "vpc_nat_gateways": "single", "vpc_gateway_endpoints": ["s3"],
    "vpc_interface_endpoints": ["kinesis-streams"], "vpc_default_route_table_locked": True,
    "vpc_flow_logs": {"traffic_type": "ALL", "retention_days": 30, "max_aggregation_interval_seconds": 600},
    "kinesis_alarms": {"write_throttles": 0.0, "actions": []}, "kinesis_consumers": ["ours"],
    "redis_alarms": {"evictions": 0.0},
    "redis_parameters": {"maxmemory-policy": "volatile-lru"}, "redis_apply_immediately": True,
    "redis_final_snapshot": False, "redis_tags": {"team": "ours"},
    "state_bucket_lock_table": True, "state_bucket_delete_state_history": True,
}  # fmt: skip
Undo = Callable[[], Any]


class Account:
    """The account as an intruder sees it."""

    def __init__(self, cloud: Cloud) -> None:
        self.client = cloud.client
        self.ec2, self.s3, self.kinesis = cloud.client("ec2"), cloud.client("s3"), cloud.client("kinesis")
        self.cache, self.iam, self.dynamodb = (cloud.client(name) for name in ("elasticache", "iam", "dynamodb"))

    def part(self, kind: str, part: str) -> dict[str, Any]:
        """One of our EC2 objects: the answer's list and operation by kind."""
        operation, key = KINDS[kind]
        wanted = [{"Name": "tag:streambed:part", "Values": [part]}]
        name = "Filter" if kind == "nat" else "Filters"
        return getattr(self.ec2, operation)(**{name: wanted})[key][0]

    @property
    def vpc(self) -> str:
        return str(self.part("subnet", "subnet/app/eu-west-1a")["VpcId"])

    def inside(self, operation: str, key: str, *filters: dict[str, Any]) -> dict[str, Any]:
        own = {"Name": "vpc-id", "Values": [self.vpc]}
        return getattr(self.ec2, operation)(Filters=[own, *filters])[key][0]

    @property
    def stream(self) -> str:
        summary = self.kinesis.describe_stream_summary(StreamName=NAME)["StreamDescriptionSummary"]
        return str(summary["StreamARN"])


KINDS = {
    "subnet": ("describe_subnets", "Subnets"), "table": ("describe_route_tables", "RouteTables"),
    "group": ("describe_security_groups", "SecurityGroups"), "endpoint": ("describe_vpc_endpoints", "VpcEndpoints"),
    "gateway": ("describe_internet_gateways", "InternetGateways"), "nat": ("describe_nat_gateways", "NatGateways"),
}  # fmt: skip
APP, CACHE, PUBLIC = (f"{tier}/eu-west-1a" for tier in ("app", "cache", "public"))
ANYWHERE = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


@dataclass(frozen=True)
class Drift:
    """``intrude`` changes something, and returns how it is taken back where it is only ``told``; what is repaired is
    so by the operation ``repaired``."""

    name: str
    intrude: Callable[[Account], Undo | None]
    repaired: str = ""
    told: str = ""


# The role of the flow log


def inline_policy(account: Account) -> None:
    account.iam.put_role_policy(RoleName=f"{NAME}-{ROLE}", PolicyName="all", PolicyDocument=ADMIN)


def attached_policy(account: Account) -> None:
    policy = account.iam.create_policy(PolicyName="all-of-it", PolicyDocument=ADMIN)["Policy"]["Arn"]
    account.iam.attach_role_policy(RoleName=f"{NAME}-{ROLE}", PolicyArn=policy)


def trust(account: Account) -> None:
    everybody = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
    account.iam.update_assume_role_policy(RoleName=f"{NAME}-{ROLE}", PolicyDocument=json.dumps(everybody))


def retention_of_logs(account: Account) -> None:
    account.client("logs").put_retention_policy(logGroupName=f"/streambed/{NAME}/flow-logs", retentionInDays=1)


def flow_log_gone(account: Account) -> None:
    ours = [{"Name": "tag-key", "Values": ["streambed:part"]}]
    logs = account.ec2.describe_flow_logs(Filters=ours)["FlowLogs"]
    account.ec2.delete_flow_logs(FlowLogIds=[each["FlowLogId"] for each in logs])


def flow_log_of_others(account: Account) -> Undo:
    made = account.ec2.create_flow_logs(
        ResourceIds=[account.vpc], ResourceType="VPC", TrafficType="REJECT", LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{BUCKET}/theirs")["FlowLogIds"]  # fmt: skip
    return lambda: account.ec2.delete_flow_logs(FlowLogIds=made)


# Routes and tables


def way_out_of_the_cache(account: Account) -> None:
    gateway = account.part("gateway", "internet-gateway")["InternetGatewayId"]
    account.ec2.create_route(RouteTableId=account.part("table", f"route-table/{CACHE}")["RouteTableId"],
                             DestinationIpv6CidrBlock="::/0", GatewayId=gateway)  # fmt: skip


def way_in_the_main_table(account: Account) -> None:
    main = account.inside("describe_route_tables", "RouteTables", {"Name": "association.main", "Values": ["true"]})
    gateway = account.part("gateway", "internet-gateway")["InternetGatewayId"]
    account.ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def way_out_gone(account: Account) -> None:
    table = account.part("table", f"route-table/{PUBLIC}")["RouteTableId"]
    account.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")


def app_straight_to_the_internet(account: Account) -> None:
    account.ec2.replace_route(RouteTableId=account.part("table", f"route-table/{APP}")["RouteTableId"],
                              DestinationCidrBlock="0.0.0.0/0",
                              GatewayId=account.part("gateway", "internet-gateway")["InternetGatewayId"])  # fmt: skip


def subnet_under_another_table(account: Account) -> None:
    moved = account.part("table", f"route-table/{CACHE}")["Associations"][0]["RouteTableAssociationId"]
    other = account.part("table", f"route-table/{PUBLIC}")["RouteTableId"]
    account.ec2.replace_route_table_association(AssociationId=moved, RouteTableId=other)


def propagation(account: Account) -> Undo:
    gateway = account.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    account.ec2.attach_vpn_gateway(VpcId=account.vpc, VpnGatewayId=gateway)
    about = {"RouteTableId": account.part("table", f"route-table/{APP}")["RouteTableId"], "GatewayId": gateway}
    account.ec2.enable_vgw_route_propagation(**about)

    def undo() -> None:
        account.ec2.disable_vgw_route_propagation(**about)
        account.ec2.detach_vpn_gateway(VpcId=account.vpc, VpnGatewayId=gateway)
        account.ec2.delete_vpn_gateway(VpnGatewayId=gateway)

    return undo


def route_of_others(account: Account) -> Undo:
    table = account.part("table", f"route-table/{APP}")["RouteTableId"]
    nat = account.part("nat", "nat/eu-west-1a")["NatGatewayId"]
    account.ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/24", NatGatewayId=nat)
    return lambda: account.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/24")


# Rules


def rule_in_the_default_group(account: Account) -> None:
    group = account.inside("describe_security_groups", "SecurityGroups", {"Name": "group-name", "Values": ["default"]})
    account.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=ANYWHERE)


def rule_in_our_group(account: Account) -> None:
    group = account.part("group", "security-group/cache")["GroupId"]
    account.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ANYWHERE)


def rule_taken_from_our_group(account: Account) -> None:
    group = account.part("group", "security-group/cache")
    account.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])


def rule_out_of_our_group(account: Account) -> None:
    group = account.part("group", "security-group/cache")["GroupId"]
    account.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=ANYWHERE)


def default_acl(account: Account) -> dict[str, Any]:
    return account.inside("describe_network_acls", "NetworkAcls", {"Name": "default", "Values": ["true"]})


def rule_in_the_default_acl(account: Account) -> None:
    account.ec2.create_network_acl_entry(NetworkAclId=default_acl(account)["NetworkAclId"], RuleNumber=1, Protocol="-1",
                                         RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0")  # fmt: skip


def subnet_under_an_acl_of_others(account: Account) -> Undo:
    acl = account.ec2.create_network_acl(VpcId=account.vpc)["NetworkAcl"]["NetworkAclId"]
    default = default_acl(account)
    ours = account.part("subnet", f"subnet/{CACHE}")["SubnetId"]
    association = next(each["NetworkAclAssociationId"] for each in default["Associations"] if each["SubnetId"] == ours)
    moved = account.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]

    def undo() -> None:
        account.ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=default["NetworkAclId"])
        account.ec2.delete_network_acl(NetworkAclId=acl)

    return undo


# The VPC, its subnets and endpoints


def public_addresses(account: Account) -> None:
    subnet = account.part("subnet", f"subnet/{CACHE}")["SubnetId"]
    account.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})


def names_off(account: Account) -> None:
    account.ec2.modify_vpc_attribute(VpcId=account.vpc, EnableDnsHostnames={"Value": False})


def tag_changed(account: Account) -> None:
    subnet = account.part("subnet", f"subnet/{APP}")["SubnetId"]
    account.ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "theirs"}])


def tag_of_the_address_gone(account: Account) -> None:
    [address] = account.ec2.describe_addresses()["Addresses"]
    account.ec2.delete_tags(Resources=[address["AllocationId"]], Tags=[{"Key": "streambed:part"}])


def shut_endpoint(account: Account) -> None:
    endpoint = account.part("endpoint", "endpoint/s3")["VpcEndpointId"]
    account.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=DENY)


def endpoint_out_of_a_table(account: Account) -> None:
    endpoint = account.part("endpoint", "endpoint/s3")
    account.ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint["VpcEndpointId"], RemoveRouteTableIds=endpoint["RouteTableIds"][:1]
    )


def endpoint_in_another_group(account: Account) -> None:
    endpoint = account.part("endpoint", "endpoint/kinesis-streams")["VpcEndpointId"]
    group = account.part("group", "security-group/cache")["GroupId"]
    account.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSecurityGroupIds=[group])


def endpoint_of_others(account: Account) -> Undo:
    made = account.ec2.create_vpc_endpoint(VpcId=account.vpc, ServiceName=f"com.amazonaws.{REGION}.dynamodb")
    endpoint = made["VpcEndpoint"]["VpcEndpointId"]
    return lambda: account.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])


def further_block(account: Account) -> Undo:
    made = account.ec2.associate_vpc_cidr_block(VpcId=account.vpc, CidrBlock="10.91.0.0/16")["CidrBlockAssociation"]
    return lambda: account.ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])


# The stream


def another_key(account: Account) -> None:
    key = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
    account.kinesis.stop_stream_encryption(StreamName=NAME, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    account.kinesis.start_stream_encryption(StreamName=NAME, EncryptionType="KMS", KeyId=key)


def silenced_alarms(account: Account) -> None:
    account.client("cloudwatch").disable_alarm_actions(AlarmNames=[f"{NAME}-write-throttles"])


def alarm_gone(account: Account) -> None:
    account.client("cloudwatch").delete_alarms(AlarmNames=[f"{NAME}-write-throttles"])


def slower_cache_alarm(account: Account) -> None:
    watch = account.client("cloudwatch")
    [alarm, *_others] = watch.describe_alarms(AlarmNamePrefix=f"{NAME}-0")["MetricAlarms"]
    kept = ("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Threshold", "ComparisonOperator")
    watch.put_metric_alarm(**{key: alarm[key] for key in kept}, Period=3600, EvaluationPeriods=24)


def consumer_of_others(account: Account) -> Undo:
    about = {"StreamARN": account.stream, "ConsumerName": "theirs"}
    account.kinesis.register_stream_consumer(**about)
    return lambda: account.kinesis.deregister_stream_consumer(**about)


def consumer_gone(account: Account) -> None:
    account.kinesis.deregister_stream_consumer(StreamARN=account.stream, ConsumerName="ours")


def stream_policy(account: Account) -> Undo:
    policy = {"Version": "2012-10-17", "Statement": [{
        "Sid": "theirs", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": ["kinesis:PutRecord"], "Resource": account.stream}]}  # fmt: skip
    account.kinesis.put_resource_policy(ResourceARN=account.stream, Policy=json.dumps(policy))
    return lambda: account.kinesis.delete_resource_policy(ResourceARN=account.stream)


def shorter_memory(account: Account) -> None:
    account.kinesis.decrease_stream_retention_period(StreamName=NAME, RetentionPeriodHours=24)


# The bucket and its table


def no_versions(account: Account) -> None:
    account.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


def open_to_the_public(account: Account) -> None:
    account.s3.delete_public_access_block(Bucket=BUCKET)


def without_tls(account: Account) -> None:
    account.s3.delete_bucket_policy(Bucket=BUCKET)


def rule_that_expires_states(account: Account) -> Undo:
    rules = account.s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    both = {"Rules": [*rules, theirs]}
    account.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=both)
    return lambda: account.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": rules})


def statement_of_others(account: Account) -> Undo:
    policy = json.loads(account.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    theirs = {"Sid": "theirs", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
              "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}  # fmt: skip
    both = {**policy, "Statement": [*policy["Statement"], theirs]}
    account.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(both))
    return lambda: account.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def website(account: Account) -> Undo:
    account.s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    return lambda: account.s3.delete_bucket_website(Bucket=BUCKET)


def table_without_a_way_back(account: Account) -> None:
    off = {"PointInTimeRecoveryEnabled": False}
    account.dynamodb.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=off)


def table_without_protection(account: Account) -> None:
    account.dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)


# The cache


def parameter(account: Account) -> None:
    group = next(each["CacheParameterGroupName"] for each in
                 account.cache.describe_cache_parameter_groups()["CacheParameterGroups"]
                 if each["CacheParameterGroupName"].startswith(NAME))  # fmt: skip
    value = [{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}]
    account.cache.modify_cache_parameter_group(CacheParameterGroupName=group, ParameterNameValues=value)


def subnet_of_others_for_the_cache(account: Account) -> None:
    [group] = account.cache.describe_cache_subnet_groups(CacheSubnetGroupName=NAME)["CacheSubnetGroups"]
    subnets = [each["SubnetIdentifier"] for each in group["Subnets"]]
    public = account.part("subnet", f"subnet/{PUBLIC}")["SubnetId"]
    account.cache.modify_cache_subnet_group(CacheSubnetGroupName=NAME, SubnetIds=[*subnets, public])


def further_group_of_the_cache(account: Account) -> None:
    groups = [account.part("group", f"security-group/{key}")["GroupId"] for key in ("cache", "app")]
    account.cache.modify_replication_group(ReplicationGroupId=NAME, SecurityGroupIds=groups, ApplyImmediately=True)


def tag_of_the_group(account: Account) -> None:
    [group] = account.cache.describe_replication_groups(ReplicationGroupId=NAME)["ReplicationGroups"]
    tags = [{"Key": "team", "Value": "theirs"}]
    account.cache.add_tags_to_resource(ResourceName=group["ARN"], Tags=tags)


DRIFTS = (
    # Chaos 7, a to h.
    Drift("an inline policy on the role", inline_policy, repaired="delete_role_policy"),
    Drift("a lifecycle rule that expires current states", rule_that_expires_states, told="lifecycle rule"),
    Drift("a subnet under an ACL of others", subnet_under_an_acl_of_others,
          told="subnet under a network ACL of others"),
    Drift("the stream under another key", another_key, repaired="start_stream_encryption"),
    Drift("alarms without actions", silenced_alarms, repaired="put_metric_alarm"),
    Drift("an endpoint that shuts everybody out", shut_endpoint, repaired="modify_vpc_endpoint"),
    Drift("a way out of the cache tier", way_out_of_the_cache, repaired="delete_route"),
    Drift("a gateway that propagates its routes", propagation, told="propagating gateway"),
    # More of what others can do to the role and the flow log,
    Drift("a managed policy on the role", attached_policy, repaired="detach_role_policy"),
    Drift("a role that everybody may take on", trust, repaired="update_assume_role_policy"),
    Drift("logs that go after a day", retention_of_logs, repaired="put_retention_policy"),
    Drift("no flow log", flow_log_gone, repaired="create_flow_logs"),
    Drift("a flow log of others", flow_log_of_others, told="flow log"),
    # to routes,
    Drift("a way out in the main table", way_in_the_main_table, repaired="delete_route"),
    Drift("no way out of the public tier", way_out_gone, repaired="create_route"),
    Drift("a private tier straight to the internet", app_straight_to_the_internet, repaired="replace_route"),
    Drift("a subnet under another table", subnet_under_another_table, repaired="replace_route_table_association"),
    Drift("a route of others", route_of_others, told="route"),
    # to rules,
    Drift("a rule in the default group", rule_in_the_default_group, repaired="revoke_security_group_ingress"),
    Drift("a rule more in a group of ours", rule_in_our_group, repaired="revoke_security_group_ingress"),
    Drift("a rule less in a group of ours", rule_taken_from_our_group, repaired="authorize_security_group_ingress"),
    Drift("a rule out of a group of ours", rule_out_of_our_group, repaired="revoke_security_group_egress"),
    Drift("a rule in the default ACL", rule_in_the_default_acl, repaired="delete_network_acl_entry"),
    # to the network's other parts,
    Drift("public addresses in a private subnet", public_addresses, repaired="modify_subnet_attribute"),
    Drift("names switched off", names_off, repaired="modify_vpc_attribute"),
    Drift("another name of a subnet", tag_changed, repaired="create_tags"),
    Drift("an address that lost its tag", tag_of_the_address_gone, repaired="create_tags"),
    Drift("an endpoint out of a table", endpoint_out_of_a_table, repaired="modify_vpc_endpoint"),
    Drift("an endpoint in another group", endpoint_in_another_group, repaired="modify_vpc_endpoint"),
    Drift("an endpoint of others", endpoint_of_others, told="endpoint"),
    Drift("a further block", further_block, told="CIDR block"),
    # to the stream,
    Drift("no alarm", alarm_gone, repaired="put_metric_alarm"),
    Drift("an alarm on a node that looks once a day", slower_cache_alarm, repaired="put_metric_alarm"),
    Drift("a consumer of others", consumer_of_others, told="consumer"),
    Drift("no consumer", consumer_gone, repaired="register_stream_consumer"),
    Drift("a policy on the stream", stream_policy, told="policy statement"),
    Drift("a shorter memory", shorter_memory, repaired="increase_stream_retention_period"),
    # to the bucket and its table,
    Drift("no versions", no_versions, repaired="put_bucket_versioning"),
    Drift("no public access block", open_to_the_public, repaired="put_public_access_block"),
    Drift("access without TLS", without_tls, repaired="put_bucket_policy"),
    Drift("a statement of others", statement_of_others, told="policy statement"),
    Drift("a website of states", website, told="website"),
    Drift("a table without a way back", table_without_a_way_back, repaired="update_continuous_backups"),
    Drift("a table without protection", table_without_protection, repaired="update_table"),
    # and to the cache.
    Drift("another parameter", parameter, repaired="modify_cache_parameter_group"),
    Drift("a subnet more in the subnet group", subnet_of_others_for_the_cache, repaired="modify_cache_subnet_group"),
    Drift("a group more on the nodes", further_group_of_the_cache, repaired="modify_replication_group"),
    Drift("another tag of the group", tag_of_the_group, repaired="add_tags_to_resource"),
)  # fmt: skip


def batches() -> list[list[Drift]]:
    """The drifts in as few groups as each sign of a drift can stand in once."""
    found: list[list[Drift]] = []
    for drift in DRIFTS:
        sign = drift.repaired or drift.told
        free = next((each for each in found if sign not in {other.repaired or other.told for other in each}), None)
        if free is None:
            found.append(free := [])
        free.append(drift)
    return found


@pytest.fixture(scope="module")
def laid() -> Iterator[Cloud]:
    with Cloud(settle_polls=0) as cloud:
        conducted(cloud, VARIABLES)
        yield cloud


@pytest.mark.parametrize("drifts", batches(), ids=lambda drifts: f"{len(drifts)} at once")
def test_drifts_are_repaired_or_told(laid: Cloud, drifts: list[Drift]) -> None:
    account = Account(laid)
    figures.count("changes by others", len(drifts))
    undo = [drift.intrude(account) for drift in drifts]
    found = conducted(laid, VARIABLES, verb="drift")
    told = {each["what"] for part in found["plan"]["components"].values() for each in part["foreign"]}
    repairs = operations(found["plan"])
    assert [drift.name for drift in drifts if drift.told and drift.told not in told] == []
    assert [drift.name for drift in drifts if drift.repaired and drift.repaired not in repairs] == []
    named = {(entry["object"], entry["attribute"]) for entry in found["drift"]["differences"]}
    # Every repair has a name, and nothing that is only told has one.
    assert len(named) >= sum(bool(drift.repaired) for drift in drifts), sorted(named)
    done = conducted(laid, VARIABLES)
    assert {call["operation"] for part in done["components"].values() for call in part["calls"]} == set(repairs)
    for back in filter(None, undo):
        back()
    # What of ours followed what was told, a rule for a further block say, goes back with it.
    conducted(laid, VARIABLES)
    left = conducted(laid, VARIABLES, check=True)
    assert [call["why"] for call in left["plan"]["order"]] == []
