# SPDX-License-Identifier: Apache-2.0
"""DynamoDB: the states of tables, what they show, and the settings that moto ignores.

Source: DynamoDB API reference TableDescription, CreateTable, UpdateTable; recorded answers.
"""

from __future__ import annotations

import uuid
from typing import Any

from moto.backends import get_backend
from moto.core.utils import unix_time
from moto.dynamodb import urls
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.kms.models import kms_backends

from localcloud.calls import Call
from localcloud.clock import clock, now
from localcloud.models.wording import Worded
from localcloud.overlays.wrap import wrap
from localcloud.settings import ACCOUNT

_KIND = "table"
#: What UpdateTable can change.
_CHANGES = (
    "AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexUpdates",
    "ProvisionedThroughput", "ReplicaUpdates", "SSESpecification", "StreamSpecification", "TableClass",
    "WarmThroughput",
)  # fmt: skip
_NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
    "SSESpecification or ReplicaUpdates is required"
)
_NO_UNITS = (
    "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when "
    "BillingMode is PROVISIONED"
)
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
_ITEMS = ("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan")


class LocalDynamoDB(DynamoHandler):
    """moto's DynamoDB with tables that take a moment."""

    def create_table(self) -> Any:
        """moto's answer; the table is CREATING."""
        answer: Any = super().create_table()
        return self._settle(answer, "CREATING")

    def update_table(self) -> Any:
        """moto's answer; the table is UPDATING, and its encryption changes as well."""
        answer: Any = super().update_table()
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        if "SSESpecification" in self.body:
            table.sse_specification = self.body["SSESpecification"]
        answer.result["TableDescription"] = table.describe()["TableDescription"]
        return self._settle(answer, "UPDATING")

    def describe_table(self) -> Any:
        """moto's answer; each look brings a table under way one poll nearer."""
        table = self.dynamodb_backend.tables.get(self.body["TableName"].split("/")[-1])
        if table is not None:
            clock.look(table.table_arn)
        return super().describe_table()

    def _settle(self, answer: Any, status: str) -> Any:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        state = vars(table)
        state["localcloud_status"] = status
        clock.begin(_KIND, table.table_arn, lambda: state.update(localcloud_status="ACTIVE"))
        answer.result["TableDescription"]["TableStatus"] = status
        return answer


def refused(call: Call) -> Worded | None:
    """Why DynamoDB refuses the call; None where moto may answer."""
    name = str(call.given.get("TableName", "")).split("/")[-1]
    table = get_backend("dynamodb")[ACCOUNT][call.region].tables.get(name)
    if table is None:
        return None
    clock.touch(table.table_arn)
    status = vars(table).get("localcloud_status", "ACTIVE")
    if call.operation in ("UpdateTable", "DeleteTable") and status != "ACTIVE":
        words = {"CREATING": "created", "UPDATING": "updated"}[status]
        text = f"Attempt to change a resource which is still in use: Table is being {words}: {name}"
        return Worded("ResourceInUseException", text)
    if call.operation in _ITEMS and status == "CREATING":
        return Worded("ResourceNotFoundException", "Requested resource not found")
    return _idle(call, table) if call.operation == "UpdateTable" else None


def _idle(call: Call, table: Any) -> Worded | None:
    """Why an UpdateTable would change nothing, or leaves out what its change needs."""
    given = call.given
    units = given.get("ProvisionedThroughput")
    if not any(name in given for name in _CHANGES):
        return Worded("ValidationException", _NOTHING)
    if given.get("BillingMode") == "PROVISIONED" and table.billing_mode == "PAY_PER_REQUEST" and not units:
        return Worded("ValidationException", _NO_UNITS)
    if units and [units[name] for name in _UNITS] == [table.throughput[name] for name in _UNITS]:
        told = " ".join(
            f"Current {name} provisioned for the table: {units[name]}. Requested {name}: {units[name]}."
            for name in _UNITS
        )
        text = "The provisioned throughput for the table will not change. The requested value equals the current value."
        return Worded("ValidationException", f"{text} {told}")
    return None


def _key_arn(table: Table) -> str:
    """The key that a table is encrypted with: AWS's own where none was named."""
    kms = kms_backends[table.account_id][table.region_name]
    named = (table.sse_specification or {}).get("KMSMasterKeyId") or "alias/aws/dynamodb"
    if named.startswith("arn:") and ":alias/" not in named:
        return str(named)
    alias = named.rpartition(":")[2]
    key = kms.get_key_id_from_alias(alias) if alias.startswith("alias/") else alias
    return f"arn:aws:kms:{table.region_name}:{table.account_id}:key/{str(key).rpartition('/')[2]}"


def _describe(original: Any, self: Table, base_key: str = "TableDescription") -> dict[str, Any]:
    """moto's description with what AWS shows beside it; lists of indexes only where there are indexes."""
    answer: dict[str, Any] = original(self, base_key)
    shown = answer[base_key]
    shown["TableStatus"] = vars(self).get("localcloud_status", "ACTIVE")
    if "SSEDescription" in shown:
        shown["SSEDescription"]["KMSMasterKeyArn"] = _key_arn(self)
    shown["TableId"] = self.__dict__.setdefault("localcloud_id", str(uuid.uuid4()))
    for name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in shown.get(name) or []:
            index |= {"IndexArn": f"{self.table_arn}/index/{index['IndexName']}", "IndexSizeBytes": 0, "ItemCount": 0}
            if "ProvisionedThroughput" in index:
                index["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0, **index["ProvisionedThroughput"]}
        if not shown.get(name):
            shown.pop(name, None)
    if self.billing_mode == "PAY_PER_REQUEST":
        since = self.__dict__.setdefault("localcloud_paid_since", unix_time(now()))
        shown["BillingModeSummary"] = {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": since,
        }
    return answer


def install() -> None:
    """Let requests for DynamoDB come here, and correct what moto's tables show."""
    for path in urls.url_paths:
        urls.url_paths[path] = LocalDynamoDB.dispatch
    wrap(Table, "describe", _describe)
