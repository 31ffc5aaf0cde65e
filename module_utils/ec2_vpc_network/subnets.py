# SPDX-License-Identifier: Apache-2.0
"""Subnets: how they are seen, what can be set on them, and their calls.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, Call, Ref
from . import names, topology, waits

# What a tier can set on its subnets, as ModifySubnetAttribute takes it, and what a new subnet has of it.
# Source: ModifySubnetAttribute and CreateSubnet API reference.
ATTRIBUTES = {
    "map_public_ip_on_launch": "MapPublicIpOnLaunch",
    "assign_ipv6_address_on_creation": "AssignIpv6AddressOnCreation",
    "enable_dns64": "EnableDns64",
    "enable_resource_name_dns_a_record_on_launch": "EnableResourceNameDnsARecordOnLaunch",
    "enable_resource_name_dns_aaaa_record_on_launch": "EnableResourceNameDnsAAAARecordOnLaunch",
    "private_dns_hostname_type_on_launch": "PrivateDnsHostnameTypeOnLaunch",
}
HOSTNAME_TYPE = "private_dns_hostname_type_on_launch"
HOSTNAME_TYPES = ("ip-name", "resource-name")
AT_BIRTH = {**dict.fromkeys(ATTRIBUTES, False), HOSTNAME_TYPE: "ip-name"}
# What makes sense with an IPv6 block, and has to be off before a subnet loses it.
# Source: terraform-provider-aws #32410, terraform-aws-vpc #735 and #1194: "unless the subnet has an IPv6 CIDR block".
AAAA = "enable_resource_name_dns_aaaa_record_on_launch"
OF_IPV6 = ("assign_ipv6_address_on_creation", "enable_dns64", AAAA)
# A new subnet with IPv6 and nothing else; what of it a tier cannot have otherwise, and what it cannot have at all.
# Source: CreateSubnet, Ipv6Native; ModifySubnetAttribute, PrivateDnsHostnameTypeOnLaunch; "IPv6-only subnets".
NATIVE = {"assign_ipv6_address_on_creation": True, HOSTNAME_TYPE: "resource-name", AAAA: True}
NEVER_NATIVE = {
    "assign_ipv6_address_on_creation": False, HOSTNAME_TYPE: "ip-name", "map_public_ip_on_launch": True,
    "enable_resource_name_dns_a_record_on_launch": True,
}  # fmt: skip
# Whether its names have AAAA records AWS says nowhere, so that is always set.
NATIVE_AT_BIRTH = {**AT_BIRTH, **NATIVE, AAAA: None}


def observed(item: Mapping[str, Any]) -> dict[str, Any]:
    """A subnet as DescribeSubnets shows it, without its tier."""
    options = item.get("PrivateDnsNameOptionsOnLaunch") or {}
    return {
        "id": item["SubnetId"],
        # One with IPv6 only has none.
        "cidr_block": item.get("CidrBlock") or None,
        "zone": item["AvailabilityZone"],
        "ipv6": observed_ipv6(item),
        "attributes": {
            "map_public_ip_on_launch": bool(item.get("MapPublicIpOnLaunch")),
            "assign_ipv6_address_on_creation": bool(item.get("AssignIpv6AddressOnCreation")),
            "enable_dns64": bool(item.get("EnableDns64")),
            "enable_resource_name_dns_a_record_on_launch": bool(options.get("EnableResourceNameDnsARecord")),
            "enable_resource_name_dns_aaaa_record_on_launch": bool(options.get("EnableResourceNameDnsAAAARecord")),
            HOSTNAME_TYPE: options.get("HostnameType") or AT_BIRTH[HOSTNAME_TYPE],
        },
    }


def observed_ipv6(item: Mapping[str, Any]) -> dict[str, str]:
    """The IPv6 block of a subnet with the id of its association; empty when it has none."""
    for each in item.get("Ipv6CidrBlockAssociationSet") or ():
        if each["Ipv6CidrBlockState"]["State"] in ("associating", "associated"):
            return {"cidr_block": each["Ipv6CidrBlock"], "association_id": each["AssociationId"]}
    return {}


def desired_attributes(options: Mapping[str, Any], key: str, present: Mapping[str, Any], ipv6: Any) -> dict[str, Any]:
    """Attributes as the tier states them, else as they are; public addresses are given out only where it says so."""
    name = topology.split(key)[0]
    tier, born = topology.tier(options, name), NATIVE if topology.native(options, name) else {}
    stated = {name: tier[name] for name in ATTRIBUTES if tier.get(name) is not None}
    without_ipv6 = {} if ipv6 else dict.fromkeys(OF_IPV6, False)
    # Security Hub's EC2.15 asks that no subnet does it, public ones neither.
    private = {"map_public_ip_on_launch": False}
    return {**AT_BIRTH, **born, **present.get("attributes", {}), **private, **without_ipv6, **stated}


def subnet_calls(observed: Any, desired: Any) -> list[Call]:
    before, after = observed["subnets"], desired["subnets"]
    calls = []
    for key, item in after.items():
        if key in before:
            calls += _changes(names.subnet(key), before[key]["id"], before[key], item, names.table_of(desired, key))
        else:
            calls += _creation(observed, desired, key)
    gone = {key: item["id"] for key, item in before.items() if key not in after}
    gone |= {item: item for item in observed["foreign_subnets"] if item not in desired["foreign_subnets"]}
    return calls + [delete_subnet(key, subnet_id, observed) for key, subnet_id in gone.items()]


def _creation(observed: Any, desired: Any, key: str) -> list[Call]:
    item, noun = desired["subnets"][key], names.subnet(key)
    params = {
        "VpcId": observed["vpc_id"],
        **({"CidrBlock": item["cidr_block"]} if item["cidr_block"] else {"Ipv6Native": True}),
        "AvailabilityZone": item["zone"],
        **({"Ipv6CidrBlock": item["ipv6"]["cidr_block"]} if item["ipv6"] else {}),
        "TagSpecifications": names.specification(desired, "subnet", f"subnet/{key}"),
    }
    # A block beside the VPC's first one has to be there before.
    after = tuple(names.cidr_block(block) for block in desired["secondary_cidr_blocks"] or ())
    own_acl = desired["acl_of_subnets"][key] != names.DEFAULT_ACL
    create = Call("ec2", "create_subnet", params, noun, f"create {noun}", CREATE, after, {noun: "Subnet.SubnetId"},
                  waits.acl_of_subnet(noun, Ref(noun)) if own_acl else None)  # fmt: skip
    born = {"ipv6": item["ipv6"], "attributes": AT_BIRTH if item["cidr_block"] else NATIVE_AT_BIRTH}
    return [create, *_changes(noun, Ref(noun), born, item)]


def _changes(noun: str, subnet_id: Any, before: Any, after: Any, routes: str = "") -> list[Call]:
    """What needs the IPv6 block goes before it and comes after it; its routes go first."""
    changed = [name for name in ATTRIBUTES if before["attributes"][name] != after["attributes"][name]]
    off = [name for name in changed if after["attributes"][name] is False]
    calls = [_attribute(noun, subnet_id, name, False) for name in off]
    if before["ipv6"] and not after["ipv6"]:
        params = {"AssociationId": before["ipv6"]["association_id"]}
        calls.append(Call("ec2", "disassociate_subnet_cidr_block", params, noun, f"take the IPv6 block from {noun}",
                          DISRUPTIVE, (routes,), wait=waits.subnet_without_ipv6(noun, subnet_id)))  # fmt: skip
    if after["ipv6"] and not before["ipv6"]:
        params = {"SubnetId": subnet_id, "Ipv6CidrBlock": after["ipv6"]["cidr_block"]}
        calls.append(Call("ec2", "associate_subnet_cidr_block", params, noun, f"give {noun} an IPv6 block",
                          wait=waits.subnet_with_ipv6(noun, subnet_id)))  # fmt: skip
    return calls + [_attribute(noun, subnet_id, name, after["attributes"][name]) for name in changed if name not in off]


def _attribute(noun: str, subnet_id: Any, name: str, value: Any) -> Call:
    """One attribute in a call.  Source: ModifySubnetAttribute API reference."""
    given = value if name == HOSTNAME_TYPE else {"Value": value}
    params = {"SubnetId": subnet_id, ATTRIBUTES[name]: given}
    return Call("ec2", "modify_subnet_attribute", params, noun, f"set {name} of {noun} to {str(value).lower()}")


def delete_subnet(key: str, subnet_id: str, observed: Any) -> Call:
    """A subnet goes after its route table and after the gateways and endpoints that may stand in it."""
    noun = names.subnet(key)
    standing = [*(names.nat_gateway(zone) for zone in observed["nat_gateways"]),
                *names.endpoints_inside(observed)]  # fmt: skip
    after = (names.table_of(observed, key), *standing)
    return Call("ec2", "delete_subnet", {"SubnetId": subnet_id}, noun, f"delete {noun}", DELETE, after)
