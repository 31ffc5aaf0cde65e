# SPDX-License-Identifier: Apache-2.0
"""What things are called, and how they are waited for.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.identity import identity_of
from ..reconcile.plan import Events, Wait

NOUN = "ElastiCache replication group"
SUBNET_GROUP_NOUN = "cache subnet group"
PARAMETER_GROUP_NOUN = "cache parameter group"
SECRET_NOUN = "secret"
LOG_GROUP_NOUN = "log group"
USER_NOUN = "ElastiCache user"
USER_GROUP_NOUN = "ElastiCache user group"
GONE = "ReplicationGroupNotFoundFault"
# The version of the AUTH token in force, for a token cannot be read back.
TOKEN_VERSION_TAG = "streambed:auth-token-version"
# The generation of a token that was made here.
GENERATION_TAG = "streambed:auth-token-generation"
# The versions of a user's passwords in force, and the group that the user is for.
PASSWORD_VERSION_TAG = "streambed:password-version"
GROUP_TAG = "streambed:replication-group"

# How long a group takes in which nodes come, go or are made anew; users take seconds.
# Source: localcloud's durations, from observed runs; AWS promises nothing, and up to 50 minutes were seen
# (hashicorp/terraform-provider-aws#4093).
NODES_SECONDS = 720
# Of twelve minutes a longer pause would lose more than a percent at the end.  Terraform asks as often.
# Source: hashicorp/terraform-provider-aws, internal/service/elasticache, replication group waiters, MinTimeout.
POLL_SECONDS = 10
USER_SECONDS = 5
# A node group can lag behind its replication group.  Source: aws-controllers-k8s/community#529.
STATES = "ReplicationGroups[].[Status, NodeGroups[].Status][][]"


def group_name(options: Mapping[str, Any]) -> str:
    """The group's id; AWS stores it in lower case.  Source: CreateReplicationGroup, ReplicationGroupId."""
    return str(options["name"] or identity_of(options).name).lower()


def subnet_group_name(options: Mapping[str, Any]) -> str:
    """The subnet group's name, also stored in lower case.  Source: CreateCacheSubnetGroup, CacheSubnetGroupName."""
    return str(options["cache_subnet_group_name"] or group_name(options)).lower()


def group_noun(name: str) -> str:
    """The group as plans and waits call it."""
    return f"replication group {name}"


def subnet_group_noun(name: str) -> str:
    """The subnet group as plans call it."""
    return f"{SUBNET_GROUP_NOUN} {name}"


def parameter_group_noun(name: str) -> str:
    """A parameter group as plans call it."""
    return f"{PARAMETER_GROUP_NOUN} {name}"


def secret_noun(name: str) -> str:
    """A secret as plans call it."""
    return f"{SECRET_NOUN} {name}"


def log_group_name(name: str, kind: str) -> str:
    """The log group that is kept for one kind of log of a group."""
    return f"/streambed/{name}/{kind}"


def log_group_noun(name: str) -> str:
    """A log group as plans call it."""
    return f"{LOG_GROUP_NOUN} {name}"


def user_noun(name: str) -> str:
    """A user as plans and waits call it."""
    return f"{USER_NOUN} {name}"


def user_group_noun(name: str) -> str:
    """A user group as plans and waits call it."""
    return f"{USER_GROUP_NOUN} {name}"


def members_ref(name: str) -> str:
    """What the names of a group's nodes are saved under when it has settled: AWS chooses them, and which of them go."""
    return f"nodes of {group_noun(name)}"


def settled(name: str) -> Wait:
    """Until the group takes the next change; ``creating``, ``modifying`` and ``snapshotting`` are on the way there.

    boto3's own waiter ends after 10 minutes and knows no failure; real groups took more than 50.
    Source: hashicorp/terraform-provider-aws#4093.
    """
    return Wait(group_noun(name), "elasticache", "describe_replication_groups", {"ReplicationGroupId": name}, STATES,
                done=("available",), failed=("create-failed",), absent_codes=(GONE,), pause_seconds=POLL_SECONDS,
                typical_seconds=NODES_SECONDS, events=events(name),
                saves={members_ref(name): "ReplicationGroups[0].MemberClusters"})  # fmt: skip


def gone(name: str) -> Wait:
    """Until the group is deleted; right after the call it may still read ``available``, or take its final snapshot."""
    return Wait(group_noun(name), "elasticache", "describe_replication_groups", {"ReplicationGroupId": name}, STATES,
                done=("absent",), absent_codes=(GONE,), pause_seconds=POLL_SECONDS, typical_seconds=NODES_SECONDS,
                events=events(name))  # fmt: skip


def events(name: str) -> Events:
    """What ElastiCache tells of the group and its members; DescribeReplicationGroups gives no reason for a failure.

    Lack of capacity is told of the member that found none, so nothing narrows the answer but the names.
    """
    told = f"Events[?SourceIdentifier == '{name}' || starts_with(SourceIdentifier, '{name}-0')]"
    # The newest wherever it stands: AWS lists it first.  Source: DescribeEvents, examples of the service model.
    return Events("describe_events", {}, f"max_by({told}, &to_string(Date)).Message")


def tells_of(event: Mapping[str, Any], name: str) -> bool:
    """Whether an event is of the group or of a member: ``sensors-dev-001``, ``sensors-dev-0001-001``."""
    source = str(event.get("SourceIdentifier", ""))
    return source == name or source.startswith(f"{name}-0")
