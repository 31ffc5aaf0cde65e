# SPDX-License-Identifier: Apache-2.0
"""Twenty-five shapes of a network and random walks between such: nothing that both shapes share changes.

``STREAMBED_PAIRS`` is the number of random pairs; from 40 on every shape is tried, else every fourth and the next.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.aws.client import SIDE_BY_SIDE
from ansible.module_utils.reconcile import planning
from ansible.module_utils.reconcile.graph import dependencies

from localcloud.process import Cloud
from tests.integration.test_faults import DECLARATIONS, objects
from tests.support.components import component, options
from tests.support.deaths import refused_in_both_modes
from tests.support.runs import aws_of, four_steps, run, taken

pytestmark = pytest.mark.inside

MODULE = "ec2_vpc_network"
# The region of AWS's with most zones.
REGION = "us-east-1"
SHAPES = yaml.safe_load((Path(__file__).parent / "matrix" / f"{MODULE}.yml").read_text())
PAIRS_OF_A_WALK = 5
PAIRS = int(os.environ.get("STREAMBED_PAIRS", "5"))
WALKS = -(-PAIRS // PAIRS_OF_A_WALK)
STRIDE = 1 if PAIRS >= 40 else 4
GROUPS = {
    "app": {"ingress": [], "egress": [{"port": 443, "cidr_block": "0.0.0.0/0"}]},
    "cache": {"ingress": [{"port": 6379, "cidr_block": "10.20.0.0/16"}], "egress": []},
}


FURTHER = {
    "audit": {"traffic_type": "REJECT", "retention_days": 7},
    "team": {"destination": "arn:aws:firehose:us-east-1:123456789012:deliverystream/network"},
}
OF_IPV6 = {"rule_number": 200, "from_port": 1024, "to_port": 65535, "ipv6_cidr_block": "::/0"}
GUARDED = {"ingress": [{"rule_number": 100, "protocol": "all", "cidr_block": "vpc"}, OF_IPV6]}
OWN_ACL = {"ingress": [{"rule_number": 100, "port": 6379, "cidr_block": "vpc"}],
           "egress": [{"rule_number": 100, "from_port": 1024, "to_port": 65535, "cidr_block": "vpc"}]}  # fmt: skip


def tier_of(shape: dict[str, Any], tier: str) -> dict[str, Any]:
    """The declaration of a tier."""
    found: dict[str, Any] = {"internet": shape["tiers"][tier]}
    if shape.get("ipv6") and tier in shape.get("without_ipv6", []):
        found["ipv6"] = False
    if shape.get("ipv6") and tier in shape.get("native", []) and "ipv6" not in found:
        found["ipv6_native"] = True
    if tier in shape.get("own_acl", []):
        found["network_acl"] = OWN_ACL
    if tier in shape.get("in_one_zone", []):
        found["zones"] = [f"{REGION}a"]
    return found


def declared(shape: dict[str, Any]) -> dict[str, Any]:
    """The declaration of a shape."""
    tiers = shape["tiers"]
    first = f"{next(iter(tiers))}/{REGION}a"
    named = {f"subnet/{first}": "first", f"route-table/{first}": "first", "internet-gateway": "door"}
    return {
        "part_names": named if shape.get("named") else {},
        "secondary_cidr_blocks": shape.get("further", []),
        "ipv6_pool": "amazon" if shape.get("ipv6") else "none",
        "default_network_acl": GUARDED,
        "dhcp_options": {"domain_name": "sensors.example"} if shape.get("dhcp") else {},
        "cidr_block": "10.20.0.0/16",
        "zones": [f"{REGION}{letter}" for letter in "abcdef"[: shape["zones"]]],
        "tiers": {tier: tier_of(shape, tier) for tier in tiers},
        "reserved_zones": 6,
        "reserved_tiers": 5,
        "nat_gateways": shape.get("nat", "none"),
        "gateway_endpoints": shape.get("gateway_endpoints", []),
        "interface_endpoints": shape.get("interface", []),
        "interface_endpoint_tier": "app" if "app" in tiers else None,
        "security_groups": {key: GROUPS[key] for key in shape.get("groups", [])},
        "flow_logs": {"traffic_type": "ALL", "retention_days": 30} if shape.get("flow_logs") else {},
        "further_flow_logs": {name: FURTHER[name] for name in shape.get("further_logs", [])},
        "default_security_group_locked": shape.get("locked"),
    }


KINDS = {
    "describe_vpcs": ("Vpcs", "VpcId"),
    "describe_subnets": ("Subnets", "SubnetId"),
    "describe_route_tables": ("RouteTables", "RouteTableId"),
    "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
    "describe_nat_gateways": ("NatGateways", "NatGatewayId"),
    "describe_addresses": ("Addresses", "AllocationId"),
    "describe_vpc_endpoints": ("VpcEndpoints", "VpcEndpointId"),
    "describe_security_groups": ("SecurityGroups", "GroupId"),
    "describe_flow_logs": ("FlowLogs", "FlowLogId"),
    "describe_network_acls": ("NetworkAcls", "NetworkAclId"),
    "describe_dhcp_options": ("DhcpOptions", "DhcpOptionsId"),
    "describe_egress_only_internet_gateways": ("EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId"),
}


def ids(cloud: Cloud) -> dict[tuple[str, str], str]:
    """Kind and part -> id of everything of ours in EC2, through boto3."""
    ec2 = cloud.client("ec2", region_name=REGION)
    found = {}
    for operation, (kind, key) in KINDS.items():
        for each in getattr(ec2, operation)()[kind]:
            tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
            if "streambed:part" in tags and each.get("State") != "deleted":
                found[kind, tags["streambed:part"]] = each[key]
    return found


def blocks(cloud: Cloud) -> dict[str, str]:
    """The blocks of our subnets by id, IPv6 ones beside; none may overlap another."""
    ec2 = cloud.client("ec2", region_name=REGION)
    subnets = ec2.describe_subnets(Filters=[{"Name": "tag-key", "Values": ["streambed:part"]}])["Subnets"]
    found = {subnet["SubnetId"]: subnet["CidrBlock"] for subnet in subnets if not subnet["Ipv6Native"]}
    for one, other in pairwise(sorted(map(IPv4Network, found.values()))):
        assert not one.overlaps(other)
    ipv6 = {
        f"{subnet['SubnetId']} IPv6": each["Ipv6CidrBlock"]
        for subnet in subnets
        for each in subnet["Ipv6CidrBlockAssociationSet"]
    }
    assert len(set(ipv6.values())) == len(ipv6)
    return found | ipv6


def assert_kept(before: dict[Any, str], after: dict[Any, str]) -> None:
    """What is in both is the same in both."""
    assert {key: after[key] for key in before.keys() & after} == {key: before[key] for key in before.keys() & after}


@pytest.fixture
def roomy(cloud: Cloud) -> Cloud:
    """A cloud with room for a NAT gateway in each of six zones."""
    cloud.configure(quotas={"elastic_ips_per_region": 12})
    return cloud


@pytest.mark.parametrize("number", range(0, len(SHAPES), STRIDE))
def test_a_shape_is_made_grown_to_the_next_shrunk_back_and_removed(roomy: Cloud, number: int) -> None:
    shape, after = declared(SHAPES[number]), declared(SHAPES[(number + 1) % len(SHAPES)])
    untouched = everything(roomy)
    four_steps(roomy, MODULE, shape, REGION)
    born, placed = ids(roomy), blocks(roomy)
    four_steps(roomy, MODULE, after, REGION)
    grown = ids(roomy)
    assert_kept(born, grown)
    assert_kept(placed, blocks(roomy))
    four_steps(roomy, MODULE, shape, REGION)
    assert_kept(grown, ids(roomy))
    assert ids(roomy).keys() == born.keys()
    four_steps(roomy, MODULE, {"state": "absent"}, REGION)
    assert everything(roomy) == untouched


def everything(cloud: Cloud) -> Counter[str]:
    """How many objects of each kind the region holds."""
    return objects(cloud, REGION)


def shape_of(draw: random.Random) -> dict[str, Any]:
    """A shape, drawn anew."""
    tiers = {"public": "gateway"} if draw.random() < 0.8 else {}
    way = ["nat", "none"] if tiers else ["none"]
    for tier in draw.sample(["app", "cache", "data", "intra"], draw.randint(1, 4)):
        tiers[tier] = draw.choice(way)
    with_nat = "nat" in tiers.values()
    some = [tier for tier in tiers if draw.random() < 0.3]
    endpoints = [["kinesis-streams"], ["logs", "kinesis-streams"]] if "app" in tiers else []
    return {
        "zones": draw.randint(1, 6),
        "tiers": tiers,
        "nat": draw.choice(["single", "per_zone", "regional"]) if with_nat else "none",
        "ipv6": draw.random() < 0.5,
        "without_ipv6": draw.choice([[], some]),
        "native": [tier for tier in tiers if tier not in ("public", "app") and draw.random() < 0.2],
        "own_acl": draw.choice([[], some]),
        "in_one_zone": draw.choice([[], some]),
        "further": draw.choice([[], ["10.21.0.0/16"], ["10.21.0.0/16", "100.64.0.0/20"]]),
        "dhcp": draw.random() < 0.5,
        "gateway_endpoints": draw.choice([[], ["s3"], ["s3", "dynamodb"]]),
        "interface": draw.choice([[], *endpoints]),
        "groups": draw.choice([[], ["app"], ["app", "cache"]]),
        "flow_logs": draw.random() < 0.5,
        "further_logs": draw.choice([[], ["audit"], ["audit", "team"]]),
        "locked": draw.choice([None, True]),
        "named": draw.random() < 0.3,
    }


@pytest.mark.parametrize("seed", range(WALKS))
def test_from_one_random_shape_to_the_next(roomy: Cloud, seed: int) -> None:
    draw = random.Random(seed)
    shape = shape_of(draw)
    four_steps(roomy, MODULE, declared(shape), REGION)
    for _ in range(PAIRS_OF_A_WALK):
        before, placed = ids(roomy), blocks(roomy)
        drawn = shape_of(draw)
        changed = draw.sample(list(drawn), draw.choice([1, 2, len(drawn)]))
        after = {**shape, **{name: drawn[name] for name in changed}}
        if taken(roomy, MODULE, declared(after), REGION):
            shape = after
        assert_kept(before, ids(roomy))
        assert_kept(placed, blocks(roomy))


def rounds(needs: list[set[int]], side_by_side: int) -> int:
    """How often calls of one duration are made, so many at once at most, each after those it needs."""
    done: set[int] = set()
    count = 0
    while len(done) < len(needs):
        ready = [call for call in range(len(needs)) if call not in done and needs[call] <= done]
        done |= set(ready[:side_by_side])
        count += 1
    return count


def test_a_new_network_takes_a_third_of_the_time_of_its_calls_at_most(cloud: Cloud) -> None:
    given = options(MODULE, DECLARATIONS[MODULE])
    _, _, calls = planning.planned(component(MODULE), given, component(MODULE).observe(aws_of(cloud), given))
    assert len(calls) > 40
    assert rounds(dependencies(calls), SIDE_BY_SIDE) * 3 <= len(calls)


def test_an_endpoint_that_would_lose_its_subnets_wants_another_tier(cloud: Cloud) -> None:
    before = {"cidr_block": "10.20.0.0/16", "zones": ["eu-west-1a"], "interface_endpoints": ["kinesis-streams"],
              "interface_endpoint_tier": "app",
              "tiers": {"app": {"internet": "none"}, "data": {"internet": "none"}}}  # fmt: skip
    run(cloud, MODULE, before)
    after = {**before, "tiers": {"data": {"internet": "none"}}, "interface_endpoint_tier": None}
    refused_in_both_modes(cloud, MODULE, after, "a tier for kinesis-streams, whose subnets go: data")
