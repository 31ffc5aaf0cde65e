# SPDX-License-Identifier: Apache-2.0
"""Maintenance and snapshot windows, in minutes UTC.  Pure."""

from __future__ import annotations

import re

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY
# Source: CreateReplicationGroup API reference, PreferredMaintenanceWindow; ElastiCache user guide, "Scheduling
# automatic backups".
SHORTEST = 60

_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAYS = "|".join(DAYS)
_MAINTENANCE = re.compile(rf"({_DAYS}):{_TIME}-({_DAYS}):{_TIME}\Z")
_SNAPSHOT = re.compile(rf"{_TIME}-{_TIME}\Z")

Span = tuple[int, int]


def maintenance(window: str) -> Span | None:
    """Start in the week and length, or ``None`` when it is not ``ddd:hh24:mi-ddd:hh24:mi``."""
    found = _MAINTENANCE.match(window.lower())
    if not found:
        return None
    first = DAYS.index(found[1]) * DAY + int(found[2]) * 60 + int(found[3])
    last = DAYS.index(found[4]) * DAY + int(found[5]) * 60 + int(found[6])
    return first, (last - first) % WEEK


def snapshot(window: str) -> Span | None:
    """Start in the day and length, or ``None`` when it is not ``hh24:mi-hh24:mi``."""
    found = _SNAPSHOT.match(window)
    if not found:
        return None
    first, last = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return first, (last - first) % DAY


def overlap(weekly: Span, daily: Span) -> bool:
    """Whether a weekly window meets a daily one on any day."""
    start, length = weekly
    return any(
        day * DAY + daily[0] < start + length and start < day * DAY + daily[0] + daily[1] for day in range(-1, 9)
    )
