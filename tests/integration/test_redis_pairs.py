# SPDX-License-Identifier: Apache-2.0
"""Random walks over valid declarations of a replication group: plan is deed, and what is as declared stays so.

Each walk starts with a group's birth and takes a few steps, so that later ones begin while something waits for the
maintenance window. A step that is refused is refused without a write, in check mode and in a run alike.
``STREAMBED_PAIRS`` is the number of pairs; a failure names its seed, which leads to the same walk again.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.components import component, options, stated
from tests.support.runs import run, taken

pytestmark = pytest.mark.inside

MODULE = "elasticache_replication_group"
PAIRS_OF_A_WALK = 4
WALKS = -(-int(os.environ.get("STREAMBED_PAIRS", "12")) // PAIRS_OF_A_WALK)
# The share of pairs that has to be taken: a generator whose declarations are mostly refused would test little.
LEAST_ACCEPTED = 0.4
NETWORK = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"cache": {"internet": "none"}},
    "security_groups": {"app": {"description": "app"}, "cache": {"description": "cache"}},
}
VERSIONS = (
    ("redis", "5.0.6"), ("redis", "6.x"), ("redis", "6.2"), ("redis", "7.0"), ("redis", "7.1"),
    ("valkey", "7.2"), ("valkey", "8.0"), ("valkey", "8.1"),
)  # fmt: skip
TOPICS = "arn:aws:sns:eu-west-1:123456789012"
# Options that are drawn one by one; ``None`` leaves the option out.
CHOICES: dict[str, tuple[Any, ...]] = {
    "description": (None, "Readings", "Latest readings"),
    "cache_node_type": ("cache.t4g.small", "cache.m6g.large", "cache.r7g.large", "cache.r7g.xlarge"),
    "snapshot_retention_days": (None, 0, 1, 5),
    "allow_snapshot_retention_decrease": (False, True, True),
    "snapshot_window": (None, "01:00-02:00", "12:30-14:00"),
    "preferred_maintenance_window": (None, "SUN:04:00-SUN:05:00", "tue:22:00-tue:23:30"),
    "notification_topic_arn": (None, "", f"{TOPICS}:a", f"{TOPICS}:b"),
    "auto_minor_version_upgrade": (None, False, True),
    "parameters": (
        None,
        {},
        {"maxmemory-policy": "allkeys-lru", "activedefrag": True},
        {"timeout": 60, "databases": 32},
    ),
    "log_delivery": (
        None,
        [],
        [{"log_type": "slow-log", "destination_type": "cloudwatch-logs", "destination": "slow"}],
        [
            {"log_type": "slow-log", "destination_type": "kinesis-firehose", "destination": "slow"},
            {"log_type": "engine-log", "destination_type": "cloudwatch-logs", "destination": "engine"},
        ],
        [
            {"log_type": "slow-log", "destination_type": "cloudwatch-logs", "retention_days": 30},
            {"log_type": "engine-log", "destination_type": "cloudwatch-logs"},
        ],
        [{"log_type": "slow-log", "destination_type": "cloudwatch-logs", "retention_days": 7, "log_format": "text"}],
    ),
    "alarms": (
        None,
        {},
        {"engine_cpu_percent": 90.0, "actions": [f"{TOPICS}:a"]},
        {"engine_cpu_percent": 80.0, "evictions": 0.0, "replication_lag_seconds": 5.0},
    ),
    "global_replication_group_id_suffix": (None, None, "telemetry", "readings"),
    "global_replication_group_id": (None, None, ""),
    "security_group_names": (None, ["app"], ["cache", "app"]),
    "tags": (None, {}, {"team": "telemetry"}, {"team": "readings", "cost": "low"}),
    "purge_tags": (True, True, False),
    "apply_immediately": (False, True),
    "allow_memory_decrease": (False, True, True),
}  # fmt: skip


def shape(draw: random.Random) -> dict[str, Any]:
    """Nodes with the failover and the zones that they allow."""
    if draw.random() < 0.5:
        replicas = draw.randrange(3)
        counts = {"num_node_groups": draw.randint(1, 3), "replicas_per_node_group": replicas}
        mode, failover = draw.choice([None, "enabled"]), draw.choice([None, True])
        # A new group in cluster mode without the word has it on.
        able = True
    else:
        replicas = draw.randrange(3)
        counts, mode = {"num_cache_clusters": replicas + 1}, draw.choice([None, "disabled"])
        failover = draw.choice([None, False, True]) if replicas else draw.choice([None, False])
        able = bool(failover)
    zones = draw.choice([None, False, True]) if able and replicas else draw.choice([None, False])
    return {**counts, "cluster_mode": mode, "automatic_failover_enabled": failover, "multi_az_enabled": zones}


# Role-based access control: no word, none, users of the group's own.
USERS = (
    None,
    [],
    [{"user_name": "default", "access_string": "off -@all", "authentication_type": "no-password-required"}],
    [{"user_name": "default", "access_string": "off ~* +@all", "authentication_type": "no-password-required"},
     {"user_name": "sensors-test-job", "access_string": "on ~* +@all", "authentication_type": "iam"}],
    [{"user_name": "sensors-test-job", "access_string": "on +@read ~a*", "authentication_type": "iam"}],
)  # fmt: skip


def protection(draw: random.Random) -> dict[str, Any]:
    """TLS, and a token or users where there is TLS."""
    if draw.random() < 0.3:
        return {"transit_encryption_enabled": False, "transit_encryption_mode": None, "auth_token": None,
                "auth_token_version": None, "users": draw.choice([None, []])}  # fmt: skip
    version = draw.choice([None, None, None, "1", "2"])
    return {
        "transit_encryption_enabled": True,
        "transit_encryption_mode": draw.choice([None, "preferred", "required"]),
        "auth_token": f"not-a-secret-not-a-secret-{version}" if version else None,
        "auth_token_version": version,
        "users": draw.choice(USERS[:2] if version else USERS),
    }


def engine(draw: random.Random) -> dict[str, Any]:
    """Engine and version."""
    found = draw.choice(VERSIONS)
    return {"engine": found[0], "engine_version": found[1]}


def one(draw: random.Random) -> dict[str, Any]:
    """One of the plain options."""
    name = draw.choice(list(CHOICES))
    return {name: draw.choice(CHOICES[name])}


def valid(given: dict[str, Any]) -> bool:
    """Whether no rule speaks against a declaration."""
    return not list(component(MODULE).rules(options(MODULE, stated(given))))


def birth(draw: random.Random) -> dict[str, Any]:
    """A whole declaration, drawn anew."""
    while True:
        given = {**{name: draw.choice(values) for name, values in CHOICES.items()},
                 **shape(draw), **protection(draw), **engine(draw)}  # fmt: skip
        if valid(given):
            return given


def successor(draw: random.Random, given: dict[str, Any]) -> dict[str, Any]:
    """A declaration that differs in a few ways, now and then in all."""
    if draw.random() < 0.1:
        return birth(draw)
    while True:
        ways = draw.choices([shape, protection, engine, one], weights=[2, 2, 1, 5], k=draw.randint(1, 3))
        after = dict(given)
        for way in ways:
            after.update(way(draw))
        if after != given and valid(after):
            return after


@pytest.fixture(scope="module")
def tally() -> dict[str, int]:
    return {"accepted": 0, "pairs": 0}


@pytest.mark.parametrize("seed", range(WALKS))
def test_from_one_declaration_to_the_next(cloud: Cloud, tally: dict[str, int], seed: int) -> None:
    draw = random.Random(seed)
    run(cloud, "ec2_vpc_network", NETWORK)
    given = birth(draw)
    while not taken(cloud, MODULE, stated(given)):
        # Users that do not fit the engine are found when AWS has been asked about it.
        given = birth(draw)
    for _ in range(PAIRS_OF_A_WALK):
        after = successor(draw, given)
        tally["pairs"] += 1
        if taken(cloud, MODULE, stated(after)):
            tally["accepted"] += 1
            given = after


def test_most_pairs_are_changes_and_not_refusals(tally: dict[str, int]) -> None:
    assert tally["accepted"] >= LEAST_ACCEPTED * tally["pairs"], tally
