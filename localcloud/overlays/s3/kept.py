# SPDX-License-Identifier: Apache-2.0
"""Settings of a bucket as they were given: moto keeps what it understands of them and rewrites it."""

from __future__ import annotations

import copy
import uuid
from typing import Any

from moto.s3.models import FakeBucket, S3Backend

from localcloud.overlays.wrap import wrap

#: The write, and which of its parameters the read shows.
_PARAMETERS = {
    "PutBucketEncryption": ("GetBucketEncryption", "ServerSideEncryptionConfiguration"),
    "PutBucketLifecycleConfiguration": ("GetBucketLifecycleConfiguration", "LifecycleConfiguration"),
    "PutBucketNotificationConfiguration": ("GetBucketNotificationConfiguration", "NotificationConfiguration"),
    "PutBucketRequestPayment": ("GetBucketRequestPayment", "RequestPaymentConfiguration"),
    "PutBucketReplication": ("GetBucketReplication", "ReplicationConfiguration"),
    "PutObjectLockConfiguration": ("GetObjectLockConfiguration", "ObjectLockConfiguration"),
}
READS = frozenset(read for read, _ in _PARAMETERS.values())
#: Parameters whose members are the answer itself.
_BARE = ("GetBucketNotificationConfiguration", "GetBucketRequestPayment")
#: What becomes of a bucket's setting -> the read that forgets what was given.
_FORGOTTEN_BY = {
    "delete_bucket_encryption": "GetBucketEncryption",
    "delete_bucket_lifecycle": "GetBucketLifecycleConfiguration",
    "delete_bucket_replication": "GetBucketReplication",
}
#: Source: Default settings for new buckets; recorded in 2026: SSE-C is blocked.
NEW_ENCRYPTION = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]
}


def keep(bucket: FakeBucket, operation: str, given: dict[str, Any]) -> None:
    """Remember what an accepted write has set."""
    if operation in _PARAMETERS:
        read, parameter = _PARAMETERS[operation]
        value = copy.deepcopy(given.get(parameter, {}))
        for rule in value.get("Rules", []) if operation != "PutBucketEncryption" else []:
            # Source: LifecycleRule and ReplicationRule, ID: made up when it is not given.
            rule.setdefault("ID", str(uuid.uuid4()))
        for rule in value.get("Rules", []) if operation == "PutBucketEncryption" else []:
            rule.setdefault("BucketKeyEnabled", False)
        for each in (each for listed in value.values() if isinstance(listed, list) for each in listed):
            if operation == "PutBucketNotificationConfiguration":
                each.setdefault("Id", str(uuid.uuid4()))
        size = given.get("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K")
        _all(bucket)[read] = {"size": size, "value": value}


def shown(bucket: FakeBucket, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer to a read, with what was given instead of what moto made of it."""
    found = _all(bucket).get(operation)
    if operation == "GetBucketEncryption":
        return {"ServerSideEncryptionConfiguration": found["value"] if found else NEW_ENCRYPTION}
    if found is None:
        return answer
    if operation in _BARE:
        return dict(found["value"])
    if operation == "GetBucketLifecycleConfiguration":
        return {"Rules": found["value"]["Rules"], "TransitionDefaultMinimumObjectSize": found["size"]}
    return {next(parameter for read, parameter in _PARAMETERS.values() if read == operation): found["value"]}


def _all(bucket: FakeBucket) -> dict[str, Any]:
    return bucket.__dict__.setdefault("localcloud_kept", {})


def install() -> None:
    """What is deleted is forgotten here, too."""
    for name, read in _FORGOTTEN_BY.items():
        wrap(S3Backend, name, _forgetting(read))


def _forgetting(read: str) -> Any:
    def around(original: Any, self: S3Backend, bucket_name: str, *args: Any) -> Any:
        answer = original(self, bucket_name, *args)
        _all(self.get_bucket(bucket_name)).pop(read, None)
        return answer

    return around
