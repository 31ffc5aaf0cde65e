# SPDX-License-Identifier: Apache-2.0
"""A small world for long proofs, a stream and a bucket with its lock table, and what must hold of it, seen by boto3.

It is small so that thousands of runs take minutes: a run in order asks AWS a dozen times.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.aws.client import Aws

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.environments import conducted

ROLES = ("state_bucket", "kinesis")
STREAM, BUCKET, TABLE = "sensors-test", f"sensors-test-state-{ACCOUNT}", "sensors-test-state-lock"
LOCK_KEY = "test/sensors.tfstate.tflock"
OURS = {"streambed:stack": "sensors", "streambed:environment": "test"}
BASE: dict[str, Any] = {
    "kinesis_stream_mode": "PROVISIONED", "kinesis_shard_count": 1, "kinesis_retention_hours": 24,
    "kinesis_allow_retention_decrease": True, "kinesis_consumers": [], "kinesis_enforce_consumer_deletion": True,
    "kinesis_shard_level_metrics": [], "kinesis_tags": {}, "kinesis_encryption_type": "KMS",
    "state_bucket_lock_table": False, "state_bucket_allow_lock_table_removal": True,
    "state_bucket_noncurrent_versions_days": 30, "state_bucket_delete_state_history": True, "state_bucket_tags": {},
}  # fmt: skip
# What may be declared of each; the shards of a stream on demand are AWS's.
CHOICES: dict[str, list[Any]] = {
    "kinesis_stream_mode": ["PROVISIONED", "PROVISIONED", "ON_DEMAND"],
    "kinesis_shard_count": [1, 2, 3, 4, 8], "kinesis_retention_hours": [24, 48, 168],
    "kinesis_encryption_type": ["KMS", "NONE"],
    "kinesis_consumers": [[], ["app"], ["app", "archive"]],
    "kinesis_shard_level_metrics": [[], ["IncomingBytes"], ["IncomingBytes", "OutgoingRecords"]],
    "kinesis_tags": [{}, {"team": "telemetry"}], "state_bucket_tags": [{}, {"team": "telemetry"}],
    "state_bucket_lock_table": [False, True], "state_bucket_noncurrent_versions_days": [30, 90],
}  # fmt: skip


def told(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration as an inventory would state it."""
    on_demand = declared["kinesis_stream_mode"] == "ON_DEMAND"
    return {**declared, "kinesis_shard_count": None if on_demand else declared["kinesis_shard_count"]}


def run(cloud: Cloud, declared: Mapping[str, Any], aws: Aws | None = None, **options: Any) -> dict[str, Any]:
    """The result of one run of the world."""
    return conducted(cloud, told(declared), aws=aws, roles=ROLES, **options)


def found(cloud: Cloud) -> dict[str, Any]:
    """What is there, in the words of the declaration; every list is of what must be there at most once."""
    kinesis, s3, dynamodb = (cloud.client(name) for name in ("kinesis", "s3", "dynamodb"))
    streams = kinesis.list_streams()["StreamNames"]
    buckets = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    seen: dict[str, Any] = {"streams": streams, "buckets": buckets, "tables": dynamodb.list_tables()["TableNames"]}
    if streams:
        seen |= _stream(kinesis)
    if buckets:
        seen |= _bucket(s3)
    return seen


def _stream(kinesis: Any) -> dict[str, Any]:
    summary = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]
    arn, mode = summary["StreamARN"], summary["StreamModeDetails"]["StreamMode"]
    consumers = kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]
    tags = {each["Key"]: each["Value"] for each in kinesis.list_tags_for_stream(StreamName=STREAM)["Tags"]}
    return {
        "kinesis_stream_mode": mode,
        "kinesis_shard_count": summary["OpenShardCount"] if mode == "PROVISIONED" else None,
        "kinesis_retention_hours": summary["RetentionPeriodHours"],
        "kinesis_encryption_type": summary.get("EncryptionType", "NONE"),
        "kinesis_consumers": sorted(each["ConsumerName"] for each in consumers),
        "kinesis_shard_level_metrics": sorted(summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]),
        "kinesis_tags": _others(tags),
    }


def _bucket(s3: Any) -> dict[str, Any]:
    tags = {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]}
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    days = [each["NoncurrentVersionExpiration"]["NoncurrentDays"] for each in rules
            if "NoncurrentVersionExpiration" in each]  # fmt: skip
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    return {
        "state_bucket_noncurrent_versions_days": days[0] if len(days) == 1 else days,
        "state_bucket_tags": _others(tags),
        "versioning": s3.get_bucket_versioning(Bucket=BUCKET).get("Status"),
        "public access blocked": set(s3.get_public_access_block(Bucket=BUCKET)
                                     ["PublicAccessBlockConfiguration"].values()),
        "TLS only": any("aws:SecureTransport" in json.dumps(each) for each in policy),
        "lock": [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())
                 if each["Key"] == LOCK_KEY],
    }  # fmt: skip


