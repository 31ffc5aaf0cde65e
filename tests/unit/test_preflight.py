"""What a plan takes from the account's quotas, and the verdicts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.environment import preflight


def plan(*operations: str, before: Any = None, after: Any = None, resource: Any = None) -> dict[str, Any]:
    """A module's result in check mode, as far as preflight reads it."""
    calls = []
    for operation in operations:
        name, _, on = operation.partition(" on ")
        calls.append({"operation": name, "on": on})
    return {"calls": calls, "resource": resource or {}, "diff": {"before": before or {}, "after": after or {}}}


def test_a_network_takes_a_vpc_addresses_and_gateways_by_zone() -> None:
    vpc = plan("create_vpc on VPC", "allocate_address on a", "allocate_address on b",
               "create_nat_gateway on NAT gateway/a", "create_nat_gateway on NAT gateway/b")  # fmt: skip
    assert preflight.needs({"vpc": vpc}) == {"vpcs": 1, "elastic_ips": 2, "nat_gateways": 1}
    ipv6 = plan("create_internet_gateway on a", "create_egress_only_internet_gateway on b")
    assert preflight.needs({"vpc": ipv6}) == {"internet_gateways": 1, "egress_only_gateways": 1}


@pytest.mark.parametrize(("before", "after", "resource", "more"), [
    ({}, {"num_node_groups": 3, "replicas_per_node_group": 2}, {}, 9),
    ({}, {"num_cache_clusters": 3}, {}, 3),
    ({"num_node_groups": 2}, {"num_node_groups": 3}, {"num_node_groups": 3, "replicas_per_node_group": 1}, 2),
    ({"replicas_per_node_group": 1}, {"replicas_per_node_group": 2}, {"num_node_groups": 2}, 2),
    ({"num_node_groups": 3}, {"num_node_groups": 2}, {"replicas_per_node_group": 1}, 0),
    ({"description": "a"}, {"description": "b"}, {"num_node_groups": 2, "replicas_per_node_group": 1}, 0),
])  # fmt: skip
def test_cache_nodes_are_counted_by_what_comes_on_top(before: Any, after: Any, resource: Any, more: int) -> None:
    redis = plan("modify", before=before, after=after, resource=resource)
    assert preflight.needs({"redis": redis}) == ({"cache_nodes": more} if more else {})


def test_shards_are_counted_by_what_comes_on_top() -> None:
    kinesis = plan("update_shard_count", before={"shard_count": 2}, after={"shard_count": 8})
    assert preflight.needs({"kinesis": kinesis}) == {"shards": 6}


def test_a_stream_that_goes_on_demand_counts_as_a_stream_and_not_by_its_shards() -> None:
    born = plan("create_stream", before={}, after={"stream_mode": "ON_DEMAND"})
    assert preflight.needs({"kinesis": born}) == {"on_demand_streams": 1}
    back = plan("update_stream_mode", before={"stream_mode": "ON_DEMAND"}, after={"stream_mode": "PROVISIONED"})
    assert preflight.needs({"kinesis": back}) == {}


def test_a_plan_without_calls_takes_nothing() -> None:
    assert preflight.needs({"redis": plan(resource={"num_node_groups": 2})}) == {}


@pytest.mark.parametrize(("used", "quota", "verdict"), [
    (4, 10, preflight.OK), (8, 10, preflight.WARNING), (9, 10, preflight.STOP), (0, None, preflight.WARNING),
])  # fmt: skip
def test_room_for_two_more(used: int, quota: float | None, verdict: str) -> None:
    check = preflight.room("things", used, 2, quota)
    assert check.verdict == verdict
    assert bool(check.next_step) == (verdict != preflight.OK)


def test_the_table_is_aligned_and_ends_with_the_next_steps() -> None:
    lines = preflight.table([preflight.same("account", "1", "2", "use the other"), preflight.room("VPCs", 1, 1, 5)])
    assert lines[0].split() == ["check", "found", "wanted", "verdict"]
    assert lines[1].endswith("stop")
    assert lines[0].index("verdict") == lines[1].index("stop") == lines[2].index("ok")
    assert lines[-1] == "account: next: use the other"
