# SPDX-License-Identifier: Apache-2.0
"""Errors in the shape of each AWS protocol, and their codes read back from an answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException

REQUEST_ID = "localcld-0000-0000-0000-000000000000"

_QUERY = (
    "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>{request}</RequestId></ErrorResponse>"
)
_EC2 = (
    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    "<RequestID>{request}</RequestID></Response>"
)
_REST_XML = "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request}</RequestId></Error>"

#: What XML 1.0 cannot hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CODE_ELEMENT = re.compile(rb"<Code>([^<]+)</Code>")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Refusal(ServiceException):
    """A call that AWS refuses; moto answers it in the service's own shape and with the status of the service model."""


def refuse(code: str, message: str) -> Refusal:
    """The refusal with an AWS error code."""
    return Refusal(code, message)


def error_answer(protocol: str, status: int, code: str, message: str) -> Answer:
    """The error as a client of `protocol` (query, ec2, json, rest-json, rest-xml) expects it."""
    if protocol in ("json", "rest-json"):
        body = json.dumps({"__type": code, "message": message}).encode()
        return Answer(status, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)], body)
    template = {"ec2": _EC2, "rest-xml": _REST_XML}.get(protocol, _QUERY)
    text = template.format(
        code=escape(code),
        message=escape(_CONTROL.sub("?", message)),
        request=REQUEST_ID,
        fault="Sender" if status < 500 else "Receiver",
    )
    return Answer(status, [("Content-Type", "text/xml")], text.encode())


def error_code(answer: Answer) -> str | None:
    """The AWS error code of an answer; None when it is no error."""
    if answer.status < 400:
        return None
    headers = {name.lower(): value for name, value in answer.headers}
    if "x-amzn-errortype" in headers:
        return headers["x-amzn-errortype"].split("#")[-1].split(":")[0]
    found = _CODE_ELEMENT.search(answer.body)
    if found:
        return found.group(1).decode()
    try:
        return str(json.loads(answer.body)["__type"]).split("#")[-1]
    except (ValueError, KeyError, TypeError):
        return str(answer.status)
