# SPDX-License-Identifier: Apache-2.0
"""What all benchmarks need: a cloud of their own, whole processes measured on it, tables.

Only ratios between runs of the same round count: seconds belong to the machine, and to what else it was doing.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud import process

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MIB_IN_KIB = 1024
MIRROR = "STREAMBED_TERRAFORM_MIRROR"


@dataclass(frozen=True)
class Way:
    """One way to keep an environment: a title, a command, and how its output says that nothing was to be done."""

    title: str
    command: tuple[str, ...]
    in_order: str = " changed=0 "
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Cost:
    """One whole run: seconds on the clock, CPU seconds and calls; the memory of its largest process in MiB."""

    wall: float
    cpu: float
    memory: float
    calls: int


class Failed(RuntimeError):
    """A run ended with an error, or changed something where nothing was left to change."""


def playbook(title: str, path: str, *arguments: str, inventory: str = "inventories/local") -> Way:
    """A way that is an ansible-playbook."""
    return Way(title, (str(BIN / "ansible-playbook"), "-i", inventory, path, *arguments))


@contextmanager
def cloud() -> Iterator[Path]:
    """The folder of an embedded cloud of our own, which holds its journal; the cloud ends with the block."""
    with tempfile.TemporaryDirectory(prefix="streambed-bench-") as folder:
        process.up(Path(folder), settle_polls=1)
        try:
            yield Path(folder)
        finally:
            process.down(Path(folder))


class Bench:
    """Runs ways on the cloud of a folder, which also takes what they write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls = 0

    @property
    def endpoint(self) -> str:
        """Where the cloud listens."""
        return (self.folder / "endpoint").read_text(encoding="utf-8").strip()

    def configure(self, **settings: Any) -> None:
        """Sets the cloud's settings."""
        request = urllib.request.Request(f"{self.endpoint}/_localcloud/settings", json.dumps(settings).encode(),
                                         {"Content-Type": "application/json"})  # fmt: skip
        urllib.request.urlopen(request, timeout=30).close()

    def run(self, way: Way, converged: bool = True) -> Cost:
        """What the run cost, with all processes that it started. Raises Failed with the end of its output."""
        log = self.folder / "output"
        started = time.monotonic()
        with log.open("wb") as output:
            running = subprocess.Popen(way.command, cwd=way.folder, env=self._environment(way), stdout=output,
                                       stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)  # fmt: skip
            try:
                # Unlike getrusage of all children so far, this is about the one run: its processes and theirs.
                _, status, usage = os.wait4(running.pid, 0)
            except BaseException:
                running.terminate()
                raise
        wall = time.monotonic() - started
        running.returncode = os.waitstatus_to_exitcode(status)
        text = log.read_text(encoding="utf-8", errors="replace")
        if running.returncode or (converged and way.in_order not in text):
            raise Failed(f"{way.title}: {' '.join(way.command)} ended with {running.returncode}\n{text[-3000:]}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB_IN_KIB, self._new_calls())

    def _environment(self, way: Way) -> dict[str, str]:
        """Ours without AWS variables, pointed at the cloud, free of colours."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "TF_"))}
        path = f"{BIN}{os.pathsep}{own.get('PATH', '')}"
        return {**own, "PATH": path, "LOCALCLOUD_DIR": str(self.folder), "ANSIBLE_NOCOLOR": "1", **way.environment}

    def _new_calls(self) -> int:
        """How many AWS calls the journal has gained since this was last asked."""
        before = self._calls
        with (self.folder / "journal.jsonl").open(encoding="utf-8") as journal:
            self._calls = sum(1 for _ in journal)
        return self._calls - before


def terraform(bench: Bench) -> tuple[Way, Way] | None:
    """How Terraform lays its twin and how it plans it; ``None`` where it is not installed, which is said.

    Its providers come out of the filesystem mirror that STREAMBED_TERRAFORM_MIRROR names.
    """
    program, mirror = shutil.which("terraform"), os.environ.get(MIRROR)
    if not program or not mirror:
        say(f"Terraform is left out: {'it is not on the PATH' if not program else f'{MIRROR} names no mirror'}")
        return None
    folder = bench.folder / "terraform"
    shutil.copytree(ROOT / "benchmarks" / "terraform", folder)
    settings = folder / "terraform.rc"
    text = f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n'
    settings.write_text(text, encoding="utf-8")
    environment = {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1",
                   "TF_VAR_endpoint": bench.endpoint}  # fmt: skip
    subprocess.run([program, "init", "-input=false", "-no-color"], cwd=folder, stdout=subprocess.DEVNULL, check=True,
                   env={**os.environ, **environment})  # fmt: skip

    def way(verb: str, *arguments: str) -> Way:
        return Way(f"terraform {verb}", (program, verb, "-input=false", "-no-color", *arguments), "No changes.", folder,
                   environment)  # fmt: skip

    return way("apply", "-auto-approve"), way("plan")


def say(line: str) -> None:
    """Progress, kept apart from the tables."""
    print(line, file=sys.stderr, flush=True)


def spread(numbers: Sequence[float]) -> str:
    """Least, median and greatest."""
    return f"{min(numbers):.2f} / {statistics.median(numbers):.2f} / {max(numbers):.2f}"


def ratios(ours: Sequence[Cost], others: Sequence[Cost], number: Callable[[Cost], float]) -> str:
    """Ours divided by the other's, between runs of the same round: least, median and greatest."""
    return spread([number(own) / number(other) for own, other in zip(ours, others, strict=True)])


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """The rows as a Markdown table; the first is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    head, *rest = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
                   for row in rows]  # fmt: skip
    return "\n".join((head, f"| {' | '.join('-' * width for width in widths)} |", *rest))
