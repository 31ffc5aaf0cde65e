# SPDX-License-Identifier: Apache-2.0
"""Values that an option does not take, in the option's own words.  Pure.

Ansible's own messages name no variable, show whole specifications and say nothing of lists in texts' places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.parameters import DEFAULT_TYPE_VALIDATORS

from .errors import did_you_mean, shown

Spec = Mapping[str, Mapping[str, Any]]
# Where: the option, and below it the keys; what stands there; what would do.
Wrong = tuple[str, Any, str]

TYPES = {"int": "a whole number", "float": "a number", "bool": "true or false", "dict": "a mapping", "list": "a list"}
TEXT = "a text"
LONGEST = 80


def wrong(spec: Spec, values: Mapping[str, Any], where: str = "") -> Iterator[Wrong]:
    """Everything that is wrong with values, at any depth; ``None`` is no opinion.

    Names that are unknown on the first level are the caller's to judge.
    """
    for name in values if where else ():
        if name not in spec:
            yield where, f"{name}{did_you_mean(str(name), spec)}", shown(list(spec))
    for name, option in spec.items():
        path, value = f"{where} {name}".lstrip(), values.get(name)
        if value is not None:
            yield from _of_value(option, value, path)
        elif option.get("required") and where:
            yield path, None, _wanted(option)


def _of_value(option: Mapping[str, Any], value: Any, path: str) -> Iterator[Wrong]:
    kind = option.get("type", "str")
    if not _is(kind, value):
        yield path, _found(option, value), _wanted(option)
    elif kind == "list":
        of_one = {**option, "type": option.get("elements", "raw")}
        for place, each in enumerate(DEFAULT_TYPE_VALIDATORS["list"](value)):
            yield from _of_value(of_one, each, f"{path}[{place}]")
    elif kind == "dict":
        yield from wrong(option["options"], value, path) if isinstance(value, Mapping) and "options" in option else ()
    elif "choices" in option and value not in option["choices"] and str(value) not in map(str, option["choices"]):
        yield path, f"{_found(option, value)}{did_you_mean(str(value), map(str, option['choices']))}", _wanted(option)


def _is(kind: str, value: Any) -> bool:
    """Whether Ansible makes this type of the value, and nobody is surprised: true is no number, a list no text."""
    if kind == "str":
        return not isinstance(value, (Mapping, list, tuple, set))
    if kind in ("int", "float") and isinstance(value, bool):
        return False
    try:
        DEFAULT_TYPE_VALIDATORS[kind](value)
    except (TypeError, ValueError):
        return False
    return True


def _found(option: Mapping[str, Any], value: Any) -> str:
    """The value, unless it may be a secret or is long."""
    for kind, words in ((Mapping, TYPES["dict"]), ((list, tuple, set), TYPES["list"])):
        if isinstance(value, kind):
            return words
    text = shown(value)
    if option.get("no_log"):
        return f"{len(text)} characters"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _wanted(option: Mapping[str, Any]) -> str:
    if "choices" in option:
        *others, last = option["choices"]
        return " or ".join(filter(None, [", ".join(map(shown, others)), shown(last)]))
    kind = option.get("type", "str")
    if kind == "list" and option.get("elements", "raw") == "dict":
        return "a list of mappings"
    return TYPES.get(kind, TEXT)
