# SPDX-License-Identifier: Apache-2.0
"""IPv6 blocks of subnets: inside the VPC's, and nobody else's."""

from __future__ import annotations

import ipaddress

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import refused


class DualStack:
    """A VPC with an Amazon-provided IPv6 block, and subnets in it."""

    def __init__(self, cloud: Cloud) -> None:
        self.ec2 = cloud.client("ec2")
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
        self.vpc = vpc["VpcId"]
        block = ipaddress.IPv6Network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
        self.first, self.second = (str(part) for part in list(block.subnets(new_prefix=64))[:2])

    def subnet(self, number: int, **options: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", **options)
        return made["Subnet"]["SubnetId"]

    def associate(self, subnet: str, block: str) -> str:
        made = self.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=block)
        return made["Ipv6CidrBlockAssociation"]["AssociationId"]


@pytest.fixture
def dual(cloud: Cloud) -> DualStack:
    """A VPC with IPv6."""
    return DualStack(cloud)


def test_a_block_outside_the_vpcs_is_refused(dual: DualStack) -> None:
    with refused("InvalidSubnet.Range"):
        dual.subnet(0, Ipv6CidrBlock="2001:db8::/64")
    subnet = dual.subnet(1)
    with refused("InvalidSubnet.Range"):
        dual.associate(subnet, "2001:db8::/64")


def test_a_block_of_another_subnet_is_refused_until_it_is_free(dual: DualStack) -> None:
    first = dual.subnet(0)
    dual.subnet(1, Ipv6CidrBlock=dual.second)
    association = dual.associate(first, dual.first)
    with refused("InvalidSubnet.Conflict"):
        dual.subnet(2, Ipv6CidrBlock=dual.second)
    third = dual.subnet(3)
    with refused("InvalidSubnet.Conflict"):
        dual.associate(third, dual.first)
    dual.ec2.disassociate_subnet_cidr_block(AssociationId=association)
    dual.associate(third, dual.first)


def test_a_subnet_with_ipv6_only(dual: DualStack) -> None:
    ec2 = dual.ec2
    made = ec2.create_subnet(VpcId=dual.vpc, Ipv6CidrBlock=dual.first, Ipv6Native=True)["Subnet"]
    assert "CidrBlock" not in made
    assert (made["AssignIpv6AddressOnCreation"], made["AvailableIpAddressCount"]) == (True, 0)
    options = made["PrivateDnsNameOptionsOnLaunch"]
    assert (options["HostnameType"], options["EnableResourceNameDnsAAAARecord"]) == ("resource-name", True)
    subnet = made["SubnetId"]
    with refused("InvalidParameterValue"):
        ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="ip-name")
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    with refused("InvalidSubnet"):
        ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)
    endpoint = {"VpcId": dual.vpc, "ServiceName": "com.amazonaws.eu-west-1.kinesis-streams",
                "VpcEndpointType": "Interface", "SubnetIds": [subnet], "PrivateDnsEnabled": False}  # fmt: skip
    with refused("InvalidParameter"):
        ec2.create_vpc_endpoint(**endpoint)
    ec2.create_vpc_endpoint(**endpoint, IpAddressType="ipv6")
    association = ec2.describe_vpcs(VpcIds=[dual.vpc])["Vpcs"][0]["CidrBlockAssociationSet"][0]["AssociationId"]
    assert association  # the blocks of its subnets are looked at, of which this one has none
    dual.subnet(1)


@pytest.mark.parametrize("attribute", ["EnableDns64", "EnableResourceNameDnsAAAARecordOnLaunch"])
def test_what_takes_an_ipv6_block_is_refused_without(dual: DualStack, attribute: str) -> None:
    subnet = dual.subnet(0)
    with refused("InvalidParameterValue", "unless the subnet"):
        dual.ec2.modify_subnet_attribute(SubnetId=subnet, **{attribute: {"Value": True}})


def test_a_vpc_without_ipv6_has_no_block_to_give(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    with refused("InvalidSubnet.Range"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", Ipv6CidrBlock="2001:db8::/64")
