# SPDX-License-Identifier: Apache-2.0
"""What AWS means by its names of operations and errors.  Pure."""

from __future__ import annotations

from .sdk import ClientError

# How AWS names the operations that take something from what is in use.
TAKING_AWAY = ("delete_", "detach_", "disassociate_", "release_", "revoke_")
# "Too fast", or "another change of the same object is under way": nothing was done, the same call may be sent again.
# Those of the last three lines are unknown to botocore's own list; CloudWatch Logs and IAM have two of them.
# Source: botocore/retries/standard.py (ThrottledRetryableChecker) and the services' error pages.
THROTTLES = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException",
    "APICallRateForCustomerExceeded", "OperationAborted", "ConcurrentMutationLimitExceeded",
    "OperationAbortedException", "ConcurrentModification", "ConcurrentModificationException",
    # Of the key that a stream or a table is encrypted with.  Source: Kinesis and DynamoDB API reference, "Errors".
    "KMSThrottlingException",
})  # fmt: skip
# Reads exceed no quota, only rates. An answer to S3's HEAD has no body: its status stands for SlowDown.
READ_THROTTLES = THROTTLES | {"LimitExceededException", "503"}
# What helps where neither time nor another declaration does, by how the code begins.
# Source: the services' API references, "Errors"; EC2 "Client error codes".
REMEDIES = {
    ("Insufficient",): "choose another node type or other zones, or run again later: AWS has no more of it there",
    ("KMS", "InvalidKMSKey"):
        "see that the key exists in this region, is enabled, and may be used by these credentials",
    ("BucketAlreadyExists",): "choose another name: a name is taken once for all accounts of AWS",
    ("OptInRequired",): "see to the account: AWS wants it signed up for this service first",
    ("PendingVerification",): "see to the account: AWS is still verifying it",
    ("Internal", "ServiceUnavailable"): "run again: AWS's own servers failed, and a run continues from what is there",
    ("Blocked",): "see to the account: AWS has blocked it, and its support tells why",
}  # fmt: skip
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "403")


def code_of(error: ClientError) -> str:
    """AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_quota(code: str) -> bool:
    """Whether a code says that the account may not have more of something."""
    signs = ("LimitExceeded", "QuotaExceeded", "QuotaFor", "TooManyBuckets")
    return code not in THROTTLES and any(sign in code for sign in signs)


def is_unknown(code: str) -> bool:
    """Whether a code says that there is no such object (yet)."""
    named = ("NatGatewayNotFound", "CacheClusterNotFound", "CacheParameterGroupNotFound", "NoSuchBucket",
             "UserNotFound", "UserGroupNotFound")  # fmt: skip
    return code.endswith((".NotFound", "NotFoundFault", "ResourceNotFoundException")) or code in named


def remedy(code: str) -> str:
    """The next step that a code alone tells; empty where it tells none."""
    return next((step for begins, step in REMEDIES.items() if code.startswith(begins)), "")


def is_gone(code: str) -> bool:
    """Whether a code, in the answer to a call that takes something away, says that it is not there.

    Source: EC2 "Common error codes", the errors of IAM, S3, ElastiCache and the JSON services: each names the kind.
    """
    return "NotFound" in code or code.startswith("NoSuch") or code == "Gateway.NotAttached"
