# SPDX-License-Identifier: Apache-2.0
"""An environment whose removal dies at any call goes in the next run, also when the bucket of its lock went first."""

from __future__ import annotations

import itertools

import pytest

from localcloud.process import Cloud
from tests.proof import world
from tests.support.deaths import Killed, dying
from tests.support.platform import DAY_SECONDS, LEASE_SECONDS, later

pytestmark = pytest.mark.inside
DECLARED = {**world.BASE, "state_bucket_lock_table": True, "kinesis_consumers": ["app"]}


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it took effect"])
def test_a_removal_that_died_is_finished_by_the_next_run(cloud: Cloud, after: bool) -> None:
    for at in itertools.count(1):
        cloud.reset()
        world.run(cloud, DECLARED)
        later(cloud, DAY_SECONDS)
        try:
            world.run(cloud, DECLARED, aws=dying(cloud, at, after), verb="destroy")
            break  # it had fewer calls than that
        except Killed:
            later(cloud, LEASE_SECONDS)
        world.run(cloud, DECLARED, verb="destroy")
        assert world.found(cloud) == world.wanted({}), f"died at call {at}"
    assert at > 5, "stream, bucket and table take more calls"
