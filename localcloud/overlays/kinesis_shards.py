# SPDX-License-Identifier: Apache-2.0
"""Shards over a reshard, and the calls that read them.

Source: Kinesis developer guide, "Resharding a stream" (closed shards keep their records until these expire); API
reference GetRecords (NextShardIterator null and ChildShards at the end of a closed shard), ListShards, DescribeStream.
"""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from typing import Any

from moto.core.responses import ActionResult
from moto.kinesis.models import Record, Shard, Stream
from moto.kinesis.responses import KinesisResponse
from moto.kinesis.utils import decompose_shard_iterator

from localcloud.overlays.wrap import wrap
from localcloud.refusals import refuse

#: The first sequence number of a stream; AWS's have some 56 digits.
_FIRST = 49590338271490256608559692538361571095921575989136588898
#: How far apart the numbers of parents and children are at least.
_STEP = 10**20
_PAGE = 1000
_DESCRIBED = 100


class Shards(KinesisResponse):
    """GetRecords, ListShards, and the pages of DescribeStream."""

    def get_records(self) -> ActionResult:
        """moto's answer; a closed shard ends, and says what came after it."""
        answer: Any = super().get_records().result
        name, shard_id, _ = decompose_shard_iterator(self._get_param("ShardIterator"))
        stream = self.kinesis_backend.streams[name]
        shard = stream.shards[shard_id]
        _, _, last = decompose_shard_iterator(answer["NextShardIterator"])
        if not shard.is_open and int(last) >= shard.get_max_sequence_number():
            answer = {**answer, "NextShardIterator": None, "ChildShards": _children(stream, shard_id)}
        return ActionResult(answer)

    def list_shards(self) -> ActionResult:
        """One page of the shards. Source: ListShards: a token stands for the stream, and goes alone."""
        given = json.loads(self.body)
        name, start, filters = _asked(self.kinesis_backend, given)
        stream = self.kinesis_backend.describe_stream(None, name)
        shown = [shard for shard in _sorted(stream) if shard.shard_id > start and _fits(stream, shard, filters)]
        size = given.get("MaxResults", _PAGE)
        answer: dict[str, Any] = {"Shards": [shard.to_json() for shard in shown[:size]]}
        if len(shown) > size:
            token = json.dumps([name, shown[size - 1].shard_id, filters])
            answer["NextToken"] = base64.b64encode(token.encode()).decode()
        return ActionResult(answer)

    def described_page(self, stream: Stream) -> dict[str, Any]:
        """The shards of DescribeStream's page, and whether there are more."""
        given = json.loads(self.body)
        start, size = given.get("ExclusiveStartShardId", ""), given.get("Limit", _DESCRIBED)
        shown = [shard for shard in _sorted(stream) if shard.shard_id > start]
        return {"Shards": [shard.to_json() for shard in shown[:size]], "HasMoreShards": len(shown) > size}


def _asked(backend: Any, given: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """The stream's name, after which shard, and the filter."""
    token = given.get("NextToken")
    if token is None:
        stream = backend.describe_stream(given.get("StreamARN"), given.get("StreamName"))
        return stream.stream_name, given.get("ExclusiveStartShardId", ""), given.get("ShardFilter", {})
    if "StreamName" in given or "StreamARN" in given:
        raise refuse("InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
    try:
        name, start, filters = json.loads(base64.b64decode(token))
    except ValueError as error:
        raise refuse("ExpiredNextTokenException", "The NextToken is not valid or expired.") from error
    return name, start, filters


def _fits(stream: Stream, shard: Shard, filters: dict[str, Any]) -> bool:
    """Whether the filter lets the shard through; times are not told apart: nothing expires here."""
    kind = filters.get("Type", "FROM_TRIM_HORIZON")
    if kind == "AFTER_SHARD_ID":
        return shard.shard_id > filters["ShardId"]
    if kind == "AT_LATEST":
        return shard.is_open
    if kind == "AT_TRIM_HORIZON":
        return not shard.parent
    return True


def _sorted(stream: Stream) -> list[Shard]:
    return sorted(stream.shards.values(), key=lambda shard: shard.shard_id)


def _children(stream: Stream, shard_id: str) -> list[dict[str, Any]]:
    return [
        {
            "ShardId": child.shard_id,
            "ParentShards": [name for name in (child.parent, child.adjacent_parent) if name],
            "HashKeyRange": child.to_json()["HashKeyRange"],
        }
        for child in _sorted(stream)
        if shard_id in (child.parent, child.adjacent_parent)
    ]


def _start(shard: Shard) -> int:
    return int(shard.__dict__.setdefault("localcloud_start", _FIRST))


def _put_record(original: Any, self: Shard, partition_key: str, data: str, explicit_hash_key: str) -> str:
    """The record's number, which is greater than all before it in the shard and in its parents."""
    number = max(self.get_max_sequence_number(), _start(self)) + 1
    self.records[number] = Record(partition_key, data, number, explicit_hash_key)
    return str(number)


def _to_json(original: Any, self: Shard) -> dict[str, Any]:
    """moto's description, with the numbers that the shard began and ended with."""
    answer: dict[str, Any] = original(self)
    numbers = answer["SequenceNumberRange"]
    numbers["StartingSequenceNumber"] = str(_start(self))
    if not self.is_open:
        numbers["EndingSequenceNumber"] = str(max(self.get_max_sequence_number(), _start(self)) + 1)
    return answer


def _reshard(original: Any, self: Stream, *names: str) -> None:
    """moto's split or merge; the parents keep their records, which moto would move."""
    parents = [self.shards[name] for name in names if name in self.shards]
    records = [parent.records for parent in parents]
    before = set(self.shards)
    for parent in parents:
        parent.records = OrderedDict()
    try:
        original(self, *names)
    finally:
        for parent, own in zip(parents, records, strict=True):
            parent.records = own
    start = max(max(parent.get_max_sequence_number(), _start(parent)) for parent in parents) + _STEP
    for name in set(self.shards) - before:
        self.shards[name].__dict__["localcloud_start"] = start


def _get_shard_for_key(original: Any, self: Stream, partition_key: str, explicit_hash_key: str) -> Any:
    """The open shard of a key; in moto the closed parents of a reshard keep theirs."""
    every = self.shards
    self.shards = {name: shard for name, shard in every.items() if shard.is_open}
    try:
        return original(self, partition_key, explicit_hash_key)
    finally:
        self.shards = every


def correct_models() -> None:
    """Correct what moto's own shards have wrong."""
    wrap(Stream, "get_shard_for_key", _get_shard_for_key)
    wrap(Stream, "split_shard", _reshard)
    wrap(Stream, "merge_shards", _reshard)
    wrap(Shard, "put_record", _put_record)
    wrap(Shard, "to_json", _to_json)
