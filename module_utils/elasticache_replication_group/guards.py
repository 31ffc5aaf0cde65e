# SPDX-License-Identifier: Apache-2.0
"""Changes of an existing group that AWS cannot make, or that lose data without leave.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.fields import Difference
from . import datastores, leaving, node_groups, windows
from .calls import DEFERRABLE
from .names import NOUN
from .versions import at_least, older

State = Mapping[str, Any]
Differences = Mapping[str, Difference]
Finding = tuple[str, Any, str, str]
# What AWS is changing right now never waits for the window, whatever it shows as pending.
AT_ONCE = {"user_group_id", "log_delivery"}
# They stand on their own names and change beside the group.
SATELLITES = ("subnet_group", "parameters", "former_parameter_groups", "users", "user_group",
              "auth_token_secret", "log_groups", "alarms")  # fmt: skip
DESTROY = "keep it, or restore a snapshot into a new group"


def guards(observed: State, desired: State, differences: Differences) -> Iterator[Refusal]:
    """Every such change, each in its own words."""
    parts = (engine, cluster_mode, transit_encryption, access, log_delivery, failover, losses, schedule)
    for part in (*parts, subnets, zones, places, datastores.guards):
        for field, found, wanted, step in part(observed, desired, differences):
            yield Refusal(NOUN, desired["name"], field, found, wanted, step)


def in_force(observed: State, field: str) -> Any:
    """The value that nodes have now, whatever waits for the maintenance window."""
    return observed["in_force"].get(field, observed[field])


def version_at_work(observed: State, desired: State) -> str:
    """The version that the nodes have when the later steps of a plan are made."""
    immediately = desired["apply_immediately"] and desired["engine_version"]
    return str(desired["engine_version"] if immediately else in_force(observed, "engine_version"))


def engine(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """No way back: neither to an older version nor from Valkey to Redis.

    Source: ModifyReplicationGroup API reference, EngineVersion; user guide, "Version Management for ElastiCache".
    """
    if "engine" in differences:
        if desired["engine"] == "redis":
            yield "engine", "redis", f"the present {observed['engine']}", f"AWS has no way back; {DESTROY}"
        elif not desired["engine_version"]:
            yield ("engine_version", None, f"a version of {desired['engine']} with the change of engine",
                   "set engine_version")  # fmt: skip
    elif "engine_version" in differences and older(desired["engine_version"], observed["engine_version"]):
        yield ("engine_version", desired["engine_version"], f"the present {observed['engine_version']} or later",
               f"AWS has no way back; {DESTROY}")  # fmt: skip


def cluster_mode(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """Source: ElastiCache user guide, "Modifying cluster mode"."""
    others = sorted(set(differences) - {"cluster_mode", *SATELLITES})
    if in_force(observed, "cluster_mode") == "compatible" and others and not desired["apply_immediately"]:
        yield ("cluster_mode", "compatible", f"cluster mode enabled before {', '.join(others)} can change",
               "set apply_immediately, or wait for the maintenance window")  # fmt: skip
    if "cluster_mode" not in differences:
        return
    if desired["cluster_mode"] == "disabled":
        yield "cluster_mode", "disabled", f"the present {observed['cluster_mode']}", f"AWS has no way back; {DESTROY}"
        return
    if {"engine", "engine_version"} & set(differences):
        # The call names a parameter group, and that has to be of the family in force.
        yield ("cluster_mode", desired["cluster_mode"], f"engine_version {desired['engine_version']} before",
               "change the version first, then cluster_mode")  # fmt: skip
    replicas = observed["replicas_by_node_group"].values()
    if not in_force(observed, "automatic_failover_enabled") or not replicas or min(replicas) < 1:
        yield ("cluster_mode", desired["cluster_mode"], "automatic failover and a replica before cluster mode changes",
               "set automatic_failover_enabled and num_cache_clusters 2 first, then cluster_mode")  # fmt: skip
    floor = (7, 2) if observed["engine"] == "valkey" else (7, 0)
    if not at_least(version_at_work(observed, desired), *floor):
        yield ("cluster_mode", desired["cluster_mode"], "Redis 7.0 or Valkey 7.2 and later before cluster mode changes",
               "raise engine_version first, then cluster_mode")  # fmt: skip


def transit_encryption(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """Older groups are born with TLS or without.

    Source: hashicorp/terraform-provider-aws, replication_group.go: replacement below 7.0.5.
    """
    fields = {"transit_encryption_enabled", "transit_encryption_mode"} & set(differences)
    if fields and not desired["transit_encryption_enabled"]:
        # Source: ElastiCache user guide, "Authenticating with the AUTH command": AUTH needs encryption in transit, and
        # a token leaves a group only for role-based access.
        if observed["auth_token_enabled"]:
            yield ("transit_encryption_enabled", False, "TLS as long as the group has an AUTH token",
                   "set transit_encryption_enabled: true")  # fmt: skip
        elif observed.get("user_group_id") and "user_group_id" not in differences:
            yield ("transit_encryption_enabled", False, "TLS as long as the group has a user group",
                   "set transit_encryption_enabled: true, or user_group_id: '' first")  # fmt: skip
    elif fields and desired["transit_encryption_mode"] == "preferred" and _lets_in(observed, desired):
        # Source: as for rules.encryption.
        yield ("transit_encryption_mode", "preferred", "required as long as the group has a token or users",
               "keep required, or take the users away first")  # fmt: skip
    if fields and not at_least(version_at_work(observed, desired), 7, 0, 5):
        yield ("transit_encryption_enabled", desired["transit_encryption_enabled"],
               f"the present {observed['transit_encryption_enabled']}".lower() + " below version 7.0.5",
               "raise engine_version first, then change TLS")  # fmt: skip


def _lets_in(observed: State, desired: State) -> bool:
    """Whether a group with TLS goes on asking who somebody is."""
    users = observed.get("user_group_id") and desired["user_group_id"] != ""
    return bool(observed["transit_encryption_mode"] and (observed["auth_token_enabled"] or users))


def log_delivery(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """Log delivery changes immediately, and AWS applies what waits for the maintenance window along with it.

    Source: ModifyReplicationGroup API reference, ApplyImmediately.
    """
    waiting = sorted(observed["in_force"])
    if "log_delivery" in differences and waiting and not desired["apply_immediately"]:
        yield ("log_delivery", "a change", f"nothing that waits for the maintenance window ({', '.join(waiting)})",
               "change it after the window, or set apply_immediately: what waits is then applied too")  # fmt: skip


def access(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """Tokens and user groups change immediately, and AWS applies what waits for the maintenance window along with it.

    Source: ModifyReplicationGroup API reference, ApplyImmediately.
    """
    changed = {"auth_token_enabled", "auth_token_version", "user_group_id"} & set(differences)
    waiting = sorted({*(set(observed["in_force"]) - AT_ONCE), *(DEFERRABLE & set(differences))})
    if changed and waiting and not desired["apply_immediately"]:
        field, found = ("user_group_id", "users to let in or shut out") if desired["auth_token"] is None else (
            "auth_token", "a token to rotate")  # fmt: skip
        yield (field, found, f"nothing that waits for the maintenance window ({', '.join(waiting)})",
               "change it after the window, or set apply_immediately: what waits is then applied too")  # fmt: skip


def failover(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """The last replica leaves only after failover and Multi-AZ are off, which can wait for the maintenance window.

    Source: DecreaseReplicaCount API reference, NewReplicaCount.
    """
    clustered = desired["num_cache_clusters"] is None
    field, least = ("replicas_per_node_group", 0) if clustered else ("num_cache_clusters", 1)
    if field not in differences or desired[field] != least:
        return
    # Cluster mode has failover in any case, and does without replicas.
    switches = ("multi_az_enabled",) if clustered else ("automatic_failover_enabled", "multi_az_enabled")
    left_on = [switch for switch in switches if stays(observed, desired, differences, switch)]
    if left_on:
        word = "automatic failover" if left_on[0] == "automatic_failover_enabled" else "Multi-AZ"
        yield (field, least, f"at least {least + 1} while {word} is on",
               f"set {left_on[0]}: false and apply_immediately, or lower it after the maintenance window has switched "
               f"{word} off")  # fmt: skip


def stays(observed: State, desired: State, differences: Differences, switch: str) -> bool:
    """Whether failover or Multi-AZ is on when the last calls of a plan are made; Multi-AZ waits with failover."""
    waits = "automatic_failover_enabled" in differences and not desired["apply_immediately"]
    changed = switch in differences and not waits
    return bool(desired[switch] if changed else in_force(observed, switch))


def losses(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """Changes that can lose data, each with the option that allows it."""
    days, shards = desired["snapshot_retention_days"], desired["num_node_groups"]
    if "snapshot_retention_days" in differences and not desired["allow_snapshot_retention_decrease"]:
        before = observed["snapshot_retention_days"] or 0
        if days < before:
            yield ("snapshot_retention_days", days, f"at least the present {before}",
                   "keep it, or set allow_snapshot_retention_decrease: older snapshots are deleted")  # fmt: skip
    if "num_node_groups" in differences and not desired["allow_memory_decrease"]:
        before = observed["num_node_groups"] or 1
        if shards < before:
            yield ("num_node_groups", shards, f"at least the present {before}",
                   "keep it, or set allow_memory_decrease: the change fails or keys are evicted when they no longer "
                   "fit")  # fmt: skip


def schedule(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """A window that is moved onto the other one, which the declaration does not name.

    Source: CreateReplicationGroup API reference, InvalidParameterValue: the two must not overlap.
    """
    fields = ("snapshot_window", "preferred_maintenance_window")
    moved = [field for field in fields if field in differences]
    daily, weekly = (desired[field] or observed[field] for field in fields)
    spans = (windows.maintenance(weekly or ""), windows.snapshot(daily or ""))
    if moved and spans[0] and spans[1] and windows.overlap(spans[0], spans[1]):
        other = weekly if moved[0] == "snapshot_window" else daily
        yield moved[0], desired[moved[0]], f"no overlap with the present {other}", "move one of the two windows"


def subnets(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """A subnet with nodes in it cannot leave before they have."""
    if "subnet_group" in differences and observed["subnet_group"]:
        yield from leaving.obstacles(observed, desired)


def zones(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """Multi-AZ asked for, single-AZ delivered; a change of the nodes may still mend it."""
    moving = {"multi_az_enabled", "num_cache_clusters", "num_node_groups", "replicas_per_node_group"}
    if "member_zones_spread" in differences and not moving & set(differences) and not leaving.moves(observed, desired):
        yield ("member_zones_spread", f"every node of a node group in one zone ({', '.join(observed['zones'])})",
               "nodes in at least two zones for multi_az_enabled",
               "add a replica and remove it again, or set multi_az_enabled: false")  # fmt: skip


def places(observed: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """Slots that are not those of a birth, and nodes that cannot get to where they are declared."""
    yield from node_groups.guards(observed, desired)
    if "node_groups" in differences and leaving.moves(observed, desired) and not leaving.lost(observed, desired):
        for wanted, step in leaving.reasons(observed, desired):
            yield "node_groups", f"other zones than the nodes are in ({', '.join(observed['zones'])})", wanted, step
