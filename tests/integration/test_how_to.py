# SPDX-License-Identifier: Apache-2.0
"""The how-to pages, from their own text: each block of variables is one plan, which says what the page says it says.

A block `before` is where a page begins. What follows is declared on top of it, block by block: the plan has the lines
of the text block that belongs to it, the run is exactly that plan, and the next run has nothing to do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.environment import text

from localcloud.process import Cloud
from tests.support.components import ROOT
from tests.support.environments import conducted, one_plan
from tests.support.platform import DAY_SECONDS, SMALL, later

pytestmark = pytest.mark.inside
BLOCK = re.compile(r'^```(yaml|text)( title="before")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
PAGES = [page for page in sorted((ROOT / "docs" / "how-to").glob("*.md")) if 'title="before"' in page.read_text()]


def steps(page: Path) -> tuple[dict[str, Any], list[tuple[dict[str, Any], list[str]]]]:
    """Where a page begins, and its changes, each with the lines that its plan has to show."""
    start: dict[str, Any] = {}
    found: list[tuple[dict[str, Any], list[str]]] = []
    # The pages speak of dev, the tests of test.
    for kind, before, content in BLOCK.findall(page.read_text().replace("sensors-dev", "sensors-test")):
        if kind == "text":
            found[-1][1].extend(content.splitlines())
        elif before:
            start = yaml.safe_load(content)
        else:
            found.append((yaml.safe_load(content), []))
    return start, found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(cloud: Cloud, page: Path) -> None:
    start, changes = steps(page)
    declared = {**SMALL, **start}
    conducted(cloud, declared)
    for change, lines in changes:
        # A stream's mode may change twice in 24 hours.
        later(cloud, DAY_SECONDS)
        declared |= change
        shown = text.plan_lines(one_plan(cloud, declared))
        assert set(lines) <= set(shown), [line for line in lines if line not in shown]


def test_each_page_has_changes_and_shows_what_they_say() -> None:
    assert len(PAGES) >= 7
    for page in PAGES:
        _start, changes = steps(page)
        assert changes, page
        assert any(lines for _change, lines in changes), page
