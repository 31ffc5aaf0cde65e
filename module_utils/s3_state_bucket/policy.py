# SPDX-License-Identifier: Apache-2.0
"""The bucket policy: our statements are merged in by Sid, those of others stay as they were written.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..policies import Statement, canonical, statements_of, world

TLS_SID = "StreambedTlsOnly"
VERSION = "2012-10-17"
ACCOUNT = re.compile(r"\d{12}\Z")


def bucket_arn(name: str, region: str) -> str:
    return f"arn:{world(region)[0]}:s3:::{name}"


def tls_statement(arn: str) -> dict[str, Any]:
    """Refuses every request that does not come over TLS.  Source: Security Hub control S3.5."""
    return {
        "Sid": TLS_SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def others(document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The statements beside the TLS one."""
    return [statement for statement in statements_of(document) if statement.get("Sid") != TLS_SID]


def requires_tls(document: Mapping[str, Any] | None, arn: str) -> bool:
    """Whether the TLS statement is there and means what it should."""
    wanted = canonical(tls_statement(arn))
    return any(canonical(each) == wanted for each in statements_of(document) if each.get("Sid") == TLS_SID)


def merged(
    document: Mapping[str, Any] | None,
    arn: str,
    tls_only: bool | None,
    declared: Sequence[Statement] | None,
    purge: bool,
) -> dict[str, Any] | None:
    """The policy as it should be, ``None`` for none: what is equal stays as it was written, ours goes in by Sid."""
    wanted = {statement["Sid"]: dict(statement) for statement in declared or ()}
    if tls_only:
        wanted[TLS_SID] = tls_statement(arn)
    result = []
    for statement in statements_of(document):
        sid = statement.get("Sid")
        if sid in wanted:
            ours = wanted.pop(sid)
            result.append(statement if canonical(statement) == canonical(ours) else ours)
        elif sid == TLS_SID:
            result += [statement] if tls_only is None else []
        elif not (purge and declared is not None):
            result.append(statement)
    result += wanted.values()
    return {**(document or {"Version": VERSION}), "Statement": result} if result else None
