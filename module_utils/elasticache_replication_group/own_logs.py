# SPDX-License-Identifier: Apache-2.0
"""The CloudWatch log groups that are kept for the logs of a group: those to which no destination is stated.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import log_groups
from ..reconcile.errors import Refusal
from ..reconcile.plan import Call
from ..reconcile.tags import foreign, wanted_tags
from .names import LOG_GROUP_NOUN, group_name, group_noun, log_group_name, log_group_noun

Options = Mapping[str, Any]
State = dict[str, Any]
Finding = tuple[str, Any, str, str]
KINDS = ("engine-log", "slow-log")
TO_LOG_GROUP = "cloudwatch-logs"


def is_own(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of ``log_delivery`` leaves the log group to us."""
    return entry["destination_type"] == TO_LOG_GROUP and entry["destination"] is None


def declared(options: Options) -> list[State] | None:
    """The log delivery as AWS compares it: with the name of the log group, and without what is said of it."""
    if options["log_delivery"] is None:
        return None
    of_ours = {kind: log_group_name(group_name(options), kind) for kind in KINDS}
    return [{**{key: value for key, value in each.items() if key not in log_groups.SETTINGS},
             "destination": of_ours[each["log_type"]] if is_own(each) else each["destination"]}
            for each in options["log_delivery"]]  # fmt: skip


def looks(options: Options) -> State:
    """The read of the log groups, where they matter."""
    if options["log_delivery"] is None and options["state"] == "present":
        return {}
    prefix = log_group_name(group_name(options), "")
    return {"log_groups": (log_groups.SERVICE, "describe_log_groups", {"logGroupNamePrefix": prefix})}


def _found(options: Options, first: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind in KINDS:
        group = log_groups.found(first.get("log_groups"), log_group_name(group_name(options), kind))
        if group:
            yield kind, group


def tag_looks(options: Options, first: Mapping[str, Any]) -> State:
    """The reads that tell whose they are."""
    return {f"tags of {LOG_GROUP_NOUN} {kind}": log_groups.tag_request(group) for kind, group in _found(options, first)}


def satellites(
    options: Options, first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[State, tuple[Refusal, ...]]:
    """The log groups by the kind of log, and refusals for those that are not ours."""
    found, strangers = {}, ()  # type: State, tuple[Refusal, ...]
    for kind, group in _found(options, first):
        tags = (second[f"tags of {LOG_GROUP_NOUN} {kind}"] or {"tags": {}})["tags"]
        strangers += foreign(options, LOG_GROUP_NOUN, group["logGroupName"], tags)
        found[kind] = log_groups.state(group, tags)
    return {"log_groups": found}, strangers


def wanted(options: Options, present: State) -> State | None:
    """The log groups as declared, by the kind of log; ``None`` is no opinion."""
    if options["log_delivery"] is None:
        return None
    return {each["log_type"]: {**log_groups.wanted(each, present.get(each["log_type"], {})),
                               "tags": wanted_tags(options, present.get(each["log_type"], {}).get("tags"))}
            for each in options["log_delivery"] if is_own(each)}  # fmt: skip


def calls(observed: State, desired: State, differences: Mapping[str, Any]) -> list[Call]:
    """Log groups to make, to change, and to remove when nothing is delivered there any more."""
    if "log_groups" not in differences:
        return []
    group, before = desired["name"], observed.get("log_groups") or {}
    found = []
    for kind, after in desired["log_groups"].items():
        name = log_group_name(group, kind)
        found += log_groups.calls(name, log_group_noun(name), before.get(kind, {}), after, desired["new_tags"], kind)
    return [*found, *removed(sorted(set(before) - set(desired["log_groups"])), group)]


def removed(kinds: Iterable[str], group: str) -> list[Call]:
    """The removal of log groups, with what was logged."""
    named = [log_group_name(group, kind) for kind in kinds]
    return [log_groups.removal(name, log_group_noun(name), (group_noun(group),)) for name in named]


def rules(options: Options) -> Iterator[Finding]:
    """What is said of a log group that somebody else keeps, and what no log group takes."""
    for each in options["log_delivery"] or ():
        for key in log_groups.SETTINGS:
            if each.get(key) and not is_own(each):
                yield (f"log_delivery {key}", each[key], "nothing with a destination of somebody else's",
                       f"remove {key}, or destination for a log group of the environment's own")  # fmt: skip
        days, key_id = each.get("retention_days"), each.get("kms_key_id")
        if days is not None and days not in log_groups.RETENTION_DAYS:
            yield "log_delivery retention_days", days, _days(), "correct log_delivery"
        # Source: CreateLogGroup API reference, kmsKeyId: an ARN, of a symmetric key.
        if key_id and not (key_id.startswith("arn:aws") and ":kms:" in key_id and ":key/" in key_id):
            yield ("log_delivery kms_key_id", key_id, "the ARN of a key, or '' for AWS's own",
                   "correct log_delivery")  # fmt: skip


def _days() -> str:
    return ", ".join(map(str, log_groups.RETENTION_DAYS))
