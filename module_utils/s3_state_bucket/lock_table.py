# SPDX-License-Identifier: Apache-2.0
"""The DynamoDB table in which Terraform below 1.10 keeps its locks.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .. import forms
from ..reconcile.errors import Refusal, Refused
from ..reconcile.fields import bare_key
from ..reconcile.identity import identity_of
from ..reconcile.plan import CREATE, DELETE, Call, Wait
from ..reconcile.tags import ansible_tags, boto3_tags, foreign, tag_calls, wanted_tags
from .contents import NOUN as BUCKET
from .contents import lock_refusal

NOUN = "lock table"
# Terraform asks for exactly this key.  Source: Terraform S3 backend documentation, "DynamoDB State Locking".
KEY = [{"AttributeName": "LockID", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "LockID", "AttributeType": "S"}]
ON_DEMAND = "PAY_PER_REQUEST"
FIELDS = ("name", "billing_mode", "point_in_time_recovery", "deletion_protection", "tags", "kms_key_id")
ABSENT = ("ResourceNotFoundException",)
# Source: CreateTable API reference, TableName.
NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}\Z")
# What encrypts a table where nobody says otherwise: a key that is DynamoDB's own.
OWNED_BY_AWS = ""


def table_name(options: Mapping[str, Any]) -> str:
    """The table's name: the one stated, or the environment's."""
    return str(options["lock_table_name"] or identity_of(options).named("state", "lock"))


def rules(name: str, options: Mapping[str, Any]) -> Iterator[Refusal]:
    """Names and keys that DynamoDB would refuse; ``name`` is the bucket's."""
    if options["lock_table_name"] and not NAME.match(options["lock_table_name"]):
        found = f"{options['lock_table_name'][:40]!r}, {len(options['lock_table_name'])} characters"
        yield Refusal(BUCKET, name, "lock_table_name", found, "3 to 255 letters, digits, _ . and -",
                      "correct lock_table_name")  # fmt: skip
    if options["lock_table_kms_key_id"] and not forms.is_key(options["lock_table_kms_key_id"]):
        yield Refusal(BUCKET, name, "lock_table_kms_key_id", repr(options["lock_table_kms_key_id"]),
                      forms.KEY_WORDS, "correct lock_table_kms_key_id")  # fmt: skip


