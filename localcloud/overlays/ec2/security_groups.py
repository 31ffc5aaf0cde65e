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


class SecurityGroups(Base):
    """AuthorizeSecurityGroupIngress and -Egress, DeleteSecurityGroup."""

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
                rules += add(**permission)[0]
        except Exception:
            if group is not None:
                setattr(group, f"{direction}_rules", before)
            raise
        return ActionResult({"Return": True, "SecurityGroupRules": rules})

    def revoke_security_group_egress(self) -> ActionResult:
        """Nothing; moto overlooks rules for IPv6 in a VPC that has no IPv6, or none any more."""
        for rule in self._process_rules_from_querystring():
            del rule["sgrule_tags"]
            ipv6 = [each for each in rule["ip_ranges"] if "CidrIpv6" in each]
            rule["ip_ranges"] = [each for each in rule["ip_ranges"] if each not in ipv6]
            for each in ipv6:
                self._revoke_ipv6(rule, each["CidrIpv6"])
            if rule["ip_ranges"] or rule["source_groups"] or rule["prefix_list_ids"]:
                self.ec2_backend.revoke_security_group_egress(**rule)
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
        """Nothing; refused for the default group, and while something refers to the group."""
        wanted = self.given.get("GroupId") or self.given.get("GroupName")
        group = self.ec2_backend.get_security_group_by_name_or_id(wanted)
        if group is not None:
            if group.name == "default":
                raise refuse(
                    "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
                )
            if self._is_needed(group):
                raise refuse("DependencyViolation", f"resource {group.id} has a dependent object")
        return super().delete_security_group()

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
    SecurityGroupRule.description = property(  # type: ignore[assignment,method-assign]
        lambda rule: rule.ip_range.get("Description") or rule.source_group.get("Description")
    )
