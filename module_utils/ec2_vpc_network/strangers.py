# SPDX-License-Identifier: Apache-2.0
"""What others have put into our network; it is told, and left alone.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import groups, names
from .owned import TAGGED, items
from .topology import IPV4, IPV6, NAT64, split, subnet_of_table, tier, tier_routes

Stranger = dict[str, str]
# What a route leads to.  Source: DescribeRouteTables API reference, Route.
ENDS = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId", "InstanceId",
        "EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn")  # fmt: skip
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
LOCAL = "local"
# Routes that nobody made by hand and nobody can delete.  Source: DescribeRouteTables API reference, Route.Origin.
OF_ITSELF = ("EnableVgwRoutePropagation", "Advertisement")
# Objects in a VPC that others make beside ours, all of which keep AWS from deleting it: what, kind, and what tells them
# apart for people.  Source: "Delete your VPC", Amazon VPC user guide.
SUBNET = "subnet"
BESIDE = {
    SUBNET: ("subnet", "CidrBlock"),
    "security group": ("security-group", "GroupName"),
    "NAT gateway": ("nat", "SubnetId"),
    "network ACL": ("network-acl", "OwnerId"),
    "endpoint": ("endpoint", "ServiceName"),
    "route table": ("route-table", ""),
}
GONE = ("deleted", "deleting")


def strangers(answers: Mapping[str, Any], state: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[Stranger]:
    """Subnets, groups, gateways, endpoints and route tables that are not ours, and routes of others in our tables."""
    vpc, ours = str(state["vpc_id"]), set(state["part_tags"])
    for what, object_id, about in beside(answers):
        if object_id not in ours:
            yield _told(what, object_id, vpc, about)
    for way, group, rule in groups.others(options, state):
        yield _told(f"{way} rule", rule, group, rule)
    for key, acl in state["acl_of_subnets"].items():
        if acl != names.DEFAULT_ACL and acl not in state["network_acls"]:
            yield _told("subnet under a network ACL of others", key, vpc, acl)
    for log in items(answers, "flow-log"):
        if log["FlowLogId"] not in ours:
            yield _told("flow log", log["FlowLogId"], vpc, log.get("LogDestination") or log.get("LogGroupName", ""))
    yield from _blocks(state, options)
    yield from _in_tables(answers, state, options)


def _blocks(state: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[Stranger]:
    """Blocks beside the first one, on which the declaration says nothing."""
    vpc = str(state["vpc_id"])
    for block in state["secondary_cidr_blocks"] if options["secondary_cidr_blocks"] is None else ():
        yield _told("CIDR block", block, vpc, "a further block of the VPC")
    if state["ipv6"] and options["ipv6_pool"] is None:
        yield _told("CIDR block", state["ipv6"]["cidr_block"], vpc, "an IPv6 block of the VPC")


def _in_tables(answers: Mapping[str, Any], state: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[Stranger]:
    """What others did to our route tables: routes, gateways that put theirs there, one that became the main table."""
    vpc, ours = str(state["vpc_id"]), set(state["part_tags"])
    main = next(filter(is_main, items(answers, "route-table")), None)
    if main and main["RouteTableId"] in ours:
        yield _told("main route table", main["RouteTableId"], vpc, "a table of a subnet of ours; subnets of others "
                    "without a table use it, until another one is made the main table")  # fmt: skip
    for name, table in state["route_tables"].items():
        key = subnet_of_table(options, name)
        for gateway in (
            table["propagating_vgws"] if tier(options, split(key)[0]).get("propagating_vgws") is None else ()
        ):
            yield _told("propagating gateway", gateway, table["id"], "puts its routes into this table")
        for destination, target in table["routes"].items():
            if destination not in tier_routes(options, key):
                yield _told("route", destination, table["id"], target)


def beside(answers: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """What, id and what tells it apart, of all that somebody made in a VPC; what AWS made along with it goes along.

    ``answers`` holds lists of parts, as ``owned.TAGGED`` names them.
    """
    # A regional NAT gateway brings a route table along.
    along = {item.get("RouteTableId") for item in items(answers, "nat")}
    for what, (kind, about) in BESIDE.items():
        key = TAGGED[kind][2]
        # A NAT gateway that failed holds nothing and goes by itself.
        gone = (*GONE, "failed") if kind == "nat" else GONE
        for item in items(answers, kind):
            by_aws = is_main(item) or item.get("IsDefault") or item.get("GroupName") == "default" or item[key] in along
            if not by_aws and str(item.get("State", "")).lower() not in gone:
                yield what, item[key], item.get(about, "")


def is_main(table: Mapping[str, Any]) -> bool:
    """Whether it is the route table that AWS made with the VPC."""
    return any(each.get("Main") for each in table.get("Associations") or ())


def others(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Destination and target of the routes beside the ways to the internet, without those that AWS puts there itself.

    Those are the local ones, those of gateway endpoints, and those that a virtual private gateway propagates.
    """
    for route in table.get("Routes") or ():
        destination, target = ends(route)
        if not by_aws(route) and destination not in (IPV4, IPV6, NAT64):
            yield destination, target


def by_aws(route: Mapping[str, Any]) -> bool:
    """Whether AWS put a route there by itself: a local one, a gateway endpoint's, one that a gateway propagates."""
    target = ends(route)[1]
    endpoint = bool(route.get("DestinationPrefixListId")) and target.startswith("vpce-")
    return target == LOCAL or endpoint or route.get("Origin") in OF_ITSELF


def ends(route: Mapping[str, Any]) -> tuple[str, str]:
    """Destination and target of a route."""
    destination = next((str(route[key]) for key in DESTINATIONS if route.get(key)), "")
    return destination, next((str(route[end]) for end in ENDS if route.get(end)), "nowhere")


def _told(what: str, object_id: str, where: str, found: Any) -> Stranger:
    return {"what": what, "id": object_id, "where": where, "found": str(found)}
