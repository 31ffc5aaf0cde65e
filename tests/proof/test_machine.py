# SPDX-License-Identifier: Apache-2.0
"""A state machine of declarations, intruders, deaths, lost answers and storms: whatever came before, one run converges.

After every run: what boto3 sees is what was declared, one of each, no lock is left, and the next run writes nothing.
``STREAMBED_STEPS`` says how many steps; Hypothesis prints the shortest way to a failure, which can be replayed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Failure, LostAnswer, Refused
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from localcloud.process import Cloud
from tests.proof import world
from tests.support import figures
from tests.support.deaths import Killed, dying, faulty
from tests.support.platform import DAY_SECONDS, LEASE_SECONDS, later
from tests.support.runs import but_locks

pytestmark = pytest.mark.inside
STEPS = int(os.environ.get("STREAMBED_STEPS", "40"))
STEPS_OF_A_WALK = 40
CHANGES = st.fixed_dictionaries({}, optional={name: st.sampled_from(found) for name, found in world.CHOICES.items()})
AT, SEEDS = st.integers(1, 12), st.integers(0, 10_000)


class Machine(RuleBasedStateMachine):
    """An environment of a stream and a bucket, and everything that may happen to it."""

    cloud: Cloud

    def __init__(self) -> None:
        super().__init__()
        self.declared: dict[str, Any] = {}

    @initialize()
    def laid(self) -> None:
        self.cloud.reset()
        self.declared = dict(world.BASE)
        self.converged()

    def change(self, change: dict[str, Any]) -> None:
        later(self.cloud, DAY_SECONDS)
        self.declared = {**(self.declared or world.BASE), **change}

    def converged(self) -> None:
        """One run, and everything is as it was declared; the next one has nothing to write."""
        world.run(self.cloud, self.declared or world.BASE, verb="apply" if self.declared else "destroy")
        self.holds()

    def holds(self) -> None:
        figures.count("steps of the state machine")
        wanted, seen = world.wanted(self.declared), world.found(self.cloud)
        differing = {name: (seen.get(name), wanted[name]) for name in wanted if seen.get(name) != wanted[name]}
        assert not differing, f"found, wanted: {differing}"
        if self.declared:
            before = len(self.cloud.journal())
            assert not world.run(self.cloud, self.declared)["changed"]
            assert not self.cloud.writes(before), "the second run wrote"

    @rule(change=CHANGES)
    def declare(self, change: dict[str, Any]) -> None:
        self.change(change)
        before = len(self.cloud.journal())
        world.run(self.cloud, self.declared, check=True)
        assert not self.cloud.writes(before), "check mode wrote"
        self.converged()

    @rule(change=CHANGES, at=AT, after=st.booleans(), again=st.booleans())
    def die(self, change: dict[str, Any], at: int, after: bool, again: bool) -> None:
        """A run dies, perhaps the one after it as well."""
        self.change(change)
        for _ in range(1 + again):
            try:
                world.run(self.cloud, self.declared, aws=dying(self.cloud, at, after))
            except (Killed, Failure):
                later(self.cloud, LEASE_SECONDS)
        self.converged()

    @rule(change=CHANGES, at=AT, after=st.booleans())
    def lose(self, change: dict[str, Any], at: int, after: bool) -> None:
        """An answer is lost, and whether the call took effect is unknown: the same run goes on."""
        self.change(change)
        world.run(self.cloud, self.declared, aws=faulty(self.cloud, at, after, LostAnswer("the connection broke")))
        self.holds()

    @precondition(lambda self: self.declared)
    @rule(which=st.lists(st.sampled_from(sorted(world.INTRUSIONS)), min_size=1, max_size=3, unique=True))
    def intrude(self, which: list[str]) -> None:
        """Others change something; what a stream that is gone cannot lose, it does not lose."""
        later(self.cloud, DAY_SECONDS)
        figures.count("changes by others", len(which))
        for name in sorted(which, key=lambda name: "is deleted" in name):
            world.INTRUSIONS[name](self.cloud)
        lost = [name for name in which if name in world.DISOWNED]
        if "the stream is deleted" in which:
            lost = [name for name in lost if "stream" not in name]
        if lost:
            self.refuses("ownership tags")
        for name in lost:
            world.DISOWNED[name](self.cloud)
        self.converged()

    def refuses(self, words: str) -> None:
        """Nothing is written, and why is said."""
        before = len(self.cloud.journal())
        with pytest.raises(Refused, match=words):
            world.run(self.cloud, self.declared)
        assert not but_locks(self.cloud.writes(before)), "a run that was refused wrote"

    @rule(change=CHANGES, kind=st.sampled_from(["throttle", "error"]), seed=SEEDS)
    def storm(self, change: dict[str, Any], kind: str, seed: int) -> None:
        """What is too fast is outlasted; servers that fail three times in a row end a run, or leave its lock behind.

        The next one goes on.
        """
        self.change(change)
        self.cloud.fault(kind, probability=0.3, seed=seed)
        try:
            world.run(self.cloud, self.declared)
        except (Failure, ClientError):
            if kind == "throttle":
                raise
        finally:
            self.cloud.clear_faults()
        if kind == "throttle":
            self.holds()
        else:
            later(self.cloud, LEASE_SECONDS)
            self.converged()

    @rule(change=CHANGES, reads=st.integers(1, 3))
    def lag(self, change: dict[str, Any], reads: int) -> None:
        """What is made shows a few reads later."""
        self.change(change)
        self.cloud.fault("stale", reads=reads)
        try:
            world.run(self.cloud, self.declared)
        finally:
            self.cloud.clear_faults()
        self.holds()

    @precondition(lambda self: self.declared)
    @rule(change=CHANGES)
    def locked_out(self, change: dict[str, Any]) -> None:
        """Terraform holds the lock: nothing is written until it is free."""
        self.change(change)
        s3 = self.cloud.client("s3")
        held = b'{"ID": "d1e5", "Operation": "OperationTypeApply", "Who": "root@vm", "Created": "2026-11-23T17:51:34Z"}'
        s3.put_object(Bucket=world.BUCKET, Key=world.LOCK_KEY, Body=held)
        before = len(self.cloud.journal())
        said = ""
        try:
            # Where there is nothing to do, no lock is wanted.
            assert not world.run(self.cloud, self.declared, lock_wait_seconds=0)["changed"]
        except Failure as refused:
            said = str(refused)
        assert not said or "root@vm" in said
        assert not but_locks(self.cloud.writes(before)), "a run wrote under a lock of Terraform"
        s3.delete_object(Bucket=world.BUCKET, Key=world.LOCK_KEY)
        self.converged()

    @precondition(lambda self: self.declared)
    @rule(at=st.none() | AT, after=st.booleans())
    def destroy(self, at: int | None, after: bool) -> None:
        """The environment goes, perhaps by way of a run that dies."""
        later(self.cloud, DAY_SECONDS)
        if at is not None:
            try:
                world.run(self.cloud, self.declared, aws=dying(self.cloud, at, after), verb="destroy")
            except (Killed, Failure):
                later(self.cloud, LEASE_SECONDS)
        self.declared = {}
        self.converged()


@pytest.fixture
def machine(cloud: Cloud) -> Iterator[type[Machine]]:
    Machine.cloud = cloud
    yield Machine
    cloud.clear_faults()


def test_whatever_happens_one_run_converges(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=settings(
        max_examples=max(1, STEPS // STEPS_OF_A_WALK), stateful_step_count=STEPS_OF_A_WALK, deadline=None,
        suppress_health_check=list(HealthCheck), print_blob=True))  # fmt: skip
