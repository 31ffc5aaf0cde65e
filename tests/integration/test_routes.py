# SPDX-License-Identifier: Apache-2.0
"""Inside the controller or as a process of its own: the same task gives the same result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.playbooks import play

PLAYBOOK = "tests/integration/playbooks/routes.yml"
SETTING = "streambed_run_in_controller"
CANARY = "canary-secret-wagtail"


def results(cloud: Cloud, folder: Path, in_controller: bool) -> tuple[dict[str, Any], str]:
    cloud.reset()
    file = folder / "results.json"
    done = play(cloud, PLAYBOOK, "-vvv", "-e", f"{SETTING}={in_controller}", "-e", f"results_file={file}")
    assert file.exists(), done.stdout + done.stderr
    # Which file the traceback-free error came from is the one thing that may differ.
    return json.loads(file.read_text()), done.stdout + done.stderr


def calls(entries: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(entry["operation"], entry["params"]) for entry in entries]


def test_both_routes_give_the_same_results(cloud: Cloud, tmp_path: Path) -> None:
    inside, inside_output = results(cloud, tmp_path, True)
    inside_calls, inside_writes = calls(cloud.journal()), calls(cloud.writes())
    outside, outside_output = results(cloud, tmp_path, False)
    outside_calls, outside_writes = calls(cloud.journal()), calls(cloud.writes())
    for name, result in inside.items():
        assert result == outside[name], name
    assert inside_writes == outside_writes
    # Reads are made side by side, in whatever order.
    assert sorted(inside_calls, key=str) == sorted(outside_calls, key=str)
    assert f"separate process: {SETTING} is off" in outside_output
    assert "separate process" not in inside_output
    assert inside["created"]["changed"]
    assert not inside["kept"]["changed"]
    assert inside["created"]["resource"]["retention_hours"] == 48
    assert "eu-central-1" in inside["created"]["resource"]["arn"]
    assert inside["planned"]["calls"][0]["operation"] == "create_stream"
    assert inside["started"]["waiting_for"] == ["stream sensors-routes"]
    assert "did you mean shard_count?" in inside["misspelt"]["msg"]
    assert "many" in inside["mistyped"]["msg"]
    assert "ON_DEMAND" in inside["refused"]["msg"]
    assert "127.0.0.1:9" in inside["unreachable_endpoint"]["msg"]
    assert CANARY not in json.dumps(inside)
    assert CANARY not in inside_output + outside_output
    assert "Traceback" not in inside_output + outside_output


@pytest.mark.parametrize(("variables", "reason"), [
    ({"ansible_become": "true"}, "become is on"),
    ({"ansible_python_interpreter": "/usr/bin/env python3"}, "its interpreter is"),
])  # fmt: skip
def test_what_cannot_run_inside_runs_outside(cloud: Cloud, variables: dict[str, str], reason: str) -> None:
    extra = [part for name, value in variables.items() for part in ("-e", json.dumps({name: value}))]
    done = play(cloud, "tests/integration/playbooks/one_stream.yml", "-vvv", *extra)
    assert f"kinesis_data_stream runs as a separate process: {reason}" in done.stdout


def test_an_asynchronous_task_runs_outside(cloud: Cloud) -> None:
    done = play(cloud, "tests/integration/playbooks/one_stream.yml", "-vvv", "-e", "seconds=60")
    assert "kinesis_data_stream runs as a separate process: async is on" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
