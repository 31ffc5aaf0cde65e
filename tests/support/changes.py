# SPDX-License-Identifier: Apache-2.0
"""Changes of a whole environment, runs of them that die, and what must hold once a run has gone through."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ansible.module_utils.environment import lease
from ansible.module_utils.environment.lock import Place
from ansible.module_utils.reconcile.errors import Failure

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.deaths import Killed, dying
from tests.support.environments import conducted, settled
from tests.support.platform import GROUPS, LEASE_SECONDS, SMALL, later, ours
from tests.support.runs import aws_of

PLACE = Place(f"sensors-test-state-{ACCOUNT}", "test/sensors.tfstate")
# Where each begins, nothing being an empty account, and where it leads.
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "laid": ({}, SMALL),
    "another zone": (SMALL, {**SMALL, "vpc_zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}),
    "another group and more of everything": (
        {**SMALL, "vpc_security_groups": GROUPS},
        {**SMALL, "vpc_security_groups": {"app": GROUPS["app"], "redis": GROUPS["cache"]},
         "redis_security_group_names": ["redis"], "redis_num_node_groups": 2, "kinesis_shard_count": 2},
    ),
}  # fmt: skip


def calls_of(cloud: Cloud, variables: dict[str, Any], **options: Any) -> int:
    """How many calls the change makes."""
    found: int = conducted(cloud, variables, check=True, **options)["plan"]["calls"]
    return found


def die(cloud: Cloud, variables: dict[str, Any], at: int, after: bool, **options: Any) -> None:
    """A run that dies at a call, before or after it took effect; the lease that it held has ended then."""
    with pytest.raises((Killed, Failure)):
        conducted(cloud, variables, aws=dying(cloud, at, after), **options)
    later(cloud, LEASE_SECONDS)


def complete(cloud: Cloud, variables: dict[str, Any]) -> None:
    """Fails unless one of each is there, all as declared, nothing left to write, and no lock."""
    one_of_each(cloud)
    settled(cloud, variables)
    assert lease.look(aws_of(cloud), PLACE) is None, "a lock was left"


def one_of_each(cloud: Cloud) -> None:
    """Fails when something of ours is there twice."""
    found = ours(cloud)
    assert {kind: len(found[kind]) for kind in ("vpcs", "replication groups", "streams", "buckets")} == {
        "vpcs": 1, "replication groups": 1, "streams": 1, "buckets": 1}  # fmt: skip
    parts = Counter(next((tag["Value"] for tag in each["Tags"] if tag["Key"] == "streambed:part"), each["SubnetId"])
                    for each in found["subnets"])  # fmt: skip
    assert set(parts.values()) == {1}, parts
