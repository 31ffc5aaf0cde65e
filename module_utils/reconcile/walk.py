# SPDX-License-Identifier: Apache-2.0
"""Making the calls of a plan: side by side where they may, in order where they must, waiting where AWS is slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as first_of
from dataclasses import dataclass, field
from typing import Any

from ..aws.client import Aws, explain
from ..aws.codes import code_of
from ..aws.sdk import BotoCoreError, ClientError, jmespath
from .component import Component
from .errors import AwsFailure, Failure, LostAnswer, shown
from .graph import dependencies
from .plan import Call, Wait, chain, refs, resolve

# Waits sit in threads of their own; what is under way at AWS at one time is bounded by the clients.
MOST_THREADS = 64
# How long the reads of a wait may fail, for AWS's servers, names or the network, before the wait is given up.
UNREACHABLE_SECONDS = 300.0


def silent(told: object) -> None:
    """Nobody is told."""


def unfenced(call: Call) -> None:
    """Nobody is asked."""


# What a walk tells of.
PLANNED, BEGUN, MADE, ENDED, FAILED = "planned", "begun", "made", "ended", "failed"
WAITS, ARRIVED, TICK = "waits", "arrived", "tick"


@dataclass(frozen=True)
class Event:
    """What has just happened; seconds are those of the terms' clock.

    PLANNED: so many calls are ``left``. BEGUN, MADE, ENDED, FAILED: a ``call``, which had to wait for ``behind`` last,
    where it had to. WAITS, ARRIVED: a ``wait`` with its ``state`` and the service's newest ``word``, since when it
    lasts. TICK: nothing has ended for a while.
    """

    kind: str
    seconds: float
    call: Call | None = None
    behind: Call | None = None
    wait: Wait | None = None
    since_seconds: float = 0
    state: str = ""
    word: str = ""
    left: int = 0


@dataclass(frozen=True)
class Terms:
    """How one run is carried out, apart from what is declared.

    ``wait_timeout`` bounds each single wait whose declaration states none, in seconds; ``poll_seconds`` replaces each
    wait's own pause; ``say(line)`` hears of each call that was made, ``tell(event)`` of everything, from many threads
    and at least every ``tick_seconds``. ``fence(call)`` is asked before each write, and raises a Failure when this run
    must not write any more.
    """

    check_mode: bool
    wait: bool
    wait_timeout: float
    poll_seconds: float | None
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    say: Callable[[str], None] = silent
    tell: Callable[[Event], None] = silent
    tick_seconds: float = 15.0
    fence: Callable[[Call], None] = unfenced


@dataclass(frozen=True)
class Owner:
    """Whom a call belongs to: whose patience it has, and for how many seconds each of its waits may last."""

    component: Component
    wait_timeout: float


@dataclass
class Walked:
    """What became of a plan: calls made, waits left to others, calls not made, what failed and why."""

    made: list[Call] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    left: list[Call] = field(default_factory=list)
    lost: Call | None = None
    failures: list[str] = field(default_factory=list)


def _ended(running: Iterable[Future[Any]], terms: Terms) -> set[Future[Any]]:
    """The futures that have ended, one at least; ticks meanwhile."""
    pending = set(running)
    while not (done := first_of(pending, timeout=terms.tick_seconds, return_when=FIRST_COMPLETED).done):
        terms.tell(Event(TICK, terms.clock()))
    return done


def apply(owners: Mapping[str, Owner], aws: Aws, terms: Terms, busy: Sequence[Wait], calls: Sequence[Call]) -> Walked:
    """Walks the graph of calls.

    A call that AWS refuses, or whose object never arrives, holds up what needs it; all others are made. After a lost
    answer, or when this run must not write any more, nothing new is begun.
    """
    walk = _Walk(owners, aws, terms, calls, {wait.noun for wait in busy})
    terms.tell(Event(PLANNED, terms.clock(), left=len(calls)))
    with ThreadPoolExecutor(max(1, min(len(calls), MOST_THREADS))) as pool:
        running: dict[Future[None], int] = {}
        while True:
            for position in walk.ready(MOST_THREADS - len(running)):
                running[pool.submit(walk.make, position)] = position
            if not running:
                return walk.outcome(busy)
            for future in _ended(running, terms):
                walk.finish(running.pop(future), future.exception())


class _Walk:
    """The state of one walk over a plan; only ``make`` runs in the pool's threads."""

    def __init__(
        self, owners: Mapping[str, Owner], aws: Aws, terms: Terms, calls: Sequence[Call], busy: set[str]
    ) -> None:
        self._owners, self._aws, self._terms, self._calls = owners, aws, terms, calls
        self._needs = dependencies(calls)
        self._busy = busy
        self._known: dict[str, Any] = {}
        self._started: set[int] = set()
        # With the place in the order in which they ended.
        self._done: dict[int, int] = {}
        self._made: set[int] = set()
        self._found: set[int] = set()
        self._failures: list[tuple[int, BaseException]] = []
        self._stopped = False

    def ready(self, room: int) -> list[int]:
        """Calls that can start now, ``room`` of them at most."""
        if self._stopped:
            return []
        found = [position for position, call in enumerate(self._calls)
                 if position not in self._started and self._needs[position] <= self._done.keys()
                 and call.on not in self._busy and not self._busy & set(call.after)]  # fmt: skip
        self._started |= set(found[:room])
        return found[:room]

    def make(self, position: int) -> None:
        call = self._calls[position]
        owner = self._owners[call.owner]
        behind = max(self._needs[position], key=self._done.__getitem__, default=None)
        self._tell(BEGUN, call, None if behind is None else self._calls[behind])
        params = resolve(call.params, self._known)
        # What this run made itself may not show yet; all else was seen when the plan was drawn up.
        answer = self._aws.write(
            call.service, call.operation, params, owner.component.patience, owner.component.harmless,
            lambda: self._terms.fence(call), not refs(call.params),
        )  # fmt: skip
        # An answer without anything in it is a refusal that says that it is so already.
        (self._made if answer else self._found).add(position)
        self._tell(MADE, call)
        self._terms.say(f"{call.owner}: {call.why}")
        self._known.update({name: jmespath.search(path, answer) for name, path in call.saves.items()})
        for wait in chain(call.wait):
            if self._terms.wait or not wait.slow:
                arrived = poll(wait, self._aws, self._known, self._terms, owner.wait_timeout)
                self._known.update({name: jmespath.search(path, arrived) for name, path in wait.saves.items()})

    def _tell(self, kind: str, call: Call, behind: Call | None = None) -> None:
        self._terms.tell(Event(kind, self._terms.clock(), call, behind))

    def finish(self, position: int, error: BaseException | None) -> None:
        call = self._calls[position]
        self._tell(ENDED if error is None or isinstance(error, LostAnswer) else FAILED, call)
        if error is not None:
            self._failures.append((position, error))
            self._stopped = self._stopped or not isinstance(error, (ClientError, AwsFailure))
        elif call.wait is None or self._terms.wait or not call.wait.slow:
            self._done[position] = len(self._done)

    def outcome(self, busy: Sequence[Wait]) -> Walked:
        made = [self._calls[position] for position in sorted(self._made)]
        failures = [(position, error) for position, error in self._failures if not isinstance(error, LostAnswer)]
        lost = [self._calls[position] for position, error in self._failures if isinstance(error, LostAnswer)]
        sent = self._made | self._found
        unfinished = [self._calls[position].wait for position in sorted(sent - self._done.keys())]
        left = [call for position, call in enumerate(self._calls) if position not in self._started]
        told = [self._told(position, error, made) for position, error in failures]
        return Walked(made, [*busy, *(wait for wait in unfinished if wait)], left, lost[0] if lost else None,
                      list(dict.fromkeys(told)))  # fmt: skip

    def _told(self, position: int, error: BaseException, made: Sequence[Call]) -> str:
        call = self._calls[position]
        component = self._owners[call.owner].component
        if isinstance(error, (BotoCoreError, ClientError)):
            reason = explain(error) + self._blockers(component, call, error)
        elif isinstance(error, Failure):
            reason = str(error)
        else:
            reason = f"{type(error).__name__}"
        done = ", ".join(f"{each.operation} on {each.on}" for each in made) or "none"
        return (f"{component.noun}: call {position + 1} of {len(self._calls)} ({call.why}) stopped: "
                f"{reason}. Made before: {done}")  # fmt: skip

    def _blockers(self, component: Component, call: Call, error: BotoCoreError | ClientError) -> str:
        """What the component finds in the way; a look that fails as well says nothing more."""
        if not isinstance(error, ClientError):
            return ""
        try:
            found = component.blockers(self._aws, resolve(call.params, self._known), code_of(error))
        except (BotoCoreError, ClientError, AwsFailure):
            return ""
        return f". {found}" if found else ""


