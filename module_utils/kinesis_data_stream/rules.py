# SPDX-License-Identifier: Apache-2.0
"""Declarations that Kinesis would refuse, and changes that it refuses or that lose records.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from .. import alarms, forms
from ..reconcile.component import Seen
from ..reconcile.errors import Refusal
from ..reconcile.fields import Difference
from .names import ACCOUNT, NOUN, stream_name
from .shards import MOST_STEPS, reachable, steps

Finding = tuple[str, Any, str, str]

# Source: CreateStream, IncreaseStreamRetentionPeriod and RegisterStreamConsumer API reference.
SHARDS = range(1, 10_001)
RETENTION_HOURS = range(24, 8761)
RECORD_SIZE_KIB = range(1024, 10_241)
MOST_CONSUMERS = 20
# Source: UpdateStreamWarmThroughput API reference: not more than 10 GiBps.
WARM_MIBPS = range(10 * 1024 + 1)
COMMITTED = ("ENABLED", "ENABLED_UNTIL_EARLIEST_ALLOWED_END")
# Source: CreateStream, StreamName, and RegisterStreamConsumer, ConsumerName.
NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}\Z")
NAME_WORDS = "1 to 128 letters, digits, _ . and -"


def rules(options: Mapping[str, Any]) -> Iterator[Refusal]:
    """Combinations that Kinesis would refuse."""
    parts = (capacity(options), records(options), names(options), consumers(options), alarms.rules(options["alarms"]))
    for field, found, wanted, step in chain(*parts):
        yield Refusal(NOUN, stream_name(options), field, found, wanted, step)


def capacity(options: Mapping[str, Any]) -> Iterator[Finding]:
    """Mode, shards, and what is kept warm."""
    mode, shards = options["stream_mode"], options["shard_count"]
    if mode == "ON_DEMAND" and shards is not None:
        yield ("shard_count", shards, "no shard_count with stream_mode ON_DEMAND", "remove shard_count, AWS sets it")
    warm = options["warm_throughput_mibps"]
    if warm is not None and mode != "ON_DEMAND":
        yield ("warm_throughput_mibps", warm, "stream_mode ON_DEMAND beside it",
               "set stream_mode to ON_DEMAND, or remove warm_throughput_mibps")  # fmt: skip
    if warm is not None and warm not in WARM_MIBPS:
        yield "warm_throughput_mibps", warm, f"0 to {WARM_MIBPS[-1]}", "correct warm_throughput_mibps"
    if shards is not None and shards not in SHARDS:
        yield "shard_count", shards, "1 to 10000", "correct shard_count"


def records(options: Mapping[str, Any]) -> Iterator[Finding]:
    """What becomes of a record."""
    hours, size, key = options["retention_hours"], options["max_record_size_kib"], options["kms_key_id"]
    if hours is not None and hours not in RETENTION_HOURS:
        yield "retention_hours", hours, "24 to 8760", "correct retention_hours"
    if size is not None and size not in RECORD_SIZE_KIB:
        yield "max_record_size_kib", size, "1024 to 10240", "correct max_record_size_kib"
    if key and options["encryption_type"] != "KMS":
        yield "kms_key_id", key, "encryption_type KMS beside it", "set encryption_type to KMS"
    if key and not forms.is_key(key):
        yield "kms_key_id", repr(key), forms.KEY_WORDS, "correct kms_key_id"
    if options["resource_policy"] and "Statement" not in options["resource_policy"]:
        yield ("resource_policy", ", ".join(options["resource_policy"]), "a policy with Statement",
               "correct resource_policy, or {} for none")  # fmt: skip


def names(options: Mapping[str, Any]) -> Iterator[Finding]:
    """What the stream is called."""
    name = stream_name(options)
    if not NAME.match(name):
        yield "name", f"{name[:40]!r}, {len(name)} characters", NAME_WORDS, "correct name"


def consumers(options: Mapping[str, Any]) -> Iterator[Finding]:
    """Names and number of the consumers."""
    wanted = set(options["consumers"] or ())
    for name in sorted(wanted):
        if not NAME.match(name):
            yield "consumers", repr(name), NAME_WORDS, "correct consumers"
    if len(wanted) > MOST_CONSUMERS:
        yield "consumers", f"{len(wanted)} names", f"at most {MOST_CONSUMERS}", "register fewer consumers"


def misfits(options: Mapping[str, Any], seen: Seen) -> Iterator[Refusal]:
    """Warm throughput in an account that has not agreed to pay for a minimum, which it does for all of its streams.

    Source: UpdateStreamWarmThroughput and UpdateAccountSettings API reference.
    """
    # Not asked at a glance, and nothing to object to then.
    settings = seen.around.get(ACCOUNT) or {}
    status = settings.get("MinimumThroughputBillingCommitment", {}).get("Status", "DISABLED")
    if options["warm_throughput_mibps"] is not None and settings and status not in COMMITTED:
        yield Refusal(NOUN, stream_name(options), "warm_throughput_mibps", f"{options['warm_throughput_mibps']} in an "
                      "account without it", "MinimumThroughputBillingCommitment ENABLED in the account and region",
                      "enable it with UpdateAccountSettings, which binds the account for 24 hours at least, or remove "
                      "warm_throughput_mibps")  # fmt: skip


def guards(
    observed: Mapping[str, Any], desired: Mapping[str, Any], differences: Mapping[str, Difference]
) -> Iterator[Refusal]:
    """Changes that AWS does not make, or that lose records without leave."""
    name, hours = desired["name"], desired["retention_hours"]
    shrinks = "retention_hours" in differences and hours < observed["retention_hours"]
    if shrinks and not desired["allow_retention_decrease"]:
        yield Refusal(NOUN, name, "retention_hours", f"{hours} hours",
                      f"at least the present {observed['retention_hours']} hours",
                      "keep the retention, or set allow_retention_decrease: older records are lost")  # fmt: skip
    if "shard_count" in differences:
        count, target = observed["shard_count"], desired["shard_count"]
        number = len(steps(count, target))
        if number > MOST_STEPS:
            low, high = reachable(count)
            yield Refusal(NOUN, name, "shard_count", f"{target}, which takes {number} steps",
                          f"{low} to {high}: AWS changes a stream's shards {MOST_STEPS} times in 24 hours",
                          "go there in two runs a day apart")  # fmt: skip
