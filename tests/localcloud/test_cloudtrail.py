# SPDX-License-Identifier: Apache-2.0
"""The event history: what changed something, newest first, by one attribute, page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.process import Cloud


def named(cloud: Cloud, name: str) -> list[dict[str, Any]]:
    about = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
    return cloud.client("cloudtrail").lookup_events(LookupAttributes=about)["Events"]


def test_changes_are_events_and_reads_and_records_are_none(cloud: Cloud) -> None:
    ec2, kinesis = cloud.client("ec2"), cloud.client("kinesis")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.describe_vpcs(VpcIds=[vpc])
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}])
    kinesis.create_stream(StreamName="readings", ShardCount=1)
    kinesis.put_record(StreamName="readings", Data=b"1", PartitionKey="a")
    assert [event["EventName"] for event in named(cloud, vpc)] == ["CreateTags", "ModifyVpcAttribute"]
    [made] = named(cloud, "readings")
    assert (made["EventSource"], made["ReadOnly"]) == ("kinesis.amazonaws.com", "false")


def test_an_event_says_who_and_what_went_wrong(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    with pytest.raises(ClientError):
        cloud.client("kinesis", **keys).delete_stream(StreamName="nothing")
    [event] = named(cloud, "nothing")
    record = json.loads(event["CloudTrailEvent"])
    assert event["Username"] == "alice"
    assert record["userIdentity"]["arn"] == "arn:aws:iam::123456789012:user/alice"
    assert record["errorCode"] == "ResourceNotFoundException"


def test_pages_and_a_second_attribute(cloud: Cloud) -> None:
    ec2, trail = cloud.client("ec2"), cloud.client("cloudtrail")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for number in range(60):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "n", "Value": str(number)}])
    about = {"AttributeKey": "ResourceName", "AttributeValue": vpc}
    first = trail.lookup_events(LookupAttributes=[about])
    second = trail.lookup_events(LookupAttributes=[about], NextToken=first["NextToken"])
    assert (len(first["Events"]), len(second["Events"]), "NextToken" in second) == (50, 10, False)
    with pytest.raises(ClientError, match="one lookup attribute"):
        trail.lookup_events(LookupAttributes=[about, about])
