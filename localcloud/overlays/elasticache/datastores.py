# SPDX-License-Identifier: Apache-2.0
"""Global datastores: groups in several regions that follow the one that is written to.

Source: API reference CreateGlobalReplicationGroup and its neighbours; user guide, "Replication across AWS Regions using
global datastores", prerequisites and limitations.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.core.responses import ActionResult

from localcloud.clock import clock
from localcloud.overlays.elasticache import checks
from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.catalogue import check_node_type, find_version, version_of
from localcloud.overlays.elasticache.changes import begin
from localcloud.overlays.elasticache.parameter_groups import find_parameter_group
from localcloud.overlays.elasticache.store import KIND, Datastore, Group, ParameterGroup, Store, stores
from localcloud.refusals import refuse

PRIMARY, SECONDARY = "PRIMARY", "SECONDARY"
#: Source: prerequisites: a primary, and secondaries in up to two other regions.
MOST_SECONDARIES = 2
#: What a new secondary takes over from its primary.  Source: hashicorp/terraform-provider-aws, replication_group.go,
#: global_replication_group_id, ConflictsWith; umotif-public/terraform-aws-elasticache-redis#31.
_INHERITED = {
    "AtRestEncryptionEnabled", "AuthToken", "AutomaticFailoverEnabled", "CacheNodeType", "CacheParameterGroupName",
    "ClusterMode", "DataTieringEnabled", "Engine", "EngineVersion", "NumNodeGroups", "SnapshotArns", "SnapshotName",
    "TransitEncryptionEnabled", "TransitEncryptionMode",
}  # fmt: skip
_NOT_TOGETHER = (
    "Cannot use the given parameters when creating new replication group in an existing global replication group."
)
#: One of them in a call.  Source: hashicorp/terraform-provider-aws, global_replication_group.go, Update.
_CHANGES = {"AutomaticFailoverEnabled": "automatic_failover", "CacheNodeType": "node_type", "EngineVersion": "version"}


class Datastores(Base):
    """The calls on global datastores."""

    def create_global_replication_group(self) -> ActionResult:
        """A datastore that is `creating`, with the group as its primary; `primary-only` when that ends."""
        given = self.given
        group = self.store.available_group(given["PrimaryReplicationGroupId"])
        checks.check_alone(group)
        name = f"{_prefix(self.region)}-{given['GlobalReplicationGroupIdSuffix']}"
        if name in self._everywhere():
            raise refuse("GlobalReplicationGroupAlreadyExistsFault", f"Global replication group {name} already exists.")
        _check_primary(group)
        partition = self.elasticache_backend.partition
        arn = f"arn:{partition}:elasticache::{self.current_account}:globalreplicationgroup:{name}"
        datastore = Datastore(name, arn, given.get("GlobalReplicationGroupDescription") or " ")
        self.store.datastores[name] = datastore
        _take_in(group, datastore, PRIMARY)
        self._passes(datastore, "creating", {self.region: _associated})
        return self._answer(datastore)

    def describe_global_replication_groups(self) -> ActionResult:
        """The datastores with a member in this region: whether others are shown, AWS does not say."""
        name = self.given.get("GlobalReplicationGroupId")
        for datastore in list(self._everywhere().values()):
            clock.look(datastore.arn)
        shown = [each for each in self._everywhere().values() if self.region in dict(self._members(each))]
        found = [each for each in shown if name in (None, each.id)]
        if name and not found:
            raise _not_found(name)
        views = [self._shown(each, bool(self.given.get("ShowMemberInfo"))) for each in found]
        return self.page("GlobalReplicationGroups", views)

    def modify_global_replication_group(self) -> ActionResult:
        """The datastore, `modifying` as all its members are."""
        given = self.given
        datastore = self._settled(given["GlobalReplicationGroupId"])
        if not given["ApplyImmediately"]:
            raise checks.value("ApplyImmediately must be true.")
        asked = sorted({*_CHANGES, "Engine", "GlobalReplicationGroupDescription"} & set(given))
        if len(set(asked) - {"Engine"}) != 1:
            raise checks.combination("Exactly one setting of a global replication group can be modified in one call.")
        datastore.description = given.get("GlobalReplicationGroupDescription", datastore.description)
        for region, group in self._members(datastore):
            if wanted := _difference(group, given):
                begin(self._store_of(region), group, wanted)
        self._passes(datastore, "modifying", {})
        return self._answer(datastore)

    def disassociate_global_replication_group(self) -> ActionResult:
        """The datastore, `modifying`; the secondary stands alone when that ends."""
        given = self.given
        datastore = self._settled(given["GlobalReplicationGroupId"])
        group = self._member(datastore, given["ReplicationGroupRegion"], given["ReplicationGroupId"])
        if group.global_role == PRIMARY:
            raise checks.value(f"{group.id} is the primary of {datastore.id} and cannot be disassociated.")
        group.global_status = "disassociating"
        self._passes(datastore, "modifying", {given["ReplicationGroupRegion"]: _let_go})
        return self._answer(datastore)

    def failover_global_replication_group(self) -> ActionResult:
        """The datastore, `modifying`; the named secondary is its primary when that ends."""
        given = self.given
        datastore = self._settled(given["GlobalReplicationGroupId"])
        group = self._member(datastore, given["PrimaryRegion"], given["PrimaryReplicationGroupId"])
        if group.global_role == PRIMARY:
            raise checks.value(f"{group.id} is the primary of {datastore.id} already.")

        def promoted() -> None:
            for _region, each in self._members(datastore):
                each.global_role = PRIMARY if each is group else SECONDARY

        self._passes(datastore, "modifying", {given["PrimaryRegion"]: _associated}, promoted)
        return self._answer(datastore)

    def delete_global_replication_group(self) -> ActionResult:
        """The datastore, `deleting`; its primary stays.  Refused while secondaries belong to it."""
        given = self.given
        datastore = self._settled(given["GlobalReplicationGroupId"])
        if not given["RetainPrimaryReplicationGroup"]:
            raise checks.value("RetainPrimaryReplicationGroup must be true.")
        if len(self._members(datastore)) > 1:
            raise refuse("InvalidGlobalReplicationGroupState", f"{datastore.id} still has secondary clusters.")
        shown = {**self._shown(datastore, members=True), "Status": "deleting"}
        self._passes(datastore, "deleting", {region: _let_go for region, _group in self._members(datastore)})
        return ActionResult({"GlobalReplicationGroup": shown})

    def inherited(self, given: dict[str, Any]) -> dict[str, Any]:
        """The parameters of a new secondary, with all that its primary hands on."""
        if _INHERITED & set(given):
            raise checks.combination(_NOT_TOGETHER)
        datastore = self._settled(given["GlobalReplicationGroupId"])
        members = self._members(datastore)
        if self.region in dict(members):
            raise checks.value(f"{datastore.id} has a member in {self.region} already.")
        if len(members) > MOST_SECONDARIES:
            raise checks.value(f"{datastore.id} has {MOST_SECONDARIES} secondaries already.")
        primary = next(group for _region, group in members if group.global_role == PRIMARY)
        # Source: prerequisites: failover and Multi-AZ come from the primary, and failover takes two nodes.
        if primary.automatic_failover and not primary.clustered and given.get("NumCacheClusters", 1) < 2:
            raise checks.value("Automatic failover of the primary needs at least 2 nodes.")
        tls = {"TransitEncryptionMode": primary.transit_mode} if primary.transit_encryption else {}
        shards = {"NumNodeGroups": len(primary.shards)} if primary.cluster_mode == "enabled" else {}
        return {
            **given, **tls, **shards, "Engine": primary.engine, "EngineVersion": primary.version,
            "CacheNodeType": primary.node_type, "AutomaticFailoverEnabled": primary.automatic_failover,
            "MultiAZEnabled": primary.multi_az, "TransitEncryptionEnabled": primary.transit_encryption,
            "AtRestEncryptionEnabled": primary.at_rest_encryption, "DataTieringEnabled": primary.data_tiering,
            "ClusterMode": primary.cluster_mode,
            "CacheParameterGroupName": self._copied(given["ReplicationGroupId"], primary),
        }  # fmt: skip

    def join(self, group: Group, name: str) -> None:
        """The new group as a secondary of the datastore, which is `modifying` until it has arrived."""
        datastore = self._everywhere()[name]
        _take_in(group, datastore, SECONDARY)
        self._passes(datastore, "modifying", {})

    def _copied(self, name: str, primary: Group) -> str:
        """The secondary's parameter group, which AWS copies and leaves behind.

        Source: hashicorp/terraform-provider-aws, replication_group.go, Delete and parameter_group_name.
        """
        group = find_parameter_group(self._store_of(primary.region), primary.parameter_group)
        copy = f"global-datastore-{name.lower()}-{hashlib.sha256(primary.arn.encode()).hexdigest()[:5]}"
        arn, values = self.store.arn("parametergroup", copy), dict(group.values)
        self.store.parameter_groups[copy] = ParameterGroup(copy, group.family, group.description, arn, values, True)
        return copy

    def _passes(
        self,
        datastore: Datastore,
        status: str,
        arrive: dict[str, Callable[[Group], None]],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """The datastore is in `status` for a while; a region's member is `modifying`, and then what `arrive` makes of
        it."""

        def done() -> None:
            then()
            if datastore.status == "deleting":
                for store in self._stores():
                    store.datastores.pop(datastore.id, None)
            datastore.status = "available" if len(self._members(datastore)) > 1 else "primary-only"

        datastore.status = status
        clock.begin(KIND, datastore.arn, done)
        for region, group in self._members(datastore):
            if region in arrive:
                self._store_of(region).settle(group, "modifying", partial(arrive[region], group))

    def _settled(self, name: str) -> Datastore:
        """The datastore of this name, if nothing is under way with it."""
        found = self._everywhere().get(name)
        # What arrives may be its end.
        if found is None or (clock.touch(found.arn) and name not in self._everywhere()):
            raise _not_found(name)
        if found.status not in ("available", "primary-only"):
            raise refuse("InvalidGlobalReplicationGroupState", f"Global replication group {name} is {found.status}.")
        return found

    def _store_of(self, region: str) -> Store:
        return next(store for store in self._stores() if store.region == region)

    def _stores(self) -> list[Store]:
        return [store for store in stores() if store.backend.account_id == self.current_account]

    def _everywhere(self) -> dict[str, Datastore]:
        return {name: each for store in self._stores() for name, each in store.datastores.items()}

    def _members(self, datastore: Datastore) -> list[tuple[str, Group]]:
        """Regions and groups, the primary first."""
        found = [(store.region, group) for store in self._stores() for group in store.all_groups()
                 if group.global_id == datastore.id]  # fmt: skip
        return sorted(found, key=lambda each: (each[1].global_role != PRIMARY, each[0]))

    def _member(self, datastore: Datastore, region: str, name: str) -> Group:
        for where, group in self._members(datastore):
            if (where, group.id) == (region, name.lower()):
                return group
        raise checks.value(f"Replication group {name} is not associated with Global Replication Group {datastore.id}.")

    def _answer(self, datastore: Datastore) -> ActionResult:
        return ActionResult({"GlobalReplicationGroup": self._shown(datastore, members=True)})

    def _shown(self, datastore: Datastore, members: bool) -> dict[str, Any]:
        """Source: API reference, GlobalReplicationGroup; awscli, examples/elasticache."""
        every = self._members(datastore)
        primary = every[0][1]
        shown = [{"ReplicationGroupId": group.id, "ReplicationGroupRegion": region, "Role": group.global_role,
                  "AutomaticFailover": "enabled" if group.automatic_failover else "disabled",
                  "Status": group.global_status} for region, group in every]  # fmt: skip
        return {
            "GlobalReplicationGroupId": datastore.id,
            "GlobalReplicationGroupDescription": datastore.description,
            "Status": datastore.status,
            "CacheNodeType": primary.node_type,
            "Engine": primary.engine,
            "EngineVersion": primary.version,
            "Members": shown if members else [],
            "ClusterEnabled": primary.clustered,
            "AuthTokenEnabled": bool(primary.auth_tokens),
            "TransitEncryptionEnabled": primary.transit_encryption,
            "AtRestEncryptionEnabled": primary.at_rest_encryption,
            "ARN": datastore.arn,
        }


def _prefix(region: str) -> str:
    """Five letters that each region has: AWS's own are others, which nobody should need to know."""
    return "".join(chr(ord("a") + byte % 26) for byte in hashlib.sha256(region.encode()).digest()[:5])


