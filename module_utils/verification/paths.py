# SPDX-License-Identifier: Apache-2.0
"""Whether a connection gets through a network, from what EC2 says of it; what stands in its way has a name.  Pure.

Nothing here knows what was declared: groups, ACLs, routes and gateways are taken as AWS describes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from ..reconcile.offers import PART_TAG, TIER_TAG
from ..reconcile.tags import ansible_tags

Item = Mapping[str, Any]
EVERYWHERE = IPv4Network("0.0.0.0/0")
TCP = "6"
# From which ports clients connect, and so where answers go.  Source: Amazon VPC user guide, "Ephemeral ports": Linux
# kernels, and NAT gateways from 1024 on.
OF_CLIENTS = (32768, 60999)


@dataclass(frozen=True)
class Network:
    """What EC2 answers about one VPC, list by list."""

    subnets: Sequence[Item] = ()
    route_tables: Sequence[Item] = ()
    network_acls: Sequence[Item] = ()
    security_groups: Sequence[Item] = ()
    nat_gateways: Sequence[Item] = ()
    internet_gateways: Sequence[Item] = ()
    endpoints: Sequence[Item] = ()


def tag(item: Item, key: str) -> str:
    """The value of a tag, or an empty text."""
    return ansible_tags(item.get("Tags")).get(key, "")


def subnets_of(network: Network, tier: str) -> list[Item]:
    """The subnets of a tier."""
    return [subnet for subnet in network.subnets if tag(subnet, TIER_TAG) == tier]


def group_of(network: Network, key: str) -> Item | None:
    """The security group that the environment knows by this key."""
    return next((each for each in network.security_groups if tag(each, PART_TAG) == f"security-group/{key}"), None)


def called(item: Item) -> str:
    """An object as people call it: its part of the network, or its id."""
    ids = ("SubnetId", "NetworkAclId", "RouteTableId", "GroupId", "NatGatewayId", "VpcEndpointId")
    own = next((str(item[key]) for key in ids if key in item), "?")
    return f"{tag(item, PART_TAG)} ({own})" if tag(item, PART_TAG) else own


def group_lets(permissions: Iterable[Item], port: int, groups: Iterable[str], block: IPv4Network) -> bool:
    """Whether rules of a security group let TCP to a port pass, to or from these groups, or all of this block."""
    wanted = set(groups)
    for rule in permissions:
        if rule["IpProtocol"] not in ("-1", "tcp", TCP):
            continue
        if rule["IpProtocol"] != "-1" and not rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535):
            continue
        if wanted & {pair["GroupId"] for pair in rule.get("UserIdGroupPairs") or ()}:
            return True
        if any(block.subnet_of(IPv4Network(each["CidrIp"])) for each in rule.get("IpRanges") or ()):
            return True
    return False


def acl_of(network: Network, subnet: Item) -> Item | None:
    """The network ACL that a subnet is under."""
    return next((acl for acl in network.network_acls
                 for each in acl["Associations"] if each["SubnetId"] == subnet["SubnetId"]), None)  # fmt: skip


def acl_lets(acl: Item, egress: bool, ports: tuple[int, int], block: IPv4Network) -> bool:
    """Whether an ACL lets TCP to all of these ports pass, to or from all of this block.

    The first rule that meets a packet decides; one that meets some of them and denies is enough to say no.
    Source: Amazon VPC user guide, "Network ACL rules".
    """
    open_ports = set(range(ports[0], ports[1] + 1))
    for rule in sorted(acl["Entries"], key=lambda each: each["RuleNumber"]):
        if rule["Egress"] != egress or rule["Protocol"] not in ("-1", TCP) or "CidrBlock" not in rule:
            continue
        about, span = IPv4Network(rule["CidrBlock"]), rule.get("PortRange") or {"From": 0, "To": 65535}
        if rule["Protocol"] == "-1":
            span = {"From": 0, "To": 65535}
        met = {port for port in open_ports if span["From"] <= port <= span["To"]}
        if not met or not about.overlaps(block):
            continue
        if rule["RuleAction"] == "deny":
            return False
        if block.subnet_of(about):
            open_ports -= met
        if not open_ports:
            return True
    return False


def table_of(network: Network, subnet: Item) -> Item | None:
    """The route table that a subnet uses: its own, or the main one."""
    found = [table for table in network.route_tables for each in table.get("Associations") or ()
             if each.get("SubnetId") == subnet["SubnetId"]]  # fmt: skip
    main = [table for table in network.route_tables
            if any(each.get("Main") for each in table.get("Associations") or ())]  # fmt: skip
    return next(iter([*found, *main]), None)


def route(table: Item | None, destination: str) -> Item | None:
    """A route of a table, by its destination."""
    return next((each for each in (table or {}).get("Routes") or () if each.get("DestinationCidrBlock") == destination),
                None)  # fmt: skip


def inside(network: Network, source: Item, client: Item, target: Item, servers: Sequence[Item], port: int
           ) -> Iterator[str]:  # fmt: skip
    """What stands between a client in one subnet and servers in another, port by port: groups, then ACLs both ways."""
    here, there = IPv4Network(source["CidrBlock"]), IPv4Network(target["CidrBlock"])
    ids = [each["GroupId"] for each in servers]
    if not group_lets(client["IpPermissionsEgress"], port, ids, there):
        yield f"{called(client)} lets nothing out to port {port} of {', '.join(map(called, servers))}"
    if not any(group_lets(each["IpPermissions"], port, [client["GroupId"]], here) for each in servers):
        yield f"{', '.join(map(called, servers))} lets nothing in to port {port} from {called(client)}"
    ways = ((source, True, (port, port), there), (target, False, (port, port), here),
            (target, True, OF_CLIENTS, here), (source, False, OF_CLIENTS, there))  # fmt: skip
    yield from acl_obstacles(network, ways)


def acl_obstacles(network: Network, ways: Iterable[tuple[Item, bool, tuple[int, int], IPv4Network]]) -> Iterator[str]:
    """The ACLs that stand in the way; one subnet to itself passes none."""
    for subnet, egress, ports, block in ways:
        acl = acl_of(network, subnet)
        if IPv4Network(subnet["CidrBlock"]) == block:
            continue
        if acl is None or not acl_lets(acl, egress, ports, block):
            way, span = ("out to", "in from")[not egress], "-".join(map(str, sorted(set(ports))))
            name = "no network ACL" if acl is None else f"network ACL {called(acl)}"
            yield f"{name} of {called(subnet)} lets TCP {span} not {way} {block}"


def to_the_internet(network: Network, subnet: Item, port: int) -> Iterator[str]:
    """What stands between a subnet and a port of the internet: routes, gateways and ACLs."""
    table = table_of(network, subnet)
    way = route(table, str(EVERYWHERE))
    if way is None:
        yield f"{called(table) if table else 'no route table'} of {called(subnet)} has no route to {EVERYWHERE}"
        return
    if way.get("State") == "blackhole":
        yield f"the route of {called(subnet)} to {EVERYWHERE} leads to what is gone"
    elif way.get("NatGatewayId"):
        yield from nat_obstacles(network, way["NatGatewayId"])
    elif way.get("GatewayId"):
        yield from gateway_obstacles(network, way["GatewayId"])
    ways = ((subnet, True, (port, port), EVERYWHERE), (subnet, False, OF_CLIENTS, EVERYWHERE))
    yield from acl_obstacles(network, ways)


def nat_obstacles(network: Network, gateway_id: str) -> Iterator[str]:
    """What keeps a NAT gateway from leading anywhere."""
    gateway = next((each for each in network.nat_gateways if each["NatGatewayId"] == gateway_id), None)
    if gateway is None or gateway["State"] != "available":
        yield f"NAT gateway {gateway_id} is {gateway['State'] if gateway else 'gone'}"
        return
    home = next((each for each in network.subnets if each["SubnetId"] == gateway.get("SubnetId")), None)
    if home is None:  # a regional NAT gateway stands in no subnet
        return
    way = route(table_of(network, home), str(EVERYWHERE))
    if way is None or not str(way.get("GatewayId", "")).startswith("igw-"):
        yield f"NAT gateway {gateway_id} stands in {called(home)}, which has no route to an internet gateway"
        return
    yield from gateway_obstacles(network, way["GatewayId"])


def gateway_obstacles(network: Network, gateway_id: str) -> Iterator[str]:
    """What keeps an internet gateway from leading anywhere."""
    gateway = next((each for each in network.internet_gateways if each["InternetGatewayId"] == gateway_id), None)
    if gateway is None or not gateway.get("Attachments"):
        yield f"internet gateway {gateway_id} is {'detached' if gateway else 'gone'}"


def endpoint_of(network: Network, service: str) -> Item | None:
    """The VPC endpoint to a service, by the last part of its name."""
    return next((each for each in network.endpoints if each["ServiceName"].endswith(f".{service}")
                 and each["State"].lower() not in ("deleted", "deleting", "failed", "rejected")), None)  # fmt: skip


def by_endpoint(network: Network, endpoint: Item, source: Item, client: Item, port: int) -> Iterator[str]:
    """What stands between a client and an interface endpoint: its state, its name, its groups."""
    here = IPv4Network(source["CidrBlock"])
    if endpoint["State"].lower() != "available":
        yield f"{called(endpoint)} is {endpoint['State']}"
    if not endpoint.get("PrivateDnsEnabled"):
        yield f"{called(endpoint)} does not answer under the service's own name"
    ids = {each["GroupId"] for each in endpoint.get("Groups") or ()}
    groups = [each for each in network.security_groups if each["GroupId"] in ids]
    homes = [each for each in network.subnets if each["SubnetId"] in (endpoint.get("SubnetIds") or ())]
    if not any(group_lets(each["IpPermissions"], port, [client["GroupId"]], here) for each in groups):
        yield f"{', '.join(map(called, groups)) or 'no group'} lets nothing in to port {port} from {called(client)}"
    if not any(group_lets(client["IpPermissionsEgress"], port, ids, IPv4Network(home["CidrBlock"])) for home in homes):
        yield f"{called(client)} lets nothing out to port {port} of {called(endpoint)}"


def by_gateway_endpoint(network: Network, endpoint: Item, source: Item) -> Iterator[str]:
    """What stands between a subnet and a gateway endpoint."""
    table = table_of(network, source)
    if endpoint["State"].lower() != "available":
        yield f"{called(endpoint)} is {endpoint['State']}"
    if table is None or table["RouteTableId"] not in (endpoint.get("RouteTableIds") or ()):
        yield f"the route table of {called(source)} does not lead to {called(endpoint)}"
