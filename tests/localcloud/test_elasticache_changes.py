# SPDX-License-Identifier: Apache-2.0
"""Replication groups: modify and scale."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import Network, refused

TOKEN = "only-for-tests-001"
LOGS = {
    "LogType": "slow-log",
    "DestinationType": "cloudwatch-logs",
    "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "/demo"}},
    "LogFormat": "json",
}


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"ReplicationGroupDescription": "other"}, "Description", "other"),
        ({"SnapshotRetentionLimit": 3, "SnapshottingClusterId": "demo-001"}, "SnapshotRetentionLimit", 3),
        ({"SnapshotWindow": "04:15-05:15"}, "SnapshotWindow", "04:15-05:15"),
        ({"CacheNodeType": "cache.m7g.large"}, "CacheNodeType", "cache.m7g.large"),
        ({"AutoMinorVersionUpgrade": False}, "AutoMinorVersionUpgrade", False),
        ({"MultiAZEnabled": True}, "MultiAZ", "enabled"),
        ({"AutomaticFailoverEnabled": False}, "AutomaticFailover", "disabled"),
        (
            {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"},
            "TransitEncryptionMode",
            "preferred",
        ),
        ({"Engine": "valkey", "EngineVersion": "8.0"}, "Engine", "valkey"),
    ],
)
def test_a_change_lands_at_the_end_of_modifying(
    cloud: Cloud, network: Network, change: dict[str, Any], field: str, value: Any
) -> None:
    network.replicated(PreferredMaintenanceWindow="sun:10:00-sun:11:00")
    network.show()
    cloud.configure(settle_polls=1)
    assert network.modify(**change)["Status"] == "modifying"
    under_way = network.show()
    assert (under_way["Status"], under_way.get(field)) != ("available", value)
    assert under_way.get(field) != value
    assert network.show()[field] == value
    assert network.show()["PendingModifiedValues"] == {}
    with refused("InvalidParameterCombination", "No modifications were requested"):
        network.modify(**change)


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({"PreferredMaintenanceWindow": "MON:01:00-MON:02:00"}, lambda node: node["PreferredMaintenanceWindow"]),
        ({"EngineVersion": "7.1"}, lambda node: node["EngineVersion"]),
        ({"NotificationTopicArn": "arn:x"}, lambda node: node.get("NotificationConfiguration", {}).get("TopicArn")),
    ],
)
def test_some_settings_show_on_the_nodes_only(network: Network, change: dict[str, Any], read: Any) -> None:
    network.create(EngineVersion="7.0", SnapshotWindow="12:00-13:00")
    before = read(network.nodes()[0])
    network.modify(**change)
    after = read(network.nodes()[0])
    assert after != before
    assert str(next(iter(change.values()))).lower() in after


def test_security_groups_change_and_their_order_does_not_count(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.client("ec2")
    ids = [ec2.create_security_group(GroupName=n, Description="d", VpcId=network.vpc)["GroupId"] for n in "ab"]
    network.create()
    network.modify(SecurityGroupIds=ids)
    assert [group["SecurityGroupId"] for group in network.nodes()[0]["SecurityGroups"]] == ids
    with refused("InvalidParameterCombination", "No modifications"):
        network.modify(SecurityGroupIds=ids[::-1])


def test_what_waits_for_the_maintenance_window(network: Network) -> None:
    network.replicated()
    answer = network.modify(ApplyImmediately=False, CacheNodeType="cache.m7g.large", AutomaticFailoverEnabled=False)
    assert answer["Status"] == "available"
    assert answer["PendingModifiedValues"] == {"AutomaticFailoverStatus": "disabled"}
    assert network.nodes()[0]["PendingModifiedValues"] == {"CacheNodeType": "cache.m7g.large"}
    assert network.show()["CacheNodeType"] == "cache.t4g.small"
    with refused("InvalidParameterCombination", "No modifications"):
        network.modify(ApplyImmediately=False, CacheNodeType="cache.m7g.large")
    # What applies at once is not held back by what waits.
    network.modify(ApplyImmediately=False, SnapshotRetentionLimit=2, SnapshottingClusterId="demo-001")
    assert network.show()["SnapshotRetentionLimit"] == 2
    assert network.nodes()[0]["PendingModifiedValues"] == {"CacheNodeType": "cache.m7g.large"}
    # Asking for what is there takes the pending change back.
    network.modify(ApplyImmediately=False, AutomaticFailoverEnabled=True)
    assert network.show()["PendingModifiedValues"] == {}
    # ApplyImmediately also applies what was pending.
    network.modify(SnapshotRetentionLimit=3, SnapshottingClusterId="demo-001")
    assert network.show()["CacheNodeType"] == "cache.m7g.large"
    assert network.nodes()[0]["PendingModifiedValues"] == {}


def test_the_default_parameter_group_follows_the_engine(network: Network) -> None:
    network.clustered(Engine="redis", EngineVersion="7.1")
    network.modify(Engine="valkey", EngineVersion="8.0")
    assert network.nodes()[0]["CacheParameterGroup"]["CacheParameterGroupName"] == "default.valkey8.cluster.on"


def test_an_own_parameter_group_has_to_be_named(network: Network) -> None:
    for name, family in (("old", "redis7"), ("new", "valkey8")):
        network.cache.create_cache_parameter_group(
            CacheParameterGroupName=name, CacheParameterGroupFamily=family, Description="d"
        )
    network.create(CacheParameterGroupName="old")
    with refused("InvalidParameterCombination"):
        network.modify(Engine="valkey", EngineVersion="8.0")
    with refused("InvalidParameterCombination", "family valkey8"):
        network.modify(Engine="valkey", EngineVersion="8.0", CacheParameterGroupName="old")
    network.modify(Engine="valkey", EngineVersion="8.0", CacheParameterGroupName="new")
    assert network.nodes()[0]["CacheParameterGroup"]["CacheParameterGroupName"] == "new"


BAD = [
    ("InvalidParameterCombination", {"EngineVersion": "7.0"}),
    ("InvalidParameterCombination", {"Engine": "valkey"}),
    ("InvalidParameterCombination", {"MultiAZEnabled": True, "AutomaticFailoverEnabled": False}),
    ("InvalidParameterCombination", {"CacheNodeType": "cache.r6gd.xlarge"}),
    ("InvalidParameterValue", {"CacheNodeType": "cache.none"}),
    ("InvalidParameterValue", {"SnapshotRetentionLimit": 36}),
    ("InvalidParameterCombination", {"SnapshotRetentionLimit": 3}),
    ("InvalidParameterValue", {"SnapshotWindow": "01:00-01:59"}),
    ("CacheParameterGroupNotFound", {"CacheParameterGroupName": "none"}),
    ("InvalidParameterCombination", {"TransitEncryptionMode": "required"}),
    ("InvalidParameterCombination", {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "required"}),
    ("InvalidParameterCombination", {"TransitEncryptionEnabled": True}),
    ("InvalidParameterCombination", {"AuthToken": TOKEN, "AuthTokenUpdateStrategy": "ROTATE"}),
    ("InvalidParameterCombination", {"ClusterMode": "enabled"}),
    ("InvalidParameterCombination", {"ClusterMode": "compatible", "SnapshotRetentionLimit": 3}),
    ("InvalidParameterCombination", {"PrimaryClusterId": "demo-002"}),
    ("InvalidParameterCombination", {"LogDeliveryConfigurations": [LOGS], "ApplyImmediately": False}),
    ("InvalidParameterCombination", {}),
]


@pytest.mark.parametrize(("code", "change"), BAD, ids=[f"{code}-{index}" for index, (code, _) in enumerate(BAD)])
def test_what_cannot_be_changed_is_refused(network: Network, code: str, change: dict[str, Any]) -> None:
    network.replicated()
    before = network.show()
    with refused(code):
        network.modify(**change)
    assert network.show() | {"ResponseMetadata": None} == before | {"ResponseMetadata": None}


def test_transit_encryption_comes_and_goes_in_two_steps(network: Network) -> None:
    network.replicated()
    network.modify(TransitEncryptionEnabled=True, TransitEncryptionMode="preferred")
    network.modify(TransitEncryptionMode="required")
    assert network.show()["TransitEncryptionMode"] == "required"
    with refused("InvalidParameterCombination"):
        network.modify(TransitEncryptionEnabled=False)
    network.modify(TransitEncryptionMode="preferred")
    network.modify(TransitEncryptionEnabled=False)
    group = network.show()
    assert group["TransitEncryptionEnabled"] is False
    assert "TransitEncryptionMode" not in group


def test_cluster_mode_comes_in_two_steps(network: Network) -> None:
    network.replicated()
    network.modify(ClusterMode="compatible")
    group = network.show()
    assert group["ClusterMode"] == "compatible"
    assert {"PrimaryEndpoint", "Slots"} <= set(group["NodeGroups"][0])
    assert "ConfigurationEndpoint" in group
    with refused("InvalidParameterCombination"):
        network.modify(SnapshotRetentionLimit=3, SnapshottingClusterId="demo-001")
    with refused("InvalidParameterCombination"):
        network.cache.increase_replica_count(ReplicationGroupId="demo", NewReplicaCount=2, ApplyImmediately=True)
    network.modify(ClusterMode="enabled")
    group = network.show()
    assert (group["ClusterMode"], group["MemberClusters"]) == ("enabled", ["demo-001", "demo-002"])
    with refused("InvalidParameterCombination"):
        network.modify(ClusterMode="disabled")


def test_the_auth_token_rotates_and_is_set(network: Network) -> None:
    network.replicated(TransitEncryptionEnabled=True)
    with refused("InvalidParameterCombination", "SET"):
        network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="SET")
    network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="ROTATE")
    first = network.show()
    assert first["AuthTokenEnabled"] is True
    with refused("InvalidParameterValue"):
        network.modify(AuthToken="short", AuthTokenUpdateStrategy="ROTATE")
    network.modify(AuthToken=TOKEN + "x", AuthTokenUpdateStrategy="ROTATE")
    network.modify(AuthToken=TOKEN + "x", AuthTokenUpdateStrategy="SET")
    assert network.show()["AuthTokenLastModifiedDate"] > first["AuthTokenLastModifiedDate"]
    with refused("InvalidParameterCombination"):
        network.modify(AuthTokenUpdateStrategy="DELETE")


def test_user_groups_replace_the_token(network: Network) -> None:
    network.cache.create_user_group(UserGroupId="team", Engine="redis", UserIds=["default"])
    network.replicated(TransitEncryptionEnabled=True, AuthToken=TOKEN)
    with refused("UserGroupNotFound"):
        network.modify(UserGroupIdsToAdd=["none"], AuthTokenUpdateStrategy="DELETE")
    with refused("InvalidParameterCombination", "exclude"):
        network.modify(UserGroupIdsToAdd=["team"])
    network.modify(UserGroupIdsToAdd=["team"], AuthTokenUpdateStrategy="DELETE")
    group = network.show()
    assert (group["UserGroupIds"], group["AuthTokenEnabled"]) == (["team"], False)
    (team,) = network.cache.describe_user_groups(UserGroupId="team")["UserGroups"]
    assert team["ReplicationGroups"] == ["demo"]
    with refused("InvalidUserGroupState"):
        network.cache.delete_user_group(UserGroupId="team")
    with refused("InvalidParameterCombination"):
        network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="ROTATE")
    network.modify(RemoveUserGroups=True, AuthToken=TOKEN, AuthTokenUpdateStrategy="ROTATE")
    network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="SET")
    assert "UserGroupIds" not in network.show()
    assert network.show()["AuthTokenEnabled"]


def test_log_delivery_is_added_and_ended(network: Network) -> None:
    network.create()
    network.modify(LogDeliveryConfigurations=[LOGS])
    assert network.show()["LogDeliveryConfigurations"] == [{**LOGS, "Status": "active"}]
    with refused("InvalidParameterCombination", "No modifications"):
        network.modify(LogDeliveryConfigurations=[LOGS])
    network.modify(LogDeliveryConfigurations=[{"LogType": "slow-log", "Enabled": False}])
    assert network.show()["LogDeliveryConfigurations"] == []
    with refused("InvalidParameterCombination"):
        network.modify(LogDeliveryConfigurations=[LOGS, LOGS])


def test_another_node_becomes_primary(network: Network) -> None:
    network.create(NumCacheClusters=2)
    network.modify(PrimaryClusterId="demo-002")
    roles = [member["CurrentRole"] for member in network.show()["NodeGroups"][0]["NodeGroupMembers"]]
    assert roles == ["replica", "primary"]


def shards(network: Network, count: int, **options: Any) -> dict[str, Any]:
    options = {"ReplicationGroupId": "demo", "ApplyImmediately": True, "NodeGroupCount": count, **options}
    return network.cache.modify_replication_group_shard_configuration(**options)["ReplicationGroup"]


def test_shards_out_and_in(cloud: Cloud, network: Network) -> None:
    network.clustered(shards=2)
    network.show()
    cloud.configure(settle_polls=1)
    answer = shards(network, 4)
    assert answer["Status"] == "modifying"
    assert "Resharding" in answer["PendingModifiedValues"]
    assert len(network.show()["NodeGroups"]) == 2
    group = network.show()
    assert [shard["NodeGroupId"] for shard in group["NodeGroups"]] == ["0001", "0002", "0003", "0004"]
    assert group["NodeGroups"][3]["Slots"] == "12288-16383"
    assert all(len(shard["NodeGroupMembers"]) == 2 for shard in group["NodeGroups"])
    shards(network, 3, NodeGroupsToRemove=["0002"])
    network.show()
    assert [shard["NodeGroupId"] for shard in network.show()["NodeGroups"]] == ["0001", "0003", "0004"]
    shards(network, 1, NodeGroupsToRetain=["0003"])
    network.show()
    (last,) = network.show()["NodeGroups"]
    assert (last["NodeGroupId"], last["Slots"]) == ("0003", "0-16383")


@pytest.mark.parametrize(
    ("code", "count", "options"),
    [
        ("InvalidParameterValue", 2, {}),
        ("InvalidParameterValue", 3, {"ApplyImmediately": False}),
        ("InvalidParameterCombination", 1, {}),
        ("InvalidParameterCombination", 1, {"NodeGroupsToRemove": ["0001", "0002"]}),
        ("NodeGroupNotFoundFault", 1, {"NodeGroupsToRemove": ["0009"]}),
        ("NodeQuotaForClusterExceeded", 46, {}),
        ("ReplicationGroupNotFoundFault", 3, {"ReplicationGroupId": "none"}),
    ],
)
def test_resharding_that_is_refused(network: Network, code: str, count: int, options: dict[str, Any]) -> None:
    network.clustered(shards=2)
    with refused(code):
        shards(network, count, **options)


def test_resharding_needs_cluster_mode(network: Network) -> None:
    network.replicated()
    with refused("InvalidParameterCombination"):
        shards(network, 2)


def test_replicas_up_and_down(cloud: Cloud, network: Network) -> None:
    network.replicated(nodes=2)
    network.show()
    cloud.configure(settle_polls=1)
    options = {"ReplicationGroupId": "demo", "ApplyImmediately": True}
    assert (
        network.cache.increase_replica_count(**options, NewReplicaCount=3)["ReplicationGroup"]["Status"] == "modifying"
    )
    assert len(network.show()["MemberClusters"]) == 2
    assert network.show()["MemberClusters"] == ["demo-001", "demo-002", "demo-003", "demo-004"]
    network.cache.decrease_replica_count(**options, ReplicasToRemove=["demo-003"])
    network.show()
    assert network.show()["MemberClusters"] == ["demo-001", "demo-002", "demo-004"]
    assert [node["CacheClusterId"] for node in network.nodes()] == ["demo-001", "demo-002", "demo-004"]


def test_replicas_per_shard(network: Network) -> None:
    network.clustered(shards=2, replicas=1)
    network.cache.increase_replica_count(
        ReplicationGroupId="demo",
        ApplyImmediately=True,
        ReplicaConfiguration=[{"NodeGroupId": "0001", "NewReplicaCount": 2}],
    )
    assert [len(shard["NodeGroupMembers"]) for shard in network.show()["NodeGroups"]] == [3, 2]
    zones = {member["PreferredAvailabilityZone"] for member in network.show()["NodeGroups"][0]["NodeGroupMembers"]}
    assert len(zones) == 3


@pytest.mark.parametrize(
    ("code", "method", "count"),
    [
        ("NoOperationFault", "increase_replica_count", 2),
        ("InvalidParameterValue", "increase_replica_count", 1),
        ("InvalidParameterValue", "increase_replica_count", 6),
        ("InvalidParameterValue", "decrease_replica_count", 3),
        ("InvalidParameterCombination", "decrease_replica_count", 0),
    ],
)
def test_replica_counts_that_are_refused(network: Network, code: str, method: str, count: int) -> None:
    network.replicated(nodes=3)
    with refused(code):
        getattr(network.cache, method)(ReplicationGroupId="demo", ApplyImmediately=True, NewReplicaCount=count)


def test_failover_moves_the_primary(network: Network) -> None:
    network.replicated()
    network.cache.test_failover(ReplicationGroupId="demo", NodeGroupId="0001")
    roles = [member["CurrentRole"] for member in network.show()["NodeGroups"][0]["NodeGroupMembers"]]
    assert roles == ["replica", "primary"]
    with refused("NodeGroupNotFoundFault"):
        network.cache.test_failover(ReplicationGroupId="demo", NodeGroupId="0002")
    messages = [event["Message"] for event in network.cache.describe_events(SourceIdentifier="demo")["Events"]]
    assert any("Failover" in message for message in messages)


def test_failover_is_limited_to_fifteen_a_day(network: Network) -> None:
    network.replicated()
    for _ in range(15):
        network.cache.test_failover(ReplicationGroupId="demo", NodeGroupId="0001")
    with refused("APICallRateForCustomerExceeded"):
        network.cache.test_failover(ReplicationGroupId="demo", NodeGroupId="0001")
