# SPDX-License-Identifier: Apache-2.0
"""The environment's lock: one winner, one heir, no write without it, and nobody doubles what a dead run made."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.environment import lease
from ansible.module_utils.reconcile import engine
from ansible.module_utils.reconcile.errors import AwsFailure, LostAnswer
from ansible.module_utils.reconcile.planning import Declaration
from ansible.module_utils.reconcile.walk import Terms

from localcloud.process import Cloud
from tests.integration.test_faults import DECLARATIONS, objects
from tests.support import figures
from tests.support.components import component, options
from tests.support.crowd import PLACE, at_once, make_bucket, take, whole_run
from tests.support.deaths import Killed, faulty
from tests.support.environments import conducted
from tests.support.platform import make_key
from tests.support.runs import CLOCK_SPEED, aws_of, but_locks, run

# How often each race is run, how many first runs begin at once, and how often they do; every round begins with an empty
# cloud. `make proof` runs more of each.
RACES = int(os.environ.get("STREAMBED_RACES", "3"))
CROWDS = [int(runs) for runs in os.environ.get("STREAMBED_CROWDS", "2,8").split(",")]
ROUNDS = int(os.environ.get("STREAMBED_ROUNDS", "1"))
TERRAFORMS = {"ID": "d1e5", "Operation": "OperationTypeApply", "Info": "", "Who": "root@vm", "Version": "1.11.4",
              "Created": "2026-11-23T17:51:34.92115548Z", "Path": PLACE.path}  # fmt: skip
NETWORK = DECLARATIONS["ec2_vpc_network"]
STREAM = DECLARATIONS["kinesis_data_stream"]


@pytest.fixture
def bucket(cloud: Cloud) -> Cloud:
    make_bucket(cloud)
    return cloud


def winners(results: list[Any]) -> list[dict[str, Any]]:
    """The locks among the results; all others must have been told who holds it."""
    locks = [result for result in results if isinstance(result, dict)]
    losers = [result for result in results if not isinstance(result, dict)]
    assert all(isinstance(loser, lease.Held) and loser.found.lock.id == locks[0]["id"] for loser in losers), losers
    return locks


def test_one_of_sixteen_wins(bucket: Cloud) -> None:
    for _ in range(RACES):
        figures.count("races for the lock")
        [lock] = winners(at_once(16, lambda: take(bucket)))
        assert not lock["careful"]
        assert lease.free(aws_of(bucket), PLACE, lock["id"]) is None


def test_a_run_that_died_has_one_heir_and_frees_nothing_any_more(bucket: Cloud) -> None:
    dead = take(bucket)
    for race in range(1, RACES + 1):
        figures.count("races for the lock")
        bucket.configure(clock_ahead_seconds=200 * race)
        [heir] = winners(at_once(16, lambda: take(bucket)))
        assert heir["careful"]
        assert heir["took_over"]["id"] == dead["id"]
        left = lease.free(aws_of(bucket), PLACE, dead["id"])
        assert left is not None
        assert left.lock.id == heir["id"]
        dead = heir


def test_a_lease_is_kept_to_its_end(bucket: Cloud) -> None:
    take(bucket)
    bucket.configure(clock_ahead_seconds=115)
    with pytest.raises(lease.Held, match=r"lease ends in \d s and the next run takes over"):
        take(bucket)


def test_a_lock_of_terraform_is_never_taken_over(bucket: Cloud) -> None:
    bucket.client("s3").put_object(**PLACE.params, Body=json.dumps(TERRAFORMS))
    bucket.configure(clock_ahead_seconds=10**7)
    with pytest.raises(lease.Held, match="held by root@vm since 2026-11-23T17:51:34.92115548Z for OperationTypeApply"):
        take(bucket)


def found(cloud: Cloud) -> lease.Found:
    there = lease.look(aws_of(cloud), PLACE)
    assert there is not None
    return there


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_lease_that_is_due_is_renewed_and_no_longer_the_one_that_an_heir_read(bucket: Cloud) -> None:
    lock = take(bucket)
    bucket.configure(clock_ahead_seconds=300)
    read = found(bucket)
    assert read.expired
    with lease.Lease(aws_of(bucket), lock) as held:
        eventually(lambda: found(bucket).age_seconds < 40)
        held.check()
    assert found(bucket).lock.created == read.lock.created
    assert not lease._put(aws_of(bucket), PLACE, read.lock, IfMatch=read.etag)


def test_a_lease_that_is_not_due_is_left_alone(bucket: Cloud) -> None:
    lock = take(bucket)
    before = len(bucket.journal())
    with lease.Lease(aws_of(bucket), lock):
        eventually(lambda: len(bucket.journal()) > before)
    assert not bucket.writes(before)


class Lossy(Aws):
    """AWS whose every write is lost once: before it took effect, or after."""

    after = True
    lost = False

    def write(self, *arguments: Any) -> dict[str, Any]:
        self.lost = not self.lost
        if not self.lost:
            return super().write(*arguments)
        if self.after:
            super().write(*arguments)
        raise LostAnswer("the connection broke")


@pytest.mark.parametrize("after", [True, False], ids=["after it took effect", "before it took effect"])
def test_lost_answers_leave_one_lock_and_then_none(bucket: Cloud, after: bool) -> None:
    aws = aws_of(bucket, Lossy)
    aws.after = after
    lock = lease.take(aws, PLACE, "change", "", 120)
    assert found(bucket).lock.id == lock["id"]
    assert lease.free(aws, PLACE, lock["id"]) is None
    assert lease.look(aws, PLACE) is None


class Interrupted(Aws):
    """AWS on which, behind an operation, something else happens to the lock."""

    behind = ""
    meanwhile: Callable[[], Any] = staticmethod(lambda: None)

    def write(self, *arguments: Any) -> dict[str, Any]:
        answer = super().write(*arguments)
        if arguments[1] == self.behind:
            self.meanwhile()
        return answer


def freed(cloud: Cloud) -> None:
    cloud.client("s3").delete_object(**PLACE.params)


def taken(cloud: Cloud) -> None:
    cloud.client("s3").put_object(**PLACE.params, Body=json.dumps(TERRAFORMS))


class Overtaken(Aws):
    """AWS on which another run takes the lock right after it was read."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.take_over: list[Callable[[], Any]] = []

    def read(self, *arguments: Any, **params: Any) -> Any:
        answer = super().read(*arguments, **params)
        while self.take_over:
            self.take_over.pop()()
        return answer


