# SPDX-License-Identifier: Apache-2.0
"""Replication groups: what comes out of create, describe and delete."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from localcloud.process import Cloud
from tests.localcloud.network import ZONES, Network, refused


@pytest.mark.parametrize(
    "options",
    [
        {"NumNodeGroups": 2},
        {"NumNodeGroups": 1, "CacheParameterGroupName": "default.redis7.cluster.on"},
        {"NumNodeGroups": 1, "ClusterMode": "enabled"},
    ],
)
def test_cluster_mode_is_inferred(network: Network, options: dict[str, Any]) -> None:
    network.clustered(**{"ReplicasPerNodeGroup": 1, "shards": options.pop("NumNodeGroups"), **options})
    group = network.show()
    assert (group["ClusterEnabled"], group["ClusterMode"]) == (True, "enabled")
    assert group["ConfigurationEndpoint"]["Port"] == 6379
    assert group["MemberClusters"][:2] == ["demo-0001-001", "demo-0001-002"]
    assert "PrimaryEndpoint" not in group["NodeGroups"][0]
    assert {node["CacheParameterGroup"]["CacheParameterGroupName"] for node in network.nodes()} == {
        "default.redis7.cluster.on"
    }


def test_cluster_mode_off_counts_cache_clusters(network: Network) -> None:
    network.replicated(nodes=3)
    group = network.show()
    assert (group["ClusterEnabled"], group["ClusterMode"]) == (False, "disabled")
    assert group["MemberClusters"] == ["demo-001", "demo-002", "demo-003"]
    (shard,) = group["NodeGroups"]
    assert "Slots" not in shard
    assert {"PrimaryEndpoint", "ReaderEndpoint"} <= set(shard)
    assert [member["CurrentRole"] for member in shard["NodeGroupMembers"]] == ["primary", "replica", "replica"]
    assert [member["PreferredAvailabilityZone"] for member in shard["NodeGroupMembers"]] == list(ZONES)


@pytest.mark.parametrize("shards", [1, 2, 3, 5, 7])
def test_slots_cover_the_key_space_evenly(network: Network, shards: int) -> None:
    network.clustered(shards=shards, ClusterMode="enabled")
    ranges = [tuple(map(int, shard["Slots"].split("-"))) for shard in network.show()["NodeGroups"]]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 16383
    assert all(left[1] + 1 == right[0] for left, right in zip(ranges, ranges[1:], strict=False))
    sizes = {high - low for low, high in ranges}
    assert max(sizes) - min(sizes) <= 1


def test_the_configuration_of_each_shard_is_honoured(network: Network) -> None:
    network.create(
        NumNodeGroups=2,
        AutomaticFailoverEnabled=True,
        NodeGroupConfiguration=[
            {"PrimaryAvailabilityZone": "eu-west-1c", "ReplicaAvailabilityZones": ["eu-west-1a"], "ReplicaCount": 1},
            {"ReplicaCount": 2},
        ],
    )
    first, second = network.show()["NodeGroups"]
    assert [m["PreferredAvailabilityZone"] for m in first["NodeGroupMembers"]] == ["eu-west-1c", "eu-west-1a"]
    assert len(second["NodeGroupMembers"]) == 3


def test_what_aws_fills_in(network: Network) -> None:
    network.create()
    group, (node,) = network.show(), network.nodes()
    assert group["SnapshotRetentionLimit"] == 0
    assert group["AtRestEncryptionEnabled"] is False
    assert group["TransitEncryptionEnabled"] is False
    assert "TransitEncryptionMode" not in group
    assert group["AutoMinorVersionUpgrade"] is True
    assert node["EngineVersion"] == "7.1.0"
    assert node["PreferredMaintenanceWindow"] == node["PreferredMaintenanceWindow"].lower()
    assert node["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"
    assert node["CacheNodes"][0]["Endpoint"]["Port"] == 6379
    assert len(node["SecurityGroups"]) == 1


def test_valkey_is_encrypted_at_rest_by_default(network: Network) -> None:
    network.create(Engine="valkey", EngineVersion="8.0")
    assert network.show()["AtRestEncryptionEnabled"] is True
    assert network.nodes()[0]["EngineVersion"] == "8.0.1"
    assert network.show()["Engine"] == "valkey"


def test_what_was_asked_for_comes_back(cloud: Cloud, network: Network) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    group_id = cloud.client("ec2").create_security_group(GroupName="g", Description="d", VpcId=network.vpc)["GroupId"]
    network.replicated(
        ReplicationGroupId="DEMO",
        MultiAZEnabled=True,
        AtRestEncryptionEnabled=True,
        KmsKeyId=key,
        TransitEncryptionEnabled=True,
        AuthToken="only-for-tests-000",
        Port=6380,
        SnapshotRetentionLimit=7,
        SnapshotWindow="02:00-03:00",
        PreferredMaintenanceWindow="Sun:05:00-Sun:06:30",
        NotificationTopicArn="arn:aws:sns:eu-west-1:123456789012:topic",
        AutoMinorVersionUpgrade=False,
        SecurityGroupIds=[group_id],
        Tags=[{"Key": "Name", "Value": "demo"}],
    )
    group, node = network.show("demo"), network.nodes()[0]
    assert group["MultiAZ"] == "enabled"
    assert group["KmsKeyId"] == key
    assert group["TransitEncryptionMode"] == "required"
    assert group["AuthTokenEnabled"] is True
    assert group["NodeGroups"][0]["PrimaryEndpoint"]["Address"].startswith("master.demo.")
    assert group["NodeGroups"][0]["PrimaryEndpoint"]["Port"] == 6380
    assert (group["SnapshotRetentionLimit"], group["SnapshotWindow"]) == (7, "02:00-03:00")
    assert node["PreferredMaintenanceWindow"] == "sun:05:00-sun:06:30"
    assert node["NotificationConfiguration"]["TopicStatus"] == "active"
    assert node["AutoMinorVersionUpgrade"] is False
    assert node["SecurityGroups"] == [{"SecurityGroupId": group_id, "Status": "active"}]
    tags = network.cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"]
    assert tags == [{"Key": "Name", "Value": "demo"}]


BAD = [
    ("InvalidParameterValue", {"ReplicationGroupId": "1demo"}),
    ("InvalidParameterValue", {"ReplicationGroupId": "de--mo"}),
    ("InvalidParameterValue", {"ReplicationGroupId": "d" * 41}),
    ("InvalidParameterValue", {"CacheNodeType": "cache.z9.large"}),
    ("InvalidParameterValue", {"Engine": "memcached"}),
    ("InvalidParameterCombination", {"EngineVersion": "9.9"}),
    ("InvalidParameterCombination", {"NumCacheClusters": 2, "NumNodeGroups": 2}),
    ("InvalidParameterCombination", {"NumCacheClusters": 1, "AutomaticFailoverEnabled": True}),
    ("InvalidParameterValue", {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 1}),
    ("InvalidParameterCombination", {"NumCacheClusters": 2, "MultiAZEnabled": True}),
    ("InvalidParameterValue", {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 6, "AutomaticFailoverEnabled": True}),
    ("NodeGroupsPerReplicationGroupQuotaExceeded", {"NumNodeGroups": 600, "AutomaticFailoverEnabled": True}),
    ("InvalidParameterCombination", {"AuthToken": "only-for-tests-000"}),
    ("InvalidParameterValue", {"AuthToken": "too-short", "TransitEncryptionEnabled": True}),
    ("InvalidParameterValue", {"AuthToken": "only-for-tests-00@", "TransitEncryptionEnabled": True}),
    ("InvalidParameterCombination", {"TransitEncryptionMode": "preferred"}),
    ("InvalidParameterCombination", {"KmsKeyId": "alias/aws/elasticache"}),
    ("InvalidKMSKeyFault", {"KmsKeyId": "alias/none", "AtRestEncryptionEnabled": True}),
    ("CacheParameterGroupNotFound", {"CacheParameterGroupName": "none"}),
    ("InvalidParameterCombination", {"CacheParameterGroupName": "default.redis6.x"}),
    (
        "InvalidParameterCombination",
        {"CacheParameterGroupName": "default.redis7.cluster.on", "ClusterMode": "disabled"},
    ),
    ("CacheSubnetGroupNotFoundFault", {"CacheSubnetGroupName": "none"}),
    ("InvalidParameterValue", {"SecurityGroupIds": ["sg-0123456789abcdef0"]}),
    ("InvalidParameterCombination", {"NumCacheClusters": 2, "PreferredCacheClusterAZs": ["eu-west-1a"]}),
    ("InvalidParameterCombination", {"PreferredCacheClusterAZs": ["eu-west-1d"]}),
    ("InvalidParameterValue", {"SnapshotRetentionLimit": 36}),
    ("InvalidParameterValue", {"SnapshotWindow": "01:00-01:30"}),
    ("InvalidParameterValue", {"SnapshotWindow": "05:00-06:00", "PreferredMaintenanceWindow": "sun:05:30-sun:06:30"}),
    ("UserGroupNotFound", {"UserGroupIds": ["none"], "TransitEncryptionEnabled": True}),
    ("InvalidParameterCombination", {"UserGroupIds": ["none"]}),
    ("InvalidParameterCombination", {"DataTieringEnabled": True}),
    ("InvalidParameterCombination", {"CacheNodeType": "cache.r6gd.xlarge"}),
    ("SnapshotNotFoundFault", {"SnapshotName": "none"}),
    ("NotImplemented", {"ServerlessCacheSnapshotName": "none"}),
]


@pytest.mark.parametrize(("code", "options"), BAD, ids=[f"{code}-{index}" for index, (code, _) in enumerate(BAD)])
def test_what_does_not_go_together_is_refused(network: Network, code: str, options: dict[str, Any]) -> None:
    with refused(code):
        network.create(**options)
    assert network.cache.describe_replication_groups()["ReplicationGroups"] == []


def test_an_id_is_taken_whatever_its_case(network: Network) -> None:
    network.create()
    with refused("ReplicationGroupAlreadyExists"):
        network.create(ReplicationGroupId="Demo")


def test_the_quota_of_nodes_is_kept(cloud: Cloud, network: Network) -> None:
    cloud.configure(quotas={"elasticache_nodes_per_region": 3})
    network.replicated(nodes=3)
    with refused("NodeQuotaForCustomerExceeded"):
        network.create(ReplicationGroupId="other")


def test_states_by_polls(cloud: Cloud, network: Network) -> None:
    cloud.configure(settle_polls={"replication_group": 2})
    created = network.create()
    assert created["Status"] == "creating"
    assert "NodeGroups" not in created
    assert [network.show()["Status"] for _ in range(3)] == ["creating", "creating", "available"]
    assert network.modify(SnapshotWindow="05:00-06:00")["Status"] == "modifying"
    with refused("InvalidReplicationGroupState"):
        network.modify(SnapshotWindow="06:00-07:00")
    with refused("InvalidReplicationGroupState"):
        network.cache.delete_replication_group(ReplicationGroupId="demo")
    with refused("InvalidReplicationGroupState"):
        network.cache.list_tags_for_resource(ResourceName=created["ARN"])
    seen = [(group["Status"], group["SnapshotWindow"]) for group in (network.show() for _ in range(3))]
    before = created["SnapshotWindow"]
    assert seen == [("modifying", before), ("modifying", before), ("available", "05:00-06:00")]
    deleted = network.cache.delete_replication_group(ReplicationGroupId="demo")["ReplicationGroup"]
    assert deleted["Status"] == "deleting"
    assert [network.show()["Status"] for _ in range(2)] == ["deleting", "deleting"]
    with refused("ReplicationGroupNotFoundFault"):
        network.show()


def test_a_deleted_group_frees_its_name_and_leaves_its_snapshot(network: Network) -> None:
    network.clustered()
    network.cache.delete_replication_group(ReplicationGroupId="demo", FinalSnapshotIdentifier="last")
    with refused("ReplicationGroupNotFoundFault"):
        network.show()
    (snapshot,) = network.cache.describe_snapshots(ReplicationGroupId="demo")["Snapshots"]
    assert snapshot["SnapshotStatus"] == "available"
    assert [node["NodeGroupId"] for node in snapshot["NodeSnapshots"]] == ["0001", "0002"]
    network.create()
    with refused("SnapshotAlreadyExistsFault"):
        network.cache.delete_replication_group(ReplicationGroupId="demo", FinalSnapshotIdentifier="last")


def test_a_retained_primary_lives_on_and_keeps_its_name(network: Network) -> None:
    network.replicated()
    network.cache.delete_replication_group(ReplicationGroupId="demo", RetainPrimaryCluster=True)
    alone = network.cache.describe_cache_clusters(ShowCacheClustersNotInReplicationGroups=True)["CacheClusters"]
    assert [node["CacheClusterId"] for node in alone] == ["demo-001"]
    assert "ReplicationGroupId" not in alone[0]
    with refused("CacheClusterAlreadyExists"):
        network.replicated()


def test_nodes_can_be_asked_for_one_by_one(network: Network) -> None:
    network.replicated()
    (node,) = network.cache.describe_cache_clusters(CacheClusterId="demo-002")["CacheClusters"]
    assert node["ReplicationGroupId"] == "demo"
    assert "CacheNodes" not in node
    none = network.cache.describe_cache_clusters(ShowCacheClustersNotInReplicationGroups=True)["CacheClusters"]
    assert none == []
    with refused("CacheClusterNotFound"):
        network.cache.describe_cache_clusters(CacheClusterId="demo-003")


def test_long_lists_come_in_pages(network: Network) -> None:
    for index in range(21):
        network.create(ReplicationGroupId=f"demo-{index}")
    first = network.cache.describe_replication_groups(MaxRecords=20)
    assert len(first["ReplicationGroups"]) == 20
    rest = network.cache.describe_replication_groups(MaxRecords=20, Marker=first["Marker"])
    assert len(rest["ReplicationGroups"]) == 1
    assert "Marker" not in rest


def unknown(shape: Any, value: Any, path: str = "") -> list[str]:
    """The keys of a view that the service model does not have: botocore would drop them silently."""
    if shape.type_name == "structure" and isinstance(value, dict):
        found = [f"{path}.{key}" for key in value if key not in shape.members]
        known = [key for key in value if key in shape.members]
        return found + [bad for key in known for bad in unknown(shape.members[key], value[key], f"{path}.{key}")]
    if shape.type_name == "list" and isinstance(value, list):
        return [bad for item in value for bad in unknown(shape.member, item, f"{path}[]")]
    return []


def test_every_field_shown_is_in_the_service_model() -> None:
    from localcloud.overlays.elasticache import views
    from localcloud.overlays.elasticache.store import Group, Member, Shard

    shards = [Shard("0001", "0-16383", [Member("g-001", "eu-west-1a", "primary")])]
    plain = dict.fromkeys(Group.__dataclass_fields__, "x")
    lists = {
        "shards": shards,
        "security_groups": ["sg"],
        "auth_tokens": ["t"],
        "user_groups": ["u"],
        "log_delivery": [],
    }
    pending = {"deferred": {"node_type": "n", "cluster_mode": "enabled", "resharding": True}, "changing": {}}
    flags = dict.fromkeys(("automatic_failover", "multi_az", "data_tiering"), True)
    group = Group(**{**plain, **lists, **pending, **flags, "arn": "a:b:c:d:e:f:g", "region": "eu-west-1"})
    model = botocore.session.get_session().get_service_model("elasticache")
    assert unknown(model.shape_for("ReplicationGroup"), views.group_view(group)) == []
    node = views.member_view(group, shards[0], shards[0].members[0], with_nodes=True)
    assert unknown(model.shape_for("CacheCluster"), node) == []
    assert unknown(model.shape_for("CacheCluster"), {"Bogus": 1, "CacheNodes": [{"Bad": 1}]}) == [
        ".Bogus",
        ".CacheNodes[].Bad",
    ]
