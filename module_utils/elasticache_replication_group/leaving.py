# SPDX-License-Identifier: Apache-2.0
"""How nodes get out of a zone whose subnet is to leave the subnet group, and to where they are declared.  Pure.

AWS moves no node: replicas come where they are wanted, then those in the zone go. A primary cannot be removed, so it
becomes a replica first; as its node group then has no other node in the zone, its successor stands elsewhere.
Source: ElastiCache user guide, "Decreasing the number of replicas in a shard"; TestFailover API reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..reconcile.plan import DISRUPTIVE, Call
from .calls import change
from .node_groups import declared_zones

State = Mapping[str, Any]
Node = Mapping[str, Any]
Finding = tuple[str, Any, str, str]
# Source: ElastiCache user guide, "Quotas for ElastiCache", nodes per shard; TestFailover API reference.
MOST_NODES, MOST_FAILOVERS = 6, 15


@dataclass(frozen=True)
class Move:
    """What becomes of one node group: nodes that stay, nodes that leave, and the zones of those that come."""

    shard: str
    staying: list[Node]
    leaving: list[Node]
    coming: list[str]

    @property
    def primary(self) -> Node | None:
        """The primary, where it is about to leave."""
        return next((node for node in self.leaving if node["primary"]), None)


def lost_zones(observed: State, subnet_ids: Any) -> list[str]:
    """Zones in which nodes are, and of which no present subnet stays in the subnet group.

    In which of several subnets of one zone a node is, AWS does not show: a new subnet of the zone is no help.
    Source: ModifyCacheSubnetGroup API reference, SubnetInUse.
    """
    zone_of = (observed.get("subnet_group") or {}).get("zones", {})
    return sorted(
        set(observed.get("zones", ())) & set(zone_of.values()) - {zone_of[id_] for id_ in subnet_ids if id_ in zone_of}
    )


def lost(observed: State, desired: State) -> list[str]:
    """The zones that nodes have to leave."""
    return lost_zones(observed, desired["subnet_group"]["subnet_ids"]) if desired["subnet_group"] else []


def destinations(observed: State, desired: State) -> tuple[list[str], list[str]]:
    """Zones for new nodes: those whose subnet stays, and where these are too few, those that get one now."""
    zone_of, gone = (observed.get("subnet_group") or {}).get("zones", {}), lost(observed, desired)
    staying = sorted({zone_of[id_] for id_ in desired["subnet_group"]["subnet_ids"] if id_ in zone_of})
    fresh = sorted(set(desired["subnet_zones"]) - {*gone, *staying})
    chosen = declared_zones(desired.get("node_groups"))
    enough = not chosen and len(staying) >= (2 if desired["member_zones_spread"] else 1)
    return staying, [] if enough else fresh


def wanted_replicas(desired: State) -> int | None:
    """Replicas beside each primary; ``None`` is no opinion."""
    if desired["num_cache_clusters"] is not None:
        return int(desired["num_cache_clusters"]) - 1
    count = desired["replicas_per_node_group"]
    return None if count is None else int(count)


def moves(observed: State, desired: State) -> list[Move]:
    """One for each node group that stays, when any node has to leave its zone, or to come to one; else none."""
    gone = lost(observed, desired)
    members = observed.get("members") or {}
    chosen = declared_zones(desired.get("node_groups"))
    if chosen and observed.get("node_groups"):
        planned = [placed(shard, members[shard], zones) for shard, zones in zip(sorted(members), chosen, strict=False)]
        return planned if any(move.leaving or move.coming for move in planned) else []
    if not gone or not any(node["zone"] in gone for nodes in members.values() for node in nodes):
        return []
    zones = [zone for group in destinations(observed, desired) for zone in group]
    kept = sorted(members)[: desired["num_node_groups"] or len(members)]
    return [_move(shard, members[shard], gone, zones, desired) for shard in kept]


def placed(shard: str, nodes: list[Node], zones: list[str]) -> Move:
    """What becomes of a node group whose zones are declared; where only some nodes of a zone stay, the primary does."""
    coming = list(zones)
    staying: list[Node] = []
    for node in sorted(nodes, key=lambda each: not each["primary"]):
        if node["zone"] in coming:
            coming.remove(node["zone"])
            staying.append(node)
    return Move(shard, staying, [node for node in nodes if node not in staying], coming)


def _move(shard: str, nodes: list[Node], gone: list[str], zones: list[str], desired: State) -> Move:
    staying = [node for node in nodes if node["zone"] not in gone]
    leaving = [node for node in nodes if node["zone"] in gone]
    replicas = wanted_replicas(desired)
    wanted = len(nodes) if replicas is None else replicas + 1
    used, coming = [node["zone"] for node in staying], []

    def come() -> None:
        coming.append(min(zones, key=used.count))
        used.append(coming[-1])

    while zones and len(used) < wanted:
        come()
    # All in one zone that stays: one more comes elsewhere, and AWS keeps the zones when it takes one away.
    if desired["member_zones_spread"] and wanted > 1 and len(set(used)) < 2 <= len(zones):
        come()
    return Move(shard, staying, leaving, coming)


def replicas_after(observed: State, desired: State) -> dict[str, int]:
    """The replicas of each node group once everything has left."""
    after = {move.shard: len(move.staying) + len(move.coming) - 1 for move in moves(observed, desired)}
    return {**observed["replicas_by_node_group"], **after}


def arrivals(observed: State, desired: State) -> list[Call]:
    """New replicas where they stay, and primaries out of the zones that are left."""
    planned, name = moves(observed, desired), desired["name"]
    calls = []
    # The zones of a node group's nodes are all named, those of the present ones too.
    # Source: ConfigureShard API reference, PreferredAvailabilityZones.
    added = [{"NodeGroupId": move.shard, "NewReplicaCount": len(move.staying + move.leaving) + len(move.coming) - 1,
              "PreferredAvailabilityZones": [*(node["zone"] for node in (*move.staying, *move.leaving)), *move.coming]}
             for move in planned if move.coming]  # fmt: skip
    if added:
        zones = ", ".join(sorted({zone for move in planned for zone in move.coming}))
        params: dict[str, Any] = {"ApplyImmediately": True, "ReplicaConfiguration": added}
        calls.append(change(name, "increase_replica_count", params, f"add replicas in {zones}"))
    falling = [move for move in planned if move.primary]
    beside = [node["id"] for move in falling for node in move.leaving if node is not move.primary]
    calls += [_remove(observed, desired, beside)] if beside else []
    for move in falling:
        why = f"fail over node group {move.shard} out of {move.primary['zone'] if move.primary else ''}"
        calls.append(change(name, "test_failover", {"NodeGroupId": move.shard}, why, DISRUPTIVE))
    return calls


def departures(observed: State, desired: State) -> list[Call]:
    """The nodes that are left in those zones go, all of them replicas by now."""
    ids = [node["id"] for move in moves(observed, desired) for node in move.leaving
           if not move.primary or node is move.primary]  # fmt: skip
    return [_remove(observed, desired, ids)] if ids else []


def _remove(observed: State, desired: State, ids: list[str]) -> Call:
    """Source: DecreaseReplicaCount API reference: ReplicasToRemove, and then no count beside it."""
    params = {"ApplyImmediately": True, "ReplicasToRemove": ids}
    left = sorted({node["zone"] for move in moves(observed, desired) for node in move.leaving if node["id"] in ids})
    why = f"remove {', '.join(ids)}, for {', '.join(left)} is left"
    return change(desired["name"], "decrease_replica_count", params, why)


def obstacles(observed: State, desired: State) -> Iterator[Finding]:
    """Why the nodes in a zone that is left cannot get out of it."""
    gone = lost(observed, desired)
    if not gone:
        return
    zone_of = observed["subnet_group"]["zones"]
    subnets = sorted(subnet for subnet, zone in zone_of.items() if zone in gone)
    found = f"a subnet group without {', '.join(subnets)}, in which nodes are ({', '.join(gone)})"
    for wanted, step in reasons(observed, desired):
        yield "subnet_ids", found, wanted, step


def reasons(observed: State, desired: State) -> Iterator[tuple[str, str]]:
    """What nodes that have to move would need first, and the next step."""
    planned = moves(observed, desired)
    now = {**observed, **observed["in_force"]}
    zones = [zone for group in destinations(observed, desired) for zone in group]
    falling = [move.shard for move in planned if move.primary]
    moved = [move for move in planned if move.leaving]
    if len(zones) < (2 if desired["member_zones_spread"] else 1):
        wanted = "subnets in two other zones for Multi-AZ" if zones else "a subnet in another zone for them"
        yield wanted, "keep the subnets, or add one in another zone first"
    if not observed.get("members"):
        yield "nodes that AWS shows", "run again when the group is available"
    if now["cluster_mode"] == "compatible":
        yield "cluster mode enabled before nodes can move", "set cluster_mode: enabled first"
    if len(observed.get("members") or {}) < (desired["num_node_groups"] or 0):
        yield "the present number of node groups", "leave the zone first, then raise num_node_groups"
    if any(node["primary"] is None for move in moved for node in move.leaving):
        yield ("the primary of each node group, which CloudWatch's metric IsPrimary tells",
               "allow cloudwatch:GetMetricData, and run again when the group is a few minutes old")  # fmt: skip
    if falling and not now["automatic_failover_enabled"]:
        yield ("automatic failover, for a primary cannot leave as such",
               "set automatic_failover_enabled first, or keep the subnets")  # fmt: skip
    if falling and any(len(move.staying) + len(move.coming) < 1 for move in planned if move.primary):
        yield "a replica in another zone", "add a replica first"
    if len(falling) > MOST_FAILOVERS:
        yield (f"at most {MOST_FAILOVERS} primaries to fail over, which is what AWS allows in 24 hours",
               "keep the subnets")  # fmt: skip
    if any(len(move.staying) + len(move.leaving) + len(move.coming) > MOST_NODES for move in moved):
        yield (f"room for {MOST_NODES} nodes in a node group while new replicas stand beside those that leave",
               "lower the number of replicas first")  # fmt: skip
