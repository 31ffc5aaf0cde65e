# SPDX-License-Identifier: Apache-2.0
"""What comes back from AWS, and what does not: broken answers, dead and hanging endpoints, refusals inside of a 200."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.module_utils.aws import client as transport
from ansible.module_utils.aws.client import Aws, NoAnswer
from ansible.module_utils.reconcile.engine import failure_of
from ansible.module_utils.reconcile.errors import AwsFailure, Failure, LostAnswer
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.process import CREDENTIALS, REGION, Cloud
from tests.integration.test_faults import NETWORK
from tests.support.runs import connection, run

FORMS = ("html", "half", "empty", "hollow")
READS = [("ec2", "describe_route_tables", {}), ("kinesis", "list_streams", {}), ("iam", "list_roles", {}),
         ("elasticache", "describe_replication_groups", {}), ("logs", "describe_log_groups", {})]  # fmt: skip


class Clock:
    """A clock that only pauses move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def patient(cloud: Cloud, **terms: Any) -> Aws:
    clock = Clock()
    return Aws(connection(cloud), None, clock.pause, clock=clock, **terms)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("service", "operation", "params"), READS)
def test_a_garbled_answer_to_a_read_names_the_operation(
    cloud: Cloud, service: str, operation: str, params: dict[str, Any], form: str
) -> None:
    cloud.fault("garbled", service=service, form=form)
    aws = patient(cloud)
    with pytest.raises(NoAnswer, match="Next: look whether a proxy") as told:
        aws.read(service, operation, **params)
    assert aws.api_name(service, operation) in str(told.value)
    assert cloud.endpoint in str(told.value)


@pytest.mark.parametrize("form", FORMS)
def test_a_garbled_answer_to_a_read_is_asked_for_again(cloud: Cloud, form: str) -> None:
    cloud.fault("garbled", service="ec2", form=form, count=2)
    assert patient(cloud).read("ec2", "describe_vpcs")["Vpcs"]


@pytest.mark.parametrize("form", FORMS)
def test_a_garbled_answer_to_a_write_is_a_lost_one(cloud: Cloud, form: str) -> None:
    cloud.fault("garbled", service="ec2", operation="CreateVpc", form=form, after=True)
    with pytest.raises(LostAnswer, match="CreateVpc"):
        patient(cloud).write("ec2", "create_vpc", {"CidrBlock": "10.9.0.0/16"}, {}, {})


@pytest.mark.parametrize("form", FORMS)
def test_a_network_whose_answers_come_garbled_is_laid_once(cloud: Cloud, form: str) -> None:
    small = {key: NETWORK[key] for key in ("cidr_block", "zones", "tags")} | {"tiers": {"app": {"internet": "none"}}}
    for operation in ("CreateVpc", "CreateRouteTable", "CreateSubnet"):
        cloud.fault("garbled", service="ec2", operation=operation, form=form, after=True, count=1)
    cloud.fault("garbled", service="ec2", operation="DescribeRouteTables", form=form, count=1, skip=1)
    run(cloud, "ec2_vpc_network", small)
    ec2 = cloud.client("ec2")
    own = [{"Name": "tag:streambed:environment", "Values": ["test"]}]
    assert len(ec2.describe_vpcs(Filters=own)["Vpcs"]) == 1
    assert len(ec2.describe_route_tables(Filters=own)["RouteTables"]) == 2
    assert len(ec2.describe_subnets(Filters=own)["Subnets"]) == 2


def test_an_answer_without_words_shows_its_status(cloud: Cloud) -> None:
    cloud.fault("refuse", service="s3", operation="HeadBucket", code="Teapot", status=418)
    with pytest.raises(ClientError) as told:
        patient(cloud).read("s3", "head_bucket", Bucket="sensors")
    assert "418" in failure_of(told.value)


