"""Gateway and interface endpoints: how they are seen, and their calls.  Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..policies import canonical_all, statements_of
from ..reconcile.errors import Refusal, did_you_mean
from ..reconcile.plan import CREATE, DELETE, Call, Ref, Wait
from . import names, waits
from .owned import Owned, items
from .refuse import Refuse

GATEWAY_SERVICES = ("s3", "dynamodb")
# An endpoint in such a state never works again, and stays with its interfaces until somebody deletes it.
# Source: DescribeVpcEndpoints API reference, VpcEndpoint.State.
DEAD = ("failed", "rejected", "expired")
# What can be said about one endpoint; a gateway endpoint has a policy only.
SETTINGS = ("policy", "private_dns_enabled", "security_groups", "tier")
# Source: "Control access to VPC endpoints using endpoint policies", default endpoint policy.
FULL_ACCESS = {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}


def service_name(region: str, service: str) -> str:
    """AWS's name of a service's endpoint.  Source: "AWS services that integrate with AWS PrivateLink"."""
    return f"com.amazonaws.{region}.{service}"


def settings(options: Mapping[str, Any], service: str) -> Mapping[str, Any]:
    """What is declared about one endpoint."""
    return (options["endpoint_settings"] or {}).get(service) or {}


def desired_gateways(options: Mapping[str, Any], present: Any, tables: Any) -> dict[str, Any] | None:
    """Gateway endpoints in every route table; without an opinion on either, ``None``."""
    services = options["gateway_endpoints"]
    if services is None and tables is None:
        return None
    found = present["gateway_endpoints"]
    keys = sorted(present["route_tables"] if tables is None else tables)
    return {
        service: {**found.get(service, {}), "route_tables": keys,
                  "policy": _policy(options, service, found.get(service, {}))}
        for service in (found if services is None else services)
    }  # fmt: skip


def desired_interfaces(options: Mapping[str, Any], present: Any) -> dict[str, Any] | None:
    services = options["interface_endpoints"]
    if services is None:
        return None
    result = {}
    for service in services:
        before, own = present["interface_endpoints"].get(service, {}), settings(options, service)
        tier = own.get("tier") or options["interface_endpoint_tier"]
        result[service] = {
            **before,
            "subnets": sorted(f"{tier}/{zone}" for zone in options["zones"] or ()),
            "security_groups": sorted(own.get("security_groups") or [names.ENDPOINTS_GROUP]),
            "private_dns": own.get("private_dns_enabled") is not False,
            "policy": _policy(options, service, before),
        }
    return result


def _policy(options: Mapping[str, Any], service: str, before: Mapping[str, Any]) -> Any:
    """The policy as it is as long as it means what is declared; ``{}`` declares AWS's own, which lets everyone pass."""
    wanted, found = settings(options, service).get("policy"), before.get("policy")
    if wanted is None or found is not None and _meaning(found) == _meaning(wanted or FULL_ACCESS):
        return found
    return wanted or FULL_ACCESS


def _meaning(policy: Any) -> Any:
    return canonical_all(statements_of(policy))


def _policy_params(policy: Any) -> dict[str, Any]:
    return {"PolicyDocument": json.dumps(policy)} if policy and policy != FULL_ACCESS else {}


def _policy_change(before: Any, after: Any) -> dict[str, Any]:
    """Source: ModifyVpcEndpoint API reference."""
    if before["policy"] == after["policy"]:
        return {}
    return {"ResetPolicy": True} if after["policy"] == FULL_ACCESS else {"PolicyDocument": json.dumps(after["policy"])}


def groups_in_use(state: Any, key: str) -> list[str]:
    """The endpoints of a state that are in a security group; those that never will work may be in any."""
    using = [service for service, item in state["interface_endpoints"].items() if key in item["security_groups"]]
    return [names.endpoint(service) for service in sorted({*using, *state["dead_endpoints"].values()})]


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
        **_policy_params(desired["gateway_endpoints"][service]["policy"]),
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
    params |= _policy_change(before, after)
    noun = names.endpoint(service)
    return Call("ec2", "modify_vpc_endpoint", params, noun, f"change {_changed(before, after)} of {noun}")


