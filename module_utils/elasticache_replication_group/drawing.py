# SPDX-License-Identifier: Apache-2.0
"""The picture of a replication group: its nodes by shard and zone.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.drawing import Box, Drawing

State = Mapping[str, Any]


def drawing(state: State) -> Drawing:
    """The boxes of a replication group, observed or foreseen."""
    return Drawing((*_group(state), *_nodes(state))) if state.get("cache_node_type") else Drawing()


def _group(state: State) -> Iterator[Box]:
    name = f"replication group {state.get('name')}"
    facts = [f"{state['engine']} {state.get('engine_version')}", str(state["cache_node_type"])]
    facts += ["TLS" if state.get("transit_encryption_enabled") else "no TLS"]
    facts += ["encrypted at rest"] if state.get("at_rest_encryption_enabled") else ["not encrypted at rest"]
    facts += [f"snapshots of {state['snapshot_retention_days']} days"] if state.get("snapshot_retention_days") else []
    facts += [f"{len(state['alarms'])} alarms"] if state.get("alarms") else []
    endpoint = state.get("configuration_endpoint") or state.get("primary_endpoint")
    facts += [f"{endpoint}:{state.get('port')}"] if isinstance(endpoint, str) and endpoint else []
    yield Box(name, "replication group", str(state.get("name")), tuple(facts))


def _nodes(state: State) -> Iterator[Box]:
    """The nodes that are there; those to come as one box for each shard, for their zones are AWS's choice."""
    members = state.get("members") or {}
    for shard, nodes in members.items():
        for node in nodes:
            role = {True: ("primary",), False: ("replica",)}.get(node.get("primary"), ())
            yield Box(f"node {node['id']}", "node", node["id"], role, f"shard {shard}", str(node["zone"]))
    replicas = state.get("replicas_per_node_group")
    for number in range(len(members) + 1, int(state.get("num_node_groups") or 0) + 1):
        shard = f"shard {number:04}"
        count = "" if replicas is None else f", {replicas} replicas"
        yield Box(shard, "nodes", f"primary{count}", (), shard)
