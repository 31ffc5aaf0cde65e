"""What takes AWS its time, and how to see that it is over.  Pure."""

from __future__ import annotations

from typing import Any

from ..reconcile.plan import Wait
from . import names

# AWS writes the states of endpoints in lower case, its service model in capitals.
# Source: DescribeVpcEndpoints API reference, VpcEndpoint.State.
AVAILABLE = ("available", "Available")
ENDPOINT_FAILED = ("failed", "Failed", "rejected", "Rejected", "expired", "Expired")
ENDPOINT_GONE = ("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound")


def vpc(vpc_id: Any) -> Wait:
    """A VPC is there when its default security group is, whose id and rules no other answer tells."""
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    saves = {
        names.DEFAULT_GROUP: "SecurityGroups[0].GroupId",
        f"ingress of {names.DEFAULT_GROUP}": "SecurityGroups[0].IpPermissions",
        f"egress of {names.DEFAULT_GROUP}": "SecurityGroups[0].IpPermissionsEgress",
    }
    return Wait(names.VPC, "ec2", "describe_security_groups", {"Filters": filters}, "SecurityGroups[].GroupName",
                done=("default",), pause_seconds=1, slow=False, saves=saves)  # fmt: skip


def nat_gateway(zone: str, gateway_id: Any) -> Wait:
    return Wait(names.nat_gateway(zone), "ec2", "describe_nat_gateways", {"NatGatewayIds": [gateway_id]},
                "NatGateways[].State", done=("available",), failed=("failed", "deleting", "deleted"),
                reason="NatGateways[0].FailureMessage", absent_codes=("NatGatewayNotFound",))  # fmt: skip


def nat_gateway_gone(zone: str, gateway_id: Any) -> Wait:
    return Wait(names.nat_gateway(zone), "ec2", "describe_nat_gateways", {"NatGatewayIds": [gateway_id]},
                "NatGateways[].State", done=("deleted", "failed", "absent"),
                absent_codes=("NatGatewayNotFound",))  # fmt: skip


def endpoint(service: str, endpoint_id: Any) -> Wait:
    return Wait(names.endpoint(service), "ec2", "describe_vpc_endpoints", {"VpcEndpointIds": [endpoint_id]},
                "VpcEndpoints[].State", done=AVAILABLE, failed=ENDPOINT_FAILED,
                reason="VpcEndpoints[0].LastError.Message", absent_codes=ENDPOINT_GONE)  # fmt: skip


def endpoint_gone(service: str, endpoint_id: Any, slow: bool = True) -> Wait:
    return Wait(names.endpoint(service), "ec2", "describe_vpc_endpoints", {"VpcEndpointIds": [endpoint_id]},
                "VpcEndpoints[].State", done=("deleted", "Deleted", "absent"),
                absent_codes=ENDPOINT_GONE, slow=slow)  # fmt: skip
