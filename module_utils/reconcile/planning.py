# SPDX-License-Identifier: Apache-2.0
"""From looks to one plan: every component on what the others will be, all calls in one graph.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import identity
from .component import Component, Options, Seen, State
from .errors import Refusal, Refused, shown
from .fields import Difference, compare
from .graph import missing_parents, ordered
from .offers import STATE_LOCK, StateLock
from .plan import CREATE, DELETE, DISRUPTIVE, IN_PLACE, MULTI_STEP, Call, Wait, printable


@dataclass(frozen=True)
class Declaration:
    """What is wanted of one component; ``key`` tells it from the others of its environment.

    ``variables`` are the names under which people wrote the options, where those are others.
    """

    key: str
    component: Component
    options: Options
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def removes(self) -> bool:
        """Whether the object is to be gone."""
        return bool(self.options["state"] == "absent")

    @property
    def name(self) -> str:
        """The name of the object: as declared, else the environment's."""
        return name_of(self.options)


def name_of(options: Options) -> str:
    """The name of the object that options declare."""
    return str(options.get("name") or identity.identity_of(options).name)


@dataclass(frozen=True)
class Look:
    """What one look at a declaration's objects found: ``seen``, or the refusals or the failure that it ended with."""

    seen: Seen | None = None
    refusals: tuple[Refusal, ...] = ()
    failure: str = ""


