"""The calls for a VPC's own settings, its subnets, gateways and routes.  Pure."""

from __future__ import annotations

import json
from typing import Any

from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, IN_PLACE, Call, Ref, refs
from ..reconcile.tags import boto3_tags, tag_changes, tag_specifications
from . import names, waits
from .state import NO_ROUTE, TO_INTERNET_GATEWAY

EVERYWHERE = "0.0.0.0/0"
TAGS = "tags"


def create_calls(desired: Any) -> list[Call]:
    params = {
        "CidrBlock": desired["cidr_block"],
        "InstanceTenancy": desired["instance_tenancy"] or "default",
        "TagSpecifications": tag_specifications("vpc", desired["tags"]),
    }
    return [Call("ec2", "create_vpc", params, names.VPC, f"create VPC {desired['name']}", CREATE,
                 saves={"vpc_id": "Vpc.VpcId"}, wait=waits.vpc(Ref("vpc_id")))]  # fmt: skip


def vpc_calls(observed: Any, desired: Any) -> list[Call]:
    """One attribute per call; names need resolution, so that comes first and goes last."""
    vpc_id, calls = observed["vpc_id"], []
    if desired["instance_tenancy"] != observed["instance_tenancy"]:
        params = {"VpcId": vpc_id, "InstanceTenancy": desired["instance_tenancy"]}
        calls.append(Call("ec2", "modify_vpc_tenancy", params, names.VPC, "let new instances share hardware"))
    attributes = [("dns_support", "EnableDnsSupport"), ("dns_hostnames", "EnableDnsHostnames")]
    for field, attribute in attributes if desired["dns_support"] else reversed(attributes):
        if desired[field] != observed[field]:
            params = {"VpcId": vpc_id, attribute: {"Value": desired[field]}}
            why = f"switch {field} {'on' if desired[field] else 'off'}"
            calls.append(Call("ec2", "modify_vpc_attribute", params, names.VPC, why))
    return calls + tag_calls({vpc_id: observed["tags"]}, {vpc_id: desired["tags"]}, names.VPC)


def part_tag_calls(observed: Any, desired: Any) -> list[Call]:
    return tag_calls(observed["part_tags"], desired["part_tags"], TAGS)


def tag_calls(before: Any, after: Any, on: str) -> list[Call]:
    """One call for all objects that get the same tags."""
    setting: dict[str, list[str]] = {}
    removing: dict[str, list[str]] = {}
    for item, tags in after.items():
        to_set, to_remove = tag_changes(before.get(item, {}), tags)
        if to_set:
            setting.setdefault(json.dumps(to_set, sort_keys=True), []).append(item)
        if to_remove:
            removing.setdefault(json.dumps(to_remove), []).append(item)
    calls = []
    for keys, items in removing.items():
        params = {"Resources": items, "Tags": [{"Key": key} for key in json.loads(keys)]}
        calls.append(Call("ec2", "delete_tags", params, on, f"remove tags of {len(items)} objects"))
    for tags, items in setting.items():
        params = {"Resources": items, "Tags": boto3_tags(json.loads(tags))}
        calls.append(Call("ec2", "create_tags", params, on, f"set tags of {len(items)} objects"))
    return calls


def subnet_calls(observed: Any, desired: Any) -> list[Call]:
    before, after = observed["subnets"], desired["subnets"]
    gone = {key: item for key, item in before.items() if key not in after}
    calls = [_create_subnet(observed, desired, key) for key in after if key not in before]
    return calls + [delete_subnet(key, item["id"], observed) for key, item in gone.items()]


def _create_subnet(observed: Any, desired: Any, key: str) -> Call:
    item, noun = desired["subnets"][key], names.subnet(key)
    params = {
        "VpcId": observed["vpc_id"],
        "CidrBlock": item["cidr_block"],
        "AvailabilityZone": item["zone"],
        "TagSpecifications": names.specification(desired, "subnet", f"subnet/{key}"),
    }
    return Call("ec2", "create_subnet", params, noun, f"create {noun}", CREATE, saves={noun: "Subnet.SubnetId"})


def delete_subnet(key: str, subnet_id: str, observed: Any) -> Call:
    """A subnet goes after its route table and after the gateways and endpoints that may stand in it."""
    noun = names.subnet(key)
    standing = [*(names.nat_gateway(zone) for zone in observed["nat_gateways"]),
                *names.endpoints_inside(observed)]  # fmt: skip
    after = (names.route_table(key), *standing)
    return Call("ec2", "delete_subnet", {"SubnetId": subnet_id}, noun, f"delete {noun}", DELETE, after)


