# SPDX-License-Identifier: Apache-2.0
"""What the collection is made of: every folder at its place, full names, and documentation that ansible-doc reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from tests.support.components import ROOT
from tools import collection

NAME = collection.full_name()
OURS = sorted(path.stem for path in (ROOT / "library").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection's source."""
    folder = tmp_path_factory.mktemp("collections").joinpath("ansible_collections", *NAME.split("."))
    collection.lay(folder)
    return folder


def texts(laid: Path, pattern: str) -> dict[str, str]:
    return {str(path.relative_to(laid)): path.read_text() for path in laid.glob(pattern) if path.is_file()}


def test_every_folder_has_its_place(laid: Path) -> None:
    for here, there in (("library", "plugins/modules"), ("module_utils/reconcile", "plugins/module_utils/reconcile"),
                        ("roles/vpc/defaults", "roles/vpc/defaults")):  # fmt: skip
        names = [{path.name for path in folder.iterdir() if path.name != "__pycache__"}
                 for folder in (ROOT / here, laid / there)]  # fmt: skip
        assert names[0] == names[1], there
    assert {path.stem for path in (laid / "plugins" / "action").iterdir()} == set(OURS)
    assert (laid / "plugins" / "plugin_utils" / "in_process.py").exists()
    assert {path.name for path in (laid / "roles").iterdir()} == {path.name for path in (ROOT / "roles").iterdir()}


def test_no_name_depends_on_a_configuration(laid: Path) -> None:
    own = "|".join(path.stem for path in (ROOT / "module_utils").iterdir() if path.stem != "__pycache__")
    for name, text in texts(laid, "plugins/**/*.py").items():
        assert not re.search(rf"ansible\.module_utils\.({own})\b", text), name
    for name, text in {**texts(laid, "roles/**/*.yml"), **texts(laid, "playbooks/*.yml")}.items():
        assert not re.search(rf"^\s+(- )?({'|'.join(OURS)}):", text, re.MULTILINE), name
        assert not re.search(rf"^\s+(- role|name): ({'|'.join(ROLES)})$", text, re.MULTILINE), name
        assert "playbook_dir" not in text, name


def test_action_groups_name_every_module(laid: Path) -> None:
    groups = yaml.safe_load((laid / "meta" / "runtime.yml").read_text())["action_groups"]["aws"]
    assert [each for each in groups if isinstance(each, str)] == OURS


def test_ansible_doc_reads_every_module_with_its_fragment(laid: Path) -> None:
    base = laid.parents[2]
    command = [Path(sys.executable).with_name("ansible-doc"), "--json", *(f"{NAME}.{each}" for each in OURS)]
    environment = {"PATH": "/usr/bin:/bin", "ANSIBLE_COLLECTIONS_PATH": str(base), "HOME": str(base)}
    done = subprocess.run(command, env=environment, cwd=base, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sorted(found) == [f"{NAME}.{each}" for each in OURS]
    assert "poll_seconds" in found[f"{NAME}.kinesis_data_stream"]["doc"]["options"]
    assert f"{NAME}.kinesis_data_stream:" in found[f"{NAME}.kinesis_data_stream"]["examples"]


def test_the_archive_holds_what_was_laid(laid: Path, tmp_path: Path) -> None:
    archive = collection.build(tmp_path)
    with tarfile.open(archive) as file:
        names = {name for name in file.getnames() if not file.getmember(name).isdir()}
    sources = {str(path.relative_to(laid)) for path in laid.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert sources - {"galaxy.yml"} <= names
    assert "MANIFEST.json" in names
