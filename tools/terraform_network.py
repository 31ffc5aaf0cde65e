# SPDX-License-Identifier: Apache-2.0
"""The network of a Terraform state in the words of role vpc: which subnet is of which tier, what leads where.  Pure.

A tier has one subnet in each zone. Subnets are of one tier when they bear one name, but for their zone or number, and
reach the internet in one way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tools.terraform_state import Found, Resource, State

EVERYWHERE = "0.0.0.0/0"
# Attributes of a subnet that a tier states, and what they are where it states nothing.
OF_SUBNETS: Mapping[str, Any] = {
    "map_public_ip_on_launch": False, "assign_ipv6_address_on_creation": False, "enable_dns64": False,
    "enable_resource_name_dns_a_record_on_launch": False, "enable_resource_name_dns_aaaa_record_on_launch": False,
}  # fmt: skip
# Where a route of the provider's can lead, by argument.
TARGETS = ("gateway_id", "nat_gateway_id", "transit_gateway_id", "vpc_peering_connection_id", "network_interface_id",
           "vpc_endpoint_id", "egress_only_gateway_id", "local_gateway_id", "carrier_gateway_id")  # fmt: skip
DESTINATIONS = ("cidr_block", "destination_cidr_block", "ipv6_cidr_block", "destination_ipv6_cidr_block")
OF_OTHERS = ("pcx-", "tgw-", "vgw-", "eni-", "vpce-", "lgw-", "cagw-")
NETWORK_OPTIONS = {"vpc_cidr_block": "cidr_block", "vpc_dns_support": "enable_dns_support",
                   "vpc_dns_hostnames": "enable_dns_hostnames", "vpc_instance_tenancy": "instance_tenancy"}  # fmt: skip
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
# What tells the subnets of one tier apart: a zone, its letter, or a number, at the end.
APART = re.compile(r"([-_ ]?[a-z]{2}(-[a-z]+)+-\d[a-z]|[-_ ](az)?[a-z]|[-_ ]?(az)?\d+)$", re.IGNORECASE)


def network(state: State, found: Found) -> Mapping[str, Any]:
    """The ids of the adopted subnets by tier and zone, and of the groups by key; adds the rest to ``found``."""
    vpcs = state.all("aws_vpc")
    if len(vpcs) != 1:
        for each in vpcs:
            found.leaves(each, "this state has several, and an environment has one; adopt each with a state of its own")
        return {}
    (vpc,) = vpcs
    found.components.append("vpc")
    found.takes(vpc)
    vpc_id = vpc.get("id")
    parts: dict[str, str] = {}
    variables: dict[str, Any] = {variable: vpc.get(path) for variable, path in NETWORK_OPTIONS.items()}
    variables |= dict.fromkeys(("vpc_default_security_group_locked", "vpc_default_route_table_locked",
                                "vpc_default_network_acl", "vpc_flow_logs", "vpc_interface_endpoint_tier"))  # fmt: skip
    variables |= {"vpc_vpc_id": vpc_id, "vpc_adopt": True, "vpc_purge_tags": False}
    name = vpc.tags.get("Name", "")
    if NAME.match(name) and len(name) <= 54:
        variables["vpc_name"] = name
    shape = Shape(state, found, vpc_id)
    variables |= shape.variables()
    parts |= shape.parts
    groups = _groups(state, found, vpc_id)
    variables["vpc_security_groups"] = {key: value for key, (_unused, value) in groups.items()} or None
    parts |= {f"security-group/{key}": item for key, (item, _unused) in groups.items()}
    _defaults(state, found, variables)
    variables["vpc_adopted_parts"] = parts or None
    found.variables |= variables
    return {"tiers": shape.tiers, "groups": {key: item for key, (item, _unused) in groups.items()}}


class Shape:
    """Tiers with their tables and gateways."""

    def __init__(self, state: State, found: Found, vpc_id: str) -> None:
        self._state, self._found, self._vpc_id = state, found, vpc_id
        self.parts: dict[str, str] = {}
        self.tiers: dict[str, dict[str, str]] = {}
        self._tables = {each.get("id"): each for each in state.all("aws_route_table")}
        self._table_of = {each.get("subnet_id"): each for each in state.all("aws_route_table_association")
                          if each.get("subnet_id")}  # fmt: skip
        self._subnets = [each for each in state.all("aws_subnet") if each.get("vpc_id") == vpc_id]
        self._nats = {each.get("id"): each for each in state.all("aws_nat_gateway")}
        self._zone = {each.get("id"): each.get("availability_zone") for each in self._subnets}

    def variables(self) -> dict[str, Any]:
        """The variables of zones, tiers, gateways and gateway endpoints."""
        groups = self._grouped()
        zones = self._zones(groups)
        declared, ways = {}, {self._zone.get(each.get("subnet_id")): item for item, each in self._nats.items()}
        for name, members in groups.items():
            why = self._misfit(members, zones, ways)
            if why:
                for each in members.values():
                    self._found.leaves(each, why)
                continue
            self.tiers[name] = {zone: each.get("id") for zone, each in members.items()}
            declared[name] = members
        tiers = {name: self._tier(name, members, declared) for name, members in declared.items()}
        nat = self._nat(ways, zones, tiers)
        self._gateway(tiers)
        stated = {"vpc_zones": zones if tiers else None, "vpc_tiers": tiers or None, "vpc_nat_gateways": nat}
        return {**stated, **self._endpoints()}

    def _grouped(self) -> dict[str, dict[str, Resource]]:
        """Subnets by tier and zone."""
        groups: dict[str, dict[str, Resource]] = {}
        for each in self._subnets:
            base, number = label(each), 1
            while True:
                name = base if number == 1 else f"{base}-{number}"
                members = groups.setdefault(name, {})
                alike = all(self._way(other) == self._way(each) for other in members.values())
                if alike and each.get("availability_zone") not in members:
                    members[each.get("availability_zone")] = each
                    break
                number += 1
        return {name: dict(sorted(members.items())) for name, members in groups.items()}

    def _zones(self, groups: Mapping[str, Mapping[str, Resource]]) -> list[str]:
        """The zones that most tiers have."""
        sets = [tuple(sorted(members)) for members in groups.values()]
        ranked = [(sets.count(zones), len(zones), zones) for zones in sets]
        return list(max(ranked)[2]) if ranked else []

    def _table(self, subnet: Resource) -> Resource | None:
        association = self._table_of.get(subnet.get("id"))
        return self._tables.get(association.get("route_table_id")) if association else None

    def _routes(self, table: Resource) -> dict[str, str]:
        """Destination -> target, of the routes in the table's block and beside it."""
        routes = [*(table.get("route") or ()), *(each.attributes for each in self._state.all("aws_route")
                                                  if each.get("route_table_id") == table.get("id"))]  # fmt: skip
        found = {}
        for route in routes:
            destination = next((str(route[key]) for key in DESTINATIONS if route.get(key)), "")
            found[destination] = next((route[key] for key in TARGETS if route.get(key)), "")
        return found

    def _way(self, subnet: Resource) -> str:
        table = self._table(subnet)
        target = self._routes(table).get(EVERYWHERE, "") if table else ""
        return "gateway" if target.startswith("igw-") else "nat" if target.startswith("nat-") else "none"

    def _misfit(self, members: Mapping[str, Resource], zones: list[str], ways: Mapping[Any, str]) -> str:
        """Why subnets are no tier, or an empty text."""
        if sorted(members) != sorted(zones):
            return (
                f"a tier has a subnet in each zone ({', '.join(zones)}), and this one in {', '.join(sorted(members))}"
            )
        tables = [self._table(each) for each in members.values()]
        if not all(tables):
            return "it uses the main route table, or one that is not in this state; a tier has tables of its own"
        if len({each.address for each in tables if each}) not in (1, len(members)):
            return "some of its zones share a route table; a tier has one for each zone, or one for all"
        for name in OF_SUBNETS:
            if len({bool(each.get(name)) for each in members.values()}) > 1:
                return f"{name} is not the same in all zones of its tier"
        for zone, each in members.items():
            target = self._routes(table).get(EVERYWHERE, "") if (table := self._table(each)) else ""
            home = {item: at for at, item in ways.items()}.get(target)
            if target.startswith("nat-") and (home is None or (len(ways) > 1 and home != zone)):
                return f"its way out is {target}, which is not the NAT gateway of its zone"
        return ""

    def _tier(
        self, name: str, members: Mapping[str, Resource], declared: Mapping[str, Mapping[str, Resource]]
    ) -> dict[str, Any]:
        first = next(iter(members.values()))
        tier: dict[str, Any] = {"internet": self._way(first)}
        tier |= {key: bool(first.get(key)) for key, usual in OF_SUBNETS.items() if bool(first.get(key)) != usual}
        tables = {zone: self._table(each) for zone, each in members.items()}
        shared = self._sharing(tables, declared)
        if shared:
            tier["route_table"] = shared
        for zone, table in tables.items():
            assert table is not None
            subnet = members[zone]
            self.parts[f"subnet/{name}/{zone}"] = subnet.get("id")
            self.parts[f"route-table/{shared or f'{name}/{zone}'}"] = table.get("id")
            self._found.takes(subnet, table, self._table_of[subnet.get("id")])
            self._found.takes(*(each for each in self._state.all("aws_route")
                                if each.get("route_table_id") == table.get("id")))  # fmt: skip
            routes = {to: target for to, target in self._routes(table).items() if target.startswith(OF_OTHERS)}
            tier |= {"routes": routes} if routes else {}
        return tier

    def _sharing(self, tables: Mapping[str, Resource | None], declared: Mapping[str, Mapping[str, Resource]]) -> str:
        """The name of a table that several subnets use: that of the first tier with it."""
        ids = {table.get("id") for table in tables.values() if table}
        users = [name for name, members in declared.items() for each in members.values()
                 if (table := self._table(each)) and table.get("id") in ids]  # fmt: skip
        return users[0] if len(users) > len(ids) and len(ids) == 1 else ""

    def _nat(self, ways: Mapping[Any, str], zones: list[str], tiers: Mapping[str, Any]) -> str | None:
        """NAT gateways that stand in our tiers, one or one for each zone."""
        if not self._nats:
            return "none"
        gateways = [item for tier, members in self.tiers.items() if tiers[tier]["internet"] == "gateway"
                    for item in members.values()]  # fmt: skip
        fits = all(each.get("subnet_id") in gateways and each.get("connectivity_type") != "private"
                   for each in self._nats.values())  # fmt: skip
        if not fits or len(self._nats) not in (1, len(zones)) or len(ways) != len(self._nats):
            for each in self._nats.values():
                self._found.leaves(
                    each, "NAT gateways are one, or one in each zone, in a tier that has an internet gateway"
                )
            return None
        addresses = {each.get("allocation_id") or each.get("id"): each for each in self._state.all("aws_eip")}
        for zone, item in ways.items():
            self.parts[f"nat/{zone}"] = item
            self._found.takes(self._nats[item])
            address = self._nats[item].get("allocation_id")
            if address in addresses:
                self.parts[f"address/{zone}"] = address
                self._found.takes(addresses[address])
        return "single" if len(self._nats) == 1 else "per_zone"

    def _gateway(self, tiers: Mapping[str, Any]) -> None:
        for each in self._state.all("aws_internet_gateway"):
            if each.get("vpc_id") == self._vpc_id and any(tier["internet"] == "gateway" for tier in tiers.values()):
                self.parts["internet-gateway"] = each.get("id")
                self._found.takes(each)
                self._found.takes(*(other for other in self._state.all("aws_internet_gateway_attachment")
                                    if other.get("internet_gateway_id") == each.get("id")))  # fmt: skip

    def _endpoints(self) -> dict[str, Any]:
        """Gateway endpoints that are in every table of ours."""
        ours = {item for part, item in self.parts.items() if part.startswith("route-table/")}
        services, settings = [], {}
        beside = self._state.all("aws_vpc_endpoint_route_table_association")
        for each in self._state.all("aws_vpc_endpoint"):
            service = str(each.get("service_name")).rpartition(".")[2]
            mine = [other for other in beside if other.get("vpc_endpoint_id") == each.get("id")]
            tables = {*(each.get("route_table_ids") or ()), *(other.get("route_table_id") for other in mine)}
            if each.get("vpc_endpoint_type") != "Gateway":
                self._found.leaves(
                    each, "an endpoint with interfaces stays outside; give it ownership tags to keep it here"
                )
            elif not ours or tables != ours:
                self._found.leaves(
                    each, "a gateway endpoint is in every route table of the network, and this one is not"
                )
            else:
                services.append(service)
                settings[service] = {"policy": policy(each.get("policy"))}
                self.parts[f"endpoint/{service}"] = each.get("id")
                self._found.takes(each, *mine)
        return {"vpc_gateway_endpoints": sorted(services), "vpc_endpoint_settings": settings}


