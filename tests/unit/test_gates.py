# SPDX-License-Identifier: Apache-2.0
"""What lets a plan through: its digest, the classes of change, and the approval."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.environment import gates
from ansible.module_utils.reconcile.plan import CREATE, DEFERRED, DELETE, DISRUPTIVE, Call, Ref, Secret, described
from ansible.module_utils.reconcile.planning import Plan

from tests.support.components import ROOT

ABOUT = {"stack_name": "sensors", "environment_suffix": "dev", "account_id": "1", "region": "eu-west-1"}
MAKE = Call("ec2", "create_subnet", {"A": 1, "B": {"x": [1], "y": {2, 3}}}, "subnet a", "make a", CREATE, owner="vpc")
DROP = Call("ec2", "delete_subnet", {"SubnetId": "s-1"}, "subnet b", "remove b", DELETE, owner="vpc")


def changed(call: Call, **to: Any) -> list[Call]:
    return [replace(call, **to), DROP]


@pytest.mark.parametrize(("one", "other"), [
    ([MAKE], [replace(MAKE, params={"B": {"y": {3, 2}, "x": (1,)}, "A": 1})]),
    ([replace(MAKE, params={"T": Secret("first")})], [replace(MAKE, params={"T": Secret("second")})]),
    ([replace(MAKE, params={"Id": Ref("a", parent="x")})], [replace(MAKE, params={"Id": Ref("a", how=str)})]),
    ([MAKE], [replace(MAKE, why="said in other words")]),
])  # fmt: skip
def test_plans_that_mean_the_same_have_one_digest(one: list[Call], other: list[Call]) -> None:
    assert gates.digest(one, ABOUT) == gates.digest(other, dict(reversed(ABOUT.items())))


@pytest.mark.parametrize("other", [
    changed(MAKE, params={"A": 2}), changed(MAKE, on="subnet c"), changed(MAKE, change=DELETE), [MAKE], [DROP, MAKE],
    changed(MAKE, owner="redis"), changed(MAKE, params={**MAKE.params, "Id": Ref("a")}),
])  # fmt: skip
def test_every_other_plan_has_another(other: list[Call]) -> None:
    assert gates.digest(other, ABOUT) != gates.digest([MAKE, DROP], ABOUT)


def test_the_same_calls_on_another_environment_are_another_plan() -> None:
    assert gates.digest([MAKE], ABOUT) != gates.digest([MAKE], {**ABOUT, "account_id": "2"})


SCRIPT = """
from ansible import module_utils
module_utils.__path__.append("module_utils")
from ansible.module_utils.environment import gates
from ansible.module_utils.reconcile.plan import Call, Ref
params = {"Ids": frozenset({"c", "a", "b", "d", "e"}), "Zone": Ref("z")}
print(gates.digest([Call("ec2", "create", params, "a", "b")], {"x": "y"}))
"""


def test_a_digest_is_the_same_in_every_process() -> None:
    found = {
        subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
                       check=True, capture_output=True, text=True).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(found) == 1
    assert len(found.pop().strip()) == gates.DIGEST_LENGTH


@pytest.mark.parametrize(("words", "found"), [
    (None, set(gates.CHANGES)), ([], set()), (["create", "deferred"], {CREATE, DEFERRED}), (["in"], {"in place"}),
    (["creates"], set()),
])  # fmt: skip
def test_classes_are_named_by_their_words(words: list[str] | None, found: set[str]) -> None:
    assert gates.allowed(words) == found


def test_a_word_that_is_no_class_is_refused() -> None:
    [refusal] = gates.unknown_classes(["create", "creates"], "sensors-dev")
    assert "allowed_changes: found creates" in str(refusal)


def test_each_class_that_is_not_let_through_is_refused_with_the_digest_to_approve() -> None:
    many = [replace(DROP, why=f"remove {number}") for number in range(7)]
    disrupting = replace(MAKE, change=DISRUPTIVE, why="reboot")
    calls = [MAKE, *many, disrupting]
    assert gates.unapproved(calls, gates.allowed(None), "sensors-dev", "d1") == []
    disruptive, delete = map(str, gates.unapproved(calls, {CREATE}, "sensors-dev", "d1"))
    assert "found 1 disruptive: reboot, wanted create" in disruptive
    assert "found 7 delete: remove 0; remove 1; remove 2; remove 3; remove 4 and 2 more" in delete
    assert "-e approved_plan=d1" in delete


@pytest.mark.parametrize(("given", "found"), [
    (None, ""), ("", ""), (" d1 ", "d1"), ({"dev": "d1", "prod": "d2"}, "d1"), ({"prod": "d2"}, ""),
])  # fmt: skip
def test_an_approval_is_of_one_environment(given: Any, found: str) -> None:
    assert gates.approved_for(given, "dev") == gates.Approval(found)


def disapproved(calls: list[Call], approved: str, stored: Any = None) -> list[str]:
    plan = Plan({}, tuple(calls))
    return [str(each) for each in gates.disapproved(plan, gates.Approval(approved), "now", stored, "sensors-dev")]


def test_exactly_the_approved_plan_or_none_is_made() -> None:
    assert disapproved([MAKE], "now") == []
    assert disapproved([], "before") == [], "nothing is left of it"
    assert disapproved([MAKE], "") == []
    [refusal] = disapproved([MAKE], "before")
    assert "approved_plan: found now (the approved plan is not stored here), wanted the approved before" in refusal


def test_a_refused_plan_says_what_the_approved_one_had_and_had_not() -> None:
    stored = {"digest": "before", "order": [described(DROP)]}
    [refusal] = disapproved([MAKE], "before", stored)
    assert "found now (new: make a; no longer: remove b)" in refusal
    [refusal] = disapproved([MAKE], "before", {**stored, "digest": "another"})
    assert "not stored here" in refusal


def planned(*calls: Call) -> dict[str, Any]:
    return {"digest": "before", "order": [{"component": call.owner, **described(call)} for call in calls]}


def of_a_plan(found: dict[str, Any], revision: str = "r1") -> gates.Approval:
    """What the node that applies gets, through JSON as AWX hands it on."""
    return gates.approved_for(json.loads(json.dumps({"dev": gates.handed_on(found, revision)})), "dev")


def test_what_a_plan_hands_on_names_what_changed_meanwhile() -> None:
    approved = of_a_plan(planned(DROP))
    assert (approved.digest, approved.revision, approved.left_off) == ("before", "r1", 0)
    [refusal] = gates.disapproved(Plan({}, (MAKE,)), approved, "now", None, "sensors-dev")
    assert "found now (new: make a; no longer: remove b), wanted the approved before" in str(refusal)


def test_a_plan_too_long_to_be_handed_on_is_cut_at_a_call_and_says_so() -> None:
    many = [replace(MAKE, on=f"subnet {number}") for number in range(2000)]
    found = gates.handed_on(planned(*many), "r1")
    assert found["left_off"] + len(found["order"]) == 2000
    assert len(json.dumps(found["order"])) < gates.HANDED_ON_LENGTH * 1.1
    assert 0 < found["left_off"] < 2000
    [refusal] = gates.disapproved(Plan({}, (DROP,)), of_a_plan(planned(*many)), "now", None, "sensors-dev")
    assert f"of the approved plan {found['left_off']} calls were not handed on" in str(refusal)


@pytest.mark.parametrize(("approved", "revision", "said"), [
    ("r1", "r1", []),
    ("", "r1", []),
    ("r1", "r2", ["environment sensors-dev: revision: found r2, wanted r1, at which it was planned. Next: launch it "
                  "again, so that this revision is planned and approved"]),
    ("r1", "", ["environment sensors-dev: revision: found nothing, wanted r1, at which it was planned. Next: launch it "
                "again, so that this revision is planned and approved"]),
])  # fmt: skip
def test_a_plan_of_another_revision_is_refused(approved: str, revision: str, said: list[str]) -> None:
    found = gates.outdated(of_a_plan(planned(MAKE), approved), revision, "sensors-dev")
    assert [str(each) for each in found] == said


@pytest.mark.parametrize(("before", "after", "said"), [
    ([MAKE, DROP], [DROP, MAKE], ["another order"]),
    ([DROP], [DROP, MAKE], ["new: make a"]),
    ([], [replace(MAKE, on=f"subnet {number}") for number in range(8)], [*["new: make a"] * 5, "3 more"]),
])  # fmt: skip
def test_what_two_plans_do_not_share_is_named(before: list[Call], after: list[Call], said: list[str]) -> None:
    assert gates.differing(*([described(call) for call in calls] for calls in (before, after))) == said


@pytest.mark.parametrize(("calls", "rest"), [
    ([DROP], True), ([MAKE, DROP], False), ([], False), ([replace(DROP, on="subnet z")], False), ([DROP, DROP], False),
])  # fmt: skip
def test_of_an_approved_plan_nothing_but_the_rest_is_made(calls: list[Call], rest: bool) -> None:
    assert gates.is_the_rest(calls, [MAKE, DROP], [MAKE]) is rest
