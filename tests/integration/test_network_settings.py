# SPDX-License-Identifier: Apache-2.0
"""What can be set on a network, changed one at a time: planned, done, seen by boto3, interrupted, resumed.

``STREAMBED_KILLS=all`` dies at every call in both ways, and goes each way twice.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jmespath
import pytest
import yaml
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.integration.test_faults import objects
from tests.support.deaths import EVERY, Killed, faulty, in_turn, refused_in_both_modes, taken_up
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "ec2_vpc_network"
MATRIX = yaml.safe_load((Path(__file__).parent / "matrix" / "network_settings.yml").read_text())
BASE = MATRIX["base"]


def both_ends(row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The declarations before and after."""
    return {**BASE, **row.get("from", {})}, {**BASE, **row["to"]}


def laid(cloud: Cloud, given: dict[str, Any]) -> int:
    """A cloud with nothing but the network; returns where the journal is."""
    emptied(cloud)
    run(cloud, MODULE, given)
    return len(cloud.journal())


def emptied(cloud: Cloud) -> None:
    """A cloud with nothing but what the declarations lean on."""
    cloud.reset()
    place = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="flow-logs", CreateBucketConfiguration=place)
    cloud.client("logs").create_log_group(logGroupName="/team/network")


def shown(cloud: Cloud) -> dict[str, Any]:
    """The network as plain boto3 sees it."""
    ec2 = cloud.client("ec2")
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "tag-key", "Values": ["streambed:stack"]}])["Vpcs"]
    own = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    attribute = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableNetworkAddressUsageMetrics")
    tables = ec2.describe_route_tables(Filters=own)["RouteTables"]
    sets = ec2.describe_dhcp_options(Filters=[{"Name": "tag-key", "Values": ["streambed:stack"]}])["DhcpOptions"]
    assert [each["DhcpOptionsId"] for each in sets] in ([], [vpc["DhcpOptionsId"]])
    endpoints = ec2.describe_vpc_endpoints(Filters=own)["VpcEndpoints"]
    logs = cloud.client("logs").describe_log_groups(logGroupNamePrefix="/streambed/")["logGroups"]
    return {
        "endpoints": [{**each, "policy": json.loads(each["PolicyDocument"])} for each in endpoints],
        "flow_logs": ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}])["FlowLogs"],
        "log_groups": logs,
        "groups": ec2.describe_security_groups(Filters=own)["SecurityGroups"],
        "nat": ec2.describe_nat_gateways(Filter=own)["NatGateways"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "controls": ec2.describe_vpc_encryption_controls(VpcIds=[vpc["VpcId"]])["VpcEncryptionControls"],
        "exclusions": ec2.describe_vpc_block_public_access_exclusions()["VpcBlockPublicAccessExclusions"],
        "acls": ec2.describe_network_acls(Filters=own)["NetworkAcls"],
        "dhcp": sets[0] if sets else None,
        "vpc": vpc,
        "subnets": ec2.describe_subnets(Filters=own)["Subnets"],
        "routes": [route for table in tables for route in table["Routes"]],
        "usage_metrics": attribute["EnableNetworkAddressUsageMetrics"]["Value"],
    }


def assert_shown(cloud: Cloud, row: dict[str, Any]) -> None:
    there = shown(cloud)
    assert {path: settled(jmespath.search(path, there)) for path in row["shows"]} == {
        path: settled(value) for path, value in row["shows"].items()
    }


def settled(value: Any) -> Any:
    """Lists in an order that depends on nothing but themselves: AWS promises none."""
    return sorted(value, key=str) if isinstance(value, list) else value


def rows(kind: str) -> list[Any]:
    return [pytest.param(row, id=row["thing"]) for row in MATRIX[kind]]


