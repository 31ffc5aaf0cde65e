# SPDX-License-Identifier: Apache-2.0
"""The summary at the end of a run, and a run without it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from localcloud.process import Cloud
from tests.support.playbooks import play


def site(cloud: Cloud, folder: Path, *arguments: str, **environment: str) -> str:
    variables = json.dumps({"environment_artifacts_folder": str(folder)})
    done = play(cloud, "playbooks/site.yml", "-e", variables, *arguments, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def row(output: str, component: str) -> list[str]:
    return re.search(rf"^{component}  .*", output, re.MULTILINE).group().split()


def test_the_summary_tells_plan_deed_and_nothing_to_do_apart(cloud: Cloud, tmp_path: Path) -> None:
    output = site(cloud, tmp_path, "--check")
    assert "STREAMBED local: PLAN" in output
    planned = row(output, "vpc")[1:5]
    assert not cloud.writes()
    output = site(cloud, tmp_path)
    assert "STREAMBED local: DONE" in output
    assert row(output, "vpc")[1:5] == planned
    assert int(planned[0]) > 20
    output = site(cloud, tmp_path)
    assert "STREAMBED local: NOTHING TO DO" in output
    assert row(output, "vpc")[1:5] == ["0", "0", "0", "0"]


def test_nothing_depends_on_the_summary(cloud: Cloud, tmp_path: Path) -> None:
    output = site(cloud, tmp_path, "--tags", "kinesis", ANSIBLE_CALLBACKS_ENABLED="default")
    assert "STREAMBED" not in output
    # What a tag leaves out is not touched, not even for the lock's sake.
    assert {entry["service"] for entry in cloud.writes()} == {"kinesis"}
    assert "no state bucket holds a lock" in output
