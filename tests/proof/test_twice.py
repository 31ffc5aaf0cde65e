# SPDX-License-Identifier: Apache-2.0
"""Runs that die, and the runs that take them up die as well: the third one needs no hand.

``STREAMBED_DOUBLE_DEATHS`` says how many; each is drawn from its number: the change, and where and how both runs die.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Failure

from localcloud.process import Cloud
from tests.support import figures
from tests.support.changes import CHANGES, calls_of, complete, die
from tests.support.deaths import Killed, dying
from tests.support.environments import conducted
from tests.support.platform import LEASE_SECONDS, SMALL, later, ours

pytestmark = pytest.mark.inside
DEATHS = int(os.environ.get("STREAMBED_DOUBLE_DEATHS", "4"))
# What each number is about, in turn.
KINDS = (*CHANGES, "destroy")


def perhaps(cloud: Cloud, variables: dict[str, Any], at: int, after: bool, **options: Any) -> None:
    """A run that dies at a call, where it comes so far."""
    aws = dying(cloud, at, after)
    try:
        conducted(cloud, variables, aws=aws, **options)
    except (Killed, Failure):
        assert aws.dead
    later(cloud, LEASE_SECONDS)
    figures.count("double deaths", int(aws.dead))


@pytest.mark.parametrize("kind", KINDS)
def test_the_third_run_needs_no_hand(cloud: Cloud, tmp_path: Path, kind: str) -> None:
    first, second = CHANGES.get(kind, (SMALL, SMALL))
    options = {"verb": "destroy"} if kind == "destroy" else {}
    begun = tmp_path / "begun"
    if first:
        conducted(cloud, first)
    cloud.save(begun)
    calls = calls_of(cloud, second, **options)
    for number in range(KINDS.index(kind), DEATHS, len(KINDS)):
        draw = random.Random(number)
        cloud.load(begun)
        at, after = draw.randint(1, calls), draw.random() < 0.5
        # The second run has what the first one left, its own last call among it.
        left = max(1, calls - at + 1)
        print(f"double death {number}: {kind}, at call {at} of {calls}, after it: {after}")
        die(cloud, second, at, after, **options)
        perhaps(cloud, second, draw.randint(1, left), draw.random() < 0.5, **options)
        conducted(cloud, second, **options)
        if options:
            assert ours(cloud) == {}
        else:
            complete(cloud, second)
