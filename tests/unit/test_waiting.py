# SPDX-License-Identifier: Apache-2.0
"""What a run waits for: events of a walk become rows, lines, pictures, and a terminal's table."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from ansible.module_utils.environment import live, waiting
from ansible.module_utils.environment.waiting import Picture, Row, Waiting
from ansible.module_utils.reconcile.plan import Call, Wait
from ansible.module_utils.reconcile.walk import ARRIVED, BEGUN, ENDED, FAILED, MADE, PLANNED, TICK, WAITS, Event
from rich.console import Console

GROUP = Wait("replication group g", "elasticache", "describe", {}, "State", ("available",), typical_seconds=720)
NAT = Wait("NAT gateway a", "ec2", "describe", {}, "State", ("available",), typical_seconds=120)
ROLE = Wait("role r", "iam", "get_role", {}, "State", ("there",))
MAKE = Call("elasticache", "create", {}, "group g", "create group g", wait=GROUP)


def waits(wait: Wait, seconds: float, since: float, state: str = "creating", word: str = "") -> Event:
    return Event(WAITS, seconds, wait=wait, since_seconds=since, state=state, word=word)


PENDING = [waits(GROUP, 110, 100), waits(NAT, 111, 101, "pending"), waits(GROUP, 130, 100, word="nodes are made")]
GROUP_ROW = Row("replication group g", "creating", 40, 720, "nodes are made")
NAT_ROW = Row("NAT gateway a", "pending", 39, 120)


@pytest.mark.parametrize(
    ("events", "rows"),
    [
        ([], ()),
        (PENDING, (GROUP_ROW, NAT_ROW)),
        ([*PENDING, Event(TICK, 140)], (GROUP_ROW, NAT_ROW)),
        ([*PENDING, Event(MADE, 140, MAKE)], (GROUP_ROW, NAT_ROW)),
        ([*PENDING, Event(ARRIVED, 140, wait=NAT, since_seconds=101)], (GROUP_ROW,)),
        ([*PENDING, Event(ENDED, 140, MAKE)], (NAT_ROW,)),
        ([*PENDING, Event(FAILED, 140, replace(MAKE, wait=replace(ROLE, then=GROUP)))], (NAT_ROW,)),
        ([Event(BEGUN, 100, MAKE), waits(ROLE, 140, 139.5)], (Row("role r", "creating", 0.5, 0),)),
    ],
    ids=["nothing", "newest words", "a tick", "another call", "arrived", "its call ended", "its chain failed", "short"],
)
def test_what_is_waited_for_is_a_row_with_the_newest_word(events: list[Event], rows: tuple[Row, ...]) -> None:
    newest: dict[str, Event] = {}
    for event in events:
        newest = waiting.heard(newest, event)
    assert waiting.rows(newest, 140) == rows


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0.0s"), (9.94, "9.9s"), (12.4, "12s"), (59.7, "1m00s"), (722, "12m02s"), (3601, "60m01s")],
)
def test_a_time_as_people_read_it(seconds: float, told: str) -> None:
    assert waiting.lasted(seconds) == told


def test_a_line_says_state_time_and_typical_time_and_the_newest_event() -> None:
    told = waiting.line(Picture("dev", (GROUP_ROW, NAT_ROW), 1, 5), 40)
    assert told == ("waiting 40 s, 1 call made, 5 left: replication group g: creating 40s of usually 12m00s "
                    "(nodes are made) | NAT gateway a: pending 39s of usually 2m00s")  # fmt: skip


HOUR = [Event(PLANNED, 100, left=3), Event(BEGUN, 100, MAKE), Event(MADE, 101, MAKE), waits(GROUP, 110, 100),
        waits(GROUP, 120, 100), Event(TICK, 121), waits(GROUP, 136, 100), Event(ENDED, 140, MAKE),
        Event(TICK, 190)]  # fmt: skip


def test_a_line_is_said_as_often_as_asked_for_and_while_something_is_waited_for() -> None:
    said: list[str] = []
    listener = Waiting("dev", said.append, 15)
    for event in HOUR:
        listener.tell(event)
    listener.end()
    assert [line.partition(":")[0] for line in said] == ["waiting 20 s, 1 call made, 2 left",
                                                         "waiting 36 s, 1 call made, 2 left"]  # fmt: skip


def test_pictures_are_shown_at_once_and_the_last_one_is_empty() -> None:
    said: list[str] = []
    shown: list[Picture] = []
    listener = Waiting("dev", said.append, 15, shown.append)
    for event in HOUR[:-2]:
        listener.tell(event)
    assert [(row.noun, row.elapsed_seconds) for picture in shown for row in picture.rows] == [
        ("replication group g", seconds) for seconds in (10, 20, 21, 36)
    ]
    listener.end()
    assert (shown[-1], said) == (Picture("dev"), [])


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.isatty = lambda: terminal  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("terminal", "environment", "plain", "wanted"),
    [
        (True, {"TERM": "xterm"}, False, True),
        (False, {"TERM": "xterm"}, False, False),
        (True, {"TERM": "xterm"}, True, False),
        (True, {"TERM": "dumb"}, False, False),
        (True, {}, False, False),
        (True, {"TERM": "xterm", "AWX_ISOLATED_DATA_DIR": "/runner"}, False, False),
    ],
    ids=["a terminal", "a pipe", "no colour", "a dumb one", "none", "AWX"],
)
def test_pictures_are_for_terminals_that_somebody_looks_at(
    terminal: bool, environment: dict[str, str], plain: bool, wanted: bool
) -> None:
    assert live.wanted(Stream(terminal), environment, plain) is wanted


def test_without_rich_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.importlib.util, "find_spec", lambda name: None)
    assert not live.wanted(Stream(True), {"TERM": "xterm"}, False)


def test_a_terminal_that_cannot_be_drawn_on_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, tried = live.Screen(), []

    def start() -> None:
        tried.append(1)
        raise OSError("no such device")

    monkeypatch.setattr(screen, "_start", start)
    for _ in range(3):
        screen.show(Picture("dev", (GROUP_ROW,)))
    assert tried == [1]


def drawn(*pictures: Picture, width: int = 110) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(live.table(pictures))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_terminal_shows_a_row_for_each_thing() -> None:
    lines = drawn(Picture("dev", (replace(GROUP_ROW, elapsed_seconds=360), Row("role [r]", "absent", 0.5, 0)), 3, 9))
    assert "newest event" in lines[0]
    assert lines[1].startswith("replication group g")
    for word in ("creating", "6m00s / 12m00s", "━━━", "nodes are made"):
        assert word in lines[1], word
    assert "role [r]" in lines[2]
    assert "━" not in lines[2], "what nobody knows the end of has no bar"
    assert lines[3] == "dev: 3 calls made, 9 left"


def test_a_terminal_tells_environments_apart_and_a_narrow_one_has_a_line_for_each_thing() -> None:
    lines = drawn(Picture("one", (GROUP_ROW,), 1, 1), Picture("two", (NAT_ROW,), 2, 2), width=70)
    assert lines[1].startswith("one: repl")
    assert lines[2].startswith("two: NAT")
    assert len(lines) == 4
    assert max(map(len, lines)) <= 70
