# SPDX-License-Identifier: Apache-2.0
"""The faults at work on single calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localcloud.calls import Call
from localcloud.fault_answers import answer_of, throttled
from localcloud.faults import AFTERMATHS, OUTCOMES, Fault, Faults, faults
from localcloud.lateness import Lateness
from localcloud.overlays.failures import fail_endpoint, fail_group, fail_nat_gateway
from localcloud.rates import rates
from localcloud.refusals import Answer
from localcloud.shelves import ids_of
from localcloud.stale import Hidden


@dataclass
class Strike:
    """What the faults do to one call."""

    seconds: float = 0.0
    outcome: Fault | None = None
    #: What is answered without a fault and without a look at anything.
    answer: Answer | None = None
    #: What the journal says; empty when nothing struck.
    entry: dict[str, Any] = field(default_factory=dict)


class Injection:
    """The faults of one cloud, and the objects that they hide."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._hidden = Hidden()
        self._late = Lateness(self._hidden)

    def reset(self) -> None:
        """As after the start: no fault is on, everything is seen, ids begin again."""
        self._faults.reset()
        self._hidden.reset()
        self._late.reset()
        rates.reset()

    def catch_up(self) -> None:
        """Nothing is late any more; what the setting says holds for what is made and changed from now on."""
        self._late.reset()
        self._hidden.reveal(0)

    def remove(self, number: int) -> None:
        """The fault with this id is off, and what it hid is seen. Raises FaultError when there is none."""
        self._faults.remove(number)
        self._hidden.reveal(number)

    def clear(self) -> None:
        """No fault is on, and everything is seen."""
        self._faults.clear()
        self._hidden.reset()

    def meet(self, call: Call) -> Strike:
        """What strikes a call that has just come in."""
        if not rates.takes(call):
            return Strike(answer=throttled(call), entry={"kind": "rate"})
        slow = [fault for fault in self._faults.of({"latency"}, call) if fault.strikes(call)]
        milliseconds = sum(fault.options["ms"] for fault in slow)
        outcome = next((fault for fault in self._faults.of(OUTCOMES, call) if fault.strikes(call)), None)
        strike = Strike(milliseconds / 1000, outcome)
        if outcome:
            strike.entry = outcome.entry()
        elif slow:
            strike.entry = slow[0].entry()
        if slow:
            strike.entry["ms"] = milliseconds
        return strike

    def answer(self, call: Call, strike: Strike, act: Callable[[], Answer]) -> Answer:
        """The answer to the call; `act` lets it take effect. Completes the strike's entry."""
        if strike.answer:
            return strike.answer
        outcome = strike.outcome
        if outcome and not outcome.after:
            return answer_of(outcome, call)
        late = self._late.refusal(call)
        if late:
            answer, entry = late
            strike.entry |= entry
        else:
            answer = self._write(call, strike, act) if call.write else self._read(call, strike, act)
        return answer_of(outcome, call, answer) if outcome else answer

    def _read(self, call: Call, strike: Strike, act: Callable[[], Answer]) -> Answer:
        with self._hidden.out_of_sight(call) as entry:
            answer = act()
        if not strike.outcome:
            strike.entry |= entry
        return answer

    def _write(self, call: Call, strike: Strike, act: Callable[[], Answer]) -> Answer:
        """The answer; what the call made is hidden or doomed when a fault says so."""
        if self._late.is_on():
            act = self._late.following(call, act)
        following = self._faults.of(AFTERMATHS, call)
        if not following:
            return act()
        before = ids_of(call)
        answer = act()
        made = {kind: names - before[kind] for kind, names in ids_of(call).items() if names - before[kind]}
        for fault in following:
            if made and fault.strikes(call):
                self._follow(call, made, fault)
                strike.entry = fault.entry() | strike.entry
        return answer

    def _follow(self, call: Call, made: dict[str, set[str]], fault: Fault) -> None:
        if fault.kind == "stale":
            self._hidden.add(call, made, fault, fault.options["reads"])
        for name in made.get("replication group", ()) if fault.kind == "create-failed" else ():
            fail_group(call.region, name, **fault.options)
        for name in made.get("NAT gateway", ()) if fault.kind == "nat-failed" else ():
            fail_nat_gateway(call.region, name, **fault.options)
        for name in made.get("endpoint", ()) if fault.kind == "endpoint-failed" else ():
            fail_endpoint(call.region, name, **fault.options)


#: The faults at work in this process: one process is one cloud.
injection = Injection(faults)
