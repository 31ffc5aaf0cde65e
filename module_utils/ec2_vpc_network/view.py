"""From AWS's answers to one network in the words of the options.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..reconcile.component import Seen
from ..reconcile.errors import Refusal
from ..reconcile.identity import identity_of
from ..reconcile.plan import Wait
from ..reconcile.tags import ansible_tags
from . import groups, names, obstacles, topology, waits
from .refuse import Refuse
from .state import FREE, IN_USE, LEAVING, TO_INTERNET_GATEWAY, complete
from .strangers import ends, others, strangers

Answers = Mapping[str, Any]
# Where the parts inside a VPC stand in the answers: kind of part -> answer, list, id.
TAGGED = {
    "subnet": ("subnets", "Subnets", "SubnetId"),
    "route-table": ("route_tables", "RouteTables", "RouteTableId"),
    "nat": ("nat_gateways", "NatGateways", "NatGatewayId"),
    "endpoint": ("endpoints", "VpcEndpoints", "VpcEndpointId"),
    "security-group": ("groups", "SecurityGroups", "GroupId"),
    "flow-log": ("flow_logs", "FlowLogs", "FlowLogId"),
}
# Kinds of which AWS lets several bear one part's tag and none replaces another, as a NAT gateway does after a failure.
ONE_EACH = ("subnet", "route-table", "security-group")
IDS = {**{kind: key for kind, (_, _, key) in TAGGED.items()}, "internet-gateway": "InternetGatewayId"}
NAT_LIVE = ("pending", "available")
# An endpoint in such a state never works again, and stays with its interfaces until somebody deletes it.
# Source: DescribeVpcEndpoints API reference, VpcEndpoint.State.
ENDPOINT_DEAD = ("failed", "rejected", "expired")


class Owned:
    """Whose an object is, and which part of the network."""

    def __init__(self, options: Any) -> None:
        self._identity = identity_of(options)

    def part(self, item: Mapping[str, Any], kind: str) -> str | None:
        """What follows the kind in our part's tag, ``""`` for the only one of its kind; ``None`` if it is not ours."""
        tags = ansible_tags(item.get("Tags"))
        found, _, rest = tags.get(names.PART, "").partition("/")
        return rest if self._identity.owns(tags) and found == kind else None

    def parts(self, items: Iterable[Mapping[str, Any]], kind: str) -> dict[str, Any]:
        """Our objects of one kind by what follows the kind; the lowest id wins, so that two looks agree."""
        found: dict[str, Any] = {}
        for item in sorted(items, key=lambda each: str(each[IDS[kind]])):
            key = self.part(item, kind)
            if key is not None:
                found.setdefault(key, item)
        return found


def seen(options: Any, region: str, answers: Answers) -> Seen:
    """Everything that one look found, and what speaks against the declaration."""
    owned = Owned(options)
    zones = sorted(zone["ZoneName"] for zone in answers["zones"]["AvailabilityZones"])
    around = {"region": region, "zones": zones}
    satellites, pending = _satellites(options, owned, answers), []
    resource, beside = None, ()
    if answers["vpcs"]["Vpcs"]:
        resource, pending = _network(owned, answers, satellites)
        beside = tuple(strangers(answers, resource, options))
    foreign = [
        *_foreign(options, owned, answers),
        *_doubled(options, owned, answers),
        *obstacles.obstacles(options, complete(resource, satellites), around),
    ]
    return Seen(resource, satellites, around, tuple(pending), foreign=tuple(foreign), strangers=beside)


def log_group(options: Any, answers: Answers) -> Mapping[str, Any] | None:
    """Our flow log's log group as AWS describes it."""
    name = names.log_group_name(names.network_name(options))
    found = [group for group in answers["log_groups"]["logGroups"] if group["logGroupName"] == name]
    if not found:
        return None
    # The ARN for tags has no ":*" behind it.  Source: DescribeLogGroups API reference, LogGroup.logGroupArn.
    return {**found[0], "logGroupArn": found[0].get("logGroupArn") or found[0]["arn"].removesuffix(":*")}


def _satellites(options: Any, owned: Owned, answers: Answers) -> dict[str, Any]:
    """What can exist without the VPC: its gateway before it is attached, addresses, role and log group."""
    gateway = owned.parts(answers["internet_gateways"]["InternetGateways"], "internet-gateway").get("")
    addresses = {item["AllocationId"]: item for item in answers["addresses"]["Addresses"]
                 if owned.part(item, "nat") is not None}  # fmt: skip
    tags = {allocation: ansible_tags(item["Tags"]) for allocation, item in addresses.items()}
    found: dict[str, Any] = {
        "internet_gateway": {},
        "addresses": {key: _address(owned, item) for key, item in sorted(addresses.items())},
        "part_tags": tags,
        **_flow_log_satellites(options, answers),
    }
    if gateway:
        gateway_id = gateway["InternetGatewayId"]
        found["internet_gateway"] = {"id": gateway_id, "attached": bool(gateway.get("Attachments"))}
        tags[gateway_id] = ansible_tags(gateway["Tags"])
    return found