def policy(text: Any) -> dict[str, Any]:
    """A policy as a document; AWS's own, which lets everyone pass, is empty."""
    document = json.loads(text or "{}")
    statements = document.get("Statement") or []
    everyone = [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
    bare = [{key: value for key, value in each.items() if key != "Sid"} for each in statements]
    return {} if bare in ([], everyone) else dict(document)


def label(resource: Resource) -> str:
    """A tier's name: the resource's own where one has many instances, else its Name; without zone or number."""
    text = resource.name if resource.key is not None else resource.tags.get("Name") or resource.name
    before = None
    while before != text:
        before, text = text, APART.sub("", text) or text
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    words = re.sub(r"(^|-)(subnets?|this)(?=-|$)", "", words).strip("-")
    return words or "subnets"


def _defaults(state: State, found: Found, variables: dict[str, Any]) -> None:
    """What a VPC is born with, where the state keeps it empty."""
    for each in state.all("aws_default_security_group"):
        if not each.get("ingress") and not each.get("egress"):
            variables["vpc_default_security_group_locked"] = True
            found.takes(each)
    for each in state.all("aws_default_route_table"):
        if not each.get("route"):
            variables["vpc_default_route_table_locked"] = True
            found.takes(each)


RULES = {"aws_vpc_security_group_ingress_rule": "ingress", "aws_vpc_security_group_egress_rule": "egress"}


def _groups(state: State, found: Found, vpc_id: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Security groups by key, each with its id and its declaration."""
    groups = [each for each in state.all("aws_security_group") if each.get("vpc_id") == vpc_id]
    keys: dict[str, str] = {}
    for each in groups:
        base = re.sub(r"[^a-z0-9]+", "-", str(each.name if each.key is None else f"{each.name}-{each.key}").lower())
        key = base.strip("-") or "group"
        while key in keys.values() or key in ("default", "endpoints"):
            key += "-2"
        keys[each.get("id")] = key
    result = {}
    for each in groups:
        value: dict[str, Any] = {"description": each.get("description")}
        for way in ("ingress", "egress"):
            rules = list(_rules(state, each, way, keys))
            if None in rules:
                found.unsaid.append(
                    f"{each.address} {way}: a rule that cannot be said here; this direction stays as it is"
                )
            else:
                value[way] = rules
        found.takes(each, *_beside(state, each))
        result[keys[each.get("id")]] = (each.get("id"), value)
    return result


def _beside(state: State, group: Resource) -> Iterator[Resource]:
    for each in state.all("aws_security_group_rule", *RULES):
        if each.get("security_group_id") == group.get("id"):
            yield each


def _rules(state: State, group: Resource, way: str, keys: Mapping[str, str]) -> Iterator[dict[str, Any] | None]:
    """The rules of one direction, one for each other end; ``None`` for what no rule of ours says."""
    blocks: list[Mapping[str, Any]] = list(group.get(way) or ())
    for each in _beside(state, group):
        if each.type == "aws_security_group_rule" and each.get("type") == way:
            source = each.get("source_security_group_id")
            blocks.append({**each.attributes, "security_groups": [source] if source else []})
        elif RULES.get(each.type) == way:
            singles = {"cidr_ipv4": "cidr_blocks", "cidr_ipv6": "ipv6_cidr_blocks", "prefix_list_id": "prefix_list_ids",
                       "referenced_security_group_id": "security_groups"}  # fmt: skip
            ends = {plural: [each.get(single)] for single, plural in singles.items() if each.get(single)}
            blocks.append({"protocol": each.get("ip_protocol"), "from_port": each.get("from_port"),
                           "to_port": each.get("to_port"), **ends})  # fmt: skip
    seen = []
    for block in blocks:
        for rule in _rule(block, group, keys):
            if rule not in seen:
                seen.append(rule)
                yield rule


def _rule(block: Mapping[str, Any], group: Resource, keys: Mapping[str, str]) -> Iterator[dict[str, Any] | None]:
    protocol = "all" if str(block.get("protocol")) in ("-1", "all") else str(block.get("protocol"))
    ports = {} if protocol == "all" or not protocol.isalpha() else {
        "from_port": block.get("from_port"), "to_port": block.get("to_port")}  # fmt: skip
    if protocol in ("icmp", "icmpv6", "58"):
        yield None
        return
    base = {"protocol": protocol, **ports}
    for plural, single in (("cidr_blocks", "cidr_block"), ("ipv6_cidr_blocks", "ipv6_cidr_block"),
                           ("prefix_list_ids", "prefix_list")):  # fmt: skip
        for each in block.get(plural) or ():
            yield {**base, single: each}
    groups = [*(block.get("security_groups") or ()), *([group.get("id")] if block.get("self") else ())]
    for each in groups:
        yield {**base, "security_group": keys.get(each, each)}
