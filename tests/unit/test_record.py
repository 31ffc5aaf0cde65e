# SPDX-License-Identifier: Apache-2.0
"""The record of a run: its text, its name, and what is made of a text that somebody else wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.environment import record
from ansible.module_utils.environment.backend_settings import state_key
from ansible.module_utils.environment.lock import Place
from ansible.module_utils.environment.record import Record
from ansible.module_utils.reconcile.plan import Call, Secret
from ansible.module_utils.s3_state_bucket import contents
from ansible.module_utils.state_keys import HISTORY, KEY_OF_RECORD, LOCK, STATE

NOW = datetime(2026, 11, 27, 7, 45, 10, 5, UTC)
PLACE = Place("sensors-dev-state-1", state_key("dev", "sensors"))
ID = "0a1b2c3d-0000-4000-8000-000000000000"
CALLS = [Call("ec2", "create_subnet", {"CidrBlock": "10.0.0.0/24"}, f"subnet {n}", "", owner="vpc") for n in range(3)]
ADA = Record(verb="apply", who="arn:aws:iam::1:user/ada", machine="ada@laptop", run="AWX job 7", revision="abc",
             change_reference="OPS-1", digest="12ab", planned=4, lock_id=ID, calls=record.named(CALLS))  # fmt: skip
BEGUN = record.begun(ADA, NOW)
OVER = record.over(BEGUN, NOW + timedelta(seconds=41.26), record.FAILED, "AWS said no.\nNext: ask", CALLS)


def test_a_record_survives_its_text() -> None:
    assert record.parsed(record.body(BEGUN)) == BEGUN
    assert record.parsed(record.body(OVER)) == replace(OVER, error="AWS said no. Next: ask")
    assert (OVER.began, OVER.ended, OVER.seconds) == (
        "2026-11-27T07:45:10.000005Z",
        "2026-11-27T07:45:51.260005Z",
        41.3,
    )


def test_calls_are_named_and_their_parameters_left_out() -> None:
    [named] = record.named([Call("x", "put", {"Token": Secret("canary")}, "a\nb", "why", owner="redis")])
    assert named == {"component": "redis", "operation": "put", "on": "a b"}


@pytest.mark.parametrize("calls", [0, 1, 400, 20_000])
def test_a_record_has_room_for_so_many_calls_and_counts_the_rest(calls: int) -> None:
    many = [{"component": "vpc", "operation": "create_route", "on": f"route ü {number}"} for number in range(calls)]
    text = record.body(replace(OVER, error="ü" * record.LONGEST_TEXT, calls=tuple(many)))
    assert len(text) <= record.LARGEST_BYTES
    found = record.parsed(text)
    assert found is not None
    assert [dict(each) for each in found.calls] == many[: len(found.calls)]
    assert len(found.calls) + found.left_off == calls
    assert (found.left_off > 0) == (calls == 20_000)


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"{}", b"nil", b'{"verb": "apply"}', b"[" * 100_000])
def test_what_is_no_record_is_none(text: bytes) -> None:
    assert record.parsed(text) is None


def test_what_somebody_else_wrote_is_cut_to_shape() -> None:
    wild = {"verb": ["apply"], "began": "\x1b[2J" + "9" * 9999, "seconds": "long", "planned": 1e99, "left_off": True,
            "who": {"a": "\n\r"}, "calls": [1, {"operation": None, "on": "\x07", "more": 1}], "unknown": 1}  # fmt: skip
    found = record.parsed(json.dumps(wild).encode())
    assert found is not None
    assert (found.seconds, found.planned, found.left_off) == (0.0, 0, 1)
    assert found.calls == ({"component": "", "operation": "None", "on": " "},)
    for line in (record.sentence(found), *record.details(found)):
        assert line.isprintable()
        assert len(line) < 5 * record.LONGEST_TEXT
    odd = record.parsed(b'{"verb": "apply", "began": "x", "seconds": NaN, "planned": Infinity, "calls": {"a": 1}}')
    assert odd == Record(verb="apply", began="x")


@pytest.mark.parametrize(
    ("found", "running", "said"),
    [
        (OVER, "", "2026-11-27 07:45:10 UTC: apply by arn:aws:iam::1:user/ada (ada@laptop, AWX job 7, OPS-1) "
         "failed after 41 s, 3 of 4 calls sent, plan 12ab, revision abc"),
        (BEGUN, "", "did not end, or could not say so, 4 calls planned, plan 12ab"),
        (BEGUN, "another", "did not end"),
        (BEGUN, ID, "runs, 4 calls planned"),
        (replace(OVER, calls=(), left_off=9), "", "9 of 4 calls sent"),
        (Record(verb="destroy", began="x"), "", "x UTC: destroy by somebody unknown ended after 0 s"),
    ],
)  # fmt: skip
def test_a_run_is_one_line(found: Record, running: str, said: str) -> None:
    assert said in record.sentence(found, running)


def test_the_rest_of_it_is_calls_by_name_and_what_went_wrong() -> None:
    assert list(record.details(OVER)) == ["  create_subnet (3)", "  AWS said no.\nNext: ask"]
    many = tuple({"component": "", "operation": f"call_{number}", "on": ""} for number in range(25))
    [line] = record.details(replace(BEGUN, calls=many, left_off=7))
    assert line.endswith("call_19 and 12 more")


def test_names_sort_by_time_whatever_the_clocks_say() -> None:
    first = record.new_key(PLACE, ID, NOW, "")
    assert first == "dev/sensors.history/20261127T074510.000005Z-0a1b2c3d.json"
    later = record.new_key(PLACE, ID, NOW + timedelta(microseconds=1), first)
    behind = record.new_key(PLACE, "ffffffff", NOW - timedelta(hours=1), later)
    same = record.new_key(PLACE, "00000000", NOW, behind)
    assert [first, later, behind, same] == sorted({first, later, behind, same})
    assert all(record.is_record(PLACE, key) for key in (first, later, behind, same))
    far = f"{PLACE.history}99991231T235959.999999Z-0a1b2c3d.json"
    assert record.new_key(PLACE, ID, NOW, far) == first
    assert record.new_key(PLACE, ID, NOW, far.replace("9999123", "9999993")) == first


@pytest.mark.parametrize("stack", ["sensors", "a.b", "a.tfstate", "x.history"])
def test_records_lie_where_no_state_and_no_lock_can(stack: str) -> None:
    place = Place("bucket", state_key("dev", stack))
    key = record.new_key(place, ID, NOW, "")
    assert not key.endswith((STATE, LOCK))
    assert key.count("/") > place.key.count("/")
    assert place.history == f"dev/{stack}.history/"
    assert not record.is_record(PLACE, key) or stack == "sensors"


@pytest.mark.parametrize(
    "name", ["", "notes.txt", "20261127T074510Z-0a1b2c3d.json", "x/20261127T074510.000005Z-0a1b2c3d.json"]
)
def test_what_else_lies_there_is_no_record(name: str) -> None:
    assert not record.is_record(PLACE, PLACE.history + name)


def test_the_bucket_knows_records_and_locks_by_the_same_names() -> None:
    found = {"objects": [{"Key": PLACE.key}, {"Key": record.new_key(PLACE, ID, NOW, "")}], "locks": {PLACE.key: ""}}
    assert contents.without_ours(found, PLACE.state_key) == {"objects": [], "locks": {}}
    assert (PLACE.key, PLACE.history) == (PLACE.state_key + LOCK, PLACE.state_key.removesuffix(STATE) + HISTORY)
    assert KEY_OF_RECORD.match(record.new_key(PLACE, ID, NOW, ""))
