# SPDX-License-Identifier: Apache-2.0
"""How large a proof was: what a technique does is counted where it does it, and a session of tests prints its sums.

`make proof` adds up what the sessions print.
"""

from __future__ import annotations

from collections import Counter

from localcloud.process import Cloud

COUNTED: Counter[str] = Counter()
# What the journal calls a fault, and what a reader does.
STRUCK = {
    "throttle": "throttled calls", "rate": "throttled calls", "lost": "lost answers", "garbled": "lost answers",
    "error": "answers of a failing server", "stale": "stale reads", "late": "late reads", "denied": "denied calls",
    "refuse": "refused calls", "latency": "slow answers", "create-failed": "failed creations",
    "nat-failed": "failed creations", "endpoint-failed": "failed creations",
}  # fmt: skip


def count(what: str, number: int = 1) -> None:
    """Something was tried so many times more."""
    COUNTED[what] += number


def struck(cloud: Cloud) -> None:
    """Counts the calls that faults struck; once for each cloud, at its end."""
    for kind, number in cloud.health()["struck"].items():
        count(STRUCK[kind], number)