@pytest.mark.parametrize("row", rows("rows"))
def test_a_change_is_what_its_plan_says_and_goes_back_and_away(cloud: Cloud, row: dict[str, Any]) -> None:
    before, after = both_ends(row)
    emptied(cloud)
    untouched = objects(cloud)
    run(cloud, MODULE, before)
    first = four_steps(cloud, MODULE, after)
    if "calls" in row:
        assert [call["operation"] for call in first["calls"]] == row["calls"]
    assert_shown(cloud, row)
    four_steps(cloud, MODULE, before)
    if EVERY:
        four_steps(cloud, MODULE, after)
    four_steps(cloud, MODULE, {"state": "absent"})
    assert objects(cloud) == untouched
    if EVERY:  # all at once, from nothing
        four_steps(cloud, MODULE, after)
        assert_shown(cloud, row)


@pytest.mark.parametrize("row", rows("refused"))
def test_what_aws_would_refuse_is_refused_with_its_reason(cloud: Cloud, row: dict[str, Any]) -> None:
    before, after = both_ends(row)
    laid(cloud, before)
    refused_in_both_modes(cloud, MODULE, after, row["says"])


@pytest.mark.parametrize(("row", "after_effect"), in_turn(rows("rows")))
def test_a_change_that_died_at_any_call_is_taken_up(cloud: Cloud, row: dict[str, Any], after_effect: bool) -> None:
    before, after = both_ends(row)
    taken_up(cloud, MODULE, after, after_effect, lambda: laid(cloud, before), lambda: assert_shown(cloud, row))


def test_what_aws_refuses_inside_of_a_good_answer_is_told(cloud: Cloud) -> None:
    with pytest.raises(AwsFailure, match=r"create flow log.* LogDestination: nowhere does not exist"):
        run(cloud, MODULE, {**BASE, "flow_logs": {"destination": "arn:aws:s3:::nowhere"}})


@pytest.mark.parametrize("kind", ["single", "regional"])
def test_a_given_address_is_used_and_outlives_its_gateway(cloud: Cloud, kind: str) -> None:
    emptied(cloud)
    ec2 = cloud.client("ec2")
    allocation, other = (ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))
    given = {**BASE, "nat_gateways": kind, "nat_allocation_ids": {"eu-west-1a": allocation}}
    made = four_steps(cloud, MODULE, given)
    assert "allocate_address" not in [call["operation"] for call in made["calls"]]
    [gateway] = ec2.describe_nat_gateways()["NatGateways"]
    assert [each["AllocationId"] for each in gateway["NatGatewayAddresses"]] == [allocation]
    with pytest.raises(Refused, match="the address of a NAT gateway cannot change"):
        run(cloud, MODULE, {**given, "nat_allocation_ids": {"eu-west-1a": other}}, check=True)
    four_steps(cloud, MODULE, {"state": "absent"})
    assert {each["AllocationId"] for each in ec2.describe_addresses()["Addresses"]} == {allocation, other}


def addressed(cloud: Cloud) -> list[str]:
    """Which addresses the NAT gateway has, the first one left out, as plain boto3 sees it."""
    [gateway] = [each for each in cloud.client("ec2").describe_nat_gateways()["NatGateways"]
                 if each["State"] == "available"]  # fmt: skip
    return sorted(each["AllocationId"] for each in gateway["NatGatewayAddresses"] if not each["IsPrimary"])


