# SPDX-License-Identifier: Apache-2.0
"""From tiers, zones and a CIDR block to subnets, so that what exists stays where it is.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

GATEWAY, NAT, NONE = "gateway", "nat", "none"
NO_NAT, SINGLE, PER_ZONE, REGIONAL = "none", "single", "per_zone", "regional"
# Where the ways to the internet lead: everywhere in IPv4, everywhere in IPv6, and to hosts that have IPv4 only, whose
# addresses DNS64 writes in IPv6.  Source: "DNS64 and NAT64", Amazon VPC user guide.
IPV4, IPV6, NAT64 = "0.0.0.0/0", "::/0", "64:ff9b::/96"
# How the id of a managed prefix list begins, which stands for many blocks.
PREFIX_LIST = "pl-"
# What a rule says for the VPC's first IPv4 block.
OF_VPC = "vpc"
# Source: "VPC CIDR blocks" and "Subnet CIDR blocks", Amazon VPC user guide.
LARGEST, SMALLEST = 16, 28


def network(text: Any) -> IPv4Network | None:
    """The block, or ``None`` when the text is no IPv4 block or has bits set behind its prefix."""
    try:
        block = IPv4Network(str(text))
    except ValueError:
        return None
    return block if "/" in str(text) else None


def any_network(text: Any) -> IPv4Network | IPv6Network | None:
    """The same for a block of either kind."""
    try:
        block = ip_network(str(text))
    except ValueError:
        return None
    return block if "/" in str(text) else None


def canonical(block: Any) -> Any:
    """A block as AWS writes it: IPv6 has many spellings; what is no block stays as it is."""
    found = any_network(block)
    return block if found is None else str(found)


def split(key: str) -> tuple[str, str]:
    """Tier and zone of a subnet's key ``app/eu-west-1a``."""
    name, _unused, zone = key.rpartition("/")
    return name, zone


def keys(options: Mapping[str, Any]) -> list[str]:
    """The keys of all declared subnets, in the order of the declaration."""
    return [f"{name}/{zone}" for name in options["tiers"] or {} for zone in zones_of(options, name)]


def zones_of(options: Mapping[str, Any], name: str) -> list[str]:
    """The zones in which a tier has a subnet: those it states, else all, in the order of the declaration."""
    own = tier(options, name).get("zones")
    return [zone for zone in options["zones"] or () if own is None or zone in own]


def stated(options: Mapping[str, Any]) -> bool:
    """Whether the declaration says anything about subnets."""
    return options["tiers"] is not None and options["zones"] is not None


