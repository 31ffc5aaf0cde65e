# SPDX-License-Identifier: Apache-2.0
"""Runs of a whole environment that die before or after a call: the next run converges by itself, exactly one of each.

``STREAMBED_KILLS=all`` dies at every call; otherwise in the midst of the walk and at its end.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.environment import lease

from localcloud.process import Cloud
from tests.support.changes import CHANGES, PLACE, calls_of, complete, die
from tests.support.deaths import EVERY
from tests.support.environments import conducted
from tests.support.platform import LEASE_SECONDS, SMALL, later, ours
from tests.support.runs import aws_of

pytestmark = pytest.mark.inside


def places(calls: int) -> list[int]:
    """The calls to die at."""
    if EVERY:
        return list(range(1, calls + 1))
    return sorted({max(1, calls // 3), calls})


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
        complete(cloud, second)


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
