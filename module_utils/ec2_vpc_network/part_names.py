# SPDX-License-Identifier: Apache-2.0
"""What the reader calls single parts of the network: their Name tags.  Pure.

They are found again by ``streambed:part``, so that a name may be any, and changes in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal, did_you_mean
from ..reconcile.identity import tag_problems
from . import adoption, names, topology
from .refuse import Refuse

OPTION = "part_names"
# The kinds whose Name tag is kept; what there is one of has nothing behind the kind.
KINDS = (*adoption.KINDS, "dhcp-options")


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """Names of parts that the network does not have, and names that no tag takes."""
    known = list(parts(options))
    for part, name in (options[OPTION] or {}).items():
        kind, field = str(part).partition("/")[0], f"{OPTION} {part}"
        if kind not in KINDS:
            wanted = f"one of {', '.join(KINDS)}, a slash and its place, such as subnet/app/eu-west-1a"
            yield refuse(OPTION, str(part) + did_you_mean(kind, KINDS), wanted)
        elif part not in known and _is_said(options, kind):
            there = [each for each in known if each.partition("/")[0] == kind]
            yield refuse(OPTION, str(part) + did_you_mean(str(part), there), there or f"a network with a {kind}")
        elif not isinstance(name, str) or not name.strip() or name.startswith("aws:"):
            yield refuse(field, repr(name), "a text that does not begin with aws:")
        else:
            for _unused, found, wanted, step in tag_problems("Name", name):
                yield refuse(field, found, wanted, step.replace("Name", "the name"))


def parts(options: Mapping[str, Any]) -> Iterator[str]:
    """Every part that the declaration may make, as it is called here."""
    zones = options["zones"] or ()
    places = {
        "subnet": topology.keys(options),
        "route-table": topology.table_keys(options),
        "nat": [topology.REGIONAL] if options["nat_gateways"] == topology.REGIONAL else zones,
        "address": () if options["nat_gateways"] == topology.REGIONAL else zones,
        "security-group": [*(options["security_groups"] or {}), names.ENDPOINTS_GROUP],
        "network-acl": options["tiers"] or (),
        "endpoint": [*(options["gateway_endpoints"] or ()), *(options["interface_endpoints"] or ())],
        "flow-log": ["", *(options["further_flow_logs"] or ())],
    }
    for kind in KINDS:
        yield from (names.part(kind, str(each)) for each in places.get(kind, [""]))


def _is_said(options: Mapping[str, Any], kind: str) -> bool:
    """Whether the declaration says which parts of a kind there are; without a word there may be any."""
    said = {
        "endpoint": ("gateway_endpoints", "interface_endpoints"), "security-group": ("security_groups",),
        "flow-log": ("further_flow_logs",), "nat": ("zones", "nat_gateways"), "address": ("zones", "nat_gateways"),
    }  # fmt: skip
    return all(options[option] is not None for option in said.get(kind, ("tiers", "zones")))
