# SPDX-License-Identifier: Apache-2.0
"""A first run of the whole environment on a cloud that is late in everything at once: one run, one of each object.

Roles that cannot be assumed yet, objects and changes that show late, a gateway whose attachment does, 404s of a young
bucket, settings that conflict, logs that fail at first. ``STREAMBED_LATE_SEEDS`` says how many seeds are tried.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from localcloud.process import Cloud
from tests.integration.test_drifts import VARIABLES
from tests.integration.test_faults import objects
from tests.support import environments
from tests.support.environments import conducted

SEEDS = int(os.environ.get("STREAMBED_LATE_SEEDS", "2"))


@pytest.fixture(scope="module")
def undisturbed() -> Counter[str]:
    with Cloud(settle_polls=1) as cloud:
        conducted(cloud, VARIABLES)
        return objects(cloud)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_first_run_survives_everything_that_is_late(
    cloud: Cloud, undisturbed: Counter[str], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What AWS is given minutes for is given enough looks on a busy machine, too.
    monkeypatch.setattr(environments, "CLOCK_SPEED", 5)
    cloud.configure(lateness={"seed": seed})
    assert conducted(cloud, VARIABLES)["changed"]
    cloud.configure(lateness={})
    assert objects(cloud) == undisturbed
    assert not conducted(cloud, VARIABLES, check=True)["changed"]
