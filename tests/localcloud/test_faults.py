# SPDX-License-Identifier: Apache-2.0
"""Each fault: a call that it strikes, one that it leaves alone, and the same calls again."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from localcloud.process import Cloud, CloudError
from tests.localcloud.network import TRUST, Network, refused

BUCKET = {"Bucket": "demo-bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
GROUP = {"CidrBlock": "10.0.0.0/16"}
TABLE = {
    "TableName": "locks",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
}


def names(cloud: Cloud) -> list[str]:
    return cloud.client("kinesis").list_streams()["StreamNames"]


def outcome(cloud: Cloud, service: str, method: str, **params: Any) -> tuple[str, int]:
    """Code and status of a call."""
    try:
        getattr(cloud.client(service), method)(**params)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200


THROTTLES = [
    ("ec2", "describe_vpcs", {}, "RequestLimitExceeded", 503),
    ("elasticache", "describe_events", {}, "Throttling", 400),
    ("kinesis", "list_streams", {}, "LimitExceededException", 400),
    ("kinesis", "put_record", {"StreamName": "s", "Data": b"d", "PartitionKey": "k"},
     "ProvisionedThroughputExceededException", 400),
    ("s3", "list_buckets", {}, "SlowDown", 503),
    ("s3", "create_bucket", BUCKET, "SlowDown", 503),
    ("s3", "head_bucket", {"Bucket": "demo-bucket"}, "503", 503),
    ("dynamodb", "list_tables", {}, "ThrottlingException", 400),
    ("logs", "describe_log_groups", {}, "ThrottlingException", 400),
    ("iam", "list_roles", {}, "Throttling", 400),
    ("sts", "get_caller_identity", {}, "Throttling", 400),
    ("kms", "list_keys", {}, "ThrottlingException", 400),
    ("service-quotas", "list_service_quotas", {"ServiceCode": "vpc"}, "TooManyRequestsException", 400),
]  # fmt: skip


@pytest.mark.parametrize(("service", "method", "params", "code", "status"), THROTTLES)
def test_each_service_throttles_with_its_own_code(
    cloud: Cloud, service: str, method: str, params: dict[str, Any], code: str, status: int
) -> None:
    cloud.fault("throttle", service=service, count=1)
    assert outcome(cloud, service, method, **params) == (code, status)
    assert outcome(cloud, service, method, **params)[0] in ("", "404", "ResourceNotFoundException")
    assert [entry["fault"] and entry["fault"]["kind"] for entry in cloud.journal()] == ["throttle", None]


@pytest.mark.parametrize(
    ("service", "method", "params", "code", "status"),
    [
        ("elasticache", "describe_events", {}, "APICallRateForCustomerExceeded", 400),
        ("s3", "create_bucket", BUCKET, "OperationAborted", 409),
    ],
)
def test_a_service_with_several_throttling_codes_can_use_each(
    cloud: Cloud, service: str, method: str, params: dict[str, Any], code: str, status: int
) -> None:
    cloud.fault("throttle", service=service, code=code, count=1)
    assert outcome(cloud, service, method, **params) == (code, status)
    assert outcome(cloud, service, method, **params) == ("", 200)


DENIALS = [
    ("ec2", "create_vpc", GROUP, "UnauthorizedOperation", "ec2:CreateVpc"),
    ("elasticache", "describe_events", {}, "AccessDenied", "elasticache:DescribeEvents"),
    ("kinesis", "create_stream", {"StreamName": "s", "ShardCount": 1}, "AccessDeniedException", "kinesis:CreateStream"),
    ("s3", "list_buckets", {}, "AccessDenied", "s3:ListAllMyBuckets"),
    ("dynamodb", "create_table", TABLE, "AccessDeniedException", "dynamodb:CreateTable"),
    ("logs", "create_log_group", {"logGroupName": "/l"}, "AccessDeniedException", "logs:CreateLogGroup"),
    ("iam", "list_roles", {}, "AccessDenied", "iam:ListRoles"),
    ("service-quotas", "list_service_quotas", {"ServiceCode": "vpc"}, "AccessDeniedException",
     "servicequotas:ListServiceQuotas"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "method", "params", "code", "action"), DENIALS)
def test_each_service_denies_with_its_own_code_and_names_the_action(
    cloud: Cloud, service: str, method: str, params: dict[str, Any], code: str, action: str
) -> None:
    fault = cloud.fault("denied", service=service)
    with refused(code, f"is not authorized to perform: {action} "):
        getattr(cloud.client(service), method)(**params)
    cloud.clear_faults()
    assert outcome(cloud, service, method, **params) == ("", 200)
    assert cloud.journal()[0]["fault"] == {"id": fault["id"], "kind": "denied"}


@pytest.mark.parametrize(("after", "made"), [(False, []), (True, ["s"])])
def test_a_lost_answer_closes_the_connection_before_or_after_the_call_took_effect(
    cloud: Cloud, after: bool, made: list[str]
) -> None:
    cloud.fault("lost", service="kinesis", operation="CreateStream", after=after, count=1)
    with pytest.raises(ConnectionClosedError):
        cloud.client("kinesis").create_stream(StreamName="s", ShardCount=1)
    assert names(cloud) == made
    cloud.client("kinesis").create_stream(StreamName="t", ShardCount=1)
    (lost, listed, created) = cloud.journal()
    assert (lost["status"], lost["fault"]) == (0, {"id": 1, "kind": "lost", "after": after})
    assert (listed["fault"], created["fault"]) == (None, None)
    assert (cloud.state_dir / "server.log").read_text().count("Traceback") == 0


@pytest.mark.parametrize(("after", "made"), [(False, []), (True, ["s"])])
def test_a_servers_failure_comes_before_or_after_the_call_took_effect(
    cloud: Cloud, after: bool, made: list[str]
) -> None:
    cloud.fault("error", service="kinesis", operation="Create*", after=after, count=1)
    params = {"StreamName": "s", "ShardCount": 1}
    assert outcome(cloud, "kinesis", "create_stream", **params) == ("InternalFailure", 500)
    assert names(cloud) == made
    assert outcome(cloud, "kinesis", "create_stream", **{**params, "StreamName": "t"}) == ("", 200)


@pytest.mark.parametrize(
    ("service", "method", "options", "code", "status"),
    [
        ("ec2", "describe_vpcs", {}, "InternalError", 500),
        ("ec2", "describe_vpcs", {"status": 503}, "Unavailable", 503),
        ("s3", "list_buckets", {}, "InternalError", 500),
        ("s3", "list_buckets", {"status": 503}, "ServiceUnavailable", 503),
        ("dynamodb", "list_tables", {}, "InternalServerError", 500),
        ("iam", "list_roles", {}, "ServiceFailure", 500),
        ("elasticache", "describe_events", {"status": 502}, "InternalFailure", 502),
    ],
)
def test_each_service_fails_with_its_own_code(
    cloud: Cloud, service: str, method: str, options: dict[str, Any], code: str, status: int
) -> None:
    cloud.fault("error", service=service, count=1, **options)
    assert outcome(cloud, service, method) == (code, status)
    assert outcome(cloud, service, method) == ("", 200)


def test_any_refusal_can_be_asked_for(cloud: Cloud, network: Network) -> None:
    code = "InsufficientCacheClusterCapacity"
    cloud.fault("refuse", service="elasticache", operation="CreateReplicationGroup", code=code, message="full", count=1)
    with refused(code, "full"):
        network.create()
    assert network.create()["Status"] == "creating"


def test_latency_adds_up_and_only_concerns_the_calls_that_it_names(cloud: Cloud) -> None:
    cloud.fault("latency", service="kinesis", operation="List*", ms=300)
    cloud.fault("latency", ms=50)
    started = time.monotonic()
    names(cloud)
    assert time.monotonic() - started >= 0.35
    cloud.client("ec2").describe_vpcs()
    assert [entry["fault"]["ms"] for entry in cloud.journal()] == [350, 50]


def test_slow_calls_wait_side_by_side(cloud: Cloud) -> None:
    cloud.fault("latency", service="kinesis", ms=500)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: names(cloud), range(8))) == [[]] * 8
    assert time.monotonic() - started < 8 * 0.5


@pytest.mark.parametrize("reads", [1, 2])
def test_reads_miss_a_new_vpc_as_often_as_asked(cloud: Cloud, reads: int) -> None:
    ec2 = cloud.client("ec2")
    ec2.describe_vpcs()
    cloud.fault("stale", service="ec2", reads=reads, count=1)
    vpc_id = ec2.create_vpc(**GROUP)["Vpc"]["VpcId"]
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    for _ in range(reads):
        assert vpc_id not in [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
        with refused("InvalidVpcID.NotFound"):
            ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsSupport")
        assert ec2.describe_vpc_attribute(VpcId=other, Attribute="enableDnsSupport")["VpcId"] == other
        hidden = [entry["fault"] and entry["fault"]["hidden"] for entry in cloud.journal()[-3:]]
        assert hidden == [[vpc_id], [vpc_id], None]
    assert {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]} >= {vpc_id, other}


def test_writes_meet_what_reads_miss(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    cloud.fault("stale", service="ec2", count=1)
    vpc_id = ec2.create_vpc(**GROUP)["Vpc"]["VpcId"]
    assert ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.1.0/24")["Subnet"]["VpcId"] == vpc_id
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1


STALE = [
    ("kinesis", "create_stream", {"StreamName": "s", "ShardCount": 1},
     "describe_stream_summary", {"StreamName": "s"}, "ResourceNotFoundException"),
    ("s3", "create_bucket", BUCKET, "head_bucket", {"Bucket": "demo-bucket"}, "404"),
    ("s3", "create_bucket", BUCKET, "get_bucket_encryption", {"Bucket": "demo-bucket"}, "NoSuchBucket"),
    ("dynamodb", "create_table", TABLE, "describe_table", {"TableName": "locks"}, "ResourceNotFoundException"),
    ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST},
     "get_role", {"RoleName": "r"}, "NoSuchEntity"),
    ("logs", "create_log_group", {"logGroupName": "/l"}, "list_tags_log_group", {"logGroupName": "/l"},
     "ResourceNotFoundException"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "create", "params", "read", "name", "code"), STALE)
def test_a_read_by_name_misses_a_new_object_once(
    cloud: Cloud, service: str, create: str, params: dict[str, Any], read: str, name: dict[str, Any], code: str
) -> None:
    cloud.fault("stale", service=service)
    assert outcome(cloud, service, create, **params) == ("", 200)
    assert outcome(cloud, service, read, **name)[0] == code
    assert outcome(cloud, service, read, **name) == ("", 200)


def test_reads_miss_everything_of_a_network_and_of_a_group_in_it(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    before = len(ec2.describe_security_groups()["SecurityGroups"])
    cloud.fault("stale", operation="Create*")
    cloud.fault("stale", service="ec2", operation="AllocateAddress")
    network = Network(cloud)
    network.create()
    with refused("ReplicationGroupNotFoundFault"):
        network.show()
    with refused("CacheSubnetGroupNotFoundFault"):
        network.cache.describe_cache_subnet_groups(CacheSubnetGroupName="net")
    ec2.allocate_address(Domain="vpc")
    seen = []
    for _ in range(2):
        shown = (
            len(ec2.describe_vpcs()["Vpcs"]),
            len(ec2.describe_security_groups()["SecurityGroups"]) - before,
            len(ec2.describe_addresses()["Addresses"]),
        )
        seen.append(shown)
    assert seen == [(1, 0, 0), (2, 1, 1)]
    assert network.show()["Status"] in ("creating", "available")


def test_a_group_fails_to_be_made_says_why_and_can_be_deleted(cloud: Cloud, network: Network) -> None:
    cloud.fault("create-failed", message="no capacity in eu-west-1a", count=1)
    assert network.create()["Status"] == "creating"
    assert network.show()["Status"] == "create-failed"
    events = network.cache.describe_events()["Events"]
    assert [event["SourceType"] for event in events] == ["replication-group", "cache-cluster"]
    assert all("no capacity in eu-west-1a" in event["Message"] for event in events)
    network.cache.delete_replication_group(ReplicationGroupId="demo")
    with refused("ReplicationGroupNotFoundFault"):
        network.show()
    network.create()
    assert network.show()["Status"] == "available"


def test_without_words_a_failed_group_lacks_capacity(cloud: Cloud, network: Network) -> None:
    cloud.fault("create-failed")
    network.create()
    network.show()
    assert "InsufficientCacheClusterCapacity" in network.cache.describe_events()["Events"][-1]["Message"]


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ({}, "InternalError", "invalid state"),
        ({"code": "InsufficientFreeAddressesInSubnet"}, "InsufficientFreeAddressesInSubnet", "free addresses"),
        ({"code": "InternalError", "message": "ours"}, "InternalError", "ours"),
    ],
)
def test_a_nat_gateway_fails_and_lets_go_of_its_address(
    cloud: Cloud, network: Network, options: dict[str, Any], code: str, text: str
) -> None:
    ec2 = cloud.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    cloud.fault("nat-failed", count=1, **options)
    for state in ("failed", "available"):
        made = ec2.create_nat_gateway(SubnetId=network.subnets[0], AllocationId=address)["NatGateway"]
        assert made["State"] == "pending"
        (shown,) = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"]
        assert shown["State"] == state
        if state == "failed":
            assert shown["FailureCode"] == code
            assert text in shown["FailureMessage"]


def storm(cloud: Cloud, **options: Any) -> list[bool]:
    """Which of 40 calls of two operations a throttle with probability 0.3 strikes."""
    cloud.reset()
    cloud.fault("throttle", probability=0.3, **options)
    for _ in range(20):
        outcome(cloud, "kinesis", "list_streams")
        outcome(cloud, "kinesis", "create_stream", StreamName="s", ShardCount=1)
    return [entry["fault"] is not None for entry in cloud.journal()]


def test_the_same_seed_and_the_same_calls_meet_the_same_faults(cloud: Cloud) -> None:
    first = storm(cloud, seed=7)
    assert 4 <= sum(first) <= 20
    assert storm(cloud, seed=7) == first
    assert storm(cloud, seed=8) != first


def test_a_seed_that_nobody_gave_is_told_so_that_it_can_be_given(cloud: Cloud) -> None:
    first = storm(cloud)
    (fault,) = cloud.faults()
    assert fault["struck"] == sum(first)
    struck = next(entry for entry in cloud.journal() if entry["fault"])
    assert struck["fault"] == {"id": 1, "kind": "throttle", "seed": fault["seed"]}
    assert storm(cloud, seed=fault["seed"]) == first


def test_count_and_skip_choose_the_calls_and_count_bounds_a_probability(cloud: Cloud) -> None:
    cloud.fault("throttle", service="kinesis", operation="ListStreams", skip=1, count=2)
    assert [outcome(cloud, "kinesis", "list_streams")[0] for _ in range(5)] == [
        "", "LimitExceededException", "LimitExceededException", "", "",
    ]  # fmt: skip
    assert outcome(cloud, "kinesis", "describe_limits") == ("", 200)
    assert sum(storm(cloud, seed=7, count=3)) == 3


def test_of_two_faults_the_first_one_strikes(cloud: Cloud) -> None:
    cloud.fault("denied", service="kinesis", count=1)
    cloud.fault("throttle", service="kinesis", count=1)
    codes = [outcome(cloud, "kinesis", "list_streams")[0] for _ in range(3)]
    assert codes == ["AccessDeniedException", "LimitExceededException", ""]


def test_reset_switches_every_fault_off(cloud: Cloud) -> None:
    cloud.fault("denied")
    cloud.fault("stale", service="kinesis")
    cloud.reset()
    assert cloud.faults() == []
    assert names(cloud) == []


def test_faults_over_http(cloud: Cloud) -> None:
    def ask(method: str, what: str = "", body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        address = f"{cloud.endpoint}/_localcloud/faults{what}"
        with urllib.request.urlopen(urllib.request.Request(address, data, method=method)) as answer:
            return json.load(answer)

    added = ask("POST", body={"kind": "lost", "service": "ec2", "operation": "Describe*", "seed": 3, "after": True})
    assert added == {
        "id": 1, "kind": "lost", "service": "ec2", "operation": "Describe*", "seed": 3, "after": True, "struck": 0,
    }  # fmt: skip
    ask("POST", body={"kind": "latency", "ms": 1})
    assert ask("GET")[0] == added
    assert [fault["id"] for fault in ask("DELETE", "?id=1")] == [2]
    assert ask("DELETE") == []
    assert ask("POST", body={"kind": "latency", "ms": 1})["id"] == 3


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"kind": "trottle"}, "there are throttle"),
        ({"kind": "throttle", "ms": 3}, "does not take ms"),
        ({"kind": "throttle", "service": "ec3"}, "no service 'ec3'"),
        ({"kind": "throttle", "service": "ec2", "operation": "CreateVpcs"}, "did you mean CreateVpc"),
        ({"kind": "throttle", "probability": 3}, "from 0 to 1"),
        ({"kind": "throttle", "count": -1}, "from 0 up"),
        ({"kind": "latency"}, "needs ms"),
        ({"kind": "stale", "reads": 0}, "from 1 up"),
        ({"kind": "refuse"}, "needs the AWS error code"),
        ({"kind": "error", "status": 200}, "from 400 to 599"),
        ({"kind": "error", "after": 1}, "true or false"),
        ({"kind": "nat-failed", "operation": "CreateVpc"}, "CreateNatGateway and nothing else"),
        ({"kind": "endpoint-failed", "state": "available"}, "failed, rejected, expired"),
        ({"kind": "endpoint-failed", "operation": "CreateVpc"}, "CreateVpcEndpoint and nothing else"),
    ],
)
def test_a_fault_that_cannot_be_meant_is_refused(cloud: Cloud, fault: dict[str, Any], text: str) -> None:
    with pytest.raises(CloudError, match=text):
        cloud.fault(**fault)
    assert cloud.faults() == []
