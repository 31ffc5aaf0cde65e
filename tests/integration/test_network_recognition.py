"""A part that its tags do not tell any more is recognised by where it stands, and stays the object that it is."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.deaths import taken_up
from tests.support.runs import four_steps, run

MODULE = "ec2_vpc_network"
OWN_ACL = {"ingress": [{"rule_number": 100, "port": 6379, "cidr_block": "vpc"}]}
ZONES = ["eu-west-1a", "eu-west-1b"]
# What the cache is called, and what it is otherwise.
CACHE = {"internet": "none", "network_acl": OWN_ACL, "tags": {"team": "telemetry"}}


def network(**tiers: Any) -> dict[str, Any]:
    shape = {"public": {"internet": "gateway"}, "app": {"internet": "nat"}}
    return {"cidr_block": "10.20.0.0/16", "zones": ZONES, "tiers": {**shape, **tiers}, "nat_gateways": "single",
            "gateway_endpoints": ["s3"],
            "security_groups": {"app": {"description": "app"}, "cache": {"description": "cache"}}}  # fmt: skip


GIVEN = network(cache=CACHE)


def emptied(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    """The network as declared, in a cloud with nothing else."""
    cloud.reset()
    return run(cloud, MODULE, given)["resource"]


def parts(resource: dict[str, Any]) -> dict[str, Any]:
    """The ids and places of a network's parts by what they are called."""
    return {kind: {key: (item["id"], item.get("cidr_block")) for key, item in resource[kind].items()}
            for kind in ("subnets", "route_tables", "network_acls", "nat_gateways")}  # fmt: skip


def renamed(found: dict[str, Any], before: str, after: str) -> dict[str, Any]:
    return {kind: {after if key == before else key.replace(f"{before}/", f"{after}/"): item
                   for key, item in items.items()} for kind, items in found.items()}  # fmt: skip


def operations(result: dict[str, Any]) -> set[str]:
    return {call["operation"] for call in result["calls"]}


def test_a_tier_under_another_name_keeps_its_subnets_table_and_network_acl(cloud: Cloud) -> None:
    before = parts(emptied(cloud, GIVEN))
    done = four_steps(cloud, MODULE, network(data=CACHE))
    after = parts(done["resource"])
    assert operations(done) == {"create_tags"}
    assert after == renamed(before, "cache", "data")
    ec2 = cloud.client("ec2")
    found = ec2.describe_subnets(Filters=[{"Name": "tag:streambed:tier", "Values": ["data"]}])["Subnets"]
    names = {tag["Value"] for subnet in found for tag in subnet["Tags"] if tag["Key"] == "Name"}
    assert names == {"sensors-test-data-eu-west-1a", "sensors-test-data-eu-west-1b"}
    assert not ec2.describe_subnets(Filters=[{"Name": "tag:streambed:tier", "Values": ["cache"]}])["Subnets"]


def test_a_renaming_that_died_at_any_call_is_taken_up(cloud: Cloud) -> None:
    laid: dict[str, Any] = {}

    def lay() -> None:
        laid.update(parts(emptied(cloud, GIVEN)))

    def look() -> None:
        assert parts(run(cloud, MODULE, network(data=CACHE), check=True)["resource"]) == renamed(laid, "cache", "data")

    taken_up(cloud, MODULE, network(data=CACHE), True, lay, look)


def test_cache_nodes_stay_where_they_are_when_their_tier_is_renamed(cloud: Cloud) -> None:
    cache = {"cache_node_type": "cache.t4g.small", "num_cache_clusters": 2, "automatic_failover_enabled": True}
    emptied(cloud, GIVEN)
    run(cloud, "elasticache_replication_group", cache)
    four_steps(cloud, MODULE, network(data=CACHE))
    at = len(cloud.journal())
    assert not run(cloud, "elasticache_replication_group", {**cache, "subnet_tier": "data"})["changed"]
    assert not cloud.writes(at)


def test_blocks_that_are_declared_go_over_to_the_new_name(cloud: Cloud) -> None:
    placed = {**CACHE, "cidr_blocks": {"eu-west-1a": "10.20.200.0/24", "eu-west-1b": "10.20.201.0/24"}}
    before = parts(emptied(cloud, network(cache=placed)))
    done = four_steps(cloud, MODULE, network(data=placed))
    assert operations(done) == {"create_tags"}
    assert parts(done["resource"])["subnets"] == renamed(before, "cache", "data")["subnets"]


def test_a_renamed_tier_that_also_gives_up_a_zone_loses_that_zone_alone(cloud: Cloud) -> None:
    before = parts(emptied(cloud, GIVEN))
    done = four_steps(cloud, MODULE, {**network(data=CACHE), "zones": ZONES[:1]})
    deleted = [call["params"]["SubnetId"] for call in done["calls"] if call["operation"] == "delete_subnet"]
    assert sorted(deleted) == sorted(before["subnets"][f"{tier}/eu-west-1b"][0] for tier in ("public", "app", "cache"))
    assert "create_subnet" not in operations(done)
    assert parts(done["resource"])["subnets"]["data/eu-west-1a"] == before["subnets"]["cache/eu-west-1a"]


@pytest.mark.parametrize("zones", [ZONES, ZONES[:1]])
def test_names_that_change_places_move_nothing(cloud: Cloud, zones: list[str]) -> None:
    """The app stands in the place that the data would have, and is declared: the data come anew, the cache goes."""
    plain = {"cidr_block": "10.20.0.0/16", "zones": zones}
    before = parts(emptied(cloud, {**plain, "tiers": {"app": {"internet": "none"}, "cache": {"internet": "none"}}}))
    done = four_steps(cloud, MODULE, {**plain, "tiers": {"data": {"internet": "none"}, "app": {"internet": "none"}}})
    after = parts(done["resource"])["subnets"]
    assert {key: item for key, item in after.items() if key.startswith("app/")} == {
        key: item for key, item in before["subnets"].items() if key.startswith("app/")
    }
    assert sorted(after) == sorted(f"{tier}/{zone}" for tier in ("app", "data") for zone in zones)
