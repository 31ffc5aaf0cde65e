# SPDX-License-Identifier: Apache-2.0
"""ModifyReplicationGroup.

Source: API reference ModifyReplicationGroup; user guide "Modifying a replication group", "Modifying cluster mode",
"Enabling in-transit encryption on an existing cluster", "Authenticating with the AUTH command".
"""

from __future__ import annotations

import dataclasses
from typing import Any

from moto.core.responses import ActionResult

from localcloud.clock import now
from localcloud.overlays.elasticache import checks, engines, interfaces
from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.catalogue import check_node_type, find_version, is_tiered, version_of
from localcloud.overlays.elasticache.layout import role
from localcloud.overlays.elasticache.parameter_groups import default_name, find_parameter_group
from localcloud.overlays.elasticache.store import Group, Store
from localcloud.overlays.elasticache.subnet_groups import vpc_of
from localcloud.overlays.elasticache.views import active_logs, group_view
from localcloud.overlays.elasticache.windows import check_windows

#: Applied at once, whatever ApplyImmediately says.
_PROMPT = {
    "ReplicationGroupDescription": "description",
    "SecurityGroupIds": "security_groups",
    "PreferredMaintenanceWindow": "maintenance_window",
    "NotificationTopicArn": "topic",
    "NotificationTopicStatus": "topic_status",
    "CacheParameterGroupName": "parameter_group",
    "AutoMinorVersionUpgrade": "auto_minor_upgrade",
    "SnapshotRetentionLimit": "snapshot_retention",
    "SnapshotWindow": "snapshot_window",
    "SnapshottingClusterId": "snapshotting_cluster",
    "MultiAZEnabled": "multi_az",
    "IpDiscovery": "ip_discovery",
}
#: Waits for the maintenance window unless ApplyImmediately is true.
_DEFERRABLE = {
    "CacheNodeType": "node_type",
    "AutomaticFailoverEnabled": "automatic_failover",
    "ClusterMode": "cluster_mode",
    "TransitEncryptionEnabled": "transit_encryption",
    "TransitEncryptionMode": "transit_mode",
}
_LATE = {*_DEFERRABLE.values(), "engine", "version", "auth_tokens", "auth_token_changed", "auth_token_status"}
#: Attribute -> the one that it may not run ahead of.
_FOLLOWS = {"multi_az": "automatic_failover", "parameter_group": "version"}
_LOWERED = {"maintenance_window", "parameter_group"}
#: What a member of a global datastore shares with the others, or has from AWS.
#: Source: hashicorp/terraform-provider-aws#47644, terraform-aws-modules/terraform-aws-elasticache#7, #27.
_OF_DATASTORES = {
    "AuthToken", "AutoMinorVersionUpgrade", "AutomaticFailoverEnabled", "CacheNodeType", "CacheParameterGroupName",
    "ClusterMode", "Engine", "EngineVersion", "TransitEncryptionEnabled", "TransitEncryptionMode",
}  # fmt: skip
_WITH_CLUSTER_MODE = {"ReplicationGroupId", "ClusterMode", "CacheParameterGroupName", "ApplyImmediately"}
_NEXT_MODE = {"disabled": "compatible", "compatible": "enabled"}


