# SPDX-License-Identifier: Apache-2.0
"""Replication groups: create, describe, delete."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from localcloud.clock import clock, now
from localcloud.overlays.elasticache import checks, engines, interfaces, layout
from localcloud.overlays.elasticache.catalogue import EngineVersion, check_node_type, find_version
from localcloud.overlays.elasticache.datastores import Datastores
from localcloud.overlays.elasticache.parameter_groups import default_name, find_parameter_group
from localcloud.overlays.elasticache.snapshots import take_snapshot
from localcloud.overlays.elasticache.store import Group, Member, Shard
from localcloud.overlays.elasticache.subnet_groups import vpc_of, zones_of
from localcloud.overlays.elasticache.views import active_logs, group_view, member_view
from localcloud.overlays.elasticache.windows import fill_windows
from localcloud.refusals import refuse

#: Parameters that would change what is made, and that nobody has written yet.
_NOT_THERE = {"CacheSecurityGroupNames", "PrimaryClusterId", "ServerlessCacheSnapshotName"}


class Groups(Datastores):
    """CreateReplicationGroup, DescribeReplicationGroups, DescribeCacheClusters, DeleteReplicationGroup."""

    def create_replication_group(self) -> ActionResult:
        """A group that is `creating`."""
        given = self.given
        if _NOT_THERE & set(given):
            raise NotImplementedError(f"CreateReplicationGroup with {', '.join(sorted(_NOT_THERE & set(given)))}")
        checks.check_id(given["ReplicationGroupId"])
        name = given["ReplicationGroupId"].lower()
        if name in {group.id for group in self.store.all_groups()}:
            raise refuse("ReplicationGroupAlreadyExists", f"Replication group {name} already exists.")
        if not given.get("ReplicationGroupDescription"):
            raise checks.value("The parameter ReplicationGroupDescription must be provided and must not be blank.")
        checks.check_counts(given)
        checks.check_tags(given.get("Tags", []))
        datastore = given.get("GlobalReplicationGroupId")
        if datastore:
            given = self.inherited(given)
        version = find_version(given.get("Engine", "redis").lower(), given.get("EngineVersion"))
        group = self._new_group(name, given, version)
        self._place(group, given)
        self._check_new(group, given)
        self.store.groups[name] = group
        interfaces.follow(self.store, group)
        self.tag(group.arn, given.get("Tags", []))
        self.store.settle(group, "creating", lambda: self._created(group))
        if datastore:
            self.join(group, datastore)
        return ActionResult({"ReplicationGroup": group_view(group)})

    def _created(self, group: Group) -> None:
        engines.follow(self.store, group)
        if group.global_status:
            group.global_status = "associated"
        self.store.note(group.id, "Replication group created")

    def _new_group(self, name: str, given: dict[str, Any], version: EngineVersion) -> Group:
        """The group as asked for, with what AWS fills in, and without nodes."""
        mode = self._cluster_mode(given)
        subnet_group = given.get("CacheSubnetGroupName", "default").lower()
        # Source: observed; AWS answers in lower case whatever was sent.
        maintenance_window, snapshot_window = fill_windows(
            name, given.get("PreferredMaintenanceWindow"), given.get("SnapshotWindow")
        )
        return Group(
            id=name,
            arn=self.store.arn("replicationgroup", name),
            region=self.region,
            description=given["ReplicationGroupDescription"],
            engine=version.engine,
            version=version.full,
            node_type=check_node_type(given.get("CacheNodeType", "")),
            parameter_group=given.get("CacheParameterGroupName") or default_name(version.family, mode != "disabled"),
            subnet_group=subnet_group,
            security_groups=given.get("SecurityGroupIds") or self._default_security_groups(subnet_group),
            port=given.get("Port", 6379),
            cluster_mode=mode,
            flat_ids=mode != "enabled",
            automatic_failover=given.get("AutomaticFailoverEnabled", False),
            multi_az=given.get("MultiAZEnabled", False),
            **_protection(given, version.engine),
            log_delivery=active_logs(given.get("LogDeliveryConfigurations", [])),
            snapshot_retention=given.get("SnapshotRetentionLimit", 0),
            snapshot_window=snapshot_window,
            maintenance_window=maintenance_window,
            topic=given.get("NotificationTopicArn"),
            auto_minor_upgrade=given.get("AutoMinorVersionUpgrade", True),
            data_tiering=given.get("DataTieringEnabled", False),
            network_type=given.get("NetworkType", "ipv4"),
            ip_discovery=given.get("IpDiscovery") or ("ipv6" if given.get("NetworkType") == "ipv6" else "ipv4"),
        )

    def _cluster_mode(self, given: dict[str, Any]) -> str:
        """What was asked for, else what the parameter group or the number of shards means."""
        shards = max(given.get("NumNodeGroups", 1), len(given.get("NodeGroupConfiguration", [])))
        if "ClusterMode" in given:
            if given["ClusterMode"] not in ("enabled", "disabled", "compatible"):
                raise checks.value(f"ClusterMode {given['ClusterMode']} is not enabled, disabled or compatible.")
            if given["ClusterMode"] == "disabled" and shards > 1:
                raise checks.combination("A group with cluster mode disabled has exactly one node group.")
            return given["ClusterMode"]
        if "CacheParameterGroupName" in given:
            group = find_parameter_group(self.store, given["CacheParameterGroupName"])
            return "enabled" if checks.is_cluster_enabled(group) else "disabled"
        return "enabled" if shards > 1 else "disabled"

    def _default_security_groups(self, subnet_group: str) -> list[str]:
        """Source: user guide: the VPC's default security group is used when none is given."""
        vpc_id = vpc_of(self.store, subnet_group)
        found = self.ec2.get_security_group_from_name("default", vpc_id) if vpc_id else None
        return [found.id] if found else []

    def _place(self, group: Group, given: dict[str, Any]) -> None:
        """Give the group its shards and nodes, spread over the zones of the subnet group."""
        zones = zones_of(self.store, group.subnet_group)
        checks.check_zones(given, zones)
        wanted = given.get("NodeGroupConfiguration", [])
        count = given.get("NumNodeGroups") or len(wanted) or 1
        if wanted and len(wanted) != count:
            raise checks.combination("NodeGroupConfiguration must describe each of the NumNodeGroups node groups.")
        if count > 1 and not group.clustered:
            raise checks.combination("A group with cluster mode disabled has exactly one node group.")
        replicas = given.get("ReplicasPerNodeGroup", given.get("NumCacheClusters", 1) - 1)
        for index in range(count):
            shard = wanted[index] if wanted else {}
            preferred = given.get("PreferredCacheClusterAZs") or _zones_of_shard(shard)
            layout.add_shard(
                group,
                shard.get("ReplicaCount", replicas),
                preferred or layout.rotated(zones, index),
                shard.get("NodeGroupId"),
            )
        layout.spread_slots(group)
        for shard, asked in zip(group.shards, wanted, strict=False):
            shard.slots = asked.get("Slots", shard.slots)

    def _check_new(self, group: Group, given: dict[str, Any]) -> None:
        """Refuses what AWS refuses."""
        store = self.store
        version = find_version(group.engine, group.version)
        parameter_group = find_parameter_group(store, group.parameter_group)
        checks.check_parameter_group(parameter_group, version.family, group.clustered)
        checks.check_availability(group)
        checks.check_encryption(group, given)
        if "AuthToken" in given:
            checks.check_token(given["AuthToken"])
        checks.check_snapshots(group.snapshot_retention)
        checks.check_tiering(group.node_type, group.data_tiering)
        checks.check_security_groups(store, group.security_groups, vpc_of(store, group.subnet_group))
        checks.check_user_groups(store, group)
        checks.check_log_delivery(given.get("LogDeliveryConfigurations", []))
        if group.kms_key:
            checks.check_key(store, group.kms_key)
        checks.check_seeds(store, group, given)
        checks.check_addresses(group)
        if any(member.id in store.retained for member in group.members):
            raise refuse("CacheClusterAlreadyExists", f"Cache cluster {group.id}-001 already exists.")
        checks.check_quotas(store, group, 0)

    def describe_replication_groups(self) -> ActionResult:
        """All groups, or the one that is named; each look brings a group under way one poll nearer."""
        name = self.given.get("ReplicationGroupId")
        groups = [self.store.group(name)] if name else self.store.all_groups()
        for group in groups:
            clock.look(group.arn)
        left = [group for group in groups if group.id in self.store.groups]
        if name and not left:
            self.store.group(name)
        return self.page("ReplicationGroups", [group_view(group) for group in left])

    def describe_cache_clusters(self) -> ActionResult:
        """The nodes of all groups, those that were retained, and moto's own single clusters."""
        given = self.given
        name = given.get("CacheClusterId")
        with_nodes = given.get("ShowCacheNodeInfo", False)
        members = self._member_views(with_nodes)
        shown = [] if given.get("ShowCacheClustersNotInReplicationGroups") else members
        shown += self.store.retained.values()
        shown += self.elasticache_backend.describe_cache_clusters()
        if name:
            shown = [cluster for cluster in shown if _id_of(cluster) == name.lower()]
            if not shown:
                raise refuse("CacheClusterNotFound", f"CacheCluster not found: {name}")
        return self.page("CacheClusters", shown)

    def _member_views(self, with_nodes: bool) -> list[Any]:
        return [
            member_view(group, shard, member, with_nodes)
            for group in self.store.all_groups()
            for shard in group.shards
            for member in shard.members
        ]

    def delete_replication_group(self) -> ActionResult:
        """A group that is `deleting`; its snapshot and its retained primary come when it is gone."""
        given = self.given
        name = given["ReplicationGroupId"]
        status = self.store.group(name).status
        group = self.store.idle_group(
            name, f"Replication group {name} has status {status} which is not valid for deletion."
        )
        checks.check_alone(group)
        snapshot = given.get("FinalSnapshotIdentifier")
        retain = given.get("RetainPrimaryCluster", False)
        if snapshot and snapshot in self.store.snapshots:
            raise refuse("SnapshotAlreadyExistsFault", f"Snapshot {snapshot} already exists.")
        if retain and group.clustered:
            raise checks.combination("RetainPrimaryCluster is only for groups with cluster mode disabled.")
        if retain and snapshot:
            # Source: DeleteReplicationGroup: a final snapshot is not possible when the primary is retained.
            raise checks.combination("FinalSnapshotIdentifier and RetainPrimaryCluster cannot be used together.")

        def gone() -> None:
            if retain:
                self._retain(group, group.shards[0], group.shards[0].members[0])
            interfaces.leave(self.store, group)
            engines.leave(group)
            del self.store.groups[group.id]
            self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group.arn)
            self.store.note(group.id, "Replication group deleted")

        def last_snapshot() -> None:
            take_snapshot(self.store, group, snapshot)
            self.store.settle(group, "deleting", gone)

        if snapshot and group.status != "create-failed":
            # Source: terraform-provider-aws, waitReplicationGroupDeleted: a group that takes its last snapshot is
            # `deleting` all the while.
            self.store.settle(group, "deleting", last_snapshot)
        else:
            self.store.settle(group, "deleting", gone)
        return ActionResult({"ReplicationGroup": group_view(group)})

    def _retain(self, group: Group, shard: Shard, member: Member) -> None:
        alone = member_view(group, shard, member, with_nodes=True)
        del alone["ReplicationGroupId"]
        self.store.retained[member.id] = {**alone, "CacheClusterStatus": "available"}


def _protection(given: dict[str, Any], engine: str) -> dict[str, Any]:
    """Encryption and access of a new group."""
    token = given.get("AuthToken")
    tls = given.get("TransitEncryptionEnabled", False)
    return {
        # Source: CreateReplicationGroup, AtRestEncryptionEnabled: true for Valkey, false for Redis OSS.
        "at_rest_encryption": given.get("AtRestEncryptionEnabled", engine == "valkey"),
        "kms_key": given.get("KmsKeyId"),
        "transit_encryption": tls,
        "transit_mode": given.get("TransitEncryptionMode", "required") if tls else None,
        "auth_tokens": [checks.digest(token)] if token else [],
        "auth_token_changed": now() if token else None,
        "user_groups": [name.lower() for name in given.get("UserGroupIds", [])],
    }


def _zones_of_shard(shard: dict[str, Any]) -> list[str]:
    primary = shard.get("PrimaryAvailabilityZone")
    return [primary, *shard.get("ReplicaAvailabilityZones", [])] if primary else []


def _id_of(cluster: Any) -> str:
    return cluster["CacheClusterId"] if isinstance(cluster, dict) else cluster.cache_cluster_id
