# SPDX-License-Identifier: Apache-2.0
"""AWS's words where moto says the same in its own.  Source: recorded errors (tests/localcloud/recorded)."""

from __future__ import annotations

import re

from localcloud.calls import Call
from localcloud.refusals import Answer

#: Service, moto's words, AWS's words.
_WORDS = tuple(
    (service, re.compile(ours), theirs)
    for service, ours, theirs in (
        ("ec2", r"Allocation ID '?\{?'?([\w-]+)'?\}?'? not found\.", r"The allocation ID '\1' does not exist"),
        ("ec2", r"InternetGatewayID (\S+) does not exist\.", r"The internetGateway ID '\1' does not exist"),
        ("ec2", r"'\{'(sg-\w+)'\}' does not exist", r"'\1' does not exist"),
        ("ec2", r"The routeTable ID '(acl-\w+)' does not exist", r"The networkAcl ID '\1' does not exist"),
        ("iam", r"Role (\S+) not found", r"The role with name \1 cannot be found."),
        ("kms", r"Invalid keyId (?!')([\w-]+)", r"Invalid keyId '\1'"),
        ("s3", r"The target bucket for logging does not exist\.", "The target bucket for logging does not exist"),
    )
)


def mended(call: Call, answer: Answer) -> Answer:
    """The answer, in AWS's words when it is an error."""
    if answer.status < 400 or not answer.body:
        return answer
    text = answer.body.decode("utf-8", "replace")
    said = text
    for service, ours, theirs in _WORDS:
        if service == call.service:
            said = ours.sub(theirs, said)
    if said == text:
        return answer
    headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
    return Answer(answer.status, headers, said.encode())
