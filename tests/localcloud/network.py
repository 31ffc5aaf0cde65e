# SPDX-License-Identifier: Apache-2.0
"""What most tests stand on, and how they say that AWS refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.process import Cloud

#: Lets VPC flow logs assume a role.
_WHO = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [_WHO]})
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")


class Network:
    """A VPC with three subnets and a cache subnet group; `group` makes a replication group in it."""

    def __init__(self, cloud: Cloud) -> None:
        ec2 = cloud.client("ec2")
        self.cache = cloud.client("elasticache")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for i, zone in enumerate(ZONES)
        ]
        self.cache.create_cache_subnet_group(
            CacheSubnetGroupName="net", CacheSubnetGroupDescription="for tests", SubnetIds=self.subnets
        )

    def create(self, **options: Any) -> dict[str, Any]:
        """The answer to CreateReplicationGroup; one node of redis 7.1 unless the options say otherwise."""
        defaults = {
            "ReplicationGroupId": "demo",
            "ReplicationGroupDescription": "for tests",
            "CacheNodeType": "cache.t4g.small",
            "Engine": "redis",
            "EngineVersion": "7.1",
            "CacheSubnetGroupName": "net",
        }
        return self.cache.create_replication_group(**{**defaults, **options})["ReplicationGroup"]

    def clustered(self, shards: int = 2, replicas: int = 1, **options: Any) -> dict[str, Any]:
        """A group with cluster mode on."""
        counts = {"NumNodeGroups": shards, "ReplicasPerNodeGroup": replicas, "AutomaticFailoverEnabled": True}
        return self.create(**{**counts, **options})

    def replicated(self, nodes: int = 2, **options: Any) -> dict[str, Any]:
        """A group with cluster mode off, and failover."""
        return self.create(**{"NumCacheClusters": nodes, "AutomaticFailoverEnabled": True, **options})

    def show(self, name: str = "demo") -> dict[str, Any]:
        """The group as DescribeReplicationGroups shows it."""
        return self.cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]

    def nodes(self) -> list[dict[str, Any]]:
        """All nodes as DescribeCacheClusters shows them."""
        return self.cache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]

    def modify(self, **changes: Any) -> dict[str, Any]:
        """The answer to ModifyReplicationGroup, applied immediately unless the changes say otherwise."""
        options = {"ReplicationGroupId": "demo", "ApplyImmediately": True, **changes}
        return self.cache.modify_replication_group(**options)["ReplicationGroup"]


@contextmanager
def refused(code: str, text: str = "") -> Iterator[None]:
    """The block's call is refused with this AWS error code, and a message that contains `text`."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error
