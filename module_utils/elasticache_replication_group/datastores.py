# SPDX-License-Identifier: Apache-2.0
"""Global datastores: a group that begins one, joins one as it is created, is promoted in it, and leaves it.  Pure.

What all members share is the primary's to say and AWS's to hand on: of a secondary it is not compared.
Source: ElastiCache user guide, "Replication across AWS Regions using global datastores".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.fields import Difference
from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, Call, Ref, Wait
from .calls import DEFERRABLE, SERVICE
from .names import NODES_SECONDS, NOUN, POLL_SECONDS, group_name, group_noun, settled
from .versions import at_least

Options = Mapping[str, Any]
State = Mapping[str, Any]
Differences = Mapping[str, Difference]
Finding = tuple[str, Any, str, str]

ID, SUFFIX, ROLE = "global_replication_group_id", "global_replication_group_id_suffix", "global_replication_group_role"
PRIMARY, SECONDARY = "primary", "secondary"
OPTIONS: dict[str, dict[str, Any]] = {
    ID: {},
    SUFFIX: {},
    ROLE: {"choices": [PRIMARY, SECONDARY]},
    "allow_global_failover": {"type": "bool", "default": False},
}
GONE = ("GlobalReplicationGroupNotFoundFault",)
# What the parameter groups begin with that AWS copies.
COPY = "global-datastore-"
IDLE = ("available", "primary-only")
# Lower case, so that AWS spells it as it is declared.
SUFFIX_FORM = re.compile(r"[a-z0-9](?!.*--)[a-z0-9-]{0,39}(?<!-)\Z")
# Five letters of the region in which it began.  Source: hashicorp/terraform-provider-aws, global_replication_group.go.
WHOLE_ID = re.compile(r"[a-z]{5}-.+\Z")
# What a member shares with the others, or has from AWS.  Source: hashicorp/terraform-provider-aws,
# replication_group.go, global_replication_group_id, ConflictsWith; terraform-aws-modules/terraform-aws-elasticache#7.
SHARED = (
    "engine", "engine_version", "cache_node_type", "cluster_mode", "num_node_groups", "automatic_failover_enabled",
    "at_rest_encryption_enabled", "transit_encryption_enabled", "transit_encryption_mode", "auth_token_enabled",
    "auth_token_version", "cache_parameter_group_name",
)  # fmt: skip
# What AWS hands on to a new secondary, and lets it change later.
INHERITED = (*SHARED, "multi_az_enabled", "member_zones_spread", "parameters")
# What a secondary cannot be created with.
NOT_OF_SECONDARIES = (
    "auth_token", "auth_token_secret_arn", "auth_token_generation", "parameters", "cache_parameter_group_name",
    "snapshot_name", "snapshot_arns", "node_groups",
)  # fmt: skip
# Nodes that are too small, and those that burst.  Source: user guide, "Prerequisites and limitations".
TOO_SMALL = re.compile(r"cache\.(t\d|[a-z]+\d\w*\.(micro|small|medium))")
LEAST_VERSION = (5, 0, 6)


def noun(name: str) -> str:
    """A datastore as plans and waits call it."""
    return f"global datastore {name}"


def arns(options: Options) -> Iterator[str]:
    """The last parts of the ARNs of the datastore that is declared, and of what AWS copied for it.

    Whoever leaves a datastore does not name it.
    """
    if options[ID] is not None or options[SUFFIX]:
        yield f"parametergroup:{COPY}{group_name(options)}-*"
    if options[ID] or options[SUFFIX]:
        yield f"globalreplicationgroup:{options[ID] or '*-' + options[SUFFIX]}"
    elif options[ID] == "":
        yield "globalreplicationgroup:*"


# What is there


def look(options: Options, group: Mapping[str, Any] | None) -> dict[str, tuple[Any, ...]]:
    """The read of the datastore that a group belongs to, or of all of this region, where one is to begin."""
    if name := _info(group).get("GlobalReplicationGroupId"):
        about = {"GlobalReplicationGroupId": name, "ShowMemberInfo": True}
        return {"datastore": (SERVICE, "describe_global_replication_groups", about, GONE)}
    begins = options["state"] == "present" and options[SUFFIX]
    return {"datastores": (SERVICE, "describe_global_replication_groups", {"ShowMemberInfo": True})} if begins else {}


def _info(group: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (group or {}).get("GlobalReplicationGroupInfo") or {}


def observed(group: Mapping[str, Any], answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """The datastore of a group, its part in it, the other members, and how it is; ``""`` where it is in none."""
    info = _info(group)
    found = ((answer or {}).get("GlobalReplicationGroups") or [{}])[0]
    others = [f"{each['ReplicationGroupId']} in {each['ReplicationGroupRegion']}" for each in found.get("Members", ())
              if (each["ReplicationGroupId"], each["ReplicationGroupRegion"]) != _place(group)]  # fmt: skip
    return {
        ID: info.get("GlobalReplicationGroupId", ""),
        ROLE: info.get("GlobalReplicationGroupMemberRole", "").lower(),
        "global_members": sorted(others),
        "global_status": found.get("Status", ""),
    }


def _place(group: Mapping[str, Any]) -> tuple[str, str]:
    return group["ReplicationGroupId"], region_of(group["ARN"])


def region_of(arn: str) -> str:
    """The region that an ARN names."""
    return arn.split(":")[3]


def waits(resource: State | None) -> tuple[Wait, ...]:
    """What a datastore is in the middle of."""
    if resource is None or resource["global_status"] in ("", *IDLE):
        return ()
    return (idle(resource[ID], resource[ID]),)


def idle(name: str, called: Any, then: Wait | None = None) -> Wait:
    """Until a datastore takes the next change, or is gone; ``called`` is its id, known or still to come."""
    about = {"GlobalReplicationGroupId": called}
    return Wait(noun(name), SERVICE, "describe_global_replication_groups", about, "GlobalReplicationGroups[].Status",
                done=(*IDLE, "absent"), absent_codes=GONE, pause_seconds=POLL_SECONDS, typical_seconds=NODES_SECONDS,
                then=then)  # fmt: skip


def copies(group: str, answer: Mapping[str, Any] | None) -> list[str]:
    """The parameter groups that AWS copied for a secondary, and leaves behind.

    Source: hashicorp/terraform-provider-aws, replication_group.go, Delete and parameter_group_name.
    """
    names = [each["CacheParameterGroupName"] for each in (answer or {}).get("CacheParameterGroups", ())]
    return [name for name in names if re.fullmatch(rf"{COPY}{re.escape(group)}-[a-z0-9]+", name)]


# What is wanted


def joins(options: Options, resource: State | None) -> bool:
    """Whether a new group is created as a secondary."""
    return bool(options[ID]) and resource is None


def leaves(options: Options) -> bool:
    """Whether the group is to be in no datastore."""
    return bool(options[ID] == "")


def follows(options: Options, resource: State | None) -> bool:
    """Whether the group is a secondary at the end of this run, and so has from others what is shared."""
    if resource is None:
        return joins(options, None)
    return resource[ROLE] == SECONDARY and options[ROLE] != PRIMARY and not leaves(options)


def stays(wanted: State, resource: State) -> bool:
    """Whether a member remains one."""
    return bool(resource.get(ID)) and wanted[ID] != ""


def wanted(options: Options, resource: State | None) -> dict[str, Any]:
    """The datastore and the role in it; ``None`` is no opinion.  The id of one that begins is AWS's to make."""
    present = resource[ID] if resource else ""
    if options[SUFFIX]:
        begun = present.partition("-")[2] == options[SUFFIX]
        named: Any = present if begun else Ref(noun(options[SUFFIX]))
        return {ID: named, ROLE: options[ROLE] or (None if begun else PRIMARY)}
    if joins(options, resource):
        return {ID: options[ID], ROLE: SECONDARY}
    return {ID: options[ID], ROLE: None if leaves(options) else options[ROLE]}


