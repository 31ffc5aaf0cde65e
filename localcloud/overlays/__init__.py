# SPDX-License-Identifier: Apache-2.0
"""What moto lacks, service by service. Each overlay extends moto where moto itself looks things up."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.calls import Call
from localcloud.models.wording import Worded
from localcloud.overlays import (
    cloudtrail,
    cloudwatch,
    dynamodb,
    ec2,
    elasticache,
    iam,
    kinesis,
    kms,
    lean,
    logs,
    s3,
    secretsmanager,
    service_quotas,
    shown,
    tagging,
)
from localcloud.overlays.s3 import refused as s3_refused

_OVERLAYS = (
    cloudtrail,
    cloudwatch,
    dynamodb,
    ec2,
    elasticache,
    iam,
    kinesis,
    kms,
    lean,
    logs,
    s3,
    secretsmanager,
    service_quotas,
    shown,
    tagging,
)
#: Service -> what it refuses before it acts.
_REFUSED: dict[str, Callable[[Call], Worded | None]] = {"dynamodb": dynamodb.refused, "s3": s3_refused.refused}


def install() -> None:
    """Put every overlay in place; called once, before the first request."""
    for overlay in _OVERLAYS:
        overlay.install()


def refused(call: Call) -> Worded | None:
    """Why a service refuses a call that fits its model, before it acts; None where moto may answer."""
    check = _REFUSED.get(call.service)
    return check(call) if check and call.model is not None else None
