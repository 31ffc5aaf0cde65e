# SPDX-License-Identifier: Apache-2.0
"""Writes docs/variables.schema.json: every variable of an inventory, for editors that check YAML against a schema.

It is made of the options that the modules themselves have, and of their documentation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible import module_utils

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "variables.schema.json"
TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array", "dict": "object",
         "path": "string"}  # fmt: skip
# An expression of Jinja's may stand for any value.
EXPRESSION = {"type": "string", "pattern": r"\{\{.*\}\}"}


def schema() -> dict[str, Any]:
    """The schema; a variable with a role's prefix that no role has is an error, others are the inventory's own."""
    if str(ROOT / "module_utils") not in module_utils.__path__:
        module_utils.__path__.append(str(ROOT / "module_utils"))
    from ansible.module_utils.environment.components import COMPONENTS, options_of, variable_names
    from ansible.module_utils.environment.entry import OPTIONS
    from ansible.module_utils.environment.keys import SEVERAL

    found: dict[str, Any] = {}
    for role, component in COMPONENTS.items():
        options, texts = options_of(role), documentation(component.module)
        for name, option in variable_names(role).items():
            found[name] = variable(options[option], texts.get(option, {}))
        if role in SEVERAL:
            found[f"{role}_{SEVERAL[role]}"] = several(role, SEVERAL[role], found)
    texts = documentation("environment_run")
    identity = ("stack_name", "environment_suffix", "account_id", "region")
    for option, spec in OPTIONS.items():
        name = option if option in identity else f"environment_{option}"
        found[name] = variable(spec, texts.get(option, {}))
    found["environment_components"] = {"type": "array", "items": {"enum": list(COMPONENTS)}}
    found["environment_variables"] = {"type": "object", "description": "The process environment of every AWS call."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Variables of an environment",
        "type": "object",
        "properties": dict(sorted(found.items())),
        "propertyNames": {"anyOf": [{"enum": sorted(found)}, {"not": {"pattern": f"^({'|'.join(COMPONENTS)})_"}}]},
    }


def several(role: str, plural: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The variable that has several by name, each with the role's own variables without their prefix."""
    prefix = f"{role}_"
    keys = {name.removeprefix(prefix): {"$ref": f"#/properties/{name}"} for name in known
            if name.startswith(prefix) and name != prefix + plural}  # fmt: skip
    one = {"anyOf": [{"type": "object", "properties": keys, "additionalProperties": False}, {"type": "null"}]}
    words = "Several in the place of one, by name, each with the options in which it differs from the role's variables."
    return {"description": words,
            "anyOf": [{"type": "object", "additionalProperties": one}, {"type": "null"}, EXPRESSION]}  # fmt: skip


def documentation(module: str) -> Mapping[str, Any]:
    """The options of a module as its file documents them."""
    text = (ROOT / "library" / f"{module}.py").read_text(encoding="utf-8")
    block = text.split('DOCUMENTATION = r"""', 1)[1].split('"""', 1)[0]
    return dict(yaml.safe_load(block).get("options") or {})


def variable(spec: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """One variable: its type, or null for no opinion, or an expression."""
    described = text.get("description", "")
    words = " ".join(described) if isinstance(described, list) else str(described)
    return {**({"description": words} if words else {}), "anyOf": [shape(spec), {"type": "null"}, EXPRESSION]}


def shape(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a value that an option takes."""
    kind = spec.get("type", "str")
    if kind not in TYPES:
        return {}
    if kind == "list":
        return {"type": "array", "items": shape({**spec, "type": spec.get("elements", "str")})}
    if spec.get("choices"):
        return {"enum": list(spec["choices"])}
    if kind == "dict" and spec.get("options"):
        keys = {name: {"anyOf": [shape(each), {"type": "null"}]} for name, each in spec["options"].items()}
        return {"type": "object", "properties": keys, "additionalProperties": False}
    return {"type": TYPES[kind]}


def text() -> str:
    """The file's text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    sys.exit(0)
