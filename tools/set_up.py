# SPDX-License-Identifier: Apache-2.0
"""Makes the virtual environment of this repository: python3 tools/set_up.py VENV

Needs Python 3.11 or newer and nothing else. Installs the exact versions of requirements.lock, then the collections of
requirements.yml and awx/requirements.yml (tools/install_collections.py). Running it again repairs what is missing.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)


def main() -> int:
    """0 when the environment is ready, 1 with one sentence on stderr when it is not."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"python: found {found}, wanted 3.11 or newer. Next: make PYTHON=python3.11 …", file=sys.stderr)
        return 1
    folder = Path(sys.argv[1])
    python = folder / "bin" / "python"
    print(f"set-up: packages of requirements.lock into {folder.name}/", flush=True)
    if not python.exists():  # an older one takes the new packages as it is
        venv.EnvBuilder(with_pip=True, clear=folder.exists()).create(folder)
    pip: list[str | Path] = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    steps: tuple[list[str | Path], ...] = (
        [*pip, "install", "--no-deps", "--requirement", ROOT / "requirements.lock"],
        [python, ROOT / "tools" / "install_collections.py"],
    )
    for step in steps:
        if subprocess.run(step, cwd=ROOT, check=False).returncode:
            print("set-up stopped; see above. Next: mend the cause and run the same command again", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
