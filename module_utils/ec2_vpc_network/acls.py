# SPDX-License-Identifier: Apache-2.0
"""Network ACLs: the VPC's default one and one for each tier that declares its own.  Pure.

Rules stand by direction and number, as AWS has them, so that a rule is changed in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, IN_PLACE, Call, Ref, Wait
from . import names, topology, waits
from .owned import Owned, items
from .refuse import Refuse

Options = Mapping[str, Any]
Rule = dict[str, Any]
DIRECTIONS = ("ingress", "egress")
# Source: "Protocol Numbers", IANA, as NetworkAclEntry takes them.
PROTOCOLS = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
WORDS = {number: word for word, number in PROTOCOLS.items()}
WITH_PORTS, OF_ICMP = ("tcp", "udp"), ("icmp", "icmpv6")
ACTIONS = ("allow", "deny")
# Source: CreateNetworkAclEntry API reference, RuleNumber; the numbers above are AWS's own last rules.
NUMBERS = range(1, 32767)
PORTS = range(65536)
RULE_KEYS = ("rule_number", "action", "protocol", "port", "from_port", "to_port", "icmp_type", "icmp_code",
             "cidr_block", "ipv6_cidr_block")  # fmt: skip
# What AWS gives a new VPC's default network ACL, and what a network ACL of one's own begins with.
# Source: "Default network ACL for a VPC" and "Custom network ACLs", Amazon VPC user guide.
ALL_PASS: Rule = {"action": "allow", "protocol": "all", "cidr_block": topology.IPV4}
AT_BIRTH = {way: {"100": ALL_PASS} for way in DIRECTIONS}
CLOSED: dict[str, dict[str, Rule]] = {way: {} for way in DIRECTIONS}


def observed(owned: Owned, answers: Mapping[str, Any], subnet_keys: Mapping[str, str]) -> dict[str, Any]:
    """The default network ACL, ours by tier, and which one each of our subnets is in, with its association."""
    all_acls = items(answers, "network-acl")
    ours = owned.parts(all_acls, "network-acl")
    keys = {item["NetworkAclId"]: tier for tier, item in ours.items()}
    default = next((item for item in all_acls if item.get("IsDefault")), None)
    if default:
        keys[default["NetworkAclId"]] = names.DEFAULT_ACL
    found: dict[str, Any] = {
        "default_network_acl": _observed(default) if default else {},
        "network_acls": {tier: _observed(item) for tier, item in sorted(ours.items())},
        "acl_of_subnets": {},
        "acl_associations": {},
    }
    for item in all_acls:
        for each in item.get("Associations") or ():
            if each["SubnetId"] in subnet_keys:
                key = subnet_keys[each["SubnetId"]]
                found["acl_of_subnets"][key] = keys.get(item["NetworkAclId"], item["NetworkAclId"])
                found["acl_associations"][key] = each["NetworkAclAssociationId"]
    return found


def unseen(state: Mapping[str, Any]) -> list[Wait]:
    """Waits for the network ACLs of our subnets that AWS does not show yet."""
    return [waits.acl_of_subnet(names.subnet(key), item["id"]) for key, item in state["subnets"].items()
            if key not in state["acl_of_subnets"]]  # fmt: skip


def _observed(item: Mapping[str, Any]) -> dict[str, Any]:
    rules: dict[str, dict[str, Rule]] = {way: {} for way in DIRECTIONS}
    for entry in item["Entries"]:
        if entry["RuleNumber"] in NUMBERS:
            rules["egress" if entry["Egress"] else "ingress"][str(entry["RuleNumber"])] = _observed_rule(entry)
    return {"id": item["NetworkAclId"], **{way: _by_number(rules[way]) for way in DIRECTIONS}}


def _observed_rule(entry: Mapping[str, Any]) -> Rule:
    protocol = WORDS.get(str(entry["Protocol"]), str(entry["Protocol"]))
    ports, icmp = entry.get("PortRange"), entry.get("IcmpTypeCode")
    end = "cidr_block" if entry.get("CidrBlock") else "ipv6_cidr_block"
    return {
        "action": entry["RuleAction"],
        "protocol": protocol,
        **({"from_port": ports["From"], "to_port": ports["To"]} if ports and protocol in WITH_PORTS else {}),
        **({"icmp_type": icmp["Type"], "icmp_code": icmp["Code"]} if icmp and protocol in OF_ICMP else {}),
        end: entry["CidrBlock"] if end == "cidr_block" else entry["Ipv6CidrBlock"],
    }


def _by_number(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    return {number: rules[number] for number in sorted(rules, key=int)}


def declared(rules: Any, vpc_block: Any) -> dict[str, Rule]:
    """Declared rules in the form in which AWS's are seen; the block ``vpc`` is the VPC's first one."""
    return _by_number({str(rule["rule_number"]): _declared(rule, vpc_block) for rule in rules})


def _protocol(rule: Mapping[str, Any]) -> str:
    """A rule's protocol by its word, if it has one: 6 is tcp."""
    given = str(rule.get("protocol") or "tcp")
    return WORDS.get(given, given)


