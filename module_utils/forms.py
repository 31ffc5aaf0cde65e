# SPDX-License-Identifier: Apache-2.0
"""How AWS writes what a declaration names: ARNs, ids, keys.  Pure; whether they are there only AWS knows."""

from __future__ import annotations

import re
from typing import Any

# Source: "Amazon Resource Names (ARNs)", AWS general reference.
ARN = re.compile(r"arn:aws[\w-]*:(?P<service>[\w-]+):[\w-]*:(\d{12}|aws)?:\S+\Z")
# Source: "Key identifiers (KeyId)", KMS developer guide.
KEY = re.compile(r"(arn:aws[\w-]*:kms:[\w-]+:\d*:(key|alias)/\S+|alias/[\w/-]+|[\w-]+)\Z")
KEY_WORDS = "a key's id or ARN, or alias/<name>"


def is_arn(text: Any, service: str) -> bool:
    """Whether a text is an ARN of one service."""
    found = ARN.match(str(text))
    return bool(found and found["service"] == service)


def is_key(text: Any) -> bool:
    """Whether a text can name a key of KMS."""
    return bool(KEY.match(str(text)))


def is_id(text: Any, kind: str) -> bool:
    """Whether a text can be the id of a ``kind`` in EC2: ``subnet-0a1b``."""
    return bool(re.fullmatch(rf"{kind}-[\w-]+", str(text)))
