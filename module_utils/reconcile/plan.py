# SPDX-License-Identifier: Apache-2.0
"""A plan is a list of Calls: boto3 operations written down instead of made.  Pure: no AWS, no Ansible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

KNOWN_AFTER_APPLY = "(known after apply)"
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
EVERYTHING_BEFORE = "*"

# What a call means for what exists; shown in plan and diff.
CREATE = "create"
IN_PLACE = "in place"
DEFERRED = "deferred to the maintenance window"
MULTI_STEP = "multi-step"
DISRUPTIVE = "disruptive"
REPLACE = "replace"
DELETE = "delete"
CHANGES = (CREATE, IN_PLACE, DEFERRED, MULTI_STEP, DISRUPTIVE, REPLACE, DELETE)


@dataclass(frozen=True)
class Ref:
    """A value that is not known before apply.

    An earlier Call of the same plan saves it under ``name``. Where it belongs to a parent that another component
    creates, ``parent`` says what is missing and who makes it; such a Ref can be planned with but not applied.
    ``how`` makes the value of all that was saved so far, by name, where it is not what AWS answered as it stands.
    """

    name: str
    parent: str = ""
    how: Callable[[Mapping[str, Any]], Any] | None = None

    def __str__(self) -> str:
        return KNOWN_AFTER_APPLY


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that is sent to AWS and shown nowhere."""

    value: str

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__


@dataclass(frozen=True)
class Events:
    """Where a service tells what it does: ``path`` (JMESPath) finds the newest message in the answer."""

    operation: str
    params: Mapping[str, Any]
    path: str


@dataclass(frozen=True)
class Wait:
    """Read ``operation`` until every state that ``path`` (JMESPath) finds is one of ``done``.

    Nothing found, or an error code in ``absent_codes``, is the state ``absent``. ``slow`` waits can be left to the
    settling at the end of a run; the others last seconds and are always waited for. A state in ``failed`` ends the
    wait with what ``reason`` (JMESPath) finds, or with the newest of the service's own ``events``. ``saves`` is as in
    a Call, from the answer that ended the wait: what AWS makes along with an object, and names only later. ``then`` is
    waited for next. ``typical_seconds`` is how long it usually lasts, for people who wait.
    """

    noun: str
    service: str
    operation: str
    params: Mapping[str, Any]
    path: str
    done: tuple[str, ...]
    failed: tuple[str, ...] = ()
    reason: str = ""
    absent_codes: tuple[str, ...] = ()
    pause_seconds: float = 5
    # How long AWS may go on showing the state from before the call.
    delay_seconds: float = 0
    slow: bool = True
    typical_seconds: float = 0
    events: Events | None = None
    saves: Mapping[str, str] = field(default_factory=dict)
    then: Wait | None = None


@dataclass(frozen=True)
class Call:
    """One write: ``operation`` is boto3's method name, ``on`` the object it touches.

    Calls on one object keep their order. ``after`` names objects whose calls, wherever they are listed, come first;
    ``EVERYTHING_BEFORE`` stands for all calls listed earlier. ``saves`` maps Ref names to JMESPaths in the response.
    ``releases`` holds the ids of what is in use until this call has ended, its wait included: whoever deletes one of
    them comes after. ``owner`` is the key of the declaration that wants the call; the plan of an environment sets it.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    on: str
    why: str
    change: str = IN_PLACE
    after: tuple[str, ...] = ()
    saves: Mapping[str, str] = field(default_factory=dict)
    wait: Wait | None = None
    releases: tuple[str, ...] = ()
    owner: str = ""


def walk(value: Any) -> Iterator[Any]:
    """Every leaf of a nested value."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from walk(item)
    else:
        yield value


def _replace(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """The same nested value with each leaf replaced; tuples become lists, as in JSON."""
    if isinstance(value, Mapping):
        return {key: _replace(item, leaf) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_replace(item, leaf) for item in value]
    return leaf(value)


def printable(value: Any) -> Any:
    """A value for people and JSON: Refs as "(known after apply)", secrets hidden."""
    return _replace(value, lambda leaf: str(leaf) if isinstance(leaf, (Ref, Secret)) else leaf)


def resolve(value: Any, known: Mapping[str, Any]) -> Any:
    """A value for boto3: Refs and secrets replaced by what they stand for.  Raises KeyError for an unknown Ref."""

    def real(leaf: Any) -> Any:
        if isinstance(leaf, Ref):
            return leaf.how(known) if leaf.how else known[leaf.name]
        return leaf.value if isinstance(leaf, Secret) else leaf

    return _replace(value, real)


def refs(value: Any) -> set[Ref]:
    """Every Ref inside a nested value."""
    return {leaf for leaf in walk(value) if isinstance(leaf, Ref)}


def agrees(planned: Any, other: Any) -> bool:
    """Whether two values are the same as far as both are known; a Ref agrees with anything."""
    if isinstance(planned, Ref) or isinstance(other, Ref):
        return True
    if isinstance(planned, Mapping) and isinstance(other, Mapping):
        return planned.keys() == other.keys() and all(agrees(planned[key], other[key]) for key in planned)
    if isinstance(planned, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(planned) == len(other) and all(map(agrees, planned, other))
    return bool(planned == other)


def same_call(call: Call, other: Call) -> bool:
    """Whether two plans mean the same call."""
    return (call.service, call.operation, call.on) == (other.service, other.operation, other.on) and agrees(
        call.params, other.params
    )


def chain(wait: Wait | None) -> Iterator[Wait]:
    """A wait and those that follow it."""
    while wait is not None:
        yield wait
        wait = wait.then


def saved(call: Call) -> set[str]:
    """The names of the Refs that a call and its waits save."""
    return {*call.saves, *(name for wait in chain(call.wait) for name in wait.saves)}


def described(call: Call) -> dict[str, Any]:
    """A call as it stands in results, plans and artifacts."""
    return {
        "service": call.service,
        "operation": call.operation,
        "params": printable(call.params),
        "on": call.on,
        "why": call.why,
        "change": call.change,
    }
