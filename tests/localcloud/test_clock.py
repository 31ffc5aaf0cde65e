# SPDX-License-Identifier: Apache-2.0
"""Objects under way arrive after so many polls and seconds."""

from __future__ import annotations

import pytest

from localcloud.clock import Clock
from localcloud.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings()


def polls_until_arrival(settings: Settings) -> int:
    clock, arrived = Clock(settings), []
    clock.begin("thing", "key", lambda: arrived.append(True))
    for poll in range(10):
        clock.look("key")
        if arrived:
            return poll
    return 10


@pytest.mark.parametrize(("value", "polls"), [(0, 0), (2, 2), ({"thing": 3, "default": 1}, 3), ({"other": 3}, 0)])
def test_an_object_is_late_by_as_many_polls_as_its_kind_has(settings: Settings, value: object, polls: int) -> None:
    settings.update({"settle_polls": value})
    assert polls_until_arrival(settings) == polls


def test_seconds_count_too(settings: Settings) -> None:
    settings.update({"settle_seconds": 60})
    assert polls_until_arrival(settings) == 10


def test_touching_costs_no_poll(settings: Settings) -> None:
    settings.update({"settle_polls": 1})
    clock, arrived = Clock(settings), []
    clock.begin("thing", "key", lambda: arrived.append(True))
    assert not clock.touch("key")
    assert not clock.touch("key")
    clock.look("key")
    assert not arrived
    assert clock.touch("key")
    assert arrived == [True]
    assert clock.touch("key")
    assert arrived == [True]
