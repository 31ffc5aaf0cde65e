# SPDX-License-Identifier: Apache-2.0
"""NAT gateways of a whole VPC instead of one subnet.

Source: VPC user guide "Regional NAT gateways for automatic multi-AZ expansion"; EC2 API reference CreateNatGateway.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import random_nat_gateway_id

from localcloud.clock import now
from localcloud.refusals import refuse


class RegionalNat(TaggedEC2Resource):
    """A NAT gateway that AWS spreads over the zones; it brings a route table of its own along."""

    availability_mode = "regional"
    connectivity_type = "public"
    subnet_id = None

    def __init__(self, ec2: Any, vpc_id: str, addresses: list[dict[str, Any]], tags: dict[str, str]) -> None:
        self.id = random_nat_gateway_id()
        self.ec2_backend = ec2
        self.vpc_id = vpc_id
        self.state = "pending"
        self.auto_scaling_ips = self.auto_provision_zones = "disabled" if addresses else "enabled"
        self.address_set: list[dict[str, Any]] = []
        # What holds its addresses, in the place of the network interface of another NAT gateway.
        self._eni = SimpleNamespace(id=f"eni-of-{self.id}", subnet=SimpleNamespace(vpc_id=vpc_id))
        self._created_at = now()
        for each in addresses:
            for allocation in each["AllocationIds"]:
                self._hold(allocation, each.get("AvailabilityZone"))
        self.add_tags(tags)
        self.route_table_id = ec2.create_route_table(vpc_id).id

    def _hold(self, allocation: str, zone: str | None) -> None:
        address = self.ec2_backend.address_by_allocation([allocation])[0]
        if address.association_id:
            raise refuse("Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated")
        address.eni, address.association_id = self._eni, f"eipassoc-{self.id}"
        held = {"allocationId": allocation, "publicIp": address.public_ip, "availabilityZone": zone}
        self.address_set.append({**held, "associationId": address.association_id})

    @property
    def nat_gateway_addresses(self) -> list[dict[str, Any]]:
        """The addresses that were given; those that AWS takes by itself come and go with the workloads."""
        return self.address_set

    @property
    def create_time(self) -> str:
        """When it was made."""
        return iso_8601_datetime_with_milliseconds(self._created_at)

    def leave(self) -> None:
        """Its addresses are free again, and its route table goes along."""
        for address in self.ec2_backend.addresses:
            if address.eni is self._eni:
                address.eni = address.association_id = None
        self.ec2_backend.route_tables.pop(self.route_table_id, None)
