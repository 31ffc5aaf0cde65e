# SPDX-License-Identifier: Apache-2.0
"""What somebody else built becomes an environment's: nothing is made, moved or cut off, only tags are written."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support.runs import four_steps, run

NETWORK, GROUP, STREAM = "ec2_vpc_network", "elasticache_replication_group", "kinesis_data_stream"
TAGGING = {"create_tags", "add_tags_to_resource", "tag_resource"}
OURS = {"streambed:stack": "sensors", "streambed:environment": "test"}
OTHERS = {"streambed:stack": "sensors", "streambed:environment": "prod"}
ZONES = ("eu-west-1a", "eu-west-1b")
pytestmark = pytest.mark.inside


def named(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def built(cloud: Cloud) -> dict[str, str]:
    """A network as Terraform configurations have it: two kinds of subnets, each with one route table, and a NAT."""
    cloud.configure(settle_polls=0)
    ec2, ids = cloud.client("ec2"), {}
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=named("vpc", "iot"))["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=named("internet-gateway", "iot gateway"))
    ids["internet-gateway"] = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=ids["internet-gateway"], VpcId=vpc)
    for row, tier in enumerate(("public", "cache")):
        table = ec2.create_route_table(VpcId=vpc, TagSpecifications=named("route-table", f"iot {tier}"))
        ids[f"route-table/{tier}"] = table["RouteTable"]["RouteTableId"]
        for column, zone in enumerate(ZONES):
            subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{10 * row + column}.0/24", AvailabilityZone=zone,
                                       TagSpecifications=named("subnet", f"iot {tier} {zone}"))  # fmt: skip
            ids[f"subnet/{tier}/{zone}"] = subnet["Subnet"]["SubnetId"]
            ec2.associate_route_table(RouteTableId=ids[f"route-table/{tier}"], SubnetId=ids[f"subnet/{tier}/{zone}"])
    ids["address/eu-west-1a"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=ids["subnet/public/eu-west-1a"], AllocationId=ids["address/eu-west-1a"])
    ids["nat/eu-west-1a"] = nat["NatGateway"]["NatGatewayId"]
    way = {"DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(RouteTableId=ids["route-table/public"], GatewayId=ids["internet-gateway"], **way)
    ec2.create_route(RouteTableId=ids["route-table/cache"], NatGatewayId=ids["nat/eu-west-1a"], **way)
    group = ec2.create_security_group(GroupName="redis-20240101", Description="Redis of Terraform", VpcId=vpc)
    ids["security-group/cache"] = group["GroupId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3", RouteTableIds=[
        ids["route-table/public"], ids["route-table/cache"]])  # fmt: skip
    ids["endpoint/s3"] = endpoint["VpcEndpoint"]["VpcEndpointId"]
    return {"vpc": vpc, **ids}


def declared(ids: dict[str, str], **more: Any) -> dict[str, Any]:
    """The network that ``built`` made, in our words."""
    return {
        "vpc_id": ids["vpc"], "adopt": True, "adopted_parts": {part: ids[part] for part in ids if part != "vpc"},
        "name": "iot", "cidr_block": "10.20.0.0/16", "zones": list(ZONES), "nat_gateways": "single",
        "tiers": {"public": {"internet": "gateway", "route_table": "public"},
                  "cache": {"internet": "nat", "route_table": "cache"}},
        "gateway_endpoints": ["s3"], "endpoint_settings": {"s3": {"policy": {}}}, "purge_tags": False,
        "security_groups": {"cache": {"description": "Redis of Terraform"}}, **more,
    }  # fmt: skip


def operations(result: dict[str, Any]) -> set[str]:
    return {call["operation"] for call in result["calls"]}


def refusal(cloud: Cloud, module: str, given: dict[str, Any]) -> str:
    before = len(cloud.journal())
    with pytest.raises(Refused) as refused:
        run(cloud, module, given)
    assert not cloud.writes(before)
    return str(refused.value)


def test_a_network_of_others_is_adopted_with_its_parts(cloud: Cloud) -> None:
    ids = built(cloud)
    done = four_steps(cloud, NETWORK, declared(ids))
    assert operations(done) == {"create_tags"}
    assert not done["foreign"]
    ec2, parts = cloud.client("ec2"), [item for part, item in ids.items() if part != "vpc"]
    tags: dict[str, dict[str, str]] = {}
    for each in ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": list(ids.values())}])["Tags"]:
        tags.setdefault(each["ResourceId"], {})[each["Key"]] = each["Value"]
    assert all(OURS.items() <= tags[item].items() for item in (ids["vpc"], *parts))
    assert tags[ids["route-table/cache"]]["streambed:part"] == "route-table/cache"
    assert tags[ids["subnet/cache/eu-west-1a"]] == {**OURS, "Name": "iot cache eu-west-1a", "streambed:tier": "cache",
                                                    "streambed:part": "subnet/cache/eu-west-1a"}  # fmt: skip


def test_what_differs_is_an_ordinary_change(cloud: Cloud) -> None:
    ids = built(cloud)
    done = four_steps(cloud, NETWORK, declared(ids, gateway_endpoints=["s3", "dynamodb"]))
    assert operations(done) == {"create_tags", "create_vpc_endpoint"}


def test_settings_that_would_cut_off_others_need_a_word(cloud: Cloud) -> None:
    ids = built(cloud)
    acl = {"ingress": [{"rule_number": 100, "protocol": "all", "cidr_block": "vpc"}]}
    text = refusal(cloud, NETWORK, declared(ids, default_network_acl=acl, default_security_group_locked=True))
    assert "default_network_acl: found other rules than it has" in text
    assert "default_security_group_locked: found true" in text


def test_parts_of_others_and_parts_that_are_not_there_are_refused(cloud: Cloud) -> None:
    ids = built(cloud)
    lost = declared({**ids, "subnet/cache/eu-west-1a": "subnet-0123456789abcdef0"})
    assert "subnet-0123456789abcdef0, which the VPC does not have" in refusal(cloud, NETWORK, lost)
    theirs = [{"Key": key, "Value": value} for key, value in OTHERS.items()]
    cloud.client("ec2").create_tags(Resources=[ids["nat/eu-west-1a"]], Tags=theirs)
    text = refusal(cloud, NETWORK, declared(ids))
    assert f"adopted_parts nat/eu-west-1a: found {ids['nat/eu-west-1a']} of another environment" in text
    twice = {**ids, "subnet/cache/eu-west-1b": ids["subnet/cache/eu-west-1a"], "subnets/x": "subnet-1"}
    text = refusal(cloud, NETWORK, declared(twice))
    assert "which is subnet/cache/eu-west-1a as well" in text
    assert "adopted_parts: found subnets/x" in text


SHARED = {"cidr_block": "10.20.0.0/16", "zones": list(ZONES), "nat_gateways": "single", "gateway_endpoints": ["s3"]}


def tiers(**more: Any) -> dict[str, Any]:
    """A network whose two inner tiers have a table each, or share one."""
    return {**SHARED, "tiers": {"public": {"internet": "gateway"}, "app": {"internet": "nat", **more},
                                "cache": {"internet": "nat", **more}}}  # fmt: skip


def test_tiers_share_a_table_get_their_own_and_share_again(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)
    first = four_steps(cloud, NETWORK, tiers(route_table="inner"))["resource"]["route_tables"]
    assert sorted(first) == ["inner", "public/eu-west-1a", "public/eu-west-1b"]
    assert first["inner"]["subnets"] == ["app/eu-west-1a", "app/eu-west-1b", "cache/eu-west-1a", "cache/eu-west-1b"]
    apart = four_steps(cloud, NETWORK, tiers())
    assert len(apart["resource"]["route_tables"]) == 6
    assert "disassociate_route_table" not in operations(apart)
    again = four_steps(cloud, NETWORK, tiers(route_table="inner"))
    assert sorted(again["resource"]["route_tables"]) == sorted(first)
    ec2 = cloud.client("ec2")
    (lost,) = [each["RouteTableAssociationId"]
               for table in ec2.describe_route_tables(RouteTableIds=[again["resource"]["route_tables"]["inner"]["id"]])
               ["RouteTables"] for each in table["Associations"]
               if each["SubnetId"] == again["resource"]["subnets"]["cache/eu-west-1b"]["id"]]  # fmt: skip
    ec2.disassociate_route_table(AssociationId=lost)
    assert operations(four_steps(cloud, NETWORK, tiers(route_table="inner"))) == {"associate_route_table"}
    four_steps(cloud, NETWORK, {"state": "absent"})


def test_tiers_that_share_a_table_agree_on_what_it_holds(cloud: Cloud) -> None:
    given = tiers(route_table="inner")
    given["tiers"]["cache"]["internet"] = "none"
    assert "tiers cache internet: found none, wanted nat, as in tier app" in refusal(cloud, NETWORK, given)
    split = {**tiers(route_table="inner"), "nat_gateways": "per_zone"}
    assert "a table for each zone" in refusal(cloud, NETWORK, split)


def cached(cloud: Cloud) -> dict[str, Any]:
    """A replication group as Terraform makes it, under names of its own."""
    cloud.configure(settle_polls=0)
    ec2, elasticache = cloud.client("ec2"), cloud.client("elasticache")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ids = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{row}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
           for row, zone in enumerate(ZONES)]  # fmt: skip
    elasticache.create_cache_subnet_group(CacheSubnetGroupName="iot-cache", CacheSubnetGroupDescription="Managed by "
                                          "Terraform", SubnetIds=ids)  # fmt: skip
    group = ec2.create_security_group(GroupName="redis", Description="Redis", VpcId=vpc)["GroupId"]
    elasticache.create_replication_group(
        SecurityGroupIds=[group],
        ReplicationGroupId="iot-redis", ReplicationGroupDescription="cache", Engine="redis", EngineVersion="7.1",
        CacheNodeType="cache.t4g.small", NumNodeGroups=2, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True,
        MultiAZEnabled=True, CacheSubnetGroupName="iot-cache", TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True, Tags=[{"Key": "team", "Value": "iot"}])  # fmt: skip
    return {"name": "iot-redis", "cache_subnet_group_name": "iot-cache", "purge_tags": False, "subnet_ids": ids,
            "security_group_ids": [group]}  # fmt: skip


def test_a_replication_group_under_another_name_is_adopted_with_its_subnet_group(cloud: Cloud) -> None:
    given = cached(cloud)
    assert "set adopt to true if it shall be this environment's" in refusal(cloud, GROUP, given)
    done = four_steps(cloud, GROUP, {**given, "adopt": True})
    assert operations(done) == {"add_tags_to_resource"}
    assert done["resource"]["tags"] == {**OURS, "team": "iot"}
    assert not run(cloud, GROUP, given, check=True)["changed"]


def test_a_group_of_nobody_is_not_deleted_unadopted(cloud: Cloud) -> None:
    given = cached(cloud)
    assert "ownership tags" in refusal(cloud, GROUP, {**given, "adopt": True, "state": "absent"})


@pytest.mark.parametrize("mode", ["PROVISIONED", "ON_DEMAND"])
def test_a_stream_under_another_name_is_adopted(cloud: Cloud, mode: str) -> None:
    kinesis, shards = cloud.client("kinesis"), {"ShardCount": 2} if mode == "PROVISIONED" else {}
    kinesis.create_stream(StreamName="telemetry", StreamModeDetails={"StreamMode": mode}, **shards)
    given = {"name": "telemetry", "stream_mode": mode, "purge_tags": False}
    assert "set adopt to true" in refusal(cloud, STREAM, given)
    done = four_steps(cloud, STREAM, {**given, "adopt": True})
    assert operations(done) == {"tag_resource"}
    assert not run(cloud, STREAM, given, check=True)["changed"]


def test_a_stream_of_another_environment_is_never_adopted(cloud: Cloud) -> None:
    cloud.client("kinesis").create_stream(StreamName="telemetry", ShardCount=1, Tags=OTHERS)
    text = refusal(cloud, STREAM, {"name": "telemetry", "adopt": True})
    assert "found streambed:environment=prod, streambed:stack=sensors" in text