def test_addresses_beside_the_first_come_go_and_outlive_the_gateway(cloud: Cloud) -> None:
    """Created with the gateway, changed, drifted, repaired, removed; null leaves them, and a death is taken up."""
    emptied(cloud)
    cloud.configure(settle_polls={"nat_address": 1, "nat_address_drain": 2})
    ec2 = cloud.client("ec2")
    one, two, three = (ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(3))

    def given(*ids: str) -> dict[str, Any]:
        return {**BASE, "nat_secondary_allocation_ids": {"eu-west-1a": list(ids)}}

    four_steps(cloud, MODULE, given(one, two))
    assert addressed(cloud) == sorted([one, two])
    changed = four_steps(cloud, MODULE, given(two, three))
    assert [call["operation"] for call in changed["calls"]] == [
        "disassociate_nat_gateway_address", "associate_nat_gateway_address"]  # fmt: skip
    assert not run(cloud, MODULE, BASE)["changed"], "no word on them leaves them"
    [gateway] = ec2.describe_nat_gateways()["NatGateways"]
    held = {each["AllocationId"]: each["AssociationId"] for each in gateway["NatGatewayAddresses"]}
    ec2.disassociate_nat_gateway_address(NatGatewayId=gateway["NatGatewayId"], AssociationIds=[held[three]])
    four_steps(cloud, MODULE, given(two, three))  # while the connections through it still end
    assert addressed(cloud) == sorted([two, three])
    four_steps(cloud, MODULE, {**BASE, "nat_secondary_allocation_ids": {}})
    assert addressed(cloud) == []
    four_steps(cloud, MODULE, {"state": "absent"})
    assert {one, two, three} == {each["AllocationId"] for each in ec2.describe_addresses()["Addresses"]}


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_change_of_addresses_that_died_is_taken_up(cloud: Cloud, after_effect: bool) -> None:
    ids: list[str] = []

    def lay() -> None:
        emptied(cloud)
        ec2 = cloud.client("ec2")
        ids[:] = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2)]
        run(cloud, MODULE, {**BASE, "nat_secondary_allocation_ids": {"eu-west-1a": ids[:1]}})

    lay()
    for died_at in (1, 2):
        lay()
        given = {**BASE, "nat_secondary_allocation_ids": {"eu-west-1a": ids[1:]}}
        with pytest.raises(AwsFailure, match="Made before"):
            run(cloud, MODULE, given, aws=faulty(cloud, died_at, after_effect, Killed()))
        run(cloud, MODULE, given)
        assert addressed(cloud) == ids[1:]
        assert not run(cloud, MODULE, given)["changed"]


def test_addresses_for_a_zone_without_a_gateway_or_in_use_are_refused(cloud: Cloud) -> None:
    emptied(cloud)
    ec2 = cloud.client("ec2")
    free = ec2.allocate_address(Domain="vpc")["AllocationId"]
    far = {**BASE, "zones": ["eu-west-1a", "eu-west-1b"], "nat_secondary_allocation_ids": {"eu-west-1b": [free]}}
    refused_in_both_modes(cloud, MODULE, far, "wanted addresses for a zone with a NAT gateway: eu-west-1a")
    run(cloud, MODULE, {**BASE, "nat_secondary_allocation_ids": {"eu-west-1a": [free]}})
    other = {**BASE, "environment_suffix": "other", "nat_secondary_allocation_ids": {"eu-west-1a": [free]}}
    refused_in_both_modes(cloud, MODULE, other, f"found {free}, which is in use, wanted an address that nobody uses")


def test_an_address_that_somebody_uses_is_refused(cloud: Cloud) -> None:
    emptied(cloud)
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.0.0/24")["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface)
    with pytest.raises(Refused, match=f"found {allocation}, which is in use, wanted an address that nobody uses"):
        run(cloud, MODULE, {**BASE, "nat_allocation_ids": {"eu-west-1a": allocation}})


def test_encryption_that_cannot_be_enforced_says_why_and_the_next_run_goes_on(cloud: Cloud) -> None:
    emptied(cloud)
    with pytest.raises(AwsFailure, match="encryption control is enforce-failed: Not encrypted: InternetGateway"):
        run(cloud, MODULE, {**BASE, "encryption_control": {"mode": "enforce"}})
    given = {**BASE, "encryption_control": {"mode": "enforce", "exclusions": ["internet_gateway", "nat_gateway"]}}
    four_steps(cloud, MODULE, given)


def pool(cloud: Cloud, family: str, cidr: str) -> str:
    """A pool of IPAM's with one block."""
    ec2 = cloud.client("ec2")
    scope = ec2.create_ipam()["Ipam"]["PrivateDefaultScopeId"]
    made = ec2.create_ipam_pool(IpamScopeId=scope, AddressFamily=family)["IpamPool"]["IpamPoolId"]
    ec2.provision_ipam_pool_cidr(IpamPoolId=made, Cidr=cidr)
    return made


