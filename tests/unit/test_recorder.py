# SPDX-License-Identifier: Apache-2.0
"""Answers that are kept as evidence tell nothing of an account."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from ansible.module_utils.aws.recorder import cleaned, keeper


@pytest.mark.parametrize(("value", "kept"), [
    ("arn:aws:kinesis:eu-west-1:999988887777:stream/s", "arn:aws:kinesis:eu-west-1:123456789012:stream/s"),
    ("arn:aws:kms:eu-west-1:999988887777:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
     "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"),
    ("AROAQWERTYUIOPASDFGH:me", "AKIAEXAMPLE:me"),
    ("54.12.13.14", "203.0.113.1"),
    ("10.0.0.4", "10.0.0.4"),
    ({"SecretString": "x", "Name": "n"}, {"SecretString": "HIDDEN", "Name": "n"}),
    ({"AuthToken": "x", "User": [{"DisplayName": "me"}]}, {"AuthToken": "HIDDEN", "User": [{"DisplayName": "HIDDEN"}]}),
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


def kept(folder: Path, service: str, operation: str, status: int, parsed: dict[str, Any]) -> list[dict[str, Any]]:
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    keeper(folder)(http_response=SimpleNamespace(status_code=status), parsed=parsed, model=model)
    return [json.loads(file.read_text()) for file in folder.glob(f"{service}/*/*.json")]


def test_an_answer_and_an_error_are_kept_without_what_was_asked(tmp_path: Path) -> None:
    about = {"source": "recorded by make accept", "service": "kinesis", "operation": "list-streams", "params": None}
    assert kept(tmp_path / "a", "kinesis", "ListStreams", 200, {"StreamNames": []}) == [
        {**about, "response": {"StreamNames": []}}]  # fmt: skip
    error = {"Code": "LimitExceededException", "Message": "of 999988887777"}
    assert kept(tmp_path / "b", "kinesis", "ListStreams", 400, {"Error": error}) == [
        {**about, "error": {**error, "Message": "of 123456789012", "Status": 400}}]  # fmt: skip


@pytest.mark.parametrize(("service", "operation"), [("secretsmanager", "GetSecretValue"), ("sts", "AssumeRole")])
def test_an_answer_that_is_a_secret_is_not_kept(tmp_path: Path, service: str, operation: str) -> None:
    assert kept(tmp_path, service, operation, 200, {"Name": "n"}) == []
