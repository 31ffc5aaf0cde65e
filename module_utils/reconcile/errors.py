# SPDX-License-Identifier: Apache-2.0
"""What stops a run, said so that the reader knows what to do next.  Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

# A name that is too long is one of the things that are refused.
LONGEST_NAME = 64


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
        name = self.name if len(self.name) <= LONGEST_NAME else f"{self.name[:LONGEST_NAME]}..."
        return (
            f"{self.thing} {name}: {self.field}: found {shown(self.found)}, wanted {shown(self.wanted)}. "
            f"Next: {self.next_step}"
        )

    def written(self, variables: Mapping[str, str]) -> Refusal:
        """The refusal with each option under the name that people wrote, its variable's.

        A word with an underscore is an option wherever it stands; one without may be an ordinary word, and is an option
        where the refusal is about it. What a refusal of a nested key wants is said in the words of that level.
        """
        option = re.match(r"\w*", self.field)[0]  # type: ignore[index]
        if option not in variables:
            return self
        of_step = {name: variables[name] for name in variables if "_" in name or name == option}
        nested = self.field != option or not isinstance(self.wanted, str)
        of_wanted = {} if nested else {name: of_step[name] for name in of_step if "_" in name}
        field, wanted = variables[option] + self.field.removeprefix(option), _renamed(self.wanted, of_wanted)
        return replace(self, field=field, wanted=wanted, next_step=_renamed(self.next_step, of_step))


def _renamed(text: Any, names: Mapping[str, str]) -> Any:
    pattern = rf"(?<![\w.:-])({'|'.join(map(re.escape, names))})(?![\w-])"
    return re.sub(pattern, lambda found: names[found[1]], text) if names else text


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
    slips = difflib.get_close_matches(word, candidates, n=1, cutoff=0.8)
    # A known option that is part of what was typed: replication_group_description for description.
    ends = [candidate for candidate in candidates if word.endswith(f"_{candidate}")]
    inside = [candidate for candidate in candidates if candidate in word or word in candidate]
    nearest = difflib.get_close_matches(word, candidates, n=1)
    guess = (slips or ends or nearest or sorted(inside, key=len, reverse=True) or [""])[0]
    return f" (did you mean {guess}?)" if guess else ""
