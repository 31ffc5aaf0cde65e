# SPDX-License-Identifier: Apache-2.0
"""What AWS means by its names of operations and errors.  Pure."""

from __future__ import annotations

from .sdk import ClientError

# How AWS names the operations that take something from what is in use.
TAKING_AWAY = ("delete_", "detach_", "disassociate_", "release_", "revoke_")
# "Too fast", or "another change of the same object is under way": nothing was done, the same call may be sent again.
# Those of the last two lines are unknown to botocore's own list; CloudWatch Logs and IAM have two of them.
# Source: botocore/retries/standard.py (ThrottledRetryableChecker) and the services' error pages.
THROTTLES = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException",
    "APICallRateForCustomerExceeded", "OperationAborted", "ConcurrentMutationLimitExceeded",
    "OperationAbortedException", "ConcurrentModification", "ConcurrentModificationException",
})  # fmt: skip
# Reads exceed no quota, only rates. An answer to S3's HEAD has no body: its status stands for SlowDown.
READ_THROTTLES = THROTTLES | {"LimitExceededException", "503"}
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "403")


def code_of(error: ClientError) -> str:
    """AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_quota(code: str) -> bool:
    """Whether a code says that the account may not have more of something."""
    return code not in THROTTLES and ("LimitExceeded" in code or "QuotaExceeded" in code or "QuotaFor" in code)


def is_unknown(code: str) -> bool:
    """Whether a code says that there is no such object (yet)."""
    named = ("NatGatewayNotFound", "CacheClusterNotFound", "NoSuchBucket", "UserNotFound", "UserGroupNotFound")
    return code.endswith((".NotFound", "NotFoundFault", "ResourceNotFoundException")) or code in named


def is_gone(code: str) -> bool:
    """Whether a code, in the answer to a call that takes something away, says that it is not there.

    Source: EC2 "Common error codes", the errors of IAM, S3, ElastiCache and the JSON services: each names the kind.
    """
    return "NotFound" in code or code.startswith("NoSuch") or code == "Gateway.NotAttached"
