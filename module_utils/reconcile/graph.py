# SPDX-License-Identifier: Apache-2.0
"""A plan as a graph: which call waits for which, whichever components they come from.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..aws.codes import TAKING_AWAY
from .plan import EVERYTHING_BEFORE, Call, chain, refs, saved, walk


def dependencies(calls: Sequence[Call]) -> list[set[int]]:
    """For each call the positions of the calls that must be finished before it starts.

    What it needs: the calls that save its Refs, earlier ones on the same object, those on objects in ``after``. What
    it must not take away from others: whoever deletes something, or a rule or a place that names it, waits for each
    call that lets go of it.
    """
    saver = {name: position for position, call in enumerate(calls) for name in saved(call)}
    on, letting_go = defaultdict(set), defaultdict(set)
    for position, call in enumerate(calls):
        on[call.on].add(position)
        for item in call.releases:
            letting_go[item].add(position)
    result = []
    for position, call in enumerate(calls):
        needed = {saver[ref.name] for ref in refs(call.params) if ref.name in saver}
        needed |= {other for other in on[call.on] if other < position}
        needed |= {other for noun in call.after for other in on.get(noun, ()) if noun != call.on}
        if EVERYTHING_BEFORE in call.after:
            needed |= {other for other in range(position) if calls[other].owner == call.owner}
        if letting_go and call.operation.startswith(TAKING_AWAY):
            named = {leaf for leaf in walk(call.params) if isinstance(leaf, str)}
            needed |= {other for item in named & letting_go.keys() for other in letting_go[item]}
        result.append(needed - {position})
    return result


def ordered(calls: Sequence[Call]) -> list[Call]:
    """The calls in an order in which they can be made one by one, as near to the given one as their needs allow.

    Raises ValueError when the calls wait for each other in a circle, which is a mistake in a component.
    """
    needs = dependencies(calls)
    done: set[int] = set()
    order: list[int] = []
    left = list(range(len(calls)))
    while left:
        ready = next((position for position in left if needs[position] <= done), None)
        if ready is None:
            circle = ", ".join(f"{calls[position].operation} on {calls[position].on}" for position in left)
            raise ValueError(f"calls wait for each other: {circle}")
        left.remove(ready)
        done.add(ready)
        order.append(ready)
    return [calls[position] for position in order]


def missing_parents(calls: Sequence[Call]) -> list[str]:
    """What the calls need and nobody creates in this plan, in a stable order."""
    known = {name for call in calls for name in saved(call)}
    found = {ref for call in calls for ref in refs(call.params) if ref.name not in known}
    return sorted({ref.parent or ref.name for ref in found})


def typical_seconds(calls: Sequence[Call]) -> float:
    """How long the longest chain of waits usually takes, everything else being made beside it."""
    ends: list[float] = []
    for call, needs in zip(calls, dependencies(calls), strict=True):
        begins = max((ends[position] for position in needs), default=0.0)
        ends.append(begins + sum(wait.typical_seconds for wait in chain(call.wait)))
    return max(ends, default=0.0)
