# SPDX-License-Identifier: Apache-2.0
"""Cache subnet groups."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends

from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.checks import check_tags, value
from localcloud.overlays.elasticache.store import Store
from localcloud.refusals import refuse
from localcloud.settings import settings

DEFAULT = "default"
_NAME = re.compile(r"^[a-z0-9._-]{1,255}$")


def find_subnet_group(store: Store, name: str) -> dict[str, Any]:
    """The subnet group as the API shows it; `default` is made from the default VPC when it is first met."""
    name = name.lower()
    if name == DEFAULT and name not in store.subnet_groups:
        subnets = [
            s.id for s in _ec2(store).describe_subnets() if s.default_for_az == "true" or s.default_for_az is True
        ]
        if subnets:
            store.subnet_groups[name] = build(store, name, "Default CacheSubnetGroup", subnets)
    found = store.subnet_groups.get(name)
    if found is None:
        raise refuse("CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {name} does not exist.")
    return found


def build(store: Store, name: str, description: str, subnet_ids: list[str]) -> dict[str, Any]:
    """The view of a subnet group. Refuses subnets that do not exist or are in more than one VPC."""
    try:
        subnets = [_ec2(store).get_subnet(subnet_id) for subnet_id in subnet_ids]
    except InvalidSubnetIdError as error:
        raise refuse("InvalidSubnet", f"The subnet ID is invalid: {error.message}") from error
    if len({subnet.vpc_id for subnet in subnets}) != 1:
        # Source: CreateCacheSubnetGroup, InvalidSubnet: an invalid subnet is in use (all must be in one VPC).
        raise refuse("InvalidSubnet", "All subnets of a cache subnet group must be in the same VPC.")
    return {
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": description,
        "VpcId": subnets[0].vpc_id,
        "Subnets": [
            {
                "SubnetIdentifier": subnet.id,
                "SubnetAvailabilityZone": {"Name": subnet.availability_zone},
                "SupportedNetworkTypes": ["ipv4"],
            }
            for subnet in subnets
        ],
        "ARN": store.arn("subnetgroup", name),
        "SupportedNetworkTypes": ["ipv4"],
    }


def zones_of(store: Store, name: str) -> list[str]:
    """The availability zones of a subnet group, in order, each once."""
    subnets = find_subnet_group(store, name)["Subnets"]
    return sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets})


def vpc_of(store: Store, name: str) -> str | None:
    """The VPC of a subnet group."""
    return find_subnet_group(store, name)["VpcId"]


def subnets_in_use(store: Store) -> set[str]:
    """The subnets in which nodes have their network interfaces."""
    interfaces = [eni for group in store.all_groups() for eni in group.interfaces.values()]
    return {_ec2(store).get_network_interface(eni).subnet.id for eni in interfaces}


class SubnetGroups(Base):
    """The calls on cache subnet groups."""

    def create_cache_subnet_group(self) -> ActionResult:
        """The new group. Names are kept in lower case."""
        given = self.given
        name = given["CacheSubnetGroupName"].lower()
        if not _NAME.match(name) or name == DEFAULT:
            raise value(f"The parameter CacheSubnetGroupName must be a valid identifier: {name}.")
        if name in self.store.subnet_groups:
            raise refuse("CacheSubnetGroupAlreadyExists", f"Cache subnet group {name} already exists.")
        if len(self.store.subnet_groups) >= settings.quota("elasticache_subnet_groups_per_region"):
            raise refuse("CacheSubnetGroupQuotaExceeded", "The maximum number of cache subnet groups is reached.")
        check_tags(given.get("Tags", []))
        group = build(self.store, name, given["CacheSubnetGroupDescription"], given["SubnetIds"])
        self.store.subnet_groups[name] = group
        self.tag(group["ARN"], given.get("Tags", []))
        return ActionResult({"CacheSubnetGroup": group})

    def describe_cache_subnet_groups(self) -> ActionResult:
        """All groups, or the one that is named."""
        name = self.given.get("CacheSubnetGroupName")
        groups = [find_subnet_group(self.store, name)] if name else list(self.store.subnet_groups.values())
        return self.page("CacheSubnetGroups", groups)

    def modify_cache_subnet_group(self) -> ActionResult:
        """The group as it is now. A subnet that holds a node cannot leave."""
        given = self.given
        old = find_subnet_group(self.store, given["CacheSubnetGroupName"])
        old_ids = [subnet["SubnetIdentifier"] for subnet in old["Subnets"]]
        new_ids = given.get("SubnetIds", old_ids)
        description = given.get("CacheSubnetGroupDescription", old["CacheSubnetGroupDescription"])
        leaving = set(old_ids) - set(new_ids)
        if self._users(old) and leaving & subnets_in_use(self.store):
            raise refuse("SubnetInUse", f"Some of the subnets are in use: {', '.join(sorted(leaving))}.")
        group = build(self.store, old["CacheSubnetGroupName"], description, new_ids)
        self.store.subnet_groups[group["CacheSubnetGroupName"]] = group
        return ActionResult({"CacheSubnetGroup": group})

    def delete_cache_subnet_group(self) -> ActionResult:
        """Nothing; refused while a replication group uses it."""
        group = find_subnet_group(self.store, self.given["CacheSubnetGroupName"])
        name = group["CacheSubnetGroupName"]
        if self._users(group):
            raise refuse("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
        del self.store.subnet_groups[name]
        self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
        return EmptyResult()

    def _users(self, group: dict[str, Any]) -> list[str]:
        return [g.id for g in self.store.all_groups() if g.subnet_group == group["CacheSubnetGroupName"]]


def _ec2(store: Store) -> Any:
    return ec2_backends[store.backend.account_id][store.region]
