# SPDX-License-Identifier: Apache-2.0
"""``make adopt`` as a person calls it: locks are kept, the inventory is written, the tags come with a confirmation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.process import Cloud
from tools import adopt

BUCKET, KEY = "acme-states", "env:/dev/iot.tfstate"
LOCK = {"ID": "5b3c", "Operation": "OperationTypeApply", "Who": "jo@laptop", "Created": "2026-01-01T00:00:00Z"}


@pytest.fixture
def stack(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A stream with its state in a bucket, and a folder for inventories."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CONFIRM", raising=False)
    monkeypatch.setattr(adopt, "INVENTORIES", tmp_path)
    cloud.configure(settle_polls=0)
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="events", ShardCount=2)
    arn = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]["StreamARN"]
    attributes = {"arn": arn, "name": "events", "shard_count": 2, "retention_period": 24, "encryption_type": "NONE",
                  "stream_mode_details": [], "shard_level_metrics": None}  # fmt: skip
    state = {"version": 4, "resources": [{"mode": "managed", "type": "aws_kinesis_stream", "name": "events",
                                          "instances": [{"attributes": attributes}]}]}  # fmt: skip
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=json.dumps(state))
    return cloud


def tags(cloud: Cloud) -> dict[str, str]:
    listed: Any = cloud.client("kinesis").list_tags_for_stream(StreamName="events")["Tags"]
    return {each["Key"]: each["Value"] for each in listed}


def test_nothing_is_written_while_terraform_holds_a_lock(
    stack: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.client("s3").put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(LOCK))
    assert adopt.main(["dev", f"s3://{BUCKET}/{KEY}"]) == 1
    assert "STATE: found it locked by jo@laptop since 2026-01-01T00:00:00Z" in capsys.readouterr().err
    stack.client("s3").delete_object(Bucket=BUCKET, Key=f"{KEY}.tflock")
    stack.client("dynamodb").create_table(
        TableName="locks", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}])  # fmt: skip
    stack.client("dynamodb").put_item(TableName="locks", Item={"LockID": {"S": f"{BUCKET}/{KEY}"},
                                                              "Info": {"S": json.dumps(LOCK)}})  # fmt: skip
    assert adopt.main(["dev", f"s3://{BUCKET}/{KEY}", "--lock-table", "locks"]) == 1
    assert "terraform force-unlock 5b3c" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 3}', "no JSON"])
def test_what_is_no_state_is_one_sentence(
    stack: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "iot.tfstate").write_text(text)
    assert adopt.main(["dev", str(tmp_path / "iot.tfstate")]) == 1
    assert capsys.readouterr().err.startswith("STATE: ")


def test_a_state_in_a_file_has_its_lock_beside_it(stack: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "iot.tfstate"
    path.write_bytes(stack.client("s3").get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    assert adopt.locked(adopt.Source(str(path)), "") == ""
    (tmp_path / ".iot.tfstate.lock.info").write_text(json.dumps(LOCK))
    assert "locked by jo@laptop" in adopt.locked(adopt.Source(str(path)), "")


@pytest.mark.parametrize(
    ("words", "confirm", "said"),
    [
        (["Dev", "x"], "", "ENV: found Dev"),
        (["dev"], "", "STATE: found nothing"),
        (["dev", "no-such-file"], "", "STATE: "),
        (["dev", "s3://acme-states/no"], "", "STATE: "),
        (["dev", "x"], "prod", "CONFIRM: found prod, wanted dev"),
        (["dev", "--names", "kinesis=events"], "", "STACK: found nothing"),
        (["dev", "--names", "queue=events", "--stack", "iot"], "", "STATE: found queue, wanted vpc, redis"),
        (["dev", "--names", "events", "--stack", "iot"], "", "NAMES: found events"),
    ],
)
def test_wrong_words_are_one_sentence(
    stack: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], confirm: str,
    said: str
) -> None:  # fmt: skip
    monkeypatch.setenv("CONFIRM", confirm)
    assert adopt.main(words) == 1
    assert capsys.readouterr().err.startswith(said)


def test_a_stream_is_adopted_once_it_is_confirmed(
    stack: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = len(stack.journal())
    assert adopt.main(["dev", f"s3://{BUCKET}/{KEY}"]) == 0
    assert "Nothing was changed. Next: CONFIRM=dev" in capfd.readouterr().out
    assert not stack.writes(before)
    written = yaml.safe_load((tmp_path / "dev" / "group_vars" / "all" / "environment.yml").read_text())
    assert (written["stack_name"], written["environment_components"]) == ("iot", ["kinesis"])
    monkeypatch.setenv("CONFIRM", "dev")
    assert adopt.main(["dev", f"s3://{BUCKET}/{KEY}"]) == 0
    assert "terraform state rm 'aws_kinesis_stream.events'" in capfd.readouterr().out
    assert tags(stack) == {"streambed:stack": "iot", "streambed:environment": "dev"}
