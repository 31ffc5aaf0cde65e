# SPDX-License-Identifier: Apache-2.0
"""Rates as AWS documents them, by a clock of the test's own and on a running cloud."""

from __future__ import annotations

import pytest

from localcloud.calls import Call
from localcloud.process import Cloud
from localcloud.rates import Rate, Rates, rate_of
from localcloud.settings import settings
from tests.localcloud.network import refused


@pytest.mark.parametrize(
    ("service", "operation", "params", "rate"),
    [
        ("ec2", "DescribeVpcs", {}, Rate(50, 10)),
        ("ec2", "DescribeVpcs", {"VpcIds": ["vpc-1"]}, Rate(100, 20)),
        ("ec2", "CreateVpc", {}, Rate(50, 5)),
        ("kinesis", "DescribeLimits", {}, Rate(1, 1)),
        ("kinesis", "CreateStream", {}, Rate(5, 5)),
        ("elasticache", "DescribeReplicationGroups", {}, None),
    ],
)
def test_each_operation_has_its_rate(service: str, operation: str, params: dict[str, object], rate: Rate) -> None:
    assert rate_of(Call(service, operation, params=params)) == rate


def test_a_bucket_fills_again_and_is_one_operations_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.values, "rates", True)
    now = [0.0]
    rates = Rates(lambda: now[0])
    limits, create = Call("kinesis", "DescribeLimits"), Call("kinesis", "CreateStream")
    assert [rates.takes(limits) for _ in range(3)] == [True, False, False]
    assert [rates.takes(create) for _ in range(6)] == [True] * 5 + [False]
    now[0] = 1.0
    assert [rates.takes(limits) for _ in range(2)] == [True, False]
    rates.reset()
    assert rates.takes(limits)


def test_a_cloud_with_rates_refuses_what_comes_too_fast(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    for _ in range(3):
        kinesis.describe_limits()
    cloud.configure(rates=True)
    with refused("LimitExceededException"):
        for _ in range(20):
            kinesis.describe_limits()
    assert cloud.journal()[-1]["fault"] == {"kind": "rate"}
