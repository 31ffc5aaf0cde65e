# SPDX-License-Identifier: Apache-2.0
"""Network interfaces: those that AWS's services keep show whose they are, and cannot be deleted by others."""

from __future__ import annotations

from moto.core.responses import ActionResult

from localcloud.overlays.ec2.base import Base
from localcloud.overlays.interfaces import still_there
from localcloud.refusals import refuse


class Interfaces(Base):
    """DescribeNetworkInterfaces, DeleteNetworkInterface."""

    def describe_network_interfaces(self) -> ActionResult:
        """moto's answer; each look brings what stays behind one poll nearer to its end."""
        shown = super().describe_network_interfaces().result["NetworkInterfaces"]
        return ActionResult({"NetworkInterfaces": still_there(self.ec2_backend, shown)})

    def delete_network_interface(self) -> ActionResult:
        """Nothing; what a service keeps goes with its owner only."""
        eni_id = self.given["NetworkInterfaceId"]
        if self.ec2_backend.get_network_interface(eni_id).requester_managed:
            # Source: observed (hashicorp/terraform-provider-aws #5582): InvalidParameterValue.
            raise refuse("InvalidParameterValue", f"Network interface '{eni_id}' is currently in use.")
        return super().delete_network_interface()
