# SPDX-License-Identifier: Apache-2.0
"""Declarations that do not fit what AWS says about versions, node types, keys and parameter groups.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..reconcile.errors import Refusal
from . import datastores
from .generated_token import misfits as generation
from .names import NOUN, group_name, tells_of
from .parameters import misfitting
from .rules import TIERED, TOKEN, mode_of
from .secret import secret_misfits
from .user_rules import user_misfits
from .versions import Offer, at_least, find

Options = Mapping[str, Any]
Facts = Mapping[str, Any]
Finding = tuple[str, Any, str, str]
LAST_EVENTS = 5


def misfits(
    options: Options, observed: Mapping[str, Any] | None, around: Facts, facts: Facts, offers: Sequence[Offer]
) -> Iterator[Refusal]:
    """What AWS would refuse, as far as it lets itself be asked beforehand."""
    if observed is not None and observed["status"] == "create-failed":
        found = [failed_creation(group_name(options), facts)]
    else:
        found = [
            *unborn(options, observed),
            *snapshot(options, facts),
            *addresses(options, observed, around),
            *version(options, observed, around, offers),
            *key(options, facts),
            *parameter_group(options, observed, around, facts),
            *misfitting(options, facts.get("known_parameters", ()), around["family"]),
            *secret_misfits(options, facts, TOKEN),
            *generation(options, (observed or facts.get("satellites", {})).get("auth_token_secret")),
            *user_misfits(options, around, facts, observed or facts.get("satellites", {})),
            *undeclared(options, observed, around, offers),
            *node_type(options, observed, facts),
            *datastores.misfits(options, observed, facts),
        ]
    for field, value, wanted, step in found:
        yield Refusal(NOUN, group_name(options), field, value, wanted, step)


def failed_creation(name: str, facts: Facts) -> Finding:
    """A group of ours that ElastiCache gave up on, with the reason that stands in its events and its members'."""
    told = [event for event in facts["events"]["Events"] if tells_of(event, name)]
    events = sorted(told, key=lambda event: str(event.get("Date", "")))
    words = [event["Message"] for event in events[-LAST_EVENTS:]]
    return ("status", f"create-failed ({'; '.join(words) or 'no event says why'})", "available",
            "mend the cause, remove the failed group with state: absent, and run again")  # fmt: skip


def unborn(options: Options, observed: Mapping[str, Any] | None) -> Iterator[Finding]:
    """What a new group needs."""
    if observed is None and not options["cache_node_type"] and not datastores.joins(options, observed):
        yield "cache_node_type", None, "a node type for a new group, such as cache.t4g.small", "set cache_node_type"


def snapshot(options: Options, facts: Facts) -> Iterator[Finding]:
    """A snapshot that a new group cannot begin with."""
    if "snapshot" not in facts:
        return
    found = (facts["snapshot"] or {}).get("Snapshots") or [{"SnapshotStatus": "absent"}]
    if found[0]["SnapshotStatus"] != "available":
        yield ("snapshot_name", f"{options['snapshot_name']} ({found[0]['SnapshotStatus']})", "a snapshot that is "
               "available", "correct snapshot_name, or wait for the snapshot")  # fmt: skip
    elif found[0].get("KmsKeyId") and not options["at_rest_encryption_enabled"]:
        yield ("at_rest_encryption_enabled", False, f"true, as snapshot {options['snapshot_name']} is encrypted",
               "set at_rest_encryption_enabled: true")  # fmt: skip


def addresses(options: Options, observed: Mapping[str, Any] | None, around: Facts) -> Iterator[Finding]:
    """Addresses that the version or the group does not have.

    Source: CreateReplicationGroup API reference, NetworkType: from Redis OSS 6.2 and Valkey 7.2 on.
    """
    kind, lead = options["network_type"] or (observed or {}).get("network_type") or "ipv4", options["ip_discovery"]
    if kind != "ipv4" and around["engine_version"] and not at_least(around["engine_version"], 6, 2):
        yield "network_type", kind, "ipv4 below version 6.2", "raise engine_version, or set network_type: ipv4"
    if lead and kind not in (lead, "dual_stack"):
        yield "ip_discovery", lead, f"{kind}, the addresses that the nodes have", "correct ip_discovery"


