# SPDX-License-Identifier: Apache-2.0
"""CloudWatch log groups that are kept for what writes into them: seen, wanted, and the calls between.  Pure.

They stand on their own names, so they can be there while what writes is not; no state of one is no group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .reconcile.plan import CREATE, DELETE, Call
from .reconcile.tags import tag_calls

SERVICE = "logs"
GONE = ("ResourceNotFoundException",)
# Source: PutRetentionPolicy API reference, retentionInDays.
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
# What a declaration may say of a log group of ours.
SETTINGS = ("retention_days", "kms_key_id")
PERMISSIONS = frozenset({
    "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DescribeLogGroups",
    "logs:DisassociateKmsKey", "logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource",
    "logs:UntagResource",
})  # fmt: skip
State = dict[str, Any]


def found(answer: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    """The log group of this name in the answer of DescribeLogGroups, which finds by prefix."""
    named = [group for group in (answer or {}).get("logGroups", ()) if group["logGroupName"] == name]
    if not named:
        return None
    # The ARN for tags has no ":*" behind it.  Source: DescribeLogGroups API reference, LogGroup.logGroupArn.
    return {**named[0], "logGroupArn": named[0].get("logGroupArn") or named[0]["arn"].removesuffix(":*")}


def tag_request(group: Mapping[str, Any]) -> tuple[Any, ...]:
    """The read of a log group's tags."""
    return (SERVICE, "list_tags_for_resource", {"resourceArn": group["logGroupArn"]}, GONE)


def state(group: Mapping[str, Any], tags: Mapping[str, str]) -> State:
    """A log group in the words of the options."""
    return {"arn": group["logGroupArn"], "retention_days": group.get("retentionInDays"),
            "kms_key_id": group.get("kmsKeyId"), "tags": tags}  # fmt: skip


def wanted(stated: Mapping[str, Any], present: Mapping[str, Any]) -> State:
    """A log group as stated, else as it is; an empty key is AWS's own."""
    days = stated.get("retention_days") or present.get("retention_days")
    key = present.get("kms_key_id") if stated.get("kms_key_id") is None else stated["kms_key_id"]
    return {**present, "retention_days": int(days) if days else None, "kms_key_id": key or None}


def calls(name: str, on: str, before: State, after: State, new_tags: Mapping[str, str], what: str) -> list[Call]:
    """What makes the log group ``after`` out of ``before``; ``what`` is written there, for people."""
    found: list[Call] = []
    if not before:
        key = {"kmsKeyId": after["kms_key_id"]} if after.get("kms_key_id") else {}
        params = {"logGroupName": name, "tags": new_tags, **key}
        found.append(Call(SERVICE, "create_log_group", params, on, f"create log group {name}", CREATE))
    days = after.get("retention_days")
    if days and days != before.get("retention_days"):
        params = {"logGroupName": name, "retentionInDays": days}
        found.append(Call(SERVICE, "put_retention_policy", params, on, f"keep {what} for {days} days"))
    if before and before.get("kms_key_id") != after.get("kms_key_id"):
        found.append(_key_call(name, on, after["kms_key_id"], what))
    if before and before.get("tags", {}) != after.get("tags", {}):
        about = {"resourceArn": before["arn"]}
        found += tag_calls(SERVICE, on, about, before["tags"], after["tags"], parameters=("tagKeys", "tags"),
                           form=dict, of=" of the log group")  # fmt: skip
    return found


def _key_call(name: str, on: str, key: str | None, what: str) -> Call:
    """What is written from now on is under this key.  Source: AssociateKmsKey API reference."""
    if key is None:
        params = {"logGroupName": name}
        return Call(SERVICE, "disassociate_kms_key", params, on, f"keep {what} under AWS's own key")
    params = {"logGroupName": name, "kmsKeyId": key}
    return Call(SERVICE, "associate_kms_key", params, on, f"keep {what} under {key}")


def removal(name: str, on: str, after: tuple[str, ...]) -> Call:
    """The deletion of a log group, once nobody writes any more."""
    why = f"delete log group {name} with its logs"
    return Call(SERVICE, "delete_log_group", {"logGroupName": name}, on, why, DELETE, after)
