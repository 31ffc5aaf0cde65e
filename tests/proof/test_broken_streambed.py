# SPDX-License-Identifier: Apache-2.0
"""A Streambed that is broken on purpose, one for each technique of this folder, and the technique notices.

Each is broken in one place, as somebody might break it, and passes with that place mended. test_broken_variants breaks
plans, which the embedded cloud refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.aws import client, codes
from ansible.module_utils.environment import conduct, lease
from ansible.module_utils.reconcile import engine, plan, planning, walk
from ansible.module_utils.reconcile.errors import Failure, LostAnswer
from botocore.exceptions import ClientError

from localcloud.process import Cloud
from tests.integration import test_lock
from tests.proof import test_catalogue, test_machine, test_removal, world
from tests.support import canary
from tests.support.changes import complete
from tests.support.environments import conducted, one_plan
from tests.support.platform import SMALL

pytestmark = [pytest.mark.inside, pytest.mark.usefixtures("instant_retries")]
Check = Callable[[Cloud], Any]
# What a check says of what it notices: something does not hold, or a run ends that should have gone through.
NOTICED = (AssertionError, ValueError, Failure, ClientError, pytest.fail.Exception)


def machine(step: Callable[[test_machine.Machine], None]) -> Check:
    """One step of the state machine."""

    def taken(cloud: Cloud) -> None:
        test_machine.Machine.cloud = cloud
        state = test_machine.Machine()
        state.laid()
        step(state)

    return taken


def without_an_answer(cloud: Cloud) -> None:
    cloud.fault(kind="lost", after=True, service="ec2", operation="CreateVpc", count=1)
    conducted(cloud, SMALL)
    complete(cloud, SMALL)


def in_a_storm(cloud: Cloud) -> None:
    cloud.fault("throttle", probability=0.6, seed=1)
    world.run(cloud, world.BASE)


def shown_late(cloud: Cloud) -> None:
    cloud.fault("stale", reads=3)
    world.run(cloud, {**world.BASE, "state_bucket_lock_table": True, "kinesis_consumers": ["app"]})


def only_looked_at(cloud: Cloud) -> None:
    world.run(cloud, world.BASE, check=True)
    assert not cloud.writes(), "check mode wrote"


def sixteen(cloud: Cloud) -> None:
    test_lock.make_bucket(cloud)
    test_lock.test_one_of_sixteen_wins(cloud)


def a_shown_secret(_cloud: Cloud) -> None:
    secret = "Canary&Wagtail#Bullfinch"
    canary.assert_nowhere(secret, {"a plan": str(plan.printable({"AuthToken": plan.Secret(secret)}))})


def sent_again(real: Any) -> Any:
    def write(self: client.Aws, *arguments: Any) -> Any:
        try:
            return real(self, *arguments)
        except LostAnswer:
            return real(self, *arguments)

    return write


def wrote_first(real: Any) -> Any:
    def looked(self: Any) -> Any:
        self._aws.write("kinesis", "create_stream", {"StreamName": "looked-at", "ShardCount": 1}, {}, {})
        return real(self)

    return looked


# A row of the catalogue that a code alone tells of.
HELPED = next(row for row in test_catalogue.ROWS if not row.get("outlasts") and codes.remedy(row["code"]))
RETENTION = {"kinesis_retention_hours": 48}
# What is broken: where, the name, and what it becomes, made of what it is; and what notices.
BROKEN: dict[str, tuple[Any, str, Callable[[Any], Any], Check]] = {
    "a death: a bucket that is gone counts as new": (
        conduct.Run, "_bucket_first", lambda real: lambda self, plan: real(self, plan) or (),
        lambda cloud: test_removal.test_a_removal_that_died_is_finished_by_the_next_run(cloud, True)),
    "a lost answer: the call is sent again": (client.Aws, "write", sent_again, without_an_answer),
    "a storm: what is too fast is not sent again": (
        client.Aws, "_patiently", lambda _real: lambda self, send, kind, worth: send(),
        in_a_storm),
    "stale reads: one look is enough": (
        engine, "_looks", lambda _real: lambda terms, within_seconds: iter([True]),
        shown_late),
    "the catalogue: nothing is said that helps": (
        codes, "REMEDIES", lambda _real: {},
        lambda cloud: test_catalogue.test_each_answer_is_outlasted_or_told(cloud, HELPED)),
    "plan and deed: the last call is not made": (
        walk, "apply", lambda real: lambda owners, aws, terms, busy, calls, *rest:
        real(owners, aws, terms, busy, calls[:-1], *rest), lambda cloud: one_plan(cloud, SMALL)),
    "check mode: a look writes": (conduct.Run, "_look", wrote_first, only_looked_at),
    "changes by others: retention is not compared": (
        planning, "compare", lambda real: lambda *given: {
            name: each for name, each in real(*given).items() if name != "retention_hours"},
        machine(lambda state: state.intrude(["its records are kept longer"]))),
    "strangers: whose a bucket is, is not asked": (
        planning, "refuse", lambda _real: lambda refusals: None,
        machine(lambda state: state.intrude(["its tags are deleted"]))),
    "races: the lock is put whatever lies there": (
        lease, "_put", lambda real: lambda aws, place, lock, **terms: real(aws, place, lock), sixteen),
    "secrets: they print as what they are": (
        plan.Secret, "__str__", lambda _real: lambda self: self.value, a_shown_secret),
    "the state machine: a lock is never freed": (
        lease, "free", lambda _real: lambda aws, place, lock_id: None,
        machine(lambda state: state.declare(RETENTION))),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_it_is_noticed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    where, name, broken, check = BROKEN[what]
    monkeypatch.setattr(where, name, broken(getattr(where, name)))
    with pytest.raises(NOTICED):
        check(cloud)


@pytest.mark.parametrize("what", BROKEN)
def test_and_nothing_else_is(cloud: Cloud, what: str) -> None:
    BROKEN[what][3](cloud)
