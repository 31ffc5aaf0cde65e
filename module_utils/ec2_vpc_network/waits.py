# SPDX-License-Identifier: Apache-2.0
"""What takes AWS its time, and how to see that it is over.  Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..reconcile.plan import Wait
from . import names

# How long these usually take.  Source: localcloud's durations, from observed runs; AWS promises nothing.
NAT_SECONDS = 120
ENDPOINT_SECONDS = 60
NAT_ADDRESS_SECONDS = 60
# Source: DisassociateNatGatewayAddress API reference, MaxDrainDurationSeconds, default.
DRAIN_SECONDS = 350
PROTECTION_SECONDS = 60

# AWS writes the states of endpoints in lower case, its service model in capitals.
# Source: DescribeVpcEndpoints API reference, VpcEndpoint.State.
AVAILABLE = ("available", "Available")
ENDPOINT_FAILED = ("failed", "Failed", "rejected", "Rejected", "expired", "Expired")
ENDPOINT_GONE = ("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound")


def vpc(vpc_id: Any, with_acl: bool) -> Wait:
    """A VPC is there when its default security group is, whose id and rules no other answer tells.

    The same goes for its default network ACL, for those that declare one.
    """
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    saves = {
        names.DEFAULT_GROUP: "SecurityGroups[0].GroupId",
        f"ingress of {names.DEFAULT_GROUP}": "SecurityGroups[0].IpPermissions",
        f"egress of {names.DEFAULT_GROUP}": "SecurityGroups[0].IpPermissionsEgress",
    }
    wait = Wait(names.VPC, "ec2", "describe_security_groups", {"Filters": filters}, "SecurityGroups[].GroupName",
                done=("default",), pause_seconds=1, slow=False, saves=saves)  # fmt: skip
    acl = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "default", "Values": ["true"]}]
    then = Wait(names.VPC, "ec2", "describe_network_acls", {"Filters": acl}, "NetworkAcls[].IsDefault", done=("True",),
                pause_seconds=1, slow=False, saves={names.DEFAULT_ACL: "NetworkAcls[0].NetworkAclId"})  # fmt: skip
    return replace(wait, then=then) if with_acl else wait


def acl_of_subnet(noun: str, subnet_id: Any) -> Wait:
    """A new subnet is under the default network ACL; the answer lists all subnets that are."""
    filters = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
    return Wait(noun, "ec2", "describe_network_acls", {"Filters": filters}, "NetworkAcls[].IsDefault",
                done=("True", "False"), pause_seconds=1, slow=False,
                saves={names.associations_of(noun): "NetworkAcls[0].Associations"})  # fmt: skip


def block(vpc_id: Any, cidr_block: str) -> Wait:
    return _of_vpc(names.cidr_block(cidr_block), vpc_id, "CidrBlockAssociationSet", f"CidrBlock=='{cidr_block}'",
                   "CidrBlockState", ("associated",))  # fmt: skip


def block_gone(vpc_id: Any, cidr_block: str) -> Wait:
    return _of_vpc(names.cidr_block(cidr_block), vpc_id, "CidrBlockAssociationSet", f"CidrBlock=='{cidr_block}'",
                   "CidrBlockState", ("disassociated", "absent"))  # fmt: skip


def ipv6_block(vpc_id: Any) -> Wait:
    """Amazon chooses the block, and tells it when it is associated."""
    wait = _of_vpc(names.IPV6, vpc_id, IPV6_SET, NOT_GONE, IPV6_STATE, ("associated",))
    there = f"Vpcs[0].{IPV6_SET}[?{IPV6_STATE}.State=='associated'].Ipv6CidrBlock | [0]"
    return replace(wait, saves={names.IPV6: there})


def ipv6_block_gone(vpc_id: Any, association_id: str) -> Wait:
    which = f"AssociationId=='{association_id}'"
    return _of_vpc(names.IPV6, vpc_id, IPV6_SET, which, IPV6_STATE, ("disassociated", "absent"))


IPV6_SET, IPV6_STATE = "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockState"
NOT_GONE = f"{IPV6_STATE}.State!='disassociated'"


def _of_vpc(noun: str, vpc_id: Any, group: str, which: str, state: str, done: tuple[str, ...]) -> Wait:
    """Source: VpcCidrBlockState API reference."""
    return Wait(noun, "ec2", "describe_vpcs", {"VpcIds": [vpc_id]}, f"Vpcs[0].{group}[?{which}].{state}.State", done,
                failed=("failing", "failed"), reason=f"Vpcs[0].{group}[?{which}].{state}.StatusMessage | [0]",
                pause_seconds=1, slow=False)  # fmt: skip


def subnet_with_ipv6(noun: str, subnet_id: Any) -> Wait:
    return _of_subnet(noun, subnet_id, ("associated",))


def subnet_without_ipv6(noun: str, subnet_id: Any) -> Wait:
    return _of_subnet(noun, subnet_id, ("absent",))


def _of_subnet(noun: str, subnet_id: Any, done: tuple[str, ...]) -> Wait:
    states = f"Subnets[0].{IPV6_SET}[?{NOT_GONE}].{IPV6_STATE}.State"
    return Wait(noun, "ec2", "describe_subnets", {"SubnetIds": [subnet_id]}, states, done, failed=("failing", "failed"),
                pause_seconds=1, slow=False)  # fmt: skip


def attached(gateway_id: Any) -> Wait:
    """NAT gateways and routes are refused until the VPC shows its internet gateway.

    Source: CreateNatGateway, FailureCode Gateway.NotAttached; terraform-provider-aws waits for `available`.
    """
    return Wait(names.INTERNET_GATEWAY, "ec2", "describe_internet_gateways", {"InternetGatewayIds": [gateway_id]},
                "InternetGateways[].Attachments[].State", done=("available", "attached"),
                absent_codes=("InvalidInternetGatewayID.NotFound",), pause_seconds=1, slow=False)  # fmt: skip


def nat_gateway(zone: str, gateway_id: Any) -> Wait:
    return Wait(names.nat_gateway(zone), "ec2", "describe_nat_gateways", {"NatGatewayIds": [gateway_id]},
                "NatGateways[].State", done=("available",), failed=("failed", "deleting", "deleted"),
                reason="NatGateways[0].FailureMessage", absent_codes=("NatGatewayNotFound",),
                typical_seconds=NAT_SECONDS)  # fmt: skip


def nat_gateway_gone(zone: str, gateway_id: Any) -> Wait:
    return Wait(names.nat_gateway(zone), "ec2", "describe_nat_gateways", {"NatGatewayIds": [gateway_id]},
                "NatGateways[].State", done=("deleted", "failed", "absent"),
                absent_codes=("NatGatewayNotFound",), typical_seconds=NAT_SECONDS)  # fmt: skip


def nat_addresses(zone: str, gateway_id: Any, ids: Sequence[str], there: bool) -> Wait:
    """Addresses beside the first that come, or go once their connections have ended.

    Source: NatGatewayAddress API reference, Status; DisassociateNatGatewayAddress, MaxDrainDurationSeconds.
    """
    which = f"NatGateways[0].NatGatewayAddresses[?contains(`{json.dumps(list(ids))}`, AllocationId)]"
    return Wait(names.nat_addresses(zone), "ec2", "describe_nat_gateways", {"NatGatewayIds": [gateway_id]},
                f"{which}.Status", done=("succeeded",) if there else ("absent",), failed=("failed",),
                reason=f"{which} | [?Status=='failed'].FailureMessage | [0]", absent_codes=("NatGatewayNotFound",),
                typical_seconds=NAT_ADDRESS_SECONDS if there else DRAIN_SECONDS)  # fmt: skip


def endpoint(service: str, endpoint_id: Any) -> Wait:
    return Wait(names.endpoint(service), "ec2", "describe_vpc_endpoints", {"VpcEndpointIds": [endpoint_id]},
                "VpcEndpoints[].State", done=AVAILABLE, failed=ENDPOINT_FAILED,
                reason="VpcEndpoints[0].LastError.Message", absent_codes=ENDPOINT_GONE,
                typical_seconds=ENDPOINT_SECONDS)  # fmt: skip


def endpoint_gone(service: str, endpoint_id: Any, slow: bool = True) -> Wait:
    return Wait(names.endpoint(service), "ec2", "describe_vpc_endpoints", {"VpcEndpointIds": [endpoint_id]},
                "VpcEndpoints[].State", done=("deleted", "Deleted", "absent"),
                absent_codes=ENDPOINT_GONE, slow=slow, typical_seconds=ENDPOINT_SECONDS if slow else 0)  # fmt: skip


def encryption_control(control_id: Any) -> Wait:
    """Source: VpcEncryptionControl API reference, State."""
    return _encryption_control(control_id, ("available",))


def encryption_control_gone(control_id: str) -> Wait:
    return _encryption_control(control_id, ("deleted", "absent"))


def _encryption_control(control_id: Any, done: tuple[str, ...]) -> Wait:
    return Wait(names.ENCRYPTION_CONTROL, "ec2", "describe_vpc_encryption_controls",
                {"VpcEncryptionControlIds": [control_id]}, "VpcEncryptionControls[].State", done,
                failed=("enforce-failed", "monitor-failed", "delete-failed"),
                reason="VpcEncryptionControls[0].StateMessage",
                absent_codes=("InvalidVpcEncryptionControlId.NotFound",),
                typical_seconds=PROTECTION_SECONDS)  # fmt: skip


def exclusion(exclusion_id: Any) -> Wait:
    """Source: VpcBlockPublicAccessExclusion API reference, State."""
    return _exclusion(exclusion_id, ("create-complete", "update-complete", "delete-complete"))


def exclusion_gone(exclusion_id: str) -> Wait:
    return _exclusion(exclusion_id, ("delete-complete", "absent"))


def _exclusion(exclusion_id: Any, done: tuple[str, ...]) -> Wait:
    return Wait(names.EXCLUSION, "ec2", "describe_vpc_block_public_access_exclusions",
                {"ExclusionIds": [exclusion_id]}, "VpcBlockPublicAccessExclusions[].State", done,
                failed=("create-failed", "update-failed"), reason="VpcBlockPublicAccessExclusions[0].Reason",
                absent_codes=("InvalidVpcBlockPublicAccessExclusionId.NotFound",),
                typical_seconds=PROTECTION_SECONDS)  # fmt: skip