def test_what_was_taken_over_meanwhile_is_not_freed(bucket: Cloud) -> None:
    lock = take(bucket)
    aws = aws_of(bucket, Overtaken)
    aws.take_over.append(lambda: taken(bucket))
    left = lease.free(aws, PLACE, lock["id"])
    assert left is not None
    assert left.lock.id == TERRAFORMS["ID"]
    assert found(bucket).lock.id == TERRAFORMS["ID"]


@pytest.mark.parametrize(("meanwhile", "now"), [(freed, "freed by somebody"), (taken, "held by root@vm")])
def test_without_the_lock_no_further_write_is_made(bucket: Cloud, meanwhile: Any, now: str) -> None:
    aws = aws_of(bucket, Interrupted)
    aws.meanwhile = lambda: meanwhile(bucket)
    aws.behind = "create_stream"
    before = len(bucket.journal())
    with pytest.raises(AwsFailure, match=f"environment lock .*: lost; it is {now}.*Made before: create_stream"):
        conducted(bucket, {}, components={"kinesis": STREAM}, aws=aws)
    assert [write["operation"] for write in but_locks(bucket.writes(before))] == ["CreateStream"]
    freed(bucket)
    assert conducted(bucket, {}, components={"kinesis": STREAM})["changed"]


def test_a_plan_says_who_holds_the_lock_and_touches_nothing(bucket: Cloud) -> None:
    lock, before, said = take(bucket), len(bucket.journal()), []
    conducted(bucket, {}, components={"kinesis": STREAM}, check=True, say=said.append)
    assert lock["id"] in said[-1]
    assert said[-1].startswith("locked: held by")
    assert not bucket.writes(before)


def test_a_run_with_nothing_to_do_takes_no_lock_but_a_dead_ones(bucket: Cloud) -> None:
    conducted(bucket, {}, components={"kinesis": STREAM})
    take(bucket)
    before = len(bucket.journal())
    assert not conducted(bucket, {}, components={"kinesis": STREAM})["changed"]
    assert not bucket.writes(before)
    bucket.configure(clock_ahead_seconds=200)
    said: list[str] = []
    assert not conducted(bucket, {}, components={"kinesis": STREAM}, say=said.append)["changed"]
    assert any(line.startswith("took over from") for line in said)
    assert lease.look(aws_of(bucket), PLACE) is None


@pytest.mark.parametrize("careful", [True, False])
def test_the_heir_of_a_dead_run_looks_twice_before_it_believes_in_absence(bucket: Cloud, careful: bool) -> None:
    bucket.fault("stale", reads=1)
    with pytest.raises(AwsFailure):
        run(bucket, "ec2_vpc_network", NETWORK, aws=faulty(bucket, 1, True, Killed()))
    network = Declaration("vpc", component("ec2_vpc_network"), options("ec2_vpc_network", NETWORK))
    terms = Terms(False, True, 6000, 0.01, time.sleep, lambda: time.monotonic() * CLOCK_SPEED)
    # What makes a second VPC without this is the reason for it.
    with contextlib.suppress(Exception):
        engine.run([network], aws_of(bucket), terms, careful=careful)
    bucket.clear_faults()
    assert objects(bucket)["vpcs"] == (1 if careful else 2)


def test_who_removes_after_a_dead_run_waits_for_what_shows_late(bucket: Cloud) -> None:
    bucket.fault("stale", reads=1)
    with pytest.raises(AwsFailure):
        run(bucket, "ec2_vpc_network", NETWORK, aws=faulty(bucket, 1, True, Killed()))
    take(bucket)
    bucket.configure(clock_ahead_seconds=200)
    conducted(bucket, {}, components={"vpc": {"state": "absent"}})
    bucket.clear_faults()
    assert objects(bucket)["vpcs"] == 0


FEW = {module: DECLARATIONS[module] for module in ("kinesis_data_stream", "s3_state_bucket")}


def emptied(cloud: Cloud) -> None:
    """Nothing is there but the key that the declaration of the bucket names."""
    cloud.reset()
    make_key(cloud, DECLARATIONS["s3_state_bucket"]["kms_key_id"])


@pytest.mark.parametrize("runs", CROWDS)
@pytest.mark.parametrize("declarations", [FEW, DECLARATIONS], ids=["stream and bucket", "everything"])
def test_any_number_of_first_runs_at_once_make_one_environment(
    cloud: Cloud, declarations: dict[str, Any], runs: int
) -> None:
    for _ in range(ROUNDS):
        figures.count("rounds of first runs at once")
        emptied(cloud)
        assert whole_run(cloud, declarations, 0) == "changed"
        wanted = objects(cloud)
        emptied(cloud)
        outcomes = at_once(runs, lambda: whole_run(cloud, declarations, 120))
        assert sorted(outcomes, key=str) == ["changed", *["unchanged"] * (runs - 1)]
        assert objects(cloud) == wanted
        assert lease.look(aws_of(cloud), PLACE) is None
        before = len(cloud.journal())
        assert whole_run(cloud, declarations, 0) == "unchanged"
        assert not cloud.writes(before)
