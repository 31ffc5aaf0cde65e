# SPDX-License-Identifier: Apache-2.0
"""The addresses that a NAT gateway has beside its first."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import refused


@pytest.fixture
def ec2(cloud: Cloud) -> Any:
    return cloud.client("ec2")


def place(ec2: Any) -> str:
    """A subnet with a way out."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"])


def address(ec2: Any) -> str:
    return str(ec2.allocate_address(Domain="vpc")["AllocationId"])


def shown(ec2: Any, nat: str) -> list[tuple[str, bool]]:
    """Private address and whether it is the first, of each address."""
    found = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]
    return [(each["PrivateIp"], each["IsPrimary"]) for each in found]


def test_elastic_ips_come_and_go(ec2: Any) -> None:
    first, second, third = (address(ec2) for _ in range(3))
    made = ec2.create_nat_gateway(SubnetId=place(ec2), AllocationId=first, SecondaryAllocationIds=[second])
    nat = made["NatGateway"]["NatGatewayId"]
    assert shown(ec2, nat) == [("10.0.0.4", True), ("10.0.0.5", False)]
    added = ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[third])["NatGatewayAddresses"]
    assert [(each["AllocationId"], each["PrivateIp"]) for each in added] == [(third, "10.0.0.6")]
    with refused("Resource.AlreadyAssociated", third):
        ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[third])
    with refused("AuthFailure"):
        ec2.release_address(AllocationId=third)
    gone = ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[added[0]["AssociationId"]])
    assert [each["Status"] for each in gone["NatGatewayAddresses"]] == ["disassociating"]
    ec2.release_address(AllocationId=third)
    assert shown(ec2, nat) == [("10.0.0.4", True), ("10.0.0.5", False)]


def test_addresses_take_their_time_and_until_then_no_other_change_is_taken(cloud: Cloud, ec2: Any) -> None:
    first, second, third = (address(ec2) for _ in range(3))
    nat = ec2.create_nat_gateway(SubnetId=place(ec2), AllocationId=first)["NatGateway"]["NatGatewayId"]
    ec2.describe_nat_gateways()
    cloud.configure(settle_polls={"nat_address": 2, "nat_address_drain": 2})

    def statuses() -> list[str | None]:
        found = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]
        return [each.get("Status") for each in found if not each["IsPrimary"]]

    added = ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[second])["NatGatewayAddresses"]
    with refused("OperationInProgress", f"currently ASSOCIATING the following EIPs: ['{second}']"):
        ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[third])
    assert [statuses() for _ in range(3)] == [["associating"], ["associating"], ["succeeded"]]
    ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[added[0]["AssociationId"]])
    with refused("AuthFailure"):
        ec2.release_address(AllocationId=second)
    with refused("OperationInProgress"):
        ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[third])
    assert [statuses() for _ in range(3)] == [["disassociating"], ["disassociating"], []]
    ec2.release_address(AllocationId=second)


def test_the_first_address_stays_and_a_deleted_gateway_lets_all_go(ec2: Any) -> None:
    first, second = address(ec2), address(ec2)
    made = ec2.create_nat_gateway(SubnetId=place(ec2), AllocationId=first, SecondaryAllocationIds=[second])
    nat = made["NatGateway"]["NatGatewayId"]
    found = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]
    with refused("InvalidParameterValue"):
        ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[found[0]["AssociationId"]])
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.describe_nat_gateways(NatGatewayIds=[nat])
    for each in (first, second):
        ec2.release_address(AllocationId=each)


def test_private_gateways_have_private_addresses_only(ec2: Any) -> None:
    made = ec2.create_nat_gateway(
        SubnetId=place(ec2), ConnectivityType="private", SecondaryPrivateIpAddresses=["10.0.0.9"]
    )
    nat = made["NatGateway"]["NatGatewayId"]
    assert shown(ec2, nat) == [("10.0.0.4", True), ("10.0.0.9", False)]
    ec2.assign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddressCount=1)
    assert shown(ec2, nat)[2:] == [("10.0.0.5", False)]
    ec2.unassign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddresses=["10.0.0.9"])
    assert shown(ec2, nat) == [("10.0.0.4", True), ("10.0.0.5", False)]
    with refused("InvalidParameterValue"):
        ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[address(ec2)])
