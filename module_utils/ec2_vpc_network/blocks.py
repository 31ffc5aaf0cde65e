# SPDX-License-Identifier: Apache-2.0
"""The address blocks of a VPC beside its first IPv4 block: further IPv4 blocks, and one of IPv6.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import DELETE, DISRUPTIVE, Call, Ref
from . import acls, names, topology, waits
from .refuse import Refuse

Options = Mapping[str, Any]
State = Mapping[str, Any]
LIVE = ("associating", "associated")
# Where the one IPv6 block comes from: Amazon, a pool of IPAM's, or a pool of addresses of one's own.
AMAZON, NO_POOL = "amazon", "none"
IPAM_POOL, OWN_POOL = "ipam-pool-", "ipv6pool-"
# How DescribeVpcs names those pools; it does not tell one of IPAM's from another.
# Source: Vpc and VpcIpv6CidrBlockAssociation API reference.
SHOWN_AMAZON, SHOWN_IPAM = "Amazon", "IPAM Managed"
SUBNET_PREFIX = 64
# Ranges of RFC 1918, and the one that AWS keeps to itself; blocks of one VPC do not mix them.
# Source: "IPv4 CIDR block association restrictions", Amazon VPC user guide.
PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
RESTRICTED = (*PRIVATE, IPv4Network("198.19.0.0/16"))
OF_DEFAULT_VPCS = IPv4Network("172.31.0.0/16")


def observed(vpc: Mapping[str, Any]) -> dict[str, Any]:
    """The blocks that a VPC has or is getting, with the ids of their associations."""
    further = {each["CidrBlock"]: each["AssociationId"] for each in vpc.get("CidrBlockAssociationSet") or ()
               if each["CidrBlockState"]["State"] in LIVE and each["CidrBlock"] != vpc["CidrBlock"]}  # fmt: skip
    ipv6 = [each for each in vpc.get("Ipv6CidrBlockAssociationSet") or ()
            if each["Ipv6CidrBlockState"]["State"] in LIVE]  # fmt: skip
    first = min(ipv6, key=lambda each: each["AssociationId"], default=None)
    return {
        "secondary_cidr_blocks": sorted(further),
        "cidr_associations": further,
        "ipv6": {} if first is None else {
            "cidr_block": first.get("Ipv6CidrBlock") or Ref(names.IPV6),
            "association_id": first["AssociationId"],
            "pool": first.get("Ipv6Pool") or SHOWN_AMAZON,
        },
    }  # fmt: skip


def first_block(options: Options) -> dict[str, Any]:
    """What CreateVpc is told about the VPC's first IPv4 block."""
    pool, length = options["ipv4_ipam_pool_id"], options["ipv4_netmask_length"]
    return {
        **({"CidrBlock": options["cidr_block"]} if options["cidr_block"] else {}),
        **({"Ipv4IpamPoolId": pool} if pool else {}),
        **({"Ipv4NetmaskLength": length} if length else {}),
    }


def stand_in(options: Options) -> IPv4Network:
    """A block of the size of the one that is to come, to place subnets in."""
    return IPv4Network((0, options["ipv4_netmask_length"]))


def placed_in_unknown(placed: Mapping[str, str | None]) -> dict[str, Any]:
    """The same places in the block that is to come."""
    found: dict[str, Any] = {}
    for key, text in placed.items():
        block = IPv4Network(text) if text else None
        how = partial(_moved, int(block.network_address), block.prefixlen) if block else None
        found[key] = None if how is None else Ref(names.VPC_BLOCK, how=how)
    return found


def _moved(offset: int, length: int, known: Mapping[str, Any]) -> str:
    return str(IPv4Network((int(IPv4Network(known[names.VPC_BLOCK]).network_address) + offset, length)))


def desired_ipv6(options: Options, present: State) -> dict[str, Any] | None:
    """The VPC's IPv6 block: the one that it has, or one that is still to come; ``None`` is no opinion."""
    pool = options["ipv6_pool"]
    if pool is None:
        return None
    if pool == NO_POOL:
        return {}
    return dict(present["ipv6"]) or {"cidr_block": Ref(names.IPV6), "pool": pool}


