# SPDX-License-Identifier: Apache-2.0
"""What a component is made of, and how two states of it differ.  Pure: no AWS, no Ansible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .plan import printable


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Field:
    """One property, named exactly as the option that states it.

    ``normal`` brings both sides to a form that can be compared; it is idempotent and passes ``None`` through.
    ``change`` is the class of a change of this field alone; ``fixed`` gives the reason why AWS cannot change it.
    """

    name: str
    normal: Callable[[Any], Any] = _same
    change: str = "in place"
    fixed: str = ""


@dataclass(frozen=True)
class Difference:
    """A field on which the caller has an opinion that AWS does not share."""

    field: Field
    before: Any
    after: Any


def unordered(value: Any) -> Any:
    """A list whose order carries no meaning, sorted."""
    return sorted(value, key=str) if isinstance(value, (list, tuple)) else value


def lower_case(value: Any) -> Any:
    """Text that AWS stores in lower case."""
    return value.lower() if isinstance(value, str) else value


def bare_key(key: Any) -> Any:
    """A KMS key as it was named, without the ARN around it, so that an ARN and an id of one key are equal."""
    return key.rpartition(":")[2].removeprefix("key/") if isinstance(key, str) else key


def compare(
    fields: Iterable[Field], observed: Mapping[str, Any] | None, desired: Mapping[str, Any]
) -> dict[str, Difference]:
    """Differences by field name; a desired ``None`` is no opinion, nothing observed differs from all that is stated."""
    found = {}
    for field in fields:
        after = desired.get(field.name)
        if after is None:
            continue
        before = None if observed is None else observed.get(field.name)
        if field.normal(before) != field.normal(after):
            found[field.name] = Difference(field, before, after)
    return found


def render(differences: Mapping[str, Difference], exists: bool) -> dict[str, Any]:
    """The ``before``/``after`` pair that ``--diff`` prints: only what differs, secrets hidden."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, difference in differences.items():
        before[name], after[name] = _trim(difference.before, difference.after)
    return {"before": before if exists else {}, "after": after}


def _trim(before: Any, after: Any) -> tuple[Any, Any]:
    """Both sides without what they share, so that one changed subnet does not print forty equal ones."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return printable(before), printable(after)
    left: dict[str, Any] = {}
    right: dict[str, Any] = {}
    for key in sorted({*before, *after}, key=str):
        if key in before and key in after:
            if before[key] != after[key]:
                left[key], right[key] = _trim(before[key], after[key])
        elif key in before:
            left[key] = printable(before[key])
        else:
            right[key] = printable(after[key])
    return left, right
