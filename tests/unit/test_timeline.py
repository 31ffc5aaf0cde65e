# SPDX-License-Identifier: Apache-2.0
"""What took how long and what held up what: events of a walk become a timeline, lines and bars."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.environment import timeline
from ansible.module_utils.reconcile.plan import Call, Wait
from ansible.module_utils.reconcile.walk import ARRIVED, BEGUN, ENDED, FAILED, MADE, PLANNED, WAITS, Event

SLOW = Wait("group g", "elasticache", "describe", {}, "State", ("available",))


def call(on: str, owner: str = "vpc", wait: Wait | None = None) -> Call:
    return Call("ec2", "create", {}, on, f"create {on}", owner=owner, wait=wait)


def span(made: Call, begun: float, ended: float, behind: Call | None = None, kind: str = ENDED) -> list[Event]:
    return [Event(BEGUN, begun, made, behind), Event(MADE, begun + 0.5, made), Event(kind, ended, made)]


VPC, SUBNET, NAT, TABLE = call("VPC v"), call("subnet a"), call("NAT gateway a"), call("route table a")
ROUTE = replace(TABLE, why="route out of a")
GROUP = call("group g", "redis", SLOW)
STREAM = call("stream s", "kinesis")
EVENTS = [
    Event(PLANNED, 1002, left=7),
    *span(VPC, 1002, 1003),
    *span(STREAM, 1002, 1022),
    *span(SUBNET, 1003, 1004, VPC),
    *span(NAT, 1004, 1124, SUBNET),
    *span(TABLE, 1003, 1003.5, VPC),
    *span(ROUTE, 1124, 1125, NAT),
    *span(GROUP, 1004, 1724, SUBNET),
]


def found(events: list[Event] = EVENTS, ended: float = 1730) -> dict[str, Any]:
    return timeline.timeline(events, 1000, ended)


def objects(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["object"]: each for each in told["objects"]}


def test_the_chain_is_what_the_end_had_to_wait_for() -> None:
    told = found()
    assert (told["seconds"], told["calls"], told["failed"]) == (730, 7, False)
    assert told["chain"] == [{"object": "VPC v", "seconds": 1}, {"object": "subnet a", "seconds": 1},
                             {"object": "group g", "seconds": 720}]  # fmt: skip
    assert [name for name, each in objects(told).items() if each["in_chain"]] == ["VPC v", "subnet a", "group g"]


def test_an_object_has_a_part_for_each_call_and_says_what_the_last_one_had_to_wait_for() -> None:
    told = objects(found())
    assert told["route table a"] == {
        "object": "route table a", "component": "vpc", "parts": [[3, 0.5], [124, 1]], "seconds": 1.5,
        "after": "NAT gateway a", "failed": False, "in_chain": False,
    }  # fmt: skip
    assert (told["VPC v"]["after"], told["group g"]["component"]) == ("", "redis")
    assert list(told) == ["VPC v", "stream s", "subnet a", "route table a", "NAT gateway a", "group g"]


def test_what_failed_and_what_never_ended_are_told() -> None:
    begun, made, _ = span(STREAM, 1002, 0)
    told = found([*span(VPC, 1001, 1002), *span(NAT, 1002, 1010, VPC, FAILED), begun, made], ended=1012)
    assert told["failed"]
    assert objects(told)["NAT gateway a"]["failed"]
    assert objects(told)["stream s"]["seconds"] == 10


def test_what_aws_was_in_the_middle_of_is_told_and_a_calls_own_wait_is_not_told_twice() -> None:
    before = replace(SLOW, noun="stream s")
    told = found([
        Event(WAITS, 1005, wait=before, since_seconds=1001), Event(ARRIVED, 1060, wait=before, since_seconds=1001),
        Event(BEGUN, 1070, GROUP), Event(ARRIVED, 1100, wait=SLOW, since_seconds=1071), Event(ENDED, 1101, GROUP),
    ])  # fmt: skip
    assert [(each["object"], each["component"], each["parts"]) for each in told["objects"]] == [
        ("stream s", "", [[1, 59]]), ("group g", "redis", [[70, 31]])
    ]  # fmt: skip


def test_lines_show_what_took_long_and_what_the_end_waited_for_and_count_the_rest() -> None:
    first, *rows, last = timeline.lines(found())
    assert first == ("timeline: 7 calls in 12m10s; the end had to wait for VPC v 1.0s → subnet a 1.0s → "
                     "group g 12m00s")  # fmt: skip
    assert [row[:15].rstrip() for row in rows] == ["* VPC v", "  stream s", "* subnet a", "  NAT gateway a",
                                                   "* group g"]  # fmt: skip
    assert rows[3].endswith(f"at   4.0s for  2m00s |{'█' * 5}{' ' * 27}| after subnet a")
    assert len({row.index("|") for row in rows}) == 1
    assert last == "  and 1 more, none for longer than 1.5s"


def test_a_large_plan_has_few_rows_and_what_failed_is_among_them() -> None:
    many = [each for number in range(40) for each in span(call(f"subnet {number}"), 1000, 1100)]
    told = found([*many, *span(NAT, 1000, 1001, kind=FAILED)], ended=1100)
    rows, rest = timeline.shown(told)
    assert (len(rows), len(rest)) == (timeline.MOST_ROWS, 26)
    assert [line for line in timeline.lines(told) if "NAT gateway a" in line and "FAILED" in line]


@pytest.mark.parametrize(
    ("parts", "seconds", "drawn"),
    [
        ([[0, 10]], 10, "█" * 32),
        ([[0, 0]], 10, "█" + " " * 31),
        ([[10, 0]], 10, " " * 31 + "█"),
        ([[0, 2.5], [7.5, 2.5]], 10, "█" * 8 + " " * 16 + "█" * 8),
        ([[0, 0]], 0, "█" + " " * 31),
        ([[0, 20]], 10, "█" * 32),
    ],
)
def test_a_bar_is_as_long_as_its_part_of_the_whole(parts: list[list[float]], seconds: float, drawn: str) -> None:
    assert timeline.stroke(parts, seconds) == drawn


def test_a_page_has_bars_within_the_whole_and_none_upon_another() -> None:
    told = found([*EVENTS, *span(replace(ROUTE, why="again"), 1729, 1735, ROUTE)])
    page = timeline.page(told)
    assert page is not None
    assert (page["took"], page["axis"], page["others"]) == ("12m10s", ["0.0s", "6m05s", "12m10s"], 0)
    bars = {row["object"]: row["bars"] for row in page["rows"]}
    assert bars["group g"] == [[0.55, 98.63]]
    assert len(bars["route table a"]) == 3
    for mine in bars.values():
        assert all(first >= 0 and first + width <= 100.01 for first, width in mine)
        assert all(a + width <= b for (a, width), (b, _) in zip(mine, mine[1:], strict=False))


def test_bars_so_near_that_none_could_tell_them_apart_are_one() -> None:
    parts = [[number * 0.1, 0.1] for number in range(6)]
    assert timeline._bars(parts, 1000) == [[0, 0.06]]


def test_what_begins_at_the_very_end_is_still_seen() -> None:
    assert timeline._bars([[1000, 5]], 1000) == [[99, 1]]


def test_no_run_no_timeline() -> None:
    assert timeline.page(None) is None


def test_a_row_begins_with_the_first_of_its_parts() -> None:
    told = timeline.lines({"calls": 2, "seconds": 100, "chain": [], "failed": False, "objects": [
        {"object": "table a", "component": "vpc", "parts": [[3, 20], [70, 20]], "seconds": 40, "after": "",
         "failed": False, "in_chain": True}]})  # fmt: skip
    assert " at   3.0s for    40s" in told[1]
