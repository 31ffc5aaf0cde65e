# SPDX-License-Identifier: Apache-2.0
"""From AWS's answers to one network in the words of the options.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..reconcile.component import Seen
from ..reconcile.errors import Refusal
from ..reconcile.identity import identity_of
from ..reconcile.plan import Wait
from ..reconcile.tags import ansible_tags
from . import (
    acls,
    adoption,
    blocks,
    dhcp,
    endpoints,
    flow_logs,
    gateways,
    groups,
    names,
    obstacles,
    occupants,
    protections,
    routes,
    subnets,
    topology,
)
from .owned import ONE_EACH, TAGGED, Owned, items
from .recognition import recognised, subnet_keys
from .refuse import Refuse
from .state import complete
from .strangers import BESIDE, SUBNET, strangers
from .vpc import ATTRIBUTES

Answers = Mapping[str, Any]


def seen(options: Any, region: str, answers: Answers) -> Seen:
    """Everything that one look found, and what speaks against the declaration."""
    owned = recognised(options, answers)
    zones = sorted(zone["ZoneName"] for zone in (answers["zones"] or {}).get("AvailabilityZones", ()))
    given = answers.get("given_addresses")
    addresses = {item["AllocationId"]: item for item in given["Addresses"]} if given else None
    around = {
        "region": region,
        "zones": zones,
        "given_addresses": addresses,
        "account": (answers.get("account") or {}).get("Account", ""),
        "endpoint_services": endpoints.services(region, answers),
    }
    satellites = _satellites(options, owned, answers)
    pending: list[Wait] = []
    resource, beside = None, ()
    if answers["vpcs"]["Vpcs"]:
        resource, pending = _network(owned, answers, satellites)
        beside = (*strangers(answers, resource, options), *_waiting(options, resource)) + tuple(
            {"what": "flow log that delivers nothing", "id": log, "where": resource["vpc_id"], "found": reason}
            for log, reason in flow_logs.undelivered(owned, answers))  # fmt: skip
    foreign = [
        *_foreign(options, owned, answers),
        *_doubled(options, owned, answers),
        *_in_the_way(options, beside),
        *occupants.refusals(options, owned, answers),
        *obstacles.obstacles(options, complete(resource, satellites), around),
        *endpoints.obstacles(options, around["endpoint_services"], around["zones"]),
        *adoption.obstacles(options, answers, resource),
        *flow_logs.obstacles(options, answers),
    ]
    return Seen(resource, satellites, around, tuple(pending), foreign=tuple(foreign), strangers=beside)


def _waiting(options: Any, resource: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Declared routes and propagations that wait until somebody attaches their gateway."""
    for name, table in resource["route_tables"].items():
        key = topology.subnet_of_table(options, name)
        wanted = topology.tier_routes(options, key)
        vgws = topology.tier(options, topology.split(key)[0]).get("propagating_vgws") or ()
        for what, target in (*wanted.items(), *(("propagation", gateway) for gateway in vgws)):
            if routes.waits_for_attachment(resource, target):
                found = f"{target} is not attached to this VPC; the run after that lays it"
                yield {"what": "route that waits", "id": str(what), "where": table["id"], "found": found}


def _satellites(options: Any, owned: Owned, answers: Answers) -> dict[str, Any]:
    """What can exist without the VPC: its gateway before it is attached, addresses, role and log group."""
    vpc_id = next((vpc["VpcId"] for vpc in answers["vpcs"]["Vpcs"]), None)
    free_or_ours = [item for item in items(answers, "internet-gateway")
                    if all(each["VpcId"] == vpc_id for each in item.get("Attachments") or ())]  # fmt: skip
    gateway = owned.parts(free_or_ours, "internet-gateway").get("") or adoption.taken_over(options, answers)
    addresses = {item["AllocationId"]: item for item in answers["addresses"]["Addresses"]
                 if owned.part(item, "nat") is not None}  # fmt: skip
    tags = {allocation: ansible_tags(item.get("Tags")) for allocation, item in addresses.items()}
    found: dict[str, Any] = {
        "internet_gateway": {},
        "addresses": {key: gateways.observed_address(owned, item) for key, item in sorted(addresses.items())},
        "part_tags": tags,
        **flow_logs.satellites(options, answers),
        **dhcp.observed(owned, answers),
    }
    if gateway:
        gateway_id = gateway["InternetGatewayId"]
        found["internet_gateway"] = {"id": gateway_id, "attached": bool(gateway.get("Attachments"))}
        tags[gateway_id] = ansible_tags(gateway.get("Tags"))
    return found


