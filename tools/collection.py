# SPDX-License-Identifier: Apache-2.0
"""Builds the collection out of this repository's layout: python tools/collection.py [FOLDER]

The folders of the repository become those of a collection, and names that Ansible finds by its configuration here
become full names. What only the collection has is in collection/. Says where the archive lies, in artifacts/release
unless a folder is named.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "artifacts" / "release"
# What sets AWX up for this repository stays with it.
LEFT_OUT = {"playbooks/awx.yml"}
# Pattern below the repository -> folder below the collection.
PLACES = {
    "library/*.py": "plugins/modules",
    "action_plugins/*.py": "plugins/action",
    "module_utils/**/*.py": "plugins/module_utils",
    "doc_fragments/*.py": "plugins/doc_fragments",
    "playbooks/callback_plugins/*.py": "plugins/callback",
    "playbooks/*.yml": "playbooks",
    "roles/**/*.yml": "roles",
    "changelogs/*.yaml": "changelogs",
    "changelogs/fragments/*.yml": "changelogs/fragments",
    "collection/**/*": "",
    "docs/*.schema.json": "docs",
    "LICENSE": "",
    "CHANGELOG.md": "",
}
# What action plugins share is no plugin: nobody could call it.
SHARED = "in_process"


def galaxy() -> dict[str, Any]:
    """What collection/galaxy.yml says."""
    return dict(yaml.safe_load((ROOT / "collection" / "galaxy.yml").read_text(encoding="utf-8")))


def full_name() -> str:
    """Namespace and name."""
    return f"{galaxy()['namespace']}.{galaxy()['name']}"


def places() -> dict[Path, Path]:
    """Every file that goes into the collection -> its place there."""
    found: dict[Path, Path] = {}
    for pattern, folder in PLACES.items():
        base = Path(pattern.partition("*")[0].rstrip("/")) if "*" in pattern else Path()
        for file in sorted(ROOT.glob(pattern)):
            name = file.relative_to(ROOT)
            if file.is_file() and str(name) not in LEFT_OUT:
                found[file] = Path(folder) / name.relative_to(base)
    shared = ROOT / "action_plugins" / f"{SHARED}.py"
    found[shared] = Path("plugins", "plugin_utils", shared.name)
    return found


def words(folder: str) -> str:
    """The names below a folder of this repository, as alternatives of a pattern; the longest first."""
    names = {path.stem for path in (ROOT / folder).iterdir() if not path.name.startswith("_")}
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


def python(text: str, place: Path) -> str:
    """A Python file with full names in imports, documentation and examples."""
    if place.name == "__init__.py":
        return ""  # as ansible-test wants them
    package = f"ansible_collections.{full_name()}.plugins"
    text = re.sub(rf"ansible\.module_utils\.(?=({words('module_utils')})\b)", f"{package}.module_utils.", text)
    text = re.sub(rf"^(  - )({words('doc_fragments')})$", rf"\1{full_name()}.\2", text, flags=re.MULTILINE)
    text = text.replace("`ansible-doc {", f"`ansible-doc {full_name()}.{{")
    if place.parts[1] == "action":
        base = f"from {package}.plugin_utils.{SHARED} import ActionModule as InProcess"
        text = text.replace("from ansible.plugins.loader import action_loader", base)
        text = re.sub(r"^in_process = .*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"class ActionModule\(.*\):$", "class ActionModule(InProcess):", text, flags=re.MULTILINE)
        text = re.sub(rf'^(    module = ")({words("library")})"', rf'\1{full_name()}.\2"', text, flags=re.MULTILINE)
    return tasks(text, place)


def tasks(text: str, place: Path) -> str:
    """Tasks and plays with the full names of modules and roles."""
    text = text.replace("{{ playbook_dir }}/../artifacts", "artifacts")  # below the folder that a run begins in
    text = re.sub(rf"^( +)({words('library')}):(?=$| *{{)", rf"\1{full_name()}.\2:", text, flags=re.MULTILINE)
    roles = rf"^( +(?:- role|name): )({words('roles')})$"
    return re.sub(roles, rf"\1{full_name()}.\2", text, flags=re.MULTILINE) if place.parts[0] != "plugins" else text


FORMS: dict[str, Callable[[str, Path], str]] = {".py": python, ".yml": tasks}


def lay(folder: Path) -> None:
    """Writes the collection's source into an empty folder."""
    for source, place in places().items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        form = FORMS.get(source.suffix)
        if form is None or place.parts[0] in ("galaxy.yml", "meta", "changelogs"):
            shutil.copyfile(source, target)
        else:
            target.write_text(form(source.read_text(encoding="utf-8"), place), encoding="utf-8")


def build(target: Path) -> Path:
    """The archive, made in ``target``.  Raises CalledProcessError when ansible-galaxy refuses."""
    galaxy_command = Path(sys.executable).with_name("ansible-galaxy")
    with tempfile.TemporaryDirectory() as folder:
        lay(Path(folder))
        command: list[str | Path] = [galaxy_command, "collection", "build", folder, "--output-path", target, "--force"]
        subprocess.run(command, check=True, capture_output=True)
    return target / f"{galaxy()['namespace']}-{galaxy()['name']}-{galaxy()['version']}.tar.gz"


def main() -> int:
    """0; where the archive lies is said."""
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    print(build(target))
    return 0


if __name__ == "__main__":
    sys.exit(main())
