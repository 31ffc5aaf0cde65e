# SPDX-License-Identifier: Apache-2.0
"""Which node is the primary, where ElastiCache does not show it: CloudWatch does.  Pure.

``CurrentRole`` is there with cluster mode disabled only.  Source: API reference, NodeGroupMember; ElastiCache user
guide, "Metrics for Valkey and Redis OSS", IsPrimary and its older name IsMaster.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..reconcile.component import Seen
from .leaving import lost_zones, placed
from .node_groups import declared_zones
from .surroundings import subnet_ids

State = dict[str, Any]
METRICS = ("IsPrimary", "IsMaster")
# Metrics come every minute, and a moment late.
WITHIN = datetime.timedelta(minutes=10)
MINUTE = 60


def further(options: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """The read of the roles; none unless nodes that hide them have to leave a zone."""
    resource = seen.resource
    if options["state"] == "absent" or resource is None or not resource.get("subnet_group"):
        return {}
    gone = lost_zones(resource, subnet_ids(options, seen.around))
    shards = [shard for shard in resource["members"].values() if any(node["zone"] in gone for node in shard)]
    chosen = declared_zones(options["node_groups"]) or []
    members = sorted(resource["members"].items())
    shards += [nodes for (shard, nodes), zones in zip(members, chosen, strict=False)
               if placed(shard, nodes, zones).leaving and nodes not in shards]  # fmt: skip
    nodes = [node["id"] for shard in shards for node in shard if node["primary"] is None]
    queries = [_query(f"q{at}_{name.lower()}", name, node) for at, node in enumerate(nodes) for name in METRICS]
    now = datetime.datetime.now(datetime.UTC)
    params = {"MetricDataQueries": queries, "StartTime": now - WITHIN, "EndTime": now, "ScanBy": "TimestampDescending"}
    return {"roles": ("cloudwatch", "get_metric_data", params)} if queries else {}


def learned(seen: Seen, answers: Mapping[str, Any]) -> Seen:
    """The look with the roles of the nodes."""
    resource = seen.resource or {}
    return replace(seen, resource={**resource, "members": told(resource["members"], answers["roles"])})


def _query(label: str, metric: str, node: str) -> dict[str, Any]:
    """Source: GetMetricData API reference; dimensions: ElastiCache user guide, "Dimensions for ElastiCache metrics"."""
    dimensions = [{"Name": "CacheClusterId", "Value": node}, {"Name": "CacheNodeId", "Value": "0001"}]
    which = {"Namespace": "AWS/ElastiCache", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": label, "Label": node, "MetricStat": {"Metric": which, "Period": MINUTE, "Stat": "Maximum"}}


def told(members: Mapping[str, list[State]], answer: Mapping[str, Any] | None) -> dict[str, list[State]]:
    """The nodes with the roles that CloudWatch tells.

    A node group with no primary or two of them, as right after a failover, has none that is known.
    """
    newest = {each["Label"]: each["Values"][0] > 0 for each in (answer or {}).get("MetricDataResults", ())
              if each["Values"]}  # fmt: skip
    found = {}
    for shard, nodes in members.items():
        roles = [newest.get(node["id"]) if node["primary"] is None else node["primary"] for node in nodes]
        sure = roles.count(True) == 1 and None not in roles
        found[shard] = [{**node, "primary": role if sure else None} for node, role in zip(nodes, roles, strict=True)]
    return found
