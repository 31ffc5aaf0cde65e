# SPDX-License-Identifier: Apache-2.0
"""What a changing run leaves beside the state, seen through boto3, and what the next run and history.yml tell of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.environment import lease
from ansible.module_utils.environment.record import LARGEST_BYTES
from ansible.module_utils.reconcile.errors import AwsFailure, Failure, Refused

from localcloud.process import Cloud
from tests.integration.test_secrets import TOKEN, assert_nowhere
from tests.support.crowd import PLACE
from tests.support.deaths import Faulty, Killed, dying
from tests.support.environments import conducted, settled
from tests.support.platform import LEASE_SECONDS, SMALL, later
from tests.support.runs import aws_of, beside_plans

pytestmark = pytest.mark.inside
ROLES = ("state_bucket", "kinesis")
# A bucket whose old states are kept: records are none.
STREAM: dict[str, Any] = {"kinesis_shard_count": 1, "kinesis_enforce_consumer_deletion": True}
MORE = {**STREAM, "kinesis_shard_count": 2}
OLD = "20260101T000000.{:06}Z-0a1b2c3d.json"


def records(cloud: Cloud) -> list[dict[str, Any]]:
    """Every record, the oldest first, as it lies there."""
    s3 = cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=PLACE.bucket, Prefix="test/sensors.history/").get("Contents", [])
    return [json.loads(s3.get_object(Bucket=PLACE.bucket, Key=each["Key"])["Body"].read()) for each in listed]


def run(cloud: Cloud, variables: dict[str, Any] = STREAM, **options: Any) -> tuple[dict[str, Any], str]:
    """The result of one run of a stream and its bucket, and what it said."""
    said: list[str] = []
    result = conducted(cloud, variables, say=said.append, **{"roles": ROLES, **options})
    return result, "\n".join(said)


def history(cloud: Cloud, **options: Any) -> tuple[dict[str, Any], str]:
    return run(cloud, verb="history", check=True, **options)


def put(cloud: Cloud, name: str, body: bytes = b"{}") -> None:
    cloud.client("s3").put_object(Bucket=PLACE.bucket, Key=f"test/sensors.history/{name}", Body=body)


def test_a_run_leaves_one_record_and_a_run_with_nothing_to_do_none(cloud: Cloud) -> None:
    plan, _ = run(cloud, check=True)
    run(cloud, lock_run="AWX job 7", revision="abc", change_reference="OPS-1")
    [found] = records(cloud)
    assert (found["verb"], found["result"], found["digest"], found["error"]) == ("apply", "done", plan["digest"], "")
    assert (found["run"], found["revision"], found["change_reference"]) == ("AWX job 7", "abc", "OPS-1")
    assert found["who"] == cloud.client("sts").get_caller_identity()["Arn"]
    assert found["began"] < found["ended"]
    assert found["planned"] == len(found["calls"]) == len(plan["plan"]["order"])
    named = Counter((each["component"], each["operation"], each["on"]) for each in found["calls"])
    assert named == Counter((each["component"], each["operation"], each["on"]) for each in plan["plan"]["order"])
    puts = [
        each["params"] for each in cloud.writes() if each["operation"] == "PutObject" and beside_plans(each["params"])
    ]
    assert {each["ServerSideEncryption"] for each in puts} == {"AES256"}
    settled(cloud, STREAM, roles=ROLES)
    assert len(records(cloud)) == 1


def test_the_next_run_says_what_the_last_one_did_and_so_do_plan_and_drift(cloud: Cloud, tmp_path: Path) -> None:
    _, said = run(cloud)
    assert "last run" not in said
    _, planned = run(cloud, MORE, check=True)
    _, drifted = run(cloud, MORE, check=True, verb="drift")
    _, said = run(cloud, MORE)
    for each in (planned, drifted, said):
        assert "last run 20" in each
        assert " UTC: apply by arn:aws:" in each
    before = len(cloud.journal())
    told, said = history(cloud, artifacts_folder=str(tmp_path))
    assert not cloud.writes(before)
    assert [each["digest"] for each in told["history"]] == [each["digest"] for each in records(cloud)]
    assert [each["calls"][-1]["operation"] for each in told["history"]][1] == "update_shard_count"
    assert said.index("create_stream") < said.index("update_shard_count")
    assert json.loads((tmp_path / "history.json").read_text())["history"] == json.loads(json.dumps(told["history"]))
    assert len(history(cloud, history_records=1)[0]["history"]) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_died_is_in_the_history_and_so_is_its_heir(cloud: Cloud, after: bool) -> None:
    run(cloud)
    with pytest.raises((Killed, Failure)):
        run(cloud, MORE, aws=dying(cloud, 1, after))
    dead = records(cloud)[-1]
    assert (dead["result"], dead["ended"], dead["planned"]) == ("began", "", 1)
    assert [each["operation"] for each in dead["calls"]] == ["update_shard_count"]
    assert " runs, 1 calls planned" in history(cloud)[1]
    later(cloud, LEASE_SECONDS)
    assert "did not end, or could not say so" in history(cloud)[1]
    # Of a change that took effect before the death nothing is left to do, and so nothing to record.
    tags = {**MORE, "kinesis_tags": {"team": "telemetry"}}
    _, said = run(cloud, tags)
    assert "took over from" in said
    assert "did not end, or could not say so, 1 calls planned" in said
    assert [each["result"] for each in records(cloud)] == ["done", "began", "done"]
    assert lease.look(aws_of(cloud), PLACE) is None


def test_a_run_that_failed_says_why_and_shows_no_secret(cloud: Cloud) -> None:
    cloud.fault("refuse", service="elasticache", operation="CreateReplicationGroup", code="InvalidParameterValue",
                message=f"the token {TOKEN} is not to be had")  # fmt: skip
    secret = {**SMALL, "redis_auth_token": TOKEN, "redis_auth_token_version": "one"}
    with pytest.raises(AwsFailure, match="Canary"):
        conducted(cloud, secret)
    cloud.clear_faults()
    [found] = records(cloud)
    assert found["result"] == "failed"
    assert "InvalidParameterValue: the token VALUE_SPECIFIED_IN_NO_LOG_PARAMETER is not" in found["error"]
    assert "create_replication_group" in [each["operation"] for each in found["calls"]]
    conducted(cloud, secret)
    s3 = cloud.client("s3")
    texts = {}
    for each in s3.list_object_versions(Bucket=PLACE.bucket)["Versions"]:
        about = {name: each[name] for name in ("Key", "VersionId")}
        texts[str(about)] = s3.get_object(Bucket=PLACE.bucket, **about)["Body"].read().decode()
    assert sum(".history/" in name for name in texts) == 4
    assert_nowhere(TOKEN, texts)
    _, said = history(cloud, variables=secret, roles=("vpc", "redis", "kinesis", "state_bucket"))
    assert_nowhere(TOKEN, {"history": said})


def test_a_run_whose_record_is_denied_is_done_and_says_so(cloud: Cloud) -> None:
    run(cloud)
    theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
              "Resource": f"arn:aws:s3:::{PLACE.bucket}/*.json"}  # fmt: skip
    s3 = cloud.client("s3")
    document = json.loads(s3.get_bucket_policy(Bucket=PLACE.bucket)["Policy"])
    document["Statement"].append(theirs)
    s3.put_bucket_policy(Bucket=PLACE.bucket, Policy=json.dumps(document))
    result, said = run(cloud, MORE)
    assert result["headline"] == "DONE"
    assert said.count("no record of this run: PutObject: AccessDenied") == 1
    assert len(records(cloud)) == 1
    settled(cloud, MORE, roles=ROLES)


def test_records_that_may_not_be_read_keep_nobody_from_working(cloud: Cloud) -> None:
    run(cloud)
    cloud.fault("denied", service="s3", operation="ListObjectsV2")
    _, planned = run(cloud, MORE, check=True)
    result, said = run(cloud, MORE)
    cloud.clear_faults()
    assert "the last run is not told: ListObjectsV2: AccessDenied" in planned
    assert "the last run is not told: ListObjectsV2: AccessDenied" in said
    assert result["headline"] == "DONE"
    assert [each["result"] for each in records(cloud)] == ["done", "done"]


class Forgetful(Faulty):
    """AWS that loses the answer to the first write of each record."""

    lost = False

    def write(self, *arguments: Any) -> dict[str, Any]:
        self.lost = ".history/" in str(arguments[2].get("Key")) and not self.lost
        self.fail_at = 1 if self.lost else -1
        return super().write(*arguments)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_lost_answer_costs_no_record(cloud: Cloud, after: bool) -> None:
    run(cloud)
    aws = aws_of(cloud, Forgetful)
    aws.after = after
    _, said = run(cloud, MORE, aws=aws)
    assert "no record" not in said
    assert [each["result"] for each in records(cloud)] == ["done", "done"]


def test_what_others_put_among_the_records_is_named_and_left_alone(cloud: Cloud) -> None:
    run(cloud)
    garbage = {OLD.format(1): b"\xff\x00", OLD.format(2): b"[" * 60_000, OLD.format(3): b" " * (LARGEST_BYTES + 1)}
    for name, body in garbage.items():
        put(cloud, name, body)
    put(cloud, "notes.txt")
    put(cloud, "older/notes.txt")
    told, said = history(cloud)
    assert [each["result"] for each in told["history"]] == ["done"]
    for name in garbage:
        assert f"{name}: cannot be read as a record" in said
    for name in ("notes.txt", "older/notes.txt"):
        assert f"{name}: not a record, and left alone" in said
    # One that was written by a clock far ahead is the last one.
    put(cloud, "20990101T000000.000000Z-0a1b2c3d.json", b"nonsense")
    _, said = run(cloud, MORE)
    assert "last run 20990101T000000.000000Z-0a1b2c3d.json: cannot be read as a record" in said
    with pytest.raises(Refused, match="delete_state_history: found false, and 2 object versions in the bucket"):
        run(cloud, MORE, verb="destroy")


def test_of_more_than_a_thousand_records_the_newest_are_read(cloud: Cloud) -> None:
    run(cloud)
    for number in range(1_050):
        put(cloud, OLD.format(number), json.dumps({"verb": "apply", "began": f"old {number}"}).encode())
    before = len(cloud.journal())
    told, said = history(cloud, history_records=3)
    assert [each["began"] for each in told["history"]][:2] == ["old 1048", "old 1049"]
    assert (len(told["history"]), told["history"][-1]["result"]) == (3, "done")
    asked = Counter(each["operation"] for each in cloud.journal(before))
    assert asked["ListObjectsV2"] == 2
    assert asked["GetObject"] == 4, "three records and the lock"
    before = len(cloud.journal())
    _, said = run(cloud, MORE)
    assert "last run 20" in said
    assert Counter(each["operation"] for each in cloud.journal(before))["ListObjectsV2"] == 1


def test_an_old_history_is_found_too(cloud: Cloud) -> None:
    run(cloud)
    s3 = cloud.client("s3")
    [newest] = s3.list_objects_v2(Bucket=PLACE.bucket, Prefix="test/sensors.history/")["Contents"]
    s3.delete_object(Bucket=PLACE.bucket, Key=newest["Key"])
    put(cloud, "20200101T000000.000000Z-0a1b2c3d.json", b'{"verb": "destroy", "began": "2020-01-01T00:00:00Z"}')
    assert "last run 2020-01-01 00:00:00 UTC: destroy" in run(cloud, MORE, check=True)[1]


def test_the_history_goes_with_its_bucket_unasked_and_says_so(cloud: Cloud) -> None:
    run(cloud)
    run(cloud, MORE)
    plan, planned = run(cloud, MORE, verb="destroy", check=True)
    assert f"the history of its runs goes with bucket {PLACE.bucket}; playbooks/history.yml" in planned
    assert "goes with bucket" not in run(cloud, check=True)[1]
    result, said = run(cloud, MORE, verb="destroy", approved_plan=plan["digest"])
    assert result["headline"] == "DONE"
    assert f"the history of its runs went with bucket {PLACE.bucket}" in said
    assert not cloud.client("s3").list_buckets()["Buckets"]
    told, said = history(cloud)
    assert (told["history"], said) == ([], "environment sensors-test: no state bucket, so no history")


def test_a_destroy_whose_bucket_stays_is_recorded(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="locks", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    run(cloud, lock_bucket="locks")
    run(cloud, lock_bucket="locks", verb="destroy")
    told, _ = history(cloud, lock_bucket="locks")
    assert [(each["verb"], each["result"]) for each in told["history"]] == [("apply", "done"), ("destroy", "done")]
    assert {each["Name"] for each in s3.list_buckets()["Buckets"]} == {"locks"}


@pytest.mark.parametrize("options", [{"roles": ("kinesis",)}, {"lock": False}], ids=["no bucket", "no lock"])
def test_without_a_bucket_or_a_lock_there_is_no_record(cloud: Cloud, options: dict[str, Any]) -> None:
    _, said = run(cloud, **options)
    assert "no state bucket holds a lock and a record" in said
    assert not [each for each in cloud.writes() if beside_plans(each["params"])]


def test_object_lock_keeps_the_records_and_so_the_bucket(cloud: Cloud) -> None:
    kept = {**STREAM, "state_bucket_object_lock": {"mode": "GOVERNANCE", "days": 1}}
    run(cloud, kept)
    run(cloud, {**kept, "kinesis_shard_count": 2})
    assert [each["result"] for each in records(cloud)] == ["done", "done"]
    with pytest.raises(Refused, match="object_lock: found versions that are kept for 1 days"):
        run(cloud, kept, verb="destroy")
