# SPDX-License-Identifier: Apache-2.0
"""The AUTH token that lives in Secrets Manager: when it is read, what it must be, how it is carried.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.plan import Secret

Options = Mapping[str, Any]
Finding = tuple[str, Any, str, str]
ABSENT = ("ResourceNotFoundException",)
# The version that is in force.  Source: Secrets Manager user guide, "Staging labels".
CURRENT = "AWSCURRENT"


def current_version(answer: Mapping[str, Any] | None) -> str | None:
    """The id of the secret's current version; ``None`` when the secret has none, or is not there."""
    stages = (answer or {}).get("VersionIdsToStages") or {}
    return next((version for version, labels in sorted(stages.items()) if CURRENT in labels), None)


def look(options: Options) -> dict[str, Any]:
    """The read that tells the present version, without the token."""
    arn = options.get("auth_token_secret_arn")
    return {"secret": ("secretsmanager", "describe_secret", {"SecretId": arn}, ABSENT)} if arn else {}


def fetch(options: Options, resource: Mapping[str, Any] | None, around: Mapping[str, Any]) -> dict[str, Any]:
    """The read of the token itself, made only when it is about to be sent."""
    version = around.get("auth_token_version")
    if not version or not options["auth_token_secret_arn"]:
        return {}
    if resource is not None and resource["auth_token_enabled"] and resource["auth_token_version"] in (None, version):
        return {}
    about = {"SecretId": options["auth_token_secret_arn"], "VersionId": version}
    return {"token": ("secretsmanager", "get_secret_value", about, ABSENT)}


def token_of(answer: Mapping[str, Any] | None) -> Secret | None:
    """The token, wrapped before anything else sees it."""
    text = (answer or {}).get("SecretString")
    return Secret(text) if text else None


def secret_misfits(options: Options, facts: Mapping[str, Any], form: Any) -> Iterator[Finding]:
    """A secret that is not there or is no token; what it holds is not shown."""
    arn = options["auth_token_secret_arn"]
    if not arn:
        return
    if current_version(facts.get("secret")) is None:
        yield "auth_token_secret_arn", arn, f"a secret with a version {CURRENT}", "create it, or correct the ARN"
    elif "token" in facts:
        text = (facts["token"] or {}).get("SecretString") or ""
        if not form.match(text):
            yield ("auth_token_secret_arn", f"{len(text)} characters of text",
                   "nothing but the token: 16 to 128 letters, digits or characters of !&#$^<>-",
                   "store the token itself, not JSON around it")  # fmt: skip
