# SPDX-License-Identifier: Apache-2.0
"""Parameter groups, subnet groups, snapshots, users, tags, and what ElastiCache only tells."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.overlays.elasticache import LocalElastiCache
from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.parameters import PARAMETERS
from localcloud.process import Cloud
from tests.localcloud.network import Network, refused


def parameters(network: Network, group: str, **options: Any) -> dict[str, str]:
    pages = network.cache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=group, **options)
    return {p["ParameterName"]: p.get("ParameterValue", "") for page in pages for p in page["Parameters"]}


def make(network: Network, name: str = "mine", family: str = "redis7") -> dict[str, Any]:
    return network.cache.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily=family, Description="d"
    )["CacheParameterGroup"]


def put(network: Network, **values: str) -> None:
    pairs = [{"ParameterName": name.replace("_", "-"), "ParameterValue": value} for name, value in values.items()]
    network.cache.modify_cache_parameter_group(CacheParameterGroupName="mine", ParameterNameValues=pairs)


def test_default_groups_exist_for_every_family(network: Network) -> None:
    groups = network.cache.describe_cache_parameter_groups()["CacheParameterGroups"]
    names = {group["CacheParameterGroupName"]: group["CacheParameterGroupFamily"] for group in groups}
    assert names["default.redis7.cluster.on"] == "redis7"
    assert names["default.redis5.0"] == "redis5.0"
    assert len(names) == 2 * len(PARAMETERS)
    assert parameters(network, "default.redis7.cluster.on")["cluster-enabled"] == "yes"
    assert parameters(network, "default.redis7")["cluster-enabled"] == "no"
    assert parameters(network, "default.redis7.cluster.on", Source="user") == {}


def test_parameters_are_set_and_reset(network: Network) -> None:
    assert make(network)["ARN"].endswith(":parametergroup:mine")
    put(network, timeout="20", maxmemory_policy="allkeys-lru")
    assert parameters(network, "mine", Source="user") == {"timeout": "20", "maxmemory-policy": "allkeys-lru"}
    network.cache.reset_cache_parameter_group(
        CacheParameterGroupName="mine", ParameterNameValues=[{"ParameterName": "timeout"}]
    )
    assert parameters(network, "mine", Source="user") == {"maxmemory-policy": "allkeys-lru"}
    network.cache.reset_cache_parameter_group(CacheParameterGroupName="mine", ResetAllParameters=True)
    assert parameters(network, "mine", Source="user") == {}


@pytest.mark.parametrize(
    "values",
    [
        {"timeout": "19"},
        {"timeout": "soon"},
        {"maxmemory_policy": "lru"},
        {"none": "1"},
        {"appendonly": "yes"},
        {"hash_max_ziplist_entries": "1"},
    ],
)
def test_values_outside_of_what_is_allowed_are_refused(network: Network, values: dict[str, str]) -> None:
    make(network)
    with refused("InvalidParameterValue"):
        put(network, tcp_keepalive="1", **values)
    assert parameters(network, "mine", Source="user") == {}


def test_at_most_twenty_parameters_in_one_call(network: Network) -> None:
    make(network)
    names = [p.name for p in PARAMETERS["redis7"].values() if p.modifiable and p.accepts("1")][:21]
    put(network, **dict.fromkeys(names[:20], "1"))
    with refused("InvalidParameterValue", "20"):
        put(network, **dict.fromkeys(names, "1"))


def test_a_cluster_enabled_group_makes_a_clustered_group(network: Network) -> None:
    make(network)
    put(network, cluster_enabled="yes")
    network.clustered(shards=1, CacheParameterGroupName="mine")
    assert network.show()["ClusterEnabled"] is True
    with refused("InvalidCacheParameterGroupState"):
        network.cache.delete_cache_parameter_group(CacheParameterGroupName="mine")
    network.cache.delete_replication_group(ReplicationGroupId="demo")
    network.cache.delete_cache_parameter_group(CacheParameterGroupName="mine")
    with refused("CacheParameterGroupNotFound"):
        network.cache.describe_cache_parameter_groups(CacheParameterGroupName="mine")


@pytest.mark.parametrize(("name", "family"), [("default.mine", "redis7"), ("1mine", "redis7"), ("mine", "redis7.x")])
def test_parameter_groups_that_cannot_be_made(network: Network, name: str, family: str) -> None:
    with refused("InvalidParameterValue"):
        make(network, name, family)


def test_default_groups_are_fixed_and_names_are_unique(network: Network) -> None:
    make(network)
    with refused("CacheParameterGroupAlreadyExists"):
        make(network)
    with refused("InvalidParameterValue"):
        network.cache.delete_cache_parameter_group(CacheParameterGroupName="default.redis7")


def test_the_defaults_of_a_family(network: Network) -> None:
    pages = network.cache.get_paginator("describe_engine_default_parameters")
    found = [
        parameter
        for page in pages.paginate(CacheParameterGroupFamily="valkey8", PaginationConfig={"PageSize": 20})
        for parameter in page["EngineDefaults"]["Parameters"]
    ]
    assert len(found) == len(PARAMETERS["valkey8"])
    by_name = {parameter["ParameterName"]: parameter for parameter in found}
    assert by_name["cluster-enabled"]["ChangeType"] == "requires-reboot"
    assert by_name["timeout"]["AllowedValues"] == "0,20-"
    with refused("InvalidParameterValue"):
        network.cache.describe_engine_default_parameters(CacheParameterGroupFamily="none")


def test_a_subnet_group_shows_its_zones(network: Network) -> None:
    (group,) = network.cache.describe_cache_subnet_groups(CacheSubnetGroupName="NET")["CacheSubnetGroups"]
    assert group["VpcId"] == network.vpc
    assert [s["SubnetAvailabilityZone"]["Name"] for s in group["Subnets"]] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert group["ARN"].endswith(":subnetgroup:net")


def test_subnet_groups_need_subnets_of_one_vpc(cloud: Cloud, network: Network) -> None:
    options = {"CacheSubnetGroupName": "other", "CacheSubnetGroupDescription": "d"}
    with refused("InvalidSubnet"):
        network.cache.create_cache_subnet_group(**options, SubnetIds=["subnet-0123456789abcdef0"])
    foreign = cloud.client("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    with refused("InvalidSubnet"):
        network.cache.create_cache_subnet_group(**options, SubnetIds=[network.subnets[0], foreign[0]["SubnetId"]])
    with refused("CacheSubnetGroupAlreadyExists"):
        network.cache.create_cache_subnet_group(**{**options, "CacheSubnetGroupName": "net"}, SubnetIds=network.subnets)


def test_a_subnet_group_in_use_stays(network: Network) -> None:
    network.create(PreferredCacheClusterAZs=["eu-west-1a"])
    with refused("CacheSubnetGroupInUse"):
        network.cache.delete_cache_subnet_group(CacheSubnetGroupName="net")
    with refused("SubnetInUse"):
        network.cache.modify_cache_subnet_group(CacheSubnetGroupName="net", SubnetIds=network.subnets[1:])
    network.cache.modify_cache_subnet_group(CacheSubnetGroupName="net", SubnetIds=network.subnets[:1])
    network.cache.delete_replication_group(ReplicationGroupId="demo")
    network.cache.delete_cache_subnet_group(CacheSubnetGroupName="net")
    with refused("CacheSubnetGroupNotFoundFault"):
        network.cache.describe_cache_subnet_groups(CacheSubnetGroupName="net")


def test_snapshots(cloud: Cloud, network: Network) -> None:
    network.clustered()
    network.show()
    cloud.configure(settle_polls=1)
    made = network.cache.create_snapshot(SnapshotName="one", ReplicationGroupId="demo")["Snapshot"]
    assert (made["SnapshotStatus"], made["NumNodeGroups"]) == ("creating", 2)
    assert network.show()["Status"] == "snapshotting"
    assert network.show()["Status"] == "available"
    assert network.cache.describe_snapshots(SnapshotName="one")["Snapshots"][0]["SnapshotStatus"] == "available"
    with refused("SnapshotAlreadyExistsFault"):
        network.cache.create_snapshot(SnapshotName="one", ReplicationGroupId="demo")
    network.cache.delete_snapshot(SnapshotName="one")
    with refused("SnapshotNotFoundFault"):
        network.cache.describe_snapshots(SnapshotName="one")


def test_user_groups_need_a_default_user(network: Network) -> None:
    password = ["only-for-tests-password"]
    network.cache.create_user(
        UserId="app", UserName="app", Engine="redis", AccessString="on ~* +@all", Passwords=password
    )
    with refused("DefaultUserRequired"):
        network.cache.create_user_group(UserGroupId="team", Engine="redis", UserIds=["app"])
    with refused("UserNotFound"):
        network.cache.create_user_group(UserGroupId="team", Engine="redis", UserIds=["default", "none"])
    network.cache.create_user_group(UserGroupId="team", Engine="redis", UserIds=["default"])
    network.cache.modify_user_group(UserGroupId="team", UserIdsToAdd=["app"])
    with refused("InvalidParameterValue"):
        network.cache.delete_user(UserId="default")
    own = {"UserId": "own-default", "UserName": "default", "Engine": "redis", "AccessString": "off ~* -@all"}
    network.cache.create_user(**own, Passwords=password)
    network.cache.create_user_group(UserGroupId="other", Engine="redis", UserIds=["own-default"])
    with refused("DefaultUserAssociatedToUserGroup"):
        network.cache.delete_user(UserId="own-default")
    network.cache.delete_user_group(UserGroupId="other")
    network.cache.delete_user(UserId="own-default")
    network.cache.delete_user(UserId="app")
    with refused("UserNotFound"):
        network.cache.describe_users(UserId="app")
    assert network.cache.describe_user_groups(UserGroupId="team")["UserGroups"][0]["UserIds"] == ["default"]
    network.cache.delete_user_group(UserGroupId="team")
    assert network.cache.describe_user_groups()["UserGroups"] == []


def test_users_and_groups_are_busy_for_a_while(network: Network, cloud: Cloud) -> None:
    cloud.configure(settle_polls={"user": 1})
    user = {"UserId": "App", "UserName": "app", "Engine": "valkey", "AccessString": "off +get ~keys*"}
    made = network.cache.create_user(**user, AuthenticationMode={"Type": "password", "Passwords": ["p" * 16]})
    assert (made["UserId"], made["AccessString"]) == ("app", "off ~keys* -@all +get")
    network.cache.create_user_group(UserGroupId="team", Engine="valkey", UserIds=["app"])
    network.replicated(Engine="valkey", EngineVersion="8.0", TransitEncryptionEnabled=True)
    with refused("InvalidUserGroupState"):
        network.modify(UserGroupIdsToAdd=["team"])
    states = [network.cache.describe_user_groups()["UserGroups"][0]["Status"] for _ in range(2)]
    assert states == ["creating", "active"]
    network.modify(UserGroupIdsToAdd=["team"])
    changed = network.cache.modify_user(UserId="app", AccessString="on ~* +@all")
    assert (changed["Status"], changed["Authentication"]) == ("modifying", {"Type": "password", "PasswordCount": 1})
    with refused("InvalidUserState"):
        network.cache.modify_user(UserId="app", AccessString="off ~* -@all")


@pytest.mark.parametrize(
    ("change", "code"),
    [({"AccessString": "on >secret ~* +@all"}, "InvalidParameterValue"),
     ({"AuthenticationMode": {"Type": "password", "Passwords": ["short"]}}, "InvalidParameterValue"),
     ({"AuthenticationMode": {"Type": "password", "Passwords": ["p" * 16] * 3}}, "InvalidParameterValue"),
     ({"AuthenticationMode": {"Type": "iam"}, "UserId": "other"}, "InvalidParameterCombination"),
     ({"AuthenticationMode": {"Type": "password"}}, "InvalidParameterCombination")],
)  # fmt: skip
def test_users_that_cannot_be(network: Network, change: dict[str, Any], code: str) -> None:
    user = {"UserId": "app", "UserName": "app", "Engine": "redis", "AccessString": "on ~* +@all"}
    with refused(code):
        network.cache.create_user(**{**user, **change})


def test_a_user_group_fits_its_engine(network: Network) -> None:
    user = {"UserId": "app", "UserName": "app", "AccessString": "on ~* +@all"}
    network.cache.create_user(**user, Engine="redis", NoPasswordRequired=True)
    with refused("InvalidParameterCombination", "without authentication"):
        network.cache.create_user_group(UserGroupId="team", Engine="valkey", UserIds=["app"])
    network.cache.modify_user(UserId="app", AuthenticationMode={"Type": "iam"})
    network.cache.create_user_group(UserGroupId="team", Engine="valkey", UserIds=["app"])
    network.replicated(TransitEncryptionEnabled=True)
    with refused("InvalidParameterCombination", "engine redis"):
        network.modify(UserGroupIdsToAdd=["team"])


def test_tags_of_groups(network: Network) -> None:
    network.create(Tags=[{"Key": "a", "Value": "1"}])
    arns = [
        network.show()["ARN"],
        make(network)["ARN"],
        network.cache.describe_cache_subnet_groups()["CacheSubnetGroups"][0]["ARN"],
    ]
    for arn in arns:
        network.cache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}])
        added = network.cache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "b", "Value": ""}])
        assert added["TagList"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
        left = network.cache.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])["TagList"]
        assert left == network.cache.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "b", "Value": ""}]


@pytest.mark.parametrize(
    ("code", "tail"),
    [
        ("ReplicationGroupNotFoundFault", "replicationgroup:none"),
        ("CacheSubnetGroupNotFoundFault", "subnetgroup:none"),
        ("CacheParameterGroupNotFound", "parametergroup:none"),
        ("InvalidARN", "bogus:none"),
    ],
)
def test_tags_of_what_does_not_exist_are_refused(network: Network, code: str, tail: str) -> None:
    arn = f"arn:aws:elasticache:eu-west-1:123456789012:{tail}"
    with refused(code):
        network.cache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}])
    with refused(code):
        network.cache.list_tags_for_resource(ResourceName=arn)


def test_too_many_tags_are_refused(network: Network) -> None:
    with refused("TagQuotaPerResourceExceeded"):
        network.create(Tags=[{"Key": f"k{index}", "Value": ""} for index in range(51)])
    with refused("InvalidParameterValue"):
        network.create(Tags=[{"Key": "aws:x", "Value": ""}])


def test_versions(cloud: Cloud) -> None:
    cache = cloud.client("elasticache")

    def versions(**options: Any) -> list[str]:
        return [v["EngineVersion"] for v in cache.describe_cache_engine_versions(**options)["CacheEngineVersions"]]

    assert versions(Engine="redis") == ["5.0.6", "6.0", "6.2", "7.0", "7.1"]
    assert versions(CacheParameterGroupFamily="valkey8") == ["8.0", "8.1"]
    assert versions(Engine="redis", DefaultOnly=True) == ["7.1"]
    assert versions(Engine="redis", EngineVersion="9.9") == []


def test_node_types_to_scale_to(network: Network) -> None:
    network.create()
    answer = network.cache.list_allowed_node_type_modifications(ReplicationGroupId="demo")
    assert "cache.m7g.large" in answer["ScaleUpModifications"]
    assert "cache.t4g.micro" in answer["ScaleDownModifications"]
    assert not any(name.startswith("cache.r6gd") for names in answer.values() for name in names)
    with refused("ReplicationGroupNotFoundFault"):
        network.cache.list_allowed_node_type_modifications(ReplicationGroupId="none")


def test_the_parts_of_the_overlay_do_not_shadow_each_other() -> None:
    seen: dict[str, type] = {}
    for part in LocalElastiCache.__bases__:
        for name in vars(part):
            if not name.startswith("__"):
                assert name not in seen, f"{name} is in {part.__name__} and in {seen[name].__name__}"
                seen[name] = part
    assert Base in LocalElastiCache.__mro__
