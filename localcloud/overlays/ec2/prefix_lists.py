# SPDX-License-Identifier: Apache-2.0
"""Managed prefix lists.  Source: EC2 API reference ModifyManagedPrefixList: what is not given stays."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.managed_prefixes import ManagedPrefixListBackend

from localcloud.overlays.wrap import wrap


def _modify(original: Any, self: Any, **given: Any) -> Any:
    """moto's change, which would take the name away where none is given."""
    known = self.managed_prefix_lists.get(given.get("prefix_list_id"))
    if known is not None and given.get("prefix_list_name") is None:
        given["prefix_list_name"] = known.prefix_list_name
    return original(self, **given)


def correct_models() -> None:
    """Correct what moto's own model of prefix lists has wrong."""
    wrap(ManagedPrefixListBackend, "modify_managed_prefix_list", _modify)
