# SPDX-License-Identifier: Apache-2.0
"""Keeping the records of an environment's runs in S3, beside its lock, and reading them.

A record is written by whoever holds the lock, so that there is one at a time and they have an order. What goes wrong
with it is told, and ends no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from ..aws.client import Aws, explain
from ..aws.sdk import BotoCoreError, ClientError
from ..reconcile import engine
from ..reconcile.errors import Failure, LostAnswer, Refused
from ..reconcile.plan import HIDDEN, Call
from ..reconcile.walk import Terms
from . import record
from .lock import Place
from .record import Record

ERRORS = (ClientError, BotoCoreError, Failure, LostAnswer)
# The same object with the same text once more does no harm.
TRIES = 3
# Since when the newest record is looked for, in days, before all that there are get listed.
RECENT_DAYS = (31, 366)


@dataclass(frozen=True)
class History:
    """The newest records in their order, names of those that cannot be read, and of what else lies among them."""

    records: tuple[Record, ...]
    unreadable: tuple[str, ...]
    strangers: tuple[str, ...]


def read(aws: Aws, place: Place, most: int) -> History | None:
    """The newest records, ``most`` of them; ``None`` where there is no bucket."""
    listed = _listed(aws, place)
    if listed is None:
        return None
    ours = sorted(key for key in listed if record.is_record(place, key))[-most:]
    fitting = [key for key in ours if listed[key] <= record.LARGEST_BYTES]
    answers = aws.read_many({key: _of(place, key) for key in fitting})
    found = {key: record.parsed(answers[key]["Body"]) for key in fitting if answers[key]}
    return History(
        tuple(each for each in found.values() if each),
        tuple(_name(place, key) for key in ours if not found.get(key)),
        tuple(_name(place, key) for key in sorted(listed) if not record.is_record(place, key)),
    )


def lines(name: str, found: History | None, running: str) -> list[str]:
    """The history as people read it; ``running`` is the id of the lock that is held now."""
    if found is None:
        return [f"environment {name}: no state bucket, so no history"]
    told = [line for each in found.records for line in (record.sentence(each, running), *record.details(each))]
    told = told or [f"environment {name}: no run has changed anything yet"]
    told += [f"{each}: cannot be read as a record" for each in found.unreadable]
    return told + [f"{each}: not a record, and left alone" for each in found.strangers]


def last_run(aws: Aws, place: Place, running: str = "") -> tuple[str, list[str]]:
    """The key of the newest record, and what its run did; empty where there was none, or where it cannot be read.

    ``running`` is the id of the lock that is held now.
    """
    try:
        key = _newest(aws, place)
        return key, [f"last run {_told(aws, place, key, running)}"] if key else []
    except ERRORS as error:
        return "", [f"the last run is not told: {explain(error)}"]


def parting(calls: Sequence[Call], place: Place) -> list[str]:
    """What a plan says that takes the history away."""
    goes = any(map(place.goes_with, calls))
    return [f"the history of its runs goes with bucket {place.bucket}; playbooks/history.yml writes it down before"
            ] if goes else []  # fmt: skip


def _listed(aws: Aws, place: Place, **since: str) -> dict[str, int] | None:
    """Sizes by key of what lies among the records."""
    asked: dict[str, Any] = {"Bucket": place.bucket, "Prefix": place.history, **since}
    found = aws.read("s3", "list_objects_v2", ("NoSuchBucket",), **asked)
    return None if found is None else {each["Key"]: each["Size"] for each in found.get("Contents") or ()}


def _newest(aws: Aws, place: Place) -> str:
    """The key of the newest record, or an empty text; thousands of old ones are not listed for it."""
    for days in (*RECENT_DAYS, None):
        since = {"StartAfter": place.history + record.stamp(_now() - timedelta(days=days))} if days else {}
        keys = [key for key in _listed(aws, place, **since) or () if record.is_record(place, key)]
        if keys:
            return max(keys)
    return ""


def _of(place: Place, key: str) -> tuple[Any, ...]:
    return ("s3", "get_object", {"Bucket": place.bucket, "Key": key}, ("NoSuchKey",))


def _told(aws: Aws, place: Place, key: str, running: str) -> str:
    service, operation, params, absent = _of(place, key)
    answer = aws.read(service, operation, absent, **params)
    found = record.parsed(answer["Body"]) if answer else None
    return record.sentence(found, running) if found else f"{_name(place, key)}: cannot be read as a record"


def _name(place: Place, key: str) -> str:
    return record.clean(key.removeprefix(place.history)) or place.history


def _now() -> datetime:
    return datetime.now(UTC)


class Keeper:
    """Keeps the record of one run while a ``with`` lasts: begun before its first write, ended with what came of it.

    ``held`` is what lease.take returned; where that is empty there is no place for a record. ``first`` says what is
    known of the run, ``secrets`` what no record may show, ``made`` the calls that were made before there was a lock.
    """

    def __init__(
        self, aws: Aws, place: Place | None, held: Mapping[str, Any], first: Record, secrets: frozenset[str],
        made: Sequence[Call], terms: Terms,
    ) -> None:  # fmt: skip
        self._aws, self._place, self._held, self._secrets, self._say = aws, place, held, secrets, terms.say
        self._record, self._key, self._failed = first, "", False
        # By identity: what is sent again is one call.
        self._sent: dict[int, Call] = {id(call): call for call in made}

    def __enter__(self) -> Keeper:
        return self

    def fenced(self, terms: Terms) -> Terms:
        """The terms, under which each call is noted that may be sent."""

        def fence(call: Call) -> None:
            terms.fence(call)
            self._sent.setdefault(id(call), call)

        return replace(terms, fence=fence)

    def begin(self, calls: Sequence[Call], digest: str) -> None:
        """Says what the last run did, and writes the record of this one, the first time that there are calls."""
        if self._key or not calls or not self._place or not self._held:
            return
        place, now = self._place, _now()
        newest, told = last_run(self._aws, place)
        for line in told:
            self._say(line)
        self._key = record.new_key(place, self._held["id"], now, newest)
        known = replace(self._record, who=self._who(), machine=self._held["who"], lock_id=self._held["id"],
                        digest=digest, planned=len(calls), calls=record.named(calls))  # fmt: skip
        self._put(record.begun(known, now))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._key or not self._place:
            return
        if any(map(self._place.goes_with, self._sent.values())) and self._gone(self._place):
            self._say(f"the history of its runs went with bucket {self._place.bucket}")
            return
        told = engine.failure_of(error) if isinstance(error, Exception) else ""
        for secret in sorted(self._secrets, key=len, reverse=True):
            told = told.replace(secret, HIDDEN) if secret else told
        self._put(record.over(self._record, _now(), _result(error), told, self._sent.values()))

    def _who(self) -> str:
        try:
            return str((self._aws.read("sts", "get_caller_identity") or {}).get("Arn", ""))
        except ERRORS:
            return ""

    def _gone(self, place: Place) -> bool:
        try:
            return self._aws.read("s3", "head_bucket", ("404", "NoSuchBucket"), Bucket=place.bucket) is None
        except ERRORS:
            return False

    def _put(self, found: Record) -> None:
        """Writes the record as it is now; that it cannot be written is told once."""
        self._record = found
        params = {"Bucket": self._held["bucket"], "Key": self._key, "Body": record.body(found),
                  "ContentType": "application/json", **self._held["encryption"]}  # fmt: skip
        for left in reversed(range(TRIES)):
            try:
                self._aws.write("s3", "put_object", params, {}, {})
                return
            except ERRORS as error:
                if isinstance(error, LostAnswer) and left:
                    continue
                if not self._failed:
                    self._say(f"no record of this run: {explain(error)}")
                self._failed = True
                return


def _result(error: BaseException | None) -> str:
    if error is None:
        return record.DONE
    if isinstance(error, Refused):
        return record.REFUSED
    return record.FAILED if isinstance(error, Exception) else record.INTERRUPTED
