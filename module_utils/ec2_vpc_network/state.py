# SPDX-License-Identifier: Apache-2.0
"""The one form in which a network is seen, wanted and planned.  Pure.

Parts stand in mappings: subnets and route tables by ``<tier>/<zone>``, NAT gateways by zone, endpoints by service,
security groups by key, addresses by allocation id, further flow logs by name. A part without an ``id`` does not exist
yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.plan import Ref
from . import acls, groups, names

# A network of which nothing exists.
EMPTY: dict[str, Any] = {
    "vpc_id": None, "cidr_block": None, "instance_tenancy": None, "dns_support": None, "dns_hostnames": None,
    "network_address_usage_metrics": None, "secondary_cidr_blocks": [], "cidr_associations": {}, "ipv6": {},
    "ipv6_netmask_length": None, "tags": {}, "subnets": {}, "foreign_subnets": {},
    "foreign_cidr_blocks": [], "foreign_ipv6_cidr_blocks": [],
    "internet_gateway": {}, "egress_only_gateway": {}, "dhcp_options": {}, "dhcp_option_sets": {},
    "network_acls": {}, "default_network_acl": {}, "acl_of_subnets": {}, "acl_associations": {},
    "encryption_control": {}, "block_public_access_exclusion": {},
    "default_route_table_locked": None, "default_route_table": {}, "addresses": {}, "nat_gateways": {},
    "dead_nat_gateways": [], "route_tables": {}, "gateway_endpoints": {}, "interface_endpoints": {},
    "dead_endpoints": {},
    "security_groups": {}, "default_security_group": {}, "default_security_group_locked": None,
    "flow_logs": {}, "flow_log_group": {}, "further_flow_logs": {}, "further_flow_log_groups": {}, "flow_log_role": {},
    "part_tags": {},
}  # fmt: skip
# What a way to the internet leads to, beside ``NAT gateway <zone>`` and ids that are not ours.
TO_INTERNET_GATEWAY, TO_EGRESS_ONLY_GATEWAY = names.INTERNET_GATEWAY, names.EGRESS_ONLY_GATEWAY
# What an address of ours is doing; one that a gateway on its way out still holds can be released, not used again.
FREE, IN_USE, LEAVING = "free", "in use", "leaving"


def complete(state: Mapping[str, Any] | None, satellites: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A state with every field."""
    return {**EMPTY, **(satellites or {}), **(state or {})}


def newborn(desired: Mapping[str, Any]) -> dict[str, Any]:
    """A VPC right after CreateVpc: DNS is resolved, its hosts have no names, all may pass, and no route leads out.

    Source: CreateVpc and ModifyVpcAttribute API reference; "Default security groups", "Default network ACL for a VPC"
    and "Route table concepts", Amazon VPC user guide.
    """
    return {
        **EMPTY,
        "vpc_id": Ref("vpc_id"),
        "cidr_block": desired["cidr_block"] or Ref(names.VPC_BLOCK),
        "instance_tenancy": desired["instance_tenancy"] or "default",
        "dns_support": True,
        "dns_hostnames": False,
        "network_address_usage_metrics": False,
        "tags": desired["tags"],
        "default_security_group": groups.newborn_default_group(),
        "default_security_group_locked": False,
        "default_network_acl": {"id": Ref(names.DEFAULT_ACL), **acls.AT_BIRTH},
        "default_route_table_locked": True,
    }
