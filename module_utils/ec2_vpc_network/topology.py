"""From tiers, zones and a CIDR block to subnets, so that what exists stays where it is.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any

GATEWAY, NAT, NONE = "gateway", "nat", "none"
NO_NAT, SINGLE, PER_ZONE = "none", "single", "per_zone"
# Where the ways to the internet lead: everywhere in IPv4, everywhere in IPv6, and to hosts that have IPv4 only, whose
# addresses DNS64 writes in IPv6.  Source: "DNS64 and NAT64", Amazon VPC user guide.
IPV4, IPV6, NAT64 = "0.0.0.0/0", "::/0", "64:ff9b::/96"
# Source: "VPC CIDR blocks" and "Subnet CIDR blocks", Amazon VPC user guide.
LARGEST, SMALLEST = 16, 28


def network(text: Any) -> IPv4Network | None:
    """The block, or ``None`` when the text is no IPv4 block or has bits set behind its prefix."""
    try:
        block = IPv4Network(str(text))
    except ValueError:
        return None
    return block if "/" in str(text) else None


def split(key: str) -> tuple[str, str]:
    """Tier and zone of a subnet's key ``app/eu-west-1a``."""
    tier, _, zone = key.rpartition("/")
    return tier, zone


def keys(options: Mapping[str, Any]) -> list[str]:
    """The keys of all declared subnets, in the order of the declaration."""
    return [f"{tier}/{zone}" for tier in options["tiers"] or {} for zone in options["zones"] or ()]


def stated(options: Mapping[str, Any]) -> bool:
    """Whether the declaration says anything about subnets."""
    return options["tiers"] is not None and options["zones"] is not None


def internet(options: Mapping[str, Any], tier: str) -> str:
    """How a tier reaches the internet: ``gateway``, ``nat`` or ``none``."""
    return (options["tiers"][tier] or {}).get("internet") or NONE


def tiers_with(options: Mapping[str, Any], *kinds: str) -> list[str]:
    """Tiers that reach the internet in one of these ways, in the order of the declaration."""
    return [tier for tier in options["tiers"] or {} if internet(options, tier) in kinds]


def tier_tags(options: Mapping[str, Any], part: str) -> dict[str, str]:
    """The tags that a tier gives its subnets; other parts get none."""
    kind, *rest = part.split("/")
    tier = (options["tiers"] or {}).get(rest[0]) if kind == "subnet" else None
    return {key: str(value) for key, value in ((tier or {}).get("tags") or {}).items()}


def tier_routes(options: Mapping[str, Any], key: str) -> dict[str, str]:
    """What a tier routes beside the way to the internet: destination -> id of the target."""
    tier = (options["tiers"] or {}).get(split(key)[0]) or {}
    return {str(destination): str(target) for destination, target in (tier.get("routes") or {}).items()}


def explicit_blocks(options: Mapping[str, Any]) -> dict[str, Any]:
    """Blocks that the declaration itself gives, by subnet key."""
    return {f"{tier}/{zone}": block for tier, value in (options["tiers"] or {}).items()
            for zone, block in ((value or {}).get("cidr_blocks") or {}).items()}  # fmt: skip


def prefix_length(options: Mapping[str, Any], vpc: IPv4Network) -> int:
    """The prefix of new subnets: as declared, or such that the reserved tiers and zones fit."""
    if options["subnet_prefix_length"]:
        return options["subnet_prefix_length"]
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
    """The block that a subnet has in an empty VPC: a row for each tier, in it a place for each zone's letter."""
    tier, zone = split(key)
    column = ord(zone[-1:] or "~") - ord("a")
    width = 1 << _bits(columns(options))
    if not 0 <= column < width:
        return None
    slot = list(options["tiers"]).index(tier) * width + column
    length = prefix_length(options, vpc)
    if length < vpc.prefixlen or slot >= 1 << (length - vpc.prefixlen):
        return None
    return IPv4Network((int(vpc.network_address) + (slot << (32 - length)), length))


def place(
    options: Mapping[str, Any], vpc: IPv4Network, taken: Mapping[str, str], others: Iterable[str]
) -> dict[str, Any]:
    """Blocks by subnet key: those that exist as they are, then those declared, then preferred ones, then free ones.

    ``taken`` holds our subnets' blocks by key, ``others`` all other blocks in use. A key without room has ``None``.
    """
    wanted = keys(options)
    placed: dict[str, Any] = {key: taken[key] for key in wanted if key in taken}
    explicit = explicit_blocks(options)
    placed.update({key: explicit[key] for key in wanted if key not in placed and key in explicit})
    used = [IPv4Network(block) for block in (*taken.values(), *placed.values(), *others)]
    for choice in (preferred, lambda *_: first_free(vpc, prefix_length(options, vpc), used)):
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
    """Zones that have a NAT gateway; a single one stays where it is as long as its zone is declared."""
    zones = list(options["zones"] or ())
    if options["nat_gateways"] == PER_ZONE:
        return zones
    if options["nat_gateways"] == SINGLE:
        return ([zone for zone in zones if zone in set(present)] or zones)[:1]
    return []
