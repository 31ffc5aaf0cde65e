# SPDX-License-Identifier: Apache-2.0
"""What an answer must hold to be believed, and what it refuses inside, as botocore's models know it.  Pure.

An answer without the key that its operation exists for would read as "there is none", and a run would make everything
a second time. So such an answer is none: a lost one for a write, an error for a read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .sdk import OperationModel, Shape, jmespath

READS = ("Describe", "Get", "List", "Search")
# How a page begins; AWS answers in XML, JSON or CBOR.
PAGE = (b"<html", b"<!doctype html")
# The names under which an item of an answer says that it was refused.  Source: botocore's service models.
CODES, MESSAGES = ("Code", "ErrorCode"), ("Message", "ErrorMessage")


def flaw(model: OperationModel, content: bytes, answer: Mapping[str, Any], page: Any = None) -> str:
    """Why an answer cannot be believed, in a few words; empty when it can.

    ``page`` is the operation's entry among botocore's paginators, if it has one.
    """
    if model.has_streaming_output:
        return ""
    if content.lstrip()[: len(PAGE[1])].lower().startswith(PAGE):
        return "an HTML page instead of an answer"
    missing = [key for key in _needed(model, page) if jmespath.search(key, answer) is None]
    if missing:
        return f"an answer without {', '.join(missing)}"
    members = _in_body(model)
    if not members or any(answer.get(name) is not None for name in members):
        return ""
    if model.service_model.protocol != "rest-xml":
        return f"an answer without {' or '.join(members)}"
    # Of a bucket's settings S3 answers an element without content where none is set.
    # Source: GetBucketVersioning and GetBucketLogging API reference, "Response Syntax" and examples.
    return "" if content.strip() else "an empty answer"


def _needed(model: OperationModel, page: Any) -> list[str]:
    """JMESPaths of what an answer always has.

    EC2 lists what it was asked for even where that is nothing, and so does what comes in pages; S3 leaves out what is
    empty.
    """
    shape, protocol = model.output_shape, model.service_model.protocol
    if shape is None:
        return []
    found = [name for name in shape.required_members if name in _in_body(model)]
    if protocol == "ec2" and model.name.startswith(READS):
        found += [name for name, member in shape.members.items() if member.type_name == "list"]
    elif page and protocol != "rest-xml":
        key = page["result_key"]
        found.append(key if isinstance(key, str) else key[0])
    return list(dict.fromkeys(found))


def _in_body(model: OperationModel) -> list[str]:
    """The members of an answer that stand in its body."""
    shape = model.output_shape
    if shape is None or model.http.get("method") == "HEAD":
        return []
    if "payload" in shape.serialization:
        return [shape.serialization["payload"]]
    return [name for name, member in shape.members.items() if "location" not in member.serialization]


def refused(model: OperationModel, answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Code and message of each thing that an operation on several refused inside of a good answer."""
    for name, member in (model.output_shape.members if model.output_shape else {}).items():
        if _may_refuse(member):
            found = answer.get(name) or ()
            for item in found.values() if isinstance(found, Mapping) else found:
                code, message = _error_of(item)
                if code:
                    yield code, message


def _may_refuse(shape: Shape) -> bool:
    """Whether each element of a list or a map has an error, or is one."""
    element = shape.member if shape.type_name == "list" else shape.value if shape.type_name == "map" else shape
    if element is shape or element.type_name != "structure":
        return False
    names = set(element.members)
    return "Error" in names or bool(names & set(CODES) and names & set(MESSAGES))


def _error_of(item: Mapping[str, Any]) -> tuple[str, str]:
    error = item.get("Error") or item
    code, message = (next((str(error[key]) for key in keys if error.get(key)), "") for keys in (CODES, MESSAGES))
    what = next((str(item[key]) for key in ("ResourceId", "Key") if item.get(key)), "")
    return code, f"{what}: {message}" if what else message
