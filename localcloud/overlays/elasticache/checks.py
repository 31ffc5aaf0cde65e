# SPDX-License-Identifier: Apache-2.0
"""Combinations that ElastiCache refuses.

Source: API reference CreateReplicationGroup and ModifyReplicationGroup; user guide "Replication: cluster mode",
"Authenticating with the AUTH command", "In-transit encryption", "Data tiering". Codes are those of the service model.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from moto.ec2.models import ec2_backends

from localcloud.clock import clock
from localcloud.overlays.elasticache.catalogue import is_tiered, version_of
from localcloud.overlays.elasticache.parameters import PARAMETERS
from localcloud.overlays.elasticache.store import Group, ParameterGroup, Store
from localcloud.overlays.kms import key_exists
from localcloud.refusals import refuse
from localcloud.settings import settings

MAX_REPLICAS = 5
MAX_RETENTION_DAYS = 35
_ID = re.compile(r"^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,39}(?<!-)$")
# The intersection of what the create and the modify page allow.
#: Stands among the digests of a group's tokens while clients without one come in too.
NO_TOKEN = ""
_TOKEN = re.compile(r"^[a-zA-Z0-9!&#$^<>-]{16,128}$")


NO_TLS_FOR_USERS = (
    "User group based access control requires encryption-in-transit to be enabled on the replication group."
)


def check_preferred(group: Group) -> None:
    """Source: cloudposse/terraform-aws-elasticache-redis#239."""
    if group.transit_mode == "preferred" and (group.auth_tokens or group.user_groups):
        raise combination("Transit encryption preferred is not supported with redis access control")


def combination(message: str) -> Exception:
    """The refusal of parameters that do not go together."""
    return refuse("InvalidParameterCombination", message)


def value(message: str) -> Exception:
    """The refusal of one parameter's value."""
    return refuse("InvalidParameterValue", message)


def check_id(name: str) -> None:
    """Letters, digits and hyphens; a letter first; at most 40; no double and no trailing hyphen."""
    if not _ID.match(name):
        raise value(f"The parameter ReplicationGroupId must be a valid identifier: {name}.")


def check_alone(group: Group) -> None:
    """Source: hashicorp/terraform-provider-aws#27875."""
    if group.global_id:
        raise value(f"Cluster [{group.id}] is part of a global cluster [{group.global_id}]. Request rejected.")


def check_counts(params: dict[str, Any]) -> None:
    """NumCacheClusters describes one shard, the other counts describe many: never both."""
    shard_words = {"NumNodeGroups", "ReplicasPerNodeGroup", "NodeGroupConfiguration"} & set(params)
    if "NumCacheClusters" in params and shard_words:
        raise combination(f"Cannot specify NumCacheClusters together with {', '.join(sorted(shard_words))}.")
    if not 1 <= params.get("NumCacheClusters", 1) <= MAX_REPLICAS + 1:
        raise value("NumCacheClusters must be between 1 and 6.")
    if params.get("NumNodeGroups", 1) < 1:
        raise value("NumNodeGroups must be at least 1.")
    check_replicas(params.get("ReplicasPerNodeGroup", 0))
    for shard in params.get("NodeGroupConfiguration", []):
        check_replicas(shard.get("ReplicaCount", 0))


def check_replicas(count: int) -> None:
    """Source: quota "Nodes per shard": 6."""
    if not 0 <= count <= MAX_REPLICAS:
        raise value(f"The number of replicas per node group must be between 0 and {MAX_REPLICAS}, not {count}.")


def check_zones(params: dict[str, Any], zones: list[str]) -> None:
    """PreferredCacheClusterAZs: one per node, each one of the subnet group's."""
    wanted = params.get("PreferredCacheClusterAZs", [])
    if wanted and len(wanted) != params.get("NumCacheClusters", 1):
        raise combination("PreferredCacheClusterAZs must name one availability zone per cache cluster.")
    if wanted and params.get("NumNodeGroups", 1) > 1:
        raise combination("PreferredCacheClusterAZs is only for groups with one node group.")
    check_in_subnet_group([zone for zone in wanted], zones)
    for shard in params.get("NodeGroupConfiguration", []):
        replicas = shard.get("ReplicaCount", params.get("ReplicasPerNodeGroup", 0))
        # Source: NodeGroupConfiguration, ReplicaAvailabilityZones: as many as ReplicaCount or ReplicasPerNodeGroup.
        if len(shard.get("ReplicaAvailabilityZones", [])) not in (0, replicas):
            raise combination(f"ReplicaAvailabilityZones must name {replicas} availability zones.")
        named = [shard.get("PrimaryAvailabilityZone"), *shard.get("ReplicaAvailabilityZones", [])]
        check_in_subnet_group([zone for zone in named if zone], zones)


