# SPDX-License-Identifier: Apache-2.0
"""What a bucket has on request: logs, copies, retention; and a bucket that becomes ours."""

from __future__ import annotations

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "s3_state_bucket"
NAME = f"sensors-test-state-{ACCOUNT}"
PLAIN = {"account_id": ACCOUNT}
COPIES = {"role_arn": "arn:aws:iam::123456789012:role/copies", "bucket_arn": "arn:aws:s3:::copies"}


def test_replication_rules_of_others_stay(cloud: Cloud) -> None:
    run(cloud, MODULE, PLAIN)
    theirs = {
        "ID": "audit",
        "Priority": 4,
        "Status": "Enabled",
        "Filter": {"Prefix": "audit/"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::audit"},
    }
    s3 = cloud.client("s3")
    s3.put_bucket_replication(Bucket=NAME, ReplicationConfiguration={"Role": COPIES["role_arn"], "Rules": [theirs]})
    four_steps(cloud, MODULE, {**PLAIN, "replication": COPIES})
    rules = s3.get_bucket_replication(Bucket=NAME)["ReplicationConfiguration"]["Rules"]
    assert [(rule["ID"], rule["Priority"]) for rule in rules] == [("audit", 4), ("streambed-states", 5)]
    four_steps(cloud, MODULE, {**PLAIN, "replication": {}})
    rules = s3.get_bucket_replication(Bucket=NAME)["ReplicationConfiguration"]["Rules"]
    assert [rule["ID"] for rule in rules] == ["audit"]


def test_accesses_are_logged_where_the_target_lets_s3_write(cloud: Cloud) -> None:
    run(cloud, MODULE, PLAIN)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="access-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
                     ObjectOwnership="ObjectWriter")  # fmt: skip
    s3.delete_public_access_block(Bucket="access-logs")
    s3.put_bucket_ownership_controls(
        Bucket="access-logs", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.put_bucket_acl(Bucket="access-logs", ACL="log-delivery-write")
    logged = {"target_bucket": "access-logs", "target_prefix": "states/"}
    four_steps(cloud, MODULE, {**PLAIN, "access_logging": logged})
    assert s3.get_bucket_logging(Bucket=NAME)["LoggingEnabled"]["TargetBucket"] == "access-logs"
    four_steps(cloud, MODULE, {**PLAIN, "access_logging": {}})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=NAME)


def test_the_plan_warns_of_object_lock_and_a_locked_bucket_is_not_emptied(cloud: Cloud) -> None:
    plan = run(cloud, MODULE, {**PLAIN, "object_lock": {"mode": "COMPLIANCE", "days": 30}}, check=True)
    [warning] = [call["why"] for call in plan["calls"] if call["operation"] == "put_object_lock_configuration"]
    assert "nobody, not even the account's root, can delete a state" in warning
    assert "Object Lock stays on for ever" in warning
    run(cloud, MODULE, {**PLAIN, "object_lock": {"mode": "GOVERNANCE", "days": 30}})
    cloud.client("s3").put_object(Bucket=NAME, Key="test/sensors.tfstate", Body="")
    before = len(cloud.journal())
    with pytest.raises(Refused, match="object_lock: found versions that are kept for 30 days"):
        run(cloud, MODULE, {**PLAIN, "state": "absent", "delete_state_history": True})
    assert not cloud.writes(before)


@pytest.mark.parametrize("tags", [{}, {"team": "platform"}])
def test_a_bucket_that_nobody_owns_is_adopted_on_request(cloud: Cloud, tags: dict[str, str]) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [{"Key": key, "Value": tags[key]} for key in tags]})
    s3.put_object(Bucket=NAME, Key="test/sensors.tfstate", Body="{}")
    with pytest.raises(Refused, match="ownership tags"):
        run(cloud, MODULE, PLAIN)
    four_steps(cloud, MODULE, {**PLAIN, "adopt": True})
    found = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=NAME)["TagSet"]}
    assert found == {**tags, "streambed:stack": "sensors", "streambed:environment": "test"}
    assert s3.get_object(Bucket=NAME, Key="test/sensors.tfstate")["Body"].read() == b"{}"


def test_a_bucket_of_another_environment_is_never_adopted(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    theirs = [{"Key": "streambed:stack", "Value": "other"}, {"Key": "streambed:environment", "Value": "test"}]
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": theirs})
    with pytest.raises(Refused, match="ownership tags"):
        run(cloud, MODULE, {**PLAIN, "adopt": True})


def test_half_a_setting_is_refused(cloud: Cloud) -> None:
    given = {**PLAIN, "replication": {"role_arn": "r"}, "object_lock": {"mode": "GOVERNANCE", "days": 0}}
    with pytest.raises(Refused) as refused:
        run(cloud, MODULE, {**given, "versioning_enabled": False})
    assert "replication: found no bucket_arn, wanted role_arn, bucket_arn" in str(refused.value)
    assert "replication: found no versioning" in str(refused.value)
    assert "object_lock: found 0 days, wanted 1 day or more" in str(refused.value)
