# SPDX-License-Identifier: Apache-2.0
"""The long proof can be stopped and goes on where it was, and a file without an end counts as failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import proof


@pytest.mark.parametrize(("code", "output", "wanted"), [
    (0, "....\n4 passed in 1.2s", (4, 0, 0)), (0, "3 passed, 2 skipped in 1.2s", (3, 0, 2)),
    (1, "1 failed, 3 passed in 9s", (3, 1, 0)), (1, "2 passed, 1 error in 9s", (2, 1, 0)),
    (5, "1 skipped in 0.1s", (0, 0, 1)), (5, "no tests ran in 0.1s", (0, 0, 0)),
    (-9, "..", (0, 1, 0)), (2, "", (0, 1, 0)),
])  # fmt: skip
def test_what_pytest_said_is_counted(code: int, output: str, wanted: tuple[int, int, int]) -> None:
    found = proof.counted("tests/x.py", code, output, 1.0)
    assert (found.passed, found.failed, found.skipped) == wanted


def test_what_tests_counted_is_added_up() -> None:
    figures = 'figures: {"lost answers": 3, "stale reads": 1}'
    first = proof.counted("tests/x.py", 0, f"..\n{figures}\n2 passed in 1s", 1.0)
    second = proof.counted("tests/y.py", 1, f".F\n{figures}\n=== short test summary\n1 failed, 1 passed in 1s", 1.0)
    assert first.figures == {"lost answers": 3, "stale reads": 1}
    assert proof.in_all([first, second, proof.counted("tests/z.py", 0, "1 passed in 1s", 1.0)]) == {
        "lost answers": 6, "stale reads": 2}  # fmt: skip


def test_a_file_is_run_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "RESULTS", tmp_path)
    book = proof.Book("abc")
    proof.run("tests/unit/test_versions.py", book)
    found = book.results["tests/unit/test_versions.py"]
    assert found.passed
    assert found.is_green


def test_what_was_green_at_a_commit_is_known_to_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "RESULTS", tmp_path)
    green = proof.Result("tests/x.py", 3, 0, 0, 1.5)
    proof.Book("abc").note(green)
    assert proof.Book("abc").results == {"tests/x.py": green}
    assert not proof.Book("def").results
    proof.Book("abc-changed").note(green)
    assert not proof.Book("abc-changed").results, "a changed tree has no name"


def test_every_file_of_tests_is_part_of_it() -> None:
    found = {str(path.relative_to(proof.ROOT)) for path in (proof.ROOT / "tests").rglob("test_*.py")}
    assert set(proof.files([])) == found
    assert proof.files(["test_proof", "test_machine"]) == [
        "tests/integration/test_proof.py", "tests/proof/test_machine.py", "tests/unit/test_proof.py"]  # fmt: skip
