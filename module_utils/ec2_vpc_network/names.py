# SPDX-License-Identifier: Apache-2.0
"""What the parts of a network are called: in tags, in Name tags, and in plans.  Pure.

Every part carries ``streambed:part``, by which it is found again: ``subnet/app/eu-west-1a``, ``nat/eu-west-1a``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..reconcile.identity import identity_of
from ..reconcile.offers import PART_TAG, TIER_TAG
from ..reconcile.plan import Ref
from ..reconcile.tags import tag_specifications, wanted_tags
from .topology import tier_tags

NOUN = "VPC network"
PART, TIER = PART_TAG, TIER_TAG
# Objects of a plan, as ``Call.on`` and ``Wait.noun`` name them.
VPC = "VPC"
INTERNET_GATEWAY = "internet gateway"
EGRESS_ONLY_GATEWAY = "egress-only internet gateway"
IPV6 = "IPv6 block"
VPC_BLOCK = "first block of the VPC"
DEFAULT_GROUP = "default security group"
DEFAULT_ROUTE_TABLE = "default route table"
DEFAULT_ACL = "default network ACL"
DHCP_OPTIONS = "DHCP options"
ENCRYPTION_CONTROL = "encryption control"
EXCLUSION = "exclusion from blocked public access"
FLOW_LOG = "flow log"
LOG_GROUP = "flow log group"
ROLE = "flow log role"
# The security group of the interface endpoints; nobody else may use its key.
ENDPOINTS_GROUP = "endpoints"


def subnet(key: str) -> str:
    return f"subnet {key}"


def cidr_block(block: str) -> str:
    return f"block {block}"


def route_table(key: str) -> str:
    return f"route table {key}"


def table_of(state: Any, subnet: str) -> str:
    """The route table that a subnet of ours uses, as plans call it."""
    tables = state["route_tables"].items()
    return route_table(next((key for key, table in tables if subnet in table["subnets"]), subnet))


def network_acl(tier: str) -> str:
    return f"network ACL {tier}"


def acl_rule(acl: str, direction: str, number: str) -> str:
    """Rules are objects of their own, for they may be changed side by side."""
    return f"{direction} rule {number} of {acl}"


def associations_of(noun: str) -> str:
    """Under which name a new subnet's wait saves the associations of the network ACL that it is under."""
    return f"associations beside {noun}"


def nat_gateway(zone: str) -> str:
    return f"NAT gateway {zone}"


def nat_addresses(zone: str) -> str:
    """Those beside the first are an object of their own: routes to a gateway need not wait for them."""
    return f"addresses of {nat_gateway(zone)}"


def address(key: str) -> str:
    return f"address {key}"


def endpoint(service: str) -> str:
    return f"endpoint {service}"


def endpoints_inside(state: Any) -> list[str]:
    """The endpoints of a state that hold subnets and security groups, whether they work or never will."""
    services = {*state["interface_endpoints"], *state["dead_endpoints"].values()}
    return [endpoint(service) for service in sorted(services)]


def security_group(key: str) -> str:
    return f"security group {key}"


def rules_of(key: str) -> str:
    """The rules are objects of their own, for groups that name each other are deleted only after all rules are gone."""
    return f"rules of security group {key}"


def network_name(options: Any) -> str:
    """The name of the network and the first part of every other name."""
    return options["name"] or identity_of(options).name


def role_name(name: str) -> str:
    return f"{name}-flow-logs"


def log_group(log: str) -> str:
    """A flow log's group: one that goes waits for all flow logs, and one that comes only its own log waits for."""
    return f"{LOG_GROUP} {log}".rstrip()


def log_group_name(name: str, log: str = "") -> str:
    """The log group of a flow log, by what that is called."""
    return f"/streambed/{name}/{part('flow-logs', log)}"


def part(kind: str, key: str) -> str:
    """The tag of a part, whose key is empty where there is one of its kind."""
    return f"{kind}/{key}" if key else kind


def part_name(name: str, part: str) -> str:
    """The Name tag of a part: ``sensors-dev-app-eu-west-1a``."""
    kind, *rest = part.split("/")
    return "-".join((name, *(("nat",) if kind == "nat" else ()), *rest))


def part_marks(part: str) -> dict[str, str]:
    """The tags that tell the parts of one network apart."""
    kind, *rest = part.split("/")
    return {PART: part, **({TIER: rest[0]} if kind == "subnet" else {})}


def wanted_part_tags(options: Any, part: str, observed: dict[str, str] | None, called: str = "") -> dict[str, str]:
    """The tags that an existing part should carry; ``called`` is what the reader calls it, if that is another word.

    It has the Name that the reader gives it; without, one that was adopted keeps the Name that others find it by.
    """
    name, called = part_name(network_name(options), part), called or part
    if called in (options["adopted_parts"] or ()):
        name = (observed or {}).get("Name") or name
    wanted = wanted_tags(options, observed, (options["part_names"] or {}).get(called) or name)
    return {**wanted, **tier_tags(options, part), **part_marks(part)}


def specification(desired: Any, kind: str, part: str, called: str = "") -> list[dict[str, Any]]:
    """``TagSpecifications`` of a part that is about to be created."""
    name = desired["part_names"].get(called or part) or part_name(desired["name"], part)
    of_tier = desired["tier_tags"].get(part, {})
    tags = {"Name": name, **desired["common_tags"], **of_tier, **part_marks(part)}
    return tag_specifications(kind, tags)


def id_of(observed: Any, kind: str, key: str, noun: str) -> Any:
    """The id of a part, or the Ref under which the call that creates it saves its id."""
    return observed[kind].get(key, {}).get("id") or Ref(noun)


def token(*facts: Any) -> str:
    """A client token that is the same whenever the same thing is asked for.

    Source: "Ensuring idempotency in Amazon EC2 API requests": up to 64 ASCII characters.
    """
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
