# SPDX-License-Identifier: Apache-2.0
"""Whether clients in the network come to the cache, to the stream and to the internet, as AWS describes the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..environment.preflight import OK, STOP, WARNING, Check
from . import paths

if TYPE_CHECKING:
    from ..aws.client import Aws

Options = Mapping[str, Any]
HTTPS = 443
DEFAULT_PORT = 6379
WAY = "clients in"
# Ways are followed by their IPv4 addresses; what has none is told, and not judged.
BY_IPV6 = "subnets with IPv6 only"
READ_ALL = {
    "subnets": ("describe_subnets", "Subnets", "vpc-id"),
    "route_tables": ("describe_route_tables", "RouteTables", "vpc-id"),
    "network_acls": ("describe_network_acls", "NetworkAcls", "vpc-id"),
    "security_groups": ("describe_security_groups", "SecurityGroups", "vpc-id"),
    "nat_gateways": ("describe_nat_gateways", "NatGateways", "vpc-id"),
    "internet_gateways": ("describe_internet_gateways", "InternetGateways", "attachment.vpc-id"),
    "endpoints": ("describe_vpc_endpoints", "VpcEndpoints", "vpc-id"),
}


def read(aws: Aws, vpc_id: str) -> paths.Network:
    """Everything that the ways lead through, read afresh."""
    # The one filter that this operation names otherwise.  Source: DescribeNatGateways API reference, Filter.
    word = {"describe_nat_gateways": "Filter"}
    requests = {key: ("ec2", operation, {word.get(operation, "Filters"): [{"Name": name, "Values": [vpc_id]}]})
                for key, (operation, _unused, name) in READ_ALL.items()}  # fmt: skip
    answers = aws.read_many(requests)
    found = {key: answers[key].get(name) or [] for key, (_unused, name, _unused) in READ_ALL.items()}
    return paths.Network(**{**found, "subnets": [each for each in found["subnets"] if each.get("CidrBlock")]})


def clients(options: Options, cache_groups: Iterable[str]) -> list[str]:
    """The keys of the groups that are declared to come to the cache: it lets them in, or they want to go to it."""
    groups, servers = options.get("security_groups") or {}, set(cache_groups)
    let_in = [rule["security_group"] for key in servers for rule in (groups.get(key) or {}).get("ingress") or ()
              if rule.get("security_group")]  # fmt: skip
    going = [key for key, group in groups.items() for rule in (group or {}).get("egress") or ()
             if rule.get("security_group") in servers]  # fmt: skip
    return list(dict.fromkeys([*let_in, *going]))


def homes(options: Options, client: str, but: Sequence[str]) -> list[str]:
    """The tiers in which clients of a group live: the one of the group's name, else all but the caches'.

    Those with IPv6 only are left out.
    """
    tiers = list(options.get("tiers") or {})
    found = [client] if client in tiers else [tier for tier in tiers if tier not in but]
    return [tier for tier in found if not native(options, tier)]


def native(options: Options, tier: str) -> bool:
    """Whether the subnets of a tier have IPv6 and nothing else."""
    return bool(((options.get("tiers") or {}).get(tier) or {}).get("ipv6_native"))


@dataclass(frozen=True)
class Way:
    """Who is meant to go where: the clients' groups, and the servers' with their tier and port."""

    name: str
    going: list[str]
    servers: list[str]
    tier: str
    port: int


def checks(network: paths.Network, vpc: Options, caches: Sequence[Options]) -> Iterator[Check]:
    """One line for each way that somebody is meant to go; several caches are told from each other by their names."""
    tiers, everybody = [], []
    for redis in caches or ({},):
        servers = list(redis.get("security_group_names") or ["cache"])
        tiers.append(str(redis.get("subnet_tier") or "cache"))
        going = clients(vpc, servers)
        everybody += going
        if redis and going:
            name = f"cache {redis['name']}" if len(caches) > 1 else "cache"
            port = int(redis.get("port") or DEFAULT_PORT)
            yield _cache(network, vpc, Way(name, going, servers, tiers[-1], port))
    for client in dict.fromkeys(everybody):
        yield from _services(network, vpc, client, tiers)


def _cache(network: paths.Network, vpc: Options, way: Way) -> Check:
    groups = {key: paths.group_of(network, key) for key in way.servers}
    found = [group for group in groups.values() if group is not None]
    told = [f"security group {key} is gone" for key, group in groups.items() if group is None]
    targets = paths.subnets_of(network, way.tier)
    for client in [] if native(vpc, way.tier) else way.going:
        group = paths.group_of(network, client)
        if group is None:
            told.append(f"security group {client} is gone")
            continue
        told += _every(network, vpc, client, [way.tier], partial(_to_all, network, group, targets, found, way.port))
    told += [BY_IPV6] if native(vpc, way.tier) else []
    return _verdict(f"{WAY} {', '.join(way.going)} to the {way.name}", told, f"TCP {way.port} gets through")


def _to_all(
    network: paths.Network,
    client: paths.Item,
    targets: Iterable[paths.Item],
    servers: list[paths.Item],
    port: int,
    source: paths.Item,
) -> Iterator[str]:
    for target in targets:
        yield from paths.inside(network, source, client, target, servers, port)


def _services(network: paths.Network, vpc: Options, client: str, cache_tiers: Sequence[str]) -> Iterator[Check]:
    """The ways from a client's tiers to Kinesis, to S3 and to the internet, as far as each is declared."""
    group = paths.group_of(network, client)
    if group is None:
        return
    by_interface = partial(paths.by_endpoint, network, client=group, port=HTTPS)
    kinds = (("interface_endpoints", by_interface), ("gateway_endpoints", partial(paths.by_gateway_endpoint, network)))
    for kind, obstacles in kinds:
        for service in vpc.get(kind) or ():
            endpoint = paths.endpoint_of(network, service)
            told = [f"endpoint {service} is gone"]
            if endpoint is not None:
                told = _every(network, vpc, client, cache_tiers, partial(obstacles, endpoint))
            yield _verdict(f"{WAY} {client} to {service}", told, "by its endpoint")
    if any(((vpc.get("tiers") or {}).get(tier) or {}).get("internet") in ("nat", "gateway")
           for tier in homes(vpc, client, cache_tiers)):  # fmt: skip
        to_the_internet = partial(paths.to_the_internet, network, port=HTTPS)
        told = _every(network, vpc, client, cache_tiers, to_the_internet)
        yield _verdict(f"{WAY} {client} to the internet", told, f"TCP {HTTPS} gets through")


