# SPDX-License-Identifier: Apache-2.0
"""What all parts of the ElastiCache overlay share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.elasticache.responses import ElastiCacheResponse

from localcloud.overlays.elasticache.store import Store, store_of
from localcloud.refusals import refuse

MAX_RECORDS = 100


class Base(ElastiCacheResponse):
    """moto's ElastiCache with our store at hand."""

    @property
    def store(self) -> Store:
        """The state of the caller's account and region."""
        return store_of(self.elasticache_backend)

    @property
    def given(self) -> dict[str, Any]:
        """The parameters of the call, typed, as boto3 sent them."""
        return self._get_params()

    @property
    def ec2(self) -> Any:
        """moto's EC2 of the same account and region."""
        return ec2_backends[self.current_account][self.region]

    def page(self, key: str, items: Iterable[Any], **more: Any) -> ActionResult:
        """One page of a list. Source: API reference, MaxRecords: 20 to 100, by default 100."""
        every = list(items)
        start = int(self.given.get("Marker", 0))
        size = self.given.get("MaxRecords", MAX_RECORDS)
        if not 20 <= size <= MAX_RECORDS:
            raise refuse("InvalidParameterValue", f"MaxRecords must be between 20 and {MAX_RECORDS}, not {size}.")
        end = start + size
        return ActionResult({key: every[start:end], "Marker": str(end) if end < len(every) else None, **more})

    def tag(self, arn: str, tags: list[dict[str, str]]) -> None:
        """Attach tags; moto keeps them."""
        if tags:
            self.elasticache_backend.tagging_service.tag_resource(arn, tags)
