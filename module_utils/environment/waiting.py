# SPDX-License-Identifier: Apache-2.0
"""What a run waits for just now: out of what its walk tells, as a line from time to time or as a picture at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..reconcile.plan import chain
from ..reconcile.walk import ARRIVED, ENDED, FAILED, MADE, PLANNED, WAITS, Event


@dataclass(frozen=True)
class Row:
    """One thing that is waited for.

    ``typical_seconds`` is how long it usually takes, 0 where nobody knows; ``word`` the newest of its service's events.
    """

    noun: str
    state: str
    elapsed_seconds: float
    typical_seconds: float
    word: str = ""


@dataclass(frozen=True)
class Picture:
    """What one environment waits for, with the numbers of its calls that are made and that are left."""

    environment: str
    rows: tuple[Row, ...] = ()
    made: int = 0
    left: int = 0


def heard(before: Mapping[str, Event], event: Event) -> dict[str, Event]:
    """The newest word on each thing that is waited for, by its noun, once this has happened."""
    ended = event.kind in (ENDED, FAILED) and event.call
    over = {wait.noun for wait in chain(ended.wait)} if ended else set()
    if event.wait and event.kind == ARRIVED:
        over.add(event.wait.noun)
    now = {event.wait.noun: event} if event.wait and event.kind == WAITS else {}
    return {noun: each for noun, each in {**before, **now}.items() if noun not in over}


def rows(newest: Mapping[str, Event], now: float) -> tuple[Row, ...]:
    """What is waited for, the longest first; ``now`` is on the clock of the events."""
    found = [Row(noun, event.state, now - event.since_seconds, event.wait.typical_seconds, event.word)
             for noun, event in newest.items() if event.wait]  # fmt: skip
    return tuple(sorted(found, key=lambda row: -row.elapsed_seconds))


def lasted(seconds: float) -> str:
    """A time as people read it."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def calls(picture: Picture) -> str:
    """How many calls are made, and how many are left."""
    return f"{picture.made} call{'s' * (picture.made != 1)} made, {picture.left} left"


def line(picture: Picture, seconds: float) -> str:
    """Everything that is waited for in one line; ``seconds`` is how long all of it lasts."""
    return f"waiting {seconds:.0f} s, {calls(picture)}: {' | '.join(map(_told, picture.rows))}"


def _told(row: Row) -> str:
    usually = f" of usually {lasted(row.typical_seconds)}" if row.typical_seconds else ""
    return f"{row.noun}: {row.state} {lasted(row.elapsed_seconds)}{usually}{f' ({row.word})' if row.word else ''}"


class Waiting:
    """Hears what walks tell, from many threads.

    Says a line every ``every_seconds`` in which something is waited for; where there is somebody to ``show`` pictures
    to, it hands over each of them instead, and an empty one when nothing is waited for any more.
    """

    def __init__(
        self,
        environment: str,
        say: Callable[[str], None],
        every_seconds: float,
        show: Callable[[Picture], None] | None = None,
    ) -> None:
        self._say, self._every_seconds, self._show = say, every_seconds, show
        self._picture = Picture(environment)
        self._newest: dict[str, Event] = {}
        self._lock = threading.Lock()
        self._begun = self._said = 0.0

    def tell(self, event: Event) -> None:
        """Takes what has happened, and passes it on where it is time."""
        with self._lock:
            before = self._picture
            self._take(event)
            if self._show and (before.rows or self._picture.rows):
                self._show(self._picture)
            elif not self._show and self._picture.rows and event.seconds - self._said >= self._every_seconds:
                self._said = event.seconds
                self._say(line(self._picture, event.seconds - self._begun))

    def _take(self, event: Event) -> None:
        if not self._begun:
            self._begun = self._said = event.seconds
        self._newest = heard(self._newest, event)
        before, made = self._picture, event.kind == MADE
        left = event.left if event.kind == PLANNED else before.left - made
        self._picture = replace(before, rows=rows(self._newest, event.seconds), made=before.made + made, left=left)

    def end(self) -> None:
        """The run has ended, and nothing is waited for."""
        if self._show and self._picture.rows:
            self._show(Picture(self._picture.environment))
