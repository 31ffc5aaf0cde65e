# SPDX-License-Identifier: Apache-2.0
"""Which part an object is whose tags do not say it: a tier has got another name, or somebody took tags away.  Pure.

An object of ours is known by its place in the network, and taken for ours with one sign more: our ownership tags, or
the Name of the part in that place. Without a sign it is somebody else's, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any

from ..reconcile.tags import ansible_tags
from . import adoption, blocks, flow_logs, names, nat_addresses, subnets, topology
from .owned import IDS, Owned, items

Options = Mapping[str, Any]
Answers = Mapping[str, Any]


def recognised(options: Options, answers: Answers) -> Owned:
    """Whose everything is, by its tags and by where it stands."""
    owned = Owned(options).knowing(adoption.named(options))
    for find in (_lost_subnets, _renamed_subnets, _moved_tables, _moved_acls, *LOST, _lost_addresses, _renamed_logs):
        owned = owned.knowing(find(options, owned, answers))
    return owned


def reads(options: Options, owned: Owned, answers: Answers) -> dict[str, Any]:
    """The reads of what our parts lead to and the look by ownership tags has missed, which is hardly ever anything."""
    known = {item["InternetGatewayId"] for item in items(answers, "internet-gateway")}
    tables = owned.parts(items(answers, "route-table"), "route-table").values()
    gateways = {str(route.get("GatewayId")) for table in tables for route in table["Routes"]} - known
    gateways = {gateway for gateway in gateways if gateway.startswith("igw-")}
    held = _holders(owned, answers).keys() - {item["AllocationId"] for item in items(answers, "address")}
    held -= {*(options["nat_allocation_ids"] or {}).values(), *nat_addresses.given(options)}
    found = {
        "internet_gateways": ("describe_internet_gateways", "InternetGatewayIds", gateways, "InvalidInternetGatewayID"),
        "addresses": ("describe_addresses", "AllocationIds", held, "InvalidAllocationID"),
    }
    return {key: ("ec2", operation, {ids: sorted(missed)}, (f"{code}.NotFound",))
            for key, (operation, ids, missed, code) in found.items() if missed}  # fmt: skip


def merged(answers: Answers, more: Answers) -> dict[str, Any]:
    """What was read before and what was missed."""
    return {**answers, **{key: {name: [*answers[key][name], *found] for name, found in answer.items()
                                if isinstance(found, list)} for key, answer in more.items()}}  # fmt: skip


def subnet_keys(owned: Owned, answers: Answers) -> dict[str, str]:
    """Our subnets: id -> key."""
    return {item["SubnetId"]: key for key, item in owned.parts(items(answers, "subnet"), "subnet").items()}


def alive(item: Mapping[str, Any]) -> bool:
    """Whether a NAT gateway or an endpoint is there for long; what has no state is."""
    return str(item.get("State", "")).lower() not in ("deleting", "deleted", "failed")


def _signed(options: Options, owned: Owned, item: Mapping[str, Any], part: str, called: str = "") -> bool:
    """Whether an object bears our ownership tags, or the Name of a part, be it the one that the reader gives it."""
    wanted = {names.part_name(names.network_name(options), part), (options["part_names"] or {}).get(called or part)}
    return owned.ours(item) or ansible_tags(item.get("Tags")).get("Name", "") in wanted


def _lost_subnets(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A route table of ours says which subnet it is, then tags that are left; then its place, with a sign of ours."""
    taken = set(subnet_keys(owned, answers).values())
    ours = owned.parts(items(answers, "route-table"), "route-table")
    tables = {each.get("SubnetId"): key for key, table in ours.items() for each in table.get("Associations") or ()}
    places = {(block, topology.split(key)[1]): key for key, block in _places(options, answers).items()}
    found = {}
    for item in items(answers, "subnet"):
        zone, tags = item["AvailabilityZone"], ansible_tags(item.get("Tags"))
        name = tags.get("Name", "").removeprefix(f"{names.network_name(options)}-").removesuffix(f"-{zone}")
        tiers = [name, tags.get(names.TIER)] if owned.ours(item) else []
        sure = [tables.get(item["SubnetId"]), *(f"{tier}/{zone}" for tier in tiers if tier)]
        place = places.get((_block_of(item), zone))
        if place and _signed(options, owned, item, f"subnet/{place}"):
            sure.append(place)
        key = next((key for key in sure if key and topology.split(key)[1] == zone), None)
        if owned.part(item, "subnet") is None and key and key not in taken:
            found[item["SubnetId"]] = key
    return found