class Changes(Base):
    """ModifyReplicationGroup."""

    def modify_replication_group(self) -> ActionResult:
        """The group, `modifying` or with pending values; the change lands when `modifying` ends."""
        given = self.given
        group = self.store.available_group(given["ReplicationGroupId"])
        if _OF_DATASTORES & set(given):
            checks.check_alone(group)
        at_once = given.get("ApplyImmediately", False)
        wanted = self._differences(group, given)
        if not wanted and not (at_once and group.deferred):
            raise checks.combination("No modifications were requested")
        self._check_change(group, dataclasses.replace(group, **_fields({**group.deferred, **wanted})), given)
        late = set() if at_once else _late(wanted)
        soon = {name: value for name, value in wanted.items() if name not in late}
        if at_once:
            # Source: ApplyImmediately: true also applies all pending modifications.
            soon, group.deferred = {**group.deferred, **soon}, {}
        else:
            waiting = {**group.deferred, **{name: wanted[name] for name in late}}
            # Asking again for what is there takes back what was pending.
            group.deferred = {n: v for n, v in waiting.items() if getattr(group, n, None) != v}
        if soon:
            begin(self.store, group, soon)
        return ActionResult({"ReplicationGroup": group_view(group)})

    def _differences(self, group: Group, given: dict[str, Any]) -> dict[str, Any]:
        """Attribute -> new value, for all that differs from what is there or what is pending."""
        wanted: dict[str, Any] = {}
        for parameter, attribute in {**_PROMPT, **_DEFERRABLE}.items():
            if parameter in given:
                value = given[parameter]
                wanted[attribute] = value.lower() if attribute in _LOWERED else value
        wanted |= _version_difference(group, given)
        if wanted.get("transit_encryption") is False:
            wanted["transit_mode"] = None
        if wanted.get("cluster_mode") == "compatible" and "parameter_group" not in wanted:
            wanted |= _followed_default(group, find_version(group.engine, group.version).family, True)
        wanted |= _token_difference(group, given)
        wanted |= _user_group_difference(group, given)
        wanted |= _log_difference(group, given)
        if "PrimaryClusterId" in given and given["PrimaryClusterId"] != _primary(group):
            wanted["primary"] = given["PrimaryClusterId"]
        return {name: value for name, value in wanted.items() if _differs(group, name, value)}

    def _check_change(self, group: Group, after: Group, given: dict[str, Any]) -> None:
        """Refuses what AWS refuses; `after` is the group as it would be."""
        _check_cluster_mode(group, given)
        _check_transit(group, after, given)
        if _access_changes(group, after):
            checks.check_preferred(after)
        _check_primary(group, given)
        checks.check_availability(after)
        checks.check_snapshots(after.snapshot_retention)
        _check_snapshotting(group, after)
        check_windows(after.maintenance_window, after.snapshot_window)
        if not 1 <= len(after.description) <= 255:
            raise checks.value("ReplicationGroupDescription must have 1 to 255 characters.")
        if is_tiered(check_node_type(after.node_type)) != is_tiered(group.node_type):
            raise checks.combination(f"{group.node_type} cannot be scaled to {after.node_type}.")
        family = find_version(after.engine, after.version).family
        checks.check_parameter_group(find_parameter_group(self.store, after.parameter_group), family, after.clustered)
        checks.check_security_groups(self.store, after.security_groups, vpc_of(self.store, group.subnet_group))
        checks.check_user_groups(self.store, after)
        checks.check_addresses(after)
        if after.user_groups and not group.transit_encryption:
            raise checks.combination(checks.NO_TLS_FOR_USERS)
        if after.snapshotting_cluster and group.clustered:
            raise checks.combination("Cannot set snapshotting cluster for cluster mode enabled replication group")


def let_window_pass(store: Store) -> list[str]:
    """The ids of the groups that now apply what waited for their maintenance window.

    Source: ElastiCache user guide, "Managing maintenance": pending changes are applied during the next window.
    """
    waiting = [group for group in store.all_groups() if group.deferred and group.status == "available"]
    for group in waiting:
        soon, group.deferred = group.deferred, {}
        store.note(group.id, "Maintenance window: pending modifications are being applied")
        begin(store, group, soon)
    return [group.id for group in waiting]


def begin(store: Store, group: Group, changes: dict[str, Any]) -> None:
    """The group is `modifying`; the changes are there when that ends."""
    group.changing = changes
    store.settle(group, "modifying", lambda: _land(store, group))


def _land(store: Store, group: Group) -> None:
    for name, value in _fields(group.changing).items():
        setattr(group, name, value)
    if "primary" in group.changing:
        _promote(group, group.changing["primary"])
    group.changing = {}
    interfaces.follow(store, group)
    engines.follow(store, group)
    store.note(group.id, "Replication group modified")


