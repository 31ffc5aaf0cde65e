# SPDX-License-Identifier: Apache-2.0
"""What a change can be held to in under a minute: lint of what differs from main, unit tests, one platform run.

python tools/check.py. `make lint` and `make test` are the whole of it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# The plan of an empty account, and the run that makes exactly it.
PLATFORM = "tests/integration/test_platform.py::test_the_plan_on_an_empty_account_is_what_a_run_then_does"
# The first of these that git knows is what a change is compared with.
BASES = ("origin/main", "main", "HEAD")
# What ansible-lint reads.
ANSIBLE = ("playbooks", "roles", "molecule", "inventories")


def git(*words: str) -> list[str]:
    """The lines that git prints; none where it fails."""
    return subprocess.run(["git", *words], cwd=ROOT, check=False, capture_output=True, text=True).stdout.splitlines()


def changed() -> list[str]:
    """Files that differ from where this branch left main, and new ones."""
    base = next((found[0] for found in (git("merge-base", "HEAD", each) for each in BASES) if found), "HEAD")
    names = [*git("diff", "--name-only", "--diff-filter=d", base), *git("ls-files", "--others", "--exclude-standard")]
    return sorted(set(names))


def commands(names: list[str]) -> list[list[str]]:
    """What is run for these files, the cheapest first."""
    sources = [name for name in names if name.endswith(".py")]
    data = [name for name in names if name.endswith((".yml", ".yaml"))]
    tasks = [name for name in data if name.startswith(ANSIBLE)]
    for_files = [
        (sources, ["ruff", "check"]),
        (sources, ["ruff", "format", "--check", "--quiet"]),
        (data, ["yamllint", "--strict"]),
        (tasks, ["ansible-lint", "--offline", "--profile", "production"]),
    ]
    whole = [["mypy"]] if sources else []
    return [*(words + files for files, words in for_files if files), *whole, ["pytest", "tests/unit"],
            ["pytest", PLATFORM]]  # fmt: skip


def main() -> int:
    """The number of commands that failed."""
    failed = 0
    for program, *words in commands(changed()):
        started = time.monotonic()
        code = subprocess.run([BIN / program, *words], cwd=ROOT, check=False).returncode
        failed += bool(code)
        said = "failed" if code else "passed"
        print(f"check: {program} {said} in {time.monotonic() - started:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
