# SPDX-License-Identifier: Apache-2.0
"""Refusals of one network.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any

from ..reconcile.errors import Refusal, did_you_mean
from . import names, topology

# What the reader calls parts of a network: tiers, groups, flow logs.
WORD, WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z"), "lower-case letters, digits and single hyphens"
# This host, loopback, link-local, multicast and reserved: no VPC has them.  Source: RFC 6890 and RFC 5771.
NO_HOSTS = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")))


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
            yield self(field, text, nearest(text, 4, topology.SMALLEST))
        elif not topology.LARGEST <= block.prefixlen <= topology.SMALLEST:
            yield self(field, text, "a prefix from /16 to /28")
        elif any(block.overlaps(each) for each in NO_HOSTS):
            yield self(field, text, "addresses that hosts can have, such as those of 10.0.0.0/8")

    def ends(self, field: str, rule: Mapping[str, Any]) -> Iterator[Refusal]:
        """Blocks in a rule that are none, or of the other kind; the word ``vpc`` stands for the VPC's own."""
        for end, version in (("cidr_block", 4), ("ipv6_cidr_block", 6)):
            block = topology.any_network(rule.get(end))
            if rule.get(end) not in (None, topology.OF_VPC) and (block is None or block.version != version):
                yield self(f"{field} {end}", rule[end], nearest(rule[end], version))

    def zones(self, field: str, own: Any, zones: Any) -> Iterator[Refusal]:
        """Zones of one part that are no list, none at all, or not among those of the network; ``None`` is all."""
        if own is None:
            return
        if not isinstance(own, list) or not own:
            yield self(field, repr(own), "a list of zones, or nothing for all of them")
            return
        for zone in own:
            if zone not in zones:
                yield self(field, f"{zone}{did_you_mean(str(zone), zones)}", f"one of zones: {', '.join(zones)}")

    def unknown(self, field: str, value: Any, keys: Any) -> Iterator[Refusal]:
        """Words in a mapping that mean nothing."""
        for key in value:
            if key not in keys:
                yield self(field, f"{key}{did_you_mean(str(key), keys)}", list(keys))


def nearest(text: Any, version: int | None = None, longest: int = 128) -> str:
    """What a block of this version of IP might have been meant to be; without one it may be of either."""
    try:
        block = ip_network(str(text), strict=False)
    except ValueError:
        block = None
    if block is None or version not in (None, block.version) or block.prefixlen > longest:
        return "a block such as " + ("2001:db8::/32" if version == 6 else "10.20.0.0/16")
    return f"{block} (no bits behind the prefix)"
