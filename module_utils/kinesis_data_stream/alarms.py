# SPDX-License-Identifier: Apache-2.0
"""The CloudWatch alarms that a stream's owner expects: consumers that fall behind, calls that are throttled.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import alarms
from ..alarms import Watched
from .names import stream_name

NAMESPACE = "AWS/Kinesis"
State = dict[str, Any]
# Source: CloudWatch user guide, "Recommended alarms", Kinesis.
WATCHED = {
    "iterator_age_ms": Watched("iterator-age", "GetRecords.IteratorAgeMilliseconds", "Maximum", 15),
    "write_throttles": Watched("write-throttles", "WriteProvisionedThroughputExceeded", "Sum", 5),
    "read_throttles": Watched("read-throttles", "ReadProvisionedThroughputExceeded", "Sum", 5),
}
OPTION = alarms.option(WATCHED)


def requests(options: Mapping[str, Any]) -> State:
    """The read of the alarms, where they matter."""
    if options["alarms"] is None and options["state"] == "present":
        return {}
    names = sorted(f"{stream_name(options)}-{each.suffix}" for each in WATCHED.values())
    return {"alarms": (alarms.SERVICE, "describe_alarms", {"AlarmNames": names})}


def wanted(options: Mapping[str, Any]) -> State | None:
    """The alarms as declared, by name; ``None`` is no opinion."""
    if options["alarms"] is None:
        return None
    name = stream_name(options)
    found = alarms.wanted(options["alarms"], WATCHED, NAMESPACE, {"StreamName": name})
    return {f"{name}-{suffix}": alarm for suffix, alarm in found.items()}
