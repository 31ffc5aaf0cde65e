# SPDX-License-Identifier: Apache-2.0
"""The parameter group that a replication group has to itself: through faults, windows, and beside other people's."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import AwsFailure, LostAnswer, Refused

from localcloud.process import Cloud
from tests.integration.test_faults import Killed, faulty
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "elasticache_replication_group"
NETWORK = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"cache": {"internet": "none"}},
    "security_groups": {"cache": {"description": "cache"}},
}
REDIS: dict[str, Any] = {
    "engine": "redis",
    "engine_version": "7.1",
    "cache_node_type": "cache.t4g.small",
    "num_cache_clusters": 1,
    "parameters": {"timeout": 60, "activedefrag": True},
    "apply_immediately": True,
}
VALKEY = {**REDIS, "engine": "valkey", "engine_version": "8.0", "parameters": {"timeout": 30}}
WRITES_OF_THE_MOVE = 4


def own(cloud: Cloud) -> set[str]:
    """The parameter groups that AWS did not bring along."""
    found = cloud.client("elasticache").describe_cache_parameter_groups()["CacheParameterGroups"]
    return {name for each in found if not (name := each["CacheParameterGroupName"]).startswith("default.")}


def in_use(cloud: Cloud) -> set[str]:
    members = cloud.client("elasticache").describe_cache_clusters()["CacheClusters"]
    return {member["CacheParameterGroup"]["CacheParameterGroupName"] for member in members}


@pytest.mark.parametrize("after", [True, False], ids=["after it took effect", "before it took effect"])
@pytest.mark.parametrize("error", [LostAnswer("the connection broke"), Killed()], ids=["lost answer", "died"])
def test_a_disturbed_move_ends_in_one_parameter_group(cloud: Cloud, error: BaseException, after: bool) -> None:
    for fail_at in range(1, WRITES_OF_THE_MOVE + 1):
        cloud.reset()
        run(cloud, "ec2_vpc_network", NETWORK)
        run(cloud, MODULE, REDIS)
        aws = faulty(cloud, fail_at, after, error)
        if isinstance(error, Killed):
            with pytest.raises(AwsFailure, match="Made before"):
                run(cloud, MODULE, VALKEY, aws=aws)
        else:
            run(cloud, MODULE, VALKEY, aws=aws)
        run(cloud, MODULE, VALKEY)
        assert own(cloud) == in_use(cloud) == {"sensors-test-valkey8"}, f"write {fail_at}"
        assert not run(cloud, MODULE, VALKEY)["changed"], f"write {fail_at}"


def test_the_former_parameter_group_stays_until_the_window_has_passed(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    run(cloud, MODULE, REDIS)
    later = {**VALKEY, "apply_immediately": False}
    assert run(cloud, MODULE, REDIS)["aws_calls"] == {"reads": 11, "writes": 0}
    four_steps(cloud, MODULE, later)
    assert own(cloud) == {"sensors-test", "sensors-test-valkey8"}
    cloud.pass_maintenance_window()
    while cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]["Status"] != "available":
        pass
    calls = four_steps(cloud, MODULE, later)["calls"]
    assert [call["operation"] for call in calls] == ["delete_cache_parameter_group"]
    assert own(cloud) == in_use(cloud) == {"sensors-test-valkey8"}


def test_more_parameters_than_one_call_takes(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    known = cloud.client("elasticache").describe_engine_default_parameters(CacheParameterGroupFamily="redis7")
    numbers = [each["ParameterName"] for each in known["EngineDefaults"]["Parameters"]
               if each["IsModifiable"] and each.get("AllowedValues") == "0-"]  # fmt: skip
    flags = [each["ParameterName"] for each in known["EngineDefaults"]["Parameters"]
             if each["IsModifiable"] and each.get("AllowedValues") == "yes,no"
             and each["ParameterName"] != "cluster-enabled"]  # fmt: skip
    many = {**{name: 100 for name in numbers}, **{name: True for name in flags}}
    assert len(many) > 20
    calls = four_steps(cloud, MODULE, {**REDIS, "parameters": many})["calls"]
    assert [call["operation"] for call in calls].count("modify_cache_parameter_group") == 2
    four_steps(cloud, MODULE, {**REDIS, "parameters": {}})


def test_a_parameter_group_of_somebody_else_is_neither_taken_nor_removed(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    cloud.client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName="sensors-test", CacheParameterGroupFamily="redis7", Description="theirs"
    )
    before = len(cloud.journal())
    with pytest.raises(Refused, match="cache parameter group sensors-test: ownership tags"):
        run(cloud, MODULE, REDIS)
    with pytest.raises(Refused, match="found time-out, wanted a parameter of family redis7"):
        run(cloud, MODULE, {**REDIS, "name": "other", "parameters": {"time-out": 60}})
    assert not cloud.writes(before)
    four_steps(cloud, MODULE, {**REDIS, "parameters": None, "cache_parameter_group_name": "sensors-test"})
    four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False})
    assert own(cloud) == {"sensors-test"}
