# SPDX-License-Identifier: Apache-2.0
"""A whole environment laid in bad weather: every write's answer lost in every way, storms of throttling, stale reads.

``STREAMBED_WEATHER`` says how much of each: 1 is a sample, ``all`` every write in every way and storms by the dozen.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.aws.client import RETRY_SECONDS, Aws
from ansible.module_utils.reconcile.engine import failure_of

from localcloud.process import Cloud
from tests.support import environments, figures
from tests.support.changes import calls_of, complete, die
from tests.support.environments import conducted
from tests.support.platform import LEASE_SECONDS, SMALL, later
from tests.support.runs import but_locks, connection

pytestmark = [pytest.mark.inside, pytest.mark.usefixtures("instant_retries")]
ALL = os.environ.get("STREAMBED_WEATHER") == "all"
# What comes instead of a write's answer, whether the write took effect or not.
LOSSES: dict[str, dict[str, Any]] = {
    "a connection that broke before": {"kind": "lost", "after": False},
    "a connection that broke after": {"kind": "lost", "after": True},
    "a server that failed before": {"kind": "error", "after": False, "status": 500},
    "a server that failed after": {"kind": "error", "after": True, "status": 500},
    "a server that was busy after": {"kind": "error", "after": True, "status": 503},
    "a page of HTML": {"kind": "garbled", "after": True, "form": "html"},
    "half of an answer": {"kind": "garbled", "after": True, "form": "half"},
    "an empty answer": {"kind": "garbled", "after": True, "form": "empty"},
}
STORMS = {0.3: 12, 0.6: 12, 0.9: 8, 1.0: 4} if ALL else {0.3: 1, 1.0: 1}
STALE_READS = (1, 2, 5)
STALE_ROUNDS = 10 if ALL else 1


class Elapsed:
    """A clock that only pauses move, as if all of them came one after the other."""

    def __init__(self) -> None:
        self.seconds, self._lock = 0.0, threading.Lock()

    def pause(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds

    def now(self) -> float:
        return self.seconds


def timed(cloud: Cloud, elapsed: Elapsed) -> Aws:
    """AWS for a run that waits on a clock of its own."""
    return Aws(connection(cloud), None, elapsed.pause, RETRY_SECONDS, elapsed.now)


def writes_of(cloud: Cloud) -> list[tuple[str, str, int]]:
    """Every write of a run that lays the environment: service, operation, and how many of its kind came before."""
    conducted(cloud, SMALL)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for entry in but_locks(cloud.writes()):
        key = (entry["service"], entry["operation"])
        found.append((*key, seen[key]))
        seen[key] += 1
    return found


@pytest.mark.parametrize("loss", LOSSES)
def test_whatever_comes_instead_of_a_writes_answer_doubles_nothing(cloud: Cloud, loss: str) -> None:
    writes = writes_of(cloud)
    number = list(LOSSES).index(loss)
    for service, operation, before in writes if ALL else writes[number :: len(writes) // 2]:
        cloud.reset()
        cloud.fault(**LOSSES[loss], service=service, operation=operation, skip=before, count=1)
        conducted(cloud, SMALL)
        assert all(fault["struck"] for fault in cloud.faults()), f"{operation} {before} was not made"
        cloud.clear_faults()
        complete(cloud, SMALL)
        figures.count("writes whose answer was lost")


@pytest.mark.parametrize(("probability", "seed"), [(each, seed) for each, most in STORMS.items()
                                                   for seed in range(most)])  # fmt: skip
def test_a_storm_is_outlasted_or_ends_in_time_with_a_name(cloud: Cloud, probability: float, seed: int) -> None:
    elapsed = Elapsed()
    cloud.fault("throttle", probability=probability, seed=seed)
    try:
        conducted(cloud, SMALL, aws=timed(cloud, elapsed))
    except Exception as error:
        said = failure_of(error)
        assert "Traceback" not in said
        assert any(entry["operation"] in said for entry in cloud.journal()), said
        assert elapsed.seconds <= 1.1 * RETRY_SECONDS, "the run went on beyond its time"
    else:
        assert probability < 1
    cloud.clear_faults()
    later(cloud, LEASE_SECONDS)
    conducted(cloud, SMALL)
    complete(cloud, SMALL)


@pytest.mark.parametrize("died", [False, True], ids=["from nothing", "after a death"])
@pytest.mark.parametrize("reads", STALE_READS)
def test_what_shows_late_is_made_once(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: int, died: bool
) -> None:
    # The half minute that AWS is given to show what was made is long enough for several looks on a busy machine.
    monkeypatch.setattr(environments, "CLOCK_SPEED", 10)
    calls = calls_of(cloud, SMALL)
    for number in range(STALE_ROUNDS):
        draw = random.Random(number)
        cloud.reset()
        cloud.fault("stale", reads=reads)
        if died:
            at = draw.randint(1, calls)
            die(cloud, SMALL, at, draw.random() < 0.5)
            if at > 1:
                # What the dead run made shows by the time its lease has ended; before its first call it has none.
                cloud.clear_faults()
                cloud.fault("stale", reads=reads)
        conducted(cloud, SMALL)
        cloud.clear_faults()
        complete(cloud, SMALL)
