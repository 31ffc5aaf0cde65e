# SPDX-License-Identifier: Apache-2.0
"""A group that leaves behind a last snapshot looks like one that is busy; a second run waits for the right thing."""

from __future__ import annotations

import pytest

from localcloud.process import Cloud
from tests.integration.test_faults import DECLARATIONS, prepared
from tests.support.runs import run

pytestmark = pytest.mark.inside

MODULE = "elasticache_replication_group"


@pytest.mark.parametrize("state", ["absent", "present"])
def test_a_run_goes_on_behind_the_last_snapshot(cloud: Cloud, state: str) -> None:
    prepared(cloud, MODULE)
    run(cloud, MODULE, DECLARATIONS[MODULE])
    cloud.configure(settle_polls=3)
    run(cloud, MODULE, {"state": "absent", "wait": False})
    status = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]["Status"]
    assert status == "deleting"
    result = run(cloud, MODULE, {**DECLARATIONS[MODULE], "state": state})
    groups = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    assert len(groups) == (state == "present")
    assert bool(result["resource"]) == (state == "present")
