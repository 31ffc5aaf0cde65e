# SPDX-License-Identifier: Apache-2.0
"""The picture of a stream: its shards and who reads them.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.drawing import Box, Drawing

#: More shards than a row holds are told by their number alone.
DRAWN = 24


def drawing(state: Mapping[str, Any]) -> Drawing:
    """The boxes of a stream, observed or foreseen."""
    if not state.get("stream_mode"):
        return Drawing()
    name, shards = state.get("name"), state.get("shard_count")
    on_demand = state["stream_mode"] == "ON_DEMAND"
    facts = ["on demand" if on_demand else "provisioned", f"keeps {state.get('retention_hours')} hours"]
    facts += [f"{shards} shards"] if shards is not None else []
    facts += [f"encrypted by {state['kms_key_id']}"] if state.get("encryption_type") == "KMS" else ["not encrypted"]
    facts += [f"{len(state['alarms'])} alarms"] if state.get("alarms") else []
    boxes = [Box(f"stream {name}", "stream", str(name), tuple(facts))]
    count = int(shards or 0)
    boxes += [Box(f"shard {number}", "shard", str(number), (), "shards")
              for number in range(1, count + 1) if count <= DRAWN]  # fmt: skip
    boxes += [Box(f"consumer {each} of stream {name}", "consumer", str(each), ("its own 2 MB/s of each shard",))
              for each in state.get("consumers") or ()]  # fmt: skip
    return Drawing(tuple(boxes))
