# SPDX-License-Identifier: Apache-2.0
"""What a model says of a value, and where a value breaks it. Pure functions.

Source: Smithy specification, "Constraint traits": required, enum, length, pattern, range; lengths count what is in a
list or a map, the characters of a text and the bytes of a blob.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

#: What Java's regular expressions have and Python's have not -> the nearest that Python has.
_JAVA_CLASSES = {
    r"\p{Print}": r"[\x20-\x7e]",
    r"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}": r"\x20-\x7e\u00a0-\U0010ffff",
    r"\p{L}\p{Z}\p{N}": r"\w\x20\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
    r"[\w-_]": r"[\w_-]",
}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes,),
    "timestamp": (datetime,),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


@dataclass(frozen=True)
class Violation:
    """One constraint that one value breaks.

    `kind` is required, type, enum, pattern, length or range; `limit` what is allowed: the type's name, the values, the
    pattern, or a pair of which one is None. `owner` is the shape that the value is a member of.
    """

    kind: str
    path: tuple[str, ...]
    value: Any
    limit: Any = None
    owner: str = ""
    sensitive: bool = False
    location: str = "body"


#: Owner, member and value -> what else is broken, as kind and limit.
More = Callable[[str, str, Any], Iterable[tuple[str, Any]]]


def violations(shape: Any, value: Any, more: More = lambda *_: ()) -> Iterator[Violation]:
    """Every constraint of the shape that the value breaks, in the model's order."""
    return _Walk(more).member(shape, value, Violation("", (), value))


@dataclass(frozen=True)
class _Walk:
    more: More

    def member(self, shape: Any, value: Any, place: Violation) -> Iterator[Violation]:
        """`place` is where the value stands; what is broken there is a copy with kind and limit."""
        place = replace(
            place,
            value=value,
            sensitive=bool(shape.metadata.get("sensitive")),
            location=shape.serialization.get("location", place.location),
        )
        if not _has_type(shape, value):
            yield replace(place, kind="type", limit=shape.type_name)
            return
        name = place.path[-1] if place.path else ""
        for kind, limit in (*_broken(shape, value), *self.more(place.owner, name, value)):
            yield replace(place, kind=kind, limit=limit)
        yield from self._inner(shape, value, place)

    def _inner(self, shape: Any, value: Any, place: Violation) -> Iterator[Violation]:
        def step(*names: str) -> Violation:
            return replace(place, path=(*place.path, *names), owner=shape.name)

        if shape.type_name == "structure":
            for name, member in shape.members.items():
                if name in value:
                    yield from self.member(member, value[name], step(name))
                elif name in shape.required_members:
                    where = member.serialization.get("location", place.location)
                    yield replace(step(name), kind="required", value=None, location=where)
        elif shape.type_name == "list":
            for number, each in enumerate(value, 1):
                yield from self.member(shape.member, each, step(str(number), "member"))
        elif shape.type_name == "map":
            for key, each in value.items():
                yield from self.member(shape.key, key, step("key"))
                yield from self.member(shape.value, each, step(str(key), "member"))


def _has_type(shape: Any, value: Any) -> bool:
    if isinstance(value, bool) and shape.type_name != "boolean":
        return False
    # A blob may be text where a parser leaves it alone: a body, say.
    known = (*_TYPES[shape.type_name], str) if shape.type_name == "blob" else _TYPES[shape.type_name]
    return isinstance(value, known) or getattr(shape, "is_document_type", False)


def _broken(shape: Any, value: Any) -> Iterator[tuple[str, Any]]:
    kind, limits = shape.type_name, shape.metadata
    if kind == "string" and shape.enum:
        if value not in shape.enum:
            yield "enum", tuple(shape.enum)
        return
    if kind in ("string", "blob", "list", "map"):
        yield from _beyond("length", len(value), limits)
    elif kind in ("integer", "long", "float", "double"):
        yield from _beyond("range", value, limits)
    if kind == "string" and "pattern" in limits:
        pattern = compiled(limits["pattern"])
        if pattern is not None and not pattern.fullmatch(value):
            yield "pattern", limits["pattern"]


def _beyond(kind: str, number: float, limits: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    least, most = limits.get("min"), limits.get("max")
    if least is not None and number < least:
        yield kind, (least, None)
    if most is not None and number > most:
        yield kind, (None, most)


@functools.cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern in Python's form; None where Python has no such form."""
    for java, python in _JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        return None
