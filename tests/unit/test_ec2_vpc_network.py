# SPDX-License-Identifier: Apache-2.0
"""A network's places, tokens and obstacles: what the tables cannot say, because it needs many or no AWS at all."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
from ansible.module_utils.ec2_vpc_network import (
    acls,
    blocks,
    endpoints,
    gateways,
    groups,
    names,
    obstacles,
    owned,
    recognition,
    routes,
    rules,
    topology,
    view,
)
from ansible.module_utils.ec2_vpc_network.state import complete

from tests.support.components import component, options

MODULE = "ec2_vpc_network"
VPC = IPv4Network("10.20.0.0/16")
ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1d"]
AROUND = {"region": "eu-west-1", "zones": ZONES}


def declared(tiers: Any = ("app",), zones: Any = ("eu-west-1a",), **given: Any) -> dict[str, Any]:
    shape = {"cidr_block": str(VPC), "zones": list(zones), "tiers": {tier: {"internet": "none"} for tier in tiers}}
    return options(MODULE, {**shape, **given})


def texts(given: dict[str, Any], present: dict[str, Any] | None = None) -> str:
    return "\n".join(str(each) for each in obstacles.obstacles(given, complete(present), AROUND))


def test_no_history_of_growth_moves_or_overlaps_a_subnet() -> None:
    """Every order in which three tiers and three zones can come, four places at a time."""
    for tiers in itertools.permutations(("public", "app", "cache")):
        for zones in itertools.permutations(ZONES[1:]):
            taken: dict[str, str] = {}
            for count in (1, 2, 3):
                placed = topology.place(declared(tiers[:count][::-1], zones[:count]), VPC, taken, ["10.20.128.0/20"])
                assert taken.items() <= placed.items()
                taken = placed
            blocks = [IPv4Network(block) for block in [*taken.values(), "10.20.128.0/20"]]
            assert not any(one.overlaps(other) for one, other in itertools.combinations(blocks, 2))
            assert all(block.subnet_of(VPC) for block in blocks)


def test_no_history_of_growth_moves_an_ipv6_block() -> None:
    """As above, with one block that somebody else has."""
    of_vpc, foreign = "2001:db8:1:100::/56", "2001:db8:1:101::/64"
    for tiers in itertools.permutations(("public", "app", "cache")):
        for zones in itertools.permutations(ZONES[1:]):
            present = complete(
                {"ipv6": {"cidr_block": of_vpc, "pool": "Amazon"}, "foreign_ipv6_cidr_blocks": [foreign]}
            )
            for count in (1, 2, 3):
                given = declared(tiers[:count][::-1], zones[:count], ipv6_pool="amazon")
                wanted = blocks.desired_subnets(given, present)
                assert {key: item["ipv6"] for key, item in present["subnets"].items()}.items() <= wanted.items()
                present["subnets"] = {key: {"ipv6": item} for key, item in wanted.items()}
            found = [IPv6Network(item["cidr_block"]) for item in wanted.values()]
            assert len({*found, IPv6Network(foreign)}) == 10
            assert all(block.prefixlen == 64 and block.subnet_of(IPv6Network(of_vpc)) for block in found)


def test_an_ipv6_block_without_room_leaves_a_subnet_without() -> None:
    present = complete({"cidr_block": str(VPC), "ipv6": {"cidr_block": "2001:db8::/63", "pool": "IPAM Managed"}})
    given = declared(zones=ZONES[:3], ipv6_pool="ipam-pool-1")
    assert [item["cidr_block"] for item in blocks.desired_subnets(given, present).values()] == [
        "2001:db8::/64", "2001:db8:0:1::/64", None]  # fmt: skip
    assert "found no free /64 for subnet app/eu-west-1c" in texts(given, present)


@pytest.mark.parametrize(
    ("primary", "block", "taken"),
    [
        ("10.20.0.0/16", "10.30.0.0/16", True),
        ("10.20.0.0/16", "100.64.0.0/16", True),
        ("10.20.0.0/16", "192.168.0.0/16", False),
        ("10.20.0.0/16", "198.19.1.0/24", False),
        ("10.1.0.0/16", "10.0.0.0/16", False),
        ("172.20.0.0/16", "172.31.0.0/20", False),
        ("172.20.0.0/16", "172.21.0.0/16", True),
        ("203.0.113.0/24", "10.0.0.0/16", False),
        ("203.0.113.0/24", "198.51.100.0/24", True),
    ],
)
def test_blocks_that_aws_lets_stand_beside_each_other(primary: str, block: str, taken: bool) -> None:
    given = options(MODULE, {"cidr_block": primary, "secondary_cidr_blocks": [block]})
    assert (not texts(given)) == taken


@pytest.mark.parametrize(
    ("given", "length"),
    [
        ({}, 20),
        ({"reserved_zones": 3}, 20),
        ({"reserved_zones": 1, "reserved_tiers": 1}, 16),
        ({"reserved_tiers": 5}, 21),
        ({"subnet_prefix_length": 26}, 26),
        ({"tiers": ("a", "b", "c", "d", "e")}, 21),
    ],
)
def test_the_prefix_leaves_room_for_what_is_reserved(given: dict[str, Any], length: int) -> None:
    assert topology.prefix_length(declared(**given), VPC) == length


@pytest.mark.parametrize(
    ("used", "found"),
    [
        ([], "10.20.0.0/20"),
        (["10.20.0.0/28"], "10.20.16.0/20"),
        (["10.20.0.0/20", "10.20.32.0/20"], "10.20.16.0/20"),
        (["10.20.0.0/18", "10.20.16.0/24"], "10.20.64.0/20"),
        (["10.20.0.0/17", "10.20.128.0/17"], None),
        (["10.99.0.0/20"], "10.20.0.0/20"),
    ],
)
def test_the_first_free_block(used: list[str], found: str | None) -> None:
    block = topology.first_free(VPC, 20, [IPv4Network(each) for each in used])
    assert (str(block) if block else None) == found


def test_a_zone_without_a_letter_of_its_own_gets_what_is_free() -> None:
    placed = topology.place(declared(zones=["eu-west-1a", "eu-west-1z"]), VPC, {}, ())
    assert placed == {"app/eu-west-1a": "10.20.0.0/20", "app/eu-west-1z": "10.20.16.0/20"}


@pytest.mark.parametrize(
    ("given", "present", "zones"),
    [
        ("single", [], ["eu-west-1a"]),
        ("single", ["eu-west-1b"], ["eu-west-1b"]),
        ("single", ["eu-west-1c"], ["eu-west-1a"]),
        ("per_zone", ["eu-west-1b"], ["eu-west-1a", "eu-west-1b"]),
        ("none", ["eu-west-1b"], []),
    ],
)
def test_a_single_nat_gateway_stays_where_it_is(given: str, present: list[str], zones: list[str]) -> None:
    assert topology.nat_zones(declared(zones=ZONES[:2], nat_gateways=given), present) == zones


def test_a_tier_is_in_its_own_zones_and_nat_gateways_in_those_of_theirs() -> None:
    zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    given = {"zones": zones, "nat_gateways": "per_zone",
             "tiers": {"public": {"internet": "gateway", "zones": ["eu-west-1c", "eu-west-1b"]},
                       "cache": {"internet": "none", "zones": ["eu-west-1c"]}, "app": {"internet": "nat"}}}  # fmt: skip
    assert topology.keys(given) == ["public/eu-west-1b", "public/eu-west-1c", "cache/eu-west-1c",
                                    *(f"app/{zone}" for zone in zones)]  # fmt: skip
    assert topology.nat_zones(given, []) == ["eu-west-1b", "eu-west-1c"]
    assert topology.nat_zones({**given, "nat_gateways": "single"}, ["eu-west-1a"]) == ["eu-west-1b"]
    assert topology.nat_zones({**given, "nat_gateways": "single"}, ["eu-west-1c"]) == ["eu-west-1c"]


def test_zones_that_the_region_does_not_offer_are_refused_with_those_it_does() -> None:
    found = texts(declared(zones=["eu-west-1x", "us-east-1a"]))
    assert "found eu-west-1x, us-east-1a, which eu-west-1 does not offer, wanted eu-west-1a, eu-west-1b" in found


def test_a_new_vpc_needs_a_block_and_an_absent_one_nothing() -> None:
    assert "cidr_block: found nothing" in texts(options(MODULE, {}))
    assert not texts(options(MODULE, {"state": "absent", "zones": ["mars-1a"]}))


def test_the_block_of_a_subnet_cannot_change() -> None:
    tiers = {"app": {"internet": "none", "cidr_blocks": {"eu-west-1a": "10.20.32.0/20"}}}
    present = {
        "cidr_block": str(VPC),
        "subnets": {"app/eu-west-1a": {"id": "subnet-1", "cidr_block": "10.20.0.0/20", "ipv6": {}}},
    }
    found = texts({**declared(), "tiers": tiers}, present)
    assert "cidr_blocks of subnet app/eu-west-1a: found 10.20.32.0/20, wanted 10.20.0.0/20" in found


def test_a_declared_block_that_someone_else_uses_is_refused() -> None:
    tiers = {"app": {"internet": "none", "cidr_blocks": {"eu-west-1a": "10.20.32.0/20"}}}
    present = {"cidr_block": str(VPC), "foreign_cidr_blocks": ["10.20.40.0/24"]}
    assert "found 10.20.32.0/20, wanted a block that no other subnet uses" in texts(
        {**declared(), "tiers": tiers}, present
    )


def test_a_full_vpc_is_said_before_anything_is_written() -> None:
    present = {"cidr_block": str(VPC), "foreign_cidr_blocks": ["10.20.0.0/17", "10.20.128.0/17"]}
    assert "subnet app/eu-west-1a: found no free block in 10.20.0.0/16" in texts(declared(), present)


def test_a_token_is_the_same_for_the_same_and_another_after_a_death() -> None:
    params = {"SubnetId": "subnet-1", "AllocationId": "eipalloc-1"}
    assert names.token(params, []) == names.token(dict(reversed(params.items())), [])
    assert names.token(params, ["nat-dead"]) != names.token(params, [])
    assert len(names.token(params)) == 64


def test_rules_come_back_from_aws_as_they_were_declared() -> None:
    given = [
        {"port": 6379, "security_group": "cache"},
        {"protocol": "udp", "from_port": 8000, "to_port": 8100, "cidr_block": "10.0.0.0/8"},
        {"protocol": "icmp", "cidr_block": "10.0.0.0/8"},
        {"protocol": "all", "cidr_block": "0.0.0.0/0"},
    ]
    rules = groups.declared(given)
    assert groups.observed(groups.permissions(rules, {"cache": "sg-2"}), {"sg-2": "cache"}) == rules
    assert groups.declared(given[::-1]) == rules


def test_foreign_rules_are_seen_so_that_they_can_be_taken_away() -> None:
    permissions = [{
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "UserIdGroupPairs": [{"GroupId": "sg-far"}],
    }]  # fmt: skip
    rules = groups.observed(permissions, {})
    assert {key for rule in rules for key in rule if "port" not in key} == {
        "protocol", "ipv6_cidr_block", "prefix_list", "security_group"}  # fmt: skip
    assert groups.observed(groups.permissions(rules, {}), {}) == rules


def test_several_networks_of_one_identity_are_refused() -> None:
    class Twins:
        region = "eu-west-1"

        def read_many(self, requests: dict[str, Any]) -> dict[str, Any]:
            return {**dict.fromkeys(requests), "vpcs": {"Vpcs": [{"VpcId": "vpc-2"}, {"VpcId": "vpc-1"}]}}

    seen = component(MODULE).observe(Twins(), options(MODULE, {"state": "absent"}))
    assert "found vpc-1, vpc-2, wanted one VPC" in str(seen.foreign[0])


@pytest.mark.parametrize("kind", owned.ONE_EACH)
def test_several_parts_of_one_place_are_listed_with_their_ids(kind: str) -> None:
    answer, group, key = owned.TAGGED[kind]
    tags = {"streambed:stack": "sensors", "streambed:environment": "test", "streambed:part": f"{kind}/app/eu-west-1a"}
    ours = [{"Key": name, "Value": value} for name, value in tags.items()]
    items = [{key: "id-2", "Tags": ours}, {key: "id-3", "Tags": ours[1:]}, {key: "id-1", "Tags": ours}]
    given = declared()
    refusals = list(view._doubled(given, owned.Owned(given), {answer: {group: items}}))
    assert len(refusals) == 1
    assert f"streambed:part={kind}/app/eu-west-1a: found id-1, id-2, wanted one object" in str(refusals[0])
    assert not list(view._doubled(given, owned.Owned(given), {answer: {group: items[:2]}}))


def gateway(state: str, number: int) -> dict[str, Any]:
    tags = {"streambed:stack": "sensors", "streambed:environment": "test", "streambed:part": "nat/eu-west-1a"}
    return {
        "NatGatewayId": f"nat-{number}",
        "State": state,
        "SubnetId": "subnet-1",
        "NatGatewayAddresses": [{"AllocationId": f"eipalloc-{number}"}],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def test_dead_nat_gateways_count_for_nothing_but_the_next_token() -> None:
    answers = {"nat_gateways": {"NatGateways": [gateway("failed", 1), gateway("deleting", 2), gateway("pending", 3)]}}
    live, dead, waits = gateways.observed_nat(owned.Owned(declared()), answers, {"subnet-1": "public/eu-west-1a"})
    assert [item["id"] for item in live.values()] == ["nat-3"]
    assert dead == ["nat-1", "nat-2"]
    assert [wait.done[0] for wait in waits] == ["deleted", "available"]
    addresses = {f"eipalloc-{number}": {"use": "in use"} for number in (1, 2, 3)} | {"eipalloc-4": {"use": "free"}}
    used = gateways.used(addresses, answers["nat_gateways"]["NatGateways"])
    assert [item["use"] for item in used.values()] == ["in use", "leaving", "in use", "free"]


def interface_endpoint(state: str, number: int) -> dict[str, Any]:
    tags = {"streambed:stack": "sensors", "streambed:environment": "test", "streambed:part": "endpoint/sqs"}
    return {
        "VpcEndpointId": f"vpce-{number}",
        "VpcEndpointType": "Interface",
        "State": state,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def test_dead_endpoints_are_seen_beside_the_one_that_works() -> None:
    states = ("failed", "Rejected", "expired", "deleted", "available")
    answers = {"endpoints": {"VpcEndpoints": [interface_endpoint(state, at) for at, state in enumerate(states)]}}
    nothing: dict[str, Any] = {"route_tables": {}, "subnets": {}, "security_groups": {}}
    found, waits = endpoints.observed_endpoints(owned.Owned(declared()), answers, nothing)
    assert found["dead_endpoints"] == {"vpce-0": "sqs", "vpce-1": "sqs", "vpce-2": "sqs"}
    assert found["interface_endpoints"]["sqs"]["id"] == "vpce-4"
    assert not waits


def test_what_aws_does_not_show_yet_is_not_changed() -> None:
    """Its own parts of a VPC may show later than the VPC."""
    given = declared(default_network_acl={"ingress": []}, default_route_table_locked=True)
    present = complete({"vpc_id": "vpc-1", "cidr_block": str(VPC), **routes.observed_default(owned.Owned(given), {})})
    assert acls.desired(given, present, str(VPC))["default_network_acl"] is None
    wanted = {"default_route_table_locked": True}
    assert routes.lock_calls(present, wanted) == []


def item(key: str, name: str, part: str, **more: Any) -> dict[str, Any]:
    tags = {"streambed:stack": "sensors", "streambed:environment": "test", "streambed:part": part}
    return {key: name, "Tags": [{"Key": each, "Value": value} for each, value in tags.items()], **more}


def subnet(name: str, key: str, block: str) -> dict[str, Any]:
    return item("SubnetId", name, f"subnet/{key}", CidrBlock=block, AvailabilityZone=topology.split(key)[1])


@pytest.mark.parametrize(
    ("tiers", "there", "keys"),
    [
        # The row of the tier is its place, whatever it is called.
        (["app", "data"], {"cache/eu-west-1a": "10.20.16.0/20"}, {"cache/eu-west-1a": "data/eu-west-1a"}),
        # Another row, another zone, another block, or a name that is taken: another subnet.
        (["data", "app"], {"cache/eu-west-1a": "10.20.16.0/20", "app/eu-west-1a": "10.20.64.0/20"}, {}),
        (["app", "data"], {"cache/eu-west-1b": "10.20.16.0/20"}, {}),
        (["app", "data"], {"cache/eu-west-1a": "10.20.64.0/20"}, {}),
        (["app", "data"], {"cache/eu-west-1a": "10.20.16.0/20", "data/eu-west-1a": "10.20.64.0/20"}, {}),
        # What is declared is what it says.
        (["data", "cache"], {"cache/eu-west-1a": "10.20.0.0/20"}, {}),
    ],
)
def test_a_subnet_of_a_tier_that_is_gone_is_the_one_that_would_be_placed_there(
    tiers: list[str], there: dict[str, str], keys: dict[str, str]
) -> None:
    subnets = [subnet(key, key, block) for key, block in there.items()]
    answers = {"vpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": str(VPC)}]}, "subnets": {"Subnets": subnets}}
    given = declared(tiers, reserved_zones=1, subnet_prefix_length=20)
    found = recognition.subnet_keys(recognition.recognised(given, answers), answers)
    assert found == {key: keys.get(key, key) for key in there}


def test_an_acl_goes_over_to_the_tier_that_is_under_it_unless_there_are_several() -> None:
    def under(*subnets: str) -> dict[str, Any]:
        homes = [{"SubnetId": each, "NetworkAclAssociationId": each} for each in subnets]
        return item("NetworkAclId", "acl-1", "network-acl/cache", Associations=homes)

    subnets = [
        subnet("subnet-1", "data/eu-west-1a", "10.20.0.0/20"),
        subnet("subnet-2", "app/eu-west-1a", "10.20.16.0/20"),
    ]
    for homes, key in ((["subnet-1"], "data"), (["subnet-1", "subnet-2"], "cache"), ([], "cache")):
        answers = {"vpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": str(VPC)}]}, "subnets": {"Subnets": subnets},
                   "network_acls": {"NetworkAcls": [under(*homes)]}}  # fmt: skip
        acl = answers["network_acls"]["NetworkAcls"][0]
        assert recognition.recognised(declared(["data", "app"]), answers).part(acl, "network-acl") == key


@pytest.mark.parametrize(("addresses", "refused"), [("ipv6", 0), ("ipv4", 1), ("dualstack", 1), (None, 1)])
def test_an_endpoint_among_subnets_with_ipv6_only_has_addresses_of_that_kind(addresses: str, refused: int) -> None:
    endpoint = {"interface_endpoints": ["kms"], "interface_endpoint_tier": "app",
                "endpoint_settings": {"kms": {"ip_address_type": addresses}}}  # fmt: skip
    given = {**declared(ipv6_pool="amazon", **endpoint), "tiers": {"app": {"internet": "none", "ipv6_native": True}}}
    found = [each for each in rules.rules(given) if each.field == "endpoint_settings kms ip_address_type"]
    assert len(found) == refused


@pytest.mark.parametrize(("entry", "shown"), [
    ({"Protocol": "6", "PortRange": {"From": 80, "To": 90}}, {"protocol": "tcp", "from_port": 80, "to_port": 90}),
    ({"Protocol": "17"}, {"protocol": "udp"}),
    ({"Protocol": "-1", "PortRange": {"From": 0, "To": 0}}, {"protocol": "all"}),
    ({"Protocol": "-1", "IcmpTypeCode": {"Type": 8, "Code": 0}}, {"protocol": "all"}),
    ({"Protocol": "1", "IcmpTypeCode": {"Type": 8, "Code": 0}, "PortRange": {"From": 0, "To": 0}},
     {"protocol": "icmp", "icmp_type": 8, "icmp_code": 0}),
])  # fmt: skip
def test_ports_and_types_are_of_protocols_that_have_them(entry: dict[str, Any], shown: dict[str, Any]) -> None:
    about = {"RuleNumber": 100, "Egress": False, "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}
    wanted = {"action": "allow", "cidr_block": "10.0.0.0/8", **shown}
    assert acls._observed_rule({**about, **entry}) == wanted