def tier(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What the declaration says about a tier; nothing of one that is not declared."""
    return (options["tiers"] or {}).get(name) or {}


def table_key(options: Mapping[str, Any], key: str) -> str:
    """The route table of a subnet: its own, or the one that its tier shares."""
    return str(tier(options, split(key)[0]).get("route_table") or key)


def table_keys(options: Mapping[str, Any]) -> dict[str, list[str]]:
    """The declared route tables with the keys of the subnets that use each."""
    found: dict[str, list[str]] = {}
    for key in keys(options):
        found.setdefault(table_key(options, key), []).append(key)
    return found


def subnet_of_table(options: Mapping[str, Any], table: str) -> str:
    """The key of a subnet that uses a table, which says what the table is to hold: all of them agree on that."""
    return next(iter(table_keys(options).get(table, ())), table)


def internet(options: Mapping[str, Any], name: str) -> str:
    """How a tier reaches the internet: ``gateway``, ``nat`` or ``none``."""
    return tier(options, name).get("internet") or NONE


def tiers_with(options: Mapping[str, Any], *kinds: str) -> list[str]:
    """Tiers that reach the internet in one of these ways, in the order of the declaration."""
    return [name for name in options["tiers"] or {} if internet(options, name) in kinds]


def native(options: Mapping[str, Any], name: str) -> bool:
    """Whether a tier's subnets have IPv6 and nothing else."""
    return tier(options, name).get("ipv6_native") is True


def home_of_nat(options: Mapping[str, Any]) -> str:
    """The tier in which NAT gateways stand; empty where there is none. They need an IPv4 address."""
    return next((name for name in tiers_with(options, GATEWAY) if not native(options, name)), "")


def users_of_nat(options: Mapping[str, Any]) -> list[str]:
    """The tiers that a NAT gateway leads out: by IPv6 alone it leads to hosts that have IPv4 only."""
    return [name for name in tiers_with(options, NAT)
            if not native(options, name) or tier(options, name).get("enable_dns64")]  # fmt: skip


def tier_tags(options: Mapping[str, Any], part: str) -> dict[str, str]:
    """The tags that a tier gives its subnets; other parts get none."""
    kind, *rest = part.split("/")
    tags = tier(options, rest[0]).get("tags") if kind == "subnet" else None
    return {key: str(value) for key, value in (tags or {}).items()}


def tier_routes(options: Mapping[str, Any], key: str) -> dict[str, str]:
    """What a tier routes beside the way to the internet: destination -> id of the target."""
    routes = tier(options, split(key)[0]).get("routes") or {}
    return {canonical(destination): str(target) for destination, target in routes.items()}


def explicit_blocks(options: Mapping[str, Any]) -> dict[str, Any]:
    """Blocks that the declaration itself gives, by subnet key."""
    return {f"{name}/{zone}": block for name, value in (options["tiers"] or {}).items()
            for zone, block in ((value or {}).get("cidr_blocks") or {}).items()}  # fmt: skip


def prefix_length(options: Mapping[str, Any], vpc: IPv4Network) -> int:
    """The prefix of new subnets: as declared, or such that the reserved tiers and zones fit."""
    if options["subnet_prefix_length"]:
        return int(options["subnet_prefix_length"])
    wanted = vpc.prefixlen + _bits(rows(options)) + _bits(columns(options))
    return min(max(wanted, LARGEST), SMALLEST)


def rows(options: Mapping[str, Any]) -> int:
    """Tiers for which there is room."""
    return max(options["reserved_tiers"] or 1, len(options["tiers"] or ()))


def columns(options: Mapping[str, Any]) -> int:
    """Zones for which each tier has room."""
    return max(options["reserved_zones"] or 1, len(options["zones"] or ()))


def _bits(count: int) -> int:
    return (count - 1).bit_length()


def preferred(options: Mapping[str, Any], vpc: IPv4Network, key: str) -> IPv4Network | None:
    """The block that a subnet has in an empty VPC; ``None`` where its place lies outside."""
    number, length = slot(options, key), prefix_length(options, vpc)
    if number is None or length < vpc.prefixlen or number >= 1 << (length - vpc.prefixlen):
        return None
    return IPv4Network((int(vpc.network_address) + (number << (32 - length)), length))


def slot(options: Mapping[str, Any], key: str) -> int | None:
    """The number of a subnet's place: a row for each tier, in it a place for each zone's letter."""
    name, zone = split(key)
    column = ord(zone[-1:] or "~") - ord("a")
    width = 1 << _bits(columns(options))
    return list(options["tiers"]).index(name) * width + column if 0 <= column < width else None


def place(
    options: Mapping[str, Any],
    vpc: IPv4Network,
    taken: Mapping[str, str],
    others: Iterable[str],
    further: Iterable[str | IPv4Network] = (),
) -> dict[str, Any]:
    """Blocks by subnet key: those that exist as they are, then those declared, then preferred ones, then free ones.

    ``taken`` holds our subnets' blocks by key, ``others`` all other blocks in use, ``further`` the VPC's blocks beside
    its first one, in which there may be room when that is full. A key without room has ``None``, and one of a tier
    with IPv6 only is left out.
    """
    wanted = [key for key in keys(options) if not native(options, split(key)[0])]
    placed: dict[str, Any] = {key: taken[key] for key in wanted if key in taken}
    explicit = explicit_blocks(options)
    placed.update({key: explicit[key] for key in wanted if key not in placed and key in explicit})
    used = [IPv4Network(block) for block in (*taken.values(), *placed.values(), *others)]
    rooms = [vpc, *map(IPv4Network, further)]

    def free(*_unused: Any) -> IPv4Network | None:
        found = (first_free(room, prefix_length(options, vpc), used) for room in rooms)
        return next((block for block in found if block is not None), None)

    for choice in (preferred, free):
        for key in wanted:
            block = choice(options, vpc, key) if key not in placed else None
            if block is not None and not any(block.overlaps(other) for other in used):
                placed[key] = str(block)
                used.append(block)
    return {key: placed.get(key) for key in wanted}


def first_free(vpc: IPv4Network, length: int, used: Iterable[IPv4Network]) -> IPv4Network | None:
    """The lowest block of this length that overlaps nothing, or ``None``."""
    if length < vpc.prefixlen:
        return None
    size = 1 << (32 - length)
    start = int(vpc.network_address)
    for block in sorted(used, key=lambda block: int(block.network_address)):
        if not block.overlaps(vpc):
            continue
        if int(block.network_address) >= start + size:
            break
        # Behind this block, rounded up to where a block of this length may begin.
        behind = -(-(int(block.broadcast_address) + 1) // size) * size
        start = max(start, behind)
    found = IPv4Network((start, length)) if start <= int(vpc.broadcast_address) else None
    return found if found is not None and found.subnet_of(vpc) else None


def nat_zones(options: Mapping[str, Any], present: Iterable[str]) -> list[str]:
    """Zones that have a NAT gateway: those of the tier in which it stands.  A single one stays where it is as long as
    its zone is declared.

    A regional one is of all zones, and stands under that word.
    """
    zones = zones_of(options, home_of_nat(options))
    if options["nat_gateways"] == REGIONAL:
        return [REGIONAL] if options["zones"] else []
    if options["nat_gateways"] == PER_ZONE:
        return zones
    if options["nat_gateways"] == SINGLE:
        return ([zone for zone in zones if zone in set(present)] or zones)[:1]
    return []
