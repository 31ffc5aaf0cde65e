"""What all parts of the EC2 overlay share."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from moto.ec2.exceptions import DryRunClientError
from moto.ec2.responses import EC2Response

from localcloud.refusals import Refusal, refuse

#: Operation -> the only resource type its TagSpecifications may name.
#: Source: EC2 API reference, TagSpecifications of each operation.
_TAGGED_AS = {
    "AllocateAddress": "elastic-ip",
    "AuthorizeSecurityGroupEgress": "security-group-rule",
    "AuthorizeSecurityGroupIngress": "security-group-rule",
    "CreateDhcpOptions": "dhcp-options",
    "CreateEgressOnlyInternetGateway": "egress-only-internet-gateway",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateNetworkAcl": "network-acl",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcBlockPublicAccessExclusion": "vpc-block-public-access-exclusion",
    "CreateVpcEncryptionControl": "vpc-encryption-control",
    "CreateVpcEndpoint": "vpc-endpoint",
}


class Base(EC2Response):
    """moto's EC2 with the checks that hold for every call."""

    def call_action(self) -> Any:
        """moto's answer, unless the call is a dry run or tags the wrong kind of thing."""
        if self._get_param("DryRun"):
            # Source: EC2 API reference, DryRun: DryRunOperation when the caller has the permissions.
            raise DryRunClientError()
        expected = _TAGGED_AS.get(self._get_action())
        for specification in self._get_param("TagSpecifications", []):
            if expected and specification.get("ResourceType") != expected:
                kind = specification.get("ResourceType")
                raise refuse(
                    "InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation."
                )
        return super().call_action()

    @property
    def given(self) -> dict[str, Any]:
        """The parameters of the call, typed, as boto3 sent them."""
        return self._get_params()

    def known_by_token(self, kind: str) -> str | None:
        """The id of what an earlier call with the same ClientToken made; None for a new token.

        Source: EC2 developer guide, "Ensuring idempotency": the same token with other parameters is refused.
        """
        token = self.given.get("ClientToken")
        fingerprint = self._fingerprint
        known = self._tokens().get((kind, token))
        if token is None or known is None:
            return None
        if known[0] != fingerprint:
            raise refuse("IdempotentParameterMismatch", "The client token was used before with other parameters.")
        return known[1]

    def remember_token(self, kind: str, made: str) -> None:
        """Tie the call's ClientToken, if it has one, to what it made."""
        token = self.given.get("ClientToken")
        if token is not None:
            self._tokens()[(kind, token)] = (self._fingerprint, made)

    @cached_property
    def _fingerprint(self) -> str:
        """The parameters as they were when the token was first looked up."""
        return json.dumps(self.given, sort_keys=True, default=str)

    def _tokens(self) -> dict[tuple[str, str | None], tuple[str, str]]:
        """The tokens of this account and region; they live and die with moto's backend."""
        return kept(self.ec2_backend, "tokens")


def kept(ec2: Any, kind: str) -> dict[Any, Any]:
    """What localcloud keeps beside moto's own; it lives and dies with moto's backend."""
    return ec2.__dict__.setdefault(f"localcloud_{kind}", {})


def violation(what: str, name: str) -> Refusal:
    """The refusal to delete something that others still need."""
    return refuse("DependencyViolation", f"The {what} '{name}' has dependencies and cannot be deleted.")


def keep_matching(
    objects: Iterable[Any], filters: Mapping[str, Any], fields: dict[str, Callable[[Any], Any]]
) -> list[Any]:
    """The objects that match every filter; `fields` says which filters there are, tags are always among them.

    Source: EC2 user guide, "List and filter resources": wildcards * and ?; unknown names are refused.
    """
    left = list(objects)
    for name, patterns in filters.items():
        if name == "tag-key":
            left = [o for o in left if any(_fits(tag["key"], patterns) for tag in o.get_tags())]
        elif name.startswith("tag:"):
            key = name.removeprefix("tag:")
            left = [o for o in left if any(t["key"] == key and _fits(t["value"], patterns) for t in o.get_tags())]
        elif name in fields:
            left = [o for o in left if _fits(str(fields[name](o)), patterns)]
        else:
            raise refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    return left


def _fits(value: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)
