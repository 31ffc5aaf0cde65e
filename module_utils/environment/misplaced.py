# SPDX-License-Identifier: Apache-2.0
"""Secrets that stand in a second place, where they would be shown: a tag, a description, a version, an ARN.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal

# A shorter value may stand elsewhere by chance; AWS takes no token or password of fewer than 16 characters.
# Source: ElastiCache user guide, "Authenticating with the AUTH command" and "Role-Based Access Control".
SHORTEST = 8


def texts(spec: Mapping[str, Any], given: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Where and what: every text of a declaration that is no secret itself, the keys of mappings among them."""
    for name, value in given.items():
        option = spec.get(name) or {}
        where = f"{path}.{name}" if path else str(name)
        if option.get("no_log"):
            continue
        yield where, str(name)
        yield from _within(option.get("options") or {}, value, where)


def _within(spec: Mapping[str, Any], value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        # A mapping of names to options has them one level further down.
        yield from texts(spec or dict.fromkeys(value), value, where)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _within(spec, each, where)
    else:
        yield where, str(value)


def refusals(
    noun: str, name: str, found: Iterable[tuple[str, str]], secrets: Iterable[str], variables: Mapping[str, str]
) -> list[Refusal]:
    """A refusal for each option that holds a secret; it shows neither the secret nor a name that holds it."""
    known = [secret for secret in secrets if len(secret) >= SHORTEST]
    places = dict.fromkeys(where.partition(".")[0] for where, text in found if any(each in text for each in known))
    told = "" if any(each in name for each in known) else name
    return [Refusal(noun, told, where, "the value of a secret", "it in no second place, since this one is shown",
                    f"take it out of {where}, and rotate the secret if it was written down anywhere"
                    ).written(variables) for where in places]  # fmt: skip
