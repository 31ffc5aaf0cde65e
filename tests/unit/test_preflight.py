# SPDX-License-Identifier: Apache-2.0
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
        kind = {"VpcEndpointType": "Gateway"} if on.startswith("gateway endpoint") else {}
        calls.append({"operation": name, "on": on, "params": kind})
    return {"calls": calls, "resource": resource or {}, "diff": {"before": before or {}, "after": after or {}}}


def test_a_network_takes_a_vpc_addresses_and_gateways_by_zone() -> None:
    vpc = plan("create_vpc on VPC", "allocate_address on a", "allocate_address on b",
               "create_nat_gateway on NAT gateway/a", "create_nat_gateway on NAT gateway/b")  # fmt: skip
    assert preflight.needs({"vpc": vpc}) == {"vpcs": 1, "elastic_ips": 2, "nat_gateways": 1}
    ends = plan("create_vpc_endpoint on gateway endpoint s3", "create_vpc_endpoint on endpoint kms")
    assert preflight.needs({"vpc": ends}) == {"gateway_endpoints": 1}
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


RULE, RULE_IPV6, OF_GROUP = {"cidr_block": "10.0.0.0/8"}, {"ipv6_cidr_block": "::/0"}, {"security_group": "app"}


@pytest.mark.parametrize(("resource", "sizes"), [
    ({"network_acls": {"app": {"ingress": {str(n): RULE for n in range(19)}, "egress": {}}}}, {}),
    ({"network_acls": {"app": {"ingress": {str(n): RULE for n in range(20)}, "egress": {}}}}, {"acl_rules": 21}),
    ({"default_network_acl": {"egress": {str(n): RULE_IPV6 for n in range(25)}}}, {"acl_rules": 26}),
    ({"network_acls": {"app": {"ingress": {str(n): (RULE, RULE_IPV6)[n % 2] for n in range(38)}}}}, {}),
    ({"security_groups": {"a": {"ingress": [RULE] * 60, "egress": [RULE] * 60}}}, {}),
    ({"security_groups": {"a": {"ingress": [RULE] * 40 + [OF_GROUP] * 30, "egress": []}}}, {"group_rules": 70}),
    ({"security_groups": {"a": {"ingress": [RULE] * 50 + [RULE_IPV6] * 50, "egress": []}}}, {}),
    ({"security_groups": {"a": {"egress": [RULE_IPV6] * 40 + [OF_GROUP] * 30, "ingress": []}}}, {"group_rules": 70}),
    ({"security_groups": {"a": {"ingress": [RULE] * 70, "egress": [RULE]}}}, {"group_rules": 70}),
    ({"route_tables": {"a": {"routes": {f"10.{n}.0.0/16": "tgw-1" for n in range(50)},
                             "internet_routes": {"0.0.0.0/0": "igw-1", "::/0": "igw-1"}}}}, {"routes": 51}),
    ({"secondary_cidr_blocks": ["10.1.0.0/16"] * 5}, {"blocks": 6}),
    ({"nat_gateways": {"a": {"secondary_allocation_ids": ["eipalloc-1", "eipalloc-2"]}, "b": {}}},
     {"nat_addresses": 3}),
    ({"subnets": dict.fromkeys(range(190)), "foreign_subnets": dict.fromkeys(range(11))}, {"subnets": 201}),
    ({"interface_endpoints": dict.fromkeys(range(51))}, {"interface_endpoints": 51}),
])  # fmt: skip
def test_what_is_larger_than_every_account_may_have_it_is_asked_about(resource: Any, sizes: Any) -> None:
    assert preflight.sizes({"vpc": plan("modify", resource=resource)}) == sizes
    assert preflight.sizes({"vpc": plan(resource=resource)}) == {}


def test_nodes_of_one_group_have_a_limit_of_their_own() -> None:
    large = {"num_node_groups": 40, "replicas_per_node_group": 2}
    assert preflight.sizes({"redis": plan("create", resource=large)}) == {"nodes": 120}


@pytest.mark.parametrize(("quota", "verdict"), [
    (21, preflight.OK), (20, preflight.STOP), (None, preflight.WARNING),
])  # fmt: skip
def test_an_object_fits_its_quota(quota: float | None, verdict: str) -> None:
    check = preflight.fits("rules", 21, quota)
    assert (check.verdict, bool(check.next_step)) == (verdict, verdict != preflight.OK)


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


@pytest.mark.parametrize(("wanted", "present", "told"), [
    ("10.20.0.0/16", [], []),
    ("10.20.0.0/16", ["10.21.0.0/16", "172.31.0.0/16"], []),
    ("10.20.0.0/16", ["10.20.0.0/16"], ["vpc-0 (sensors-dev) has 10.20.0.0/16"]),
    ("10.20.0.0/16", ["10.0.0.0/8", "10.20.48.0/20"], ["vpc-0 (sensors-dev) has 10.0.0.0/8",
                                                       "vpc-1 (sensors-dev) has 10.20.48.0/20"]),
    (None, ["10.20.0.0/16"], []),
])  # fmt: skip
def test_addresses_that_another_network_has_are_a_warning(wanted: Any, present: list[str], told: list[str]) -> None:
    plans = {"vpc": {"calls": [{"operation": "create_vpc", "params": {"CidrBlock": wanted} if wanted else {}}]}}
    vpcs = [{"VpcId": f"vpc-{number}", "CidrBlock": block, "Tags": [{"Key": "Name", "Value": "sensors-dev"}]}
            for number, block in enumerate(present)]  # fmt: skip
    checks = list(preflight.same_addresses(plans, vpcs))
    assert [check.found for check in checks] == told
    assert {check.verdict for check in checks} <= {preflight.WARNING}