def _fields(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes that are attributes of a group; the others are only shown while pending."""
    names = {field.name for field in dataclasses.fields(Group)}
    return {name: value for name, value in changes.items() if name in names}


def _late(wanted: dict[str, Any]) -> set[str]:
    """What waits for the maintenance window."""
    late = set(wanted) & _LATE
    late |= {name for name, leader in _FOLLOWS.items() if name in wanted and leader in late}
    if "cluster_mode" in late:
        late |= {"parameter_group"} & set(wanted)
    return late


def _differs(group: Group, name: str, value: Any) -> bool:
    if name == "security_groups":
        return sorted(group.security_groups) != sorted(value)
    now = group.deferred.get(name, getattr(group, name, None))
    return bool(now != value)


def _version_difference(group: Group, given: dict[str, Any]) -> dict[str, Any]:
    """Engine, version, and the default parameter group of the new family."""
    if not {"Engine", "EngineVersion"} & set(given):
        return {}
    engine = given.get("Engine", group.engine).lower()
    if engine != group.engine and "EngineVersion" not in given:
        raise checks.combination("EngineVersion must be given together with a new Engine.")
    if engine != group.engine and engine != "valkey":
        raise checks.combination(f"The engine cannot be changed from {group.engine} to {engine}.")
    target = find_version(engine, given.get("EngineVersion", group.version))
    current = version_of(group.engine, group.version)
    if engine == group.engine and target.order < current.order:
        # Source: user guide "Version Management": no downgrade of a running group.
        raise checks.combination(f"The version cannot be downgraded from {current.full} to {target.full}.")
    wanted = {"engine": engine, "version": target.full}
    if target.family != current.family and "CacheParameterGroupName" not in given:
        wanted |= _followed_default(group, target.family, group.clustered)
    return wanted


def _followed_default(group: Group, family: str, clustered: bool) -> dict[str, Any]:
    """A default parameter group changes with the group; one's own has to be named. Never silently replaced."""
    if not group.parameter_group.startswith("default."):
        raise checks.combination(f"A parameter group that fits has to be given together: family {family}.")
    return {"parameter_group": default_name(family, clustered)}


def _token_difference(group: Group, given: dict[str, Any]) -> dict[str, Any]:
    """Source: API reference, AuthTokenUpdateStrategy: ROTATE (default), SET after ROTATE, DELETE on the way to RBAC."""
    if not {"AuthToken", "AuthTokenUpdateStrategy"} & set(given):
        return {}
    strategy = given.get("AuthTokenUpdateStrategy", "ROTATE")
    if strategy == "DELETE":
        if not (group.user_groups or given.get("UserGroupIdsToAdd")):
            raise checks.combination("The AUTH token can only be deleted when the group has a user group.")
        return _tokens(group, [], "SETTING")
    if "AuthToken" not in given:
        raise checks.combination("AuthToken must be given together with AuthTokenUpdateStrategy.")
    if not group.transit_encryption:
        raise checks.combination("The AUTH token is only supported when encryption-in-transit is enabled.")
    checks.check_token(given["AuthToken"])
    token = checks.digest(given["AuthToken"])
    if strategy == "SET":
        if token not in group.auth_tokens:
            raise checks.combination("SET is only allowed for an AUTH token that was added by ROTATE.")
        return _tokens(group, [token], "SETTING")
    if group.user_groups and not given.get("RemoveUserGroups"):
        raise checks.combination("AuthToken cannot be used with a group that has user groups.")
    if token in group.auth_tokens:
        return {}
    # Source: user guide, "Authenticating with the AUTH command": after the first ROTATE clients without a token still
    # come in, until SET.
    return _tokens(group, [*(group.auth_tokens or [checks.NO_TOKEN])[-1:], token], "ROTATING")


def _tokens(group: Group, tokens: list[str], status: str) -> dict[str, Any]:
    if tokens == group.auth_tokens:
        return {}
    return {"auth_tokens": tokens, "auth_token_changed": now(), "auth_token_status": status}


def _user_group_difference(group: Group, given: dict[str, Any]) -> dict[str, Any]:
    if not {"UserGroupIdsToAdd", "UserGroupIdsToRemove", "RemoveUserGroups"} & set(given):
        return {}
    if given.get("UserGroupIdsToAdd") and group.auth_tokens and given.get("AuthTokenUpdateStrategy") != "DELETE":
        # Source: user guide, "Role-Based Access Control": from AUTH to RBAC with the strategy DELETE in the same call.
        raise checks.combination("A user group and an AUTH token exclude each other: AuthTokenUpdateStrategy DELETE.")
    gone = group.user_groups if given.get("RemoveUserGroups") else given.get("UserGroupIdsToRemove", [])
    kept = [name for name in group.user_groups if name not in gone]
    return {"user_groups": kept + [name for name in given.get("UserGroupIdsToAdd", []) if name not in kept]}


def _log_difference(group: Group, given: dict[str, Any]) -> dict[str, Any]:
    """The given log types replace what is there, or end when `Enabled` is false."""
    wanted = given.get("LogDeliveryConfigurations")
    if wanted is None:
        return {}
    if not given.get("ApplyImmediately"):
        # Source: error text in terraform-provider-aws #49842.
        raise checks.combination("Log delivery configurations can only be modified with ApplyImmediately set to true.")
    checks.check_log_delivery(wanted)
    named = {configuration["LogType"] for configuration in wanted}
    kept = [configuration for configuration in group.log_delivery if configuration["LogType"] not in named]
    return {"log_delivery": sorted(kept + active_logs(wanted), key=lambda c: c["LogType"])}


def _check_cluster_mode(group: Group, given: dict[str, Any]) -> None:
    """disabled -> compatible -> enabled, one call each, nothing else in the call."""
    wanted = given.get("ClusterMode", group.cluster_mode)
    if group.cluster_mode == "compatible" and "ClusterMode" not in given:
        raise checks.combination("In cluster mode compatible nothing else can be modified until it is enabled.")
    if wanted == group.cluster_mode:
        return
    if _NEXT_MODE.get(group.cluster_mode) != wanted:
        raise checks.combination(f"ClusterMode cannot be changed from {group.cluster_mode} to {wanted}.")
    others = set(given) - _WITH_CLUSTER_MODE
    if others:
        raise checks.combination(f"ClusterMode cannot be modified together with {', '.join(sorted(others))}.")
    if version_of(group.engine, group.version).order < (7, 0):
        raise checks.combination("ClusterMode can be modified from Redis OSS 7.0 and Valkey 7.2 on.")
    if not group.automatic_failover or group.shards[0].replicas < 1:
        raise checks.combination("ClusterMode can be modified with automatic failover and at least one replica.")


def _check_snapshotting(group: Group, after: Group) -> None:
    """Source: hashicorp/terraform#10581: without cluster mode snapshots are switched on for one named member."""
    switched_on = after.snapshot_retention > 0 and group.snapshot_retention == 0
    if switched_on and not group.clustered and after.snapshotting_cluster is None:
        raise checks.combination("Must specify SnapshottingClusterId to turn on automatic snapshots for this group.")


def _check_transit(group: Group, after: Group, given: dict[str, Any]) -> None:
    """TLS comes as `preferred`, becomes `required` later, and leaves the same way."""
    mode = given.get("TransitEncryptionMode")
    if "TransitEncryptionEnabled" in given and group.user_groups:
        # Source: recorded; aws-controllers-k8s/community#2536.
        text = "Modification of transit encryption is not supported for access control enabled clusters."
        raise checks.combination(text)
    if mode and not after.transit_encryption:
        raise checks.combination("To modify transit encryption mode, set encryption-in-transit as enabled.")
    if mode == "required" and group.transit_mode is None:
        raise checks.combination("Transit encryption has to be enabled in mode preferred first, required comes later.")
    if after.transit_encryption and not group.transit_encryption:
        if version_of(group.engine, group.version).order < (7, 0, 5):
            raise checks.combination("Transit encryption can be enabled on existing groups from version 7.0.5 on.")
        if mode is None and group.deferred.get("transit_mode") is None:
            raise checks.combination("TransitEncryptionMode preferred must be given together.")
    if group.transit_encryption and not after.transit_encryption:
        if group.transit_mode != "preferred":
            raise checks.combination("Transit encryption can only be disabled in mode preferred.")
        if after.auth_tokens or after.user_groups:
            raise checks.combination("Transit encryption cannot be disabled while AUTH or user groups are used.")


def _access_changes(group: Group, after: Group) -> bool:
    """Whether access or encryption is another one afterwards: `preferred` that was there already may stay."""
    names = ("transit_mode", "auth_tokens", "user_groups")
    return any(getattr(group, name) != getattr(after, name) for name in names)


def _check_primary(group: Group, given: dict[str, Any]) -> None:
    """Source: API reference, PrimaryClusterId: promotes a read replica."""
    wanted = given.get("PrimaryClusterId")
    if wanted is None:
        return
    if group.clustered or group.automatic_failover:
        raise checks.combination("PrimaryClusterId can only be set with cluster mode and automatic failover disabled.")
    if wanted not in {member.id for member in group.members}:
        raise checks.value(f"{wanted} is not a member of the group.")


def _primary(group: Group) -> str:
    return next(member.id for member in group.shards[0].members if member.role == "primary")


def _promote(group: Group, member_id: str) -> None:
    for member in group.shards[0].members:
        member.role = role(0 if member.id == member_id else 1)