def without_inherited(wanted: State, options: Options, resource: State | None) -> dict[str, Any]:
    """The declaration without opinions on what a secondary has from its primary, nor on what AWS sets in members."""
    silent: set[str] = set(INHERITED) if follows(options, resource) else set()
    if options[SUFFIX] or silent or (resource and resource[ID] and not leaves(options)):
        silent.add("auto_minor_version_upgrade")
    return {field: None if field in silent else value for field, value in wanted.items()}


def newborn(desired: State) -> dict[str, Any]:
    """What a new group has of a datastore: one that it joins is there at birth, one that it begins comes after."""
    begins = isinstance(desired[ID], Ref)
    return {ID: "", ROLE: ""} if begins else {ID: desired[ID], ROLE: desired[ROLE]}


def at_birth(desired: State) -> dict[str, str]:
    """The parameter of CreateReplicationGroup that makes a secondary."""
    return {"GlobalReplicationGroupId": desired[ID]} if desired[ID] and not isinstance(desired[ID], Ref) else {}


# The way there


def leave(state: State, desired: State, differences: Differences) -> list[Call]:
    """The group stands alone before anything else is done with it."""
    return departure(state) if ID in differences and desired[ID] == "" else []


def departure(group: State) -> list[Call]:
    """A secondary is let go; with a primary that is alone its datastore ends, and the group stays."""
    name, called = group["name"], group[ID]
    if not called:
        return []
    after = idle(called, called, settled(name))
    if group[ROLE] == SECONDARY:
        params = {"GlobalReplicationGroupId": called, "ReplicationGroupId": name,
                  "ReplicationGroupRegion": region_of(group["arn"])}  # fmt: skip
        why = f"leave {noun(called)}"
        return [Call(SERVICE, "disassociate_global_replication_group", params, group_noun(name), why, wait=after)]
    params = {"GlobalReplicationGroupId": called, "RetainPrimaryReplicationGroup": True}
    why = f"end {noun(called)}, of which nothing else is left"
    return [Call(SERVICE, "delete_global_replication_group", params, group_noun(name), why, DELETE, wait=after)]


