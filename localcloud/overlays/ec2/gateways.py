# SPDX-License-Identifier: Apache-2.0
"""Internet gateways, NAT gateways and elastic IPs.

Source: EC2 API reference CreateNatGateway, DeleteNatGateway, DescribeNatGateways, ReleaseAddress,
DetachInternetGateway; VPC user guide "Troubleshoot NAT gateways"; "Error codes".
"""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult

from localcloud.clock import clock, now
from localcloud.overlays import interfaces
from localcloud.overlays.ec2.base import Base, keep_matching
from localcloud.overlays.ec2.nat_addresses import add_private, add_public, free_hosts, is_over, passage_of
from localcloud.overlays.ec2.regional_nat import RegionalNat
from localcloud.refusals import refuse
from localcloud.settings import settings

NAT = "nat_gateway"


def is_gone(nat: Any) -> bool:
    """Whether the NAT gateway holds nothing any more; DescribeNatGateways still lists it for about an hour."""
    clock.touch(nat.id)
    clock.touch(passage_of(nat))
    return is_over(nat)


class Gateways(Base):
    """The calls on internet gateways, NAT gateways and elastic IPs."""

    def create_internet_gateway(self) -> ActionResult:
        """The internet gateway."""
        if len(self.ec2_backend.internet_gateways) >= settings.quota("internet_gateways_per_region"):
            raise refuse("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")
        return super().create_internet_gateway()

    def create_egress_only_internet_gateway(self) -> ActionResult:
        """The egress-only internet gateway."""
        there = len(self.ec2_backend.egress_only_internet_gateways)
        if there >= settings.quota("egress_only_internet_gateways_per_region"):
            message = "The maximum number of egress-only internet gateways has been reached."
            raise refuse("EgressOnlyInternetGatewayLimitExceeded", message)
        return super().create_egress_only_internet_gateway()

    def attach_internet_gateway(self) -> ActionResult:
        """Nothing; a VPC has at most one."""
        vpc_id = self.given["VpcId"]
        if any(igw.vpc and igw.vpc.id == vpc_id for igw in self.ec2_backend.internet_gateways.values()):
            raise refuse("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")
        return super().attach_internet_gateway()

    def detach_internet_gateway(self) -> ActionResult:
        """Nothing; refused while public addresses of the VPC need it."""
        vpc_id = self.given["VpcId"]
        for nat in list(self.ec2_backend.nat_gateways.values()):
            clock.touch(nat.id)
        if any(address.eni and address.eni.subnet.vpc_id == vpc_id for address in self.ec2_backend.addresses):
            raise refuse(
                "DependencyViolation",
                f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
                "detaching the gateway.",
            )
        return super().detach_internet_gateway()

    def allocate_address(self) -> ActionResult:
        """The elastic IP. Source: quota L-0263D0A3; error code AddressLimitExceeded."""
        if len(self.ec2_backend.addresses) >= settings.quota("elastic_ips_per_region"):
            raise refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        return super().allocate_address()

    def release_address(self) -> ActionResult:
        """Nothing; an address in use cannot be released."""
        allocation = self.given.get("AllocationId")
        if allocation:
            address = self.ec2_backend.address_by_allocation([allocation])[0]
            self._check_free(address)
        return super().release_address()

    def disassociate_address(self) -> ActionResult:
        """Nothing; the address of a NAT gateway only comes free when that is deleted."""
        association = self.given.get("AssociationId")
        if association and self._nat_of(self.ec2_backend.address_by_association([association])[0]):
            raise _no_permission()
        return super().disassociate_address()

    def _check_free(self, address: Any) -> None:
        nat = self._nat_of(address)
        if nat:
            # Source: observed (eformat/sno-for-100 #5, kubernetes/kops #1604): AuthFailure, not InUse.
            raise _no_permission()
        if address.association_id:
            raise refuse("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")

    def _nat_of(self, address: Any) -> Any | None:
        for nat in list(self.ec2_backend.nat_gateways.values()):
            if not is_gone(nat) and address.eni is nat._eni:
                return nat
        return None

    def create_nat_gateway(self) -> ActionResult:
        """The NAT gateway, `pending`; `available` or `failed` later."""
        self.given.setdefault("ConnectivityType", "public")
        if self.given.get("AvailabilityMode") == "regional":
            return self._create_regional()
        subnet = self.ec2_backend.get_subnet(self.given.get("SubnetId"))
        if subnet.ipv6_native:
            # Source: VPC user guide, "NAT gateway basics": a gateway has a private IPv4 address of its subnet.
            raise refuse("InvalidSubnet", f"{subnet.id} has no IPv4 CIDR block, which a NAT gateway needs")
        public = self.given["ConnectivityType"] == "public"
        if public and "AllocationId" not in self.given:
            raise refuse("MissingParameter", "The request must contain the parameter AllocationId")
        if not public and "AllocationId" in self.given:
            # Source: CreateNatGateway, AllocationId: not for a private NAT gateway.
            raise refuse("InvalidParameterCombination", "A private NAT gateway takes no AllocationId")
        _check_address(subnet, self.given.get("PrivateIpAddress"))
        self._check_nat_quota(subnet.availability_zone)
        answer = super().create_nat_gateway()
        nat = answer.result["NatGateway"]
        interfaces.own(nat._eni, f"Interface for NAT Gateway {nat.id}", self.current_account, "nat_gateway")
        _place(nat, subnet, self.given.get("PrivateIpAddress"))
        self._add_secondary(nat)
        nat.state = "pending"
        clock.begin(NAT, nat.id, lambda: self._nat_arrives(nat))
        return ActionResult({"NatGateway": nat})

    def _add_secondary(self, nat: Any) -> None:
        given = self.given
        hosts, count = given.get("SecondaryPrivateIpAddresses", []), given.get("SecondaryPrivateIpAddressCount", 0)
        if nat.connectivity_type == "public":
            add_public(nat, given.get("SecondaryAllocationIds", []), hosts)
        else:
            add_private(nat, hosts, count)

    def _create_regional(self) -> ActionResult:
        given, ec2 = self.given, self.ec2_backend
        if "VpcId" not in given or "SubnetId" in given or "AllocationId" in given:
            raise refuse("InvalidParameterCombination", "A regional NAT gateway takes a VpcId and no SubnetId")
        vpc = ec2.get_vpc(given["VpcId"])
        tags = self._parse_tag_specification().get("natgateway", {})
        nat = RegionalNat(ec2, vpc.id, given.get("AvailabilityZoneAddresses", []), tags)
        ec2.nat_gateways[nat.id] = nat
        clock.begin(NAT, nat.id, lambda: self._nat_arrives(nat))
        return ActionResult({"NatGateway": nat})

    def _check_nat_quota(self, zone: str) -> None:
        # Source: quota L-FE5A380F; pending, active and deleting gateways count.
        ec2 = self.ec2_backend
        there = [n for n in ec2.nat_gateways.values() if not is_gone(n) and _zone(ec2, n) == zone]
        if len(there) >= settings.quota("nat_gateways_per_zone"):
            raise refuse("NatGatewayLimitExceeded", f"The maximum number of NAT gateways in {zone} has been reached.")

    def _nat_arrives(self, nat: Any) -> None:
        attached = any(igw.vpc and igw.vpc.id == nat.vpc_id for igw in self.ec2_backend.internet_gateways.values())
        if attached or nat.connectivity_type == "private":
            nat.state = "available"
            return
        message = f"Network {nat.vpc_id} has no Internet gateway attached"
        give_up(self.ec2_backend, nat, "Gateway.NotAttached", message)

    def delete_nat_gateway(self) -> ActionResult:
        """The id; `deleting` first, `deleted` later, and only then are its address and its subnet free."""
        nat = self._nat(self.given["NatGatewayId"])
        if is_gone(nat) and nat.state == "deleted":
            raise _no_nat(nat.id)
        if nat.state == "deleting":
            return ActionResult({"NatGatewayId": nat.id})
        nat.state = "deleting"

        def arrive() -> None:
            nat.state = "deleted"
            nat.delete_time = now()
            _free(self.ec2_backend, nat)

        clock.begin(NAT, nat.id, arrive)
        return ActionResult({"NatGatewayId": nat.id})

    def describe_nat_gateways(self) -> ActionResult:
        """The gateways that match, deleted ones included; each look brings one under way one poll nearer."""
        wanted = self.given.get("NatGatewayIds", [])
        found = [self._nat(name) for name in wanted] or list(self.ec2_backend.nat_gateways.values())
        fields = {
            "nat-gateway-id": lambda nat: nat.id,
            "subnet-id": lambda nat: nat.subnet_id,
            "vpc-id": lambda nat: nat.vpc_id,
            "state": lambda nat: nat.state,
        }
        filters: dict[str, Any] = {**self._filters_from_querystring()}
        states = filters.pop("state", None)
        found = keep_matching(found, filters, fields)
        for nat in found:
            clock.look(nat.id)
            clock.look(passage_of(nat))
        if states is not None:
            found = keep_matching(found, {"state": states}, fields)
        return ActionResult({"NatGateways": found})

    def _nat(self, name: str) -> Any:
        if name not in self.ec2_backend.nat_gateways:
            raise _no_nat(name)
        return self.ec2_backend.nat_gateways[name]


