# SPDX-License-Identifier: Apache-2.0
"""The declaration in the vocabulary of the fields, and the fields.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.component import Seen
from ..reconcile.fields import Field, bare_key, lower_case, unordered
from ..reconcile.identity import identity_of
from ..reconcile.plan import DISRUPTIVE, MULTI_STEP, Secret
from ..reconcile.tags import new_tags, wanted_tags
from . import datastores
from .alarms import wanted as wanted_alarms
from .generated_token import compared as compared_secret
from .generated_token import wanted as wanted_secret
from .logs import by_type
from .names import group_name, subnet_group_name
from .node_groups import compared as compared_places
from .node_groups import wanted as wanted_places
from .own_logs import declared as declared_logs
from .own_logs import wanted as wanted_log_groups
from .parameters import compared
from .parameters import wanted as wanted_parameters
from .rules import mode_of
from .surroundings import security_group_ids, subnet_ids, zones
from .users import compared_group, compared_users, wanted_user_group_id
from .users import wanted as wanted_users
from .versions import older

Options = Mapping[str, Any]
State = dict[str, Any]

# From no TLS to nothing but TLS, and from one key space to many: AWS goes one rung at a time.
# Source: ElastiCache user guide, "Enabling in-transit encryption" and "Modifying cluster mode".
TLS = (None, "preferred", "required")
CLUSTER_MODE = ("disabled", "compatible", "enabled")

STATED = (
    "description", "cache_node_type", "num_cache_clusters", "num_node_groups", "replicas_per_node_group",
    "automatic_failover_enabled", "multi_az_enabled", "at_rest_encryption_enabled", "port",
    "cache_parameter_group_name", "snapshot_retention_days", "snapshot_window", "preferred_maintenance_window",
    "notification_topic_arn", "auto_minor_version_upgrade", "apply_immediately",
    "network_type", "ip_discovery", "snapshot_name", "snapshot_arns", "allow_memory_decrease",
    "allow_snapshot_retention_decrease", "allow_global_failover",
)  # fmt: skip


def bare_subnet_group(group: Any) -> Any:
    """A subnet group as it is declared: without its ARN and the zones of its subnets, and with these in order."""
    if group is None:
        return None
    kept = {name: value for name, value in group.items() if name not in ("arn", "zones")}
    return {**kept, "subnet_ids": unordered(kept["subnet_ids"])}


def stated(name: Any) -> Any:
    """A name, or ``None`` where an empty text says that there is none."""
    return name or None


FIELDS = (
    Field("name", fixed="a replication group cannot be renamed"),
    Field("description"),
    Field("engine", change=DISRUPTIVE),
    Field("engine_version", change=DISRUPTIVE),
    Field("cache_node_type", change=DISRUPTIVE),
    Field("cluster_mode", change=MULTI_STEP),
    Field("num_cache_clusters"),
    Field("num_node_groups"),
    Field("replicas_per_node_group"),
    Field("automatic_failover_enabled"),
    Field("multi_az_enabled"),
    Field("node_groups", normal=compared_places),
    Field("member_zones_spread"),
    Field("at_rest_encryption_enabled", fixed="encryption at rest is chosen when a group is created"),
    Field("kms_key_id", normal=bare_key, fixed="the key is chosen when a group is created"),
    Field("transit_encryption_enabled", change=MULTI_STEP),
    Field("transit_encryption_mode", change=MULTI_STEP),
    Field("auth_token_enabled", change=MULTI_STEP),
    Field("auth_token_version", change=MULTI_STEP),
    Field("auth_token_secret", normal=compared_secret, change=MULTI_STEP),
    Field("users", normal=compared_users),
    Field("user_group", normal=compared_group),
    Field("user_group_id", normal=stated, change=MULTI_STEP),
    Field("port", fixed="the port is chosen when a group is created"),
    Field("cache_parameter_group_name"),
    Field("parameters", normal=compared),
    Field("former_parameter_groups"),
    Field("cache_subnet_group_name", fixed="a group stays in the subnet group that it was created in"),
    Field("subnet_group", normal=bare_subnet_group),
    Field("security_group_ids", normal=unordered),
    Field("network_type", fixed="the addresses of the nodes are chosen when a group is created"),
    Field("ip_discovery"),
    Field(datastores.ID),
    Field(datastores.ROLE),
    Field("snapshot_retention_days"),
    Field("snapshot_window"),
    Field("preferred_maintenance_window", normal=lower_case),
    Field("notification_topic_arn"),
    Field("auto_minor_version_upgrade"),
    Field("log_delivery", normal=by_type),
    Field("log_groups"),
    Field("alarms"),
    Field("tags"),
)


def desire(options: Options, seen: Seen) -> State:
    """The declaration; ``None`` is no opinion, also on what AWS does not show while it is busy."""
    observed = seen.resource
    around = seen.around
    wanted = {
        **{field: options[field] for field in STATED},
        "name": group_name(options),
        "engine": options["engine"],
        "engine_version": None if upgraded(options, observed) else stated_version(options, around),
        "cluster_mode": mode_of(options),
        "kms_key_id": around["kms_key_id"],
        "cache_subnet_group_name": subnet_group_name(options),
        "subnet_group": wanted_subnet_group(options, seen),
        "subnet_zones": zones(options, around),
        "parameters": wanted_parameters(options, around, (observed or seen.satellites).get("parameters")),
        "former_parameter_groups": None,
        "security_group_ids": security_group_ids(options, around),
        "node_groups": wanted_places(options),
        "log_delivery": declared_logs(options),
        "log_groups": wanted_log_groups(options, (observed or seen.satellites).get("log_groups") or {}),
        "tags": wanted_tags(options, (observed or {}).get("tags")),
        "new_tags": new_tags(options),
        "transit_encryption_enabled": options["transit_encryption_enabled"],
        "transit_encryption_mode": options["transit_encryption_mode"],
        **wanted_access(options, seen),
        **datastores.wanted(options, observed),
    }
    if observed is None:
        asked = wanted["parameters"] or datastores.leaves(options)
        wanted["former_parameter_groups"] = [] if asked else None
        wanted.update({**birth(options, wanted, around), "member_zones_spread": spread(options, wanted, around)})
        alarms = wanted_alarms(options, None, wanted)
        return {**datastores.without_inherited(wanted, options, None), "alarms": alarms}
    wanted["cache_parameter_group_name"] = parameter_group(wanted, observed, around)
    wanted.update(rungs(wanted, observed))
    wanted["former_parameter_groups"] = former(options, wanted, observed)
    wanted["member_zones_spread"] = spread(options, wanted, around)
    known = datastores.without_inherited(opinions(wanted, observed), options, observed)
    return {**known, "alarms": wanted_alarms(options, observed, known)}


def stated_version(options: Options, around: Mapping[str, Any]) -> str | None:
    """The version that is declared, as it is spelled where the group has it."""
    return around["engine_version"] if options["engine_version"] else None


def upgraded(options: Options, observed: Mapping[str, Any] | None) -> str:
    """The version in force, where AWS raised it by itself above the declared one, as it was allowed to.

    Source: CreateReplicationGroup API reference, AutoMinorVersionUpgrade: a newer minor version of the same major one.
    """
    declared = options["engine_version"]
    if not declared or not observed or not observed.get("engine_version"):
        return ""
    if datastores.follows(options, observed):
        return ""
    allowed = options["auto_minor_version_upgrade"]
    allowed = observed.get("auto_minor_version_upgrade") if allowed is None else allowed
    present = str(observed["engine_version"])
    same = (options["engine"] or observed["engine"]) == observed["engine"]
    same &= declared.partition(".")[0] == present.partition(".")[0]
    return present if allowed and same and older(declared, present) else ""


def birth(options: Options, wanted: State, around: Mapping[str, Any]) -> State:
    """What a new group gets where the options say nothing."""
    mode = wanted["cluster_mode"] or "disabled"
    failover = wanted["automatic_failover_enabled"]
    born = {**wanted, "cluster_mode": mode}
    return {
        "description": wanted["description"] or f"Cache of {identity_of(options).name}",
        "engine": around["engine"],
        "engine_version": around["engine_version"],
        "cluster_mode": mode,
        "num_cache_clusters": None if mode == "enabled" else wanted["num_cache_clusters"] or 1,
        # Source: CreateReplicationGroup: cluster mode enabled needs automatic failover.
        "automatic_failover_enabled": True if mode == "enabled" else failover,
        "cache_parameter_group_name": parameter_group(born, {}, around),
    }


def parameter_group(wanted: State, observed: Mapping[str, Any], around: Mapping[str, Any]) -> Any:
    """The named parameter group, the group's own, or the default one of the family that AWS states for the version.

    A group that waits for its new version or mode keeps the old one's parameters until then: no opinion. So does one
    with a parameter group of its own while no parameters are declared.
    """
    if {"engine", "engine_version", "cluster_mode"} & set(observed.get("in_force", {})):
        return None
    mode = wanted["cluster_mode"] or observed.get("cluster_mode")
    if wanted["cache_parameter_group_name"] or not around["family"]:
        return wanted["cache_parameter_group_name"]
    if wanted["parameters"]:
        return wanted["parameters"]["name"]
    if datastores.stays(wanted, observed):
        # A secondary that was promoted goes on with the copy that AWS made for it.
        return None
    if observed and observed["cache_parameter_group_name"] in around.get("own_parameter_groups", ()):
        return None
    return f"default.{around['family']}" + ("" if mode == "disabled" else ".cluster.on")


def former(options: Options, wanted: State, observed: Mapping[str, Any]) -> list[str] | None:
    """No former parameter groups, as soon as the group is in the present one: now, or by the end of this run."""
    if not wanted["parameters"] and not datastores.leaves(options):
        return None
    if observed["cache_parameter_group_name"] == wanted["cache_parameter_group_name"]:
        return []
    late = ("engine", "engine_version", "cluster_mode")
    waits = any(wanted[field] not in (None, observed[field]) for field in late) and not wanted["apply_immediately"]
    return None if waits or wanted["cache_parameter_group_name"] is None else []


def wanted_subnet_group(options: Options, seen: Seen) -> State:
    """The subnet group as one field; one under a name of its own, which others may have made, keeps its description."""
    present = (seen.resource or seen.satellites).get("subnet_group") or {}
    return {
        "name": subnet_group_name(options),
        "description": (options["cache_subnet_group_name"] and present.get("description"))
        or f"Cache subnets of {identity_of(options).name}",
        "subnet_ids": subnet_ids(options, seen.around),
        **{key: present[key] for key in ("arn", "zones") if key in present},
        "tags": wanted_tags(options, present.get("tags")),
    }


def wanted_access(options: Options, seen: Seen) -> State:
    """Who is let in: everybody with the AUTH token, or the users of a user group.  One excludes the other."""
    token = wanted_token(options, seen.around)
    group = wanted_user_group_id(options, bool(token["auth_token_enabled"]))
    present = seen.resource or seen.satellites
    users = wanted_users(options, seen.around, present)
    if group:
        token = {"auth_token": None, "auth_token_enabled": False, "auth_token_version": ""}
    secret = wanted_secret(options, present.get("auth_token_secret"))
    return {**token, **users, "user_group_id": group, "auth_token_secret": secret}


def wanted_token(options: Options, around: Mapping[str, Any]) -> State:
    """The AUTH token.  Without one there is no opinion, so that a settling run, which has no secrets, goes through.

    A token in Secrets Manager is read by settling runs too; it is here only when it is about to be sent.
    """
    if options["auth_token_secret_arn"] or options["auth_token_generation"] is not None:
        version = around.get("auth_token_version")
        return {"auth_token": around.get("auth_token"), "auth_token_enabled": True, "auth_token_version": version}
    token = options["auth_token"]
    return {
        "auth_token": Secret(token) if token else None,
        "auth_token_enabled": True if token else None,
        "auth_token_version": options["auth_token_version"] if token else None,
    }


def rungs(wanted: State, observed: Mapping[str, Any]) -> State:
    """TLS and cluster mode as far as this run takes them.

    Applied immediately, every rung is taken in one run. Otherwise a rung waits for the maintenance window, and AWS
    takes no second one before; the next run continues.
    """
    now = {**observed, **observed.get("in_force", {})}
    immediately = wanted["apply_immediately"]
    tls = tls_of(wanted, observed)
    mode = wanted["cluster_mode"]
    if not immediately:
        tls = next_rung(TLS, now["transit_encryption_mode"], tls)
        # There is no way back: what asks for it is refused, not taken step by step.
        mode = next_rung(CLUSTER_MODE, now["cluster_mode"], mode) if mode == "enabled" else mode
    return {"transit_encryption_enabled": tls is not None, "transit_encryption_mode": tls, "cluster_mode": mode}


def tls_of(wanted: State, observed: Mapping[str, Any]) -> str | None:
    """The rung of TLS that is meant; TLS that is switched on with no mode stated lets old clients in for now.

    A token or users need all of it.  Source: cloudposse/terraform-aws-elasticache-redis#239: "Transit encryption
    preferred is not supported with redis access control".
    """
    if not wanted["transit_encryption_enabled"]:
        return None
    if not wanted["transit_encryption_mode"] and (wanted["auth_token_enabled"] or wanted["user_group_id"]):
        return "required"
    return str(wanted["transit_encryption_mode"] or observed["transit_encryption_mode"] or "preferred")


def next_rung(ladder: tuple[Any, ...], now: Any, target: Any) -> Any:
    """The next rung on the way, or the present one when that is the target."""
    here, there = ladder.index(now), ladder.index(target)
    return ladder[here + (there > here) - (there < here)]


def spread(options: Options, wanted: State, around: Mapping[str, Any]) -> bool | None:
    """Multi-AZ means two zones for each primary and its replicas, where the subnets offer two."""
    return True if wanted["multi_az_enabled"] and len(zones(options, around)) > 1 else None


def opinions(wanted: State, observed: Mapping[str, Any]) -> State:
    """The declaration without opinions on what cannot be compared now."""
    busy = observed["status"] != "available"
    unknown = {field.name for field in FIELDS if busy and observed.get(field.name) is None}
    if observed["transit_encryption_enabled"] is not None:
        # Without TLS there is no mode, and that is known.
        unknown.discard("transit_encryption_mode")
    if observed.get("member_zones_spread") is None:
        unknown.add("member_zones_spread")
    if "automatic_failover_enabled" in observed["in_force"] and not wanted["apply_immediately"]:
        # Multi-AZ follows failover, and AWS does not show that it waits with it.
        unknown.add("multi_az_enabled")
    if wanted["cluster_mode"] == "compatible":
        # No scaling on the way.  Source: ElastiCache user guide, "Modifying cluster mode".
        unknown |= {"num_cache_clusters", "num_node_groups", "replicas_per_node_group", "node_groups"}
    return {field: None if field in unknown else value for field, value in wanted.items()}
