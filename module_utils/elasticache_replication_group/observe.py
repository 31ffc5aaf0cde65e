# SPDX-License-Identifier: Apache-2.0
"""One look at AWS: two rounds of reads, each side by side.  The only part that touches AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import alarms
from ..reconcile.component import Seen
from ..reconcile.errors import shown
from ..reconcile.plan import Wait
from ..reconcile.tags import ansible_tags, foreign
from . import datastores, generated_token, own_logs, translate, users
from .alarms import looks as alarm_looks
from .alarms import of_nodes
from .desire import upgraded
from .misfits import misfits
from .names import (
    GONE,
    NOUN,
    SUBNET_GROUP_NOUN,
    TOKEN_VERSION_TAG,
    gone,
    group_name,
    settled,
    subnet_group_name,
)
from .parameters import at_reboot, choice, known_parameters, own_groups, parameter_groups, parameter_satellites
from .secret import current_version, fetch, look, token_of
from .surroundings import NAMED_GROUPS, NAMED_SUBNETS, subnet_of
from .transitions import unwanted
from .versions import Offer, find, matches, newest

if TYPE_CHECKING:
    from ..aws.client import Aws

Options = Mapping[str, Any]
State = dict[str, Any]
NEW_ENGINE = "redis"
VERSIONS: tuple[Any, ...] = ("elasticache", "describe_cache_engine_versions", {})
EVENT_MINUTES = 14 * 24 * 60
# Tags of a group that is being changed cannot be listed.  Source: hashicorp/terraform-provider-aws#41416.
BUSY = ("InvalidReplicationGroupState", "CacheClusterNotFound")
NO_PARAMETER_GROUP = ("CacheParameterGroupNotFound",)


def observe(aws: Aws, options: Options) -> Seen:
    """The group with its subnet group, and the facts that the declaration leans on."""
    first = aws.read_many(first_round(options))
    group = (first["group"] or {"ReplicationGroups": [None]})["ReplicationGroups"][0]
    leaving = group is not None and group["Status"] == "deleting"
    # A group on its way out is no group any more, only something to wait for.
    group = None if leaving else group
    second = aws.read_many(second_round(options, group, first))
    satellites, strangers = subnet_group(options, first, second)
    offers = on_offer(aws, first, second)
    resource, scheduled = described(options, group, second, offers)
    around = surroundings(options, first, resource, offers) if offers else {}
    groups, of_others = parameter_groups(options, first, second)
    around.update(choice(options, resource, around, groups, offers))
    satellites.update(parameter_satellites(options, around, groups, first.get("parameter_groups")))
    own_users, other_users = users.satellites(options, first, second)
    own_secret, other_secret = generated_token.satellites(options, first)
    own_alarms, other_alarms = alarms.observed(options, of_nodes(options, first.get("alarms")), second)
    own_groups_of_logs, other_log_groups = own_logs.satellites(options, first, second)
    satellites.update({**own_users, **own_secret, **own_groups_of_logs, "alarms": own_alarms})
    strangers += (*of_others, *other_users, *other_secret, *other_log_groups, *other_alarms)
    if resource is not None:
        resource.update(
            {"subnet_group": None, **satellites, **datastores.observed(group or {}, second.get("datastore"))}
        )
        strangers += (*ownership(options, resource), *datastores.removal(options, resource))
    if options["state"] == "present" and not strangers:
        third = aws.read_many({**third_round(options, resource, around, groups),
                               **secret_round(options, resource, around, satellites)})  # fmt: skip
        around.update(secrets_of(options, satellites, third))
        around["at_reboot"] = at_reboot(known_parameters(around, groups, third)) if resource else []
        facts = {**first, **second, **third, "known_parameters": known_parameters(around, groups, third),
                 "satellites": satellites}  # fmt: skip
        strangers = tuple(misfits(options, resource, around, facts, offers))
    satellites = {} if resource is not None else satellites
    waits = (gone(group_name(options)),) if leaving else (*waits_of(resource), *datastores.waits(resource))
    told = by_itself(options, resource)
    return Seen(resource, satellites, around, (*waits, *users.waits(options, first)), scheduled, strangers, told)


def on_offer(aws: Aws, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Offer]:
    """The versions that AWS offers; at a glance the one in force will do, unless another is on its way."""
    if "offers" not in first:
        return []
    (member,) = (second.get("member") or {"CacheClusters": [{}]})["CacheClusters"]
    known = translate.offer_in_force(member, first.get("parameter_groups") or {}) if first["offers"] is None else None
    if known:
        return [known]
    return translate.offers_of(first["offers"] or aws.read_many({"versions": VERSIONS})["versions"])


def by_itself(options: Options, resource: State | None) -> tuple[Mapping[str, str], ...]:
    """What AWS did to the group by itself, with leave, and beside the declaration."""
    found = upgraded(options, resource) if options["state"] == "present" else ""
    if not found or resource is None:
        return ()
    return ({"what": "engine version", "id": found, "where": resource["name"],
             "found": f"AWS raised it above the declared {options['engine_version']}"},)  # fmt: skip


def secret_round(
    options: Options, resource: State | None, around: Mapping[str, Any], satellites: State
) -> dict[str, Any]:
    """The reads of tokens and passwords that are about to be sent."""
    return {
        **fetch(options, resource, around),
        **generated_token.fetch(options, satellites.get("auth_token_secret"), sent_version(resource)),
        **users.password_fetches(options, satellites.get("users", {}), around),
    }


def secrets_of(options: Options, satellites: State, third: Mapping[str, Any]) -> State:
    """Tokens and passwords, wrapped before anything else sees them; a generation without a token gets one."""
    missing = generated_token.is_missing(options, satellites.get("auth_token_secret"))
    token = generated_token.fresh() if missing else token_of(third.get("token"))
    return {"auth_token": token, "passwords": users.passwords(options, third)}


def sent_version(resource: State | None) -> str | None:
    """The version of the AUTH token in force; ``None`` where the group has none."""
    return resource["auth_token_version"] if resource and resource["auth_token_enabled"] else None


def ownership(options: Options, resource: State) -> tuple[Any, ...]:
    """A refusal when the group is not ours.  While it is busy its tags are out of reach, but so is every change."""
    if resource["tags"] is None and waits_of(resource):
        return ()
    return foreign(options, NOUN, resource["name"], resource["tags"] or {})


def waits_of(resource: State | None) -> tuple[Wait, ...]:
    """What AWS is in the middle of; a failed creation never gets further."""
    if resource is None or resource["status"] in ("available", "create-failed"):
        return ()
    # A group that is there may be on its way out without saying so, behind its last snapshot.
    return (replace(settled(resource["name"]), done=("available", "absent")),)


def first_round(options: Options) -> dict[str, tuple[Any, ...]]:
    """Reads that need nothing but the options."""
    requests: dict[str, tuple[Any, ...]] = {
        "group": ("elasticache", "describe_replication_groups", {"ReplicationGroupId": group_name(options)}, (GONE,)),
        "subnet_group": ("elasticache", "describe_cache_subnet_groups",
                         {"CacheSubnetGroupName": subnet_group_name(options)}, ("CacheSubnetGroupNotFoundFault",)),
    }  # fmt: skip
    if options["state"] == "absent" or options["parameters"] is not None or datastores.leaves(options):
        # All of them: which of our names are in use depends on families of the past.
        requests["parameter_groups"] = ("elasticache", "describe_cache_parameter_groups", {})
    requests.update({**users.looks(options), **generated_token.look(options), **alarm_looks(options),
                     **own_logs.looks(options)})  # fmt: skip
    if options["state"] == "absent":
        return requests
    requests.update(look(options))
    requests["offers"] = VERSIONS
    if options["subnet_ids"]:
        about = {"SubnetIds": list(options["subnet_ids"])}
        requests["subnets"] = ("ec2", "describe_subnets", about, ("InvalidSubnetID.NotFound",))
    if options["security_group_ids"]:
        about = {"GroupIds": list(options["security_group_ids"])}
        requests[NAMED_GROUPS] = ("ec2", "describe_security_groups", about, ("InvalidGroup.NotFound",))
    if "alias/" in (options["kms_key_id"] or ""):
        requests["key"] = ("kms", "describe_key", {"KeyId": options["kms_key_id"]}, ("NotFoundException",))
    return requests


def second_round(options: Options, group: Mapping[str, Any] | None, first: Mapping[str, Any]) -> dict[str, Any]:
    """Reads that need an ARN, a member's id, or a reason."""
    requests: dict[str, tuple[Any, ...]] = {}
    if first["subnet_group"]:
        arn = first["subnet_group"]["CacheSubnetGroups"][0]["ARN"]
        requests["subnet_group_tags"] = ("elasticache", "list_tags_for_resource", {"ResourceName": arn}, BUSY)
    for name, each in own_groups(options, first.get("parameter_groups")).items():
        about: dict[str, Any] = {"ResourceName": each["ARN"]}
        requests[f"tags of {name}"] = ("elasticache", "list_tags_for_resource", about, NO_PARAMETER_GROUP)
        if options["state"] == "present":
            about = {"CacheParameterGroupName": name}
            requests[f"parameters of {name}"] = ("elasticache", "describe_cache_parameters", about, NO_PARAMETER_GROUP)
    requests.update({**users.tag_looks(options, first), **own_logs.tag_looks(options, first),
                     **alarms.tag_requests(of_nodes(options, first.get("alarms"))),
                     **datastores.look(options, group)})  # fmt: skip
    if group is None:
        if options["state"] == "present" and options["snapshot_name"]:
            about = {"SnapshotName": options["snapshot_name"]}
            requests["snapshot"] = ("elasticache", "describe_snapshots", about, ("SnapshotNotFoundFault",))
        return requests
    requests["tags"] = ("elasticache", "list_tags_for_resource", {"ResourceName": group["ARN"]}, BUSY)
    if group.get("MemberClusters"):
        member = sorted(group["MemberClusters"])[0]
        # An available group has members, also where AWS does not show them yet: that read is worth repeating.
        unseen = BUSY if group["Status"] != "available" else ()
        requests["member"] = ("elasticache", "describe_cache_clusters", {"CacheClusterId": member}, unseen)
    if options["state"] == "absent":
        return requests
    name = group["ReplicationGroupId"]
    if group["Status"] == "create-failed":
        requests["events"] = ("elasticache", "describe_events", {"Duration": EVENT_MINUTES})
    wanted = None if datastores.follows(options, datastores.observed(group, None)) else options["cache_node_type"]
    if wanted not in (None, group.get("CacheNodeType")) and group["Status"] == "available":
        about = {"ReplicationGroupId": name}
        requests["node_types"] = ("elasticache", "list_allowed_node_type_modifications", about)
    return requests