def _check_address(subnet: Any, address: str | None) -> None:
    """Source: EC2 error codes, InvalidParameterValue: an address has to be one of the subnet's."""
    if address is not None and ipaddress.ip_address(address) not in subnet.cidr:
        raise refuse("InvalidParameterValue", f"Address {address} does not fall within the subnet's address range")


def _place(nat: Any, subnet: Any, address: str | None) -> None:
    """The gateway has the address that was asked for, or the first one of its subnet that is free.

    moto draws one that lies in no subnet.
    """
    nat.private_ip = address or next(free_hosts(nat.ec2_backend, subnet))
    for entry in nat._eni.private_ip_addresses:
        if entry.get("Primary"):
            entry["PrivateIpAddress"] = nat.private_ip
    nat._eni.private_ip_address = nat.private_ip
    for entry in nat.address_set:
        entry["privateIp" if "privateIp" in entry else "PrivateIp"] = nat.private_ip


def give_up(ec2: Any, nat: Any, code: str, message: str) -> None:
    """The gateway is `failed`, says why, and holds nothing any more."""
    nat.state = "failed"
    nat.failure_code, nat.failure_message = code, message
    _free(ec2, nat)


def _zone(ec2: Any, nat: Any) -> str | None:
    """The zone of a NAT gateway; a regional one has none."""
    return None if nat.subnet_id is None else ec2.get_subnet(nat.subnet_id).availability_zone


def _free(ec2: Any, nat: Any) -> None:
    """The gateway lets go of its address and of its network interface."""
    if isinstance(nat, RegionalNat):
        nat.leave()
        return
    for address in ec2.addresses:
        if address.eni is nat._eni:
            ec2.disassociate_address(association_id=address.association_id)
    ec2.enis.pop(nat._eni.id, None)


def _no_nat(name: str) -> Exception:
    return refuse("NatGatewayNotFound", f"NAT gateway {name} was not found")


def _no_permission() -> Exception:
    return refuse("AuthFailure", "You do not have permission to access the specified resource.")
