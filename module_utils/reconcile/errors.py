# SPDX-License-Identifier: Apache-2.0
"""What stops a run, said so that the reader knows what to do next.  Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Refusal:
    """A declaration that cannot be carried out, found before any write.

    ``thing`` and ``name`` say which object, ``field`` which option; ``found`` is what stands there,
    ``wanted`` what would do, ``next_step`` what the reader does now.
    """

    thing: str
    name: str
    field: str
    found: Any
    wanted: Any
    next_step: str

    def __str__(self) -> str:
        return (
            f"{self.thing} {self.name}: {self.field}: found {shown(self.found)}, wanted {shown(self.wanted)}. "
            f"Next: {self.next_step}"
        )


class Refused(Exception):
    """Every refusal of one run, so that the reader mends all of them at once."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        # What hits several components, a name that is too long say, is said once.
        super().__init__("\n".join(dict.fromkeys(str(refusal) for refusal in self.refusals)))


class Failure(Exception):
    """Something did not go as asked; the message says what and what comes next, and holds no parameter."""


class AwsFailure(Failure):
    """AWS did not do as asked; the message names the operation and AWS's own words, never the parameters."""


class LostAnswer(Exception):
    """A write was sent and no answer came back: it may or may not have taken effect."""


def shown(value: Any) -> str:
    """A value as it reads in a sentence; ``None`` is "nothing"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(shown(item) for item in value) or "nothing"
    return str(value)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean X?)`` with the nearest known word, or an empty string when none is near."""
    candidates = sorted(known)
    nearest = difflib.get_close_matches(word, candidates, n=1)
    # A known option that is part of what was typed: replication_group_description for description.
    inside = [candidate for candidate in candidates if candidate in word or word in candidate]
    guess = (nearest or sorted(inside, key=len, reverse=True) or [""])[0]
    return f" (did you mean {guess}?)" if guess else ""
