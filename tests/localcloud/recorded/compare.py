# SPDX-License-Identifier: Apache-2.0
"""Comparing shapes: which fields a recorded answer shows that ours does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: Parsed by those who recorded them; AWS answers with text.
_PARSED = ("Policy", "PolicyDocument", "AssumeRolePolicyDocument", "Tags")


def missing(recorded: Any, ours: Any) -> set[str]:
    """The paths of fields that are recorded and not in ours; `ours` may be several answers."""
    several = ours if isinstance(ours, list) else [ours]
    there = {path for each in several for path in _paths(each)}
    return set(_paths(recorded)) - there


def _paths(value: Any, place: str = "") -> Iterator[str]:
    """Each field, as `Vpcs[].VpcId`; what is empty or null in a recording still is a field."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "ResponseMetadata":
                path = f"{place}.{name}" if place else name
                yield path
                yield from _paths(inner, path) if name not in _PARSED else ()
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, f"{place}[]")
