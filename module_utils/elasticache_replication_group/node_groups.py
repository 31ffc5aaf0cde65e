# SPDX-License-Identifier: Apache-2.0
"""Where the nodes of each node group are to be, and with which slots a group is born.  Pure.

Which node is the primary changes with every failover, so of an existing group the zones count, not their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..reconcile.errors import Refusal, did_you_mean
from .names import NOUN, group_name

Options = Mapping[str, Any]
State = Mapping[str, Any]
Finding = tuple[str, Any, str, str]
ZONES = "availability_zones"
OPTION = {
    "type": "list",
    "elements": "dict",
    "options": {"slots": {}, ZONES: {"type": "list", "elements": "str"}},
}
# Source: NodeGroupConfiguration API reference, Slots: startkey-endkey, keyspaces from 0 to 16,383.
SLOTS, LAST_SLOT = re.compile(r"(\d{1,5})-(\d{1,5})\Z"), 16_383
EVERY_SLOT = f"all of 0-{LAST_SLOT} without gaps, one range for each node group"


def declared_zones(groups: Sequence[State] | None) -> list[list[str]] | None:
    """The zones of the nodes by node group; ``None`` where they are AWS's choice."""
    if not groups or any(not each[ZONES] for each in groups):
        return None
    return [list(each[ZONES]) for each in groups]


def seen(shards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """The node groups as AWS shows them; ``None`` while some of their nodes are not shown."""
    nodes = {shard["NodeGroupId"]: shard.get("NodeGroupMembers") or [] for shard in shards}
    if not nodes or not all(nodes.values()):
        return None
    slots = {shard["NodeGroupId"]: shard.get("Slots") for shard in shards}
    return [{"slots": slots[shard], ZONES: sorted(node["PreferredAvailabilityZone"] for node in nodes[shard])}
            for shard in sorted(nodes)]  # fmt: skip


def wanted(options: Options) -> list[dict[str, Any]] | None:
    """The node groups as declared; an empty list is no opinion."""
    return [dict(each) for each in options["node_groups"] or ()] or None


def compared(groups: Any) -> Any:
    """The zones of node groups, in which order carries no meaning; slots are of a birth only."""
    zones = declared_zones(groups)
    return None if zones is None else [sorted(each) for each in zones]


def at_birth(desired: State) -> dict[str, Any]:
    """What CreateReplicationGroup takes: the first zone is the primary's.

    Source: CreateReplicationGroup API reference, PreferredCacheClusterAZs and NodeGroupConfiguration.
    """
    groups = desired["node_groups"]
    if not groups:
        return {}
    if desired["cluster_mode"] != "enabled":
        return {"PreferredCacheClusterAZs": groups[0][ZONES]}
    return {"NodeGroupConfiguration": [_configuration(each) for each in groups]}


def _configuration(group: State) -> dict[str, Any]:
    slots = {"Slots": group["slots"]} if group["slots"] else {}
    if not group[ZONES]:
        return slots
    primary, *replicas = group[ZONES]
    return {**slots, "PrimaryAvailabilityZone": primary, "ReplicaAvailabilityZones": replicas}


def of_new(observed: State, desired: State) -> dict[str, Any]:
    """Where the nodes of node groups that are added go.

    Source: ModifyReplicationGroupShardConfiguration API reference, ReshardingConfiguration.
    """
    zones = (declared_zones(desired["node_groups"]) or [])[observed["num_node_groups"] or 1 :]
    return {"ReshardingConfiguration": [{"PreferredAvailabilityZones": each} for each in zones]} if zones else {}


def rules(options: Options, mode: str | None, replicas: int | None) -> Iterator[Finding]:
    """Counts that contradict each other, slots that are not a whole, Multi-AZ in one zone."""
    groups = options["node_groups"] or []
    if not groups:
        return
    yield from _count(options, groups, mode)
    zones = [each[ZONES] or [] for each in groups]
    if any(zones) and not all(zones):
        yield ("node_groups", "node groups with and without availability_zones", "all of them or none",
               "state availability_zones for each, or for none")  # fmt: skip
    for named in filter(None, zones):
        if replicas is not None and len(named) != replicas + 1:
            yield ("node_groups availability_zones", named, f"{replicas + 1} zones, one for each node",
                   "correct node_groups or the number of replicas")  # fmt: skip
        if options["multi_az_enabled"] and len(set(named)) < min(2, len(named)):
            yield ("node_groups availability_zones", named, "two zones at least for multi_az_enabled",
                   "correct node_groups, or set multi_az_enabled: false")  # fmt: skip
    stated = [each["slots"] for each in groups]
    if any(stated) and (mode != "enabled" or not whole(stated)):
        wanted = EVERY_SLOT if mode == "enabled" else "no slots without cluster_mode enabled"
        yield "node_groups slots", ", ".join(each or "none" for each in stated), wanted, "correct node_groups"


def _count(options: Options, groups: Sequence[State], mode: str | None) -> Iterator[Finding]:
    count = options["num_node_groups"] if mode == "enabled" else 1
    if count is not None and len(groups) != count:
        yield ("node_groups", f"{len(groups)} of them", f"{count}, as many as there are node groups",
               "correct node_groups or num_node_groups")  # fmt: skip


def whole(stated: Sequence[str | None]) -> bool:
    """Whether ranges of slots are all of them, each once."""
    found = [SLOTS.match(each or "") for each in stated]
    spans = sorted((int(each[1]), int(each[2])) for each in found if each)
    follow = [first for first, _last in spans] == [0, *(last + 1 for _first, last in spans[:-1])]
    return len(spans) == len(stated) and follow and spans[-1][1] == LAST_SLOT and all(a <= b for a, b in spans)


def misfits(options: Options, zones: Sequence[str]) -> Iterator[Refusal]:
    """Zones in which the group has no subnet."""
    named = {zone for each in options["node_groups"] or () for zone in each[ZONES] or ()}
    for zone in sorted(named - set(zones)) if zones else ():
        yield Refusal(NOUN, group_name(options), "node_groups availability_zones", f"{zone}{did_you_mean(zone, zones)}",
                      f"zones with a subnet of the group: {', '.join(zones)}", "correct node_groups, or add a subnet "
                      "there")  # fmt: skip


def guards(observed: State, desired: State) -> Iterator[Finding]:
    """Slots are given at birth and evened out by AWS later; new node groups are as large as the present ones."""
    before, after = observed.get("node_groups"), desired["node_groups"]
    if not before or not after:
        return
    stated = [each["slots"] for each in after]
    if any(stated) and stated != [each["slots"] for each in before]:
        yield ("node_groups slots", ", ".join(map(str, stated)),
               f"the present {', '.join(str(each['slots']) for each in before)}",
               "remove slots from node_groups: they are chosen when a group is created")  # fmt: skip
    replicas = desired["replicas_per_node_group"]
    if len(after) > len(before) and declared_zones(after) and replicas != observed["replicas_per_node_group"]:
        yield ("node_groups", f"{len(after)} of them with {replicas} replicas each",
               f"the present {observed['replicas_per_node_group']} replicas while node groups are added",
               "change the number of node groups first, then that of replicas")  # fmt: skip
