# SPDX-License-Identifier: Apache-2.0
"""The image of a job: its build context in every test run, the image itself where podman can make one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import image
from tests.support.components import ROOT

SHIPPED = ROOT / "execution-environment.yml"
DEBIAN = {
    "images": {"base_image": {"name": image.BASE}},
    "dependencies": {"python_interpreter": {"package_system": "python3-pip", "python_path": "/usr/bin/python3"}},
    "options": {"package_manager_path": "/usr/bin/apt-get", "skip_pip_install": True},
    "additional_build_steps": {"prepend_base": ["RUN apt-get update"]},
}


def merged(shipped: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The shipped definition on another base."""
    return {**shipped, **other, "dependencies": {**shipped["dependencies"], **other["dependencies"]}}


def definition(kind: str, folder: Path) -> Path:
    """A folder with the definition and the files that it names."""
    for name in ("requirements.txt", "requirements.yml"):
        shutil.copy(ROOT / name, folder)
    shipped = yaml.safe_load(SHIPPED.read_text())
    file = folder / SHIPPED.name
    file.write_text(yaml.safe_dump(shipped if kind == "rpm" else merged(shipped, DEBIAN)))
    return file


def builder(*words: Any) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("ansible-builder"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("kind", "base"), [("rpm", "centos:stream9"), ("debian", image.BASE)])
def test_the_context_holds_the_projects_own_requirements(kind: str, base: str, tmp_path: Path) -> None:
    context = tmp_path / "context"
    done = builder("create", "-f", definition(kind, tmp_path), "-c", context,
                   "--output-filename", "Containerfile")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    recipe = (context / "Containerfile").read_text()
    assert f'EE_BASE_IMAGE="{base}"' in recipe
    for name in ("requirements.txt", "requirements.yml"):
        assert (context / "_build" / name).read_text() == (ROOT / name).read_text()
    assert not re.search(r"(?i)token|password|secret", recipe)


def test_the_image_has_the_core_that_jobs_are_tested_with() -> None:
    named = yaml.safe_load(SHIPPED.read_text())["dependencies"]
    assert named["ansible_core"]["package_pip"] in (ROOT / "requirements.txt").read_text().splitlines()
    assert named["ansible_runner"]["package_pip"] in (ROOT / "requirements-dev.txt").read_text().splitlines()


def test_what_the_builder_leaves_is_not_of_the_repository() -> None:
    asked = ["git", "check-ignore", "--quiet", "context/Containerfile"]
    assert subprocess.run(asked, cwd=ROOT, check=False).returncode == 0


def test_a_real_image_runs_the_modules(tmp_path: Path) -> None:
    image.require_base()
    done = builder("build", "-f", definition("debian", tmp_path), "-c", tmp_path / "context", "-t", "streambed-ee-test")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    imports = "import boto3, ansible_runner, ansible_collections.amazon.aws.plugins.module_utils.modules"
    look = ["podman", "run", "--rm", "streambed-ee-test", "python3", "-c", imports]
    assert subprocess.run(look, check=False).returncode == 0
