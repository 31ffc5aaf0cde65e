# SPDX-License-Identifier: Apache-2.0
"""The shape of a component: plain functions and data, one value.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import Refusal
from .fields import Difference, Field
from .plan import Call, Wait
from .usage import Use

if TYPE_CHECKING:
    from ..aws.client import Aws

Options = Mapping[str, Any]
State = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What one look at AWS found, in the vocabulary of the options.

    ``resource``: the component's main object with all that belongs to it, ``None`` when there is none.
    ``satellites``: fields of objects that stand on their own name (a subnet group, a lock table) and may exist while
    the main object does not. ``around``: facts that the declaration leans on (ids of parents, families, zones).
    ``waits``: what is still in the making. ``scheduled``: field name -> what waits for the maintenance window, and
    when. ``foreign``: objects that bear our names and are not ours. ``strangers``: what others have put into what is
    ours, each with ``what``, ``id``, ``where`` and ``found``; it is told and left alone.
    """

    resource: State | None
    satellites: State = field(default_factory=dict)
    around: State = field(default_factory=dict)
    waits: tuple[Wait, ...] = ()
    scheduled: Mapping[str, str] = field(default_factory=dict)
    foreign: tuple[Refusal, ...] = ()
    strangers: tuple[Mapping[str, str], ...] = ()


def _nothing(*_unused: Any) -> tuple[Refusal, ...]:
    return ()


def _no_charges(_unused: State) -> tuple[Use, ...]:
    return ()


def _no_offers(*_unused: Any) -> dict[str, Any]:
    return {}


def _no_arns(_unused: Options) -> Mapping[str, tuple[str, ...]]:
    return {}


def _as_seen(seen: Seen, _unused: Mapping[str, Any]) -> Seen:
    return seen


def _silence(*_unused: Any) -> str:
    return ""


@dataclass(frozen=True)
class Component:
    """One kind of resource that a module keeps as declared.

    ``rules(options)`` yields combinations that AWS would refuse, before any call. ``observe`` reads; beside it only
    ``blockers`` and the readers in ``leans_on`` touch AWS. ``desire(options, seen)`` is the declaration in the
    vocabulary of the fields. ``newborn(desired)`` is what AWS hands out right after ``create(desired)``; what differs
    from it goes through ``update(observed, desired, differences)``. ``delete(seen, options)`` undoes everything.
    ``guards`` yields changes that would lose data and that no option allows; ``misfits(options, seen)`` what does not
    fit what the declaration leans on. ``blockers(aws, params, code)`` reads what stands in the way of a call that AWS
    refused with this code, and says it in a sentence.

    Components know each other by the names and shapes in ``offers.py``. ``offers(options, seen, desired)`` says what
    will be there once the declaration holds, or what is there where ``desired`` is ``None``; all names that it can
    offer are in ``offering``. What a component leans on comes to it in ``seen.around``: from the environment that it
    belongs to, or where that offers none, from the reader beside the name in ``leans_on``. ``further(options, seen)``
    names the reads that only this makes necessary, ``learned(seen, answers)`` is what they add.

    A glance, which only tells whether anything is to be done, leaves out the reads in ``for_changes``, which judge what
    is new, and where nobody listens those in ``to_tell``, which find what is told and left alone; both are keys of
    ``read_many``, whose answer is ``None`` then.

    ``permissions`` are the IAM actions of all calls that it can make; those in ``parting`` are of its removal alone.
    ``arns(options)`` are the last parts of the ARNs of what they name, by service, where an ARN holds a name.

    ``charges(state)`` says what AWS charges for by the month in a state, observed or foreseen.
    """

    module: str
    noun: str
    options: Mapping[str, Mapping[str, Any]]
    fields: tuple[Field, ...]
    observe: Callable[[Aws, Options], Seen]
    desire: Callable[[Options, Seen], State]
    newborn: Callable[[State], State]
    create: Callable[[State], list[Call]]
    update: Callable[[State, State, Mapping[str, Difference]], list[Call]]
    delete: Callable[[Seen, Options], list[Call]]
    permissions: frozenset[str]
    parting: frozenset[str] = frozenset()
    arns: Callable[[Options], Mapping[str, tuple[str, ...]]] = _no_arns
    rules: Callable[[Options], Iterable[Refusal]] = _nothing
    guards: Callable[[State, State, Mapping[str, Difference]], Iterable[Refusal]] = _nothing
    misfits: Callable[[Options, Seen], Iterable[Refusal]] = _nothing
    blockers: Callable[[Aws, Mapping[str, Any], str], str] = _silence
    offering: tuple[str, ...] = ()
    offers: Callable[[Options, Seen, State | None], Mapping[str, Any]] = _no_offers
    leans_on: Mapping[str, Callable[[Aws, Options], Any]] = field(default_factory=dict)
    further: Callable[[Options, Seen], Mapping[str, tuple[Any, ...]]] = _no_offers
    learned: Callable[[Seen, Mapping[str, Any]], Seen] = _as_seen
    for_changes: frozenset[str] = frozenset()
    to_tell: frozenset[str] = frozenset()
    charges: Callable[[State], Iterable[Use]] = _no_charges
    # Error codes that mean "not yet", with the seconds they are worth waiting for.
    patience: Mapping[str, float] = field(default_factory=dict)
    # Error codes that mean "it is so already", with the text that the message must hold.
    harmless: Mapping[str, str] = field(default_factory=dict)
