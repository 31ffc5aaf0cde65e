# SPDX-License-Identifier: Apache-2.0
"""Nodes get out of a zone that is left, in one plan, whoever of them is the primary; or the plan says why not."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.integration.test_cycles import NETWORK
from tests.support.deaths import refused_in_both_modes, taken_up
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "elasticache_replication_group"
LETTERS = "abc"
NODES: dict[str, Any] = {
    "cache_node_type": "cache.m6g.large",
    "num_cache_clusters": 3,
    "automatic_failover_enabled": True,
    "multi_az_enabled": True,
}
SHARDS: dict[str, Any] = {
    "cache_node_type": "cache.m6g.large",
    "cluster_mode": "enabled",
    "num_node_groups": 2,
    "replicas_per_node_group": 2,
    "automatic_failover_enabled": True,
    "multi_az_enabled": True,
}


@pytest.fixture
def subnets(cloud: Cloud) -> dict[str, str]:
    return network(cloud)


def network(cloud: Cloud) -> dict[str, str]:
    """The subnets by the letter of their zone."""
    zones = [f"eu-west-1{letter}" for letter in LETTERS]
    made = run(cloud, "ec2_vpc_network", {**NETWORK, "zones": zones})["resource"]["subnets"]
    return {letter: made[f"cache/eu-west-1{letter}"]["id"] for letter in LETTERS}


def inside(subnets: dict[str, str], letters: str) -> dict[str, Any]:
    return {"subnet_ids": [subnets[letter] for letter in letters]}


def placed(cloud: Cloud) -> list[list[str]]:
    """The zones' letters of the nodes, node group by node group."""
    [group] = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    return [sorted(node["PreferredAvailabilityZone"][-1] for node in shard["NodeGroupMembers"])
            for shard in group["NodeGroups"]]  # fmt: skip


def operations(result: dict[str, Any]) -> list[str]:
    return [call["operation"] for call in result["calls"]]


INCREASE, DECREASE, FAILOVER = "increase_replica_count", "decrease_replica_count", "test_failover"
MODIFY = "modify_cache_subnet_group"


@pytest.mark.parametrize(
    ("before", "after", "more", "calls", "zones"),
    [
        # The primary is in the first zone; who leaves it is failed over.
        ("abc", "ab", {"num_cache_clusters": 2}, [DECREASE, MODIFY], ["ab"]),
        ("abc", "bc", {"num_cache_clusters": 2}, [FAILOVER, DECREASE, MODIFY], ["bc"]),
        ("abc", "ab", {}, [INCREASE, DECREASE, MODIFY], ["aab"]),
        ("abc", "bc", {}, [INCREASE, FAILOVER, DECREASE, MODIFY], ["bbc"]),
        # No zone stays: the new ones come into the subnet group first.
        ("ab", "c", {"multi_az_enabled": False}, [MODIFY, INCREASE, DECREASE, FAILOVER, DECREASE, MODIFY], ["cc"]),
        # One stays, and Multi-AZ needs two.
        ("ab", "bc", {"num_cache_clusters": 2}, [MODIFY, INCREASE, FAILOVER, DECREASE, MODIFY], ["bc"]),
        ("ab", "abc", {"num_cache_clusters": 3}, [MODIFY, INCREASE], ["abc"]),
    ],
)  # fmt: skip
def test_nodes_leave_a_zone_and_its_subnet_follows(
    cloud: Cloud, subnets: dict[str, str], before: str, after: str, more: dict[str, Any], calls: list[str],
    zones: list[str],
) -> None:  # fmt: skip
    nodes = {**NODES, "num_cache_clusters": len(before), "apply_immediately": True}
    single = more.get("multi_az_enabled", True)
    run(cloud, MODULE, {**nodes, "multi_az_enabled": single, **inside(subnets, before)})
    done = four_steps(cloud, MODULE, {**nodes, **more, **inside(subnets, after)})
    assert operations(done) == calls
    assert ["".join(each) for each in placed(cloud)] == zones
    assert done["resource"]["subnet_group"]["subnet_ids"] == sorted(subnets[letter] for letter in after)


@pytest.mark.parametrize(("after", "count", "zones"), [("ab", 1, "ab"), ("bc", 1, "bc"), ("bc", 2, "bbc")])
def test_every_node_group_leaves_a_zone_though_its_primary_is_not_shown(
    cloud: Cloud, subnets: dict[str, str], after: str, count: int, zones: str
) -> None:
    run(cloud, MODULE, {**SHARDS, **inside(subnets, "abc")})
    done = four_steps(cloud, MODULE, {**SHARDS, "replicas_per_node_group": count, **inside(subnets, after)})
    assert ["".join(each) for each in placed(cloud)] in ([zones, zones], [zones, "bcc"])
    # The primaries begin in one zone after the other.
    assert operations(done).count(FAILOVER) == 1 if after == "bc" else FAILOVER not in operations(done)


def test_a_way_out_of_a_zone_that_died_at_any_call_is_taken_up(cloud: Cloud) -> None:
    def lay() -> None:
        cloud.reset()
        there = network(cloud)
        run(cloud, MODULE, {**NODES, **inside(there, "abc")})
        stay = inside(there, "bc")["subnet_ids"]
        cloud.client("ec2").create_tags(Resources=stay, Tags=[{"Key": "streambed:tier", "Value": "staying"}])

    def look() -> None:
        assert placed(cloud) == [["b", "b", "c"]]

    taken_up(cloud, MODULE, {**NODES, "subnet_tier": "staying"}, True, lay, look)


@pytest.mark.parametrize(
    ("before", "after", "more", "words"),
    [
        ("abc", "bc", {"automatic_failover_enabled": False, "multi_az_enabled": False}, "wanted automatic failover"),
        ("ab", "bc", {"num_cache_clusters": 6}, "room for 6 nodes in a node group"),
    ],
)
def test_a_zone_that_nodes_cannot_leave_is_refused(
    cloud: Cloud, subnets: dict[str, str], before: str, after: str, more: dict[str, Any], words: str
) -> None:
    run(cloud, MODULE, {**NODES, **more, **inside(subnets, before)})
    refused_in_both_modes(cloud, MODULE, {**NODES, **more, **inside(subnets, after)}, words)


def test_another_subnet_of_the_same_zone_is_no_way_out(cloud: Cloud, subnets: dict[str, str]) -> None:
    run(cloud, MODULE, {**NODES, **inside(subnets, "ab")})
    ec2 = cloud.client("ec2")
    [found] = ec2.describe_subnets(SubnetIds=[subnets["b"]])["Subnets"]
    new = ec2.create_subnet(VpcId=found["VpcId"], CidrBlock="10.20.250.0/24", AvailabilityZone="eu-west-1b")["Subnet"]
    given = {**NODES, "subnet_ids": [subnets["a"], new["SubnetId"]]}
    refused_in_both_modes(cloud, MODULE, given, "wanted subnets in two other zones for Multi-AZ")
