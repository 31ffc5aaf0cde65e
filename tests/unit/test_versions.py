# SPDX-License-Identifier: Apache-2.0
"""The ranges that are stated are those that `make matrix` tries, and `make check` runs what a change can break."""

from __future__ import annotations

import re
from importlib.metadata import distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.support.components import ROOT
from tools import check, matrix, set_up


def stated(name: str) -> Requirement:
    """A package of requirements.txt with its range."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return next(Requirement(line) for line in lines if line.startswith(name))


def lower(name: str) -> str:
    return next(each.version for each in stated(name).specifier if each.operator == ">=")


def test_the_matrix_begins_where_the_ranges_begin_and_ends_with_the_newest() -> None:
    cores = [row.core for row in matrix.ROWS]
    assert Version(cores[0]) == Version(lower("ansible-core"))
    assert cores[-1] == "newest"
    assert all(f"{core}.0" in stated("ansible-core").specifier for core in cores if core != "newest")
    oldest = Requirement(matrix.BOTO3["oldest"])
    assert Version(next(iter(oldest.specifier)).version) == Version(lower("boto3"))
    assert {row.boto3 for row in matrix.ROWS} == {row.aws for row in matrix.ROWS} == {"oldest", "newest"}
    assert {row.python for row in matrix.ROWS} == {"3.11", "3.12", "3.13", "3.14"}
    assert all(any((ROOT / word).exists() for word in words if "/" in word) or words[0] == "molecule"
               for words in matrix.STEPS.values())  # fmt: skip


def test_one_range_of_a_version_is_stated_everywhere() -> None:
    image = yaml.safe_load((ROOT / "execution-environment.yml").read_text())
    assert Requirement(image["dependencies"]["ansible_core"]["package_pip"]) == stated("ansible-core")
    needed = yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]
    galaxy = yaml.safe_load((ROOT / "collection" / "galaxy.yml").read_text())
    assert galaxy["dependencies"] == {each["name"]: each["version"] for each in needed}
    runtime = yaml.safe_load((ROOT / "collection" / "meta" / "runtime.yml").read_text())
    assert Version(re.sub("[>=]", "", runtime["requires_ansible"])) == Version(lower("ansible-core"))
    for role in (ROOT / "roles").iterdir():
        meta = yaml.safe_load((role / "meta" / "main.yml").read_text())
        assert meta["galaxy_info"]["min_ansible_version"] == lower("ansible-core"), role.name


def test_what_is_locked_installs_on_the_oldest_python() -> None:
    """On its first release, which Debian's is near to; a set-up by a later one does not notice."""
    first = ".".join(map(str, (*set_up.OLDEST_PYTHON, 0)))
    locked = (ROOT / "requirements.lock").read_text().lower().splitlines()
    wanted = {each.name: each.metadata.get("Requires-Python") or "" for each in distributions()
              if f"{each.name}=={each.version}".lower() in locked}  # fmt: skip
    assert len(wanted) > 50
    assert {name: what for name, what in wanted.items() if first not in SpecifierSet(what)} == {}


def test_a_python_that_is_not_installed_is_a_row_that_says_so() -> None:
    line = matrix.line(matrix.Row("2.19", "3.99", "oldest", "oldest"))
    assert line[:4] == ["3.99", "2.19", "oldest", "oldest"]
    assert line[4:] == ["skipped: this Python is not installed"] * len(matrix.STEPS)


ALWAYS = [["pytest", "tests/unit"], ["pytest", check.PLATFORM]]


@pytest.mark.parametrize(("names", "first"), [
    ([], []),
    (["README.md"], []),
    (["tools/site.py"], [["ruff", "check", "tools/site.py"], ["ruff", "format", "--check", "--quiet", "tools/site.py"],
                         ["mypy"]]),
    (["awx/objects.yml"], [["yamllint", "--strict", "awx/objects.yml"]]),
    (["roles/vpc/tasks/main.yml"], [["yamllint", "--strict", "roles/vpc/tasks/main.yml"],
                                    ["ansible-lint", "--offline", "--profile", "production",
                                     "roles/vpc/tasks/main.yml"]]),
], ids=["nothing", "prose", "a source", "data", "a task"])  # fmt: skip
def test_what_changed_decides_what_is_checked(names: list[str], first: list[list[str]]) -> None:
    assert check.commands(names) == first + ALWAYS


def test_the_platform_run_of_a_check_exists() -> None:
    file, _, name = check.PLATFORM.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()
