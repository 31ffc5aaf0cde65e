# SPDX-License-Identifier: Apache-2.0
"""How far AWS lets one narrow an IAM action to the objects of one environment.  Pure.

Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service; which action takes
which kind of resource is held against a copy of it in tests/unit/test_permissions.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..policies import world
from ..reconcile.identity import Identity

Json = Any
READS = ("Get", "List", "Describe", "Lookup", "Scan", "Simulate")
# Reads whose answers are the data itself, or that take a name: those are narrowed like writes.
NARROW_READS = ("s3", "dynamodb", "secretsmanager", "iam", "kinesis")
# Reads of those services that name nothing.
WIDE_READS = frozenset({"kinesis:DescribeAccountSettings", "kinesis:DescribeLimits"})
# Writes that take no resource.  Source: Service Authorization Reference, an empty column "Resource types".
WIDE = frozenset({
    "kinesis:DisableEnhancedMonitoring", "kinesis:EnableEnhancedMonitoring", "kinesis:UpdateShardCount",
    "kinesis:UpdateStreamMode", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
})  # fmt: skip
# Calls of EC2 that make an object and give it its tags at once, and what is made.
MADE = {
    "ec2:AllocateAddress": "elastic-ip", "ec2:CreateDhcpOptions": "dhcp-options",
    "ec2:CreateEgressOnlyInternetGateway": "egress-only-internet-gateway", "ec2:CreateFlowLogs": "vpc-flow-log",
    "ec2:CreateInternetGateway": "internet-gateway", "ec2:CreateNatGateway": "natgateway",
    "ec2:CreateNetworkAcl": "network-acl", "ec2:CreateRouteTable": "route-table",
    "ec2:CreateSecurityGroup": "security-group", "ec2:CreateSubnet": "subnet", "ec2:CreateVpc": "vpc",
    "ec2:CreateVpcBlockPublicAccessExclusion": "vpc-block-public-access-exclusion",
    "ec2:CreateVpcEncryptionControl": "vpc-encryption-control", "ec2:CreateVpcEndpoint": "vpc-endpoint",
}  # fmt: skip
TAG = "ec2:CreateTags"
# Those that need nothing beside what they make.
ALONE = frozenset({"ec2:AllocateAddress", "ec2:CreateDhcpOptions", "ec2:CreateInternetGateway", "ec2:CreateVpc"})
# What AWS makes with a VPC bears no tags at first, and a VPC's set of DHCP options may be AWS's own or anybody's:
# these calls may reach what has no tag of an environment, and of what has one only ours.
UNTAGGED = {
    "ec2:AssociateDhcpOptions": "dhcp-options", "ec2:CreateNetworkAclEntry": "network-acl",
    "ec2:DeleteNetworkAclEntry": "network-acl", "ec2:ReplaceNetworkAclEntry": "network-acl",
    "ec2:ReplaceNetworkAclAssociation": "network-acl", "ec2:AuthorizeSecurityGroupEgress": "security-group",
    "ec2:AuthorizeSecurityGroupIngress": "security-group", "ec2:RevokeSecurityGroupEgress": "security-group",
    "ec2:RevokeSecurityGroupIngress": "security-group", "ec2:CreateRoute": "route-table",
    "ec2:DeleteRoute": "route-table", "ec2:ReplaceRoute": "route-table",
    # An address that is given and was taken off the declaration bears no tag of ours.
    "ec2:DisassociateNatGatewayAddress": "elastic-ip",
    # A gateway to a VPN is always somebody else's.
    "ec2:EnableVgwRoutePropagation": "vpn-gateway", "ec2:DisableVgwRoutePropagation": "vpn-gateway",
    # Interfaces are made by ElastiCache and by endpoints, on the caller's behalf, without tags of ours.
    "ec2:CreateNetworkInterface": "network-interface", "ec2:DeleteNetworkInterface": "network-interface",
}  # fmt: skip
# What a declaration may name by its id, which is somebody else's: it may be used, and not removed.
IDS = {
    "dopt": "dhcp-options", "eipalloc": "elastic-ip", "ipam-pool": "ipam-pool", "ipv6pool-ec2": "ipv6pool-ec2",
    "rtb": "route-table", "sg": "security-group", "subnet": "subnet", "vgw": "vpn-gateway", "vpc": "vpc",
}  # fmt: skip
ID = re.compile(rf"({'|'.join(IDS)})-[0-9a-f]{{8,17}}")
USES = ("Allocate", "Associate", "Create", "Enable", "Modify", "Replace")
# Whose calls under a key of KMS are the caller's.
KMS_USERS = ("dynamodb", "elasticache", "kinesis", "logs", "s3", "secretsmanager")
# Who gets a role passed.  Source: flow logs to CloudWatch Logs, and replication, in the user guides.
PASSED_TO = ("s3.amazonaws.com", "vpc-flow-logs.amazonaws.com")


@dataclass(frozen=True)
class Place:
    """The environment that is narrowed to: ``arns`` are the last parts of its objects' ARNs by service, ``named`` the
    ARNs that its declaration names."""

    identity: Identity
    account_id: str
    region: str
    arns: Mapping[str, tuple[str, ...]]
    named: tuple[str, ...]

    def arn(self, service: str, part: str) -> str:
        """The ARN of one object: neither region nor account with S3, no region with IAM and global datastores."""
        region, account = {"s3": ("", ""), "iam": ("", self.account_id)}.get(service, (self.region, self.account_id))
        region = "" if part.startswith("globalreplicationgroup:") else region
        return f"arn:{world(self.region)[0]}:{service}:{region}:{account}:{part}"

    def arn_of(self, name: str) -> str:
        """The ARN that a declaration names, or that of the id in EC2 that it does."""
        found = ID.fullmatch(name)
        return self.arn("ec2", f"{IDS[found[1]]}/{name}") if found else name

    def own(self, service: str) -> list[str]:
        """The ARNs of all objects of one service, with those that the declaration names."""
        theirs = [arn for arn in self.named if arn.split(":")[2] == service]
        return [*(self.arn(service, part) for part in self.arns.get(service, ())), *theirs]


@dataclass(frozen=True)
class Grant:
    """What one statement narrows to: its name, the resources, and the conditions."""

    sid: str
    resources: tuple[str, ...]
    condition: Json = None


def is_read(action: str) -> bool:
    """Whether an action changes nothing."""
    return action.partition(":")[2].startswith(READS)


def grants(action: str, place: Place) -> Iterator[Grant]:
    """The narrowest grants that together let an action through; none where the environment has nothing for it."""
    service = action.partition(":")[0]
    if is_read(action) and (service not in NARROW_READS or action in WIDE_READS):
        yield Grant("Look", ("*",), {"StringEquals": {"aws:RequestedRegion": place.region}})
    elif service == "ec2":
        yield from _of_ec2(action, place)
    elif action in WIDE:
        yield Grant("Unnarrowed", ("*",), {"StringEquals": {"aws:RequestedRegion": place.region}})
    else:
        yield from _by_name(action, service, place)


def _of_ec2(action: str, place: Place) -> Iterator[Grant]:
    """What EC2 makes has to bear our tags from the first; what is there is ours by its tags."""
    tags = place.identity.ownership
    ours = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    if action in MADE or action == TAG:
        new = tuple(place.arn("ec2", f"{kind}/*") for kind in sorted(set(MADE.values())))
        asked = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        yield Grant("Make", new, {"StringEquals": asked, "StringEqualsIfExists": ours})
    if action not in ALONE:
        yield Grant("Change", (place.arn("ec2", "*"),), {"StringEquals": ours})
    if action in UNTAGGED:
        kind = UNTAGGED[action]
        yield Grant("Untagged" + kind.title().replace("-", ""), (place.arn("ec2", f"{kind}/*"),),
                    {"StringEqualsIfExists": ours})  # fmt: skip
    theirs = tuple(arn for arn in place.named if arn.split(":")[2] == "ec2")
    if theirs and action.partition(":")[2].startswith(USES):
        yield Grant("Declared", theirs)


def _by_name(action: str, service: str, place: Place) -> Iterator[Grant]:
    """Services whose ARNs hold names."""
    of_keys = tuple(place.own("kms") or [place.arn("kms", "key/*")])
    if service == "kms":
        used = {"StringEquals": {"kms:ViaService": [f"{each}.{place.region}.amazonaws.com" for each in KMS_USERS]}}
        yield Grant("Keys", of_keys, used)
    elif action == "iam:PassRole":
        roles = tuple(each for each in place.own("iam") if "/aws-service-role/" not in each)
        yield from [Grant("Pass", roles, {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}})] if roles else ()
    elif action == "iam:CreateServiceLinkedRole":
        linked = tuple(each for each in place.own("iam") if "/aws-service-role/" in each)
        yield Grant("Linked", linked, {"StringLike": {"iam:AWSServiceName": "elasticache.amazonaws.com"}})
    elif action == "iam:SimulatePrincipalPolicy":
        yield Grant("Ask", (place.arn("iam", "role/*"), place.arn("iam", "user/*")))
    elif service == "route53":
        # The zone of a private name is AWS's own, and its id is known to nobody before.
        yield Grant("Zones", (f"arn:{world(place.region)[0]}:route53:::hostedzone/*",))
    elif own := tuple(place.own(service)):
        keys = of_keys if action in ("kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption") else ()
        yield Grant(f"Named{service.title()}{'Keys' if keys else ''}", own + keys)


def names_in(value: Any) -> Iterator[str]:
    """Every ARN that a declaration names, at any depth, and of EC2 every id."""
    if isinstance(value, str):
        yield from [value] if ID.fullmatch(value) or (value.startswith("arn:") and value.count(":") >= 5) else []
    elif isinstance(value, Mapping | list | tuple):
        parts: Iterable[Any] = value.values() if isinstance(value, Mapping) else value
        for each in parts:
            yield from names_in(each)
