# SPDX-License-Identifier: Apache-2.0
"""What is said of values that an option does not take, and under which names."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refusal
from ansible.module_utils.reconcile.values import wrong

SPEC: dict[str, dict[str, Any]] = {
    "name": {},
    "count": {"type": "int"},
    "loud": {"type": "bool"},
    "mode": {"choices": ["quiet", "loud"]},
    "secret": {"type": "int", "no_log": True},
    "names": {"type": "list", "elements": "str"},
    "parts": {"type": "list", "elements": "dict", "options": {"size": {"type": "int", "required": True}, "kind": {}}},
}


@pytest.mark.parametrize(("values", "said"), [
    ({"name": "a", "count": "3", "loud": "yes", "mode": "loud", "names": "a,b", "parts": [{"size": 1}]}, []),
    (dict.fromkeys(SPEC), []),
    ({"name": 7.1}, []),
    ({"name": ["a"]}, [("name", "a list", "a text")]),
    ({"count": True}, [("count", "true", "a whole number")]),
    ({"count": 1.5}, [("count", "1.5", "a whole number")]),
    ({"mode": "quite"}, [("mode", "quite (did you mean quiet?)", "quiet or loud")]),
    ({"secret": "hunter2"}, [("secret", "7 characters", "a whole number")]),
    ({"names": [{"a": 1}]}, [("names[0]", "a mapping", "a text")]),
    ({"parts": {"size": 1}}, [("parts", "a mapping", "a list of mappings")]),
    ({"parts": [{"size": 1}, {"kin": "x"}]}, [("parts[1]", "kin (did you mean kind?)", "size, kind"),
                                              ("parts[1] size", None, "a whole number")]),
    ({"name": {"a": 1}, "count": "x" * 90}, [("name", "a mapping", "a text"),
                                             ("count", "x" * 80 + "... (90 characters)", "a whole number")]),
])  # fmt: skip
def test_what_is_wrong_is_said_in_the_options_own_words(values: dict[str, Any], said: list[Any]) -> None:
    assert list(wrong(SPEC, values)) == said


VARIABLES = {"port": "redis_port", "engine_version": "redis_engine_version", "tags": "redis_tags"}


@pytest.mark.parametrize(("given", "as_written"), [
    (("port", "a port", "correct port"), ("redis_port", "a port", "correct redis_port")),
    (("tags a", "engine_version", "take it from tags"), ("redis_tags a", "engine_version", "take it from redis_tags")),
    (("port", "engine_version 7", "raise engine_version"), ("redis_port", "redis_engine_version 7",
                                                            "raise redis_engine_version")),
    (("port", "a port", "quote port_number"), ("redis_port", "a port", "quote port_number")),
    (("status", "engine_version", "wait"), ("status", "engine_version", "wait")),
])  # fmt: skip
def test_options_are_named_as_they_were_written(given: tuple[str, ...], as_written: tuple[str, ...]) -> None:
    found = Refusal("t", "n", given[0], 1, *given[1:]).written(VARIABLES)
    assert (found.field, found.wanted, found.next_step) == as_written
