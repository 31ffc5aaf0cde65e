# SPDX-License-Identifier: Apache-2.0
"""The state bucket as one value: its options, and what the core has to know of it.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.component import Component, Seen
from ..reconcile.offers import STATE_LOCK, StateLock
from . import extras
from .contents import NOUN
from .lock_table import table_name
from .names import bucket_name
from .observe import observe
from .plan import FIELDS, create, delete, desire, guards, newborn, update
from .rules import rules
from .settings import on

OWNERSHIP = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {},
    "account_id": {"required": True},
    "versioning_enabled": {"type": "bool", "default": True},
    "sse_algorithm": {"choices": ["AES256", "aws:kms", "aws:kms:dsse"]},
    "kms_key_id": {},
    "bucket_key_enabled": {"type": "bool"},
    "block_public_access": {"type": "bool", "default": True},
    "object_ownership": {"choices": OWNERSHIP, "default": OWNERSHIP[0]},
    "tls_only": {"type": "bool", "default": True},
    "policy_statements": {"type": "list", "elements": "dict"},
    "purge_policy_statements": {"type": "bool", "default": False},
    "noncurrent_versions_days": {"type": "int"},
    "noncurrent_versions_kept": {"type": "int"},
    "abort_incomplete_multipart_days": {"type": "int"},
    "access_logging": extras.ACCESS_LOGGING,
    "replication": extras.REPLICATION,
    "object_lock": extras.OBJECT_LOCK,
    "adopt": {"type": "bool", "default": False},
    "lock_table": {"type": "bool", "default": False},
    "lock_table_name": {},
    "lock_table_kms_key_id": {},
    "allow_lock_table_removal": {"type": "bool", "default": False},
    "delete_state_history": {"type": "bool", "default": False},
    "lock_state_key": {"no_log": False},
}

PERMISSIONS = frozenset({
    "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable",
    "dynamodb:ListTagsOfResource", "dynamodb:Scan", "dynamodb:TagResource", "dynamodb:UntagResource",
    "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "iam:PassRole", "kms:CreateGrant", "kms:DescribeKey",
    "s3:AbortMultipartUpload", "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging",
    "s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration", "s3:GetObject", "s3:GetReplicationConfiguration", "s3:ListBucket",
    "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "s3:PutBucketLogging",
    "s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration",
    "s3:TagResource",
})  # fmt: skip

# A name whose bucket was just deleted stays taken for a while; a table takes one change at a time, and its backups are
# not there at once.  Source: CreateBucket, UpdateTable and UpdateContinuousBackups API references, Errors.
PATIENCE = {
    "OperationAborted": 180, "ResourceInUseException": 300, "LimitExceededException": 60,
    "ContinuousBackupsUnavailableException": 120,
    # What was made or switched on a moment ago: versions, a principal, a key.
    "InvalidRequest:Versioning must be": 120, "InvalidBucketState:Versioning must be": 120,
    "MalformedPolicy:Invalid principal": 60, "KMS.NotFoundException": 60,
}  # fmt: skip
# Two first runs of an environment may make both at once: nothing can lock the making of what holds the lock.
# The first is what S3 answers outside us-east-1.
HARMLESS = {"BucketAlreadyOwnedByYou": "", "ResourceInUseException": "Table already exists"}


def offers(options: Mapping[str, Any], seen: Seen, desired: Mapping[str, Any] | None) -> dict[str, StateLock]:
    """Where the environment's lock lies."""
    name = bucket_name(options)
    return {STATE_LOCK: StateLock(name, seen.resource is not None, on(name))}


def arns(options: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The bucket with its objects, and the table."""
    name = bucket_name(options)
    return {"s3": (name, f"{name}/*"), "dynamodb": (f"table/{table_name(options)}",)}


COMPONENT = Component(
    module="s3_state_bucket", noun=NOUN, options=OPTIONS, fields=FIELDS, rules=rules, observe=observe,
    desire=desire, guards=guards, newborn=newborn, create=create, update=update, delete=delete,
    permissions=PERMISSIONS, parting=frozenset({"s3:DeleteBucket"}), arns=arns, patience=PATIENCE, harmless=HARMLESS,
    offering=(STATE_LOCK,), offers=offers, to_tell=frozenset({"cors", "website"}),
)  # fmt: skip
