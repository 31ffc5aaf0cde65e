# SPDX-License-Identifier: Apache-2.0
"""A part that its tags do not tell any more is recognised by where it stands, and stays the object that it is."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.deaths import refused_in_both_modes, taken_up
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

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


def test_subnets_with_ipv6_only_are_known_by_their_only_block(cloud: Cloud) -> None:
    """Under another name they stay, and one of them that lost its tags is known by its place and its Name."""
    things = {"internet": "none", "ipv6_native": True}
    before = parts(emptied(cloud, {**network(things=things), "ipv6_pool": "amazon"}))
    done = four_steps(cloud, MODULE, {**network(devices=things), "ipv6_pool": "amazon"})
    assert operations(done) == {"create_tags"}
    assert parts(done["resource"]) == renamed(before, "things", "devices")
    lost = done["resource"]["subnets"]["devices/eu-west-1a"]["id"]
    keys = [{"Key": key} for key in ("streambed:part", "streambed:stack", "streambed:environment", "streambed:tier")]
    cloud.client("ec2").delete_tags(Resources=[lost], Tags=keys)
    again = four_steps(cloud, MODULE, {**network(devices=things), "ipv6_pool": "amazon"})
    assert operations(again) == {"create_tags"}
    assert again["resource"]["subnets"]["devices/eu-west-1a"]["id"] == lost


def test_a_part_is_known_by_the_name_that_the_reader_gave_it(cloud: Cloud) -> None:
    """Somebody renames one by hand, which is mended; and takes all other tags away from some."""
    named = {**GIVEN, "part_names": {"subnet/app/eu-west-1a": "readers", "address/eu-west-1a": "way-out",
                                     "nat/eu-west-1a": "way-out", "route-table/app/eu-west-1a": "ways"}}  # fmt: skip
    before = parts(emptied(cloud, named))
    ec2 = cloud.client("ec2")
    subnet, table = (before[kind]["app/eu-west-1a"][0] for kind in ("subnets", "route_tables"))
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "hand-made"}])
    assert operations(four_steps(cloud, MODULE, named)) == {"create_tags"}
    [address] = [each["AllocationId"] for each in ec2.describe_addresses()["Addresses"]]
    keys = [{"Key": key} for key in ("streambed:part", "streambed:stack", "streambed:environment", "streambed:tier")]
    ec2.delete_tags(Resources=[subnet, table, before["nat_gateways"]["eu-west-1a"][0], address], Tags=keys)
    again = four_steps(cloud, MODULE, named)
    assert operations(again) == {"create_tags"}
    assert parts(again["resource"]) == before
    [tags] = [each["Tags"] for each in ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]]
    assert {"Key": "Name", "Value": "readers"} in tags
    assert not operations(four_steps(cloud, MODULE, {**GIVEN, "part_names": {}})) - {"create_tags"}


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


OWNERSHIP = ("streambed:stack", "streambed:environment")
EVERY_TAG = (*OWNERSHIP, "streambed:part", "streambed:tier", "Name")
WHOLE = {**GIVEN, "interface_endpoints": ["logs"], "interface_endpoint_tier": "app"}


def ids(resource: dict[str, Any]) -> dict[str, str]:
    found = {f"{kind} {key}": item["id"] for kind in ("subnets", "route_tables", "network_acls", "nat_gateways",
                                                      "security_groups", "gateway_endpoints", "interface_endpoints")
             for key, item in resource[kind].items()}  # fmt: skip
    addresses = {f"address {item['zone']}": key for key, item in resource["addresses"].items()}
    return {**found, **addresses, "vpc": resource["vpc_id"], "gateway": resource["internet_gateway"]["id"]}


def take(cloud: Cloud, thing: str, *keys: str) -> None:
    """Takes tags from an object."""
    cloud.client("ec2").delete_tags(Resources=[thing], Tags=[{"Key": key} for key in keys])


def test_a_lost_tag_never_makes_a_second_object(cloud: Cloud) -> None:
    laid = ids(emptied(cloud, WHOLE))
    inside = [thing for name, thing in laid.items() if name != "vpc"]
    for things, keys in ((inside, ["streambed:part"]), (inside, OWNERSHIP), ([laid["vpc"]], OWNERSHIP[1:]),
                         ([laid["vpc"]], OWNERSHIP)):  # fmt: skip
        for thing in things:
            take(cloud, thing, *keys)
        done = run(cloud, MODULE, WHOLE)
        assert operations(done) == {"create_tags"}, keys
        assert ids(done["resource"]) == laid, keys
        assert done["foreign"] == [], keys
        assert not run(cloud, MODULE, WHOLE, check=True)["changed"], keys


@pytest.mark.parametrize("name", ["subnets cache/eu-west-1a", "gateway", "address eu-west-1a"])
def test_what_lost_every_tag_but_its_name_is_repaired(cloud: Cloud, name: str) -> None:
    laid = ids(emptied(cloud, GIVEN))
    take(cloud, laid[name], *(key for key in EVERY_TAG if key != "Name"))
    done = four_steps(cloud, MODULE, GIVEN)
    assert operations(done) == {"create_tags"}
    assert ids(done["resource"]) == laid


def test_a_subnet_without_any_tag_is_known_by_its_route_table_and_a_stranger_without(cloud: Cloud) -> None:
    laid = ids(emptied(cloud, GIVEN))
    take(cloud, laid["subnets cache/eu-west-1a"], *EVERY_TAG, "team")
    assert ids(four_steps(cloud, MODULE, GIVEN)["resource"]) == laid
    # Somebody's subnet in the place that a third zone would have: nothing of ours is on it.
    ec2 = cloud.client("ec2")
    theirs = ec2.create_subnet(VpcId=laid["vpc"], CidrBlock="10.20.32.0/20", AvailabilityZone="eu-west-1c")["Subnet"]
    done = four_steps(cloud, MODULE, {**GIVEN, "zones": [*ZONES, "eu-west-1c"]})
    assert theirs["SubnetId"] in [each["id"] for each in done["foreign"]]
    assert theirs["SubnetId"] not in ids(done["resource"]).values()


def test_the_tier_of_a_subnet_is_repaired(cloud: Cloud) -> None:
    laid = ids(emptied(cloud, GIVEN))
    changed = [{"Key": "streambed:tier", "Value": "elsewhere"}]
    cloud.client("ec2").create_tags(Resources=[laid["subnets cache/eu-west-1a"]], Tags=changed)
    done = four_steps(cloud, MODULE, GIVEN)
    assert [call["params"]["Tags"] for call in done["calls"]] == [[{"Key": "streambed:tier", "Value": "cache"}]]


def test_what_lost_its_tags_goes_when_all_goes(cloud: Cloud) -> None:
    laid = ids(emptied(cloud, GIVEN))
    for name in ("subnets app/eu-west-1a", "route_tables app/eu-west-1a", "address eu-west-1a", "gateway"):
        take(cloud, laid[name], "streambed:part")
    take(cloud, laid["vpc"], *OWNERSHIP)
    four_steps(cloud, MODULE, {"state": "absent"})
    ec2 = cloud.client("ec2")
    assert ec2.describe_addresses()["Addresses"] == []
    assert laid["vpc"] not in [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]


def test_vpcs_that_only_might_be_ours_are_refused_by_name(cloud: Cloud) -> None:
    laid, ec2 = ids(emptied(cloud, GIVEN)), cloud.client("ec2")
    take(cloud, laid["vpc"], *OWNERSHIP)
    [ours] = ec2.describe_subnets(SubnetIds=[laid["subnets app/eu-west-1a"]])["Subnets"]
    other = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    tags = [{"ResourceType": "subnet", "Tags": ours["Tags"]}]
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.99.0.0/24", TagSpecifications=tags)["Subnet"]["SubnetId"]
    for vpcs in (sorted([laid["vpc"], other]), [laid["vpc"]]):
        refused_in_both_modes(cloud, MODULE, GIVEN, f"subnets with them in {', '.join(vpcs)}, wanted one VPC named")
        if len(vpcs) > 1:
            ec2.delete_subnet(SubnetId=subnet)
            ec2.create_tags(Resources=[laid["vpc"]], Tags=[{"Key": "streambed:stack", "Value": "others"}])
