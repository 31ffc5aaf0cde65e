"""What others have put into our network; it is told, and left alone.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Stranger = dict[str, str]
# What a route leads to.  Source: DescribeRouteTables API reference, Route.
ENDS = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId", "InstanceId",
        "EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn")  # fmt: skip
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
# Objects in a VPC that others make beside ours: what, answer, list, id, and what tells them apart for people.
BESIDE = (
    ("subnet", "subnets", "Subnets", "SubnetId", "CidrBlock"),
    ("security group", "groups", "SecurityGroups", "GroupId", "GroupName"),
    ("NAT gateway", "nat_gateways", "NatGateways", "NatGatewayId", "SubnetId"),
    ("endpoint", "endpoints", "VpcEndpoints", "VpcEndpointId", "ServiceName"),
)
GONE = ("deleted", "deleting")


def strangers(answers: Mapping[str, Any], state: Mapping[str, Any]) -> Iterator[Stranger]:
    """Subnets, groups, gateways, endpoints and route tables that are not ours, and routes of others in our tables."""
    vpc, ours = str(state["vpc_id"]), set(state["part_tags"])
    for what, answer, group, key, about in BESIDE:
        for item in answers[answer][group]:
            own = item[key] in ours or item.get("GroupName") == "default"
            if not own and str(item.get("State", "")).lower() not in GONE:
                yield _told(what, item[key], vpc, item.get(about, ""))
    for table in answers["route_tables"]["RouteTables"]:
        table_id = table["RouteTableId"]
        if table_id in ours:
            yield from _routes(table, ours)
        elif not any(each.get("Main") for each in table.get("Associations") or ()):
            yield _told("route table", table_id, vpc, "")


def _routes(table: Mapping[str, Any], ours: set[str]) -> Iterator[Stranger]:
    """Routes that lead to nothing of ours, without the local ones and those that a gateway hands on by itself."""
    for route in table.get("Routes") or ():
        target = next((str(route[end]) for end in ENDS if route.get(end)), "nowhere")
        if target == "local" or target in ours or route.get("Origin") == "EnableVgwRoutePropagation":
            continue
        destination = next((str(route[key]) for key in DESTINATIONS if route.get(key)), "")
        yield _told("route", destination, table["RouteTableId"], target)


def _told(what: str, object_id: str, where: str, found: Any) -> Stranger:
    return {"what": what, "id": object_id, "where": where, "found": str(found)}
