# SPDX-License-Identifier: Apache-2.0
"""Copies of the repository: what AWX would sync, and one in which the commands of a page are run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.components import ROOT


def project_files() -> list[Path]:
    """What git would deliver, with what is not committed yet, but the tests: they spell secrets out."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [Path(name) for name in names if (ROOT / name).is_file() and not name.startswith("tests/")]


def deliver(folder: Path) -> None:
    """Puts the project's files into a folder."""
    for name in project_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


class Clone:
    """A copy of the repository, in which `dev` is in the account of the given cloud."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder, self.cloud = folder, cloud
        deliver(folder)
        (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
        stated = folder / "inventories" / "dev" / "group_vars" / "all" / "environment.yml"
        stated.write_text(re.sub(r'account_id: "\d+"', f'account_id: "{ACCOUNT}"', stated.read_text()))

    def says(self, command: str, code: int = 0) -> str:
        """What a command prints; fails where its exit code is another one."""
        around = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = {**around, **self.cloud.environment(), "ANSIBLE_NOCOLOR": "1", "STREAMBED_POLL_SECONDS": "0.05"}
        # The virtual environment is there, and nobody's to make here.
        done = subprocess.run(["make", "-o", ".venv/.ready", *shlex.split(command)[1:]], cwd=self.folder, text=True,
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # fmt: skip
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
        return " ".join((done.stdout + done.stderr).split())
