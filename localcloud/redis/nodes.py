# SPDX-License-Identifier: Apache-2.0
"""One server: its configuration, and the connection through which the cloud governs it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.redis.resp import HOST, Client

#: The cloud's own user in every server; its password is made for each cloud.
USER = "localcloud"
_EVERYTHING = "~* &* +@all"
#: How long one step may take at one time; the next look at the group goes on from there.
STEP_SECONDS = 5.0


@dataclass
class Node:
    """One running server. `port` speaks TLS when there is a `ca_file`."""

    name: str
    folder: str
    port: int
    plain_port: int
    bus_port: int
    password: str
    ca_file: str | None
    pid: int = 0
    _client: Client | None = field(default=None, repr=False)

    @property
    def login(self) -> tuple[str, str]:
        """User and password of the cloud itself."""
        return USER, self.password

    def call(self, *words: Any) -> Any:
        """The server's answer to one command."""
        return self.many([words])[0]

    def many(self, commands: Iterable[Iterable[Any]]) -> list[Any]:
        """The server's answers to commands sent all at once."""
        try:
            return self._connection().many(commands)
        except OSError:
            self.close()  # an answer that comes later would be taken for the next one's
            raise

    def await_ready(self) -> None:
        """Returns once the server answers. Raises OSError when it does not."""
        deadline = time.monotonic() + STEP_SECONDS
        while True:
            try:
                self.call("PING")
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def admit(self, digests: Iterable[str]) -> None:
        """Clients with a token of one of these SHA-256 digests come in; without any, or with ``""``, everybody."""
        self.call("ACL", "SETUSER", "default", *access(digests).split())

    def close(self) -> None:
        """The connection is closed; the server runs on."""
        if self._client is not None:
            self._client.__exit__()
            self._client = None

    def _connection(self) -> Client:
        if self._client is None:
            client = Client(self.port, self.ca_file)
            client("AUTH", *self.login)
            self._client = client
        return self._client


def access(digests: Iterable[str]) -> str:
    """The rules of the user `default`. Source: Redis documentation, "ACL": `#<hash>`, `nopass`."""
    known = list(digests)
    words = "nopass" if not known or "" in known else " ".join(f"#{digest}" for digest in known)
    return f"reset on {words} {_EVERYTHING}"


def configuration(node: Node, clustered: bool, tls: bool, files: tuple[Path, Path] | None, digests: list[str]) -> str:
    """The text of redis.conf. Source: the commented redis.conf of Redis 7.0."""
    lines = [
        f"bind {HOST}",
        "daemonize no",
        'save ""',
        "appendonly no",
        "repl-diskless-sync-delay 0",
        f"port {node.plain_port}",
        f"user default {access(digests)}",
        f"user {USER} on >{node.password} {_EVERYTHING}",
        f"masteruser {USER}",
        f"masterauth {node.password}",
    ]
    if tls and files:
        lines += [
            f"tls-port {node.port}",
            f"tls-cert-file {files[0]}",
            f"tls-key-file {files[1]}",
            f"tls-ca-cert-file {files[0]}",
            "tls-auth-clients no",
            "tls-replication yes",
            *(["tls-cluster yes"] if clustered else []),
        ]
    if clustered:
        lines += [
            "cluster-enabled yes",
            f"cluster-port {node.bus_port}",
            "cluster-node-timeout 5000",
            "cluster-allow-replica-migration no",
        ]
    return "\n".join(lines) + "\n"
