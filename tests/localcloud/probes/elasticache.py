# SPDX-License-Identifier: Apache-2.0
"""What plain moto gets wrong: ElastiCache."""

from __future__ import annotations

from typing import Any

from moto.elasticache.responses import ElastiCacheResponse

from tests.localcloud.probes.registry import Client, accepted, still_wrong


def replication_group(client: Client) -> tuple[Any, dict[str, Any]]:
    """ElastiCache, and a group without cluster mode that should have two nodes."""
    cache = client("elasticache")
    made = cache.create_replication_group(
        ReplicationGroupId="demo", ReplicationGroupDescription="d", Engine="redis", NumCacheClusters=2
    )
    return cache, made["ReplicationGroup"]


@still_wrong("elasticache", "create_replication_group", "describe_replication_groups", "describe_cache_clusters")
def groups_are_there_at_once_and_have_no_members(client: Client) -> bool:
    """No `creating`; the nodes are no cache clusters."""
    cache, made = replication_group(client)
    return made["Status"] == "available" or cache.describe_cache_clusters()["CacheClusters"] == []


@still_wrong("elasticache", "modify_replication_group")
def changes_wait_for_nothing(client: Client) -> bool:
    """A node type that should wait for the maintenance window is there at once, or never."""
    cache, _ = replication_group(client)
    cache.modify_replication_group(ReplicationGroupId="demo", CacheNodeType="cache.m7g.large", ApplyImmediately=False)
    shown = cache.describe_cache_clusters()["CacheClusters"]
    return not any(each.get("PendingModifiedValues", {}).get("CacheNodeType") for each in shown)


@still_wrong("elasticache", "delete_replication_group")
def deleted_groups_stay(client: Client) -> bool:
    """A deleted group is `deleting` for ever."""
    cache, _ = replication_group(client)
    cache.delete_replication_group(ReplicationGroupId="demo")
    return all(accepted(cache.describe_replication_groups, ReplicationGroupId="demo") for _ in range(3))


@still_wrong("elasticache", "create_cache_subnet_group", "describe_cache_subnet_groups")
def subnet_groups_take_subnets_that_do_not_exist(client: Client) -> bool:
    """Any word is a subnet."""
    params = {"CacheSubnetGroupName": "g", "CacheSubnetGroupDescription": "d", "SubnetIds": ["subnet-0123"]}
    return accepted(client("elasticache").create_cache_subnet_group, **params)


@still_wrong("elasticache", "create_snapshot", "describe_snapshots", "delete_snapshot")
def snapshots_hold_no_nodes(client: Client) -> bool:
    """The snapshot of a group shows none of its node groups."""
    cache, _ = replication_group(client)
    made = cache.create_snapshot(SnapshotName="s", ReplicationGroupId="demo")["Snapshot"]
    return not made.get("NodeSnapshots")


@still_wrong("elasticache", "add_tags_to_resource", "remove_tags_from_resource", "list_tags_for_resource")
def tags_of_what_does_not_exist(client: Client) -> bool:
    """An unknown resource can be tagged."""
    arn = "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:nobody"
    return accepted(client("elasticache").add_tags_to_resource, ResourceName=arn, Tags=[{"Key": "a", "Value": "b"}])


@still_wrong("elasticache", "delete_user", "describe_users")
def users_are_in_no_group(_: Client) -> bool:
    """There are no user groups that could hold a user."""
    return not hasattr(ElastiCacheResponse, "create_user_group")


@still_wrong("elasticache", "create_user")
def access_strings_hold_passwords(client: Client) -> bool:
    """Whatever stands in an access string is taken, and user ids keep their capitals."""
    user = {"UserId": "App", "UserName": "app", "Engine": "redis", "AccessString": "on >secret ~* +@all"}
    return accepted(client("elasticache").create_user, **user, NoPasswordRequired=True)
