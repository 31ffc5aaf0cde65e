# SPDX-License-Identifier: Apache-2.0
"""S3, and the other services that Streambed meets in passing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.module_utils.environment import preflight

from localcloud.overlays.service_quotas import QUOTAS
from localcloud.process import Cloud
from localcloud.settings import DEFAULT_QUOTAS
from tests.localcloud.network import refused

TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::demo-bucket", "arn:aws:s3:::demo-bucket/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    tags = [{"Key": "Name", "Value": "demo"}]
    client.create_bucket(
        Bucket="demo-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1", "Tags": tags}
    )
    return client


def test_a_new_bucket_is_closed_and_encrypted(s3: Any) -> None:
    encryption = s3.get_bucket_encryption(Bucket="demo-bucket")["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert all(s3.get_public_access_block(Bucket="demo-bucket")["PublicAccessBlockConfiguration"].values())
    owner = s3.get_bucket_ownership_controls(Bucket="demo-bucket")["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_tagging(Bucket="demo-bucket")["TagSet"] == [{"Key": "Name", "Value": "demo"}]
    s3.delete_bucket_encryption(Bucket="demo-bucket")
    assert s3.get_bucket_encryption(Bucket="demo-bucket")


def test_no_access_log_comes_within_the_moment(s3: Any) -> None:
    s3.create_bucket(Bucket="demo-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    service = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
               "Resource": "arn:aws:s3:::demo-logs/*"}  # fmt: skip
    s3.put_bucket_policy(Bucket="demo-logs", Policy=policy(service))
    target = {"LoggingEnabled": {"TargetBucket": "demo-logs", "TargetPrefix": "demo/"}}
    s3.put_bucket_logging(Bucket="demo-bucket", BucketLoggingStatus=target)
    s3.put_object(Bucket="demo-bucket", Key="key", Body=b"")
    s3.list_objects_v2(Bucket="demo-bucket")
    s3.delete_bucket(Bucket="demo-logs")


@pytest.mark.parametrize("name", ["De-Mo", "de", "-demo", "de..mo", "10.0.0.1", "xn--demo", "demo-s3alias", "de_mo"])
def test_bucket_names_that_aws_refuses(cloud: Cloud, name: str) -> None:
    with refused("InvalidBucketName"):
        cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def test_a_policy_against_plain_http_locks_nobody_out(s3: Any) -> None:
    s3.put_bucket_policy(Bucket="demo-bucket", Policy=json.dumps(TLS_ONLY))
    s3.put_object(Bucket="demo-bucket", Key="k", Body=b"one")
    assert s3.get_object(Bucket="demo-bucket", Key="k")["Body"].read() == b"one"
    assert json.loads(s3.get_bucket_policy(Bucket="demo-bucket")["Policy"]) == TLS_ONLY
    locked = {**TLS_ONLY["Statement"][0], "Action": "s3:PutObject"}  # type: ignore[index]
    del locked["Condition"]
    s3.put_bucket_policy(Bucket="demo-bucket", Policy=policy(locked))
    with refused("AccessDenied"):
        s3.put_object(Bucket="demo-bucket", Key="k", Body=b"two")


def test_public_and_malformed_policies_are_refused(s3: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::demo-bucket/*",
    }
    public = policy(statement)
    with refused("AccessDenied"):
        s3.put_bucket_policy(Bucket="demo-bucket", Policy=public)
    with refused("MalformedPolicy"):
        s3.put_bucket_policy(Bucket="demo-bucket", Policy="{")
    s3.delete_public_access_block(Bucket="demo-bucket")
    s3.put_bucket_policy(Bucket="demo-bucket", Policy=public)


def test_lifecycle_rules_come_back_whole(s3: Any) -> None:
    rules = [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 5},
        },
        {
            "ID": "parts",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket="demo-bucket", LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket="demo-bucket")["Rules"] == rules


def test_object_lock_on_an_existing_bucket(s3: Any) -> None:
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}}
    with refused("InvalidBucketState"):
        s3.put_object_lock_configuration(Bucket="demo-bucket", ObjectLockConfiguration=lock)
    s3.put_bucket_versioning(Bucket="demo-bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="demo-bucket", Key="k", Body=b"one")
    s3.put_object_lock_configuration(Bucket="demo-bucket", ObjectLockConfiguration=lock)
    assert s3.get_object_lock_configuration(Bucket="demo-bucket")["ObjectLockConfiguration"] == lock


def test_conditional_writes_make_a_lock(s3: Any) -> None:
    s3.put_object(Bucket="demo-bucket", Key="dev/a.tflock", Body=b"{}", IfNoneMatch="*")
    with refused("PreconditionFailed"):
        s3.put_object(Bucket="demo-bucket", Key="dev/a.tflock", Body=b"{}", IfNoneMatch="*")


def test_the_lock_table(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="locks",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        DeletionProtectionEnabled=True,
        SSESpecification={"Enabled": True},
        Tags=[{"Key": "Name", "Value": "demo"}],
    )
    dynamodb.update_continuous_backups(
        TableName="locks", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    table = dynamodb.describe_table(TableName="locks")["Table"]
    assert (table["DeletionProtectionEnabled"], table["SSEDescription"]["Status"]) == (True, "ENABLED")
    with refused("ValidationException"):
        dynamodb.delete_table(TableName="locks")


def test_quotas_follow_the_settings(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    cloud.configure(quotas={"vpcs_per_region": 9})
    vpcs = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    assert quotas.get_service_quota(**vpcs)["Quota"]["Value"] == 9.0
    assert quotas.get_aws_default_service_quota(**vpcs)["Quota"]["Value"] == DEFAULT_QUOTAS["vpcs_per_region"]
    names = [quota["QuotaName"] for quota in quotas.list_service_quotas(ServiceCode="elasticache")["Quotas"]]
    assert "Nodes per Region" in names
    with refused("NoSuchResourceException"):
        quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000")


def test_flow_logs(cloud: Cloud) -> None:
    ec2, logs, iam = cloud.client("ec2"), cloud.client("logs"), cloud.client("iam")
    logs.create_log_group(logGroupName="/flow", tags={"Name": "demo"})
    logs.put_retention_policy(logGroupName="/flow", retentionInDays=30)
    service = {"Service": "vpc-flow-logs.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    write = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}
    role = iam.create_role(RoleName="flow", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="flow", PolicyName="write", PolicyDocument=policy(write))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    options = {
        "ResourceIds": [vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogGroupName": "/flow",
        "DeliverLogsPermissionArn": role,
        "TagSpecifications": [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "demo"}]}],
    }
    assert len(ec2.create_flow_logs(**options)["FlowLogIds"]) == 1
    with refused("FlowLogAlreadyExists"):
        ec2.create_flow_logs(**options)
    cloud.client("s3", region_name="us-east-1").create_bucket(Bucket="flow-logs")
    own = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3"}
    for folder in ("a", "b"):
        to_folder = {**own, "LogDestination": f"arn:aws:s3:::flow-logs/{folder}"}
        assert len(ec2.create_flow_logs(**to_folder)["FlowLogIds"]) == 1
        with refused("FlowLogAlreadyExists"):
            ec2.create_flow_logs(**to_folder)


# Source: S3 API reference, DeleteBucket: whatever belongs to the bucket goes with it.
def test_the_tags_of_a_deleted_bucket_do_not_come_back(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="again", CreateBucketConfiguration={**where, "Tags": [{"Key": "team", "Value": "old"}]})
    assert s3.get_bucket_tagging(Bucket="again")["TagSet"] == [{"Key": "team", "Value": "old"}]
    s3.delete_bucket(Bucket="again")
    s3.create_bucket(Bucket="again", CreateBucketConfiguration=where)
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket="again")


def test_what_preflight_asks_for_is_published_under_its_code() -> None:
    published = {(quota.service, quota.code) for quota in QUOTAS}
    assert {(each.service_code, each.quota_code) for each in (*preflight.QUOTAS, *preflight.LIMITS)} <= published


# Source: ListMultipartUploads API reference; moto tells of all at once, of the year 2010.
def test_unfinished_uploads_come_in_pages(s3: Any) -> None:
    made = {key: s3.create_multipart_upload(Bucket="demo-bucket", Key=key)["UploadId"] for key in ("b", "a/1", "a/2")}
    twice = s3.create_multipart_upload(Bucket="demo-bucket", Key="b")["UploadId"]
    first = s3.list_multipart_uploads(Bucket="demo-bucket", MaxUploads=1)
    assert (first["IsTruncated"], first["NextKeyMarker"], first["MaxUploads"]) == (True, "a/1", 1)
    assert abs((datetime.now(UTC) - first["Uploads"][0]["Initiated"]).total_seconds()) < 600
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket="demo-bucket", PaginationConfig={"PageSize": 1})
    found = [(upload["Key"], upload["UploadId"]) for page in pages for upload in page["Uploads"]]
    assert found == [("a/1", made["a/1"]), ("a/2", made["a/2"]), *(("b", each) for each in sorted([made["b"], twice]))]
    after = s3.list_multipart_uploads(Bucket="demo-bucket", KeyMarker="a/2", UploadIdMarker=made["a/2"], Prefix="a/")
    assert (after.get("Uploads", []), after["IsTruncated"]) == ([], False)
