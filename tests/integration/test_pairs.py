# SPDX-License-Identifier: Apache-2.0
"""Random walks over declarations of the stream and of the bucket: plan is deed, and what is as declared stays so.

``STREAMBED_PAIRS`` is the number of pairs for each component; a failure names its seed, which leads to the same walk.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.components import stated
from tests.support.runs import four_steps, taken

pytestmark = pytest.mark.inside

PAIRS_OF_A_WALK = 5
WALKS = -(-int(os.environ.get("STREAMBED_PAIRS", "20")) // PAIRS_OF_A_WALK)
# The share of pairs that has to be taken: a generator whose declarations are mostly refused would test little.
LEAST_ACCEPTED = 0.6
TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/sensors-test"
BUCKET = f"arn:aws:s3:::sensors-test-state-{ACCOUNT}"


def statement(sid: str, action: str, resource: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "210987654321"},
        "Action": [action],
        "Resource": resource,
    }


# Options that are drawn one by one; ``None`` leaves the option out.
CHOICES: dict[str, dict[str, tuple[Any, ...]]] = {
    "kinesis_data_stream": {
        "shard_count": (None, 1, 2, 3, 5, 12),
        "manage_shards": (True, True, False),
        "warm_throughput_mibps": (None, None, 0, 8, 64),
        "retention_hours": (None, 24, 48, 168),
        "allow_retention_decrease": (True, False),
        "max_record_size_kib": (None, 1024, 4096),
        "encryption_type": (None, "KMS", "KMS", "NONE"),
        "shard_level_metrics": (None, [], ["IncomingBytes"], ["OutgoingBytes", "IncomingBytes"]),
        "consumers": (None, [], ["archive"], ["dashboard", "archive"]),
        "resource_policy": (
            None,
            {},
            {"Version": "2012-10-17", "Statement": [statement("Read", "kinesis:GetRecords", STREAM)]},
            {"Version": "2012-10-17", "Statement": statement("Write", "kinesis:PutRecord", STREAM)},
        ),
        "alarms": (
            None,
            {},
            {"iterator_age_ms": 60000.0, "actions": [TOPIC]},
            {"iterator_age_ms": 30000.0, "write_throttles": 0.0},
            {"read_throttles": 5.0, "actions": [TOPIC]},
        ),
        "tags": (None, {}, {"team": "telemetry"}, {"team": "readings", "cost": "low"}),
        "purge_tags": (True, True, False),
    },
    "s3_state_bucket": {
        "versioning_enabled": (True, True, False),
        "sse_algorithm": (None, "AES256", "aws:kms", "aws:kms:dsse"),
        "kms_key_id": (None, None, "alias/aws/s3", "alias/state"),
        "bucket_key_enabled": (None, True, False),
        "block_public_access": (True, True, False),
        "object_ownership": ("BucketOwnerEnforced", "ObjectWriter"),
        "tls_only": (True, False),
        "policy_statements": (
            None,
            [],
            [statement("Read", "s3:GetObject", f"{BUCKET}/*")],
            [statement("Read", "s3:GetObjectVersion", f"{BUCKET}/*"), statement("List", "s3:ListBucket", BUCKET)],
        ),
        "purge_policy_statements": (False, True),
        "noncurrent_versions_days": (None, 0, 30, 90),
        "noncurrent_versions_kept": (None, 0, 5),
        "abort_incomplete_multipart_days": (None, 0, 7),
        "replication": (
            None,
            None,
            {},
            {"role_arn": "arn:aws:iam::123456789012:role/a", "bucket_arn": "arn:aws:s3:::copies"},
            {"role_arn": "arn:aws:iam::123456789012:role/b", "bucket_arn": "arn:aws:s3:::other"},
        ),
        "object_lock": (None, None, {}, {"mode": "GOVERNANCE", "days": 7}, {"mode": "COMPLIANCE", "days": 1}),
        "lock_table": (False, True),
        "allow_lock_table_removal": (False, True),
        "tags": (None, {}, {"team": "platform"}, {"team": "readings", "cost": "low"}),
        "purge_tags": (True, True, False),
    },
}
# What every declaration of a module has.
ALWAYS: dict[str, dict[str, Any]] = {"kinesis_data_stream": {}, "s3_state_bucket": {"account_id": ACCOUNT}}
# Two switches between the modes are all that AWS makes in 24 hours, so a walk stays in one.
MODES = ("PROVISIONED", "PROVISIONED", "ON_DEMAND")


def declared(module: str, given: dict[str, Any]) -> dict[str, Any]:
    """A whole declaration, without what it leaves out."""
    return {**ALWAYS[module], **stated(given)}


def fixed(draw: random.Random, module: str) -> dict[str, Any]:
    """What stays the same in one walk."""
    if module != "kinesis_data_stream":
        return {}
    mode = draw.choice(MODES)
    return {"stream_mode": mode, **({"shard_count": None} if mode == "ON_DEMAND" else {"warm_throughput_mibps": None})}


def committed(cloud: Cloud) -> None:
    """The account agrees to pay for a minimum, without which nothing is kept warm."""
    cloud.client("kinesis").update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})


@pytest.fixture(scope="module")
def tally() -> dict[str, int]:
    return {"accepted": 0, "pairs": 0}


@pytest.mark.parametrize("seed", range(WALKS))
@pytest.mark.parametrize("module", CHOICES)
def test_from_one_declaration_to_the_next(cloud: Cloud, tally: dict[str, int], module: str, seed: int) -> None:
    draw = random.Random(seed)
    choices, same = CHOICES[module], fixed(draw, module)
    committed(cloud)
    for _ in range(100):
        given = {**{name: draw.choice(values) for name, values in choices.items()}, **same}
        if taken(cloud, module, declared(module, given)):
            break
    for _ in range(PAIRS_OF_A_WALK):
        drawn = draw.sample(list(choices), draw.choice([1, 2, 3, len(choices)]))
        after = {**given, **{name: draw.choice(choices[name]) for name in drawn}, **same}
        tally["pairs"] += 1
        if taken(cloud, module, declared(module, after)):
            tally["accepted"] += 1
            given = after
    four_steps(cloud, module, declared(module, given))


def test_most_pairs_are_changes_and_not_refusals(tally: dict[str, int]) -> None:
    assert tally["accepted"] >= LEAST_ACCEPTED * tally["pairs"], tally
