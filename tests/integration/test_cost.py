# SPDX-License-Identifier: Apache-2.0
"""What a run costs that finds everything in order, counted in tasks, forks, reads and imported modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.process import Cloud
from tests.support.playbooks import play

MOST_READS = 30
# Of Ansible, amazon.aws, which brings boto3, and ourselves.
MOST_MODULES = 1150
# Costly to import, and of no use in such a run.
UNUSED = ("moto", "redis", "requests", "rich", "pytest", "localcloud")
# Python runs this file in each process that has its folder on the path.
COUNTING = """
import os
os.register_at_fork(after_in_parent=lambda: open(os.environ["FORKS"], "a").write("fork\\n"))
"""


@pytest.fixture(scope="module")
def laid() -> Iterator[Cloud]:
    with Cloud(settle_polls=1) as cloud:
        done = play(cloud, "playbooks/site.yml")
        assert done.returncode == 0, done.stdout
        yield cloud


def test_a_run_in_order_is_one_task_one_fork_and_thirty_reads(laid: Cloud, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(COUNTING)
    forks = tmp_path / "forks"
    at = len(laid.journal())
    done = play(laid, "playbooks/site.yml", PYTHONPATH=str(tmp_path), FORKS=str(forks))
    assert done.returncode == 0, done.stdout
    assert re.search(r"ok=1 +changed=0 +unreachable=0 +failed=0 +skipped=0", done.stdout), done.stdout
    assert len(forks.read_text().splitlines()) == 1
    assert len(laid.journal(at)) <= MOST_READS
    assert not laid.writes(at)


def test_a_run_imports_what_it_uses(laid: Cloud) -> None:
    done = play(laid, "playbooks/site.yml", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0, done.stdout
    imported = set(re.findall(r"^import time: .*\| +(\S+)$", done.stderr, re.MULTILINE))
    assert len(imported) <= MOST_MODULES
    assert not [name for name in imported if name.split(".")[0] in UNUSED]