def check_in_subnet_group(wanted: list[str], zones: list[str]) -> None:
    """Nodes can only be where the subnet group has a subnet."""
    missing = sorted(set(wanted) - set(zones))
    if missing:
        raise combination(f"The subnet group has no subnet in {', '.join(missing)}.")


def check_availability(group: Group) -> None:
    """Failover needs a replica; Multi-AZ needs failover; cluster mode always has failover."""
    replicas = min(shard.replicas for shard in group.shards)
    if group.clustered and not group.automatic_failover:
        raise value("Redis with cluster mode enabled cannot be created with auto failover turned off.")
    if not group.clustered and group.automatic_failover and replicas < 1:
        text = "When using automatic failover, there must be at least 2 cache clusters in the replication group."
        raise combination(text)
    if group.multi_az and not group.automatic_failover:
        raise combination("Multi-AZ cannot be enabled without automatic failover.")
    if group.multi_az and replicas < 1:
        raise combination("Multi-AZ requires at least one replica in every node group.")


def check_encryption(group: Group, given: dict[str, Any]) -> None:
    """TLS, AUTH, user groups and keys of a new group."""
    check_preferred(group)
    if "TransitEncryptionMode" in given and not group.transit_encryption:
        raise combination("To set the transit encryption mode, set encryption-in-transit as enabled.")
    if "AuthToken" in given and not group.transit_encryption:
        raise combination("The AUTH token is only supported when encryption-in-transit is enabled.")
    if "AuthToken" in given and group.user_groups:
        raise combination("AuthToken and UserGroupIds cannot be used together.")
    if group.user_groups and not group.transit_encryption:
        raise combination(NO_TLS_FOR_USERS)
    if group.kms_key and not group.at_rest_encryption:
        raise combination("KmsKeyId is only supported when encryption-at-rest is enabled.")


def check_token(token: str) -> None:
    """16 to 128 printable characters; of the special ones only ! & # $ ^ < > -."""
    if not _TOKEN.match(token):
        # Never the token itself: error messages end up in logs.
        raise value("Invalid AuthToken provided: it must have 16 to 128 letters, digits or characters of !&#$^<>-.")


def check_snapshots(retention: int) -> None:
    """Source: API reference, SnapshotRetentionLimit: at most 35 days."""
    if not 0 <= retention <= MAX_RETENTION_DAYS:
        raise value(f"SnapshotRetentionLimit must be between 0 and {MAX_RETENTION_DAYS}.")


def check_tiering(node_type: str, tiered: bool) -> None:
    """Data tiering is on for r6gd nodes, and for no others."""
    if tiered != is_tiered(node_type):
        raise combination("DataTieringEnabled must be true for r6gd nodes, and only for them.")


def check_parameter_group(group: ParameterGroup, family: str, clustered: bool) -> None:
    """The family has to fit the engine version, and `cluster-enabled` the cluster mode."""
    if group.family != family:
        raise combination(f"Expected a parameter group of family {family} but found one of family {group.family}")
    if (is_cluster_enabled(group)) != clustered:
        state = "disabled" if clustered else "enabled"
        raise combination(f"The parameter group {group.name} has cluster mode {state}.")


def is_cluster_enabled(group: ParameterGroup) -> bool:
    """Whether the group says `cluster-enabled yes`."""
    return group.values.get("cluster-enabled", PARAMETERS[group.family]["cluster-enabled"].default) == "yes"


def check_security_groups(store: Store, ids: list[str], vpc_id: str | None) -> None:
    """They exist, in the VPC of the subnet group."""
    ec2 = ec2_backends[store.backend.account_id][store.region]
    for group_id in ids:
        found = ec2.get_security_group_from_id(group_id)
        if found is None:
            raise value(f"Some security groups were not found: {group_id}.")
        if vpc_id and found.vpc_id != vpc_id:
            raise value(f"The security group {group_id} is not in the VPC {vpc_id} of the subnet group.")


def check_key(store: Store, key: str) -> None:
    """Source: API reference, InvalidKMSKeyFault. AWS's own key for ElastiCache always exists."""
    if not key_exists(store.backend.account_id, store.region, key):
        raise refuse("InvalidKMSKeyFault", f"The KMS key {key} does not exist.")


