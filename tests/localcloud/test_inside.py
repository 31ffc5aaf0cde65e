# SPDX-License-Identifier: Apache-2.0
"""The cloud within the process answers as the server does, and nothing that is not for it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from localcloud.inside import Inside
from localcloud.process import Cloud, CloudError

BUCKET = "sensors-inside"


def told(cloud: Cloud) -> dict[str, Any]:
    """Answers of each of AWS's protocols, with what differs from run to run taken out."""
    ec2, s3, kinesis = (cloud.client(service) for service in ("ec2", "s3", "kinesis"))
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="a b/ü%2F+.tfstate", Body=b"{}", Metadata={"who_wrote": "it"})
    kept = s3.get_object(Bucket=BUCKET, Key="a b/ü%2F+.tfstate")
    kinesis.create_stream(StreamName="sensors", ShardCount=2, Tags={"team": "telemetry"})
    with pytest.raises(ClientError) as refused:
        ec2.create_vpc(CidrBlock="10.0.0.0/40")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    return {
        "s3": (kept["Body"].read(), kept["Metadata"], kept["ContentLength"]),
        "kinesis": kinesis.list_streams()["StreamNames"],
        "ec2": sorted(vpc["CidrBlock"] for vpc in ec2.describe_vpcs()["Vpcs"]),
        "refused": (refused.value.response["Error"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]),
        "journal": [(entry["operation"], entry["params"], entry["error"]) for entry in cloud.journal()],
    }


def test_it_answers_as_the_server() -> None:
    with Cloud() as server, Inside() as inside:
        assert told(inside) == told(server)


def test_faults_settings_and_the_clock_reach_it() -> None:
    with Inside(settle_polls=1) as cloud:
        cloud.fault("lost", service="ec2", operation="DescribeVpcs", count=1)
        with pytest.raises(ConnectionClosedError):
            cloud.client("ec2").describe_vpcs()
        cloud.configure(clock_ahead_seconds=86400)
        later = cloud.client("ec2").describe_vpcs()["ResponseMetadata"]["HTTPHeaders"]["date"]
        cloud.reset()
        now = cloud.client("ec2").describe_vpcs()["ResponseMetadata"]["HTTPHeaders"]["date"]
        assert later[:16] != now[:16]
        with pytest.raises(CloudError, match="unknown setting"):
            cloud.configure(settle_poles=1)


def test_nothing_reaches_it_after_its_end() -> None:
    with Inside() as cloud:
        cloud.client("ec2").describe_vpcs()
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=2)
    with pytest.raises(EndpointConnectionError):
        cloud._new_client("ec2", config=once).describe_vpcs()
