# SPDX-License-Identifier: Apache-2.0
"""The declaration in the vocabulary of the fields, and the calls that make, change and remove a bucket.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..policies import canonical_all
from ..reconcile.component import Seen
from ..reconcile.errors import Refusal, Refused
from ..reconcile.fields import Difference, Field, bare_key
from ..reconcile.plan import CREATE, DELETE, Call
from ..reconcile.tags import boto3_tags, wanted_tags
from . import contents, extras, lifecycle, lock_table, policy, settings
from .contents import NOUN
from .names import bucket_name, place

Options = Mapping[str, Any]
State = dict[str, Any]
Differences = Mapping[str, Difference]

# The region whose name CreateBucket does not take.  Source: CreateBucket API reference, LocationConstraint.
UNNAMED_REGION = "us-east-1"

FIELDS = (
    Field("name", fixed="a bucket cannot be renamed"),
    Field("block_public_access"),
    Field("object_ownership"),
    Field("sse_algorithm"),
    Field("kms_key_id", normal=bare_key),
    Field("bucket_key_enabled"),
    Field("versioning_enabled"),
    Field("tls_only"),
    Field("policy_statements", normal=canonical_all),
    *(Field(name) for name in lifecycle.FIELDS),
    *(Field(name, normal=extras.stated) for name in extras.NONE),
    Field("tags"),
    Field("lock_table", normal=lock_table.comparable),
)


def desire(options: Options, seen: Seen) -> State:
    """The declaration, with policy and lifecycle merged into what others have put there."""
    observed, around = seen.resource or {}, seen.around
    name, region = bucket_name(options), around["region"]
    arn = policy.bucket_arn(name, region)
    document = policy.merged(around.get("policy"), arn, options["tls_only"], options["policy_statements"],
                             options["purge_policy_statements"])  # fmt: skip
    days = {field: observed.get(field, 0) if options[field] is None else options[field] for field in lifecycle.FIELDS}
    # Without an opinion on the days there are none in a new bucket, and then no versions to keep either.
    kept = {} if days["noncurrent_versions_days"] else {"noncurrent_versions_kept": 0}
    tables = seen.satellites if seen.resource is None else seen.resource
    return {
        **{field.name: options[field.name] for field in FIELDS if field.name in options},
        **kept,
        "name": name,
        "account_id": options["account_id"],
        "region": region,
        "policy": document,
        "policy_statements": None if options["policy_statements"] is None else policy.others(document),
        "lifecycle_rules": lifecycle.merged(around.get("lifecycle_rules", ()), days),
        "minimum_object_size": around.get("minimum_object_size", settings.DEFAULT_SIZE),
        "blocked_encryption": around.get("blocked_encryption"),
        "aws_tags": around.get("aws_tags", {}),
        "tags": wanted_tags(options, observed.get("tags")),
        "replication_rules": around.get("replication_rules", []),
        "lock_table": lock_table.wanted(options, tables.get("lock_table"), around.get("table_key")),
    }


def guards(observed: State, desired: State, differences: Differences) -> Iterator[Refusal]:
    """Changes that lose data and that no option allows."""
    if "versioning_enabled" in differences and not desired["versioning_enabled"]:
        yield Refusal(NOUN, desired["name"], "versioning_enabled", False, "true, as it is",
                      "keep it: a bucket of states without versions has no way back")  # fmt: skip


def newborn(desired: State) -> State:
    """A bucket right after CreateBucket.

    Source: S3 User Guide, "Default settings for new S3 buckets FAQ": encrypted since January 2023, no public access and
    no access control lists since April 2023.
    """
    return {
        "name": desired["name"],
        "versioning_enabled": False,
        "sse_algorithm": "AES256",
        "kms_key_id": None,
        "bucket_key_enabled": False,
        "block_public_access": True,
        "object_ownership": "BucketOwnerEnforced",
        "tls_only": False,
        "policy_statements": [],
        **lifecycle.in_force(()),
        **extras.NONE,
        "tags": desired["tags"],
        "lock_table": {},
    }


def create(desired: State) -> list[Call]:
    """The tags are in it, so that a bucket is never without an owner.  Source: CreateBucket API reference, Tags."""
    configuration = {"Tags": boto3_tags(desired["tags"])}
    if desired["region"] != UNNAMED_REGION:
        configuration["LocationConstraint"] = desired["region"]
    params = {"Bucket": desired["name"], "CreateBucketConfiguration": configuration}
    return [
        Call("s3", "create_bucket", params, settings.on(desired["name"]), f"create bucket {desired['name']}", CREATE)
    ]


def update(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Holes are closed first; each call sets one thing."""
    changed = set(differences)
    calls = []
    if "block_public_access" in changed:
        calls.append(settings.block_call(desired))
    if "object_ownership" in changed:
        calls.append(settings.ownership_call(desired))
    if changed & set(settings.ENCRYPTION):
        calls.append(settings.encryption_call(observed, desired))
    if "versioning_enabled" in changed:
        calls.append(settings.versioning_call(desired))
    if changed & {"tls_only", "policy_statements"}:
        calls.append(settings.policy_call(desired))
    if changed & set(lifecycle.FIELDS):
        calls.append(settings.lifecycle_call(desired))
    calls += extras.calls(observed, desired, changed)
    if "tags" in changed:
        # S3 replaces the whole set, and takes AWS's own tags for removed when they are not in it.
        tags = {"TagSet": boto3_tags({**desired["aws_tags"], **desired["tags"]})}
        calls.append(settings.call(desired, "put_bucket_tagging", "set tags", Tagging=tags))
    if "lock_table" in changed:
        calls += lock_table.changes(observed["lock_table"], desired["lock_table"])
    return calls


def delete(seen: Seen, options: Options) -> list[Call]:
    """The contents, the bucket, and last the table that locks them.  Raises Refused while something is still in use."""
    calls, refusals = [], []
    where = place(options)
    after: tuple[str, ...] = ()
    if seen.resource is not None:
        held = seen.around["contents"]
        refusals += extras.kept(where["Bucket"], seen.resource, held)
        if options["lock_state_key"]:
            held = contents.without_ours(held, options["lock_state_key"])
        refusals += contents.refusals(where["Bucket"], held, options["delete_state_history"])
        after = (settings.on(where["Bucket"]),)
        calls += contents.emptying(where, after[0], held)
        calls.append(Call("s3", "delete_bucket", where, after[0], f"delete bucket {where['Bucket']}", DELETE))
    table = (seen.resource or seen.satellites).get("lock_table")
    try:
        calls += lock_table.removal(table, after) if table else []
    except Refused as refused:
        refusals += refused.refusals
    if refusals:
        raise Refused(refusals)
    return calls