def _changed(before: Any, after: Any) -> str:
    """What differs, in words."""
    return " and ".join(key.replace("_", " ") for key in after if before.get(key) != after[key])


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
        "PrivateDnsEnabled": item["private_dns"],
        **_policy_params(item["policy"]),
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
    params |= _policy_change(before, after)
    noun = names.endpoint(service)
    return Call("ec2", "modify_vpc_endpoint", params, noun, f"change {_changed(before, after)} of {noun}",
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
    return {"id": item["VpcEndpointId"], "route_tables": tables, "policy": _observed_policy(item)}


def _observed_policy(item: Mapping[str, Any]) -> Any:
    text = item.get("PolicyDocument")
    return json.loads(text) if text else None


def _interface_endpoint(item: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    members = [group["GroupId"] for group in item.get("Groups") or ()]
    return {
        "id": item["VpcEndpointId"],
        "subnets": sorted(keys.get(subnet, subnet) for subnet in item.get("SubnetIds") or ()),
        "security_groups": sorted(keys.get(group, group) for group in members),
        "private_dns": bool(item.get("PrivateDnsEnabled")),
        "policy": _observed_policy(item),
    }


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """What is wrong with the endpoints that are declared."""
    gateways, interfaces = options["gateway_endpoints"] or (), options["interface_endpoints"] or ()
    for service in gateways:
        if service not in GATEWAY_SERVICES:
            yield refuse("gateway_endpoints", service, GATEWAY_SERVICES)
        if service in interfaces:
            yield refuse("interface_endpoints", service, "one kind of endpoint for each service")
    for service, own in (options["endpoint_settings"] or {}).items():
        yield from _settings_refusals(options, refuse, service, own)
    yield from _tier_refusals(options, refuse, interfaces)
    # Source: CreateVpcEndpoint API reference, PrivateDnsEnabled.
    for field in ("dns_support", "dns_hostnames") if needs_dns(options) else ():
        if options[field] is False:
            yield refuse(field, False, "true, for interface endpoints answer under private names")


def _tier_refusals(options: Mapping[str, Any], refuse: Refuse, interfaces: Any) -> Iterator[Refusal]:
    """Interface endpoints stand in a tier that is declared."""
    tiers = [("interface_endpoint_tier", options["interface_endpoint_tier"])]
    tiers += [(f"endpoint_settings {service} tier", settings(options, service).get("tier")) for service in interfaces]
    homeless = any(not settings(options, service).get("tier") for service in interfaces)
    if homeless and options["interface_endpoint_tier"] is None:
        yield refuse("interface_endpoint_tier", None, f"one of tiers: {', '.join(options['tiers'] or ())}")
    for field, tier in tiers:
        if tier is not None and tier not in (options["tiers"] or {}):
            found = f"{tier}{did_you_mean(tier, options['tiers'] or {})}"
            yield refuse(field, found, f"one of tiers: {', '.join(options['tiers'] or ())}")


def needs_dns(options: Mapping[str, Any]) -> bool:
    """Whether an interface endpoint answers under the name of its service."""
    services = options["interface_endpoints"] or ()
    return any(settings(options, service).get("private_dns_enabled") is not False for service in services)


def _settings_refusals(options: Mapping[str, Any], refuse: Refuse, service: str, own: Any) -> Iterator[Refusal]:
    field = f"endpoint_settings {service}"
    interface = service in (options["interface_endpoints"] or ())
    if not isinstance(own, Mapping):
        yield refuse(field, repr(own), f"a dictionary with {', '.join(SETTINGS)}")
        return
    if not interface and service not in (options["gateway_endpoints"] or ()):
        yield refuse(field, service, "a service of gateway_endpoints or interface_endpoints")
    yield from refuse.unknown(field, own, SETTINGS if interface else SETTINGS[:1])
    policy = own.get("policy")
    if policy and (not isinstance(policy, Mapping) or not statements_of(policy)):
        yield refuse(f"{field} policy", policy, "a policy with Statement, or {} for everyone")
    if own.get("private_dns_enabled") not in (None, True, False):
        yield refuse(f"{field} private_dns_enabled", own["private_dns_enabled"], (True, False))
    for key in own.get("security_groups") or ():
        if key not in (options["security_groups"] or {}):
            found = f"{key}{did_you_mean(str(key), options['security_groups'] or {})}"
            yield refuse(
                f"{field} security_groups", found, list(options["security_groups"] or {}) or "a key of security_groups"
            )
