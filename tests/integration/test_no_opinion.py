# SPDX-License-Identifier: Apache-2.0
"""Null is no opinion, for every option; and a choice wins over the defaults of other choices."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.environment.components import variable_names

from localcloud.process import Cloud
from tests.integration.test_bad_input import LOCAL
from tests.support.environments import ROLES, Remembering, conducted, operations, requested
from tests.support.playbooks import play
from tests.support.runs import connection

VARIABLES = [variable for role in ROLES for variable in variable_names(role)]
# A network without a word on its subnets is one thing, half a word is none: the two are stated together, or neither.
TOGETHER = {"vpc_zones": "vpc_tiers", "vpc_tiers": "vpc_zones"}


@pytest.fixture(scope="module")
def laid(shared_cloud: Cloud) -> Remembering:
    """Inventory local as it was laid."""
    shared_cloud.reset()
    conducted(shared_cloud, LOCAL)
    return Remembering(connection(shared_cloud), None, time.sleep, answers={})


@pytest.mark.parametrize("variable", VARIABLES)
def test_null_leaves_what_is_there_as_it_is(shared_cloud: Cloud, laid: Remembering, variable: str) -> None:
    given = {**LOCAL, variable: None, **({TOGETHER[variable]: None} if variable in TOGETHER else {})}
    plan = conducted(shared_cloud, given, check=True, aws=laid)["plan"]
    assert (operations(plan), plan["refused"]) == ([], [])


# What an inventory says and nothing else, and what follows from it.
CHOICES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "on demand": ({"kinesis_stream_mode": "ON_DEMAND"}, {"kinesis": {"shard_count": None}}),
    "one shard of keys": ({"redis_cluster_mode": "disabled"},
                          {"redis": {"num_cache_clusters": 2, "num_node_groups": None,
                                     "replicas_per_node_group": None}}),
    "Valkey": ({"redis_engine": "valkey"}, {"redis": {"engine_version": "8.0"}}),
    "no TLS": ({"redis_transit_encryption_enabled": False}, {"redis": {"transit_encryption_mode": None}}),
    "no NAT": ({"vpc_nat_gateways": "none"},
               {"vpc": {"tiers": {"public": {"internet": "gateway"}, "app": {"internet": "none"},
                                  "cache": {"internet": "none"}}}}),
    "no DNS": ({"vpc_dns_support": False}, {"vpc": {"dns_hostnames": False}}),
    "a key of one's own": ({"state_bucket_kms_key_id": "alias/aws/s3"}, {"state_bucket": {"sse_algorithm": "aws:kms"}}),
    "old versions for ever": ({"state_bucket_noncurrent_versions_days": 0},
                              {"state_bucket": {"noncurrent_versions_kept": None}}),
}  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES)
def test_a_choice_wins_over_the_defaults_of_others(cloud: Cloud, choice: str) -> None:
    given, follows = CHOICES[choice]
    asked = {each.key: each.options for each in requested(given).declarations}
    for role, options in follows.items():
        assert {name: asked[role][name] for name in options} == options
    assert conducted(cloud, given, check=True)["plan"]["refused"] == []


def test_defaults_of_one_of_several_follow_from_its_own_choices(cloud: Cloud, tmp_path: Path) -> None:
    several = {"telemetry": {"stream_mode": "ON_DEMAND"}, "alerts": {"retention_hours": "{{ 24 * 2 }}"}}
    given = {"kinesis_streams": several, "environment_artifacts_folder": str(tmp_path)}
    done = play(cloud, "playbooks/plan.yml", "-e", json.dumps(given), "--tags", "kinesis")
    assert done.returncode == 0, done.stdout
    parts = json.loads((tmp_path / "plan.json").read_text())["components"]
    first = {key: part["calls"][0]["params"] for key, part in parts.items()}
    assert first["kinesis.telemetry"] == {
        "StreamName": "sensors-local-telemetry", "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
        "Tags": first["kinesis.alerts"]["Tags"],
    }  # fmt: skip
    assert first["kinesis.alerts"]["ShardCount"] == 1
    kept = [call["params"]["RetentionPeriodHours"] for part in parts.values() for call in part["calls"]
            if call["operation"] == "increase_stream_retention_period"]  # fmt: skip
    assert kept == [48]
