# SPDX-License-Identifier: Apache-2.0
"""ElastiCache for Redis OSS and Valkey: replication groups and what belongs to them."""

from __future__ import annotations

from moto.elasticache import urls

from localcloud.overlays.elasticache.changes import Changes
from localcloud.overlays.elasticache.groups import Groups
from localcloud.overlays.elasticache.lists import Lists
from localcloud.overlays.elasticache.parameter_groups import ParameterGroups
from localcloud.overlays.elasticache.scaling import Scaling
from localcloud.overlays.elasticache.snapshots import Snapshots
from localcloud.overlays.elasticache.subnet_groups import SubnetGroups
from localcloud.overlays.elasticache.tags import Tags
from localcloud.overlays.elasticache.users import UserGroups


class LocalElastiCache(Groups, Changes, Scaling, ParameterGroups, SubnetGroups, Snapshots, UserGroups, Tags, Lists):
    """moto's ElastiCache, with everything about replication groups replaced."""


def install() -> None:
    """Let requests for ElastiCache come here."""
    urls.url_paths["{0}/$"] = LocalElastiCache.dispatch
