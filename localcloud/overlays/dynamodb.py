"""DynamoDB: what tables show, and the settings that moto ignores.

Source: DynamoDB API reference TableDescription, CreateTable, UpdateTable; recorded answers.
"""

from __future__ import annotations

import uuid
from typing import Any

from moto.core.utils import unix_time, utcnow
from moto.dynamodb.models.table import Table

from localcloud.overlays.wrap import wrap


def _describe(original: Any, self: Table, base_key: str = "TableDescription") -> dict[str, Any]:
    """moto's description with what AWS shows beside it; lists of indexes only where there are indexes."""
    answer: dict[str, Any] = original(self, base_key)
    shown = answer[base_key]
    shown["TableId"] = self.__dict__.setdefault("localcloud_id", str(uuid.uuid4()))
    for name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in shown.get(name) or []:
            index |= {"IndexArn": f"{self.table_arn}/index/{index['IndexName']}", "IndexSizeBytes": 0, "ItemCount": 0}
            if "ProvisionedThroughput" in index:
                index["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0, **index["ProvisionedThroughput"]}
        if not shown.get(name):
            shown.pop(name, None)
    if self.billing_mode == "PAY_PER_REQUEST":
        since = self.__dict__.setdefault("localcloud_paid_since", unix_time(utcnow()))
        shown["BillingModeSummary"] = {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": since,
        }
    return answer


def install() -> None:
    """Correct what moto's tables show."""
    wrap(Table, "describe", _describe)
