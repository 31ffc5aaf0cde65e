# SPDX-License-Identifier: Apache-2.0
"""Images of jobs, where podman and a base can be had; where they cannot, a test is skipped with the reason.

Where podman is to be had here, so is Debian, and no image registry: the base is one that the machine already holds.
``STREAMBED_EE_BASE`` names it; ``STREAMBED_EE_BUILD`` is what else a build needs here, as ``--volume`` of a pip.conf,
``STREAMBED_EE_RUN`` what a container needs, as ``--ulimit`` where nobody may raise one.
"""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess

import pytest

from tests.support.components import ROOT

BASE = os.environ.get("STREAMBED_EE_BASE", "debian:12")
BUILD, RUN = (shlex.split(os.environ.get(f"STREAMBED_EE_{name}", "")) for name in ("BUILD", "RUN"))
JOBS = "localhost/streambed-jobs-test"


def require_base() -> None:
    """Skips the test where no image can be made."""
    if not shutil.which("podman"):
        pytest.skip("no podman")
    if subprocess.run(["podman", "image", "exists", BASE], check=False).returncode:
        pytest.skip(f"podman holds no image {BASE}; STREAMBED_EE_BASE names another")


@functools.cache
def built() -> str:
    """The name of the image out of tests/awx/Containerfile, built once; podman keeps what did not change."""
    require_base()
    command = ["podman", "build", "--network=host", "--build-arg", f"BASE={BASE}", *BUILD, "-t", JOBS,
               "-f", "tests/awx/Containerfile", "."]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return JOBS
