# SPDX-License-Identifier: Apache-2.0
"""The record of one run that changed something: who did what, when, by which plan, and what came of it.  Pure.

It is JSON beside the state of the environment, written as ``began`` before the run's first write, and once more when
the run has ended. Whoever may write to the bucket writes what they like into it, so nothing of it is believed to be
of the right shape or size.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..reconcile.plan import Call
from ..state_keys import NAME_OF_RECORD
from .lock import LONGEST_ENTRY, STAMP, Place

BEGAN, DONE, REFUSED, FAILED, INTERRUPTED = "began", "done", "refused", "failed", "interrupted"
NAME_STAMP = "%Y%m%dT%H%M%S.%fZ"
LARGEST_BYTES = 65_536
LONGEST_TEXT = 2_000
# How many names of calls are told in a line.
NAMED = 20
# How far ahead of this machine's clock another one's may have been; what lies further ahead is no time of a run.
AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Record:
    """One run; the times are those of its machine, in UTC.

    ``calls`` are those that were sent, and until the run has ended those that it planned: ``component``, ``operation``
    (boto3's method) and ``on`` (the object). ``planned`` counts the plan's, ``left_off`` those without room in here.
    """

    version: int = 1
    verb: str = ""
    result: str = ""
    began: str = ""
    ended: str = ""
    seconds: float = 0.0
    who: str = ""
    machine: str = ""
    run: str = ""
    change_reference: str = ""
    revision: str = ""
    digest: str = ""
    planned: int = 0
    left_off: int = 0
    error: str = ""
    lock_id: str = ""
    calls: tuple[Mapping[str, str], ...] = ()


def named(calls: Iterable[Call]) -> tuple[Mapping[str, str], ...]:
    """Calls as a record has them: by name, without their parameters."""
    return tuple({"component": call.owner, "operation": call.operation, "on": clean(call.on)} for call in calls)


def begun(record: Record, now: datetime) -> Record:
    """The record of a run that begins now."""
    return replace(record, result=BEGAN, began=now.strftime(STAMP))


def over(record: Record, now: datetime, result: str, error: str, calls: Iterable[Call]) -> Record:
    """The record of a run that has ended now."""
    seconds = round((now - datetime.strptime(record.began, STAMP).replace(tzinfo=UTC)).total_seconds(), 1)
    return replace(record, result=result, ended=now.strftime(STAMP), seconds=seconds, error=error[:LONGEST_TEXT],
                   calls=named(calls))  # fmt: skip


def body(record: Record) -> bytes:
    """The text of a record: of its calls as many as there is room for."""
    room = LARGEST_BYTES - len(json.dumps(asdict(replace(record, calls=(), left_off=len(record.calls)))))
    kept = 0
    for call in record.calls:
        room -= len(json.dumps(dict(call))) + len(", ")
        if room < 0:
            break
        kept += 1
    whole = replace(record, calls=record.calls[:kept], left_off=len(record.calls) - kept)
    return json.dumps(asdict(whole)).encode()


def parsed(text: bytes) -> Record | None:
    """The record in an object's text; ``None`` for what is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, Mapping) or not found.get("verb") or not found.get("began"):
        return None
    simple = {each.name: _of_type(found.get(each.name), each.default) for each in fields(Record) if each.name in found}
    calls = found.get("calls")
    entries = [each for each in calls if isinstance(each, Mapping)] if isinstance(calls, list) else []
    names = ("component", "operation", "on")
    return Record(**{**simple, "calls": tuple({key: clean(each.get(key, "")) for key in names} for each in entries)})


def _of_type(value: Any, default: Any) -> Any:
    """A value as its field has it, or the field's default."""
    if isinstance(default, str):
        return clean(value, LONGEST_TEXT)
    return type(default)(value) if isinstance(value, int | float) and abs(value) < 1e12 else default


def clean(value: Any, longest: int = LONGEST_ENTRY) -> str:
    """Text for one line of a terminal."""
    return "".join(each if each.isprintable() else " " for each in str(value)[:longest])


# Names


def stamp(at: datetime) -> str:
    """A time as names begin with it."""
    return at.strftime(NAME_STAMP)


def is_record(place: Place, key: str) -> bool:
    """Whether an object's key is that of a record of this environment."""
    return key.startswith(place.history) and NAME_OF_RECORD.match(key[len(place.history) :]) is not None


def new_key(place: Place, lock_id: str, now: datetime, newest: str) -> str:
    """The key of the record that begins now; it sorts behind the ``newest`` one, whatever that machine's clock said."""
    found = NAME_OF_RECORD.match(newest[len(place.history) :])
    last = _time_of(found[1]) if found else None
    at = last + timedelta(microseconds=1) if last and now <= last < now + AHEAD else now
    return f"{place.history}{stamp(at)}-{lock_id[:8]}.json"


def _time_of(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, NAME_STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


# Telling


def sentence(record: Record, running: str = "") -> str:
    """What a run did, in one line; ``running`` is the id of the lock that is held now."""
    beside = ", ".join(filter(None, [record.machine, record.run, record.change_reference]))
    by = f"{record.who or 'somebody unknown'}{f' ({beside})' if beside else ''}"
    if record.result != BEGAN:
        came = f"{record.result or 'ended'} after {record.seconds:.0f} s"
    else:
        came = "runs" if running and running == record.lock_id else "did not end, or could not say so"
    made = len(record.calls) + record.left_off
    calls = f"{record.planned} calls planned" if record.result == BEGAN else f"{made} of {record.planned} calls sent"
    at = f", revision {record.revision}" if record.revision else ""
    when = record.began[:19].replace("T", " ")
    return f"{when} UTC: {record.verb} by {by} {came}, {calls}, plan {record.digest or 'unknown'}{at}"


def details(record: Record) -> Iterator[str]:
    """What else a record holds: the calls by name, and what went wrong."""
    counts = Counter(each["operation"] for each in record.calls)
    told = [f"{name} ({count})" if count > 1 else name for name, count in counts.items()]
    left = len(told[NAMED:]) + record.left_off
    if told:
        yield f"  {', '.join(told[:NAMED])}{f' and {left} more' if left else ''}"
    if record.error:
        yield f"  {record.error}"
