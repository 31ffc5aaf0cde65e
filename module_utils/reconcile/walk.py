"""Making the calls of a plan: side by side where they may, in order where they must, waiting where AWS is slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as first_of
from dataclasses import dataclass, field
from typing import Any

import jmespath
from botocore.exceptions import BotoCoreError, ClientError

from .aws import SIDE_BY_SIDE, Aws, code_of, explain
from .component import Component, Seen
from .errors import AwsFailure, Failure, LostAnswer, shown
from .plan import Call, Wait, chain, dependencies, resolve

Tell = Callable[[str, str, float, str], None]


def silent(noun: str, state: str, elapsed_seconds: float, event: str) -> None:
    """Nobody is told."""


def unfenced() -> None:
    """Nobody is asked."""


@dataclass(frozen=True)
class Terms:
    """How one run is carried out, apart from what is declared.

    ``wait_timeout`` bounds the waits of one walk, in seconds; ``poll_seconds`` replaces each wait's own pause;
    ``tell(noun, state, elapsed_seconds, event)`` hears of every poll; ``event`` is the service's newest message.
    ``fence()`` is asked before each write, and raises a Failure when this run must not write any more.
    """

    check_mode: bool
    wait: bool
    wait_timeout: float
    poll_seconds: float | None
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    tell: Tell = silent
    fence: Callable[[], None] = unfenced


@dataclass
class Walked:
    """What became of a plan: calls made, waits left to others, calls not made because of those waits."""

    made: list[Call] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    left: list[Call] = field(default_factory=list)
    lost: Call | None = None


def apply(component: Component, aws: Aws, terms: Terms, seen: Seen, calls: list[Call]) -> Walked:
    """Walks the graph of calls, up to ten side by side.  Raises AwsFailure with what was made and what was not."""
    walk = _Walk(component, aws, terms, calls, busy={wait.noun for wait in seen.waits})
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        running: dict[Future[None], int] = {}
        while True:
            for position in walk.ready(SIDE_BY_SIDE - len(running)):
                running[pool.submit(walk.make, position)] = position
            if not running:
                return walk.outcome(seen.waits)
            for future in first_of(running, return_when=FIRST_COMPLETED).done:
                walk.finish(running.pop(future), future.exception())


class _Walk:
    """The state of one walk over a plan; only ``make`` runs in the pool's threads."""

    def __init__(self, component: Component, aws: Aws, terms: Terms, calls: list[Call], busy: set[str]) -> None:
        self._component, self._aws, self._terms, self._calls = component, aws, terms, calls
        self._deadline = terms.clock() + terms.wait_timeout
        self._needs = dependencies(calls)
        self._busy = busy
        self._known: dict[str, Any] = {}
        self._started: set[int] = set()
        self._done: set[int] = set()
        self._made: set[int] = set()
        self._failures: list[tuple[int, BaseException]] = []

    def ready(self, room: int) -> list[int]:
        """Calls that can start now, ``room`` of them at most; none after a failure."""
        if self._failures:
            return []
        found = [position for position, call in enumerate(self._calls)
                 if position not in self._started and self._needs[position] <= self._done
                 and call.on not in self._busy and not self._busy & set(call.after)]  # fmt: skip
        self._started |= set(found[:room])
        return found[:room]

    def make(self, position: int) -> None:
        call = self._calls[position]
        params = resolve(call.params, self._known)
        self._terms.fence()
        answer = self._aws.write(
            call.service, call.operation, params, self._component.patience, self._component.harmless
        )
        self._made.add(position)
        self._known.update({name: jmespath.search(path, answer) for name, path in call.saves.items()})
        for wait in chain(call.wait):
            if self._terms.wait or not wait.slow:
                arrived = poll(wait, self._aws, self._known, self._terms, self._deadline)
                self._known.update({name: jmespath.search(path, arrived) for name, path in wait.saves.items()})

    def finish(self, position: int, error: BaseException | None) -> None:
        call = self._calls[position]
        if error is not None:
            self._failures.append((position, error))
        elif call.wait is None or self._terms.wait or not call.wait.slow:
            self._done.add(position)

    def outcome(self, waits: Sequence[Wait]) -> Walked:
        made = [self._calls[position] for position in sorted(self._made)]
        for position, error in self._failures:
            if not isinstance(error, LostAnswer):
                raise self._stopped(position, error, made) from error
        if self._failures:
            return Walked(made, lost=self._calls[self._failures[0][0]])
        unfinished = [self._calls[position].wait for position in sorted(self._made - self._done)]
        left = [call for position, call in enumerate(self._calls) if position not in self._started]
        return Walked(made, [*waits, *(wait for wait in unfinished if wait)], left)

    def _stopped(self, position: int, error: BaseException, made: Sequence[Call]) -> AwsFailure:
        call = self._calls[position]
        if isinstance(error, (BotoCoreError, ClientError)):
            reason = explain(error) + self._blockers(call, error)
        elif isinstance(error, Failure):
            reason = str(error)
        else:
            reason = f"{type(error).__name__}"
        done = ", ".join(f"{each.operation} on {each.on}" for each in made) or "none"
        return AwsFailure(f"{self._component.noun}: call {position + 1} of {len(self._calls)} ({call.why}) stopped: "
                          f"{reason}. Made before: {done}")  # fmt: skip

    def _blockers(self, call: Call, error: BotoCoreError | ClientError) -> str:
        """What the component finds in the way; a look that fails as well says nothing more."""
        if not isinstance(error, ClientError):
            return ""
        try:
            found = self._component.blockers(self._aws, resolve(call.params, self._known), code_of(error))
        except (BotoCoreError, ClientError):
            return ""
        return f". {found}" if found else ""


def poll(wait: Wait, aws: Aws, known: Mapping[str, Any], terms: Terms, deadline: float) -> dict[str, Any] | None:
    """AWS's answer once the object has arrived.  Raises AwsFailure when it failed or the time is up."""
    params = resolve(wait.params, known)
    started = terms.clock()
    if wait.delay_seconds:
        terms.sleep(terms.poll_seconds if terms.poll_seconds is not None else wait.delay_seconds)
    while True:
        answer = aws.read(wait.service, wait.operation, wait.absent_codes, **params)
        states = _states(wait, answer)
        arrived = all(state in wait.done for state in states)
        event = "" if arrived else _newest_event(wait, aws, known)
        elapsed = terms.clock() - started
        terms.tell(wait.noun, ", ".join(states), elapsed, event)
        if arrived:
            return answer
        _refuse_failed(wait, answer, states, event)
        if terms.clock() >= deadline:
            raise AwsFailure(f"{wait.noun} is still {', '.join(states)} after {elapsed:.0f} s. "
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
    answer = aws.read(wait.service, wait.events.operation, **resolve(wait.events.params, known))
    return str(jmespath.search(wait.events.path, answer) or "")


def _states(wait: Wait, answer: dict[str, Any] | None) -> list[str]:
    found = jmespath.search(wait.path, answer) if answer is not None else None
    states = found if isinstance(found, list) else [found] if found else []
    return [str(state) for state in states] or ["absent"]
