# SPDX-License-Identifier: Apache-2.0
"""Global datastores: what they hand on, what they refuse, and what becomes of their members."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import Network, refused

HERE, THERE = "eu-west-1", "us-west-2"
LARGE = {"CacheNodeType": "cache.r7g.large"}
REJECTED = "is part of a global cluster"


class Datastore:
    """A datastore whose primary is `demo` here, and what is asked of it from both regions."""

    def __init__(self, cloud: Cloud, network: Network, **options: Any) -> None:
        self.network, self.here = network, network.cache
        network.replicated(**{**LARGE, **options})
        made = self.here.create_global_replication_group(
            GlobalReplicationGroupIdSuffix="telemetry", PrimaryReplicationGroupId="demo"
        )
        self.id = made["GlobalReplicationGroup"]["GlobalReplicationGroupId"]
        ec2 = cloud.client("ec2", region_name=THERE)
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        places = [(THERE + zone, f"10.1.{i}.0/24") for i, zone in enumerate("ab")]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for zone, block in places
        ]
        self.there = cloud.client("elasticache", region_name=THERE)
        self.there.create_cache_subnet_group(
            CacheSubnetGroupName="net", CacheSubnetGroupDescription="for tests", SubnetIds=subnets
        )

    def join(self, **options: Any) -> None:
        """A secondary there."""
        standing = {"ReplicationGroupId": "far", "ReplicationGroupDescription": "for tests", "NumCacheClusters": 2}
        self.there.create_replication_group(
            **{"CacheSubnetGroupName": "net", "GlobalReplicationGroupId": self.id, **standing, **options}
        )

    def show(self) -> dict[str, Any]:
        """The datastore with its members."""
        found = self.here.describe_global_replication_groups(GlobalReplicationGroupId=self.id, ShowMemberInfo=True)
        return found["GlobalReplicationGroups"][0]

    def roles(self) -> dict[str, tuple[str, str]]:
        """Group -> region and role."""
        return {
            each["ReplicationGroupId"]: (each["ReplicationGroupRegion"], each["Role"])
            for each in self.show()["Members"]
        }

    def far(self) -> dict[str, Any]:
        """The secondary as its own region shows it."""
        return self.there.describe_replication_groups(ReplicationGroupId="far")["ReplicationGroups"][0]


@pytest.fixture
def datastore(cloud: Cloud, network: Network) -> Datastore:
    return Datastore(cloud, network)


def test_a_datastore_begins_with_its_primary(datastore: Datastore) -> None:
    shown = datastore.show()
    assert (shown["Status"], shown["Members"][0]["Status"]) == ("primary-only", "associated")
    info = datastore.network.show()["GlobalReplicationGroupInfo"]
    assert info == {"GlobalReplicationGroupId": datastore.id, "GlobalReplicationGroupMemberRole": "PRIMARY"}
    assert datastore.network.show()["AutoMinorVersionUpgrade"] is False
    with refused("GlobalReplicationGroupNotFoundFault"):
        datastore.there.describe_global_replication_groups(GlobalReplicationGroupId=datastore.id)


def test_a_secondary_takes_over_what_its_primary_has(datastore: Datastore) -> None:
    with refused("InvalidParameterCombination", "Cannot use the given parameters"):
        datastore.join(CacheNodeType="cache.r7g.large")
    with refused("InvalidParameterValue", "at least 2 nodes"):
        datastore.join(NumCacheClusters=1)
    datastore.join()
    assert datastore.roles() == {"demo": (HERE, "PRIMARY"), "far": (THERE, "SECONDARY")}
    assert datastore.show()["Status"] == "available"
    far = datastore.far()
    assert (far["CacheNodeType"], far["AutomaticFailover"]) == ("cache.r7g.large", "enabled")
    node = datastore.there.describe_cache_clusters(CacheClusterId="far-001")["CacheClusters"][0]
    copy = node["CacheParameterGroup"]["CacheParameterGroupName"]
    assert copy.startswith("global-datastore-far-")
    shown = datastore.there.describe_cache_parameter_groups(CacheParameterGroupName=copy)
    assert shown["CacheParameterGroups"][0]["IsGlobal"]
    with refused("InvalidParameterValue", "has a member in us-west-2 already"):
        datastore.join(ReplicationGroupId="another")


def test_a_member_is_not_changed_alone(datastore: Datastore) -> None:
    for change in (
        {"CacheNodeType": "cache.r7g.xlarge"},
        {"EngineVersion": "7.1"},
        {"AutomaticFailoverEnabled": False},
    ):
        with refused("InvalidParameterValue", REJECTED):
            datastore.network.modify(**change)
    with refused("InvalidParameterValue", REJECTED):
        datastore.here.delete_replication_group(ReplicationGroupId="demo")
    datastore.network.modify(MultiAZEnabled=True)
    assert datastore.network.show()["MultiAZ"] == "enabled"


def test_members_change_together(datastore: Datastore) -> None:
    datastore.join()
    about = {"GlobalReplicationGroupId": datastore.id, "ApplyImmediately": True}
    datastore.show()
    with refused("InvalidParameterCombination", "one setting"):
        datastore.here.modify_global_replication_group(
            **about, CacheNodeType="cache.r7g.xlarge", AutomaticFailoverEnabled=True
        )
    datastore.here.modify_global_replication_group(**about, CacheNodeType="cache.r7g.xlarge")
    assert {datastore.network.show()["CacheNodeType"], datastore.far()["CacheNodeType"]} == {"cache.r7g.xlarge"}


def test_a_secondary_is_promoted_and_a_primary_is_not_let_go(datastore: Datastore) -> None:
    datastore.join()
    near = {"GlobalReplicationGroupId": datastore.id, "ReplicationGroupId": "demo", "ReplicationGroupRegion": HERE}
    with refused("InvalidParameterValue", "is the primary"):
        datastore.here.disassociate_global_replication_group(**near)
    datastore.there.failover_global_replication_group(
        GlobalReplicationGroupId=datastore.id, PrimaryRegion=THERE, PrimaryReplicationGroupId="far"
    )
    assert datastore.roles() == {"far": (THERE, "PRIMARY"), "demo": (HERE, "SECONDARY")}
    datastore.here.disassociate_global_replication_group(**near)
    assert "GlobalReplicationGroupId" not in datastore.network.show().get("GlobalReplicationGroupInfo", {})
    with refused("InvalidParameterValue", "is not associated with"):
        datastore.there.disassociate_global_replication_group(**near)


def test_a_datastore_ends_with_its_primary_alone(datastore: Datastore) -> None:
    datastore.join()
    about = {"GlobalReplicationGroupId": datastore.id, "RetainPrimaryReplicationGroup": True}
    with refused("InvalidGlobalReplicationGroupState", "secondary"):
        datastore.here.delete_global_replication_group(**about)
    datastore.here.disassociate_global_replication_group(
        GlobalReplicationGroupId=datastore.id, ReplicationGroupId="far", ReplicationGroupRegion=THERE
    )
    datastore.here.delete_global_replication_group(**about)
    with refused("GlobalReplicationGroupNotFoundFault"):
        datastore.show()
    datastore.here.delete_replication_group(ReplicationGroupId="demo")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"CacheNodeType": "cache.t4g.small"}, "InvalidParameterValue"),
        ({"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"}, "InvalidParameterCombination"),
    ],
)
def test_not_every_group_can_be_a_primary(cloud: Cloud, network: Network, options: dict[str, Any], code: str) -> None:
    with refused(code):
        Datastore(cloud, network, **options)


def test_a_datastore_that_changes_takes_no_other_change(cloud: Cloud, network: Network) -> None:
    datastore = Datastore(cloud, network)
    datastore.show()
    cloud.configure(settle_polls=2)
    datastore.join()
    with refused("InvalidGlobalReplicationGroupState"):
        datastore.here.modify_global_replication_group(
            GlobalReplicationGroupId=datastore.id, ApplyImmediately=True, CacheNodeType="cache.r7g.xlarge"
        )
    with refused("InvalidReplicationGroupState"):
        datastore.there.modify_replication_group(ReplicationGroupId="far", MultiAZEnabled=True)
