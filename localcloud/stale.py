"""Objects that exist and are not seen yet.

AWS answers reads from copies that learn of a new object later. Here an object that is hidden is taken off moto's
shelves while a read is answered, and put back: lists come without it, and reads by id say whatever moto says of an
object that does not exist. Each read operation misses the object the same number of times; a read that names other
objects of its kind does not count. Writes always meet it.
Source: EC2 API reference, "Eventual consistency"; IAM user guide, "Troubleshoot IAM".
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.backends import get_backend
from moto.s3.models import s3_backends

from localcloud.calls import Call
from localcloud.faults import Fault
from localcloud.overlays.ec2.base import kept
from localcloud.overlays.ec2.protections import CONTROL, EXCLUSION
from localcloud.overlays.elasticache.store import store_of
from localcloud.settings import ACCOUNT


@dataclass(frozen=True)
class Shelf:
    """Where moto keeps the objects of one kind, and which reads look there.

    `holders(region)` are the dictionaries by id, or lists of objects with an allocation id.
    """

    service: str
    kind: str
    reads: tuple[str, ...]
    holders: Callable[[str], list[Any]]


def _backend(service: str, region: str) -> Any:
    # By name, when first needed: most of moto's services take time to import.
    return get_backend(service)[ACCOUNT][region]  # type: ignore[call-overload]


def _kept(service: str, name: str, place: str = "") -> Callable[[str], list[Any]]:
    return lambda region: [getattr(_backend(service, place or region), name)]


def _ours(kind: str) -> Callable[[str], list[Any]]:
    """What moto does not know, and localcloud keeps beside it."""
    return lambda region: [kept(_backend("ec2", region), kind)]


def _nested(name: str) -> Callable[[str], list[Any]]:
    return lambda region: list(getattr(_backend("ec2", region), name).values())


def _cache(name: str) -> Callable[[str], list[Any]]:
    return lambda region: [getattr(store_of(_backend("elasticache", region)), name)]


def _buckets(region: str) -> list[Any]:
    return [s3_backends[ACCOUNT]["aws"].buckets, s3_backends.bucket_accounts]


#: Reads of what a bucket is, not of objects in it.
_BUCKET_READS = ("HeadBucket", "List*", "GetBucket*", "GetPublicAccessBlock", "GetObjectLockConfiguration")

SHELVES = (
    Shelf("ec2", "VPC", ("DescribeVpcs", "DescribeVpcAttribute"), _kept("ec2", "vpcs")),
    Shelf("ec2", "subnet", ("DescribeSubnets",), _nested("subnets")),
    Shelf("ec2", "security group", ("DescribeSecurityGroups", "DescribeSecurityGroupRules"), _nested("groups")),
    Shelf("ec2", "route table", ("DescribeRouteTables",), _kept("ec2", "route_tables")),
    Shelf("ec2", "internet gateway", ("DescribeInternetGateways",), _kept("ec2", "internet_gateways")),
    Shelf("ec2", "NAT gateway", ("DescribeNatGateways",), _kept("ec2", "nat_gateways")),
    Shelf("ec2", "address", ("DescribeAddresses",), _kept("ec2", "addresses")),
    Shelf("ec2", "endpoint", ("DescribeVpcEndpoints",), _kept("ec2", "vpc_end_points")),
    Shelf("ec2", "flow log", ("DescribeFlowLogs",), _kept("ec2", "flow_logs")),
    Shelf("ec2", "network ACL", ("DescribeNetworkAcls",), _kept("ec2", "network_acls")),
    Shelf("ec2", "DHCP options", ("DescribeDhcpOptions",), _kept("ec2", "dhcp_options_sets")),
    Shelf(
        "ec2",
        "egress-only gateway",
        ("DescribeEgressOnlyInternetGateways",),
        _kept("ec2", "egress_only_internet_gateways"),
    ),
    Shelf("ec2", "encryption control", ("DescribeVpcEncryptionControls",), _ours(CONTROL)),
    Shelf("ec2", "exclusion", ("DescribeVpcBlockPublicAccessExclusions",), _ours(EXCLUSION)),
    Shelf(
        "elasticache",
        "replication group",
        ("DescribeReplicationGroups", "DescribeCacheClusters", "List*"),
        _cache("groups"),
    ),
    Shelf("elasticache", "subnet group", ("DescribeCacheSubnetGroups", "ListTags*"), _cache("subnet_groups")),
    Shelf("elasticache", "parameter group", ("DescribeCacheParam*", "ListTags*"), _cache("parameter_groups")),
    Shelf("kinesis", "stream", ("DescribeStream*", "List*"), _kept("kinesis", "streams")),
    Shelf("s3", "bucket", _BUCKET_READS, _buckets),
    Shelf("dynamodb", "table", ("Describe*", "List*"), _kept("dynamodb", "tables")),
    Shelf("logs", "log group", ("Describe*", "List*"), _kept("logs", "groups")),
    Shelf("iam", "role", ("Get*", "List*"), _kept("iam", "roles", "aws")),
)


def ids_of(call: Call) -> dict[str, set[str]]:
    """What there is of each kind of the call's service: kind -> ids."""
    return {
        shelf.kind: {name for holder in shelf.holders(call.region) for name in _names(holder)}
        for shelf in SHELVES
        if shelf.service == call.service
    }


