"""What a run without changes costs: Streambed inside the controller, in separate processes, and an ordinary playbook.

Every run is a whole ``ansible-playbook`` on one embedded cloud. The ways take turns, and only ratios between runs of
the same round count: seconds belong to the machine, and to what else it was doing.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIB_IN_KIB = 1024


@dataclass(frozen=True)
class Way:
    """One way to keep the environment: a title and the arguments of ansible-playbook."""

    title: str
    arguments: tuple[str, ...]


INSIDE = Way("Streambed, inside the controller", ("playbooks/site.yml",))
OUTSIDE = Way("Streambed, separate processes", ("playbooks/site.yml", "-e", "streambed_run_in_controller=false"))
ORDINARY = Way("ordinary playbook", ("benchmarks/ordinary/site.yml",))
WAYS = (INSIDE, OUTSIDE, ORDINARY)


@dataclass(frozen=True)
class Cost:
    """One whole run: seconds on the clock, CPU seconds and calls; the memory of its largest process in MiB."""

    wall: float
    cpu: float
    memory: float
    calls: int


class Failed(RuntimeError):
    """A run ended with an error, or changed something where nothing was left to change."""


@contextmanager
def cloud() -> Iterator[Path]:
    """The folder of an embedded cloud of our own, which holds its journal; the cloud ends with the block."""
    command = [sys.executable, "-m", "localcloud"]
    with tempfile.TemporaryDirectory(prefix="streambed-bench-") as folder:
        where = ["--state-dir", folder]
        subprocess.run([*command, "up", *where, "--settle-polls", "1"], cwd=ROOT, stdout=sys.stderr, check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run([*command, "down", *where], cwd=ROOT, stdout=sys.stderr, check=True)


class Bench:
    """Runs playbooks on the cloud of a folder, which also takes what they write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls = 0

    def run(self, way: Way, converged: bool = True) -> Cost:
        """What the run cost, with all processes that it started. Raises Failed with the end of its output."""
        log = self._folder / "output"
        started = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(self._command(way), cwd=ROOT, env=self._environment(), stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=subprocess.STDOUT)  # fmt: skip
            # Unlike getrusage of all children so far, this is about the one run: its processes and theirs.
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        text = log.read_text(encoding="utf-8", errors="replace")
        if process.returncode or (converged and " changed=0 " not in text):
            raise Failed(f"{way.title}: {'; '.join(way.arguments)} ended with {process.returncode}\n{text[-3000:]}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB_IN_KIB, self._new_calls())

    def _command(self, way: Way) -> list[str]:
        playbook = str(Path(sys.executable).parent / "ansible-playbook")
        folder = f"environment_artifacts_folder={self._folder}/outputs"
        return [playbook, "-i", "inventories/local", *way.arguments, "-e", folder]

    def _environment(self) -> dict[str, str]:
        """Ours without AWS variables, pointed at the cloud, free of colours."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"
        return {**own, "PATH": path, "LOCALCLOUD_DIR": str(self._folder), "ANSIBLE_NOCOLOR": "1"}

    def _new_calls(self) -> int:
        """How many AWS calls the journal has gained since this was last asked."""
        before = self._calls
        with (self._folder / "journal.jsonl").open(encoding="utf-8") as journal:
            self._calls = sum(1 for _ in journal)
        return self._calls - before


def measure(bench: Bench, pairs: int) -> dict[Way, list[Cost]]:
    """The costs of each way, round by round; each way has been run before, and every other round goes backwards."""
    for way in (INSIDE, ORDINARY):
        say(f"laying: {way.title}")
        bench.run(way, converged=False)
    for way in WAYS:
        say(f"warming up: {way.title}")
        bench.run(way)
    costs: dict[Way, list[Cost]] = {way: [] for way in WAYS}
    for number in range(pairs):
        for way in WAYS if number % 2 == 0 else reversed(WAYS):
            costs[way].append(bench.run(way))
        say(f"round {number + 1} of {pairs}: " + ", ".join(f"{costs[way][-1].wall:.1f} s" for way in WAYS))
    return costs


def say(line: str) -> None:
    """Progress, kept apart from the tables."""
    print(line, file=sys.stderr, flush=True)


def medians(costs: dict[Way, list[Cost]]) -> list[tuple[str, ...]]:
    """One row per way: what it costs in the median."""
    rows: list[tuple[str, ...]] = [("no-op run, median", "wall s", "CPU s", "peak MiB", "AWS calls")]
    for way, runs in costs.items():
        wall, cpu, memory, calls = (statistics.median(values) for values in zip(*map(of, runs), strict=True))
        rows.append((way.title, f"{wall:.2f}", f"{cpu:.2f}", f"{memory:.0f}", f"{calls:.0f}"))
    return rows


def of(cost: Cost) -> tuple[float, ...]:
    """The four numbers in the order of the table."""
    return cost.wall, cost.cpu, cost.memory, cost.calls


def ratios(costs: dict[Way, list[Cost]]) -> list[tuple[str, ...]]:
    """How many times more than Streambed inside the controller the others cost, pair by pair: min / median / max."""
    rows: list[tuple[str, ...]] = [("times more than inside the controller", "wall", "CPU")]
    for way in (OUTSIDE, ORDINARY):
        rows.append((way.title, spread(costs, way, lambda cost: cost.wall), spread(costs, way, lambda cost: cost.cpu)))
    return rows


def spread(costs: dict[Way, list[Cost]], way: Way, number: Callable[[Cost], float]) -> str:
    """Least, median and greatest ratio between runs of the same round."""
    found = [number(other) / number(ours) for other, ours in zip(costs[way], costs[INSIDE], strict=True)]
    return f"{min(found):.2f} / {statistics.median(found):.2f} / {max(found):.2f}"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """The rows as a Markdown table; the first is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    head, *rest = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
                   for row in rows]  # fmt: skip
    return "\n".join((head, f"| {' | '.join('-' * width for width in widths)} |", *rest))


def main() -> int:
    """0, or 1 when a run failed or a playbook did not converge."""
    parser = argparse.ArgumentParser(description="Measure runs without changes, as ratios within one run.")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="rounds that are measured (5)")
    options = parser.parse_args()
    if options.pairs < 1:
        parser.error("--pairs: wanted 1 or more")
    # Ends in order when it is asked to, and the cloud with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with cloud() as folder:
            costs = measure(Bench(folder), options.pairs)
    except (Failed, subprocess.CalledProcessError) as failure:
        say(str(failure))
        return 1
    print(f"{table(medians(costs))}\n\n{table(ratios(costs))}\n\n{options.pairs} rounds, {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main())
