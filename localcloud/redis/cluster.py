# SPDX-License-Identifier: Apache-2.0
"""Bringing servers into the shape of a replication group: who has which slots, and who follows whom.

Source: Redis "Cluster specification", "Live reconfiguration"; `redis-cli --cluster`, which goes the same way.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from localcloud.redis.nodes import STEP_SECONDS, Node
from localcloud.redis.resp import HOST, ServerError

_KEYS_AT_ONCE = 500


@dataclass(frozen=True)
class Shape:
    """One shard: its slots, and its servers by name, the primary first."""

    slots: str
    names: tuple[str, ...]


def replicate(nodes: dict[str, Node], shard: Shape) -> None:
    """Without cluster mode: one primary, and the others follow it."""
    primary, *others = (nodes[name] for name in shard.names)
    if primary.call("ROLE")[0] != "master":
        _hand_over(primary, others)
    for node in others:
        if node.call("ROLE")[:3] != ["slave", HOST, primary.port]:
            node.call("REPLICAOF", HOST, primary.port)
    _until(lambda: all(_is_linked(node) for node in others), "replicas are in step")


def _hand_over(node: Node, others: Iterable[Node]) -> None:
    """The node is primary and has every key. Source: Redis 6.2, FAILOVER: the primary waits for its replica."""
    old = next((other for other in others if other.call("ROLE")[0] == "master"), None)
    if old is None:
        node.call("REPLICAOF", "NO", "ONE")
    elif "master_failover_state:no-failover" in old.call("INFO", "replication"):
        old.call("FAILOVER", "TO", HOST, node.port)
    _until(lambda: node.call("ROLE")[0] == "master", f"{node.name} is primary")


def shape(nodes: dict[str, Node], shards: Iterable[Shape]) -> None:
    """With cluster mode: every slot is where it belongs, with its keys; `nodes` may hold some that no shard has."""
    shards = list(shards)
    ids = {name: node.call("CLUSTER", "MYID") for name, node in nodes.items()}
    _introduce(list(nodes.values()), set(ids.values()))
    for shard in shards:
        _lead(nodes[shard.names[0]])
    _place_slots(nodes, ids, shards)
    for shard in shards:
        for name in shard.names[1:]:
            _follow(nodes[name], ids[shard.names[0]])
    wanted = {name for shard in shards for name in shard.names}
    staying = [nodes[name] for name in wanted]
    for node in staying:
        node.many(("CLUSTER", "FORGET", ids[name]) for name in ids if name not in wanted)
    _until(lambda: all("cluster_state:ok" in node.call("CLUSTER", "INFO") for node in staying), "the cluster is whole")
    replicas = [nodes[name] for shard in shards for name in shard.names[1:]]
    _until(lambda: all(_is_linked(node) for node in replicas), "replicas are in step")


def _introduce(nodes: list[Node], ids: set[str]) -> None:
    """Everybody knows everybody."""
    first = nodes[0]
    known = first.call("CLUSTER", "NODES")
    for node in nodes[1:]:
        if node.call("CLUSTER", "MYID") not in known:
            first.call("CLUSTER", "MEET", HOST, node.port, node.bus_port)
    _until(lambda: all(_known(node) >= ids for node in nodes), "the nodes know each other")


def _known(node: Node) -> set[str]:
    lines = [line.split() for line in node.call("CLUSTER", "NODES").splitlines()]
    return {words[0] for words in lines if "handshake" not in words[2]}


def _lead(node: Node) -> None:
    """The node is a primary; a replica takes over from its own.

    The others may not vote for it the first time: they have to know its rank and its primary's epoch. It is asked again
    at the next look only, for to ask again begins the election anew, which a slow machine would never see the end of.
    Source: cluster.c, CLUSTER_MF_TIMEOUT: a manual failover has five seconds.
    """
    if node.call("ROLE")[0] != "master":
        with contextlib.suppress(ServerError):
            node.call("CLUSTER", "FAILOVER")
        _until(lambda: node.call("ROLE")[0] == "master", f"{node.name} is primary")


def _follow(node: Node, primary_id: str) -> None:
    myself = next(line.split() for line in node.call("CLUSTER", "NODES").splitlines() if "myself" in line)
    if myself[3] != primary_id:
        node.call("CLUSTER", "REPLICATE", primary_id)


def _place_slots(nodes: dict[str, Node], ids: dict[str, str], shards: list[Shape]) -> None:
    owners = _owners(nodes.values())
    names = {node_id: name for name, node_id in ids.items()}
    moving: dict[tuple[str, str], list[int]] = defaultdict(list)
    for shard in shards:
        owner = shard.names[0]
        free = []
        for slot in numbers(shard.slots):
            found = owners.get(slot)
            if found is None:
                free.append(slot)
            elif found != ids[owner]:
                moving[names[found], owner].append(slot)
        if free:
            nodes[owner].call("CLUSTER", "ADDSLOTS", *free)
    primaries = [node for node in nodes.values() if node.call("ROLE")[0] == "master"]
    for (source, target), slots in moving.items():
        _move(nodes[source], nodes[target], ids[source], ids[target], slots)
        for node in primaries:
            if node not in (nodes[source], nodes[target]):
                node.many(("CLUSTER", "SETSLOT", slot, "NODE", ids[target]) for slot in slots)


def _owners(nodes: Iterable[Node]) -> dict[int, str]:
    """Slot -> id of its primary, as those primaries say themselves."""
    owners = {}
    for node in nodes:
        words = next(line.split() for line in node.call("CLUSTER", "NODES").splitlines() if "myself" in line)
        owners.update({slot: words[0] for part in words[8:] if part[0] != "[" for slot in numbers(part)})
    return owners


def _move(source: Node, target: Node, source_id: str, target_id: str, slots: list[int]) -> None:
    target.many(("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id) for slot in slots)
    source.many(("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id) for slot in slots)
    counts = source.many(("CLUSTER", "COUNTKEYSINSLOT", slot) for slot in slots)
    for slot, count in zip(slots, counts, strict=True):
        while count and (keys := source.call("CLUSTER", "GETKEYSINSLOT", slot, _KEYS_AT_ONCE)):
            # A time that was too short may have left keys at both.
            way = (HOST, target.port, "", 0, 5000, "REPLACE", "AUTH2", *target.login)
            source.call("MIGRATE", *way, "KEYS", *keys)
    for node in (target, source):
        node.many(("CLUSTER", "SETSLOT", slot, "NODE", target_id) for slot in slots)


def numbers(slots: str) -> list[int]:
    """The slots in `0-100,200`."""
    found: list[int] = []
    for part in slots.split(","):
        begin, _, end = part.partition("-")
        found += range(int(begin), int(end or begin) + 1)
    return found


def _is_linked(node: Node) -> bool:
    return "master_link_status:up" in node.call("INFO", "replication")


def _until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + STEP_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not yet: {what}")
        time.sleep(0.02)
