#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
"""One Kinesis data stream, kept as declared.  The module to imitate when you write another."""

DOCUMENTATION = r"""
module: kinesis_data_stream
short_description: Keep one Kinesis data stream as declared
description:
  - Creates, changes and deletes the data stream of an environment.
  - A change of the shard count beyond twice or half of the present count becomes several steps; a run that ends between
    two of them is continued by the next one.
options:
  name:
    description: Name of the stream. Left out, it is C(<stack_name>-<environment_suffix>).
    type: str
  stream_mode:
    description: How capacity is provided.
    type: str
    choices: [PROVISIONED, ON_DEMAND]
  shard_count:
    description: Open shards of a provisioned stream, 1 to 10000. Required for a new provisioned stream.
    type: int
  retention_hours:
    description: Hours for which a record is kept, 24 to 8760.
    type: int
  allow_retention_decrease:
    description: Whether O(retention_hours) may shrink; records older than the new retention are lost.
    type: bool
    default: false
  encryption_type:
    description: Encryption at rest.
    type: str
    choices: [KMS, NONE]
  kms_key_id:
    description: Key for O(encryption_type=KMS), as id, ARN or alias. Left out, it is C(alias/aws/kinesis).
    type: str
extends_documentation_fragment:
  - streambed
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Keep an on-demand stream, encrypted with the service's own key
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: dev
    stream_mode: ON_DEMAND
    encryption_type: KMS

- name: Keep a provisioned stream that remembers a week
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: prod
    stream_mode: PROVISIONED
    shard_count: 8
    retention_hours: 168
    encryption_type: KMS
    kms_key_id: alias/sensors
    tags:
      team: telemetry

- name: Remove the stream
  kinesis_data_stream:
    stack_name: sensors
    environment_suffix: dev
    state: absent
"""

RETURN = r"""
calls:
  description: The writes that were made, or in check mode would be made, in order.
  returned: success
  type: list
  elements: dict
  sample:
    - service: kinesis
      operation: create_stream
      params: {StreamName: sensors-dev, ShardCount: 2}
      "on": stream sensors-dev
      why: create stream sensors-dev
      change: create
resource:
  description: The stream as it is after the run, in the words of the options, with C(arn).
  returned: success
  type: dict
  sample: {name: sensors-dev, arn: "arn:aws:kinesis:eu-west-1:123456789012:stream/sensors-dev", shard_count: 2}
settling:
  description: What is still in the making, empty when all is settled.
  returned: success
  type: dict
scheduled:
  description: Options whose change waits for a maintenance window; a stream has none.
  returned: success
  type: dict
waiting_for:
  description: What AWS was in the middle of when the run began.
  returned: success
  type: list
  elements: str
aws_calls:
  description: Calls made, as C(reads) and C(writes).
  returned: success
  type: dict
"""

from ansible.module_utils.reconcile.component import Component, Seen
from ansible.module_utils.reconcile.engine import run
from ansible.module_utils.reconcile.errors import Refusal
from ansible.module_utils.reconcile.fields import Field
from ansible.module_utils.reconcile.identity import identity_of
from ansible.module_utils.reconcile.plan import CREATE, DELETE, MULTI_STEP, Call, Wait
from ansible.module_utils.reconcile.tags import ansible_tags, foreign, tag_changes, wanted_tags

NOUN = "Kinesis data stream"
# Source: CreateStream and IncreaseStreamRetentionPeriod API reference.
SHARDS = range(1, 10_001)
RETENTION_HOURS = range(24, 8761)
# UpdateShardCount goes to twice the count at most and to half of it at least.  Source: its API reference.
STEP = 2
NEW_RETENTION_HOURS = 24
GONE = ("ResourceNotFoundException",)
DEFAULT_KEY = "alias/aws/kinesis"

OPTIONS = {
    "name": {},
    "stream_mode": {"choices": ["PROVISIONED", "ON_DEMAND"]},
    "shard_count": {"type": "int"},
    "retention_hours": {"type": "int"},
    "allow_retention_decrease": {"type": "bool", "default": False},
    "encryption_type": {"choices": ["KMS", "NONE"]},
    "kms_key_id": {},
}


def bare_key(key):
    """A key as it was named, without the ARN around it, so that an ARN and an id of one key are equal."""
    return key.rpartition(":")[2].removeprefix("key/") if key else key


FIELDS = (
    Field("name", fixed="a stream cannot be renamed"),
    Field("stream_mode"),
    Field("shard_count", change=MULTI_STEP),
    Field("retention_hours"),
    Field("encryption_type"),
    Field("kms_key_id", normal=bare_key),
    Field("tags"),
)

