# SPDX-License-Identifier: Apache-2.0
"""Security groups.

Source: EC2 API reference AuthorizeSecurityGroupIngress, DeleteSecurityGroup; VPC user guide "Default security groups".
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.elasticache.models import elasticache_backends

from localcloud.overlays.ec2.base import Base
from localcloud.overlays.elasticache.store import store_of
from localcloud.overlays.interfaces import still_there
from localcloud.overlays.wrap import wrap
from localcloud.refusals import refuse

#: Number of a protocol -> the word that AWS shows for it.
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}


class SecurityGroups(Base):
    """Rules that come, change and go; DeleteSecurityGroup."""

    def authorize_security_group_ingress(self) -> ActionResult:
        """All rules that were added; none when one of them is refused."""
        return self._authorize("ingress")

    def authorize_security_group_egress(self) -> ActionResult:
        """All rules that were added; none when one of them is refused."""
        return self._authorize("egress")

    def _authorize(self, direction: str) -> ActionResult:
        name = self.given.get("GroupName") or self.given.get("GroupId")
        group = self.ec2_backend.get_security_group_by_name_or_id(name)
        before = list(getattr(group, f"{direction}_rules", []))
        add = getattr(self.ec2_backend, f"authorize_security_group_{direction}")
        rules: list[Any] = []
        try:
            for permission in self._process_rules_from_querystring():
                _check_ports(permission)
                _check_new(group, direction, permission)
                rules += add(**permission)[0]
        except Exception:
            if group is not None:
                setattr(group, f"{direction}_rules", before)
            raise
        return ActionResult({"Return": True, "SecurityGroupRules": rules})

    def revoke_security_group_ingress(self) -> ActionResult:
        """Nothing; rules are named by their ids or by what they let in."""
        return self._revoke_by_id("ingress") or super().revoke_security_group_ingress()

    def revoke_security_group_egress(self) -> ActionResult:
        """Nothing; moto overlooks rules for IPv6 in a VPC that has no IPv6, or none any more."""
        by_id = self._revoke_by_id("egress")
        if by_id:
            return by_id
        for rule in self._process_rules_from_querystring():
            del rule["sgrule_tags"]
            ipv6 = [each for each in rule["ip_ranges"] if "CidrIpv6" in each]
            rule["ip_ranges"] = [each for each in rule["ip_ranges"] if each not in ipv6]
            for each in ipv6:
                self._revoke_ipv6(rule, each["CidrIpv6"])
            if rule["ip_ranges"] or rule["source_groups"] or rule["prefix_list_ids"]:
                self.ec2_backend.revoke_security_group_egress(**rule)
        return ActionResult({"Return": True})

    def _revoke_by_id(self, direction: str) -> ActionResult | None:
        """The answer when the call names rules by their ids; none goes when one of them is unknown."""
        names = self.given.get("SecurityGroupRuleIds")
        if not names:
            return None
        group = self.ec2_backend.get_security_group_by_name_or_id(self.given.get("GroupId"))
        rules = getattr(group, f"{direction}_rules", [])
        for name in names:
            _rule(rules, name)
        rules[:] = [rule for rule in rules if rule.id not in names]
        return ActionResult({"Return": True})

    def modify_security_group_rules(self) -> ActionResult:
        """Nothing; a rule may change its ports, its source of the same kind and its description.

        Source: ModifySecurityGroupRules: IPv4, IPv6, prefix list and group cannot take each other's place.
        """
        group = self.ec2_backend.get_security_group_by_name_or_id(self.given["GroupId"])
        if group is None:
            raise refuse("InvalidGroup.NotFound", f"The security group '{self.given['GroupId']}' does not exist")
        rules = [*group.ingress_rules, *group.egress_rules]
        changes = [
            (_rule(rules, each["SecurityGroupRuleId"]), each["SecurityGroupRule"])
            for each in self.given["SecurityGroupRules"]
        ]
        for rule, wanted in changes:
            _check_kind(rule, wanted)
        for rule, wanted in changes:
            _change(rule, wanted)
        return ActionResult({"Return": True})

    def _revoke_ipv6(self, wanted: dict[str, Any], block: str) -> None:
        group = self.ec2_backend.get_security_group_by_name_or_id(wanted["group_name_or_id"])
        ports = (None, None) if wanted["ip_protocol"] == "-1" else (wanted["from_port"], wanted["to_port"])
        for rule in group.egress_rules:
            if _traffic(rule)[:3] == (wanted["ip_protocol"], ports, (None, block)):
                group.egress_rules.remove(rule)
                return
        raise refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")

    def delete_security_group(self) -> ActionResult:
        """That it is gone; refused for the default group, and while something refers to the group."""
        wanted = self.given.get("GroupId") or self.given.get("GroupName")
        group = self.ec2_backend.get_security_group_by_name_or_id(wanted)
        if group is not None:
            if group.name == "default":
                raise refuse(
                    "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
                )
            if self._is_needed(group):
                raise refuse("DependencyViolation", f"resource {group.id} has a dependent object")
        super().delete_security_group()
        return ActionResult({"Return": True, "GroupId": group.id})

    def _is_needed(self, group: Any) -> bool:
        ec2 = self.ec2_backend
        others = [g for groups in ec2.groups.values() for g in groups.values() if g.id != group.id]
        rules = [rule for other in others for rule in [*other.ingress_rules, *other.egress_rules]]
        store = store_of(elasticache_backends[self.current_account][self.region])
        return (
            any(rule.source_group.get("GroupId") == group.id for rule in rules)
            or any(group.id in endpoint.security_group_ids for endpoint in ec2.vpc_end_points.values())
            or any(group.id in cache.security_groups for cache in store.all_groups())
            or bool(still_there(ec2, [eni for eni in ec2.enis.values() if group.id in {g.id for g in eni.group_set}]))
        )


def _rule(rules: list[Any], name: str) -> Any:
    for rule in rules:
        if rule.id == name:
            return rule
    raise refuse("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{name}' does not exist")


def _kind(rule: Any) -> str:
    if rule.prefix_list_id:
        return "PrefixListId"
    if rule.source_group.get("GroupId"):
        return "ReferencedGroupId"
    return "CidrIpv6" if "CidrIpv6" in rule.ip_range else "CidrIpv4"


def _check_kind(rule: Any, wanted: dict[str, Any]) -> None:
    given = [name for name in ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId") if wanted.get(name)]
    if len(given) != 1:
        text = "Exactly one of cidrIpv4, cidrIpv6, prefixListId and referencedGroupId must be given"
        raise refuse("MissingParameter" if not given else "InvalidParameterCombination", text)
    if given[0] != _kind(rule):
        text = f"Invalid rule type for security group rule '{rule.id}'. You may not specify {given[0]} for it."
        raise refuse("InvalidParameterValue", text)


def _change(rule: Any, wanted: dict[str, Any]) -> None:
    protocol = str(wanted["IpProtocol"])
    rule.ip_protocol = _PROTOCOLS.get(protocol, protocol)
    rule.from_port, rule.to_port = (None, None) if protocol == "-1" else (wanted.get("FromPort"), wanted.get("ToPort"))
    words = {"Description": wanted["Description"]} if wanted.get("Description") else {}
    kind = _kind(rule)
    if kind == "PrefixListId":
        rule.prefix_list_id = wanted[kind]
    elif kind == "ReferencedGroupId":
        rule.source_group = {**rule.source_group, "GroupId": wanted[kind], **words}
    else:
        rule.ip_range = {kind.replace("Ipv4", "Ip"): wanted[kind], **words}


def _check_ports(permission: dict[str, Any]) -> None:
    """Source: EC2 API reference, IpPermission; recorded words of AuthorizeSecurityGroupIngress."""
    protocol = _PROTOCOLS.get(str(permission["ip_protocol"]), str(permission["ip_protocol"]))
    if protocol not in ("tcp", "udp"):
        return
    first, last = permission["from_port"], permission["to_port"]
    if first is None or last is None:
        text = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        raise refuse("InvalidParameterValue", text)
    if not 0 <= int(first) <= int(last) <= 65535:
        raise refuse("InvalidParameterValue", f"Invalid TCP/UDP port range ({first}:{last})")


def _check_new(group: Any, direction: str, permission: dict[str, Any]) -> None:
    """Refuses a rule that is there, by the name that AWS gives it.

    Source: recorded, ec2/authorize-security-group-ingress/error-invalidpermission-duplicate.
    """
    protocol = _PROTOCOLS.get(str(permission["ip_protocol"]), str(permission["ip_protocol"]))
    ports = (None, None) if protocol == "-1" else (permission["from_port"], permission["to_port"])
    for block in (each.get("CidrIp") for each in permission["ip_ranges"]):
        for rule in getattr(group, f"{direction}_rules", []) if block else []:
            same = (rule.ip_protocol, rule.from_port, rule.to_port, rule.ip_range.get("CidrIp"))
            if same == (protocol, *ports, block):
                words = "ALL" if protocol == "-1" else f"{protocol.upper()}, from port: {ports[0]}, to port: {ports[1]}"
                text = f'the specified rule "peer: {block}, {words}, ALLOW" already exists'
                raise refuse("InvalidPermission.Duplicate", text)


def _init_rule(
    original: Any, self: Any, ec2: Any, protocol: Any, group: Any, first: Any, last: Any, *args: Any, **more: Any
) -> None:
    """A rule for a protocol that has no ports, such as 50; moto cannot make one."""
    portless = first is None and str(protocol) != "-1"
    original(self, ec2, protocol, group, -1 if portless else first, -1 if portless else last, *args, **more)
    if portless:
        self.from_port = self.to_port = None


def _create_security_group(original: Any, self: Any, *args: Any, **options: Any) -> Any:
    """A default security group lets its own members in, as AWS's does; moto's has no rule."""
    group = original(self, *args, **options)
    if group.is_default:
        own = [{"GroupId": group.id}]
        self.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=own)
    return group


def _is_same_rule(original: Any, self: Any, other: Any) -> bool:
    """Whether two rules let the same traffic in; descriptions do not count, as in AWS."""
    return _traffic(self) == _traffic(other)


def _traffic(rule: Any) -> tuple[Any, ...]:
    ports = (None, None) if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
    ranges = (rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6"))
    return rule.ip_protocol, ports, ranges, rule.source_group.get("GroupId"), rule.prefix_list_id


def correct_models() -> None:
    """Correct what moto's own models of groups and rules have wrong."""
    wrap(SecurityGroupBackend, "create_security_group", _create_security_group)
    wrap(SecurityGroupRule, "__eq__", _is_same_rule)
    wrap(SecurityGroupRule, "__init__", _init_rule)
    SecurityGroupRule.description = property(  # type: ignore[assignment,method-assign]
        lambda rule: rule.ip_range.get("Description") or rule.source_group.get("Description")
    )
