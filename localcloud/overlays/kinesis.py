# SPDX-License-Identifier: Apache-2.0
"""Kinesis data streams: states, limits, tags, and records that follow a reshard.

Source: Kinesis API reference, each operation's page; developer guide "Quotas and limits".
"""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time
from moto.kinesis import urls
from moto.kinesis.exceptions import StreamCannotBeUpdatedError
from moto.kinesis.models import Consumer, Stream

from localcloud.clock import clock, now
from localcloud.overlays import kinesis_shards
from localcloud.overlays.kinesis_shards import Shards
from localcloud.overlays.kms import key_exists
from localcloud.overlays.wrap import wrap
from localcloud.refusals import refuse
from localcloud.settings import settings

_KIND = "stream"
MAX_TAGS = 50
MAX_CREATING = 5
MAX_SHARDS_PER_STREAM = 10_000
MAX_SCALINGS_PER_DAY = 10
MAX_MODE_CHANGES_PER_DAY = 2
MAX_CONSUMERS = 20
NEW_ON_DEMAND_MIBPS = 4
MOST_WARM_MIBPS = 10 * 1024
_ALL_METRICS = [
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
]


class LocalKinesis(Shards):
    """moto's Kinesis with states and limits."""

    @property
    def given(self) -> dict[str, Any]:
        """The parameters of the call as boto3 sent them."""
        return json.loads(self.body)

    def call_action(self) -> Any:
        """moto's answer, once every stream is brought up to date."""
        for stream in self._streams():
            clock.touch(stream.arn)
        return super().call_action()

    def create_stream(self) -> ActionResult:
        """Nothing; the stream is CREATING."""
        given = self.given
        mode = given.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
        if mode == "PROVISIONED" and given.get("ShardCount", 0) < 1:
            raise refuse("InvalidArgumentException", "ShardCount must be at least 1 in provisioned mode.")
        _check_tags(given.get("Tags", {}))
        self._check_warm(mode)
        self._check_room(mode, given.get("ShardCount", 0))
        super().create_stream()
        stream = self.kinesis_backend.streams[given["StreamName"]]
        stream.tags.update(given.get("Tags", {}))
        stream.localcloud_record_size = given.get("MaxRecordSizeInKiB", 1024)
        stream.localcloud_warm = given.get("WarmThroughputMiBps")
        self._settle(stream, "CREATING")
        return EmptyResult()

    def _check_room(self, mode: str, more: int) -> None:
        """Room for more shards or one more on-demand stream, and not too many streams that are being created."""
        streams = self._streams()
        if sum(stream.status == "CREATING" for stream in streams) >= MAX_CREATING:
            raise refuse("LimitExceededException", f"There are {MAX_CREATING} streams in the CREATING state already.")
        limits = self._limits()
        if mode == "ON_DEMAND":
            if limits["OnDemandStreamCount"] >= limits["OnDemandStreamCountLimit"]:
                raise refuse("LimitExceededException", "The request would exceed the on-demand streams of the account.")
        elif limits["OpenShardCount"] + more > limits["ShardLimit"]:
            raise refuse("LimitExceededException", f"The request would exceed the shard limit {limits['ShardLimit']}.")

    def describe_stream(self) -> ActionResult:
        """moto's answer; each look brings a stream under way one poll nearer."""
        stream = self._looked_at()
        answer = super().describe_stream()
        shown = answer.result["StreamDescription"]
        shown |= {"StreamModeDetails": stream.stream_mode, **self.described_page(stream)}
        if stream.status == "CREATING":
            # Source: DescribeStream: a stream that is being created has no shards yet.
            shown["Shards"] = []
        return answer

    def describe_stream_summary(self) -> ActionResult:
        """moto's answer; each look brings a stream under way one poll nearer."""
        stream = self._looked_at()
        answer = super().describe_stream_summary()
        shown = answer.result["StreamDescriptionSummary"]
        shown["ConsumerCount"] = len(stream.consumers)
        shown["OpenShardCount"] = 0 if stream.status == "CREATING" else _open_shards(stream)
        shown["MaxRecordSizeInKiB"] = stream.localcloud_record_size
        if stream.stream_mode["StreamMode"] == "ON_DEMAND" and self._commitment()["Status"] == "ENABLED":
            # Source: WarmThroughputObject; what a new stream on demand takes: developer guide, "On-demand mode".
            target = stream.__dict__.get("localcloud_warm")
            asked = {} if target is None else {"TargetMiBps": target}
            shown["WarmThroughput"] = {"CurrentMiBps": target or NEW_ON_DEMAND_MIBPS, **asked}
        return answer

    def describe_account_settings(self) -> ActionResult:
        """What the account has agreed to pay for at least."""
        return ActionResult({"MinimumThroughputBillingCommitment": self._commitment()})

    def update_account_settings(self) -> ActionResult:
        """The same as it is now.  That it lasts for 24 hours is not kept."""
        self._commitment()["Status"] = self.given["MinimumThroughputBillingCommitment"]["Status"]
        return self.describe_account_settings()

    def _commitment(self) -> dict[str, Any]:
        return self.kinesis_backend.__dict__.setdefault("localcloud_commitment", {"Status": "DISABLED"})

    def update_stream_warm_throughput(self) -> ActionResult:
        """The stream, UPDATING until so much is warm."""
        stream, target = self._active(), self.given["WarmThroughputMiBps"]
        self._check_warm(stream.stream_mode["StreamMode"])
        self._settle(stream, "UPDATING", lambda: setattr(stream, "localcloud_warm", target))
        warm = {"TargetMiBps": target, "CurrentMiBps": stream.__dict__.get("localcloud_warm") or NEW_ON_DEMAND_MIBPS}
        return ActionResult({"StreamARN": stream.arn, "StreamName": stream.stream_name, "WarmThroughput": warm})

    def _check_warm(self, mode: str) -> None:
        """Source: UpdateStreamWarmThroughput: on demand, with the account's commitment, at most 10 GiBps."""
        target = self.given.get("WarmThroughputMiBps")
        if target is None:
            return
        if mode != "ON_DEMAND":
            raise refuse("ValidationException", "Warm throughput is only supported for on-demand streams.")
        if self._commitment()["Status"] != "ENABLED":
            message = "Warm throughput needs MinimumThroughputBillingCommitment to be enabled for the account."
            raise refuse("ValidationException", message)
        if target > MOST_WARM_MIBPS:
            raise refuse("LimitExceededException", f"The limit of {MOST_WARM_MIBPS} MiBps is exceeded.")

    def delete_stream(self) -> ActionResult:
        """Nothing; the stream is DELETING."""
        stream = self._stream()
        if stream.consumers and not self.given.get("EnforceConsumerDeletion"):
            message = f"Stream {stream.stream_name} has consumers; deregister them, or set EnforceConsumerDeletion."
            raise refuse("ResourceInUseException", message)
        stream.status = "DELETING"
        clock.begin(_KIND, stream.arn, lambda: self._gone(stream))
        return EmptyResult()

    def _gone(self, stream: Stream) -> None:
        self.kinesis_backend.streams.pop(stream.stream_name, None)

    def update_shard_count(self) -> ActionResult:
        """The counts before and after; the stream is UPDATING until the shards are there."""
        stream, target = self._active(), self.given["TargetShardCount"]
        current = _open_shards(stream)
        if stream.stream_mode["StreamMode"] == "ON_DEMAND":
            raise StreamCannotBeUpdatedError(stream.stream_name, stream.account_id)
        self._check_target(current, target)
        _count_change(stream, "scalings", MAX_SCALINGS_PER_DAY)
        self._settle(stream, "UPDATING", lambda: stream.update_shard_count(target))
        counts = {"CurrentShardCount": current, "TargetShardCount": target}
        return ActionResult({"StreamName": stream.stream_name, "StreamARN": stream.arn, **counts})

    def _check_target(self, current: int, target: int) -> None:
        # Source: UpdateShardCount: not more than double, not less than half, at most 10000, within the account's limit.
        numbers = f"Current open shard count: {current} Target shard count: {target}"
        if target > current * 2:
            message = f"UpdateShardCount cannot scale up over double your current open shard count. {numbers}"
            raise refuse("LimitExceededException", message)
        if target * 2 < current:
            message = f"UpdateShardCount cannot scale down below half your current open shard count. {numbers}"
            raise refuse("LimitExceededException", message)
        limits = self._limits()
        if target > MAX_SHARDS_PER_STREAM or limits["OpenShardCount"] + target - current > limits["ShardLimit"]:
            raise refuse("LimitExceededException", f"The request would exceed the shard limit. {numbers}")

    def update_stream_mode(self) -> ActionResult:
        """Nothing; the stream is UPDATING until the mode has changed."""
        stream, mode = self._active(), self.given["StreamModeDetails"]
        self._check_warm(mode["StreamMode"])
        _count_change(stream, "modes", MAX_MODE_CHANGES_PER_DAY)
        changed = {"stream_mode": mode, "localcloud_warm": self.given.get("WarmThroughputMiBps")}
        self._settle(stream, "UPDATING", lambda: stream.__dict__.update(changed))
        return EmptyResult()

    def update_max_record_size(self) -> ActionResult:
        """Nothing; the stream is UPDATING until the size has changed."""
        stream, size = self._active(), self.given["MaxRecordSizeInKiB"]
        self._settle(stream, "UPDATING", lambda: setattr(stream, "localcloud_record_size", size))
        return EmptyResult()

    def increase_stream_retention_period(self) -> ActionResult:
        """Nothing; the stream is UPDATING for a while."""
        stream = self._active()
        answer = super().increase_stream_retention_period()
        self._settle(stream, "UPDATING")
        return answer

    def decrease_stream_retention_period(self) -> ActionResult:
        """Nothing; the stream is UPDATING for a while."""
        stream = self._active()
        answer = super().decrease_stream_retention_period()
        self._settle(stream, "UPDATING")
        return answer

    def start_stream_encryption(self) -> ActionResult:
        """Nothing; the stream is UPDATING until it is encrypted."""
        stream, key = self._active(), self.given["KeyId"]
        self._check_key(key)

        def encrypt() -> None:
            stream.encryption_type, stream.key_id = "KMS", key

        self._settle(stream, "UPDATING", encrypt)
        return EmptyResult()

    def stop_stream_encryption(self) -> ActionResult:
        """Nothing; the stream is UPDATING until it is in the clear."""
        stream = self._active()

        def decrypt() -> None:
            stream.encryption_type, stream.key_id = "NONE", None

        self._settle(stream, "UPDATING", decrypt)
        return EmptyResult()

    def _check_key(self, key: str) -> None:
        if not key_exists(self.current_account, self.region, key):
            raise refuse("KMSNotFoundException", f"The KMS key {key} does not exist.")

    def enable_enhanced_monitoring(self) -> ActionResult:
        """The metrics before and after; ALL stands for the seven there are."""
        stream = self._active()
        return self._monitor(stream, set(stream.shard_level_metrics) | self._metrics())

    def disable_enhanced_monitoring(self) -> ActionResult:
        """The metrics before and after; ALL stands for the seven there are."""
        stream = self._active()
        return self._monitor(stream, set(stream.shard_level_metrics) - self._metrics())

    def _metrics(self) -> set[str]:
        named = self.given["ShardLevelMetrics"]
        return set(_ALL_METRICS if "ALL" in named else named)

    def _monitor(self, stream: Stream, wanted: set[str]) -> ActionResult:
        before = stream.shard_level_metrics
        after = [name for name in _ALL_METRICS if name in wanted]
        self._settle(stream, "UPDATING", lambda: setattr(stream, "shard_level_metrics", after))
        metrics = {"CurrentShardLevelMetrics": before, "DesiredShardLevelMetrics": after}
        return ActionResult({"StreamName": stream.stream_name, "StreamARN": stream.arn, **metrics})

    def split_shard(self) -> ActionResult:
        """Nothing; the stream is UPDATING for a while."""
        stream = self._active()
        answer = super().split_shard()
        self._settle(stream, "UPDATING")
        return answer

    def merge_shards(self) -> ActionResult:
        """Nothing; the stream is UPDATING for a while."""
        stream = self._active()
        answer = super().merge_shards()
        self._settle(stream, "UPDATING")
        return answer

    def add_tags_to_stream(self) -> ActionResult:
        """Nothing; refused while the stream is not ACTIVE."""
        stream = self._active()
        _check_tags({**stream.tags, **self.given["Tags"]})
        return super().add_tags_to_stream()

    def remove_tags_from_stream(self) -> ActionResult:
        """Nothing; refused while the stream is not ACTIVE."""
        self._active()
        return super().remove_tags_from_stream()

    def tag_resource(self) -> ActionResult:
        """Nothing; the resource is a stream or a consumer."""
        tags = self._tags_of_resource(change=True)
        _check_tags({**tags, **self.given["Tags"]})
        tags.update(self.given["Tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """Nothing."""
        tags = self._tags_of_resource(change=True)
        for key in self.given["TagKeys"]:
            tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """The tags of a stream or a consumer."""
        tags = self._tags_of_resource(change=False)
        return ActionResult({"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]})

    def _tags_of_resource(self, change: bool) -> dict[str, str]:
        arn = self.given["ResourceARN"]
        if "/consumer/" in arn:
            consumer = self.kinesis_backend.describe_stream_consumer("", "", arn)
            return consumer.__dict__.setdefault("localcloud_tags", {})
        stream = self._active() if change else self._stream()
        return stream.tags

    def put_resource_policy(self) -> ActionResult:
        """Nothing; what is no policy is refused.  Source: PutResourcePolicy, InvalidArgumentException."""
        try:
            statements = json.loads(self.given["Policy"])["Statement"]
        except (ValueError, KeyError, TypeError) as error:
            raise refuse("InvalidArgumentException", "The policy document is malformed.") from error
        for each in statements if isinstance(statements, list) else [statements]:
            if not {"Effect", "Principal", "Action", "Resource"} <= set(each):
                raise refuse("InvalidArgumentException", "The policy document is malformed.")
        return super().put_resource_policy()

    def register_stream_consumer(self) -> ActionResult:
        """The consumer. Source: RegisterStreamConsumer: 20 per stream, each name once."""
        stream = self._active()
        names = {consumer.consumer_name for consumer in stream.consumers}
        if self.given["ConsumerName"] in names:
            raise refuse("ResourceInUseException", f"Consumer {self.given['ConsumerName']} already exists.")
        if len(names) >= MAX_CONSUMERS:
            raise refuse("LimitExceededException", f"A stream can have at most {MAX_CONSUMERS} consumers.")
        tags = self.given.get("Tags", {})
        _check_tags(tags)
        super().register_stream_consumer()
        # moto drops the tags, and makes an ARN without the time.
        made = stream.consumers[-1]
        made.__dict__["localcloud_tags"] = dict(tags)
        made.consumer_arn += f":{int(unix_time(made.created))}"
        made.__dict__["localcloud_status"] = "CREATING"
        clock.begin(_KIND, made.consumer_arn, lambda: made.__dict__.update(localcloud_status="ACTIVE"))
        return ActionResult({"Consumer": made.to_json()})

    def describe_stream_consumer(self) -> ActionResult:
        """moto's answer, which fails where there is no such stream; each look brings a new consumer one poll nearer."""
        if "StreamARN" in self.given:
            self._stream()
        self._look_at_consumers()
        return super().describe_stream_consumer()

    def list_stream_consumers(self) -> Any:
        """moto's answer, which fails where there is no such stream; each look brings new consumers one poll nearer."""
        self._stream()
        self._look_at_consumers()
        return super().list_stream_consumers()

    def _look_at_consumers(self) -> None:
        for stream in self._streams():
            for consumer in stream.consumers:
                clock.look(consumer.consumer_arn)

    def put_record(self) -> ActionResult:
        """moto's answer; a record may not be larger than the stream allows."""
        stream = self._stream()
        size = len(base64.b64decode(self.given["Data"])) + len(self.given["PartitionKey"])
        most = stream.localcloud_record_size * 1024
        if size > most:
            # Source: PutRecord: data and partition key together, up to the stream's MaxRecordSizeInKiB.
            raise refuse(
                "ValidationException",
                "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length "
                f"less than or equal to {most}",
            )
        return super().put_record()

    def deregister_stream_consumer(self) -> ActionResult:
        """Nothing. moto keeps the named consumer and drops the others."""
        given = self.given
        consumer = self.kinesis_backend.describe_stream_consumer(
            given.get("StreamARN", ""), given.get("ConsumerName", ""), given.get("ConsumerARN", "")
        )
        for stream in self.kinesis_backend.streams.values():
            stream.delete_consumer(consumer.consumer_arn)
        return EmptyResult()

    def describe_limits(self) -> ActionResult:
        """What the account uses and what it may use."""
        return ActionResult(self._limits())

    def _limits(self) -> dict[str, int]:
        streams = self._streams()
        on_demand = [stream for stream in streams if stream.stream_mode["StreamMode"] == "ON_DEMAND"]
        return {
            "ShardLimit": settings.quota("kinesis_shards_per_region"),
            "OpenShardCount": sum(_open_shards(stream) for stream in streams if stream not in on_demand),
            "OnDemandStreamCount": len(on_demand),
            "OnDemandStreamCountLimit": settings.quota("kinesis_on_demand_streams"),
        }

    def _streams(self) -> list[Stream]:
        return list(self.kinesis_backend.streams.values())

    def _stream(self) -> Stream:
        """The stream of the call."""
        given = self.given
        arn = given.get("StreamARN") or given.get("ResourceARN")
        return self.kinesis_backend.describe_stream(arn, given.get("StreamName"))

    def _looked_at(self) -> Stream:
        """The stream of the call, after one more poll."""
        stream = self._stream()
        clock.look(stream.arn)
        return stream

    def _active(self) -> Stream:
        """The stream of the call, if it may be changed now."""
        stream = self._stream()
        if stream.status != "ACTIVE":
            raise refuse(
                "ResourceInUseException",
                f"Stream {stream.stream_name} under account {stream.account_id} not ACTIVE, instead in state "
                f"{stream.status}",
            )
        return stream

    def _settle(self, stream: Stream, status: str, arrive: Callable[[], None] | None = None) -> None:
        def done() -> None:
            stream.status = "ACTIVE"
            if arrive:
                arrive()

        stream.status = status
        clock.begin(_KIND, stream.arn, done)


def _consumer(original: Any, self: Consumer, include_stream_arn: bool = False) -> dict[str, Any]:
    """moto's description with the consumer's true state."""
    return {**original(self, include_stream_arn), "ConsumerStatus": self.__dict__.get("localcloud_status", "ACTIVE")}


def _open_shards(stream: Stream) -> int:
    return sum(shard.is_open for shard in stream.shards.values())


def _check_tags(tags: dict[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise refuse("InvalidArgumentException", f"A stream can have at most {MAX_TAGS} tags.")
    for key in tags:
        if not 1 <= len(key) <= 128 or key.startswith("aws:"):
            raise refuse("InvalidArgumentException", f"Invalid tag key: {key!r}.")


def _count_change(stream: Stream, kind: str, most: int) -> None:
    """Count a change that may only be made so many times in any 24 hours."""
    yesterday = now() - datetime.timedelta(days=1)
    changes = stream.__dict__.setdefault(f"localcloud_{kind}", [])
    changes[:] = [when for when in changes if when > yesterday]
    if len(changes) >= most:
        raise refuse("LimitExceededException", f"The limit of {most} changes per 24 hours for this stream is reached.")
    changes.append(now())


def install() -> None:
    """Let requests for Kinesis come here."""
    urls.url_paths["{0}/$"] = LocalKinesis.dispatch
    kinesis_shards.correct_models()
    wrap(Consumer, "to_json", _consumer)
