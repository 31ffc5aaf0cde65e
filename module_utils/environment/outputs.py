# SPDX-License-Identifier: Apache-2.0
"""What other stacks need of an environment: ids, endpoints, ARNs, and backend settings.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import backend_settings as backend
from .files import as_json
from .keys import grouped


def gather(options: Mapping[str, Any], resources: Mapping[str, Any], pending: list[str]) -> dict[str, Any]:
    """The document that ``outputs.json`` holds; what is not there yet is left out and stands in ``pending``.

    ``resources`` are the components' by key.  Raises Refused for backend settings that cannot lock.
    """
    there = {key: resource for key, resource in resources.items() if resource}
    outputs = {key: options[key] for key in ("stack_name", "environment_suffix", "account_id", "region")}
    outputs |= {"pending": sorted({*pending, *(resources.keys() - there.keys())}), **grouped(there)}
    if "state_bucket" in there and options["region"]:
        outputs["backend"] = settings(options, there["state_bucket"])
    return outputs


def settings(options: Mapping[str, Any], bucket: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of Terraform's S3 backend in this bucket."""
    return backend.backend_settings(
        bucket["name"],
        options["region"],
        backend.state_key(options["environment_suffix"], options["terraform_stack"] or options["stack_name"]),
        bucket.get("kms_key_id"),
        options["terraform_version"],
        (bucket.get("lock_table") or {}).get("name"),
        options["both_locks"],
    )


def files(options: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the files by name."""
    found = {"outputs.json": as_json(outputs)}
    if "backend" in outputs:
        note = backend.lock_note(outputs["backend"], options["terraform_version"])
        found["backend.hcl"] = backend.hcl(outputs["backend"], note)
        found["backend.tf.json"] = as_json(backend.json_twin(outputs["backend"]))
    return found
