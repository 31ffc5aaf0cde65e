# SPDX-License-Identifier: Apache-2.0
"""Objects that reads do not see yet, or see as they were.

AWS answers reads from copies that learn of a new object, and of a change, later. Here an object that is hidden is taken
off moto's shelves while a read is answered, or an earlier copy of it is put there, and then everything is put back:
lists come without it, and reads by id say whatever moto says of an object that does not exist. A read that names other
objects of its kind does not count.
Source: EC2 API reference, "Eventual consistency"; IAM user guide, "Troubleshoot IAM".
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from localcloud.calls import Call
from localcloud.shelves import SHELVES, Shelf, names_on, words_of


class Cause(Protocol):
    """Why something is late: a fault, or the setting `lateness`."""

    @property
    def id(self) -> int:
        """The number that the fault was given; 0 for the setting."""

    def entry(self, **more: Any) -> dict[str, Any]:
        """What the journal says of a call that it struck."""


#: A holder of moto's, and the object that it held before a change.
Earlier = tuple[dict[str, Any], Any]


@dataclass
class Unseen:
    """One object that reads do not find yet; with `earlier`, one whose last change they do not see yet."""

    shelf: Shelf
    name: str
    reads: int
    cause: Cause
    #: Whether each read operation misses it `reads` times, or all of them together.
    each: bool = True
    earlier: Earlier | None = None
    missed: Counter[str] = field(default_factory=Counter)

    def meets(self, operation: str) -> bool:
        """Whether one more call misses it; counts as one of those that do."""
        key = operation if self.each else ""
        if self.missed[key] >= self.reads:
            return False
        self.missed[key] += 1
        return True

    def is_missed_by(self, call: Call) -> bool:
        """Whether this read does not find the object; counts as one of the reads that miss it."""
        if call.service != self.shelf.service:
            return False
        if not any(fnmatch.fnmatchcase(call.operation, pattern) for pattern in self.shelf.reads):
            return False
        return not self._is_about_others(call) and self.meets(call.operation)

    def _is_about_others(self, call: Call) -> bool:
        words = words_of(call.params)
        there = {name for holder in self.shelf.holders(call.region) for name in names_on(holder)}
        return self.name not in words and bool(words & there)


class Hidden:
    """All objects of this cloud that are not seen yet."""

    def __init__(self) -> None:
        self.objects: list[Unseen] = []

    def reset(self) -> None:
        """Everything is seen."""
        self.objects.clear()

    def reveal(self, number: int) -> None:
        """What the fault with this id hid is seen."""
        self.objects = [unseen for unseen in self.objects if unseen.cause.id != number]

    def add(self, call: Call, made: dict[str, set[str]], cause: Cause, reads: int) -> None:
        """From now on each read operation misses what the call made that often."""
        shelves = {shelf.kind: shelf for shelf in SHELVES if shelf.service == call.service}
        self.objects += [
            Unseen(shelves[kind], name, reads, cause) for kind, names in made.items() for name in sorted(names)
        ]

    @contextmanager
    def out_of_sight(self, call: Call) -> Iterator[dict[str, Any]]:
        """While the block answers the read, what it misses is off the shelves; yields what the journal says of it."""
        missed = [unseen for unseen in self.objects if unseen.is_missed_by(call)]
        swapped: list[_Swap] = []
        gone: list[str] = []
        for unseen in missed:
            found = _old(*unseen.earlier, unseen.name) if unseen.earlier else _take(unseen, call.region)
            swapped += found
            gone += [unseen.name] if found else []
        try:
            yield missed[0].cause.entry(hidden=gone) if gone else {}
        finally:
            for swap in reversed(swapped):
                swap.undo()


@dataclass
class _Swap:
    """What stood on a shelf, and what stands there for the time being."""

    holder: Any
    name: str
    value: Any
    instead: Any = None

    def undo(self) -> None:
        if not isinstance(self.holder, dict):
            self.holder.append(self.value)
        elif self.holder.get(self.name) is self.instead:
            # Otherwise the object was deleted meanwhile: what was under way arrived.
            self.holder[self.name] = self.value


def _take(unseen: Unseen, region: str) -> list[_Swap]:
    """What was taken off the shelves."""
    taken = []
    for holder in unseen.shelf.holders(region):
        if isinstance(holder, dict):
            if unseen.name in holder:
                taken.append(_Swap(holder, unseen.name, holder.pop(unseen.name)))
        else:
            for value in [each for each in holder if each.allocation_id == unseen.name]:
                holder.remove(value)
                taken.append(_Swap(holder, unseen.name, value))
    return taken


def _old(holder: dict[str, Any], earlier: Any, name: str) -> list[_Swap]:
    """What was put aside for its earlier self; nothing when it is not there any more, or was hidden already."""
    if name not in holder:
        return []
    swap = _Swap(holder, name, holder[name], earlier)
    holder[name] = earlier
    return [swap]