PERMISSIONS = frozenset({
    "kinesis:AddTagsToStream", "kinesis:CreateStream", "kinesis:DecreaseStreamRetentionPeriod", "kinesis:DeleteStream",
    "kinesis:DescribeStreamSummary", "kinesis:IncreaseStreamRetentionPeriod", "kinesis:ListTagsForStream",
    "kinesis:RemoveTagsFromStream", "kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption",
    "kinesis:UpdateShardCount", "kinesis:UpdateStreamMode",
})  # fmt: skip

# A stream that another call just touched takes no second one.  LimitExceededException stands for a rate (worth waiting
# for) and for a quota (not): a short patience serves both.  Source: UpdateShardCount API reference, Errors.
PATIENCE = {"ResourceInUseException": 600, "LimitExceededException": 60}


def stream_name(options):
    return options["name"] or identity_of(options).name


def rules(options):
    """Combinations that Kinesis would refuse."""
    name, mode, shards = stream_name(options), options["stream_mode"], options["shard_count"]
    hours, key = options["retention_hours"], options["kms_key_id"]
    if mode == "ON_DEMAND" and shards is not None:
        yield Refusal(NOUN, name, "shard_count", shards, "no shard_count with stream_mode ON_DEMAND",
                      "remove shard_count, AWS sets it")  # fmt: skip
    if shards is not None and shards not in SHARDS:
        yield Refusal(NOUN, name, "shard_count", shards, "1 to 10000", "correct shard_count")
    if hours is not None and hours not in RETENTION_HOURS:
        yield Refusal(NOUN, name, "retention_hours", hours, "24 to 8760", "correct retention_hours")
    if key and options["encryption_type"] != "KMS":
        yield Refusal(NOUN, name, "kms_key_id", key, "encryption_type KMS beside it", "set encryption_type to KMS")


def settled(name):
    return Wait(f"stream {name}", "kinesis", "describe_stream_summary", {"StreamName": name},
                "StreamDescriptionSummary.StreamStatus", done=("ACTIVE",),
                absent_codes=GONE)  # fmt: skip


def gone(name):
    return Wait(f"stream {name}", "kinesis", "describe_stream_summary", {"StreamName": name},
                "StreamDescriptionSummary.StreamStatus", done=("absent",),
                absent_codes=GONE)  # fmt: skip


def observe(aws, options):
    name = stream_name(options)
    answer = aws.read("kinesis", "describe_stream_summary", GONE, StreamName=name)
    listed = answer and aws.read("kinesis", "list_tags_for_stream", GONE, StreamName=name)
    if answer is None or listed is None:  # a stream that is being deleted may go between the two reads
        return Seen(None)
    summary, tags = answer["StreamDescriptionSummary"], ansible_tags(listed["Tags"])
    waits = {"ACTIVE": (), "DELETING": (gone(name),)}.get(summary["StreamStatus"], (settled(name),))
    encrypted = summary.get("EncryptionType", "NONE") == "KMS"
    resource = {
        "name": name,
        "arn": summary["StreamARN"],
        "status": summary["StreamStatus"],
        "stream_mode": summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED"),
        "shard_count": summary["OpenShardCount"],
        "retention_hours": summary["RetentionPeriodHours"],
        "encryption_type": "KMS" if encrypted else "NONE",
        "kms_key_id": summary.get("KeyId") if encrypted else None,
        "tags": tags,
    }
    return Seen(resource, waits=waits, foreign=foreign(options, NOUN, name, tags))


def desire(options, seen):
    """The declaration; a new stream is provisioned unless it says otherwise, as at AWS."""
    observed = seen.resource or {}
    key = options["kms_key_id"]
    if options["encryption_type"] == "KMS":
        key = key or observed.get("kms_key_id") or DEFAULT_KEY
    return {
        **{name: options[name] for name in OPTIONS},
        "name": stream_name(options),
        "kms_key_id": key,
        "tags": wanted_tags(options, observed.get("tags")),
    }


def guards(observed, desired, differences):
    """Changes that lose records and that no option allows."""
    hours = desired["retention_hours"]
    shrinks = "retention_hours" in differences and hours < observed["retention_hours"]
    if shrinks and not desired["allow_retention_decrease"]:
        yield Refusal(NOUN, desired["name"], "retention_hours", f"{hours} hours",
                      f"at least the present {observed['retention_hours']} hours",
                      "keep the retention, or set allow_retention_decrease: older records are lost")  # fmt: skip


