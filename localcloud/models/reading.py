# SPDX-License-Identifier: Apache-2.0
"""Requests as they were written: a value of a wrong type is kept as it came, instead of crashing the reader."""

from __future__ import annotations

import functools
from typing import Any

from moto.core.parse import PROTOCOL_PARSERS, UNDEFINED

_NUMBERS = ("integer", "long", "float", "double")


class _Lenient:
    """Goes in front of one of moto's parsers."""

    def _parse_shape(self, shape: Any, node: Any, *place: str) -> Any:
        try:
            value = super()._parse_shape(shape, node, *place)  # type: ignore[misc]
        except (ValueError, TypeError, AttributeError, KeyError):
            return _as_sent(node, place)
        if shape.type_name in (*_NUMBERS, "boolean", "string") and value is not UNDEFINED:
            return self._scalar(shape, value, _as_sent(node, place))
        return value

    def _scalar(self, shape: Any, value: Any, sent: Any) -> Any:
        """The value, or what was sent when the parser bent it into its type."""
        if shape.type_name == "boolean" and isinstance(sent, str):
            return value if sent.lower() in ("true", "false") else sent
        return value


class _Typed(_Lenient):
    """JSON says itself of which type a value is."""

    def _scalar(self, shape: Any, value: Any, sent: Any) -> Any:
        return value if sent is UNDEFINED else sent


def _as_sent(node: Any, place: tuple[str, ...]) -> Any:
    if place:
        return node.get(place[0], UNDEFINED)
    return getattr(node, "text", node)


@functools.cache
def parser_of(protocol: str) -> type:
    """The parser of a protocol that keeps what it cannot read."""
    first = _Typed if protocol == "json" else _Lenient
    return type(f"Lenient{protocol}", (first, PROTOCOL_PARSERS[protocol]), {})
