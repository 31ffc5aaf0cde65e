# SPDX-License-Identifier: Apache-2.0
"""The network interfaces of the nodes: one for each, in a subnet of its zone.

Source: ElastiCache user guide, "Subnets and subnet groups": nodes get addresses in the subnets of their group.
"""

from __future__ import annotations

from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_private_ip

from localcloud.overlays.elasticache.store import Group, Member, Store
from localcloud.overlays.elasticache.subnet_groups import find_subnet_group
from localcloud.overlays.interfaces import let_go, own, put_into

_REQUESTER = "amazon-elasticache"


def follow(store: Store, group: Group) -> None:
    """Every node of the group has its interface, in the group's security groups; those of nodes that left go."""
    ec2 = ec2_backends[store.backend.account_id][store.region]
    members = {member.id: member for member in group.members}
    for name in set(group.interfaces) - set(members):
        let_go(ec2, group.interfaces.pop(name))
    for name, member in members.items():
        if name not in group.interfaces:
            eni = ec2.create_network_interface(_subnet(store, group, member), random_private_ip())
            group.interfaces[name] = own(eni, f"ElastiCache {name}", _REQUESTER).id
        put_into(ec2, ec2.get_network_interface(group.interfaces[name]), group.security_groups)


def leave(store: Store, group: Group) -> None:
    """The group is gone, and its interfaces follow."""
    ec2 = ec2_backends[store.backend.account_id][store.region]
    for eni_id in group.interfaces.values():
        let_go(ec2, eni_id)
    group.interfaces.clear()


def _subnet(store: Store, group: Group, member: Member) -> str:
    subnets = find_subnet_group(store, group.subnet_group)["Subnets"]
    return next(s["SubnetIdentifier"] for s in subnets if s["SubnetAvailabilityZone"]["Name"] == member.zone)