def test_blocks_out_of_pools_are_known_after_apply_and_subnets_have_their_places_in_them(cloud: Cloud) -> None:
    emptied(cloud)
    ec2 = cloud.client("ec2")
    ipv4, ipv6 = pool(cloud, "ipv4", "10.64.0.0/12"), pool(cloud, "ipv6", "2001:db8::/40")
    taken = ec2.create_vpc(Ipv4IpamPoolId=ipv4, Ipv4NetmaskLength=16)["Vpc"]["CidrBlock"]
    guarded = {"ingress": [{"rule_number": 100, "protocol": "all", "cidr_block": "vpc"}]}
    given = {**BASE, "cidr_block": None, "ipv4_ipam_pool_id": ipv4, "ipv4_netmask_length": 20, "ipv6_pool": ipv6,
             "ipv6_netmask_length": 56, "interface_endpoints": ["kinesis-streams"], "interface_endpoint_tier": "app",
             "default_network_acl": guarded}  # fmt: skip
    plan = run(cloud, MODULE, given, check=True)
    [made] = [call["params"] for call in plan["calls"] if call["operation"] == "create_vpc"]
    assert (made["Ipv4IpamPoolId"], made["Ipv4NetmaskLength"]) == (ipv4, 20)
    four_steps(cloud, MODULE, given)
    there = shown(cloud)
    assert taken == "10.64.0.0/16"
    assert there["vpc"]["CidrBlock"] == "10.65.0.0/20"
    assert sorted(each["CidrBlock"] for each in there["subnets"]) == ["10.65.0.0/24", "10.65.4.0/24", "10.65.8.0/24"]
    blocks = [each["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] for each in there["subnets"]]
    assert sorted(blocks) == ["2001:db8:0:4::/64", "2001:db8:0:8::/64", "2001:db8::/64"]
    [acl] = [each for each in there["acls"] if each["IsDefault"]]
    assert "10.65.0.0/20" in [entry.get("CidrBlock") for entry in acl["Entries"]]
    tiers = {**BASE["tiers"], "app": {"internet": "nat", "cidr_blocks": {"eu-west-1a": "10.65.3.0/24"}}}
    with pytest.raises(Refused, match="tiers cidr_blocks: found 10.65.3.0/24, wanted a block that is known"):
        run(cloud, MODULE, {**given, "environment_suffix": "other", "tiers": tiers}, check=True)
    four_steps(cloud, MODULE, {"state": "absent"})
    assert [each["Cidr"] for each in ec2.get_ipam_pool_allocations(IpamPoolId=ipv4)["IpamPoolAllocations"]] == [taken]


def test_a_rule_names_a_group_of_others_by_its_id(cloud: Cloud) -> None:
    """Created, drifted, repaired, removed; the other group stays as it is."""
    ec2, without = cloud.client("ec2"), {**BASE, "security_groups": {"app": {"ingress": [], "egress": []}}}
    laid(cloud, without)
    [app] = [group for group in shown(cloud)["groups"] if group["GroupName"] == "sensors-test-app"]
    theirs = ec2.create_security_group(GroupName="theirs", Description="of others", VpcId=app["VpcId"])["GroupId"]
    rule = {"port": 6379, "security_group": theirs}
    four_steps(cloud, MODULE, {**BASE, "security_groups": {"app": {"ingress": [rule], "egress": []}}})
    [app] = [group for group in shown(cloud)["groups"] if group["GroupName"] == "sensors-test-app"]
    assert [pair["GroupId"] for each in app["IpPermissions"] for pair in each["UserIdGroupPairs"]] == [theirs]
    ec2.revoke_security_group_ingress(GroupId=app["GroupId"], IpPermissions=app["IpPermissions"])
    four_steps(cloud, MODULE, {**BASE, "security_groups": {"app": {"ingress": [rule], "egress": []}}})
    four_steps(cloud, MODULE, without)
    assert theirs in [group["GroupId"] for group in shown(cloud)["groups"]]
