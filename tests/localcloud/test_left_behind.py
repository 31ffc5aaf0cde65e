# SPDX-License-Identifier: Apache-2.0
"""Network interfaces of AWS's services: whose they are, what they block, and how long they stay behind."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import Network, refused


def interfaces(cloud: Cloud, **tests: Any) -> list[dict[str, Any]]:
    filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in tests.items()]
    return cloud.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]


def endpoint(cloud: Cloud, network: Network, group: str) -> str:
    return cloud.client("ec2").create_vpc_endpoint(
        VpcId=network.vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.eu-west-1.kinesis-streams",
        SubnetIds=network.subnets[:1],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=False,
    )["VpcEndpoint"]["VpcEndpointId"]


@pytest.fixture
def group(cloud: Cloud, network: Network) -> str:
    return cloud.client("ec2").create_security_group(GroupName="g", Description="d", VpcId=network.vpc)["GroupId"]


# Source: EC2 user guide, "Requester-managed network interfaces".
def test_the_interfaces_of_an_endpoint_say_whose_they_are(cloud: Cloud, network: Network, group: str) -> None:
    name = endpoint(cloud, network, group)
    (shown,) = interfaces(cloud, group_id=group)
    assert shown["Description"] == f"VPC Endpoint Interface {name}"
    assert shown["InterfaceType"] == "vpc_endpoint"
    assert shown["RequesterManaged"]
    assert shown["SubnetId"] == network.subnets[0]
    with refused("InvalidParameterValue", "currently in use"):
        cloud.client("ec2").delete_network_interface(NetworkInterfaceId=shown["NetworkInterfaceId"])


def test_the_interfaces_of_an_endpoint_follow_its_groups(cloud: Cloud, network: Network, group: str) -> None:
    name, ec2 = endpoint(cloud, network, group), cloud.client("ec2")
    other = ec2.create_security_group(GroupName="h", Description="d", VpcId=network.vpc)["GroupId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=name, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[group])
    assert [g["GroupId"] for g in interfaces(cloud, vpc_id=network.vpc)[0]["Groups"]] == [other]
    ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=other)


# Source: ElastiCache user guide, "Subnets and subnet groups".
def test_every_node_has_an_interface_in_its_zone(cloud: Cloud, network: Network, group: str) -> None:
    network.clustered(shards=2, replicas=1, SecurityGroupIds=[group])
    shown = interfaces(cloud, group_id=group)
    zones = {node["CacheClusterId"]: node["PreferredAvailabilityZone"] for node in network.nodes()}
    assert {eni["Description"]: eni["AvailabilityZone"] for eni in shown} == {
        f"ElastiCache {name}": zone for name, zone in zones.items()
    }
    assert {eni["RequesterId"] for eni in shown} == {"amazon-elasticache"}


def test_interfaces_come_and_go_with_the_nodes(cloud: Cloud, network: Network, group: str) -> None:
    network.replicated(nodes=2)
    network.modify(SecurityGroupIds=[group])
    network.show()
    assert len(interfaces(cloud, group_id=group)) == 2
    network.cache.increase_replica_count(ReplicationGroupId="demo", NewReplicaCount=3, ApplyImmediately=True)
    network.show()
    assert len(interfaces(cloud, group_id=group)) == 4
    network.cache.decrease_replica_count(ReplicationGroupId="demo", NewReplicaCount=1, ApplyImmediately=True)
    network.show()
    assert len(interfaces(cloud, group_id=group)) == 2


# Source: terraform-provider-aws, internal/service/ec2, deleteLingeringENIs.
def test_interfaces_stay_behind_and_block_subnet_and_group(cloud: Cloud, network: Network, group: str) -> None:
    ec2 = cloud.client("ec2")
    name = endpoint(cloud, network, group)
    cloud.configure(settle_polls={"network_interface": 2})
    ec2.delete_vpc_endpoints(VpcEndpointIds=[name])
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert len(interfaces(cloud, group_id=group)) == 1
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=network.subnets[0])
    ec2.delete_subnet(SubnetId=network.subnets[0])
    ec2.delete_security_group(GroupId=group)


def test_interfaces_of_a_deleted_replication_group_stay_behind_too(cloud: Cloud, network: Network, group: str) -> None:
    ec2 = cloud.client("ec2")
    network.create(SecurityGroupIds=[group])
    network.show()
    cloud.configure(settle_polls={"network_interface": 1})
    network.cache.delete_replication_group(ReplicationGroupId="demo")
    network.cache.delete_cache_subnet_group(CacheSubnetGroupName="net")
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    ec2.delete_security_group(GroupId=group)
    for subnet in network.subnets:
        ec2.delete_subnet(SubnetId=subnet)


def test_each_look_at_an_interface_brings_its_end_nearer(cloud: Cloud, network: Network, group: str) -> None:
    name = endpoint(cloud, network, group)
    cloud.configure(settle_polls={"network_interface": 3})
    cloud.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[name])
    cloud.client("ec2").describe_vpc_endpoints()
    assert [len(interfaces(cloud, group_id=group)) for _ in range(5)] == [1, 1, 1, 0, 0]
