# SPDX-License-Identifier: Apache-2.0
"""The setting `lateness`: what AWS knows a moment later than it was told."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import REGION, Cloud
from tests.localcloud.network import TRUST, refused

LOCATION = {"LocationConstraint": REGION}


def late(cloud: Cloud) -> list[str]:
    """Of what each late call was late, in order."""
    return [entry["fault"]["of"] for entry in cloud.journal() if (entry["fault"] or {}).get("kind") == "late"]


def test_new_objects_are_neither_seen_nor_known(cloud: Cloud) -> None:
    cloud.configure(lateness={"object": 2})
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    own = [{"Name": "is-default", "Values": ["false"]}]
    assert ec2.describe_vpcs(Filters=own)["Vpcs"] == []
    with refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    assert [each["VpcId"] for each in ec2.describe_vpcs(Filters=own)["Vpcs"]] == [vpc]
    assert late(cloud) == ["object", "object"]


def test_changes_show_late_and_are_made_on_what_is_there(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    cloud.configure(lateness={"change": 1})
    s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    assert [s3.get_bucket_versioning(Bucket="states").get("Status") for _ in range(2)] == [None, "Enabled"]
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    seen = [ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames") for _ in range(2)]
    assert [each["EnableDnsHostnames"]["Value"] for each in seen] == [False, True]


def test_a_deletion_that_arrives_meanwhile_stays_one(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.describe_stream_summary(StreamName="s")
    cloud.configure(lateness={"change": 1})
    kinesis.delete_stream(StreamName="s")
    kinesis.list_streams()
    assert kinesis.list_streams()["StreamNames"] == []


def gateway(cloud: Cloud) -> tuple[Any, str, str, str]:
    """EC2, a VPC, its subnet, and an internet gateway that was attached just now."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    return ec2, vpc, subnet, igw


def test_an_internet_gateway_shows_its_attachment_late(cloud: Cloud) -> None:
    cloud.configure(lateness={"attachment": 2})
    ec2, vpc, _, igw = gateway(cloud)
    assert ec2.describe_internet_gateways()["InternetGateways"][0]["Attachments"] == []
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": igw}
    with refused("InvalidGatewayID.NotFound"):
        ec2.create_route(**route)
    ec2.create_route(**route)
    shown = ec2.describe_internet_gateways()["InternetGateways"][0]["Attachments"]
    assert [each["VpcId"] for each in shown] == [vpc]


def test_a_nat_gateway_fails_before_the_attachment_is_known_and_not_after(cloud: Cloud) -> None:
    cloud.configure(lateness={"attachment": 1})
    ec2, _, subnet, _ = gateway(cloud)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    shown = ec2.describe_nat_gateways(NatGatewayIds=[made])["NatGateways"][0]
    assert (shown["State"], shown["FailureCode"]) == ("failed", "Gateway.NotAttached")
    again = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert ec2.describe_nat_gateways(NatGatewayIds=[again])["NatGateways"][0]["State"] == "available"


def test_a_role_is_assumed_late(cloud: Cloud) -> None:
    cloud.configure(lateness={"role": 1})
    iam, (ec2, vpc, *_) = cloud.client("iam"), gateway(cloud)
    role = iam.create_role(RoleName="flow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    with refused("NoSuchEntity", "The role with name flow cannot be found."):
        iam.put_role_policy(RoleName="flow", PolicyName="p", PolicyDocument=TRUST)
    assert iam.get_role(RoleName="flow")["Role"]["Arn"] == role
    log = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": "flow",
           "DeliverLogsPermissionArn": role}  # fmt: skip
    with refused("InvalidParameter", f"Unable to assume given IAM role: '{role}'"):
        ec2.create_flow_logs(**log)
    assert ec2.create_flow_logs(**log)["FlowLogIds"]


def test_a_key_made_a_moment_ago_is_unknown(cloud: Cloud) -> None:
    cloud.configure(lateness={"key": 1})
    kms, kinesis = cloud.client("kms"), cloud.client("kinesis")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("NotFoundException"):
        kms.describe_key(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.describe_stream_summary(StreamName="s")
    with refused("KMSNotFoundException", key):
        kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId=key)
    kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId=key)


