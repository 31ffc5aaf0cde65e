# SPDX-License-Identifier: Apache-2.0
"""What the page of an environment shows: a picture of what is there, with the plan on it, as data.  Pure.

The page itself is a template of playbooks/report.yml; here it is only known what stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from ..ec2_vpc_network.drawing import drawing as network
from ..elasticache_replication_group.drawing import drawing as replication_group
from ..kinesis_data_stream.drawing import drawing as stream
from ..reconcile.drawing import Box, Drawing
from ..reconcile.plan import CREATE, DELETE, REPLACE
from ..reconcile.planning import Part, Plan
from ..reconcile.report import coming, foreseen, present, title
from ..s3_state_bucket.drawing import drawing as state_bucket
from .document import refusals

Entry = dict[str, Any]
#: By the component's module. A component without one is told by its title alone.
DRAWINGS: Mapping[str, Callable[[Mapping[str, Any]], Drawing]] = {
    "ec2_vpc_network": network,
    "elasticache_replication_group": replication_group,
    "kinesis_data_stream": stream,
    "s3_state_bucket": state_bucket,
}
# What the plan does with a thing.
SAME, NEW, CHANGES, REPLACED, GOES = "as declared", "to come", "changes", "is replaced", "goes"


def report(plan: Plan, found: Mapping[str, Any], shown: Mapping[str, Any]) -> Entry:
    """The page as data.

    ``found`` is the plan's document; ``shown`` the outputs, checks and the like, as they are. ``verdict`` is one of
    ``in order``, ``differs`` and ``refused``; ``components`` have ``title``, ``verdict``, ``boxes`` beside the grid,
    ``columns``, ``rows`` of cells with their boxes, and ``ways``.
    """
    parts = [_component(part, found["components"][key]) for key, part in plan.parts.items()]
    refused = [*found["refused"], *(why for each in found["components"].values() for why in refusals(each))]
    verdict = "refused" if refused else "differs" if found["order"] else "in order"
    return {
        "name": f"{found['stack_name']}-{found['environment_suffix']}",
        "verdict": verdict,
        "refusals": refused,
        "components": parts,
        "plan": dict(found),
        "changes": [{"object": each["object"], "attribute": change["attribute"], "before": _told(change["before"]),
                     "after": _told(change["after"])}
                    for each in found["components"].values() for change in each["changes"]],
        "foreign": [told for each in found["components"].values() for told in each["foreign"]],
        **shown,
    }  # fmt: skip


def _told(value: Any) -> Any:
    """A value as a table has room for it: a thing that is there as a whole is no more than there."""
    if isinstance(value, list) and not any(isinstance(each, (Mapping, list)) for each in value):
        return ", ".join(map(str, value)) or "none"
    return "there" if isinstance(value, Mapping) else value


def _component(part: Part, told: Mapping[str, Any]) -> Entry:
    draw = DRAWINGS.get(part.declaration.component.module, _nothing)
    before, after = draw(_before(part)), draw(_after(part))
    calls: dict[str, set[str]] = {}
    for call in part.calls:
        calls.setdefault(call.on.removeprefix("rules of "), set()).add(call.change)
    boxes = merged(before.boxes, after.boxes, calls)
    verdict = "refused" if refusals(told) else "differs" if part.calls else "in order" if boxes else "not there"
    return {"title": title(part), "verdict": verdict, **grid(boxes),
            "ways": [way.__dict__ for way in after.ways or before.ways]}  # fmt: skip


def _nothing(_unused: Mapping[str, Any]) -> Drawing:
    return Drawing()


def _before(part: Part) -> Mapping[str, Any]:
    return present(part) if part.look.seen and part.look.seen.resource else {}


def _after(part: Part) -> Mapping[str, Any]:
    """As the plan leaves it; as it is, where there is no plan."""
    if part.refusals or part.left_out:
        return _before(part)
    return coming(part) if foreseen(part) else {}


def merged(before: Sequence[Box], after: Sequence[Box], calls: Mapping[str, Set[str]]) -> list[Entry]:
    """Each thing that is there before or after, with what the plan does with it.

    ``calls`` are the classes of the calls on each thing; what another's call changes about it, as a route does about
    its subnet, shows in its facts.
    """
    was, will = {each.on: each for each in before}, {each.on: each for each in after}
    found = []
    for on in dict.fromkeys([*will, *was]):
        box = will.get(on) or was[on]
        state = NEW if on not in was else GOES if on not in will else _kept(calls.get(on, set()), was[on] == box)
        found.append({**box.__dict__, "facts": list(box.facts), "state": state})
    return found


def _kept(calls: Set[str], looks_the_same: bool) -> str:
    """What happens to a thing that is there before and after."""
    if not calls and looks_the_same:
        return SAME
    return REPLACED if {CREATE, DELETE} <= calls or REPLACE in calls else CHANGES


def grid(boxes: Iterable[Mapping[str, Any]]) -> Entry:
    """``boxes`` beside the grid, its ``columns`` in order, and its ``rows``: ``name``, ``across`` and ``cells``."""
    within = [each for each in boxes if each["row"]]
    columns = sorted({each["column"] for each in within if each["column"]})
    rows = [{"name": name,
             "across": [each for each in within if each["row"] == name and not each["column"]],
             "cells": [[each for each in within if (each["row"], each["column"]) == (name, column)]
                       for column in columns]}
            for name in dict.fromkeys(each["row"] for each in within)]  # fmt: skip
    return {"boxes": [each for each in boxes if not each["row"]], "columns": columns, "rows": rows}
