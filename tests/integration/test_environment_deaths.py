# SPDX-License-Identifier: Apache-2.0
"""Runs of a whole environment that die before or after a call: the next run converges by itself, exactly one of each.

``STREAMBED_KILLS=all`` dies at every call; otherwise in the midst of the walk and at its end.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.environment import lease
from ansible.module_utils.environment.lock import Place
from ansible.module_utils.reconcile.errors import Failure

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.deaths import EVERY, Killed, dying
from tests.support.environments import conducted, settled
from tests.support.platform import GROUPS, LEASE_SECONDS, SMALL, later, ours
from tests.support.runs import aws_of

pytestmark = pytest.mark.inside
PLACE = Place(f"sensors-test-state-{ACCOUNT}", "test/sensors.tfstate")
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "laid": ({}, SMALL),
    "another zone": (SMALL, {**SMALL, "vpc_zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}),
    "another group and more of everything": (
        {**SMALL, "vpc_security_groups": GROUPS},
        {**SMALL, "vpc_security_groups": {"app": GROUPS["app"], "redis": GROUPS["cache"]},
         "redis_security_group_names": ["redis"], "redis_num_node_groups": 2, "kinesis_shard_count": 2},
    ),
}  # fmt: skip


def places(calls: int) -> list[int]:
    """The calls to die at."""
    if EVERY:
        return list(range(1, calls + 1))
    return sorted({max(1, calls // 3), calls})


def die(cloud: Cloud, variables: dict[str, Any], at: int, after: bool, **options: Any) -> None:
    with pytest.raises((Killed, Failure)):
        conducted(cloud, variables, aws=dying(cloud, at, after), **options)
    # The dead run's lease ends before the next one comes.
    later(cloud, LEASE_SECONDS)


def calls_of(cloud: Cloud, variables: dict[str, Any], **options: Any) -> int:
    """How many calls the change makes."""
    found: int = conducted(cloud, variables, check=True, **options)["plan"]["calls"]
    return found


def one_of_each(cloud: Cloud) -> None:
    """Fails when something of ours is there twice."""
    found = ours(cloud)
    assert {kind: len(found[kind]) for kind in ("vpcs", "replication groups", "streams", "buckets")} == {
        "vpcs": 1, "replication groups": 1, "streams": 1, "buckets": 1}  # fmt: skip
    parts = Counter(next((tag["Value"] for tag in each["Tags"] if tag["Key"] == "streambed:part"), each["SubnetId"])
                    for each in found["subnets"])  # fmt: skip
    assert set(parts.values()) == {1}, parts


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("change", list(CHANGES))
def test_a_change_that_died_is_taken_up(cloud: Cloud, tmp_path: Path, change: str, after: bool) -> None:
    first, second = CHANGES[change]
    begun = tmp_path / "begun"
    if first:
        conducted(cloud, first)
    cloud.save(begun)
    for at in places(calls_of(cloud, second)):
        cloud.load(begun)
        die(cloud, second, at, after)
        conducted(cloud, second)
        one_of_each(cloud)
        settled(cloud, second)
        assert lease.look(aws_of(cloud), PLACE) is None, "a lock was left"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_destroy_that_died_is_taken_up(cloud: Cloud, tmp_path: Path, after: bool) -> None:
    conducted(cloud, SMALL)
    begun = tmp_path / "begun"
    cloud.save(begun)
    calls = calls_of(cloud, SMALL, verb="destroy")
    for at in places(calls):
        cloud.load(begun)
        die(cloud, SMALL, at, after, verb="destroy")
        conducted(cloud, SMALL, verb="destroy")
        assert ours(cloud) == {}, f"destroy died at call {at} of {calls}"


def test_the_lock_of_a_run_that_died_after_its_last_write_is_freed(cloud: Cloud) -> None:
    conducted(cloud, SMALL)
    lease.take(aws_of(cloud), PLACE, "change", "", 120)
    later(cloud, LEASE_SECONDS)
    said: list[str] = []
    conducted(cloud, SMALL, check=True, verb="drift", say=said.append)
    assert any("is left of a run that died" in line for line in said)
    assert not conducted(cloud, SMALL)["changed"]
    assert lease.look(aws_of(cloud), PLACE) is None
