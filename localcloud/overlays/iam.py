# SPDX-License-Identifier: Apache-2.0
"""IAM: trust policies that AWS would not take, and descriptions that stay.

Source: IAM API reference CreateRole, UpdateRole, UpdateAssumeRolePolicy; IAM user guide, "IAM JSON policy elements".
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import IAMBackend
from moto.iam.policy_validation import BaseIAMPolicyValidator, IAMTrustPolicyDocumentValidator

from localcloud.overlays.wrap import wrap

_SERVICE = re.compile(r"[\w.-]+\.amazonaws\.com(\.cn)?")


def _create_role(original: Any, self: IAMBackend, name: str, trust: str, *args: Any, **options: Any) -> Any:
    """The role, if AWS would take its trust policy."""
    IAMTrustPolicyDocumentValidator(trust).validate()
    return original(self, name, trust, *args, **options)


def _validate(original: Any, self: IAMTrustPolicyDocumentValidator) -> None:
    """Refuses what is no trust policy, in AWS's words."""
    BaseIAMPolicyValidator.validate(self)
    for statement in _listed(json.loads(self._policy_document)["Statement"]):
        if "Resource" in statement or "NotResource" in statement:
            raise MalformedPolicyDocument("Has prohibited field Resource")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedPolicyDocument("Missing required field Principal")
        actions = [str(action) for action in _listed(statement.get("Action", []))]
        if not all(action.lower().startswith("sts:") or action == "*" for action in actions):
            raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")
        named = statement.get("Principal", {})
        for service in _listed(named.get("Service", [])) if isinstance(named, dict) else []:
            if not _SERVICE.fullmatch(service):
                raise MalformedPolicyDocument(f'Invalid principal in policy: "SERVICE":"{service}"')


def _update_role(original: Any, self: IAMBackend, name: str, description: str | None, seconds: Any) -> Any:
    """moto's change; a description that is not given stays."""
    kept = self.get_role(name).description if description is None else description
    return original(self, name, kept, seconds)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def install() -> None:
    """Correct what moto's IAM takes."""
    wrap(IAMBackend, "create_role", _create_role)
    wrap(IAMBackend, "update_role", _update_role)
    wrap(IAMTrustPolicyDocumentValidator, "validate", _validate)
