# SPDX-License-Identifier: Apache-2.0
"""What can be set on subnets.  Source: EC2 API reference ModifySubnetAttribute."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.subnets import Subnet

from localcloud.overlays.ec2.base import Base
from localcloud.overlays.wrap import wrap
from localcloud.refusals import refuse

#: Parameter -> where a subnet of moto's holds it: an attribute, or an entry of its options for private names.
_ATTRIBUTES = {
    "MapPublicIpOnLaunch": "map_public_ip_on_launch",
    "AssignIpv6AddressOnCreation": "assign_ipv6_address_on_creation",
    "EnableDns64": "enable_dns64",
}
_NAME_OPTIONS = {
    "EnableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecord",
    "EnableResourceNameDnsAAAARecordOnLaunch": "EnableResourceNameDnsAAAARecord",
    "PrivateDnsHostnameTypeOnLaunch": "HostnameType",
}


#: What takes an IPv6 block.  Source: terraform-provider-aws #32410, terraform-aws-vpc #735 and #1194.
_OF_IPV6 = {
    "AssignIpv6AddressOnCreation": "assign-ipv6-address-on-creation",
    "EnableDns64": "enable-dns64",
    "EnableResourceNameDnsAAAARecordOnLaunch": "enable-resource-name-dns-aaaa-record-on-launch",
}


def become_native(subnet: Subnet) -> None:
    """What a subnet with IPv6 only is born with beside the addresses.

    Source: EC2 user guide, "EC2 instance hostname types"; observed, ManageIQ/manageiq-providers-amazon #914.
    """
    if subnet.ipv6_native:
        options = subnet.private_dns_name_options_on_launch
        options.update(HostnameType="resource-name", EnableResourceNameDnsAAAARecord=True)


def _free_addresses(self: Subnet) -> int:
    """The IPv4 addresses that are left; moto counts those of IPv6 blocks in. AWS keeps five of each subnet."""
    if self.ipv6_native:
        return 0
    taken = [eni for eni in self.ec2_backend.enis.values() if eni.subnet.id == self.id]
    return max(0, self.cidr.num_addresses - 5 - len(taken))


def _filter_value(original: Any, self: Subnet, name: str, method: str | None = None) -> Any:
    """What a filter compares; moto lacks those on IPv6 associations.  Source: DescribeSubnets, Filters."""
    blocks = self.ipv6_cidr_block_association_set
    if name == "ipv6-cidr-block-association.association-id":
        return [block["associationId"] for block in blocks]
    if name == "ipv6-cidr-block-association.state":
        return [block["ipv6CidrBlockState"]["state"] for block in blocks]
    return original(self, name, method)


def correct_models() -> None:
    """Correct what moto's own model of subnets has wrong."""
    wrap(Subnet, "get_filter_value", _filter_value)
    Subnet.available_ip_address_count = property(_free_addresses)  # type: ignore[assignment,method-assign]


class Subnets(Base):
    """ModifySubnetAttribute."""

    def modify_subnet_attribute(self) -> ActionResult:
        """Nothing; one attribute is set in a call."""
        given = self.given
        subnet = self.ec2_backend.get_subnet(given["SubnetId"])
        names = [name for name in given if name != "SubnetId"]
        if len(names) != 1:
            raise refuse("InvalidParameterCombination", "Only one attribute can be modified at a time")
        (name,) = names
        value = given[name]["Value"] if isinstance(given[name], dict) else given[name]
        if name in _OF_IPV6 and value and not subnet.ipv6_cidr_block_association_set:
            text = f"Invalid value 'true' for {_OF_IPV6[name]}. Cannot set {_OF_IPV6[name]} to true unless the subnet "
            raise refuse("InvalidParameterValue", f"{text}({subnet.id}) has an IPv6 CIDR block associated with it.")
        if name == "PrivateDnsHostnameTypeOnLaunch" and value != "resource-name" and subnet.ipv6_native:
            # Source: ModifySubnetAttribute: "For IPv6 only subnets, an instance DNS name must be based on the ID".
            raise refuse("InvalidParameterValue", f"{subnet.id} is an IPv6 only subnet: resource-name.")
        if name in _NAME_OPTIONS:
            subnet.private_dns_name_options_on_launch[_NAME_OPTIONS[name]] = value
        elif name in _ATTRIBUTES:
            setattr(subnet, _ATTRIBUTES[name], value)
        else:
            raise refuse("InvalidParameterValue", f"The attribute {name} is not known")
        return EmptyResult()
