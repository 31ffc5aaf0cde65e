# SPDX-License-Identifier: Apache-2.0
"""Everything the ElastiCache of one region holds."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.elasticache.models import ElastiCacheBackend, elasticache_backends

from localcloud.clock import clock, now
from localcloud.refusals import refuse

KIND = "replication_group"


@dataclass
class Member:
    """One node of a shard: a cache cluster of its own in DescribeCacheClusters."""

    id: str
    zone: str
    role: str = "replica"


@dataclass
class Shard:
    """One node group."""

    id: str
    slots: str
    members: list[Member]

    @property
    def replicas(self) -> int:
        """How many replicas the primary has."""
        return len(self.members) - 1


@dataclass
class Group:
    """One replication group; fields in our own words, shown in AWS's by `views`."""

    id: str
    arn: str
    region: str
    description: str
    engine: str
    version: str
    node_type: str
    parameter_group: str
    subnet_group: str
    security_groups: list[str]
    port: int
    cluster_mode: str
    flat_ids: bool
    automatic_failover: bool
    multi_az: bool
    at_rest_encryption: bool
    transit_encryption: bool
    transit_mode: str | None
    kms_key: str | None
    auth_tokens: list[str]
    user_groups: list[str]
    log_delivery: list[dict[str, Any]]
    snapshot_retention: int
    snapshot_window: str
    maintenance_window: str
    topic: str | None
    auto_minor_upgrade: bool
    data_tiering: bool
    network_type: str
    ip_discovery: str
    status: str = "creating"
    shards: list[Shard] = field(default_factory=list)
    last_shard: int = 0
    created: datetime.datetime = field(default_factory=now)
    auth_token_changed: datetime.datetime | None = None
    topic_status: str = "active"
    snapshotting_cluster: str | None = None
    #: What is being applied now, and what waits for the maintenance window: attribute -> new value.
    changing: dict[str, Any] = field(default_factory=dict)
    deferred: dict[str, Any] = field(default_factory=dict)
    #: Member id -> its network interface.
    interfaces: dict[str, str] = field(default_factory=dict)
    #: Member id -> the port of its server; empty while its endpoint is only a name.
    ports: dict[str, int] = field(default_factory=dict)
    #: The global datastore that it belongs to, as what, and how far that has come.
    global_id: str | None = None
    global_role: str | None = None
    global_status: str | None = None

    @property
    def clustered(self) -> bool:
        """Whether keys are spread over slots."""
        return self.cluster_mode != "disabled"

    @property
    def members(self) -> list[Member]:
        """All nodes, shard by shard."""
        return [member for shard in self.shards for member in shard.members]


@dataclass
class ParameterGroup:
    """One cache parameter group; `values` holds only what a user has set."""

    name: str
    family: str
    description: str
    arn: str
    values: dict[str, str] = field(default_factory=dict)
    is_global: bool = False


@dataclass
class Datastore:
    """One global datastore; its members are the groups that bear its id, wherever they are."""

    id: str
    arn: str
    description: str
    status: str = "creating"


class Store:
    """The state of one account and region."""

    def __init__(self, backend: ElastiCacheBackend) -> None:
        self.backend = backend
        self.region = backend.region_name
        self.groups: dict[str, Group] = {}
        self.retained: dict[str, dict[str, Any]] = {}
        self.parameter_groups: dict[str, ParameterGroup] = {}
        self.subnet_groups: dict[str, dict[str, Any]] = {}
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.user_groups: dict[str, dict[str, Any]] = {}
        #: The global datastores that began in this region.
        self.datastores: dict[str, Datastore] = {}
        self.events: list[dict[str, Any]] = []
        self.failovers: list[tuple[datetime.datetime, str]] = []

    def arn(self, kind: str, name: str) -> str:
        """Source: Service Authorization Reference, "Resource types defined by Amazon ElastiCache"."""
        return f"arn:{self.backend.partition}:elasticache:{self.region}:{self.backend.account_id}:{kind}:{name}"

    def group(self, name: str) -> Group:
        """The replication group, brought up to date; names are compared in lower case."""
        found = self.groups.get(name.lower())
        if found is None or (clock.touch(found.arn) and found.id not in self.groups):
            raise refuse("ReplicationGroupNotFoundFault", f"ReplicationGroup {name} not found.")
        return found

    def idle_group(self, name: str, otherwise: str = "") -> Group:
        """The replication group, if nothing is under way with it: a failed one has tags, and can only be deleted."""
        found = self.group(name)
        return found if found.status == "create-failed" else self.available_group(name, otherwise)

    def available_group(self, name: str, otherwise: str = "") -> Group:
        """The replication group, if it may be changed now; `otherwise` is what AWS says when not."""
        found = self.group(name)
        if found.status != "available":
            message = otherwise or f"Replication group {found.id} is not available: its status is {found.status}."
            raise refuse("InvalidReplicationGroupState", message)
        return found

    def all_groups(self) -> list[Group]:
        """Every replication group, brought up to date."""
        for group in list(self.groups.values()):
            clock.touch(group.arn)
        return list(self.groups.values())

    def settle(self, group: Group, status: str, arrive: Callable[[], None], least_seconds: float = 0) -> None:
        """The group is in `status` for a while, then available; `arrive` is called then, and may set out again."""

        def done() -> None:
            group.status = "available"
            arrive()

        group.status = status
        clock.begin(KIND, group.arn, done, least_seconds)

    def note(self, source: str, message: str, kind: str = "replication-group") -> None:
        """Add an event for DescribeEvents."""
        self.events.append({"SourceIdentifier": source, "SourceType": kind, "Message": message, "Date": now()})


def stores() -> list[Store]:
    """The stores of every account and region that was used."""
    regions = [region for regions in elasticache_backends.values() for region in regions.values()]
    return [store_of(backend) for backend in regions]


def store_of(backend: ElastiCacheBackend) -> Store:
    """The store of a region; it lives and dies with moto's backend."""
    if "localcloud" not in backend.__dict__:
        backend.__dict__["localcloud"] = Store(backend)
    return backend.__dict__["localcloud"]
