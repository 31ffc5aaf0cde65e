# SPDX-License-Identifier: Apache-2.0
"""The tagging API: everything that Streambed lays is found by its tags, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import TRUST, Network, refused

OURS = {"Key": "streambed:environment", "Value": "demo"}
FILTER = [{"Key": OURS["Key"], "Values": [OURS["Value"]]}]
DICTIONARY = {OURS["Key"]: OURS["Value"]}
HERE = ":eu-west-1:123456789012:"


def tagged(kind: str) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [OURS]}]}


def lay_network(cloud: Cloud, network: Network) -> set[str]:
    """ARNs of one tagged object of each kind of network part."""
    ec2, vpc = cloud.client("ec2"), network.vpc
    ec2.create_tags(Resources=[vpc], Tags=[OURS])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", **tagged("subnet"))["Subnet"]["SubnetId"]
    igw = ec2.create_internet_gateway(**tagged("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=igw)
    address = ec2.allocate_address(Domain="vpc", **tagged("elastic-ip"))["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, **tagged("natgateway"))["NatGateway"]
    table = ec2.create_route_table(VpcId=vpc, **tagged("route-table"))["RouteTable"]["RouteTableId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc, **tagged("security-group"))["GroupId"]
    acl = ec2.create_network_acl(VpcId=vpc, **tagged("network-acl"))["NetworkAcl"]["NetworkAclId"]
    options = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": ["demo.internal"]}], **tagged("dhcp-options")
    )["DhcpOptions"]["DhcpOptionsId"]
    egress = ec2.create_egress_only_internet_gateway(VpcId=vpc, **tagged("egress-only-internet-gateway"))
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3", VpcEndpointType="Gateway", **tagged("vpc-endpoint")
    )["VpcEndpoint"]["VpcEndpointId"]
    cloud.client("s3").create_bucket(
        Bucket="flow-logs-of-demo", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    log = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-logs-of-demo",
        **tagged("vpc-flow-log"),
    )["FlowLogIds"][0]
    parts = {
        "vpc": vpc,
        "subnet": subnet,
        "internet-gateway": igw,
        "elastic-ip": address,
        "natgateway": nat["NatGatewayId"],
        "route-table": table,
        "security-group": group,
        "network-acl": acl,
        "dhcp-options": options,
        "egress-only-internet-gateway": egress["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"],
        "vpc-endpoint": endpoint,
        "vpc-flow-log": log,
    }
    return {f"arn:aws:ec2{HERE}{kind}/{name}" for kind, name in parts.items()}


def lay_cache(cloud: Cloud, network: Network) -> set[str]:
    """ARNs of one tagged object of each kind of ElastiCache's."""
    cache = network.cache
    user = {"Engine": "redis", "Passwords": ["long-enough-password"], "AccessString": "on ~* +@all", "Tags": [OURS]}
    cache.create_user(UserId="main", UserName="default", **user)
    cache.create_user_group(UserGroupId="people", Engine="redis", UserIds=["main"], Tags=[OURS])
    cache.create_cache_parameter_group(
        CacheParameterGroupName="params", CacheParameterGroupFamily="redis7", Description="d", Tags=[OURS]
    )
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="nets", CacheSubnetGroupDescription="d", SubnetIds=network.subnets, Tags=[OURS]
    )
    network.create(Tags=[OURS])
    cache.describe_replication_groups()
    cache.add_tags_to_resource(ResourceName=f"arn:aws:elasticache{HERE}cluster:demo-001", Tags=[OURS])
    cache.create_snapshot(ReplicationGroupId="demo", SnapshotName="last", Tags=[OURS])
    names = (
        "user:main", "usergroup:people", "parametergroup:params", "subnetgroup:nets", "replicationgroup:demo",
        "cluster:demo-001", "snapshot:last",
    )  # fmt: skip
    return {f"arn:aws:elasticache{HERE}{name}" for name in names}


def lay_others(cloud: Cloud) -> set[str]:
    """ARNs of one tagged object of each other kind."""
    cloud.client("kinesis").create_stream(StreamName="events", ShardCount=1, Tags=DICTIONARY)
    cloud.client("s3").create_bucket(
        Bucket="state-of-demo", CreateBucketConfiguration={"LocationConstraint": "eu-west-1", "Tags": [OURS]}
    )
    cloud.client("dynamodb").create_table(
        TableName="locks",
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[OURS],
    )
    cloud.client("logs").create_log_group(logGroupName="/demo/redis", tags=DICTIONARY)
    secret = cloud.client("secretsmanager").create_secret(Name="token", SecretString="s", Tags=[OURS])["ARN"]
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="hot",
        MetricName="IncomingBytes",
        Namespace="AWS/Kinesis",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=[OURS],
    )
    cloud.client("iam").create_role(RoleName="flow-logs", AssumeRolePolicyDocument=TRUST, Tags=[OURS])
    arns = ("kinesis{}stream/events", "dynamodb{}table/locks", "logs{}log-group:/demo/redis", "cloudwatch{}alarm:hot")
    return {"arn:aws:s3:::state-of-demo", secret, *(f"arn:aws:{arn.format(HERE)}" for arn in arns)}


def pages(cloud: Cloud, **asked: Any) -> list[list[str]]:
    """The ARNs, page by page."""
    paginator = cloud.client("resourcegroupstaggingapi").get_paginator("get_resources")
    found = [page["ResourceTagMappingList"] for page in paginator.paginate(**asked)]
    return [[each["ResourceARN"] for each in page] for page in found]


def test_every_kind_of_ours_is_found_once_by_its_tag(cloud: Cloud, network: Network) -> None:
    laid = lay_network(cloud, network) | lay_cache(cloud, network) | lay_others(cloud)
    found = pages(cloud, TagFilters=FILTER, ResourcesPerPage=5)
    arns = [arn for page in found for arn in page]
    assert sorted(arns) == sorted(laid)
    assert [len(page) for page in found] == [5, 5, 5, 5, 5]
    assert pages(cloud, TagFilters=FILTER)[0] == arns
    assert pages(cloud, TagFilters=[{"Key": OURS["Key"]}])[0] == arns
    assert pages(cloud, TagFilters=[*FILTER, {"Key": "other"}]) == [[]]


@pytest.mark.parametrize(
    ("kinds", "count"),
    [(["s3"], 1), (["s3:bucket"], 1), (["elasticache"], 7), (["elasticache:user", "kinesis:stream"], 2), (["iam"], 0)],
)
def test_types_are_those_of_the_arn(cloud: Cloud, network: Network, kinds: list[str], count: int) -> None:
    lay_cache(cloud, network)
    lay_others(cloud)
    assert len(pages(cloud, ResourceTypeFilters=kinds)[0]) == count


def test_what_is_gone_is_not_found(cloud: Cloud, network: Network) -> None:
    lay_others(cloud)
    cloud.client("kinesis").delete_stream(StreamName="events")
    cloud.client("kinesis").list_streams()
    cloud.client("s3").delete_bucket(Bucket="state-of-demo")
    assert pages(cloud, TagFilters=FILTER, ResourceTypeFilters=["kinesis", "s3"]) == [[]]


def test_what_cannot_be_asked_is_refused(cloud: Cloud) -> None:
    tagging = cloud.client("resourcegroupstaggingapi")
    with refused("InvalidParameterException"):
        tagging.get_resources(ResourcesPerPage=101)
    with refused("InvalidParameterException"):
        tagging.get_resources(ResourceARNList=["arn:aws:s3:::state-of-demo"], TagFilters=FILTER)
    with refused("PaginationTokenExpiredException"):
        tagging.get_resources(PaginationToken="x")
