# SPDX-License-Identifier: Apache-2.0
"""Shards and replicas: more, fewer, and failing over.

Source: API reference ModifyReplicationGroupShardConfiguration, IncreaseReplicaCount, DecreaseReplicaCount,
TestFailover.
"""

from __future__ import annotations

import datetime
from typing import Any

from moto.core.responses import ActionResult

from localcloud.clock import now
from localcloud.overlays.elasticache import checks, engines, interfaces, layout
from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.store import Group, Shard
from localcloud.overlays.elasticache.subnet_groups import zones_of
from localcloud.overlays.elasticache.views import group_view
from localcloud.refusals import refuse

MAX_FAILOVERS_PER_DAY = 15


#: Recorded: elasticache/modify-replication-group-shard-configuration/error-not-available.
_BUSY = "Replication group must be in available state to modify."


class Scaling(Base):
    """The calls that move nodes."""

    def modify_replication_group_shard_configuration(self) -> ActionResult:
        """The group, `modifying`; shards and slots change when that ends."""
        given = self.given
        group = self._scalable(given)
        checks.check_alone(group)
        if group.cluster_mode != "enabled":
            raise checks.combination("Shards can only be changed in a group with cluster mode enabled.")
        count = given["NodeGroupCount"]
        if count == len(group.shards) or count < 1:
            raise checks.value(f"NodeGroupCount {count} is not a change: the group has {len(group.shards)}.")
        work = self._shards_out(group, given) if count > len(group.shards) else self._shards_in(group, given)
        return self._under_way(group, {"resharding": True}, work)

    def _shards_out(self, group: Group, given: dict[str, Any]) -> Any:
        more = given["NodeGroupCount"] - len(group.shards)
        zones = zones_of(self.store, group.subnet_group)
        replicas = group.shards[0].replicas
        preferred = [entry["PreferredAvailabilityZones"] for entry in given.get("ReshardingConfiguration", [])]
        for wanted in preferred:
            checks.check_in_subnet_group(wanted, zones)
            if len(wanted) != replicas + 1:
                raise checks.value("PreferredAvailabilityZones must name one zone per node of the new node group.")
        checks.check_quotas(self.store, group, more * (replicas + 1))

        def land() -> None:
            for index in range(more):
                turn = layout.rotated(zones, len(group.shards))
                layout.add_shard(group, replicas, preferred[index] if index < len(preferred) else turn)
            layout.spread_slots(group)

        return land

    def _shards_in(self, group: Group, given: dict[str, Any]) -> Any:
        ids = [shard.id for shard in group.shards]
        gone, kept = given.get("NodeGroupsToRemove"), given.get("NodeGroupsToRetain")
        if (gone is None) == (kept is None):
            raise checks.combination("To remove node groups, give NodeGroupsToRemove or NodeGroupsToRetain.")
        unknown = sorted(set(gone or kept or []) - set(ids))
        if unknown:
            raise refuse("NodeGroupNotFoundFault", f"Node group {unknown[0]} not found.")
        remaining = set(kept) if kept is not None else set(ids) - set(gone or [])
        if len(remaining) != given["NodeGroupCount"]:
            raise checks.combination("The node groups to remove or retain do not leave NodeGroupCount node groups.")

        def land() -> None:
            group.shards = [shard for shard in group.shards if shard.id in remaining]
            layout.spread_slots(group)

        return land

    def increase_replica_count(self) -> ActionResult:
        """The group, `modifying`; the replicas are there when that ends."""
        return self._replicas(sign=1)

    def decrease_replica_count(self) -> ActionResult:
        """The group, `modifying`; the replicas are gone when that ends."""
        return self._replicas(sign=-1)

    def _replicas(self, sign: int) -> ActionResult:
        given = self.given
        group = self._scalable(given)
        wanted = self._wanted_replicas(group, given)
        changed = {shard_id for shard_id, count in wanted.items() if count != _shard(group, shard_id).replicas}
        if not changed:
            raise refuse("NoOperationFault", "The operation was not performed because no changes were required.")
        for shard_id in changed:
            self._check_replicas(group, _shard(group, shard_id), wanted[shard_id], sign)
        more = sum(wanted[s] - _shard(group, s).replicas for s in changed)
        checks.check_quotas(self.store, group, more)
        zones = zones_of(self.store, group.subnet_group)
        asked = self._asked_zones(group, given, zones)
        named = set(given.get("ReplicasToRemove", []))

        def land() -> None:
            for shard_id in changed:
                shard = _shard(group, shard_id)
                _resize(group, shard, wanted[shard_id], asked.get(shard_id, []), zones, named)

        return self._under_way(group, {}, land)

    def _wanted_replicas(self, group: Group, given: dict[str, Any]) -> dict[str, int]:
        """Shard id -> number of replicas.

        Source: user guide, "Decreasing the number of replicas in a shard": one and only one of the three parameters.
        """
        stated = [name for name in ("NewReplicaCount", "ReplicaConfiguration", "ReplicasToRemove") if name in given]
        if len(stated) > 1:
            raise checks.combination(f"Only one of {', '.join(stated)} can be given.")
        if "ReplicaConfiguration" in given:
            if not group.clustered and len(given["ReplicaConfiguration"]) != 1:
                raise checks.combination("A group with cluster mode disabled has exactly one node group.")
            return {c["NodeGroupId"]: c["NewReplicaCount"] for c in given["ReplicaConfiguration"]}
        if "NewReplicaCount" in given:
            return {shard.id: given["NewReplicaCount"] for shard in group.shards}
        if "ReplicasToRemove" in given:
            gone = set(given["ReplicasToRemove"])
            self._check_removable(group, gone)
            return {s.id: s.replicas - len(gone & {m.id for m in s.members}) for s in group.shards}
        raise checks.combination("NewReplicaCount or ReplicaConfiguration must be given.")

    def _check_removable(self, group: Group, names: set[str]) -> None:
        """A primary cannot be removed, and an event says that it was selected.

        Source: user guide, "Decreasing the number of replicas in a shard".
        """
        roles = {member.id: member.role for member in group.members}
        unknown = sorted(names - set(roles))
        if unknown:
            raise checks.value(f"Replica {unknown[0]} is not a member of the replication group.")
        primaries = sorted(name for name in names if roles[name] == "primary")
        if primaries:
            self.store.note(group.id, f"Primary node {primaries[0]} was selected for deletion")
            raise checks.value(f"Primary node {primaries[0]} cannot be removed.")

    def _asked_zones(self, group: Group, given: dict[str, Any], zones: list[str]) -> dict[str, list[str]]:
        """Shard id -> zones for all its nodes.  Source: ConfigureShard API reference, PreferredAvailabilityZones."""
        asked = {}
        for each in given.get("ReplicaConfiguration", []):
            named = each.get("PreferredAvailabilityZones", [])
            checks.check_in_subnet_group(named, zones)
            if named and len(named) != each["NewReplicaCount"] + 1:
                raise checks.value("PreferredAvailabilityZones must name one zone per replica and one for the primary.")
            asked[each["NodeGroupId"]] = named
        return asked

    def _check_replicas(self, group: Group, shard: Shard, count: int, sign: int) -> None:
        checks.check_replicas(count)
        if (count - shard.replicas) * sign < 0:
            direction = "more" if sign > 0 else "less"
            raise checks.value(f"NewReplicaCount {count} must be {direction} than the current {shard.replicas}.")
        if count < 1 and (group.multi_az or (group.automatic_failover and not group.clustered)):
            # Source: DecreaseReplicaCount: with Multi-AZ or failover the minimum is 1.
            raise checks.combination("The number of replicas cannot go below 1 with Multi-AZ or automatic failover.")

    def _scalable(self, given: dict[str, Any]) -> Group:
        """The group of the call, if it may be scaled now."""
        group = self.store.available_group(given["ReplicationGroupId"], _BUSY)
        if not given.get("ApplyImmediately"):
            # Source: all three calls: "currently, the only permitted value is true".
            raise checks.value("ApplyImmediately must be true.")
        if group.cluster_mode == "compatible":
            raise checks.combination("The cluster mode is compatible: no scaling is possible until it is enabled.")
        return group

    def _under_way(self, group: Group, pending: dict[str, Any], land: Any) -> ActionResult:
        def done() -> None:
            group.changing = {}
            land()
            interfaces.follow(self.store, group)
            engines.follow(self.store, group)
            self.store.note(group.id, "Replication group scaled")

        group.changing = pending
        self.store.settle(group, "modifying", done)
        return ActionResult({"ReplicationGroup": group_view(group)})

    def test_failover(self) -> ActionResult:
        """The group, `modifying`; afterwards another member of the shard is its primary."""
        given = self.given
        group = self.store.available_group(given["ReplicationGroupId"], _BUSY)
        shard = _shard(group, given["NodeGroupId"])
        if not group.automatic_failover or shard.replicas < 1:
            raise checks.combination("TestFailover needs automatic failover and at least one replica.")
        self._count_failover(shard.id)

        def land() -> None:
            old = next(index for index, member in enumerate(shard.members) if member.role == "primary")
            for index, member in enumerate(shard.members):
                member.role = layout.role(0 if index == (old + 1) % len(shard.members) else 1)
            self.store.note(group.id, f"Failover from primary node {shard.members[old].id} completed")

        self.store.note(group.id, f"Test Failover API called for node group {shard.id}")
        return self._under_way(group, {}, land)

    def _count_failover(self, shard_id: str) -> None:
        """Source: TestFailover: on up to 15 shards in any rolling 24-hour period."""
        yesterday = now() - datetime.timedelta(days=1)
        recent = [(when, shard) for when, shard in self.store.failovers if when > yesterday]
        if len(recent) >= MAX_FAILOVERS_PER_DAY:
            raise refuse("APICallRateForCustomerExceeded", "TestFailover was called on 15 node groups within 24 hours.")
        self.store.failovers = [*recent, (now(), shard_id)]


def _shard(group: Group, shard_id: str) -> Shard:
    for shard in group.shards:
        if shard.id == shard_id:
            return shard
    raise refuse("NodeGroupNotFoundFault", f"Node group {shard_id} not found.")


def _resize(group: Group, shard: Shard, count: int, asked: list[str], zones: list[str], named: set[str]) -> None:
    """Bring the shard to `count` replicas: new ones in the zones that have fewest, the last ones leave first."""
    taken = [member.zone for member in shard.members]
    # The zones of a ReplicaConfiguration name all nodes of the shard; what is taken already is not asked again.
    free = list(asked)
    for zone in taken:
        if zone in free:
            free.remove(zone)
    while shard.replicas < count:
        layout.add_replica(group, shard, free.pop(0) if free else layout.zone_for_replica(shard, zones))
    replicas = [member for member in shard.members if member.role != "primary"]
    leaving = [m for m in replicas if m.id in named] or replicas[::-1]
    while shard.replicas > count:
        # Source: user guide, "Decreasing the number of replicas in a shard": the zones are kept as far as possible.
        crowds = [member.zone for member in shard.members]
        member = leaving.pop(leaving.index(max(leaving, key=lambda each: crowds.count(each.zone))))
        shard.members.remove(member)
