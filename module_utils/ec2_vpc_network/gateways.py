"""The calls for internet gateways and for NAT gateways with their addresses.  Pure."""

from __future__ import annotations

from typing import Any

from ..reconcile.plan import CREATE, DELETE, Call, Ref, refs
from . import names, waits


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
    return [key for key, table in tables if names.nat_gateway(zone) in table["internet_routes"].values()]


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
