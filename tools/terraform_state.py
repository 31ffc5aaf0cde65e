# SPDX-License-Identifier: Apache-2.0
"""From a Terraform state to the variables of an environment, and to what they cannot say.  Pure.

``read`` takes a state of version 4, as Terraform and CDKTF write it. What is looked at of each resource stands in the
tables of this file and of ``terraform_network.py``; tokens and passwords are in none of them.
Source: Terraform's internal/states/statefile/version4.go, and the AWS provider's documentation of each resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

STATE_VERSION = 4
DEFAULT_PARAMETERS = "default."
Path = str


@dataclass(frozen=True, eq=False)
class Resource:
    """One instance of a managed resource; ``address`` is how Terraform's commands name it."""

    address: str
    type: str
    module: str
    name: str
    key: Any
    attributes: Mapping[str, Any]

    def get(self, path: Path) -> Any:
        """The value at a path such as ``stream_mode_details.0.stream_mode``; ``None`` where there is none."""
        value: Any = self.attributes
        for step in path.split("."):
            if isinstance(value, list):
                value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
            else:
                value = value.get(step) if isinstance(value, Mapping) else None
        return value

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.get("tags_all") or self.get("tags") or {})


@dataclass
class Found:
    """``variables`` of the inventory, ``unsaid`` sentences of what they cannot say, ``adopted`` addresses."""

    variables: dict[str, Any] = field(default_factory=dict)
    unsaid: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)

    def takes(self, *resources: Resource) -> None:
        """These are ours from now on."""
        self.adopted += [each.address for each in resources if each.address not in self.adopted]

    def leaves(self, resource: Resource, why: str) -> None:
        """This stays outside."""
        self.unsaid.append(f"{resource.address}: {why}")


class State:
    """The managed resources of a state.  Raises ValueError, in a sentence, for what is no state."""

    def __init__(self, document: Any) -> None:
        if not isinstance(document, Mapping) or document.get("version") != STATE_VERSION:
            found = document.get("version") if isinstance(document, Mapping) else None
            wanted = f"a Terraform state of version {STATE_VERSION}"
            step = "run terraform plan with Terraform 0.12 or newer once, which writes one"
            raise ValueError(f"STATE: found version {found}, wanted {wanted}. Next: {step}")
        self.resources = list(_resources(document))

    def all(self, *types: str) -> list[Resource]:
        return [each for each in self.resources if each.type in types]


def _resources(document: Mapping[str, Any]) -> Iterator[Resource]:
    for each in document.get("resources") or ():
        if each.get("mode") != "managed":
            continue
        module = each.get("module", "")
        for instance in each.get("instances") or ():
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key)}]"
            base = f"{module}." if module else ""
            # One that was to be replaced and still hangs on is not what the others lead to.
            if "deposed" not in instance:
                yield Resource(f"{base}{each['type']}.{each['name']}{index}", each["type"], module, each["name"], key,
                               instance.get("attributes") or {})  # fmt: skip


def yes(value: Any) -> bool | None:
    """Terraform writes some booleans as texts."""
    return None if value is None or value == "" else str(value).lower() in ("true", "enabled")


def or_none(value: Any) -> Any:
    return value or None


def unless_ipv4(value: Any) -> Any:
    """What AWS takes without a word."""
    return None if value in ("", "ipv4") else value


