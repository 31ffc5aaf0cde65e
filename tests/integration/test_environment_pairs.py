# SPDX-License-Identifier: Apache-2.0
"""Random pairs of whole environments A -> B: the plan is the deed, B -> B is empty, and destroy leaves nothing.

Pairs hang together in chains, A -> B -> C, so that each environment is laid only once and carries what came before.
``STREAMBED_PAIRS`` says how many pairs, ``STREAMBED_SEED`` where to begin; a failure names its seed and what led to it.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support import figures
from tests.support.environments import conducted, one_plan
from tests.support.platform import DAY_SECONDS, SMALL, later, ours

pytestmark = pytest.mark.inside
PAIRS = int(os.environ.get("STREAMBED_PAIRS", "3"))
# Pairs of one chain; its seed is the number of its first pair.
CHAIN = 10
FIRST = int(os.environ.get("STREAMBED_SEED", "1"))
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
PERMISSIONS = {
    "redis_allow_memory_decrease": True, "redis_allow_snapshot_retention_decrease": True,
    "kinesis_allow_retention_decrease": True, "state_bucket_allow_lock_table_removal": True,
}  # fmt: skip


def network(draw: random.Random) -> dict[str, Any]:
    """Zones, tiers in any order under changing names, groups, NAT; each fits the others."""
    cache, group = draw.choice(["cache", "data"]), draw.choice(["cache", "redis"])
    public = draw.random() < 0.5
    tiers = {**({"public": {"internet": "gateway"}} if public else {}),
             "app": {"internet": "nat" if public and draw.random() < 0.5 else "none"},
             cache: {"internet": "none"}}  # fmt: skip
    zones = sorted(draw.sample(ZONES, draw.choice([2, 2, 3])))
    if draw.random() < 0.3:
        tiers["spare"] = {"internet": "none", "zones": draw.choice([None, zones[:1]])}
    nat = draw.choice(["single", "per_zone"]) if tiers["app"]["internet"] == "nat" else "none"
    return {
        "vpc_zones": zones,
        "vpc_tiers": tiers,
        "vpc_nat_gateways": nat,
        "vpc_gateway_endpoints": draw.choice([[], ["s3"]]),
        "vpc_interface_endpoints": draw.choice([[], [], ["kinesis-streams"]]),
        "vpc_security_groups": {
            "app": {"description": "Apps", "ingress": [], "egress": []},
            group: {"description": "Redis", "ingress": [{"port": 6379, "security_group": "app"}], "egress": []},
        },
        "redis_subnet_tier": cache,
        "redis_security_group_names": [group],
    }


def environment(draw: random.Random) -> dict[str, Any]:
    """A whole declaration."""
    mode = draw.choice(["PROVISIONED", "PROVISIONED", "ON_DEMAND"])
    return {
        **SMALL, **PERMISSIONS, **network(draw),
        "redis_num_node_groups": draw.choice([1, 1, 2]),
        "redis_replicas_per_node_group": draw.choice([1, 2]),
        "redis_snapshot_retention_days": draw.choice([0, 1, 3]),
        "redis_cache_node_type": draw.choice(["cache.t4g.small", "cache.t4g.medium"]),
        "kinesis_stream_mode": mode,
        "kinesis_shard_count": draw.choice([1, 2, 4]) if mode == "PROVISIONED" else None,
        "kinesis_retention_hours": draw.choice([24, 48]),
        "state_bucket_lock_table": draw.random() < 0.3,
        "state_bucket_noncurrent_versions_days": draw.choice([30, 90]),
        "vpc_tags": draw.choice([{}, {"team": "telemetry"}]),
        "state_bucket_lock_table_kms_key_id": draw.choice([None, "", "alias/aws/dynamodb"]),
        "kinesis_streams": {
            "telemetry": {"name": "sensors-test"},
            "alerts": {"state": draw.choice(["present", "absent"]), "stream_mode": "PROVISIONED",
                       "shard_count": draw.choice([1, 2])},
        },
    }  # fmt: skip


def refused(cloud: Cloud, variables: dict[str, Any], check: bool) -> str:
    """Why a declaration is refused; empty when it is not."""
    try:
        conducted(cloud, variables, check=check)
    except Refused as why:
        return str(why)
    return ""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PAIRS, CHAIN))
def test_from_one_environment_to_another(cloud: Cloud, seed: int) -> None:
    draw = random.Random(seed)
    here = environment(draw)
    one_plan(cloud, here)
    for number in range(seed, min(seed + CHAIN, FIRST + PAIRS)):
        there = environment(draw)
        differing = {name: (here[name], there[name]) for name in here if here[name] != there[name]}
        print(f"pair {number}: {differing}")
        later(cloud, DAY_SECONDS)
        figures.count("random pairs of whole environments")
        made = len(cloud.journal())
        try:
            one_plan(cloud, there)
        except Refused as why:
            refusal = str(why)
        else:
            here = there
            continue
        assert refused(cloud, there, True) == refused(cloud, there, False) == refusal
        assert not cloud.writes(made), "a refused declaration wrote"
    conducted(cloud, here, verb="destroy")
    assert ours(cloud) == {}
