# SPDX-License-Identifier: Apache-2.0
"""What others have put into our network is told and left alone, and named when it keeps the network from going."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.ec2_vpc_network import observe
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.support.deaths import refused_in_both_modes
from tests.support.runs import aws_of, four_steps, run

pytestmark = pytest.mark.inside

MODULE = "ec2_vpc_network"
GIVEN: dict[str, Any] = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a"],
    "tiers": {"public": {"internet": "gateway"}, "app": {"internet": "nat"}},
    "nat_gateways": "single",
    "gateway_endpoints": ["s3"],
    "security_groups": {"app": {"ingress": [], "egress": []}},
}


def test_a_network_of_ours_alone_has_no_strangers(cloud: Cloud) -> None:
    assert run(cloud, MODULE, GIVEN)["foreign"] == []
    assert run(cloud, MODULE, GIVEN, check=True)["foreign"] == []


def test_subnets_tables_groups_and_routes_of_others_are_told_and_stay(cloud: Cloud) -> None:
    made = run(cloud, MODULE, GIVEN)["resource"]
    ec2, vpc = cloud.client("ec2"), made["vpc_id"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.250.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="theirs", Description="theirs")["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ours = made["route_tables"]["app/eu-west-1a"]["id"]
    peer = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"]
    peering_id = peering["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    ec2.create_route(RouteTableId=ours, DestinationCidrBlock="10.99.0.0/16", VpcPeeringConnectionId=peering_id)
    before = len(cloud.journal())
    result = run(cloud, MODULE, GIVEN)
    assert not result["changed"]
    assert not cloud.writes(before)
    found = sorted((each["what"], each["id"], each["where"], each["found"]) for each in result["foreign"])
    assert found == sorted([
        ("subnet", subnet, vpc, "10.20.250.0/24"),
        ("route table", table, vpc, ""),
        ("security group", group, vpc, "theirs"),
        ("network ACL", acl, vpc, "123456789012"),
        ("route", "10.99.0.0/16", ours, peering_id),
    ])  # fmt: skip
    assert gateway not in str(result["foreign"])


def test_the_interface_that_keeps_a_network_from_going_is_named(cloud: Cloud) -> None:
    made = run(cloud, MODULE, GIVEN)["resource"]
    subnet = made["subnets"]["app/eu-west-1a"]["id"]
    interface = cloud.client("ec2").create_network_interface(SubnetId=subnet, Description="AWS Lambda VPC ENI-readings")
    interface_id = interface["NetworkInterface"]["NetworkInterfaceId"]
    with pytest.raises(AwsFailure) as failed:
        run(cloud, MODULE, {"state": "absent"})
    assert f"In {subnet} there are network interfaces of others: {interface_id} of " in str(failed.value)
    assert "AWS Lambda VPC ENI-readings" in str(failed.value)
    assert "Next: delete what they serve" in str(failed.value)
    cloud.client("ec2").delete_network_interface(NetworkInterfaceId=interface_id)
    run(cloud, MODULE, {"state": "absent"})


def test_what_others_have_in_a_vpc_that_is_to_go_is_named_before_anything_goes(cloud: Cloud) -> None:
    ec2, vpc = cloud.client("ec2"), run(cloud, MODULE, GIVEN)["resource"]["vpc_id"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="theirs", Description="theirs")["GroupId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.250.0/24")["Subnet"]["SubnetId"]
    before = len(cloud.journal())
    for given in ({}, {"purge_subnets": True}):
        theirs = [] if given else [f"subnet {subnet}"]
        with pytest.raises(Refused) as refused:
            run(cloud, MODULE, {"state": "absent", **given})
        found = ", ".join([*theirs, f"security group {group}", f"network ACL {acl}"])
        assert f"state: found {found}, wanted a VPC with nothing of others in it" in str(refused.value)
    assert not cloud.writes(before)
    # What comes in between is told by AWS's refusal.
    told = observe.blockers(aws_of(cloud), {"VpcId": vpc}, "DependencyViolation")
    assert f"security group {group}, network ACL {acl}" in told
    ec2.delete_network_acl(NetworkAclId=acl)
    ec2.delete_security_group(GroupId=group)
    four_steps(cloud, MODULE, {"state": "absent", "purge_subnets": True})
    assert not ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Vpcs"]


def test_routes_of_a_tier_are_kept_those_of_others_stay_and_purge_says_otherwise(cloud: Cloud) -> None:
    made = run(cloud, MODULE, GIVEN)["resource"]
    ec2, vpc = cloud.client("ec2"), made["vpc_id"]
    peers = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (98, 99)]
    links = [ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"] for peer in peers]
    first, second = (link["VpcPeeringConnectionId"] for link in links)
    for link in (first, second):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=link)
    table = made["route_tables"]["app/eu-west-1a"]["id"]

    def tiers(**app: Any) -> dict[str, Any]:
        return {**GIVEN, "tiers": {**GIVEN["tiers"], "app": {"internet": "nat", **app}}}

    def routes() -> dict[str, str]:
        [found] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {route["DestinationCidrBlock"]: route.get("VpcPeeringConnectionId", "") for route in found["Routes"]
                if route.get("VpcPeeringConnectionId")}  # fmt: skip

    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.99.0.0/16", VpcPeeringConnectionId=second)
    four_steps(cloud, MODULE, tiers(routes={"10.98.0.0/16": first}))
    assert routes() == {"10.98.0.0/16": first, "10.99.0.0/16": second}
    told = run(cloud, MODULE, tiers(routes={"10.98.0.0/16": first}))["foreign"]
    assert [each["id"] for each in told if each["what"] == "route"] == ["10.99.0.0/16"]
    four_steps(cloud, MODULE, tiers(routes={"10.98.0.0/16": second}))
    assert routes() == {"10.98.0.0/16": second, "10.99.0.0/16": second}
    four_steps(cloud, MODULE, tiers(routes={"10.98.0.0/16": second}, purge_routes=True))
    assert routes() == {"10.98.0.0/16": second}
    four_steps(cloud, MODULE, tiers(purge_routes=True))
    assert routes() == {}


def test_tags_of_a_tier_are_on_its_subnets_alone(cloud: Cloud) -> None:
    def tags() -> dict[str, dict[str, str]]:
        found = cloud.client("ec2").describe_subnets(Filters=[{"Name": "tag-key", "Values": ["streambed:part"]}])
        return {each["streambed:tier"]: each for subnet in found["Subnets"]
                for each in [{tag["Key"]: tag["Value"] for tag in subnet["Tags"]}]}  # fmt: skip

    def tiers(**of_app: str) -> dict[str, Any]:
        return {**GIVEN, "tiers": {**GIVEN["tiers"], "app": {"internet": "nat", "tags": of_app}}}

    four_steps(cloud, MODULE, tiers(role="internal"))
    assert tags()["app"]["role"] == "internal"
    assert "role" not in tags()["public"]
    four_steps(cloud, MODULE, {**tiers(role="other"), "tags": {"team": "a"}})
    assert (tags()["app"]["role"], tags()["app"]["team"]) == ("other", "a")
    four_steps(cloud, MODULE, {**tiers(), "tags": {"team": "a"}})
    assert "role" not in tags()["app"]


def test_a_tier_is_led_to_a_prefix_list_and_out_by_an_instance(cloud: Cloud) -> None:
    made = run(cloud, MODULE, GIVEN)["resource"]
    ec2, vpc = cloud.client("ec2"), made["vpc_id"]
    peers = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (98, 99)]
    links = [ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"] for peer in peers]
    first, second = (link["VpcPeeringConnectionId"] for link in links)
    for link in (first, second):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=link)
    plants = ec2.create_managed_prefix_list(PrefixListName="plants", MaxEntries=2, AddressFamily="IPv4")
    plants = plants["PrefixList"]["PrefixListId"]
    outside = made["subnets"]["public/eu-west-1a"]["id"]
    instance = ec2.create_network_interface(SubnetId=outside, Description="NAT instance")["NetworkInterface"]
    instance, table = instance["NetworkInterfaceId"], made["route_tables"]["app/eu-west-1a"]["id"]

    def declared(**app: Any) -> dict[str, Any]:
        tiers = {**GIVEN["tiers"], "app": {"internet": "none", **app}}
        return {**GIVEN, "nat_gateways": "none", "tiers": tiers}

    def routes() -> dict[str, str]:
        [found] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        ends = ("VpcPeeringConnectionId", "NetworkInterfaceId")
        return {route.get("DestinationPrefixListId") or route["DestinationCidrBlock"]: route[end]
                for route in found["Routes"] for end in ends if route.get(end)}  # fmt: skip

    four_steps(cloud, MODULE, declared(routes={"0.0.0.0/0": instance, plants: first}))
    assert routes() == {"0.0.0.0/0": instance, plants: first}
    four_steps(cloud, MODULE, declared(routes={"0.0.0.0/0": instance, plants: second}))
    assert routes() == {"0.0.0.0/0": instance, plants: second}
    ec2.delete_route(RouteTableId=table, DestinationPrefixListId=plants)
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", VpcPeeringConnectionId=first)
    four_steps(cloud, MODULE, declared(routes={"0.0.0.0/0": instance, plants: second}))
    assert routes() == {"0.0.0.0/0": instance, plants: second}
    assert not four_steps(cloud, MODULE, declared())["changed"], "what is not declared stays"
    four_steps(cloud, MODULE, declared(purge_routes=True))
    assert routes() == {}


def test_the_main_route_table_is_kept_without_routes(cloud: Cloud) -> None:
    ec2, vpc = cloud.client("ec2"), run(cloud, MODULE, GIVEN)["resource"]["vpc_id"]
    main = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    [gateway] = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])[
        "InternetGateways"
    ]

    def table() -> dict[str, Any]:
        return ec2.describe_route_tables(Filters=main)["RouteTables"][0]

    ec2.create_route(RouteTableId=table()["RouteTableId"], DestinationCidrBlock="0.0.0.0/0",
                     GatewayId=gateway["InternetGatewayId"])  # fmt: skip
    assert not run(cloud, MODULE, {**GIVEN, "default_route_table_locked": False})["changed"]
    done = four_steps(cloud, MODULE, {**GIVEN, "default_route_table_locked": True})
    assert [call["why"] for call in done["calls"]] == ["no way from default route table to 0.0.0.0/0"]
    assert [route["GatewayId"] for route in table()["Routes"]] == ["local"]


def test_subnets_of_others_go_where_it_is_said(cloud: Cloud) -> None:
    made = run(cloud, MODULE, GIVEN)["resource"]
    ec2 = cloud.client("ec2")
    theirs = ec2.create_subnet(VpcId=made["vpc_id"], CidrBlock="10.20.250.0/24")["Subnet"]["SubnetId"]
    assert [each["id"] for each in run(cloud, MODULE, GIVEN)["foreign"]] == [theirs]
    done = four_steps(cloud, MODULE, {**GIVEN, "purge_subnets": True})
    assert [(call["operation"], call["params"]) for call in done["calls"]] == [("delete_subnet", {"SubnetId": theirs})]
    assert done["foreign"] == []


def test_rules_of_others_stay_and_are_told_where_it_is_said(cloud: Cloud) -> None:
    def given(**more: Any) -> dict[str, Any]:
        rules = [{"port": 443, "cidr_block": "10.0.0.0/8"}]
        return {**GIVEN, "security_groups": {"app": {"ingress": rules, "egress": [], **more}}}

    group = run(cloud, MODULE, given())["resource"]["security_groups"]["app"]["id"]
    ec2 = cloud.client("ec2")
    theirs = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=theirs)
    kept = run(cloud, MODULE, given(purge_rules=False))
    assert not kept["changed"]
    assert [(each["what"], each["where"], each["found"]) for each in kept["foreign"]] == [
        ("ingress rule", group, "protocol=tcp from_port=22 to_port=22 cidr_block=10.9.0.0/16")
    ]
    done = four_steps(cloud, MODULE, given())
    assert [call["operation"] for call in done["calls"]] == ["revoke_security_group_ingress"]
    assert done["foreign"] == []


def test_a_virtual_private_gateway_puts_its_routes_into_the_tables_of_a_tier(cloud: Cloud) -> None:
    made = run(cloud, MODULE, GIVEN)["resource"]
    ec2 = cloud.client("ec2")
    gateways = [ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"] for _ in range(2)]

    def tiers(*vgws: str) -> dict[str, Any]:
        return {**GIVEN, "tiers": {**GIVEN["tiers"], "app": {"internet": "nat", "propagating_vgws": list(vgws)}}}

    def shown() -> list[str]:
        [table] = ec2.describe_route_tables(RouteTableIds=[made["route_tables"]["app/eu-west-1a"]["id"]])["RouteTables"]
        return [each["GatewayId"] for each in table["PropagatingVgws"]]

    for gateway in gateways:
        ec2.attach_vpn_gateway(VpcId=made["vpc_id"], VpnGatewayId=gateway)
    four_steps(cloud, MODULE, tiers(gateways[0]))
    assert shown() == [gateways[0]]
    four_steps(cloud, MODULE, tiers(gateways[1]))
    assert shown() == [gateways[1]]
    assert not run(cloud, MODULE, GIVEN)["changed"]
    four_steps(cloud, MODULE, tiers())
    assert shown() == []


ZONES = {"zones": ["eu-west-1a", "eu-west-1b"], "nat_gateways": "per_zone", "interface_endpoints": ["logs"],
         "interface_endpoint_tier": "app"}  # fmt: skip


def test_a_zone_or_tier_in_which_others_have_something_is_not_given_up(cloud: Cloud) -> None:
    made, ec2 = run(cloud, MODULE, {**GIVEN, **ZONES})["resource"], cloud.client("ec2")
    subnet = made["subnets"]["app/eu-west-1b"]["id"]
    worker = ec2.create_network_interface(SubnetId=subnet, Description="a worker")["NetworkInterface"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    theirs = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    fewer = {**GIVEN, **ZONES, "zones": ["eu-west-1a"]}
    words = f"{worker['NetworkInterfaceId']} (a worker)"
    refused_in_both_modes(cloud, MODULE, fewer, words)
    refused_in_both_modes(cloud, MODULE, fewer, f"Interface for NAT Gateway {theirs}")
    tierless = {**GIVEN, "zones": ZONES["zones"], "nat_gateways": "none", "tiers": {"public": {"internet": "gateway"}}}
    refused_in_both_modes(cloud, MODULE, tierless, "Next: delete what they serve, or keep app")
    assert "tiers: found eni-" in refusal(cloud, tierless)
    assert "zones: found eni-" in refusal(cloud, fewer)
    assert not run(cloud, MODULE, {**GIVEN, **ZONES})["changed"]
    ec2.delete_network_interface(NetworkInterfaceId=worker["NetworkInterfaceId"])
    ec2.delete_nat_gateway(NatGatewayId=theirs)
    # What is left in the zone is ours, and goes too.
    four_steps(cloud, MODULE, fewer)


def test_subnets_of_others_do_not_go_with_something_in_them(cloud: Cloud) -> None:
    made, ec2 = run(cloud, MODULE, GIVEN)["resource"], cloud.client("ec2")
    subnet = ec2.create_subnet(VpcId=made["vpc_id"], CidrBlock="10.20.250.0/24")["Subnet"]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet)
    refused_in_both_modes(cloud, MODULE, {**GIVEN, "purge_subnets": True}, f"in subnet {subnet}, wanted")


def test_cache_nodes_keep_no_zone_from_being_given_up(cloud: Cloud) -> None:
    tiers = {"tiers": {**GIVEN["tiers"], "cache": {"internet": "none"}}, "security_groups": {"cache": {}}}
    run(cloud, MODULE, {**GIVEN, **ZONES, **tiers})
    run(cloud, "elasticache_replication_group", {"cache_node_type": "cache.t4g.small", "num_cache_clusters": 2})
    plan = run(cloud, MODULE, {**GIVEN, **ZONES, **tiers, "zones": ["eu-west-1a"]}, check=True)
    assert "delete_subnet" in {call["operation"] for call in plan["calls"]}


def test_interfaces_are_read_only_when_a_subnet_is_to_go(cloud: Cloud) -> None:
    run(cloud, MODULE, GIVEN)
    at = len(cloud.journal())
    run(cloud, MODULE, GIVEN, check=True)
    assert "DescribeNetworkInterfaces" not in {entry["operation"] for entry in cloud.journal()[at:]}


def refusal(cloud: Cloud, given: dict[str, Any]) -> str:
    with pytest.raises(Refused) as refused:
        run(cloud, MODULE, given, check=True)
    return str(refused.value)
