# SPDX-License-Identifier: Apache-2.0
"""The built collection in an environment that holds nothing else: its README's playbook, in and outside the controller.

pip fetches ansible-core and boto3 in the versions of requirements.lock. amazon.aws is copied from where the tests have
it, since Galaxy, which would bring it along, is not everywhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.components import ROOT
from tools import collection

LONGEST_PLAYBOOK = 20
NEEDED = ("ansible-core", "boto3")
OUTSIDE = "streambed_run_in_controller=false"


def playbook() -> str:
    """The first playbook of the collection's README."""
    return (ROOT / "collection" / "README.md").read_text().partition("```yaml\n")[2].partition("```")[0]


def pinned(name: str) -> str:
    """A package at the version of requirements.lock."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a virtual environment, the two collections, and the playbook."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [folder / "venv" / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, *(pinned(name) for name in NEEDED)], check=True)
    aws = find_spec("ansible_collections.amazon.aws")
    there = folder / "collections" / "ansible_collections" / "amazon" / "aws"
    shutil.copytree(aws.submodule_search_locations[0], there)
    (folder / "playbook.yml").write_text(playbook())
    archive = collection.build(folder)
    install = ["ansible-galaxy", "collection", "install", archive, "-p", folder / "collections", "--no-deps"]
    done = run(folder, None, *install)
    assert done.returncode == 0, done.stdout + done.stderr
    yield folder
    shutil.rmtree(folder)


def run(home: Path, cloud: Cloud | None, program: str, *words: Any) -> subprocess.CompletedProcess[str]:
    """A program of the environment, which knows nothing of this repository."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "PYTHON"))},
        **(cloud.environment() if cloud else {}),
        "HOME": str(home),
        "PATH": f"{home / 'venv' / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "ANSIBLE_COLLECTIONS_PATH": str(home / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "STREAMBED_POLL_SECONDS": "0.1",
    }
    command = [home / "venv" / "bin" / program, *words]
    return subprocess.run(command, cwd=home, env=environment, text=True, capture_output=True, check=False)


def play(home: Path, cloud: Cloud, *words: str) -> str:
    """The output of the README's playbook, which passes."""
    done = run(home, cloud, "ansible-playbook", "playbook.yml", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def changed(output: str) -> int:
    return int(re.search(r"changed=(\d+)", output).group(1))


@pytest.mark.parametrize("words", [(), ("-e", OUTSIDE)], ids=["inside", "outside"])
def test_the_documented_playbook_lays_everything_once(home: Path, cloud: Cloud, words: tuple[str, ...]) -> None:
    assert len(playbook().splitlines()) <= LONGEST_PLAYBOOK
    play(home, cloud, "--check", *words)
    assert not cloud.writes()
    assert changed(play(home, cloud, *words)) == 1
    assert {"CreateVpc", "CreateReplicationGroup", "CreateStream"} <= {each["operation"] for each in cloud.writes()}
    assert json.loads((home / "artifacts" / "dev" / "outputs.json").read_text())["vpc"]["vpc_id"].startswith("vpc-")
    before = len(cloud.journal())
    assert changed(play(home, cloud, *words)) == 0
    assert not cloud.writes(before)


MODULE = """
- name: Keep a stream
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/streambed.aws.aws:
      region: eu-central-1
      stack_name: sensors
      environment_suffix: lab
  tasks:
    - name: Keep a stream
      streambed.aws.kinesis_data_stream:
        shard_count: 1
"""


def test_defaults_for_the_group_reach_a_module(home: Path, cloud: Cloud) -> None:
    (home / "module.yml").write_text(MODULE)
    done = run(home, cloud, "ansible-playbook", "module.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = [each for each in cloud.writes() if each["operation"] == "CreateStream"]
    assert (made["region"], made["params"]["StreamName"]) == ("eu-central-1", "sensors-lab")


@pytest.mark.parametrize("words", [(), ("-e", OUTSIDE)], ids=["inside", "outside"])
def test_without_boto3_a_run_says_what_is_missing(home: Path, cloud: Cloud, words: tuple[str, ...]) -> None:
    libraries = next((home / "venv" / "lib").glob("python*")) / "site-packages"
    hidden = [libraries / name for name in ("boto3", "botocore")]
    for folder in hidden:
        folder.rename(folder.with_suffix(".hidden"))
    try:
        done = run(home, cloud, "ansible-playbook", "playbook.yml", *words)
    finally:
        for folder in hidden:
            folder.with_suffix(".hidden").rename(folder)
    assert done.returncode == 2
    assert "Failed to import the required Python library (botocore and boto3)" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr
    assert not cloud.journal()
