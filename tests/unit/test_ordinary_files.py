# SPDX-License-Identifier: Apache-2.0
"""What every repository has: a licence in each file, a root that holds little, one list of commands for all."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.components import ROOT

# What tools and people look for here and nowhere else; all else lives in a folder.
AT_THE_ROOT = {
    ".ansible-lint", ".editorconfig", ".gitignore", ".gitlab-ci.yml", ".pre-commit-config.yaml", ".yamllint",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "ansible.cfg", "execution-environment.yml",
    "mkdocs.yml", "pyproject.toml", "requirements-dev.txt", "requirements.lock", "requirements.txt", "requirements.yml",
}  # fmt: skip
LICENCE = "# SPDX-License-Identifier: Apache-2.0"
# ansible-test wants plugins that document themselves under the GNU General Public License; docs/decisions/ says more.
OF_PLUGINS = f"{LICENCE} OR GPL-3.0-or-later"
PLUGINS = (Path("library"), Path("playbooks/callback_plugins"))
SOURCES = (".py", ".tf", ".sh")


def committed() -> list[Path]:
    """What git keeps, with what is not committed yet."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [Path(name) for name in names if (ROOT / name).is_file()]


def loaded(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_the_root_holds_what_belongs_there() -> None:
    assert {path.name for path in committed() if len(path.parts) == 1} <= AT_THE_ROOT


def test_every_source_file_states_its_licence_at_its_top() -> None:
    missing = []
    for path in committed():
        text = (ROOT / path).read_text() if path.suffix in SOURCES or path.name in ("Makefile", "run") else ""
        licence = OF_PLUGINS if path.parent in PLUGINS else LICENCE
        if text and licence not in text.splitlines()[:3]:
            missing.append(f"{path}: wanted the line {licence}")
    assert missing == []


def test_the_licence_is_apaches() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("file", [".github/workflows/test.yml", ".gitlab-ci.yml", ".ci/run"])
def test_whoever_integrates_runs_the_same_command(file: str) -> None:
    assert re.search(r"^[\s-]*(run: )?make test$", (ROOT / file).read_text(), re.MULTILINE)


def test_hooks_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    hooks = [hook for repository in loaded(".pre-commit-config.yaml")["repos"] for hook in repository["hooks"]]
    assert [hook["id"] for hook in hooks if hook["stages"] == ["pre-commit"]] == ["lint"]
    for hook in hooks:
        assert hook["entry"] == f"make {hook['id']}"
        assert hook["id"] in targets


def test_every_path_that_has_owners_exists() -> None:
    lines = (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
    patterns = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert all((ROOT / pattern.strip("/")).is_dir() for pattern in patterns[1:])


def test_the_newest_version_has_its_entry_in_the_changelog() -> None:
    version = loaded("collection/galaxy.yml")["version"]
    assert version in loaded("changelogs/changelog.yaml")["releases"]
    assert f"## v{version}" in (ROOT / "CHANGELOG.md").read_text().replace("\\", "")
