# SPDX-License-Identifier: Apache-2.0
"""What AWS charges for in a replication group: its nodes, their alarms and logs, and the secret of its token.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.usage import Use

# What the slow or the engine log of a group amounts to in a month; nobody knows how much will be slow.
LOG_GB = 1


def charges(state: Mapping[str, Any]) -> Iterator[Use]:
    """One line for the nodes, whose price hangs on engine and type, one for their alarms, one for the logs
    whose groups are ours, one for a secret of ours.

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
    if kept := len(state.get("log_groups") or ()):
        yield Use("logs in GB", "vended_logs_gb", kept * LOG_GB, f"cache logs of {LOG_GB} GB a month each")
    yield Use("secrets", "secret_month", int(bool(secret and not secret.get("deleted"))))


def nodes(state: Mapping[str, Any]) -> int | None:
    """How many nodes: shards times (1 + replicas), or the clusters it counts; ``None`` where shards differ."""
    if state.get("num_cache_clusters"):
        return int(state["num_cache_clusters"])
    shards, replicas = state.get("num_node_groups"), state.get("replicas_per_node_group")
    return None if shards is None or replicas is None else int(shards) * (1 + int(replicas))
