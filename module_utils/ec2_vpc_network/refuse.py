"""Refusals of one network.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..reconcile.errors import Refusal, did_you_mean
from . import names


class Refuse:
    """Makes refusals that name the network; the next step is to correct the option, unless another one is given."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, field: str, found: Any, wanted: Any, step: str = "") -> Refusal:
        return Refusal(names.NOUN, self._name, field, found, wanted, step or f"correct {field.split()[0]}")

    def unknown(self, field: str, value: Any, keys: Any) -> Iterator[Refusal]:
        """Words in a mapping that mean nothing."""
        for key in value:
            if key not in keys:
                yield self(field, f"{key}{did_you_mean(str(key), keys)}", list(keys))
