# SPDX-License-Identifier: Apache-2.0
"""Pages out of what a run found: templates of playbooks/templates, in which everything that is filled in is escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

DOCUMENTATION = """
name: pages
short_description: Filters of playbooks/report.yml
"""

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def page(found: Mapping[str, Any], template: str) -> str:
    """The text of a page. Raises jinja2.UndefinedError where the template asks for what was not found."""
    return _environment(template.endswith(".html.j2")).get_template(template).render(found)


def _environment(escapes: bool) -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=escapes, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    made.filters |= {"amount": amount, "cell": cell, "value": value}
    return made


def amount(of: float | None) -> str:
    """An amount of money in two decimals; what is not known says so."""
    return "unknown" if of is None else f"{of:,.2f}"


def value(of: Any) -> str:
    """A value as people read it."""
    return of if isinstance(of, str) else json.dumps(of, default=str)


def cell(of: Any) -> str:
    """A value in a table's cell of Markdown."""
    return value(of).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


class FilterModule:
    """Ansible's way to find them."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"as_page": page}
