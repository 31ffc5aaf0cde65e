# SPDX-License-Identifier: Apache-2.0
"""What a Terraform or CDKTF stack needs to keep its state in the bucket of an environment.  Pure.

``backend_settings`` decides, ``hcl`` and ``json_twin`` only write down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..reconcile.errors import Refusal, Refused

NOUN = "Terraform backend"
# The first version that knows use_lockfile, and the first in which it is finished and dynamodb_table deprecated.
# Source: Terraform CHANGELOG 1.10.0 (#35661) and 1.11.0 (#36338).
LOCK_FILE = (1, 10)
LOCK_FILE_FINISHED = (1, 11)
VERSION = re.compile(r"v?(\d+)\.(\d+)(\.\d+)?(-[0-9A-Za-z.-]+)?\Z")
STACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")


def state_key(environment_suffix: str, stack: str) -> str:
    """Where the state of a stack lies in the bucket.  Raises Refused for a name that would leave its folder."""
    for field, value in (("environment_suffix", environment_suffix), ("environment_terraform_stack", stack)):
        if not STACK.match(value):
            wanted = "letters, digits, dots, hyphens and underscores, a letter or digit first"
            raise Refused([Refusal(NOUN, stack, field, repr(value), wanted, f"correct {field}")])
    return f"{environment_suffix}/{stack}.tfstate"


def backend_settings(
    bucket: str,
    region: str,
    key: str,
    kms_key_id: str | None = None,
    terraform_version: str = "1.11",
    lock_table: str | None = None,
    both: bool = False,
) -> dict[str, Any]:
    """The arguments of ``backend "s3"`` for one Terraform version.

    ``lock_table`` is the name of the DynamoDB table, if there is one; it is used below 1.10, and with ``both`` beside
    the lock file, so that colleagues of both kinds exclude each other.  Raises Refused for what cannot lock.
    """
    refusals = unlockable(key, terraform_version, bool(lock_table), both)
    if refusals:
        raise Refused(refusals)
    lock_file = parsed(terraform_version, key) >= LOCK_FILE
    return {
        "bucket": bucket,
        "key": key,
        "region": region,
        "encrypt": True,
        **({"kms_key_id": kms_key_id} if kms_key_id else {}),
        **({"use_lockfile": True} if lock_file else {}),
        **({"dynamodb_table": lock_table} if both or not lock_file else {}),
    }


def unlockable(key: str, terraform_version: str, lock_table: bool, both: bool) -> list[Refusal]:
    """Refusals for what cannot lock.  Raises Refused for text that is no version."""
    lock_file, refusals = parsed(terraform_version, key) >= LOCK_FILE, []
    if (both or not lock_file) and not lock_table:
        why = "both kinds of lock" if both else f"Terraform {terraform_version}"
        refusals.append(Refusal(NOUN, key, "state_bucket_lock_table", lock_table,
                                f"a lock table for {why}, which locks nothing without one",
                                "set state_bucket_lock_table: true, or use Terraform 1.10 or later alone"))  # fmt: skip
    if both and not lock_file:
        found = f"true with Terraform {terraform_version}"
        step = "drop environment_both_locks: older versions reject use_lockfile"
        refusals.append(Refusal(NOUN, key, "environment_both_locks", found, "Terraform 1.10 or later", step))
    return refusals


def parsed(terraform_version: str, key: str) -> tuple[int, int]:
    """Major and minor version.  Raises Refused for text that is no version."""
    found = VERSION.match(str(terraform_version))
    if not found:
        raise Refused([Refusal(NOUN, key, "environment_terraform_version", terraform_version,
                               "a version such as 1.11.4",
                               "correct environment_terraform_version, and quote it in YAML")])  # fmt: skip
    return int(found.group(1)), int(found.group(2))


def lock_note(settings: Mapping[str, Any], terraform_version: str) -> str:
    """What the reader should know about the lock, in one line."""
    version = parsed(terraform_version, settings["key"])
    if version < LOCK_FILE:
        return f"Terraform {terraform_version} locks in DynamoDB; from 1.10 on a lock file in the bucket does."
    if version < LOCK_FILE_FINISHED:
        return f"use_lockfile is experimental in Terraform {terraform_version}, and finished in 1.11."
    if "dynamodb_table" in settings:
        return "Both locks must be taken; dynamodb_table is deprecated since Terraform 1.11 and warns."
    return "The lock is an object beside the state: <key>.tflock."


def hcl(settings: Mapping[str, Any], note: str = "") -> str:
    """The text of ``backend.hcl``, for ``terraform init -backend-config=backend.hcl``."""
    width = max(len(name) for name in settings)
    lines = [f"{name.ljust(width)} = {_literal(value)}" for name, value in settings.items()]
    return "\n".join([*([f"# {note}"] if note else []), *lines]) + "\n"


def _literal(value: Any) -> str:
    """A value as HCL writes it: JSON's text, in which ${ and %{ would begin a template."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("${", "$${").replace("%{", "%%{")


def json_twin(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same for CDKTF and ``*.tf.json``.

    CDKTF's last S3BackendConfig knows no use_lockfile; this goes in as an override.  Source: cdktf, S3BackendConfig.
    """
    return {"terraform": {"backend": {"s3": dict(settings)}}}
