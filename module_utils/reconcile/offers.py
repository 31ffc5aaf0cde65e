# SPDX-License-Identifier: Apache-2.0
"""What components may offer each other: a name and a shape for each thing.  Pure.

A component that leans on a network does not know which component lays it, nor whether it is there yet: an id that is
still to come is a Ref.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .plan import Ref

# The tags by which the parts of a network are told apart, and a subnet's tier.
PART_TAG = "streambed:part"
TIER_TAG = "streambed:tier"
NETWORK = "network"
STATE_LOCK = "state lock"


@dataclass(frozen=True)
class Subnet:
    """One subnet: the tier and the availability zone that it belongs to, and whether it has IPv4 addresses."""

    tier: str
    zone: str
    id: str | Ref
    ipv4: bool = True


@dataclass(frozen=True)
class Network:
    """What stands in a network finds there: its subnets, and its security groups by their keys."""

    subnets: tuple[Subnet, ...] = ()
    security_groups: Mapping[str, str | Ref] = field(default_factory=dict)

    @property
    def tiers(self) -> list[str]:
        """The names of the tiers that have subnets."""
        return sorted({subnet.tier for subnet in self.subnets})


@dataclass(frozen=True)
class StateLock:
    """Where the environment's lock lies: the bucket, and the object of a plan that has to be made before it can."""

    bucket: str
    exists: bool
    noun: str
