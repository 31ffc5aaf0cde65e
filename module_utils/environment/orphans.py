"""What bears an environment's tags and is declared nowhere: after a rename, a removed component, a lost tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..reconcile.identity import Identity
from ..reconcile.plan import walk
from ..reconcile.planning import Declaration, Plan
from .components import COMPONENTS, options_of

if TYPE_CHECKING:
    from ..reconcile.aws import Aws

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
PARTS = re.compile(r":(?:ec2:.*:(?:elastic-ip|security-group|subnet|internet-gateway|route-table|network-acl)/(.+)"
                   r"|elasticache:.*:(?:subnetgroup|parametergroup|user|usergroup):(.+)"
                   r"|dynamodb:.*:table/(.+)|logs:.*:log-group:([^:]+).*|cloudwatch:.*:alarm:(.+)"
                   r"|secretsmanager:.*:secret:(.+))\Z")  # fmt: skip


def look(aws: Aws, identity: Identity) -> list[str]:
    """The ARNs of everything in this account and region that bears the environment's tags."""
    filters = [{"Key": key, "Values": [value]} for key, value in identity.ownership.items()]
    answer = aws.read("resourcegroupstaggingapi", "get_resources", UNREADABLE, TagFilters=filters) or {}
    return [item["ResourceARN"] for item in answer.get("ResourceTagMappingList", ())]


def unknown(arns: Iterable[str], plan: Plan) -> list[str]:
    """The ARNs of what no look has seen."""
    known = {name for part in plan.parts.values() if part.look.seen for name in _names(part)}
    return [arn for arn in arns if arn not in known and not any(name in known for name in _own_names(arn))]


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


def _own_names(arn: str) -> list[str]:
    """What a look may call the object of an ARN; a secret's ARN ends in six characters of AWS's own."""
    found = PARTS.search(arn) or next((match for pattern, *_ in MAIN if (match := pattern.search(arn))), None)
    name = next(filter(None, found.groups()), "") if found else ""
    return [name, name.rpartition("-")[0]] if ":secret:" in arn else [name] if name else []


def declarations(arns: Iterable[str], common: Mapping[str, Any], given: Mapping[str, Declaration]) -> list[Declaration]:
    """Declarations that the main objects among the ARNs be gone, each as its role would remove it."""
    found = []
    for arn in arns:
        for pattern, role, option in MAIN:
            match = pattern.search(arn)
            if match:
                stated = given[role].options if role in given else defaults(role, common)
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
