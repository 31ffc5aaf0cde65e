# SPDX-License-Identifier: Apache-2.0
"""Real runs that are ended from outside at any moment, as people, AWX and machines that go down end them.

``STREAMBED_DEATHS`` says how many; each is drawn from its number: what the run does, how many calls it lives, and the
signal. The next run after the lease needs no hand, the one after it writes nothing, and no lock is left.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.environment import lease
from ansible.module_utils.environment.lock import Place

from localcloud.process import Cloud
from tests.support import figures
from tests.support.platform import LEASE_SECONDS, SMALL, later, ours
from tests.support.playbooks import kill, play, start
from tests.support.runs import aws_of

DEATHS = int(os.environ.get("STREAMBED_DEATHS", "3"))
PLACE = Place("sensors-local-state-123456789012", "local/sensors.tfstate")
# More calls than the longest of these runs makes, its reads among them.
LONGEST = 150
PATIENCE_SECONDS = 120.0
CHANGES: tuple[dict[str, Any], ...] = (
    {"kinesis_shard_count": 2}, {"vpc_zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]},
    {"state_bucket_lock_table": True}, {"redis_replicas_per_node_group": 2, "redis_tags": {"team": "telemetry"}},
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[Cloud]:
    with Cloud(settle_polls=1) as cloud:
        yield cloud


def words(folder: Path, variables: dict[str, Any], verb: str) -> tuple[str, ...]:
    """The arguments of ansible-playbook."""
    given = {**SMALL, "environment_artifacts_folder": str(folder), **variables}
    return (f"playbooks/{verb}.yml", "-e", json.dumps(given | ({"confirm": "local"} if verb == "destroy" else {})))


def die(cloud: Cloud, arguments: tuple[str, ...], calls: int, ending: signal.Signals) -> None:
    """A run that is sent a signal once it has made so many calls; one that does not heed it ends all the same."""
    before, process, until = len(cloud.journal()), start(cloud, *arguments), time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and len(cloud.journal(before)) < calls:
        time.sleep(0.01)
    if process.poll() is None and ending != signal.SIGKILL:
        process.send_signal(ending)
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
    if process.poll() is None:
        kill(process)
    figures.count("processes ended")
    later(cloud, LEASE_SECONDS)


@pytest.mark.parametrize("number", range(DEATHS))
def test_a_process_that_was_ended_is_taken_up(world: Cloud, tmp_path: Path, number: int) -> None:
    draw = random.Random(number)
    verb, variables = draw.choice(["site", "site", "destroy"]), draw.choice(CHANGES)
    calls, ending = draw.randint(1, LONGEST), draw.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    print(f"death {number}: {verb} with {variables}, {ending.name} after {calls} calls")
    if draw.random() < 0.5:
        world.reset()
    arguments = words(tmp_path, variables, verb)
    die(world, arguments, calls, ending)
    taken_up = play(world, *arguments)
    assert taken_up.returncode == 0, taken_up.stdout + taken_up.stderr
    before = len(world.journal())
    again = play(world, *arguments)
    assert again.returncode == 0, again.stdout + again.stderr
    assert not world.writes(before)
    found = ours(world)
    if verb == "destroy":
        assert not found
    else:
        assert {kind: len(found[kind]) for kind in ("vpcs", "replication groups", "streams", "buckets")} == {
            "vpcs": 1, "replication groups": 1, "streams": 1, "buckets": 1}  # fmt: skip
        assert lease.look(aws_of(world), PLACE) is None, "a lock was left"
