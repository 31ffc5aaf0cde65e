# SPDX-License-Identifier: Apache-2.0
"""Creations that AWS accepts and then gives up on."""

from __future__ import annotations

from moto.ec2.models import ec2_backends
from moto.elasticache.models import elasticache_backends

from localcloud.clock import clock
from localcloud.overlays.ec2.gateways import NAT, give_up
from localcloud.overlays.elasticache.store import KIND, store_of
from localcloud.settings import ACCOUNT

#: Source: VPC user guide, "Troubleshoot NAT gateways", "NAT gateway creation fails".
_NAT_MESSAGES = {
    "InsufficientFreeAddressesInSubnet": "Subnet has insufficient free addresses to create this NAT gateway",
    "Gateway.NotAttached": "Network {vpc} has no Internet gateway attached",
    "InvalidAllocationID.NotFound": "Elastic IP address could not be associated with this NAT gateway",
    "Resource.AlreadyAssociated": "Elastic IP address is already associated",
    "InternalError": "Network interface, created and used internally by this NAT gateway is in an invalid state. "
    "Please try again.",
    "InvalidSubnetID.NotFound": "The specified subnet {subnet} does not exist or could not be found.",
}


def fail_group(region: str, name: str, message: str | None = None) -> None:
    """The replication group, `creating` until now, becomes `create-failed`; events of it and its first node say why.

    Source: API reference, ReplicationGroup.Status. Capacity is told by events of the nodes, not of the group:
    ministryofjustice/cloud-platform, runbook "ElastiCache create failed - insufficient AZ capacity".
    """
    store = store_of(elasticache_backends[ACCOUNT][region])
    group = store.groups[name]
    node = group.members[0]
    reason = message or f"InsufficientCacheClusterCapacity: no capacity for {group.node_type} in {node.zone}"

    def arrive() -> None:
        group.status = "create-failed"
        store.note(node.id, f"Failed to create cache cluster {node.id}: {reason}", kind="cache-cluster")
        store.note(group.id, f"Failed to create replication group {group.id}: {reason}")

    clock.begin(KIND, group.arn, arrive)


def fail_nat_gateway(region: str, name: str, code: str = "InternalError", message: str | None = None) -> None:
    """The NAT gateway, `pending` until now, becomes `failed`, with a FailureCode and a FailureMessage."""
    ec2 = ec2_backends[ACCOUNT][region]
    nat = ec2.nat_gateways[name]
    words = message or _NAT_MESSAGES.get(code, code).format(vpc=nat.vpc_id, subnet=nat.subnet_id)
    clock.begin(NAT, nat.id, lambda: give_up(ec2, nat, code, words))


def fail_endpoint(region: str, name: str, state: str = "failed", message: str = "The endpoint failed.") -> None:
    """The endpoint, `pending` until now, becomes `failed`, `rejected` or `expired`, and says why in LastError."""
    endpoint = ec2_backends[ACCOUNT][region].vpc_end_points[name]

    def give_up_endpoint() -> None:
        endpoint.state = state
        endpoint.last_error = {"Code": "InternalError", "Message": message}

    clock.begin("vpc_endpoint", endpoint.id, give_up_endpoint)
