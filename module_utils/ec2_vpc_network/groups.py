# SPDX-License-Identifier: Apache-2.0
"""Rules of security groups: from the declaration and from AWS to one form, and to the calls that change them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..reconcile.plan import CREATE, DELETE, Call, Ref
from . import endpoints, names, topology
from .owned import Owned, items

Rule = dict[str, Any]
# How the form names AWS's protocols; -1 stands for all of them.
ALL_PROTOCOLS = "all"
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", ALL_PROTOCOLS)
# Of all others, which go by their number, AWS lets all ports through.  Source: IpPermission API reference, IpProtocol.
WITHOUT_PORTS = tuple(number for number in map(str, range(256)) if number not in ("1", "6", "17", "58"))
OF_ICMP = ("icmp", "icmpv6")
# Source: "Protocol Numbers", IANA, as IpPermission takes them.
NUMBERS = {"-1": ALL_PROTOCOLS, "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
PORTS = range(65536)
HTTPS = 443
# Where a rule's other end stands in AWS's form: our word -> list, key inside.
ENDS = {
    "cidr_block": ("IpRanges", "CidrIp"),
    "ipv6_cidr_block": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list": ("PrefixListIds", "PrefixListId"),
    "security_group": ("UserIdGroupPairs", "GroupId"),
}
# The rules for egress that AWS gives a group at birth; the second one where the VPC has IPv6, and later when it gets
# it, as long as nobody has changed the first.  Source: "Default security groups", Amazon VPC user guide.
EVERYWHERE: Rule = {"protocol": ALL_PROTOCOLS, "cidr_block": topology.IPV4}
EVERYWHERE_IPV6: Rule = {"protocol": ALL_PROTOCOLS, "ipv6_cidr_block": topology.IPV6}


def ordered(rules: Iterable[Rule]) -> list[Rule]:
    """The rules in an order that depends on nothing but themselves."""
    return sorted(rules, key=lambda rule: sorted((key, str(value)) for key, value in rule.items()))


def declared(rules: Iterable[Mapping[str, Any]] | None, vpc_block: Any = topology.OF_VPC) -> list[Rule] | None:
    """Declared rules in the one form, in which the block ``vpc`` is the VPC's first one; ``None`` is no opinion."""
    return None if rules is None else ordered(_declared(rule, vpc_block) for rule in rules)


def protocol_of(rule: Mapping[str, Any]) -> str:
    """A rule's protocol by its word, if it has one: 6 is tcp."""
    given = str(rule.get("protocol") or "tcp")
    return NUMBERS.get(given, given)


def _declared(rule: Mapping[str, Any], vpc_block: Any) -> Rule:
    protocol = protocol_of(rule)
    first: Any = rule.get("from_port")
    last: Any = rule.get("to_port")
    if rule.get("port") is not None:
        first = last = rule["port"]
    if protocol in OF_ICMP:
        # Source: IpPermission API reference: -1 stands for all ICMP types and codes.
        first, last = (-1 if first is None else first), (-1 if last is None else last)
    elif first is None and last is None:
        first, last = PORTS[0], PORTS[-1]
    ports = {} if protocol in (ALL_PROTOCOLS, *WITHOUT_PORTS) else {"from_port": int(first), "to_port": int(last)}
    ends = {end: vpc_block if rule[end] == topology.OF_VPC else topology.canonical(rule[end])
            for end in ENDS if rule.get(end)}  # fmt: skip
    return {"protocol": protocol, **ports, **ends}


def observed(permissions: Iterable[Mapping[str, Any]], key_by_id: Mapping[str, str]) -> list[Rule]:
    """AWS's permissions in the one form: one rule for each other end; groups of ours by their key."""
    rules = []
    for permission in permissions:
        protocol = ALL_PROTOCOLS if permission["IpProtocol"] == "-1" else permission["IpProtocol"]
        has_ports = protocol not in (ALL_PROTOCOLS, *WITHOUT_PORTS) and "FromPort" in permission
        ports = {"from_port": permission["FromPort"], "to_port": permission["ToPort"]} if has_ports else {}
        for end, (group, key) in ENDS.items():
            for item in permission.get(group) or ():
                rules.append({"protocol": protocol, **ports, end: key_by_id.get(item[key], item[key])})
    return ordered(rules)


