# SPDX-License-Identifier: Apache-2.0
"""Address blocks that VPCs and subnets get after they were made, and what AWS does beside.

Source: EC2 API reference AssociateVpcCidrBlock, AssociateSubnetCidrBlock; VPC user guide "VPC CIDR blocks" and "Default
network ACL for a VPC".
"""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC

from localcloud.clock import clock
from localcloud.overlays.ec2.base import Base, violation
from localcloud.refusals import refuse

KIND = "cidr_block"
_ALL_IPV4, _ALL_IPV6 = "0.0.0.0/0", "::/0"


class Blocks(Base):
    """The calls on the blocks of VPCs and subnets."""

    def associate_vpc_cidr_block(self) -> ActionResult:
        """The association, which takes a moment; Amazon tells an IPv6 block when it is associated."""
        vpc = self.ec2_backend.get_vpc(self.given["VpcId"])
        before = set(vpc._cidr_block_association_set)
        wanted = self.given.get("CidrBlock")
        if wanted:
            _check_apart(vpc, wanted)
        answer: Any = super().associate_vpc_cidr_block().result
        (name,) = set(vpc._cidr_block_association_set) - before
        association = vpc._cidr_block_association_set[name]
        association["cidr_block_state"]["state"] = "associating"
        clock.begin(KIND, name, lambda: association["cidr_block_state"].update(state="associated"))
        if "Ipv6CidrBlockAssociation" in answer:
            answer["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"] = ""
            self._let_ipv6_pass(vpc.id)
            self._let_ipv6_out(vpc.id)
        return ActionResult(answer)

    def _let_ipv6_pass(self, vpc_id: str) -> None:
        """AWS lets IPv6 pass the default network ACL in every direction that nobody has changed."""
        ec2 = self.ec2_backend
        acl = next(acl for acl in ec2.network_acls.values() if acl.vpc_id == vpc_id and acl.default)
        for egress in (True, False):
            rules = [(entry.rule_number, entry.rule_action, entry.protocol, entry.cidr_block)
                     for entry in acl.network_acl_entries if entry.egress == egress]  # fmt: skip
            numbers = [rule[0] for rule in rules]
            untouched = sorted(rules) == [(100, "allow", "-1", _ALL_IPV4), (32767, "deny", "-1", _ALL_IPV4)]
            for number, action in ((101, "allow"), (32768, "deny")):
                if number not in numbers and (untouched or action == "deny"):
                    ec2.create_network_acl_entry(acl.id, number, "-1", action, egress, None, None, None, None, None,
                                                 _ALL_IPV6)  # fmt: skip

    def _let_ipv6_out(self, vpc_id: str) -> None:
        """AWS lets IPv6 out of every security group whose rules for egress nobody has changed.

        Source: VPC user guide, "Default security groups".
        """
        for group in self.ec2_backend.groups.get(vpc_id, {}).values():
            rules = [(rule.ip_protocol, rule.ip_range.get("CidrIp")) for rule in group.egress_rules]
            if rules == [("-1", _ALL_IPV4)]:
                self.ec2_backend.authorize_security_group_egress(
                    group.id, "-1", None, None, [{"CidrIpv6": _ALL_IPV6}], vpc_id=vpc_id
                )

    def describe_vpcs(self) -> ActionResult:
        """moto's answer; each look brings a block under way one poll nearer."""
        for vpc in self.ec2_backend.vpcs.values():
            for name in list(vpc._cidr_block_association_set):
                clock.look(name)
        return super().describe_vpcs()

    def disassociate_vpc_cidr_block(self) -> ActionResult:
        """The association on its way out; refused while a subnet has a part of the block."""
        ec2, name = self.ec2_backend, self.given["AssociationId"]
        for vpc in ec2.vpcs.values():
            block = vpc._cidr_block_association_set.get(name, {}).get("cidr_block")
            if block and any(_inside(part, block) for part in _blocks_of_subnets(ec2, vpc.id)):
                raise violation("vpc CIDR block", block)
        answer = super().disassociate_vpc_cidr_block()
        # moto keeps it, and goes on as if the VPC had it when it makes security groups.
        for vpc in ec2.vpcs.values():
            vpc._cidr_block_association_set.pop(name, None)
        return answer


def _check_apart(vpc: Any, wanted: str) -> None:
    """Source: error code InvalidVpc.Range, and "InvalidParameterValue" for overlapping blocks, as observed."""
    block = ipaddress.IPv4Network(wanted)
    live = [each for each in vpc.get_cidr_block_association_set() if each["cidr_block_state"]["state"] in
            ("associating", "associated")]  # fmt: skip
    if any(block.overlaps(ipaddress.IPv4Network(each["cidr_block"])) for each in live):
        raise refuse("CidrConflict", f"The CIDR '{wanted}' conflicts with another block of the VPC")


def _blocks_of_subnets(ec2: Any, vpc_id: str) -> list[str]:
    found = []
    for subnet in ec2.describe_subnets():
        if subnet.vpc_id == vpc_id:
            found += [subnet.cidr_block] if subnet.cidr_block else []
            found += [*(each["ipv6CidrBlock"] for each in subnet.ipv6_cidr_block_association_set)]
    return found


def _inside(part: str, block: str) -> bool:
    inner, outer = ipaddress.ip_network(part), ipaddress.ip_network(block)
    return inner.version == outer.version and inner.subnet_of(outer)


def _ipv6_of_vpc(vpc: Any) -> list[dict[str, Any]]:
    """As moto's, but a block that is still being associated is not told."""
    found = []
    for each in vpc.get_cidr_block_association_set(ipv6=True):
        state = each["cidr_block_state"]
        block = "" if state["state"] == "associating" else each["cidr_block"]
        found.append({**each, "ipv6CidrBlock": block, "ipv6CidrBlockState": state})
    return found


def _ipv6_of_subnet(subnet: Any) -> list[dict[str, Any]]:
    """As moto's, with the state where AWS has it."""
    return [
        {"ipv6CidrBlock": each["ipv6CidrBlock"], "associationId": name, "ipv6CidrBlockState": {"state": state}}
        for name, each in subnet.ipv6_cidr_block_associations.items()
        if (state := each["ipv6CidrBlockState"]["State"]) == "associated"
    ]


def correct_models() -> None:
    """Correct what moto's own models of VPCs and subnets show of their IPv6 blocks."""
    VPC.ipv6_cidr_block_association_set = property(_ipv6_of_vpc)  # type: ignore[assignment,method-assign]
    Subnet.ipv6_cidr_block_association_set = property(_ipv6_of_subnet)  # type: ignore[assignment,method-assign]
