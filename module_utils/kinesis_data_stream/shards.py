# SPDX-License-Identifier: Apache-2.0
"""The way from one shard count to another.  Pure."""

from __future__ import annotations

# UpdateShardCount goes to twice the count at most and to half of it at least, ten times in any 24 hours for a stream.
# Source: UpdateShardCount API reference.
FACTOR = 2
MOST_STEPS = 10


def steps(count: int, target: int) -> list[int]:
    """The counts on the way from ``count`` to ``target``, each within twice and half of the one before.

    Raises ValueError for a count from which no way leads: a stream has one shard at least.
    """
    if min(count, target) < 1:
        raise ValueError(f"no way from {count} to {target} shards")
    found = []
    while count != target:
        count = min(target, count * FACTOR) if target > count else max(target, -(-count // FACTOR))
        found.append(count)
    return found


def reachable(count: int) -> tuple[int, int]:
    """The fewest and the most shards that a day's steps lead to."""
    low = count
    for _unused in range(MOST_STEPS):
        low = -(-low // FACTOR)
    return low, count * FACTOR**MOST_STEPS
