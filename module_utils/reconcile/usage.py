# SPDX-License-Identifier: Apache-2.0
"""What AWS charges for by the month, as components say it of their states; what it costs is not known here.  Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """``count`` things that are charged for as the price list's ``item``, whose last word is its unit.

    An ``hour`` counts as many times as a month has hours, a ``month`` or a ``gb`` once. ``what`` is how people call
    them. ``None`` is a count that nobody can know from the state; ``assumed`` says what a count rests on instead.
    """

    what: str
    item: str
    count: float | None
    assumed: str = ""
