# SPDX-License-Identifier: Apache-2.0
"""From looks to one plan: two made-up components, a network and what stands in it, and a bucket with the lock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.reconcile import graph
from ansible.module_utils.reconcile.component import Component, Seen
from ansible.module_utils.reconcile.errors import Refusal
from ansible.module_utils.reconcile.fields import Field
from ansible.module_utils.reconcile.offers import NETWORK, STATE_LOCK, Network, StateLock, Subnet
from ansible.module_utils.reconcile.plan import (
    CREATE,
    DELETE,
    DISRUPTIVE,
    IN_PLACE,
    MULTI_STEP,
    Call,
    Ref,
    described,
    refs,
)
from ansible.module_utils.reconcile.planning import Declaration, Look, Plan, draw_up, leaning_order, parentless, rules

IDENTITY = {"stack_name": "sensors", "environment_suffix": "dev", "tags": None, "purge_tags": True}
TOO_SMALL = Refusal("cache", "sensors-dev", "size", 0, 1, "raise it")


def make(service: str, operation: str, on: str, change: str, **rest: Any) -> Call:
    return Call(service, operation, rest.pop("params", {}), on, f"{operation} {on}", change, **rest)


def network_calls(before: list[str], after: list[str]) -> list[Call]:
    made = [make("ec2", "create_subnet", f"subnet {key}", CREATE, saves={f"id of {key}": "Id"})
            for key in after if key not in before]  # fmt: skip
    gone = [make("ec2", "delete_subnet", f"subnet {key}", DELETE, params={"SubnetId": f"s-{key}"})
            for key in before if key not in after]  # fmt: skip
    return [*made, *gone]


def network_offers(options: Any, seen: Seen, desired: Any) -> dict[str, Network]:
    present = (seen.resource or {"subnets": []})["subnets"]
    keys = (desired or {"subnets": present})["subnets"]
    ids = {key: f"s-{key}" if key in present else Ref(f"id of {key}") for key in keys}
    return {NETWORK: Network(tuple(Subnet(key, "eu-west-1a", each) for key, each in ids.items()))}


def cache_calls(change: str, before: list[Any], after: list[Any]) -> list[Call]:
    left = tuple(each for each in before if each not in after)
    return [make("elasticache", "move", "group", change, params={"SubnetIds": after}, releases=left)]


NETWORK_PART = Component(
    "network", "network", {}, (Field("subnets"),), lambda *_: Seen(None),
    lambda options, _: {"subnets": options["subnets"]}, lambda _: {"subnets": []},
    lambda _: [make("ec2", "create_vpc", "VPC", CREATE)],
    lambda before, after, _: network_calls(before["subnets"], after["subnets"]),
    lambda seen, _: network_calls(seen.resource["subnets"], []) if seen.resource else [],
    frozenset(), offering=(NETWORK,), offers=network_offers,
)  # fmt: skip
CACHE = Component(
    "cache", "cache", {}, (Field("subnet_ids"), Field("size")), lambda *_: Seen(None),
    lambda options, seen: {"subnet_ids": [each.id for each in seen.around[NETWORK].subnets], "size": options["size"]},
    lambda desired: desired,
    lambda desired: [make("elasticache", "create", "group", CREATE, params={"SubnetIds": desired["subnet_ids"]})],
    lambda before, after, differing: cache_calls(DISRUPTIVE, before["subnet_ids"], after["subnet_ids"])
    if differing else [],
    lambda seen, _: [make("elasticache", "delete", "group", DELETE, releases=tuple(seen.resource["subnet_ids"]))]
    if seen.resource else [],
    frozenset(), leans_on={NETWORK: lambda *_: Network()},
    misfits=lambda options, _: [TOO_SMALL] if options["size"] == 0 else [],
)  # fmt: skip
BUCKET = Component(
    "bucket", "bucket", {}, (Field("name"),), lambda *_: Seen(None), lambda *_: {"name": "b"}, lambda desired: desired,
    lambda _: [make("s3", "create_bucket", "bucket b", CREATE)], lambda *_: [],
    lambda *_: [make("s3", "delete_bucket", "bucket b", DELETE), make("s3", "delete_table", "lock table", DELETE)],
    frozenset(), offering=(STATE_LOCK,),
    offers=lambda _, seen, __: {STATE_LOCK: StateLock("b", seen.resource is not None, "bucket b")},
)  # fmt: skip


def declared(component: Component, state: str = "present", **options: Any) -> Declaration:
    return Declaration(component.module, component, {**IDENTITY, "state": state, "size": 1, **options})


def drawn(*pairs: tuple[Declaration, Any]) -> Plan:
    """The plan of declarations, each beside its resource as it is; a Look stands for itself."""
    looks = {each.key: seen if isinstance(seen, Look) else Look(Seen(seen)) for each, seen in pairs}
    return draw_up([each for each, _ in pairs], looks)


def made(plan: Plan) -> list[str]:
    return [call.why for call in plan.calls]


def test_what_is_to_come_is_planned_with_across_components() -> None:
    plan = drawn((declared(CACHE), None), (declared(NETWORK_PART, subnets=["a", "b"]), None))
    assert list(plan.parts) == ["cache", "network"]
    [create] = plan.of("cache")
    assert plan.calls[-1] is create
    assert {ref.name for ref in refs(create.params)} == {"id of a", "id of b"}
    assert described(create)["params"] == {"SubnetIds": ["(known after apply)"] * 2}
    assert graph.missing_parents(plan.calls) == []
    assert {call.owner for call in plan.calls} == {"cache", "network"}


def test_what_leaves_is_let_go_of_before_it_is_deleted() -> None:
    plan = drawn((declared(NETWORK_PART, subnets=["b", "c"]), {"subnets": ["a", "b"]}),
                 (declared(CACHE), {"subnet_ids": ["s-a", "s-b"], "size": 1}))  # fmt: skip
    assert made(plan) == ["create_subnet subnet c", "move group", "delete_subnet subnet a"]
    assert plan.of("cache")[0].params["SubnetIds"][0] == "s-b"


def test_all_of_it_is_removed_in_the_order_of_its_use() -> None:
    plan = drawn((declared(NETWORK_PART, "absent"), {"subnets": ["a"]}),
                 (declared(BUCKET, "absent"), {"name": "b"}),
                 (declared(CACHE, "absent"), {"subnet_ids": ["s-a"], "size": 1}))  # fmt: skip
    assert made(plan) == ["delete group", "delete_subnet subnet a", "delete_bucket bucket b",
                          "delete_table lock table"]  # fmt: skip


def test_a_bucket_that_holds_no_lock_that_goes_waits_for_nobody() -> None:
    plan = drawn((declared(BUCKET), {"name": "b"}), (declared(NETWORK_PART, "absent"), {"subnets": ["a"]}))
    assert [call.after for call in plan.calls] == [()]


def test_one_object_has_one_declaration() -> None:
    network = (declared(NETWORK_PART, subnets=["a"]), {"subnets": ["a"]})
    first, second = (replace(declared(CACHE), key=f"cache.{name}") for name in "ab")
    plan = drawn(network, (first, None), (second, None))
    assert [str(each) for each in plan.refusals] == [
        "cache sensors-dev: group: found declared by cache.a too, wanted one declaration of each object. "
        "Next: give each its own name"]  # fmt: skip
    assert plan.parts["cache.b"].refusals
    there = {"subnet_ids": ["s-a"], "size": 1}
    assert not drawn(network, (first, there), (second, there)).refusals
    gone = replace(declared(CACHE, "absent"), key="cache old")
    assert not drawn(network, (first, None), (gone, there)).refusals
    assert not drawn(network, (gone, there), (first, None)).refusals


def test_a_refusal_of_one_part_keeps_what_the_others_would_do() -> None:
    plan = drawn((declared(CACHE, size=0), None), (declared(NETWORK_PART, subnets=["a"]), None),
                 (declared(BUCKET), None))  # fmt: skip
    assert plan.refusals == [TOO_SMALL]
    assert made(plan) == ["create_vpc VPC", "create_subnet subnet a", "create_bucket bucket b"]
    assert plan.of("cache") == []


def test_what_leans_on_a_refused_part_is_compared_with_what_is_there() -> None:
    refusing = replace(NETWORK_PART, guards=lambda *_: [TOO_SMALL])
    plan = drawn((declared(refusing, subnets=["a", "b"]), {"subnets": ["a"]}),
                 (declared(CACHE), {"subnet_ids": ["s-a"], "size": 1}))  # fmt: skip
    assert plan.refusals == [TOO_SMALL]
    assert made(plan) == []


def test_what_leans_on_what_could_not_be_looked_at_is_left_out_and_says_so() -> None:
    plan = drawn((declared(NETWORK_PART, subnets=["a"]), Look(failure="no answer")), (declared(CACHE), None))
    assert plan.failures == ["no answer"]
    assert "cache sensors-dev: not compared, for it leans on the network" in plan.parts["cache"].left_out
    assert made(plan) == []


def test_what_is_removed_leans_on_nothing() -> None:
    plan = drawn((declared(NETWORK_PART, subnets=["a"]), Look(failure="no answer")),
                 (declared(CACHE, "absent"), {"subnet_ids": ["s-a"], "size": 1}))  # fmt: skip
    assert made(plan) == ["delete group"]


def test_where_nobody_offers_it_what_was_read_is_leant_on() -> None:
    seen = Seen(None, around={NETWORK: Network((Subnet("a", "eu-west-1a", "s-read"),))})
    [create] = drawn((declared(CACHE), Look(seen))).calls
    assert create.params == {"SubnetIds": ["s-read"]}


@pytest.mark.parametrize("change", [DISRUPTIVE, MULTI_STEP])
def test_nothing_disrupts_what_is_only_being_made(change: str) -> None:
    born = replace(
        CACHE, newborn=lambda _: {"subnet_ids": [], "size": 0}, update=lambda *_: cache_calls(change, [], [])
    )
    network = (declared(NETWORK_PART, subnets=["a"]), {"subnets": ["a"]})
    new = drawn(network, (declared(born), None))
    assert [call.change for call in new.of("cache")] == [CREATE, IN_PLACE]
    there = drawn(network, (declared(born), {"subnet_ids": [], "size": 1}))
    assert [call.change for call in there.of("cache")] == [change]


def test_a_parent_that_nobody_makes_is_refused_before_the_first_call() -> None:
    orphan = Network((Subnet("a", "eu-west-1a", Ref("a", parent="subnet a (role vpc)")),))
    plan = drawn((declared(CACHE), Look(Seen(None, around={NETWORK: orphan}))))
    [refusal] = parentless(plan)
    assert "wanted subnet a (role vpc)" in str(refusal)
    assert list(parentless(drawn((declared(NETWORK_PART, subnets=["a"]), None)))) == []


def test_who_offers_comes_first_and_a_circle_is_a_mistake() -> None:
    order = leaning_order([declared(CACHE), declared(BUCKET), declared(NETWORK_PART)])
    assert [each.key for each in order] == ["bucket", "network", "cache"]
    circular = replace(NETWORK_PART, leans_on={STATE_LOCK: None}), replace(BUCKET, leans_on={NETWORK: None})
    with pytest.raises(ValueError, match="components lean on each other: network, bucket"):
        leaning_order([declared(each) for each in circular])


def test_names_that_break_the_form_are_refused_without_a_look() -> None:
    found = rules(replace(declared(CACHE), options={**declared(CACHE).options, "stack_name": "Sensors_1"}))
    assert [refusal.field for refusal in found] == ["stack_name"]
