# SPDX-License-Identifier: Apache-2.0
"""docs/troubleshooting.md quotes what runs say, and nothing that they say no longer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
QUOTED = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)


def texts() -> Iterator[str]:
    """Every text in the source; one with values in it, in its pieces."""
    for folder in ("module_utils", "action_plugins", "tools", "callback"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


SAID = list(texts())


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_is_one_that_a_run_says(message: str) -> None:
    assert any(message in text for text in SAID), "no run says this any more"


def test_every_row_quotes_a_message() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| Message", "| ---"))]
    assert len(rows) == len(QUOTED) > 20


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)", PAGE))))
def test_a_named_target_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"`(environment_\w+)`", PAGE))))
def test_a_named_variable_is_there(variable: str) -> None:
    assert re.search(rf"^{variable}:", (ROOT / "roles/environment/defaults/main.yml").read_text(), re.MULTILINE)
