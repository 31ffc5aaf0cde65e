"""Whether a KMS key exists, for the services that use one."""

from __future__ import annotations

from moto.kms.models import kms_backends


def key_exists(account: str, region: str, key: str) -> bool:
    """True for the id, ARN or alias of a key, and for the aliases of the keys that AWS makes by itself."""
    kms = kms_backends[account][region]
    if "alias/" in key:
        alias = "alias/" + key.split("alias/", 1)[1]
        return alias.startswith("alias/aws/") or kms.alias_exists(alias)
    return key.split("/")[-1] in kms.keys
