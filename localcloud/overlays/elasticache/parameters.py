# SPDX-License-Identifier: Apache-2.0
"""The parameters of each family.

Source: AWS CLI reference, describe-engine-default-parameters (redis5.0, complete); ElastiCache user guide, "Engine
specific parameters" (what redis6.x, redis7, valkey7 and valkey8 add and drop). `cluster-enabled` is modifiable here in
custom groups, as people use it; the CLI's listing says it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localcloud.overlays.elasticache.catalogue import FAMILIES

# name | default | type | allowed values | families | flags: F = fixed (not modifiable), R = requires-reboot
_TABLE = """
acl-pubsub-default | allchannels | string | allchannels,resetchannels | redis7- |
acllog-max-len | 128 | integer | 1-10000 | redis6.x- |
active-defrag-cycle-max | 75 | integer | 1-75 | redis5.0- |
active-defrag-cycle-min | 5 | integer | 1-75 | redis5.0- |
active-defrag-ignore-bytes | 104857600 | integer | 1048576- | redis5.0- |
active-defrag-max-scan-fields | 1000 | integer | 1-1000000 | redis5.0- |
active-defrag-threshold-lower | 10 | integer | 1-100 | redis5.0- |
active-defrag-threshold-upper | 100 | integer | 1-100 | redis5.0- |
active-expire-effort | 1 | integer | 1-10 | redis6.x- |
activedefrag | no | string | yes,no | redis5.0- |
activerehashing | yes | string | yes,no | redis5.0- | R
appendfsync | everysec | string | always,everysec,no | redis5.0- | F
appendonly | no | string | yes,no | redis5.0- | F
client-output-buffer-limit-normal-hard-limit | 0 | integer | 0- | redis5.0- |
client-output-buffer-limit-normal-soft-limit | 0 | integer | 0- | redis5.0- |
client-output-buffer-limit-normal-soft-seconds | 0 | integer | 0- | redis5.0- |
client-output-buffer-limit-pubsub-hard-limit | 33554432 | integer | 0- | redis5.0- |
client-output-buffer-limit-pubsub-soft-limit | 8388608 | integer | 0- | redis5.0- |
client-output-buffer-limit-pubsub-soft-seconds | 60 | integer | 0- | redis5.0- |
client-output-buffer-limit-replica-soft-seconds | 60 | integer | 0- | redis5.0- | F
client-query-buffer-limit | 1073741824 | integer | 1048576-1073741824 | redis5.0- |
close-on-replica-write | yes | string | yes,no | redis5.0- |
cluster-allow-pubsubshard-when-down | yes | string | yes,no | redis7- |
cluster-allow-reads-when-down | no | string | yes,no | redis6.x- |
cluster-enabled | no | string | yes,no | redis5.0- | R
cluster-preferred-endpoint-type | tls-dynamic | string | ip,tls-dynamic | redis7- |
cluster-require-full-coverage | no | string | yes,no | redis5.0- |
commandlog-large-reply-max-len | 128 | integer | 0-1024 | valkey8- |
commandlog-large-request-max-len | 128 | integer | 0-1024 | valkey8- |
commandlog-reply-larger-than | 1048576 | integer | - | valkey8- |
commandlog-request-larger-than | 1048576 | integer | - | valkey8- |
databases | 16 | integer | 1-1200000 | redis5.0- | R
hash-max-listpack-entries | 512 | integer | 0- | redis7- |
hash-max-listpack-value | 64 | integer | 0- | redis7- |
hash-max-ziplist-entries | 512 | integer | 0- | redis5.0-redis6.x |
hash-max-ziplist-value | 64 | integer | 0- | redis5.0-redis6.x |
hll-sparse-max-bytes | 3000 | integer | 1-16000 | redis5.0- |
latency-tracking | no | string | yes,no | redis7- |
lazyfree-lazy-eviction | no | string | yes,no | redis5.0- |
lazyfree-lazy-expire | no | string | yes,no | redis5.0- |
lazyfree-lazy-server-del | no | string | yes,no | redis5.0- |
lazyfree-lazy-user-del | no | string | yes,no | redis6.x- |
lfu-decay-time | 1 | integer | 0- | redis5.0- |
lfu-log-factor | 10 | integer | 1- | redis5.0- |
list-compress-depth | 0 | integer | 0- | redis5.0- |
list-max-listpack-size | -2 | integer | -5,-4,-3,-2,-1,1- | redis7- | F
list-max-ziplist-size | -2 | integer | -5,-4,-3,-2,-1,1- | redis5.0-redis6.x | F
lua-replicate-commands | yes | string | yes,no | redis5.0-redis6.x |
lua-time-limit | 5000 | integer | 5000 | redis5.0- | F
maxclients | 65000 | integer | 1-65000 | redis5.0- | FR
maxmemory-policy | volatile-lru | string | volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,\
allkeys-random,volatile-ttl,noeviction | redis5.0- |
maxmemory-samples | 3 | integer | 1- | redis5.0- |
min-replicas-max-lag | 10 | integer | 0- | redis5.0- |
min-replicas-to-write | 0 | integer | 0- | redis5.0- |
notify-keyspace-events | | string | | redis5.0- |
proto-max-bulk-len | 536870912 | integer | 1048576-536870912 | redis5.0- |
rename-commands | | string | | redis5.0-redis6.x |
repl-backlog-size | 1048576 | integer | 16384- | redis5.0-valkey7 |
repl-backlog-size | 10485760 | integer | 16384- | valkey8- |
repl-backlog-ttl | 3600 | integer | 0- | redis5.0- |
replica-allow-chaining | no | string | yes,no | redis5.0- | F
replica-ignore-maxmemory | yes | string | yes,no | redis5.0- | F
replica-lazy-flush | no | string | yes,no | redis5.0- | F
reserved-memory-percent | 25 | integer | 0-100 | redis5.0- |
set-max-intset-entries | 512 | integer | 0- | redis5.0- |
slowlog-log-slower-than | 10000 | integer | - | redis5.0- |
slowlog-max-len | 128 | integer | 0- | redis5.0- |
stream-node-max-bytes | 4096 | integer | 0- | redis5.0- |
stream-node-max-entries | 100 | integer | 0- | redis5.0- |
tcp-keepalive | 300 | integer | 0- | redis5.0- |
timeout | 0 | integer | 0,20- | redis5.0- |
tracking-table-max-keys | 1000000 | integer | 1-100000000 | redis6.x- |
zset-max-listpack-entries | 128 | integer | 0- | redis7- |
zset-max-listpack-value | 64 | integer | 0- | redis7- |
zset-max-ziplist-entries | 128 | integer | 0- | redis5.0-redis6.x |
zset-max-ziplist-value | 64 | integer | 0- | redis5.0-redis6.x |
"""

_FIRST_VERSION = {"redis5.0": "5.0.0", "redis6.x": "6.0.0", "redis7": "7.0.0", "valkey7": "7.2.0", "valkey8": "8.0.0"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of one family."""

    name: str
    default: str
    type: str
    allowed: str
    family: str
    modifiable: bool
    change_type: str

    def accepts(self, value: str) -> bool:
        """Whether AWS would take this value."""
        if not self.allowed:
            return True
        if self.type == "string":
            return value in self.allowed.split(",")
        try:
            number = int(value)
        except ValueError:
            return False
        return any(_in_range(number, part) for part in self.allowed.split(","))

    def view(self, value: str, source: str) -> dict[str, Any]:
        """The parameter as DescribeCacheParameters shows it."""
        shown = {
            "ParameterName": self.name,
            "ParameterValue": value,
            "Description": f"{self.name.replace('-', ' ').capitalize()}.",
            "Source": source,
            "DataType": self.type,
            "AllowedValues": self.allowed,
            "IsModifiable": self.modifiable,
            "MinimumEngineVersion": _FIRST_VERSION[self.family],
            "ChangeType": self.change_type,
        }
        return {name: shown[name] for name in shown if shown[name] != ""}


def _in_range(number: int, part: str) -> bool:
    """`5` is one number, `1-75` a range, `0-` has no end, `-` takes everything."""
    if part == "-":
        return True
    low, dash, high = part.rpartition("-") if not part.startswith("-") else (part, "", "")
    if not dash:
        return number == int(part)
    return number >= int(low) and (not high or number <= int(high))


def _rows() -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in _TABLE.strip().splitlines()]


def _families(span: str) -> tuple[str, ...]:
    first, _, last = span.partition("-")
    return FAMILIES[FAMILIES.index(first) : FAMILIES.index(last) + 1 if last else None]


PARAMETERS: dict[str, dict[str, Parameter]] = {
    family: {
        name: Parameter(
            name, default, kind, allowed, family, "F" not in flags, "requires-reboot" if "R" in flags else "immediate"
        )
        for name, default, kind, allowed, span, flags in _rows()
        if family in _families(span)
    }
    for family in FAMILIES
}