def _network(owned: Owned, answers: Answers, satellites: Mapping[str, Any]) -> tuple[dict[str, Any], list[Wait]]:
    (vpc,) = answers["vpcs"]["Vpcs"]
    ours = owned.parts(items(answers, "subnet"), "subnet")
    keys = subnet_keys(owned, answers)
    live, dead, nat_waits = gateways.observed_nat(owned, answers, keys)
    state = {
        **satellites,
        "vpc_id": vpc["VpcId"],
        "cidr_block": vpc["CidrBlock"],
        **blocks.observed(vpc),
        "instance_tenancy": vpc["InstanceTenancy"],
        **_attributes(answers),
        "tags": ansible_tags(vpc.get("Tags")),
        "subnets": {key: {**subnets.observed(item), "tier": topology.split(key)[0]}
                    for key, item in sorted(ours.items())},
        **_foreign_blocks(answers, keys),
        "egress_only_gateway": gateways.observed_egress_only(owned, answers),
        "nat_gateways": live,
        "dead_nat_gateways": dead,
        "addresses": gateways.used(satellites["addresses"], answers["nat_gateways"]["NatGateways"]),
        **flow_logs.observed(owned, answers),
        **groups.observed_groups(owned, answers),
        **acls.observed(owned, answers, keys),
        **routes.observed_default(owned, answers),
        "attached_gateways": routes.observed_attached(answers),
        "dhcp_options": dhcp.in_use(vpc, satellites["dhcp_option_sets"]),
    }  # fmt: skip
    state["route_tables"] = routes.observed_tables(owned, answers, state)
    guards, guard_waits = protections.observed(vpc["VpcId"], answers)
    state |= guards
    found, endpoint_waits = endpoints.observed_endpoints(owned, answers, state)
    state |= found
    state["part_tags"] = {**satellites["part_tags"], **_part_tags(owned, answers)}
    return state, [*blocks.pending(vpc), *acls.unseen(state), *nat_waits, *guard_waits, *endpoint_waits]


def _attributes(answers: Answers) -> dict[str, bool | None]:
    """The VPC's attributes, each of which AWS tells in an answer of its own; ``None`` for what was not asked."""
    return {field: answers[field][name]["Value"] if field in answers else None
            for field, name in ATTRIBUTES.items()}  # fmt: skip


def _foreign_blocks(answers: Answers, ours: Mapping[str, str]) -> dict[str, Any]:
    others = [item for item in items(answers, "subnet") if item["SubnetId"] not in ours]
    ipv6 = [subnets.observed_ipv6(item) for item in others]
    return {
        "foreign_subnets": {item["SubnetId"]: item.get("CidrBlock", "") for item in others},
        "foreign_cidr_blocks": sorted(item["CidrBlock"] for item in others if item.get("CidrBlock")),
        "foreign_ipv6_cidr_blocks": sorted(each["cidr_block"] for each in ipv6 if each),
    }


def _part_tags(owned: Owned, answers: Answers) -> dict[str, Any]:
    """The tags of our parts by id."""
    return {item[key]: ansible_tags(item.get("Tags")) for kind, (_unused, _unused, key) in TAGGED.items()
            for item in items(answers, kind) if owned.part(item, kind) is not None}  # fmt: skip


def _foreign(options: Any, owned: Owned, answers: Answers) -> list[Refusal]:
    """Objects under names that are ours and without our tags."""
    name, identity, refuse = names.network_name(options), identity_of(options), Refuse(names.network_name(options))
    found = {}
    if answers["role"] and not identity.owns(ansible_tags(answers["role"]["Role"].get("Tags"))):
        found[f"role {names.role_name(name)}"] = "flow_logs"
    found |= flow_logs.foreign_groups(options, answers)
    keys = (*(options["security_groups"] or {}), names.ENDPOINTS_GROUP)
    wanted = {names.part_name(name, f"security-group/{key}") for key in keys}
    for group in items(answers, "security-group"):
        if group["GroupName"] in wanted and owned.part(group, "security-group") is None:
            found[f"security group {group['GroupName']} ({group['GroupId']})"] = "security_groups"
    wanted_tags = [f"{key}={value}" for key, value in identity.ownership.items()]
    step = "choose another stack_name or name, or give the object these tags if it is yours to manage"
    return [refuse(field, f"{thing} without our tags", wanted_tags, step) for thing, field in found.items()]


def _in_the_way(options: Any, beside: Iterable[Mapping[str, str]]) -> Iterator[Refusal]:
    """What of others has to go before the VPC can; AWS would say so after everything else is gone."""
    if options["state"] == "absent":
        blocking = [f"{each['what']} {each['id']}" for each in beside if each["what"] in BESIDE
                    and not (each["what"] == SUBNET and options["purge_subnets"])]  # fmt: skip
        if blocking:
            step = "delete them if nobody needs them, or keep the network"
            yield Refuse(names.network_name(options))("state", blocking, "a VPC with nothing of others in it", step)


def _doubled(options: Any, owned: Owned, answers: Answers) -> Iterator[Refusal]:
    """Parts that exist more than once: to choose among them is the reader's, for each may carry traffic."""
    refuse = Refuse(names.network_name(options))
    for kind in ONE_EACH:
        ids: dict[str, list[str]] = {}
        for item in items(answers, kind):
            part = owned.part(item, kind)
            if part is not None:
                ids.setdefault(part, []).append(item[TAGGED[kind][2]])
        for part, found in sorted(ids.items()):
            if len(found) > 1:
                step = f"delete all but one, or take the tag {names.PART} from those that shall stay outside"
                yield refuse(f"{names.PART}={kind}/{part}", sorted(found), "one object", step)
