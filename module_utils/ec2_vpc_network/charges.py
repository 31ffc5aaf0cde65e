# SPDX-License-Identifier: Apache-2.0
"""What AWS charges for in a network: gateways, addresses, endpoints and logs.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.usage import Use
from . import topology
from .flow_logs import TO_LOG_GROUP, kind_of

# What a quiet network logs in a month; nobody knows the traffic of one that is still to be made.
FLOW_LOGS_GB = 10


def charges(state: Mapping[str, Any]) -> Iterator[Use]:
    """One line for each thing that costs by being there; gateway endpoints, tables and groups are free.

    Source: Amazon VPC pricing: NAT gateways by the hour, a regional one in each zone; public IPv4 addresses, in use or
    not; interface endpoints by the hour and zone. Amazon CloudWatch pricing, vended logs.
    """
    gateways = state.get("nat_gateways") or {}
    regional = topology.REGIONAL in gateways
    zones = len({subnet["zone"] for subnet in (state.get("subnets") or {}).values()})
    yield Use("NAT gateways", "nat_gateway_hour", len(gateways) - regional)
    if regional:
        yield Use("zones of the regional NAT gateway", "regional_nat_gateway_zone_hour", zones,
                  "a regional NAT gateway is in each zone that has subnets")  # fmt: skip
    yield Use("public IPv4 addresses", "public_ipv4_address_hour", _addresses(state, gateways, zones))
    endpoints = (state.get("interface_endpoints") or {}).values()
    yield Use("interface endpoints by zone", "interface_endpoint_zone_hour",
              sum(len(endpoint["subnets"]) for endpoint in endpoints))  # fmt: skip
    yield from _logs(state)
    if state.get("encryption_control"):
        yield Use("VPC encryption controls", "vpc_encryption_control_hour", 1)


def _logs(state: Mapping[str, Any]) -> Iterator[Use]:
    """All flow logs of one price in one line."""
    logs = [state["flow_logs"]] if state.get("flow_logs") else []
    to_groups = [kind_of(log.get("destination") or TO_LOG_GROUP) == TO_LOG_GROUP
                 for log in (*logs, *(state.get("further_flow_logs") or {}).values())]  # fmt: skip
    for item, count in (("vended_logs_gb", sum(to_groups)), ("vended_logs_to_s3_gb", to_groups.count(False))):
        if count:
            yield Use("flow logs in GB", item, count * FLOW_LOGS_GB, f"flow logs of {FLOW_LOGS_GB} GB a month")


def _addresses(state: Mapping[str, Any], gateways: Mapping[str, Any], zones: int) -> int:
    """Addresses of ours, and those that gateways will be given: each its own, a regional one in each zone."""
    coming = [gateway for gateway in gateways.values() if not {"id", "mode", "allocation_id"} & gateway.keys()]
    own = gateways.get(topology.REGIONAL)
    managed = zones if own is not None and not own.get("allocation_ids") else 0
    return len(state.get("addresses") or ()) + len(coming) + managed
