# SPDX-License-Identifier: Apache-2.0
"""From AWS's answers to the vocabulary of the options.  Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import node_groups
from .logs import delivery_errors, log_delivery_state, pending_log_delivery
from .versions import Offer, engine_of

State = dict[str, Any]
# AWS's own parameter groups: default.redis7, default.valkey8.cluster.on.
DEFAULT_GROUP = re.compile(r"default\.(.+?)(?:\.cluster\.on)?\Z")
ON = {"enabled": True, "enabling": True, "disabled": False, "disabling": False}


def group_state(group: Mapping[str, Any], member: Mapping[str, Any], tags: Mapping[str, str] | None) -> State:
    """What is in force; ``None`` where AWS does not show it yet, as on a group that is being created.

    Some settings are shown on the member cache clusters only.  Source: API reference, ReplicationGroup, CacheCluster.
    """
    mode = group.get("ClusterMode") or ("enabled" if group.get("ClusterEnabled") else "disabled")
    return {
        "name": group["ReplicationGroupId"],
        "arn": group.get("ARN"),
        "status": group["Status"],
        "created": moment(group.get("ReplicationGroupCreateTime")),
        "description": group.get("Description"),
        "engine": group.get("Engine") or member.get("Engine"),
        "engine_version": member.get("EngineVersion"),
        "cache_node_type": group.get("CacheNodeType"),
        "cluster_mode": mode,
        **shape(group, mode),
        "automatic_failover_enabled": ON.get(group.get("AutomaticFailover", "")),
        "multi_az_enabled": ON.get(group.get("MultiAZ", "")),
        "at_rest_encryption_enabled": group.get("AtRestEncryptionEnabled"),
        "kms_key_id": group.get("KmsKeyId"),
        **admission(group),
        "cache_parameter_group_name": member.get("CacheParameterGroup", {}).get("CacheParameterGroupName"),
        "cache_subnet_group_name": member.get("CacheSubnetGroupName"),
        "security_group_ids": security_groups(member),
        "snapshot_retention_days": group.get("SnapshotRetentionLimit"),
        "snapshot_window": group.get("SnapshotWindow"),
        "preferred_maintenance_window": member.get("PreferredMaintenanceWindow"),
        "notification_topic_arn": topic(member),
        "auto_minor_version_upgrade": group.get("AutoMinorVersionUpgrade", member.get("AutoMinorVersionUpgrade")),
        "log_delivery": log_delivery_state(group),
        "log_delivery_errors": delivery_errors(group),
        "tags": tags,
        **endpoints(group),
    }


def admission(group: Mapping[str, Any]) -> State:
    """Whom the group lets in, and over what."""
    tls = group.get("TransitEncryptionEnabled")
    return {
        "transit_encryption_enabled": tls,
        # Groups older than the mode show none, and take no client without TLS.
        "transit_encryption_mode": (group.get("TransitEncryptionMode") or "required") if tls else None,
        "auth_token_enabled": bool(group.get("AuthTokenEnabled")),
        "user_group_id": (group.get("UserGroupIds") or [""])[0],
    }


def moment(when: datetime.datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}" if when else None


def shape(group: Mapping[str, Any], mode: str) -> State:
    """Nodes, node groups, and the zones in which they are."""
    shards = group.get("NodeGroups") or []
    members = {shard["NodeGroupId"]: shard.get("NodeGroupMembers") or [] for shard in shards}
    complete = bool(members) and all(members.values())
    replicas = {shard: len(nodes) - 1 for shard, nodes in members.items()} if complete else {}
    even = set(replicas.values())
    zones = [sorted({node["PreferredAvailabilityZone"] for node in nodes}) for nodes in members.values()]
    return {
        "members": {shard: [observed_node(node) for node in nodes] for shard, nodes in members.items()},
        "member_clusters": sorted(group.get("MemberClusters") or []),
        "num_cache_clusters": len(group.get("MemberClusters") or []) or None if mode != "enabled" else None,
        "num_node_groups": len(shards) or None,
        "node_groups": node_groups.seen(shards),
        "replicas_per_node_group": even.pop() if len(even) == 1 else None,
        "replicas_by_node_group": replicas,
        "zones": sorted({zone for shard in zones for zone in shard}),
        "member_zones_spread": all(len(shard) > 1 for shard in zones) if complete else None,
    }


def observed_node(node: Mapping[str, Any]) -> State:
    """A node with its zone; whether it is the primary is shown with cluster mode disabled only.

    Source: API reference, NodeGroupMember, CurrentRole.
    """
    role = node.get("CurrentRole")
    primary = None if role is None else role == "primary"
    return {"id": node.get("CacheClusterId"), "zone": node["PreferredAvailabilityZone"], "primary": primary}


def security_groups(member: Mapping[str, Any]) -> list[str] | None:
    """The ids of the security groups, without those on their way out."""
    if "SecurityGroups" not in member:
        return None
    return sorted(g["SecurityGroupId"] for g in member["SecurityGroups"] if g.get("Status") != "removing")


def topic(member: Mapping[str, Any]) -> str | None:
    """The topic that gets messages, ``""`` when none does."""
    if not member:
        return None
    told = member.get("NotificationConfiguration") or {}
    return str(told.get("TopicArn", "")) if told.get("TopicStatus") == "active" else ""


def endpoints(group: Mapping[str, Any]) -> State:
    """Where clients connect: one configuration endpoint in cluster mode, else a primary and a reader."""
    configuration = group.get("ConfigurationEndpoint")
    first = (group.get("NodeGroups") or [{}])[0]
    primary, reader = first.get("PrimaryEndpoint"), first.get("ReaderEndpoint")
    found = {"configuration_endpoint": configuration, "primary_endpoint": primary, "reader_endpoint": reader}
    shown = {name: endpoint.get("Address") for name, endpoint in found.items() if endpoint}
    addresses = {"network_type": group.get("NetworkType"), "ip_discovery": group.get("IpDiscovery")}
    return {**addresses, **shown, "port": (configuration or primary or {}).get("Port")}


def pending_state(group: Mapping[str, Any], member: Mapping[str, Any], offers: Sequence[Offer]) -> State:
    """What AWS will change by itself, in the maintenance window or right now.

    Source: API reference, ReplicationGroupPendingModifiedValues, and PendingModifiedValues of a CacheCluster.
    """
    own, of_member = group.get("PendingModifiedValues") or {}, member.get("PendingModifiedValues") or {}
    both = {**of_member, **own}
    version = of_member.get("EngineVersion")
    engine = str(group.get("Engine") or member.get("Engine") or "")
    pending = {
        "cache_node_type": of_member.get("CacheNodeType"),
        "engine_version": version,
        "engine": engine_of(offers, engine, version) if version else None,
        "automatic_failover_enabled": ON.get(own.get("AutomaticFailoverStatus", "")),
        "cluster_mode": own.get("ClusterMode"),
        "transit_encryption_enabled": both.get("TransitEncryptionEnabled"),
        "transit_encryption_mode": both.get("TransitEncryptionMode"),
        "log_delivery": pending_log_delivery(group),
        "user_group_id": pending_user_group(group),
    }
    stated = {field: value for field, value in pending.items() if value is not None}
    # TLS that goes takes its mode along, and AWS does not say so.
    return {**stated, "transit_encryption_mode": None} if stated.get("transit_encryption_enabled") is False else stated


def pending_user_group(group: Mapping[str, Any]) -> str | None:
    """The user group to come, ``""`` for none, ``None`` when none is on its way.

    Source: API reference, UserGroupsUpdateStatus.
    """
    pending = (group.get("PendingModifiedValues") or {}).get("UserGroups") or {}
    if pending.get("UserGroupIdsToAdd"):
        return str(pending["UserGroupIdsToAdd"][0])
    return "" if pending.get("UserGroupIdsToRemove") else None


def reboots(member: Mapping[str, Any]) -> dict[str, str]:
    """Parameters that nodes take over when they are rebooted.

    Source: API reference, CacheParameterGroupStatus; ElastiCache user guide, "Modifying a parameter group".
    """
    if (member.get("CacheParameterGroup") or {}).get("ParameterApplyStatus") != "pending-reboot":
        return {}
    return {"parameters": "what nodes read when they start, when they are rebooted"}


def subnet_group_state(answer: Mapping[str, Any], tags: Mapping[str, str]) -> State:
    """The subnet group as one field."""
    return {
        "name": answer["CacheSubnetGroupName"],
        "description": answer["CacheSubnetGroupDescription"],
        "subnet_ids": sorted(subnet["SubnetIdentifier"] for subnet in answer["Subnets"]),
        "zones": {each["SubnetIdentifier"]: each["SubnetAvailabilityZone"]["Name"] for each in answer["Subnets"]},
        "tags": dict(tags),
        "arn": answer.get("ARN"),
    }


def offer_in_force(member: Mapping[str, Any], groups: Mapping[str, Any]) -> Offer | None:
    """The version that a member runs, where its parameter group tells the family; ``None`` while it is to change.

    ``groups`` is DescribeCacheParameterGroups' answer, or empty.
    """
    name = member.get("CacheParameterGroup", {}).get("CacheParameterGroupName", "")
    families = {each["CacheParameterGroupName"]: each["CacheParameterGroupFamily"]
                for each in groups.get("CacheParameterGroups", ())}  # fmt: skip
    found = DEFAULT_GROUP.match(name)
    family = families.get(name) or (found.group(1) if found else "")
    if not family or (member.get("PendingModifiedValues") or {}).get("EngineVersion"):
        return None
    return Offer(member["Engine"], member["EngineVersion"], family)


def offers_of(answer: Mapping[str, Any]) -> list[Offer]:
    """The versions that AWS offers."""
    return [Offer(o["Engine"], o["EngineVersion"], o["CacheParameterGroupFamily"])
            for o in answer["CacheEngineVersions"]]  # fmt: skip
