# SPDX-License-Identifier: Apache-2.0
"""The parameter group that a group has to itself: its name, what it holds, and the calls that keep it.  Pure.

AWS refuses a change of ``cluster-enabled`` while a group is in use, and a group belongs to one family for good. So
another family or cluster mode means another parameter group, and the former one goes when nothing uses it any more.
Source: ElastiCache user guide, "Engine specific parameters", cluster-enabled; CreateCacheParameterGroup API reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.fields import Difference
from ..reconcile.identity import identity_of
from ..reconcile.plan import CREATE, DELETE, Call
from ..reconcile.tags import ansible_tags, boto3_tags, foreign, wanted_tags
from . import datastores
from .calls import SERVICE, tag_params
from .names import PARAMETER_GROUP_NOUN, group_name, group_noun, parameter_group_noun
from .rules import mode_of
from .versions import Offer

Options = Mapping[str, Any]
State = dict[str, Any]
Finding = tuple[str, Any, str, str]
CLUSTER_ENABLED = "cluster-enabled"
# Source: ModifyCacheParameterGroup API reference, ParameterNameValues.
PER_CALL = 20
# What is compared; the rest of a parameter group's state is there for its calls.
COMPARED = ("name", "family", "values", "tags")
RANGE = re.compile(r"(\d+)-(\d+)\Z")


def text(value: Any) -> str:
    """A value as AWS returns it: text, with yes and no, which YAML reads as true and false."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def own_names(group: str, family: str) -> tuple[str, str, str]:
    """The names that a group's own parameter groups of one family may have; a family's dot is not for names."""
    beside = f"{group}-{family.replace('.', '-')}"
    return group, beside, f"{beside}-cluster"


