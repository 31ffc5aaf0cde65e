# SPDX-License-Identifier: Apache-2.0
"""Gateway and interface endpoints: how they are seen, and their calls.  Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..policies import canonical_all, statements_of, world
from ..reconcile.errors import Refusal
from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, Call, Ref, Wait
from . import names, topology, waits
from .owned import Owned, items
from .refuse import Refuse

GATEWAY_SERVICES = ("s3", "dynamodb")
# The service whose private name needs the gateway endpoint beside the interface one; a plan calls both after it, so
# that the gateway comes first.  Source: terraform-aws-modules/terraform-aws-vpc#982.
BOTH_KINDS = "s3"
# An endpoint in such a state never works again, and stays with its interfaces until somebody deletes it.
# Source: DescribeVpcEndpoints API reference, VpcEndpoint.State.
DEAD = ("failed", "rejected", "expired")
# Who may not ask what a region offers finds out when the endpoint is made.
NOT_ALLOWED = ("UnauthorizedOperation",)
# What can be said about one endpoint; a gateway endpoint has a policy only.
DNS_OPTIONS = {
    "dns_record_ip_type": "DnsRecordIpType",
    "private_dns_only_for_inbound_resolver_endpoint": "PrivateDnsOnlyForInboundResolverEndpoint",
}
ADDRESSES = "ip_address_type"
SETTINGS = ("policy", "private_dns_enabled", "security_groups", "tier", "zones", ADDRESSES, *DNS_OPTIONS)
# Source: "Control access to VPC endpoints using endpoint policies", default endpoint policy.
FULL_ACCESS = {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}


def for_account(account: str) -> dict[str, Any]:
    """The policy of an endpoint that only principals of one account pass, which is ours unless the caller has another.

    Source: "Data perimeters on AWS", identity perimeter on networks: aws:PrincipalAccount.
    """
    condition = {"StringEquals": {"aws:PrincipalAccount": account}}
    return {"Statement": [{**FULL_ACCESS["Statement"][0], "Condition": condition}]}


def service_names(region: str, service: str) -> list[str]:
    """What a service's endpoint may be called; in China and elsewhere outside `aws` both forms occur.

    Source: "AWS services that integrate with AWS PrivateLink", and the same page for China.
    """
    prefixes = dict.fromkeys(["com.amazonaws", ".".join(reversed(world(region)[1].split(".")))])
    return [f"{prefix}.{region}.{service}" for prefix in prefixes]


def requests(options: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The read of what the region offers of the services that are declared."""
    declared = [*(options["gateway_endpoints"] or ()), *(options["interface_endpoints"] or ())]
    if not declared or options["state"] == "absent":
        return {}
    values = [name for service in declared for name in service_names(region, service)]
    filters = [{"Name": "service-name", "Values": values}]
    return {"endpoint_services": ("ec2", "describe_vpc_endpoint_services", {"Filters": filters}, NOT_ALLOWED)}