Table = Mapping[str, tuple[Path, Callable[[Any], Any] | None]]
# Variable -> path in the state, and what makes our value of Terraform's.
STREAM: Table = {
    "kinesis_name": ("name", None),
    "kinesis_stream_mode": ("stream_mode_details.0.stream_mode", lambda value: value or "PROVISIONED"),
    "kinesis_shard_count": ("shard_count", or_none),
    "kinesis_retention_hours": ("retention_period", None),
    "kinesis_encryption_type": ("encryption_type", lambda value: value or "NONE"),
    "kinesis_kms_key_id": ("kms_key_id", or_none),
    "kinesis_shard_level_metrics": ("shard_level_metrics", lambda value: sorted(value or [])),
    "kinesis_enforce_consumer_deletion": ("enforce_consumer_deletion", bool),
    "kinesis_max_record_size_kib": ("max_record_size_in_kib", or_none),
}
GROUP: Table = {
    "redis_name": ("replication_group_id", None),
    "redis_description": ("description", None),
    "redis_engine": ("engine", None),
    "redis_engine_version": ("engine_version", None),
    "redis_cache_node_type": ("node_type", None),
    "redis_automatic_failover_enabled": ("automatic_failover_enabled", yes),
    "redis_multi_az_enabled": ("multi_az_enabled", yes),
    "redis_at_rest_encryption_enabled": ("at_rest_encryption_enabled", yes),
    "redis_kms_key_id": ("kms_key_id", or_none),
    "redis_transit_encryption_enabled": ("transit_encryption_enabled", yes),
    "redis_transit_encryption_mode": ("transit_encryption_mode", or_none),
    "redis_port": ("port", lambda value: None if value == 6379 else value),
    "redis_cache_parameter_group_name": (
        "parameter_group_name", lambda value: None if not value or value.startswith(DEFAULT_PARAMETERS) else value),
    "redis_cache_subnet_group_name": ("subnet_group_name", or_none),
    "redis_user_group_id": ("user_group_ids.0", None),
    "redis_snapshot_retention_days": ("snapshot_retention_limit", None),
    "redis_snapshot_window": ("snapshot_window", or_none),
    "redis_preferred_maintenance_window": ("maintenance_window", or_none),
    "redis_notification_topic_arn": ("notification_topic_arn", or_none),
    "redis_auto_minor_version_upgrade": ("auto_minor_version_upgrade", yes),
    "redis_network_type": ("network_type", unless_ipv4),
    "redis_ip_discovery": ("ip_discovery", unless_ipv4),
    "redis_log_delivery": ("log_delivery_configuration", lambda value: [
        {key: each[key] for key in ("log_type", "destination_type", "destination", "log_format")} for each in value
    ] if value else None),
}  # fmt: skip
BUCKET: Mapping[str, Table] = {
    "aws_s3_bucket_versioning": {
        "state_bucket_versioning_enabled": ("versioning_configuration.0.status", yes)},
    "aws_s3_bucket_server_side_encryption_configuration": {
        "state_bucket_sse_algorithm": ("rule.0.apply_server_side_encryption_by_default.0.sse_algorithm", or_none),
        "state_bucket_kms_key_id": ("rule.0.apply_server_side_encryption_by_default.0.kms_master_key_id", or_none)},
    "aws_s3_bucket_ownership_controls": {
        "state_bucket_object_ownership": ("rule.0.object_ownership", None)},
}  # fmt: skip
BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def said(table: Table, resource: Resource) -> dict[str, Any]:
    """The variables that a table makes of a resource; what it does not speak of is no opinion."""
    found = {}
    for variable, (path, make) in table.items():
        value, known = resource.get(path), path.split(".")[0] in resource.attributes
        found[variable] = make(value) if make and known else value
    return found


def read(document: Any, network: Callable[[State, Found], Mapping[str, Any]], bucket: str = "") -> Found:
    """What a state says; ``network`` reads the VPC, ``bucket`` is the one that holds the state, where that is known."""
    state, found = State(document), Found()
    places = network(state, found)
    _groups(state, found, places)
    _streams(state, found)
    _bucket(state, found, bucket)
    told = {line.split(": ", 1)[0] for line in found.unsaid}
    for each in state.resources:
        if each.address not in found.adopted and each.address not in told:
            found.leaves(each, "no component keeps such a thing; it stays in Terraform")
    return found


def _declared(found: Found, role: str, several: str, each_says: Mapping[Resource, Mapping[str, Any]]) -> None:
    """What a role declares: one thing in its variables, or several by name, each with the options of its own."""
    if each_says:
        found.components.append(role)
    if len(each_says) == 1:
        found.variables |= next(iter(each_says.values()))
        return
    named: dict[str, Any] = {}
    for resource, variables in each_says.items():
        name = word(resource.name if resource.key is None else f"{resource.name}-{resource.key}")
        while name in named:
            name += "-2"
        named[name] = {variable.removeprefix(f"{role}_"): value for variable, value in variables.items()}
    found.variables |= {f"{role}_{several}": named} if named else {}


