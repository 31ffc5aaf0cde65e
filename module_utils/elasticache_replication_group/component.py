# SPDX-License-Identifier: Apache-2.0
"""The replication group as one value: its options, and what the core has to know of it.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.component import Component
from ..reconcile.offers import NETWORK
from .alarms import OPTION as ALARMS
from .charges import charges
from .datastores import OPTIONS as DATASTORES
from .datastores import arns as datastore_arns
from .desire import FIELDS, desire
from .generated_token import secret_name
from .guards import guards
from .names import NOUN, group_name, log_group_name, subnet_group_name
from .node_groups import OPTION as NODE_GROUPS
from .observe import observe
from .plan import create, delete, newborn, update
from .roles import further, learned
from .rules import rules
from .surroundings import NAMED_GROUPS, misfits, read_network
from .terms import HARMLESS, PARTING, PATIENCE, PERMISSIONS
from .users import user_id

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {},
    "adopt": {"type": "bool", "default": False},
    "description": {},
    "engine": {"choices": ["redis", "valkey"]},
    "engine_version": {},
    "cache_node_type": {},
    "cluster_mode": {"choices": ["disabled", "enabled"]},
    "num_cache_clusters": {"type": "int"},
    "num_node_groups": {"type": "int"},
    "replicas_per_node_group": {"type": "int"},
    "node_groups": NODE_GROUPS,
    "automatic_failover_enabled": {"type": "bool"},
    "multi_az_enabled": {"type": "bool"},
    "at_rest_encryption_enabled": {"type": "bool", "default": True},
    "kms_key_id": {},
    "transit_encryption_enabled": {"type": "bool", "default": True},
    "transit_encryption_mode": {"choices": ["preferred", "required"]},
    "auth_token": {"no_log": True},
    # A version is not a secret; without this Ansible would warn of its name.
    "auth_token_version": {"no_log": False},
    # Neither is a secret's name; a settling run needs it to rotate.
    "auth_token_secret_arn": {"no_log": False},
    "user_group_id": {},
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {
            "user_name": {"required": True},
            "access_string": {"required": True},
            "authentication_type": {"choices": ["password", "no-password-required", "iam"], "default": "password"},
            "password_secret_arns": {"type": "list", "elements": "str", "no_log": False},
        },
    },
    "auth_token_generation": {"type": "int", "no_log": False},
    "port": {"type": "int"},
    "cache_parameter_group_name": {},
    "parameters": {"type": "dict"},
    "cache_subnet_group_name": {},
    "subnet_tier": {},
    "subnet_ids": {"type": "list", "elements": "str"},
    "security_group_names": {"type": "list", "elements": "str"},
    "security_group_ids": {"type": "list", "elements": "str"},
    "network_type": {"choices": ["ipv4", "ipv6", "dual_stack"]},
    "ip_discovery": {"choices": ["ipv4", "ipv6"]},
    "snapshot_name": {},
    "snapshot_arns": {"type": "list", "elements": "str"},
    "snapshot_retention_days": {"type": "int"},
    "allow_snapshot_retention_decrease": {"type": "bool", "default": False},
    "snapshot_window": {},
    "preferred_maintenance_window": {},
    "notification_topic_arn": {},
    "auto_minor_version_upgrade": {"type": "bool"},
    "log_delivery": {
        "type": "list",
        "elements": "dict",
        "options": {
            "log_type": {"choices": ["slow-log", "engine-log"], "required": True},
            "destination_type": {"choices": ["cloudwatch-logs", "kinesis-firehose"], "required": True},
            "destination": {},
            "log_format": {"choices": ["json", "text"], "default": "json"},
            "retention_days": {"type": "int"},
            "kms_key_id": {},
        },
    },
    "alarms": ALARMS,
    **DATASTORES,
    "apply_immediately": {"type": "bool", "default": False},
    "allow_memory_decrease": {"type": "bool", "default": False},
    "final_snapshot": {"type": "bool", "default": True},
    "final_snapshot_name": {},
}


def arns(options: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The group, its nodes and what stands beside it.

    AWS's own parameter groups and its user ``default`` are named when a group is made with them, log streams of
    Firehose get a tag from ElastiCache, which has a role of its own.
    """
    name = group_name(options)
    parameters = filter(None, [options["cache_parameter_group_name"]])
    kinds = ("cluster", "parametergroup", "snapshot", "user", "usergroup")
    users = [f"user:{user_id(options, user)}" for user in options["users"] or ()]
    snapshots = [f"snapshot:{options[each]}" for each in ("snapshot_name", "final_snapshot_name") if options[each]]
    return {
        "elasticache": (
            f"replicationgroup:{name}", f"subnetgroup:{subnet_group_name(options)}",
            *(f"{kind}:{name}-*" for kind in kinds), f"parametergroup:{name}", f"usergroup:{name}",
            "parametergroup:default.*", "user:default", *(f"parametergroup:{each}" for each in parameters),
            *users, *snapshots, *datastore_arns(options),
        ),
        "cloudwatch": (f"alarm:{name}-0*",),
        "logs": (f"log-group:{log_group_name(name, '')}*",),
        "secretsmanager": (f"secret:{secret_name(options)}-*",),
        "firehose": ("deliverystream/*",),
        "iam": ("role/aws-service-role/elasticache.amazonaws.com/*",),
    }  # fmt: skip


COMPONENT = Component(
    module="elasticache_replication_group", noun=NOUN, options=OPTIONS, fields=FIELDS, rules=rules, observe=observe,
    desire=desire, guards=guards, newborn=newborn, create=create, update=update, delete=delete,
    permissions=PERMISSIONS, parting=PARTING, arns=arns, patience=PATIENCE, harmless=HARMLESS, misfits=misfits,
    leans_on={NETWORK: read_network}, further=further, learned=learned, charges=charges,
    for_changes=frozenset({"offers", NAMED_GROUPS}),
)  # fmt: skip
