# SPDX-License-Identifier: Apache-2.0
"""Where the nodes of a replication group are: slots, shard ids, member ids, zones."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.overlays.elasticache.store import Group, Member, Shard

SLOTS = 16384


def even_slots(shards: int) -> list[str]:
    """The key space cut into contiguous parts of the same size, without gaps.

    Source: ElastiCache user guide, "Creating a Valkey or Redis OSS (cluster mode enabled) cluster": equal distribution.
    """
    cuts = [index * SLOTS // shards for index in range(shards + 1)]
    return [f"{cuts[index]}-{cuts[index + 1] - 1}" for index in range(shards)]


def add_shard(group: Group, replicas: int, zones: Sequence[str], shard_id: str | None = None) -> Shard:
    """A new shard at the end of the group; its nodes go through `zones` in turn."""
    group.last_shard += 1
    shard = Shard(shard_id or f"{group.last_shard:04d}", f"0-{SLOTS - 1}", [])
    group.shards.append(shard)
    for index in range(replicas + 1):
        shard.members.append(Member(_member_id(group, shard), zones[index % len(zones)], role(index)))
    return shard


def add_replica(group: Group, shard: Shard, zone: str) -> Member:
    """A new replica at the end of the shard."""
    member = Member(_member_id(group, shard), zone)
    shard.members.append(member)
    return member


def role(index: int) -> str:
    """The first member of a shard is its primary."""
    return "primary" if index == 0 else "replica"


def spread_slots(group: Group) -> None:
    """Every shard gets the same part of the key space."""
    for shard, slots in zip(group.shards, even_slots(len(group.shards)), strict=True):
        shard.slots = slots


def rotated(zones: Sequence[str], by: int) -> list[str]:
    """The zones, starting with another one: so that primaries are spread too."""
    start = by % len(zones)
    return [*zones[start:], *zones[:start]]


def zone_for_replica(shard: Shard, zones: Sequence[str]) -> str:
    """The zone that has fewest nodes of this shard."""
    used = [member.zone for member in shard.members]
    return min(zones, key=used.count)


def _member_id(group: Group, shard: Shard) -> str:
    """Source: observed ids: `<group>-0001-001` in cluster mode, `<group>-001` otherwise; free numbers are reused."""
    prefix = group.id if group.flat_ids and shard is group.shards[0] else f"{group.id}-{shard.id}"
    taken = {member.id for member in shard.members}
    number = 1
    while f"{prefix}-{number:03d}" in taken:
        number += 1
    return f"{prefix}-{number:03d}"
