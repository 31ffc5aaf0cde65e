# SPDX-License-Identifier: Apache-2.0
"""The VPC's set of DHCP options.  A set cannot change, so a new one takes the place of the old one.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import CREATE, DELETE, Call, Ref
from . import names
from .owned import Owned, items
from .refuse import Refuse

# Our word -> AWS's, and how many values there may be.  Source: CreateDhcpOptions API reference.
OPTIONS = {
    "domain_name": ("domain-name", 1),
    "domain_name_servers": ("domain-name-servers", 4),
    "ntp_servers": ("ntp-servers", 4),
    "netbios_name_servers": ("netbios-name-servers", 4),
    "netbios_node_type": ("netbios-node-type", 1),
    "ipv6_address_preferred_lease_time_seconds": ("ipv6-address-preferred-lease-time", 1),
}
WORDS = {aws: word for word, (aws, _unused) in OPTIONS.items()}
AMAZON_DNS = "AmazonProvidedDNS"
NODE_TYPES = ("1", "2", "4", "8")
LEASE_SECONDS = range(140, 2147483648)
# What AssociateDhcpOptions takes for AWS's own set.
AWS_DEFAULT = "default"


def observed(owned: Owned, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Our sets by id."""
    return {"dhcp_option_sets": {item["DhcpOptionsId"]: _content(item) for item in items(answers, "dhcp-options")
                                 if owned.part(item, "dhcp-options") is not None}}  # fmt: skip


def in_use(vpc: Mapping[str, Any], sets: Mapping[str, Any]) -> dict[str, Any]:
    """What the VPC has of ours; a set of others, or AWS's own, is nothing of ours."""
    return dict(sets.get(vpc.get("DhcpOptionsId", ""), {}))


def _content(item: Mapping[str, Any]) -> dict[str, list[str]]:
    return {WORDS[each["Key"]]: [value["Value"] for value in each["Values"]]
            for each in item["DhcpConfigurations"] if each["Key"] in WORDS}  # fmt: skip


def desired(options: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """The content that is wanted, and the set of ours that stays, if one has it."""
    given = options["dhcp_options"]
    if given is None:
        return {"dhcp_options": None, "dhcp_option_sets": None}
    content = {word: _values(given[word]) for word in OPTIONS if given.get(word) is not None}
    sets = present["dhcp_option_sets"]
    # Several may have it after a run that lost an answer; the lowest id wins, so that two looks agree.
    chosen = min((item for item, found in sets.items() if found == content), default=None) if content else None
    return {"dhcp_options": content, "dhcp_option_sets": {chosen: content} if chosen else {}}


def _values(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def dhcp_calls(observed: Any, desired: Any) -> list[Call]:
    """A new set is made and used before the old one goes."""
    content, noun, vpc_id = desired["dhcp_options"], names.DHCP_OPTIONS, observed["vpc_id"]
    calls = []
    if observed["dhcp_options"] != content:
        target: Any = next(iter(desired["dhcp_option_sets"]), None) or (Ref(noun) if content else AWS_DEFAULT)
        if isinstance(target, Ref):
            params = {
                "DhcpConfigurations": [{"Key": OPTIONS[word][0], "Values": content[word]} for word in content],
                "TagSpecifications": names.specification(desired, "dhcp-options", "dhcp-options"),
            }
            calls.append(Call("ec2", "create_dhcp_options", params, noun, f"create {noun}", CREATE,
                              saves={noun: "DhcpOptions.DhcpOptionsId"}))  # fmt: skip
        params = {"DhcpOptionsId": target, "VpcId": vpc_id}
        calls.append(Call("ec2", "associate_dhcp_options", params, noun, f"use {noun} for the VPC"))
    gone = [item for item in observed["dhcp_option_sets"] if item not in desired["dhcp_option_sets"]]
    return calls + [delete_call(item) for item in gone]


def delete_call(set_id: str, after: tuple[str, ...] = ()) -> Call:
    noun = names.DHCP_OPTIONS
    return Call("ec2", "delete_dhcp_options", {"DhcpOptionsId": set_id}, noun, f"delete {noun} {set_id}", DELETE, after)


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    given = options["dhcp_options"] or {}
    yield from refuse.unknown("dhcp_options", given, OPTIONS)
    for word, (_unused, most) in OPTIONS.items():
        values = [] if given.get(word) is None else _values(given[word])
        if len(values) > most or given.get(word) == []:
            yield refuse(f"dhcp_options {word}", len(values), f"1 to {most} values" if most > 1 else "one value")
        for value in values:
            if not _is_valid(word, value):
                yield refuse(f"dhcp_options {word}", value, WANTED[word])


def _is_valid(word: str, value: str) -> bool:
    if word.endswith("servers"):
        return value == AMAZON_DNS and word == "domain_name_servers" or _is_address(value)
    if word == "netbios_node_type":
        return value in NODE_TYPES
    if word == "domain_name":
        return bool(re.fullmatch(r"[A-Za-z0-9.-]{1,253}( [A-Za-z0-9.-]{1,253})*", value))
    return value.isdigit() and int(value) in LEASE_SECONDS


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


WANTED = {
    "domain_name": "a domain name",
    "domain_name_servers": f"addresses, or {AMAZON_DNS}",
    "ntp_servers": "addresses",
    "netbios_name_servers": "addresses",
    "netbios_node_type": NODE_TYPES,
    "ipv6_address_preferred_lease_time_seconds": "140 to 2147483647",
}
