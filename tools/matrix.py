# SPDX-License-Identifier: Apache-2.0
"""Runs the same tests on the ends of every range: python tools/matrix.py [ROW ...]

A row is an ansible-core with a Python, a boto3 and an amazon.aws, in a virtual environment of its own, kept below
.ansible/matrix/. A Python that is not installed is a row that is skipped, and said. The table is printed and written to
artifacts/release/matrix.md. `uv` installs the packages where it is to be had, which is faster; otherwise pip.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tools.install_collections import carrier, folder_of, from_carrier, unmet, wanted

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".ansible" / "matrix"
TABLE = ROOT / "artifacts" / "release" / "matrix.md"
# Where pyenv keeps Pythons that it does not put on the PATH.
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
# The package that carries an end of amazon.aws's range; awx.awx has one version, which its newest no longer carries.
CARRIERS = {"oldest": "ansible==12.0.0", "newest": "ansible"}
# The oldest boto3 that requirements.txt allows.
BOTO3 = {"oldest": "boto3==1.42.0", "newest": "boto3"}
STEPS = {
    "unit": ["pytest", "tests/unit"],
    "routes": ["pytest", "tests/integration/test_routes.py"],
    "platform": ["pytest", "tests/integration/test_platform.py"],
    "molecule": ["molecule", "test", "-s", "kinesis"],
}


@dataclass(frozen=True)
class Row:
    """What is installed together: a minor version of ansible-core (or the newest), a Python, an end of each range."""

    core: str
    python: str
    boto3: str
    aws: str

    @property
    def name(self) -> str:
        return f"core-{self.core}-py{self.python}-boto3-{self.boto3}-aws-{self.aws}"

    @property
    def packages(self) -> list[str]:
        core = "ansible-core" if self.core == "newest" else f"ansible-core=={self.core}.*"
        return [core, BOTO3[self.boto3]]


# Each core with the Pythons at the ends of what it takes, and both ends of boto3 with either core. amazon.aws 10 uses
# what cores after 2.19 call deprecated, so they go with its newest version.
ROWS = (
    Row("2.19", "3.11", "oldest", "oldest"),
    Row("2.19", "3.13", "newest", "oldest"),
    Row("2.20", "3.12", "oldest", "newest"),
    Row("newest", "3.12", "oldest", "newest"),
    Row("newest", "3.13", "newest", "newest"),
    Row("newest", "3.14", "newest", "newest"),
)


def interpreter(version: str) -> Path | None:
    """A Python of this version that starts, or None."""
    named = shutil.which(f"python{version}")
    candidates = [*PYENV.glob(f"{version}*/bin/python{version}"), *([Path(named)] if named else [])]
    starts = (each for each in candidates
              if not subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode)  # fmt: skip
    return next(starts, None)


def site_packages(python: Path) -> Path:
    """Where this Python keeps what is installed."""
    ask: list[str | Path] = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())


def prepared(row: Row, python: Path) -> Path:
    """The Python of the row's environment, which is made where it is missing.

    Raises CalledProcessError or LookupError when something is not to be had.
    """
    folder = HOME / row.name
    inside, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        uv = shutil.which("uv")
        install: list[str | Path] = [inside, "-m", "pip", "install", "-q"]
        if uv:
            install = [uv, "pip", "install", "-q", "--python", inside]
        subprocess.run([*install, "-r", ROOT / "requirements-dev.txt", *row.packages], check=True)
        for collections, package in ((wanted(ROOT / "requirements.yml"), CARRIERS[row.aws]),
                                     (wanted(ROOT / "awx" / "requirements.yml"), carrier())):  # fmt: skip
            from_carrier(collections, site_packages(inside), package, inside)
            for sentence in unmet(collections, site_packages(inside)):
                raise LookupError(sentence)
        ready.touch()
    return inside


def versions(python: Path) -> list[str]:
    """What the row really has: Python, ansible-core, boto3, amazon.aws."""
    ask = "import json, platform; from importlib.metadata import version as v; " \
          "print(json.dumps([platform.python_version(), v('ansible-core'), v('boto3')]))"  # fmt: skip
    found = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout
    manifest = folder_of("amazon.aws", site_packages(python)) / "MANIFEST.json"
    return [*json.loads(found), json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]]


def step(python: Path, name: str) -> str:
    """How one step ended; its output lies beside the environment."""
    program, *words = STEPS[name]
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    started = time.monotonic()
    with (python.parents[1] / f"{name}.log").open("w", encoding="utf-8") as log:
        done = subprocess.run([python, "-m", program, *words], cwd=ROOT, env=environment, stdout=log, stderr=log,
                              check=False)  # fmt: skip
    return f"{'failed' if done.returncode else 'passed'} in {time.monotonic() - started:.0f} s"


def line(row: Row) -> list[str]:
    """The row's line of the table."""
    python = interpreter(row.python)
    if python is None:
        return [row.python, row.core, row.boto3, row.aws, *(["skipped: this Python is not installed"] * len(STEPS))]
    try:
        inside = prepared(row, python)
    except (subprocess.CalledProcessError, LookupError) as error:
        why = error.cmd[-1] if isinstance(error, subprocess.CalledProcessError) else error
        return [row.python, row.core, row.boto3, row.aws, *([f"failed to install: {why}"] * len(STEPS))]
    return [*versions(inside), *(step(inside, name) for name in STEPS)]


def main() -> int:
    """The number of rows in which something failed."""
    chosen = [row for row in ROWS if row.name in sys.argv[1:] or not sys.argv[1:]]
    head = ["Python", "ansible-core", "boto3", "amazon.aws", *STEPS]
    lines = [head, ["---"] * len(head)]
    for row in chosen:
        lines.append(line(row))
        print(" | ".join(lines[-1]), flush=True)
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text("".join(f"| {' | '.join(each)} |\n" for each in lines), encoding="utf-8")
    print(f"{TABLE.relative_to(ROOT)}; output of each step: {HOME.relative_to(ROOT)}/<row>/<step>.log")
    return sum(any("failed" in word for word in each) for each in lines)


if __name__ == "__main__":
    sys.exit(main())
