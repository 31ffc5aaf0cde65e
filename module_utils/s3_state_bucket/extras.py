# SPDX-License-Identifier: Apache-2.0
"""Settings that a bucket has only where they are asked for: access logging, replication, Object Lock.  Pure.

Each option takes null for no opinion and ``{}`` for none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import forms
from ..reconcile.errors import Refusal
from ..reconcile.plan import Call
from .contents import NOUN
from .settings import call

Options = Mapping[str, Any]
State = dict[str, Any]

ACCESS_LOGGING = {
    "type": "dict",
    "options": {"target_bucket": {}, "target_prefix": {}},
}
REPLICATION = {
    "type": "dict",
    "options": {"role_arn": {}, "bucket_arn": {}, "storage_class": {}, "kms_key_arn": {"no_log": False}},
}
OBJECT_LOCK = {
    "type": "dict",
    "options": {"mode": {"choices": ["GOVERNANCE", "COMPLIANCE"]}, "days": {"type": "int"}},
}
# A bucket without any of them.
NONE: State = {"access_logging": {}, "replication": {}, "object_lock": {}}
# What has to be stated for each, if anything is.
NEEDED = {
    "access_logging": ("target_bucket",),
    "replication": ("role_arn", "bucket_arn"),
    "object_lock": ("mode", "days"),
}
# What is named by ARN: key of replication, service.
ARNS = {"role_arn": "iam", "bucket_arn": "s3", "kms_key_arn": "kms"}
# Our replication rule among those of others.
RULE_ID = "streambed-states"
OFF = {"Status": "Disabled"}


def stated(value: Mapping[str, Any] | None) -> State | None:
    """An option without what it leaves out."""
    return None if value is None else {name: each for name, each in value.items() if each not in (None, "")}


def rules(name: str, options: Options) -> Iterator[Refusal]:
    """Settings that are stated by half, or that S3 takes only on a bucket with versions."""
    for option, needed in NEEDED.items():
        given = stated(options[option]) or {}
        missing = [field for field in needed if field not in given]
        if given and missing:
            yield Refusal(NOUN, name, option, f"no {', '.join(missing)}", f"{', '.join(needed)}",
                          f"complete {option}, or set it to {{}} for none")  # fmt: skip
        if given and option != "access_logging" and not options["versioning_enabled"]:
            yield Refusal(NOUN, name, option, "no versioning", "versioning_enabled: true beside it",
                          "set versioning_enabled")  # fmt: skip
    for field, service in ARNS.items():
        arn = (stated(options["replication"]) or {}).get(field)
        if arn and not forms.is_arn(arn, service):
            yield Refusal(NOUN, name, f"replication {field}", arn, f"an ARN of {service}", "correct replication")
    days = (stated(options["object_lock"]) or {}).get("days", 1)
    if days < 1:
        yield Refusal(NOUN, name, "object_lock", f"{days} days", "1 day or more", "correct days, or set it to {}")


def requests(where: Mapping[str, str], options: Options) -> dict[str, tuple[Any, ...]]:
    """The reads of what is asked for; before a deletion, of what would forbid it."""

    def read(operation: str, *absent: str) -> tuple[Any, ...]:
        return ("s3", operation, where, absent)

    reads = {
        "access_logging": read("get_bucket_logging"),
        "replication": read("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        "object_lock": read("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
    }
    leaves = options["state"] == "absent"
    return {name: each for name, each in reads.items()
            if (name == "object_lock" if leaves else options[name] is not None)}  # fmt: skip


def observed(answers: Mapping[str, Any]) -> State:
    """The settings in the words of the options; those that were not read are left out."""
    found: State = {}
    if "access_logging" in answers:
        target = (answers["access_logging"] or {}).get("LoggingEnabled") or {}
        found["access_logging"] = stated({"target_bucket": target.get("TargetBucket"),
                                          "target_prefix": target.get("TargetPrefix")})  # fmt: skip
    if "replication" in answers:
        found["replication"] = replication_of(answers["replication"] or {})
    if "object_lock" in answers:
        rule = ((answers["object_lock"] or {}).get("ObjectLockConfiguration") or {}).get("Rule") or {}
        kept = rule.get("DefaultRetention", {})
        found["object_lock"] = stated({"mode": kept.get("Mode"), "days": kept.get("Days")})
    return found


def replication_of(answer: Mapping[str, Any]) -> State | None:
    """Our rule in the words of the option; nothing while it is switched off."""
    configuration = answer.get("ReplicationConfiguration") or {}
    for rule in configuration.get("Rules", ()):
        if rule.get("ID") == RULE_ID and rule.get("Status") == "Enabled":
            target = rule["Destination"]
            key = target.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID")
            return stated({"role_arn": configuration["Role"], "bucket_arn": target["Bucket"],
                           "storage_class": target.get("StorageClass"), "kms_key_arn": key})  # fmt: skip
    return {}


def rules_of(answers: Mapping[str, Any]) -> list[State]:
    """The replication rules of others."""
    configuration = (answers.get("replication") or {}).get("ReplicationConfiguration") or {}
    return [rule for rule in configuration.get("Rules", ()) if rule.get("ID") != RULE_ID]


def calls(before: Mapping[str, Any], desired: State, changed: set[str]) -> list[Call]:
    """One call for each setting that differs."""
    found = []
    if "access_logging" in changed:
        found.append(logging_call(desired, stated(desired["access_logging"]) or {}))
    if "replication" in changed:
        found.append(replication_call(before, desired, stated(desired["replication"]) or {}))
    if "object_lock" in changed:
        found.append(object_lock_call(desired, stated(desired["object_lock"]) or {}))
    return found


def logging_call(desired: State, wanted: State) -> Call:
    """Where S3 writes who asked for what."""
    if not wanted:
        return call(desired, "put_bucket_logging", "stop access logging", BucketLoggingStatus={})
    target = {"TargetBucket": wanted["target_bucket"], "TargetPrefix": wanted.get("target_prefix", "")}
    why = f"log accesses to {wanted['target_bucket']}"
    return call(desired, "put_bucket_logging", why, BucketLoggingStatus={"LoggingEnabled": target})


def replication_call(before: Mapping[str, Any], desired: State, wanted: State) -> Call:
    """All rules at once, for S3 replaces them all; those of others stay under the role that they have."""
    others = desired["replication_rules"]
    if not wanted and not others:
        return call(desired, "delete_bucket_replication", "stop replication")
    role = wanted.get("role_arn") or before["replication"]["role_arn"]
    ours = [replication_rule(wanted, others)] if wanted else []
    why = f"replicate to {wanted['bucket_arn']}" if wanted else "stop replication of ours"
    return call(desired, "put_bucket_replication", why,
                ReplicationConfiguration={"Role": role, "Rules": [*others, *ours]})  # fmt: skip


def replication_rule(wanted: State, others: list[State]) -> State:
    """Every object, with a priority of its own; deletions are not replicated, so that they do no harm over there.

    Source: PutBucketReplication API reference, Priority, DeleteMarkerReplication, SourceSelectionCriteria.
    """
    target = {"Bucket": wanted["bucket_arn"]}
    if "storage_class" in wanted:
        target["StorageClass"] = wanted["storage_class"]
    rule: State = {
        "ID": RULE_ID,
        "Priority": 1 + max((int(each.get("Priority", 0)) for each in others), default=0),
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": OFF,
        "Destination": target,
    }
    if "kms_key_arn" in wanted:
        rule["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
        rule["Destination"] = {**target, "EncryptionConfiguration": {"ReplicaKmsKeyID": wanted["kms_key_arn"]}}
    return rule


def object_lock_call(desired: State, wanted: State) -> Call:
    """A retention for every new version.  Object Lock itself cannot be switched off again, only its retention."""
    if not wanted:
        why = "end the retention of new versions; what is locked stays so"
        return call(desired, "put_object_lock_configuration", why,
                    ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})  # fmt: skip
    retention = {"Mode": wanted["mode"], "Days": wanted["days"]}
    who = "nobody, not even the account's root," if wanted["mode"] == "COMPLIANCE" else "nobody without a special right"
    why = (f"keep every version for {wanted['days']} days: {who} can delete a state or a lock's version before, "
           "and Object Lock stays on for ever")  # fmt: skip
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    return call(desired, "put_object_lock_configuration", why, ObjectLockConfiguration=configuration)


def kept(name: str, resource: Mapping[str, Any], contents: Mapping[str, Any]) -> list[Refusal]:
    """Why a bucket with Object Lock cannot be emptied yet."""
    lock = resource.get("object_lock")
    if not lock or not contents["objects"]:
        return []
    return [Refusal(NOUN, name, "object_lock", f"versions that are kept for {lock['days']} days ({lock['mode']})",
                    "no version under retention", "end the retention with object_lock: {}, wait until the last "
                    "version is free, and delete them by hand")]  # fmt: skip