def internet_gateway_calls(observed: Any, desired: Any) -> list[Call]:
    before, after, noun = observed["internet_gateway"], desired["internet_gateway"], names.INTERNET_GATEWAY
    if before and not after:
        return detach_calls(observed)
    calls = []
    if after and not before:
        params = {"TagSpecifications": names.specification(desired, "internet-gateway", "internet-gateway")}
        calls.append(Call("ec2", "create_internet_gateway", params, noun, f"create {noun}", CREATE,
                          saves={noun: "InternetGateway.InternetGatewayId"}))  # fmt: skip
    if after and not before.get("attached"):
        params = {"InternetGatewayId": before.get("id") or Ref(noun), "VpcId": observed["vpc_id"]}
        calls.append(Call("ec2", "attach_internet_gateway", params, noun, f"attach {noun}"))
    return calls


def detach_calls(observed: Any) -> list[Call]:
    """Detaching is refused as long as the VPC has public addresses.  Source: DetachInternetGateway API reference."""
    gateway, noun = observed["internet_gateway"], names.INTERNET_GATEWAY
    if not gateway:
        return []
    after = (*(names.route_table(key) for key in observed["route_tables"]),
             *(names.nat_gateway(zone) for zone in observed["nat_gateways"]),
             *(names.address(allocation) for allocation in observed["addresses"]))  # fmt: skip
    params = {"InternetGatewayId": gateway["id"]}
    calls = []
    if gateway["attached"]:
        detach = {**params, "VpcId": observed["vpc_id"]}
        calls.append(Call("ec2", "detach_internet_gateway", detach, noun, f"detach {noun}", DELETE, after))
    return [*calls, Call("ec2", "delete_internet_gateway", params, noun, f"delete {noun}", DELETE, after)]


def nat_calls(observed: Any, desired: Any) -> list[Call]:
    """New gateways first; an old one goes when no route leads to it any more, and its address after it."""
    before, after = observed["nat_gateways"], desired["nat_gateways"]
    calls = []
    for zone in after:
        if zone not in before:
            calls += _create_nat(observed, desired, zone)
    gone = {zone: item for zone, item in before.items() if zone not in after}
    calls += [delete_nat(zone, item["id"], _users(observed, zone)) for zone, item in gone.items()]
    released = {key: item for key, item in observed["addresses"].items() if key not in desired["addresses"]}
    return calls + [release(allocation, item) for allocation, item in released.items()]


def _users(observed: Any, zone: str) -> list[str]:
    """The route tables that lead to a NAT gateway."""
    tables = observed["route_tables"].items()
    return [key for key, table in tables if table["default_route"] == names.nat_gateway(zone)]


def _create_nat(observed: Any, desired: Any, zone: str) -> list[Call]:
    item, noun, part = desired["nat_gateways"][zone], names.nat_gateway(zone), f"nat/{zone}"
    fresh = names.address(f"of {noun}")
    calls = []
    if "allocation_id" not in item:
        params = {"Domain": "vpc", "TagSpecifications": names.specification(desired, "elastic-ip", part)}
        calls.append(Call("ec2", "allocate_address", params, fresh, f"allocate the address of {noun}", CREATE,
                          saves={fresh: "AllocationId"}))  # fmt: skip
    params = {
        "SubnetId": names.id_of(observed, "subnets", item["subnet"], names.subnet(item["subnet"])),
        "AllocationId": item.get("allocation_id") or Ref(fresh),
        "ConnectivityType": "public",
        "TagSpecifications": names.specification(desired, "natgateway", part),
    }
    if not refs(params):
        # Gateways that failed or were deleted are part of it: the token of a dead one would bring it back, dead.
        params["ClientToken"] = names.token(params, observed["dead_nat_gateways"])
    return [*calls, Call("ec2", "create_nat_gateway", params, noun, f"create {noun}", CREATE, (names.INTERNET_GATEWAY,),
                         saves={noun: "NatGateway.NatGatewayId"}, wait=waits.nat_gateway(zone, Ref(noun)))]  # fmt: skip


def delete_nat(zone: str, gateway_id: str, users: Any) -> Call:
    noun, after = names.nat_gateway(zone), tuple(names.route_table(key) for key in users)
    return Call("ec2", "delete_nat_gateway", {"NatGatewayId": gateway_id}, noun, f"delete {noun}", DELETE, after,
                wait=waits.nat_gateway_gone(zone, gateway_id))  # fmt: skip