@dataclass
class _Hidden:
    """One object that reads do not find yet."""

    shelf: Shelf
    name: str
    reads: int
    fault: Fault
    missed: Counter[str] = field(default_factory=Counter)

    def is_missed_by(self, call: Call) -> bool:
        """Whether this read does not find the object; counts as one of the reads that miss it."""
        if call.service != self.shelf.service:
            return False
        if not any(fnmatch.fnmatchcase(call.operation, pattern) for pattern in self.shelf.reads):
            return False
        if self.missed[call.operation] >= self.reads or self._is_about_others(call):
            return False
        self.missed[call.operation] += 1
        return True

    def _is_about_others(self, call: Call) -> bool:
        words = _words(call.params)
        there = {name for holder in self.shelf.holders(call.region) for name in _names(holder)}
        return self.name not in words and bool(words & there)


class Hidden:
    """All objects of this cloud that are not seen yet."""

    def __init__(self) -> None:
        self._objects: list[_Hidden] = []

    def reset(self) -> None:
        """Everything is seen."""
        self._objects.clear()

    def reveal(self, number: int) -> None:
        """What the fault with this id hid is seen."""
        self._objects = [hidden for hidden in self._objects if hidden.fault.id != number]

    def add(self, call: Call, made: dict[str, set[str]], fault: Fault) -> None:
        """From now on reads miss what the call made, as often as the fault says."""
        shelves = {shelf.kind: shelf for shelf in SHELVES if shelf.service == call.service}
        self._objects += [
            _Hidden(shelves[kind], name, fault.options["reads"], fault)
            for kind, names in made.items()
            for name in sorted(names)
        ]

    @contextmanager
    def out_of_sight(self, call: Call) -> Iterator[dict[str, Any]]:
        """While the block answers the read, what it misses is off the shelves; yields what the journal says of it."""
        missed = [hidden for hidden in self._objects if hidden.is_missed_by(call)]
        taken: list[tuple[Any, str, Any]] = []
        gone: list[str] = []
        for hidden in missed:
            found = _take(hidden.shelf.holders(call.region), hidden.name)
            taken += found
            gone += [hidden.name] if found else []
        try:
            yield missed[0].fault.entry(hidden=gone) if gone else {}
        finally:
            for holder, name, value in taken:
                _put_back(holder, name, value)


def _words(value: Any) -> set[str]:
    """Every text in a call's parameters."""
    if isinstance(value, dict):
        return {word for inner in value.values() for word in _words(inner)}
    if isinstance(value, list):
        return {word for inner in value for word in _words(inner)}
    return {value} if isinstance(value, str) else set()


def _names(holder: Any) -> list[str]:
    return list(holder) if isinstance(holder, dict) else [each.allocation_id for each in holder]


def _take(holders: list[Any], name: str) -> list[tuple[Any, str, Any]]:
    """What was taken: holder, name, object."""
    taken = []
    for holder in holders:
        if isinstance(holder, dict):
            if name in holder:
                taken.append((holder, name, holder.pop(name)))
        else:
            for value in [each for each in holder if each.allocation_id == name]:
                holder.remove(value)
                taken.append((holder, name, value))
    return taken


def _put_back(holder: Any, name: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[name] = value
    else:
        holder.append(value)
