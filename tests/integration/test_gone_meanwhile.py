# SPDX-License-Identifier: Apache-2.0
"""What is to be removed and was removed by somebody else meanwhile counts as removed; for deletes only."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from ansible.module_utils.aws.client import GONE_SECONDS, UNKNOWN_YET_SECONDS, Aws
from ansible.module_utils.aws.codes import TAKING_AWAY, is_gone
from botocore.exceptions import ClientError

from localcloud.process import Cloud
from tests.integration.test_drifts import VARIABLES
from tests.integration.test_faults import NETWORK, objects
from tests.integration.test_transport import patient
from tests.support.environments import conducted
from tests.support.runs import aws_of, run

pytestmark = pytest.mark.inside


class Rivalled(Aws):
    """AWS, where somebody else makes each call that takes something away right before this run does."""

    cloud: Cloud

    def write(self, service: str, operation: str, params: Mapping[str, Any], *rest: Any) -> dict[str, Any]:
        if operation.startswith(TAKING_AWAY):
            with suppress(ClientError):
                getattr(self.cloud.client(service), operation)(**params)
        return super().write(service, operation, params, *rest)


def test_a_destroy_ends_well_though_somebody_else_is_at_it(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)  # what somebody else removed is gone when this run comes to it
    empty = objects(cloud)
    conducted(cloud, VARIABLES)
    aws = aws_of(cloud, Rivalled)
    aws.cloud = cloud
    at = len(cloud.journal())
    conducted(cloud, VARIABLES, verb="destroy", aws=aws)
    assert objects(cloud) == empty
    gone = {entry["service"] for entry in cloud.writes(at) if is_gone(entry["error"] or "")}
    # The bucket is not among them: the lock in it keeps it until the end.
    assert gone == {"cloudwatch", "ec2", "elasticache", "kinesis", "logs", "iam", "dynamodb"}


@pytest.mark.parametrize(("service", "operation", "params"), [
    ("ec2", "delete_subnet", {"SubnetId": "subnet-0123456789abcdef0"}),
    ("iam", "delete_role", {"RoleName": "nobody"}),
    ("kinesis", "delete_stream", {"StreamName": "nowhere"}),
    ("s3", "delete_bucket", {"Bucket": "sensors-nowhere"}),
])  # fmt: skip
def test_what_is_to_go_and_is_not_there_is_done_in_a_moment(
    cloud: Cloud, service: str, operation: str, params: dict[str, Any]
) -> None:
    aws = patient(cloud)
    assert aws.write(service, operation, params, {}, {}, lambda: None, True) == {}
    assert aws._clock() >= GONE_SECONDS / 2
    assert aws._clock() < 3 * GONE_SECONDS


def test_what_is_to_change_and_is_not_there_has_time_to_show(cloud: Cloud) -> None:
    aws = patient(cloud)
    with pytest.raises(ClientError, match="NotFound"):
        aws.write("ec2", "create_subnet", {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.9.0.0/24"}, {}, {})
    assert aws._clock() >= UNKNOWN_YET_SECONDS / 2


class Noted(Aws):
    """AWS that keeps of what it was told that it had been seen."""

    told: dict[str, bool]

    def write(self, service: str, operation: str, params: Mapping[str, Any], *rest: Any) -> dict[str, Any]:
        self.told[operation] = rest[-1]
        return super().write(service, operation, params, *rest)


def test_what_this_run_made_itself_is_never_taken_for_gone(cloud: Cloud) -> None:
    aws = aws_of(cloud, Noted)
    aws.told = {}
    small = {key: NETWORK[key] for key in ("cidr_block", "zones", "tags")}
    given = {**small, "tiers": {"app": {"internet": "none"}}, "security_groups": {"app": {"egress": []}}}
    run(cloud, "ec2_vpc_network", given, aws=aws)
    assert aws.told["revoke_security_group_egress"] is False
    run(cloud, "ec2_vpc_network", {"state": "absent"}, aws=aws)
    assert aws.told["delete_vpc"] is True


def test_what_is_to_go_and_was_not_seen_has_time_to_show(cloud: Cloud) -> None:
    aws = patient(cloud)
    with pytest.raises(ClientError, match="NotFound"):
        aws.write("ec2", "delete_subnet", {"SubnetId": "subnet-0123456789abcdef0"}, {}, {})
    assert aws._clock() >= UNKNOWN_YET_SECONDS / 2