def promote(state: State, desired: State, differences: Differences) -> list[Call]:
    """The group becomes the one that is written to; the present primary follows it then."""
    if desired[ROLE] != PRIMARY or state[ROLE] != SECONDARY:
        return []
    params = {"GlobalReplicationGroupId": state[ID], "PrimaryRegion": region_of(state["arn"]),
              "PrimaryReplicationGroupId": desired["name"]}  # fmt: skip
    wait = idle(state[ID], state[ID], settled(desired["name"]))
    return [Call(SERVICE, "failover_global_replication_group", params, group_noun(desired["name"]),
                 f"become the primary of {noun(state[ID])}", DISRUPTIVE, wait=wait)]  # fmt: skip


def begin(state: State, desired: State, differences: Differences) -> list[Call]:
    """A new datastore whose primary is the group, once that is as it is declared."""
    if not isinstance(desired[ID], Ref):
        return []
    name, suffix = desired["name"], suffix_of(desired)
    params = {"GlobalReplicationGroupIdSuffix": suffix, "PrimaryReplicationGroupId": name,
              "GlobalReplicationGroupDescription": desired["description"] or state["description"]}  # fmt: skip
    saves = {desired[ID].name: "GlobalReplicationGroup.GlobalReplicationGroupId"}
    wait = idle(suffix, desired[ID], settled(name))
    return [Call(SERVICE, "create_global_replication_group", params, noun(suffix), f"begin {noun(suffix)}", CREATE,
                 after=(group_noun(name),), saves=saves, wait=wait)]  # fmt: skip


