# SPDX-License-Identifier: Apache-2.0
"""Runs every test there is in its full size, file by file: python tools/proof.py [WORD ...]

Words choose the files whose paths contain one of them. It can be stopped at any time: what was green at this commit is
not run again, as long as nothing but that is in the tree. What came out stands in artifacts/proof/; at the end stands
how large each kind of proof was, as the tests themselves counted it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "artifacts" / "proof"
FOLDERS = ("tests/unit", "tests/localcloud", "tests/integration", "tests/proof", "tests/awx")
SIDE_BY_SIDE = 2
# How large each proof is; a test alone takes a part of every kind.
FULL = {
    "STREAMBED_KILLS": "all", "STREAMBED_PAIRS": "400", "STREAMBED_STEPS": "10000", "STREAMBED_RACES": "500",
    "STREAMBED_CROWDS": "2,4,8,16", "STREAMBED_ROUNDS": "25", "STREAMBED_LATE_SEEDS": "10", "STREAMBED_DEATHS": "100",
    "STREAMBED_TERRAFORM_CONFIGURATIONS": "all", "STREAMBED_PERMISSIONS": "all",
    "STREAMBED_DOUBLE_DEATHS": "700", "STREAMBED_WEATHER": "all", "STREAMBED_REAL_REDIS": "1",
}  # fmt: skip
COUNTED = re.compile(r"(\d+) (passed|failed|skipped|error)")
# What tests/conftest.py prints.
FIGURES = re.compile(r"^figures: (\{.*\})$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What came of one file."""

    file: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def is_green(self) -> bool:
        return not self.failed


def counted(file: str, code: int, output: str, seconds: float) -> Result:
    """The result that pytest's last line states; a run without one failed."""
    last = output.strip().splitlines()[-1] if output.strip() else ""
    found = {word: int(number) for number, word in COUNTED.findall(last)}
    failed = found.get("failed", 0) + found.get("error", 0)
    # 5: no test was left after the selection, as where a whole file is skipped.
    figures = FIGURES.search(output)
    return Result(file, found.get("passed", 0), failed or int(code not in (0, 5)), found.get("skipped", 0), seconds,
                  json.loads(figures.group(1)) if figures else {})  # fmt: skip


def in_all(results: Iterable[Result]) -> Counter[str]:
    """How large each kind of proof was."""
    found: Counter[str] = Counter()
    for each in results:
        found.update(each.figures)
    return found


def version() -> str:
    """The commit, and whether the tree differs from it."""
    commit, changes = git("rev-parse", "HEAD"), git("status", "--porcelain")
    return f"{commit}-changed" if changes else commit


def git(*words: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


class Book:
    """The results of one version, kept in a file as they come."""

    def __init__(self, version: str) -> None:
        self._file, self._lock = RESULTS / f"{version}.json", Lock()
        # A changed tree has no name: what was green in it says nothing.
        kept = self._file.exists() and not version.endswith("-changed")
        self.results = {each["file"]: Result(**each) for each in json.loads(self._file.read_text())} if kept else {}

    def note(self, result: Result) -> None:
        """Keeps a result; a stop loses what is under way and nothing else."""
        with self._lock:
            self.results[result.file] = result
            RESULTS.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps([asdict(each) for each in self.results.values()], indent=1))
            new.replace(self._file)


def files(words: list[str]) -> list[str]:
    """Paths of the test files that were asked for."""
    found = sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).glob("test_*.py"))
    return [path for path in found if not words or any(word in path for word in words)]


def run(file: str, book: Book) -> None:
    """Runs one file, says what came out, and keeps it; the output of a file that failed lies beside the results."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "--tb=short", "-p", "no:cacheprovider", file]
    done = subprocess.run(command, cwd=ROOT, env=FULL | os.environ, capture_output=True, text=True, check=False)
    result = counted(file, done.returncode, done.stdout, time.monotonic() - started)
    if not result.is_green:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{Path(file).stem}.log").write_text(done.stdout + done.stderr)
    book.note(result)
    print(told(result), flush=True)


def told(result: Result) -> str:
    """A result as a line."""
    verdict = (
        "green" if result.is_green else f"{result.failed} FAILED, see artifacts/proof/{Path(result.file).stem}.log"
    )
    return (f"{result.file:<52} {result.passed:>5} passed {result.skipped:>4} skipped "
            f"{result.seconds:>6.0f} s  {verdict}")  # fmt: skip


def main() -> int:
    """0 when everything that was asked for is green."""
    book, asked = Book(version()), files(sys.argv[1:])
    left = [file for file in asked if file not in book.results or not book.results[file].is_green]
    print(f"proof: {len(asked)} files, of which {len(asked) - len(left)} were green at this commit already")
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(lambda file: run(file, book), left))
    results = [book.results[file] for file in asked]
    red = [each for each in results if not each.is_green]
    print(f"proof: {sum(each.passed for each in results)} passed, {sum(each.failed for each in results)} failed, "
          f"{sum(each.skipped for each in results)} skipped, in {len(results)} files")  # fmt: skip
    for what, number in sorted(in_all(results).items()):
        print(f"proof: {number:,} {what}")
    for each in red:
        print(told(each))
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