def _address(owned: Owned, item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "public_ip": item["PublicIp"],
        "zone": owned.part(item, "nat"),
        "use": IN_USE if "AssociationId" in item else FREE,
    }


def _flow_log_satellites(options: Any, answers: Answers) -> dict[str, Any]:
    group, role, policy = log_group(options, answers), answers["role"], answers["policy"]
    tags = (answers.get("log_group_tags") or {}).get("tags", {})
    found: dict[str, Any] = {"flow_log_group": {}, "flow_log_role": {}}
    if group:
        days = group.get("retentionInDays")
        found["flow_log_group"] = {"arn": group["logGroupArn"], "retention_days": days, "tags": tags}
    if role:
        found["flow_log_role"] = {
            "arn": role["Role"]["Arn"],
            "trust": role["Role"]["AssumeRolePolicyDocument"],
            "policy": policy["PolicyDocument"] if policy else None,
            "tags": ansible_tags(role["Role"].get("Tags")),
        }
    return found


def _network(owned: Owned, answers: Answers, satellites: Mapping[str, Any]) -> tuple[dict[str, Any], list[Wait]]:
    (vpc,) = answers["vpcs"]["Vpcs"]
    subnets = owned.parts(answers["subnets"]["Subnets"], "subnet")
    live, dead, nat_waits = _nat_gateways(owned, answers, {item["SubnetId"]: key for key, item in subnets.items()})
    state = {
        **satellites,
        "vpc_id": vpc["VpcId"],
        "cidr_block": vpc["CidrBlock"],
        "instance_tenancy": vpc["InstanceTenancy"],
        "dns_support": answers["dns_support"]["EnableDnsSupport"]["Value"],
        "dns_hostnames": answers["dns_hostnames"]["EnableDnsHostnames"]["Value"],
        "tags": ansible_tags(vpc.get("Tags")),
        "subnets": {key: _subnet(key, item) for key, item in sorted(subnets.items())},
        "foreign_cidr_blocks": _foreign_blocks(answers, subnets),
        "nat_gateways": live,
        "dead_nat_gateways": dead,
        "addresses": _used(satellites["addresses"], answers["nat_gateways"]["NatGateways"]),
        "flow_logs": _flow_log(owned, answers),
        **_groups(owned, answers),
    }
    state["route_tables"] = _route_tables(owned, answers, state)
    endpoints, endpoint_waits = _endpoints(owned, answers, state)
    state |= endpoints
    state["part_tags"] = {**satellites["part_tags"], **_part_tags(owned, answers)}
    return state, [*nat_waits, *endpoint_waits]


def _foreign_blocks(answers: Answers, ours: Mapping[str, Any]) -> list[str]:
    ids = {item["SubnetId"] for item in ours.values()}
    return sorted(item["CidrBlock"] for item in answers["subnets"]["Subnets"] if item["SubnetId"] not in ids)


def _subnet(key: str, item: Mapping[str, Any]) -> dict[str, Any]:
    tier, _ = topology.split(key)
    return {"id": item["SubnetId"], "cidr_block": item["CidrBlock"], "zone": item["AvailabilityZone"], "tier": tier}


