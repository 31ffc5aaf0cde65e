"""The bucket policy: statements that mean the same are equal, and ours are merged in by Sid.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]

TLS_SID = "StreambedTlsOnly"
VERSION = "2012-10-17"
ACCOUNT = re.compile(r"\d{12}\Z")
# Action names do not depend on case.  Source: IAM User Guide, "IAM JSON policy elements: Action".
CASELESS = ("Action", "NotAction")
PRINCIPALS = ("Principal", "NotPrincipal")


def partition(region: str) -> str:
    """The part of an ARN that says which of AWS's separate worlds a region belongs to."""
    worlds = {
        "cn": "aws-cn",
        "us-gov": "aws-us-gov",
        "us-iso": "aws-iso",
        "us-isob": "aws-iso-b",
        "eusc-de": "aws-eusc",
    }
    return worlds.get(re.sub(r"-[a-z]+-\d+\Z", "", region), "aws")


def bucket_arn(name: str, region: str) -> str:
    return f"arn:{partition(region)}:s3:::{name}"


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


def canonical(statement: Statement) -> Any:
    """A form in which statements of one meaning are equal: order, one-item lists, case of actions, principals."""
    return {key: _element(key, value) for key, value in statement.items()}


def canonical_all(statements: Iterable[Statement] | None) -> Any:
    """The same for several statements, whose order carries no meaning."""
    return None if statements is None else sorted((canonical(each) for each in statements), key=repr)


def _element(key: str, value: Any) -> Any:
    if key in PRINCIPALS:
        return _principals(value)
    if key == "Condition":
        return [
            (operator, sorted((name.lower(), _texts(given)) for name, given in tests.items()))
            for operator, tests in sorted(value.items())
        ]
    if key in CASELESS:
        return sorted({text.lower() for text in _texts(value)})
    return _texts(value) if key in ("Resource", "NotResource") else value


def _texts(value: Any) -> list[str]:
    """One value or a list of them as a sorted list of text; true and "true" are one."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return sorted({str(item).lower() if isinstance(item, bool) else str(item) for item in values})


def _principals(value: Any) -> Any:
    """ "*" is everyone, as {"AWS": "*"} is, and an account's number is its root.

    Source: IAM User Guide, "AWS JSON policy elements: Principal".
    """
    if value == "*":
        return [("AWS", ["*"])]
    return [(kind, sorted({_principal(name) for name in _texts(names)})) for kind, names in sorted(value.items())]


def _principal(name: str) -> str:
    root = re.match(r"arn:[a-z-]+:iam::(\d{12}):root\Z", name)
    return root.group(1) if root else name


def statements_of(document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The statements of a policy; a single one may stand without a list."""
    found = (document or {}).get("Statement", [])
    return [dict(found)] if isinstance(found, Mapping) else list(found)


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
