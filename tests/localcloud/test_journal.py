# SPDX-License-Identifier: Apache-2.0
"""The journal has every call as boto3 was called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.process import Cloud
from tests.localcloud.network import refused

TAGS = [{"Key": "Name", "Value": "a b,c=d"}, {"Key": "empty", "Value": ""}]
PERMISSIONS = [
    {
        "IpProtocol": "tcp",
        "FromPort": 6379,
        "ToPort": 6380,
        "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "ours"}, {"CidrIp": "10.1.0.0/16"}],
    },
    {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]},
]
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*"}]})
LOGS = [
    {
        "LogType": "slow-log",
        "DestinationType": "cloudwatch-logs",
        "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "/demo"}},
        "LogFormat": "json",
        "Enabled": True,
    }
]

# Calls with their parameters; whether they succeed does not matter here.
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "vpc", "Tags": TAGS}]}),
    ("ec2", "ModifyVpcAttribute", {"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": True}}),
    ("ec2", "DescribeVpcs", {"Filters": [{"Name": "tag:Name", "Values": ["a", "b"]}]}),
    ("ec2", "CreateNatGateway", {"SubnetId": "subnet-1", "AllocationId": "eipalloc-1", "ClientToken": "one"}),
    ("ec2", "CreateVpcEndpoint", {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.x.s3", "RouteTableIds": ["rtb-1"]}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "IpPermissions": PERMISSIONS}),
    ("ec2", "CreateFlowLogs", {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "MaxAggregationInterval": 60}),
    ("ec2", "CreateTags", {"Resources": ["vpc-1"], "Tags": TAGS}),
    ("elasticache", "CreateCacheSubnetGroup", {
        "CacheSubnetGroupName": "net", "CacheSubnetGroupDescription": "d", "SubnetIds": ["subnet-1", "subnet-2"],
        "Tags": TAGS,
    }),
    ("elasticache", "CreateReplicationGroup", {
        "ReplicationGroupId": "demo", "ReplicationGroupDescription": "d", "NumNodeGroups": 2,
        "AutomaticFailoverEnabled": True, "SnapshotRetentionLimit": 0, "LogDeliveryConfigurations": LOGS,
        "NodeGroupConfiguration": [{"ReplicaCount": 1, "ReplicaAvailabilityZones": ["eu-west-1b"]}],
        "SecurityGroupIds": ["sg-1"], "PreferredCacheClusterAZs": ["eu-west-1a"],
    }),
    ("elasticache", "ModifyReplicationGroup", {
        "ReplicationGroupId": "demo", "ApplyImmediately": False, "UserGroupIdsToRemove": ["all"],
    }),
    ("elasticache", "ModifyReplicationGroupShardConfiguration", {
        "ReplicationGroupId": "demo", "NodeGroupCount": 1, "ApplyImmediately": True, "NodeGroupsToRemove": ["0002"],
    }),
    ("elasticache", "ModifyCacheParameterGroup", {
        "CacheParameterGroupName": "mine",
        "ParameterNameValues": [{"ParameterName": "timeout", "ParameterValue": "20"}],
    }),
    ("kinesis", "CreateStream", {
        "StreamName": "s", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}, "Tags": {"Name": "a"},
    }),
    ("kinesis", "UpdateShardCount", {"StreamName": "s", "TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}),
    ("dynamodb", "CreateTable", {
        "TableName": "locks", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
    }),
    ("logs", "CreateLogGroup", {"logGroupName": "/flow", "tags": {"Name": "a"}}),
    ("logs", "PutRetentionPolicy", {"logGroupName": "/flow", "retentionInDays": 30}),
    ("iam", "CreateRole", {"RoleName": "flow", "AssumeRolePolicyDocument": POLICY, "Tags": TAGS}),
    ("iam", "PutRolePolicy", {"RoleName": "flow", "PolicyName": "p", "PolicyDocument": POLICY}),
    ("sts", "GetCallerIdentity", {}),
    ("service-quotas", "GetServiceQuota", {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}),
    ("s3", "CreateBucket", {
        "Bucket": "demo-bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1", "Tags": TAGS},
    }),
    ("s3", "PutBucketVersioning", {
        "Bucket": "demo-bucket", "VersioningConfiguration": {"Status": "Enabled"},
        "ExpectedBucketOwner": "123456789012",
    }),
    ("s3", "PutBucketEncryption", {
        "Bucket": "demo-bucket",
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
            ]
        },
    }),
    ("s3", "PutPublicAccessBlock", {
        "Bucket": "demo-bucket", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": False},
    }),
    ("s3", "PutBucketTagging", {"Bucket": "demo-bucket", "Tagging": {"TagSet": TAGS}}),
    ("s3", "PutBucketPolicy", {"Bucket": "demo-bucket", "Policy": POLICY}),
    ("s3", "PutObject", {"Bucket": "demo-bucket", "Key": "dev/a b.tflock", "Body": "{}", "IfNoneMatch": "*"}),
    ("s3", "DeleteObject", {"Bucket": "demo-bucket", "Key": "dev/a b.tflock", "VersionId": "1"}),
    ("s3", "HeadBucket", {"Bucket": "demo-bucket"}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=[f"{s}-{o}" for s, o, _ in CALLS])
def test_parameters_come_back_as_boto3_sent_them(
    cloud: Cloud, service: str, operation: str, params: dict[str, Any]
) -> None:
    client = cloud.client(service)
    method = next(m for m, name in client.meta.method_to_api_mapping.items() if name == operation)
    code = None
    try:
        getattr(client, method)(**params)
    except ClientError as error:
        code = error.response["Error"]["Code"]
    (entry,) = cloud.journal()
    assert entry["service"] == service
    assert entry["operation"] == operation
    assert entry["params"] == params
    # A HEAD answer has no body: boto3 only has the status.
    assert entry["error"] == code or operation == "HeadBucket"
    assert entry["write"] == (not operation.startswith(("Describe", "Get", "List", "Head")))
    assert "Boto3" in entry["agent"]


def test_secrets_are_masked(cloud: Cloud) -> None:
    cache = cloud.client("elasticache")
    cloud.client("secretsmanager").create_secret(Name="s", SecretString="canary-secret-string")
    with refused("UserNotFound"):
        cache.modify_user(UserId="u", Passwords=["canary-password-one", "canary-password-two"])
    with refused("ReplicationGroupNotFoundFault"):
        cache.modify_replication_group(ReplicationGroupId="r", AuthToken="canary-auth-token", ApplyImmediately=True)
    assert [entry["params"].get("AuthToken") for entry in cloud.journal()] == [None, None, "***"]
    assert "canary" not in (cloud.state_dir / "journal.jsonl").read_text()
    assert "canary" not in (cloud.state_dir / "server.log").read_text()


def test_big_bodies_are_cut(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(
        Bucket="demo-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    cloud.client("s3").put_object(Bucket="demo-bucket", Key="k", Body=b"x" * 100_000)
    body = cloud.writes()[-1]["params"]["Body"]
    assert len(body) < 2000
    assert body.endswith("(100000 characters)")


def test_entries_are_numbered_and_can_be_read_from_a_number_on(cloud: Cloud) -> None:
    for name in "abc":
        cloud.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    cloud.client("kinesis").list_streams()
    assert [entry["n"] for entry in cloud.journal()] == [1, 2, 3, 4]
    assert [entry["operation"] for entry in cloud.journal(since=3)] == ["ListStreams"]
    assert len(cloud.writes()) == 3
    lines = (cloud.state_dir / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == cloud.journal()


@pytest.mark.parametrize(
    ("service", "method", "options"),
    [
        ("ec2", "create_verified_access_instance", {}),
        ("elasticache", "create_serverless_cache", {"ServerlessCacheName": "s", "Engine": "redis"}),
        ("kinesis", "list_tags_for_resource", {"ResourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/none"}),
        ("iam", "simulate_custom_policy", {"PolicyInputList": ["{}"], "ActionNames": ["s3:GetObject"]}),
    ],
)
def test_what_is_not_there_is_refused_in_awss_shape(cloud: Cloud, service: str, method: str, options: dict) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(cloud.client(service), method)(**options)
    error = caught.value.response["Error"]
    assert error["Code"] in ("NotImplemented", "ResourceNotFoundException")
    assert cloud.journal()[-1]["error"] == error["Code"]


def test_a_dry_run_changes_nothing(cloud: Cloud) -> None:
    with refused("DryRunOperation"):
        cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == 1