def _renamed_subnets(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A subnet that is declared no more, and stands where one that is declared and missing would be placed.

    It is that subnet, under another name: what is in it cannot move.
    """
    ours = owned.parts(items(answers, "subnet"), "subnet")
    undeclared = set(ours) - set(topology.keys(options))
    by_place = {(_block_of(ours[key]), ours[key]["AvailabilityZone"]): ours[key]["SubnetId"] for key in undeclared}
    found = {}
    for key, block in _places(options, answers).items():
        subnet = by_place.pop((block, topology.split(key)[1]), None) if key not in ours else None
        if subnet:
            found[subnet] = key
    return found


def _places(options: Options, answers: Answers) -> dict[str, str]:
    """The block that each declared subnet has in an empty VPC; those that the declaration itself gives come first."""
    vpc = next(iter(answers["vpcs"]["Vpcs"]), None)
    if vpc is None or not topology.stated(options):
        return {}
    explicit, declared = topology.explicit_blocks(options), topology.keys(options)
    ipv4, ipv6 = IPv4Network(vpc["CidrBlock"]), blocks.observed(vpc)["ipv6"].get("cidr_block")
    preferred = {key: blocks.preferred(options, ipv6, key) if topology.native(options, topology.split(key)[0])
                 else topology.preferred(options, ipv4, key) for key in declared}  # fmt: skip
    return {
        key: str(explicit.get(key, preferred[key])) for key in sorted(declared, key=lambda key: key not in explicit)
    }


def _block_of(item: Mapping[str, Any]) -> str:
    """What tells where a subnet stands: its IPv4 block, or its only one."""
    return item.get("CidrBlock") or subnets.observed_ipv6(item).get("cidr_block", "")


def _moved_tables(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A route table whose subnets are called otherwise now, or share it now: the one of those that it serves."""
    known = {topology.table_key(options, key) for key in subnet_keys(owned, answers).values()}
    ours = owned.parts(items(answers, "route-table"), "route-table")
    found: dict[str, str] = {}
    for key, table in ours.items():
        homes = set(_tables_under(options, owned, answers, table))
        if key not in known and len(homes) == 1 and not homes & {*ours, *found.values()}:
            found[table[IDS["route-table"]]] = homes.pop()
    return found


def _moved_acls(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A network ACL whose tier is called otherwise now: the one whose subnets are under it."""
    keys, tiers = subnet_keys(owned, answers), options["tiers"] or {}
    ours = owned.parts(items(answers, "network-acl"), "network-acl")
    found = {}
    for tier, acl in ours.items():
        under = {topology.split(keys[each["SubnetId"]])[0] for each in acl.get("Associations") or ()
                 if each["SubnetId"] in keys} & tiers.keys()  # fmt: skip
        if tier not in tiers and len(under) == 1 and not under & ours.keys():
            found[acl[IDS["network-acl"]]] = under.pop()
    return found


Place = Callable[[Options, Owned, Answers, Mapping[str, Any]], Iterable[str]]


def _lost(kind: str, place: Place) -> Callable[[Options, Owned, Answers], dict[str, str]]:
    """Finds the parts of a kind that have lost their tags: in a place that no other one has, with a sign of ours."""

    def find(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
        there = items(answers, kind)
        taken, found = owned.parts(there, kind), {}
        for item in there:
            lost = alive(item) and owned.part(item, kind) is None
            keys = place(options, owned, answers, item) if lost else ()
            key = next((key for key in keys if key not in taken
                        and _signed(options, owned, item, f"{kind}/{key}" if key else kind)), None)  # fmt: skip
            if key is not None:
                found[item[IDS[kind]]] = key
        return found

    return find


def _under(owned: Owned, answers: Answers, item: Mapping[str, Any]) -> list[str]:
    """The keys of our subnets with which a route table or a network ACL is associated."""
    keys = subnet_keys(owned, answers)
    return [keys[each["SubnetId"]] for each in item.get("Associations") or () if each.get("SubnetId") in keys]


def _tables_under(options: Options, owned: Owned, answers: Answers, item: Mapping[str, Any]) -> list[str]:
    """The keys of the tables that the subnets are to have with which a table is associated."""
    return sorted({topology.table_key(options, key) for key in _under(owned, answers, item)})


def _key_of_table(options: Options, owned: Owned, answers: Answers, item: Mapping[str, Any]) -> list[str]:
    found = _tables_under(options, owned, answers, item)
    return found if len(found) == 1 else []


def _tier_of_acl(_unused: Options, owned: Owned, answers: Answers, item: Mapping[str, Any]) -> list[str]:
    tiers = {topology.split(key)[0] for key in _under(owned, answers, item)}
    return [] if item.get("IsDefault") or len(tiers) != 1 else list(tiers)


def _zone_of_nat(_unused: Options, owned: Owned, answers: Answers, item: Mapping[str, Any]) -> list[str]:
    if item.get("AvailabilityMode") == topology.REGIONAL:
        return [topology.REGIONAL]
    key = subnet_keys(owned, answers).get(item["SubnetId"])
    return [topology.split(key)[1]] if key else []


def _service(_unused: Options, __: Owned, ___: Answers, item: Mapping[str, Any]) -> list[str]:
    return str(item["ServiceName"]).split(".", 3)[3:]


def _key_of_group(options: Options, _unused: Owned, __: Answers, item: Mapping[str, Any]) -> list[str]:
    """The name of a group cannot change."""
    prefix = f"{names.network_name(options)}-"
    return [item["GroupName"].removeprefix(prefix)] if item["GroupName"].startswith(prefix) else []


def _only_one(_unused: Options, __: Owned, answers: Answers, item: Mapping[str, Any]) -> list[str]:
    """What there is one of in a VPC: the answer holds no other VPC's, but for internet gateways."""
    homes = {each["VpcId"] for each in item.get("Attachments") or () if "VpcId" in each}
    return [""] if homes <= {vpc["VpcId"] for vpc in answers["vpcs"]["Vpcs"]} else []


def _name_of_log(options: Options, owned: Owned, _unused: Answers, item: Mapping[str, Any]) -> list[str]:
    """The flow logs that go to where this one does; what is none of them is the one that has no name."""
    return [*flow_logs.names_of(options, owned, item), flow_logs.ONE]


LOST = (
    _lost("route-table", _key_of_table), _lost("network-acl", _tier_of_acl), _lost("nat", _zone_of_nat),
    _lost("endpoint", _service), _lost("security-group", _key_of_group), _lost("flow-log", _name_of_log),
    _lost("internet-gateway", _only_one), _lost("egress-only-internet-gateway", _only_one),
)  # fmt: skip


def _holders(owned: Owned, answers: Answers) -> dict[str, str]:
    """The addresses that NAT gateways of ours hold: allocation id -> zone."""
    found: dict[str, str] = {}
    for item in items(answers, "nat"):
        zone = owned.part(item, "nat")
        if zone not in (None, topology.REGIONAL):
            found |= {each["AllocationId"]: str(zone) for each in item.get("NatGatewayAddresses") or ()
                      if each.get("AllocationId")}  # fmt: skip
    return found


def _lost_addresses(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """The NAT gateway that uses an address says which one it is, and its Name says it when the gateway has gone."""
    holders, prefix, found = _holders(owned, answers), f"{names.network_name(options)}-nat-", {}
    given = {name: str(part).removeprefix("address/") for part, name in (options["part_names"] or {}).items()
             if str(part).startswith("address/")}  # fmt: skip
    for item in items(answers, "address"):
        name = ansible_tags(item.get("Tags")).get("Name", "")
        named = name.removeprefix(prefix) if name.startswith(prefix) else given.get(name)
        zone = holders.get(item["AllocationId"]) or named
        if owned.part(item, "nat") is None and zone and _signed(options, owned, item, f"nat/{zone}", f"address/{zone}"):
            found[item["AllocationId"]] = zone
    return found


def _renamed_logs(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """A flow log that is declared no more, and goes to where one goes that is declared and missing.

    It is that one under another name: AWS takes no second one to the same destination.
    """
    ours, declared = owned.parts(items(answers, "flow-log"), "flow-log"), flow_logs.declared(options)
    found: dict[str, str] = {}
    for key, item in ours.items():
        missing = [name for name in flow_logs.names_of(options, owned, item) if name not in {*ours, *found.values()}]
        if key not in declared and flow_logs.is_said(options, key) and missing:
            found[item[IDS["flow-log"]]] = missing[0]
    return found
