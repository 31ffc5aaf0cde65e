# SPDX-License-Identifier: Apache-2.0
"""What it takes from nothing: a network beside its calls one by one, the platform beside its slowest object.

    .venv/bin/python -m benchmarks.from_scratch [--rounds N] [--pace P]

The network's calls take 60 ms each. One after the other they are not run: their number times 60 ms is less than they
would take. The platform's objects take as long as AWS typically does, times the pace: 1 is twelve minutes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import yaml
from ansible import module_utils

from benchmarks.bench import Bench, cloud, playbook
from localcloud.settings import DURATIONS

ROOT = Path(__file__).resolve().parent.parent
LATENCY_MS = 60


def measured(rounds: int) -> list[tuple[float, int]]:
    """Seconds and calls of each round; every round begins on an empty cloud."""
    from localcloud.process import Cloud
    from tests.support.runs import run

    network = yaml.safe_load((ROOT / "tests/integration/declarations.yml").read_text())["ec2_vpc_network"]
    found = []
    with Cloud() as cloud:
        run(cloud, "ec2_vpc_network", network)
        for _ in range(rounds):
            cloud.reset()
            cloud.fault("latency", ms=LATENCY_MS)
            before, started = len(cloud.journal()), time.monotonic()
            run(cloud, "ec2_vpc_network", network)
            seconds = time.monotonic() - started
            found.append((seconds, len(cloud.journal(before))))
            cloud.clear_faults()
    return found


def paced(pace: float) -> tuple[float, float]:
    """Seconds of a whole run of site.yml on an empty cloud, and of the object there that takes the longest."""
    with cloud() as folder:
        bench = Bench(folder)
        bench.configure(pace=pace)
        folders = ("-e", f"environment_artifacts_folder={folder}/outputs")
        run = bench.run(playbook("Streambed", "playbooks/site.yml", *folders), converged=False)
    return run.wall, pace * max(DURATIONS.values())


def main() -> None:
    """Prints a line for the network, and one for the platform."""
    parser = argparse.ArgumentParser(description="Measure runs from nothing, as ratios within one run.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pace", type=float, default=1.0, help="how much of AWS's own durations objects take (1)")
    options = parser.parse_args()
    rounds = measured(options.rounds)
    ratios = [calls * LATENCY_MS / 1000 / seconds for seconds, calls in rounds]
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"{rounds[0][1]} calls of {LATENCY_MS} ms: {low:.1f} / {middle:.1f} / {high:.1f} times as fast as one after "
          "the other (min / median / max)")  # fmt: skip
    seconds, slowest = paced(options.pace)
    print(f"the platform at {options.pace:g} times AWS's pace: {seconds / slowest:.3f} times its slowest object")


if __name__ == "__main__":
    module_utils.__path__.append(str(ROOT / "module_utils"))
    main()
