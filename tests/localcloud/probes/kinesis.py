# SPDX-License-Identifier: Apache-2.0
"""What plain moto gets wrong: Kinesis."""

from __future__ import annotations

from typing import Any

from tests.localcloud.probes.registry import Client, accepted, still_wrong


def stream(client: Client, shards: int = 2) -> Any:
    """Kinesis, with a stream `s`."""
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=shards, Tags={"team": "a"})
    return kinesis


def status(kinesis: Any) -> str:
    return kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamStatus"]


@still_wrong("kinesis", "create_stream", "describe_stream", "describe_stream_summary")
def streams_are_there_at_once_without_their_tags(client: Client) -> bool:
    """No CREATING; the tags are dropped."""
    kinesis = stream(client)
    return status(kinesis) == "ACTIVE" or kinesis.list_tags_for_stream(StreamName="s")["Tags"] == []


@still_wrong("kinesis", "delete_stream")
def streams_are_gone_at_once(client: Client) -> bool:
    """No DELETING."""
    kinesis = stream(client)
    kinesis.delete_stream(StreamName="s")
    return not accepted(kinesis.describe_stream_summary, StreamName="s")


@still_wrong("kinesis", "update_shard_count")
def streams_grow_without_limit(client: Client) -> bool:
    """From 2 to 50 shards in one step."""
    return accepted(
        stream(client).update_shard_count, StreamName="s", TargetShardCount=50, ScalingType="UNIFORM_SCALING"
    )


@still_wrong(
    "kinesis",
    "increase_stream_retention_period",
    "decrease_stream_retention_period",
    "start_stream_encryption",
    "stop_stream_encryption",
    "update_stream_mode",
    "split_shard",
    "merge_shards",
    "add_tags_to_stream",
    "remove_tags_from_stream",
)
def changes_of_a_stream_take_no_time(client: Client) -> bool:
    """No UPDATING, in which other changes are refused."""
    kinesis = stream(client)
    kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    return status(kinesis) == "ACTIVE"


@still_wrong("kinesis", "enable_enhanced_monitoring", "disable_enhanced_monitoring")
def all_metrics_is_a_metric(client: Client) -> bool:
    """ALL is kept as a word."""
    made = stream(client).enable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["ALL"])
    return made["DesiredShardLevelMetrics"] == ["ALL"]


@still_wrong("kinesis", "register_stream_consumer")
def two_consumers_of_one_name(client: Client) -> bool:
    """A consumer can be registered twice."""
    kinesis = stream(client)
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    return all(accepted(kinesis.register_stream_consumer, StreamARN=arn, ConsumerName="c") for _ in range(2))


@still_wrong("kinesis", "deregister_stream_consumer")
def consumers_stay_when_they_are_named(client: Client) -> bool:
    """A consumer that is deregistered by its name stays."""
    kinesis = stream(client)
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="c")
    return len(kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]) == 1


@still_wrong("kinesis", "describe_limits")
def the_shard_limit_is_not_the_account_s(client: Client) -> bool:
    """The limit is a fixed number, other than the default of this region, and cannot be set."""
    return client("kinesis").describe_limits()["ShardLimit"] != 20_000


@still_wrong("kinesis", "get_records")
def closed_shards_never_end(client: Client) -> bool:
    """A closed shard that was read to its end gives another iterator."""
    kinesis = stream(client, shards=1)
    kinesis.update_shard_count(StreamName="s", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    first = kinesis.list_shards(StreamName="s")["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName="s", ShardId=first, ShardIteratorType="TRIM_HORIZON")
    return bool(kinesis.get_records(ShardIterator=start["ShardIterator"]).get("NextShardIterator"))


@still_wrong("kinesis", "list_shards")
def tokens_of_shards_are_not_understood(client: Client) -> bool:
    """The second page of shards is refused, or begins anew."""
    kinesis = stream(client)
    token = kinesis.list_shards(StreamName="s", MaxResults=1).get("NextToken")
    return not token or not accepted(kinesis.list_shards, NextToken=token)


@still_wrong("kinesis", "describe_stream_consumer", "list_stream_consumers")
def consumers_are_there_at_once(client: Client) -> bool:
    """No CREATING."""
    kinesis = stream(client)
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    return kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerStatus"] == "ACTIVE"


@still_wrong("kinesis", "put_record")
def records_are_as_large_as_they_like(client: Client) -> bool:
    """A record of more than the 1,024 KiB of a new stream is taken."""
    return accepted(stream(client).put_record, StreamName="s", Data=b"x" * (1024 * 1024), PartitionKey="p" * 99)


@still_wrong("kinesis", "put_resource_policy")
def any_text_is_a_policy(client: Client) -> bool:
    """A policy without statements is taken."""
    kinesis = stream(client)
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    return accepted(kinesis.put_resource_policy, ResourceARN=arn, Policy="{}")
