# SPDX-License-Identifier: Apache-2.0
"""A stream from 2 to 16 shards and back, and between its modes, killed after each step and taken up again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.support.deaths import Killed, faulty
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "kinesis_data_stream"


def stream(cloud: Cloud) -> dict[str, Any]:
    """The stream as plain boto3 sees it."""
    return cloud.client("kinesis").describe_stream_summary(StreamName="sensors-test")["StreamDescriptionSummary"]


def killed_at_each_call(cloud: Cloud, before: dict[str, Any], after: dict[str, Any], after_effect: bool) -> int:
    """How many calls the change takes; at each a run dies, and the next one arrives."""
    cloud.reset()
    run(cloud, MODULE, before)
    calls = len(run(cloud, MODULE, after, check=True)["calls"])
    for died_at in range(1, calls + 1):
        cloud.reset()
        run(cloud, MODULE, before)
        with pytest.raises(AwsFailure, match="Made before"):
            run(cloud, MODULE, after, aws=faulty(cloud, died_at, after_effect, Killed()))
        assert len(run(cloud, MODULE, after)["calls"]) == calls - died_at + (not after_effect)
        at = len(cloud.journal())
        assert not run(cloud, MODULE, after)["changed"]
        assert not cloud.writes(at)
    return calls


@pytest.mark.parametrize("after_effect", [True, False], ids=["after it took effect", "before it took effect"])
@pytest.mark.parametrize(("count", "target", "calls"), [(2, 16, 3), (16, 2, 3), (2, 13, 3), (3, 7, 2)])
def test_shards_go_there_step_by_step(cloud: Cloud, count: int, target: int, calls: int, after_effect: bool) -> None:
    made = killed_at_each_call(cloud, {"shard_count": count}, {"shard_count": target}, after_effect)
    assert (made, stream(cloud)["OpenShardCount"]) == (calls, target)


@pytest.mark.parametrize("after_effect", [True, False], ids=["after it took effect", "before it took effect"])
def test_modes_change_before_the_shards(cloud: Cloud, after_effect: bool) -> None:
    on_demand = {"stream_mode": "ON_DEMAND"}
    provisioned = {"stream_mode": "PROVISIONED", "shard_count": 8}
    assert killed_at_each_call(cloud, provisioned, on_demand, after_effect) == 1
    assert stream(cloud)["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    killed_at_each_call(cloud, on_demand, provisioned, after_effect)
    assert (stream(cloud)["StreamModeDetails"]["StreamMode"], stream(cloud)["OpenShardCount"]) == ("PROVISIONED", 8)


def test_more_steps_than_a_day_has_are_refused_before_the_first(cloud: Cloud) -> None:
    run(cloud, MODULE, {"shard_count": 1})
    at = len(cloud.journal())
    with pytest.raises(Refused, match="2000, which takes 11 steps, wanted 1 to 1024: AWS changes .* 10 times in 24"):
        run(cloud, MODULE, {"shard_count": 2000})
    assert not cloud.writes(at)


def test_a_day_without_steps_left_is_said_in_aws_own_words(cloud: Cloud) -> None:
    for count in (1, 2) * 5:
        run(cloud, MODULE, {"shard_count": count})
    run(cloud, MODULE, {"shard_count": 4})
    with pytest.raises(AwsFailure, match="The limit of 10 changes per 24 hours for this stream is reached"):
        run(cloud, MODULE, {"shard_count": 2})


def test_consumers_of_others_stay_and_keep_the_stream(cloud: Cloud) -> None:
    run(cloud, MODULE, {"shard_count": 1, "consumers": ["archive"]})
    kinesis, arn = cloud.client("kinesis"), stream(cloud)["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="theirs")
    assert not run(cloud, MODULE, {"shard_count": 1, "consumers": ["archive"]})["changed"]
    assert [call["operation"] for call in run(cloud, MODULE, {"shard_count": 1, "consumers": []})["calls"]] == [
        "deregister_stream_consumer"
    ]
    assert [each["ConsumerName"] for each in kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]] == ["theirs"]
    with pytest.raises(Refused, match="consumers: found theirs, wanted no consumer that somebody else registered"):
        run(cloud, MODULE, {"state": "absent"})
    run(cloud, MODULE, {"state": "absent", "enforce_consumer_deletion": True})
    assert kinesis.list_streams()["StreamNames"] == []


def test_alarms_of_others_are_refused_and_ours_go_with_the_stream(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    run(cloud, MODULE, {"shard_count": 1, "alarms": {"iterator_age_ms": 60000.0}})
    [alarm] = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["Dimensions"]) == (
        "GetRecords.IteratorAgeMilliseconds", 60000.0, [{"Name": "StreamName", "Value": "sensors-test"}],
    )  # fmt: skip
    run(cloud, MODULE, {"state": "absent"})
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    params = {"Namespace": "X", "MetricName": "Y", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
              "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}  # fmt: skip
    cloudwatch.put_metric_alarm(AlarmName="sensors-test-iterator-age", **params)
    with pytest.raises(Refused, match="CloudWatch alarm sensors-test-iterator-age: ownership tags"):
        run(cloud, MODULE, {"shard_count": 1, "alarms": {"iterator_age_ms": 60000.0}})


def test_what_is_kept_warm_is_asked_for_at_birth_with_the_mode_and_later(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    warm = {"stream_mode": "ON_DEMAND", "warm_throughput_mibps": 64}
    with pytest.raises(Refused, match="found 64 in an account without it"):
        run(cloud, MODULE, warm)
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    assert [call["operation"] for call in four_steps(cloud, MODULE, warm)["calls"]] == ["create_stream"]
    assert stream(cloud)["WarmThroughput"]["TargetMiBps"] == 64
    for target in (0, 128):
        [call] = four_steps(cloud, MODULE, {**warm, "warm_throughput_mibps": target})["calls"]
        assert (call["operation"], call["change"]) == ("update_stream_warm_throughput", "in place")
        assert stream(cloud)["WarmThroughput"]["TargetMiBps"] == target
    kinesis.update_stream_warm_throughput(StreamName="sensors-test", WarmThroughputMiBps=8)
    [call] = four_steps(cloud, MODULE, warm)["calls"]
    assert call["params"]["WarmThroughputMiBps"] == 64
    assert not run(cloud, MODULE, {"stream_mode": "ON_DEMAND"})["changed"]
    four_steps(cloud, MODULE, {"stream_mode": "PROVISIONED"})
    [call] = four_steps(cloud, MODULE, warm)["calls"]
    assert (call["operation"], call["params"]["WarmThroughputMiBps"]) == ("update_stream_mode", 64)
    run(cloud, MODULE, {"state": "absent"})


@pytest.mark.parametrize("after_effect", [True, False], ids=["after it took effect", "before it took effect"])
def test_what_is_kept_warm_survives_a_death(cloud: Cloud, after_effect: bool) -> None:
    cloud.client("kinesis").update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    warm = {"stream_mode": "ON_DEMAND", "warm_throughput_mibps": 64}
    for given in (warm, {**warm, "warm_throughput_mibps": 8}):
        with pytest.raises(AwsFailure, match="Made before"):
            run(cloud, MODULE, given, aws=faulty(cloud, 1, after_effect, Killed()))
        run(cloud, MODULE, given)
        assert stream(cloud)["WarmThroughput"]["TargetMiBps"] == given["warm_throughput_mibps"]
        assert not run(cloud, MODULE, given)["changed"]