@dataclass(frozen=True)
class Part:
    """What a plan says of one declaration.

    ``awaits`` says what it leans on that could not be looked at, or was refused; ``left_out`` is why it could not be
    compared, whatever the reason. Both are empty where it was.
    """

    declaration: Declaration
    look: Look
    desired: State | None = None
    differences: Mapping[str, Difference] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    awaits: str = ""

    @property
    def left_out(self) -> str:
        return self.look.failure or self.awaits

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What AWS is in the middle of."""
        return self.look.seen.waits if self.look.seen else ()


@dataclass(frozen=True)
class Plan:
    """The parts by key, all calls in an order that can be walked, and what the parts offer."""

    parts: Mapping[str, Part]
    calls: tuple[Call, ...]
    offers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def refusals(self) -> list[Refusal]:
        """Every refusal, in the order of the parts."""
        return [refusal for part in self.parts.values() for refusal in part.refusals]

    @property
    def failures(self) -> list[str]:
        """Why parts could not be looked at; what hit all of them is said once, and what follows from it is not."""
        return list(dict.fromkeys(part.look.failure for part in self.parts.values() if part.look.failure))

    @property
    def whole(self) -> bool:
        """Whether every part could be compared."""
        return not any(part.left_out for part in self.parts.values())

    def of(self, key: str) -> list[Call]:
        """The calls of one declaration, in the order in which they are made."""
        return [call for call in self.calls if call.owner == key]


def leaning_order(declarations: Sequence[Declaration]) -> list[Declaration]:
    """Whoever offers comes before whoever leans on it; otherwise the order given."""
    order: list[Declaration] = []
    left = list(declarations)
    while left:
        awaited = {name for each in left for name in each.component.offering}
        free = [each for each in left if not awaited & set(each.component.leans_on)]
        if not free:
            raise ValueError(f"components lean on each other: {', '.join(each.key for each in left)}")
        order += free
        # By key: comparing declarations compares all that they declare.
        left = [each for each in left if each.key not in {one.key for one in free}]
    return order


def offered(declarations: Sequence[Declaration]) -> set[str]:
    """The names of what the declarations offer each other."""
    return {name for each in declarations for name in each.component.offering}


def draw_up(declarations: Sequence[Declaration], looks: Mapping[str, Look]) -> Plan:
    """The plan of an environment.  A refusal of one part is kept beside what the others would do."""
    parts: dict[str, Part] = {}
    offers: dict[str, Any] = {}
    for declaration in leaning_order(declarations):
        part = _part(declaration, looks[declaration.key], offers)
        part = replace(part, refusals=tuple(each.written(declaration.variables) for each in part.refusals))
        parts[declaration.key] = part
        if part.look.seen is not None:
            wanted = None if part.refusals else part.desired
            offers.update(declaration.component.offers(declaration.options, part.look.seen, wanted))
    ranked = {each.key: _alone(parts[each.key], parts) for each in declarations}
    calls = [call for part in ranked.values() for call in part.calls]
    return Plan(ranked, tuple(ordered(_lock_goes_last(calls, offers.get(STATE_LOCK)))), offers)


def _alone(part: Part, parts: Mapping[str, Part]) -> Part:
    """The part, with refusals for objects that a part before it has calls on as well: each has one declaration.

    What is removed may be called as what is kept: parts of a network bear no name of their own in a plan.
    """
    found = []
    for key, other in parts.items():
        if key == part.declaration.key or part.declaration.removes:
            break
        if other.declaration.removes:
            continue
        theirs = {call.on for call in other.calls}
        for on in dict.fromkeys(call.on for call in part.calls if call.on in theirs):
            found.append(Refusal(part.declaration.component.noun, part.declaration.name, on, f"declared by {key} too",
                                 "one declaration of each object", "give each its own name"))  # fmt: skip
    return replace(part, refusals=(*part.refusals, *found)) if found else part


def _lock_goes_last(calls: Sequence[Call], lock: StateLock | None) -> list[Call]:
    """The bucket that holds the lock is emptied and removed when everything else is done."""
    holders = {call.owner for call in calls if lock and call.on == lock.noun and call.change == DELETE}
    others = tuple(dict.fromkeys(call.on for call in calls if call.owner not in holders))
    return [replace(call, after=(*call.after, *others)) if call.owner in holders else call for call in calls]


def _part(declaration: Declaration, look: Look, offers: Mapping[str, Any]) -> Part:
    if look.seen is None:
        return Part(declaration, look, refusals=look.refusals)
    component, options = declaration.component, declaration.options
    missing = sorted(name for name in component.leans_on if name not in {**look.seen.around, **offers})
    if missing and not declaration.removes:
        return Part(declaration, look, awaits=_unknown(declaration, missing))
    leaning = {name: offers[name] for name in component.leans_on if name in offers}
    seen = replace(look.seen, around={**look.seen.around, **leaning})
    look = replace(look, seen=seen)
    try:
        desired, differences, calls = planned(component, options, seen)
    except Refused as refused:
        return Part(declaration, look, refusals=refused.refusals)
    owned = tuple(replace(call, change=_class(call, calls, seen), owner=declaration.key) for call in calls)
    return Part(declaration, look, desired, differences, owned)


def _unknown(declaration: Declaration, missing: Sequence[str]) -> str:
    return (f"{declaration.component.noun} {declaration.name}: not compared, for it leans on the "
            f"{', '.join(missing)}, which could not be looked at. Next: mend that first")  # fmt: skip


def rules(declaration: Declaration) -> list[Refusal]:
    """What can be refused without a look."""
    options, component = declaration.options, declaration.component
    found = [*identity.refusals(options), *component.rules(options)]
    if (seconds := options.get("wait_timeout")) is not None and seconds < 1:
        name = declaration.name
        found.append(Refusal(component.noun, name, "wait_timeout", seconds, "1 second or more", "correct wait_timeout"))
    return found


def _class(call: Call, calls: Sequence[Call], seen: Seen) -> str:
    """The class of a change as it is for what exists: nothing disrupts, changes step by step or leaves what is only
    being made."""
    new = seen.resource is None or any(other.on == call.on and other.change == CREATE for other in calls)
    return IN_PLACE if new and call.change in (DISRUPTIVE, MULTI_STEP) else call.change


def planned(
    component: Component, options: Options, seen: Seen
) -> tuple[State | None, Mapping[str, Difference], list[Call]]:
    """What is wanted, the differences and the calls that remove them, in an order that can be walked.

    Raises Refused with everything that speaks against it.
    """
    refuse([*seen.foreign, *component.misfits(options, seen)])
    if options["state"] == "absent":
        return None, {}, ordered(component.delete(seen, options))
    desired = component.desire(options, seen)
    if seen.resource is None:
        born = {**component.newborn(desired), **seen.satellites}
        calls = [*component.create(desired), *component.update(born, desired, compare(component.fields, born, desired))]
        return desired, compare(component.fields, None, desired), ordered(calls)
    differences = compare(component.fields, seen.resource, desired)
    refuse([*_fixed(component, options, differences), *component.guards(seen.resource, desired, differences)])
    calls = ordered(component.update(seen.resource, desired, differences)) if differences else []
    if differences and not calls:
        raise AssertionError(f"{component.noun}: no call changes {', '.join(differences)}")
    return desired, differences, calls


def refuse(refusals: Sequence[Refusal]) -> None:
    """Raises Refused when there is anything to refuse."""
    if refusals:
        raise Refused(refusals)


def _fixed(component: Component, options: Options, differences: Mapping[str, Difference]) -> list[Refusal]:
    """Refusals for what AWS cannot change on an existing object."""
    return [
        Refusal(component.noun, name_of(options), difference.field.name, difference.after, difference.before,
                f"{difference.field.fixed}; put the old value back, or destroy the {component.noun} and run again")
        for difference in differences.values() if difference.field.fixed
    ]  # fmt: skip


def parentless(plan: Plan) -> Iterator[Refusal]:
    """Refusals for parents that a plan may assume but a run needs: nobody makes them in this plan."""
    missing = set(missing_parents(plan.calls))
    for part in plan.parts.values() if missing else ():
        name = part.declaration.name
        for parent in missing & set(missing_parents(plan.of(part.declaration.key))):
            yield Refusal(part.declaration.component.noun, name, "parent", "nothing", parent,
                          "run the role that makes it first")  # fmt: skip


def unconverged(part: Part) -> str:
    """What still differs after a run, as a sentence; empty when nothing does."""
    if part.refusals:
        return "\n".join(map(str, part.refusals))
    if part.left_out:
        return part.left_out
    if not part.calls:
        return ""
    return "; ".join(
        [f"{name}: found {shown(printable(difference.before))}, wanted {shown(printable(difference.after))}"
         for name, difference in part.differences.items()] or [call.why for call in part.calls])  # fmt: skip
