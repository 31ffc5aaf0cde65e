# SPDX-License-Identifier: Apache-2.0
"""What AWS charges for in a stream: shards or the stream itself, retention, consumers, metrics and alarms.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.usage import Use

DAY_HOURS, WEEK_HOURS = 24, 7 * 24


def charges(state: Mapping[str, Any]) -> Iterator[Use]:
    """One line for each thing that costs by being there; payload costs by what is sent.

    Source: Amazon Kinesis Data Streams pricing: the first day of retention is free, the next six cost by the shard and
    hour, what is kept longer by the GB; on demand all retention costs by the GB. Amazon CloudWatch pricing: shard-level
    metrics are custom metrics, one for each shard.
    """
    if not state.get("stream_mode"):
        return
    on_demand, retention = state["stream_mode"] == "ON_DEMAND", state.get("retention_hours") or DAY_HOURS
    shards = None if on_demand or state.get("shard_count") is None else int(state["shard_count"])
    consumers, metrics = len(state.get("consumers") or ()), len(state.get("shard_level_metrics") or ())
    if on_demand:
        yield Use("streams on demand", "on_demand_stream_hour", 1)
    else:
        yield Use("shards", "shard_hour", shards)
        yield Use("shards kept longer than a day", "extended_retention_shard_hour",
                  shards if retention > DAY_HOURS else 0)  # fmt: skip
        yield Use("consumers by shard", "fan_out_consumer_shard_hour", times(consumers, shards))
    if retention > (DAY_HOURS if on_demand else WEEK_HOURS):
        yield Use("data kept longer", "long_term_retention_gb", None)
    yield Use("shard-level metrics", "metric_month", times(metrics, shards))
    yield Use("alarms", "alarm_month", len(state.get("alarms") or ()))


def times(each: int, shards: int | None) -> int | None:
    """So many for each shard; none is none, however many shards there are."""
    return 0 if not each else None if shards is None else each * shards
