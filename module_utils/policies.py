# SPDX-License-Identifier: Apache-2.0
"""IAM policies of resources: statements that mean the same are equal.  Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .aws.sdk import loaders

Statement = Mapping[str, Any]

# Action names do not depend on case.  Source: IAM User Guide, "IAM JSON policy elements: Action".
CASELESS = ("Action", "NotAction")
PRINCIPALS = ("Principal", "NotPrincipal")


@functools.cache
def _worlds() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    """What AWS's separate worlds call their regions, themselves and their hosts.  Source: botocore, partitions.json."""
    found = loaders.create_loader().load_data("partitions")["partitions"]
    return tuple((re.compile(each["regionRegex"]), each["id"], each["outputs"]["dnsSuffix"]) for each in found)


def world(region: str) -> tuple[str, str]:
    """The part of an ARN that says which of AWS's separate worlds a region belongs to, and that world's domain."""
    found = next((each for each in _worlds() if each[0].match(region)), None)
    return (found[1], found[2]) if found else ("aws", "amazonaws.com")


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


def in_words(statement: Statement) -> str:
    """A statement for people: ``Allow s3:GetObject to {'AWS': '*'}``."""
    return f"{statement.get('Effect')} {statement.get('Action')} to {statement.get('Principal')}"
