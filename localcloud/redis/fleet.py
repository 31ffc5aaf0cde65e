# SPDX-License-Identifier: Apache-2.0
"""All servers of one cloud, replication group by replication group."""

from __future__ import annotations

import functools
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.redis.cluster import Shape, replicate, shape
from localcloud.redis.nodes import Node, configuration
from localcloud.redis.resp import HOST

_ROOT = Path(__file__).resolve().parents[2]
_BINARIES = ("valkey-server", "redis-server")
#: Own bus ports in the configuration: Redis 7.0.
_OLDEST = (7, 0)


@dataclass(frozen=True)
class Wanted:
    """What the servers of one group shall be. `digests` are those of the AUTH tokens, ``""`` among them lets all in."""

    clustered: bool
    transit_mode: str | None
    digests: list[str]
    shards: list[Shape]

    @property
    def names(self) -> list[str]:
        """All members."""
        return [name for shard in self.shards for name in shard.names]


@dataclass
class _Crew:
    """The servers of one group."""

    kind: tuple[bool, str | None]
    nodes: dict[str, Node] = field(default_factory=dict)
    epochs: int = 0


class Fleet:
    """Starts, shapes and ends servers; without a binary it says why there are none."""

    def __init__(self) -> None:
        self._count = 0
        self._crews: dict[str, _Crew] = {}
        self._keeper: subprocess.Popen[str] | None = None
        self._directory = Path()
        self._files: tuple[Path, Path] | None = None
        self._password = secrets.token_hex(16)

    @functools.cached_property
    def found(self) -> tuple[str | None, str]:
        """The server to run, or None and why not."""
        return find_binary()

    def follow(self, key: str, wanted: Wanted) -> dict[str, int]:
        """Member -> port, once the servers of group `key` are as wanted; empty without a binary.

        Raises OSError or ServerError where that is not so yet; asked again, it goes on from what there is.
        """
        if self.found[0] is None:
            return {}
        kind = (wanted.clustered, wanted.transit_mode)
        if key in self._crews and self._crews[key].kind != kind:
            # Ports and cluster mode are settled at the start of a server: other ones begin anew, empty.
            self.leave(key)
        crew = self._crews.setdefault(key, _Crew(kind))
        for name in wanted.names:
            if name not in crew.nodes:
                crew.nodes[name] = self._start(name, wanted)
        for node in crew.nodes.values():
            node.await_ready()
            node.admit(wanted.digests)
            if wanted.clustered and "cluster_my_epoch:0\r" in node.call("CLUSTER", "INFO"):
                crew.epochs += 1
                node.call("CLUSTER", "SET-CONFIG-EPOCH", crew.epochs)
        if wanted.clustered:
            shape(crew.nodes, wanted.shards)
        else:
            replicate(crew.nodes, wanted.shards[0])
        for name in set(crew.nodes) - set(wanted.names):
            self._stop(crew.nodes.pop(name))
        return {name: node.port for name, node in crew.nodes.items()}

    def runs(self, key: str) -> bool:
        """Whether every server of the group runs, however far it is."""
        crew = self._crews.get(key)
        return crew is not None and all(self._order("look", node.folder) for node in crew.nodes.values())

    def leave(self, key: str) -> None:
        """The group has no servers any more."""
        crew = self._crews.pop(key, None)
        for node in crew.nodes.values() if crew else ():
            self._stop(node)

    def reset(self) -> None:
        """No server is left."""
        for key in list(self._crews):
            self.leave(key)

    def shown(self) -> dict[str, Any]:
        """What runs, for people and tests."""
        nodes = [node for crew in self._crews.values() for node in crew.nodes.values()]
        return {
            "binary": self.found[0],
            "reason": self.found[1],
            "ca_file": str(self._files[0]) if self._files else None,
            "servers": [
                {"member": n.name, "pid": n.pid, "port": n.port, "plain_port": n.plain_port or None} for n in nodes
            ],
        }

    def _start(self, name: str, wanted: Wanted) -> Node:
        self._begin()
        tls = wanted.transit_mode is not None
        ports = free_ports(3)
        plain = 0 if wanted.transit_mode == "required" else ports[1] if tls else ports[0]
        ca_file = str(self._certificate()[0]) if tls else None
        # Members of one name may be in several regions.
        self._count += 1
        node = Node(name, f"{name}-{self._count}", ports[0], plain, ports[2], self._password, ca_file)
        folder = self._directory / node.folder
        folder.mkdir(mode=0o700)
        text = configuration(node, wanted.clustered, tls, self._files, wanted.digests)
        (folder / "redis.conf").write_text(text, encoding="utf-8")
        node.pid = self._order("start", node.folder)
        return node

    def _stop(self, node: Node) -> None:
        node.close()
        self._order("stop", node.folder)

    def _begin(self) -> None:
        """The keeper runs. It notices the end of this process, of whatever kind, by the end of its input."""
        if self._keeper is not None:
            return
        self._directory = Path(tempfile.mkdtemp(prefix="localcloud-redis-"))
        command = [sys.executable, "-m", "localcloud.redis.keeper", str(self.found[0]), str(self._directory)]
        self._keeper = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def _order(self, verb: str, folder: str) -> int:
        """The keeper's answer."""
        keeper = self._keeper
        if keeper is None or keeper.stdin is None or keeper.stdout is None:
            return 0
        keeper.stdin.write(f"{verb} {folder}\n")
        keeper.stdin.flush()
        return int(keeper.stdout.readline())

    def _certificate(self) -> tuple[Path, Path]:
        if self._files is None:
            # Imported here: most clouds never need it.
            from localcloud.redis.certificate import make

            self._files = make(self._directory)
        return self._files


def find_binary() -> tuple[str | None, str]:
    """The server to run, and nothing; or nothing, and why."""
    for name in _BINARIES:
        path = shutil.which(name)
        if path is None:
            continue
        words = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"v=(\d+)\.(\d+)", words)
        if version and (int(version[1]), int(version[2])) >= _OLDEST:
            return path, ""
        return None, f"{path} is older than 7.0, or does not say: endpoints are names only"
    return None, f"neither {' nor '.join(_BINARIES)} is installed: endpoints are names only"


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses at the moment."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind((HOST, 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


#: The servers of this process: one process is one cloud.
fleet = Fleet()
