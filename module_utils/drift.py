"""How far an environment is from its declaration, out of plans that the component modules made.  Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Plan = Mapping[str, Any]
Entry = dict[str, Any]

NOTHING = "nothing"
LONGEST_VALUE = 100


def differences(plans: Mapping[str, Plan]) -> list[Entry]:
    """One entry for each attribute that is not as declared: ``component``, ``object``, ``attribute``, ``found``,
    ``declared``.

    An attribute of a child is its path: ``route_tables.app.routes.10.0.0.0/8``. An object that is not there is one
    entry with the attribute ``existence``, whatever else it would get.
    """
    return [entry for component, plan in plans.items() for entry in _of_component(component, plan)]


def _of_component(component: str, plan: Plan) -> Iterator[Entry]:
    # What waits for a maintenance window is a difference that AWS has been told of: no calls, and no drift.
    if not plan.get("calls"):
        return
    diff = plan.get("diff") or {}
    thing = {"component": component, "object": diff.get("before_header") or component}
    before, after = diff.get("before") or {}, diff.get("after") or {}
    if not before and after:
        yield {**thing, "attribute": "existence", "found": NOTHING, "declared": "as in the inventory"}
        return
    for path in _paths(before, after):
        yield {**thing, "attribute": ".".join(path), "found": _at(before, path), "declared": _at(after, path)}


def _paths(before: Any, after: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths at which two trimmed halves of a diff part, as deep as both are mappings or one side lacks it."""
    if not above or (isinstance(before, Mapping) and isinstance(after, Mapping)):
        for key in sorted({*before, *after}):
            yield from _paths(before.get(key), after.get(key), (*above, key))
    elif before != after:
        yield above


def _at(tree: Any, path: Sequence[str]) -> Any:
    for key in path:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return NOTHING if tree is None else tree


def foreign(plans: Mapping[str, Plan]) -> list[Entry]:
    """What lies beside or inside the environment and belongs to others, with its component.  It is no drift."""
    return [{"component": component, **entry} for component, plan in plans.items()
            for entry in plan.get("foreign") or ()]  # fmt: skip


def document(environment: str, plans: Mapping[str, Plan]) -> dict[str, Any]:
    """All that is known of an environment's drift: ``environment``, ``drifted``, ``calls`` (their number),
    ``differences``, ``repairs`` (what a run would do, in words) and ``foreign``.
    """
    repairs = [{"component": component, "object": call["on"], "change": call["change"], "why": call["why"]}
               for component, plan in plans.items() for call in plan.get("calls") or ()]  # fmt: skip
    return {
        "environment": environment,
        "drifted": bool(repairs),
        "calls": len(repairs),
        "differences": differences(plans),
        "repairs": repairs,
        "foreign": foreign(plans),
    }


def lines(found: Mapping[str, Any]) -> list[str]:
    """The document for people: differences by object, what a run would do about them, and what is not ours."""
    verdict = [] if found["drifted"] else [f"{found['environment']}: as declared"]
    return [
        *_difference_lines(found["differences"]),
        *_repair_lines(found["repairs"]),
        *_foreign_lines(found["foreign"]),
        *verdict,
    ]


def _difference_lines(entries: Sequence[Entry]) -> Iterator[str]:
    for thing in dict.fromkeys((entry["component"], entry["object"]) for entry in entries):
        yield f"{thing[0]}: {thing[1]}"
        for entry in entries:
            if (entry["component"], entry["object"]) == thing:
                yield f"  {entry['attribute']}: found {_short(entry['found'])}, declared {_short(entry['declared'])}"


def _repair_lines(repairs: Sequence[Entry]) -> Iterator[str]:
    if repairs:
        yield "site.yml would:"
    for repair in repairs:
        yield f"  {repair['why']} ({repair['object']})"


def _foreign_lines(entries: Sequence[Entry]) -> Iterator[str]:
    if entries:
        yield "not ours, and left alone:"
    for entry in entries:
        yield f"  {entry['what']} {entry['id']} in {entry['where']}: {_short(entry['found'])}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
