# SPDX-License-Identifier: Apache-2.0
"""Faults that are switched on from outside: which there are, which calls they concern, and when they strike.

Whether a fault strikes is drawn from its seed, the operation and how often that operation was called since the fault
was switched on. So the same calls meet the same faults, whatever else is sent side by side with them.
"""

from __future__ import annotations

import difflib
import fnmatch
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.utils import get_service_model

from localcloud.calls import Call

#: Kind -> the options that it takes beside those of every fault.
KINDS: dict[str, set[str]] = {
    "throttle": {"code"},
    "denied": set(),
    "refuse": {"code", "message", "status"},
    "error": {"after", "status"},
    "lost": {"after"},
    "garbled": {"after", "form"},
    "latency": {"ms"},
    "stale": {"reads"},
    "create-failed": {"message"},
    "nat-failed": {"code", "message"},
    "endpoint-failed": {"state", "message"},
}
COMMON = {"kind", "service", "operation", "count", "probability", "seed", "skip"}
#: What replaces the call's answer; of several only the first that strikes counts.
OUTCOMES = {"throttle", "denied", "refuse", "error", "lost", "garbled"}
#: What comes instead of an answer: a proxy's page, half of the answer, nothing, or its form with nothing in it.
FORMS = ("html", "half", "empty", "hollow")
#: What concerns the objects that a call made, not its answer.
AFTERMATHS = {"stale", "create-failed", "nat-failed", "endpoint-failed"}
#: How an endpoint can end without working.  Source: EC2 API reference, VpcEndpoint.State.
DEAD_STATES = ("failed", "rejected", "expired")
_PLACES = {
    "create-failed": ("elasticache", "CreateReplicationGroup"),
    "nat-failed": ("ec2", "CreateNatGateway"),
    "endpoint-failed": ("ec2", "CreateVpcEndpoint"),
}
_SEEDS = 2**31


class FaultError(ValueError):
    """A fault that cannot be meant."""


