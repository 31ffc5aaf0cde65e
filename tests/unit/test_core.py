# SPDX-License-Identifier: Apache-2.0
"""The pure half of the core, and the walk over a plan on a stand-in for AWS that keeps what it is told."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.aws.client import NoAnswer, explain
from ansible.module_utils.aws.codes import is_quota
from ansible.module_utils.reconcile import engine, errors, fields, graph, identity, plan, planning, tags, walk
from ansible.module_utils.reconcile.component import Component, Seen
from botocore import exceptions as boto
from hypothesis import given
from hypothesis import strategies as st

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
states = st.dictionaries(st.sampled_from("abcde"), values)
ALL = tuple(fields.Field(name) for name in "abcde")


@given(states)
def test_a_state_does_not_differ_from_itself(state: dict[str, Any]) -> None:
    assert fields.compare(ALL, state, state) == {}


@given(states, states)
def test_taking_over_what_differs_leaves_no_difference(observed: dict[str, Any], desired: dict[str, Any]) -> None:
    differences = fields.compare(ALL, observed, desired)
    merged = {**observed, **{name: difference.after for name, difference in differences.items()}}
    assert fields.compare(ALL, merged, desired) == {}


@given(states, states)
def test_no_opinion_is_never_a_difference(observed: dict[str, Any], desired: dict[str, Any]) -> None:
    assert all(desired[name] is not None for name in fields.compare(ALL, observed, desired))


@given(states, states)
def test_a_diff_shows_both_sides_of_each_difference_and_nothing_else(left: Any, right: Any) -> None:
    differences = fields.compare(ALL, left, right)
    pair = fields.render(differences, exists=True)
    assert pair["before"].keys() == pair["after"].keys() == differences.keys()


def test_a_diff_of_mappings_leaves_out_what_both_share() -> None:
    before = {"subnets": {"app/a": {"cidr": "10.0.0.0/24", "tags": {"x": "1"}}, "app/b": {"cidr": "10.0.1.0/24"}}}
    after = {"subnets": {"app/a": {"cidr": "10.0.0.0/24", "tags": {"x": "2"}}, "app/b": {"cidr": "10.0.1.0/24"}}}
    differences = fields.compare([fields.Field("subnets")], before, after)
    assert fields.render(differences, exists=True) == {
        "before": {"subnets": {"app/a": {"tags": {"x": "1"}}}},
        "after": {"subnets": {"app/a": {"tags": {"x": "2"}}}},
    }


@given(values)
def test_a_secret_is_printed_nowhere(value: Any) -> None:
    hidden = plan.Secret("correct-horse-battery")
    call = plan.Call(
        "elasticache", "modify", {"AuthToken": hidden, "Other": [value, {"deep": hidden}]}, "group", "rotate"
    )
    assert "correct-horse" not in repr(call)
    assert "correct-horse" not in str(plan.described(call))
    assert plan.resolve(call.params, {})["AuthToken"] == "correct-horse-battery"


def call(operation: str, on: str, **rest: Any) -> plan.Call:
    return plan.Call("ec2", operation, rest.pop("params", {}), on, operation, **rest)


def test_calls_on_one_object_keep_their_order_and_refs_point_backwards() -> None:
    calls = [
        call("use", "b", params={"Id": plan.Ref("id")}),
        call("first", "a"),
        call("second", "a", saves={"id": "Id"}),
        call("last", "c", after=("a", "b")),
        call("sweep", "d", after=(plan.EVERYTHING_BEFORE,)),
    ]
    assert graph.dependencies(calls) == [{2}, set(), {1}, {0, 1, 2}, {0, 1, 2, 3}]
    assert [each.operation for each in graph.ordered(calls)] == ["first", "second", "use", "last", "sweep"]


def test_calls_that_wait_for_each_other_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="wait for each other: x on a, y on b"):
        graph.ordered([call("x", "a", after=("b",)), call("y", "b", after=("a",))])


def test_a_parent_that_nobody_creates_is_named() -> None:
    calls = [call("x", "a", params={"SubnetIds": [plan.Ref("subnets", parent="subnets of tier cache (role vpc)")]})]
    assert graph.missing_parents(calls) == ["subnets of tier cache (role vpc)"]
    assert plan.described(calls[0])["params"] == {"SubnetIds": ["(known after apply)"]}


def test_a_plan_takes_as_long_as_its_slowest_chain_of_waits() -> None:
    def slow(seconds: float, then: plan.Wait | None = None) -> plan.Wait:
        return plan.Wait("it", "ec2", "describe_it", {}, "State", ("done",), typical_seconds=seconds, then=then)

    calls = [
        call("nat", "a", wait=slow(120)),
        call("endpoint", "b", wait=slow(60)),
        call("route", "c", after=("a",)),
        call("group", "d", after=("b",), wait=slow(700, then=slow(20))),
        call("stream", "e", wait=slow(20)),
    ]
    assert graph.typical_seconds(calls) == 60 + 700 + 20
    assert graph.typical_seconds([]) == 0


class Recorder:
    """Stands in for Aws: notes writes in order, answers from a table, and can fail one operation."""

    def __init__(self, states: list[str] | None = None, failing: str = "", error: Exception | None = None) -> None:
        self.made: list[tuple[str, Any]] = []
        self.at_once = 0
        self.most_at_once = 0
        self._states = states or ["done"]
        self._failing, self._error = failing, error
        self._lock = threading.Lock()

    def write(self, service: str, operation: str, params: Any, *_: Any) -> dict[str, Any]:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.01)
        with self._lock:
            self.at_once -= 1
            self.made.append((operation, params))
        if operation == self._failing and self._error:
            raise self._error
        return {"Id": f"id-of-{operation}"}

    def read(
        self, service: str, operation: str, absent: Any = (), outage_seconds: float = 0, **params: Any
    ) -> dict[str, Any]:
        return {"State": self._states.pop(0) if len(self._states) > 1 else self._states[0]}


def terms(wait: bool = True) -> walk.Terms:
    return walk.Terms(False, wait, 5, 0.0, lambda seconds: None, time.monotonic)


COMPONENT = Component("m", "thing", {}, (), *([lambda *_: None] * 6), permissions=frozenset())
OWNERS = {"": walk.Owner(COMPONENT, 5)}
SLOW = plan.Wait("gateway", "ec2", "describe", {"Id": plan.Ref("gateway")}, "State", ("done",), ("failed",))


def test_independent_calls_are_made_side_by_side() -> None:
    aws = Recorder()
    walk.apply(OWNERS, aws, terms(), (), [call(f"c{n}", f"object {n}") for n in range(6)])
    assert aws.most_at_once > 1


def test_what_is_so_already_was_not_made() -> None:
    class Finding(Recorder):
        def write(self, service: str, operation: str, params: Any, *rest: Any) -> dict[str, Any]:
            answer = super().write(service, operation, params, *rest)
            return {} if operation == "create" else answer

    walked = walk.apply(OWNERS, Finding(), terms(), (), [call("create", "bucket"), call("tag", "bucket")])
    assert [each.operation for each in walked.made] == ["tag"]
    assert not walked.left
    assert not walked.waits


def test_a_look_at_what_is_in_the_way_that_gets_no_answer_hides_no_reason() -> None:
    def unreachable(*_: Any) -> str:
        raise NoAnswer("DescribeNetworkInterfaces: nothing")

    refused = boto.ClientError({"Error": {"Code": "DependencyViolation", "Message": "in use"}}, "DeleteVpc")
    owners = {"": walk.Owner(replace(COMPONENT, blockers=unreachable), 5)}
    walked = walk.apply(owners, Recorder(failing="go", error=refused), terms(), (), [call("go", "a")])
    assert "DependencyViolation: in use" in walked.failures[0]


def test_a_saved_id_reaches_the_call_that_needs_it() -> None:
    aws = Recorder()
    calls = [call("make", "a", saves={"a": "Id"}), call("use", "b", params={"Id": plan.Ref("a")})]
    walk.apply(OWNERS, aws, terms(), (), calls)
    assert aws.made == [("make", {}), ("use", {"Id": "id-of-make"})]


def test_a_value_may_be_made_of_what_was_saved() -> None:
    aws = Recorder()
    both = plan.Ref("b", how=lambda known: known["a"] + " and " + known["b"])
    calls = [
        call("make", "a", saves={"a": "Id"}),
        call("make_too", "b", params={"Id": plan.Ref("a")}, saves={"b": "Id"}),
        call("use", "c", params={"Ids": [both]}),
    ]
    assert plan.described(calls[2])["params"] == {"Ids": ["(known after apply)"]}
    walk.apply(OWNERS, aws, terms(), (), calls)
    assert aws.made[-1] == ("use", {"Ids": ["id-of-make and id-of-make_too"]})


def test_a_wait_may_be_followed_by_another_and_both_save() -> None:
    second = replace(SLOW, noun="second", saves={"second": "State"})
    first = replace(SLOW, saves={"first": "State"}, then=second)
    calls = [call("make", "gateway", saves={"gateway": "Id"}, wait=first),
             call("use", "b", params={"A": plan.Ref("first"), "B": plan.Ref("second")})]  # fmt: skip
    assert graph.missing_parents(calls) == []
    aws = Recorder(["done"])
    walk.apply(OWNERS, aws, terms(), (), calls)
    assert aws.made[-1] == ("use", {"A": "done", "B": "done"})


@pytest.mark.parametrize(("waits", "slow", "looks"), [(True, True, 2), (False, False, 2), (False, True, 1)])
def test_a_run_first_waits_for_what_takes_seconds(waits: bool, slow: bool, looks: int) -> None:
    found = [Seen(None, waits=(replace(SLOW, params={}, slow=slow),)), Seen(None)]
    component = replace(COMPONENT, observe=lambda *_: found.pop(0), rules=lambda *_: (), delete=lambda *_: [])
    wanted = planning.Declaration("thing", component, {**OPTIONS, "state": "absent"})
    engine.look_and_plan([wanted], Recorder(["pending", "done"]), terms(wait=waits))
    assert len(found) == 2 - looks


def test_without_waiting_what_hangs_on_a_slow_object_is_left() -> None:
    aws = Recorder()
    calls = [
        call("make", "gateway", saves={"gateway": "Id"}, wait=SLOW),
        call("route", "table", params={"Id": plan.Ref("gateway")}),
        call("other", "elsewhere"),
    ]
    walked = walk.apply(OWNERS, aws, terms(wait=False), (), calls)
    assert sorted(operation for operation, _ in aws.made) == ["make", "other"]
    assert [each.operation for each in walked.left] == ["route"]
    assert walked.waits == [SLOW]


def test_an_object_that_is_busy_is_not_touched_without_waiting() -> None:
    aws = Recorder()
    walked = walk.apply(OWNERS, aws, terms(wait=False), (SLOW,), [call("change", "gateway")])
    assert aws.made == []
    assert [each.operation for each in walked.left] == ["change"]


def test_a_wait_goes_on_until_the_object_has_arrived() -> None:
    told: list[walk.Event] = []
    listening = replace(terms(), tell=told.append)
    walk.poll(SLOW, Recorder(["pending", "pending", "done"]), {"gateway": "x"}, listening, 5)
    assert [event.state for event in told] == ["pending", "pending", "done"]


def test_a_walk_tells_what_becomes_of_each_call_and_which_one_it_had_to_wait_for_last() -> None:
    told: list[walk.Event] = []
    first, between = call("make", "a", saves={"gateway": "Id"}, wait=SLOW), call("at once", "b")
    last = call("use", "c", params={"Id": plan.Ref("gateway")}, after=("b",))
    listening = replace(terms(), tell=told.append, sleep=lambda _: time.sleep(0.3))
    walk.apply(OWNERS, Recorder(["pending", "done"]), listening, (), [first, between, last])
    assert (told[0].kind, told[0].left) == (walk.PLANNED, 3)
    assert [event.kind for event in told if event.call is first or event.wait is SLOW] == [
        walk.BEGUN, walk.MADE, walk.WAITS, walk.ARRIVED, walk.ENDED
    ]  # fmt: skip
    assert [event.behind for event in told if event.kind == walk.BEGUN and event.call is last] == [first]
    assert all(before.seconds <= event.seconds for before, event in zip(told, told[1:], strict=False)
               if event.call is last)  # fmt: skip


@pytest.mark.parametrize(("error", "kind"), [
    (errors.AwsFailure("no."), walk.FAILED), (errors.LostAnswer("make"), walk.ENDED),
])  # fmt: skip
def test_a_call_without_an_answer_has_not_failed(error: Exception, kind: str) -> None:
    told: list[walk.Event] = []
    walk.apply(OWNERS, Recorder(failing="make", error=error), replace(terms(), tell=told.append), (),
               [call("make", "a")])  # fmt: skip
    assert [event.kind for event in told] == [walk.PLANNED, walk.BEGUN, kind]


def test_a_walk_ticks_while_nothing_ends() -> None:
    told: list[str] = []
    listening = replace(terms(), tell=lambda event: told.append(event.kind), tick_seconds=0.02,
                        sleep=lambda _: time.sleep(0.1))  # fmt: skip
    walk.apply(OWNERS, Recorder(["pending", "done"]), listening, (),
               [call("make", "a", saves={"gateway": "Id"}, wait=SLOW)])  # fmt: skip
    assert walk.TICK in told[told.index(walk.WAITS) : told.index(walk.ARRIVED)]


def test_a_failed_object_ends_the_wait() -> None:
    with pytest.raises(errors.AwsFailure, match="gateway is failed"):
        walk.poll(SLOW, Recorder(["pending", "failed"]), {"gateway": "x"}, terms(), 5)


def test_a_wait_has_an_end() -> None:
    with pytest.raises(errors.AwsFailure, match="still pending after .* Next: run again"):
        walk.poll(SLOW, Recorder(["pending"]), {"gateway": "x"}, terms(), 0)


def test_a_failure_midway_says_where_and_what_was_made() -> None:
    denied = boto.ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no."}}, "CreateRoute")
    aws = Recorder(failing="second", error=denied)
    walked = walk.apply(OWNERS, aws, terms(), (), [call(name, "a") for name in ("first", "second", "third")])
    (failure,) = walked.failures
    assert "call 2 of 3" in failure
    assert "allow CreateRoute" in failure
    assert "first on a" in failure
    assert [operation for operation, _ in aws.made] == ["first", "second"]
    assert [each.operation for each in walked.left] == ["third"]


def test_a_refused_call_holds_up_what_needs_it_and_nothing_else() -> None:
    aws = Recorder(failing="c0", error=errors.AwsFailure("no."))
    calls = [call("c0", "a"), call("next", "a"), *(call(f"d{n}", f"object {n}") for n in range(5))]
    walked = walk.apply(OWNERS, aws, terms(), (), calls)
    assert len(walked.failures) == 1
    assert sorted(operation for operation, _ in aws.made) == ["c0", *(f"d{n}" for n in range(5))]


def test_a_run_that_must_not_write_any_more_begins_nothing_new() -> None:
    aws = Recorder(failing="c0", error=errors.Failure("lock lost"))
    walked = walk.apply(OWNERS, aws, terms(), (), [call(f"c{n}", f"object {n // 2}") for n in range(200)])
    assert walked.failures
    assert len(aws.made) < 200


def test_a_lost_answer_is_handed_back_not_repeated() -> None:
    aws = Recorder(failing="make", error=errors.LostAnswer("make"))
    walked = walk.apply(OWNERS, aws, terms(), (), [call("make", "a"), call("next", "a")])
    assert walked.lost is not None
    assert walked.lost.operation == "make"
    assert [operation for operation, _ in aws.made] == ["make"]


@pytest.mark.parametrize(("code", "quota"), [
    ("VpcLimitExceeded", True), ("AddressLimitExceeded", True), ("NodeQuotaForCustomerExceeded", True),
    ("RequestLimitExceeded", False), ("ConcurrentMutationLimitExceeded", False), ("Throttling", False),
])  # fmt: skip
def test_quotas_are_told_from_rates(code: str, quota: bool) -> None:
    assert is_quota(code) is quota


@pytest.mark.parametrize(("message", "step"), [
    ("The limit of 2 changes per 24 hours for this stream is reached.", "wait until"),
    ("The maximum number of VPCs has been reached.", "ask for a higher quota"),
])  # fmt: skip
def test_a_limit_over_time_wants_time_and_not_room(message: str, step: str) -> None:
    error = boto.ClientError({"Error": {"Code": "LimitExceededException", "Message": message}}, "UpdateStreamMode")
    assert f"Next: {step}" in explain(error)


def test_a_parameter_error_does_not_repeat_the_parameter() -> None:
    error = boto.ParamValidationError(report="Invalid type for parameter AuthToken, value: correct-horse")
    assert "correct-horse" not in explain(error)


@pytest.mark.parametrize(("typed", "meant"), [
    ("replication_group_description", "description"), ("shard_cuont", "shard_count"), ("zzz", ""),
])  # fmt: skip
def test_the_option_that_was_meant_is_named(typed: str, meant: str) -> None:
    found = errors.did_you_mean(typed, ["description", "shard_count", "tags"])
    assert found == (f" (did you mean {meant}?)" if meant else "")


def test_what_a_word_ends_with_is_meant_before_what_it_resembles() -> None:
    known = ["description", "global_replication_group_role", "cache_subnet_group_name", "name"]
    assert "mean description?" in errors.did_you_mean("replication_group_description", known)
    assert "mean cache_subnet_group_name?" in errors.did_you_mean("cache_subnet_groups_name", known)


def test_names_and_ownership_come_from_one_place() -> None:
    ours = identity.Identity("sensors", "dev")
    assert ours.name == "sensors-dev"
    assert ours.state_bucket("123456789012") == "sensors-dev-state-123456789012"
    assert ours.owns({**ours.ownership, "Name": "x"})
    assert not ours.owns({"streambed:stack": "sensors"})


OPTIONS = {"stack_name": "sensors", "environment_suffix": "dev", "tags": None, "purge_tags": True, "state": "present"}


def test_an_object_without_our_tags_is_refused_and_ours_is_not() -> None:
    ours = identity.Identity("sensors", "dev").ownership
    assert tags.foreign(OPTIONS, "stream", "sensors-dev", ours) == ()
    refusal = tags.foreign(OPTIONS, "stream", "sensors-dev", {**ours, "streambed:environment": "prod"})[0]
    assert "streambed:environment=prod" in str(refusal)
    assert "Next:" in str(refusal)


def test_what_is_foreign_ends_the_plan() -> None:
    refusal = tags.foreign(OPTIONS, "stream", "sensors-dev", {})
    with pytest.raises(errors.Refused, match="ownership tags: found nothing"):
        planning.planned(COMPONENT, OPTIONS, Seen({"name": "sensors-dev"}, foreign=refusal))


def test_tags_of_awss_own_are_not_ours_to_see() -> None:
    listed = [{"Key": "aws:cloudformation:stack-name", "Value": "x"}, {"Key": "team", "Value": "telemetry"}]
    assert tags.ansible_tags(listed) == {"team": "telemetry"}


@pytest.mark.parametrize(("shows_after_seconds", "shown"), [(100.0, True), (150.0, False)])
def test_a_change_has_two_minutes_to_show(shows_after_seconds: float, shown: bool) -> None:
    """Source: terraform-provider-aws, propagationTimeout of its services s3 and iam."""
    now = [0.0]

    def observe(aws: Any, options: Any) -> Seen:
        return Seen({"size": 2 if aws.made and now[0] >= shows_after_seconds else 1})

    part = Component("m", "thing", {}, (fields.Field("size"),), observe, lambda options, seen: {"size": 2},
                     lambda desired: desired, lambda desired: [], lambda *_: [call("grow", "thing")],
                     lambda *_: [], permissions=frozenset())  # fmt: skip
    options = {"state": "present", "stack_name": "s", "environment_suffix": "e", "tags": None, "purge_tags": True}
    patient = walk.Terms(False, True, 5, 2.0, lambda seconds: now.__setitem__(0, now[0] + seconds), lambda: now[0])
    declared = [planning.Declaration("m", part, options)]
    if shown:
        assert engine.run(declared, Recorder(), patient).made
        # It goes on as soon as it is shown: looks are two seconds apart.
        assert now[0] <= shows_after_seconds + 2
    else:
        with pytest.raises(errors.AwsFailure, match="AWS does not show it: size: found 1, wanted 2"):
            engine.run(declared, Recorder(), patient)
