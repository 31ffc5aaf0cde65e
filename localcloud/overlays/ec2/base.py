# SPDX-License-Identifier: Apache-2.0
"""What all parts of the EC2 overlay share."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.ec2.exceptions import DryRunClientError
from moto.ec2.responses import EC2Response

from localcloud.overlays.ec2 import pages
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
        """moto's answer, unless the call is a dry run, tags the wrong kind of thing, or was answered before."""
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
        pages.check(self.given)
        # What moto would make of these is no page.
        self._page = {name: self.given.pop(name, None) for name in ("MaxResults", "NextToken")}
        answered = self._answered()
        return super().call_action() if answered is None else self.serialized(ActionResult(answered))

    def serialized(self, action_result: ActionResult) -> Any:
        """The answer with its client token, and one page of its list; where moto says nothing, that it was done."""
        result = action_result.result
        shape = get_service_model("ec2").operation_model(self._get_action()).output_shape
        if isinstance(action_result, EmptyResult) and shape is not None and "Return" in shape.members:
            result = {"Return": True}
        if isinstance(result, dict):
            listed = pages.list_member(shape)
            if listed and isinstance(result.get(listed), list):
                items, token = pages.page(result[listed], self._page["MaxResults"], self._page["NextToken"])
                result = {**result, listed: items, "NextToken": token}
            result = self._remembered(result)
            return super().serialized(ActionResult(result))
        return super().serialized(action_result)

    @property
    def given(self) -> dict[str, Any]:
        """The parameters of the call, typed, as boto3 sent them."""
        return self._get_params()

    def _answered(self) -> dict[str, Any] | None:
        """What an earlier call with the same ClientToken was answered; None for a new token.

        Source: EC2 developer guide, "Ensuring idempotency": the same token with other parameters is refused.
        """
        token = self.given.get("ClientToken")
        self._fingerprint = json.dumps(self.given, sort_keys=True, default=str)
        known = kept(self.ec2_backend, "tokens").get((self._get_action(), token)) if token else None
        if known is not None and known[0] != self._fingerprint:
            raise refuse("IdempotentParameterMismatch", "The client token was used before with other parameters.")
        return known[1] if known else None

    def _remembered(self, result: dict[str, Any]) -> dict[str, Any]:
        """The answer with the call's ClientToken, which from now on stands for it."""
        token = self.given.get("ClientToken")
        if not token:
            return result
        result = {**result, "ClientToken": token}
        kept(self.ec2_backend, "tokens")[self._get_action(), token] = (self._fingerprint, result)
        return result


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
