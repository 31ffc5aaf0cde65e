# SPDX-License-Identifier: Apache-2.0
"""Runs that die at a call, and what has to hold after each death."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.reconcile.errors import AwsFailure, LostAnswer, Refused

from localcloud.process import REGION, Cloud
from tests.support import figures
from tests.support.runs import aws_of, beside_plans, run


class Faulty(Aws):
    """AWS that fails one write: before it took effect, or after it without an answer."""

    fail_at = 0
    after = True
    error: BaseException = LostAnswer("the connection broke")

    def write(self, *arguments: Any) -> dict[str, Any]:
        self.fail_at -= 1
        fails = self.fail_at == 0
        if fails:
            figures.count("deaths at a call" if isinstance(self.error, Killed) else "lost answers")
        if fails and not self.after:
            raise self.error
        answer = super().write(*arguments)
        if fails:
            raise self.error
        return answer


class Killed(BaseException):
    """The run was ended from outside."""


def faulty(cloud: Cloud, fail_at: int, after: bool, error: BaseException, region: str = REGION) -> Aws:
    aws = aws_of(cloud, Faulty, region)
    aws.fail_at, aws.after, aws.error = fail_at, after, error
    return aws


class Mortal(Aws):
    """AWS for a run that dies at its nth write, before or after it; from then on no call of it reaches AWS."""

    at = 0
    after = False
    dead = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # Writes are made side by side; each has a number of its own.
        self._numbers = itertools.count(1)

    def write(self, service: str, operation: str, params: Any, *rest: Any) -> dict[str, Any]:
        last = not beside_plans(params) and next(self._numbers) == self.at
        if last:
            figures.count("deaths at a call")
        self.dead = self.dead or (last and not self.after)
        if self.dead:
            raise Killed
        answer = super().write(service, operation, params, *rest)
        if last:
            self.dead = True
            raise Killed
        return answer

    def read(self, *arguments: Any, **params: Any) -> dict[str, Any] | None:
        if self.dead:
            raise Killed
        return super().read(*arguments, **params)


def dying(cloud: Cloud, at: int, after: bool) -> Mortal:
    """AWS for a run that is ended at its nth write, locks and records left out, before or after it took effect."""
    aws = aws_of(cloud, Mortal)
    aws.at, aws.after = at, after
    return aws


# Whether every call is died at in every way, or each operation in one.
EVERY = os.environ.get("STREAMBED_KILLS") == "all"


def in_turn(rows: Sequence[Any]) -> list[Any]:
    """Parameters of pytest's, each with whether the run dies after the call took effect: by turns, or both."""
    both = [pytest.param(*row.values, after, id=f"{row.id}, {'after' if after else 'before'} it took effect")
            for row in rows for after in (True, False)]  # fmt: skip
    return both if EVERY else [each for number, each in enumerate(both) if number % 4 in (0, 3)]


def places(operations: Sequence[str], part: int = 0, parts: int = 1) -> list[int]:
    """The calls of a change to die at, counted from 1: the first of each operation, or every one.

    They are dealt out to as many ``parts`` as there are ways to die, so that all of them together die at every
    operation and each of them somewhere.
    """
    if EVERY:
        return list(range(1, len(operations) + 1))
    firsts = sorted(operations.index(operation) + 1 for operation in set(operations))
    return firsts[part::parts] or [len(operations)]


def taken_up(
    cloud: Cloud,
    module: str,
    given: Mapping[str, Any],
    after_effect: bool,
    lay: Callable[[], Any],
    look: Callable[[], Any],
) -> None:
    """Dies in the ``places`` of a change in turn, lets the next run go on; ``look`` fails unless all is as declared.

    ``lay`` brings the cloud back to where the change begins.
    """
    lay()
    calls = [call["operation"] for call in run(cloud, module, given, check=True)["calls"]]
    for died_at in places(calls):
        lay()
        with pytest.raises(AwsFailure, match="Made before"):
            run(cloud, module, given, aws=faulty(cloud, died_at, after_effect, Killed()))
        run(cloud, module, given)
        look()
        at = len(cloud.journal())
        assert not run(cloud, module, given)["changed"], f"call {died_at} of {len(calls)}"
        assert not cloud.writes(at)


def refused_in_both_modes(cloud: Cloud, module: str, given: Mapping[str, Any], words: str) -> None:
    """Check mode and a run refuse with these words and a next step, and write nothing."""
    at = len(cloud.journal())
    for check in (True, False):
        with pytest.raises(Refused, match="Next: ") as refused:
            run(cloud, module, given, check=check)
        assert words in str(refused.value)
    assert not cloud.writes(at)
