# SPDX-License-Identifier: Apache-2.0
"""What a run without changes costs: Streambed in two ways, an ordinary playbook, and Terraform where it is installed.

    .venv/bin/python -m benchmarks.no_op [--rounds N] [--ways plan]

Every run is a whole process on one embedded cloud. The ways take turns, every other round backwards.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys

from benchmarks.bench import Bench, Cost, Failed, Way, cloud, playbook, ratios, say, table, terraform


def ways(bench: Bench) -> tuple[dict[Way, Way], Way]:
    """Each way that is measured with the way that lays its environment; and ours."""
    folder = ("-e", f"environment_artifacts_folder={bench.folder}/outputs")
    ours = playbook("Streambed", "playbooks/site.yml", *folder)
    apart = playbook("Streambed, a separate process", *ours.command[3:], "-e", "streambed_run_in_controller=false")
    plan = playbook("Streambed, plan.yml", "playbooks/plan.yml", *folder)
    ordinary = playbook("ordinary playbook", "benchmarks/ordinary/site.yml", *folder)
    empty = playbook("a playbook of one debug task", "benchmarks/ordinary/empty.yml")
    found = {ours: ours, plan: ours, apart: ours, ordinary: ordinary, empty: empty}
    twin = terraform(bench)
    return ({**found, twin[1]: twin[0]} if twin else found), ours


def measure(bench: Bench, rounds: int, wanted: str) -> tuple[dict[Way, list[Cost]], Way]:
    """The costs, round by round, of ours and of the ways with these words in their titles; each was run before."""
    found, ours = ways(bench)
    measured = {way: laid for way, laid in found.items() if way == ours or wanted in way.title}
    for way in dict.fromkeys(measured.values()):
        say(f"laying: {way.title}")
        bench.run(way, converged=False)
    for way in measured:
        say(f"warming up: {way.title}")
        bench.run(way)
    costs: dict[Way, list[Cost]] = {way: [] for way in measured}
    for number in range(rounds):
        for way in measured if number % 2 == 0 else reversed(measured):
            costs[way].append(bench.run(way))
        say(f"round {number + 1} of {rounds}: " + ", ".join(f"{each[-1].wall:.1f} s" for each in costs.values()))
    return costs, ours


def rows(costs: dict[Way, list[Cost]], ours: Way) -> list[tuple[str, ...]]:
    """What each way costs in the median, and Streambed's costs divided by it, round by round."""
    found = [("no-op run", "wall s", "CPU s", "peak MiB", "AWS calls", "Streambed / it: wall", "CPU")]
    for way, runs in costs.items():
        wall, cpu, memory, calls = (statistics.median(values) for values in zip(*map(of, runs), strict=True))
        found.append((way.title, f"{wall:.2f}", f"{cpu:.2f}", f"{memory:.0f}", f"{calls:.0f}",
                      ratios(costs[ours], runs, lambda cost: cost.wall),
                      ratios(costs[ours], runs, lambda cost: cost.cpu)))  # fmt: skip
    return found


def of(cost: Cost) -> tuple[float, ...]:
    """The four numbers in the order of the table."""
    return cost.wall, cost.cpu, cost.memory, cost.calls


def main() -> int:
    """0, or 1 when a run failed or a playbook did not converge."""
    parser = argparse.ArgumentParser(description="Measure runs without changes, as ratios within one run.")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds that are measured (5)")
    parser.add_argument("--ways", default="", metavar="WORDS", help="only those of which these words are in the title")
    options = parser.parse_args()
    # Ends in order when it is asked to, and the cloud with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with cloud() as folder:
            costs, ours = measure(Bench(folder), options.rounds, options.ways)
    except (Failed, subprocess.CalledProcessError) as failure:
        say(str(failure))
        return 1
    print(f"{table(rows(costs, ours))}\n\n{options.rounds} rounds, {os.cpu_count()} cores; ratios: min / median / max")
    return 0


if __name__ == "__main__":
    sys.exit(main())
