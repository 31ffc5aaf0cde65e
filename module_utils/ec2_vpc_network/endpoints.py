"""Gateway and interface endpoints: how they are seen, and their calls.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.plan import CREATE, DELETE, Call, Ref, Wait
from . import names, waits
from .owned import Owned, items

GATEWAY_SERVICES = ("s3", "dynamodb")
# An endpoint in such a state never works again, and stays with its interfaces until somebody deletes it.
# Source: DescribeVpcEndpoints API reference, VpcEndpoint.State.
DEAD = ("failed", "rejected", "expired")


def service_name(region: str, service: str) -> str:
    """AWS's name of a service's endpoint.  Source: "AWS services that integrate with AWS PrivateLink"."""
    return f"com.amazonaws.{region}.{service}"


def endpoint_calls(observed: Any, desired: Any) -> list[Call]:
    calls = [dead_call(item, observed) for item in observed["dead_endpoints"] if item not in desired["dead_endpoints"]]
    for field, create, modify in (("gateway_endpoints", _create_gateway, _modify_gateway),
                                  ("interface_endpoints", _create_interface, _modify_interface)):  # fmt: skip
        before, after = observed[field], desired[field]
        for service, item in after.items():
            if service not in before:
                calls.append(create(observed, desired, service))
            elif before[service] != item:
                calls.append(modify(observed, before[service], item, service))
        calls += [delete_call(service, item["id"], field) for service, item in before.items() if service not in after]
    return calls


def _create_gateway(observed: Any, desired: Any, service: str) -> Call:
    params = {
        "VpcId": observed["vpc_id"],
        "VpcEndpointType": "Gateway",
        "ServiceName": service_name(desired["region"], service),
        "RouteTableIds": _tables(observed, desired["gateway_endpoints"][service]["route_tables"]),
        "TagSpecifications": names.specification(desired, "vpc-endpoint", f"endpoint/{service}"),
    }
    noun = names.endpoint(service)
    return Call("ec2", "create_vpc_endpoint", params, noun, f"create gateway {noun}", CREATE)


def _modify_gateway(observed: Any, before: Any, after: Any, service: str) -> Call:
    params: dict[str, Any] = {"VpcEndpointId": before["id"]}
    more = [key for key in after["route_tables"] if key not in before["route_tables"]]
    less = [key for key in before["route_tables"] if key not in after["route_tables"]]
    params |= {"AddRouteTableIds": _tables(observed, more)} if more else {}
    params |= {"RemoveRouteTableIds": _tables(observed, less)} if less else {}
    noun = names.endpoint(service)
    return Call("ec2", "modify_vpc_endpoint", params, noun, f"put {noun} into the route tables")


def _tables(observed: Any, keys: Any) -> list[Any]:
    return [names.id_of(observed, "route_tables", key, names.route_table(key)) for key in keys]


def _create_interface(observed: Any, desired: Any, service: str) -> Call:
    """Private DNS needs both DNS settings of the VPC, so it comes after those."""
    item, noun = desired["interface_endpoints"][service], names.endpoint(service)
    params = {
        "VpcId": observed["vpc_id"],
        "VpcEndpointType": "Interface",
        "ServiceName": service_name(desired["region"], service),
        "SubnetIds": _subnets(observed, item["subnets"]),
        "SecurityGroupIds": _groups(observed, item["security_groups"]),
        "PrivateDnsEnabled": True,
        "TagSpecifications": names.specification(desired, "vpc-endpoint", f"endpoint/{service}"),
    }
    return Call("ec2", "create_vpc_endpoint", params, noun, f"create interface {noun}", CREATE, (names.VPC,),
                saves={noun: "VpcEndpoint.VpcEndpointId"}, wait=waits.endpoint(service, Ref(noun)))  # fmt: skip


def _modify_interface(observed: Any, before: Any, after: Any, service: str) -> Call:
    params: dict[str, Any] = {"VpcEndpointId": before["id"]}
    for field, word, ids in (("subnets", "Subnet", _subnets), ("security_groups", "SecurityGroup", _groups)):
        more = [key for key in after[field] if key not in before[field]]
        less = [key for key in before[field] if key not in after[field]]
        params |= {f"Add{word}Ids": ids(observed, more)} if more else {}
        params |= {f"Remove{word}Ids": ids(observed, less)} if less else {}
    if after["private_dns"] != before["private_dns"]:
        params["PrivateDnsEnabled"] = after["private_dns"]
    noun = names.endpoint(service)
    return Call("ec2", "modify_vpc_endpoint", params, noun, f"change the subnets or groups of {noun}",
                after=(names.VPC,), wait=waits.endpoint(service, before["id"]))  # fmt: skip


def _subnets(observed: Any, keys: Any) -> list[Any]:
    # A subnet that is not ours stands in the state as its own id.
    return [
        key if key.startswith("subnet-") else names.id_of(observed, "subnets", key, names.subnet(key)) for key in keys
    ]


def _groups(observed: Any, keys: Any) -> list[Any]:
    return [
        key if key.startswith("sg-") else names.id_of(observed, "security_groups", key, names.security_group(key))
        for key in keys
    ]


def dead_call(endpoint_id: str, state: Any) -> Call:
    """Deletes an endpoint that failed, was rejected or has expired; calls on its successor wait until it is gone."""
    service = state["dead_endpoints"][endpoint_id]
    noun = names.endpoint(service)
    return Call("ec2", "delete_vpc_endpoints", {"VpcEndpointIds": [endpoint_id]}, noun, f"delete dead {noun}", DELETE,
                wait=waits.endpoint_gone(service, endpoint_id))  # fmt: skip


def delete_call(service: str, endpoint_id: str, field: str) -> Call:
    """An endpoint that is going still holds its subnets and groups, so everybody waits until it is gone.

    A gateway endpoint is no more than routes, and goes at once.
    """
    noun = names.endpoint(service)
    kind = field.removesuffix("_endpoints")
    return Call("ec2", "delete_vpc_endpoints", {"VpcEndpointIds": [endpoint_id]}, noun, f"delete {kind} {noun}", DELETE,
                wait=waits.endpoint_gone(service, endpoint_id, slow=kind == "interface"))  # fmt: skip


def observed_endpoints(
    owned: Owned, answers: Mapping[str, Any], state: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Wait]]:
    """Endpoints that work or soon will, those that never will by id, and waits."""
    kinds = ("route_tables", "subnets", "security_groups")
    keys = {item["id"]: key for kind in kinds for key, item in state[kind].items()}
    found: dict[str, Any] = {"gateway_endpoints": {}, "interface_endpoints": {}, "dead_endpoints": {}}
    pending = []
    for item in sorted(items(answers, "endpoint"), key=lambda each: each["VpcEndpointId"]):
        service, endpoint_id, status = owned.part(item, "endpoint"), item["VpcEndpointId"], item["State"].lower()
        if service is None or status == "deleted":
            continue
        if status in DEAD:
            found["dead_endpoints"][endpoint_id] = service
            continue
        if status == "deleting":
            pending.append(waits.endpoint_gone(service, endpoint_id))
            continue
        pending += [waits.endpoint(service, endpoint_id)] if status == "pending" else []
        kind = "gateway_endpoints" if item["VpcEndpointType"] == "Gateway" else "interface_endpoints"
        found[kind][service] = (_gateway_endpoint if kind == "gateway_endpoints" else _interface_endpoint)(item, keys)
    return found, pending


def _gateway_endpoint(item: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    tables = sorted(keys[table] for table in item.get("RouteTableIds") or () if table in keys)
    return {"id": item["VpcEndpointId"], "route_tables": tables}


def _interface_endpoint(item: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    members = [group["GroupId"] for group in item.get("Groups") or ()]
    return {
        "id": item["VpcEndpointId"],
        "subnets": sorted(keys.get(subnet, subnet) for subnet in item.get("SubnetIds") or ()),
        "security_groups": sorted(keys.get(group, group) for group in members),
        "private_dns": bool(item.get("PrivateDnsEnabled")),
    }
