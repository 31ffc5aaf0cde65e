# SPDX-License-Identifier: Apache-2.0
"""Snapshots of replication groups."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from localcloud.clock import now
from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.checks import check_tags, combination
from localcloud.overlays.elasticache.store import Group, Member, Shard, Store
from localcloud.refusals import refuse


def take_snapshot(store: Store, group: Group, name: str, member: Member | None = None) -> dict[str, Any]:
    """A snapshot of the group, or of one of its members, as it is now. Source: API reference, data type Snapshot."""
    snapshot = {
        "SnapshotName": name,
        **(_of_group(group) if member is None else _of_member(group, member)),
        "SnapshotStatus": "available",
        "SnapshotSource": "manual",
        "CacheNodeType": group.node_type,
        "Engine": group.engine,
        "EngineVersion": group.version,
        "PreferredMaintenanceWindow": group.maintenance_window,
        "TopicArn": group.topic,
        "Port": group.port,
        "CacheParameterGroupName": group.parameter_group,
        "CacheSubnetGroupName": group.subnet_group,
        "VpcId": store.subnet_groups[group.subnet_group]["VpcId"],
        "AutoMinorVersionUpgrade": group.auto_minor_upgrade,
        "SnapshotRetentionLimit": group.snapshot_retention,
        "SnapshotWindow": group.snapshot_window,
        "NodeSnapshots": [_node_snapshot(group, shard) for shard in group.shards],
        "KmsKeyId": group.kms_key,
        "ARN": store.arn("snapshot", name),
        "DataTiering": "enabled" if group.data_tiering else "disabled",
    }
    store.snapshots[name] = {key: value for key, value in snapshot.items() if value is not None}
    store.note(group.id, f"Snapshot succeeded for snapshot with ID '{name}'")
    return store.snapshots[name]


def _of_group(group: Group) -> dict[str, Any]:
    return {
        "ReplicationGroupId": group.id,
        "ReplicationGroupDescription": group.description,
        "NumNodeGroups": len(group.shards),
        "AutomaticFailover": "enabled" if group.automatic_failover else "disabled",
    }


def _of_member(group: Group, member: Member) -> dict[str, Any]:
    """Source: recorded, elasticache/describe-snapshots: such a snapshot shows the cluster, and no group."""
    return {
        "CacheClusterId": member.id,
        "CacheClusterCreateTime": group.created,
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": member.zone,
    }


def _node_snapshot(group: Group, shard: Shard) -> dict[str, Any]:
    return {
        "CacheClusterId": shard.members[0].id,
        "NodeGroupId": shard.id,
        "CacheNodeId": "0001",
        "NodeGroupConfiguration": {
            "Slots": shard.slots,
            "ReplicaCount": shard.replicas,
            "PrimaryAvailabilityZone": shard.members[0].zone,
            "ReplicaAvailabilityZones": [member.zone for member in shard.members[1:]],
        },
        "CacheSize": "2 MB",
        "CacheNodeCreateTime": group.created,
        "SnapshotCreateTime": now(),
    }


class Snapshots(Base):
    """The calls on snapshots."""

    def create_snapshot(self) -> ActionResult:
        """The snapshot, `creating`; the group is `snapshotting` for a while."""
        given = self.given
        name = given["SnapshotName"]
        if ("ReplicationGroupId" in given) == ("CacheClusterId" in given):
            raise combination("Exactly one of ReplicationGroupId and CacheClusterId must be given.")
        if name in self.store.snapshots:
            raise refuse("SnapshotAlreadyExistsFault", f"Snapshot {name} already exists.")
        check_tags(given.get("Tags", []))
        group, member = self._source()
        snapshot = take_snapshot(self.store, group, name, member)
        snapshot["SnapshotStatus"] = "creating"
        self.tag(snapshot["ARN"], given.get("Tags", []))
        self.store.settle(group, "snapshotting", lambda: snapshot.update(SnapshotStatus="available"))
        return ActionResult({"Snapshot": snapshot})

    def _source(self) -> tuple[Group, Member | None]:
        """The group, and the member that was named instead of it."""
        name = self.given.get("CacheClusterId")
        if name is None:
            return self.store.available_group(self.given["ReplicationGroupId"]), None
        for group in self.store.all_groups():
            for member in group.members:
                if member.id == name:
                    return self.store.available_group(group.id), member
        raise refuse("CacheClusterNotFound", f"CacheCluster not found: {name}")

    def describe_snapshots(self) -> ActionResult:
        """The snapshots that match, with their node groups only on request."""
        given = self.given
        self.store.all_groups()
        shown = list(self.store.snapshots.values())
        if "SnapshotName" in given:
            shown = [self._snapshot(given["SnapshotName"])]
        for name in ("ReplicationGroupId", "CacheClusterId"):
            if name in given:
                shown = [snapshot for snapshot in shown if snapshot.get(name) == given[name]]
        if given.get("SnapshotSource") == "system":
            shown = []
        return self.page("Snapshots", shown)

    def delete_snapshot(self) -> ActionResult:
        """The snapshot, `deleting`."""
        snapshot = self._snapshot(self.given["SnapshotName"])
        if snapshot["SnapshotStatus"] != "available":
            raise refuse("InvalidSnapshotState", f"Snapshot {snapshot['SnapshotName']} is not available.")
        del self.store.snapshots[snapshot["SnapshotName"]]
        return ActionResult({"Snapshot": {**snapshot, "SnapshotStatus": "deleting"}})

    def _snapshot(self, name: str) -> dict[str, Any]:
        found = self.store.snapshots.get(name)
        if found is None:
            raise refuse("SnapshotNotFoundFault", f"Snapshot {name} not found.")
        return found
