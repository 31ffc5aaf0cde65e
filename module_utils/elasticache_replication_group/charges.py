# SPDX-License-Identifier: Apache-2.0
"""What AWS charges for in a replication group: its nodes, their alarms, and the secret that holds its token.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.usage import Use


def charges(state: Mapping[str, Any]) -> Iterator[Use]:
    """One line for the nodes, whose price hangs on engine and type, one for their alarms, one for a secret of ours.

    Source: Amazon ElastiCache pricing, on-demand nodes by the hour; Amazon CloudWatch pricing; AWS Secrets Manager
    pricing.
    """
    if state.get("cache_node_type"):
        kind = state["cache_node_type"]
        yield Use(f"{state['engine']} nodes {kind}", f"{state['engine']} {kind} hour", nodes(state))
    secret = state.get("auth_token_secret")
    # Of each kind there is one on each node; which nodes are to go is not known before.
    kinds, count = len({each["MetricName"] for each in (state.get("alarms") or {}).values()}), nodes(state)
    if kinds:
        yield Use("alarms", "alarm_month", None if count is None else kinds * count)
    yield Use("secrets", "secret_month", int(bool(secret and not secret.get("deleted"))))


def nodes(state: Mapping[str, Any]) -> int | None:
    """How many nodes: shards times (1 + replicas), or the clusters it counts; ``None`` where shards differ."""
    if state.get("num_cache_clusters"):
        return int(state["num_cache_clusters"])
    shards, replicas = state.get("num_node_groups"), state.get("replicas_per_node_group")
    return None if shards is None or replicas is None else int(shards) * (1 + int(replicas))