def check_addresses(group: Group) -> None:
    """Source: API reference, NetworkType and IpDiscovery: IPv6 from Redis OSS 6.2 on, where nodes have it."""
    if group.network_type not in ("ipv4", "ipv6", "dual_stack") or group.ip_discovery not in ("ipv4", "ipv6"):
        raise value(f"{group.network_type} or {group.ip_discovery} is no network type.")
    if group.network_type != "ipv4" and version_of(group.engine, group.version).order < (6, 2):
        raise combination("IPv6 is supported from Redis OSS 6.2 on.")
    if group.network_type not in (group.ip_discovery, "dual_stack"):
        raise combination(f"IpDiscovery {group.ip_discovery} is not possible with NetworkType {group.network_type}.")


def check_seeds(store: Store, group: Group, given: dict[str, Any]) -> None:
    """What a new group begins with. Source: CreateReplicationGroup, SnapshotName and SnapshotArns."""
    name, files = given.get("SnapshotName"), given.get("SnapshotArns", [])
    if name and name not in store.snapshots:
        raise refuse("SnapshotNotFoundFault", f"Snapshot {name} not found.")
    if name and store.snapshots[name]["SnapshotStatus"] != "available":
        raise refuse("InvalidSnapshotState", f"Snapshot {name} is not available.")
    if any(not re.match(r"arn:[^:,]+:s3:::[^/,]+/[^,]+$", arn) for arn in files):
        raise value("SnapshotArns must be ARNs of objects in S3, without commas.")
    if files and group.clustered and "NodeGroupConfiguration" not in given:
        raise combination("NodeGroupConfiguration is required to seed a group with cluster mode enabled from S3.")


def check_user_groups(store: Store, group: Group) -> None:
    """At most one, which is there, settled, and of an engine that the group takes.

    Source: user guide, "Role-Based Access Control": Valkey takes user groups of both engines; Redis from 6.0 on.
    """
    if len(group.user_groups) > 1:
        raise value("A replication group can have only one user group.")
    for name in group.user_groups:
        found = store.user_groups.get(name)
        if found is None:
            raise refuse("UserGroupNotFound", f"User group {name} not found.")
        if clock.touch(found["ARN"]) is False:
            raise refuse("InvalidUserGroupState", f"User group {name} is not active: its status is {found['Status']}.")
        if group.engine == "redis" and found["Engine"] == "valkey":
            raise combination(f"User group {name} of the engine valkey cannot be used with the engine redis.")
        if version_of(group.engine, group.version).order < (6, 0):
            raise combination("User groups can be used from Redis OSS 6.0 on.")


def check_log_delivery(configurations: list[dict[str, Any]]) -> None:
    """At most one per log type. Source: user guide "Log delivery": slow-log and engine-log."""
    types = [c.get("LogType") for c in configurations]
    if len(types) != len(set(types)):
        raise combination("There can be only one log delivery configuration per log type.")
    if not set(types) <= {"slow-log", "engine-log"}:
        raise value("LogType must be slow-log or engine-log.")


def check_quotas(store: Store, group: Group, more_nodes: int) -> None:
    """Nodes per group and nodes per region; `more_nodes` is what the change adds."""
    nodes = sum(len(g.members) for g in store.groups.values() if g is not group)
    nodes += len(group.members) + more_nodes
    if len(group.shards) > settings.quota("elasticache_nodes_per_cluster"):
        raise refuse("NodeGroupsPerReplicationGroupQuotaExceeded", "The request exceeds the node groups per group.")
    if len(group.members) + more_nodes > settings.quota("elasticache_nodes_per_cluster"):
        raise refuse("NodeQuotaForClusterExceeded", "The request exceeds the nodes allowed in one cluster.")
    if nodes > settings.quota("elasticache_nodes_per_region"):
        raise refuse("NodeQuotaForCustomerExceeded", "The request exceeds the nodes allowed in this region.")


def check_tags(tags: list[dict[str, str]]) -> None:
    """Source: user guide "Tagging": 50 tags; keys of 1 to 128 characters that do not begin with `aws:`."""
    if len(tags) > 50:
        raise refuse("TagQuotaPerResourceExceeded", "A resource can have at most 50 tags.")
    for tag in tags:
        if not 1 <= len(tag["Key"]) <= 128 or tag["Key"].startswith("aws:"):
            raise value(f"Invalid tag key: {tag['Key']!r}.")


def digest(token: str) -> str:
    """What is kept of an AUTH token: enough to recognise it, not to read it."""
    return hashlib.sha256(token.encode()).hexdigest()
