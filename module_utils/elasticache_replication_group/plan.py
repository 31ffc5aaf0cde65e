# SPDX-License-Identifier: Apache-2.0
"""Which calls make, change and remove a group, and in which order.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..alarms import removal as alarm_removal
from ..reconcile.component import Seen
from ..reconcile.fields import Difference
from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, IN_PLACE, MULTI_STEP, Call
from ..reconcile.tags import boto3_tags
from . import alarms, datastores, node_groups, own_logs
from .calls import SERVICE, change, kind, needed, tag_params
from .desire import CLUSTER_MODE, TLS
from .generated_token import removed as removed_secret
from .generated_token import secret_calls, staged
from .guards import SATELLITES
from .leaving import arrivals, departures, destinations, moves, replicas_after, wanted_replicas
from .logs import by_type, log_delivery, request
from .names import (
    TOKEN_VERSION_TAG,
    gone,
    group_name,
    group_noun,
    secret_noun,
    settled,
    subnet_group_noun,
    user_group_noun,
)
from .parameters import former_parameter_groups, parameter_group, removed
from .rules import TIERED
from .transitions import take_back, taken_back
from .users import former_users, leave_users, take_users, user_calls, user_group_calls
from .users import removed as removed_users

Options = Mapping[str, Any]
State = dict[str, Any]
Differences = Mapping[str, Difference]
Step = Callable[[State, State, Differences], list[Call]]

# Options that AWS takes under another name in CreateReplicationGroup and ModifyReplicationGroup alike.
PARAMETERS = {
    "description": "ReplicationGroupDescription",
    "engine": "Engine",
    "engine_version": "EngineVersion",
    "cache_node_type": "CacheNodeType",
    "automatic_failover_enabled": "AutomaticFailoverEnabled",
    "multi_az_enabled": "MultiAZEnabled",
    "cache_parameter_group_name": "CacheParameterGroupName",
    "security_group_ids": "SecurityGroupIds",
    "snapshot_retention_days": "SnapshotRetentionLimit",
    "snapshot_window": "SnapshotWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "ip_discovery": "IpDiscovery",
}
# What only CreateReplicationGroup takes in this form.
BIRTH_PARAMETERS = {
    "num_cache_clusters": "NumCacheClusters",
    "num_node_groups": "NumNodeGroups",
    "replicas_per_node_group": "ReplicasPerNodeGroup",
    "at_rest_encryption_enabled": "AtRestEncryptionEnabled",
    "kms_key_id": "KmsKeyId",
    "transit_encryption_enabled": "TransitEncryptionEnabled",
    "transit_encryption_mode": "TransitEncryptionMode",
    "auth_token": "AuthToken",
    "port": "Port",
    "cache_subnet_group_name": "CacheSubnetGroupName",
    "notification_topic_arn": "NotificationTopicArn",
    "network_type": "NetworkType",
    "snapshot_name": "SnapshotName",
    "snapshot_arns": "SnapshotArns",
}
# Changes of the nodes themselves, which wait for the maintenance window unless apply_immediately is set.
# Source: ModifyReplicationGroup API reference, ApplyImmediately.
OF_NODES = ("engine", "engine_version", "cache_node_type", "automatic_failover_enabled", "multi_az_enabled")
INTERRUPTING = {"engine", "engine_version", "cache_node_type"}


def newborn(desired: State) -> State:
    """Creation carries everything but the satellites, which stand on their own names."""
    born = {field: value for field, value in desired.items() if field not in SATELLITES}
    return {**born, **datastores.newborn(desired)}


def create(desired: State) -> list[Call]:
    """One call.  ClusterMode is not among its parameters: the parameter group says it, in every engine version."""
    name = desired["name"]
    carried = {**PARAMETERS, **BIRTH_PARAMETERS}
    given = {field: desired[field] for field in carried if desired[field] not in (None, "")}
    params = {"ReplicationGroupId": name, **{carried[field]: value for field, value in given.items()}}
    tags = dict(desired["tags"])
    if desired["auth_token_version"]:
        tags[TOKEN_VERSION_TAG] = desired["auth_token_version"]
    params["Tags"] = boto3_tags(tags)
    params.update({**node_groups.at_birth(desired), **datastores.at_birth(desired)})
    if desired["log_delivery"]:
        params["LogDeliveryConfigurations"] = [request(each) for each in by_type(desired["log_delivery"])]
    if desired["user_group_id"]:
        params["UserGroupIds"] = [desired["user_group_id"]]
    # Source: CreateReplicationGroup API reference, DataTieringEnabled: must be true for r6gd nodes.
    if (desired["cache_node_type"] or "").startswith(TIERED):
        params["DataTieringEnabled"] = True
    parents = (subnet_group_noun(desired["cache_subnet_group_name"]), user_group_noun(desired["user_group_id"] or ""))
    return [Call(SERVICE, "create_replication_group", params, group_noun(name), f"create {group_noun(name)}", CREATE,
                 after=(*parents, *needed(params), *token_parents(desired)),
                 wait=settled(name))]  # fmt: skip


def token_parents(desired: State) -> tuple[str, ...]:
    """The secret that has to hold a token before the group does."""
    secret = desired.get("auth_token_secret")
    return (secret_noun(secret["name"]),) if secret else ()


def subnet_group(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Its own object: made, changed and tagged beside the group."""
    if "subnet_group" not in differences:
        return []
    before, after = observed.get("subnet_group"), desired["subnet_group"]
    on = subnet_group_noun(after["name"])
    params = {
        "CacheSubnetGroupName": after["name"],
        "CacheSubnetGroupDescription": after["description"],
        "SubnetIds": after["subnet_ids"],
    }
    if before is None:
        params["Tags"] = boto3_tags(after["tags"])
        return [Call(SERVICE, "create_cache_subnet_group", params, on, f"create {on}", CREATE)]
    calls = []
    if before["description"] != after["description"] or set(before["subnet_ids"]) != set(after["subnet_ids"]):
        left = tuple(sorted(set(before["subnet_ids"]) - set(after["subnet_ids"])))
        first = (group_noun(desired["name"]),) if moves(observed, desired) else ()
        calls.append(Call(SERVICE, "modify_cache_subnet_group", params, on, f"change {on}", after=first, releases=left))
    for operation, tags, why in tag_params(before["arn"], before["tags"], after["tags"]):
        calls.append(Call(SERVICE, operation, tags, on, why))
    return calls