def test_what_was_refused_inside_of_a_good_answer_is_an_error(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    where = {"Bucket": "sensors-refuses"}
    s3.create_bucket(**where, CreateBucketConfiguration={"LocationConstraint": REGION})
    answer = {"Errors": [{"Key": "a", "VersionId": "1", "Code": "AccessDenied", "Message": "Access Denied"}]}
    aws = patient(cloud)
    model = aws._client("s3", transport.WRITES).meta.service_model.operation_model("DeleteObjects")
    with pytest.raises(ClientError, match=r"AccessDenied.* DeleteObjects operation: a: Access Denied"):
        transport._taken(model, answer)
    assert transport._taken(model, {"Errors": [{**answer["Errors"][0], "Code": "NoSuchVersion"}]})


def test_all_sending_again_together_has_an_end(cloud: Cloud) -> None:
    cloud.fault("throttle", service="ec2")
    aws = patient(cloud, retry_seconds=30)
    with pytest.raises(AwsFailure, match=r"RequestLimitExceeded.*sending again took 3\d s of this run"):
        aws.read("ec2", "describe_vpcs")
    began = aws._clock()
    with pytest.raises(AwsFailure, match="retry_seconds"):
        aws.read("ec2", "describe_subnets")
    assert aws._clock() == began, "the time was up already"


def test_what_is_sent_again_is_fenced_again(cloud: Cloud) -> None:
    cloud.fault("throttle", service="ec2", operation="CreateVpc", count=3)
    asked: list[int] = []
    patient(cloud).write("ec2", "create_vpc", {"CidrBlock": "10.9.0.0/16"}, {}, {}, lambda: asked.append(1))
    assert len(asked) == 4


def test_a_read_in_a_wait_survives_minutes_of_a_failing_server(cloud: Cloud) -> None:
    cloud.fault("error", service="ec2", operation="DescribeVpcs", count=18)
    assert patient(cloud).read("ec2", "describe_vpcs", outage_seconds=300)["Vpcs"]


def test_a_write_that_was_not_sent_is_sent_again() -> None:
    clock, nowhere = Clock(), {"region_name": REGION, "endpoint_url": "http://127.0.0.1:9", **CREDENTIALS}
    aws = Aws(nowhere, None, clock.pause, clock=clock)
    with pytest.raises(NoAnswer, match=r"CreateVpc: Could not connect.*127\.0\.0\.1:9.*Next: check the region"):
        aws.write("ec2", "create_vpc", {"CidrBlock": "10.9.0.0/16"}, {}, {})
    assert aws.counts["writes"] > 3


@pytest.fixture
def silence() -> Iterator[str]:
    """An endpoint that takes every call and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for each in kept:
            each.close()


def test_a_hanging_endpoint_is_told_with_operation_and_endpoint(silence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 3 * (transport.READS.connect_timeout + transport.READS.read_timeout)
    assert longest <= 69
    assert transport.WRITES.read_timeout + transport.WRITES.connect_timeout <= 60
    assert 3 * transport.READS.read_timeout + 3 <= 60, "told within a minute"
    monkeypatch.setattr(transport, "READS", transport.READS.merge(Config(read_timeout=0.2)))
    aws = Aws({"region_name": REGION, "endpoint_url": silence, **CREDENTIALS}, None, time.sleep)
    requests = {str(at): ("ec2", "describe_vpcs", {}) for at in range(40)}
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=f"DescribeVpcs: {silence} answered nothing"):
        aws.read_many(requests)
    assert time.monotonic() - began < 15, "forty reads side by side take no longer than one or two"


@pytest.mark.parametrize(("url", "words"), [("127.0.0.1:5000", "wanted a URL such as https://host")])
def test_an_endpoint_that_is_no_url_is_named(url: str, words: str) -> None:
    aws = Aws({"region_name": REGION, "endpoint_url": url, **CREDENTIALS}, None, time.sleep)
    with pytest.raises(Failure, match=words):
        aws.read("ec2", "describe_vpcs")


def test_the_first_failure_ends_all_reads_side_by_side(cloud: Cloud) -> None:
    cloud.fault("denied", service="ec2", operation="DescribeVpcs")
    requests = {str(at): ("ec2", "describe_vpcs", {}) for at in range(60)}
    with pytest.raises(ClientError):
        patient(cloud).read_many(requests)
    assert len(cloud.journal()) < 60
