# SPDX-License-Identifier: Apache-2.0
"""Transitional states: objects that are on their way from `creating` to `available`.

An object is late by a number of Describe calls and by a number of seconds (settings `settle_polls`, `settle_seconds`).
With both at zero it arrives at the next call that meets it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from localcloud.settings import Settings, settings


def seconds() -> float:
    """The time by the cloud's clock, which runs ahead by the setting `clock_ahead_seconds`, in seconds since 1970."""
    return time.time() + float(settings.values["clock_ahead_seconds"])


def now() -> datetime:
    """The same as moto writes times: UTC without saying so."""
    return datetime.fromtimestamp(seconds(), UTC).replace(tzinfo=None)


@dataclass
class _Passage:
    """One object under way."""

    polls_left: float
    due: float
    arrive: Callable[[], None]

    def is_over(self) -> bool:
        return self.polls_left <= 0 and time.monotonic() >= self.due


class Clock:
    """All objects of this cloud that are under way, by a key that is unique in the cloud (an ARN or an id)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._passages: dict[str, _Passage] = {}

    def reset(self) -> None:
        """Nothing is under way any more, and nothing arrives."""
        self._passages.clear()

    def begin(self, kind: str, key: str, arrive: Callable[[], None], least_seconds: float = 0) -> None:
        """Start the passage of an object; `arrive` is called once, when it is over."""
        polls = self._settings.amount("settle_polls", kind)
        seconds = max(self._settings.seconds(kind), least_seconds)
        self._passages[key] = _Passage(polls, time.monotonic() + seconds, arrive)

    def finish(self) -> None:
        """Everything that is under way arrives now, and so does what sets out then."""
        while self._passages:
            self._passages.pop(next(iter(self._passages))).arrive()

    def look(self, key: str) -> None:
        """A Describe call is about to return this object: it arrives now, or is one poll nearer."""
        if not self.touch(key):
            self._passages[key].polls_left -= 1

    def touch(self, key: str) -> bool:
        """Any other call meets this object. True when nothing is under way (any more); costs no poll."""
        # What arrives may set out again: a group that has its last snapshot is then being deleted.
        while (passage := self._passages.get(key)) is not None:
            if not passage.is_over():
                return False
            del self._passages[key]
            passage.arrive()
        return True


#: The clock of this process: one process is one cloud.
clock = Clock(settings)
