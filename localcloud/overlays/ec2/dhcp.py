# SPDX-License-Identifier: Apache-2.0
"""Sets of DHCP options.  Source: EC2 API reference CreateDhcpOptions, DeleteDhcpOptions, DeleteVpc."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.dhcp_options import DHCPOptionsSet
from moto.ec2.models.vpcs import VPC

from localcloud.overlays.ec2.base import Base, kept
from localcloud.overlays.wrap import wrap

_LEASE = "ipv6-address-preferred-lease-time"


class Dhcp(Base):
    """CreateDhcpOptions, with its tags and the lease time of IPv6; a VPC that goes leaves its set behind."""

    def create_dhcp_options(self) -> ActionResult:
        """The set."""
        answer: Any = super().create_dhcp_options().result
        made = answer["DhcpOptions"]
        leases = [each["Values"] for each in self.given["DhcpConfigurations"] if each["Key"] == _LEASE]
        if leases:
            made._options[_LEASE] = leases[0]
        made.add_tags(self._parse_tag_specification().get("dhcp-options", {}))
        return ActionResult(answer)

    def delete_vpc(self) -> ActionResult:
        """Nothing; moto would delete the set along with the VPC."""
        vpc = self.ec2_backend.get_vpc(self.given["VpcId"])
        used = vpc.dhcp_options
        vpc.dhcp_options = None
        try:
            answer = super().delete_vpc()
        except Exception:
            vpc.dhcp_options = used
            raise
        if used is not None and not any(other.dhcp_options is used for other in self.ec2_backend.vpcs.values()):
            used.vpc = None
        return answer

    def associate_dhcp_options(self) -> ActionResult:
        """Nothing; the set that the VPC had is free again."""
        vpc = self.ec2_backend.get_vpc(self.given["VpcId"])
        before: DHCPOptionsSet | None = vpc.dhcp_options
        answer = super().associate_dhcp_options()
        if before is not None and before is not vpc.dhcp_options:
            before.vpc = None
        return answer


def _default_of(ec2: Any) -> DHCPOptionsSet:
    """The region's own set, which every new VPC has.  Source: VPC user guide, "Default DHCP option set"."""
    sets = kept(ec2, "dhcp")
    if "default" not in sets:
        domain = "ec2.internal" if ec2.region_name == "us-east-1" else f"{ec2.region_name}.compute.internal"
        sets["default"] = ec2.create_dhcp_options(["AmazonProvidedDNS"], [domain])
    return sets["default"]


def _init_vpc(original: Any, self: VPC, ec2: Any, *args: Any, **options: Any) -> None:
    original(self, ec2, *args, **options)
    ec2.associate_dhcp_options(_default_of(ec2), self)


def correct_models() -> None:
    """Let a new VPC have the region's own set; `default` is what it shows when it was told to have none."""
    wrap(VPC, "__init__", _init_vpc)
