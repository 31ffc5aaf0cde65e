# SPDX-License-Identifier: Apache-2.0
"""Policies, evaluated: whether statements allow or deny a request. Pure functions on documents.

Source: IAM user guide, "IAM JSON policy reference": Principal, Action, Resource, and condition operators with their
suffix IfExists and their prefixes ForAllValues and ForAnyValue; "Policy evaluation logic".
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What is asked for, and by whom."""

    action: str
    #: The ARNs that the request is about; none where it is not known, which then fits every resource.
    resources: Sequence[str] = ()
    #: The ARNs by which policies name the caller: the user, or the session and its role.
    principals: Sequence[str] = ()
    account: str = ""
    #: Condition key in small letters -> its values; a key that is absent has none.
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


def effects(document: Mapping[str, Any], request: Request) -> set[str]:
    """Of the statements that fit the request, what they say: Allow, Deny, both or nothing."""
    return {each["Effect"] for each in listed(document.get("Statement", [])) if fits(each, request)}


def fits(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether the statement is about the request. One of an identity's own policies names no principal."""
    return (
        _names_caller(statement, request)
        and _part(statement, "Action", lambda patterns: any(_like(request.action.lower(), p.lower()) for p in patterns))
        and _part(statement, "Resource", lambda patterns: _about(patterns, request))
        and all(
            _holds(operator, key, listed(wanted), request.context)
            for operator, tests in statement.get("Condition", {}).items()
            for key, wanted in tests.items()
        )
    )


def listed(value: Any) -> list[Any]:
    """The value as a list: policies write one thing without brackets."""
    return value if isinstance(value, list) else [value]


def _part(statement: Mapping[str, Any], name: str, test: Callable[[list[str]], bool]) -> bool:
    """Whether an element, or its negation, fits; one that is absent does."""
    if name in statement:
        return test(listed(statement[name]))
    return f"Not{name}" not in statement or not test(listed(statement[f"Not{name}"]))


def _about(patterns: list[str], request: Request) -> bool:
    return not request.resources or any(_like(arn, pattern) for arn in request.resources for pattern in patterns)


def _names_caller(statement: Mapping[str, Any], request: Request) -> bool:
    def named(principal: Any) -> bool:
        if principal == "*":
            return True
        names = listed(principal.get("AWS", [])) if isinstance(principal, dict) else []
        whole = {"*", request.account, f"arn:aws:iam::{request.account}:root"}
        return any(name in whole or name in request.principals for name in names)

    if "Principal" in statement:
        return named(statement["Principal"])
    return "NotPrincipal" not in statement or not named(statement["NotPrincipal"])


def _like(value: str, pattern: str) -> bool:
    """Whether `*` and `?` make the pattern fit; brackets stand for themselves."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _whole(value: str, wanted: str) -> bool:
    return value == wanted


def _same_letters(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _inside(value: str, wanted: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _whole,
    "StringEqualsIgnoreCase": _same_letters,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _same_letters,
    "IpAddress": _inside,
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}
#: Operators that hold where another one does not.
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
}
_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?")


def _holds(operator: str, key: str, wanted: list[Any], context: Mapping[str, Sequence[str]]) -> bool:
    """Whether one condition holds.  Raises NotImplementedError for an operator that is not known here."""
    found = _OPERATOR.fullmatch(operator)
    over, name, if_exists = found.groups() if found else (None, operator, None)
    values = list(context.get(key.lower(), ()))
    words = [str(each).lower() if isinstance(each, bool) else str(each) for each in wanted]
    if name == "Null":
        return all((not values) == (word.lower() == "true") for word in words)
    negated = name in _NEGATED
    test = _TESTS.get(_NEGATED.get(name, name))
    if test is None:
        raise NotImplementedError(f"the condition operator {operator}")
    if not values:
        # Source: "Condition operators", missing keys: negated operators hold, and so do IfExists and ForAllValues.
        return negated or bool(if_exists) or over == "ForAllValues"
    results = [any(test(value, word) for word in words) != negated for value in values]
    return all(results) if over == "ForAllValues" else any(results)
