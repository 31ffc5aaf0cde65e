# SPDX-License-Identifier: Apache-2.0
"""Keeping other runs out of an environment while one changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ..aws.client import Aws, explain
from ..aws.sdk import BotoCoreError, ClientError
from ..reconcile.errors import Failure, LostAnswer
from ..reconcile.walk import Terms
from . import lease
from .lock import Found, Place, summary

RETRY_SECONDS = 5.0


@dataclass(frozen=True)
class Wish:
    """What a lock is taken for and how long others may keep this run waiting, in the words of the options.

    ``bucket_is_new`` says that this run has just made the bucket, which may show late.
    """

    operation: str
    run: str
    lease_seconds: int
    wait_seconds: float
    bucket_is_new: bool = False


@contextmanager
def alone(aws: Aws, place: Place | None, wish: Wish, terms: Terms) -> Iterator[tuple[Terms, Mapping[str, Any]]]:
    """The terms under which this run may write, and what lease.take returned; lets go at the end, whatever happens.

    Where no bucket could hold a lock, nothing keeps others out, and that is said.  Raises Held.
    """
    held = _taken(aws, place, wish, terms) if place else {}
    if not place or not held:
        terms.say("no state bucket holds a lock and a record for this environment. Next: see that nobody else runs")
        yield terms, {}
        return
    if "took_over" in held:
        before = held["took_over"]
        terms.say(f"took over from {before['who']}, whose run since {before['since']} died; looking twice")
    try:
        with lease.Lease(aws, held) as ours:
            yield replace(terms, fence=ours.fence), held
    finally:
        # What went wrong before matters more; a lease that is left ends by itself.
        try:
            lease.free(aws, place, held["id"])
        except (Failure, LostAnswer, BotoCoreError, ClientError) as error:
            terms.say(f"the lock {place.path} is left, and ends {wish.lease_seconds} s after it was last renewed: "
                      f"{explain(error)}")  # fmt: skip


def _taken(aws: Aws, place: Place, wish: Wish, terms: Terms) -> Mapping[str, Any]:
    """The lock, waited for while another run has it, saying for whom and since when.  Raises Held."""
    deadline = terms.clock() + wish.wait_seconds
    told = ""
    while True:
        try:
            return lease.take(aws, place, wish.operation, wish.run, wish.lease_seconds, wish.bucket_is_new)
        except lease.Held as held:
            if terms.clock() >= deadline:
                raise
            if held.found.lock.id != told:
                terms.say(f"waiting for the lock, {held.found.sentence()}")
            told = held.found.lock.id
        terms.sleep(min(RETRY_SECONDS, wish.wait_seconds))


def has_died(aws: Aws, place: Place | None) -> bool:
    """Whether the lock is left of a run that died."""
    found = lease.look(aws, place) if place else None
    return found is not None and found.expired


def left_behind(found: Found | None) -> str:
    """What a plan says of the lock: who holds it, or that it is left of a run that died."""
    if found is None:
        return ""
    if not found.expired:
        return f"locked: {found.sentence()}"
    who = summary(found.lock)
    return f"a lock of {who['who']} since {who['since']} is left of a run that died; site.yml takes it over"