def desired_subnets(options: Options, present: State) -> dict[str, dict[str, Any]]:
    """The IPv6 blocks of subnets by key, empty where there is none; what exists keeps its block.

    A subnet for which the VPC's block has no room has ``None`` for its own.
    """
    found = {key: subnet["ipv6"] for key, subnet in present["subnets"].items()}
    wanted = desired_ipv6(options, present)
    if wanted is None:
        return {key: found.get(key, {}) for key in topology.keys(options)}
    result: dict[str, dict[str, Any]] = {key: {} for key in topology.keys(options)}
    if wanted:
        of_vpc = wanted["cidr_block"]
        keys = [key for key in result if topology.tier(options, topology.split(key)[0]).get("ipv6") is not False]
        taken = {key: _number(of_vpc, item["cidr_block"]) for key, item in found.items() if item}
        others = [_number(of_vpc, block) for block in present["foreign_ipv6_cidr_blocks"]]
        for key, number in _numbers(options, keys, taken, others, 1 << (SUBNET_PREFIX - prefix(options, of_vpc))):
            result[key] = found.get(key) or {"cidr_block": _block(of_vpc, number)}
    return result


def prefix(options: Options, of_vpc: Any) -> int:
    """The prefix length of the VPC's IPv6 block; Amazon gives out /56.  Source: "VPC CIDR blocks"."""
    return (options["ipv6_netmask_length"] or 56) if isinstance(of_vpc, Ref) else IPv6Network(of_vpc).prefixlen


def preferred(options: Options, of_vpc: Any, key: str) -> str | None:
    """The /64 that a subnet has in an empty VPC; ``None`` where its place lies outside or nobody knows it yet."""
    number = topology.slot(options, key)
    if number is None or not isinstance(of_vpc, str) or number >= 1 << (SUBNET_PREFIX - prefix(options, of_vpc)):
        return None
    return subnet_block(of_vpc, number)


def _numbers(
    options: Options, keys: list[str], taken: Mapping[str, int], others: Iterable[int], room: int
) -> Iterator[tuple[str, int | None]]:
    """Which /64 of the VPC's each subnet has: the one it has, else that of its place, else the first free one."""
    used = {*taken.values(), *others}
    numbers = dict(taken)
    for key in keys:
        place = topology.slot(options, key)
        if key not in numbers and place is not None and place < room and place not in used:
            numbers[key] = place
            used.add(place)
    for key in keys:
        if key not in numbers:
            free = next((number for number in range(room) if number not in used), None)
            used.add(-1 if free is None else free)
            yield key, free
        else:
            yield key, numbers[key]


def _number(of_vpc: Any, block: str) -> int:
    return (int(IPv6Network(block).network_address) - int(IPv6Network(of_vpc).network_address)) >> SUBNET_PREFIX


def _block(of_vpc: Any, number: int | None) -> Any:
    if number is None:
        return None
    return Ref(names.IPV6, how=partial(_saved, number)) if isinstance(of_vpc, Ref) else subnet_block(of_vpc, number)


def _saved(number: int, known: Mapping[str, Any]) -> str:
    return subnet_block(known[names.IPV6], number)


def subnet_block(of_vpc: str, number: int) -> str:
    """The /64 with this number in the VPC's block."""
    start = int(IPv6Network(of_vpc).network_address) + (number << SUBNET_PREFIX)
    return str(IPv6Network((start, SUBNET_PREFIX)))