def test_objects_are_missed_now_and_then_for_a_quarter_of_an_hour(cloud: Cloud) -> None:
    cloud.configure(lateness={"versioning": 2})
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    s3.put_object(Bucket="states", Key="before", Body=b"x")
    s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="states", Key="lock", Body=b"x")

    def reads(key: str) -> list[str]:
        seen = []
        for _ in range(12):
            try:
                s3.get_object(Bucket="states", Key=key)
                seen.append("there")
            except s3.exceptions.NoSuchKey as error:
                marked = "x-amz-delete-marker" in error.response["ResponseMetadata"]["HTTPHeaders"]
                seen.append("deleted" if marked else "missed")
        return seen

    assert reads("before").count("missed") == 0
    assert reads("lock").count("missed") == 2
    s3.put_object(Bucket="states", Key="lock", Body=b"y")
    cloud.configure(clock_ahead_seconds=901)
    assert reads("lock").count("missed") == 0


def test_settings_of_a_new_bucket_meet_a_conflict(cloud: Cloud) -> None:
    cloud.configure(lateness={"conflict": 1})
    s3, logs = cloud.client("s3"), cloud.client("logs")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    tags = {"Bucket": "states", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
    with refused("OperationAborted"):
        s3.put_bucket_tagging(**tags)
    s3.put_object(Bucket="states", Key="k", Body=b"")
    s3.put_bucket_tagging(**tags)
    logs.create_log_group(logGroupName="g")
    with refused("OperationAbortedException"):
        logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    logs.put_retention_policy(logGroupName="g", retentionInDays=7)


def test_a_flow_log_delivers_late_and_holds_up_its_bucket(cloud: Cloud) -> None:
    ec2, vpc, *_ = gateway(cloud)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="flows", CreateBucketConfiguration=LOCATION)
    role = cloud.client("iam").create_role(RoleName="flow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    cloud.client("logs").create_log_group(logGroupName="flow")
    cloud.configure(lateness={"flow_log": 1})
    own = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL"}
    made = ec2.create_flow_logs(**own, LogGroupName="flow", DeliverLogsPermissionArn=role)["FlowLogIds"]
    seen = [ec2.describe_flow_logs(FlowLogIds=made)["FlowLogs"][0] for _ in range(2)]
    told = [(log["DeliverLogsStatus"], log.get("DeliverLogsErrorMessage")) for log in seen]
    assert told == [("FAILED", "Access error"), ("SUCCESS", None)]
    ec2.create_flow_logs(**own, LogDestinationType="s3", LogDestination="arn:aws:s3:::flows")
    with refused("OperationAborted"):
        s3.delete_bucket_policy(Bucket="flows")
    s3.delete_bucket_policy(Bucket="flows")


def test_a_seed_draws_the_same_lateness_again(cloud: Cloud) -> None:
    def drawn(seed: int) -> list[str]:
        cloud.reset()
        cloud.configure(lateness={"seed": seed, "object": 1})
        ec2, logs = cloud.client("ec2"), cloud.client("logs")
        for number in range(4):
            logs.create_log_group(logGroupName=f"g{number}")
            for _ in range(5):
                logs.describe_log_groups()
                try:
                    logs.put_retention_policy(logGroupName=f"g{number}", retentionInDays=7)
                except logs.exceptions.OperationAbortedException:
                    continue
        ec2.describe_vpcs()
        return late(cloud)

    runs = [drawn(seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert {"conflict", "object"} <= set(runs[0])


@pytest.mark.parametrize("wrong", [3, {"objects": 1}, {"object": -1}, {"object": 0.5}, {"seed": True}])
def test_lateness_that_cannot_be_meant_is_refused(cloud: Cloud, wrong: Any) -> None:
    with pytest.raises(Exception, match="lateness"):
        cloud.configure(lateness=wrong)
