# SPDX-License-Identifier: Apache-2.0
"""One look at AWS: the bucket, its settings, its lock table, and before a deletion what it holds.

The only part that touches AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..aws.codes import code_of
from ..aws.sdk import ClientError, NoRegionError
from ..reconcile.component import Seen
from ..reconcile.errors import Refusal
from ..reconcile.plan import Wait
from ..reconcile.tags import foreign
from ..state_keys import LOCK, STATE
from . import extras, lock_table, settings
from .contents import NOUN
from .names import place

if TYPE_CHECKING:
    from ..aws.client import Aws

Options = Mapping[str, Any]
State = dict[str, Any]
Refusals = tuple[Refusal, ...]


def observe(aws: Aws, options: Options) -> Seen:
    """At most two rounds of reads side by side; a third, of what the bucket holds, before it is deleted."""
    if not aws.region:
        raise NoRegionError
    where = place(options)
    requests: dict[str, Any] = {"bucket": ("s3", "head_bucket", where, settings.GONE), **lock_table.requests(options)}
    try:
        found = aws.read_many(requests)
    except ClientError as error:
        if error.operation_name != "HeadBucket" or code_of(error) != "403":
            raise
        return Seen(None, foreign=(name_taken(where["Bucket"]),))
    table = (found.get("table") or {}).get("Table")
    beside = table_requests(table) if table else {}
    answers = read_settings(aws, where, options, beside) if found["bucket"] is not None else None
    if answers is None:
        found["bucket"], answers = None, aws.read_many(beside)
    around = {"region": aws.region, "table_key": lock_table.key_of(options, found.get("table_key"))}
    tables, waits, strangers = observed_table(aws, options, table, answers)
    if found["bucket"] is None:
        return Seen(None, tables, around, waits, foreign=strangers)
    resource, rest = settings.observed(where["Bucket"], found["bucket"].get("BucketRegion") or aws.region, answers)
    resource.update(extras.observed(answers))
    rest["replication_rules"] = extras.rules_of(answers)
    strangers += foreign_bucket(options, resource, aws.region)
    if options["state"] == "absent" and not strangers:
        rest["contents"] = read_contents(aws, where)
    strangers += granted(options, resource, rest["grantees"])
    told = (*settings.strangers(where["Bucket"], options, resource, rest), *lock_table.beside(table, options))
    return Seen({**resource, **tables}, {}, {**around, **rest}, waits, foreign=strangers, strangers=told)


def read_settings(
    aws: Aws, where: Mapping[str, str], options: Options, beside: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The settings of a bucket that was seen, and what is read beside them; ``None`` when it has gone since.

    Of a young bucket other servers of S3 do not know yet, which is why the reads are repeated for a while.
    """
    requests = {**settings.requests(where), **extras.requests(where, options)}
    try:
        answers = aws.read_many({**requests, **beside})
        return answers | aws.read_many(settings.further(where, answers))
    except ClientError as error:
        if code_of(error) not in settings.GONE:
            raise
        return None


def table_requests(table: Mapping[str, Any]) -> dict[str, Any]:
    name, absent = table["TableName"], ("TableNotFoundException", *lock_table.ABSENT)
    return {
        "backups": ("dynamodb", "describe_continuous_backups", {"TableName": name}, absent),
        "table_tags": ("dynamodb", "list_tags_of_resource", {"ResourceArn": table["TableArn"]}, absent),
    }


def observed_table(
    aws: Aws, options: Options, table: Mapping[str, Any] | None, answers: Mapping[str, Any]
) -> tuple[State, tuple[Wait, ...], Refusals]:
    """The satellite, what it waits for, and refusals; a table that is not ours and not wanted is left alone."""
    if table is None:
        return {"lock_table": {}}, (), ()
    if table["TableStatus"] == "DELETING":
        return {"lock_table": {}}, (lock_table.gone(table["TableName"]),), ()
    seen = lock_table.observed(table, answers["backups"], (answers["table_tags"] or {}).get("Tags"))
    strangers = lock_table.strangers(options, table, seen["tags"])
    if strangers:
        return {"lock_table": {}}, (), strangers if options["lock_table"] else ()
    if not options["lock_table"] or options["state"] == "absent":
        seen["locks"] = read_table_locks(aws, table["TableName"])
    waits = () if table["TableStatus"] == "ACTIVE" else (lock_table.settled(table["TableName"]),)
    return {"lock_table": seen}, waits, ()


def read_contents(aws: Aws, where: Mapping[str, str]) -> State:
    """Every version, delete marker and upload, and the text of the current states and locks."""
    found = aws.read_many({"versions": ("s3", "list_object_versions", where),
                           "uploads": ("s3", "list_multipart_uploads", where)})  # fmt: skip
    versions, markers = ((found["versions"] or {}).get(kind) or [] for kind in ("Versions", "DeleteMarkers"))
    current = [each["Key"] for each in versions if each["IsLatest"] and each["Key"].endswith((STATE, LOCK))]
    requests = {key: ("s3", "get_object", {**where, "Key": key}, ("NoSuchKey",)) for key in current}
    answers = aws.read_many(requests)
    texts = {key: answer["Body"].decode(errors="replace") for key, answer in answers.items() if answer}
    return {
        "objects": [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in (*versions, *markers)],
        "uploads": [{"Key": each["Key"], "UploadId": each["UploadId"]}
                    for each in (found["uploads"] or {}).get("Uploads") or []],
        "states": {key: text for key, text in texts.items() if key.endswith(STATE)},
        "locks": {key: text for key, text in texts.items() if key.endswith(LOCK)},
    }  # fmt: skip


def read_table_locks(aws: Aws, name: str) -> dict[str, str]:
    """Held locks by state; items without Info are Terraform's checksums."""
    found = aws.read("dynamodb", "scan", lock_table.ABSENT, TableName=name, ConsistentRead=True)
    items = (found or {}).get("Items", [])
    return {item["LockID"]["S"]: item["Info"]["S"] for item in items if "Info" in item}


def name_taken(name: str) -> Refusal:
    return Refusal(NOUN, name, "name", "a bucket of another account, or one that these credentials may not see",
                   "a bucket of ours", "choose another name, check account_id, or allow s3:ListBucket")  # fmt: skip


def granted(options: Options, resource: State, grantees: list[str]) -> Refusals:
    """A refusal while an access control list lets others in: S3 switches such lists off only when they are empty.

    Source: PutBucketOwnershipControls, InvalidBucketAclWithObjectOwnership.
    """
    wanted = options["object_ownership"]
    if not grantees or wanted != "BucketOwnerEnforced" or resource["object_ownership"] == wanted:
        return ()
    found, step = f"grants to {', '.join(grantees)} in the bucket's ACL", "move the grants into policy_statements, then"
    return (Refusal(NOUN, resource["name"], "object_ownership", found, f"an ACL for the owner alone before {wanted}",
                    f"{step} aws s3api put-bucket-acl --acl private"),)  # fmt: skip


def foreign_bucket(options: Options, resource: Mapping[str, Any], region: str) -> Refusals:
    """Refusals for a bucket of our name that is not ours, or that lies elsewhere."""
    refusals = foreign(options, NOUN, resource["name"], resource["tags"])
    if resource["region"] != region:
        refusals += (Refusal(NOUN, resource["name"], "region", resource["region"], region,
                             "S3 cannot move a bucket: name its region, or choose another name"),)  # fmt: skip
    return refusals
