# SPDX-License-Identifier: Apache-2.0
"""How long a network takes from nothing when each call to AWS takes 60 ms, against the same calls one after the other.

    .venv/bin/python -m benchmarks.from_scratch [--rounds N]

The calls one after the other are not run: their number times 60 ms is less than they would take.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import yaml
from ansible import module_utils

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


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = measured(parser.parse_args().rounds)
    ratios = [calls * LATENCY_MS / 1000 / seconds for seconds, calls in rounds]
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"{rounds[0][1]} calls of {LATENCY_MS} ms: {low:.1f} / {middle:.1f} / {high:.1f} times as fast as one after "
          "the other (min / median / max)")  # fmt: skip


if __name__ == "__main__":
    module_utils.__path__.append(str(ROOT / "module_utils"))
    main()