@dataclass
class Fault:
    """One fault as it was declared, and what became of it."""

    id: int
    kind: str
    service: str
    operation: str
    seed: int
    count: int | None = None
    probability: float | None = None
    skip: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    struck: int = 0
    _met: Counter[str] = field(default_factory=Counter)

    @property
    def after(self) -> bool:
        """Whether the call takes effect all the same."""
        return bool(self.options.get("after", False))

    def concerns(self, call: Call) -> bool:
        """Whether the fault may strike this call at all."""
        return self.service in ("*", call.service) and fnmatch.fnmatchcase(call.operation, self.operation)

    def strikes(self, call: Call) -> bool:
        """Whether the fault strikes this call, which it concerns; every question counts as one call."""
        if self.count is not None and self.struck >= self.count:
            return False
        name = f"{call.service}:{call.operation}"
        self._met[name] += 1
        if self._met.total() <= self.skip:
            return False
        if self.probability is not None:
            chance = random.Random(f"{self.seed}:{name}:{self._met[name]}").random()
            if chance >= self.probability:
                return False
        self.struck += 1
        return True

    def shown(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        limits = {"count": self.count, "probability": self.probability, "skip": self.skip or None}
        return {
            "id": self.id,
            "kind": self.kind,
            "service": self.service,
            "operation": self.operation,
            "seed": self.seed,
            **{name: value for name, value in limits.items() if value is not None},
            **self.options,
            "struck": self.struck,
        }

    def entry(self, **more: Any) -> dict[str, Any]:
        """What the journal says of a call that the fault struck."""
        chance = {"seed": self.seed} if self.probability is not None else {}
        return {"id": self.id, "kind": self.kind, **chance, **self.options, **more}


class Faults:
    """The faults of one cloud, in the order in which they were switched on."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last = 0

    def reset(self) -> None:
        """No fault is on, and numbers begin again."""
        self._faults.clear()
        self._last = 0

    def clear(self) -> None:
        """No fault is on; numbers go on, so that the journal stays clear."""
        self._faults.clear()

    def add(self, declared: Any) -> dict[str, Any]:
        """The new fault with its id and its seed. Raises FaultError."""
        fault = _fault(self._last + 1, declared)
        self._last = fault.id
        self._faults.append(fault)
        return fault.shown()

    def remove(self, number: int) -> None:
        """The fault with this id is off. Raises FaultError when there is none."""
        left = [fault for fault in self._faults if fault.id != number]
        if len(left) == len(self._faults):
            raise FaultError(f"there is no fault {number}")
        self._faults = left

    def shown(self) -> list[dict[str, Any]]:
        """All faults that are on, used up ones included."""
        return [fault.shown() for fault in self._faults]

    def of(self, kinds: set[str], call: Call) -> list[Fault]:
        """The faults of these kinds that concern a call."""
        return [fault for fault in self._faults if fault.kind in kinds and fault.concerns(call)]


def _fault(number: int, declared: Any) -> Fault:
    if not isinstance(declared, dict):
        raise FaultError(f"a fault is an object such as {{'kind': 'throttle'}}, not {declared!r}")
    kind = declared.get("kind")
    if kind not in KINDS:
        raise FaultError(f"unknown kind of fault {kind!r}; there are {', '.join(KINDS)}")
    known = COMMON | KINDS[kind]
    unknown = sorted(set(declared) - known)
    if unknown:
        raise FaultError(f"{kind} does not take {', '.join(unknown)}; it takes {', '.join(sorted(known))}")
    options = {name: declared[name] for name in declared if name in KINDS[kind]}
    _check_options(kind, options)
    _check_limits(declared)
    service, operation = _place(kind, declared)
    return Fault(
        number,
        kind,
        service,
        operation,
        # Drawn here and told, so that a run can be repeated.
        seed=declared.get("seed", random.randrange(_SEEDS)),
        count=declared.get("count"),
        probability=declared.get("probability"),
        skip=declared.get("skip", 0),
        options=options,
    )


def _place(kind: str, declared: dict[str, Any]) -> tuple[str, str]:
    """Service and operation, which have to exist: a misspelt fault would never strike, and its test always pass."""
    service, operation = _PLACES.get(kind, (declared.get("service", "*"), declared.get("operation", "*")))
    if kind in _PLACES and (declared.get("service", service), declared.get("operation", operation)) != (
        service,
        operation,
    ):
        raise FaultError(f"{kind} concerns {service} {operation} and nothing else")
    if service == "*":
        return service, operation
    try:
        names = list(get_service_model(service).operation_names)
    except (UnknownServiceError, NotImplementedError) as error:
        raise FaultError(f"there is no service {service!r}; write it as boto3 does") from error
    if not fnmatch.filter(names, operation):
        near = difflib.get_close_matches(operation, names, n=1)
        guess = f"; did you mean {near[0]}?" if near else ""
        raise FaultError(f"{service} has no operation {operation!r}{guess}")
    return service, operation


def _check_limits(declared: dict[str, Any]) -> None:
    for name in ("count", "skip", "seed"):
        if name in declared and not _is_whole(declared[name], 0):
            raise FaultError(f"{name} must be a whole number from 0 up, not {declared[name]!r}")
    chance = declared.get("probability", 0)
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise FaultError(f"probability must be from 0 to 1, not {chance!r}")


def _check_options(kind: str, options: dict[str, Any]) -> None:
    if kind == "refuse" and not options.get("code"):
        raise FaultError("refuse needs the AWS error code to answer with")
    if kind == "latency" and not _is_whole(options.get("ms"), 0):
        raise FaultError("latency needs ms, whole milliseconds")
    if kind == "stale" and not _is_whole(options.setdefault("reads", 1), 1):
        raise FaultError("reads must be a whole number from 1 up")
    if options.setdefault("form", "html") not in FORMS if kind == "garbled" else False:
        raise FaultError(f"form must be {', '.join(FORMS)}, not {options['form']!r}")
    if "status" in options and not (_is_whole(options["status"], 400) and options["status"] < 600):
        raise FaultError(f"status must be an HTTP status from 400 to 599, not {options['status']!r}")
    if "state" in options and options["state"] not in DEAD_STATES:
        raise FaultError(f"state must be {', '.join(DEAD_STATES)}, not {options['state']!r}")
    if not isinstance(options.get("after", False), bool):
        raise FaultError("after must be true or false")


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


#: The faults of this process: one process is one cloud.
faults = Faults()
