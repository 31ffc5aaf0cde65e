# SPDX-License-Identifier: Apache-2.0
"""The declaration in the vocabulary of the fields, and the calls that make, change and remove a stream.  Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .. import alarms
from ..policies import canonical_all, statements_of
from ..reconcile.component import Seen
from ..reconcile.errors import Refusal, Refused
from ..reconcile.fields import Difference, Field, bare_key, unordered
from ..reconcile.plan import CREATE, DELETE, MULTI_STEP, Call, Ref, Wait
from ..reconcile.tags import new_tags, tag_calls, wanted_tags
from .alarms import wanted as wanted_alarms
from .names import CONSUMER_SECONDS, GONE, NOUN, arn_ref, change, gone, on, stream_name
from .shards import steps

State = dict[str, Any]
Differences = Mapping[str, Difference]

NEW_RETENTION_HOURS = 24
DEFAULT_KEY = "alias/aws/kinesis"
# Source: RegisterStreamConsumer API reference: 5 consumers in the state CREATING for a stream.
AT_ONCE = 5
STATED = (
    "stream_mode", "shard_count", "warm_throughput_mibps", "retention_hours", "allow_retention_decrease",
    "max_record_size_kib", "encryption_type", "kms_key_id", "shard_level_metrics", "resource_policy",
)  # fmt: skip


def meaning(policy: Any) -> Any:
    """A policy in which order and spelling carry no meaning."""
    return None if policy is None else canonical_all(statements_of(policy))


FIELDS = (
    Field("name", fixed="a stream cannot be renamed"),
    Field("stream_mode"),
    Field("shard_count", change=MULTI_STEP),
    Field("warm_throughput_mibps"),
    Field("retention_hours"),
    Field("max_record_size_kib"),
    Field("encryption_type"),
    Field("kms_key_id", normal=bare_key),
    Field("shard_level_metrics", normal=unordered),
    Field("consumers", normal=unordered),
    Field("resource_policy", normal=meaning),
    Field("alarms"),
    Field("tags"),
)


def desire(options: Mapping[str, Any], seen: Seen) -> State:
    """The declaration; a new stream is provisioned unless it says otherwise, as at AWS."""
    observed = seen.resource or {}
    wanted: State = {**{name: options[name] for name in STATED}, "name": stream_name(options)}
    # How far it is to the declared shards is known once there are any.
    if observed and (not options["manage_shards"] or observed["shard_count"] is None):
        wanted["shard_count"] = None
    if options["encryption_type"] == "KMS":
        wanted["kms_key_id"] = options["kms_key_id"] or DEFAULT_KEY
    declared = options["consumers"]
    theirs = seen.around.get("consumers_of_others", ())
    wanted["consumers"] = None if declared is None else sorted({*declared, *theirs})
    wanted["new_tags"] = new_tags(options)
    wanted["alarms"] = wanted_alarms(options)
    wanted["tags"] = wanted_tags(options, observed.get("tags"))
    return wanted


def newborn(desired: State) -> State:
    """A stream right after CreateStream: a day's retention, unencrypted.  Source: CreateStream API reference."""
    return {
        "name": desired["name"],
        "stream_mode": desired["stream_mode"] or "PROVISIONED",
        "shard_count": desired["shard_count"],
        "warm_throughput_mibps": desired["warm_throughput_mibps"],
        "retention_hours": NEW_RETENTION_HOURS,
        "max_record_size_kib": desired["max_record_size_kib"],
        "encryption_type": "NONE",
        "kms_key_id": None,
        "shard_level_metrics": [],
        "consumers": [],
        "resource_policy": {},
        "alarms": {},
        "tags": desired["tags"],
    }