def suffix_of(desired: State) -> str:
    """The suffix of a datastore that is to begin."""
    return str(desired[ID].name.removeprefix(noun("")))


# What AWS would refuse


def rules(options: Options) -> Iterator[Finding]:
    """What does not go together, whatever is there."""
    called, suffix = options[ID], options[SUFFIX]
    if called and suffix:
        yield (ID, called, "either the id of a datastore to join, or the suffix of one to begin",
               "keep one of the two")  # fmt: skip
    if called and not WHOLE_ID.match(called):
        yield (ID, called, "a whole id, such as sgaui-telemetry, which begins with the letters of a region",
               f"correct {ID}: outputs of the environment that began it name it")  # fmt: skip
    if options[ROLE] and not (called or suffix):
        yield (
            ROLE,
            options[ROLE],
            f"a global datastore to have a role in: {ID} or {SUFFIX}",
            f"set one, or remove {ROLE}",
        )
    if (called or suffix) and options["network_type"] not in (None, "ipv4"):
        yield "network_type", options["network_type"], "ipv4 in a global datastore", "set network_type: ipv4"
    if not suffix:
        return
    if not SUFFIX_FORM.match(suffix):
        yield SUFFIX, suffix, "lower-case letters, digits and single hyphens, at most 40", f"correct {SUFFIX}"
    if options["cache_node_type"] and TOO_SMALL.match(options["cache_node_type"]):
        yield ("cache_node_type", options["cache_node_type"], "nodes of size large or above in a global datastore, and "
               "none that burst", "choose such a node type")  # fmt: skip
    if options["transit_encryption_mode"] == "preferred":
        yield ("transit_encryption_mode", "preferred", "required in a global datastore",
               "set transit_encryption_mode: required")  # fmt: skip


