# SPDX-License-Identifier: Apache-2.0
"""Runs `ansible-test sanity` on the collection, without a list of what it may ignore: python tools/sanity.py [WORD ...]

The words go to ansible-test: `--test pep8`, say. What the tests need is installed from PyPI once and kept below
.ansible/. ansible-test fetches the script that bootstraps pip from a host of its own; Python brings pip along, and a
script that says so lies where ansible-test keeps what it fetched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tools import collection

HOME = collection.ROOT / ".ansible" / "sanity"
BOOTSTRAP = """
import ensurepip
ensurepip.bootstrap()
"""


def folder_of(package: str) -> Path:
    """Where a package lies."""
    found = find_spec(package)
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0])


def bootstraps() -> list[Path]:
    """Where ansible-test looks for the script, by the version of pip that it wants."""
    source = (folder_of("ansible_test") / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    versions = {line.split("'")[1] for line in source.splitlines() if "pip='" in line.replace(" ", "")}
    return [HOME / ".ansible" / "test" / "cache" / f"get_pip_{each.replace('.', '_')}.py" for each in versions]


def main() -> int:
    """ansible-test's exit code."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    for script in bootstraps():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(BOOTSTRAP, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "ansible_collections")
        ours = base.joinpath(*collection.full_name().split("."))
        collection.lay(ours)
        (base / "amazon").mkdir()
        shutil.copytree(folder_of("ansible_collections.amazon.aws"), base / "amazon" / "aws")
        program = Path(sys.executable).with_name("ansible-test")
        command: list[str | Path] = [program, "sanity", "--python", here, "--color", "no"]
        environment = {**os.environ, "HOME": str(HOME)}
        return subprocess.run([*command, *sys.argv[1:]], cwd=ours, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
