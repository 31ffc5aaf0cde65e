# SPDX-License-Identifier: Apache-2.0
"""Answers that are kept as evidence tell nothing of an account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.module_utils.aws.recorder import cleaned


@pytest.mark.parametrize(("value", "kept"), [
    ("arn:aws:kinesis:eu-west-1:999988887777:stream/s", "arn:aws:kinesis:eu-west-1:123456789012:stream/s"),
    ("arn:aws:kms:eu-west-1:999988887777:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
     "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"),
    ("AROAQWERTYUIOPASDFGH:me", "AKIAEXAMPLE:me"),
    ("54.12.13.14", "203.0.113.1"),
    ("10.0.0.4", "10.0.0.4"),
    ({"SecretString": "x", "Name": "n"}, {"SecretString": "HIDDEN", "Name": "n"}),
    ({"ResponseMetadata": {"RequestId": "r"}, "Streams": [1, True, None]}, {"Streams": [1, True, None]}),
    (datetime(2026, 11, 26, tzinfo=UTC), "2026-11-26T00:00:00+00:00"),
])  # fmt: skip
def test_what_tells_of_an_account_goes(value: Any, kept: Any) -> None:
    assert cleaned(value) == kept


def test_one_id_is_one_stand_in() -> None:
    answer = {"VpcId": "vpc-0a1b2c3d4e5f60718", "Subnets": [
        {"SubnetId": "subnet-0a1b2c3d", "VpcId": "vpc-0a1b2c3d4e5f60718"}]}  # fmt: skip
    found = cleaned(answer)
    assert found["VpcId"] == found["Subnets"][0]["VpcId"] == "vpc-00000000000000001"
    assert found["Subnets"][0]["SubnetId"] == "subnet-00000000000000002"
