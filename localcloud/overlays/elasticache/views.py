# SPDX-License-Identifier: Apache-2.0
"""Replication groups and their members as the API shows them.

Source: API reference, data types ReplicationGroup and CacheCluster.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from localcloud.overlays.elasticache.store import Group, Member, Shard
from localcloud.redis.resp import HOST

_NOT_WHILE_DELETING = ("MemberClusters", "ClusterEnabled", "ClusterMode", "CacheNodeType")
_ON_OFF = {True: "enabled", False: "disabled"}


def group_view(group: Group) -> dict[str, Any]:
    """One ReplicationGroup."""
    view = {
        "ReplicationGroupId": group.id,
        "ARN": group.arn,
        "Description": group.description,
        "Status": group.status,
        "PendingModifiedValues": pending_of_group(group),
        "MemberClusters": [member.id for member in group.members],
        "AutomaticFailover": _ON_OFF[group.automatic_failover],
        "MultiAZ": _ON_OFF[group.multi_az],
        "SnapshotRetentionLimit": group.snapshot_retention,
        "SnapshotWindow": group.snapshot_window,
        "SnapshottingClusterId": group.snapshotting_cluster,
        "GlobalReplicationGroupInfo": _global(group),
        "ClusterEnabled": group.clustered,
        "ClusterMode": group.cluster_mode,
        "CacheNodeType": group.node_type,
        "KmsKeyId": group.kms_key,
        "UserGroupIds": group.user_groups or None,
        "LogDeliveryConfigurations": group.log_delivery,
        "ReplicationGroupCreateTime": group.created,
        "DataTiering": _ON_OFF[group.data_tiering],
        "NetworkType": group.network_type,
        "IpDiscovery": group.ip_discovery,
        "Engine": group.engine,
        **_shared(group),
        **_placed(group),
    }
    if group.status == "deleting":
        # Recorded: elasticache/delete-replication-group.
        view = {name: value for name, value in view.items() if name not in _NOT_WHILE_DELETING}
    return _without_none(view)


def member_view(group: Group, shard: Shard, member: Member, with_nodes: bool) -> dict[str, Any]:
    """One CacheCluster that is a member of a group."""
    topic = {"TopicArn": group.topic, "TopicStatus": group.topic_status} if group.topic else None
    view = {
        "CacheClusterId": member.id,
        "ReplicationGroupId": group.id,
        "ARN": group.arn.rsplit(":", 2)[0] + f":cluster:{member.id}",
        "CacheClusterStatus": group.status,
        "ClientDownloadLandingPage": "https://console.aws.amazon.com/elasticache/home#client-download:",
        "CacheNodeType": group.node_type,
        "Engine": group.engine,
        "EngineVersion": group.version,
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": member.zone,
        "CacheClusterCreateTime": group.created,
        "PreferredMaintenanceWindow": group.maintenance_window,
        "PendingModifiedValues": pending_of_member(group),
        "NotificationConfiguration": topic,
        "CacheSecurityGroups": [],
        "CacheParameterGroup": {
            "CacheParameterGroupName": group.parameter_group,
            "ParameterApplyStatus": "in-sync",
            "CacheNodeIdsToReboot": [],
        },
        "CacheSubnetGroupName": group.subnet_group,
        "CacheNodes": [_node(group, shard, member)] if with_nodes else None,
        "SecurityGroups": [{"SecurityGroupId": sg, "Status": "active"} for sg in group.security_groups],
        "SnapshotRetentionLimit": group.snapshot_retention,
        "SnapshotWindow": group.snapshot_window,
        "ReplicationGroupLogDeliveryEnabled": bool(group.log_delivery),
        "LogDeliveryConfigurations": group.log_delivery,
        "NetworkType": group.network_type,
        "IpDiscovery": group.ip_discovery,
        **_shared(group),
    }
    return _without_none(view)


def active_logs(configurations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Log delivery as the API shows it once it runs."""
    return [
        {**{name: inner for name, inner in c.items() if name != "Enabled"}, "Status": "active"}
        for c in configurations
        if c.get("Enabled", True)
    ]


def _global(group: Group) -> dict[str, Any]:
    """Source: API reference, GlobalReplicationGroupInfo; recorded: empty where there is no global datastore."""
    if not group.global_id:
        return {}
    return {"GlobalReplicationGroupId": group.global_id, "GlobalReplicationGroupMemberRole": group.global_role}


def _shared(group: Group) -> dict[str, Any]:
    """What groups and members show alike."""
    return {
        "AtRestEncryptionEnabled": group.at_rest_encryption,
        "TransitEncryptionEnabled": group.transit_encryption,
        "TransitEncryptionMode": group.transit_mode,
        "AuthTokenEnabled": bool(group.auth_tokens),
        "AuthTokenLastModifiedDate": group.auth_token_changed,
        "AutoMinorVersionUpgrade": group.auto_minor_upgrade,
    }


def _placed(group: Group) -> dict[str, Any]:
    """Shards and endpoints; AWS shows them once the group exists."""
    if group.status in ("creating", "deleting"):
        return {}
    shown: dict[str, Any] = {"NodeGroups": [_node_group(group, shard) for shard in group.shards]}
    if group.clustered:
        shown["ConfigurationEndpoint"] = _endpoint(group, "clustercfg", group.shards[0].members)
    return shown