def own_groups(options: Options, answer: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Parameter groups that bear our names, by name, out of all of the account's; none where nobody asks for them."""
    if options["state"] == "present" and options["parameters"] is None:
        return {}
    found = {each["CacheParameterGroupName"]: each for each in (answer or {}).get("CacheParameterGroups", [])}
    return {name: each for name, each in found.items()
            if name in own_names(group_name(options), each["CacheParameterGroupFamily"])}  # fmt: skip


def chosen(group: str, family: str, clustered: bool, present: Mapping[str, State], in_use: str | None) -> str:
    """The name of the parameter group that fits: one that is there, or else one that is free."""
    plain, *beside = own_names(group, family)
    names = (*beside, plain) if in_use in present else (plain, *beside)
    for name in (in_use, *names):
        if name is not None and name in present and fits(present[name], family, clustered, name == in_use):
            return str(name)
    return next((name for name in names if name not in present), beside[-1])


def fits(state: State, family: str, clustered: bool, used: bool) -> bool:
    """Whether a parameter group serves family and cluster mode; what nobody uses yet can still be set."""
    return state["family"] == family and (not used or value_of(state, CLUSTER_ENABLED) == text(clustered))


def value_of(state: State, name: str) -> str:
    """The value in force; a family that does not know cluster mode has it off."""
    known = {each["ParameterName"]: each.get("ParameterValue", "") for each in state["parameters"]}
    return str(known.get(name, "no" if name == CLUSTER_ENABLED else ""))


def parameter_groups(
    options: Options, first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[dict[str, State], tuple[Refusal, ...]]:
    """Our own parameter groups by name, and a refusal for each that bears our name and is not ours.

    Where all that is ours shall go, the others are left alone.
    """
    found: dict[str, State] = {}
    strangers: tuple[Refusal, ...] = ()
    for name, each in own_groups(options, first.get("parameter_groups")).items():
        tags, parameters = second[f"tags of {name}"], second.get(f"parameters of {name}", {"Parameters": []})
        if tags is None or parameters is None:
            # It left between two reads.
            continue
        found[name] = {
            "name": name,
            "arn": each["ARN"],
            "family": each["CacheParameterGroupFamily"],
            "tags": ansible_tags(tags["TagList"]),
            "parameters": parameters["Parameters"],
        }
        strange = foreign(options, PARAMETER_GROUP_NOUN, name, found[name]["tags"])
        if strange and options["state"] == "absent":
            del found[name]
        else:
            strangers += strange
    return found, strangers


def choice(
    options: Options, resource: State | None, around: Mapping[str, Any], present: Mapping[str, State],
    offers: Iterable[Offer],
) -> State:  # fmt: skip
    """Which parameter group is meant, in which cluster mode, and the names that could be our own."""
    if not around:
        return {}
    observed, group = resource or {}, group_name(options)
    clustered = (mode_of(options) or observed.get("cluster_mode") or "disabled") != "disabled"
    family = around["family"]
    in_use = observed.get("cache_parameter_group_name")
    return {
        "clustered": clustered,
        "parameter_group": chosen(group, family, clustered, present, in_use) if family else None,
        "own_parameter_groups": sorted({name for each in offers for name in own_names(group, each.family)}),
        "at_reboot": [],
    }


def parameter_satellites(
    options: Options, around: Mapping[str, Any], present: Mapping[str, State], every: Mapping[str, Any] | None
) -> State:
    """The parameter group that is meant and the former ones; nothing where nobody asked."""
    leaves = options["state"] == "absent" or datastores.leaves(options)
    if not leaves and options["parameters"] is None:
        return {}
    copies = datastores.copies(group_name(options), every) if leaves else []
    meant = around.get("parameter_group")
    found = shown(options, present.get(str(meant)))
    return {**({"parameters": found} if found else {}),
            "former_parameter_groups": [name for name in sorted((*present, *copies)) if name != meant]}  # fmt: skip


def known_parameters(
    around: Mapping[str, Any], present: Mapping[str, State], third: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """What AWS says of every parameter, from the parameter group or from the family of one to be made."""
    if "family" in third:
        return list(third["family"]["EngineDefaults"]["Parameters"])
    return list(present.get(str(around["parameter_group"]), {"parameters": []})["parameters"])


def shown(options: Options, state: State | None) -> State | None:
    """A parameter group as it is compared: what is declared, and what somebody set."""
    if state is None:
        return None
    declared = {*(options["parameters"] or {}), CLUSTER_ENABLED}
    values = {each["ParameterName"]: each.get("ParameterValue", "") for each in state["parameters"]
              if each["ParameterName"] in declared or each.get("Source") == "user"}  # fmt: skip
    return {**{key: state[key] for key in ("name", "family", "arn", "tags")},
            "values": {CLUSTER_ENABLED: "no", **values}}  # fmt: skip


def wanted(options: Options, around: Mapping[str, Any], present: State | None) -> State | None:
    """The parameter group that is meant, or ``None`` when no parameters are declared."""
    if options["parameters"] is None or not around["family"]:
        return None
    values = {name: text(value) for name, value in options["parameters"].items()}
    return {
        "name": around["parameter_group"],
        "family": around["family"],
        "values": {CLUSTER_ENABLED: text(around["clustered"]), **values},
        "tags": wanted_tags(options, (present or {}).get("tags")),
        "description": f"Parameters of {identity_of(options).name}",
        "at_reboot": around["at_reboot"],
    }


def compared(state: Any) -> Any:
    """A parameter group without what is not compared."""
    return {key: state[key] for key in COMPARED} if isinstance(state, Mapping) else state


def at_reboot(parameters: Iterable[Mapping[str, Any]]) -> list[str]:
    """Parameters that nodes read when they start.  Source: DescribeCacheParameters API reference, ChangeType."""
    return sorted(each["ParameterName"] for each in parameters if each.get("ChangeType") == "requires-reboot")


def parameter_group(observed: State, desired: State, differences: Mapping[str, Difference]) -> list[Call]:
    """Its own object: made, filled and tagged beside the group, and before the group moves to it."""
    if "parameters" not in differences:
        return []
    before, after = observed.get("parameters"), desired["parameters"]
    on, calls = parameter_group_noun(after["name"]), []
    if before is None:
        params = {
            "CacheParameterGroupName": after["name"],
            "CacheParameterGroupFamily": after["family"],
            "Description": after["description"],
            "Tags": boto3_tags(after["tags"]),
        }
        calls.append(Call(SERVICE, "create_cache_parameter_group", params, on, f"create {on}", CREATE))
    # A new parameter group is out of cluster mode.
    present = {CLUSTER_ENABLED: "no"} if before is None else before["values"]
    calls += value_calls(after, present, on)
    if before is not None:
        for operation, params, why in tag_params(before["arn"], before["tags"], after["tags"]):
            calls.append(Call(SERVICE, operation, params, on, why))
    return calls


def value_calls(after: State, present: Mapping[str, str], on: str) -> list[Call]:
    """Values to set and values to give back to AWS, as many in one call as it takes."""
    to_set = [name for name, value in after["values"].items() if present.get(name) != value]
    to_reset = sorted(set(present) - set(after["values"]))
    calls = []
    for operation, verb, names in (("reset", "reset", to_reset), ("modify", "set", to_set)):
        for start in range(0, len(names), PER_CALL):
            some = names[start : start + PER_CALL]
            entries = [{"ParameterName": name} | ({"ParameterValue": after["values"][name]} if verb == "set" else {})
                       for name in some]  # fmt: skip
            params = {"CacheParameterGroupName": after["name"], "ParameterNameValues": entries}
            why = f"{verb} {when(some, after['at_reboot'])}"
            calls.append(Call(SERVICE, f"{operation}_cache_parameter_group", params, on, why))
    return calls


def when(names: Sequence[str], late: Sequence[str]) -> str:
    """The names, those apart that nodes read when they start."""
    soon = ", ".join(name for name in names if name not in late)
    later = ", ".join(name for name in names if name in late)
    return "; ".join(filter(None, (soon, f"when nodes are rebooted: {later}" if later else "")))


def former_parameter_groups(observed: State, desired: State, differences: Mapping[str, Difference]) -> list[Call]:
    """Own parameter groups that the group has left."""
    if "former_parameter_groups" not in differences:
        return []
    return removed(observed.get("former_parameter_groups") or (), desired["name"])


def removed(names: Iterable[str], group: str) -> list[Call]:
    """The calls that remove parameter groups, once the group is done with them."""
    return [Call(SERVICE, "delete_cache_parameter_group", {"CacheParameterGroupName": name}, parameter_group_noun(name),
                 f"delete {parameter_group_noun(name)}", DELETE, after=(group_noun(group),))
            for name in names]  # fmt: skip


def misfitting(options: Options, known: Iterable[Mapping[str, Any]], family: str | None) -> Iterator[Finding]:
    """Parameters that the family does not have, that AWS keeps to itself, or that do not take such a value."""
    entries = {each["ParameterName"]: each for each in known}
    for name, value in (options["parameters"] or {}).items() if entries else ():
        entry = entries.get(name)
        if entry is None:
            yield "parameters", name, f"a parameter of family {family}", "correct its name or remove it"
        elif not entry.get("IsModifiable", True):
            yield "parameters", name, "a parameter that can be modified", "remove it"
        elif not allowed(text(value), entry):
            yield "parameters", f"{name} {text(value)}", f"one of {entry['AllowedValues']}", "correct the value"


def allowed(value: str, entry: Mapping[str, Any]) -> bool:
    """Whether AWS's list or range of values holds a value; other forms of it are left to AWS."""
    values = entry.get("AllowedValues", "")
    if entry.get("DataType") == "string":
        return "," not in values or value in values.split(",")
    bounds = RANGE.match(values)
    return not bounds or (value.isdigit() and int(bounds[1]) <= int(value) <= int(bounds[2]))
