# SPDX-License-Identifier: Apache-2.0
"""What plain moto gets wrong: each probe is true as long as it does. The docstrings say what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]
Probe = Callable[[Client], bool]
#: Probe -> the overlaid operations that it speaks for.
PROBES: dict[Probe, set[str]] = {}

ZONE = "eu-west-1a"
LOCATION = {"LocationConstraint": "eu-west-1"}


def still_wrong(service: str, *operations: str) -> Callable[[Probe], Probe]:
    """Registers a probe, and the operations of which it shows why they are overlaid."""

    def register(probe: Probe) -> Probe:
        PROBES[probe] = {f"{service}:{operation}" for operation in operations}
        return probe

    return register


def accepted(call: Callable[..., Any], **params: Any) -> bool:
    """Whether the call is answered; any error is a no."""
    try:
        call(**params)
    except ClientError:
        return False
    return True


def network(client: Client) -> tuple[Any, str, str]:
    """EC2, a VPC and a subnet in it."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    return ec2, vpc, subnet


def gateway(client: Client) -> tuple[Any, str, str, dict[str, str]]:
    """EC2, a NAT gateway, its address and the ids around it."""
    ec2, vpc, subnet = network(client)
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    return ec2, nat, address, {"vpc": vpc, "subnet": subnet, "igw": igw}


def interface_endpoint(client: Client) -> tuple[Any, str, str]:
    """EC2, an interface endpoint and its subnet."""
    ec2, vpc, subnet = network(client)
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.eu-west-1.kinesis-streams",
        SubnetIds=[subnet],
    )
    return ec2, made["VpcEndpoint"]["VpcEndpointId"], subnet
