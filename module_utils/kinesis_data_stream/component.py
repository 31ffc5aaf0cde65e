# SPDX-License-Identifier: Apache-2.0
"""The stream as one value: its options, and what the core has to know of it.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..alarms import PERMISSIONS as OF_ALARMS
from ..reconcile.component import Component
from .alarms import OPTION as ALARMS
from .charges import charges
from .names import ACCOUNT, NOUN, stream_name
from .observe import OTHERS_POLICY, observe
from .plan import FIELDS, create, delete, desire, newborn, update
from .rules import guards, misfits, rules

METRICS = [
    "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds",
]  # fmt: skip

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {},
    "adopt": {"type": "bool", "default": False},
    "stream_mode": {"choices": ["PROVISIONED", "ON_DEMAND"]},
    "shard_count": {"type": "int"},
    "warm_throughput_mibps": {"type": "int"},
    "manage_shards": {"type": "bool", "default": True},
    "retention_hours": {"type": "int"},
    "allow_retention_decrease": {"type": "bool", "default": False},
    "max_record_size_kib": {"type": "int"},
    "encryption_type": {"choices": ["KMS", "NONE"]},
    "kms_key_id": {},
    "shard_level_metrics": {"type": "list", "elements": "str", "choices": METRICS},
    "consumers": {"type": "list", "elements": "str"},
    "enforce_consumer_deletion": {"type": "bool", "default": False},
    "resource_policy": {"type": "dict"},
    "alarms": ALARMS,
}

PERMISSIONS = OF_ALARMS | frozenset({
    "kinesis:CreateStream",
    "kinesis:DecreaseStreamRetentionPeriod", "kinesis:DeleteResourcePolicy", "kinesis:DeleteStream",
    "kinesis:DeregisterStreamConsumer", "kinesis:DescribeStreamConsumer", "kinesis:DescribeStreamSummary",
    "kinesis:DisableEnhancedMonitoring", "kinesis:EnableEnhancedMonitoring", "kinesis:GetResourcePolicy",
    "kinesis:IncreaseStreamRetentionPeriod", "kinesis:ListStreamConsumers", "kinesis:ListTagsForResource",
    "kinesis:PutResourcePolicy", "kinesis:RegisterStreamConsumer", "kinesis:StartStreamEncryption",
    "kinesis:StopStreamEncryption", "kinesis:TagResource", "kinesis:UntagResource", "kinesis:UpdateMaxRecordSize",
    "kinesis:DescribeAccountSettings", "kinesis:UpdateShardCount", "kinesis:UpdateStreamMode",
    "kinesis:UpdateStreamWarmThroughput",
})  # fmt: skip

# A stream that another call just touched takes no second one.  LimitExceededException stands for a rate (worth waiting
# for) and for a quota (not): a short patience serves both.  Source: UpdateShardCount API reference, Errors.
PATIENCE = {"ResourceInUseException": 600, "LimitExceededException": 60}


def arns(options: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The stream, its consumers and its alarms."""
    name = stream_name(options)
    return {"kinesis": (f"stream/{name}", f"stream/{name}/consumer/*"), "cloudwatch": (f"alarm:{name}-*",)}


COMPONENT = Component(
    module="kinesis_data_stream", noun=NOUN, options=OPTIONS, fields=FIELDS, rules=rules, observe=observe,
    desire=desire, guards=guards, newborn=newborn, create=create, update=update, delete=delete,
    permissions=PERMISSIONS, parting=frozenset({"kinesis:DeleteStream"}), arns=arns,
    patience=PATIENCE, charges=charges, misfits=misfits,
    for_changes=frozenset({ACCOUNT}), to_tell=frozenset({OTHERS_POLICY}),
)  # fmt: skip
