# SPDX-License-Identifier: Apache-2.0
"""The plan of an environment as data: what ``plan.json`` and ``drift.json`` hold, by the schema in docs/.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..reconcile.fields import render
from ..reconcile.graph import typical_seconds
from ..reconcile.plan import CHANGES, described
from ..reconcile.planning import Part, Plan
from ..reconcile.report import title

Entry = dict[str, Any]
NOTHING = "nothing"


def document(
    plan: Plan,
    about: Mapping[str, Any],
    digest: str,
    refusals: Sequence[Any],
    orphans: Sequence[Mapping[str, Any]],
    costs: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that a plan says.  ``about`` names the environment; ``refusals`` are those that no part has; ``costs``
    are as costs.py reckons them."""
    classes = Counter(call.change for call in plan.calls)
    return {
        **about,
        "digest": digest,
        "calls": len(plan.calls),
        "classes": {change: classes[change] for change in CHANGES if classes[change]},
        "typical_seconds": typical_seconds(plan.calls),
        "components": {key: _component(part, plan) for key, part in plan.parts.items()},
        "order": [{"component": call.owner, **described(call)} for call in plan.calls],
        "refused": [str(refusal) for refusal in refusals],
        "orphans": [dict(each) for each in orphans],
        "costs": dict(costs),
    }


def _component(part: Part, plan: Plan) -> Entry:
    seen = part.look.seen
    return {
        "object": title(part),
        "name": part.declaration.name,
        "exists": bool(seen and seen.resource is not None),
        "calls": [described(call) for call in plan.of(part.declaration.key)],
        "changes": list(changes(part)),
        "waiting_for": sorted({wait.noun for wait in part.waits}),
        "scheduled": dict(seen.scheduled) if seen else {},
        "foreign": [dict(each) for each in seen.strangers] if seen else [],
        "refused": [str(refusal) for refusal in part.refusals],
        "not_compared": part.left_out,
    }


def changes(part: Part) -> Iterator[Entry]:
    """One entry for each attribute that is not as declared: ``attribute``, ``before``, ``after``.

    An attribute of a child is its path: ``route_tables.app.routes.10.0.0.0/8``. An object that is not there is one
    entry with the attribute ``existence``, whatever else it would get. What waits for a maintenance window is a
    difference that AWS has been told of, and none.
    """
    if not part.calls:
        return
    exists = part.look.seen is not None and part.look.seen.resource is not None
    if part.declaration.removes or not exists:
        before, after = ("there", "gone") if part.declaration.removes else (NOTHING, "as in the inventory")
        yield {"attribute": "existence", "before": before, "after": after}
        return
    compared = {name: difference for name, difference in part.differences.items() if _tells(difference)}
    pair = render(compared, exists=True)
    for path in _paths(pair["before"], pair["after"]):
        yield {"attribute": ".".join(path), "before": _at(pair["before"], path), "after": _at(pair["after"], path)}


def _tells(difference: Any) -> bool:
    return bool(difference.field.normal(difference.before) != difference.field.normal(difference.after))


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


def refusals(component: Mapping[str, Any]) -> list[str]:
    """Why a component of a plan's document is refused, or could not be compared."""
    return [*component["refused"], *filter(None, [component["not_compared"]])]


def drift(found: Mapping[str, Any]) -> dict[str, Any]:
    """How far an environment is from its declaration, out of its plan.

    ``environment``, ``drifted``, ``calls``, ``differences`` (component, object, attribute, found, declared),
    ``repairs`` (component, object, change, why), ``foreign``, ``orphans``, ``refused`` (component and sentence),
    ``changed_by`` and ``changed_by_unknown``, which changers.py fills.
    """
    parts = found["components"]
    refused = [{"component": key, "why": why} for key, part in parts.items() for why in refusals(part)]
    refused += [{"component": "environment", "why": why} for why in found["refused"]]
    return {
        "environment": f"{found['stack_name']}-{found['environment_suffix']}",
        "drifted": bool(found["order"] or refused),
        "calls": found["calls"],
        "differences": [
            {"component": key, "object": part["object"], "attribute": each["attribute"], "found": each["before"],
             "declared": each["after"]}
            for key, part in parts.items() for each in part["changes"]
        ],
        "repairs": [{"component": call["component"], "object": call["on"], "change": call["change"], "why": call["why"]}
                    for call in found["order"]],
        "refused": refused,
        "foreign": [{"component": key, **each} for key, part in parts.items() for each in part["foreign"]],
        "orphans": found["orphans"],
        "changed_by": [],
        "changed_by_unknown": "",
    }  # fmt: skip
