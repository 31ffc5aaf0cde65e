# SPDX-License-Identifier: Apache-2.0
"""Drift names who changed what last, and says so where it may not be asked."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.integration.test_drifts import Account
from tests.support.environments import conducted

STREAM = {"kinesis_shard_count": 1, "kinesis_retention_hours": 48}
NETWORK: dict[str, Any] = {"vpc_cidr_block": "10.97.0.0/16", "vpc_nat_gateways": "none", "vpc_gateway_endpoints": []}


@pytest.fixture
def alice(cloud: Cloud) -> dict[str, str]:
    """The keys of somebody who changes things by hand."""
    iam = cloud.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def drift_of(cloud: Cloud, variables: dict[str, Any], roles: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    said: list[str] = []
    result = conducted(
        cloud, variables, verb="drift", roles=roles, whole=False, lock=False, check=True, say=said.append
    )
    return result["drift"], "\n".join(said)


def test_a_changed_stream_and_a_lost_rule_name_their_changer(cloud: Cloud, alice: dict[str, str]) -> None:
    variables, roles = {**STREAM, **NETWORK}, ("vpc", "kinesis")
    conducted(cloud, variables, roles=roles, whole=False, lock=False, outputs=False)
    clean, said = drift_of(cloud, variables, roles)
    assert (clean["drifted"], clean["changed_by"], "last changed" in said) == (False, [], False)

    group = Account(cloud).part("group", "security-group/cache")
    about = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"]}
    cloud.client("ec2", **alice).revoke_security_group_ingress(**about)
    cloud.client("kinesis", **alice).increase_stream_retention_period(
        StreamName="sensors-test", RetentionPeriodHours=50
    )
    drift, said = drift_of(cloud, {**variables, "kinesis_allow_retention_decrease": True}, roles)
    calls = {each["object"]: each["call"] for each in drift["changed_by"]}
    assert calls == {
        "rules of security group cache": "RevokeSecurityGroupIngress",
        "stream sensors-test": "IncreaseStreamRetentionPeriod",
    }
    assert all(each["user"].endswith(":user/alice") for each in drift["changed_by"])
    assert "user/alice" in said
    assert drift["changed_by_unknown"] == ""


def test_where_the_history_may_not_be_read_drift_says_so_and_stays_a_drift(cloud: Cloud) -> None:
    conducted(cloud, STREAM, roles=("kinesis",), whole=False, lock=False, outputs=False)
    cloud.client("kinesis").increase_stream_retention_period(StreamName="sensors-test", RetentionPeriodHours=50)
    cloud.fault("denied", service="cloudtrail", operation="LookupEvents")
    changed = {**STREAM, "kinesis_allow_retention_decrease": True}
    drift, said = drift_of(cloud, changed, ("kinesis",))
    cloud.clear_faults()
    assert drift["drifted"]
    assert drift["changed_by"] == []
    assert "LookupEvents: AccessDenied" in drift["changed_by_unknown"]
    assert "who changed it is not told: LookupEvents" in said
