# SPDX-License-Identifier: Apache-2.0
"""One look at AWS: the stream, and beside it only what the declaration speaks of.  The only part that touches AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import alarms
from ..policies import in_words, statements_of
from ..reconcile.component import Seen
from ..reconcile.identity import identity_of
from ..reconcile.tags import ansible_tags, foreign
from .alarms import requests as alarm_requests
from .names import ACCOUNT, GONE, NOUN, gone, settled, stream_name

if TYPE_CHECKING:
    from ..aws.client import Aws

Options = Mapping[str, Any]
State = dict[str, Any]
# The read of a policy that is not declared, and only told.
OTHERS_POLICY = "others_policy"


def observe(aws: Aws, options: Options) -> Seen:
    """The stream with its tags, consumers, policy and alarms."""
    name = stream_name(options)
    about = {"StreamName": name}
    first = aws.read_many({"stream": ("kinesis", "describe_stream_summary", about, GONE), **of_account(options),
                           **alarm_requests(options)})  # fmt: skip
    summary = (first["stream"] or {}).get("StreamDescriptionSummary")
    requests = alarms.tag_requests(first.get("alarms"))
    if summary is not None:
        requests |= {"tags": ("kinesis", "list_tags_for_resource", {"ResourceARN": summary["StreamARN"]}, GONE),
                     **beside(options, summary)}  # fmt: skip
    second = aws.read_many(requests) if requests else {}
    found, strangers = alarms.observed(options, first.get("alarms"), second)
    # A stream that is being deleted may go between the two rounds, and in the midst of the second.
    if summary is None or any(second.get(key, {}) is None for key in ("tags", "consumers")):
        return Seen(None, {"alarms": found}, {ACCOUNT: first.get(ACCOUNT)}, foreign=strangers)
    theirs = consumers_of_others(aws, options, second)
    resource = {**described(name, summary, second), "alarms": found}
    waits = {"ACTIVE": (), "DELETING": (gone(name),)}.get(summary["StreamStatus"], (settled(name),))
    strangers += foreign(options, NOUN, name, resource["tags"])
    told = tuple(beside_ours(options, resource, theirs))
    around = {"consumers_of_others": theirs, ACCOUNT: first.get(ACCOUNT)}
    return Seen(resource, around=around, waits=waits, foreign=strangers, strangers=told)


def beside_ours(options: Options, resource: State, consumers: list[str]) -> Iterator[Mapping[str, str]]:
    """What others have put on the stream: consumers, and a policy where none is declared."""
    if options["state"] == "absent":
        return
    for name in consumers:
        yield {"what": "consumer", "id": name, "where": resource["name"], "found": "registered by somebody else"}
    for statement in statements_of(resource["resource_policy"]) if options["resource_policy"] is None else ():
        sid, found = str(statement.get("Sid", "without Sid")), in_words(statement)
        yield {"what": "policy statement", "id": sid, "where": resource["name"], "found": found}


def of_account(options: Options) -> dict[str, Any]:
    """The read of the account's settings, where the declaration leans on them."""
    leans = options["state"] == "present" and options["warm_throughput_mibps"] is not None
    return {ACCOUNT: ("kinesis", "describe_account_settings", {})} if leans else {}


def beside(options: Options, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The reads of consumers, where they are declared or there are any, and of the policy."""
    arn, leaves = summary["StreamARN"], options["state"] == "absent"
    requests: dict[str, Any] = {}
    if options["consumers"] is not None or summary.get("ConsumerCount"):
        requests["consumers"] = ("kinesis", "list_stream_consumers", {"StreamARN": arn}, GONE)
    if not leaves:
        key = OTHERS_POLICY if options["resource_policy"] is None else "policy"
        requests[key] = ("kinesis", "get_resource_policy", {"ResourceARN": arn}, GONE)
    return requests


def consumers_of_others(aws: Aws, options: Options, second: Mapping[str, Any]) -> list[str]:
    """Names of the consumers that somebody else registered."""
    found = (second.get("consumers") or {}).get("Consumers", [])
    requests = {each["ConsumerName"]: ("kinesis", "list_tags_for_resource", {"ResourceARN": each["ConsumerARN"]}, GONE)
                for each in found}  # fmt: skip
    answers = aws.read_many(requests) if requests else {}
    owns = identity_of(options).owns
    return sorted(name for name, answer in answers.items() if not owns(ansible_tags((answer or {}).get("Tags"))))


def warm_throughput(summary: Mapping[str, Any]) -> int | None:
    """What was asked for; without that what the stream has, which grows by itself; ``None`` where there is none.

    Source: WarmThroughputObject API reference.
    """
    shown = summary.get("WarmThroughput") or {}
    return shown.get("TargetMiBps", shown.get("CurrentMiBps"))


def described(name: str, summary: Mapping[str, Any], second: Mapping[str, Any]) -> State:
    """The stream in the words of the options."""
    encrypted = summary.get("EncryptionType", "NONE") == "KMS"
    metrics = [each for level in summary.get("EnhancedMonitoring") or () for each in level.get("ShardLevelMetrics", ())]
    answer = next((second[key] or {} for key in ("policy", OTHERS_POLICY) if key in second), None)
    policy = None if answer is None else json.loads(answer.get("Policy") or "{}")
    consumers = (second.get("consumers") or {}).get("Consumers")
    return {
        "name": name,
        "arn": summary["StreamARN"],
        "status": summary["StreamStatus"],
        "stream_mode": summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED"),
        # A stream that is being created shows no shards yet.  Source: DescribeStream API reference, StreamStatus.
        "shard_count": summary["OpenShardCount"] or None,
        "warm_throughput_mibps": warm_throughput(summary),
        "retention_hours": summary["RetentionPeriodHours"],
        "max_record_size_kib": summary.get("MaxRecordSizeInKiB"),
        "encryption_type": "KMS" if encrypted else "NONE",
        "kms_key_id": summary.get("KeyId") if encrypted else None,
        "shard_level_metrics": sorted(metrics),
        "consumers": None if consumers is None else sorted(
            each["ConsumerName"] for each in consumers if each["ConsumerStatus"] != "DELETING"),
        "resource_policy": policy,
        "tags": ansible_tags(second["tags"]["Tags"]),
    }  # fmt: skip