def _declared(rule: Mapping[str, Any], vpc_block: Any) -> Rule:
    protocol = _protocol(rule)
    first, last = rule.get("from_port"), rule.get("to_port")
    if rule.get("port") is not None:
        first = last = rule["port"]
    # Source: IcmpTypeCode API reference: -1 is every type or code.
    kinds = [-1 if rule.get(key) is None else int(rule[key]) for key in ("icmp_type", "icmp_code")]
    end = "cidr_block" if rule.get("cidr_block") else "ipv6_cidr_block"
    return {
        "action": rule.get("action") or "allow",
        "protocol": protocol,
        **({"from_port": _port(first, PORTS[0]), "to_port": _port(last, PORTS[-1])} if protocol in WITH_PORTS else {}),
        **({"icmp_type": kinds[0], "icmp_code": kinds[1]} if protocol in OF_ICMP else {}),
        end: vpc_block if rule[end] == topology.OF_VPC else topology.canonical(rule[end]),
    }


def _port(value: Any, otherwise: int) -> int:
    return otherwise if value is None else int(value)


def desired(options: Options, present: Mapping[str, Any], vpc_block: Any) -> dict[str, Any]:
    """The network ACLs as declared; a direction left out stays as it is, and so does a subnet in one of others."""
    default = options["default_network_acl"]
    # Nobody can say what becomes of one that AWS does not show yet.
    unknown = default is None or (present["vpc_id"] and not present["default_network_acl"])
    before = present["default_network_acl"] or AT_BIRTH
    result: dict[str, Any] = {
        "default_network_acl": None if unknown else _desired(default, before, vpc_block),
        "network_acls": None,
        "acl_of_subnets": None,
    }
    if topology.stated(options):
        own = {name: topology.tier(options, name).get("network_acl") for name in options["tiers"]}
        before = present["network_acls"]
        result["network_acls"] = {tier: _desired(given, before.get(tier, CLOSED), vpc_block)
                                  for tier, given in own.items() if given is not None}  # fmt: skip
        # AWS shows a subnet's network ACL later than the subnet at times; until then it is where new ones are.
        unseen = present["subnets"].keys() - present["acl_of_subnets"].keys()
        under = {key: _of_subnet(present, result["network_acls"], key) for key in topology.keys(options)}
        result["acl_of_subnets"] = {key: acl for key, acl in under.items()
                                    if key not in unseen or acl != names.DEFAULT_ACL}  # fmt: skip
    return result


def _desired(given: Mapping[str, Any], before: Mapping[str, Any], vpc_block: Any) -> dict[str, Any]:
    rules = {way: declared(given[way], vpc_block) for way in DIRECTIONS if given.get(way) is not None}
    return {**before, **rules}


def _of_subnet(present: Mapping[str, Any], wanted: Mapping[str, Any], key: str) -> str:
    tier, _unused = topology.split(key)
    found = present["acl_of_subnets"].get(key, names.DEFAULT_ACL)
    if tier in wanted:
        return tier
    return names.DEFAULT_ACL if found in present["network_acls"] else str(found)


def acl_calls(observed: Any, desired: Any) -> list[Call]:
    """Rules before the subnets that come under them, and the subnets before the network ACL that they leave."""
    calls = _rule_calls(names.DEFAULT_ACL, observed["default_network_acl"], desired["default_network_acl"])
    before, after = observed["network_acls"], desired["network_acls"]
    for tier, acl in after.items():
        noun = names.network_acl(tier)
        if tier not in before:
            specification = names.specification(desired, "network-acl", f"network-acl/{tier}")
            params = {"VpcId": observed["vpc_id"], "TagSpecifications": specification}
            calls.append(Call("ec2", "create_network_acl", params, noun, f"create {noun}", CREATE,
                              saves={noun: "NetworkAcl.NetworkAclId"}))  # fmt: skip
        calls += _rule_calls(noun, before.get(tier, {"id": Ref(noun), **CLOSED}), acl)
    rules = tuple(dict.fromkeys(call.on for call in calls))
    calls += [_move(observed, key, acl, rules) for key, acl in desired["acl_of_subnets"].items()
              if acl != observed["acl_of_subnets"].get(key, names.DEFAULT_ACL)]  # fmt: skip
    gone = [tier for tier in before if tier not in after]
    return calls + [delete_call(tier, before[tier]["id"], observed["acl_of_subnets"]) for tier in gone]