def third_round(
    options: Options, resource: Mapping[str, Any] | None, around: Mapping[str, Any], groups: Mapping[str, Any]
) -> dict[str, Any]:
    """A parameter group that is named, not derived, is looked into before it is used for the first time.

    Of one that is still to be made its family tells what it will hold.
    """
    requests: dict[str, tuple[Any, ...]] = {}
    if options["parameters"] is not None and around["family"] and around["parameter_group"] not in groups:
        about: dict[str, Any] = {"CacheParameterGroupFamily": around["family"]}
        requests["family"] = ("elasticache", "describe_engine_default_parameters", about)
    name = options["cache_parameter_group_name"]
    in_use = {
        "cache_parameter_group_name": name,
        "engine": around["engine"],
        "engine_version": around["engine_version"],
    }
    if not name or in_use.items() <= (resource or {}).items():
        return requests
    about = {"CacheParameterGroupName": name}
    requests["parameter_group"] = ("elasticache", "describe_cache_parameter_groups", about, NO_PARAMETER_GROUP)
    requests["parameters"] = ("elasticache", "describe_cache_parameters", about, NO_PARAMETER_GROUP)
    return requests


def subnet_group(
    options: Options, first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[State, tuple[Any, ...]]:
    """The subnet group as satellite, and a refusal when it is not ours."""
    if not first["subnet_group"]:
        return {}, ()
    tags = ansible_tags((second["subnet_group_tags"] or {"TagList": []})["TagList"])
    state = translate.subnet_group_state(first["subnet_group"]["CacheSubnetGroups"][0], tags)
    return {"subnet_group": state}, foreign(options, SUBNET_GROUP_NOUN, state["name"], tags)


def described(
    options: Options, group: Mapping[str, Any] | None, second: Mapping[str, Any], offers: list[Any]
) -> tuple[State | None, dict[str, str]]:
    """The group in the vocabulary of the options, and what waits for the maintenance window.

    What AWS will change by itself counts as changed already, so that it is not asked for twice. With
    apply_immediately it does not while it only waits, for then asking again is what makes it happen; unless it is not
    wanted any more, for then asking for the present value is what takes it back.
    """
    if group is None:
        return None, {}
    members = (second.get("member") or {"CacheClusters": [{}]})["CacheClusters"]
    tags = None if second["tags"] is None else ansible_tags(second["tags"]["TagList"])
    state = translate.group_state(group, members[0], tags)
    state["auth_token_version"] = None if tags is None else tags.pop(TOKEN_VERSION_TAG, "")
    waiting = state["status"] == "available"
    pending = translate.pending_state(group, members[0], offers)
    pending = {field: value for field, value in pending.items() if value != state[field]}
    state["waiting"] = {}
    if waiting and options.get("apply_immediately"):
        left = {field: value for field, value in pending.items() if unwanted(options, field, state[field], value)}
        state["waiting"] = {field: value for field, value in pending.items() if field not in left}
        pending = left
    window = state["preferred_maintenance_window"]
    scheduled = {field: f"{shown(value)} in the maintenance window {window}" for field, value in pending.items()}
    state["in_force"] = {field: state[field] for field in pending}
    state.update(pending)
    return state, {**scheduled, **translate.reboots(members[0])} if waiting else {}


def surroundings(
    options: Options, first: Mapping[str, Any], resource: Mapping[str, Any] | None, offers: list[Any]
) -> State:
    """Facts that the declaration leans on, beside the network."""
    observed = resource or {}
    named = first.get("subnets") or {"Subnets": []}
    engine = options["engine"] or observed.get("engine") or NEW_ENGINE
    present = observed.get("engine_version") if observed.get("engine") == engine else None
    latest = newest(offers, engine)
    version = options["engine_version"] or present or (latest.version if latest else None)
    if present and version and matches(version, present):
        version = present
    offer = find(offers, engine, version) if version else None
    return {
        NAMED_SUBNETS: [subnet_of(item) for item in named["Subnets"]],
        # Not asked at a glance, and nothing to object to then.
        NAMED_GROUPS: first.get(NAMED_GROUPS, {}) is not None or resource is not None,
        "engine": engine,
        "engine_version": version,
        "family": offer.family if offer else None,
        "auth_token_version": generated_token.version_of(options) or current_version(first.get("secret")),
        "password_versions": users.versions(options, first),
        "kms_key_id": first["key"]["KeyMetadata"]["Arn"] if first.get("key") else options["kms_key_id"],
    }
