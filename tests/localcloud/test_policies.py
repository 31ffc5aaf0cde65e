# SPDX-License-Identifier: Apache-2.0
"""Policies: which statements fit, on tables and as buckets, users and roles on a running cloud are held to them."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from localcloud.policies import Request, fits
from localcloud.process import REGION, Cloud
from localcloud.settings import ACCOUNT
from tests.localcloud.network import refused

USER = f"arn:aws:iam::{ACCOUNT}:user/streambed"
ASKED = Request("s3:PutObject", ["arn:aws:s3:::states/a"], [USER], ACCOUNT, {
    "aws:securetransport": ["true"], "s3:x-amz-server-side-encryption": ["AES256"], "aws:sourceip": ["10.1.2.3"],
    "s3:max-keys": ["10"], "aws:tagkeys": ["team", "stage"],
})  # fmt: skip


@pytest.mark.parametrize(
    ("element", "fitting", "not_fitting"),
    [
        ("Action", ["*", "s3:*", "S3:putobject", ["s3:Get*", "s3:Put?bject"]], ["s3:Get*", "ec2:*"]),
        ("NotAction", ["s3:Get*"], ["s3:*"]),
        ("Resource", ["*", "arn:aws:s3:::states/*"], ["arn:aws:s3:::states", "arn:aws:s3:::states/[a]"]),
        ("NotResource", ["arn:aws:s3:::other/*"], ["arn:aws:s3:::states/*"]),
        ("Principal", ["*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": [USER]}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}],
         [{"AWS": "210987654321"}, {"Service": "s3.amazonaws.com"}, {"AWS": f"{USER}2"}]),
        ("NotPrincipal", [{"AWS": "210987654321"}], [{"AWS": USER}, "*"]),
        ("Condition",
         [{"Bool": {"aws:SecureTransport": "true"}}, {"Bool": {"aws:SecureTransport": True}},
          {"StringEquals": {"s3:x-amz-server-side-encryption": ["aws:kms", "AES256"]}},
          {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
          {"Null": {"aws:SourceVpce": "true"}}, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
          {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"StringLike": {"s3:x-amz-server-side-encryption": "AES*"}},
          {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage", "name"]}},
          {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}],
         [{"Bool": {"aws:SecureTransport": "false"}}, {"Null": {"s3:x-amz-server-side-encryption": "true"}},
          {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
          {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
          {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}},
          {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceVpce": "vpce-1"}}]),
    ],
)  # fmt: skip
def test_statements_fit(element: str, fitting: list[Any], not_fitting: list[Any]) -> None:
    assert [fits({element: value}, ASKED) for value in fitting] == [True] * len(fitting)
    assert [fits({element: value}, ASKED) for value in not_fitting] == [False] * len(not_fitting)


def test_an_operator_that_is_not_known_is_said_to_be() -> None:
    with pytest.raises(NotImplementedError, match="DateLessThan"):
        fits({"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}}, ASKED)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """S3 with a bucket that has versions."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    return client


def deny(s3: Any, action: str, **more: Any) -> None:
    resources = ["arn:aws:s3:::states", "arn:aws:s3:::states/*"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources, **more}
    s3.put_bucket_policy(Bucket="states", Policy=document(statement))


def test_a_bucket_that_wants_tls(cloud: Cloud, s3: Any) -> None:
    deny(s3, "s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_object(Bucket="states", Key="a", Body=b"")
    cloud.configure(tls=False)
    words = 'on resource: "arn:aws:s3:::states/a" with an explicit deny in a resource-based policy'
    with refused("AccessDenied", words):
        s3.put_object(Bucket="states", Key="a", Body=b"")
    with refused("403"):
        s3.head_bucket(Bucket="states")


def test_a_bucket_that_wants_a_header(s3: Any) -> None:
    deny(s3, "s3:PutObject", Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}})
    with refused("AccessDenied"):
        s3.put_object(Bucket="states", Key="a", Body=b"")
    s3.put_object(Bucket="states", Key="a", Body=b"", ServerSideEncryption="AES256")
    assert s3.get_object(Bucket="states", Key="a")["Body"].read() == b""


def test_a_bucket_that_is_reached_through_an_endpoint(cloud: Cloud, s3: Any) -> None:
    deny(s3, "s3:GetObject", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}})
    s3.put_object(Bucket="states", Key="a", Body=b"")
    with refused("AccessDenied"):
        s3.get_object(Bucket="states", Key="a")
    cloud.configure(source_vpce="vpce-1")
    s3.get_object(Bucket="states", Key="a")


def test_what_may_not_be_deleted_is_told_inside_of_the_answer(s3: Any) -> None:
    version = s3.put_object(Bucket="states", Key="a", Body=b"")["VersionId"]
    deny(s3, "s3:DeleteObjectVersion")
    answer = s3.delete_objects(Bucket="states", Delete={"Objects": [{"Key": "a", "VersionId": version}]})
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("a", "AccessDenied")]
    assert "Deleted" not in answer
    with refused("AccessDenied", "s3:DeleteObjectVersion"):
        s3.delete_object(Bucket="states", Key="a", VersionId=version)
    s3.delete_object(Bucket="states", Key="a")


def user(cloud: Cloud, *statements: dict[str, Any]) -> Any:
    """Clients of a user with these statements: service -> client."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ci")
    iam.put_user_policy(UserName="ci", PolicyName="p", PolicyDocument=document(*statements))
    keys = iam.create_access_key(UserName="ci")["AccessKey"]
    return lambda service: boto3.client(
        service, endpoint_url=cloud.endpoint, region_name=REGION, aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"])  # fmt: skip


def test_users_may_do_what_their_policies_allow(cloud: Cloud) -> None:
    of_user = user(
        cloud,
        {"Effect": "Allow", "Action": ["ec2:DescribeVpcs", "kinesis:*", "dynamodb:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "kinesis:CreateStream", "Resource": f"arn:aws:kinesis:*:{ACCOUNT}:stream/other-*"},
    )
    of_user("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    cloud.configure(iam=True)
    of_user("ec2").describe_vpcs()
    who = f"User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform: "
    with refused("UnauthorizedOperation", f"{who}ec2:CreateVpc because no identity-based policy allows"):
        of_user("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    with refused("AccessDenied", f"{who}iam:ListRoles"):
        of_user("iam").list_roles()
    of_user("kinesis").create_stream(StreamName="ours", ShardCount=1)
    with refused("AccessDeniedException", f"{who}kinesis:CreateStream with an explicit deny"):
        of_user("kinesis").create_stream(StreamName="other-one", ShardCount=1)
    assert of_user("sts").get_caller_identity()["Arn"].endswith(":user/ci")
    cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")


def test_roles_may_do_what_their_policies_allow(cloud: Cloud, s3: Any) -> None:
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
    role = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::states/a"}
    iam.put_role_policy(RoleName="ci", PolicyName="p", PolicyDocument=document(allowed))
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    s3.put_object(Bucket="states", Key="a", Body=b"")
    cloud.configure(iam=True)
    own = boto3.client(
        "s3", endpoint_url=cloud.endpoint, region_name=REGION, aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])  # fmt: skip
    own.get_object(Bucket="states", Key="a")
    with refused("AccessDenied", "assumed-role/ci/run is not authorized to perform: s3:PutObject"):
        own.put_object(Bucket="states", Key="a", Body=b"")
    only = {"ArnNotEquals": {"aws:PrincipalArn": role}}
    deny(s3, "s3:GetObject", Condition=only)
    own.get_object(Bucket="states", Key="a")
    with refused("AccessDenied"):
        s3.get_object(Bucket="states", Key="a")
