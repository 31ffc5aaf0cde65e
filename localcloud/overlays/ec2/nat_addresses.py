# SPDX-License-Identifier: Apache-2.0
"""The addresses that a NAT gateway has beside its first.

Source: EC2 API reference AssociateNatGatewayAddress, DisassociateNatGatewayAddress, AssignPrivateNatGatewayAddress,
UnassignPrivateNatGatewayAddress, CreateNatGateway (Secondary...), NatGatewayAddress.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult

from localcloud.clock import clock
from localcloud.overlays.ec2.base import Base
from localcloud.refusals import refuse

ADDRESS, DRAIN = "nat_address", "nat_address_drain"
_UNDER_WAY = ("associating", "disassociating", "assigning", "unassigning")


class NatAddresses(Base):
    """The four calls on the secondary addresses of a NAT gateway that is `available`."""

    def associate_nat_gateway_address(self) -> ActionResult:
        """The addresses that were added: elastic IPs on private addresses of the subnet."""
        nat = self._usable_nat("public")
        allocations, wanted = self.given["AllocationIds"], self.given.get("PrivateIpAddresses", [])
        if wanted and len(wanted) != len(allocations):
            raise refuse("InvalidParameterCombination", "One private address for each allocation, or none at all")
        return self._coming(nat, add_public(nat, allocations, wanted), "associating")

    def disassociate_nat_gateway_address(self) -> ActionResult:
        """The addresses that went; the elastic IPs are free again."""
        nat = self._usable_nat("public")
        gone = self._secondary(nat, "associationId", self.given["AssociationIds"])
        return self._going(nat, gone, "disassociating")

    def assign_private_nat_gateway_address(self) -> ActionResult:
        """The private addresses that were added."""
        nat = self._usable_nat("private")
        wanted = self.given.get("PrivateIpAddresses", [])
        return self._coming(nat, add_private(nat, wanted, self.given.get("PrivateIpAddressCount", 0)), "assigning")

    def unassign_private_nat_gateway_address(self) -> ActionResult:
        """The private addresses that went."""
        nat = self._usable_nat("private")
        return self._going(nat, self._secondary(nat, "privateIp", self.given["PrivateIpAddresses"]), "unassigning")

    def _usable_nat(self, kind: str) -> Any:
        name = self.given["NatGatewayId"]
        nat = self.ec2_backend.nat_gateways.get(name)
        if nat is None or nat.state != "available":
            raise refuse("NatGatewayNotFound", f"NAT gateway {name} was not found")
        if nat.connectivity_type != kind or nat.subnet_id is None:
            raise refuse("InvalidParameterValue", f"NAT gateway {name} is not a zonal {kind} one")
        if not clock.touch(passage_of(nat)):
            # Source: observed, hashicorp/terraform-provider-aws #44581.
            busy = [entry.get("allocationId") for entry in nat.address_set if entry.get("status") in _UNDER_WAY]
            doing = next(entry["status"] for entry in nat.address_set if entry.get("status") in _UNDER_WAY).upper()
            raise refuse("OperationInProgress", f"Service is currently {doing} the following EIPs: {busy}.")
        return nat

    def _secondary(self, nat: Any, key: str, names: list[str]) -> list[dict[str, Any]]:
        """The entries that are named; none when one of them is unknown or the first."""
        found = {entry.get(key): entry for entry in nat.address_set[1:]}
        unknown = next((name for name in names if name not in found), None)
        if unknown:
            raise refuse("InvalidParameterValue", f"{unknown} is no secondary address of NAT gateway {nat.id}")
        return [found[name] for name in names]

    def _coming(self, nat: Any, entries: list[dict[str, Any]], status: str) -> ActionResult:
        def arrive() -> None:
            for entry in entries:
                entry["status"] = "succeeded"

        return self._under_way(nat, entries, status, ADDRESS, arrive)

    def _going(self, nat: Any, entries: list[dict[str, Any]], status: str) -> ActionResult:
        """Connections have their time to end; until then the gateway holds the addresses."""

        def arrive() -> None:
            nat.address_set[:] = [entry for entry in nat.address_set if entry not in entries]
            for entry in entries:
                if "associationId" in entry and not is_over(nat):
                    self.ec2_backend.disassociate_address(association_id=entry["associationId"])

        return self._under_way(nat, entries, status, DRAIN, arrive)

    def _under_way(self, nat: Any, entries: list[dict[str, Any]], status: str, kind: str, arrive: Any) -> ActionResult:
        for entry in entries:
            entry["status"] = status
        shown = [dict(entry) for entry in entries]
        clock.begin(kind, passage_of(nat), arrive)
        return ActionResult({"NatGatewayId": nat.id, "NatGatewayAddresses": shown})


def passage_of(nat: Any) -> str:
    """Under which key the clock knows of addresses that come to a gateway or leave it."""
    return f"addresses of {nat.id}"


def is_over(nat: Any) -> bool:
    """Whether the gateway has let go of everything already."""
    return nat.state in ("deleted", "failed")


def add_public(nat: Any, allocations: list[str], wanted: list[str]) -> list[dict[str, Any]]:
    """The new entries of a public gateway: all of them, or none when one of the addresses is in use."""
    addresses = [nat.ec2_backend.address_by_allocation([name])[0] for name in allocations]
    used = next((address.allocation_id for address in addresses if address.association_id), None)
    if used:
        raise refuse("Resource.AlreadyAssociated", f"Elastic IP address [{used}] is already associated")
    entries = add_private(nat, wanted, len(allocations) - len(wanted))
    for entry, address in zip(entries, addresses, strict=True):
        address.eni, address.association_id = nat._eni, f"eipassoc-{address.allocation_id.removeprefix('eipalloc-')}"
        own = {"allocationId": address.allocation_id, "publicIp": address.public_ip}
        entry |= {**own, "associationId": address.association_id}
    return entries


def add_private(nat: Any, wanted: list[str], count: int) -> list[dict[str, Any]]:
    """The new entries with private addresses, those that were asked for and `count` more."""
    subnet = nat.ec2_backend.get_subnet(nat.subnet_id)
    free = free_hosts(nat.ec2_backend, subnet)
    hosts = [*wanted, *itertools.islice((host for host in free if host not in wanted), count)]
    entries = [
        {"networkInterfaceId": nat._eni.id, "privateIp": host, "isPrimary": False, "status": "succeeded"}
        for host in hosts
    ]
    nat.address_set += entries
    return entries


def free_hosts(ec2: Any, subnet: Any) -> Iterator[str]:
    """The addresses of a subnet that nobody has. Source: VPC user guide, "Subnet sizing": the first four are AWS's."""
    taken = {eni.private_ip_address for eni in ec2.enis.values() if eni.subnet.id == subnet.id}
    taken |= {entry.get("privateIp") for nat in ec2.nat_gateways.values() for entry in nat.address_set[1:]}
    return (host for host in map(str, itertools.islice(subnet.cidr.hosts(), 3, None)) if host not in taken)