def rule_nouns(observed: Any, desired: Any) -> tuple[str, ...]:
    """What the calls on the rules of the default network ACL are on."""
    calls = _rule_calls(names.DEFAULT_ACL, observed["default_network_acl"], desired["default_network_acl"])
    return tuple(dict.fromkeys(call.on for call in calls))


def _rule_calls(noun: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Call]:
    """New rules first, then those that change, then those that go; each is an object of its own in the plan."""
    calls: list[Call] = []
    for way in DIRECTIONS:
        old, new = before.get(way, {}), after.get(way, {})
        added = [number for number in new if number not in old]
        calls += [_rule("create", noun, before, way, number, new[number], ()) for number in added]
        earlier = tuple(names.acl_rule(noun, way, number) for number in added)
        calls += [_rule("replace", noun, before, way, number, new[number], earlier)
                  for number in new if number in old and old[number] != new[number]]  # fmt: skip
        calls += [_rule("delete", noun, before, way, number, None, earlier) for number in old if number not in new]
    return calls


def _rule(
    verb: str, noun: str, acl: Mapping[str, Any], way: str, number: str, rule: Rule | None, after: tuple[str, ...]
) -> Call:
    params = {"NetworkAclId": acl["id"], "RuleNumber": int(number), "Egress": way == "egress"}
    if rule:
        params |= {"RuleAction": rule["action"], "Protocol": PROTOCOLS.get(rule["protocol"], rule["protocol"])}
        params |= {"CidrBlock": rule["cidr_block"]} if "cidr_block" in rule else {}
        params |= {"Ipv6CidrBlock": rule["ipv6_cidr_block"]} if "ipv6_cidr_block" in rule else {}
        params |= {"PortRange": {"From": rule["from_port"], "To": rule["to_port"]}} if "from_port" in rule else {}
        icmp = {"Type": rule.get("icmp_type"), "Code": rule.get("icmp_code")}
        params |= {"IcmpTypeCode": icmp} if "icmp_type" in rule else {}
    on = names.acl_rule(noun, way, number)
    change = IN_PLACE if verb == "create" else DISRUPTIVE
    # The network ACL itself comes first by its Ref; deleting it, or putting subnets into it, waits for the rules.
    why = f"{on}: {_spelled(rule, way)}" if rule else f"delete {on}"
    return Call("ec2", f"{verb}_network_acl_entry", params, on, why, change, after)


def _spelled(rule: Rule, way: str) -> str:
    """A rule for people: ``allow tcp 0-21 from 0.0.0.0/0``."""
    ports = f" {rule['from_port']}-{rule['to_port']}" if "from_port" in rule else ""
    block = rule["cidr_block"] if "cidr_block" in rule else rule["ipv6_cidr_block"]
    return f"{rule['action']} {rule['protocol']}{ports} {'to' if way == 'egress' else 'from'} {block}"


def _move(observed: Any, key: str, acl: str, rules: tuple[str, ...]) -> Call:
    """Puts a subnet under another network ACL.  Source: ReplaceNetworkAclAssociation API reference."""
    noun = names.subnet(key)
    association = observed["acl_associations"].get(key) or Ref(noun, how=partial(association_of, noun))
    params = {"AssociationId": association, "NetworkAclId": _id(observed, acl)}
    where = acl if acl == names.DEFAULT_ACL else names.network_acl(acl)
    return Call("ec2", "replace_network_acl_association", params, noun, f"put {noun} under {where}", DISRUPTIVE
                if key in observed["acl_associations"] else IN_PLACE, rules)  # fmt: skip


def _id(observed: Any, acl: str) -> Any:
    if acl == names.DEFAULT_ACL:
        return observed["default_network_acl"]["id"]
    return names.id_of(observed, "network_acls", acl, names.network_acl(acl))


