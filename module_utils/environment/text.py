# SPDX-License-Identifier: Apache-2.0
"""Plans, drift and outcomes as people read them.  Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from ..reconcile.plan import CREATE, DEFERRED, DELETE, DISRUPTIVE, IN_PLACE, MULTI_STEP, REPLACE
from .document import NOTHING, refusals
from .keys import SEVERAL

Document = Mapping[str, Any]
Entry = Mapping[str, Any]
LONGEST_VALUE = 100
LONGEST_LIST = 100
# What a line begins with, the strongest class of its calls first.
MARKS = {DELETE: "-", REPLACE: "±", DISRUPTIVE: "!", MULTI_STEP: "~", DEFERRED: "~", IN_PLACE: "~", CREATE: "+"}


def plan_lines(found: Document) -> list[str]:
    """A plan by component and object: what changes from what to what, in which way; then what is refused."""
    lines = [headline(found)]
    for key, part in found["components"].items():
        lines += _component_lines(key, part)
    lines += cost_lines(found["costs"]) if found["calls"] else []
    lines += _orphan_lines(found["orphans"])
    lines += [f"refused: {sentence}" for sentence in found["refused"]]
    return lines


def headline(found: Document) -> str:
    """The whole plan in one line."""
    name = f"{found['stack_name']}-{found['environment_suffix']}"
    refused = sum(bool(refusals(part)) for part in found["components"].values())
    refused += bool(found["refused"])
    if not found["calls"]:
        return f"{name}: {'REFUSED' if refused else 'nothing to do'}"
    classes = ", ".join(f"{count} {change}" for change, count in found["classes"].items())
    minutes = found["typical_seconds"] / 60
    time = f", usually {minutes:.0f} min" if minutes >= 1 else ""
    calls = f"{found['calls']} call{'s' * (found['calls'] != 1)}"
    return (f"{name}: {calls} ({classes}){time}, digest {found['digest']}"
            f"{'; REFUSED, see below' if refused else ''}")  # fmt: skip


def cost_lines(costs: Entry) -> Iterator[str]:
    """What the plan changes in a month's bill, in sum and by component, with what the sums lack."""
    yield (f"costs: {_amount(costs['increase'])} {costs['currency']} a month, {costs['before']:.2f} → "
           f"{costs['after']:.2f}; list prices of {costs['region']}, {costs['as_of']}, without "
           f"{costs['not_counted']}")  # fmt: skip
    for key, part in costs["components"].items():
        told = [f"{line['what']} {_count(line['count_before'])} → {_count(line['count_after'])} "
                f"{_amount(line['increase'])}" for line in part["lines"] if line["increase"] != 0]  # fmt: skip
        if told:
            yield f"  {key} {_amount(part['increase'])}: {', '.join(told)}"
    if costs["assumed"]:
        yield f"  assumed: {'; '.join(costs['assumed'])}"
    if costs["unknown"]:
        yield f"  unknown, and in no sum: {', '.join(costs['unknown'])}"


def _amount(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.2f}"