def create(desired: State) -> list[Call]:
    """One call, with tags, warm throughput and record size."""
    name, mode = desired["name"], desired["stream_mode"] or "PROVISIONED"
    params = {"StreamName": name, "StreamModeDetails": {"StreamMode": mode}, "Tags": desired["tags"]}
    if mode == "PROVISIONED":
        params["ShardCount"] = desired["shard_count"] or 1
    if desired["warm_throughput_mibps"] is not None:
        params["WarmThroughputMiBps"] = desired["warm_throughput_mibps"]
    if desired["max_record_size_kib"]:
        params["MaxRecordSizeInKiB"] = desired["max_record_size_kib"]
    return [change(name, "create_stream", params, f"create stream {name}", CREATE)]


def arn_of(observed: State) -> Any:
    """The stream's ARN, which a stream that is yet to be made gets by the end of its creation."""
    return observed.get("arn") or Ref(arn_ref(observed["name"]))


def mode(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Provisioned or on demand, and then with the warm throughput in the same call."""
    if "stream_mode" not in differences:
        return []
    params = {"StreamARN": arn_of(observed), "StreamModeDetails": {"StreamMode": desired["stream_mode"]}}
    if desired["warm_throughput_mibps"] is not None:
        params["WarmThroughputMiBps"] = desired["warm_throughput_mibps"]
    return [change(desired["name"], "update_stream_mode", params, f"switch to {desired['stream_mode']}")]


def warm_throughput(observed: State, desired: State, differences: Differences) -> list[Call]:
    """What a stream on demand can take at once, without having grown to it."""
    if "warm_throughput_mibps" not in differences or "stream_mode" in differences:
        return []
    warm = desired["warm_throughput_mibps"]
    params = {"StreamARN": arn_of(observed), "WarmThroughputMiBps": warm}
    return [change(desired["name"], "update_stream_warm_throughput", params, f"keep {warm} MiB/s warm")]


def shard_count(observed: State, desired: State, differences: Differences) -> list[Call]:
    """As many steps as AWS wants; each is a call that a later run continues from."""
    if "shard_count" not in differences:
        return []
    name = desired["name"]
    return [
        change(name, "update_shard_count",
               {"StreamName": name, "TargetShardCount": count, "ScalingType": "UNIFORM_SCALING"},
               f"scale to {count} shards", MULTI_STEP)
        for count in steps(observed["shard_count"], desired["shard_count"])
    ]  # fmt: skip


def retention(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Two APIs for one number; what a decrease loses is said."""
    if "retention_hours" not in differences:
        return []
    name, hours = desired["name"], desired["retention_hours"]
    params = {"StreamName": name, "RetentionPeriodHours": hours}
    if hours > observed["retention_hours"]:
        return [change(name, "increase_stream_retention_period", params, f"keep records for {hours} hours")]
    why = f"keep records for {hours} hours: older ones are lost"
    return [change(name, "decrease_stream_retention_period", params, why)]


def record_size(observed: State, desired: State, differences: Differences) -> list[Call]:
    """How large a record may be."""
    if "max_record_size_kib" not in differences:
        return []
    size = desired["max_record_size_kib"]
    params = {"StreamARN": arn_of(observed), "MaxRecordSizeInKiB": size}
    return [change(desired["name"], "update_max_record_size", params, f"take records of up to {size} KiB")]


def encryption(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Encryption at rest."""
    if not {"encryption_type", "kms_key_id"} & set(differences):
        return []
    name = desired["name"]
    if desired["encryption_type"] == "NONE":
        params = {"StreamName": name, "EncryptionType": "KMS", "KeyId": observed["kms_key_id"]}
        return [change(name, "stop_stream_encryption", params, "stop encryption at rest")]
    params = {"StreamName": name, "EncryptionType": "KMS", "KeyId": desired["kms_key_id"]}
    return [change(name, "start_stream_encryption", params, f"encrypt with {desired['kms_key_id']}")]


def metrics(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Metrics of each shard, switched on and off by name."""
    if "shard_level_metrics" not in differences:
        return []
    name, before, after = desired["name"], set(observed["shard_level_metrics"]), set(desired["shard_level_metrics"])
    calls = []
    for verb, names in (("enable", sorted(after - before)), ("disable", sorted(before - after))):
        if names:
            params = {"StreamName": name, "ShardLevelMetrics": names}
            calls.append(change(name, f"{verb}_enhanced_monitoring", params, f"{verb} metrics {', '.join(names)}"))
    return calls


def policy(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Who else may use the stream."""
    if "resource_policy" not in differences:
        return []
    name, about = desired["name"], {"ResourceARN": arn_of(observed)}
    if not desired["resource_policy"]:
        return [Call("kinesis", "delete_resource_policy", about, on(name), "remove the resource policy")]
    params = {**about, "Policy": json.dumps(desired["resource_policy"])}
    return [Call("kinesis", "put_resource_policy", params, on(name), "set the resource policy")]


def tags(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Tags of the stream."""
    if "tags" not in differences:
        return []
    about = {"ResourceARN": arn_of(observed)}
    return tag_calls("kinesis", on(desired["name"]), about, observed["tags"], desired["tags"], form=dict)


def consumers(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Consumers with enhanced fan-out, beside each other, once the stream takes them."""
    if "consumers" not in differences:
        return []
    before, wanted, arn = set(observed["consumers"]), set(desired["consumers"]), arn_of(observed)
    calls: list[Call] = []
    for name in sorted(before ^ wanted):
        # As many may be under way at once, so that each waits for the one that many places before it.
        earlier = tuple(call.on for call in calls[-AT_ONCE:][:1]) if len(calls) >= AT_ONCE else ()
        about = {"StreamARN": arn, "ConsumerName": name}
        new = name in wanted
        operation, why, kind = (
            ("register_stream_consumer", f"register consumer {name}", CREATE) if new
            else ("deregister_stream_consumer", f"deregister consumer {name}", DELETE)
        )  # fmt: skip
        params = {**about, "Tags": desired["new_tags"]} if new else about
        noun = f"consumer {name} of {on(desired['name'])}"
        wait = consumer_settled(noun, about, "ACTIVE" if new else "absent")
        after = (on(desired["name"]), *earlier)
        calls.append(Call("kinesis", operation, params, noun, why, kind, after=after, wait=wait))
    return calls


def consumer_settled(noun: str, about: Mapping[str, Any], state: str) -> Wait:
    """A consumer is registered, or gone."""
    return Wait(noun, "kinesis", "describe_stream_consumer", about, "ConsumerDescription.ConsumerStatus",
                done=(state,), absent_codes=GONE, typical_seconds=CONSUMER_SECONDS)  # fmt: skip


def watch(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Alarms on the stream."""
    if "alarms" not in differences:
        return []
    return alarms.calls(observed["alarms"], desired["alarms"], desired["new_tags"])


# Mode first, for streams on demand refuse shard counts; tags before the consumers, which want a stream at rest.
STEPS: tuple[Callable[[State, State, Differences], list[Call]], ...] = (
    mode, warm_throughput, shard_count, retention, record_size, encryption, metrics, policy, tags, consumers, watch,
)  # fmt: skip


def update(observed: State, desired: State, differences: Differences) -> list[Call]:
    """The calls that remove the differences, in the order of STEPS."""
    return [call for step in STEPS for call in step(observed, desired, differences)]


def delete(seen: Seen, options: Mapping[str, Any]) -> list[Call]:
    """The alarms, and the stream with its records and our consumers.  Raises Refused while others consume it."""
    found = (seen.resource or seen.satellites).get("alarms") or {}
    calls = alarms.removal(sorted(found))
    if seen.resource is None or seen.resource["status"] == "DELETING":
        return calls
    name, theirs = seen.resource["name"], seen.around.get("consumers_of_others", ())
    if theirs and not options["enforce_consumer_deletion"]:
        raise Refused([Refusal(NOUN, name, "consumers", ", ".join(theirs), "no consumer that somebody else registered",
                               "have them deregistered, or set enforce_consumer_deletion")])  # fmt: skip
    params = {"StreamName": name, "EnforceConsumerDeletion": True}
    why = f"delete stream {name} with its records"
    return [*calls, Call("kinesis", "delete_stream", params, on(name), why, DELETE, wait=gone(name))]
