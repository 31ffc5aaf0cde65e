# SPDX-License-Identifier: Apache-2.0
"""Keys of declarations: a role, or a role and the name of one of several: ``kinesis``, ``kinesis.telemetry``.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

Thing = TypeVar("Thing")
# What there may be several of in one environment: the role's option that has them by name.
SEVERAL = {"redis": "caches", "kinesis": "streams"}


def key(role: str, name: str) -> str:
    """The key of one of several."""
    return f"{role}.{name}"


def role_of(key: str) -> str:
    """The role that declares what a key stands for."""
    return key.partition(".")[0]


def of_role(things: Mapping[str, Thing], role: str) -> dict[str, Thing]:
    """Those of the things by key that one role declares."""
    return {key: thing for key, thing in things.items() if role_of(key) == role}


def grouped(things: Mapping[str, Any]) -> dict[str, Any]:
    """Things by key as other stacks read them: several by their name under the variable that has them,
    ``kinesis_streams``."""
    found: dict[str, Any] = {}
    for key, thing in things.items():
        role, _unused, name = key.partition(".")
        if name:
            found.setdefault(f"{role}_{SEVERAL[role]}", {})[name] = thing
        else:
            found[key] = thing
    return found
