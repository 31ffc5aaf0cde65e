# SPDX-License-Identifier: Apache-2.0
"""The tutorial, from its own text: each command of its blocks is run as it stands, in a copy of this repository, and
each line of YAML is declared where it says. README's session is the tutorial's plan.

A tutorial that gains or loses a command does not fit its test any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.process import Cloud
from tests.support.clone import Clone
from tests.support.components import ROOT

TEXT = (ROOT / "docs" / "tutorial.md").read_text()
BLOCK = re.compile(r"^ *```(sh|yaml)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
HERE, REAL = TEXT.split("\n## A real account\n")


def blocks(kind: str, text: str) -> list[str]:
    """The lines of all blocks of one language, in their order."""
    return [line.strip() for language, content in BLOCK.findall(text) for line in content.splitlines()
            if language == kind]  # fmt: skip


def session(command: str) -> list[str]:
    """What README shows of a command's output, line by line; of a line that ends in three dots what comes before."""
    text = (ROOT / "README.md").read_text()
    [content] = re.findall(rf"^```console\n\$ {command}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [" ".join(line.removesuffix("…").split()) for line in content.splitlines()]


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    with Cloud(settle_polls=1) as cloud:
        copy = Clone(tmp_path / "streambed", cloud)
        yield copy
        # What a test that failed left running; a cloud that is down is told so.
        copy.says("make cloud-down")


def test_a_first_environment(clone: Clone) -> None:
    site, again, plan, make, outputs, drift, destroy, down = blocks("sh", HERE)
    assert "STREAMBED local: DONE" in clone.says(site)
    assert "STREAMBED local: NOTHING TO DO" in clone.says(again)
    [line] = blocks("yaml", HERE)
    [file] = re.findall(r"In `([^`]+)` the stream", HERE)
    declared = clone.folder / file
    changed, lines = re.subn(rf"^{line.partition(':')[0]}:.*$", line, declared.read_text(), flags=re.MULTILINE)
    assert lines == 1, "the tutorial changes a line that is there"
    declared.write_text(changed)
    [change] = re.findall(r"The plan shows one change, `([^`]+)`", HERE)
    shown = clone.says(plan)
    assert change in shown
    assert [said for said in session(plan) if said not in shown] == []
    assert "STREAMBED local: DONE" in clone.says(make)
    clone.says(outputs)
    for name in re.findall(r"`(artifacts/local/[^`]+)`", HERE):
        assert json.loads((clone.folder / name).read_text())
    assert "sensors-local: as declared" in clone.says(drift)
    assert "STREAMBED local: DONE" in clone.says(destroy)
    assert "localcloud is down" in clone.says(down)


def test_a_real_account(clone: Clone) -> None:
    rehearse, plan, site = blocks("sh", REAL)
    clone.says(rehearse)
    assert "sensors-dev: " in clone.says(plan)
    # A rehearsal asks by dry runs, which AWS answers with an error.
    assert not [each for each in clone.cloud.writes() if each["status"] < 400]
    assert "STREAMBED dev: DONE" in clone.says(site)
