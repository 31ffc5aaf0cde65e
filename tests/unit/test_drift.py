# SPDX-License-Identifier: Apache-2.0
"""What counts as drift, and how it is named, from a plan to the lines that people read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.environment import document, text
from ansible.module_utils.reconcile.component import Component, Seen
from ansible.module_utils.reconcile.errors import Refusal
from ansible.module_utils.reconcile.fields import Field, compare
from ansible.module_utils.reconcile.plan import Call
from ansible.module_utils.reconcile.planning import Declaration, Look, Part, Plan

NOTHING = [lambda *_: None] * 6
ABOUT = {"stack_name": "sensors", "environment_suffix": "dev", "account_id": "1", "region": "eu-west-1"}
OPTIONS = {**ABOUT, "state": "present", "tags": None, "purge_tags": True}
CALL = Call("kinesis", "increase", {}, "stream s", "retain 48 hours on stream s", owner="kinesis")


def part(before: dict[str, Any] | None, after: dict[str, Any], *calls: Call, **more: Any) -> Part:
    """The part of a stream that is ``before`` and is to be ``after``."""
    fields = tuple(Field(name) for name in {**(before or {}), **after})
    component = Component("kinesis_data_stream", "stream", {}, fields, *NOTHING, permissions=frozenset())
    seen = Seen(before, scheduled=more.pop("scheduled", {}), strangers=more.pop("strangers", ()))
    return Part(Declaration("kinesis", component, OPTIONS), Look(seen), after, compare(fields, before, after), calls,
                **more)  # fmt: skip


def drift_of(found: Part, orphans: Any = ()) -> dict[str, Any]:
    plan = Plan({"kinesis": found}, found.calls)
    return document.drift(document.document(plan, ABOUT, "d1", [], orphans, {}))


@pytest.mark.parametrize(("before", "after", "attributes"), [
    ({"retention_hours": 24}, {"retention_hours": 48}, {"retention_hours": (24, 48)}),
    ({"tags": {"team": "a"}}, {"tags": {}}, {"tags.team": ("a", "nothing")}),
    ({"routes": {"app": {}}}, {"routes": {"app": {"10.0.0.0/8": "peer"}}},
     {"routes.app.10.0.0.0/8": ("nothing", "peer")}),
    ({"rules": [1]}, {"rules": [1, 2]}, {"rules": ([1], [1, 2])}),
    ({"kms_key_id": None}, {"kms_key_id": "k"}, {"kms_key_id": ("nothing", "k")}),
    (None, {"shard_count": 1, "tags": {"a": "b"}}, {"existence": ("nothing", "as in the inventory")}),
])  # fmt: skip
def test_every_attribute_is_named_by_its_path(before: Any, after: Any, attributes: Any) -> None:
    found = drift_of(part(before, after, CALL))["differences"]
    assert {entry["attribute"]: (entry["found"], entry["declared"]) for entry in found} == attributes
    assert {(entry["component"], entry["object"]) for entry in found} == {("kinesis", "stream sensors-dev")}


def test_what_waits_for_a_window_and_what_is_not_ours_is_no_drift() -> None:
    stranger = {"what": "route", "id": "10.9.0.0/16", "where": "route table app", "found": "pcx-1"}
    found = drift_of(part({"a": 1}, {"a": 2}, strangers=(stranger,), scheduled={"a": "Sun"}))
    assert not found["drifted"]
    assert found["differences"] == []
    assert found["foreign"] == [{"component": "kinesis", **stranger}]
    assert text.drift_lines(found) == [
        "not ours, and left alone:",
        "  route 10.9.0.0/16 in route table app: pcx-1",
        "sensors-dev: as declared",
    ]


def test_what_nobody_declares_is_listed_and_is_no_drift() -> None:
    found = drift_of(part({"a": 1}, {"a": 1}), [{"what": "stream", "id": "sensors-dev-old"}])
    assert not found["drifted"]
    assert "  stream sensors-dev-old" in text.drift_lines(found)


@pytest.mark.parametrize("more", [
    {"refusals": (Refusal("stream", "s", "retention_hours", 24, 48, "allow it"),)}, {"look": Look(failure="no answer")},
])  # fmt: skip
def test_what_would_be_refused_or_could_not_be_compared_is_drift(more: dict[str, Any]) -> None:
    declared = part({"a": 1}, {"a": 1})
    found = drift_of(Part(declared.declaration, more.pop("look", declared.look), **more))
    assert found["drifted"]
    assert [entry["component"] for entry in found["refused"]] == ["kinesis"]
    assert "site.yml would refuse:" in text.drift_lines(found)


def test_the_lines_name_object_attribute_and_repair() -> None:
    found = drift_of(part({"tags": {"x": "y" * 200}}, {"tags": {}}, CALL))
    assert found["drifted"]
    lines = text.drift_lines(found)
    assert lines[0] == "kinesis: stream sensors-dev"
    assert lines[1].startswith("  tags.x: found yyy")
    assert lines[1].endswith("y…, declared nothing")
    assert lines[2:] == ["site.yml would:", "  retain 48 hours on stream s (stream s)"]
