# SPDX-License-Identifier: Apache-2.0
"""Engine versions: what matches what, what is older, which family of parameter groups serves which.  Pure.

People write ``7.1`` or ``6.x``, groups answer ``7.1.0`` and ``6.2.6``, and AWS's list of versions says ``7.1``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

ANY = "x"


@dataclass(frozen=True)
class Offer:
    """One version that AWS offers: its engine, number, and family of parameter groups."""

    engine: str
    version: str
    family: str


def matches(asked: str, actual: str) -> bool:
    """Whether two versions agree as far as both go."""
    pairs = zip(asked.split("."), actual.split("."), strict=False)
    return all(a == b or ANY in (a, b) for a, b in pairs)


def older(one: str, other: str) -> bool:
    """Whether ``one`` comes before ``other``; versions that match are equally old."""
    if matches(one, other):
        return False
    return _order(one) < _order(other)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def at_least(version: str, *floor: int) -> bool:
    """Whether a version is ``floor`` or later; what it leaves open counts as high enough."""
    parts = [int(part) if part.isdigit() else None for part in version.split(".")]
    for part, least in zip_longest(parts[: len(floor)], floor):
        if part is None or part > least:
            return True
        if part < least:
            return False
    return True


def newest(offers: Iterable[Offer], engine: str) -> Offer | None:
    """The newest version of an engine, or ``None`` when AWS offers none."""
    return max((o for o in offers if o.engine == engine), key=lambda o: _order(o.version), default=None)


def find(offers: Iterable[Offer], engine: str, version: str) -> Offer | None:
    """The newest offer of the engine that ``version`` matches, or ``None``."""
    return newest([o for o in offers if matches(version, o.version)], engine)


def engine_of(offers: Sequence[Offer], engine: str, version: str) -> str:
    """The engine that a version belongs to: the given one, unless only another offers it.

    A pending change of the engine shows its version and not its engine.
    Source: API reference, PendingModifiedValues of a CacheCluster.
    """
    if find(offers, engine, version):
        return engine
    others = {o.engine for o in offers if o.engine in ("redis", "valkey") and matches(version, o.version)}
    return others.pop() if len(others) == 1 else engine