def _count(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _component_lines(key: str, part: Entry) -> Iterator[str]:
    idle = not (part["calls"] or refusals(part))
    yield f"{key}: {part['object']}{': nothing to do' if idle else ''}"
    if part["waiting_for"]:
        yield f"  AWS is busy with {', '.join(part['waiting_for'])}"
    if part["exists"]:
        yield from (_change(each) for each in part["changes"])
        yield from _by_object(part["calls"])
    else:
        yield from _by_operation(part["calls"])
    for field, what in part["scheduled"].items():
        yield f"  {field}: {what}"
    for each in part["foreign"]:
        yield f"  not ours, left alone: {each['what']} {each['id']} in {each['where']}: {short(each['found'])}"
    for sentence in refusals(part):
        yield f"  refused: {sentence}"


def _change(each: Entry) -> str:
    """``engine_version: 7.1 → 8.0``; of a whole part that comes or goes no more than that."""
    before, after = each["before"], each["after"]
    if before == NOTHING and isinstance(after, Mapping):
        after = "new"
    if after == NOTHING and isinstance(before, Mapping):
        before, after = "there", "gone"
    return f"  {each['attribute']}: {short(before)} → {short(after)}"


def _by_object(calls: Sequence[Entry]) -> Iterator[str]:
    """One line for each object that is touched, with all that is done to it."""
    names = list(dict.fromkeys(call["on"] for call in calls))
    for name in names:
        own = [call for call in calls if call["on"] == name]
        change = min((call["change"] for call in own), key=list(MARKS).index)
        yield f"  {MARKS[change]} {name} ({change}): {_listed(list(dict.fromkeys(call['why'] for call in own)))}"


def _by_operation(calls: Sequence[Entry]) -> Iterator[str]:
    """A new resource: one line for each kind of call, with the objects that it makes or sets."""

    def kind(call: Entry) -> tuple[str, str, str]:
        return call["operation"], call["change"], _whole(call["on"])

    groups: dict[tuple[str, str], list[str]] = {}
    for (operation, change, whole), found in groupby(sorted(calls, key=kind), kind):
        own = list(dict.fromkeys(call["on"] for call in found))
        told = [f"{whole} ({len(own)} rules)"] if len(own) > 1 and whole != own[0] else own
        groups.setdefault((operation, change), []).extend(told)
    order = list(dict.fromkeys((call["operation"], call["change"]) for call in calls))
    for operation, change in order:
        yield f"  {MARKS[change]} {operation.replace('_', ' ')}: {_listed(groups[operation, change])}"


def _whole(name: str) -> str:
    """What a rule is a rule of; everything else is a whole itself."""
    return name.rpartition(" of ")[2] if " rule " in f" {name}" and " of " in name else name


def _listed(words: Sequence[str]) -> str:
    text = ", ".join(words)
    if len(text) <= LONGEST_LIST:
        return text
    kept = text[:LONGEST_LIST].rpartition(", ")[0] or words[0]
    more = len(words) - len(kept.split(", "))
    return f"{kept} and {more} more" if more > 0 else kept


def _orphan_lines(orphans: Sequence[Entry]) -> Iterator[str]:
    if orphans:
        yield "ours by its tags, and declared nowhere (purge_orphans removes it):"
    for each in orphans:
        yield f"  {each['what']} {each['id']}"


def drift_lines(found: Document) -> list[str]:
    """Drift: differences by object, what a run would do about them, what is refused, and what is not ours."""
    lines: list[str] = []
    for thing in dict.fromkeys((entry["component"], entry["object"]) for entry in found["differences"]):
        lines.append(f"{thing[0]}: {thing[1]}")
        lines += [f"  {entry['attribute']}: found {short(entry['found'])}, declared {short(entry['declared'])}"
                  for entry in found["differences"] if (entry["component"], entry["object"]) == thing]  # fmt: skip
    lines += ["site.yml would:"] if found["repairs"] else []
    lines += [f"  {repair['why']} ({repair['object']})" for repair in found["repairs"]]
    lines += ["last changed by:"] if found["changed_by"] else []
    lines += [f"  {each['object']}: {each['user']}, {each['time']}, {each['call']} from {each['from']}"
              for each in found["changed_by"]]  # fmt: skip
    lines += [f"who changed it is not told: {found['changed_by_unknown']}"] if found["changed_by_unknown"] else []
    lines += ["site.yml would refuse:"] if found["refused"] else []
    lines += [f"  {each['component']}: {each['why']}" for each in found["refused"]]
    lines += ["not ours, and left alone:"] if found["foreign"] else []
    lines += [f"  {each['what']} {each['id']} in {each['where']}: {short(each['found'])}" for each in found["foreign"]]
    lines += _orphan_lines(found["orphans"])
    return lines if found["drifted"] else [*lines, f"{found['environment']}: as declared"]


def output_lines(outputs: Document) -> list[str]:
    """What was laid, as far as it is there."""
    vpc = outputs.get("vpc") or {}
    lines = [f"VPC {vpc['vpc_id']} {vpc['cidr_block']}"] if vpc else []
    for kind, word in (("subnets", "subnet"), ("nat_gateways", "NAT gateway"), ("gateway_endpoints", "endpoint"),
                       ("interface_endpoints", "endpoint"), ("security_groups", "security group")):  # fmt: skip
        lines += [f"  {word} {key} {each.get('id', '')} {each.get('cidr_block') or ''}".rstrip()
                  for key, each in (vpc.get(kind) or {}).items()]  # fmt: skip
    for redis in _all(outputs, "redis"):
        endpoint = redis.get("configuration_endpoint") or redis.get("primary_endpoint") or ""
        lines.append(f"Replication group {redis['name']} {redis['engine']} {redis['engine_version']} "
                     f"{endpoint}:{redis['port']}")  # fmt: skip
    lines += [f"Stream {stream['arn']}" for stream in _all(outputs, "kinesis")]
    if outputs.get("state_bucket") and outputs.get("backend"):
        lines.append(f"State bucket {outputs['state_bucket']['name']}, key {outputs['backend']['key']}")
    return lines


def _all(outputs: Document, role: str) -> list[Entry]:
    """What a role laid: one object, or several."""
    several = outputs.get(f"{role}_{SEVERAL[role]}") or {}
    return [each for each in (outputs.get(role), *several.values()) if each]


def short(value: Any) -> str:
    """A value in a line."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
