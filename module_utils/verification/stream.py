# SPDX-License-Identifier: Apache-2.0
"""Whether a stream takes sensor records on each of its shards and gives them back, and how long that takes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..environment.preflight import OK, STOP, Check
from . import traces

if TYPE_CHECKING:
    from ..aws.client import Aws

AT_ONCE = 10
READ_SECONDS = 15.0
# Source: GetRecords API reference: five transactions a second for each shard.
PAUSE_SECONDS = 0.25
WANTED = "each shard takes a record and gives it back"


@dataclass(frozen=True)
class Probe:
    """What came of one shard: the milliseconds from put to get, or what went wrong."""

    shard: str
    milliseconds: float = 0.0
    wrong: str = ""


def checks(aws: Aws, name: str) -> Iterator[Check]:
    """One line for a stream.  Its records stay until its retention ends: Kinesis has no way to take one back."""
    what = f"stream {name}"
    try:
        open_shards = [each for each in (aws.read("kinesis", "list_shards", StreamName=name) or {}).get("Shards", ())
                       if "EndingSequenceNumber" not in each["SequenceNumberRange"]]  # fmt: skip
    except traces.ERRORS as error:
        yield Check(what, traces.told(error), WANTED, STOP, "allow kinesis:ListShards, or run site.yml")
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        probes = list(pool.map(lambda shard: probe(aws, name, shard), open_shards))
    yield verdict(what, probes)


def verdict(what: str, probes: list[Probe]) -> Check:
    """The line that the probes of all shards make."""
    wrong = [each for each in probes if each.wrong]
    if wrong or not probes:
        said = list(dict.fromkeys(each.wrong for each in wrong))
        found = f"{len(wrong)} of {len(probes)} shards: {'; '.join(said[:3])}" if probes else "no open shard"
        return Check(what, found, WANTED, STOP, "look at the stream's policy, its key, and who may kinesis:PutRecord")
    times = sorted(each.milliseconds for each in probes)
    count = f"{len(probes)} shard{'s' * (len(probes) != 1)}"
    return Check(what, f"{count}, put to get {times[0]:.0f}-{times[-1]:.0f} ms", WANTED, OK)


def probe(aws: Aws, name: str, shard: Mapping[str, Any]) -> Probe:
    """One record put on one shard by its hash key, and read back from there."""
    own = shard["ShardId"]
    data = json.dumps({"sensor": traces.fresh(), "reading": 21.5}).encode()
    begun = time.monotonic()
    try:
        put = traces.write(aws, "kinesis", "put_record", StreamName=name, Data=data, PartitionKey=traces.NAME,
                           ExplicitHashKey=shard["HashKeyRange"]["StartingHashKey"])  # fmt: skip
        if put["ShardId"] != own:
            return Probe(own, wrong=f"a record for {own} went to {put['ShardId']}")
        got = read_back(aws, name, own, put["SequenceNumber"])
    except traces.ERRORS as error:
        return Probe(own, wrong=traces.told(error))
    if got is None:
        return Probe(own, wrong=f"{own} does not give back what it took within {READ_SECONDS:.0f} s")
    if got != data:
        return Probe(own, wrong=f"{own} gives back something else than it took")
    return Probe(own, (time.monotonic() - begun) * 1000)


def read_back(aws: Aws, name: str, shard: str, sequence: str) -> bytes | None:
    """The record with this number, read from where it must be."""
    first = aws.read("kinesis", "get_shard_iterator", StreamName=name, ShardId=shard,
                     ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=sequence) or {}  # fmt: skip
    place = {"iterator": first.get("ShardIterator")}

    def look() -> bytes | None:
        answer = aws.read("kinesis", "get_records", ShardIterator=place["iterator"], Limit=10) or {}
        place["iterator"] = answer.get("NextShardIterator") or place["iterator"]
        return next((each["Data"] for each in answer.get("Records", ()) if each["SequenceNumber"] == sequence), None)

    found: bytes | None = traces.within(READ_SECONDS, lambda: aws.pause(PAUSE_SECONDS), look)
    return found