def requests(options: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """The reads of the table and of what its key's alias stands for, where they matter."""
    found: dict[str, tuple[Any, ...]] = {}
    if options["lock_table"] or options["allow_lock_table_removal"] or options["state"] == "absent":
        found["table"] = ("dynamodb", "describe_table", {"TableName": table_name(options)}, ABSENT)
    if "alias/" in (options["lock_table_kms_key_id"] or "") and options["state"] == "present":
        found["table_key"] = ("kms", "describe_key", {"KeyId": options["lock_table_kms_key_id"]}, NO_KEY)
    return found


# A key that is not there is refused where declarations are judged by their names.
NO_KEY = ("NotFoundException",)


def key_of(options: Mapping[str, Any], answer: Mapping[str, Any] | None) -> str | None:
    """The declared key as DynamoDB shows it: an alias stands for the key behind it; ``None`` is no opinion."""
    stated: str | None = options["lock_table_kms_key_id"]
    return str(answer["KeyMetadata"]["Arn"]) if answer else stated


def settled(name: str) -> Wait:
    """DynamoDB takes seconds for a table without data, so no run leaves it to another."""
    return Wait(f"table {name}", "dynamodb", "describe_table", {"TableName": name}, "Table.TableStatus",
                done=("ACTIVE",), failed=("ARCHIVING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"),
                absent_codes=ABSENT, pause_seconds=2, slow=False)  # fmt: skip


def gone(name: str) -> Wait:
    return Wait(f"table {name}", "dynamodb", "describe_table", {"TableName": name}, "Table.TableStatus",
                done=("absent",), absent_codes=ABSENT, pause_seconds=2, slow=False)  # fmt: skip


def comparable(table: Mapping[str, Any] | None) -> Any:
    """The part of a table on which there are opinions."""
    if not table:
        return table
    return {**{field: table[field] for field in FIELDS}, "kms_key_id": bare_key(table["kms_key_id"])}


def observed(table: Mapping[str, Any], backups: Mapping[str, Any] | None, tags: Any) -> dict[str, Any]:
    """AWS's three answers about one table, in the words of the field ``lock_table``."""
    recovery = ((backups or {}).get("ContinuousBackupsDescription") or {}).get("PointInTimeRecoveryDescription", {})
    return {
        "name": table["TableName"],
        "arn": table["TableArn"],
        "billing_mode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "point_in_time_recovery": recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
        "deletion_protection": table.get("DeletionProtectionEnabled", False),
        "tags": ansible_tags(tags),
        "kms_key_id": (table.get("SSEDescription") or {}).get("KMSMasterKeyArn") or OWNED_BY_AWS,
    }


def strangers(options: Mapping[str, Any], table: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[Refusal, ...]:
    """Refusals for a table of our name that is not ours or that Terraform cannot lock with."""
    name = table["TableName"]
    refusals = list(foreign(options, NOUN, name, tags))
    key = [part["AttributeName"] for part in table["KeySchema"]]
    if table["KeySchema"] != KEY or ATTRIBUTES[0] not in table["AttributeDefinitions"]:
        refusals.append(Refusal(NOUN, name, "key", key, "the hash key LockID, a string, and nothing else",
                                "AWS cannot change a key: delete the table and run again"))  # fmt: skip
    return tuple(refusals)


def beside(table: Mapping[str, Any] | None, options: Mapping[str, Any]) -> list[dict[str, str]]:
    """What others have set on the table: a stream of its changes, another encryption."""
    if not table or not options["lock_table"]:
        return []
    found = {
        "table stream": (table.get("StreamSpecification") or {}).get("StreamViewType"),
        "table encryption": options["lock_table_kms_key_id"] is None
        and (table.get("SSEDescription") or {}).get("KMSMasterKeyArn"),
    }
    name = table["TableName"]
    return [{"what": what, "id": name, "where": name, "found": str(each)} for what, each in found.items() if each]


def wanted(
    options: Mapping[str, Any], table: Mapping[str, Any] | None, key: str | None = None
) -> dict[str, Any] | None:
    """The declared table; ``{}`` where it should go, ``None`` where nobody asked.  ``key`` is as in ``key_of``."""
    if not options["lock_table"]:
        return {} if options["allow_lock_table_removal"] else None
    return {
        **{key: table[key] for key in ("arn",) if table and key in table},
        "name": table_name(options),
        "billing_mode": ON_DEMAND,
        "point_in_time_recovery": True,
        "deletion_protection": True,
        "tags": wanted_tags(options, (table or {}).get("tags")),
        "kms_key_id": (table or {}).get("kms_key_id", OWNED_BY_AWS) if key is None else key,
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Call]:
    """The calls from one state of the field to another.  Raises Refused when a held lock stands in the way."""
    if not after:
        return removal(before)
    if not before:
        return [creation(after), recovery(after["name"])]
    calls = []
    if before["billing_mode"] != after["billing_mode"]:
        params = {"TableName": after["name"], "BillingMode": ON_DEMAND}
        calls.append(change(after["name"], "update_table", params, "pay per request"))
    if before["deletion_protection"] != after["deletion_protection"]:
        calls.append(protection(after["name"], True))
    if before["point_in_time_recovery"] != after["point_in_time_recovery"]:
        calls.append(recovery(after["name"]))
    if bare_key(before["kms_key_id"]) != bare_key(after["kms_key_id"]):
        params = {"TableName": after["name"], **encryption(after["kms_key_id"])}
        why = f"encrypt with {after['kms_key_id'] or 'a key of DynamoDB itself'}"
        calls.append(change(after["name"], "update_table", params, why))
    about = {"ResourceArn": before["arn"]}
    return calls + tag_calls("dynamodb", f"table {after['name']}", about, before["tags"], after["tags"])


def encryption(key: str) -> dict[str, Any]:
    """Source: SSESpecification API reference: disabled, the table is encrypted with a key that AWS owns."""
    keyed = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    return {"SSESpecification": keyed if key else {"Enabled": False}}


def change(name: str, operation: str, params: Mapping[str, Any], why: str, kind: str = "in place") -> Call:
    """A call after which the table is busy for a moment."""
    return Call("dynamodb", operation, params, f"table {name}", why, kind, wait=settled(name))


def creation(table: Mapping[str, Any]) -> Call:
    params = {
        "TableName": table["name"],
        "AttributeDefinitions": ATTRIBUTES,
        "KeySchema": KEY,
        "BillingMode": ON_DEMAND,
        "DeletionProtectionEnabled": True,
        **(encryption(table["kms_key_id"]) if table["kms_key_id"] else {}),
        "Tags": boto3_tags(table["tags"]),
    }
    return change(table["name"], "create_table", params, f"create lock table {table['name']}", CREATE)


def recovery(name: str) -> Call:
    params = {"TableName": name, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    return change(name, "update_continuous_backups", params, "allow recovery of the locks to any second")


def protection(name: str, on: bool) -> Call:
    params = {"TableName": name, "DeletionProtectionEnabled": on}
    return change(name, "update_table", params, "protect the table from deletion" if on else "lift deletion protection")


def removal(table: Mapping[str, Any], after: tuple[str, ...] = ()) -> list[Call]:
    """The calls that delete the table, after all calls on ``after``.  Raises Refused while someone holds a lock."""
    refusals = [lock_refusal(NOUN, table["name"], key, text) for key, text in table.get("locks", {}).items()]
    if refusals:
        raise Refused(refusals)
    name = table["name"]
    calls = [protection(name, False)] if table["deletion_protection"] else []
    calls.append(Call("dynamodb", "delete_table", {"TableName": name}, f"table {name}", f"delete lock table {name}",
                      DELETE, wait=gone(name)))  # fmt: skip
    return [replace(calls[0], after=after), *calls[1:]]