def _nat_gateways(
    owned: Owned, answers: Answers, subnet_keys: Mapping[str, str]
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
        address = (item.get("NatGatewayAddresses") or [{}])[0]
        found = {"id": gateway_id, "subnet": subnet_keys.get(item["SubnetId"], item["SubnetId"]),
                 "allocation_id": address.get("AllocationId"), "public_ip": address.get("PublicIp")}  # fmt: skip
        live.setdefault(zone, found)
        pending += [waits.nat_gateway(zone, gateway_id)] if state == "pending" else []
    return dict(sorted(live.items())), sorted(dead), pending


def _used(addresses: Mapping[str, Any], gateways: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Addresses, in use as well when a gateway that is coming holds them, and leaving with one that is going."""
    uses = {address.get("AllocationId"): IN_USE if item["State"] in NAT_LIVE else LEAVING
            for item in sorted(gateways, key=lambda each: each["State"] in NAT_LIVE)
            if item["State"] in (*NAT_LIVE, "deleting")
            for address in item.get("NatGatewayAddresses") or ()}  # fmt: skip
    return {key: {**item, "use": uses.get(key, item["use"])} for key, item in addresses.items()}


def _groups(owned: Owned, answers: Answers) -> dict[str, Any]:
    found = answers["groups"]["SecurityGroups"]
    ours = owned.parts(found, "security-group")
    key_by_id = {item["GroupId"]: key for key, item in ours.items()}
    default = next((item for item in found if item["GroupName"] == "default"), {"GroupId": None})
    locked = not default.get("IpPermissions") and not default.get("IpPermissionsEgress")
    return {
        "security_groups": {key: _group(item, key_by_id) for key, item in sorted(ours.items())},
        "default_security_group": {"id": default["GroupId"], **_rules(default, key_by_id)},
        "default_security_group_locked": locked,
    }


def _group(item: Mapping[str, Any], key_by_id: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": item["GroupId"],
        "group_name": item["GroupName"],
        "description": item["Description"],
        **_rules(item, key_by_id),
    }


def _rules(item: Mapping[str, Any], key_by_id: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ingress": groups.observed(item.get("IpPermissions") or (), key_by_id),
        "egress": groups.observed(item.get("IpPermissionsEgress") or (), key_by_id),
    }


def _route_tables(owned: Owned, answers: Answers, state: Mapping[str, Any]) -> dict[str, Any]:
    targets = {item["id"]: names.nat_gateway(zone) for zone, item in state["nat_gateways"].items()}
    if state["internet_gateway"]:
        targets[state["internet_gateway"]["id"]] = TO_INTERNET_GATEWAY
    tables = owned.parts(answers["route_tables"]["RouteTables"], "route-table")
    return {key: _route_table(key, item, targets, state["subnets"]) for key, item in sorted(tables.items())}


def _route_table(
    key: str, item: Mapping[str, Any], targets: Mapping[str, str], subnets: Mapping[str, Any]
) -> dict[str, Any]:
    ways = dict(way for way in map(ends, item["Routes"]) if way[0] in (topology.IPV4, topology.IPV6, topology.NAT64))
    associations = {each["SubnetId"]: each["RouteTableAssociationId"] for each in item.get("Associations") or ()
                    if each.get("SubnetId")}  # fmt: skip
    return {
        "id": item["RouteTableId"],
        "internet_routes": {destination: targets.get(target, target) for destination, target in sorted(ways.items())},
        "routes": dict(others(item)),
        "associated": subnets.get(key, {}).get("id") in associations,
        "associations": sorted(associations.values()),
    }


def _endpoints(owned: Owned, answers: Answers, state: Mapping[str, Any]) -> tuple[dict[str, Any], list[Wait]]:
    """Endpoints that work or soon will, those that never will by id, and waits."""
    kinds = ("route_tables", "subnets", "security_groups")
    keys = {item["id"]: key for kind in kinds for key, item in state[kind].items()}
    found: dict[str, Any] = {"gateway_endpoints": {}, "interface_endpoints": {}, "dead_endpoints": {}}
    pending = []
    for item in sorted(answers["endpoints"]["VpcEndpoints"], key=lambda each: each["VpcEndpointId"]):
        service, endpoint_id, status = owned.part(item, "endpoint"), item["VpcEndpointId"], item["State"].lower()
        if service is None or status == "deleted":
            continue
        if status in ENDPOINT_DEAD:
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


def _flow_log(owned: Owned, answers: Answers) -> dict[str, Any]:
    found = owned.parts(answers["flow_logs"]["FlowLogs"], "flow-log").get("")
    if not found:
        return {}
    return {
        "id": found["FlowLogId"],
        "traffic_type": found["TrafficType"],
        "max_aggregation_interval_seconds": int(found.get("MaxAggregationInterval") or 600),
    }


def _part_tags(owned: Owned, answers: Answers) -> dict[str, Any]:
    """The tags of our parts by id."""
    return {item[key]: ansible_tags(item["Tags"]) for kind, (answer, group, key) in TAGGED.items()
            for item in answers[answer][group] if owned.part(item, kind) is not None}  # fmt: skip


def _foreign(options: Any, owned: Owned, answers: Answers) -> list[Refusal]:
    """Objects under names that are ours and without our tags."""
    name, identity, refuse = names.network_name(options), identity_of(options), Refuse(names.network_name(options))
    found = {}
    if answers["role"] and not identity.owns(ansible_tags(answers["role"]["Role"].get("Tags"))):
        found[f"role {names.role_name(name)}"] = "flow_logs"
    if answers.get("log_group_tags") and not identity.owns(answers["log_group_tags"].get("tags", {})):
        found[f"log group {names.log_group_name(name)}"] = "flow_logs"
    keys = (*(options["security_groups"] or {}), names.ENDPOINTS_GROUP)
    wanted = {names.part_name(name, f"security-group/{key}") for key in keys}
    for group in answers.get("groups", {}).get("SecurityGroups", ()):
        if group["GroupName"] in wanted and owned.part(group, "security-group") is None:
            found[f"security group {group['GroupName']} ({group['GroupId']})"] = "security_groups"
    wanted_tags = [f"{key}={value}" for key, value in identity.ownership.items()]
    step = "choose another stack_name or name, or give the object these tags if it is yours to manage"
    return [refuse(field, f"{thing} without our tags", wanted_tags, step) for thing, field in found.items()]


def _doubled(options: Any, owned: Owned, answers: Answers) -> Iterator[Refusal]:
    """Parts that exist more than once: to choose among them is the reader's, for each may carry traffic."""
    refuse = Refuse(names.network_name(options))
    for kind in ONE_EACH:
        answer, group, key = TAGGED[kind]
        ids: dict[str, list[str]] = {}
        for item in answers.get(answer, {}).get(group, ()):
            part = owned.part(item, kind)
            if part is not None:
                ids.setdefault(part, []).append(item[key])
        for part, found in sorted(ids.items()):
            if len(found) > 1:
                step = f"delete all but one, or take the tag {names.PART} from those that shall stay outside"
                yield refuse(f"{names.PART}={kind}/{part}", sorted(found), "one object", step)
