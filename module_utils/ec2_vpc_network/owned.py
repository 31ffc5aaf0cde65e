# SPDX-License-Identifier: Apache-2.0
"""Which objects are ours, and which part of the network each of them is.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..reconcile.identity import identity_of
from ..reconcile.tags import ansible_tags
from . import names

# Where the parts inside a VPC stand in the answers: kind of part -> answer, list, id.
TAGGED = {
    "subnet": ("subnets", "Subnets", "SubnetId"),
    "route-table": ("route_tables", "RouteTables", "RouteTableId"),
    "nat": ("nat_gateways", "NatGateways", "NatGatewayId"),
    "endpoint": ("endpoints", "VpcEndpoints", "VpcEndpointId"),
    "security-group": ("groups", "SecurityGroups", "GroupId"),
    "network-acl": ("network_acls", "NetworkAcls", "NetworkAclId"),
    "dhcp-options": ("dhcp_options", "DhcpOptions", "DhcpOptionsId"),
    "flow-log": ("flow_logs", "FlowLogs", "FlowLogId"),
    "egress-only-internet-gateway": (
        "egress_only_gateways", "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId"),
}  # fmt: skip
# What stands beside a VPC: the same.
BESIDE_VPC = {
    "internet-gateway": ("internet_gateways", "InternetGateways", "InternetGatewayId"),
    "address": ("addresses", "Addresses", "AllocationId"),
}
# Kinds of which AWS lets several bear one part's tag and none replaces another, as a NAT gateway does after a failure.
ONE_EACH = ("subnet", "route-table", "security-group", "network-acl", "egress-only-internet-gateway")
IDS = {kind: key for kind, (_unused, _unused, key) in {**TAGGED, **BESIDE_VPC}.items()}


def items(answers: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """All objects of a kind that were read, whoever made them; none of what the run did not ask for."""
    answer, group, _unused = {**TAGGED, **BESIDE_VPC}[kind]
    return list((answers.get(answer) or {}).get(group) or ())


class Owned:
    """Whose an object is, and which part of the network.

    ``known`` tells by id of objects that are another part than their tags say.
    """

    def __init__(self, options: Any, known: Mapping[str, str] | None = None) -> None:
        self._options, self._identity, self._known = options, identity_of(options), known or {}

    def knowing(self, more: Mapping[str, str]) -> Owned:
        """The same, which knows more."""
        return Owned(self._options, {**self._known, **more})

    def log_group(self, log: str) -> str:
        """The name of the log group of a flow log of ours."""
        return names.log_group_name(names.network_name(self._options), log)

    def ours(self, item: Mapping[str, Any]) -> bool:
        """Whether an object bears our ownership tags."""
        return self._identity.owns(ansible_tags(item.get("Tags")))

    def part(self, item: Mapping[str, Any], kind: str) -> str | None:
        """What follows the kind in our part's tag, ``""`` for the only one of its kind; ``None`` if it is not ours."""
        # An address bears the tag of the NAT gateway that it is for.
        known = self._known.get(str(item.get(IDS[kind]) or item.get("AllocationId")))
        if known is not None:
            return known
        tags = ansible_tags(item.get("Tags"))
        found, _unused, rest = tags.get(names.PART, "").partition("/")
        return rest if self._identity.owns(tags) and found == kind else None

    def parts(self, items: Iterable[Mapping[str, Any]], kind: str) -> dict[str, Any]:
        """Our objects of one kind by what follows the kind; the lowest id wins, so that two looks agree."""
        found: dict[str, Any] = {}
        for item in sorted(items, key=lambda each: str(each[IDS[kind]])):
            key = self.part(item, kind)
            if key is not None:
                found.setdefault(key, item)
        return found
