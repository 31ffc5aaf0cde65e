# SPDX-License-Identifier: Apache-2.0
"""What AWS refuses, keeps or shows, and moto does not: one test for each kind of thing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import Network, refused

TRAFFIC = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}


@pytest.fixture
def ec2(cloud: Cloud) -> Any:
    return cloud.client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def test_lists_come_in_pages(ec2: Any, vpc: str) -> None:
    for number in range(12):
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")
    own = [{"Name": "vpc-id", "Values": [vpc]}]
    pages = list(ec2.get_paginator("describe_subnets").paginate(Filters=own, PaginationConfig={"PageSize": 5}))
    assert [len(page["Subnets"]) for page in pages] == [5, 5, 2]
    named = [subnet["SubnetId"] for page in pages for subnet in page["Subnets"]]
    assert sorted(named) == sorted(each["SubnetId"] for each in ec2.describe_subnets(Filters=own)["Subnets"])
    with refused("InvalidPaginationToken"):
        ec2.describe_subnets(MaxResults=5, NextToken="x")
    with refused("InvalidParameterCombination", "subnetIds cannot be used with the parameter maxResults"):
        ec2.describe_subnets(MaxResults=5, SubnetIds=named[:1])


@pytest.mark.parametrize(
    ("operation", "place"),
    [
        ("create_route_table", "RouteTable.RouteTableId"),
        ("create_network_acl", "NetworkAcl.NetworkAclId"),
        ("create_egress_only_internet_gateway", "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId"),
    ],
)
def test_a_token_stands_for_what_it_made(ec2: Any, vpc: str, operation: str, place: str) -> None:
    def made(**more: Any) -> Any:
        answer = getattr(ec2, operation)(VpcId=vpc, ClientToken="once", **more)
        first, second = place.split(".")
        return answer[first][second]

    assert made() == made()
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    with refused("IdempotentParameterMismatch"):
        getattr(ec2, operation)(VpcId=other, ClientToken="once")


def test_a_vpc_is_pending_first(cloud: Cloud, ec2: Any) -> None:
    cloud.configure(settle_polls=1)
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    shown = [ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"][0]["State"] for _ in range(2)]
    assert [made["State"], *shown] == ["pending", "pending", "available"]


def test_one_attribute_of_a_vpc_at_a_time(ec2: Any, vpc: str) -> None:
    on = {"Value": True}
    with refused("InvalidParameterCombination", "multiple attribute types"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport=on, EnableDnsHostnames=on)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    with refused("InvalidParameterValue"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames=on)


def test_rules_of_a_group_change_and_go_by_their_ids(ec2: Any, vpc: str) -> None:
    group, other = (ec2.create_security_group(GroupName=n, Description="d", VpcId=vpc)["GroupId"] for n in "ab")
    own = [{"Name": "group-id", "Values": [group]}]
    rule = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**TRAFFIC, "UserIdGroupPairs": [{"GroupId": group}]}]
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    change = {"IpProtocol": "tcp", "FromPort": 5, "ToPort": 6, "ReferencedGroupId": other}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": change}]
    )
    (shown,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    assert (shown["FromPort"], shown["ReferencedGroupInfo"]["GroupId"]) == (5, other)
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule, "sgr-0123456789abcdef0"])
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
    assert all(each["IsEgress"] for each in ec2.describe_security_group_rules(Filters=own)["SecurityGroupRules"])


def test_rules_without_ports_and_with_wrong_ones(ec2: Any, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="a", Description="d", VpcId=vpc)["GroupId"]
    ranges = {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "50", **ranges}])
    for wrong in ({"FromPort": 70000, "ToPort": 70000}, {"FromPort": 3, "ToPort": 1}, {}):
        with refused("InvalidParameterValue"):
            ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=[{"IpProtocol": "tcp", **wrong, **ranges}]
            )


def test_routes_have_a_target_and_the_local_one_stays(ec2: Any, vpc: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    with refused("MissingParameter"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    with refused("InvalidParameterValue", "cannot remove local route"):
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")


def test_a_nat_gateway_has_the_address_that_was_asked_for(ec2: Any, vpc: str) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    private = {"SubnetId": subnet, "ConnectivityType": "private"}
    made = ec2.create_nat_gateway(**private, PrivateIpAddress="10.0.0.9")["NatGateway"]
    shown = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"][0]["NatGatewayAddresses"]
    assert [address["PrivateIp"] for address in shown] in ([], ["10.0.0.9"])
    with refused("InvalidParameterValue"):
        ec2.create_nat_gateway(**private, PrivateIpAddress="10.9.0.9")
    with refused("InvalidParameterCombination"):
        ec2.create_nat_gateway(**private, AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"])


def test_a_bucket_keeps_its_settings_as_they_were_given(cloud: Cloud) -> None:
    s3, there = cloud.client("s3"), {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    for name in ("from-of-demo", "copy-of-demo"):
        s3.create_bucket(Bucket=name, **there)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": "a/"},
        "DeleteMarkerReplication": {"Status": "Enabled"}, "Destination": {"Bucket": "arn:aws:s3:::copy-of-demo"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
    }  # fmt: skip
    own = {"Role": "arn:aws:iam::123456789012:role/copy", "Rules": [rule]}
    s3.put_bucket_replication(Bucket="from-of-demo", ReplicationConfiguration=own)
    assert s3.get_bucket_replication(Bucket="from-of-demo")["ReplicationConfiguration"] == own
    aging = [
        {"ID": "a", "Status": "Enabled", "Expiration": {"Days": 3},
         "Filter": {"And": {"Prefix": "a/", "ObjectSizeGreaterThan": 10, "ObjectSizeLessThan": 20}}},
    ]  # fmt: skip
    s3.put_bucket_lifecycle_configuration(
        Bucket="from-of-demo",
        LifecycleConfiguration={"Rules": aging},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    shown = s3.get_bucket_lifecycle_configuration(Bucket="from-of-demo")
    assert (shown["Rules"], shown["TransitionDefaultMinimumObjectSize"]) == (aging, "varies_by_storage_class")
    s3.delete_bucket_replication(Bucket="from-of-demo")
    with refused("ReplicationConfigurationNotFoundError"):
        s3.get_bucket_replication(Bucket="from-of-demo")


def test_a_bucket_of_another_account_is_denied(cloud: Cloud) -> None:
    s3, there = cloud.client("s3"), {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    s3.create_bucket(Bucket="owned-of-demo", **there)
    s3.put_object(Bucket="owned-of-demo", Key="k", Body=b"", ExpectedBucketOwner="123456789012")
    for call in (s3.get_object, s3.delete_object, s3.put_object):
        with refused("AccessDenied"):
            call(Bucket="owned-of-demo", Key="k", ExpectedBucketOwner="210987654321")


def test_the_current_version_of_a_secret_moves(cloud: Cloud) -> None:
    secrets = cloud.client("secretsmanager")
    first = secrets.create_secret(Name="demo", SecretString="one")["VersionId"]
    second = secrets.put_secret_value(SecretId="demo", SecretString="two", VersionStages=["NEXT"])["VersionId"]
    assert secrets.get_secret_value(SecretId="demo")["SecretString"] == "one"
    secrets.update_secret_version_stage(
        SecretId="demo", VersionStage="AWSCURRENT", RemoveFromVersionId=first, MoveToVersionId=second
    )
    assert secrets.get_secret_value(SecretId="demo")["SecretString"] == "two"
    assert secrets.get_secret_value(SecretId="demo", VersionStage="AWSPREVIOUS")["SecretString"] == "one"


def test_aws_makes_its_own_keys_when_they_are_asked_for(cloud: Cloud) -> None:
    key = cloud.client("kms").describe_key(KeyId="alias/aws/kinesis")["KeyMetadata"]
    assert (key["KeyManager"], key["KeyUsage"]) == ("AWS", "ENCRYPT_DECRYPT")


def test_preferred_encryption_takes_neither_token_nor_users(network: Network) -> None:
    token = {"TransitEncryptionEnabled": True, "AuthToken": "only-for-tests-001"}
    with refused("InvalidParameterCombination", "preferred is not supported with redis access control"):
        network.create(**token, TransitEncryptionMode="preferred")
    network.create(**token)
    network.show()
    with refused("InvalidParameterCombination", "preferred is not supported with redis access control"):
        network.modify(TransitEncryptionMode="preferred")


def test_a_malformed_policy_of_an_endpoint_is_refused(ec2: Any, vpc: str) -> None:
    own = {"VpcId": vpc, "ServiceName": "com.amazonaws.eu-west-1.s3", "VpcEndpointType": "Gateway"}
    for wrong in ("{", json.dumps({"Version": "2012-10-17"})):
        with refused("InvalidPolicyDocument"):
            ec2.create_vpc_endpoint(**own, PolicyDocument=wrong)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_vpc_endpoint(**own, RouteTableIds=[table])
    with refused("RouteAlreadyExists"):
        ec2.create_vpc_endpoint(**own, RouteTableIds=[table])
