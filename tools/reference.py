# SPDX-License-Identifier: Apache-2.0
"""The pages of the site that are made of what modules, roles and playbooks say of themselves.

mkdocs.yml names this file. MkDocs calls the two functions at the end. The rest is text from text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from antsibull_docs_parser.md import to_md
from antsibull_docs_parser.parser import Context, parse
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
FRAGMENT = ROOT / "doc_fragments" / "streambed.py"
ROW = re.compile(r"((?:^#.*\n)+)^(\w+):((?: .*)?\n(?:[ -].*\n)*)", re.MULTILINE)


def blocks(file: Path) -> dict[str, Any]:
    """The documentation of a Python file by the name of its block, as data; examples as text."""
    found = dict(re.findall(r'^ *(\w+) = r"""\n(.*?)"""', file.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
    return {name: text if name == "EXAMPLES" else yaml.safe_load(text) for name, text in found.items()}


def prose(text: Any) -> str:
    """A description, in Ansible's markup, as Markdown on one line."""
    parts = text if isinstance(text, list) else [text or ""]
    return " ".join(to_md(parse(str(part), Context())).replace("\n", " ") for part in parts)


def cell(text: str) -> str:
    """Text as a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def kind(option: Mapping[str, Any]) -> str:
    """What values an option takes, and which it has when it is left out."""
    said = [str(option.get("type", "str"))]
    if option.get("elements"):
        said[0] += f" of {option['elements']}"
    if option.get("required"):
        said.append("required")
    if option.get("choices"):
        said.append("one of " + ", ".join(f"`{choice}`" for choice in option["choices"]))
    if "default" in option:
        said.append(f"default `{option['default'] if option['default'] != '' else 'empty'}`")
    return "; ".join(said)


def rows(options: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """A row for each option, those inside of it below it."""
    for name, option in options.items():
        full = f"{above}{name}"
        yield f"| `{full}` | {cell(kind(option))} | {cell(prose(option.get('description')))} |"
        yield from rows(option.get("suboptions") or option.get("contains") or {}, f"{full}.")


def table(head: tuple[str, ...], lines: Iterator[str]) -> str:
    """A table in Markdown."""
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines])


def module_page(name: str) -> str:
    """Everything that a module's documentation says, and the options that it shares with the others."""
    said = blocks(ROOT / "library" / f"{name}.py")
    documentation = said["DOCUMENTATION"]
    fragments = documentation["extends_documentation_fragment"]
    ours = blocks(FRAGMENT)["DOCUMENTATION"]["options"] if "streambed" in fragments else {}
    others = ", ".join(f"`{each}`" for each in fragments if each != "streambed")
    head = ("Option", "Value", "Meaning")
    parts = [
        f"# {name}", f"{documentation['short_description']}.", *(prose(each) for each in documentation["description"]),
        "## Options", table(head, rows(documentation["options"])),
        *(["## Options that all components have", table(head, rows(ours))] if ours else []),
        f"Beside these the module takes what {others} document: profile, region, keys, endpoint.",
        "## Examples", f"```yaml\n{said['EXAMPLES'].strip()}\n```",
        "## What it returns", table(("Key", "Value", "Meaning"), rows(said["RETURN"])),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def role_page(name: str) -> str:
    """A role's variables with their defaults and what the comments above them say."""
    meta = yaml.safe_load((ROOT / "roles" / name / "meta" / "main.yml").read_text(encoding="utf-8"))["galaxy_info"]
    text = (ROOT / "roles" / name / "defaults" / "main.yml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    lines = (f"| `{variable}` | `{cell(str(values[variable]))}` | {cell(unhashed(comment))} |"
             for comment, variable, _ in ROW.findall(text))  # fmt: skip
    module = "environment_run" if name == "environment" else components()[name]
    return "\n\n".join([
        f"# Role {name}", f"{meta['description']}. The options are those of "
        f"[{module}](../modules/{module}.md); null is no opinion.", table(("Variable", "Default", "Meaning"), lines),
    ]) + "\n"  # fmt: skip


def unhashed(comment: str) -> str:
    """The sentences of a comment."""
    return " ".join(line.lstrip("# ") for line in comment.splitlines())


def components() -> dict[str, str]:
    """Role -> module, as components.py has them."""
    text = (ROOT / "module_utils" / "environment" / "components.py").read_text(encoding="utf-8")
    imported = re.findall(r"\.\.(\w+)\.component import COMPONENT as (\w+)", text)
    modules = {alias: module for module, alias in imported}
    return {role: modules[alias] for role, alias in re.findall(r'^    "(\w+)": (\w+),$', text, re.MULTILINE)}


def playbooks_page() -> str:
    """Each playbook with the comment at its top."""
    takes = "an inventory in which a host is an environment, `--check`, `--diff`, `--limit`, and roles as `--tags`"
    said = ["# Playbooks", f"Each takes {takes}."]
    for file in sorted((ROOT / "playbooks").glob("*.yml")):
        comment = re.search(r"^---\n((?:#.*\n)+)", file.read_text(encoding="utf-8"))
        said += [f"## {file.stem}", unhashed(comment.group(1)) if comment else ""]
    return "\n\n".join(said) + "\n"


def pages() -> dict[str, str]:
    """Every page that is made, by its place below docs/."""
    modules = sorted(path.stem for path in (ROOT / "library").glob("*.py"))
    roles = sorted(path.name for path in (ROOT / "roles").iterdir())
    index = ["# Reference", "Made of what the code says of itself.", "## Modules",
             *(f"- [{name}](modules/{name}.md)" for name in modules), "## Roles",
             *(f"- [{name}](roles/{name}.md)" for name in roles), "## Files",
             "- [Variables of an inventory](../variables.schema.json), as a JSON schema for editors",
             "- [A plan](../plan.schema.json), as a JSON schema"]  # fmt: skip
    return {
        "reference/index.md": "\n\n".join(index) + "\n",
        "reference/playbooks.md": playbooks_page(),
        **{f"reference/modules/{name}.md": module_page(name) for name in modules},
        **{f"reference/roles/{name}.md": role_page(name) for name in roles},
    }


def listed(nav: Any) -> Iterator[str]:
    """Every page that a navigation names."""
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for value in entry.values():
                yield from [value] if isinstance(value, str) else listed(value)


def spread(nav: list[Any], found: list[str], named: set[str]) -> list[Any]:
    """The navigation with the pages of each folder in its place."""
    result: list[Any] = []
    for entry in nav:
        if isinstance(entry, str) and entry.endswith("/"):
            result += [page for page in found if f"{PurePosixPath(page).parent}/" == entry and page not in named]
        elif isinstance(entry, dict):
            result.append({title: spread(value, found, named) if isinstance(value, list) else value
                           for title, value in entry.items()})  # fmt: skip
        else:
            result.append(entry)
    return result


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts the pages of folders into the navigation."""
    docs = Path(config.docs_dir)
    found = sorted({*pages(), *(str(path.relative_to(docs)) for path in docs.rglob("*.md"))})
    config.nav = spread(config.nav or [], found, set(listed(config.nav or [])))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made."""
    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    return files