def settle(waits: Sequence[tuple[Wait, float]], aws: Aws, terms: Terms) -> None:
    """Until each of the waits, which has so many seconds, has ended; all of them side by side.

    Raises the first failure, after all have ended.
    """
    with ThreadPoolExecutor(max(1, min(len(waits), MOST_THREADS))) as pool:
        pending = {pool.submit(poll, wait, aws, {}, terms, seconds) for wait, seconds in waits}
        failures = []
        while pending:
            done = _ended(pending, terms)
            pending -= done
            failures += [future.exception() for future in done if future.exception()]
    for failure in failures:
        if failure is not None:
            raise failure


def poll(wait: Wait, aws: Aws, known: Mapping[str, Any], terms: Terms, within_seconds: float) -> dict[str, Any] | None:
    """AWS's answer once the object has arrived.  Raises AwsFailure when it failed or the time is up."""
    params = resolve(wait.params, known)
    started = terms.clock()
    if wait.delay_seconds:
        terms.sleep(terms.poll_seconds if terms.poll_seconds is not None else wait.delay_seconds)
    while True:
        answer = aws.read(wait.service, wait.operation, wait.absent_codes, UNREACHABLE_SECONDS, **params)
        states = _states(wait, answer)
        arrived = all(state in wait.done for state in states)
        event = "" if arrived else _newest_event(wait, aws, known)
        now = terms.clock()
        terms.tell(Event(ARRIVED if arrived else WAITS, now, None, None, wait, started, ", ".join(states), event))
        if arrived:
            return answer
        _refuse_failed(wait, answer, states, event)
        if now - started >= within_seconds:
            raise AwsFailure(f"{wait.noun} is still {', '.join(states)} after {now - started:.0f} s. "
                             "Next: run again, the wait continues; or raise wait_timeout")  # fmt: skip
        terms.sleep(terms.poll_seconds if terms.poll_seconds is not None else wait.pause_seconds)


def _refuse_failed(wait: Wait, answer: dict[str, Any] | None, states: Sequence[str], event: str) -> None:
    for state in states:
        if state in wait.failed:
            reason = jmespath.search(wait.reason, answer) if wait.reason else event
            raise AwsFailure(f"{wait.noun} is {state}: {shown(reason or 'AWS gives no reason')}. "
                             "Next: mend the cause and run again")  # fmt: skip


def _newest_event(wait: Wait, aws: Aws, known: Mapping[str, Any]) -> str:
    if wait.events is None:
        return ""
    answer = aws.read(
        wait.service, wait.events.operation, (), UNREACHABLE_SECONDS, **resolve(wait.events.params, known)
    )
    return str(jmespath.search(wait.events.path, answer) or "")


def _states(wait: Wait, answer: dict[str, Any] | None) -> list[str]:
    found = jmespath.search(wait.path, answer) if answer is not None else None
    states = found if isinstance(found, list) else [found] if found else []
    return [str(state) for state in states] or ["absent"]
