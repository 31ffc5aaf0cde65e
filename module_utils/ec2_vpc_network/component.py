# SPDX-License-Identifier: Apache-2.0
"""The network as one value: its options, and what the core has to know of it.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..log_groups import PERMISSIONS as OF_LOG_GROUPS
from ..reconcile.component import Component
from ..reconcile.fields import Field
from ..reconcile.offers import NETWORK
from . import names
from .charges import charges
from .desire import desire
from .observe import blockers, observe
from .obstacles import guards
from .offers import offers
from .plan import delete, update
from .rules import rules
from .state import newborn
from .vpc import create_calls

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {},
    "vpc_id": {},
    "adopt": {"type": "bool", "default": False},
    "adopted_parts": {"type": "dict"},
    "part_names": {"type": "dict"},
    "cidr_block": {},
    "ipv4_ipam_pool_id": {},
    "ipv4_netmask_length": {"type": "int"},
    "secondary_cidr_blocks": {"type": "list", "elements": "str"},
    "ipv6_pool": {},
    "ipv6_netmask_length": {"type": "int"},
    "zones": {"type": "list", "elements": "str"},
    "tiers": {"type": "dict"},
    "purge_subnets": {"type": "bool", "default": False},
    "subnet_prefix_length": {"type": "int"},
    "reserved_zones": {"type": "int", "default": 4},
    "reserved_tiers": {"type": "int", "default": 4},
    "nat_gateways": {"choices": ["none", "single", "per_zone", "regional"]},
    "nat_allocation_ids": {"type": "dict"},
    "nat_secondary_allocation_ids": {"type": "dict"},
    "dns_support": {"type": "bool"},
    "dns_hostnames": {"type": "bool"},
    "network_address_usage_metrics": {"type": "bool"},
    "instance_tenancy": {"choices": ["default", "dedicated"]},
    "dhcp_options": {"type": "dict"},
    "gateway_endpoints": {"type": "list", "elements": "str"},
    "interface_endpoints": {"type": "list", "elements": "str"},
    "interface_endpoint_tier": {},
    "endpoint_settings": {"type": "dict"},
    "security_groups": {"type": "dict"},
    "default_security_group_locked": {"type": "bool"},
    "default_network_acl": {"type": "dict"},
    "default_route_table_locked": {"type": "bool"},
    "flow_logs": {"type": "dict"},
    "further_flow_logs": {"type": "dict"},
    "encryption_control": {"type": "dict"},
    "block_public_access_exclusion": {"choices": ["none", "allow-bidirectional", "allow-egress"]},
}

# Parts by key; each is compared as a whole, and no part at all is as good as none.
PARTS = (
    "foreign_subnets", "encryption_control", "block_public_access_exclusion", "acl_of_subnets", "network_acls",
    "dhcp_options", "dhcp_option_sets", "ipv6", "subnets", "internet_gateway", "egress_only_gateway", "addresses",
    "nat_gateways", "route_tables", "gateway_endpoints", "interface_endpoints", "dead_endpoints", "security_groups",
    "flow_logs", "flow_log_group", "further_flow_logs", "further_flow_log_groups", "flow_log_role", "part_tags",
)  # fmt: skip


def some(parts: Any) -> Any:
    """The parts, or ``None`` when there is none."""
    return parts or None


FIELDS = (
    Field("cidr_block", fixed="the block of a VPC cannot change"),
    Field("instance_tenancy"),
    Field("dns_support"),
    Field("dns_hostnames"),
    Field("network_address_usage_metrics"),
    Field("secondary_cidr_blocks"),
    Field("tags"),
    Field("default_security_group_locked"),
    Field("default_network_acl"),
    Field("default_route_table_locked"),
    *(Field(name, normal=some) for name in PARTS),
)

# Tags inside a create call need ec2:CreateTags, and a flow log needs iam:PassRole for its role.
# Source: service authorization reference, Amazon EC2, dependent actions.
PERMISSIONS = OF_LOG_GROUPS | frozenset({
    "ec2:AllocateAddress", "ec2:AssociateDhcpOptions", "ec2:AssociateNatGatewayAddress",
    "ec2:AssociateRouteTable", "ec2:AssociateSubnetCidrBlock",
    "ec2:AssociateVpcCidrBlock", "ec2:AttachInternetGateway", "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateDhcpOptions", "ec2:CreateEgressOnlyInternetGateway",
    "ec2:CreateFlowLogs", "ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateNetworkAcl",
    "ec2:CreateNetworkAclEntry", "ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc", "ec2:CreateVpcBlockPublicAccessExclusion",
    "ec2:CreateVpcEncryptionControl", "ec2:CreateVpcEndpoint", "ec2:DeleteDhcpOptions",
    "ec2:DeleteEgressOnlyInternetGateway", "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway",
    "ec2:DeleteNatGateway", "ec2:DeleteNetworkAcl", "ec2:DeleteNetworkAclEntry", "ec2:DeleteRoute",
    "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc",
    "ec2:DeleteVpcBlockPublicAccessExclusion", "ec2:DeleteVpcEncryptionControl", "ec2:DeleteVpcEndpoints",
    "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeDhcpOptions",
    "ec2:DescribeEgressOnlyInternetGateways", "ec2:DescribeFlowLogs", "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways", "ec2:DescribeNetworkAcls", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
    "ec2:DescribeTransitGatewayVpcAttachments", "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcBlockPublicAccessExclusions", "ec2:DescribeVpcEncryptionControls",
    "ec2:DescribeVpcEndpointServices", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs", "ec2:DescribeVpnGateways",
    "ec2:DetachInternetGateway", "ec2:DisableVgwRoutePropagation", "ec2:DisassociateNatGatewayAddress",
    "ec2:DisassociateRouteTable",
    "ec2:DisassociateSubnetCidrBlock", "ec2:DisassociateVpcCidrBlock", "ec2:EnableVgwRoutePropagation",
    "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcBlockPublicAccessExclusion",
    "ec2:ModifyVpcEncryptionControl", "ec2:ModifyVpcEndpoint", "ec2:ModifyVpcTenancy", "ec2:ReleaseAddress",
    "ec2:ReplaceNetworkAclAssociation", "ec2:ReplaceNetworkAclEntry", "ec2:ReplaceRoute",
    "ec2:ReplaceRouteTableAssociation", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
    # Source: "Publish flow logs to Firehose", Amazon VPC user guide.
    "firehose:TagDeliveryStream", "iam:CreateServiceLinkedRole",
    "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetRole",
    "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:PassRole",
    "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "route53:AssociateVPCWithHostedZone", "sts:GetCallerIdentity",
})  # fmt: skip

# What still hangs on to an object lets go of it in the end: an address of a NAT gateway, say, which AWS words as a
# missing permission. A new role is not known everywhere at once, an old private name is taken back slowly, and a
# gateway is not attached everywhere at once.
# Source: "Delete your VPC", "IAM is eventually consistent" (IAM user guide, troubleshooting), EC2 error codes;
# terraform-provider-aws: flow_log.go, vpc_endpoint.go, ec2_eip.go, iam/role.go,
# and #44581 for addresses that are on their way to a NAT gateway.
PATIENCE = {
    "DependencyViolation": 300, "InvalidIPAddress.InUse": 120,
    "AuthFailure:do not have permission to access the specified resource": 120,
    "InvalidParameter:Unable to assume given IAM role": 120, "InvalidParameter:conflicting DNS domain": 120,
    "InvalidParameter:attached to the VPC": 60, "Gateway.NotAttached": 60, "OperationInProgress": 400,
    "NoSuchEntity": 60, "DeleteConflict": 60,
}  # fmt: skip

# A rule that is to go and is not there.
HARMLESS = {"InvalidPermission.NotFound": ""}


def arns(options: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The log groups of the flow logs, and their role; all else is known by its tags."""
    name = names.network_name(options)
    return {"logs": (f"log-group:{names.log_group_name(name)}*",), "iam": (f"role/{names.role_name(name)}",)}


COMPONENT = Component(
    module="ec2_vpc_network", noun=names.NOUN, options=OPTIONS, fields=FIELDS, rules=rules, observe=observe,
    desire=desire, guards=guards, newborn=newborn, create=create_calls, update=update, delete=delete,
    permissions=PERMISSIONS, parting=frozenset({"ec2:DeleteVpc"}), arns=arns,
    patience=PATIENCE, harmless=HARMLESS, blockers=blockers,
    charges=charges, offering=(NETWORK,), offers=offers,
    for_changes=frozenset({"zones", "internet_gateways", "endpoint_services"}),
)  # fmt: skip
