# SPDX-License-Identifier: Apache-2.0
"""What runs behind the endpoints of a replication group, when the setting `real_redis` is on."""

from __future__ import annotations

from localcloud.overlays.elasticache.store import Group, Shard, Store
from localcloud.redis.cluster import Shape
from localcloud.redis.fleet import Wanted, fleet
from localcloud.redis.resp import ServerError
from localcloud.settings import settings

#: How long a group whose servers are on their way is left alone before it is looked at again.
PAUSE_SECONDS = 0.2


def follow(store: Store, group: Group) -> None:
    """The servers become what the group is now; `ports` of the group says where they are.

    However slow the machine is: while they are on their way the group is it, too, and an event says what is awaited.
    When one of them has died, the endpoints are only names again, and an event says why.
    """
    if not settings.values["real_redis"]:
        return
    shapes = [Shape(shard.slots, tuple(_primary_first(shard))) for shard in group.shards]
    wanted = Wanted(group.clustered, group.transit_mode, group.auth_tokens, shapes)
    try:
        group.ports = fleet.follow(group.arn, wanted)
    except (OSError, ServerError) as error:
        if fleet.runs(group.arn):
            store.note(group.id, f"localcloud: the servers are on their way: {error}")
            status = "modifying" if group.ports else "creating"
            store.settle(group, status, lambda: follow(store, group), PAUSE_SECONDS)
            return
        leave(group)
        store.note(group.id, f"localcloud: no servers behind the endpoints: {error}")


def leave(group: Group) -> None:
    """The group has no servers any more."""
    fleet.leave(group.arn)
    group.ports = {}


def _primary_first(shard: Shard) -> list[str]:
    return [member.id for member in sorted(shard.members, key=lambda member: member.role != "primary")]
