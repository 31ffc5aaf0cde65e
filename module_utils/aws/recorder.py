# SPDX-License-Identifier: Apache-2.0
"""Keeping AWS's answers as evidence of a run, cleaned of accounts, ids, addresses and secrets.

The form is one file for each answer, ``<service>/<operation>/<digest>.json``, with ``source``, ``service``,
``operation``, ``params`` (never kept) and ``response`` or ``error``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from .sdk import OperationModel, xform_name

FOLDER = "STREAMBED_ANSWERS"
SOURCE = "recorded by make accept"
ACCOUNT = "123456789012"
# What tells an account, an object or a host from others.  Source: the id and key formats of the services.
CLEANED = (
    (re.compile(r"(?<!\d)\d{12}(?!\d)"), ACCOUNT),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "11111111-2222-3333-4444-555555555555"),
    (re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b"), "AKIAEXAMPLE"),
)
OBJECT_ID = re.compile(r"\b([a-z]+(?:-[a-z]+)*)-([0-9a-f]{17}|[0-9a-f]{8})\b")
PUBLIC_IP = re.compile(r"^(?!10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.)\d{1,3}(?:\.\d{1,3}){3}$")
# Answers that hold secrets by their nature, and members that do in others.
NEVER_KEPT = ("GetSecretValue", "AssumeRole", "GetSessionToken")
HIDDEN = ("SecretString", "SecretBinary", "AuthToken", "Credentials", "DisplayName")


def cleaned(value: Any, ids: dict[str, str] | None = None) -> Any:
    """An answer without what it tells of an account; one id becomes the same stand-in everywhere in it."""
    ids = {} if ids is None else ids
    if isinstance(value, Mapping):
        return {key: "HIDDEN" if key in HIDDEN else cleaned(inner, ids)
                for key, inner in value.items() if key != "ResponseMetadata"}  # fmt: skip
    if isinstance(value, (list, tuple)):
        return [cleaned(inner, ids) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return value if value is None or isinstance(value, (bool, int, float)) else str(type(value).__name__)
    for pattern, instead in CLEANED:
        value = pattern.sub(instead, value)
    value = "203.0.113.1" if PUBLIC_IP.match(value) else value
    return OBJECT_ID.sub(lambda found: _stand_in(found, ids), value)


def _stand_in(found: re.Match[str], ids: dict[str, str]) -> str:
    return ids.setdefault(found.group(), f"{found.group(1)}-{len(ids) + 1:017x}")


def attach(client: Any) -> None:
    """Keeps every answer to a client where the environment names a folder for them."""
    folder = os.environ.get(FOLDER)
    if folder:
        client.meta.events.register("after-call", keeper(Path(folder)))


def keeper(folder: Path) -> Callable[..., None]:
    """What botocore calls with each answer, to have it kept."""

    def keep(http_response: Any, parsed: Mapping[str, Any], model: OperationModel, **_unused: Any) -> None:
        if model.name in NEVER_KEPT:
            return
        service, operation = model.service_model.service_name, xform_name(model.name, "-")
        content: dict[str, Any] = {"source": SOURCE, "service": service, "operation": operation, "params": None}
        if http_response.status_code < 300:
            content["response"] = cleaned(parsed)
        else:
            content["error"] = {**cleaned(parsed.get("Error", {})), "Status": http_response.status_code}
        text = json.dumps(content, indent=1, default=str)
        file = folder / service / operation / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return keep
