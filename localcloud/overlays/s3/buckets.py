# SPDX-License-Identifier: Apache-2.0
"""Buckets, their policies and their objects."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3 import models, responses
from moto.s3.exceptions import InvalidBucketName, S3AccessDeniedError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from localcloud.access import bucket_refusal
from localcloud.calls import current
from localcloud.clock import now
from localcloud.overlays.s3.kept import NEW_ENCRYPTION, READS, keep, shown
from localcloud.overlays.s3.uploads import page, times
from localcloud.overlays.wrap import wrap
from localcloud.refusals import error_answer, refuse

_NAME = re.compile(r"^(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$")
_BAD_END = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ADDRESS = re.compile(r"^\d+\.\d+\.\d+\.\d+$")
_ENCRYPTION = {"Rule": NEW_ENCRYPTION["Rules"][0]}


class LocalS3(S3Response):
    """moto's S3 with the settings that it drops."""

    def _bucket_response_get(self, bucket_name: str, querystring: dict[str, Any]) -> Any:
        """moto's answer, and who pays. Source: GetBucketRequestPayment: the owner unless told otherwise."""
        if "requestPayment" not in querystring:
            return super()._bucket_response_get(bucket_name, querystring)
        self.backend.get_bucket(bucket_name)
        self.data["Action"] = "GetBucketRequestPayment"
        return self.serialized(ActionResult({"Payer": "BucketOwner"}))

    def _bucket_response_put(self, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        if "requestPayment" in querystring:
            self.backend.get_bucket(bucket_name)
            answer: Any = 200, {}, ""
        else:
            answer = super()._bucket_response_put(request, bucket_name, querystring)
        call = current.call
        if call is not None and bucket_name in self.backend.buckets:
            keep(self.backend.get_bucket(bucket_name), call.operation, call.given)
        if call is not None and call.operation == "CreateBucket":
            tags = call.given.get("CreateBucketConfiguration", {}).get("Tags", [])
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

    def head_bucket(self) -> Any:
        """moto's answer, and the bucket's ARN. Source: HeadBucket API reference; recorded."""
        status, headers, body = super().head_bucket()
        if status == 200:
            headers |= {"x-amz-bucket-arn": f"arn:aws:s3:::{self.bucket_name}", "x-amz-access-point-alias": "false"}
        return status, headers, body

    def put_object(self) -> Any:
        """moto's answer, and of which kind its checksum is. Source: PutObject API reference, ChecksumType."""
        answer = super().put_object()
        if any(name.lower().startswith("x-amz-checksum-") for name in answer[1]):
            answer[1]["x-amz-checksum-type"] = "FULL_OBJECT"
        return answer

    def serialized(self, action_result: ActionResult) -> Any:
        """moto's answer, with what its models have no place for."""
        result: Any = action_result.result
        if isinstance(result, dict) and self.data.get("Action") == "DeleteObjects":
            action_result = ActionResult(_with_refused(result))
        if isinstance(result, dict) and self.data.get("Action") == "ListMultipartUploads" and current.call is not None:
            began = times(self.backend.get_bucket(self.bucket_name))
            action_result = ActionResult(page(result, current.call.given, began))
        if isinstance(result, dict) and self.data.get("Action") in READS:
            action_result = ActionResult(shown(self.backend.get_bucket(self.bucket_name), self.data["Action"], result))
        return super().serialized(action_result)


def _with_refused(result: dict[str, Any]) -> dict[str, Any]:
    """The answer to DeleteObjects in which what does not exist, or a policy denies, was not deleted.

    Source: recorded, s3/delete-objects/wrong-version-refused-inside-of-200.
    """
    refused, current.refused = current.refused, []
    names = [(each["Key"], each.get("VersionId")) for each in refused]
    gone = [each for each in result["Deleted"] if (each["Key"], each.get("VersionId")) not in names]
    return {**result, "Deleted": gone, "Errors": [*result["Errors"], *refused]}


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
    for statement in _listed(statements):
        for name in ("Effect", "Principal", "Action", "Resource"):
            if not {name, f"Not{name}"} & set(statement):
                raise refuse("MalformedPolicy", f"Missing required field {name}")
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
    """Nothing: policies are read, with their conditions, before moto is asked."""
    return PermissionResult.NEUTRAL


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
    bucket.object_lock_enabled = lock_enabled
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


def _delete_object(
    original: Any, self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, **options: Any
) -> Any:
    """moto's answer; a version that does not exist is an error of DeleteObjects, and nothing to DeleteObject.

    Source: recorded, s3/delete-objects/wrong-version-refused-inside-of-200.
    """
    bucket = self.get_bucket(bucket_name)
    if current.call is not None and current.is_about("DeleteObjects"):
        action = "s3:DeleteObjectVersion" if version_id else "s3:DeleteObject"
        if bucket_refusal(current.call, bucket.policy, action, key_name):
            version = {"VersionId": version_id} if version_id else {}
            current.refused.append({"Key": key_name, **version, "Code": "AccessDenied", "Message": "Access Denied"})
            return True, {}
    versions = {str(key.version_id) for key in bucket.keys.getlist(key_name, [])}
    if version_id is not None and version_id not in versions and current.is_about("DeleteObjects"):
        words = {"Code": "NoSuchVersion", "Message": "The specified version does not exist."}
        current.refused.append({"Key": key_name, "VersionId": version_id, **words})
        return True, {}
    return original(self, bucket_name, key_name, version_id, **options)


def install() -> None:
    """Let requests for S3 come here."""
    # By this name, not in moto.s3.urls: moto reloads that module each time it reads it.
    responses.S3Response = LocalS3  # type: ignore[misc]
    models.utcnow = now
    wrap(S3Backend, "create_bucket", _create_bucket)
    wrap(S3Backend, "delete_bucket", _delete_bucket)
    wrap(S3Backend, "delete_bucket_encryption", _delete_bucket_encryption)
    wrap(S3Backend, "put_bucket_policy", _put_bucket_policy)
    wrap(S3Backend, "put_object_lock_configuration", _put_object_lock)
    wrap(FakeBucket, "get_permission", _get_permission)
    wrap(S3Backend, "delete_object", _delete_object)