def block_calls(observed: Any, desired: Any) -> list[Call]:
    """New blocks one after the other, since each changes the VPC's routes; an old one goes when it is empty."""
    before, after = observed["secondary_cidr_blocks"], desired["secondary_cidr_blocks"]
    calls: list[Call] = []
    for block in [block for block in after if block not in before]:
        params = {"VpcId": observed["vpc_id"], "CidrBlock": block}
        earlier = tuple(call.on for call in calls)
        calls.append(Call("ec2", "associate_vpc_cidr_block", params, names.cidr_block(block), f"add block {block}",
                          after=earlier, wait=waits.block(observed["vpc_id"], block)))  # fmt: skip
    gone_subnets = tuple(names.subnet(key) for key in observed["subnets"] if key not in desired["subnets"])
    for block in [block for block in before if block not in after]:
        params = {"AssociationId": observed["cidr_associations"][block]}
        calls.append(Call("ec2", "disassociate_vpc_cidr_block", params, names.cidr_block(block),
                          f"remove block {block}", DELETE, gone_subnets,
                          wait=waits.block_gone(observed["vpc_id"], block)))  # fmt: skip
    return calls + _ipv6_calls(observed, desired)


def _ipv6_calls(observed: Any, desired: Any) -> list[Call]:
    before, after, vpc_id = observed["ipv6"], desired["ipv6"], observed["vpc_id"]
    if after and not before:
        params = {"VpcId": vpc_id, **_from_pool(after["pool"], desired["ipv6_netmask_length"])}
        # AWS lets IPv6 pass a default network ACL and group that nobody has changed, so changes of ours come first.
        earlier = (*acls.rule_nouns(observed, desired), names.DEFAULT_GROUP)
        return [Call("ec2", "associate_vpc_cidr_block", params, names.IPV6, "give the VPC an IPv6 block",
                     after=earlier, wait=waits.ipv6_block(vpc_id))]  # fmt: skip
    if before and not after:
        params = {"AssociationId": before["association_id"]}
        # New groups are made before, for they have a rule for IPv6 at birth as long as the VPC has it.
        groups = desired["security_groups"]
        users = (*(names.subnet(key) for key in observed["subnets"]), *map(names.security_group, groups))
        return [Call("ec2", "disassociate_vpc_cidr_block", params, names.IPV6, "take the IPv6 block from the VPC",
                     DISRUPTIVE, users, wait=waits.ipv6_block_gone(vpc_id, before["association_id"]))]  # fmt: skip
    return []


def _from_pool(pool: str, length: int | None) -> dict[str, Any]:
    """Source: AssociateVpcCidrBlock API reference."""
    if pool == AMAZON:
        return {"AmazonProvidedIpv6CidrBlock": True}
    if pool.startswith(OWN_POOL):
        return {"Ipv6Pool": pool}
    return {"Ipv6IpamPoolId": pool, **({"Ipv6NetmaskLength": length} if length else {})}


