"""KMS: whether a key exists, for the services that use one; the keys that AWS makes by itself; what keys show.

Source: KMS developer guide, "AWS managed keys"; API reference, data type KeyMetadata; recorded answers.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from moto.kms.models import Key, KmsBackend, kms_backends

from localcloud.overlays.wrap import wrap

_MANAGED = re.compile(r"alias/aws/(kinesis|s3|elasticache|dynamodb|secretsmanager|ebs|logs|sns|sqs|lambda|rds)$")


def key_exists(account: str, region: str, key: str) -> bool:
    """True for the id, ARN or alias of a key, and for the aliases of the keys that AWS makes by itself."""
    kms = kms_backends[account][region]
    if "alias/" in key:
        alias = "alias/" + key.split("alias/", 1)[1]
        return alias.startswith("alias/aws/") or kms.alias_exists(alias)
    return key.split("/")[-1] in kms.keys


def _get_key_id_from_alias(original: Any, self: KmsBackend, alias_name: str) -> Any:
    """The key's id; AWS makes its own keys when they are first asked for."""
    found = _MANAGED.search(alias_name)
    known = original(self, alias_name)
    if found is None or known is not None:
        return known
    made = self.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", _description(found.group(1)), None)
    made.key_manager = "AWS"
    self.create_alias(made.id, found.group())
    return original(self, alias_name)


def _description(service: str) -> str:
    return f"Default key that protects my {service} data when no other key is defined"


def _to_dict(original: Any, self: Key) -> dict[str, Any]:
    """moto's description, with the key material that symmetric keys of AWS's origin have."""
    answer: dict[str, Any] = original(self)
    shown = answer["KeyMetadata"]
    # Source: CreateKey: what a key is without a word about it.
    shown["KeyUsage"] = shown["KeyUsage"] or "ENCRYPT_DECRYPT"
    shown["MultiRegion"] = bool(shown["MultiRegion"])
    if shown.get("Origin") == "AWS_KMS":
        shown["CurrentKeyMaterialId"] = hashlib.sha256(self.id.encode()).hexdigest()
    if shown.get("KeyUsage") == "ENCRYPT_DECRYPT":
        shown.pop("SigningAlgorithms", None)
    return answer


def install() -> None:
    """Let DescribeKey find AWS's own keys."""
    wrap(KmsBackend, "get_key_id_from_alias", _get_key_id_from_alias)
    wrap(Key, "to_dict", _to_dict)