def _not_found(name: str) -> Exception:
    return refuse("GlobalReplicationGroupNotFoundFault", f"Global replication group {name} not found.")


def _check_primary(group: Group) -> None:
    """Source: prerequisites: nodes of size large and above, none that bursts; Redis OSS 5.0.6 and later, IPv4."""
    if re.match(r"cache\.(t\d|[a-z]+\d\w*\.(micro|small|medium))", group.node_type):
        raise checks.value(f"{group.node_type} does not support global datastores.")
    if version_of(group.engine, group.version).order < (5, 0, 6):
        raise checks.value("Global datastores need Redis OSS 5.0.6 or later.")
    if group.transit_mode == "preferred":
        # Source: terraform-aws-modules/terraform-aws-elasticache#4.
        raise checks.combination("Transit encryption mode preferred is not supported for a global datastore.")
    if group.network_type != "ipv4":
        raise checks.value("Global datastores do not support IPv6.")


def _difference(group: Group, given: dict[str, Any]) -> dict[str, Any]:
    """Attribute -> new value."""
    wanted = {attribute: given[name] for name, attribute in _CHANGES.items() if name in given}
    if "node_type" in wanted:
        check_node_type(wanted["node_type"])
    if "version" in wanted:
        present = version_of(group.engine, group.version)
        target = find_version(given.get("Engine", group.engine), wanted["version"])
        if target.family != present.family:
            raise NotImplementedError("ModifyGlobalReplicationGroup to another family of parameters")
        if target.order < present.order:
            raise checks.combination(f"The version cannot be downgraded from {present.full} to {target.full}.")
        wanted["version"] = target.full
    return {name: value for name, value in wanted.items() if getattr(group, name) != value}


def _take_in(group: Group, datastore: Datastore, role: str) -> None:
    group.global_id, group.global_role, group.global_status = datastore.id, role, "associating"
    # Source: terraform-aws-modules/terraform-aws-elasticache#7: false on members, whatever was asked for.
    group.auto_minor_upgrade = False


def _associated(group: Group) -> None:
    group.global_status = "associated"


def _let_go(group: Group) -> None:
    group.global_id = group.global_role = group.global_status = None
