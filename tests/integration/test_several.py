# SPDX-License-Identifier: Apache-2.0
"""Several streams and several caches in one environment: one plan of all of them, each on its own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support.environments import conducted, one_plan, settled
from tests.support.platform import SMALL, ours

pytestmark = pytest.mark.inside
ARCHIVE = {"consumers": ["archive"]}
STREAMS: dict[str, Any] = {
    **SMALL, "kinesis_retention_hours": 48, "kinesis_enforce_consumer_deletion": True,
    "kinesis_streams": {"telemetry": {"stream_mode": "ON_DEMAND", **ARCHIVE}, "alerts": {"shard_count": 2, **ARCHIVE}},
}  # fmt: skip
# What needs no network is laid without one.
ALONE: dict[str, Any] = {"roles": ("kinesis", "state_bucket")}
BOTH = {**STREAMS, "redis_caches": {"sessions": {"num_node_groups": 2}, "readings": {"engine": "valkey"}}}


def streams(cloud: Cloud) -> dict[str, Any]:
    kinesis = cloud.client("kinesis")
    names = kinesis.list_streams()["StreamNames"]
    return {name: kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"] for name in names}


def caches(cloud: Cloud) -> dict[str, Any]:
    groups = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    return {group["ReplicationGroupId"]: group for group in groups}


def touched(plan: dict[str, Any]) -> list[str]:
    """The components that have calls."""
    return [key for key, part in plan["components"].items() if part["calls"]]


def test_several_are_laid_by_one_plan_each_by_its_own_choices(cloud: Cloud) -> None:
    plan = one_plan(cloud, BOTH)
    assert {key for key in plan["components"] if "." in key} == {
        "kinesis.telemetry", "kinesis.alerts", "redis.sessions", "redis.readings"}  # fmt: skip
    found = streams(cloud)
    assert {name: each["StreamModeDetails"]["StreamMode"] for name, each in found.items()} == {
        "sensors-test-alerts": "PROVISIONED", "sensors-test-telemetry": "ON_DEMAND"}  # fmt: skip
    assert found["sensors-test-alerts"]["OpenShardCount"] == 2
    assert {each["RetentionPeriodHours"] for each in found.values()} == {48}
    assert {each["ConsumerCount"] for each in found.values()} == {1}
    groups = caches(cloud)
    assert {name: (group["Engine"], len(group["NodeGroups"])) for name, group in groups.items()} == {
        "sensors-test-sessions": ("redis", 2), "sensors-test-readings": ("valkey", 1)}  # fmt: skip
    outputs = conducted(cloud, BOTH, verb="outputs")["outputs"]
    assert outputs["kinesis_streams"]["alerts"]["arn"] == found["sensors-test-alerts"]["StreamARN"]
    assert outputs["redis_caches"]["readings"]["name"] == "sensors-test-readings"
    assert plan["costs"]["components"]["kinesis.alerts"]["increase"] > 0
    conducted(cloud, BOTH, verb="destroy")
    assert ours(cloud) == {}


def test_a_change_a_drift_and_a_removal_of_one_leave_the_others_alone(cloud: Cloud) -> None:
    one_plan(cloud, STREAMS, **ALONE)
    more = {**STREAMS["kinesis_streams"], "alerts": {"shard_count": 4, **ARCHIVE}}
    assert touched(one_plan(cloud, {**STREAMS, "kinesis_streams": more}, **ALONE)) == ["kinesis.alerts"]
    cloud.client("kinesis").decrease_stream_retention_period(StreamName="sensors-test-telemetry",
                                                             RetentionPeriodHours=24)  # fmt: skip
    drift = conducted(cloud, {**STREAMS, "kinesis_streams": more}, verb="drift", **ALONE)["drift"]
    assert [(each["component"], each["attribute"]) for each in drift["differences"]] == [
        ("kinesis.telemetry", "retention_hours")
    ]
    assert touched(one_plan(cloud, {**STREAMS, "kinesis_streams": more}, **ALONE)) == ["kinesis.telemetry"]
    gone = {**more, "alerts": {"state": "absent"}}
    assert touched(one_plan(cloud, {**STREAMS, "kinesis_streams": gone}, **ALONE)) == ["kinesis.alerts"]
    assert list(streams(cloud)) == ["sensors-test-telemetry"]


def test_one_that_is_not_declared_any_more_is_told_and_goes_when_orphans_do(cloud: Cloud) -> None:
    one_plan(cloud, STREAMS, **ALONE)
    left = {**STREAMS, "kinesis_streams": {"telemetry": STREAMS["kinesis_streams"]["telemetry"]}}
    plan = conducted(cloud, left, check=True, **ALONE)["plan"]
    assert plan["calls"] == 0
    assert plan["orphans"] == [{"what": "Kinesis data stream", "id": "sensors-test-alerts"}]
    conducted(cloud, left, purge_orphans=True, **ALONE)
    assert list(streams(cloud)) == ["sensors-test-telemetry"]
    settled(cloud, left, **ALONE)


def test_the_one_stream_becomes_one_of_several_by_its_name(cloud: Cloud) -> None:
    one_plan(cloud, SMALL, **ALONE)
    plan = one_plan(
        cloud, {**SMALL, "kinesis_streams": {"telemetry": {"name": "sensors-test"}, "alerts": None}}, **ALONE
    )
    assert touched(plan) == ["kinesis.alerts"]
    assert set(streams(cloud)) == {"sensors-test", "sensors-test-alerts"}


def test_each_is_tried_out(cloud: Cloud) -> None:
    conducted(cloud, STREAMS, roles=("kinesis",), whole=False)
    said = conducted(cloud, STREAMS, roles=("kinesis",), whole=False, verb="verify")
    lines = {each["what"]: each["verdict"] for each in said["checks"]}
    assert lines["stream sensors-test-telemetry"] == lines["stream sensors-test-alerts"] == "ok"


def test_two_declarations_of_one_object_are_refused(cloud: Cloud) -> None:
    shared = {**SMALL, "redis_cache_subnet_group_name": "shared", "redis_caches": {"a": {}, "b": {}}}
    with pytest.raises(Refused, match="sensors-test-b: cache subnet group shared: found declared by redis.a too"):
        conducted(cloud, shared)
    assert not cloud.writes()