def release(allocation: str, item: Any) -> Call:
    why = f"release {item['public_ip']}, the address of {names.nat_gateway(item['zone'])}"
    return Call("ec2", "release_address", {"AllocationId": allocation}, names.address(allocation), why, DELETE,
                (names.nat_gateway(item["zone"]),))  # fmt: skip


def route_calls(observed: Any, desired: Any) -> list[Call]:
    """Tables are associated before they get a route, for a route to a new NAT gateway has to wait for it."""
    before, after = observed["route_tables"], desired["route_tables"]
    calls: list[Call] = []
    for key, table in after.items():
        if before.get(key) != table:
            calls += _table_calls(observed, desired, key)
    for key, table in before.items():
        calls += delete_table_calls(key, table, observed) if key not in after else []
    return calls


def _table_calls(observed: Any, desired: Any, key: str) -> list[Call]:
    noun, present = names.route_table(key), observed["route_tables"].get(key, {})
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
    if not present.get("associated"):
        subnet = names.id_of(observed, "subnets", key, names.subnet(key))
        params = {"RouteTableId": table_id, "SubnetId": subnet}
        calls.append(Call("ec2", "associate_route_table", params, noun, f"use {noun} for its subnet"))
    found, wanted = present.get("default_route", NO_ROUTE), desired["route_tables"][key]["default_route"]
    if found != wanted:
        calls.append(_route(observed, noun, table_id, found, wanted))
    return calls + _other_routes(noun, table_id, present.get("routes", {}), desired["route_tables"][key]["routes"])


# The parameter that takes a target, by the beginning of its id.  Source: CreateRoute API reference.
TARGETS = {
    "pcx": "VpcPeeringConnectionId", "tgw": "TransitGatewayId", "vgw": "GatewayId", "igw": "GatewayId",
    "nat": "NatGatewayId", "eni": "NetworkInterfaceId", "vpce": "VpcEndpointId", "lgw": "LocalGatewayId",
    "cagw": "CarrierGatewayId",
}  # fmt: skip


def _other_routes(noun: str, table_id: Any, before: Any, after: Any) -> list[Call]:
    """Routes beside the default one: new ones first, then those that lead elsewhere, then those that go."""
    calls = []
    for destination in sorted(after, key=lambda each: (each in before, each)):
        target = after[destination]
        if before.get(destination) != target:
            operation, change = ("replace_route", DISRUPTIVE) if destination in before else ("create_route", IN_PLACE)
            params = {"RouteTableId": table_id, "DestinationCidrBlock": destination,
                      TARGETS[target.partition("-")[0]]: target}  # fmt: skip
            calls.append(Call("ec2", operation, params, noun, f"{noun} leads {destination} to {target}", change))
    for destination in sorted(set(before) - set(after)):
        params = {"RouteTableId": table_id, "DestinationCidrBlock": destination}
        why = f"{noun} no longer leads {destination} to {before[destination]}"
        calls.append(Call("ec2", "delete_route", params, noun, why, DISRUPTIVE))
    return calls


def _route(observed: Any, noun: str, table_id: Any, found: str, wanted: str) -> Call:
    """The call that changes a default route; connections through the old one break."""
    params = {"RouteTableId": table_id, "DestinationCidrBlock": EVERYWHERE}
    if wanted == NO_ROUTE:
        return Call("ec2", "delete_route", params, noun, f"no way from {noun} to the internet", DISRUPTIVE)
    if wanted == TO_INTERNET_GATEWAY:
        params["GatewayId"] = observed["internet_gateway"].get("id") or Ref(names.INTERNET_GATEWAY)
    else:
        zone = wanted.removeprefix(names.nat_gateway(""))
        params["NatGatewayId"] = names.id_of(observed, "nat_gateways", zone, wanted)
    operation, change = ("create_route", IN_PLACE) if found == NO_ROUTE else ("replace_route", DISRUPTIVE)
    return Call("ec2", operation, params, noun, f"{noun} leads to {wanted}", change, (wanted,))


def delete_table_calls(key: str, table: Any, observed: Any) -> list[Call]:
    """A table goes after the gateway endpoints have let go of it."""
    noun, calls = names.route_table(key), []
    after = tuple(names.endpoint(service) for service in observed["gateway_endpoints"])
    for association in table["associations"]:
        params = {"AssociationId": association}
        calls.append(
            Call("ec2", "disassociate_route_table", params, noun, f"take {noun} from its subnet", DELETE, after)
        )
    params = {"RouteTableId": table["id"]}
    return [*calls, Call("ec2", "delete_route_table", params, noun, f"delete {noun}", DELETE, after)]