def widened(observed: State, desired: State) -> list[Call]:
    """New subnets come before nodes have to go there; a call on the group, which is what waits for it."""
    _unused, fresh = destinations(observed, desired)
    if not set(fresh) & {zone for move in moves(observed, desired) for zone in move.coming}:
        return []
    before = observed["subnet_group"]
    ids = [*before["subnet_ids"], *(id_ for id_ in desired["subnet_group"]["subnet_ids"]
                                    if id_ not in before["subnet_ids"])]  # fmt: skip
    on = subnet_group_noun(before["name"])
    params = {"CacheSubnetGroupName": before["name"], "SubnetIds": ids}
    return [Call(SERVICE, "modify_cache_subnet_group", params, group_noun(desired["name"]), f"widen {on}")]


def placing(observed: State, desired: State, differences: Differences) -> tuple[str, ...]:
    """What comes before new nodes find their place."""
    waits = "subnet_group" in differences and not moves(observed, desired)
    return (subnet_group_noun(desired["subnet_group"]["name"]),) if waits else ()


def cluster_mode(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Rung by rung; nothing but the parameter group may come along.

    Source: ElastiCache user guide, "Modifying cluster mode".
    """
    if "cluster_mode" not in differences:
        return []
    calls = []
    for mode in way(CLUSTER_MODE, observed["cluster_mode"], desired["cluster_mode"]):
        params = {"ClusterMode": mode, "ApplyImmediately": desired["apply_immediately"]}
        if mode == "compatible" and desired["cache_parameter_group_name"]:
            params["CacheParameterGroupName"] = desired["cache_parameter_group_name"]
        calls.append(change(desired["name"], "modify_replication_group", params, f"cluster mode {mode}",
                            kind(desired, MULTI_STEP)))  # fmt: skip
    return calls


def shard_count(observed: State, desired: State, differences: Differences) -> list[Call]:
    """AWS moves the slots; on the way down the youngest node groups go, as with Terraform."""
    if "num_node_groups" not in differences:
        return []
    before, after = observed["num_node_groups"] or 1, desired["num_node_groups"]
    if before == after:
        return []
    params: dict[str, Any] = {
        "NodeGroupCount": after,
        "ApplyImmediately": True,
        **node_groups.of_new(observed, desired),
    }
    if after < before:
        params["NodeGroupsToRemove"] = sorted(observed["replicas_by_node_group"])[after:]
    why = f"go from {before} to {after} node groups"
    call = change(desired["name"], "modify_replication_group_shard_configuration", params, why)
    return [replace(call, after=(*call.after, *placing(observed, desired, differences)))]


def more_replicas(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Replicas come before Multi-AZ and failover, which need them."""
    if moves(observed, desired):
        return [*widened(observed, desired), *arrivals(observed, desired)]
    return replica_calls("increase", observed, desired, differences)


def fewer_replicas(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Replicas go after Multi-AZ and failover are off; first those that AWS must not choose."""
    return [*departures(observed, desired), *replica_calls("decrease", observed, desired, differences)]


def replica_calls(verb: str, observed: State, desired: State, differences: Differences) -> list[Call]:
    """One call for all node groups; for some of them only where their counts differ."""
    wanted = wanted_replicas(desired)
    if wanted is None or not {"num_cache_clusters", "replicas_per_node_group"} & set(differences):
        return []
    present = replicas_after(observed, desired)
    kept = sorted(present)[: desired["num_node_groups"] or len(present)]
    moved = [shard for shard in kept if (present[shard] < wanted if verb == "increase" else present[shard] > wanted)]
    if not moved:
        return []
    params: dict[str, Any] = {"ApplyImmediately": True}
    if len(moved) == len(kept):
        params["NewReplicaCount"] = wanted
    else:
        params["ReplicaConfiguration"] = [{"NodeGroupId": shard, "NewReplicaCount": wanted} for shard in moved]
    why = f"{verb} to {wanted} replicas for each primary"
    call = change(desired["name"], f"{verb}_replica_count", params, why)
    return [
        replace(call, after=(*call.after, *(placing(observed, desired, differences) if verb == "increase" else ())))
    ]


def settings(observed: State, desired: State, differences: Differences) -> list[Call]:
    """What AWS changes at once, whatever the maintenance window."""
    changed = [field for field in PARAMETERS if field in differences and field not in OF_NODES]
    if switches_engine(differences) or "cluster_mode" in differences:
        # The parameter group of another family goes with the version that needs it.
        changed = [field for field in changed if field != "cache_parameter_group_name"]
    params = {PARAMETERS[field]: desired[field] for field in changed}
    if "notification_topic_arn" in differences:
        changed.append("notification_topic_arn")
        params.update(topic_params(desired["notification_topic_arn"]))
    if not params:
        return []
    # Snapshots of a group with one node group are made of one member.
    # Source: hashicorp/terraform-provider-aws, replication_group.go, snapshot_retention_limit.
    first = not observed["snapshot_retention_days"] and "snapshot_retention_days" in differences
    if first and observed["cluster_mode"] == "disabled" and desired["snapshot_retention_days"]:
        params["SnapshottingClusterId"] = observed["member_clusters"][0]
    params["ApplyImmediately"] = desired["apply_immediately"]
    left = set(observed["security_group_ids"] or ()) - set(desired["security_group_ids"] or ())
    why = f"change {', '.join(changed)}"
    call = change(desired["name"], "modify_replication_group", params, why)
    return [replace(call, releases=tuple(sorted(left)) if "security_group_ids" in changed else ())]


def topic_params(arn: str) -> dict[str, str]:
    """A topic cannot be taken away, only silenced.  Source: ModifyReplicationGroup, NotificationTopicStatus."""
    if not arn:
        return {"NotificationTopicStatus": "inactive"}
    return {"NotificationTopicArn": arn, "NotificationTopicStatus": "active"}


def switches_engine(differences: Differences) -> bool:
    """Whether the version or the engine changes."""
    return bool({"engine", "engine_version"} & set(differences))


def nodes(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Changes of the nodes themselves.

    Engine, version and parameter group go in one call: AWS checks the three together.
    Source: ElastiCache user guide, "Version Management for ElastiCache".
    """
    settled_already = taken_back(observed, desired, differences)
    changed = [field for field in OF_NODES if field in differences and field not in settled_already]
    if not changed:
        return []
    params = {PARAMETERS[field]: desired[field] for field in changed}
    if switches_engine(differences):
        # Terraform names the engine with every version, which AWS is known to take.
        params["Engine"] = desired["engine"] or observed["engine"]
        params["EngineVersion"] = desired["engine_version"]
        if "cache_parameter_group_name" in differences and "cluster_mode" not in differences:
            params["CacheParameterGroupName"] = desired["cache_parameter_group_name"]
    params["ApplyImmediately"] = desired["apply_immediately"]
    at_once = DISRUPTIVE if INTERRUPTING & set(changed) else IN_PLACE
    return [change(desired["name"], "modify_replication_group", params, f"change {', '.join(changed)}",
                   kind(desired, at_once))]  # fmt: skip


def transit_encryption(observed: State, desired: State, differences: Differences) -> list[Call]:
    """TLS rung by rung, each in a call of its own.

    Source: ModifyReplicationGroup API reference, TransitEncryptionEnabled: ``preferred`` comes in the same call.
    """
    if not {"transit_encryption_enabled", "transit_encryption_mode"} & set(differences):
        return []
    target = desired["transit_encryption_mode"] if desired["transit_encryption_enabled"] else None
    if desired["transit_encryption_enabled"] and target is None:
        target = "preferred"
    calls = []
    before = observed["transit_encryption_mode"]
    # What waits for the maintenance window is one rung from the mode in force, wherever the one that waited led to.
    for mode in way(TLS, before, target) if desired["apply_immediately"] else [target]:
        params: dict[str, Any] = {"ApplyImmediately": desired["apply_immediately"]}
        if mode is None:
            params["TransitEncryptionEnabled"] = False
        else:
            params["TransitEncryptionMode"] = mode
        if before is None:
            params["TransitEncryptionEnabled"] = True
        before = mode
        calls.append(change(desired["name"], "modify_replication_group", params,
                            f"TLS {mode}" if mode else "TLS off", kind(desired, MULTI_STEP)))  # fmt: skip
    return calls


def auth_token(observed: State, desired: State, differences: Differences) -> list[Call]:
    """ROTATE lets the old token in beside the new one, SET shuts it out; then the version is written down.

    A first token takes both too: after ROTATE alone a group still lets in clients without one.
    Source: ModifyReplicationGroup API reference, AuthTokenUpdateStrategy; hashicorp/terraform-provider-aws#33439.
    """
    if not {"auth_token_enabled", "auth_token_version"} & set(differences) or desired["auth_token_enabled"] is False:
        # A token that the group has already may still have to be handed out.
        return staged(observed, desired, differences)
    name, calls = desired["name"], []
    for strategy, why in (("ROTATE", "take the new AUTH token too"), ("SET", "take the new AUTH token only")):
        params = {"AuthToken": desired["auth_token"], "AuthTokenUpdateStrategy": strategy, "ApplyImmediately": True}
        if strategy == "ROTATE" and observed.get("user_group_id"):
            # Source: ElastiCache user guide, "Migrating from RBAC to AUTH": in the same call.
            params["RemoveUserGroups"] = True
        calls.append(replace(change(name, "modify_replication_group", params, why, MULTI_STEP),
                             after=token_parents(desired)))  # fmt: skip
        if strategy == "ROTATE":
            calls += staged(observed, desired, differences)
    if "auth_token_version" in differences:
        params = {
            "ResourceName": observed["arn"],
            "Tags": boto3_tags({TOKEN_VERSION_TAG: desired["auth_token_version"]}),
        }
        calls.append(change(name, "add_tags_to_resource", params, "write down the token's version", MULTI_STEP))
    return calls


def tags(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Tags keep the group busy for a while, so they come last."""
    if "tags" not in differences:
        return []
    found = tag_params(observed["arn"], observed["tags"], desired["tags"])
    return [change(desired["name"], operation, params, why) for operation, params, why in found]


def watch(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Alarms on the nodes, as they are and as they come and go."""
    return alarms.calls(observed, desired)


def way(ladder: tuple[Any, ...], now: Any, target: Any) -> list[Any]:
    """The rungs after ``now``, up to ``target``, upwards or downwards."""
    here, there = ladder.index(now), ladder.index(target)
    return list(ladder[here + 1 : there + 1] if there > here else reversed(ladder[there:here]))


def bring_forward(observed: State, desired: State, differences: Differences) -> list[Call]:
    """With apply_immediately the first immediate call makes all happen that waits for the window; so it names of it.

    Source: ModifyReplicationGroup API reference, ApplyImmediately.
    """
    step = waiting_step(observed, desired, differences)
    return step(observed, desired, of_waiting(observed, differences)) if step else []


def waiting_step(observed: State, desired: State, differences: Differences) -> Step | None:
    """The first step that names something of what waits; ``None`` where nothing does."""
    found = of_waiting(observed, differences)
    return next((step for step in (nodes, cluster_mode, transit_encryption) if step(observed, desired, found)), None)


def of_waiting(observed: State, differences: Differences) -> Differences:
    """The differences that already wait for the window; Multi-AZ waits with failover, unseen."""
    fields = set(observed.get("waiting", ()))
    if fields & {"engine", "engine_version"}:
        fields.add("cache_parameter_group_name")
    if "automatic_failover_enabled" in fields:
        fields.add("multi_az_enabled")
    return {field: each for field, each in differences.items() if field in fields}


def brought_forward(observed: State, desired: State, differences: Differences) -> tuple[State, Differences]:
    """The group as it is once all that waited has happened, and what differs then."""
    step = waiting_step(observed, desired, differences)
    if step is None:
        return observed, differences
    waited = observed["waiting"]
    named = of_waiting(observed, differences) if step is nodes else waited
    now = {**observed, **waited, **{field: desired[field] for field in named}, "waiting": {}}
    done = {field for field in {*waited, *named} if field not in differences or now[field] == desired[field]}
    return now, {field: each for field, each in differences.items() if field not in done}


# The order of all steps, each waiting until the group is available again. What is taken back comes before all that is
# immediate, and what waits and is wanted is brought forward; log delivery is always immediate. Then node groups, for
# replicas are counted for each of them; replicas before the failover and Multi-AZ that need them, and their removal
# after; the version before the TLS that needs it, and TLS before the token that needs it; tags last, and then what the
# group has left.
# Source: hashicorp/terraform-provider-aws, replication_group.go, resourceReplicationGroupUpdate.
FIRST: tuple[Step, ...] = (
    subnet_group, parameter_group, secret_calls, user_calls, user_group_calls, own_logs.calls,
    datastores.leave, take_back, bring_forward,
)  # fmt: skip
THEN: tuple[Step, ...] = (
    log_delivery, cluster_mode, shard_count, more_replicas, settings, nodes, leave_users, transit_encryption,
    take_users, auth_token, fewer_replicas, tags, datastores.promote, datastores.begin,
    former_parameter_groups, former_users, watch,
)  # fmt: skip


def update(observed: State, desired: State, differences: Differences) -> list[Call]:
    """The calls that remove the differences, in the order of the steps."""
    now, left = brought_forward(observed, desired, differences)
    return [*(call for step in FIRST for call in step(observed, desired, differences)),
            *(call for step in THEN for call in step(now, desired, left))]  # fmt: skip


def delete(seen: Seen, options: Options) -> list[Call]:
    """The group, with a last snapshot unless that is declined, and then its subnet and parameter groups."""
    calls = alarm_removal(sorted((seen.resource or seen.satellites).get("alarms") or ()))
    group = seen.resource
    if group is not None:
        name = group["name"]
        calls += datastores.departure(group)
        params = {"ReplicationGroupId": name, **final_snapshot(group, options)}
        calls.append(Call(SERVICE, "delete_replication_group", params, group_noun(name), f"delete {group_noun(name)}",
                          DELETE, wait=gone(name), releases=tuple(group["security_group_ids"] or ())))  # fmt: skip
    subnets = (seen.resource or seen.satellites).get("subnet_group")
    if subnets is not None:
        on = subnet_group_noun(subnets["name"])
        calls.append(Call(SERVICE, "delete_cache_subnet_group", {"CacheSubnetGroupName": subnets["name"]}, on,
                          f"delete {on}", DELETE, after=(group_noun(group_name(options)),),
                          releases=tuple(subnets["subnet_ids"])))  # fmt: skip
    left = (seen.resource or seen.satellites).get("former_parameter_groups", ())
    ours = seen.resource or seen.satellites
    users = removed_users(ours.get("users", ()), ours.get("user_group"), group_name(options))
    token = removed_secret(ours.get("auth_token_secret"), group_name(options))
    logs = own_logs.removed(sorted(ours.get("log_groups") or ()), group_name(options))
    return [*calls, *removed(left, group_name(options)), *users, *token, *logs]


def final_snapshot(group: Mapping[str, Any], options: Options) -> dict[str, str]:
    """The last snapshot's name, the same in every plan; a group that was never there leaves none."""
    if not options["final_snapshot"] or group["status"] == "create-failed":
        return {}
    made = re.sub(r"[^0-9]", "", group["created"] or "")
    derived = "-".join(filter(None, (group["name"], "final", made)))
    return {"FinalSnapshotIdentifier": options["final_snapshot_name"] or derived}
