# SPDX-License-Identifier: Apache-2.0
"""What took how long in a run, and what held up what: out of what its walk told, as data and as lines.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..reconcile.plan import chain
from ..reconcile.walk import BEGUN, ENDED, FAILED, MADE, WAITS, Event
from .waiting import lasted

Entry = dict[str, Any]
# What takes less of the whole, or comes after so many that take longer, is not shown one by one.
WORTH_A_ROW, MOST_ROWS = 0.02, 15
# Two bars with less of the whole between them are drawn as one.
GAP_PERCENT = 1.0
BAR_WIDTH, LONGEST_NAME = 32, 44


@dataclass
class _Span:
    """One call from its beginning to the end of its waits, or a wait for what AWS was in the middle of."""

    noun: str
    owner: str
    begun: float
    ended: float
    behind: int | None = None
    failed: bool = False


def timeline(events: Sequence[Event], begun: float, ended: float) -> Entry:
    """``seconds`` of the run, its number of ``calls``, whether one ``failed``, its ``objects`` and the ``chain``.

    ``begun`` and ``ended`` are the run's, on the clock of the events. Each object, in the order in which they began,
    has its ``component`` (empty where AWS was busy with it before), ``parts`` (a beginning and a duration in seconds
    for each call on it), ``seconds`` of all of them, ``after`` (the object that its last call had to wait for, or
    nothing), ``failed``, and ``in_chain``. The chain is what the end had to wait for, one after the other: ``object``
    and ``seconds``.
    """
    spans = _spans(events, ended)
    links = list(_chain(spans))
    found: dict[str, list[tuple[int, _Span]]] = {}
    for key, span in sorted(spans.items(), key=lambda each: each[1].begun):
        found.setdefault(span.noun, []).append((key, span))
    return {
        "seconds": round(ended - begun, 1),
        "calls": sum(event.kind == MADE for event in events),
        "failed": any(span.failed for span in spans.values()),
        "objects": [_object(noun, mine, spans, set(links), begun) for noun, mine in found.items()],
        "chain": _joined([spans[key] for key in links]),
    }


def _spans(events: Sequence[Event], ended: float) -> dict[int, _Span]:
    """By the identity of the call or wait; what never ended, ended with the run."""
    spans: dict[int, _Span] = {}
    of_calls: set[int] = set()
    for event in events:
        call = event.call
        if call and event.kind == BEGUN:
            behind = id(event.behind) if event.behind else None
            spans[id(call)] = _Span(call.on, call.owner, event.seconds, ended, behind)
            of_calls |= {id(wait) for wait in chain(call.wait)}
        elif call and event.kind in (ENDED, FAILED) and id(call) in spans:
            spans[id(call)].ended, spans[id(call)].failed = event.seconds, event.kind == FAILED
        elif event.wait and event.kind != WAITS and id(event.wait) not in of_calls:
            spans[id(event.wait)] = _Span(event.wait.noun, "", event.since_seconds, event.seconds)
    return spans


def _chain(spans: Mapping[int, _Span]) -> Iterator[int]:
    """What ended last, what that had to wait for last, and so on; the first one first."""
    found: list[int] = []
    key = max(spans, key=lambda each: spans[each].ended, default=None)
    while key is not None and key in spans:
        found.append(key)
        key = spans[key].behind
    return reversed(found)


def _joined(links: Sequence[_Span]) -> list[Entry]:
    """The chain by objects."""
    found: list[Entry] = []
    for span in links:
        if not found or found[-1]["object"] != span.noun:
            found.append({"object": span.noun, "seconds": 0.0})
        found[-1]["seconds"] = round(found[-1]["seconds"] + span.ended - span.begun, 1)
    return found


def _object(
    noun: str, mine: Sequence[tuple[int, _Span]], spans: Mapping[int, _Span], links: set[int], begun: float
) -> Entry:
    behind = [spans[span.behind].noun for _key, span in mine if span.behind is not None and span.behind in spans]
    others = [each for each in behind if each != noun]
    return {
        "object": noun,
        "component": mine[-1][1].owner,
        "parts": [[round(span.begun - begun, 1), round(span.ended - span.begun, 1)] for _key, span in mine],
        "seconds": round(sum(span.ended - span.begun for _key, span in mine), 1),
        "after": others[-1] if others else "",
        "failed": mine[-1][1].failed,
        "in_chain": any(key in links for key, _span in mine),
    }


def shown(found: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    """The objects that are shown one by one, and those that are not."""
    worth = [each for each in found["objects"]
             if each["failed"] or each["in_chain"] or each["seconds"] >= WORTH_A_ROW * found["seconds"]]  # fmt: skip
    longest = sorted(worth, key=lambda each: (not each["failed"], -each["seconds"]))[:MOST_ROWS]
    return [each for each in worth if each in longest], [each for each in found["objects"] if each not in longest]


def lines(found: Mapping[str, Any]) -> list[str]:
    """The timeline as people read it; a star marks what the end had to wait for."""
    rows, rest = shown(found)
    links = " → ".join(f"{each['object']} {lasted(each['seconds'])}" for each in found["chain"])
    told = [f"timeline: {found['calls']} calls in {lasted(found['seconds'])}; the end had to wait for {links}"]
    width = max((len(_name(each)) for each in rows), default=0)
    for each in rows:
        starts, takes = lasted(each["parts"][0][0]), lasted(each["seconds"])
        told.append(f"{'*' if each['in_chain'] else ' '} {_name(each).ljust(width)} at {starts:>6} for {takes:>6} "
                    f"|{stroke(each['parts'], found['seconds'])}|{_why(each)}")  # fmt: skip
    longest = max((each["seconds"] for each in rest), default=0.0)
    return [*told, f"  and {len(rest)} more, none for longer than {lasted(longest)}"] if rest else told


def page(found: Mapping[str, Any] | None) -> Entry | None:
    """The timeline as a page draws it; ``None`` where no run has left one.

    Beside what it holds: how long it ``took``, its ``axis``, the ``rows`` that are shown with ``at``, ``took`` and
    ``bars`` (beginning and width in percent of the run), how many ``others`` there are and the ``longest`` of them.
    """
    if found is None:
        return None
    rows, rest = shown(found)
    drawn = [{**each, "at": lasted(each["parts"][0][0]), "took": lasted(each["seconds"]),
              "bars": _bars(each["parts"], found["seconds"])} for each in rows]  # fmt: skip
    links = [f"{each['object']} {lasted(each['seconds'])}" for each in found["chain"]]
    longest = max((each["seconds"] for each in rest), default=0.0)
    return {**found, "took": lasted(found["seconds"]), "links": links, "rows": drawn, "others": len(rest),
            "axis": [lasted(found["seconds"] * part) for part in (0, 0.5, 1)], "longest": lasted(longest)}  # fmt: skip


def _bars(parts: Sequence[Sequence[float]], seconds: float) -> list[list[float]]:
    scale = 100 / max(seconds, 0.1)
    found: list[list[float]] = []
    for starts, takes in parts:
        first, last = min(starts * scale, 100 - GAP_PERCENT), min((starts + takes) * scale, 100.0)
        if found and first - found[-1][1] < GAP_PERCENT:
            found[-1][1] = last
        else:
            found.append([first, last])
    return [[round(first, 2), round(last - first, 2)] for first, last in found]


def _name(each: Entry) -> str:
    return each["object"] if len(each["object"]) <= LONGEST_NAME else f"{each['object'][: LONGEST_NAME - 1]}…"


def _why(each: Entry) -> str:
    return (" FAILED" if each["failed"] else "") + (f" after {each['after']}" if each["after"] else "")


def stroke(parts: Sequence[Sequence[float]], seconds: float) -> str:
    """When something was under way, in the room that the whole run has."""
    cells = [" "] * BAR_WIDTH
    scale = BAR_WIDTH / max(seconds, 0.1)
    for starts, takes in parts:
        first = min(int(starts * scale), BAR_WIDTH - 1)
        last = min(max(first, round((starts + takes) * scale) - 1), BAR_WIDTH - 1)
        cells[first : last + 1] = "█" * (last + 1 - first)
    return "".join(cells)
