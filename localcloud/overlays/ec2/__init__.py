# SPDX-License-Identifier: Apache-2.0
"""EC2: the network that Streambed builds, with the order in which AWS lets it go."""

from __future__ import annotations

from moto.ec2 import urls

from localcloud.overlays.ec2 import blocks, dhcp, flow_logs, prefix_lists, subnets
from localcloud.overlays.ec2.acls import Acls
from localcloud.overlays.ec2.blocks import Blocks
from localcloud.overlays.ec2.dhcp import Dhcp
from localcloud.overlays.ec2.endpoints import Endpoints
from localcloud.overlays.ec2.flow_logs import FlowLogs
from localcloud.overlays.ec2.gateways import Gateways
from localcloud.overlays.ec2.interfaces import Interfaces
from localcloud.overlays.ec2.ipam import Ipam
from localcloud.overlays.ec2.nat_addresses import NatAddresses
from localcloud.overlays.ec2.protections import Protections
from localcloud.overlays.ec2.security_groups import SecurityGroups, correct_models
from localcloud.overlays.ec2.subnets import Subnets
from localcloud.overlays.ec2.vpcs import Vpcs


class LocalEC2(
    Ipam,
    Protections,
    Vpcs,
    Dhcp,
    Acls,
    FlowLogs,
    Blocks,
    Subnets,
    Gateways,
    NatAddresses,
    Endpoints,
    Interfaces,
    SecurityGroups,
):
    """moto's EC2, stricter."""


def install() -> None:
    """Let requests for EC2 come here."""
    urls.url_paths["{0}/"] = LocalEC2.dispatch
    blocks.correct_models()
    dhcp.correct_models()
    prefix_lists.correct_models()
    flow_logs.correct_models()
    subnets.correct_models()
    correct_models()
