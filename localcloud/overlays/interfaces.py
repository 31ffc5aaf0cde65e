# SPDX-License-Identifier: Apache-2.0
"""The network interfaces that AWS's services keep in a VPC, and how long they stay behind.

Source: EC2 user guide, "Requester-managed network interfaces". They outlive their owner for a while and block
DeleteSubnet and DeleteSecurityGroup: hashicorp/terraform-provider-aws, internal/service/ec2, deleteLingeringENIs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localcloud.clock import clock

KIND = "network_interface"


def own(eni: Any, description: str, requester: str, interface_type: str = "interface") -> Any:
    """The interface, now one that a service manages and DescribeNetworkInterfaces shows as such."""
    eni.description = description
    eni.requester_managed = True
    eni.requester_id = requester
    eni.interface_type = interface_type
    eni.status = "in-use"
    return eni


def put_into(ec2: Any, eni: Any, group_ids: Iterable[str]) -> None:
    """The interface is in these security groups, and in no others."""
    eni._group_set = [ec2.get_security_group_from_id(group_id) for group_id in group_ids]


def let_go(ec2: Any, eni_id: str) -> None:
    """Its owner is gone; the interface stays behind for as long as the settings say."""
    clock.begin(KIND, eni_id, lambda: ec2.enis.pop(eni_id, None))
    clock.touch(eni_id)


def still_there(ec2: Any, enis: Iterable[Any]) -> list[Any]:
    """Those of the interfaces that are not gone; the look brings what stays behind one poll nearer to its end."""
    found = list(enis)
    for eni in found:
        clock.look(eni.id)
    return [eni for eni in found if eni.id in ec2.enis]
