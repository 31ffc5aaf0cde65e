# SPDX-License-Identifier: Apache-2.0
"""Internet gateways, and NAT gateways with their addresses: how they are seen, and their calls.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import CREATE, DELETE, Call, Ref, Wait, refs
from . import names, nat_addresses, topology, waits
from .owned import Owned, items
from .refuse import Refuse
from .state import FREE, IN_USE, LEAVING

NAT_LIVE = ("pending", "available")


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
        attached = {"InternetGatewayId": before.get("id") or Ref(noun), "VpcId": observed["vpc_id"]}
        wait = waits.attached(before.get("id") or Ref(noun))
        calls.append(Call("ec2", "attach_internet_gateway", attached, noun, f"attach {noun}", wait=wait))
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


def egress_only_calls(observed: Any, desired: Any) -> list[Call]:
    """The gateway through which IPv6 begins connections and takes none; it goes when no route leads to it."""
    before, after, noun = observed["egress_only_gateway"], desired["egress_only_gateway"], names.EGRESS_ONLY_GATEWAY
    if after and not before:
        specification = names.specification(desired, "egress-only-internet-gateway", "egress-only-internet-gateway")
        params = {"VpcId": observed["vpc_id"], "TagSpecifications": specification}
        return [Call("ec2", "create_egress_only_internet_gateway", params, noun, f"create {noun}", CREATE,
                     saves={noun: "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId"})]  # fmt: skip
    return delete_egress_only(observed) if before and not after else []


def delete_egress_only(observed: Any) -> list[Call]:
    gateway, noun = observed["egress_only_gateway"], names.EGRESS_ONLY_GATEWAY
    if not gateway:
        return []
    params = {"EgressOnlyInternetGatewayId": gateway["id"]}
    after = tuple(names.route_table(key) for key in observed["route_tables"])
    return [Call("ec2", "delete_egress_only_internet_gateway", params, noun, f"delete {noun}", DELETE, after)]


def nat_calls(observed: Any, desired: Any) -> list[Call]:
    """New gateways first; an old one goes when no route leads to it any more, and its address after it."""
    before, after = observed["nat_gateways"], desired["nat_gateways"]
    calls = []
    for zone in after:
        if zone not in before:
            calls += _create_nat(observed, desired, zone)
        else:
            calls += nat_addresses.calls(zone, before[zone], after[zone])
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
    if "mode" in item:
        return [_create_regional(observed, desired, item)]
    fresh = names.address(f"of {noun}")
    calls = []
    if "allocation_id" not in item:
        tags = names.specification(desired, "elastic-ip", part, f"address/{zone}")
        address = {"Domain": "vpc", "TagSpecifications": tags}
        calls.append(Call("ec2", "allocate_address", address, fresh, f"allocate the address of {noun}", CREATE,
                          saves={fresh: "AllocationId"}))  # fmt: skip
    params = {
        "SubnetId": names.id_of(observed, "subnets", item["subnet"], names.subnet(item["subnet"])),
        "AllocationId": item.get("allocation_id") or Ref(fresh),
        **({"SecondaryAllocationIds": item[nat_addresses.FIELD]} if item.get(nat_addresses.FIELD) else {}),
        "ConnectivityType": "public",
        "TagSpecifications": names.specification(desired, "natgateway", part),
    }
    if not refs(params):
        # Gateways that failed or were deleted are part of it: the token of a dead one would bring it back, dead.
        params["ClientToken"] = names.token(params, observed["dead_nat_gateways"])
    return [*calls, Call("ec2", "create_nat_gateway", params, noun, f"create {noun}", CREATE, (names.INTERNET_GATEWAY,),
                         saves={noun: "NatGateway.NatGatewayId"}, wait=waits.nat_gateway(zone, Ref(noun)))]  # fmt: skip


def _create_regional(observed: Any, desired: Any, item: Any) -> Call:
    """A gateway that AWS spreads over the zones, with addresses of its own unless some are given.

    Source: CreateNatGateway API reference, AvailabilityMode.
    """
    zone = item["mode"]
    noun = names.nat_gateway(zone)
    given = [{"AvailabilityZone": each, "AllocationIds": [allocation]}
             for each, allocation in item["allocation_ids"].items()]  # fmt: skip
    params = {
        "AvailabilityMode": zone,
        "VpcId": observed["vpc_id"],
        "ConnectivityType": "public",
        **({"AvailabilityZoneAddresses": given} if given else {}),
        "TagSpecifications": names.specification(desired, "natgateway", f"nat/{zone}"),
    }
    return Call("ec2", "create_nat_gateway", params, noun, f"create {noun}", CREATE, (names.INTERNET_GATEWAY,),
                saves={noun: "NatGateway.NatGatewayId"}, wait=waits.nat_gateway(zone, Ref(noun)))  # fmt: skip


def delete_nat(zone: str, gateway_id: str, users: Any) -> Call:
    noun, after = names.nat_gateway(zone), tuple(names.route_table(key) for key in users)
    return Call("ec2", "delete_nat_gateway", {"NatGatewayId": gateway_id}, noun, f"delete {noun}", DELETE, after,
                wait=waits.nat_gateway_gone(zone, gateway_id))  # fmt: skip


def release(allocation: str, item: Any) -> Call:
    why = f"release {item['public_ip']}, the address of {names.nat_gateway(item['zone'])}"
    return Call("ec2", "release_address", {"AllocationId": allocation}, names.address(allocation), why, DELETE,
                (names.nat_gateway(item["zone"]),))  # fmt: skip


def observed_nat(
    owned: Owned, answers: Mapping[str, Any], subnet_keys: Mapping[str, str]
) -> tuple[dict[str, Any], list[str], list[Wait]]:
    """Gateways that work or soon will, ids of those that failed or were deleted, and waits."""
    live: dict[str, Any] = {}
    dead, pending = [], []
    gateways = answers["nat_gateways"]["NatGateways"]
    for item in sorted(gateways, key=lambda each: (each["State"] != "available", each["NatGatewayId"])):
        zone, gateway_id, state = owned.part(item, "nat"), item["NatGatewayId"], item["State"]
        if zone is None:
            continue
        if state not in NAT_LIVE:
            dead.append(gateway_id)
            pending += [waits.nat_gateway_gone(zone, gateway_id)] if state == "deleting" else []
            continue
        live.setdefault(zone, _observed_gateway(item, subnet_keys))
        pending += [waits.nat_gateway(zone, gateway_id)] if state == "pending" else nat_addresses.pending(zone, item)
    return dict(sorted(live.items())), sorted(dead), pending


def _observed_gateway(item: Mapping[str, Any], subnet_keys: Mapping[str, str]) -> dict[str, Any]:
    addresses = item.get("NatGatewayAddresses") or []
    if item.get("AvailabilityMode") == topology.REGIONAL:
        given = {each["AvailabilityZone"]: each["AllocationId"] for each in addresses if each.get("AvailabilityZone")}
        return {"id": item["NatGatewayId"], "mode": topology.REGIONAL, "allocation_ids": given}
    # Secondary addresses may stand before the one that traffic leaves by.
    # Source: NatGatewayAddress API reference, IsPrimary.
    first = next((each for each in addresses if each.get("IsPrimary")), addresses[0] if addresses else {})
    return {
        "id": item["NatGatewayId"],
        "subnet": subnet_keys.get(item["SubnetId"], item["SubnetId"]),
        "allocation_id": first.get("AllocationId"),
        "public_ip": first.get("PublicIp"),
        **nat_addresses.observed(addresses, first),
    }


def given_obstacles(
    options: Mapping[str, Any], refuse: Refuse, present: Mapping[str, Any], there: Mapping[str, Any] | None
) -> Iterator[Refusal]:
    """Addresses that are given and cannot be used; ``there`` holds AWS's description of each, by id."""
    for zone, allocation in (options["nat_allocation_ids"] or {}).items():
        key = topology.REGIONAL if options["nat_gateways"] == topology.REGIONAL else zone
        gateway = present["nat_gateways"].get(key) or {}
        holds = gateway.get("allocation_id") or gateway.get("allocation_ids", {}).get(zone)
        field = f"nat_allocation_ids {zone}"
        if there is None or allocation not in there:
            yield refuse(field, f"{allocation}, which is not there", "an address of this account and region")
        elif gateway and key in topology.nat_zones(options, present["nat_gateways"]) and holds != allocation:
            step = "the address of a NAT gateway cannot change; put the old one back, or remove the gateway first"
            yield refuse(field, allocation, holds, step)
        elif not gateway and there[allocation].get("AssociationId"):
            yield refuse(field, f"{allocation}, which is in use", "an address that nobody uses")


def observed_egress_only(owned: Owned, answers: Mapping[str, Any]) -> dict[str, Any]:
    kind = "egress-only-internet-gateway"
    found = owned.parts(items(answers, kind), kind).get("")
    return {"id": found["EgressOnlyInternetGatewayId"], "attached": True} if found else {}


def used(addresses: Mapping[str, Any], gateways: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Addresses, in use as well when a gateway that is coming holds them, and leaving with one that is going."""
    uses = {address.get("AllocationId"): IN_USE if item["State"] in NAT_LIVE else LEAVING
            for item in sorted(gateways, key=lambda each: each["State"] in NAT_LIVE)
            if item["State"] in (*NAT_LIVE, "deleting")
            for address in item.get("NatGatewayAddresses") or ()}  # fmt: skip
    return {key: {**item, "use": uses.get(key, item["use"])} for key, item in addresses.items()}


def observed_address(owned: Owned, item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "public_ip": item.get("PublicIp"),
        "zone": owned.part(item, "nat"),
        "use": IN_USE if "AssociationId" in item else FREE,
    }
