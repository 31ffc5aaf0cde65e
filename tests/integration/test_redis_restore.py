# SPDX-License-Identifier: Apache-2.0
"""A new group that begins with a snapshot, or with files in S3; neither says anything of a group that is there."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.integration.test_redis_secret import NETWORK
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "elasticache_replication_group"
PLAIN = {"cache_node_type": "cache.t4g.small", "num_cache_clusters": 1}


@pytest.fixture(autouse=True)
def network(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)


def created(cloud: Cloud, since: int) -> dict[str, Any]:
    """The parameters with which the group was created."""
    [entry] = [entry for entry in cloud.writes(since) if entry["operation"] == "CreateReplicationGroup"]
    return entry["params"]


def test_a_group_comes_back_from_its_last_snapshot(cloud: Cloud) -> None:
    four_steps(cloud, MODULE, PLAIN)
    four_steps(cloud, MODULE, {"state": "absent", "final_snapshot_name": "last"})
    before = len(cloud.journal())
    four_steps(cloud, MODULE, {**PLAIN, "snapshot_name": "last"})
    assert created(cloud, before)["SnapshotName"] == "last"
    assert not run(cloud, MODULE, {**PLAIN, "snapshot_name": "another"})["changed"]
    assert not run(cloud, MODULE, PLAIN)["changed"]


def test_a_group_begins_with_files_in_s3(cloud: Cloud) -> None:
    files = ["arn:aws:s3:::backups/readings.rdb"]
    before = len(cloud.journal())
    four_steps(cloud, MODULE, {**PLAIN, "snapshot_arns": files})
    assert created(cloud, before)["SnapshotArns"] == files


@pytest.mark.parametrize(
    ("change", "words"),
    [({"snapshot_name": "none"}, r"snapshot_name: found none \(absent\), wanted a snapshot that is available"),
     ({"snapshot_arns": ["arn:aws:s3:::backups/a,b"]}, "wanted the ARN of an object in S3, without commas"),
     ({"snapshot_arns": ["arn:aws:s3:::a/b"], "snapshot_name": "last"}, "wanted nothing with snapshot_name"),
     ({"snapshot_arns": ["arn:aws:s3:::a/b"], "num_cache_clusters": None, "num_node_groups": 2},
      "cluster_mode disabled"),
     ({"network_type": "ipv6", "ip_discovery": "ipv4"}, "wanted network_type ipv4 or dual_stack"),
     ({"network_type": "dual_stack", "engine_version": "6.0"}, "wanted ipv4 below version 6.2")],
)  # fmt: skip
def test_what_a_group_cannot_begin_with_is_refused(cloud: Cloud, change: dict[str, Any], words: str) -> None:
    before = len(cloud.journal())
    with pytest.raises(Refused, match=words):
        run(cloud, MODULE, {name: value for name, value in {**PLAIN, **change}.items() if value is not None})
    assert not cloud.writes(before)
