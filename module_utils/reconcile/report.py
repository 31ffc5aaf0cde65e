# SPDX-License-Identifier: Apache-2.0
"""What a run tells of one component: the result of its module, and of its part in an environment.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .fields import render
from .plan import Call, described, printable
from .planning import Part


def component_result(part: Part, after: Part, made: Sequence[Call] | None, left: Sequence[Call]) -> dict[str, Any]:
    """``changed``, ``calls``, ``diff``, ``resource``, ``waiting_for``, ``calls_left``, ``scheduled``, ``foreign``.

    ``part`` is of the plan, ``after`` of what was seen last; ``made`` are the calls of a run, ``None`` in check mode.
    """
    calls = part.calls if made is None else made
    seen = after.look.seen
    return {
        "changed": bool(calls),
        "calls": [described(call) for call in calls],
        "diff": diff(part),
        "resource": printable(foreseen(part) if made is None else (seen.resource if seen else None) or {}),
        "waiting_for": sorted({wait.noun for wait in after.waits}),
        "calls_left": [described(call) for call in left],
        "scheduled": dict(seen.scheduled) if seen else {},
        "foreign": [dict(each) for each in seen.strangers] if seen else [],
    }


def foreseen(part: Part) -> Mapping[str, Any]:
    """The resource as the plan leaves it."""
    if part.declaration.removes and part.calls:
        return {}
    resource = (part.look.seen.resource if part.look.seen else None) or {}
    return {**resource, **{name: difference.after for name, difference in part.differences.items()}}


def present(part: Part) -> dict[str, Any]:
    """What is there: the resource, with what stands beside it."""
    seen = part.look.seen
    return {**seen.satellites, **(seen.resource or {})} if seen else {}


def coming(part: Part) -> dict[str, Any]:
    """What the plan leaves there: the resource, with what stands beside it; nothing of what is removed."""
    removed = part.declaration.removes and part.calls
    return {} if removed or part.look.seen is None else {**part.look.seen.satellites, **foreseen(part)}


def diff(part: Part) -> dict[str, Any]:
    """What ``--diff`` prints: only what differs, secrets hidden."""
    resource = part.look.seen.resource if part.look.seen else None
    pair = render(part.differences, exists=resource is not None)
    if part.declaration.removes and part.calls:
        pair = {"before": printable(resource or {}), "after": {}}
    classes = ", ".join(dict.fromkeys(call.change for call in part.calls)) or "nothing to do"
    header = title(part)
    return {**pair, "before_header": header, "after_header": f"{header} ({classes})"}


def title(part: Part) -> str:
    """The object of a declaration as people call it."""
    return f"{part.declaration.component.noun} {part.declaration.name}"
