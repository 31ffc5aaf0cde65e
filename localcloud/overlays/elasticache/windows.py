# SPDX-License-Identifier: Apache-2.0
"""Maintenance and snapshot windows.

Source: API reference CreateReplicationGroup: PreferredMaintenanceWindow `ddd:hh24:mi-ddd:hh24:mi` and SnapshotWindow
`hh24:mi-hh24:mi`, both in UTC and of at least 60 minutes; AWS picks one when none is given.
"""

from __future__ import annotations

import hashlib
import re

from localcloud.refusals import refuse

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_MAINTENANCE = re.compile(r"^(\w{3}):(\d\d):(\d\d)-(\w{3}):(\d\d):(\d\d)$")
_OVERLAP = "The snapshot window and maintenance window must not overlap."
_SNAPSHOT = re.compile(r"^(\d\d):(\d\d)-(\d\d):(\d\d)$")


def fill_windows(name: str, maintenance: str | None, snapshot: str | None) -> tuple[str, str]:
    """Both windows, the missing ones chosen so that they do not overlap.

    AWS picks at random; here the choice depends on the name only, so that it is the same every time.
    """
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    maintenances = [maintenance.lower()] if maintenance else [_maintenance(number + hour) for hour in range(24)]
    snapshots = [snapshot] if snapshot else [_snapshot(number + 12 + hour) for hour in range(24)]
    for first in maintenances:
        for second in snapshots:
            if not _overlap(first, second):
                return first, second
    raise refuse("InvalidParameterValue", _OVERLAP)


def check_windows(maintenance: str, snapshot: str) -> None:
    """Refuses windows that are malformed, too short, or overlap each other."""
    if _overlap(maintenance, snapshot):
        raise refuse("InvalidParameterValue", _OVERLAP)


def _maintenance(number: int) -> str:
    day, hour = _DAYS[number % 7], number % 23
    return f"{day}:{hour:02d}:00-{day}:{hour + 1:02d}:00"


def _snapshot(number: int) -> str:
    hour = number % 23
    return f"{hour:02d}:00-{hour + 1:02d}:00"


def _overlap(maintenance: str, snapshot: str) -> bool:
    first, length = _maintenance_minutes(maintenance)
    start, span = _snapshot_minutes(snapshot)
    begins = [day * _DAY + start for day in range(-1, 8)]
    return any(begin < first + length and first < begin + span for begin in begins)


def _maintenance_minutes(window: str) -> tuple[int, int]:
    found = _MAINTENANCE.match(window)
    if not found or found[1] not in _DAYS or found[4] not in _DAYS:
        raise refuse("InvalidParameterValue", f"Invalid maintenance window: {window}. Use ddd:hh24:mi-ddd:hh24:mi.")
    first = _DAYS.index(found[1]) * _DAY + int(found[2]) * 60 + int(found[3])
    last = _DAYS.index(found[4]) * _DAY + int(found[5]) * 60 + int(found[6])
    return first, _long_enough((last - first) % _WEEK, window)


def _snapshot_minutes(window: str) -> tuple[int, int]:
    found = _SNAPSHOT.match(window)
    if not found:
        raise refuse("InvalidParameterValue", f"Invalid snapshot window: {window}. Use hh24:mi-hh24:mi.")
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4])
    return start, _long_enough((end - start) % _DAY, window)


def _long_enough(minutes: int, window: str) -> int:
    if minutes < 60:
        raise refuse("InvalidParameterValue", f"The window {window} must be at least 60 minutes.")
    return minutes
