# SPDX-License-Identifier: Apache-2.0
"""What S3 refuses before it acts, and moto does not.  Source: recorded errors; API reference of each operation."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.s3.models import FakeBucket, s3_backends

from localcloud.access import bucket_refusal
from localcloud.calls import Call
from localcloud.models.wording import Worded
from localcloud.settings import ACCOUNT

_ACCOUNT_ID = re.compile(r"\d{12}")
_NO_SUCH_HEADER = Worded("NotImplemented", "A header you provided implies functionality that is not implemented", 501)
_MALFORMED = Worded(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
)


def refused(call: Call) -> Worded | None:
    """Why S3 refuses the call; None where moto may answer."""
    bucket = _bucket(call.given.get("Bucket", ""))
    checks = (_owner, _policy, *_CHECKS.get(call.operation, ()))
    return next((words for check in checks if (words := check(call, bucket))), None)


def _bucket(name: str) -> Any:
    return s3_backends[ACCOUNT]["aws"].buckets.get(name)


def _owner(call: Call, bucket: Any) -> Worded | None:
    owner = call.given.get("ExpectedBucketOwner")
    if owner is None:
        return None
    if not _ACCOUNT_ID.fullmatch(owner):
        text = "The value of the expected bucket owner parameter must be an AWS Account ID... [invalid]"
        return Worded("InvalidBucketOwnerAWSAccountID", text)
    return Worded("AccessDenied", "Access Denied", 403) if bucket is not None and owner != ACCOUNT else None


def _policy(call: Call, bucket: Any) -> Worded | None:
    """The policy of the bucket; of DeleteObjects each object is looked at by itself."""
    if bucket is None or call.operation in ("CreateBucket", "DeleteObjects"):
        return None
    return bucket_refusal(call, bucket.policy)


def _preconditions(call: Call, _: Any) -> Worded | None:
    match, none_match = call.given.get("IfMatch"), call.given.get("IfNoneMatch")
    wrong = (match is not None and none_match is not None) or none_match not in (None, "*")
    return _NO_SUCH_HEADER if wrong else None


def _versioning(call: Call, bucket: Any) -> Worded | None:
    status = call.given.get("VersioningConfiguration", {}).get("Status")
    if bucket is not None and bucket.object_lock_enabled and status == "Suspended":
        text = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        return Worded("InvalidBucketState", text, 409)
    return None


def _lock(call: Call, bucket: Any) -> Worded | None:
    if bucket is not None and bucket.versioning_status != "Enabled":
        text = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        return Worded("InvalidBucketState", text, 409)
    return None


def _replication(call: Call, bucket: Any) -> Worded | None:
    rules = call.given.get("ReplicationConfiguration", {}).get("Rules", [])
    for rule in rules:
        name = rule.get("Destination", {}).get("Bucket", "").removeprefix("arn:aws:s3:::")
        there: FakeBucket | None = _bucket(name)
        if there is not None and there.versioning_status != "Enabled":
            return Worded("InvalidRequest", "Destination bucket must have versioning enabled.")
    if bucket is not None and bucket.versioning_status != "Enabled":
        text = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        return Worded("InvalidRequest", text)
    return None


def _lifecycle(call: Call, _: Any) -> Worded | None:
    rules = call.given.get("LifecycleConfiguration", {}).get("Rules", [])
    if any("Filter" not in rule and "Prefix" not in rule for rule in rules):
        return _MALFORMED
    dated = [rule.get("Expiration", {}) for rule in rules] + [t for r in rules for t in r.get("Transitions", [])]
    dates = [each["Date"] for each in dated if "Date" in each]
    if any(isinstance(date, datetime) and (date.hour, date.minute, date.second) != (0, 0, 0) for date in dates):
        return Worded("InvalidArgument", "'Date' must be at midnight GMT")
    return None


def _tags(call: Call, _: Any) -> Worded | None:
    keys = [tag["Key"] for tag in call.given.get("Tagging", {}).get("TagSet", [])]
    return (
        Worded("InvalidTag", "Cannot provide multiple Tags with the same key") if len(set(keys)) < len(keys) else None
    )


def _again(call: Call, bucket: Any) -> Worded | None:
    """In us-east-1 a bucket of one's own may be created again, unless with tags."""
    if bucket is not None and call.given.get("CreateBucketConfiguration", {}).get("Tags"):
        text = "Your previous request to create the named bucket succeeded and you already own it."
        return Worded("BucketAlreadyOwnedByYou", text, 409)
    return None


def _acl(call: Call, bucket: Any) -> Worded | None:
    # Source: S3 user guide, "Controlling ownership of objects": with bucket owner enforced ACLs are disabled.
    asked = call.given.get("ACL", "private")
    plain = asked in ("private", "bucket-owner-full-control") and "AccessControlPolicy" not in call.given
    if bucket is not None and bucket.ownership_rule == "BucketOwnerEnforced" and not plain:
        return Worded("AccessControlListNotSupported", "The bucket does not allow ACLs")
    return None


_CHECKS: dict[str, tuple[Callable[[Call, Any], Worded | None], ...]] = {
    "CreateBucket": (_again,),
    "PutBucketAcl": (_acl,),
    "PutBucketLifecycleConfiguration": (_lifecycle,),
    "PutBucketReplication": (_replication,),
    "PutBucketTagging": (_tags,),
    "PutBucketVersioning": (_versioning,),
    "PutObject": (_preconditions, _acl),
    "PutObjectLockConfiguration": (_lock,),
}