def refusals(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    """What is wrong with the options about blocks, whatever the account holds."""
    yield from _pool_refusals(options, refuse)
    for block in options["secondary_cidr_blocks"] or ():
        yield from refuse.block("secondary_cidr_blocks", block)
    pool, length = options["ipv6_pool"], options["ipv6_netmask_length"]
    if pool is not None and pool not in (AMAZON, NO_POOL) and not pool.startswith((IPAM_POOL, OWN_POOL)):
        yield refuse("ipv6_pool", pool, f"{AMAZON}, {NO_POOL}, or an id that begins with {IPAM_POOL} or {OWN_POOL}")
    # Source: AssociateVpcCidrBlock API reference, Ipv6NetmaskLength.
    if length is not None and length not in range(44, 61, 4):
        yield refuse("ipv6_netmask_length", length, "44, 48, 52, 56 or 60")
    if length is not None and not str(pool).startswith(IPAM_POOL):
        yield refuse("ipv6_netmask_length", length, f"nothing, unless ipv6_pool begins with {IPAM_POOL}")


def _pool_refusals(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    pool, length = options["ipv4_ipam_pool_id"], options["ipv4_netmask_length"]
    if pool is not None and not pool.startswith(IPAM_POOL):
        yield refuse("ipv4_ipam_pool_id", pool, f"an id that begins with {IPAM_POOL}")
    if length is not None and not topology.LARGEST <= length <= topology.SMALLEST:
        yield refuse("ipv4_netmask_length", length, "16 to 28")
    if pool and (length is None) == (options["cidr_block"] is None):
        yield refuse("ipv4_netmask_length", length, "either it or cidr_block, for a block from a pool")
    if length is not None and not pool:
        yield refuse("ipv4_netmask_length", length, "nothing without ipv4_ipam_pool_id")


def obstacles(options: Options, refuse: Refuse, present: State, primary: IPv4Network | None) -> Iterator[Refusal]:
    """Blocks that AWS would not put beside each other, and blocks that others still stand in.

    Without a first block nobody knows yet what may stand beside it.
    """
    wanted = list(map(IPv4Network, options["secondary_cidr_blocks"] or ()))
    if primary:
        yield from _beside(refuse, primary, wanted)
    if options["secondary_cidr_blocks"] is not None:
        kept = [*present["foreign_cidr_blocks"],
                *(item["cidr_block"] for key, item in present["subnets"].items()
                  if item["cidr_block"] and _stays(options, key))]  # fmt: skip
        for gone in [block for block in present["secondary_cidr_blocks"] if IPv4Network(block) not in wanted]:
            inside = [block for block in kept if IPv4Network(block).subnet_of(IPv4Network(gone))]
            if inside:
                yield refuse("secondary_cidr_blocks", f"no {gone}", f"it, for the subnets {', '.join(inside)} in it",
                             "keep the block, or remove the subnets first")  # fmt: skip
    pool, ipv6 = options["ipv6_pool"], present["ipv6"]
    if ipv6 and pool not in (None, NO_POOL) and not _is_from(pool, ipv6["pool"]):
        yield refuse("ipv6_pool", pool, ipv6["pool"], f"put the old pool back, or first set ipv6_pool to {NO_POOL}")


def _beside(refuse: Refuse, primary: IPv4Network, wanted: list[IPv4Network]) -> Iterator[Refusal]:
    for position, block in enumerate(wanted):
        other = next((other for other in (primary, *wanted[:position]) if block.overlaps(other)), None)
        if other is not None:
            yield refuse("secondary_cidr_blocks", block, f"a block apart from {other}")
        elif _restricted(primary, block, wanted):
            yield refuse("secondary_cidr_blocks", block, f"a block that AWS lets stand beside {primary}",
                         "take one of the same private range, or of 100.64.0.0/10")  # fmt: skip


def _stays(options: Options, key: str) -> bool:
    return not topology.stated(options) or key in topology.keys(options)


def _restricted(primary: IPv4Network, block: IPv4Network, others: Iterable[IPv4Network]) -> bool:
    """Source: as for RESTRICTED."""
    home = next((wide for wide in RESTRICTED if primary.subnet_of(wide)), None)
    range_of_block = next((wide for wide in RESTRICTED if block.overlaps(wide)), None)
    low = IPv4Network("10.0.0.0/15")
    return (
        range_of_block not in (None, home)
        or (home == PRIVATE[1] and block.overlaps(OF_DEFAULT_VPCS))
        or (block.overlaps(IPv4Network("10.0.0.0/16")) and any(low.overlaps(other) for other in (primary, *others)
                                                               if other != block))
    )  # fmt: skip


def _is_from(pool: str, shown: str) -> bool:
    if pool == AMAZON:
        return shown in (AMAZON, SHOWN_AMAZON)
    return shown in (pool, SHOWN_IPAM) if pool.startswith(IPAM_POOL) else shown == pool


def pending(vpc: Mapping[str, Any]) -> list[Any]:
    """Waits for the blocks that a VPC is getting."""
    found = [waits.block(vpc["VpcId"], each["CidrBlock"]) for each in vpc.get("CidrBlockAssociationSet") or ()
             if each["CidrBlockState"]["State"] == "associating"]  # fmt: skip
    states = [each["Ipv6CidrBlockState"]["State"] for each in vpc.get("Ipv6CidrBlockAssociationSet") or ()]
    return [*found, *([waits.ipv6_block(vpc["VpcId"])] if "associating" in states else [])]
