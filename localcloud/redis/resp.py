# SPDX-License-Identifier: Apache-2.0
"""As much of a Redis client as the cloud needs. Source: "Redis serialization protocol specification", RESP2."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any

HOST = "127.0.0.1"
_SECONDS = 5.0


class ServerError(Exception):
    """The server answered with an error."""


class Client:
    """One connection; calling it sends one command and returns the answer."""

    def __init__(self, port: int, ca_file: str | None = None) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=_SECONDS)
        if ca_file is not None:
            context = ssl.create_default_context(cafile=ca_file)
            self._socket = context.wrap_socket(self._socket, server_hostname=HOST)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def __call__(self, *words: Any) -> Any:
        """The answer: text, number, list or None. Raises ServerError."""
        return self.many([words])[0]

    def many(self, commands: Iterable[Iterable[Any]]) -> list[Any]:
        """The answers to commands that are sent all at once. Raises ServerError for the first that is an error."""
        sent = [_packed(words) for words in commands]
        self._socket.sendall(b"".join(sent))
        answers = [self._answer() for _ in sent]
        for answer in answers:
            if isinstance(answer, ServerError):
                raise answer
        return answers

    def _answer(self) -> Any:
        line = self._file.readline()
        if not line:
            raise ConnectionResetError("the server closed the connection")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"+":
            return rest
        if kind == b"-":
            return ServerError(rest)
        if kind == b":":
            return int(rest)
        size = int(rest)
        if size < 0:
            return None
        if kind == b"*":
            return [self._answer() for _ in range(size)]
        return self._file.read(size + 2)[:-2].decode()


def _packed(words: Iterable[Any]) -> bytes:
    parts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
