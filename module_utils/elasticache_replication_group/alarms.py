# SPDX-License-Identifier: Apache-2.0
"""The CloudWatch alarms on the nodes of a group, which come and go with them.  Pure.

ElastiCache publishes its metrics for each node and none of these for a replication group, so an alarm on the group
would never see anything; and an alarm takes ten metrics at most and no search. So each node has alarms of its own. Its
name is what AWS says, not what we expect: a group that became clustered keeps names without a shard in them, and which
replica goes is AWS's choice. What the names will be is known after apply, from the answer that ends the wait.
Source: ElastiCache user guide, "Monitoring CloudWatch Cluster and Node Metrics"; PutMetricAlarm API reference, Metrics;
cds-snc/notification-terraform#624, widdix/aws-cf-templates#571, cloudposse/terraform-aws-elasticache-redis#56.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from functools import partial
from typing import Any

from .. import alarms
from ..alarms import Watched
from ..reconcile.errors import AwsFailure
from ..reconcile.plan import DELETE, Call, Ref
from .leaving import moves, replicas_after, wanted_replicas
from .names import group_name, group_noun, members_ref

NAMESPACE = "AWS/ElastiCache"
# A cluster that is a member of a group has one node.  Source: as above; CreateReplicationGroup API reference.
ONLY_NODE = "0001"
Options = Mapping[str, Any]
State = dict[str, Any]
Known = Mapping[str, Any]
# Source: ElastiCache user guide, "Which Metrics Should I Monitor?"; CloudWatch user guide, "Recommended alarms",
# ElastiCache. Only replicas lag; each node is watched, for after a failover it is another one.
WATCHED = {
    "engine_cpu_percent": Watched("engine-cpu", "EngineCPUUtilization", "Average", 5),
    "memory_percent": Watched("memory", "DatabaseMemoryUsagePercentage", "Average", 5),
    "evictions": Watched("evictions", "Evictions", "Sum", 5),
    "replication_lag_seconds": Watched("replication-lag", "ReplicationLag", "Maximum", 15),
    "connections": Watched("connections", "CurrConnections", "Average", 10),
}
OPTION = alarms.option(WATCHED)
# How the nodes of a group are called, with and without their shard.  Source: observed; see layout.py of localcloud.
NODE = r"(\d{4}-)?\d{3}"


def looks(options: Options) -> State:
    """The read of the alarms, where they matter: by prefix, for nodes that are gone may have left theirs."""
    if options["alarms"] is None and options["state"] == "present":
        return {}
    return {"alarms": (alarms.SERVICE, "describe_alarms", {"AlarmNamePrefix": f"{group_name(options)}-0"})}


def of_nodes(options: Options, answer: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What the read found, without the alarms of others whose names begin alike."""
    ends = "|".join(each.suffix for each in WATCHED.values())
    ours = re.compile(rf"{re.escape(group_name(options))}-{NODE}-({ends})")
    found = (answer or {}).get("MetricAlarms", ())
    return {"MetricAlarms": [alarm for alarm in found if ours.fullmatch(alarm["AlarmName"])]}


def wanted(options: Options, observed: Mapping[str, Any] | None, desired: State) -> State | None:
    """The declared alarms by name: those on nodes that are there, and on nodes to come.

    ``None`` is no opinion, also while AWS shows no nodes of a group that is there.
    """
    if options["alarms"] is None or (observed is not None and not observed.get("member_clusters")):
        return None
    nodes = list((observed or {}).get("member_clusters", ()))
    found = {f"{node}-{suffix}": alarm for node in nodes for suffix, alarm in _on(node, options["alarms"]).items()}
    group = desired["name"]
    for number in range(scaled(observed, desired)[0]):
        node_of = partial(_arrived, group, frozenset(nodes), number)
        for suffix, alarm in _on(Ref(members_ref(group), how=node_of), options["alarms"]).items():
            name = Ref(members_ref(group), how=partial(_alarm, node_of, suffix))
            found[f"{suffix} of node {number + 1} to come to {group_noun(group)}"] = {**alarm, "AlarmName": name}
    return found


def _on(node: Any, declared: Mapping[str, Any]) -> dict[str, State]:
    return alarms.wanted(declared, WATCHED, NAMESPACE, {"CacheClusterId": node, "CacheNodeId": ONLY_NODE})


def _alarm(node_of: Callable[[Known], str], suffix: str, known: Known) -> str:
    return f"{node_of(known)}-{suffix}"


def _arrived(group: str, before: frozenset[str], number: int, known: Known) -> str:
    return _nth(group, set(known[members_ref(group)] or ()) - before, number)


def _left(group: str, before: frozenset[str], number: int, known: Known) -> str:
    return _nth(group, before - set(known[members_ref(group)] or ()), number)


def _nth(group: str, nodes: Set[str], number: int) -> str:
    """Raises AwsFailure where AWS scaled otherwise than it was asked; the next run sees the nodes as they are."""
    if number >= len(nodes):
        raise AwsFailure(f"{group_noun(group)} has other nodes than were asked for. Next: run again")
    return sorted(nodes)[number]


def scaled(observed: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> tuple[int, int]:
    """How many nodes come and how many go."""
    replicas = wanted_replicas(desired)
    if observed is None:
        return (desired["num_node_groups"] or 1) * (1 + (replicas or 0)), 0
    before = {shard: len(nodes) for shard, nodes in observed["members"].items()}
    planned = {move.shard: move for move in moves(observed, desired)}
    after = {shard: 1 + count for shard, count in replicas_after(observed, desired).items()}
    kept = sorted(before)[: desired["num_node_groups"] or len(before)]
    coming = going = 0
    for shard, count in before.items():
        there = 0 if shard not in kept else after.get(shard, count) if replicas is None else 1 + replicas
        arriving = max(there - count, 0)
        if shard in planned and shard in kept:
            arriving = len(planned[shard].coming)
        coming, going = coming + arriving, going + count + arriving - there
    # New node groups are as large as the others.
    size = max((after.get(shard, 1) for shard in kept), default=1) if replicas is None else 1 + replicas
    return coming + size * max((desired["num_node_groups"] or 0) - len(before), 0), going


def calls(observed: State, desired: State) -> list[Call]:
    """Alarms to set and to remove; those of nodes that this plan takes away when these have gone."""
    if desired["alarms"] is None:
        return []
    found = alarms.calls(observed["alarms"], desired["alarms"], desired["new_tags"])
    group, nodes = desired["name"], frozenset(observed.get("member_clusters") or ())
    earlier = tuple(call.on for call in found)
    metrics = {each["MetricName"] for each in desired["alarms"].values()}
    for number in range(scaled(observed, desired)[1] if nodes else 0):
        node_of = partial(_left, group, nodes, number)
        for suffix in [each.suffix for each in WATCHED.values() if each.metric in metrics]:
            params = {"AlarmNames": [Ref(members_ref(group), how=partial(_alarm, node_of, suffix))]}
            noun = f"alarm {suffix} of node {number + 1} to leave {group_noun(group)}"
            found.append(Call(alarms.SERVICE, "delete_alarms", params, noun, f"delete {noun}", DELETE, earlier))
    return found
