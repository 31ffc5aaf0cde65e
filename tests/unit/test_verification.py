# SPDX-License-Identifier: Apache-2.0
"""What a verification makes of answers: ways through a network, shards, records and versions.  Tables."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from ansible.module_utils.environment.preflight import WARNING
from ansible.module_utils.verification import bucket, cache, checks, network, paths, posture, stream

from tests.support.components import ROOT

HERE, THERE = IPv4Network("10.0.0.0/24"), IPv4Network("10.0.1.0/24")


def rule(protocol: str, ports: tuple[int, int] | None = None, groups: Any = (), blocks: Any = ()) -> dict[str, Any]:
    span = {"FromPort": ports[0], "ToPort": ports[1]} if ports else {}
    return {"IpProtocol": protocol, **span, "UserIdGroupPairs": [{"GroupId": each} for each in groups],
            "IpRanges": [{"CidrIp": each} for each in blocks]}  # fmt: skip


@pytest.mark.parametrize(("rules", "lets"), [
    ([], False),
    ([rule("tcp", (6379, 6379), ["sg-app"])], True),
    ([rule("tcp", (6379, 6379), ["sg-other"])], False),
    ([rule("tcp", (6380, 6400), ["sg-app"])], False),
    ([rule("udp", (6379, 6379), ["sg-app"])], False),
    ([rule("-1", None, ["sg-app"])], True),
    ([rule("6", (0, 65535), (), ["10.0.0.0/16"])], True),
    ([rule("tcp", (6379, 6379), (), ["10.0.0.0/25"])], False),
    ([rule("udp", (1, 2), ["sg-app"]), rule("tcp", (6000, 7000), (), ["0.0.0.0/0"])], True),
])  # fmt: skip
def test_a_group_lets_pass_what_a_rule_names(rules: Any, lets: bool) -> None:
    assert paths.group_lets(rules, 6379, ["sg-app"], HERE) is lets


def entry(number: int, action: str, block: str, ports: tuple[int, int] | None = None, protocol: str = "6",
          egress: bool = True) -> dict[str, Any]:  # fmt: skip
    span = {"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {}
    return {
        "RuleNumber": number,
        "RuleAction": action,
        "CidrBlock": block,
        "Protocol": protocol,
        "Egress": egress,
        **span,
    }


LAST = entry(32767, "deny", "0.0.0.0/0", protocol="-1")


@pytest.mark.parametrize(("entries", "ports", "lets"), [
    ([entry(100, "allow", "0.0.0.0/0", protocol="-1"), LAST], (6379, 6379), True),
    ([LAST], (6379, 6379), False),
    ([], (6379, 6379), False),
    ([entry(100, "allow", "0.0.0.0/0", protocol="-1"), entry(50, "deny", "10.0.1.0/24", (6379, 6379)), LAST],
     (6379, 6379), False),
    ([entry(100, "allow", "0.0.0.0/0", protocol="-1"), entry(50, "deny", "10.0.1.128/25", (6379, 6379)), LAST],
     (6379, 6379), False),
    ([entry(100, "allow", "0.0.0.0/0", protocol="-1"), entry(150, "deny", "10.0.1.0/24", (6379, 6379)), LAST],
     (6379, 6379), True),
    ([entry(100, "allow", "0.0.0.0/0", (0, 40000)), entry(110, "allow", "0.0.0.0/0", (40001, 65535)), LAST],
     (32768, 60999), True),
    ([entry(100, "allow", "0.0.0.0/0", (0, 40000)), entry(110, "allow", "0.0.0.0/0", (40002, 65535)), LAST],
     (32768, 60999), False),
    ([entry(100, "allow", "0.0.0.0/0", (0, 65535), "17"), LAST], (6379, 6379), False),
    ([entry(100, "allow", "0.0.0.0/0", protocol="-1", egress=False), LAST], (6379, 6379), False),
    ([entry(100, "allow", "10.0.1.0/25", (6379, 6379)), LAST], (6379, 6379), False),
    ([entry(50, "deny", "192.168.0.0/16", protocol="-1"), entry(100, "allow", "10.0.0.0/8", protocol="-1"), LAST],
     (6379, 6379), True),
])  # fmt: skip
def test_the_first_rule_of_an_acl_that_meets_a_packet_decides(entries: Any, ports: Any, lets: bool) -> None:
    assert paths.acl_lets({"Entries": entries}, True, ports, THERE) is lets


HOME = {"SubnetId": "subnet-app", "CidrBlock": "10.0.0.0/24"}
PUBLIC = {"SubnetId": "subnet-public", "CidrBlock": "10.0.2.0/24"}
OPEN = {"NetworkAclId": "acl-1", "Associations": [{"SubnetId": "subnet-app"}, {"SubnetId": "subnet-public"}],
        "Entries": [entry(100, "allow", "0.0.0.0/0", protocol="-1", egress=way) for way in (True, False)]}  # fmt: skip
NAT = {"NatGatewayId": "nat-1", "State": "available", "SubnetId": "subnet-public"}
IGW = {"InternetGatewayId": "igw-1", "Attachments": [{"State": "available"}]}


def table(subnet: str, **way: str) -> dict[str, Any]:
    routes = [{"DestinationCidrBlock": "0.0.0.0/0", **way}] if way else []
    return {"RouteTableId": f"rtb-{subnet}", "Associations": [{"SubnetId": f"subnet-{subnet}"}], "Routes": routes}


@pytest.mark.parametrize(("tables", "nats", "gateways", "said"), [
    ([table("app", NatGatewayId="nat-1"), table("public", GatewayId="igw-1")], [NAT], [IGW], []),
    ([table("app", GatewayId="igw-1")], [], [IGW], []),
    ([table("app")], [NAT], [IGW], ["rtb-app of subnet-app has no route to 0.0.0.0/0"]),
    ([], [NAT], [IGW], ["no route table of subnet-app has no route to 0.0.0.0/0"]),
    ([table("app", NatGatewayId="nat-1", State="blackhole")], [], [IGW],
     ["the route of subnet-app to 0.0.0.0/0 leads to what is gone"]),
    ([table("app", NatGatewayId="nat-1"), table("public", GatewayId="igw-1")], [], [IGW],
     ["NAT gateway nat-1 is gone"]),
    ([table("app", NatGatewayId="nat-1"), table("public", GatewayId="igw-1")], [{**NAT, "State": "failed"}], [IGW],
     ["NAT gateway nat-1 is failed"]),
    ([table("app", NatGatewayId="nat-1"), table("public")], [NAT], [IGW],
     ["NAT gateway nat-1 stands in subnet-public, which has no route to an internet gateway"]),
    ([table("app", GatewayId="igw-1")], [], [{**IGW, "Attachments": []}], ["internet gateway igw-1 is detached"]),
    ([table("app", GatewayId="igw-1")], [], [], ["internet gateway igw-1 is gone"]),
    ([table("app", TransitGatewayId="tgw-1")], [], [], []),
])  # fmt: skip
def test_what_stands_between_a_subnet_and_the_internet(tables: Any, nats: Any, gateways: Any, said: Any) -> None:
    found = paths.Network((HOME, PUBLIC), tables, (OPEN,), (), nats, gateways)
    assert list(paths.to_the_internet(found, HOME, 443)) == said


@pytest.mark.parametrize(("groups", "wanted"), [
    ({"cache": {"ingress": [{"security_group": "app"}]}, "app": {}}, ["app"]),
    ({"app": {"egress": [{"security_group": "cache"}]}, "cache": {}}, ["app"]),
    ({"app": {"egress": [{"security_group": "cache"}]}, "cache": {"ingress": [{"security_group": "web"}]}},
     ["web", "app"]),
    ({"cache": {"ingress": [{"cidr_block": "10.0.0.0/8"}]}}, []),
    ({"app": None, "cache": None}, []),
    (None, []),
])  # fmt: skip
def test_clients_of_the_cache_are_whom_it_lets_in_and_who_want_to_go_there(groups: Any, wanted: Any) -> None:
    assert network.clients({"security_groups": groups}, ["cache"]) == wanted


def test_clients_live_in_the_tier_of_their_name_or_everywhere_but_beside_the_cache() -> None:
    tiers = {"tiers": {"public": {}, "app": {}, "cache": {}}}
    assert network.homes(tiers, "app", ["cache"]) == ["app"]
    assert network.homes(tiers, "readers", ["cache"]) == ["public", "app"]
    tiers["tiers"]["app"] = {"ipv6_native": True}
    assert network.homes(tiers, "app", ["cache"]) == []
    assert network.homes(tiers, "readers", ["cache"]) == ["public"]


@pytest.mark.parametrize("native", ["app", "cache"])
def test_ways_of_ipv6_only_are_told_and_not_judged(native: str) -> None:
    tiers = {"app": {"internet": "none"}, "cache": {"internet": "none"}}
    groups = {"app": {"egress": [{"port": 6379, "security_group": "cache"}]},
              "cache": {"ingress": [{"port": 6379, "security_group": "app"}]}}  # fmt: skip
    tiers[native] = {"internet": "none", "ipv6_native": True}
    there = [{"GroupId": f"sg-{key}", "GroupName": key, "IpPermissions": [], "IpPermissionsEgress": [],
              "Tags": [{"Key": "streambed:part", "Value": f"security-group/{key}"}]} for key in groups]  # fmt: skip
    found = paths.Network((), (), (OPEN,), there, (), ())
    [check] = network.checks(found, {"tiers": tiers, "security_groups": groups}, [{"name": "c"}])
    assert (check.found, check.verdict) == (network.BY_IPV6, WARNING)


SLOTS = [[0, 8191, ["", 7000, "a"], ["host-b", 7001, "b"]], [8192, 9000, ["host-c", 7002, "c"]],
         [9001, 16383, ["host-c", 7002, "c"], ["host-d", 7003, "d"]]]  # fmt: skip


def test_shards_are_what_the_cluster_says_of_its_slots() -> None:
    first, second = cache.shards_in(SLOTS, "here")
    assert first == cache.Shard(((0, 8191),), ("here", 7000), (("host-b", 7001),), 1)
    assert second == cache.Shard(((8192, 9000), (9001, 16383)), ("host-c", 7002), (("host-d", 7003),), 1)


@pytest.mark.parametrize(("node", "name"), [
    (["10.0.0.7", 6379, "id"], "10.0.0.7"),
    (["10.0.0.7", 6379, "id", []], "10.0.0.7"),
    (["10.0.0.7", 6379, "id", ["hostname", "a.cache.amazonaws.com"]], "a.cache.amazonaws.com"),
    (["a.cache.amazonaws.com", 6379, "id", ["ip", "10.0.0.7"]], "a.cache.amazonaws.com"),
    ([None, 6379, "id"], ""),
])  # fmt: skip
def test_a_node_is_called_by_the_name_in_its_certificate(node: Any, name: str) -> None:
    assert cache.named(node) == name


@pytest.mark.parametrize(("wrong", "verdict"), [
    ([], "ok"), (["a: NoPermissionError: x"], "warning"), (["a: NoPermissionError: x", "b: TimeoutError"], "stop"),
])  # fmt: skip
def test_a_user_who_may_not_write_our_keys_is_no_fault(wrong: Any, verdict: str) -> None:
    assert cache.line_of("cache", wrong, "works", "look").verdict == verdict


NODES = {"0001": [{}, {}], "0002": [{}, {}]}


@pytest.mark.parametrize(("answer", "members", "said"), [
    (SLOTS, NODES, []),
    (SLOTS, {}, []),
    (SLOTS[:2], NODES, ["9001 of 16384 slots are held", "1 replicas, where AWS shows 2"]),
    (SLOTS, {"0001": [{}, {}]}, ["2 shards, where AWS shows 1", "2 replicas, where AWS shows 1"]),
    (SLOTS, {**NODES, "0002": [{}, {}, {}]}, ["2 replicas, where AWS shows 3"]),
])  # fmt: skip
def test_slots_and_replicas_are_compared_with_what_aws_shows(answer: Any, members: Any, said: Any) -> None:
    assert list(cache.shape_obstacles(cache.shards_in(answer, "here"), {"members": members})) == said


def test_a_login_shows_no_password() -> None:
    assert "hidden" not in repr(cache.Login(True, None, "user", "hidden"))


@pytest.mark.parametrize(("probes", "found", "verdict"), [
    ([stream.Probe("a", 12.4), stream.Probe("b", 40.0)], "2 shards, put to get 12-40 ms", "ok"),
    ([stream.Probe("a", 7.0)], "1 shard, put to get 7-7 ms", "ok"),
    ([stream.Probe("a", 7.0), stream.Probe("b", wrong="denied"), stream.Probe("c", wrong="denied")],
     "2 of 3 shards: denied", "stop"),
    ([], "no open shard", "stop"),
])  # fmt: skip
def test_a_stream_works_when_every_shard_does(probes: Any, found: str, verdict: str) -> None:
    line = stream.verdict("stream s", probes)
    assert (line.found, line.verdict) == (found, verdict)


def version(name: str, at: int, etag: str = "ours") -> dict[str, Any]:
    return {"Key": "k", "VersionId": name, "ETag": etag, "LastModified": at, "IsLatest": False}


@pytest.mark.parametrize(("versions", "markers", "ids"), [
    ([version("v2", 3)], [version("m2", 4)], ["v2", "m2"]),
    ([version("v2", 3), version("v1", 1, "old")], [version("m2", 4), version("m1", 2)], ["v2", "m2"]),
    ([version("v3", 5, "next"), version("v2", 3)], [version("m3", 6), version("m2", 4)], ["v2", "m2"]),
    ([version("v1", 1, "old")], [version("m1", 2)], []),
    ([], [], []),
])  # fmt: skip
def test_of_the_locks_versions_only_our_own_and_its_marker_go(versions: Any, markers: Any, ids: Any) -> None:
    assert bucket.ours({"Versions": versions, "DeleteMarkers": markers}, "k", "ours") == ids


GROUP = {"GroupName": "cache", "IpPermissions": [], "IpPermissionsEgress": []}
EVERYBODY = {**GROUP, "IpPermissions": [rule("tcp", (6379, 6379), (), ["0.0.0.0/0"])]}
LOGGED = {"FlowLogs": [{"TrafficType": "ALL", "FlowLogStatus": "ACTIVE"}]}
WORLD = {"Associations": [{}], "Entries": [entry(1, "allow", "0.0.0.0/0", (20, 30), egress=False)]}


@pytest.mark.parametrize(("found", "logs", "fails"), [
    (paths.Network(security_groups=(GROUP,)), LOGGED, set()),
    (paths.Network(security_groups=(EVERYBODY,)), LOGGED, {"EC2.13", "EC2.14", "EC2.18", "EC2.19"}),
    (paths.Network(security_groups=({**GROUP, "GroupName": "default", "IpPermissionsEgress": [rule("-1")]},)), LOGGED,
     {"EC2.2"}),
    (paths.Network(), {"FlowLogs": []}, {"EC2.6"}),
    (paths.Network(subnets=({"MapPublicIpOnLaunch": True},)), LOGGED, {"EC2.15"}),
    (paths.Network(network_acls=({"Associations": [], "Entries": []},)), LOGGED, {"EC2.16"}),
    (paths.Network(network_acls=(WORLD,)), LOGGED, {"EC2.21"}),
])  # fmt: skip
def test_controls_on_a_network(found: Any, logs: Any, fails: Any) -> None:
    assert {name for name, holds in posture.of_network(found, logs) if not holds} == fails


def test_the_page_lists_the_permissions_of_a_verification() -> None:
    page = (ROOT / "docs" / "verify.md").read_text()
    assert page.partition("```text permissions\n")[2].partition("```")[0].split() == sorted(checks.PERMISSIONS)


def test_a_client_whose_group_is_gone_hides_nothing_of_the_others() -> None:
    def part(key: str) -> list[dict[str, str]]:
        return [{"Key": "streambed:part", "Value": f"security-group/{key}"}]

    nobody: dict[str, Any] = {"IpPermissions": [], "IpPermissionsEgress": []}
    groups = [{"GroupId": f"sg-{key}", "Tags": part(key), **nobody} for key in ("cache", "web")]
    subnets = [{"SubnetId": f"subnet-{tier}", "CidrBlock": f"10.0.{number}.0/24",
                "Tags": [{"Key": "streambed:tier", "Value": tier}]}
               for number, tier in enumerate(("cache", "web"))]  # fmt: skip
    way = network.Way("cache", ["gone", "web"], ["cache"], "cache", 6379)
    tiers = {"tiers": {"cache": {}, "web": {}}}
    told = network._cache(paths.Network(subnets=subnets, security_groups=groups), tiers, way)
    assert "security group gone is gone" in told.found
    assert "security-group/web (sg-web) lets nothing out to port 6379" in told.found
