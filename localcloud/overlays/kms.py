# SPDX-License-Identifier: Apache-2.0
"""KMS: whether a key exists, for the services that use one; the keys that AWS makes by itself; what keys show.

Source: KMS developer guide, "AWS managed keys"; API reference, data type KeyMetadata; recorded answers.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from typing import Any

from moto.core.utils import unix_time
from moto.kms import urls
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from localcloud.clock import now
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


class LocalKms(KmsResponse):
    """moto's KMS, in which the period of a rotation is kept.

    Source: EnableKeyRotation, RotationPeriodInDays: 365 when none is given; GetKeyRotationStatus.
    """

    def enable_key_rotation(self) -> str:
        """Nothing."""
        answer = super().enable_key_rotation()
        days = self._get_param("RotationPeriodInDays") or 365
        vars(self._key())["localcloud_rotation"] = (days, now() + datetime.timedelta(days=days))
        return answer

    def get_key_rotation_status(self) -> str:
        """Whether the key is rotated, how often, and when next."""
        shown = json.loads(super().get_key_rotation_status())
        if shown["KeyRotationEnabled"]:
            days, next_time = vars(self._key()).get("localcloud_rotation", (365, now()))
            shown |= {"RotationPeriodInDays": days, "NextRotationDate": unix_time(next_time)}
        return json.dumps({"KeyId": self._key().arn, **shown})

    def _key(self) -> Key:
        return self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]


def install() -> None:
    """Let requests for KMS come here, and DescribeKey find AWS's own keys."""
    for path in urls.url_paths:
        urls.url_paths[path] = LocalKms.dispatch
    wrap(KmsBackend, "get_key_id_from_alias", _get_key_id_from_alias)
    wrap(Key, "to_dict", _to_dict)