def permissions(rules: Iterable[Rule], id_by_key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules in AWS's form."""
    found = []
    for rule in rules:
        protocol = "-1" if rule["protocol"] == ALL_PROTOCOLS else rule["protocol"]
        ports = {"FromPort": rule["from_port"], "ToPort": rule["to_port"]} if "from_port" in rule else {}
        (end,) = (end for end in ENDS if end in rule)
        group, key = ENDS[end]
        value = rule[end] if end != "security_group" else id_by_key.get(rule[end], rule[end])
        found.append({"IpProtocol": protocol, **ports, group: [{key: value}]})
    return found


def desired_groups(
    options: Any, present: Mapping[str, Any], vpc_blocks: list[Any], with_ipv6: bool
) -> dict[str, Any] | None:
    """Every group as declared, with that of the interface endpoints; ``None`` is no opinion."""
    wanted, services, born = options["security_groups"], options["interface_endpoints"], at_birth(with_ipv6)
    if wanted is None and services is None:
        return None
    groups = {key: value for key, value in present.items() if key != names.ENDPOINTS_GROUP}
    if wanted is not None:
        groups = {key: _group(value or {}, present.get(key, {}), born, vpc_blocks[0]) for key, value in wanted.items()}
    before = present.get(names.ENDPOINTS_GROUP, {})
    if services is None and before:
        groups[names.ENDPOINTS_GROUP] = before
    if any(not endpoints.settings(options, service).get("security_groups") for service in services or ()):
        rules = [{"protocol": "tcp", "port": HTTPS, "cidr_block": block} for block in vpc_blocks]
        value = {"description": "HTTPS from the VPC to its interface endpoints", "ingress": rules, "egress": []}
        groups[names.ENDPOINTS_GROUP] = _group(value, before, born, vpc_blocks[0])
    return groups


def _group(value: Mapping[str, Any], present: Mapping[str, Any], born: Any, vpc_block: Any) -> dict[str, Any]:
    """A group as declared; rules of others stay in it only where it says so."""
    rules = {}
    for way in ("ingress", "egress"):
        before = present.get(way, born[way])
        wanted = declared(value.get(way), vpc_block)
        kept = [rule for rule in before if rule not in (wanted or ())] if keeps_others(value) and present else []
        rules[way] = before if wanted is None else ordered([*wanted, *kept])
    return {**present, "description": value.get("description") or present.get("description"), **rules}


def without_ipv6(options: Any) -> list[str]:
    """Groups that are declared to let no IPv6 out, not all of it at least."""
    wanted = {key: declared((value or {}).get("egress")) for key, value in (options["security_groups"] or {}).items()}
    return [key for key, rules in wanted.items() if rules is not None and EVERYWHERE_IPV6 not in rules]


def keeps_others(value: Mapping[str, Any]) -> bool:
    return value.get("purge_rules") is False


def others(options: Any, state: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rules that others made in groups that keep them: direction, id of the group, and the rule in words."""
    for key, value in (options["security_groups"] or {}).items():
        group = state["security_groups"].get(key)
        for way in ("ingress", "egress") if group and keeps_others(value or {}) else ():
            wanted = declared(value.get(way), state["cidr_block"])
            for rule in group[way]:
                if wanted is not None and rule not in wanted:
                    yield way, group["id"], spelled(rule)


def spelled(rule: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in rule.items())


def at_birth(ipv6: Any) -> dict[str, list[Rule]]:
    """The rules of a new group in a VPC with or without IPv6."""
    return {"ingress": [], "egress": [EVERYWHERE, *([EVERYWHERE_IPV6] if ipv6 else [])]}


def group_calls(observed_state: Any, desired: Any) -> list[Call]:
    """Groups that are missing, then rules, then groups that nobody declares any more."""
    before, after = observed_state["security_groups"], desired["security_groups"]
    ids = {key: names.id_of(observed_state, "security_groups", key, names.security_group(key))
           for key in {*before, *after}}  # fmt: skip
    calls = [_create(observed_state, desired, key) for key in after if key not in before]
    born = at_birth(observed_state["ipv6"] or desired["ipv6"])
    for key, group in after.items():
        calls += rule_calls(key, before.get(key, born), group, ids)
    if desired["ipv6"] and not observed_state["ipv6"]:
        calls += [_revoke_ipv6(key, ids[key]) for key in desired["groups_without_ipv6"]
                  if before.get(key, {}).get("egress") == [EVERYWHERE]]  # fmt: skip
    gone = [key for key in before if key not in after]
    for key in gone:
        calls += cross_reference_calls(key, before[key], ids)
    return calls + [
        delete_call(key, before[key]["id"], {*before, *after}, endpoints.groups_in_use(observed_state, key))
        for key in gone
    ]


def _revoke_ipv6(key: str, group_id: str) -> Call:
    """Takes back what AWS adds to an unchanged group when the VPC gets IPv6; harmless where it does not."""
    why = "allow no egress of IPv6, which AWS adds,"
    call = _rules("revoke", "egress", key, group_id, permissions([EVERYWHERE_IPV6], {}), why)
    return replace(call, after=(names.IPV6,))


def _create(observed_state: Any, desired: Any, key: str) -> Call:
    params = {
        "GroupName": names.part_name(desired["name"], f"security-group/{key}"),
        "Description": desired["security_groups"][key]["description"] or f"{desired['name']} {key}",
        "VpcId": observed_state["vpc_id"],
        "TagSpecifications": names.specification(desired, "security-group", f"security-group/{key}"),
    }
    noun = names.security_group(key)
    # Which rules it has at birth depends on the VPC's IPv6 block.
    after = (names.IPV6,) if desired["ipv6"] else ()
    return Call("ec2", "create_security_group", params, noun, f"create {noun}", CREATE, after, {noun: "GroupId"})


def rule_calls(key: str, before: Any, after: Any, ids: Mapping[str, Any]) -> list[Call]:
    """What is missing is allowed before what is too much is revoked, so that no traffic is cut in between."""
    calls = []
    for verb, why in (("authorize", "allow"), ("revoke", "no longer allow")):
        for direction in ("ingress", "egress"):
            more, less = (after, before) if verb == "authorize" else (before, after)
            rules = [rule for rule in more[direction] if rule not in less[direction]]
            if rules:
                calls.append(_rules(verb, direction, key, ids[key], permissions(rules, ids), f"{why} {direction}"))
    return calls


def _rules(verb: str, direction: str, key: str, group_id: Any, wanted: Any, why: str) -> Call:
    params = {"GroupId": group_id, "IpPermissions": wanted}
    name = names.security_group(key)
    return Call("ec2", f"{verb}_security_group_{direction}", params, names.rules_of(key), f"{why} of {name}")


def cross_reference_calls(key: str, group: Any, ids: Mapping[str, Any]) -> list[Call]:
    """A group that another group's rule names cannot be deleted.  Source: DeleteSecurityGroup API reference."""
    linked = {way: [rule for rule in group[way] if "security_group" not in rule] for way in ("ingress", "egress")}
    return rule_calls(key, group, linked, ids)


def delete_call(key: str, group_id: str, keys: Iterable[str], using: Iterable[str]) -> Call:
    after = tuple(sorted({*(names.rules_of(other) for other in keys), *using}))
    noun = names.security_group(key)
    return Call("ec2", "delete_security_group", {"GroupId": group_id}, noun, f"delete {noun}", DELETE, after)


def lock_calls(observed_state: Any, desired: Any) -> list[Call]:
    """Takes every rule from the default group, which AWS makes with each VPC and nobody can delete.

    CreateVpc does not say its id; waiting for a new VPC does, see ``waits.vpc``.
    """
    if not desired["default_security_group_locked"] or observed_state["default_security_group_locked"]:
        return []
    group, calls = observed_state["default_security_group"], []
    # A rule may name a group of ours, which the state calls by its key.
    ids = {key: each["id"] for key, each in observed_state["security_groups"].items()}
    for direction in ("ingress", "egress"):
        rules = group[direction]
        if rules:
            params = {
                "GroupId": group["id"],
                "IpPermissions": rules if isinstance(rules, Ref) else permissions(rules, ids),
            }
            calls.append(Call("ec2", f"revoke_security_group_{direction}", params, names.DEFAULT_GROUP,
                              f"allow no {direction} in the default security group"))  # fmt: skip
    return calls


def newborn_default_group() -> dict[str, Any]:
    """The default group of a VPC that does not exist yet."""
    return {
        "id": Ref(names.DEFAULT_GROUP),
        "ingress": Ref(f"ingress of {names.DEFAULT_GROUP}"),
        "egress": Ref(f"egress of {names.DEFAULT_GROUP}"),
    }


def observed_groups(owned: Owned, answers: Mapping[str, Any]) -> dict[str, Any]:
    found = items(answers, "security-group")
    ours = owned.parts(found, "security-group")
    key_by_id = {item["GroupId"]: key for key, item in ours.items()}
    default = next((item for item in found if item["GroupName"] == "default"), {"GroupId": None})
    locked = not default.get("IpPermissions") and not default.get("IpPermissionsEgress")
    return {
        "security_groups": {key: _observed_group(item, key_by_id) for key, item in sorted(ours.items())},
        "default_security_group": {"id": default["GroupId"], **_observed_rules(default, key_by_id)},
        "default_security_group_locked": locked,
    }


def _observed_group(item: Mapping[str, Any], key_by_id: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": item["GroupId"],
        "group_name": item["GroupName"],
        "description": item["Description"],
        **_observed_rules(item, key_by_id),
    }


def _observed_rules(item: Mapping[str, Any], key_by_id: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ingress": observed(item.get("IpPermissions") or (), key_by_id),
        "egress": observed(item.get("IpPermissionsEgress") or (), key_by_id),
    }