def _others(tags: Mapping[str, str]) -> dict[str, str]:
    own = [key for key in tags if key.startswith("streambed:")]
    assert own, f"the tags that say whose it is are gone: {tags}"
    return {key: value for key, value in tags.items() if key not in (*own, "Name")}


def wanted(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be there of a declaration; of nothing declared, nothing."""
    if not declared:
        return {"streams": [], "buckets": [], "tables": []}
    stated = {name: sorted(value) if isinstance(value, list) else value for name, value in told(declared).items()
              if name in CHOICES and name != "state_bucket_lock_table"}  # fmt: skip
    return {**stated, "streams": [STREAM], "buckets": [BUCKET], "lock": [], "versioning": "Enabled",
            "tables": [TABLE] if declared["state_bucket_lock_table"] else [], "public access blocked": {True},
            "TLS only": True}  # fmt: skip


# What others do to it behind our back; each is either repaired by the next run or of no matter to it.


def _active_stream(cloud: Cloud) -> tuple[Any, str]:
    """Kinesis, and the stream's ARN once it takes changes."""
    kinesis = cloud.client("kinesis")
    while True:  # each look brings it further
        summary = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]
        if summary["StreamStatus"] == "ACTIVE":
            return kinesis, summary["StreamARN"]


def _stream_gone(cloud: Cloud) -> None:
    cloud.client("kinesis").delete_stream(StreamName=STREAM, EnforceConsumerDeletion=True)


def _stream_tags_gone(cloud: Cloud) -> None:
    kinesis, _unused = _active_stream(cloud)
    kinesis.remove_tags_from_stream(StreamName=STREAM, TagKeys=["streambed:stack", "team", "Name"])


def _stream_tag_of_others(cloud: Cloud) -> None:
    _active_stream(cloud)[0].add_tags_to_stream(StreamName=STREAM, Tags={"cost-centre": "42"})


def _retention(cloud: Cloud) -> None:
    kinesis, _unused = _active_stream(cloud)
    kinesis.increase_stream_retention_period(StreamName=STREAM, RetentionPeriodHours=336)


def _metrics(cloud: Cloud) -> None:
    kinesis, _unused = _active_stream(cloud)
    kinesis.enable_enhanced_monitoring(StreamName=STREAM, ShardLevelMetrics=["WriteProvisionedThroughputExceeded"])


def _consumer_gone(cloud: Cloud) -> None:
    kinesis, arn = _active_stream(cloud)
    for each in kinesis.list_stream_consumers(StreamARN=arn)["Consumers"][:1]:
        kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName=each["ConsumerName"])


def _policy_gone(cloud: Cloud) -> None:
    cloud.client("s3").delete_bucket_policy(Bucket=BUCKET)


def _versioning_off(cloud: Cloud) -> None:
    cloud.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


def _bucket_open(cloud: Cloud) -> None:
    cloud.client("s3").delete_public_access_block(Bucket=BUCKET)


def _lifecycle_gone(cloud: Cloud) -> None:
    cloud.client("s3").delete_bucket_lifecycle(Bucket=BUCKET)


def _bucket_tags_gone(cloud: Cloud) -> None:
    cloud.client("s3").delete_bucket_tagging(Bucket=BUCKET)


def _table_gone(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb")
    for name in dynamodb.list_tables()["TableNames"]:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        while dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            pass  # each look brings it further
        dynamodb.delete_table(TableName=name)


def _state_written(cloud: Cloud) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="test/sensors.tfstate", Body=b'{"version": 4, "resources": []}')


def _stream_tags_back(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    if STREAM in kinesis.list_streams()["StreamNames"]:
        _active_stream(cloud)
        kinesis.add_tags_to_stream(StreamName=STREAM, Tags=OURS)


def _bucket_tags_back(cloud: Cloud) -> None:
    tags = [{"Key": key, "Value": value} for key, value in OURS.items()]
    cloud.client("s3").put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tags})


# What takes an object's owner away, and how it is given back: as the refusal tells, by somebody who knows whose it is.
DISOWNED: dict[str, Callable[[Cloud], None]] = {
    "the stream's tags are taken off": _stream_tags_back, "its tags are deleted": _bucket_tags_back,
}  # fmt: skip
INTRUSIONS: dict[str, Callable[[Cloud], None]] = {
    "the stream is deleted": _stream_gone, "the stream's tags are taken off": _stream_tags_gone,
    "the stream gets a tag of others": _stream_tag_of_others, "its records are kept longer": _retention,
    "a metric is switched on": _metrics, "a consumer is taken away": _consumer_gone,
    "the bucket's policy is deleted": _policy_gone, "its versioning is suspended": _versioning_off,
    "it is opened to the public": _bucket_open, "its lifecycle is deleted": _lifecycle_gone,
    "its tags are deleted": _bucket_tags_gone, "the lock table is deleted": _table_gone,
    "Terraform writes a state": _state_written,
}  # fmt: skip
