# SPDX-License-Identifier: Apache-2.0
"""A consumer that goes about it as the Kinesis Client Library does, while producers write and the stream is resharded.

Every record comes once, and in order per key, whatever the shards do meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from localcloud.process import Cloud

STREAM = {"StreamName": "demo"}
PRODUCERS, KEYS_EACH, TARGETS = 3, 4, (4, 8, 4, 2)
SECONDS = 300


class Producer:
    """Writes the numbers 0, 1, 2, ... under each of its keys, one after the other, until it is told to stop."""

    def __init__(self, kinesis: Any, name: str) -> None:
        self._kinesis = kinesis
        self.keys = [f"{name}-{number}" for number in range(KEYS_EACH)]
        self.written: dict[str, int] = dict.fromkeys(self.keys, 0)

    def work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            for key in self.keys:
                self._kinesis.put_record(**STREAM, PartitionKey=key, Data=str(self.written[key]).encode())
                self.written[key] += 1


class Consumer:
    """Takes up a shard when its parents were read to their end, and keeps a checkpoint for each.

    Every other look it has forgotten all but its checkpoints, as a worker that takes over from another has.
    """

    def __init__(self, kinesis: Any) -> None:
        self._kinesis = kinesis
        self._checkpoints: dict[str, str] = {}
        self._iterators: dict[str, str] = {}
        self._ended: set[str] = set()
        self._newest: dict[str, int] = defaultdict(int)
        self.found: dict[str, list[int]] = defaultdict(list)

    def look(self) -> int:
        """How many records came, and how many shards ended."""
        shards = {shard["ShardId"]: shard for shard in self._kinesis.list_shards(**STREAM)["Shards"]}
        count = 0
        for name, shard in shards.items():
            parents = {shard[key] for key in ("ParentShardId", "AdjacentParentShardId") if key in shard}
            if name not in self._ended and parents & shards.keys() <= self._ended:
                count += self._read(name)
        return count

    def forget(self) -> None:
        self._iterators.clear()

    def _read(self, shard: str) -> int:
        answer = self._kinesis.get_records(ShardIterator=self._iterators.get(shard) or self._begin(shard), Limit=50)
        for record in answer["Records"]:
            # Source: Kinesis developer guide, "Terminology": the numbers of one key grow over time.
            assert int(record["SequenceNumber"]) > self._newest[record["PartitionKey"]]
            self._newest[record["PartitionKey"]] = int(record["SequenceNumber"])
            self.found[record["PartitionKey"]].append(int(record["Data"]))
            self._checkpoints[shard] = record["SequenceNumber"]
        following = answer.get("NextShardIterator")
        if following is None:
            assert answer["ChildShards"], "a closed shard names its children"
            self._ended.add(shard)
        else:
            self._iterators[shard] = following
        return len(answer["Records"]) + (following is None)

    def _begin(self, shard: str) -> str:
        seen = self._checkpoints.get(shard)
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": seen} if seen else {
            "ShardIteratorType": "TRIM_HORIZON"}  # fmt: skip
        return str(self._kinesis.get_shard_iterator(**STREAM, ShardId=shard, **where)["ShardIterator"])


@pytest.fixture
def kinesis(cloud: Cloud) -> Any:
    client = cloud.client("kinesis")
    client.create_stream(**STREAM, ShardCount=2)
    client.get_waiter("stream_exists").wait(**STREAM)
    return client


@pytest.fixture
def threads() -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    stop = threading.Event()
    with ThreadPoolExecutor(PRODUCERS + 1) as pool:
        yield pool, stop
        stop.set()


def resharded(kinesis: Any, target: int, producers: list[Producer]) -> None:
    """The stream has so many open shards, and each producer wrote before, meanwhile and after."""
    kinesis.update_shard_count(**STREAM, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    before = [sum(producer.written.values()) for producer in producers]
    deadline = time.monotonic() + SECONDS
    while any(sum(producer.written.values()) < count + 2 * KEYS_EACH
              for producer, count in zip(producers, before, strict=True)):  # fmt: skip
        assert time.monotonic() < deadline, "producers stand still while shards change"
        time.sleep(0.01)
    while kinesis.describe_stream_summary(**STREAM)["StreamDescriptionSummary"]["StreamStatus"] != "ACTIVE":
        time.sleep(0.01)
    assert kinesis.describe_stream_summary(**STREAM)["StreamDescriptionSummary"]["OpenShardCount"] == target


def test_every_record_comes_once_and_in_order_while_the_stream_is_resharded(
    cloud: Cloud, kinesis: Any, threads: tuple[ThreadPoolExecutor, threading.Event]
) -> None:
    cloud.configure(settle_polls={"stream": 3})
    pool, stop = threads
    producers = [Producer(cloud.client("kinesis"), f"sensor-{number}") for number in range(PRODUCERS)]
    consumer = Consumer(cloud.client("kinesis"))

    def consume() -> None:
        while not stop.is_set():
            consumer.look()
            consumer.forget()
            consumer.look()

    working: list[Future[None]] = [pool.submit(producer.work, stop) for producer in producers]
    working.append(pool.submit(consume))
    for target in TARGETS:
        resharded(kinesis, target, producers)
    stop.set()
    for each in working:
        each.result(timeout=SECONDS)
    while consumer.look():
        pass
    written = {key: list(range(count)) for producer in producers for key, count in producer.written.items()}
    assert consumer.found == written
