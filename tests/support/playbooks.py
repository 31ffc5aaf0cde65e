"""ansible-playbook as a person or AWX runs it: a process of its own, from the repository root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from localcloud.process import Cloud

ROOT = Path(__file__).resolve().parents[2]


def play(
    cloud: Cloud, playbook: str, *arguments: str, inventory: str = "local", **environment: str
) -> subprocess.CompletedProcess[str]:
    """The finished run, with its output; inventories/local finds the given cloud."""
    binaries = Path(sys.executable).parent
    command = [binaries / "ansible-playbook", "-i", f"inventories/{inventory}", playbook, *arguments]
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "LOCALCLOUD_DIR": str(cloud.state_dir),
        "ANSIBLE_NOCOLOR": "1",
        **environment,
    }
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