def version(
    options: Options, observed: Mapping[str, Any] | None, around: Facts, offers: Sequence[Offer]
) -> Iterator[Finding]:
    """A version that AWS does not offer; a group that has it may keep it."""
    engine, wanted = around["engine"], around["engine_version"]
    if wanted and not around["family"] and wanted != (observed or {}).get("engine_version"):
        known = ", ".join(offer.version for offer in offers if offer.engine == engine)
        yield "engine_version", wanted, f"a version that AWS offers for {engine}: {known}", "correct engine_version"


def key(options: Options, facts: Facts) -> Iterator[Finding]:
    """An alias that leads nowhere."""
    if "key" in facts and not facts["key"]:
        yield "kms_key_id", options["kms_key_id"], "the alias of a key in this account and region", "correct kms_key_id"


def parameter_group(
    options: Options, observed: Mapping[str, Any] | None, around: Facts, facts: Facts
) -> Iterator[Finding]:
    """A named parameter group of the wrong family or the wrong cluster mode.

    Source: ElastiCache user guide, "Engine specific parameters", cluster-enabled.
    """
    name, family = options["cache_parameter_group_name"], around["family"]
    if "parameter_group" not in facts:
        return
    if not facts["parameter_group"]:
        yield "cache_parameter_group_name", name, "a parameter group that exists", "create it or correct the name"
        return
    found = facts["parameter_group"]["CacheParameterGroups"][0]["CacheParameterGroupFamily"]
    if family and found != family:
        wanted = f"family {family} for {around['engine']} {around['engine_version']}"
        yield ("cache_parameter_group_name", f"{name} of family {found}", wanted,
               "name a group of that family, or remove cache_parameter_group_name, then it is derived")  # fmt: skip
    values = {p["ParameterName"]: p.get("ParameterValue") for p in (facts["parameters"] or {})["Parameters"]}
    mode = mode_of(options) or (observed or {}).get("cluster_mode", "disabled")
    wanted_value = "no" if mode == "disabled" else "yes"
    if values.get("cluster-enabled", "no") != wanted_value:
        yield ("cache_parameter_group_name", f"{name} with cluster-enabled {values.get('cluster-enabled', 'no')}",
               f"cluster-enabled {wanted_value} for cluster_mode {mode}",
               "name a group that fits, or remove cache_parameter_group_name, then it is derived")  # fmt: skip


def undeclared(
    options: Options, observed: Mapping[str, Any] | None, around: Facts, offers: Sequence[Offer]
) -> Iterator[Finding]:
    """A parameter group of the group's own that has to be made anew, without a word on what it shall hold."""
    if observed is None or options["parameters"] is not None or options["cache_parameter_group_name"]:
        return
    name = observed.get("cache_parameter_group_name")
    if not name or name not in around.get("own_parameter_groups", ()):
        return
    present = find(offers, observed["engine"], observed["engine_version"])
    moved = present and around["family"] and present.family != around["family"]
    if moved or around["clustered"] != (observed["cluster_mode"] != "disabled"):
        yield ("parameters", None, f"the parameters for family {around['family']}, which {name} cannot serve",
               "set parameters")  # fmt: skip


def node_type(options: Options, observed: Mapping[str, Any] | None, facts: Facts) -> Iterator[Finding]:
    """A node type that the group cannot go to, or that is smaller without leave."""
    wanted = options["cache_node_type"]
    if observed is None or not facts.get("node_types"):
        return
    up = facts["node_types"].get("ScaleUpModifications", [])
    down = facts["node_types"].get("ScaleDownModifications", [])
    if wanted.startswith(TIERED) != observed["cache_node_type"].startswith(TIERED):
        yield ("cache_node_type", wanted, f"a node type with the same data tiering as {observed['cache_node_type']}",
               "keep the kind of node, or restore a snapshot into a new group")  # fmt: skip
    elif wanted not in (*up, *down, observed["cache_node_type"]):
        yield ("cache_node_type", wanted, f"one of {', '.join(sorted([*up, *down]))}", "choose one of these")
    elif wanted in down and wanted not in up and not options["allow_memory_decrease"]:
        yield ("cache_node_type", wanted, f"a node type that is not smaller than {observed['cache_node_type']}",
               "keep the node type, or set allow_memory_decrease: the change fails or keys are evicted when they no "
               "longer fit")  # fmt: skip
