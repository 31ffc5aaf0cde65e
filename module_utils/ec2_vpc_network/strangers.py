"""What others have put into our network; it is told, and left alone.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import groups
from .topology import IPV4, IPV6, NAT64, tier_routes

Stranger = dict[str, str]
# What a route leads to.  Source: DescribeRouteTables API reference, Route.
ENDS = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId", "InstanceId",
        "EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn")  # fmt: skip
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
LOCAL = "local"
PROPAGATED = "EnableVgwRoutePropagation"
# Objects in a VPC that others make beside ours: what, answer, list, id, and what tells them apart for people.
SUBNET, ROUTE_TABLE = "subnet", "route table"
BESIDE = (
    (SUBNET, "subnets", "Subnets", "SubnetId", "CidrBlock"),
    ("security group", "groups", "SecurityGroups", "GroupId", "GroupName"),
    ("NAT gateway", "nat_gateways", "NatGateways", "NatGatewayId", "SubnetId"),
    ("network ACL", "network_acls", "NetworkAcls", "NetworkAclId", "OwnerId"),
    ("endpoint", "endpoints", "VpcEndpoints", "VpcEndpointId", "ServiceName"),
)
GONE = ("deleted", "deleting")
# AWS deletes no VPC with these in it.  Source: "Delete your VPC", Amazon VPC user guide.
HOLD_A_VPC = (*(what for what, *_ in BESIDE), ROUTE_TABLE)


def strangers(answers: Mapping[str, Any], state: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[Stranger]:
    """Subnets, groups, gateways, endpoints and route tables that are not ours, and routes of others in our tables."""
    vpc, ours = str(state["vpc_id"]), set(state["part_tags"])
    for what, answer, group, key, about in BESIDE:
        for item in answers[answer][group]:
            own = item[key] in ours or item.get("GroupName") == "default" or item.get("IsDefault")
            # A NAT gateway that failed holds nothing and goes by itself.
            gone = (*GONE, "failed") if key == "NatGatewayId" else GONE
            if not own and str(item.get("State", "")).lower() not in gone:
                yield _told(what, item[key], vpc, item.get(about, ""))
    # A regional NAT gateway brings a route table along.
    ours |= {item["RouteTableId"] for item in answers["nat_gateways"]["NatGateways"] if item.get("RouteTableId")}
    for table in answers["route_tables"]["RouteTables"]:
        main = any(each.get("Main") for each in table.get("Associations") or ())
        if table["RouteTableId"] not in ours and not main:
            yield _told(ROUTE_TABLE, table["RouteTableId"], vpc, "")
    for way, group, rule in groups.others(options, state):
        yield _told(f"{way} rule", rule, group, rule)
    for key, table in state["route_tables"].items():
        for destination, target in table["routes"].items():
            if destination not in tier_routes(options, key):
                yield _told("route", destination, table["id"], target)


def others(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Destination and target of the routes beside the ways to the internet, without those that AWS puts there itself.

    Those are the local ones, those of gateway endpoints, and those that a virtual private gateway propagates.
    """
    for route in table.get("Routes") or ():
        destination, target = ends(route)
        by_aws = target == LOCAL or "DestinationPrefixListId" in route or route.get("Origin") == PROPAGATED
        if not by_aws and destination not in (IPV4, IPV6, NAT64):
            yield destination, target


def ends(route: Mapping[str, Any]) -> tuple[str, str]:
    """Destination and target of a route."""
    destination = next((str(route[key]) for key in DESTINATIONS if route.get(key)), "")
    return destination, next((str(route[end]) for end in ENDS if route.get(end)), "nowhere")


def _told(what: str, object_id: str, where: str, found: Any) -> Stranger:
    return {"what": what, "id": object_id, "where": where, "found": str(found)}
