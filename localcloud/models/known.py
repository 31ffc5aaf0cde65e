# SPDX-License-Identifier: Apache-2.0
"""Where botocore's models are known to be stricter or looser than AWS, and where AWS has words of its own.

`WIDER`: AWS takes what the model forbids. `NARROWER`: AWS refuses what the model allows. `WORDS`: the same verdict,
said differently.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.models.constraints import Violation
from localcloud.models.wording import Worded

_TAG_SOURCE = "Tagging AWS resources, 'Tag naming limits and requirements'; terraform-provider-aws, aws: is reserved"
#: Source: Logs API reference, PutRetentionPolicy, retentionInDays.
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_DESCRIPTION = r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}"


@dataclass(frozen=True)
class Rule:
    """What holds for a value: the service, the name of its shape, its member (or any), and a source.

    `kind` is what a WIDER rule does not ask, and what a WORDS rule words; `limits` are those of a NARROWER rule, and of
    a WIDER one that holds for some values only.
    """

    service: str
    shape: str
    member: str = "*"
    kind: str = "*"
    limits: tuple[tuple[str, Any], ...] = ()
    words: Worded | None = None
    source: str = ""

    def is_about(self, service: str, shape: str, member: str) -> bool:
        """Whether the rule speaks of this member of this structure."""
        names = ((service, self.service), (shape, self.shape), (member, self.member))
        return all(fnmatch.fnmatchcase(name, pattern) for name, pattern in names)


WIDER = (
    Rule("ec2", "TagSpecification", "ResourceType", "enum", source="the overlay says which type each call takes"),
    Rule("s3", "*", "Checksum*", "*", source="botocore adds these by itself"),
    Rule("s3", "*", "Key", "length", source="HEAD and GET of an empty key are other operations"),
    Rule("s3", "*", "ACL", "enum", limits=(("values", ("aws-exec-read", "log-delivery-write")),),
         source="S3 User Guide, 'Access control list overview', canned ACLs of buckets"),
)  # fmt: skip

NARROWER = (
    Rule("logs", "PutRetentionPolicyRequest", "retentionInDays", limits=(("values", RETENTION_DAYS),),
         source="PutRetentionPolicy: possible values"),
    Rule("ec2", "Tag", "Key", limits=(("max", 128), ("min", 1)),
         words=Worded("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters"),
         source=_TAG_SOURCE),
    Rule("ec2", "Tag", "Value", limits=(("max", 256),),
         words=Worded("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters"),
         source=_TAG_SOURCE),
    Rule("ec2", "Tag", "Key", limits=(("pattern", r"(?!(?i:aws):)[\s\S]*"),),
         words=Worded("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"),
         source=_TAG_SOURCE),
    Rule("s3", "Tag", "Key", limits=(("max", 128),),
         words=Worded("InvalidTag", "The TagKey you have provided is invalid"), source=_TAG_SOURCE),
    Rule("s3", "Tag", "Value", limits=(("max", 256),),
         words=Worded("InvalidTag", "The TagValue you have provided is invalid"), source=_TAG_SOURCE),
    Rule("s3", "Tag", "Key", limits=(("pattern", r"(?!(?i:aws):)[\s\S]*"),),
         words=Worded("InvalidTag", "System tags cannot be added/updated by requester"), source=_TAG_SOURCE),
    Rule("elasticache", "Tag", "Key", limits=(("max", 128), ("min", 1)), source=_TAG_SOURCE),
    Rule("elasticache", "Tag", "Key", limits=(("pattern", r"(?!(?i:aws):)[\s\S]*"),), source=_TAG_SOURCE),
    Rule("elasticache", "Tag", "Value", limits=(("max", 256),), source=_TAG_SOURCE),
    Rule("ec2", "CreateSecurityGroupRequest", "GroupName", limits=(("pattern", r"(?!sg-)[\s\S]*"),),
         words=Worded("InvalidParameterValue", "Group names may not be in the format sg-*"),
         source="CreateSecurityGroup, GroupName"),
    Rule("ec2", "CreateSecurityGroupRequest", "GroupName", limits=(("max", 255),),
         source="CreateSecurityGroup, GroupName"),
    Rule("ec2", "CreateSecurityGroupRequest", "Description", limits=(("pattern", _DESCRIPTION),),
         words=Worded(
             "InvalidParameterValue",
             "Invalid security group description. Valid descriptions are strings less than 256 characters from the "
             "following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"),
         source="CreateSecurityGroup, GroupDescription"),
    Rule("ec2", "IpRange", "Description", limits=(("pattern", _DESCRIPTION),), source="IpRange, Description"),
)  # fmt: skip

WORDS = (
    Rule("s3", "CreateBucketConfiguration", "LocationConstraint", "enum",
         words=Worded("InvalidLocationConstraint", "The specified location-constraint is not valid"),
         source="recorded: s3/create-bucket/error-constraint-us-east-1"),
    Rule("s3", "VersioningConfiguration", "Status", "enum",
         words=Worded("IllegalVersioningConfigurationException",
                      "The versioning configuration specified in the request is invalid."),
         source="S3 Error responses"),
)  # fmt: skip


def is_asked(service: str, each: Violation) -> bool:
    """Whether AWS asks for this, too."""
    return not any(
        rule.is_about(service, each.owner, _member(each))
        and rule.kind in ("*", each.kind)
        and each.value in dict(rule.limits).get("values", (each.value,))
        for rule in WIDER
    )


def words_of(service: str, each: Violation) -> Worded | None:
    """AWS's own words for this, where it has some."""
    for rule in WORDS:
        if rule.is_about(service, each.owner, _member(each)) and rule.kind == each.kind:
            return rule.words
    for rule in NARROWER:
        if rule.is_about(service, each.owner, _member(each)) and (each.kind, each.limit) in _broken(rule, each.value):
            return rule.words
    return None


def narrower(service: str, owner: str, member: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What AWS forbids beyond the model: kind and limit."""
    for rule in NARROWER:
        if rule.is_about(service, owner, member):
            yield from _broken(rule, value)


def _member(each: Violation) -> str:
    return each.path[-1] if each.path else ""


def _broken(rule: Rule, value: Any) -> list[tuple[str, Any]]:
    found = []
    for name, limit in rule.limits:
        if name == "values" and value not in limit:
            found.append(("enum", limit))
        elif name == "pattern" and not re.fullmatch(limit, value):
            found.append(("pattern", limit))
        elif name == "max" and len(value) > limit:
            found.append(("length", (None, limit)))
        elif name == "min" and len(value) < limit:
            found.append(("length", (limit, None)))
    return found
