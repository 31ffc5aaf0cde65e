# SPDX-License-Identifier: Apache-2.0
"""What a state costs in a month, and what a plan adds to it: tables, and sums made by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.ec2_vpc_network.charges import charges as of_network
from ansible.module_utils.elasticache_replication_group.charges import charges as of_group
from ansible.module_utils.environment import costs, prices, text
from ansible.module_utils.kinesis_data_stream.charges import charges as of_stream
from ansible.module_utils.reconcile.usage import Use

from tools import prices as tool

SUBNETS = {f"app/{zone}": {"zone": zone} for zone in ("a", "b", "c")}
NEW_NAT, OLD_NAT = {"subnet": "public/a"}, {"id": "nat-1", "allocation_id": "eipalloc-1"}
GIVEN_NAT = {"subnet": "public/a", "allocation_id": "eipalloc-of-others"}


def counted(uses: Any) -> dict[str, float | None]:
    return {use.item: use.count for use in uses if use.count != 0}


@pytest.mark.parametrize(("state", "items"), [
    ({}, {}),
    ({"nat_gateways": {"a": NEW_NAT, "b": NEW_NAT}}, {"nat_gateway_hour": 2, "public_ipv4_address_hour": 2}),
    ({"nat_gateways": {"a": OLD_NAT}, "addresses": {"eipalloc-1": {}}},
     {"nat_gateway_hour": 1, "public_ipv4_address_hour": 1}),
    ({"nat_gateways": {"a": GIVEN_NAT}}, {"nat_gateway_hour": 1}),
    ({"addresses": {"eipalloc-1": {}}}, {"public_ipv4_address_hour": 1}),
    ({"nat_gateways": {"regional": {"mode": "regional"}}, "subnets": SUBNETS},
     {"regional_nat_gateway_zone_hour": 3, "public_ipv4_address_hour": 3}),
    ({"nat_gateways": {"regional": {"mode": "regional", "allocation_ids": {"a": "eipalloc-1"}}}, "subnets": SUBNETS},
     {"regional_nat_gateway_zone_hour": 3}),
    ({"interface_endpoints": {"kms": {"subnets": ["a", "b"]}, "logs": {"subnets": ["a"]}}},
     {"interface_endpoint_zone_hour": 3}),
    ({"gateway_endpoints": {"s3": {}}, "security_groups": {"app": {}}}, {}),
    ({"flow_logs": {"destination": "cloud-watch-logs"}}, {"vended_logs_gb": 10}),
    ({"flow_logs": {"destination": "arn:aws:s3:::logs"}}, {"vended_logs_to_s3_gb": 10}),
    ({"flow_logs": {}}, {}),
    ({"flow_logs": {"destination": "log-group:/team"}}, {"vended_logs_gb": 10}),
    ({"flow_logs": {"destination": "cloud-watch-logs"},
      "further_flow_logs": {"a": {"destination": "cloud-watch-logs"}, "b": {"destination": "arn:aws:s3:::logs"}}},
     {"vended_logs_gb": 20, "vended_logs_to_s3_gb": 10}),
    ({"encryption_control": {"mode": "monitor"}}, {"vpc_encryption_control_hour": 1}),
])  # fmt: skip
def test_what_a_network_is_charged_for(state: Any, items: Any) -> None:
    assert counted(of_network(state)) == items


REDIS = {"engine": "redis", "cache_node_type": "cache.t4g.small"}


@pytest.mark.parametrize(("state", "items"), [
    ({}, {}),
    ({**REDIS, "num_node_groups": 3, "replicas_per_node_group": 2}, {"redis cache.t4g.small hour": 9}),
    ({**REDIS, "num_node_groups": 3, "replicas_per_node_group": 0}, {"redis cache.t4g.small hour": 3}),
    ({**REDIS, "num_cache_clusters": 2}, {"redis cache.t4g.small hour": 2}),
    ({**REDIS, "engine": "valkey", "num_cache_clusters": 1}, {"valkey cache.t4g.small hour": 1}),
    ({**REDIS, "num_node_groups": 2, "replicas_per_node_group": None}, {"redis cache.t4g.small hour": None}),
    ({**REDIS, "num_cache_clusters": 2, "alarms": {"a": {"MetricName": "x"}, "b": {"MetricName": "x"}}},
     {"redis cache.t4g.small hour": 2, "alarm_month": 2}),
    ({**REDIS, "num_node_groups": 2, "alarms": {"a": {"MetricName": "x"}}},
     {"redis cache.t4g.small hour": None, "alarm_month": None}),
    ({"log_groups": {"slow-log": {}, "engine-log": {}}}, {"vended_logs_gb": 2}),
    ({"auth_token_secret": {"name": "s"}}, {"secret_month": 1}),
    ({"auth_token_secret": {"name": "s", "deleted": True}}, {}),
])  # fmt: skip
def test_what_a_replication_group_is_charged_for(state: Any, items: Any) -> None:
    assert counted(of_group(state)) == items


STREAM = {"stream_mode": "PROVISIONED", "shard_count": 4, "retention_hours": 24}


@pytest.mark.parametrize(("state", "items"), [
    ({}, {}),
    (STREAM, {"shard_hour": 4}),
    ({**STREAM, "retention_hours": 25}, {"shard_hour": 4, "extended_retention_shard_hour": 4}),
    ({**STREAM, "retention_hours": 168}, {"shard_hour": 4, "extended_retention_shard_hour": 4}),
    ({**STREAM, "retention_hours": 169},
     {"shard_hour": 4, "extended_retention_shard_hour": 4, "long_term_retention_gb": None}),
    ({**STREAM, "consumers": ["a", "b"]}, {"shard_hour": 4, "fan_out_consumer_shard_hour": 8}),
    ({**STREAM, "shard_level_metrics": ["a", "b", "c"]}, {"shard_hour": 4, "metric_month": 12}),
    ({**STREAM, "alarms": {"a": {}, "b": {}}}, {"shard_hour": 4, "alarm_month": 2}),
    ({**STREAM, "shard_count": None}, {"shard_hour": None}),
    ({"stream_mode": "ON_DEMAND", "retention_hours": 24}, {"on_demand_stream_hour": 1}),
    ({"stream_mode": "ON_DEMAND", "retention_hours": 48, "shard_level_metrics": ["a"]},
     {"on_demand_stream_hour": 1, "long_term_retention_gb": None, "metric_month": None}),
])  # fmt: skip
def test_what_a_stream_is_charged_for(state: Any, items: Any) -> None:
    assert counted(of_stream(state)) == items


def shards(count: float | None) -> Use:
    return Use("shards", "shard_hour", count)


@pytest.mark.parametrize(("before", "after", "old", "new", "increase"), [
    ([], [shards(2)], 0, 24.82, 24.82),
    ([shards(4)], [shards(2)], 49.64, 24.82, -24.82),
    ([shards(4)], [], 49.64, 0, -49.64),
    ([shards(2)], [shards(2)], 24.82, 24.82, 0),
    ([shards(None)], [shards(None)], None, None, 0),
    ([shards(2)], [shards(None)], 24.82, None, None),
    ([], [Use("alarms", "alarm_month", 3)], 0, 0.30, 0.30),
    ([], [Use("flow logs", "vended_logs_gb", 10)], 0, 5.70, 5.70),
    ([], [Use("nodes", "valkey cache.r7g.large hour", 2)], 0, 283.82, 283.82),
    ([], [Use("nodes", "redis cache.of.tomorrow hour", 2)], 0, None, None),
    ([], [Use("controls", "vpc_encryption_control_hour", 1)], 0, None, None),
])  # fmt: skip
def test_a_line_is_count_times_price_times_the_hours_of_a_month(
    before: Any, after: Any, old: Any, new: Any, increase: Any
) -> None:
    [line] = costs.priced(before, after, "eu-west-1")
    assert (line["before"], line["after"], line["increase"]) == (old, new, increase)


def test_what_is_neither_before_nor_after_is_no_line_and_another_type_is_another_line() -> None:
    assert costs.priced([shards(0)], [shards(0)], "eu-west-1") == []
    small, large = (Use("nodes", f"redis cache.t4g.{size} hour", 2) for size in ("small", "medium"))
    assert [line["increase"] for line in costs.priced([small], [large], "eu-west-1")] == [-51.10, 102.20]


def test_in_a_region_without_a_price_list_everything_is_unknown_and_nothing_is_free() -> None:
    [line] = costs.priced([], [shards(1)], "mars-north-1")
    assert (line["unit_price"], line["after"], line["increase"]) == (None, None, None)
    assert costs.sums([line]) == {"before": 0, "after": 0, "increase": 0}


def reckoned(*lines: dict[str, Any]) -> dict[str, Any]:
    part = {**costs.sums(lines), "lines": list(lines)}
    unknown = [line["what"] for line in lines if line["after"] is None]
    return {"currency": "USD", "region": "eu-west-1", "as_of": "2026-10-01", **costs.sums(lines), "unknown": unknown,
            "components": {"kinesis": part}, "assumed": ["so much"], "not_counted": "traffic"}  # fmt: skip


GROWING = costs.priced([shards(2)], [shards(4)], "eu-west-1")[0]
STRANGE = costs.priced([Use("nodes", "redis new hour", 1)], [Use("nodes", "redis new hour", 2)], "eu-west-1")[0]
FEWER = costs.priced([Use("nodes", "redis new hour", 2)], [Use("nodes", "redis new hour", 1)], "eu-west-1")[0]


@pytest.mark.parametrize(("lines", "most", "said"), [
    ([GROWING], None, []),
    ([GROWING], 24.82, []),
    ([GROWING], 24.81, ["found +24.82 USD a month, wanted at most 24.81 USD a month"]),
    ([STRANGE], 1000, ["found an unknown price of nodes, wanted at most 1000.00 USD a month"]),
    ([STRANGE], None, []),
    ([FEWER], 0, []),
    ([GROWING, STRANGE], 0, ["found +24.82", "found an unknown price of nodes"]),
])  # fmt: skip
def test_more_than_the_environment_lets_through_needs_approval(lines: Any, most: Any, said: Any) -> None:
    refusals = [str(each) for each in costs.too_dear(reckoned(*lines), most, "sensors-dev", "d1")]
    assert len(refusals) == len(said)
    for refusal, words in zip(refusals, said, strict=True):
        assert f"max_monthly_increase: {words}" in refusal
        assert "-e approved_plan=d1" in refusal


def test_a_plan_says_its_costs_in_sum_by_component_and_what_they_lack() -> None:
    assert list(text.cost_lines(reckoned(GROWING, STRANGE))) == [
        "costs: +24.82 USD a month, 24.82 → 49.64; list prices of eu-west-1, 2026-10-01, without traffic",
        "  kinesis +24.82: shards 2 → 4 +24.82, nodes 1 → 2 unknown",
        "  assumed: so much",
        "  unknown, and in no sum: nodes",
    ]


def test_every_item_has_a_price_in_every_region_and_a_name_in_the_price_list() -> None:
    for region, listed in prices.PRICES.items():
        assert listed.keys() == prices.LISTED.keys()
        assert region in prices.PREFIXES
        assert all(value > 0 for value in listed.values())
    for nodes in prices.NODE_PRICES.values():
        assert all(redis > valkey > 0 for redis, valkey in nodes.values())


def offered(*tiers: tuple[str, str]) -> str:
    """A product as GetProducts answers it, in JSON: the first of each pair is where a tier begins."""
    dimensions = {str(n): {"beginRange": begin, "pricePerUnit": {"USD": usd}} for n, (begin, usd) in enumerate(tiers)}
    return json.dumps({"terms": {"OnDemand": {"A": {"priceDimensions": dimensions}}, "Reserved": {}}})


@pytest.mark.parametrize(("products", "ours", "said"), [
    ([offered(("0", "0.0480000000"))], 0.048, ""),
    ([offered(("0", "0.57"), ("10240", "0.285"))], 0.57, ""),
    ([offered(("0", "0.05"))], 0.048, "0.048 here, 0.05 in the price list"),
    ([offered(("0", "0.05")), offered(("0", "0.06"))], 0.05, "0.05 here, 0.05, 0.06 in the price list"),
    ([offered(("0", "0.0"))], 0.048, "not in the price list under this name"),
    ([], 0.048, "not in the price list under this name"),
])  # fmt: skip
def test_our_prices_are_compared_with_the_first_tier_of_the_price_list(products: Any, ours: float, said: str) -> None:
    assert tool.differing(ours, tool.listed(products)) == said


def test_every_price_is_looked_up_under_the_name_of_its_region() -> None:
    rows = {item: (service, attributes) for item, service, attributes, _ in tool.wanted("eu-west-1")}
    assert rows["shard_hour"] == ("AmazonKinesis", {"regionCode": "eu-west-1", "usagetype": "EU-Storage-ShardHour"})
    assert rows["valkey cache.t4g.small"] == (
        "AmazonElastiCache",
        {"regionCode": "eu-west-1", "usagetype": "EU-NodeUsage:cache.t4g.small", "cacheEngine": "Valkey"},
    )
    assert len(rows) == len(prices.PRICES["eu-west-1"]) + 2 * len(prices.NODE_PRICES["eu-west-1"])
