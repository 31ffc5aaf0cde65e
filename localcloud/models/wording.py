# SPDX-License-Identifier: Apache-2.0
"""How each service words that a request breaks its model: code, message and status.

Source: EC2 "Error codes" and aws/aws-sdk-ruby#2575 (MaxResults); Coral's sentence "1 validation error detected" as
Kinesis, DynamoDB, KMS, IAM, Secrets Manager (aws/aws-sdk-kotlin#1469) and Logs answer it, each under its own code;
ElastiCache's getmoto/moto#9402; S3 "Error responses": MalformedXML, InvalidArgument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.models.constraints import Violation


@dataclass(frozen=True)
class Worded:
    """A refusal in a service's own words."""

    code: str
    message: str
    status: int = 400


#: Service -> the code under which it says "1 validation error detected"; all others say ValidationException.
_CODES = {
    "iam": "ValidationError",
    "sts": "ValidationError",
    "cloudwatch": "ValidationError",
    "logs": "InvalidParameterException",
    "resourcegroupstaggingapi": "InvalidParameterException",
}
#: Model's type -> Java's, as SerializationException names it.
_TOKENS = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE", list: "START_ARRAY", dict: "START_OBJECT"}
_JAVA_TYPES = {"integer": "Integer", "long": "Long", "boolean": "Boolean", "string": "String", "list": "List"}


def worded(service: str, found: Sequence[Violation]) -> Worded:
    """The refusal of a request that breaks its model in these ways, of which there is one at least."""
    return _FORMS.get(service, _in_corals_words)(service, found)


def _in_corals_words(service: str, found: Sequence[Violation]) -> Worded:
    wrong = next((each for each in found if each.kind == "type"), None)
    if wrong and service in _CODES:
        return Worded("MalformedInput", f"{wrong.value!r} is no {wrong.limit}")
    if wrong:
        kind = _JAVA_TYPES.get(wrong.limit, wrong.limit.capitalize())
        return Worded("SerializationException", f"{_token(wrong.value)} can not be converted to {_an(kind)}")
    many = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    return Worded(_CODES.get(service, "ValidationException"), f"{many} detected: {'; '.join(map(_sentence, found))}")


def _sentence(each: Violation) -> str:
    shown = "" if each.sensitive else " null" if each.value is None else f" '{_java(each.value)}'"
    rule = _rule(each)
    if each.path[-1] in ("member", "key") and each.kind in ("length", "pattern", "enum", "range"):
        rule = f"Member must satisfy constraint: [{rule}]"
    return f"Value{shown} at '{_place(each.path)}' failed to satisfy constraint: {rule}"


def _rule(each: Violation) -> str:
    if each.kind == "required":
        return "Member must not be null"
    if each.kind == "enum":
        return f"Member must satisfy enum value set: [{', '.join(map(str, each.limit))}]"
    if each.kind == "pattern":
        return f"Member must satisfy regular expression pattern: {each.limit}"
    least, most = each.limit
    what, more, less = ("value", "greater", "less") if each.kind == "range" else ("length", "greater", "less")
    return f"Member must have {what} {more} than or equal to {least}" if most is None else (
        f"Member must have {what} {less} than or equal to {most}"
    )  # fmt: skip


def _in_ec2s_words(service: str, found: Sequence[Violation]) -> Worded:
    each = found[0]
    name = _last(each.path)
    if each.kind == "required":
        return Worded("MissingParameter", f"The request must contain the parameter {name}")
    if each.kind == "range":
        least, most = each.limit
        bound = f"greater than {least}" if most is None else f"less than {most}"
        text = f"Value ( {each.value} ) for parameter {name} is invalid. Expecting a value {bound}."
        return Worded("InvalidParameterValue", text)
    return Worded("InvalidParameterValue", f"Value ({_java(each.value)}) for parameter {name} is invalid.")


def _in_elasticaches_words(service: str, found: Sequence[Violation]) -> Worded:
    each = found[0]
    name = next(step for step in reversed(each.path) if step != "member" and not step.isdigit())
    if each.kind == "required":
        return Worded("InvalidParameterValue", f"The parameter {name} must be provided and must not be null.")
    if each.kind == "type":
        return Worded("MalformedInput", f"Could not parse '{each.value}' as {_an(each.limit)}")
    value = "" if each.sensitive else f" '{_java(each.value)}'"
    return Worded("InvalidParameterValue", f"Invalid value{value} for {name}. {_rule(each)}")


def _in_s3s_words(service: str, found: Sequence[Violation]) -> Worded:
    each = found[0]
    if each.location == "body":
        text = "The XML you provided was not well-formed or did not validate against our published schema"
        return Worded("MalformedXML", text)
    if each.kind == "required":
        return Worded("InvalidRequest", f"Missing required header for this request: {each.path[-1]}")
    if each.path[-1] == "StorageClass":
        return Worded("InvalidStorageClass", "The storage class you specified is not valid")
    return Worded("InvalidArgument", f"Invalid value for {each.path[-1]}: {_java(each.value)}")


_FORMS: dict[str, Callable[[str, Sequence[Violation]], Worded]] = {
    "ec2": _in_ec2s_words,
    "elasticache": _in_elasticaches_words,
    "s3": _in_s3s_words,
}


def _place(path: tuple[str, ...]) -> str:
    return ".".join(step[:1].lower() + step[1:] for step in path)


def _last(path: tuple[str, ...]) -> str:
    name = next(step for step in reversed(path) if step != "member" and not step.isdigit())
    return name[:1].lower() + name[1:]


def _java(value: Any) -> str:
    """The value as Java prints it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_java, value))}]"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _token(value: Any) -> str:
    """What Kinesis and its like call a value of JSON."""
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    names = {
        str: "STRING_VALUE",
        int: "NUMBER_VALUE",
        float: "DECIMAL_VALUE",
        list: "START_ARRAY",
        dict: "START_OBJECT",
    }
    return names.get(type(value), "class")


def _an(kind: str) -> str:
    return f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"
