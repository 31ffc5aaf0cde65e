# SPDX-License-Identifier: Apache-2.0
"""Combinations that ElastiCache would refuse, found before any call.  Pure.

Source, unless a line names another: CreateReplicationGroup API reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from .. import alarms, forms
from ..reconcile.errors import Refusal
from . import datastores, node_groups, own_logs, windows
from .logs import log_rules
from .names import GENERATION_TAG, NOUN, TOKEN_VERSION_TAG, group_name
from .user_rules import user_rules

Options = Mapping[str, Any]
# field, found, wanted, next step
Finding = tuple[str, Any, str, str]

NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]{0,39}(?<!-)\Z")
# Subnet groups, parameter groups, snapshots, user groups: 255 in lower case, of which one of AWS's own is "default".
# Source: CreateCacheSubnetGroup, CreateCacheParameterGroup, CreateSnapshot and CreateUserGroup API reference.
OTHER_NAME = re.compile(r"(?!default\Z)[a-z0-9][a-z0-9._-]{0,254}\Z")
REPLICAS = range(6)
# Source: "Quotas for ElastiCache": 90 nodes per cluster, on request up to 500.
NODES = 500
CACHE_CLUSTERS = range(1, 7)
# Source: hashicorp/terraform-provider-aws, replication_group.go, snapshot_retention_limit; API reference of
# CreateCacheCluster names no upper bound.
RETENTION_DAYS = range(36)
PORTS = range(1, 65536)
# What both the create page and the modify page allow: the create page names these special characters, the modify page
# forbids others.  Source: CreateReplicationGroup and ModifyReplicationGroup API reference, AuthToken.
TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}\Z")
SECRET_ARN = re.compile(r"arn:[^:]+:secretsmanager:")
# Source: CreateReplicationGroup, SnapshotArns: no commas in the object's name.
S3_ARN = re.compile(r"arn:[^:,]+:s3:::[^/,]+/[^,]+\Z")
DEFAULT_GROUP = re.compile(r"default\.[a-z]+[0-9.x]*?(\.cluster\.on)?\Z")
# Families are named for their engine.  Source: DescribeCacheEngineVersions API reference, CacheParameterGroupFamily.
FAMILY = re.compile(r"default\.([a-z]+)")
T1 = "cache.t1."
TIERED = "cache.r6gd."


def rules(options: Options) -> Iterator[Refusal]:
    """Every combination that ElastiCache would refuse, each in its own words."""
    name = group_name(options)
    parts = (shape, availability, encryption, token, generation, engine, parameters, node_type, schedule, texts)
    of_each = [part(options) for part in (*parts, places, log_rules, own_logs.rules, user_rules, datastores.rules)]
    of_each.append(node_groups.rules(options, mode_of(options), replicas_of(options)))
    for field, found, wanted, step in chain(*of_each, alarms.rules(options["alarms"])):
        yield Refusal(NOUN, name, field, found, wanted, step)


def mode_of(options: Options) -> str | None:
    """The cluster mode that is stated or follows from the counts; ``None`` when nothing says."""
    if options["cluster_mode"]:
        return str(options["cluster_mode"])
    if options["num_node_groups"] is not None or options["replicas_per_node_group"] is not None:
        return "enabled"
    return "disabled" if options["num_cache_clusters"] is not None else None


def replicas_of(options: Options) -> int | None:
    """Replicas beside each primary, or ``None`` when nothing says."""
    if options["num_cache_clusters"] is not None:
        return int(options["num_cache_clusters"]) - 1
    replicas = options["replicas_per_node_group"]
    return None if replicas is None else int(replicas)


def shape(options: Options) -> Iterator[Finding]:
    """Nodes and node groups."""
    clusters, shards, replicas = (
        options["num_cache_clusters"], options["num_node_groups"], options["replicas_per_node_group"],
    )  # fmt: skip
    if clusters is not None and (shards is not None or replicas is not None):
        yield ("num_cache_clusters", clusters,
               "either num_cache_clusters or num_node_groups with replicas_per_node_group",
               "keep num_cache_clusters for cluster_mode disabled, the others for enabled")  # fmt: skip
    elif mode_of(options) == "enabled":
        if clusters is not None:
            yield ("num_cache_clusters", clusters, "no num_cache_clusters with cluster_mode enabled",
                   "use num_node_groups and replicas_per_node_group")  # fmt: skip
    elif shards is not None or replicas is not None:
        yield ("num_node_groups", shards,
               "no num_node_groups and no replicas_per_node_group with cluster_mode disabled",
               "use num_cache_clusters, or set cluster_mode: enabled")  # fmt: skip
    yield from counts(options)


def counts(options: Options) -> Iterator[Finding]:
    """Numbers out of their range."""
    clusters, shards, replicas = (
        options["num_cache_clusters"], options["num_node_groups"], options["replicas_per_node_group"],
    )  # fmt: skip
    if clusters is not None and clusters not in CACHE_CLUSTERS:
        yield "num_cache_clusters", clusters, "1 to 6", "correct num_cache_clusters"
    if replicas is not None and replicas not in REPLICAS:
        yield "replicas_per_node_group", replicas, "0 to 5", "correct replicas_per_node_group"
    if shards is not None and not 1 <= shards <= NODES:
        yield "num_node_groups", shards, f"1 to {NODES}", "correct num_node_groups"
    elif shards is not None and shards * (1 + (replicas or 0)) > NODES:
        yield ("num_node_groups", f"{shards * (1 + (replicas or 0))} nodes", f"at most {NODES} nodes, primaries and "
               "replicas together", "lower num_node_groups or replicas_per_node_group")  # fmt: skip
    if options["port"] is not None and options["port"] not in PORTS:
        yield "port", options["port"], "1 to 65535", "correct port"


def availability(options: Options) -> Iterator[Finding]:
    """Failover and Multi-AZ."""
    failover, multi_az, replicas = (
        options["automatic_failover_enabled"], options["multi_az_enabled"], replicas_of(options),
    )  # fmt: skip
    clustered = mode_of(options) == "enabled"
    if clustered and failover is False:
        yield ("automatic_failover_enabled", False, "true with cluster_mode enabled",
               "set automatic_failover_enabled: true")  # fmt: skip
    if multi_az and not failover and not (clustered and failover is None):
        yield ("multi_az_enabled", True, "automatic_failover_enabled beside it",
               "set automatic_failover_enabled: true")  # fmt: skip
    if multi_az and replicas == 0:
        yield ("multi_az_enabled", True, "at least one replica for each primary",
               "raise num_cache_clusters or replicas_per_node_group, or set multi_az_enabled: false")  # fmt: skip
    if failover and not clustered and replicas == 0:
        yield ("automatic_failover_enabled", True, "at least 2 cache clusters",
               "raise num_cache_clusters to 2, or set automatic_failover_enabled: false")  # fmt: skip


def encryption(options: Options) -> Iterator[Finding]:
    """Keys and TLS."""
    if options["kms_key_id"] and not options["at_rest_encryption_enabled"]:
        yield ("kms_key_id", options["kms_key_id"], "at_rest_encryption_enabled beside it",
               "set at_rest_encryption_enabled: true or remove kms_key_id")  # fmt: skip
    # Source: cloudposse/terraform-aws-elasticache-redis#239, in AWS's words: "Transit encryption preferred is not
    # supported with redis access control".
    lets_in = [field for field in ("auth_token", "auth_token_secret_arn", "auth_token_generation", "users",
                                   "user_group_id") if options[field]]  # fmt: skip
    if options["transit_encryption_mode"] == "preferred" and lets_in:
        yield ("transit_encryption_mode", f"preferred with {lets_in[0]}", "required with a token or users",
               f"set transit_encryption_mode: required, or remove {lets_in[0]}")  # fmt: skip
    if options["transit_encryption_mode"] and not options["transit_encryption_enabled"]:
        yield ("transit_encryption_mode", options["transit_encryption_mode"], "transit_encryption_enabled beside it",
               "set transit_encryption_enabled: true or remove transit_encryption_mode")  # fmt: skip


def token(options: Options) -> Iterator[Finding]:
    """The AUTH token, which is never shown."""
    given, arn, made = options["auth_token"], options["auth_token_secret_arn"], options["auth_token_generation"]
    for field, present in (
        ("auth_token", given),
        ("auth_token_secret_arn", arn),
        ("auth_token_generation", made),
    ):
        if present and not options["transit_encryption_enabled"]:
            yield (field, "a token without TLS", "transit_encryption_enabled beside it",
                   f"set transit_encryption_enabled: true or remove {field}")  # fmt: skip
    if given and not TOKEN.match(given):
        yield ("auth_token", f"{len(given)} characters", "16 to 128 letters, digits or characters of !&#$^<>-",
               "choose another token")  # fmt: skip
    if arn and not SECRET_ARN.match(arn):
        # Not shown: it may be the token itself.
        found = f"{len(arn)} characters that are no ARN"
        yield "auth_token_secret_arn", found, "the ARN of a secret in Secrets Manager", "correct the ARN"
    if given and options["auth_token_version"] == given:
        yield ("auth_token_version", "the token itself", "a number or a date, which everybody may read as a tag",
               "choose a version that says nothing")  # fmt: skip
    for field in ("auth_token", "auth_token_version"):
        if arn and options[field]:
            yield ("auth_token_secret_arn", "a secret", f"no {field} beside it",
                   f"remove {field}, the secret has its own")  # fmt: skip
    if TOKEN_VERSION_TAG in (options["tags"] or {}):
        yield "tags", TOKEN_VERSION_TAG, "a tag of your own", "use auth_token_version instead"


def generation(options: Options) -> Iterator[Finding]:
    """A token that is made here."""
    number = options["auth_token_generation"]
    for field in ("auth_token", "auth_token_version", "auth_token_secret_arn"):
        if number is not None and options[field]:
            yield ("auth_token_generation", number, f"no {field} beside it",
                   f"remove {field}, or auth_token_generation")  # fmt: skip
    if number is not None and number < 1:
        yield "auth_token_generation", number, "1 or more", "correct auth_token_generation"
    if GENERATION_TAG in (options["tags"] or {}):
        yield "tags", GENERATION_TAG, "a tag of your own", "use auth_token_generation instead"


def engine(options: Options) -> Iterator[Finding]:
    """The version's form, and parameter groups of AWS's own that contradict cluster mode or engine."""
    version, group, mode = options["engine_version"], options["cache_parameter_group_name"] or "", mode_of(options)
    # A major version alone is none.  Source: API reference, CreateReplicationGroup, EngineVersion: 6.x, or in full.
    if version and not re.fullmatch(r"\d+(\.(\d+|x)){1,2}", version):
        yield "engine_version", version, "a version such as 7.1 or 6.x", "correct engine_version, and quote it in YAML"
    default = DEFAULT_GROUP.match(group)
    if not default:
        return
    if mode == "enabled" and not default[1]:
        yield ("cache_parameter_group_name", group, f"{group}.cluster.on with cluster_mode enabled",
               "remove cache_parameter_group_name, it is derived")  # fmt: skip
    if mode == "disabled" and default[1]:
        yield ("cache_parameter_group_name", group, f"{group.removesuffix('.cluster.on')} with cluster_mode disabled",
               "remove cache_parameter_group_name, it is derived")  # fmt: skip
    family = FAMILY.match(group)
    if options["engine"] and family and family[1] != options["engine"]:
        yield ("cache_parameter_group_name", group, f"a parameter group for {options['engine']}",
               "remove cache_parameter_group_name, it is derived")  # fmt: skip


def parameters(options: Options) -> Iterator[Finding]:
    """Parameters of the group's own, beside a parameter group of somebody else's making."""
    if options["parameters"] is None:
        return
    if options["cache_parameter_group_name"]:
        yield ("cache_parameter_group_name", options["cache_parameter_group_name"], "nothing with parameters",
               "keep one of the two")  # fmt: skip
    if "cluster-enabled" in options["parameters"]:
        yield "parameters", "cluster-enabled", "cluster_mode instead", "remove it, it follows from cluster_mode"


def node_type(options: Options) -> Iterator[Finding]:
    """What some node types cannot do."""
    kind = options["cache_node_type"] or ""
    if kind and not re.fullmatch(r"cache\.[a-z0-9]+\.[a-z0-9]+", kind):
        yield "cache_node_type", kind, "a node type such as cache.t4g.small", "correct cache_node_type"
    if kind.startswith(T1):
        for field in ("automatic_failover_enabled", "multi_az_enabled", "snapshot_retention_days"):
            if options[field]:
                yield field, options[field], f"a node type newer than {kind}", "choose another cache_node_type"
    # Source: ElastiCache user guide, "Data tiering": Redis OSS 6.2 and later, Valkey 7.2 and later.
    version = options["engine_version"] or ""
    if kind.startswith(TIERED) and (version.startswith(("5.", "4.", "3.")) or version in ("5", "6.0")):
        yield "cache_node_type", kind, "engine_version 6.2 or later for data tiering", "raise engine_version"


def schedule(options: Options) -> Iterator[Finding]:
    """Windows and snapshots."""
    weekly, daily = options["preferred_maintenance_window"], options["snapshot_window"]
    spans = (windows.maintenance(weekly) if weekly else None, windows.snapshot(daily) if daily else None)
    forms = ("ddd:hh24:mi-ddd:hh24:mi such as sun:05:00-sun:06:00", "hh24:mi-hh24:mi such as 03:00-04:00")
    fields = ("preferred_maintenance_window", "snapshot_window")
    for field, span, form in zip(fields, spans, forms, strict=True):
        if options[field] and span is None:
            yield field, options[field], f"{form}, in UTC", f"correct {field}"
        elif span and span[1] < windows.SHORTEST:
            yield field, f"{span[1]} minutes", f"at least {windows.SHORTEST} minutes", f"widen {field}"
    # Source: CreateReplicationGroup, InvalidParameterValue: the two must not overlap.
    if spans[0] and spans[1] and windows.overlap(spans[0], spans[1]):
        yield ("snapshot_window", daily, f"no overlap with the maintenance window {weekly}",
               "move one of the two windows")  # fmt: skip
    yield from restored(options)
    days = options["snapshot_retention_days"]
    if days is not None and days not in RETENTION_DAYS:
        yield "snapshot_retention_days", days, "0 to 35", "correct snapshot_retention_days"


def restored(options: Options) -> Iterator[Finding]:
    """Data that a new group begins with, and the addresses of its nodes."""
    name, arns = options["snapshot_name"], options["snapshot_arns"]
    if name and arns:
        yield "snapshot_arns", arns, "nothing with snapshot_name", "keep one of the two"
    for arn in arns or ():
        if not S3_ARN.match(arn):
            yield "snapshot_arns", arn, "the ARN of an object in S3, without commas", "correct the ARN"
    slots = [each["slots"] for each in options["node_groups"] or ()]
    if arns and mode_of(options) == "enabled" and not any(slots):
        # Source: CreateReplicationGroup, NodeGroupConfiguration: each node group and its slots have to be configured.
        yield ("snapshot_arns", "files for node groups", "cluster_mode disabled with files in S3, or node_groups with "
               "slots", "state node_groups with slots, or restore a snapshot with snapshot_name instead")  # fmt: skip
    if options["ip_discovery"] == "ipv6" and options["network_type"] == "ipv4":
        yield ("ip_discovery", "ipv6", "network_type ipv6 or dual_stack beside it", "correct ip_discovery")
    if options["ip_discovery"] == "ipv4" and options["network_type"] == "ipv6":
        yield ("ip_discovery", "ipv4", "network_type ipv4 or dual_stack beside it", "correct ip_discovery")


def texts(options: Options) -> Iterator[Finding]:
    """Name and description."""
    name, description = group_name(options), options["description"]
    if not NAME.match(name):
        yield ("name", repr(name), "1 to 40 letters, digits and single hyphens, a letter first, no hyphen last",
               "correct name")  # fmt: skip
    if description is not None and not 1 <= len(description) <= 255:
        yield "description", f"{len(description)} characters", "1 to 255 characters", "correct description"
    topic = options["notification_topic_arn"]
    if topic and not forms.is_arn(topic, "sns"):
        yield "notification_topic_arn", topic, "the ARN of an SNS topic, or '' for none", "correct the ARN"


def places(options: Options) -> Iterator[Finding]:
    """What the group stands in and leans on, by id or by name."""
    for field, kind in (("subnet_ids", "subnet"), ("security_group_ids", "sg")):
        for each in options[field] or ():
            if not forms.is_id(each, kind):
                by_name = {"subnet": "subnet_tier", "sg": "security_group_names"}[kind]
                yield field, each, f"an id that begins with {kind}-", f"correct {field}, or use {by_name}"
    for field in ("cache_subnet_group_name", "final_snapshot_name", "user_group_id"):
        name = options[field]
        if name and not OTHER_NAME.match(name.lower()):
            yield (field, repr(name), "up to 255 letters, digits, hyphens and dots, a letter or digit first, and not "
                   "default", f"correct {field}")  # fmt: skip
    if options["kms_key_id"] and not forms.is_key(options["kms_key_id"]):
        yield "kms_key_id", repr(options["kms_key_id"]), forms.KEY_WORDS, "correct kms_key_id"
