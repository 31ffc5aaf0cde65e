# SPDX-License-Identifier: Apache-2.0
"""Pools of IPAM's, and the blocks that VPCs get from them.

Source: EC2 API reference CreateIpam, CreateIpamPool, ProvisionIpamPoolCidr, GetIpamPoolAllocations; VPC IPAM user guide
"Create a VPC that uses an IPAM pool CIDR".
"""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.utils import random_id

from localcloud.overlays.ec2.base import Base, kept
from localcloud.refusals import refuse

_SHOWN = "IPAM Managed"


class Ipam(Base):
    """The calls on pools, and those on VPCs that take a block from one."""

    def create_ipam(self) -> ActionResult:
        """The IPAM with its private scope."""
        made = {
            "IpamId": random_id("ipam"),
            "State": "create-complete",
            "PrivateDefaultScopeId": random_id("ipam-scope"),
        }
        return ActionResult({"Ipam": made})

    def create_ipam_pool(self) -> ActionResult:
        """A pool without a block."""
        pool = {"IpamPoolId": random_id("ipam-pool"), "IpamScopeArn": self.given["IpamScopeId"],
                "AddressFamily": self.given["AddressFamily"], "State": "create-complete"}  # fmt: skip
        self._pools()[pool["IpamPoolId"]] = {"pool": pool, "cidrs": [], "allocations": {}}
        return ActionResult({"IpamPool": pool})

    def provision_ipam_pool_cidr(self) -> ActionResult:
        """The block, from now on the pool's."""
        self._pool(self.given["IpamPoolId"])["cidrs"].append(self.given["Cidr"])
        return ActionResult({"IpamPoolCidr": {"Cidr": self.given["Cidr"], "State": "provisioned"}})

    def get_ipam_pool_allocations(self) -> ActionResult:
        """What was given out."""
        found = self._pool(self.given["IpamPoolId"])["allocations"]
        shown = [{"Cidr": block, "ResourceId": owner, "ResourceType": "vpc"} for block, owner in found.items()]
        return ActionResult({"IpamPoolAllocations": shown})

    def create_vpc(self) -> ActionResult:
        """The VPC; its block may come from a pool."""
        pool_id, given = self.given.get("Ipv4IpamPoolId"), self.given
        if not pool_id:
            return super().create_vpc()
        block = given.get("CidrBlock") or self._free_block(pool_id, given.get("Ipv4NetmaskLength"))
        given["CidrBlock"] = block
        answer: Any = super().create_vpc().result
        self._pool(pool_id)["allocations"][block] = answer["Vpc"].id
        return ActionResult(answer)

    def associate_vpc_cidr_block(self) -> ActionResult:
        """The association; an IPv6 block may come from a pool."""
        pool_id, given = self.given.get("Ipv6IpamPoolId"), self.given
        if not pool_id:
            return super().associate_vpc_cidr_block()
        block = self._free_block(pool_id, given.get("Ipv6NetmaskLength"))
        given["AmazonProvidedIpv6CidrBlock"] = True
        answer: Any = super().associate_vpc_cidr_block().result
        vpc = self.ec2_backend.get_vpc(given["VpcId"])
        association = vpc._cidr_block_association_set[answer["Ipv6CidrBlockAssociation"]["AssociationId"]]
        self._move_local_routes(vpc.id, association["cidr_block"], block)
        association.update(cidr_block=block, ipv6_pool=_SHOWN)
        answer["Ipv6CidrBlockAssociation"]["Ipv6Pool"] = _SHOWN
        self._pool(pool_id)["allocations"][block] = vpc.id
        return ActionResult(answer)

    def _move_local_routes(self, vpc_id: str, old: str, new: str) -> None:
        for table in self.ec2_backend.route_tables.values():
            if table.vpc_id == vpc_id:
                self.ec2_backend.delete_route(table.id, None, old)
                self.ec2_backend.create_route(table.id, None, destination_ipv6_cidr_block=new, local=True)

    def delete_vpc(self) -> ActionResult:
        """Nothing; its blocks are the pools' again."""
        answer = super().delete_vpc()
        for pool in self._pools().values():
            mine = [block for block, owner in pool["allocations"].items() if owner == self.given["VpcId"]]
            for block in mine:
                del pool["allocations"][block]
        return answer

    def _free_block(self, pool_id: str, length: int | None) -> str:
        """The first block of this length that nobody has."""
        pool = self._pool(pool_id)
        taken = list(map(ipaddress.ip_network, pool["allocations"]))
        for cidr in map(ipaddress.ip_network, pool["cidrs"]):
            for block in cidr.subnets(new_prefix=length or cidr.prefixlen):
                if not any(block.overlaps(other) for other in taken):
                    return str(block)
        raise refuse("InsufficientCidrBlocks", f"The specified IPAM pool {pool_id} has no block of this size left")

    def _pool(self, pool_id: str) -> dict[str, Any]:
        if pool_id not in self._pools():
            raise refuse("InvalidIpamPoolId.NotFound", f"The ipam pool ID '{pool_id}' does not exist")
        return self._pools()[pool_id]

    def _pools(self) -> dict[str, dict[str, Any]]:
        return kept(self.ec2_backend, "ipam_pools")
