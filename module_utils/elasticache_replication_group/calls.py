# SPDX-License-Identifier: Apache-2.0
"""What the calls of this component have in common.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..reconcile.plan import DEFERRED, DISRUPTIVE, IN_PLACE, Call
from ..reconcile.tags import tag_calls
from .names import NODES_SECONDS, group_noun, log_group_noun, parameter_group_noun, settled

SERVICE = "elasticache"
# Right after a change AWS may still show the group as available.  Source: terraform-provider-aws waits as long.
MODIFYING_SHOWS_SECONDS = 30
# What waits for the maintenance window unless apply_immediately is set.
# Source: ModifyReplicationGroup API reference, ApplyImmediately.
DEFERRABLE = {
    "engine", "engine_version", "cache_node_type", "automatic_failover_enabled", "multi_az_enabled", "cluster_mode",
    "transit_encryption_enabled", "transit_encryption_mode",
}  # fmt: skip
# What adds or takes nodes; so does a change that interrupts, for nodes are made anew.
SCALING = ("modify_replication_group_shard_configuration", "increase_replica_count", "decrease_replica_count")


def change(name: str, operation: str, params: Mapping[str, Any], why: str, kind: str = IN_PLACE) -> Call:
    """A call that keeps the group busy until it is available again."""
    every = params if "ResourceName" in params else {"ReplicationGroupId": name, **params}
    typical_seconds = NODES_SECONDS if operation in SCALING or kind == DISRUPTIVE else MODIFYING_SHOWS_SECONDS
    wait = replace(settled(name), delay_seconds=MODIFYING_SHOWS_SECONDS, typical_seconds=typical_seconds)
    return Call(SERVICE, operation, every, group_noun(name), why, kind, after=needed(params), wait=wait)


def needed(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The objects that have to be finished before a group can name them."""
    name = params.get("CacheParameterGroupName")
    details = [each.get("DestinationDetails", {}) for each in params.get("LogDeliveryConfigurations", ())]
    logs = [each["CloudWatchLogsDetails"]["LogGroup"] for each in details if "CloudWatchLogsDetails" in each]
    return (*((parameter_group_noun(name),) if name else ()), *map(log_group_noun, logs))


def kind(desired: Mapping[str, Any], at_once: str) -> str:
    """The class of a change that can wait for the maintenance window."""
    return at_once if desired["apply_immediately"] else DEFERRED


def tag_params(arn: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, dict[str, Any], str]]:
    """Operation, parameters and reason of the tag calls that are needed."""
    operations = ("remove_tags_from_resource", "add_tags_to_resource")
    calls = tag_calls(SERVICE, arn, {"ResourceName": arn}, before, after, operations)
    return [(call.operation, dict(call.params), call.why) for call in calls]