def _node_group(group: Group, shard: Shard) -> dict[str, Any]:
    view: dict[str, Any] = {
        "NodeGroupId": shard.id,
        "Status": group.status,
        "NodeGroupMembers": [_group_member(group, shard, member) for member in shard.members],
    }
    if group.clustered:
        view["Slots"] = shard.slots
    if group.cluster_mode != "enabled":
        primary = [member for member in shard.members if member.role == "primary"]
        replicas = [member for member in shard.members if member.role != "primary"]
        view["PrimaryEndpoint"] = _endpoint(group, "master", primary)
        view["ReaderEndpoint"] = _endpoint(group, "replica", replicas or primary)
    return view


def _group_member(group: Group, shard: Shard, member: Member) -> dict[str, Any]:
    place = {"CacheNodeId": "0001", "PreferredAvailabilityZone": member.zone}
    view: dict[str, Any] = {"CacheClusterId": member.id, **place}
    if group.cluster_mode != "enabled":
        view["CurrentRole"] = member.role
        view["ReadEndpoint"] = _member_endpoint(group, member)
    return view


def _node(group: Group, shard: Shard, member: Member) -> dict[str, Any]:
    return {
        "CacheNodeId": "0001",
        "CacheNodeStatus": group.status,
        "CacheNodeCreateTime": group.created,
        "Endpoint": _member_endpoint(group, member),
        "ParameterGroupStatus": "in-sync",
        "CustomerAvailabilityZone": member.zone,
    }


def _endpoint(group: Group, purpose: str, members: list[Member]) -> dict[str, Any]:
    """The endpoint, or the server of the first of `members` where there is one.

    Source: ElastiCache user guide, "Finding connection endpoints": the form depends on in-transit encryption.
    """
    if members[0].id in group.ports:
        return {"Address": HOST, "Port": group.ports[members[0].id]}
    tail = _domain(group.region)
    mark = _mark(group)
    if group.transit_encryption:
        address = f"{purpose}.{group.id}.{mark}.{tail}"
    elif purpose == "clustercfg":
        address = f"{group.id}.{mark}.clustercfg.{tail}"
    else:
        name = group.id if purpose == "master" else f"{group.id}-ro"
        address = f"{name}.{mark}.ng.0001.{tail}"
    return {"Address": address, "Port": group.port}


def _member_endpoint(group: Group, member: Member) -> dict[str, Any]:
    if member.id in group.ports:
        return {"Address": HOST, "Port": group.ports[member.id]}
    middle = f"{group.id}.{_mark(group)}" if group.transit_encryption else f"{_mark(group)}.0001"
    return {"Address": f"{member.id}.{middle}.{_domain(group.region)}", "Port": group.port}


def _domain(region: str) -> str:
    """`eu-west-1` is `euw1` in endpoint names, `ap-southeast-2` is `apse2`."""
    area, *directions, number = region.split("-")
    letters = "".join(word[0] for word in re.findall("north|south|east|west|central|gov", "".join(directions)))
    return f"{area}{letters}{number}.cache.amazonaws.com"


def _mark(group: Group) -> str:
    """The six characters that AWS gives each account and region; the same on every run."""
    return hashlib.sha256(group.arn.rsplit(":", 2)[0].encode()).hexdigest()[:6]


def pending_of_group(group: Group) -> dict[str, Any]:
    """Source: API reference, ReplicationGroupPendingModifiedValues (no node type, no version: those are on members)."""
    pending = {**group.deferred, **group.changing}
    shown: dict[str, Any] = {}
    if "automatic_failover" in pending:
        shown["AutomaticFailoverStatus"] = _ON_OFF[pending["automatic_failover"]]
    if "cluster_mode" in pending:
        shown["ClusterMode"] = pending["cluster_mode"]
    if "resharding" in pending:
        shown["Resharding"] = {"SlotMigration": {"ProgressPercentage": 0.0}}
    if "user_groups" in pending:
        shown["UserGroups"] = {
            "UserGroupIdsToAdd": [u for u in pending["user_groups"] if u not in group.user_groups],
            "UserGroupIdsToRemove": [u for u in group.user_groups if u not in pending["user_groups"]],
        }
    return {**shown, **_pending_of_both(pending)}


def pending_of_member(group: Group) -> dict[str, Any]:
    """Source: API reference, PendingModifiedValues of a CacheCluster."""
    pending = {**group.deferred, **group.changing}
    shown = {
        name: pending[attribute]
        for attribute, name in (("node_type", "CacheNodeType"), ("version", "EngineVersion"))
        if attribute in pending
    }
    return {**shown, **_pending_of_both(pending)}


def _pending_of_both(pending: dict[str, Any]) -> dict[str, Any]:
    names = {
        "auth_token_status": "AuthTokenStatus",
        "log_delivery": "LogDeliveryConfigurations",
        "transit_encryption": "TransitEncryptionEnabled",
        "transit_mode": "TransitEncryptionMode",
    }
    return {name: pending[attribute] for attribute, name in names.items() if attribute in pending}


def _without_none(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if value is not None}
