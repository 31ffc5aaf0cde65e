# SPDX-License-Identifier: Apache-2.0
"""Kinesis data streams."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import refused


class Stream:
    """The stream `demo`."""

    def __init__(self, cloud: Cloud, **options: Any) -> None:
        self.kinesis = cloud.client("kinesis")
        self.kinesis.create_stream(**{"StreamName": "demo", "ShardCount": 2, **options})

    def show(self) -> dict[str, Any]:
        return self.kinesis.describe_stream_summary(StreamName="demo")["StreamDescriptionSummary"]

    def scale(self, count: int) -> dict[str, Any]:
        options = {"StreamName": "demo", "ScalingType": "UNIFORM_SCALING"}
        return self.kinesis.update_shard_count(**options, TargetShardCount=count)


def test_tags_of_creation_are_kept_and_changed(cloud: Cloud) -> None:
    stream = Stream(cloud, Tags={"a": "1", "b": "2"})
    arn = stream.show()["StreamARN"]
    made = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert stream.kinesis.list_tags_for_stream(StreamName="demo")["Tags"] == made
    stream.kinesis.tag_resource(ResourceARN=arn, Tags={"c": "3"})
    stream.kinesis.untag_resource(ResourceARN=arn, TagKeys=["a"])
    stream.kinesis.add_tags_to_stream(StreamName="demo", Tags={"d": "4"})
    stream.kinesis.remove_tags_from_stream(StreamName="demo", TagKeys=["b"])
    wanted = [{"Key": "c", "Value": "3"}, {"Key": "d", "Value": "4"}]
    assert stream.kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == wanted
    assert stream.kinesis.list_tags_for_stream(StreamName="demo")["Tags"] == wanted
    with refused("ResourceNotFoundException"):
        stream.kinesis.list_tags_for_resource(ResourceARN=arn + "x")
    with refused("InvalidArgumentException"):
        stream.kinesis.tag_resource(ResourceARN=arn, Tags={f"k{index}": "" for index in range(49)})


def test_states_by_polls(cloud: Cloud) -> None:
    cloud.configure(settle_polls={"stream": 2})
    stream = Stream(cloud)
    described = stream.kinesis.describe_stream(StreamName="demo")["StreamDescription"]
    assert (described["StreamStatus"], described["Shards"]) == ("CREATING", [])
    with refused("ResourceInUseException"):
        stream.scale(4)
    with refused("ResourceInUseException"):
        stream.kinesis.add_tags_to_stream(StreamName="demo", Tags={"a": "1"})
    assert [stream.show()["StreamStatus"] for _ in range(2)] == ["CREATING", "ACTIVE"]
    stream.scale(4)
    seen = [(summary["StreamStatus"], summary["OpenShardCount"]) for summary in (stream.show() for _ in range(3))]
    assert seen == [("UPDATING", 2), ("UPDATING", 2), ("ACTIVE", 4)]
    stream.kinesis.delete_stream(StreamName="demo")
    assert [stream.show()["StreamStatus"] for _ in range(2)] == ["DELETING", "DELETING"]
    with refused("ResourceNotFoundException"):
        stream.show()


def test_waiters_end(cloud: Cloud) -> None:
    stream = Stream(cloud)
    stream.kinesis.get_waiter("stream_exists").wait(StreamName="demo")
    stream.kinesis.delete_stream(StreamName="demo")
    stream.kinesis.get_waiter("stream_not_exists").wait(StreamName="demo")


@pytest.mark.parametrize("count", [1, 3, 4])
def test_shard_counts_within_the_limits(cloud: Cloud, count: int) -> None:
    stream = Stream(cloud)
    answer = stream.scale(count)
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, count)
    assert answer["StreamARN"].endswith("/demo")
    assert stream.show()["OpenShardCount"] == count


def test_shard_counts_beyond_the_limits(cloud: Cloud) -> None:
    stream = Stream(cloud, ShardCount=4)
    with refused("LimitExceededException", "double"):
        stream.scale(9)
    with refused("LimitExceededException", "half"):
        stream.scale(1)
    cloud.configure(quotas={"kinesis_shards_per_region": 5})
    with refused("LimitExceededException", "shard limit"):
        stream.scale(6)
    with refused("LimitExceededException"):
        stream.kinesis.create_stream(StreamName="other", ShardCount=2)
    limits = stream.kinesis.describe_limits()
    assert (limits["ShardLimit"], limits["OpenShardCount"]) == (5, 4)


def test_ten_scalings_a_day(cloud: Cloud) -> None:
    stream = Stream(cloud, ShardCount=4)
    for index in range(10):
        stream.scale(5 - index % 2)
    with refused("LimitExceededException", "10"):
        stream.scale(5)


def test_on_demand(cloud: Cloud) -> None:
    stream = Stream(cloud)
    mode = {"StreamMode": "ON_DEMAND"}
    stream.kinesis.update_stream_mode(StreamARN=stream.show()["StreamARN"], StreamModeDetails=mode)
    assert stream.show()["StreamModeDetails"] == mode
    with refused("ValidationException"):
        stream.scale(3)
    stream.kinesis.update_stream_mode(
        StreamARN=stream.show()["StreamARN"], StreamModeDetails={"StreamMode": "PROVISIONED"}
    )
    with refused("LimitExceededException"):
        stream.kinesis.update_stream_mode(StreamARN=stream.show()["StreamARN"], StreamModeDetails=mode)


def test_records_go_to_open_shards(cloud: Cloud) -> None:
    stream = Stream(cloud, ShardCount=1)
    stream.scale(2)
    shards = stream.kinesis.list_shards(StreamName="demo")["Shards"]
    closed = {shard["ShardId"] for shard in shards if "EndingSequenceNumber" in shard["SequenceNumberRange"]}
    put = {stream.kinesis.put_record(StreamName="demo", PartitionKey=str(i), Data=b"x")["ShardId"] for i in range(20)}
    assert len(put) == 2
    assert not put & closed


def test_encryption(cloud: Cloud) -> None:
    stream = Stream(cloud)
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    stream.kinesis.start_stream_encryption(StreamName="demo", EncryptionType="KMS", KeyId=key)
    assert (stream.show()["EncryptionType"], stream.show()["KeyId"]) == ("KMS", key)
    stream.kinesis.stop_stream_encryption(StreamName="demo", EncryptionType="KMS", KeyId=key)
    assert stream.show()["EncryptionType"] == "NONE"
    stream.kinesis.start_stream_encryption(StreamName="demo", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    with refused("KMSNotFoundException"):
        stream.kinesis.start_stream_encryption(StreamName="demo", EncryptionType="KMS", KeyId="alias/none")


def test_shard_level_metrics(cloud: Cloud) -> None:
    stream = Stream(cloud)
    answer = stream.kinesis.enable_enhanced_monitoring(StreamName="demo", ShardLevelMetrics=["ALL"])
    assert answer["CurrentShardLevelMetrics"] == []
    assert len(answer["DesiredShardLevelMetrics"]) == 7
    stream.show()
    stream.kinesis.disable_enhanced_monitoring(StreamName="demo", ShardLevelMetrics=["IncomingBytes"])
    assert len(stream.show()["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == 6


def test_retention(cloud: Cloud) -> None:
    stream = Stream(cloud)
    stream.kinesis.increase_stream_retention_period(StreamName="demo", RetentionPeriodHours=48)
    assert stream.show()["RetentionPeriodHours"] == 48
    stream.kinesis.decrease_stream_retention_period(StreamName="demo", RetentionPeriodHours=24)
    assert stream.show()["RetentionPeriodHours"] == 24
    with refused("InvalidArgumentException"):
        stream.kinesis.decrease_stream_retention_period(StreamName="demo", RetentionPeriodHours=23)


def test_record_size(cloud: Cloud) -> None:
    stream = Stream(cloud, MaxRecordSizeInKiB=2048)
    assert stream.show()["MaxRecordSizeInKiB"] == 2048
    stream.kinesis.update_max_record_size(StreamARN=stream.show()["StreamARN"], MaxRecordSizeInKiB=4096)
    assert stream.show()["MaxRecordSizeInKiB"] == 4096


def test_consumers_hold_a_stream(cloud: Cloud) -> None:
    stream = Stream(cloud)
    arn = stream.show()["StreamARN"]
    for name in ("one", "two"):
        stream.kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)
    with refused("ResourceInUseException"):
        stream.kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="one")
    stream.kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="one")
    left = stream.kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]
    assert [consumer["ConsumerName"] for consumer in left] == ["two"]
    with refused("ResourceInUseException"):
        stream.kinesis.delete_stream(StreamName="demo")
    stream.kinesis.delete_stream(StreamName="demo", EnforceConsumerDeletion=True)
    with refused("ResourceNotFoundException"):
        stream.show()


def test_what_cannot_be_created(cloud: Cloud) -> None:
    stream = Stream(cloud)
    with refused("ResourceInUseException"):
        stream.kinesis.create_stream(StreamName="demo", ShardCount=1)
    with refused("InvalidArgumentException"):
        stream.kinesis.create_stream(StreamName="other")


def test_five_streams_at_once(cloud: Cloud) -> None:
    cloud.configure(settle_polls=100)
    for index in range(5):
        cloud.client("kinesis").create_stream(StreamName=f"demo-{index}", ShardCount=1)
    with refused("LimitExceededException"):
        cloud.client("kinesis").create_stream(StreamName="demo", ShardCount=1)
