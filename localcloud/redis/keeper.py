# SPDX-License-Identifier: Apache-2.0
"""The process that keeps all servers of one cloud, and ends them when the cloud is gone, however that ended.

It takes one command per line on its standard input, `start NAME`, `look NAME` or `stop NAME`, and answers each with a
line: the server's process id, or 0. When the input ends, because the cloud closed it or was killed, everything is ended
and the directory removed. The servers in turn die with this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import signal
import subprocess
import sys
from pathlib import Path

# Source: prctl(2), PR_SET_PDEATHSIG.
_SET_PARENT_DEATH_SIGNAL = 1


class Keeper:
    """The servers, by name; each has a folder of its own with its `redis.conf`."""

    def __init__(self, binary: str, directory: Path) -> None:
        self._binary = binary
        self._directory = directory
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> int:
        """The process id of the new server."""
        folder = self._directory / name
        with (folder / "log").open("ab") as log:
            self._servers[name] = subprocess.Popen(
                [self._binary, "redis.conf"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        return self._servers[name].pid

    def look(self, name: str) -> int:
        """The process id of a server that runs, or 0."""
        server = self._servers.get(name)
        return server.pid if server is not None and server.poll() is None else 0

    def stop(self, name: str) -> int:
        """0, once the server is gone and its folder with it."""
        server = self._servers.pop(name, None)
        if server is not None:
            server.kill()
            server.wait()
        shutil.rmtree(self._directory / name, ignore_errors=True)
        return 0

    def end(self) -> None:
        """Nothing is left."""
        for name in list(self._servers):
            self.stop(name)
        shutil.rmtree(self._directory, ignore_errors=True)


def _die_with_parent() -> None:
    # Where there is no prctl, the servers end when this process ends them.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def main(binary: str, directory: str) -> None:
    """Obey until the input ends."""
    keeper = Keeper(binary, Path(directory))
    verbs = {"start": keeper.start, "look": keeper.look, "stop": keeper.stop}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for line in sys.stdin:
            verb, name = line.split()
            print(verbs[verb](name), flush=True)
    finally:
        keeper.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
