# SPDX-License-Identifier: Apache-2.0
"""Installs the collections of requirements.yml and awx/requirements.yml into this Python's environment.

Galaxy is asked first. Where it cannot be reached, each collection is taken out of the `ansible` package on PyPI (the
package that pyproject.toml names): only the collection's own folder, not the 600 MB around it. Either way a version
outside its range is an error.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
# Jobs need the first; playbooks/awx.yml, which tells AWX about the jobs, the second.
REQUIREMENTS = (ROOT / "requirements.yml", ROOT / "awx" / "requirements.yml")
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
GALAXY_TIMEOUT_SECONDS = "20"


def wanted(requirements: Path) -> dict[str, str]:
    """Collection name -> version range, as the file states them."""
    entries = yaml.safe_load(requirements.read_text())["collections"]
    return {entry["name"]: str(entry.get("version", "")) for entry in entries}


def folder_of(name: str, base: Path) -> Path:
    """Where a collection lies below ``base``."""
    return base / "ansible_collections" / name.replace(".", "/")


def unmet(collections: dict[str, str], base: Path) -> Iterator[str]:
    """A sentence for each collection that is missing or outside its range."""
    for name, versions in collections.items():
        manifest = folder_of(name, base) / "MANIFEST.json"
        if not manifest.exists():
            yield f"collection {name}: found nothing, wanted {versions}"
            continue
        found = json.loads(manifest.read_text())["collection_info"]["version"]
        if found not in SpecifierSet(versions.replace("*", "")):
            yield f"collection {name}: found {found}, wanted {versions}"


def from_galaxy(requirements: Path, base: Path) -> bool:
    """Whether Galaxy delivered; what it says is shown only when it did."""
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    words: list[str | Path] = ["collection", "install", "-r", requirements, "-p", base]
    command = [galaxy, *words, "--timeout", GALAXY_TIMEOUT_SECONDS]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def carrier() -> str:
    """The package on PyPI that carries all collections in their ranges."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["streambed"]["collection_carrier"]
    return str(found)


def from_carrier(collections: Iterable[str], base: Path, package: str, python: str | Path = sys.executable) -> None:
    """Unpacks the collections out of the `ansible` wheel that fits this Python.

    Raises CalledProcessError when PyPI does not deliver it.
    """
    with tempfile.TemporaryDirectory() as download:
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
        subprocess.run([*pip, "--no-deps", "--only-binary", ":all:", "--dest", download, package], check=True)
        wheel = next(Path(download).glob("ansible-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            for name in collections:
                prefix = f"ansible_collections/{name.replace('.', '/')}/"
                archive.extractall(base, [entry for entry in archive.namelist() if entry.startswith(prefix)])


def main() -> int:
    """0 when every collection is there in its range."""
    missing: dict[str, str] = {}
    for requirements in REQUIREMENTS:
        collections = wanted(requirements)
        if list(unmet(collections, SITE_PACKAGES)) and not from_galaxy(requirements, SITE_PACKAGES):
            missing |= collections
    if missing:
        package = carrier()
        print(f"set-up: Galaxy does not answer, taking {', '.join(missing)} out of {package}", flush=True)
        from_carrier(missing, SITE_PACKAGES, package)
    left = [sentence for requirements in REQUIREMENTS for sentence in unmet(wanted(requirements), SITE_PACKAGES)]
    for sentence in left:
        print(f"{sentence}. Next: change the range in the requirements, or collection_carrier in pyproject.toml")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
