# SPDX-License-Identifier: Apache-2.0
"""Requests read back into the shape in which boto3 was called."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from localcloud.models.reading import parser_of

#: Signing names that differ from boto3's service names.
_SERVICE_OF_SIGNING_NAME = {
    "servicequotas": "service-quotas",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "elasticloadbalancing": "elbv2",
    "email": "ses",
}
_READS = ("Describe", "Get", "List", "Head", "BatchGet", "Query", "Scan", "Search", "Select", "Simulate",
          "Lookup")  # fmt: skip
_SECRETS = {"AuthToken", "SecretString", "SecretBinary", "Password", "Passwords", "Plaintext", "MasterUserPassword"}
_MASK = "***"
#: What boto3 adds to S3 requests by itself.
#: Source: botocore handlers and httpchecksum (request_checksum_calculation=when_supported).
_ADDED_BY_BOTO3 = re.compile(r"^(Checksum\w*|ContentMD5|ContentLength)$")
_LONGEST_BODY = 1024

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass
class Call:
    """One AWS call as its sender meant it."""

    service: str
    operation: str
    protocol: str = "rest-xml"
    region: str = "us-east-1"
    agent: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    #: The parameters as they came, with secrets, and the model of the operation; neither is for the journal.
    given: dict[str, Any] = field(default_factory=dict, repr=False)
    model: OperationModel | None = field(default=None, repr=False)
    #: The id of the keys that signed it, and the token of a session.
    access_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def write(self) -> bool:
        """False for operations that only read."""
        return not self.operation.startswith(_READS)


class Current:
    """The call that is being answered; one at a time."""

    call: Call | None = None

    def __init__(self) -> None:
        #: What DeleteObjects was asked to delete and did not, with Code and Message.
        self.refused: list[dict[str, str]] = []

    def is_about(self, operation: str) -> bool:
        """Whether this operation is being answered."""
        return self.call is not None and self.call.operation == operation


#: The call of this process: one process is one cloud.
current = Current()


def read_call(request: Request) -> Call:
    """The call behind a request. Whatever cannot be read stays empty: reading never fails."""
    key, region, service = _scope(request)
    call = Call(service, _named_operation(request), region=region, agent=request.headers.get("User-Agent", ""))
    call.access_key, call.token = key, request.headers.get("X-Amz-Security-Token", "")
    try:
        model = get_service_model(service)
        call.protocol = determine_request_protocol(model, request.content_type)
        operation, uri_params = get_service_router(service).match(request)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return call
    call.operation, call.model = operation.name, operation
    call.given = _parse(request, call.protocol, operation, uri_params)
    call.params = _plain(call.given, service)
    return call


def _scope(request: Request) -> tuple[str, str, str]:
    """The keys' id, region and boto3 service name, from the signature."""
    credential = request.headers.get("Authorization", "") or request.args.get("X-Amz-Credential", "")
    found = _CREDENTIAL.search(credential if "Credential=" in credential else f"Credential={credential}")
    if not found:
        return "", "us-east-1", "s3"
    key, region, name = found.groups()
    return key, region, _SERVICE_OF_SIGNING_NAME.get(name.lower(), name.lower())


def _named_operation(request: Request) -> str:
    """The operation as the request names it itself; the HTTP method where it does not."""
    target = request.headers.get("X-Amz-Target", "")
    return target.split(".")[-1] or request.values.get("Action", "") or request.method


def _parse(request: Request, protocol: str, operation: OperationModel, uri_params: dict[str, Any]) -> dict[str, Any]:
    parser = parser_of(protocol)(operation)
    try:
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.get_data(),
                "url_path": request.path,
                "url_params": uri_params,
            }
        )
        return {name: value for name, value in parsed.items() if value is not None}
    except Exception as error:  # moto's parsers promise nothing about what they raise on a malformed request
        return {"_unreadable": f"{type(error).__name__}: {error}"}


def _plain(params: dict[str, Any], service: str) -> dict[str, Any]:
    """The parameters as JSON: secrets masked, big bodies cut, without what boto3 added by itself."""
    return {
        name: _plain_value(name, value)
        for name, value in params.items()
        if not (service == "s3" and (_ADDED_BY_BOTO3.match(name) or value == {}))
    }


def _plain_value(name: str, value: Any) -> Any:
    if name in _SECRETS:
        return [_MASK] * len(value) if isinstance(value, list) else _MASK
    if isinstance(value, dict):
        return {key: _plain_value(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain_value("", inner) for inner in value]
    if isinstance(value, bytes):
        return _cut(value.decode("utf-8", "replace"))
    if isinstance(value, datetime.datetime):
        return value.isoformat() + "Z"
    return _cut(value) if name == "Body" and isinstance(value, str) else value


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]}… ({len(text)} characters)"
