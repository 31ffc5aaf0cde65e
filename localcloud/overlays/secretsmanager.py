# SPDX-License-Identifier: Apache-2.0
"""Secrets Manager: the stage AWSCURRENT moves, and what is not found is a client's error like any other.

Source: Secrets Manager API reference UpdateSecretVersionStage, GetSecretValue; error ResourceNotFoundException, 400.
"""

from __future__ import annotations

from typing import Any

from moto.secretsmanager import exceptions
from moto.secretsmanager.models import SecretsManagerBackend

from localcloud.overlays.wrap import wrap


def _update_stage(original: Any, self: SecretsManagerBackend, **given: Any) -> tuple[str, str]:
    """moto's answer; who asks for no version and no stage gets the version that AWSCURRENT is on now."""
    answer: tuple[str, str] = original(self, **given)
    if given["version_stage"] == "AWSCURRENT" and given["move_to_version_id"]:
        self.secrets[given["secret_id"]].set_default_version_id(given["move_to_version_id"])
    return answer


def _init(original: Any, self: Any, *args: Any) -> None:
    original(self, *args)
    self.code = 400


def install() -> None:
    """Correct what moto's secrets have wrong."""
    wrap(SecretsManagerBackend, "update_secret_version_stage", _update_stage)
    for error in ("ResourceNotFoundException", "SecretNotFoundException", "SecretHasNoValueException"):
        wrap(getattr(exceptions, error), "__init__", _init)
