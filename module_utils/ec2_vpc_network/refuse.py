# SPDX-License-Identifier: Apache-2.0
"""Refusals of one network.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from ..reconcile.errors import Refusal, did_you_mean
from . import names, topology


class Refuse:
    """Makes refusals that name the network; the next step is to correct the option, unless another one is given."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, field: str, found: Any, wanted: Any, step: str = "") -> Refusal:
        return Refusal(names.NOUN, self._name, field, found, wanted, step or f"correct {field.split()[0]}")

    def block(self, field: str, text: Any) -> Iterator[Refusal]:
        """An IPv4 block that no VPC and no subnet can have.

        Host bits are refused, for AWS would drop them and the block would differ from its declaration for ever.
        """
        block = topology.network(text)
        if block is None:
            yield self(field, text, nearest(text))
        elif not topology.LARGEST <= block.prefixlen <= topology.SMALLEST:
            yield self(field, text, "a prefix from /16 to /28")

    def ends(self, field: str, rule: Mapping[str, Any]) -> Iterator[Refusal]:
        """Blocks in a rule that are none, or of the other kind; the word ``vpc`` stands for the VPC's own."""
        for end, version in (("cidr_block", 4), ("ipv6_cidr_block", 6)):
            block = topology.any_network(rule.get(end))
            if rule.get(end) not in (None, topology.OF_VPC) and (block is None or block.version != version):
                yield self(f"{field} {end}", rule[end], nearest(rule[end]))

    def unknown(self, field: str, value: Any, keys: Any) -> Iterator[Refusal]:
        """Words in a mapping that mean nothing."""
        for key in value:
            if key not in keys:
                yield self(field, f"{key}{did_you_mean(str(key), keys)}", list(keys))


def nearest(text: Any) -> str:
    """What a block might have been meant to be."""
    try:
        return f"{ip_network(str(text), strict=False)} (no bits behind the prefix)"
    except ValueError:
        return "a block such as 10.20.0.0/16"
