# SPDX-License-Identifier: Apache-2.0
"""A consumer that follows the shards of a stream over reshards, as the Kinesis Client Library does."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import refused


@pytest.fixture
def kinesis(cloud: Cloud) -> Any:
    client = cloud.client("kinesis")
    client.create_stream(StreamName="demo", ShardCount=2)
    client.describe_stream(StreamName="demo")
    return client


class Consumer:
    """Reads parents to their end before their children."""

    def __init__(self, kinesis: Any) -> None:
        self._kinesis = kinesis
        self._done: set[str] = set()
        self.read: dict[str, list[int]] = defaultdict(list)
        self.ended: dict[str, list[str]] = {}

    def read_all(self) -> None:
        """Everything that is there now."""
        shards = self._kinesis.list_shards(StreamName="demo")["Shards"]
        for shard in sorted(shards, key=lambda each: each["ShardId"]):
            if shard["ShardId"] not in self._done:
                self._read(shard["ShardId"], "EndingSequenceNumber" in shard["SequenceNumberRange"])

    def _read(self, shard_id: str, closed: bool) -> None:
        where = {"StreamName": "demo", "ShardId": shard_id}
        iterator = self._kinesis.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        found: list[dict[str, Any]] = []
        while iterator is not None:
            answer = self._kinesis.get_records(ShardIterator=iterator, Limit=7)
            found += answer["Records"]
            if not answer["Records"] and not closed:
                return
            iterator = answer.get("NextShardIterator")
        self.ended[shard_id] = [child["ShardId"] for child in answer.get("ChildShards", [])]
        self._done.add(shard_id)
        for record in found:
            self.read[record["PartitionKey"]].append(int(record["Data"]))


def put(kinesis: Any, numbers: range) -> None:
    records = [{"PartitionKey": f"key-{number % 20}", "Data": str(number).encode()} for number in numbers]
    kinesis.put_records(StreamName="demo", Records=records)


def test_every_record_is_read_once_and_in_order_over_reshards(kinesis: Any) -> None:
    consumer = Consumer(kinesis)
    for step, target in enumerate((4, 8, 4, 2)):
        put(kinesis, range(step * 100, step * 100 + 100))
        kinesis.update_shard_count(StreamName="demo", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        kinesis.describe_stream(StreamName="demo")
        consumer.read_all()
    read = [number for numbers in consumer.read.values() for number in numbers]
    assert sorted(read) == list(range(400))
    assert all(numbers == sorted(numbers) for numbers in consumer.read.values())
    assert all(consumer.ended.values())


def test_a_closed_shard_keeps_its_records_and_names_its_children(kinesis: Any) -> None:
    put(kinesis, range(40))
    before = kinesis.describe_stream(StreamName="demo")["StreamDescription"]["Shards"]
    kinesis.update_shard_count(StreamName="demo", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    parents = kinesis.describe_stream(StreamName="demo")["StreamDescription"]["Shards"][:2]
    for shard, parent in zip(before, parents, strict=True):
        assert (
            parent["SequenceNumberRange"]["StartingSequenceNumber"]
            == (shard["SequenceNumberRange"]["StartingSequenceNumber"])
        )
        first = kinesis.get_shard_iterator(
            StreamName="demo", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        answer = kinesis.get_records(ShardIterator=first)
        assert answer["Records"]
        assert "NextShardIterator" not in answer
        assert all(child["ParentShards"] == [shard["ShardId"]] for child in answer["ChildShards"])
        assert len(answer["ChildShards"]) == 2


def test_shards_come_in_pages(kinesis: Any) -> None:
    kinesis.update_shard_count(StreamName="demo", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    kinesis.describe_stream(StreamName="demo")
    page = kinesis.list_shards(StreamName="demo", MaxResults=4)
    next_page = kinesis.list_shards(NextToken=page["NextToken"])
    assert [len(each["Shards"]) for each in (page, next_page)] == [4, 2]
    first = kinesis.describe_stream(StreamName="demo", Limit=4)["StreamDescription"]
    assert (len(first["Shards"]), first["HasMoreShards"]) == (4, True)
    rest = kinesis.describe_stream(StreamName="demo", ExclusiveStartShardId=first["Shards"][-1]["ShardId"])
    assert len(rest["StreamDescription"]["Shards"]) == 2
    with refused("InvalidArgumentException"):
        kinesis.list_shards(StreamName="demo", NextToken="x")


def test_a_consumer_is_made_first_and_its_arn_has_the_time(kinesis: Any, cloud: Cloud) -> None:
    cloud.configure(settle_polls=1)
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/demo"
    made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]
    assert made["ConsumerStatus"] == "CREATING"
    assert made["ConsumerARN"].removeprefix(f"{arn}/consumer/reader:").isdigit()
    shown = [
        kinesis.describe_stream_consumer(StreamARN=arn, ConsumerName="reader")["ConsumerDescription"] for _ in range(2)
    ]
    assert [each["ConsumerStatus"] for each in shown] == ["CREATING", "ACTIVE"]


def test_a_record_may_be_as_large_as_the_stream_allows(kinesis: Any) -> None:
    with refused("ValidationException", "1048576"):
        kinesis.put_record(StreamName="demo", PartitionKey="k", Data=b"x" * 2**20)
    kinesis.put_record(StreamName="demo", PartitionKey="k", Data=b"x" * (2**20 - 1))