def services(region: str, answers: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the region offers, by kind of endpoint and service; ``None`` where it was not asked or may not be."""
    if answers.get("endpoint_services") is None:
        return None
    found: dict[str, Any] = {"Gateway": {}, "Interface": {}}
    for each in answers["endpoint_services"]["ServiceDetails"]:
        service = each["ServiceName"].partition(f".{region}.")[2]
        for kind in each["ServiceType"]:
            if kind["ServiceType"] in found:
                found[kind["ServiceType"]][service] = {
                    "name": each["ServiceName"],
                    "zones": sorted(each.get("AvailabilityZones") or ()),
                    "private_dns": bool(each.get("PrivateDnsName") or each.get("PrivateDnsNames")),
                    "policy": each.get("VpcEndpointPolicySupported") is not False,
                    "addresses": sorted(each.get("SupportedIpAddressTypes") or ()),
                }
    return found


def _offer(around: Mapping[str, Any], kind: str, service: str) -> Mapping[str, Any]:
    """What the region offers of a service; nothing where that is not known."""
    offers = around.get("endpoint_services") or {}
    return offers.get(kind, {}).get(service) or {}


def names_of(options: Mapping[str, Any], around: Mapping[str, Any]) -> dict[str, str]:
    """AWS's names of the services that are declared."""
    declared = {"Gateway": options["gateway_endpoints"], "Interface": options["interface_endpoints"]}
    return {service: _offer(around, kind, service).get("name") or service_names(around["region"], service)[0]
            for kind, found in declared.items() for service in found or ()}  # fmt: skip


def obstacles(
    options: Mapping[str, Any], offers: Mapping[str, Any] | None, of_region: Sequence[str]
) -> Iterator[Refusal]:
    """Services that the region does not offer, or not in these zones, or not under a private name.

    Zones that are not of the region are refused themselves.
    """
    refuse = Refuse(names.network_name(options))
    zones = [zone for zone in options["zones"] or () if not of_region or zone in of_region]
    if offers is None or options["state"] == "absent":
        return
    for service in options["gateway_endpoints"] or ():
        if service not in offers["Gateway"]:
            yield refuse("gateway_endpoints", service, "a service that the region offers", "remove it")
    for service in options["interface_endpoints"] or ():
        offer = offers["Interface"].get(service)
        if offer is None:
            yield refuse("interface_endpoints", service, "a service that the region offers; aws ec2 "
                         "describe-vpc-endpoint-services lists them", "correct its name, or remove it")  # fmt: skip
        elif offer["zones"] and not set(offer["zones"]) & set(own := _zones(options, service, zones)) and own:
            yield refuse("interface_endpoints", f"{service}, which is in {', '.join(offer['zones'])}",
                         f"a service in one of {', '.join(own)}", "remove it, or add one of its zones")  # fmt: skip
        elif not offer["private_dns"] and settings(options, service).get("private_dns_enabled") is not False:
            yield refuse(f"endpoint_settings {service} private_dns_enabled", "true", "false: this service has no "
                         "private name", "set it to false")  # fmt: skip
        yield from _addresses_refusals(options, refuse, service, (offer or {}).get("addresses"))


def _addresses_refusals(options: Mapping[str, Any], refuse: Refuse, service: str, offered: Any) -> Iterator[Refusal]:
    """Addresses that the service does not offer; both kinds are one word, dualstack."""
    wanted = settings(options, service).get(ADDRESSES)
    needed = {"ipv4", "ipv6"} if wanted == "dualstack" else {wanted}
    if wanted and offered and not needed <= set(offered):
        yield refuse(f"endpoint_settings {service} {ADDRESSES}", wanted, f"what the service has: {', '.join(offered)}")


def settings(options: Mapping[str, Any], service: str) -> Mapping[str, Any]:
    """What is declared about one endpoint."""
    return (options["endpoint_settings"] or {}).get(service) or {}


def tier_of(options: Mapping[str, Any], service: str) -> str | None:
    """The tier in which an interface endpoint stands; ``None`` is no opinion."""
    tier: str | None = settings(options, service).get("tier") or options["interface_endpoint_tier"]
    return tier


def _zones(options: Mapping[str, Any], service: str, offered: Sequence[str]) -> list[str]:
    """The zones of an interface endpoint: its own or its tier's, as far as they are offered."""
    own = settings(options, service).get("zones")
    zones = topology.zones_of(options, tier_of(options, service) or "")
    return [zone for zone in zones if zone in offered and (own is None or zone in own)]


def desired_gateways(
    options: Mapping[str, Any], present: Any, tables: Any, around: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Gateway endpoints in every route table; without an opinion on either, ``None``."""
    services = options["gateway_endpoints"]
    if services is None and tables is None:
        return None
    found = present["gateway_endpoints"]
    keys = sorted(present["route_tables"] if tables is None else tables)
    return {
        service: {**found.get(service, {}), "route_tables": keys,
                  "policy": _policy(options, service, found.get(service, {}), around, "Gateway")}
        for service in (found if services is None else services)
    }  # fmt: skip


def desired_interfaces(options: Mapping[str, Any], present: Any, around: Mapping[str, Any]) -> dict[str, Any] | None:
    """Interface endpoints in the zones in which their service is."""
    services = options["interface_endpoints"]
    if services is None:
        return None
    result = {}
    for service in services:
        before, own = present["interface_endpoints"].get(service, {}), settings(options, service)
        tier = tier_of(options, service)
        offered = _offer(around, "Interface", service).get("zones")
        zones = _zones(options, service, offered or options["zones"] or ())
        result[service] = {
            **before,
            "subnets": sorted(f"{tier}/{zone}" for zone in zones) if tier and zones else before.get("subnets", []),
            "security_groups": sorted(own.get("security_groups") or [names.ENDPOINTS_GROUP]),
            "private_dns": own.get("private_dns_enabled") is not False,
            "policy": _policy(options, service, before, around, "Interface"),
            **{name: own[name] for name in (ADDRESSES, *DNS_OPTIONS) if own.get(name) is not None},
        }
    return result


def _policy(
    options: Mapping[str, Any], service: str, before: Mapping[str, Any], around: Mapping[str, Any], kind: str
) -> Any:
    """The policy as it is as long as it means what is declared; ``{}`` declares AWS's own, which lets everyone pass.

    Without a word it is the account's own principals that pass, where the service takes a policy.
    """
    wanted, found = settings(options, service).get("policy"), before.get("policy")
    if wanted is None and around.get("account") and _offer(around, kind, service).get("policy") is not False:
        wanted = for_account(around["account"])
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
                calls += modify(observed, before[service], item, service)
        calls += [delete_call(service, item["id"], field) for service, item in before.items() if service not in after]
    return calls


def _create_gateway(observed: Any, desired: Any, service: str) -> Call:
    params = {
        "VpcId": observed["vpc_id"],
        "VpcEndpointType": "Gateway",
        "ServiceName": desired["endpoint_names"][service],
        "RouteTableIds": _tables(observed, desired["gateway_endpoints"][service]["route_tables"]),
        **_policy_params(desired["gateway_endpoints"][service]["policy"]),
        "TagSpecifications": names.specification(desired, "vpc-endpoint", f"endpoint/{service}"),
    }
    noun = names.endpoint(service)
    return Call("ec2", "create_vpc_endpoint", params, noun, f"create gateway {noun}", CREATE)


def _modify_gateway(observed: Any, before: Any, after: Any, service: str) -> list[Call]:
    params: dict[str, Any] = {"VpcEndpointId": before["id"]}
    more = [key for key in after["route_tables"] if key not in before["route_tables"]]
    less = [key for key in before["route_tables"] if key not in after["route_tables"]]
    params |= {"AddRouteTableIds": _tables(observed, more)} if more else {}
    params |= {"RemoveRouteTableIds": _tables(observed, less)} if less else {}
    params |= _policy_change(before, after)
    noun = names.endpoint(service)
    return [Call("ec2", "modify_vpc_endpoint", params, noun, f"change {_changed(before, after)} of {noun}")]


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
        "ServiceName": desired["endpoint_names"][service],
        "SubnetIds": _subnets(observed, item["subnets"]),
        "SecurityGroupIds": _groups(observed, item["security_groups"]),
        "PrivateDnsEnabled": item["private_dns"],
        **_dns_params({}, item),
        **_policy_params(item["policy"]),
        "TagSpecifications": names.specification(desired, "vpc-endpoint", f"endpoint/{service}"),
    }
    return Call("ec2", "create_vpc_endpoint", params, noun, f"create interface {noun}", CREATE, (names.VPC,),
                saves={noun: "VpcEndpoint.VpcEndpointId"}, wait=waits.endpoint(service, Ref(noun)))  # fmt: skip


def _dns_params(before: Any, after: Any) -> dict[str, Any]:
    """The addresses of an endpoint and what its names lead to, as far as they differ."""
    differing = [name for name in (ADDRESSES, *DNS_OPTIONS) if after.get(name) != before.get(name)]
    dns = {DNS_OPTIONS[name]: after[name] for name in differing if name != ADDRESSES}
    addresses = {"IpAddressType": after[ADDRESSES]} if ADDRESSES in differing else {}
    return {**addresses, **({"DnsOptions": dns} if dns else {})}


def _modify_interface(observed: Any, before: Any, after: Any, service: str) -> list[Call]:
    """One call, but for one that moves to other subnets of the same zones: AWS takes one subnet of a zone.

    Source: terraform-aws-modules/terraform-aws-vpc#583, DuplicateSubnetsInSameZone.
    """
    leaving = [key for key in before["subnets"] if key not in after["subnets"]]
    zones = {key.rpartition("/")[2] for key in after["subnets"] if key not in before["subnets"]}
    if zones & {key.rpartition("/")[2] for key in leaving}:
        between = {**before, "subnets": [key for key in before["subnets"] if key not in leaving]}
        first = _interface_call(observed, before, between, service)
        return [replace(first, change=DISRUPTIVE), _interface_call(observed, between, after, service)]
    return [_interface_call(observed, before, after, service)]


def _interface_call(observed: Any, before: Any, after: Any, service: str) -> Call:
    params: dict[str, Any] = {"VpcEndpointId": before["id"]}
    for field, word, ids in (("subnets", "Subnet", _subnets), ("security_groups", "SecurityGroup", _groups)):
        more = [key for key in after[field] if key not in before[field]]
        less = [key for key in before[field] if key not in after[field]]
        params |= {f"Add{word}Ids": ids(observed, more)} if more else {}
        params |= {f"Remove{word}Ids": ids(observed, less)} if less else {}
    if after["private_dns"] != before["private_dns"]:
        params["PrivateDnsEnabled"] = after["private_dns"]
    params |= {**_dns_params(before, after), **_policy_change(before, after)}
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
        ADDRESSES: item.get("IpAddressType"),
        **{name: (item.get("DnsOptions") or {}).get(word) for name, word in DNS_OPTIONS.items()},
    }


def needs_dns(options: Mapping[str, Any]) -> bool:
    """Whether an interface endpoint answers under the name of its service."""
    services = options["interface_endpoints"] or ()
    return any(private(options, service) for service in services)


def private(options: Mapping[str, Any], service: str) -> bool:
    """Whether an interface endpoint shall answer under the name of its service."""
    return settings(options, service).get("private_dns_enabled") is not False
