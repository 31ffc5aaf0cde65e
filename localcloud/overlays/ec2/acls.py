# SPDX-License-Identifier: Apache-2.0
"""Rules of network ACLs.

Source: EC2 API reference CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry; "Error codes"; "Amazon
VPC quotas", rules per network ACL.
"""

from __future__ import annotations

import itertools
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from localcloud.overlays.ec2.base import Base
from localcloud.refusals import refuse
from localcloud.settings import settings

_ICMP = {"1": "icmp", "58": "icmpv6"}
_WITH_PORTS = ("6", "17")
_LAST_NUMBER = 32766
_ANYTHING = {"icmp_code": None, "icmp_type": None, "port_range_from": None, "port_range_to": None}


class Acls(Base):
    """The calls on rules, with ICMP types and with the refusals that moto lacks."""

    def create_network_acl(self) -> ActionResult:
        """The ACL, which denies everything until it has rules. Source: recorded, ec2/create-network-acl."""
        answer: Any = super().create_network_acl().result
        acl = answer["NetworkAcl"]
        blocks = {"cidr_block": "0.0.0.0/0", "ipv6_cidr_block": None}
        last: list[tuple[int, dict[str, Any]]] = [(_LAST_NUMBER + 1, blocks)]
        if self.ec2_backend.get_vpc(acl.vpc_id).get_cidr_block_association_set(ipv6=True):
            last.append((_LAST_NUMBER + 2, {"cidr_block": None, "ipv6_cidr_block": "::/0"}))
        for (number, block), egress in itertools.product(last, (True, False)):
            self.ec2_backend.create_network_acl_entry(acl.id, number, "-1", "deny", egress, **block, **_ANYTHING)
        return ActionResult(answer)

    def create_network_acl_entry(self) -> ActionResult:
        """Nothing."""
        acl = self.ec2_backend.get_network_acl(self.given["NetworkAclId"])
        # Each way and each family has the quota for itself, and the rule that denies the rest is one of them.
        ipv6 = bool(self.given.get("Ipv6CidrBlock"))
        own = [each for each in acl.network_acl_entries if each.egress == self.given["Egress"]
               and bool(each.ipv6_cidr_block) == ipv6 and each.rule_number <= _LAST_NUMBER]  # fmt: skip
        if len(own) + 1 >= settings.quota("rules_per_network_acl"):
            raise refuse("NetworkAclEntryLimitExceeded", f"The network acl '{acl.id}' has the maximum number of rules")
        self.ec2_backend.create_network_acl_entry(**self._entry())
        return EmptyResult()

    def replace_network_acl_entry(self) -> ActionResult:
        """Nothing."""
        self._check_there()
        self.ec2_backend.replace_network_acl_entry(**self._entry())
        return EmptyResult()

    def delete_network_acl_entry(self) -> ActionResult:
        """Nothing."""
        self._check_there()
        return super().delete_network_acl_entry()

    def _entry(self) -> dict[str, Any]:
        given = self.given
        protocol, ports, icmp = given["Protocol"], given.get("PortRange"), given.get("IcmpTypeCode")
        if protocol in _WITH_PORTS and not ports:
            raise refuse("MissingParameter", "The request must contain the parameter PortRange")
        if protocol in _ICMP and not icmp:
            raise refuse("MissingParameter", "The request must contain the parameter IcmpTypeCode")
        if ("CidrBlock" in given) == ("Ipv6CidrBlock" in given):
            raise refuse("InvalidParameterCombination", "Exactly one of cidrBlock and ipv6CidrBlock must be given")
        if not 1 <= given["RuleNumber"] <= _LAST_NUMBER:
            raise refuse("InvalidParameterValue", f"The rule number {given['RuleNumber']} is not valid")
        return {
            "network_acl_id": given["NetworkAclId"],
            "rule_number": given["RuleNumber"],
            "protocol": protocol,
            "rule_action": given["RuleAction"],
            "egress": given["Egress"],
            "cidr_block": given.get("CidrBlock"),
            "ipv6_cidr_block": given.get("Ipv6CidrBlock"),
            "icmp_code": icmp["Code"] if icmp else None,
            "icmp_type": icmp["Type"] if icmp else None,
            "port_range_from": ports["From"] if ports else None,
            "port_range_to": ports["To"] if ports else None,
        }

    def _check_there(self) -> None:
        acl = self.ec2_backend.get_network_acl(self.given["NetworkAclId"])
        number, egress = self.given["RuleNumber"], self.given["Egress"]
        if not any((e.rule_number, e.egress) == (number, egress) for e in acl.network_acl_entries):
            raise refuse("InvalidNetworkAclEntry.NotFound", f"The network acl entry {number} does not exist")
