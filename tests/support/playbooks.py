# SPDX-License-Identifier: Apache-2.0
"""ansible-playbook as a person or AWX runs it: a process of its own, from the repository root."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

from localcloud.process import Cloud

ROOT = Path(__file__).resolve().parents[2]


def command(
    cloud: Cloud, playbook: str, arguments: tuple[str, ...], inventory: str, environment: dict[str, str]
) -> Any:
    """The arguments of a process that runs a playbook; inventories/local finds the given cloud."""
    binaries = Path(sys.executable).parent
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "LOCALCLOUD_DIR": str(cloud.state_dir),
        "ANSIBLE_NOCOLOR": "1",
        **environment,
    }
    words = [binaries / "ansible-playbook", "-i", f"inventories/{inventory}", playbook, *arguments]
    return {"args": words, "cwd": ROOT, "env": variables, "text": True}


def play(
    cloud: Cloud, playbook: str, *arguments: str, inventory: str = "local", **environment: str
) -> subprocess.CompletedProcess[str]:
    """The finished run, with its output."""
    given = command(cloud, playbook, arguments, inventory, environment)
    return subprocess.run(**given, capture_output=True, check=False)


def on_a_terminal(
    cloud: Cloud, playbook: str, *arguments: str, columns: int = 120, **environment: str
) -> tuple[int, str]:
    """Exit code of a run on a terminal of its own, and all that it wrote there, with its control characters."""
    given = command(cloud, playbook, arguments, "local", {"TERM": "xterm", "ANSIBLE_NOCOLOR": "0", **environment})
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(**given, stdin=its, stdout=its, stderr=its)
    os.close(its)
    written = b""
    # A terminal whose other side is closed is an error to who reads from it.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 65536):
            written += piece
    os.close(ours)
    return process.wait(), written.decode()


def start(cloud: Cloud, playbook: str, *arguments: str) -> subprocess.Popen[str]:
    """A run that goes on by itself."""
    given = command(cloud, playbook, arguments, "local", {})
    return subprocess.Popen(**given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(process: subprocess.Popen[str]) -> None:
    """Ends a run at once with all its workers, which Ansible gives sessions of their own."""
    for pid in [process.pid, *descendants(process.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descendants(pid: int) -> list[int]:
    """The processes below one, as Linux lists them."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [each for child in children for each in (child, *descendants(child))]
