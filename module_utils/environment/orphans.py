# SPDX-License-Identifier: Apache-2.0
"""What bears an environment's tags and is declared nowhere: after a rename, a removed component, a lost tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..reconcile.identity import Identity
from ..reconcile.plan import walk
from ..reconcile.planning import Declaration, Plan
from ..reconcile.tags import ansible_tags
from .components import COMPONENTS, options_of
from .keys import of_role

if TYPE_CHECKING:
    from ..aws.client import Aws

PERMISSIONS = frozenset({"tag:GetResources"})
# An account that may not ask, or a region without the service, has no orphans that anybody can tell.
UNREADABLE = ("AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "NotImplemented", "404", "501")
# Main objects: how an ARN ends, the role that lays such a thing, and the option that tells one from another.
MAIN = (
    (re.compile(r":ec2:.*:vpc/(.+)"), "vpc", "vpc_id"),
    (re.compile(r":elasticache:.*:replicationgroup:(.+)"), "redis", "name"),
    (re.compile(r":kinesis:.*:stream/([^/]+)\Z"), "kinesis", "name"),
    (re.compile(r":s3:::(.+)"), "state_bucket", "name"),
)
# Parts that stay and cost, or are in the way, when nobody knows them. Others go on being listed for an hour after they
# went.  Source: Resource Groups Tagging API reference, GetResources: "may include resources that were deleted".
PARTS = re.compile(r":(?:ec2:.*:(?:elastic-ip|security-group|subnet|internet-gateway|route-table|network-acl)/"
                   r"|elasticache:.*:(?:subnetgroup|parametergroup|user|usergroup):"
                   r"|dynamodb:.*:table/|logs:.*:log-group:|cloudwatch:.*:alarm:"
                   r"|secretsmanager:.*:secret:)")  # fmt: skip
SHORT = re.compile(r":(?:ec2:.*:[a-z-]+/|cloudwatch:.*:alarm:)(.+)\Z")


def look(aws: Aws, identity: Identity) -> dict[str, dict[str, str]]:
    """The tags, by ARN, of everything in this account and region that bears the environment's tags."""
    filters = [{"Key": key, "Values": [value]} for key, value in identity.ownership.items()]
    answer = aws.read("resourcegroupstaggingapi", "get_resources", UNREADABLE, TagFilters=filters) or {}
    return {item["ResourceARN"]: ansible_tags(item.get("Tags")) for item in answer.get("ResourceTagMappingList", ())}


def unknown(arns: Iterable[str], plan: Plan) -> list[str]:
    """The ARNs of what stays by itself and no look has seen."""
    known = {name for part in plan.parts.values() if part.look.seen for name in _names(part)}
    return [arn for arn in arns if _stays(arn) and arn not in known and _short(arn) not in known]


def _names(part: Any) -> Iterator[str]:
    seen, options = part.look.seen, part.declaration.options
    for state in (seen.resource or {}, seen.satellites, {key: options.get(key) for key in ("name", "vpc_id")}):
        yield from (leaf for leaf in walk(state) if isinstance(leaf, str))
        yield from _keys(state)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _keys(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _keys(item)


def _stays(arn: str) -> bool:
    """Whether an object of ours stays until somebody removes it."""
    return bool(PARTS.search(arn)) or any(pattern.search(arn) for pattern, *_unused in MAIN)


def _short(arn: str) -> str | None:
    """What a look calls an object that has no ARN there: an id of EC2's, or an alarm's name.

    Other names are no proof, for a stream may be called as a cache is.
    """
    found = SHORT.search(arn)
    return found.group(1) if found else None


def declarations(arns: Iterable[str], common: Mapping[str, Any], given: Mapping[str, Declaration]) -> list[Declaration]:
    """Declarations that the main objects among the ARNs be gone, each as its role would remove it."""
    found = []
    for arn in arns:
        for pattern, role, option in MAIN:
            match = pattern.search(arn)
            if match:
                of_role_ = [each.options for each in of_role(given, role).values()]
                stated = of_role_[0] if of_role_ else defaults(role, common)
                options = {**stated, "state": "absent", "name": None, option: match.group(1)}
                found.append(Declaration(f"{role} {match.group(1)}", COMPONENTS[role], options))
    return found


def defaults(role: str, common: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a component that nobody declares."""
    spec = options_of(role)
    return {**{name: each.get("default") for name, each in spec.items()},
            **{name: value for name, value in common.items() if name in spec}}  # fmt: skip


def told(arns: Iterable[str], mains: Iterable[Declaration]) -> list[dict[str, str]]:
    """The orphans as plans list them: ``what`` and ``id``; main objects only while they are there."""
    found = [{"what": each.component.noun, "id": each.key.partition(" ")[2]} for each in mains]
    for arn in arns:
        if PARTS.search(arn):
            found.append({"what": "part", "id": arn})
    return found
