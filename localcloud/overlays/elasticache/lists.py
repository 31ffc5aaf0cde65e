# SPDX-License-Identifier: Apache-2.0
"""What ElastiCache only tells: versions, node types, events."""

from __future__ import annotations

import datetime

from moto.core.responses import ActionResult

from localcloud.clock import now
from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.catalogue import ENGINES, NODE_TYPES, VERSIONS, allowed_node_types
from localcloud.overlays.elasticache.checks import combination

_DESCRIPTIONS = {"redis": "Redis", "valkey": "Valkey"}


class Lists(Base):
    """DescribeCacheEngineVersions, DescribeReservedCacheNodesOfferings, ListAllowedNodeTypeModifications,
    DescribeEvents."""

    def describe_cache_engine_versions(self) -> ActionResult:
        """The versions that match; with DefaultOnly the default one of each engine or family asked for."""
        given = self.given
        found = [
            version
            for version in VERSIONS
            if given.get("Engine", version.engine) == version.engine
            and given.get("EngineVersion", version.name) in (version.name, version.full)
            and given.get("CacheParameterGroupFamily", version.family) == version.family
        ]
        if given.get("DefaultOnly"):
            found = list({version.engine: version for version in found}.values())
        shown = [
            {
                "Engine": version.engine,
                "EngineVersion": version.name,
                "CacheParameterGroupFamily": version.family,
                "CacheEngineDescription": _DESCRIPTIONS[version.engine],
                "CacheEngineVersionDescription": f"{version.engine} version {version.full}",
            }
            for version in found
        ]
        return self.page("CacheEngineVersions", shown)

    def describe_reserved_cache_nodes_offerings(self) -> ActionResult:
        """One offering for each node type and engine; the terms and prices of AWS's are left out.

        Source: API reference, ReservedCacheNodesOffering; an unknown type has none.
        """
        given = self.given
        shown = [
            {
                "ReservedCacheNodesOfferingId": f"{engine}-{node_type}",
                "CacheNodeType": node_type,
                "ProductDescription": engine,
                "Duration": 31536000,
                "OfferingType": "No Upfront",
            }
            for node_type in NODE_TYPES
            for engine in ENGINES
            if given.get("CacheNodeType", node_type) == node_type and given.get("ProductDescription", engine) == engine
        ]
        return self.page("ReservedCacheNodesOfferings", shown)

    def list_allowed_node_type_modifications(self) -> ActionResult:
        """The node types that a group or one of its members may be scaled to."""
        given = self.given
        if ("ReplicationGroupId" in given) == ("CacheClusterId" in given):
            raise combination("Exactly one of ReplicationGroupId and CacheClusterId must be given.")
        if "ReplicationGroupId" in given:
            current = self.store.group(given["ReplicationGroupId"]).node_type
        else:
            current = self._node_type_of(given["CacheClusterId"])
        up, down = allowed_node_types(current)
        return ActionResult({"ScaleUpModifications": up, "ScaleDownModifications": down})

    def _node_type_of(self, cluster_id: str) -> str:
        for group in self.store.all_groups():
            if cluster_id in {member.id for member in group.members}:
                return group.node_type
        return self.elasticache_backend.describe_cache_clusters(cluster_id)[0].cache_node_type

    def describe_events(self) -> ActionResult:
        """The events that match, newest first.

        Source: DescribeEvents: the last hour unless a time is given; its example for the order.
        """
        given = self.given
        since = given.get("StartTime") or now() - datetime.timedelta(minutes=given.get("Duration", 60))
        until = given.get("EndTime") or now()
        shown = [
            event
            for event in reversed(self.store.events)
            if since <= event["Date"] <= until
            and given.get("SourceIdentifier", event["SourceIdentifier"]) == event["SourceIdentifier"]
            and given.get("SourceType", event["SourceType"]) == event["SourceType"]
        ]
        return self.page("Events", shown)
