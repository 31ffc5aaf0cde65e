# SPDX-License-Identifier: Apache-2.0
"""What is wrong with flow logs, as they are declared.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import log_groups
from ..reconcile.errors import Refusal
from . import names
from .flow_logs import (
    BUCKET,
    FILE_FORMATS,
    FILES_AT_BIRTH,
    INTERVALS,
    KEYS,
    LOGS,
    OF_LOG_GROUP,
    OTHERS_GROUP,
    TO_LOG_GROUP,
    TRAFFIC,
    declared,
    destination_of,
    field_of,
    kind_of,
)
from .refuse import WORD, WORDS, Refuse


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """What is wrong with the flow logs that are declared."""
    shape: list[Refusal] = []
    for name, wanted in (options["further_flow_logs"] or {}).items():
        if not WORD.match(str(name)):
            shape.append(refuse(LOGS[1], repr(name), WORDS))
        elif wanted is not None and not isinstance(wanted, Mapping):
            shape.append(refuse(f"{LOGS[1]} {name}", repr(wanted), "a mapping such as {traffic_type: ALL}"))
    yield from shape
    for name, wanted in declared(options).items() if not shape else ():
        yield from _log_refusals(field_of(name), wanted, refuse)
    if not shape:
        yield from _same_destination(options, refuse)


def _log_refusals(field: str, wanted: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """What is wrong with one of them."""
    yield from refuse.unknown(field, wanted, KEYS)
    allowed = {
        "traffic_type": TRAFFIC,
        "retention_days": log_groups.RETENTION_DAYS,
        "max_aggregation_interval_seconds": INTERVALS,
        "file_format": FILE_FORMATS,
        "hive_compatible_partitions": (True, False),
        "per_hour_partition": (True, False),
    }
    for key, values in allowed.items():
        value = wanted.get(key)
        if value is not None and value not in values and str(value) not in map(str, values):
            yield refuse(f"{field} {key}", value, values)
    yield from _destination_refusals(field, wanted, refuse)
    for key, part in (("kms_key_id", ":kms:"), ("iam_role_arn", ":iam:")):
        if wanted.get(key) and not (str(wanted[key]).startswith(BUCKET) and part in str(wanted[key])):
            yield refuse(f"{field} {key}", wanted[key], "an ARN")


def _same_destination(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """Two of them in one place, which AWS refuses when they log the same, and which no reader could tell apart.

    Source: CreateFlowLogs, FlowLogAlreadyExists: "an existing Flow Log with the same configuration and log
    destination".
    """
    own = names.network_name(options)
    places: dict[str, str] = {}
    for name, wanted in declared(options).items():
        stated = destination_of(wanted) or TO_LOG_GROUP
        place = f"{OTHERS_GROUP}{names.log_group_name(own, name)}" if stated == TO_LOG_GROUP else stated
        if place in places:
            other = places[place] or "without a name"
            yield refuse(f"{field_of(name)} destination", place, f"another one than that of flow log {other}",
                         "give each flow log a destination of its own")  # fmt: skip
        places.setdefault(place, name)


def _destination_refusals(field: str, wanted: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """A destination that is none, and what is said beside one that does not take it."""
    told = str(wanted.get("destination") or TO_LOG_GROUP)
    destination = destination_of(wanted) or TO_LOG_GROUP
    if told != TO_LOG_GROUP and not (told.startswith(BUCKET) and kind_of(told)):
        yield refuse(f"{field} destination", told, f"{TO_LOG_GROUP}, or the ARN of a bucket or of a folder in it, of "
                     "a delivery stream, or of a log group")  # fmt: skip
        return
    takes = {
        **dict.fromkeys(OF_LOG_GROUP, destination == TO_LOG_GROUP),
        "iam_role_arn": kind_of(destination) == TO_LOG_GROUP,
        **dict.fromkeys(FILES_AT_BIRTH, kind_of(destination) == "s3"),
    }
    for key, taken in takes.items():
        if wanted.get(key) and not taken:
            yield refuse(f"{field} {key}", wanted[key], f"nothing for a flow log to {told}", f"remove {key}")
