# SPDX-License-Identifier: Apache-2.0
"""Every attribute of a replication group, changed on its own: planned, done, seen by boto3, interrupted, resumed.

``STREAMBED_KILLS=all`` dies at every call in both ways.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jmespath
import pytest
import yaml

from localcloud.process import Cloud
from tests.integration.test_cycles import NETWORK
from tests.support.components import stated
from tests.support.deaths import in_turn, refused_in_both_modes, taken_up
from tests.support.runs import fits, run, unmatched

pytestmark = pytest.mark.inside

MODULE = "elasticache_replication_group"
MATRIX = yaml.safe_load((Path(__file__).parent / "matrix" / f"{MODULE}.yml").read_text())
GROUP = "sensors-test"


def both_ends(row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The declarations before and after."""
    base = MATRIX["bases"][row["base"]]
    return stated({**base, **row.get("from", {})}), stated({**base, **row["to"]})


def laid(cloud: Cloud, given: dict[str, Any]) -> int:
    """A cloud with nothing but the network and the group; returns where the journal is."""
    cloud.reset()
    run(cloud, "ec2_vpc_network", NETWORK)
    run(cloud, MODULE, given)
    return len(cloud.journal())


def shown(cloud: Cloud) -> dict[str, Any]:
    """The group as plain boto3 sees it."""
    cache = cloud.client("elasticache")
    [group] = cache.describe_replication_groups(ReplicationGroupId=GROUP)["ReplicationGroups"]
    members = [cache.describe_cache_clusters(CacheClusterId=member)["CacheClusters"][0]
               for member in group["MemberClusters"]]  # fmt: skip
    tags = cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"]
    parameters = cache.describe_cache_parameters(
        CacheParameterGroupName=members[0]["CacheParameterGroup"]["CacheParameterGroupName"], Source="user"
    )["Parameters"]
    alarms = {each["AlarmName"]: {"node": each["Dimensions"][0]["Value"], "threshold": each["Threshold"],
                                  "actions": len(each["AlarmActions"])}
              for each in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]}  # fmt: skip
    log_groups = [{"name": each["logGroupName"], "days": each.get("retentionInDays"), "key": each.get("kmsKeyId")}
                  for each in cloud.client("logs").describe_log_groups()["logGroups"]]  # fmt: skip
    return {"group": {"LogDeliveryConfigurations": [], **group}, "members": members, "alarms": alarms,
            "log_groups": log_groups,
            "tags": {tag["Key"]: tag["Value"] for tag in tags},
            "parameters": {each["ParameterName"]: each["ParameterValue"] for each in parameters}}  # fmt: skip


def assert_shown(cloud: Cloud, row: dict[str, Any]) -> None:
    there = shown(cloud)
    assert {path: jmespath.search(path, there) for path in row["shows"]} == row["shows"]


def rows(kind: str) -> list[Any]:
    return [pytest.param(row, id=row["attribute"]) for row in MATRIX["rows"] if kind in row]


@pytest.mark.parametrize("row", rows("shows"))
def test_a_change_is_what_its_plan_says_and_then_there_is_none(cloud: Cloud, row: dict[str, Any]) -> None:
    before, after = both_ends(row)
    laid(cloud, before)
    plan = run(cloud, MODULE, after, check=True)
    if "calls" in row:
        planned = [(call["operation"], call["change"]) for call in plan["calls"]]
        assert planned == [(operation, change) for operation, _, change in row["calls"]]
        for call, (operation, decisive, _) in zip(plan["calls"], row["calls"], strict=True):
            given = {name: call["params"].get(name) for name in decisive}
            assert fits(decisive, given), f"{operation}: {call['params']}"
    at = len(cloud.journal())
    run(cloud, MODULE, after)
    assert unmatched(plan["calls"], cloud.writes(at)) == ([], [])
    assert_shown(cloud, row)
    at = len(cloud.journal())
    assert not run(cloud, MODULE, after)["changed"]
    assert not cloud.writes(at)


@pytest.mark.parametrize("row", rows("refused"))
def test_what_cannot_change_is_refused_with_its_reason(cloud: Cloud, row: dict[str, Any]) -> None:
    before, after = both_ends(row)
    laid(cloud, before)
    refused_in_both_modes(cloud, MODULE, after, row["refused"])


@pytest.mark.parametrize(("row", "after_effect"), in_turn(rows("shows")))
def test_a_change_that_died_at_any_call_is_taken_up(cloud: Cloud, row: dict[str, Any], after_effect: bool) -> None:
    before, after = both_ends(row)
    taken_up(cloud, MODULE, after, after_effect, lambda: laid(cloud, before), lambda: assert_shown(cloud, row))
