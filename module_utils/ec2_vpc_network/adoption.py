# SPDX-License-Identifier: Apache-2.0
"""Taking over a VPC that somebody else made: what comes along, and what has to be said before it is cut off.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.identity import identity_of
from ..reconcile.tags import ansible_tags
from . import names, topology
from .refuse import Refuse


def attached(answers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The internet gateway that the VPC has, whoever made it."""
    return next(iter((answers.get("attached_gateways") or {}).get("InternetGateways", ())), None)


def taken_over(options: Mapping[str, Any], answers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The internet gateway at the VPC, ours or to become so with an adopted VPC, which takes no second one."""
    gateway = attached(answers)
    if not gateway or _of_somebody(options, gateway):
        return None
    ours = identity_of(options).owns(ansible_tags(gateway.get("Tags")))
    wanted = topology.tiers_with(options, topology.GATEWAY, topology.NAT)
    return gateway if ours or (options["adopt"] and wanted) else None


def obstacles(
    options: Mapping[str, Any], answers: Mapping[str, Any], resource: Mapping[str, Any] | None
) -> Iterator[Refusal]:
    """A gateway of others in the place of ours, and locks that would cut off what an adopted VPC serves."""
    if resource is None or options["state"] == "absent":
        return
    refuse, gateway = Refuse(names.network_name(options)), attached(answers)
    wanted = topology.tiers_with(options, topology.GATEWAY, topology.NAT)
    if gateway and wanted and gateway["InternetGatewayId"] != resource["internet_gateway"].get("id"):
        step = "set adopt to take it over, or have it detached"
        yield refuse("tiers internet", f"{gateway['InternetGatewayId']} of somebody else at the VPC",
                     "a VPC without an internet gateway of others", step)  # fmt: skip
    if identity_of(options).owns(resource["tags"]):
        return
    led = resource["default_route_table"]["destinations"]
    if options["default_route_table_locked"] and led:
        yield refuse("default_route_table_locked", f"true, and routes to {', '.join(led)} in the main route table",
                     "false, or a main route table that leads nowhere, before a VPC is adopted",
                     "set it to false, or give the subnets that use it a table of their own")  # fmt: skip
    rules = [rule for way in ("ingress", "egress") for rule in resource["default_security_group"][way]]
    if options["default_security_group_locked"] and rules:
        yield refuse("default_security_group_locked", f"true, and {len(rules)} rules in the default group",
                     "false, or a default group without rules, before a VPC is adopted",
                     "set it to false, or take what uses the group out of it and empty it")  # fmt: skip


def _of_somebody(options: Mapping[str, Any], gateway: Mapping[str, Any]) -> bool:
    """Whether a gateway bears the ownership tags of another environment."""
    identity, tags = identity_of(options), ansible_tags(gateway.get("Tags"))
    return any(tags.get(key, value) != value for key, value in identity.ownership.items())