def _every(
    network: paths.Network,
    vpc: Options,
    client: str,
    cache_tiers: Sequence[str],
    obstacles: Callable[[Mapping[str, Any]], Iterable[str]],
) -> list[str]:
    """What stands in the way from any subnet of the client's tiers, each said once."""
    tiers = homes(vpc, client, cache_tiers)
    sources = [subnet for tier in tiers for subnet in paths.subnets_of(network, tier)]
    if not tiers and any(native(vpc, tier) for tier in vpc.get("tiers") or ()):
        return [BY_IPV6]
    if not sources:
        return [f"no subnet of {', '.join(tiers) or 'any tier'} is there"]
    return list(dict.fromkeys(each for source in sources for each in obstacles(source)))


def _verdict(what: str, told: list[str], wanted: str) -> Check:
    if not told:
        return Check(what, wanted, wanted, OK)
    if set(told) == {BY_IPV6}:
        return Check(what, BY_IPV6, wanted, WARNING, "try it from there; ways are followed by IPv4 only")
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return Check(what, "; ".join(told[:3]) + more, wanted, STOP,
                 "run playbooks/drift.yml, which says who differs from the declaration, then site.yml")  # fmt: skip


def unknown(reason: str) -> Check:
    """The line where the network could not be read."""
    return Check("ways through the network", reason, "an answer to every read", WARNING, "allow the reads it names")
