# SPDX-License-Identifier: Apache-2.0
"""Tags of ElastiCache resources."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from localcloud.overlays.elasticache import checks
from localcloud.overlays.elasticache.base import Base
from localcloud.refusals import refuse


class Tags(Base):
    """ListTagsForResource, AddTagsToResource, RemoveTagsFromResource; each answers with all tags of the resource."""

    def list_tags_for_resource(self) -> ActionResult:
        """The tags of one resource."""
        return self._tags(self._taggable())

    def add_tags_to_resource(self) -> ActionResult:
        """All tags, once the given ones are added or replaced."""
        arn = self._taggable()
        wanted = {tag["Key"]: tag.get("Value", "") for tag in self.given["Tags"]}
        now = self.elasticache_backend.tagging_service.get_tag_dict_for_resource(arn)
        checks.check_tags([{"Key": key, "Value": value} for key, value in {**now, **wanted}.items()])
        self.tag(arn, self.given["Tags"])
        return self._tags(arn)

    def remove_tags_from_resource(self) -> ActionResult:
        """All tags that are left."""
        arn = self._taggable()
        self.elasticache_backend.tagging_service.untag_resource_using_names(arn, self.given["TagKeys"])
        return self._tags(arn)

    def _tags(self, arn: str) -> ActionResult:
        tags = self.elasticache_backend.tagging_service.list_tags_for_resource(arn)["Tags"]
        return ActionResult({"TagList": tags})

    def _taggable(self) -> str:
        """The ARN of the call, if there is such a resource and it may be tagged now."""
        arn: str = self.given["ResourceName"]
        parts = arn.split(":", 6)
        if len(parts) != 7 or parts[2] != "elasticache":
            raise refuse("InvalidARN", f"ARN {arn} is invalid.")
        kind, name = parts[5], parts[6]
        known: dict[str, tuple[dict[str, Any], str]] = {
            "subnetgroup": (self.store.subnet_groups, "CacheSubnetGroupNotFoundFault"),
            "parametergroup": (self.store.parameter_groups, "CacheParameterGroupNotFound"),
            "snapshot": (self.store.snapshots, "SnapshotNotFoundFault"),
            "usergroup": (self.store.user_groups, "UserGroupNotFound"),
            "user": (self.elasticache_backend.users, "UserNotFound"),
        }
        if kind == "replicationgroup":
            # Source: observed (terraform-provider-aws #41416): tags are refused too while a group is changing.
            self.store.idle_group(name)
        elif kind == "cluster":
            self._check_cluster(name)
        elif kind not in known:
            raise refuse("InvalidARN", f"ARN {arn} is invalid.")
        elif name not in known[kind][0]:
            raise refuse(known[kind][1], f"{arn} not found.")
        return arn

    def _check_cluster(self, name: str) -> None:
        members = {member.id for group in self.store.all_groups() for member in group.members}
        if (
            name not in members
            and name not in self.store.retained
            and name not in self.elasticache_backend.cache_clusters
        ):
            raise refuse("CacheClusterNotFound", f"CacheCluster not found: {name}")
