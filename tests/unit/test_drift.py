"""What counts as drift, and how it is named."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils import drift

CALL = {"on": "stream s", "why": "retain 48 hours on stream s", "change": "in place"}


def plan(before: Any, after: Any, *calls: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"calls": list(calls), "diff": {"before": before, "after": after, "before_header": "stream s"}, **more}


@pytest.mark.parametrize(("before", "after", "attributes"), [
    ({"retention_hours": 24}, {"retention_hours": 48}, {"retention_hours": (24, 48)}),
    ({"tags": {"team": "a"}}, {"tags": {}}, {"tags.team": ("a", "nothing")}),
    ({"routes": {"app": {}}}, {"routes": {"app": {"10.0.0.0/8": "peer"}}},
     {"routes.app.10.0.0.0/8": ("nothing", "peer")}),
    ({"rules": [1]}, {"rules": [1, 2]}, {"rules": ([1], [1, 2])}),
    ({"kms_key_id": None}, {"kms_key_id": "k"}, {"kms_key_id": ("nothing", "k")}),
    ({}, {"shard_count": 1, "tags": {"a": "b"}}, {"existence": ("nothing", "as in the inventory")}),
])  # fmt: skip
def test_every_attribute_is_named_by_its_path(before: Any, after: Any, attributes: Any) -> None:
    found = drift.differences({"kinesis": plan(before, after, CALL)})
    assert {entry["attribute"]: (entry["found"], entry["declared"]) for entry in found} == attributes
    assert {(entry["component"], entry["object"]) for entry in found} == {("kinesis", "stream s")}


def test_what_waits_for_a_window_and_what_is_not_ours_is_no_drift() -> None:
    stranger = {"what": "route", "id": "10.9.0.0/16", "where": "route table app", "found": "pcx-1"}
    document = drift.document(
        "sensors-dev", {"vpc": plan({"a": 1}, {"a": 2}, foreign=[stranger], scheduled={"a": "Sun"})}
    )
    assert not document["drifted"]
    assert document["differences"] == []
    assert document["foreign"] == [{"component": "vpc", **stranger}]
    assert drift.lines(document) == [
        "not ours, and left alone:",
        "  route 10.9.0.0/16 in route table app: pcx-1",
        "sensors-dev: as declared",
    ]


def test_the_lines_name_object_attribute_and_repair() -> None:
    document = drift.document("sensors-dev", {"kinesis": plan({"tags": {"x": "y" * 200}}, {"tags": {}}, CALL)})
    assert document["drifted"]
    lines = drift.lines(document)
    assert lines[0] == "kinesis: stream s"
    assert lines[1].startswith("  tags.x: found yyy")
    assert lines[1].endswith("y…, declared nothing")
    assert lines[2:] == ["site.yml would:", "  retain 48 hours on stream s (stream s)"]
