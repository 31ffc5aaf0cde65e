# SPDX-License-Identifier: Apache-2.0
"""The environment's lock as people and AWX meet it: playbooks that wait, end, die, take over and free."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.environment import lease
from ansible.module_utils.environment.lock import Place

from localcloud.process import Cloud
from tests.integration.test_faults import objects
from tests.integration.test_lock import TERRAFORMS
from tests.support.playbooks import kill, play, start
from tests.support.runs import aws_of, but_locks

PLACE = Place("sensors-local-state-123456789012", "local/sensors.tfstate")


@pytest.fixture(scope="module")
def world() -> Iterator[Cloud]:
    """A cloud on which the tests of this module follow each other."""
    with Cloud(settle_polls=1) as cloud:
        yield cloud


def run(cloud: Cloud, folder: Path, playbook: str = "site", *more: str, **variables: Any) -> tuple[int, str]:
    """Exit code and output."""
    given = {"environment_artifacts_folder": str(folder), "environment_lock_wait_seconds": 0, **variables}
    done = play(cloud, f"playbooks/{playbook}.yml", "-e", json.dumps(given), *more)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def holder(cloud: Cloud) -> lease.Found | None:
    return lease.look(aws_of(cloud), PLACE)


def test_a_run_that_is_killed_leaves_a_lease_that_the_next_one_takes_over(world: Cloud, tmp_path: Path) -> None:
    process = start(world, "playbooks/site.yml", "-e", json.dumps({"environment_artifacts_folder": str(tmp_path)}))
    while len(but_locks(world.writes())) < 20:
        assert process.poll() is None
        time.sleep(0.01)
    kill(process)
    dead = holder(world)
    assert dead is not None
    before = len(world.journal())
    code, output = run(world, tmp_path)
    assert code == 2
    assert f"held by {dead.lock.who} since {dead.lock.created} for Streambed change, lock id {dead.lock.id}" in output
    assert not [write for write in world.writes(before) if not write["error"]]
    world.configure(clock_ahead_seconds=125)
    code, output = run(world, tmp_path)
    assert code == 0, output
    assert f"took over from {dead.lock.who}" in output
    found = objects(world)
    assert (found["vpcs"], found["streams"], found["buckets"], found["replication groups"]) == (1, 1, 1, 1)
    assert holder(world) is None
    before = len(world.journal())
    assert run(world, tmp_path)[0] == 0
    assert not world.writes(before)


def test_a_run_with_nothing_to_do_wants_no_lock(world: Cloud, tmp_path: Path) -> None:
    world.client("s3").put_object(**PLACE.params, Body=json.dumps(TERRAFORMS))
    assert run(world, tmp_path)[0] == 0


def test_terraforms_lock_keeps_site_and_destroy_out_and_a_plan_says_so(world: Cloud, tmp_path: Path) -> None:
    world.client("s3").delete_bucket_policy(Bucket=PLACE.bucket)
    before = len(world.journal())
    code, output = run(world, tmp_path, "site", "--check")
    assert code == 0, output
    assert "locked: held by root@vm since 2026-11-23T17:51:34.92115548Z" in output
    code, output = run(world, tmp_path)
    assert code == 2
    assert "held by root@vm since 2026-11-23T17:51:34.92115548Z for OperationTypeApply, lock id d1e5" in output
    code, output = run(world, tmp_path, "destroy", confirm="local")
    assert code == 2
    assert "held by root@vm since 2026-11-23T17:51:34.92115548Z" in output
    assert not [write for write in world.writes(before) if not write["error"]]


def test_unlock_says_who_holds_it_and_wants_the_locks_own_id(world: Cloud, tmp_path: Path) -> None:
    code, output = run(world, tmp_path, "unlock")
    assert code == 0, output
    assert "environment sensors-local: locked, held by root@vm" in output
    assert "-e lock_id=d1e5" in output
    code, output = run(world, tmp_path, "unlock", lock_id="another")
    assert code == 2
    assert "lock_id: found another, wanted d1e5" in output
    assert holder(world) is not None
    code, output = run(world, tmp_path, "unlock", "--check", lock_id="d1e5")
    assert holder(world) is not None
    code, output = run(world, tmp_path, "unlock", lock_id="d1e5")
    assert code == 0, output
    assert "its lock is free" in output
    assert holder(world) is None
    code, output = run(world, tmp_path)
    assert code == 0, output
    assert holder(world) is None


def test_a_run_that_fails_frees_its_lock(world: Cloud, tmp_path: Path) -> None:
    world.client("s3").delete_bucket_policy(Bucket=PLACE.bucket)
    world.fault("denied", service="s3", operation="PutBucketPolicy")
    code, output = run(world, tmp_path)
    world.clear_faults()
    assert code == 2
    assert "allow s3:PutBucketPolicy" in output
    assert holder(world) is None


def test_two_runs_at_once_follow_each_other(world: Cloud, tmp_path: Path) -> None:
    wanted = objects(world)
    assert run(world, tmp_path, "destroy", confirm="local")[0] == 0
    patient = {"environment_lock_wait_seconds": 120}
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: run(world, tmp_path, **patient), range(2)))
    assert [code for code, _ in outcomes] == [0, 0], outcomes
    assert objects(world) == wanted
    assert holder(world) is None