def association_of(noun: str, known: Mapping[str, Any]) -> str:
    """The association of a new subnet, among all those of the network ACL that AWS put it under."""
    found = known[names.associations_of(noun)]
    return next(str(each["NetworkAclAssociationId"]) for each in found if each["SubnetId"] == known[noun])


def delete_call(tier: str, acl_id: str, acl_of_subnets: Mapping[str, str]) -> Call:
    noun = names.network_acl(tier)
    users = tuple(names.subnet(key) for key, acl in acl_of_subnets.items() if acl == tier)
    return Call("ec2", "delete_network_acl", {"NetworkAclId": acl_id}, noun, f"delete {noun}", DELETE, users)


def refusals(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    """What is wrong with the network ACLs that are declared."""
    fields = {"default_network_acl": options["default_network_acl"]}
    for name in options["tiers"] or {}:
        tier = topology.tier(options, name)
        fields[f"tiers {name} network_acl"] = tier.get("network_acl") if isinstance(tier, Mapping) else None
    for field, given in fields.items():
        if given is not None and not isinstance(given, Mapping):
            yield refuse(field, repr(given), "a dictionary with ingress and egress")
        elif given is not None:
            yield from refuse.unknown(field, given, DIRECTIONS)
            for way in DIRECTIONS:
                yield from _rule_list(refuse, f"{field} {way}", given.get(way))
    yield from _ipv6_unsaid(options, refuse)


def _ipv6_unsaid(options: Options, refuse: Refuse) -> Iterator[Refusal]:
    """AWS adds a rule for IPv6 to a direction that is as it was at birth, and it would go and come for ever."""
    given, pool = options["default_network_acl"], options["ipv6_pool"]
    for way in DIRECTIONS if isinstance(given, Mapping) and pool not in (None, "none") else ():
        rules = given.get(way)
        if isinstance(rules, list) and all(isinstance(rule, Mapping) for rule in rules):
            form = declared([rule for rule in rules if "rule_number" in rule], None)
            if form == AT_BIRTH[way]:
                yield refuse(f"default_network_acl {way}", "rules for IPv4 only", "a word on IPv6, for AWS adds one",
                             f"add a rule with ipv6_cidr_block {topology.IPV6}, allow or deny")  # fmt: skip


def _rule_list(refuse: Refuse, field: str, rules: Any) -> Iterator[Refusal]:
    if rules is not None and not isinstance(rules, list):
        yield refuse(field, repr(rules), "a list of rules")
        return
    numbers = [rule.get("rule_number") for rule in rules or () if isinstance(rule, Mapping)]
    for number in dict.fromkeys(number for number in numbers if numbers.count(number) > 1):
        yield refuse(field, f"rule_number {number} twice", "each number once")
    for rule in rules or ():
        if isinstance(rule, Mapping):
            yield from _rule_refusals(refuse, f"{field} {rule.get('rule_number')}", rule)
        else:
            yield refuse(field, repr(rule), "a dictionary for each rule")


def _rule_refusals(refuse: Refuse, field: str, rule: Mapping[str, Any]) -> Iterator[Refusal]:
    yield from refuse.unknown(field, rule, RULE_KEYS)
    protocol = _protocol(rule)
    checks = (
        ("rule_number", rule.get("rule_number"), NUMBERS, "1 to 32766"),
        ("action", rule.get("action") or "allow", ACTIONS, ACTIONS),
        ("protocol", protocol, (*PROTOCOLS, *map(str, range(256))), f"{', '.join(PROTOCOLS)} or a number"),
    )
    for key, found, allowed, wanted in checks:
        if found not in allowed:
            yield refuse(f"{field} {key}", found, wanted)
    yield from _end_refusals(refuse, field, rule)
    for key in ("port", "from_port", "to_port"):
        if rule.get(key) is None:
            continue
        if protocol not in WITH_PORTS:
            yield refuse(f"{field} {key}", rule[key], f"no port with protocol {protocol}")
        elif not str(rule[key]).isdigit() or int(rule[key]) not in PORTS:
            yield refuse(f"{field} {key}", rule[key], "0 to 65535")


def _end_refusals(refuse: Refuse, field: str, rule: Mapping[str, Any]) -> Iterator[Refusal]:
    ends = [key for key in ("cidr_block", "ipv6_cidr_block") if rule.get(key)]
    if len(ends) != 1:
        yield refuse(field, " and ".join(ends) or "no block", "either cidr_block or ipv6_cidr_block")
    else:
        yield from refuse.ends(field, rule)
