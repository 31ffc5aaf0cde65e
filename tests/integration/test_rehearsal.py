# SPDX-License-Identifier: Apache-2.0
"""What an account would say to a plan: every call that EC2 would refuse is named, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.environments import conducted
from tests.support.platform import SMALL, make_key

KEY = "alias/streambed"


def rehearsed(cloud: Cloud, **more: Any) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The result and its checks by what they are about.  Fails when anything took effect."""
    before = len(cloud.journal())
    result = conducted(cloud, {**SMALL, **more}, verb="rehearse", check=True)
    assert [entry["operation"] for entry in cloud.writes(before) if not entry["error"]] == []
    return result, {check["what"]: check for check in result["checks"]}


def test_an_account_that_lets_us_is_told_so(cloud: Cloud) -> None:
    result, checks = rehearsed(cloud, redis_cache_node_type="cache.t4g.small")
    assert not result.get("failed")
    assert (checks["account"]["verdict"], checks["reads"]["verdict"], checks["DryRun"]["verdict"]) == ("ok", "ok", "ok")
    # What the embedded cloud does not answer is what an account does not let us ask.
    assert (checks["permissions"]["verdict"], checks["node type"]["verdict"]) == ("warning", "ok")


def test_a_call_that_the_account_would_refuse_is_named(cloud: Cloud) -> None:
    cloud.fault("denied", service="ec2", operation="CreateVpc")
    result, checks = rehearsed(cloud)
    assert result["failed"]
    assert "DryRun create_vpc" in result["msg"]
    assert "UnauthorizedOperation" in checks["DryRun create_vpc"]["found"]


def test_calls_on_what_is_there_are_tried_as_they_would_be_made(cloud: Cloud) -> None:
    conducted(cloud, SMALL, roles=("vpc",))
    _, checks = rehearsed(cloud, vpc_zones=["eu-west-1a", "eu-west-1b", "eu-west-1c"])
    assert checks["DryRun"]["found"] >= "2 of 2 calls taken"


def test_a_read_that_is_denied_and_a_refusal_are_lines_of_the_table(cloud: Cloud) -> None:
    cloud.fault("denied", service="elasticache", operation="DescribeReplicationGroups")
    result, checks = rehearsed(cloud, kinesis_shard_count=0)
    assert result["failed"]
    assert "elasticache:DescribeReplicationGroups" in checks["reads"]["found"]
    assert checks["Kinesis data stream kinesis_shard_count"]["verdict"] == "stop"


@pytest.mark.parametrize(("enabled", "verdict"), [(True, "ok"), (False, "stop")])
def test_a_key_has_to_be_usable(cloud: Cloud, enabled: bool, verdict: str) -> None:
    key = make_key(cloud, KEY)
    if not enabled:
        cloud.client("kms").disable_key(KeyId=key)
    _, checks = rehearsed(cloud, state_bucket_kms_key_id=KEY, state_bucket_sse_algorithm="aws:kms")
    assert checks[f"KMS key {KEY}"]["verdict"] == verdict