def guards(state: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """What a member of a datastore cannot do, or not without leave."""
    called, wanted_id = state[ID], desired[ID]
    if ID in differences and wanted_id:
        if called:
            named = (SUFFIX, suffix_of(desired)) if isinstance(wanted_id, Ref) else (ID, wanted_id)
            yield *named, f"the present {called}", f"leave it first, with {ID}: ''"
        elif not isinstance(wanted_id, Ref):
            yield (ID, wanted_id, "a group that does not exist yet: AWS takes no other into a global datastore",
                   "destroy the group and run again, or remove it")  # fmt: skip
        else:
            yield from unable_to_begin(state, desired, differences)
    if ID in differences and wanted_id == "":
        yield from unable_to_leave(state)
    if ROLE in differences:
        yield from unable_to_change_roles(state, desired)
    if called and wanted_id != "" and desired["num_cache_clusters"] and state["cluster_mode"] == "enabled":
        yield ("num_cache_clusters", desired["num_cache_clusters"],
               f"replicas_per_node_group, for {noun(called)} has cluster mode enabled",
               "set replicas_per_node_group instead")  # fmt: skip
    changed = sorted(set(SHARED) & set(differences)) if called and wanted_id != "" else []
    if changed:
        yield (changed[0], f"a change of {', '.join(changed)}", f"what all members of {noun(called)} share",
               f"keep them, or leave it first, with {ID}: ''")  # fmt: skip


def unable_to_begin(state: State, desired: State, differences: Differences) -> Iterator[Finding]:
    """A group that cannot be a primary, as it is at the end of this run."""
    named = suffix_of(desired)
    kind, mode, version = (desired[field] or state[field] for field in
                           ("cache_node_type", "transit_encryption_mode", "engine_version"))  # fmt: skip
    waiting = sorted({*state["in_force"], *(() if desired["apply_immediately"] else DEFERRABLE & set(differences))})
    if waiting:
        yield (SUFFIX, named, f"nothing that waits for the maintenance window ({', '.join(waiting)})",
               "begin after the window, or set apply_immediately")  # fmt: skip
    if TOO_SMALL.match(kind or ""):
        yield (
            SUFFIX,
            named,
            f"nodes of size large or above that do not burst, not {kind}",
            "change cache_node_type first",
        )
    if mode == "preferred":
        yield SUFFIX, named, "transit_encryption_mode required", "set transit_encryption_mode: required"
    if state.get("network_type") not in (None, "ipv4"):
        yield SUFFIX, named, "IPv4 only", "remove it: the addresses are chosen when a group is created"
    if version and not at_least(version, *LEAST_VERSION):
        yield SUFFIX, named, "version 5.0.6 or later", "raise engine_version first"


def unable_to_leave(group: State) -> Iterator[Finding]:
    """A primary that others follow."""
    if group[ROLE] == PRIMARY and group["global_members"]:
        others = ", ".join(group["global_members"])
        yield (ID, f"the primary of {group[ID]}", f"no group that follows it ({others})",
               "let these leave first, or promote one of them")  # fmt: skip


def unable_to_change_roles(state: State, desired: State) -> Iterator[Finding]:
    """A role that is not this group's to give away, or to take without leave."""
    if not state[ID]:
        return
    if desired[ROLE] == SECONDARY:
        yield (ROLE, SECONDARY, f"primary, which the group is in {state[ID]}",
               f"promote another member, with {ROLE}: primary where it is declared")  # fmt: skip
    elif not desired["allow_global_failover"]:
        yield (ROLE, PRIMARY, f"secondary, as in {state[ID]} beside {', '.join(state['global_members'])}",
               "set allow_global_failover to promote it: what was not replicated yet is lost")  # fmt: skip


def removal(options: Options, resource: State | None) -> Iterator[Refusal]:
    """A primary that is to be removed while others follow it."""
    for field, found, what, step in unable_to_leave(resource) if resource and options["state"] == "absent" else ():
        yield Refusal(NOUN, group_name(options), field, found, what, step)


def misfits(options: Options, resource: State | None, facts: Mapping[str, Any]) -> Iterator[Finding]:
    """A datastore that cannot begin, or be joined, as it is declared."""
    if joins(options, resource):
        yield from unable_to_join(options)
    if options[ID] and (resource is None or resource[ROLE] != PRIMARY):
        for field in NOT_OF_SECONDARIES:
            if options[field] not in (None, "", []):
                yield (field, "a value", f"none in a secondary of {options[ID]}: it has it from its primary",
                       f"remove {field}")  # fmt: skip
    begins = options[SUFFIX] and not (resource and resource[ID])
    if begins and options[ROLE] == SECONDARY:
        yield ROLE, SECONDARY, f"primary in a global datastore that begins with this group ({SUFFIX})", f"remove {ROLE}"
    for other in (facts.get("datastores") or {}).get("GlobalReplicationGroups", ()) if begins else ():
        _letters, _hyphen, suffix = other["GlobalReplicationGroupId"].partition("-")
        if suffix == options[SUFFIX]:
            members = ", ".join(each["ReplicationGroupId"] for each in other.get("Members", ()))
            yield (SUFFIX, suffix, f"no global datastore of that name ({other['GlobalReplicationGroupId']}, of "
                   f"{members})", f"choose another suffix, or join it with {ID}")  # fmt: skip


def unable_to_join(options: Options) -> Iterator[Finding]:
    """What a new secondary cannot be, or has to say because nobody here sees its primary."""
    if options[ROLE] == PRIMARY:
        yield (ROLE, PRIMARY, f"secondary, as every group begins that joins {options[ID]}",
               f"remove {ROLE}, and promote the group once it is there")  # fmt: skip
    sharded = options["replicas_per_node_group"] is not None or options["cluster_mode"] == "enabled"
    if options["alarms"] and sharded and options["num_node_groups"] is None:
        yield ("num_node_groups", None, "as many as the primary has, for the alarms on their nodes",
               "set num_node_groups")  # fmt: skip
