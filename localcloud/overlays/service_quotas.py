# SPDX-License-Identifier: Apache-2.0
"""Service Quotas: the quotas that Streambed asks for, with the values of the setting `quotas`.

Source: Service Quotas user guide; quota codes as published for vpc, ec2 and elasticache. What Kinesis allows is asked
for with its own DescribeLimits.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.servicequotas import urls
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.responses import ServiceQuotasResponse

from localcloud.refusals import refuse
from localcloud.settings import DEFAULT_QUOTAS, settings

_SERVICES = {
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "elasticache": "Amazon ElastiCache",
}


@dataclass(frozen=True)
class Quota:
    """One quota: the name of our setting, and how AWS calls it."""

    setting: str
    service: str
    code: str
    name: str

    def view(self, region: str, value: int) -> dict[str, Any]:
        """The quota as the API shows it."""
        return {
            "ServiceCode": self.service,
            "ServiceName": _SERVICES[self.service],
            "QuotaArn": f"arn:aws:servicequotas:{region}::{self.service}/{self.code}",
            "QuotaCode": self.code,
            "QuotaName": self.name,
            "Value": float(value),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }


QUOTAS = (
    Quota("vpcs_per_region", "vpc", "L-F678F1CE", "VPCs per Region"),
    Quota("nat_gateways_per_zone", "vpc", "L-FE5A380F", "NAT gateways per Availability Zone"),
    Quota("elastic_ips_per_nat_gateway", "vpc", "L-5F53652F", "Elastic IP addresses per public NAT gateway"),
    Quota("internet_gateways_per_region", "vpc", "L-A4707A72", "Internet gateways per Region"),
    Quota("egress_only_internet_gateways_per_region", "vpc", "L-45FE3B85", "Egress-only internet gateways per Region"),
    Quota("gateway_endpoints_per_region", "vpc", "L-1B52E74A", "Gateway VPC endpoints per Region"),
    Quota("interface_endpoints_per_vpc", "vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC"),
    Quota("subnets_per_vpc", "vpc", "L-407747CB", "Subnets per VPC"),
    Quota("ipv4_blocks_per_vpc", "vpc", "L-83CA0A9D", "IPv4 CIDR blocks per VPC"),
    Quota("routes_per_route_table", "vpc", "L-93826ACB", "Routes per route table"),
    Quota("rules_per_network_acl", "vpc", "L-2AEEBF1A", "Rules per network ACL"),
    Quota("rules_per_security_group", "vpc", "L-0EA8095F", "Inbound or outbound rules per security group"),
    Quota("elastic_ips_per_region", "ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"),
    Quota("elasticache_nodes_per_region", "elasticache", "L-DFE45DF3", "Nodes per Region"),
    Quota("elasticache_nodes_per_cluster", "elasticache", "L-AF354865", "Nodes per cluster (cluster mode enabled)"),
    Quota("elasticache_subnet_groups_per_region", "elasticache", "L-3E7F7726", "Subnet groups per Region"),
    Quota("elasticache_parameter_groups_per_region", "elasticache", "L-3F15A733", "Parameter groups per Region"),
)


class LocalServiceQuotas(ServiceQuotasResponse):
    """GetServiceQuota, ListServiceQuotas, and the same for AWS's defaults."""

    def get_service_quota(self) -> ActionResult:  # type: ignore[override]
        """The quota with its current value."""
        return ActionResult({"Quota": self._one(settings.values["quotas"])})

    def get_aws_default_service_quota(self) -> ActionResult:
        """The quota with the value that a new account has."""
        return ActionResult({"Quota": self._one(DEFAULT_QUOTAS)})

    def list_service_quotas(self) -> ActionResult:
        """All quotas of a service with their current values."""
        return self._page("Quotas", self._all(settings.values["quotas"]))

    def list_aws_default_service_quotas(self) -> ActionResult:  # type: ignore[override]
        """All quotas of a service with the values that a new account has."""
        return self._page("Quotas", self._all(DEFAULT_QUOTAS))

    def list_services(self) -> ActionResult:
        """The services that have quotas here."""
        shown = [{"ServiceCode": code, "ServiceName": name} for code, name in sorted(_SERVICES.items())]
        return self._page("Services", shown)

    def _page(self, name: str, items: list[dict[str, Any]]) -> ActionResult:
        """One page of a list. Source: ListServiceQuotas: 100 at once; InvalidPaginationTokenException."""
        given = json.loads(self.body)
        try:
            start = int(base64.b64decode(given.get("NextToken", ""), validate=True) or 0)
        except ValueError as error:
            raise refuse("InvalidPaginationTokenException", "Invalid token was used.") from error
        end = start + given.get("MaxResults", 100)
        answer: dict[str, Any] = {name: items[start:end]}
        if end < len(items):
            answer["NextToken"] = base64.b64encode(str(end).encode()).decode()
        return ActionResult(answer)

    def _one(self, values: dict[str, int]) -> dict[str, Any]:
        code = json.loads(self.body)["QuotaCode"]
        for quota in self._all(values):
            if quota["QuotaCode"] == code:
                return quota
        raise NoSuchResource

    def _all(self, values: dict[str, int]) -> list[dict[str, Any]]:
        service = json.loads(self.body)["ServiceCode"]
        found = [quota.view(self.region, values[quota.setting]) for quota in QUOTAS if quota.service == service]
        if not found:
            raise NoSuchResource
        return found


def install() -> None:
    """Let requests for Service Quotas come here."""
    urls.url_paths["{0}/$"] = LocalServiceQuotas.dispatch