def newborn(desired):
    """A stream right after CreateStream: a day's retention, unencrypted.  Source: CreateStream API reference."""
    return {
        "name": desired["name"],
        "stream_mode": desired["stream_mode"] or "PROVISIONED",
        "shard_count": desired["shard_count"],
        "retention_hours": NEW_RETENTION_HOURS,
        "encryption_type": "NONE",
        "kms_key_id": None,
        "tags": desired["tags"],
    }


def create(desired):
    mode = desired["stream_mode"] or "PROVISIONED"
    params = {"StreamName": desired["name"], "StreamModeDetails": {"StreamMode": mode}, "Tags": desired["tags"]}
    if mode == "PROVISIONED":
        params["ShardCount"] = desired["shard_count"] or 1
    return [change(desired["name"], "create_stream", params, f"create stream {desired['name']}", CREATE)]


def change(name, operation, params, why, kind="in place"):
    """A call that keeps the stream busy until it is ACTIVE again."""
    return Call("kinesis", operation, params, f"stream {name}", why, kind, wait=settled(name))


def shard_steps(count, target):
    """The counts on the way from ``count`` to ``target``, each within twice and half of the one before."""
    steps = []
    while count != target:
        count = min(target, count * STEP) if target > count else max(target, -(-count // STEP))
        steps.append(count)
    return steps


def update(observed, desired, differences):
    """Mode first, for on-demand streams refuse shard counts; then shards, retention, encryption, tags."""
    name, arn = desired["name"], observed.get("arn")
    calls = []
    if "stream_mode" in differences:
        params = {"StreamARN": arn, "StreamModeDetails": {"StreamMode": desired["stream_mode"]}}
        calls.append(change(name, "update_stream_mode", params, f"switch to {desired['stream_mode']}"))
    if "shard_count" in differences:
        for count in shard_steps(observed["shard_count"], desired["shard_count"]):
            params = {"StreamName": name, "TargetShardCount": count, "ScalingType": "UNIFORM_SCALING"}
            calls.append(change(name, "update_shard_count", params, f"scale to {count} shards", MULTI_STEP))
    if "retention_hours" in differences:
        hours = desired["retention_hours"]
        verb = "increase" if hours > observed["retention_hours"] else "decrease"
        params = {"StreamName": name, "RetentionPeriodHours": hours}
        calls.append(change(name, f"{verb}_stream_retention_period", params, f"keep records for {hours} hours"))
    calls += encryption_calls(name, observed, desired, differences)
    if "tags" in differences:
        calls += tag_calls(name, observed["tags"], desired["tags"])
    return calls


def encryption_calls(name, observed, desired, differences):
    if not {"encryption_type", "kms_key_id"} & set(differences):
        return []
    if desired["encryption_type"] == "NONE":
        params = {"StreamName": name, "EncryptionType": "KMS", "KeyId": observed["kms_key_id"]}
        return [change(name, "stop_stream_encryption", params, "stop encryption at rest")]
    params = {"StreamName": name, "EncryptionType": "KMS", "KeyId": desired["kms_key_id"]}
    return [change(name, "start_stream_encryption", params, f"encrypt with {desired['kms_key_id']}")]


def tag_calls(name, before, after):
    to_set, to_remove = tag_changes(before, after)
    calls = []
    if to_remove:
        params = {"StreamName": name, "TagKeys": to_remove}
        calls.append(Call("kinesis", "remove_tags_from_stream", params, f"stream {name}", "remove tags"))
    if to_set:
        params = {"StreamName": name, "Tags": to_set}
        calls.append(Call("kinesis", "add_tags_to_stream", params, f"stream {name}", "set tags"))
    return calls


def delete(seen, options):
    if seen.resource is None or seen.resource["status"] == "DELETING":
        return []
    name = seen.resource["name"]
    return [Call("kinesis", "delete_stream", {"StreamName": name, "EnforceConsumerDeletion": True},
                 f"stream {name}", f"delete stream {name} with its records", DELETE, wait=gone(name))]  # fmt: skip


COMPONENT = Component(
    module="kinesis_data_stream", noun=NOUN, options=OPTIONS, fields=FIELDS, rules=rules, observe=observe,
    desire=desire, guards=guards, newborn=newborn, create=create, update=update, delete=delete,
    permissions=PERMISSIONS, patience=PATIENCE,
)  # fmt: skip


def main():
    run(COMPONENT)


if __name__ == "__main__":
    main()
