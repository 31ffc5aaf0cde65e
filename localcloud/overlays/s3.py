"""S3: new buckets as AWS makes them since April 2023, policies with conditions, and settings that moto drops.

Source: S3 user guide "Bucket naming rules", "Default settings for new buckets", "Blocking public access",
"Setting a lifecycle configuration"; API reference CreateBucket.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.s3 import models, responses
from moto.s3.exceptions import InvalidBucketName, S3AccessDeniedError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from localcloud.calls import read_call
from localcloud.overlays.wrap import wrap
from localcloud.refusals import error_answer, refuse
from localcloud.settings import settings

_NAME = re.compile(r"^(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$")
_BAD_END = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ADDRESS = re.compile(r"^\d+\.\d+\.\d+\.\d+$")
_ENCRYPTION = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}}


class LocalS3(S3Response):
    """moto's S3 with the settings that it drops."""

    def _bucket_response_put(self, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        answer = super()._bucket_response_put(request, bucket_name, querystring)
        if self.data.get("Action") == "CreateBucket":
            tags = read_call(request).params.get("CreateBucketConfiguration", {}).get("Tags", [])
            if tags:
                self.backend.put_bucket_tagging(bucket_name, {tag["Key"]: tag["Value"] for tag in tags})
        return answer

    def key_response(self, request: Any, full_url: str, headers: Any) -> Any:
        """moto's answer; where that forbids without a word, AWS's error."""
        answer = super().key_response(request, full_url, headers)
        if answer[0] == 403 and not answer[2] and request.method != "HEAD":
            error = error_answer("rest-xml", 403, "AccessDenied", "Access Denied")
            return error.status, dict(error.headers), error.body
        return answer

    def serialized(self, action_result: ActionResult) -> Any:
        """moto's answer, with what its models have no place for."""
        result: Any = action_result.result
        action = self.data.get("Action") if isinstance(result, dict) else None
        if action == "GetBucketLifecycleConfiguration":
            for shown, rule in zip(result["Rules"], self.backend.get_bucket_lifecycle(self.bucket_name), strict=True):
                newer = getattr(rule, "localcloud_newer", None)
                if newer is not None:
                    shown["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = newer
        if action == "GetObjectLockConfiguration" and "Rule" in result["ObjectLockConfiguration"]:
            retention = result["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
            # A default retention has days or years, never both.
            result["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] = {k: v for k, v in retention.items() if v}
        return super().serialized(action_result)


def _now() -> datetime:
    """The time by S3's clock, as moto writes times: UTC without saying so."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=settings.values["clock_ahead_seconds"])


def _create_bucket(original: Any, self: S3Backend, bucket_name: str, *args: Any, **options: Any) -> FakeBucket:
    """A bucket with encryption, blocked public access and no ACLs."""
    if not _NAME.match(bucket_name) or _ADDRESS.match(bucket_name) or bucket_name.endswith(_BAD_END):
        raise InvalidBucketName()
    bucket = original(self, bucket_name, *args, **options)
    bucket.encryption = _ENCRYPTION
    bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    bucket.ownership_rule = "BucketOwnerEnforced"
    return bucket


def _delete_bucket(original: Any, self: S3Backend, bucket_name: str) -> FakeBucket | None:
    """moto's answer; the tags go with the bucket, and do not come back on a new one of the same name."""
    gone = original(self, bucket_name)
    if gone is not None:
        self.tagger.delete_all_tags_for_resource(gone.arn)
    return gone


def _delete_bucket_encryption(original: Any, self: S3Backend, bucket_name: str) -> None:
    """Source: DeleteBucketEncryption: the bucket is back at SSE-S3, never without encryption."""
    self.get_bucket(bucket_name).encryption = _ENCRYPTION


def _put_bucket_policy(original: Any, self: S3Backend, bucket_name: str, policy: bytes) -> None:
    """Refuses what is no policy, and a public one while BlockPublicPolicy is on."""
    try:
        statements = json.loads(policy)["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise refuse("MalformedPolicy", "This policy contains invalid Json") from error
    block = self.get_bucket(bucket_name).public_access_block
    if block and block.block_public_policy and any(_is_public(statement) for statement in _listed(statements)):
        raise S3AccessDeniedError()
    original(self, bucket_name, policy)


def _is_public(statement: dict[str, Any]) -> bool:
    everyone = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return statement.get("Effect") == "Allow" and everyone and not statement.get("Condition")


def _listed(statements: Any) -> list[dict[str, Any]]:
    return statements if isinstance(statements, list) else [statements]


def _get_permission(original: Any, self: FakeBucket, action: str, resource: str) -> Any:
    """moto reads policies without their conditions: a rule against plain HTTP would lock everybody out.

    Calls come in over loopback here and count as encrypted.
    """
    full = self.policy
    if full is None:
        return original(self, action, resource)
    document = json.loads(full)
    document["Statement"] = [s for s in _listed(document["Statement"]) if not _is_about_transport(s)]
    self.policy = json.dumps(document).encode() if document["Statement"] else None
    try:
        return original(self, action, resource)
    finally:
        self.policy = full


def _is_about_transport(statement: dict[str, Any]) -> bool:
    """Whether the statement only concerns unencrypted or outdated connections."""
    keys = {key for test in statement.get("Condition", {}).values() for key in test}
    return bool(keys) and keys <= {"aws:SecureTransport", "s3:TlsVersion"}


def _set_lifecycle(original: Any, self: FakeBucket, rules: list[dict[str, Any]]) -> None:
    """moto's rules, with NewerNoncurrentVersions beside them."""
    original(self, rules)
    for kept, rule in zip(self.rules, rules, strict=True):
        newer = (rule.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions")
        kept.localcloud_newer = newer  # type: ignore[attr-defined]


def _put_object_lock(
    original: Any,
    self: S3Backend,
    bucket_name: str,
    lock_enabled: bool,
    mode: str | None = None,
    days: int | None = None,
    years: int | None = None,
) -> None:
    """Source: S3 user guide "Configuring Object Lock": possible on existing buckets that have versioning."""
    bucket = self.get_bucket(bucket_name)
    if bucket.versioning_status != "Enabled":
        raise refuse(
            "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )
    bucket.object_lock_enabled = lock_enabled
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


def install() -> None:
    """Let requests for S3 come here."""
    # By this name, not in moto.s3.urls: moto reloads that module each time it reads it.
    responses.S3Response = LocalS3  # type: ignore[misc]
    models.utcnow = _now
    wrap(S3Backend, "create_bucket", _create_bucket)
    wrap(S3Backend, "delete_bucket", _delete_bucket)
    wrap(S3Backend, "delete_bucket_encryption", _delete_bucket_encryption)
    wrap(S3Backend, "put_bucket_policy", _put_bucket_policy)
    wrap(S3Backend, "put_object_lock_configuration", _put_object_lock)
    wrap(FakeBucket, "get_permission", _get_permission)
    wrap(FakeBucket, "set_lifecycle", _set_lifecycle)
