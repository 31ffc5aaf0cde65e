# SPDX-License-Identifier: Apache-2.0
"""Runs every molecule scenario, two at a time; each has an embedded cloud of its own, so they cannot meet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIDE_BY_SIDE = 2


def scenarios() -> list[str]:
    """Names of the scenarios, the longest first."""
    found = {file.parent.name for file in ROOT.glob("molecule/*/molecule.yml")}
    return sorted(found, key=lambda name: (name != "default", name))


def run(scenario: str) -> tuple[str, int, float, str]:
    """Name, exit code, seconds and output of one scenario."""
    started = time.monotonic()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "molecule", "test", "-s", scenario]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return scenario, done.returncode, time.monotonic() - started, done.stdout + done.stderr


def main() -> int:
    """The number of scenarios that failed; the output of those is printed."""
    failed = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for scenario, code, seconds, output in pool.map(run, sys.argv[1:] or scenarios()):
            print(f"molecule {scenario}: {'failed' if code else 'passed'} in {seconds:.0f} s", flush=True)
            if code:
                failed += 1
                print(output)
    return failed


if __name__ == "__main__":
    sys.exit(main())
