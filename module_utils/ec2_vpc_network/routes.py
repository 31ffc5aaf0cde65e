# SPDX-License-Identifier: Apache-2.0
"""Route tables: how they are seen, and their calls.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, IN_PLACE, Call, Ref
from . import names, topology
from .owned import Owned, items
from .state import TO_EGRESS_ONLY_GATEWAY, TO_INTERNET_GATEWAY
from .strangers import by_aws, ends, is_main, others


def route_calls(observed: Any, desired: Any) -> list[Call]:
    """Tables are associated before they get a route, for a route to a new NAT gateway has to wait for it."""
    before, after = observed["route_tables"], desired["route_tables"]
    calls: list[Call] = []
    for key, table in after.items():
        if before.get(key) != table:
            calls += _table_calls(observed, desired, key)
    for key, table in before.items():
        calls += delete_table_calls(key, table, observed, _taken(observed, after)) if key not in after else []
    return calls


def _taken(observed: Any, tables: Mapping[str, Any]) -> dict[str, str]:
    """The associations of our subnets that stay, which go over to another table in one call: id -> that table."""
    held, there = observed.get("table_associations", {}), observed["subnets"]
    return {held[there[subnet]["id"]]: key for key, table in tables.items() for subnet in table["subnets"]
            if subnet in there and there[subnet]["id"] in held}  # fmt: skip


def _table_calls(observed: Any, desired: Any, key: str) -> list[Call]:
    noun, wanted = names.route_table(key), desired["route_tables"][key]
    present = observed["route_tables"].get(key, {})
    table_id = present.get("id") or Ref(noun)
    calls = []
    if not present:
        params = {
            "VpcId": observed["vpc_id"],
            "TagSpecifications": names.specification(desired, "route-table", f"route-table/{key}"),
        }
        calls.append(
            Call(
                "ec2",
                "create_route_table",
                params,
                noun,
                f"create {noun}",
                CREATE,
                saves={noun: "RouteTable.RouteTableId"},
            )
        )
    calls += [_association_call(observed, noun, subnet, table_id)
              for subnet in wanted["subnets"] if subnet not in present.get("subnets", ())]  # fmt: skip
    calls += _way_calls(observed, noun, table_id, present.get("internet_routes", {}), wanted["internet_routes"])
    calls += _propagation_calls(noun, table_id, present.get("propagating_vgws", []), wanted["propagating_vgws"])
    return calls + _other_routes(noun, table_id, present.get("routes", {}), wanted["routes"])


def _association_call(observed: Any, noun: str, key: str, table_id: Any) -> Call:
    """Gives a subnet its table; AWS takes one that has another only as a replacement.

    Source: AssociateRouteTable and ReplaceRouteTableAssociation API reference.
    """
    subnet = names.id_of(observed, "subnets", key, names.subnet(key))
    other = observed.get("table_associations", {}).get(subnet)
    if other:
        params = {"AssociationId": other, "RouteTableId": table_id}
        why = f"use {noun} for its subnet again, which somebody gave another one"
        return Call("ec2", "replace_route_table_association", params, noun, why, DISRUPTIVE)
    params = {"RouteTableId": table_id, "SubnetId": subnet}
    return Call("ec2", "associate_route_table", params, noun, f"use {noun} for its subnet")


# The parameter that takes a target, by the beginning of its id.  Source: CreateRoute API reference.
TARGETS = {
    "pcx": "VpcPeeringConnectionId", "tgw": "TransitGatewayId", "vgw": "GatewayId", "igw": "GatewayId",
    "nat": "NatGatewayId", "eni": "NetworkInterfaceId", "vpce": "VpcEndpointId", "lgw": "LocalGatewayId",
    "cagw": "CarrierGatewayId", "eigw": "EgressOnlyInternetGatewayId",
}  # fmt: skip


def _other_routes(noun: str, table_id: Any, before: Any, after: Any) -> list[Call]:
    """Routes beside the default one: new ones first, then those that lead elsewhere, then those that go."""
    calls = []
    for destination in sorted(after, key=lambda each: (each in before, each)):
        target = after[destination]
        if before.get(destination) != target:
            gateway = {TARGETS[target.partition("-")[0]]: target}
            calls.append(_lead(noun, table_id, destination, before, target, gateway))
    for destination in sorted(set(before) - set(after)):
        why = f"{noun} no longer leads {destination} to {before[destination]}"
        calls.append(_delete_route(noun, table_id, destination, why))
    return calls


def _lead(
    noun: str, table_id: Any, destination: str, before: Any, target: str, gateway: Any, needs: tuple[str, ...] = ()
) -> Call:
    """The call that leads a destination to a target, in the place of another one if it has one before."""
    operation, change = ("replace_route", DISRUPTIVE) if destination in before else ("create_route", IN_PLACE)
    params = {"RouteTableId": table_id, _destination(destination): destination, **gateway}
    return Call("ec2", operation, params, noun, f"{noun} leads {destination} to {target}", change, needs)


def _delete_route(noun: str, table_id: Any, destination: str, why: str) -> Call:
    params = {"RouteTableId": table_id, _destination(destination): destination}
    return Call("ec2", "delete_route", params, noun, why, DISRUPTIVE)


def _way_calls(observed: Any, noun: str, table_id: Any, before: Any, after: Any) -> list[Call]:
    """The calls that change the ways to the internet; connections through an old one break."""
    calls = []
    for destination in sorted({*before, *after}):
        wanted = after.get(destination)
        if wanted is None:
            calls.append(_delete_route(noun, table_id, destination, f"no way from {noun} to {destination}"))
        elif before.get(destination) != wanted:
            needs = (wanted, names.IPV6) if ":" in destination else (wanted,)
            calls.append(_lead(noun, table_id, destination, before, wanted, _gateway(observed, wanted), needs))
    return calls


def _propagation_calls(noun: str, table_id: Any, before: list[str], after: list[str]) -> list[Call]:
    """Virtual private gateways that put their routes into a table.  Source: EnableVgwRoutePropagation API reference."""
    calls = []
    for gateway in sorted({*before} ^ {*after}):
        params = {"RouteTableId": table_id, "GatewayId": gateway}
        verb, change = ("enable", IN_PLACE) if gateway in after else ("disable", DISRUPTIVE)
        why = f"{noun} {'takes' if gateway in after else 'no longer takes'} the routes of {gateway}"
        calls.append(Call("ec2", f"{verb}_vgw_route_propagation", params, noun, why, change))
    return calls


def _gateway(observed: Any, target: str) -> dict[str, Any]:
    """The parameter for one of our gateways, or for what a tier names by its id."""
    if target == TO_INTERNET_GATEWAY:
        return {"GatewayId": observed["internet_gateway"].get("id") or Ref(target)}
    if target == TO_EGRESS_ONLY_GATEWAY:
        return {"EgressOnlyInternetGatewayId": observed["egress_only_gateway"].get("id") or Ref(target)}
    if target.partition("-")[0] in TARGETS:
        return {TARGETS[target.partition("-")[0]]: target}
    zone = target.removeprefix(names.nat_gateway(""))
    return {"NatGatewayId": names.id_of(observed, "nat_gateways", zone, target)}


def _destination(block: str) -> str:
    """The parameter that takes a destination."""
    if block.startswith(topology.PREFIX_LIST):
        return "DestinationPrefixListId"
    return "DestinationIpv6CidrBlock" if ":" in block else "DestinationCidrBlock"


def delete_table_calls(key: str, table: Any, observed: Any, taken: Mapping[str, str] | None = None) -> list[Call]:
    """A table goes after the gateway endpoints and the subnets that other tables have ``taken`` have let go of it."""
    noun, calls, taken = names.route_table(key), [], taken or {}
    after = tuple(names.endpoint(service) for service in observed["gateway_endpoints"])
    after += tuple(names.route_table(taken[each]) for each in table["associations"] if each in taken)
    for association in (each for each in table["associations"] if each not in taken):
        params = {"AssociationId": association}
        calls.append(
            Call("ec2", "disassociate_route_table", params, noun, f"take {noun} from its subnet", DELETE, after)
        )
    params = {"RouteTableId": table["id"]}
    return [*calls, Call("ec2", "delete_route_table", params, noun, f"delete {noun}", DELETE, after)]


def observed_tables(owned: Owned, answers: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    targets = {item["id"]: names.nat_gateway(zone) for zone, item in state["nat_gateways"].items()}
    for field, gateway in (("internet_gateway", TO_INTERNET_GATEWAY), ("egress_only_gateway", TO_EGRESS_ONLY_GATEWAY)):
        targets |= {state[field]["id"]: gateway} if state[field] else {}
    tables = owned.parts(items(answers, "route-table"), "route-table")
    keys = {item["id"]: key for key, item in state["subnets"].items()}
    return {key: _observed_table(item, targets, keys) for key, item in sorted(tables.items())}


def _observed_table(item: Mapping[str, Any], targets: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, Any]:
    made = [ends(route) for route in item["Routes"] if not by_aws(route)]
    ways = dict(way for way in made if way[0] in (topology.IPV4, topology.IPV6, topology.NAT64))
    associations = {each["SubnetId"]: each["RouteTableAssociationId"] for each in item.get("Associations") or ()
                    if each.get("SubnetId")}  # fmt: skip
    return {
        "id": item["RouteTableId"],
        "internet_routes": {destination: targets.get(target, target) for destination, target in sorted(ways.items())},
        "routes": dict(others(item)),
        "propagating_vgws": sorted(each["GatewayId"] for each in item.get("PropagatingVgws") or ()),
        "subnets": sorted(keys[each] for each in associations if each in keys),
        "associations": sorted(associations.values()),
    }


# Gateways that somebody else attaches to a VPC, by the beginning of their ids; until then no route leads to them.
# Source: terraform-provider-aws#10025, InvalidTransitGatewayID.NotFound; EnableVgwRoutePropagation, errors.
TO_BE_ATTACHED = ("tgw-", "vgw-")


def requests(options: Mapping[str, Any], vpc_id: str) -> dict[str, Any]:
    """The reads of what is attached to a VPC, where a tier has a route or a propagation that asks for it."""
    tiers = (options["tiers"] or {}).values()
    targets = [str(target) for each in tiers for target in (each.get("routes") or {}).values()]
    targets += [str(gateway) for each in tiers for gateway in each.get("propagating_vgws") or ()]
    reads = {
        "tgw-": ("transit_attachments", "describe_transit_gateway_vpc_attachments", "vpc-id"),
        "vgw-": ("vpn_gateways", "describe_vpn_gateways", "attachment.vpc-id"),
    }
    return {key: ("ec2", operation, {"Filters": [{"Name": name, "Values": [vpc_id]}]}, ("UnauthorizedOperation",))
            for prefix, (key, operation, name) in reads.items()
            if any(target.startswith(prefix) for target in targets)}  # fmt: skip


def observed_attached(answers: Mapping[str, Any]) -> list[str] | None:
    """Ids of the gateways that are attached to the VPC; ``None`` where nobody asked or may."""
    transit, private = answers.get("transit_attachments"), answers.get("vpn_gateways")
    if transit is None and private is None:
        return None
    found = [each["TransitGatewayId"] for each in (transit or {}).get("TransitGatewayVpcAttachments", ())
             if each["State"] == "available"]  # fmt: skip
    return found + [each["VpnGatewayId"] for each in (private or {}).get("VpnGateways", ())]


def waits_for_attachment(present: Mapping[str, Any], target: Any) -> bool:
    """Whether a route to a target has to wait: nobody can attach anything to a VPC before it is there."""
    known = present.get("attached_gateways") if present["vpc_id"] else []
    return str(target).startswith(TO_BE_ATTACHED) and known is not None and target not in known


def observed_default(owned: Owned, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The VPC's main route table, and whether it leads nowhere; one that AWS does not show yet does.

    A table of ours that somebody made the main one is told, and keeps its routes: they are a subnet's of ours.
    """
    tables = items(answers, "route-table")
    main = next(filter(is_main, tables), {})
    destinations = sorted(ends(route)[0] for route in main.get("Routes", ()) if not by_aws(route))
    associations = {each["SubnetId"]: each["RouteTableAssociationId"] for table in tables
                    for each in table.get("Associations") or () if each.get("SubnetId")}  # fmt: skip
    return {
        "default_route_table": {"id": main.get("RouteTableId"), "destinations": destinations},
        "default_route_table_locked": not destinations or owned.part(main, "route-table") is not None,
        "table_associations": associations,
    }


def lock_calls(observed: Any, desired: Any) -> list[Call]:
    """Takes every route from the main route table, which subnets have that nobody gave another one."""
    if not desired["default_route_table_locked"] or observed["default_route_table_locked"]:
        return []
    table, noun = observed["default_route_table"], names.DEFAULT_ROUTE_TABLE
    return [_delete_route(noun, table["id"], destination, f"no way from {noun} to {destination}")
            for destination in table["destinations"]]  # fmt: skip
