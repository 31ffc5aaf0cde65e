# SPDX-License-Identifier: Apache-2.0
"""Writes requirements.lock: every package that requirements-dev.txt resolves to, in a fresh virtual environment."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Exact versions of requirements.txt and requirements-dev.txt; `make lock` writes this file.\n"


def main() -> int:
    """0; a package that cannot be had raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        venv.EnvBuilder(with_pip=True).create(folder)
        pip = [f"{folder}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--requirement", ROOT / "requirements-dev.txt"], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    (ROOT / "requirements.lock").write_text(HEADER + frozen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
