# SPDX-License-Identifier: Apache-2.0
"""The documentation: it builds strictly, fetches nothing, and names only commands, pages and figures that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.components import ROOT
from tools import reference

DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "decisions" not in path.parts)
FETCHING = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*(?:src|href)=["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_module_and_role_has_a_page_with_all_of_its_words(site: Path) -> None:
    for name, text in reference.pages().items():
        page = (site / name).with_suffix(".html").read_text()
        for option in re.findall(r"^\| `(\w+)`", text, re.MULTILINE):
            assert f"<code>{option}</code>" in page, name


def test_every_option_of_a_module_and_variable_of_a_role_is_told() -> None:
    assert "| `shard_count` | int |" in reference.module_page("kinesis_data_stream")
    assert "| `alarms.actions` | list of str |" in reference.module_page("kinesis_data_stream")
    assert "| `stack_name` | str; required |" in reference.module_page("kinesis_data_stream")
    for role in reference.components():
        stated = set(re.findall(rf"^({role}_\w+):", (ROOT / "roles" / role / "defaults" / "main.yml").read_text(),
                                re.MULTILINE))  # fmt: skip
        assert stated == set(re.findall(r"^\| `(\w+)` \|", reference.role_page(role), re.MULTILINE))


def test_every_page_has_its_place() -> None:
    found = [str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")] + list(reference.pages())
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    placed = list(reference.listed(reference.spread(nav, found, set(reference.listed(nav)))))
    assert sorted(placed) == sorted(found)


def test_no_page_fetches_anything(site: Path) -> None:
    assert len(list(site.rglob("*.html"))) > len(PAGES)
    for page in site.rglob("*.html"):
        canonical = re.sub(r"<link rel=[\"']?(canonical|prev|next)[^>]*>", "", page.read_text())
        assert not FETCHING.search(canonical), page


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_command_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text()
    assert {word for word in re.findall(r"(?:^ *|`)make ([a-z-]+)", text, re.MULTILINE)} <= targets
    for playbook in re.findall(r"ansible-playbook [^`\n]*?(playbooks/\w+\.yml)", text):
        assert (ROOT / playbook).exists(), playbook


def test_the_playbook_of_the_collection_is_the_one_that_is_tried() -> None:
    both = [path.read_text().partition("```yaml\n")[2].partition("```")[0]
            for path in (ROOT / "collection" / "README.md", DOCS / "how-to" / "collection.md")]  # fmt: skip
    assert both[0] == both[1]
    assert "streambed.aws.environment" in both[0]


def test_figures_of_the_comparison_are_those_that_were_measured() -> None:
    figure = re.compile(r"\b\d+\.\d+\b|\b\d+ reads\b")
    figures = set(figure.findall((DOCS / "comparison.md").read_text().partition("## In figures")[2]))
    assert len(figures) >= 3
    assert figures <= set(figure.findall((DOCS / "performance.md").read_text()))
