# SPDX-License-Identifier: Apache-2.0
"""What a call of EC2 is about, for IAM: every object it names with its tags, and what it makes with those it asks for.

Source: Service Authorization Reference, Amazon EC2, "Resource types" and "Condition keys"; EC2 user guide, "Grant
permission to tag resources during creation": tags at once need ec2:CreateTags, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from moto.ec2.models import ec2_backends

from localcloud.calls import Call
from localcloud.settings import ACCOUNT

#: First part of an id -> the kind of object, as its ARN names it.
_KINDS = {
    "acl": "network-acl",
    "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "vgw": "vpn-gateway",
    "vpc": "vpc",
    "vpcbpa-exclude": "vpc-block-public-access-exclusion",
    "vpce": "vpc-endpoint",
    "vpcec": "vpc-encryption-control",
}
#: What is named, and what the call is not about: the ends of routes, and other groups in rules.
_NOT_ABOUT = {"GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "IpPermissions",
              "EgressOnlyInternetGatewayId", "VpcEndpointId"}  # fmt: skip
_ROUTES = ("CreateRoute", "ReplaceRoute", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress",
           "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")  # fmt: skip

_ID = re.compile(r"([a-z-]+)-[0-9a-f]{8,17}")

#: The action, the ARN, and the condition keys that go with it.
Part = tuple[str, str, dict[str, list[str]]]


def parts(call: Call, action: str) -> Iterator[Part]:
    """Everything that has to be allowed for the call to pass; nothing for one that only reads."""
    if not call.write:
        return
    where = f"arn:aws:ec2:{call.region}:{ACCOUNT}"
    made = {each.get("ResourceType", ""): each.get("Tags", []) for each in call.given.get("TagSpecifications", [])}
    for kind, tags in made.items():
        asked = _keys("requesttag", {tag["Key"]: tag.get("Value", "") for tag in tags})
        yield action, f"{where}:{kind}/*", asked
        yield "ec2:CreateTags", f"{where}:{kind}/*", {**asked, "ec2:createaction": [call.operation]}
    about = {tag["Key"]: tag.get("Value", "") for tag in call.given.get("Tags", [])}
    ec2 = ec2_backends[ACCOUNT][call.region]
    for name in _ids(call.given, _NOT_ABOUT if call.operation in _ROUTES else set(), ec2):
        tags = dict(ec2.tags.get(name) or {})
        asked = _keys("requesttag", about)
        yield action, f"{where}:{_KINDS[_prefix(name)]}/{name}", _keys("resourcetag", tags) | asked


def _keys(kind: str, tags: dict[str, str]) -> dict[str, list[str]]:
    return {f"aws:{kind}/{key}".lower(): [value] for key, value in tags.items()}


def _ids(given: Any, beside: set[str], ec2: Any) -> Iterator[str]:
    """Every id of a known kind in the parameters; an association stands for what it is of."""
    if isinstance(given, dict):
        for name, value in given.items():
            if name not in beside:
                yield from _ids(value, beside, ec2)
    elif isinstance(given, list):
        for value in given:
            yield from _ids(value, beside, ec2)
    elif isinstance(given, str) and _prefix(given) in _KINDS:
        yield given
    elif isinstance(given, str) and "assoc-" in given:
        yield from _associated(given, ec2)


def _associated(name: str, ec2: Any) -> Iterator[str]:
    """What an association is of.  Moto keeps each with the object that has it."""
    holders = (*ec2.route_tables.values(), *ec2.network_acls.values())
    yield from (each.id for each in holders if name in each._associations)
    yield from (each.id for each in ec2.vpcs.values() if name in each._cidr_block_association_set)
    yield from (each.allocation_id for each in ec2.addresses if each.association_id == name)
    subnets = [each for zones in ec2.subnets.values() for each in zones.values()]
    yield from (each.id for each in subnets if name in each.ipv6_cidr_block_associations)


def _prefix(name: str) -> str:
    found = _ID.fullmatch(name)
    return found[1] if found else ""
