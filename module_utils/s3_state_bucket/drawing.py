# SPDX-License-Identifier: Apache-2.0
"""The picture of a state bucket: the bucket and its lock table.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.drawing import Box, Drawing

FACTS = {
    "versioning_enabled": ("versioned", "not versioned"),
    "block_public_access": ("public access blocked", "public access not blocked"),
    "tls_only": ("TLS only", "not TLS only"),
}


def drawing(state: Mapping[str, Any]) -> Drawing:
    """The boxes of a state bucket, observed or foreseen."""
    if "versioning_enabled" not in state:
        return Drawing()
    facts = [texts[0] if state.get(key) else texts[1] for key, texts in FACTS.items()]
    facts += [f"encrypted by {state['sse_algorithm']}"] if state.get("sse_algorithm") else []
    boxes = [Box(f"bucket {state.get('name')}", "state bucket", str(state.get("name")), tuple(facts))]
    table = state.get("lock_table")
    if table:
        boxes.append(Box(f"table {table['name']}", "lock table", table["name"], ("Terraform's lock",)))
    return Drawing(tuple(boxes))
