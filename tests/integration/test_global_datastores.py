# SPDX-License-Identifier: Apache-2.0
"""Global datastores of two regions: begun, joined, promoted and left, whatever dies meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.integration.test_redis_secret import NETWORK
from tests.support.deaths import Killed, faulty, refused_in_both_modes
from tests.support.environments import conducted
from tests.support.platform import SMALL
from tests.support.runs import four_steps, run

MODULE = "elasticache_replication_group"
HERE, THERE = "eu-west-1", "us-west-2"
NEAR: dict[str, Any] = {
    "cache_node_type": "cache.r7g.large", "num_cache_clusters": 2, "automatic_failover_enabled": True,
    "global_replication_group_id_suffix": "telemetry", "final_snapshot": False, "transit_encryption_mode": "required",
}  # fmt: skip
ALONE = {**NEAR, "global_replication_group_id_suffix": None, "global_replication_group_id": ""}


@pytest.fixture
def far(cloud: Cloud) -> dict[str, Any]:
    """A group here that began a datastore, and the declaration of one there that is to follow it."""
    zones = {"zones": [f"{THERE}a", f"{THERE}b"]}
    run(cloud, "ec2_vpc_network", NETWORK)
    run(cloud, "ec2_vpc_network", {**NETWORK, **zones}, region=THERE)
    begun = run(cloud, MODULE, NEAR)["resource"]
    return {"num_cache_clusters": 2, "global_replication_group_id": begun["global_replication_group_id"],
            "final_snapshot": False}  # fmt: skip


def roles(cloud: Cloud) -> dict[str, str]:
    """Regions and roles of all members, as plain boto3 sees them from any of their regions."""
    for region in (HERE, THERE):
        cache = cloud.client("elasticache", region_name=region)
        for found in cache.describe_global_replication_groups(ShowMemberInfo=True)["GlobalReplicationGroups"]:
            return {each["ReplicationGroupRegion"]: each["Role"] for each in found["Members"]}
    return {}


def copies(cloud: Cloud) -> list[str]:
    """The parameter groups there that AWS copied."""
    cache = cloud.client("elasticache", region_name=THERE)
    names = [
        each["CacheParameterGroupName"] for each in cache.describe_cache_parameter_groups()["CacheParameterGroups"]
    ]
    return [name for name in names if name.startswith("global-datastore-")]


def calm(cloud: Cloud, region: str) -> None:
    """Until nothing is under way in a region; each look brings it further."""
    cache = cloud.client("elasticache", region_name=region)
    while cache.describe_global_replication_groups()["GlobalReplicationGroups"] and not any(
        each["Status"] in ("available", "primary-only")
        for each in cache.describe_global_replication_groups()["GlobalReplicationGroups"]
    ):
        pass
    while cache.describe_replication_groups()["ReplicationGroups"][0]["Status"] != "available":
        pass


def operations(result: dict[str, Any]) -> list[str]:
    return [call["operation"] for call in result["calls"]]


def test_a_datastore_begins_with_its_group(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    born = four_steps(cloud, MODULE, {**NEAR, "alarms": {"engine_cpu_percent": 90}, "tags": {"team": "telemetry"}})
    assert operations(born)[:3] == [
        "create_cache_subnet_group", "create_replication_group", "create_global_replication_group"]  # fmt: skip
    assert born["resource"]["global_replication_group_id"].endswith("-telemetry")
    assert roles(cloud) == {HERE: "PRIMARY"}


def test_a_group_that_is_there_begins_one_and_ends_it(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    four_steps(cloud, MODULE, ALONE)
    begun = four_steps(cloud, MODULE, {**NEAR, "description": "Latest readings"})
    assert operations(begun) == ["modify_replication_group", "create_global_replication_group"]
    ended = four_steps(cloud, MODULE, {**ALONE, "cache_node_type": "cache.r7g.xlarge", "apply_immediately": True})
    assert operations(ended) == ["delete_global_replication_group", "modify_replication_group"]
    assert roles(cloud) == {}


def test_a_group_joins_is_promoted_and_leaves(cloud: Cloud, far: dict[str, Any]) -> None:
    joined = four_steps(cloud, MODULE, {**far, "cache_node_type": "cache.t4g.small"}, region=THERE)
    assert operations(joined)[-1] == "create_replication_group"
    assert roles(cloud) == {HERE: "PRIMARY", THERE: "SECONDARY"}
    assert joined["resource"]["cache_node_type"] == "cache.r7g.large"
    promoted = {**far, "global_replication_group_role": "primary", "cache_node_type": "cache.r7g.large",
                "automatic_failover_enabled": True}  # fmt: skip
    with_leave = {**promoted, "allow_global_failover": True}
    assert [call["change"] for call in four_steps(cloud, MODULE, with_leave, region=THERE)["calls"]] == ["disruptive"]
    assert roles(cloud) == {HERE: "SECONDARY", THERE: "PRIMARY"}
    assert not run(cloud, MODULE, NEAR)["changed"], "the former primary has nothing to say to that"
    four_steps(cloud, MODULE, ALONE)
    assert roles(cloud) == {THERE: "PRIMARY"}


def test_who_leaves_leaves_nothing_behind(cloud: Cloud, far: dict[str, Any]) -> None:
    four_steps(cloud, MODULE, far, region=THERE)
    assert len(copies(cloud)) == 1
    left = four_steps(cloud, MODULE, {**ALONE, "automatic_failover_enabled": None}, region=THERE)
    assert operations(left) == ["disassociate_global_replication_group", "modify_replication_group",
                                "delete_cache_parameter_group"]  # fmt: skip
    assert (roles(cloud), copies(cloud)) == ({HERE: "PRIMARY"}, [])


def test_a_drifted_membership_is_told(cloud: Cloud, far: dict[str, Any]) -> None:
    four_steps(cloud, MODULE, far, region=THERE)
    cache = cloud.client("elasticache")
    cache.disassociate_global_replication_group(
        GlobalReplicationGroupId=far["global_replication_group_id"], ReplicationGroupId="sensors-test",
        ReplicationGroupRegion=THERE)  # fmt: skip
    calm(cloud, THERE)
    at = len(cloud.journal())
    with pytest.raises(Refused, match="a group that does not exist yet"):
        run(cloud, MODULE, {**far, "cache_node_type": "cache.r7g.large"}, region=THERE)
    assert not cloud.writes(at)
    cache.delete_global_replication_group(
        GlobalReplicationGroupId=far["global_replication_group_id"], RetainPrimaryReplicationGroup=True)  # fmt: skip
    calm(cloud, HERE)
    assert operations(four_steps(cloud, MODULE, NEAR)) == ["create_global_replication_group"]


def test_members_go_and_the_datastore_with_the_last(cloud: Cloud, far: dict[str, Any]) -> None:
    four_steps(cloud, MODULE, far, region=THERE)
    refused_in_both_modes(cloud, MODULE, {"state": "absent", "final_snapshot": False}, "no group that follows it")
    gone = four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False}, region=THERE)
    assert operations(gone) == ["disassociate_global_replication_group", "delete_replication_group",
                                "delete_cache_subnet_group", "delete_cache_parameter_group"]  # fmt: skip
    assert (roles(cloud), copies(cloud)) == ({HERE: "PRIMARY"}, [])
    gone = four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False})
    assert operations(gone)[:2] == ["delete_global_replication_group", "delete_replication_group"]
    assert roles(cloud) == {}


REFUSED = [
    ({"cache_node_type": "cache.t4g.small"}, "none that burst"),
    ({"transit_encryption_mode": "preferred"}, "required in a global datastore"),
    ({"network_type": "dual_stack"}, "ipv4 in a global datastore"),
    ({"global_replication_group_id": "sgaui-telemetry"}, "or the suffix of one to begin"),
    ({"global_replication_group_id_suffix": "Tele metry!"}, "lower-case letters, digits and single hyphens"),
    ({"global_replication_group_id_suffix": None, "global_replication_group_id": "sgaui-telemetry",
      "global_replication_group_role": "primary"}, "as every group begins that joins"),
    ({"global_replication_group_id_suffix": None, "global_replication_group_id": "sgaui-telemetry",
      "network_type": "dual_stack"}, "ipv4 in a global datastore"),
    ({"global_replication_group_role": "secondary"}, "begins with this group"),
    ({"global_replication_group_id_suffix": None, "global_replication_group_role": "primary"}, "to have a role in"),
    ({"global_replication_group_id_suffix": None, "global_replication_group_id": "telemetry"}, "a whole id"),
    ({"global_replication_group_id_suffix": None, "global_replication_group_id": "sgaui-telemetry",
      "parameters": {"maxmemory-policy": "noeviction"}}, "it has it from its primary"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), REFUSED, ids=[words for _change, words in REFUSED])
def test_what_no_datastore_can_have_is_refused(cloud: Cloud, change: dict[str, Any], words: str) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    refused_in_both_modes(cloud, MODULE, {**NEAR, **change}, words)


def test_what_members_share_stays(cloud: Cloud, far: dict[str, Any]) -> None:
    run(cloud, MODULE, far, region=THERE)
    for change in ({"cache_node_type": "cache.r7g.xlarge"}, {"engine": "valkey", "engine_version": "8.0"}):
        refused_in_both_modes(cloud, MODULE, {**NEAR, **change}, "members of global datastore")
    refused_in_both_modes(cloud, MODULE, ALONE, "no group that follows it (sensors-test in us-west-2)")
    refused_in_both_modes(cloud, MODULE, {**NEAR, "global_replication_group_id_suffix": "another"}, "leave it first")
    at = len(cloud.journal())
    with pytest.raises(Refused, match="allow_global_failover"):
        run(cloud, MODULE, {**far, "global_replication_group_role": "primary"}, region=THERE)
    assert not cloud.writes(at)
    four_steps(cloud, MODULE, {**NEAR, "multi_az_enabled": True, "num_cache_clusters": 3})


@pytest.mark.parametrize("after", [True, False], ids=["after it took effect", "before it took effect"])
@pytest.mark.parametrize("what", ["begin", "join", "promote", "leave", "end"])
def test_deaths_are_taken_up(cloud: Cloud, far: dict[str, Any], what: str, after: bool) -> None:
    promoted = {**far, "global_replication_group_role": "primary", "allow_global_failover": True}
    absent = {"state": "absent", "final_snapshot": False}
    steps: dict[str, tuple[dict[str, Any], str, dict[str, Any], dict[str, str]]] = {
        "begin": (ALONE, HERE, NEAR, {HERE: "PRIMARY"}),
        "join": (absent, THERE, far, {HERE: "PRIMARY", THERE: "SECONDARY"}),
        "promote": (far, THERE, promoted, {HERE: "SECONDARY", THERE: "PRIMARY"}),
        "leave": (far, THERE, {**ALONE, "automatic_failover_enabled": None}, {HERE: "PRIMARY"}),
        "end": (far, THERE, absent, {HERE: "PRIMARY"}),
    }
    before, region, given, wanted = steps[what]

    def lay() -> None:
        run(cloud, MODULE, absent, region=THERE)
        run(cloud, MODULE, ALONE)
        if before is not ALONE:
            again = run(cloud, MODULE, NEAR)["resource"]["global_replication_group_id"]
            assert again == far["global_replication_group_id"], "the id follows from region and suffix"
        run(cloud, MODULE, before, region=region)

    lay()
    calls = run(cloud, MODULE, given, check=True, region=region)["calls"]
    for died_at in range(1, len(calls) + 1):
        lay()
        aws = faulty(cloud, died_at, after, Killed(), region)
        with pytest.raises(AwsFailure, match="Made before"):
            run(cloud, MODULE, given, aws=aws, region=region)
        run(cloud, MODULE, given, region=region)
        at = len(cloud.journal())
        assert not run(cloud, MODULE, given, region=region)["changed"], f"call {died_at} of {len(calls)}"
        assert not cloud.writes(at)
        assert roles(cloud) == wanted
        assert bool(copies(cloud)) == (THERE in wanted and wanted[THERE] == "SECONDARY" or what == "promote")


PROMOTED = {"global_replication_group_role": "primary", "allow_global_failover": True}


@pytest.mark.parametrize(("change", "words"), [
    ({"cache_node_type": "cache.r7g.xlarge"}, "members of global datastore"),
    ({"automatic_failover_enabled": False}, "members of global datastore"),
    ({"parameters": {"maxmemory-policy": "noeviction"}}, "it has it from its primary"),
    ({"auth_token": "not-a-secret-not-a-secret-1", "auth_token_version": "1"}, "it has it from its primary"),
    ({"cache_parameter_group_name": "default.redis7"}, "it has it from its primary"),
])  # fmt: skip
def test_nobody_is_promoted_who_is_not_as_declared_then(
    cloud: Cloud, far: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    run(cloud, MODULE, far, region=THERE)
    at = len(cloud.journal())
    for check in (True, False):
        with pytest.raises(Refused, match="Next: ") as refused:
            run(cloud, MODULE, {**far, **PROMOTED, **change}, check=check, region=THERE)
        assert words in str(refused.value)
    assert not cloud.writes(at)


def test_what_a_promoted_group_has_of_its_own_comes_along(cloud: Cloud, far: dict[str, Any]) -> None:
    run(cloud, MODULE, far, region=THERE)
    declared = {**far, **PROMOTED, "automatic_failover_enabled": True, "multi_az_enabled": True}
    promoted = four_steps(cloud, MODULE, declared, region=THERE)
    assert operations(promoted) == ["modify_replication_group", "failover_global_replication_group"]


def test_a_secondary_in_cluster_mode_says_its_replicas_and_no_more(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    run(cloud, "ec2_vpc_network", {**NETWORK, "zones": [f"{THERE}a", f"{THERE}b"]}, region=THERE)
    sharded = {**NEAR, "num_cache_clusters": None, "num_node_groups": 2, "replicas_per_node_group": 1}
    begun = run(cloud, MODULE, sharded)["resource"]
    joiner = {"global_replication_group_id": begun["global_replication_group_id"], "final_snapshot": False}
    with pytest.raises(AwsFailure, match="set replicas_per_node_group instead"):
        run(cloud, MODULE, {**joiner, "num_cache_clusters": 2}, region=THERE)
    four_steps(cloud, MODULE, {**joiner, "replicas_per_node_group": 2}, region=THERE)
    four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False}, region=THERE)
    watched = {**joiner, "replicas_per_node_group": 1, "alarms": {"evictions": 0}}
    with pytest.raises(Refused, match="as many as the primary has"):
        run(cloud, MODULE, watched, region=THERE)
    four_steps(cloud, MODULE, {**watched, "num_node_groups": 2}, region=THERE)


def test_a_suffix_that_is_taken_is_refused_before_anything_is_made(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    run(cloud, MODULE, NEAR)
    refused_in_both_modes(cloud, MODULE, {**NEAR, "name": "other-one"}, "no global datastore of that name")


def test_what_is_made_at_once_does_not_wait_for_a_window(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)
    sharded = {**ALONE, "num_cache_clusters": None, "num_node_groups": 1, "replicas_per_node_group": 1}
    run(cloud, MODULE, sharded)
    grown = {**sharded, "num_node_groups": 2, "global_replication_group_id_suffix": "telemetry",
             "global_replication_group_id": None}  # fmt: skip
    assert len(four_steps(cloud, MODULE, grown)["calls"]) == 2
    refused_in_both_modes(cloud, MODULE, {**grown, "global_replication_group_id_suffix": "another"},
                          "global_replication_group_id_suffix: found another")  # fmt: skip


def test_a_copy_of_before_goes_with_the_first_run(cloud: Cloud, far: dict[str, Any]) -> None:
    run(cloud, MODULE, far, region=THERE)
    [copy] = copies(cloud)
    cache = cloud.client("elasticache", region_name=THERE)
    cache.disassociate_global_replication_group(
        GlobalReplicationGroupId=far["global_replication_group_id"], ReplicationGroupId="sensors-test",
        ReplicationGroupRegion=THERE)  # fmt: skip
    calm(cloud, THERE)
    cache.delete_replication_group(ReplicationGroupId="sensors-test")
    run(cloud, MODULE, {"state": "absent", "final_snapshot": False}, check=True, region=THERE)
    cache.create_cache_parameter_group(CacheParameterGroupName="sensors-test", CacheParameterGroupFamily="redis7",
                                       Description="of somebody else")  # fmt: skip
    born = four_steps(cloud, MODULE, {**ALONE, "cache_parameter_group_name": "sensors-test"}, region=THERE)
    assert "delete_cache_parameter_group" in operations(born)
    assert copy not in copies(cloud)


def test_two_caches_of_one_environment_do_not_begin_the_same(cloud: Cloud) -> None:
    declared = {
        **SMALL,
        "redis_cache_node_type": "cache.r7g.large",
        "redis_transit_encryption_mode": "required",
        "redis_caches": {"a": {}, "b": {}},
        "redis_global_replication_group_id_suffix": "telemetry",
    }
    for check in (True, False):
        with pytest.raises(Refused, match="global datastore telemetry: found declared by redis.a too"):
            conducted(cloud, declared, check=check)
    assert not cloud.writes()
