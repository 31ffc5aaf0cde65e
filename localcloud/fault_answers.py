# SPDX-License-Identifier: Apache-2.0
"""What a struck call is answered: each service's own codes, statuses and words."""

from __future__ import annotations

import fnmatch
from typing import Any

from localcloud.calls import Call
from localcloud.faults import Fault
from localcloud.refusals import Answer, error_answer
from localcloud.settings import ACCOUNT

_CALLER = f"arn:aws:iam::{ACCOUNT}:user/streambed"
#: Stands for no answer at all: the connection is closed.
NO_ANSWER = Answer(0, [], b"")

Code = tuple[str, int, str]

#: (service, operation) -> code, HTTP status, message; the first line that fits counts.
_THROTTLES: list[tuple[str, str, Code]] = [
    # Source: EC2 API reference, "Request throttling for the Amazon EC2 API".
    ("ec2", "*", ("RequestLimitExceeded", 503, "Request limit exceeded.")),
    # Source: Kinesis API reference, PutRecord, GetRecords, GetShardIterator: per shard; all others per account.
    ("kinesis", "*Record*", ("ProvisionedThroughputExceededException", 400, "Rate exceeded for shard.")),
    ("kinesis", "GetShardIterator", ("ProvisionedThroughputExceededException", 400, "Rate exceeded for shard.")),
    ("kinesis", "*", ("LimitExceededException", 400, "Rate exceeded.")),
    # Source: S3 API reference, "List of error codes".
    ("s3", "*", ("SlowDown", 503, "Please reduce your request rate.")),
    # Source: DynamoDB developer guide, "Error handling"; Logs, KMS: "Common errors".
    ("dynamodb", "*", ("ThrottlingException", 400, "Rate of requests exceeds the allowed throughput.")),
    ("logs", "*", ("ThrottlingException", 400, "Rate exceeded")),
    ("kms", "*", ("ThrottlingException", 400, "You have exceeded the rate at which you may call KMS.")),
    # Source: Service Quotas API reference, TooManyRequestsException; tagging API, ThrottledException.
    ("service-quotas", "*", ("TooManyRequestsException", 400, "Too Many Requests")),
    ("resourcegroupstaggingapi", "*", ("ThrottledException", 400, "Rate exceeded")),
    # Source: IAM, STS and ElastiCache, "Common errors": Throttling.
    ("*", "*", ("Throttling", 400, "Rate exceeded")),
]
#: Statuses of throttling codes that `code` may ask for instead. Source: the pages above.
_STATUSES = {"OperationAborted": 409, "SlowDown": 503, "RequestLimitExceeded": 503, "EC2ThrottledException": 503}

#: Source: "Common errors" of each service; EC2: "Server errors".
_FAILURES: list[tuple[str, str]] = [
    ("ec2", "InternalError"),
    ("s3", "InternalError"),
    ("dynamodb", "InternalServerError"),
    ("iam", "ServiceFailure"),
    ("*", "InternalFailure"),
]
_UNAVAILABLE = {"ec2": "Unavailable"}

#: The IAM action prefix where it is not boto3's name of the service.
#: Source: Service Authorization Reference, "service prefix".
_PREFIXES = {"service-quotas": "servicequotas", "resourcegroupstaggingapi": "tag"}
#: S3 operation -> the action that allows it, where the names differ.
#: Source: Service Authorization Reference, "Actions defined by Amazon S3"; API reference, "Permissions" of each.
_S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
#: Of these the action on one version is another.
_VERSIONED = ("DeleteObject", "GetObject", "HeadObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging")


def answer_of(fault: Fault, call: Call, true: Answer | None = None) -> Answer:
    """What the client gets for a call that the fault struck; NO_ANSWER when it gets nothing.

    `true` is what it would have got, where the call took effect.
    """
    if fault.kind == "lost":
        return NO_ANSWER
    if fault.kind == "garbled":
        return _garbled(fault.options["form"], call, true)
    code, status, message = {"throttle": _throttle, "denied": _denied, "refuse": _refusal, "error": _failure}[
        fault.kind
    ](call, fault.options)
    return error_answer(call.protocol, status, code, message)


def throttled(call: Call) -> Answer:
    """What the client gets for a call that came too fast."""
    code, status, message = _throttle(call, {})
    return error_answer(call.protocol, status, code, message)


def _garbled(form: str, call: Call, true: Answer | None) -> Answer:
    """An answer with status 200 that is none: the kinds that proxies and broken lines make."""
    json_spoken = call.protocol in ("json", "rest-json")
    kind = [("Content-Type", "application/x-amz-json-1.1" if json_spoken else "text/xml")]
    if form == "html":
        return Answer(200, [("Content-Type", "text/html")], b"<html><body>Welcome to the hotel</body></html>")
    if form == "half":
        body = true.body if true and true.body else b'{"Truncated": [' if json_spoken else b"<Response><item>"
        return Answer(200, kind, body[: max(1, len(body) // 2)])
    if form == "hollow":
        return Answer(200, kind, b"{}" if json_spoken else f"<{call.operation}Response/>".encode())
    return Answer(200, kind, b"")


def action_of(call: Call) -> str:
    """The IAM action that allows a call, such as ec2:CreateVpc."""
    name = _S3_ACTIONS.get(call.operation, call.operation) if call.service == "s3" else call.operation
    if call.service == "s3" and call.operation in _VERSIONED and "VersionId" in call.given:
        name = f"{name.removesuffix('Tagging')}Version{'Tagging' if name.endswith('Tagging') else ''}"
    return f"{_PREFIXES.get(call.service, call.service)}:{name}"


def _throttle(call: Call, options: dict[str, Any]) -> Code:
    code, status, message = next(
        found
        for service, operation, found in _THROTTLES
        if service in ("*", call.service) and fnmatch.fnmatchcase(call.operation, operation)
    )
    asked = options.get("code")
    return (asked, _STATUSES.get(asked, 400), message) if asked else (code, status, message)


def denial(call: Call, caller: str, action: str, resource: str | None = None, why: str | None = None) -> Code:
    """How a service says that the caller may not do it, and why not: for want of a policy, unless told otherwise.

    Source: EC2 "Client error codes", UnauthorizedOperation; IAM user guide "Troubleshoot access denied".
    """
    on = f' on resource: "{resource}"' if resource else ""
    why = why or f"because no identity-based policy allows the {action} action"
    message = f"User: {caller} is not authorized to perform: {action}{on} {why}"
    if call.service == "ec2":
        return "UnauthorizedOperation", 403, f"You are not authorized to perform this operation. {message}"
    json_spoken = call.protocol in ("json", "rest-json")
    return ("AccessDeniedException", 400, message) if json_spoken else ("AccessDenied", 403, message)


def _denied(call: Call, options: dict[str, Any]) -> Code:
    return denial(call, _CALLER, action_of(call))


def _refusal(call: Call, options: dict[str, Any]) -> Code:
    return options["code"], options.get("status", 400), options.get("message", "localcloud was told to refuse this")


def _failure(call: Call, options: dict[str, Any]) -> Code:
    status = options.get("status", 500)
    message = "An internal error has occurred"
    if status == 503:
        return _UNAVAILABLE.get(call.service, "ServiceUnavailable"), status, message
    return next(code for service, code in _FAILURES if service in ("*", call.service)), status, message