def word(text: str) -> str:
    """A name in the way of ours: small letters, digits and single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "other"


def _groups(state: State, found: Found, places: Mapping[str, Any]) -> None:
    groups = state.all("aws_elasticache_replication_group")
    _declared(found, "redis", "caches", {each: _group(state, found, each, places) for each in groups})


def _group(state: State, found: Found, group: Resource, places: Mapping[str, Any]) -> dict[str, Any]:
    found.takes(group)
    sharded = yes(group.get("cluster_mode")) or group.get("cluster_enabled")
    mode = None if sharded is None else "enabled" if sharded else "disabled"
    counts = ("num_node_groups", "replicas_per_node_group") if sharded else ("num_cache_clusters",)
    numbers = {f"redis_{name}": group.get(name) if name in counts else None
               for name in ("num_node_groups", "replicas_per_node_group", "num_cache_clusters")}  # fmt: skip
    if group.get("auth_token"):
        step = "to rotate it give redis_auth_token_secret_arn or redis_auth_token_generation"
        found.unsaid.append(f"{group.address} auth_token: it stays in force and is written nowhere here; {step}")
    if group.get("global_replication_group_id"):
        found.leaves(group, "it belongs to a global datastore, which is not kept here")
    return {**said(GROUP, group), "redis_adopt": True, "redis_purge_tags": False, "redis_cluster_mode": mode, **numbers,
            **_placement(state, found, group, places)}  # fmt: skip


def _placement(state: State, found: Found, group: Resource, places: Mapping[str, Any]) -> dict[str, Any]:
    """The subnets and security groups of a replication group, by our names where the network has them."""
    within = group.get("subnet_group_name")
    own = [each for each in state.all("aws_elasticache_subnet_group") if each.get("name") == within]
    found.takes(*own)
    ids = sorted(own[0].get("subnet_ids") or ()) if own else []
    tier = next((name for name, tier in places.get("tiers", {}).items() if ids and sorted(tier.values()) == ids), None)
    if not ids:
        step = "say the ids of its subnets in redis_subnet_ids"
        found.unsaid.append(f"{group.address} subnet_group_name: {within} is not in this state; {step}")
    keys = {item: key for key, item in places.get("groups", {}).items()}
    used = sorted(group.get("security_group_ids") or ())
    inside = bool(used) and all(item in keys for item in used)
    groups = {"redis_security_group_names": sorted(keys[item] for item in used)} if inside else {
        "redis_security_group_ids": used, "redis_security_group_names": None}  # fmt: skip
    return {**({"redis_subnet_tier": tier} if tier else {"redis_subnet_ids": ids}), **groups}


def _streams(state: State, found: Found) -> None:
    streams = state.all("aws_kinesis_stream")
    found.takes(*streams)
    _declared(found, "kinesis", "streams", {each: _stream(each) for each in streams})


def _stream(stream: Resource) -> dict[str, Any]:
    variables = {**said(STREAM, stream), "kinesis_adopt": True, "kinesis_purge_tags": False}
    on_demand = variables["kinesis_stream_mode"] == "ON_DEMAND"
    return {**variables, "kinesis_shard_count": None} if on_demand else variables


def denies_without_tls(policy: str) -> bool:
    """Whether a bucket policy denies requests without TLS; where it does not, the adoption puts no statement in."""
    statements = json.loads(policy).get("Statement") or []
    return any(each.get("Effect") == "Deny" and "aws:SecureTransport" in json.dumps(each.get("Condition") or {})
               for each in statements if isinstance(each, dict))  # fmt: skip


def _bucket(state: State, found: Found, holds: str) -> None:
    """The bucket that keeps states: the one that is named, else the only one there is."""
    buckets = state.all("aws_s3_bucket")
    chosen = [each for each in buckets if each.get("bucket") == holds] or (buckets if len(buckets) == 1 else [])
    for each in buckets:
        if each not in chosen:
            found.leaves(each, "it is not the bucket of the states")
    if not chosen:
        return
    (bucket,) = chosen
    found.components.append("state_bucket")
    found.takes(bucket)
    # What the state does not speak of stays as it is.
    found.variables |= {
        f"state_bucket_{name}": None
        for name in (
            "versioning_enabled",
            "sse_algorithm",
            "block_public_access",
            "object_ownership",
            "noncurrent_versions_days",
            "noncurrent_versions_kept",
            "abort_incomplete_multipart_days",
            "policy_statements",
        )
    }
    found.variables |= {"state_bucket_name": bucket.get("bucket"), "state_bucket_adopt": True,
                        "state_bucket_purge_tags": False}  # fmt: skip
    policies = [each for each in state.all("aws_s3_bucket_policy") if each.get("bucket") == bucket.get("bucket")]
    found.takes(*policies)
    texts = [each.get("policy") for each in (bucket, *policies)]
    found.variables["state_bucket_tls_only"] = any(denies_without_tls(text) for text in texts if text)
    for kind, table in BUCKET.items():
        for each in state.all(kind):
            if each.get("bucket") == bucket.get("bucket"):
                found.variables |= said(table, each)
                found.takes(each)
    for each in state.all("aws_s3_bucket_public_access_block"):
        if each.get("bucket") == bucket.get("bucket"):
            blocked = [bool(each.get(name)) for name in BLOCKS]
            found.variables["state_bucket_block_public_access"] = True if all(blocked) else None
            found.takes(each)
