# SPDX-License-Identifier: Apache-2.0
"""Faults from outside, over the real connection: throttling, lost answers, failing servers, stale reads, denials."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.reconcile.engine import failure_of
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.integration.test_faults import DECLARATIONS, objects
from tests.support import runs
from tests.support.components import MODULES
from tests.support.runs import connection, four_steps, run

pytestmark = pytest.mark.usefixtures("instant_retries")
# Every create of each module, a few to a run: the core goes on after a lost answer, but not after five.
CREATES = [
    ("ec2_vpc_network", ("ec2:CreateVpc", "ec2:CreateSubnet", "ec2:CreateNatGateway")),
    ("ec2_vpc_network", ("ec2:CreateInternetGateway", "ec2:CreateRouteTable", "ec2:CreateRoute")),
    ("ec2_vpc_network", ("ec2:AllocateAddress", "ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress")),
    ("ec2_vpc_network", ("ec2:CreateVpcEndpoint", "ec2:CreateFlowLogs", "logs:CreateLogGroup", "iam:CreateRole")),
    ("elasticache_replication_group",
     ("elasticache:CreateCacheSubnetGroup", "elasticache:CreateReplicationGroup")),
    ("kinesis_data_stream", ("kinesis:CreateStream",)),
    ("s3_state_bucket", ("s3:CreateBucket", "dynamodb:CreateTable")),
]  # fmt: skip
ONE_OF_EACH_SERVICE = [
    ("ec2_vpc_network", "ec2:CreateVpc"),
    ("ec2_vpc_network", "logs:CreateLogGroup"),
    ("ec2_vpc_network", "iam:CreateRole"),
    ("elasticache_replication_group", "elasticache:CreateReplicationGroup"),
    ("kinesis_data_stream", "kinesis:CreateStream"),
    ("s3_state_bucket", "s3:CreateBucket"),
    ("s3_state_bucket", "dynamodb:CreateTable"),
]
# As little network as a replication group needs.
SMALL_NETWORK = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"cache": {"internet": "none"}},
    "security_groups": {"cache": {"description": "The group", "ingress": [], "egress": []}},
}
# A read that each module cannot do without, and the action that allows it.
READS = {
    "ec2_vpc_network": "ec2:DescribeVpcs",
    "elasticache_replication_group": "elasticache:DescribeReplicationGroups",
    "kinesis_data_stream": "kinesis:DescribeStreamSummary",
    "s3_state_bucket": "s3:HeadBucket",
}


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The half minute that AWS is given to show what was made is long enough for several looks on a busy machine."""
    monkeypatch.setattr(runs, "CLOCK_SPEED", 10)


@cache
def patient(cloud: Cloud) -> Aws:
    """The core's view of the cloud, with pauses that are over at once; kept, for its clients take long to make."""
    return Aws(connection(cloud), None, lambda seconds: None)


def prepared(cloud: Cloud, module: str) -> None:
    cloud.reset()
    if module == "elasticache_replication_group":
        run(cloud, "ec2_vpc_network", SMALL_NETWORK, aws=patient(cloud))


@cache
def wanted(cloud: Cloud, module: str) -> Counter[str]:
    """What an undisturbed run leaves."""
    prepared(cloud, module)
    make(cloud, module)
    return objects(cloud)


def make(cloud: Cloud, module: str) -> dict[str, Any]:
    """The result of a run under the faults that are on."""
    return run(cloud, module, DECLARATIONS[module], aws=patient(cloud))


def failure(cloud: Cloud, module: str) -> str:
    """What a person reads when the run fails under the faults that are on."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the module turns every error into a sentence
        make(cloud, module)
    message = failure_of(caught.value)
    assert "Traceback" not in message
    assert "report this" not in message
    return message


def fault(cloud: Cloud, kind: str, action: str, **options: Any) -> None:
    service, operation = action.split(":")
    cloud.fault(kind, service=service, operation=operation, **options)


def complete(cloud: Cloud, module: str, expected: Counter[str]) -> None:
    """Exactly one of each object is there, and a second run writes nothing.  Switches the faults off."""
    idle = [each for each in cloud.faults() if not each["struck"]]
    cloud.clear_faults()
    assert not idle, "a fault never struck"
    assert objects(cloud) == expected
    before = len(cloud.journal())
    assert not make(cloud, module)["changed"]
    assert not cloud.writes(before)


@pytest.mark.parametrize("seed", [2, 3, 5])
@pytest.mark.parametrize("module", MODULES)
def test_a_throttle_storm_is_outlasted(cloud: Cloud, module: str, seed: int) -> None:
    expected = wanted(cloud, module)
    prepared(cloud, module)
    cloud.fault("throttle", probability=0.3, seed=seed)
    assert make(cloud, module)["changed"]
    complete(cloud, module, expected)


def test_all_throttling_codes_of_a_service_are_outlasted(cloud: Cloud) -> None:
    for module, service, operation, code in (
        ("elasticache_replication_group", "elasticache", "*", "APICallRateForCustomerExceeded"),
        ("s3_state_bucket", "s3", "Put*", "OperationAborted"),
    ):
        expected = wanted(cloud, module)
        prepared(cloud, module)
        cloud.fault("throttle", service=service, operation=operation, code=code, probability=0.3, seed=1)
        make(cloud, module)
        complete(cloud, module, expected)


@pytest.mark.parametrize("module", MODULES)
def test_a_throttle_without_end_is_a_clean_failure(cloud: Cloud, module: str) -> None:
    prepared(cloud, module)
    before = objects(cloud)
    cloud.fault("throttle", probability=1.0)
    message = failure(cloud, module)
    # Of reads side by side the first to fail is told.
    assert message.partition(":")[0] in {entry["operation"] for entry in cloud.journal()}
    # A HEAD answer has only a status.
    assert "run again when fewer calls are made" in message or module == "s3_state_bucket"
    assert cloud.faults()[0]["struck"] > 20
    cloud.clear_faults()
    assert objects(cloud) == before


def test_a_write_that_is_throttled_without_end_is_named(cloud: Cloud) -> None:
    cloud.fault("throttle", service="ec2", operation="CreateSubnet")
    message = failure(cloud, "ec2_vpc_network")
    assert "stopped: CreateSubnet: RequestLimitExceeded" in message
    assert "Made before: " in message


@pytest.mark.parametrize("after", [True, False], ids=["after it took effect", "before it took effect"])
@pytest.mark.parametrize(("module", "creates"), CREATES)
def test_a_create_whose_answer_is_lost_is_made_once(
    cloud: Cloud, module: str, creates: tuple[str, ...], after: bool
) -> None:
    expected = wanted(cloud, module)
    prepared(cloud, module)
    for create in creates:
        fault(cloud, "lost", create, after=after, count=1)
    assert make(cloud, module)["changed"]
    complete(cloud, module, expected)


@pytest.mark.parametrize(("module", "creates"), CREATES)
def test_a_create_that_took_effect_and_failed_is_made_once(cloud: Cloud, module: str, creates: tuple[str, ...]) -> None:
    expected = wanted(cloud, module)
    prepared(cloud, module)
    for number, create in enumerate(creates):
        fault(cloud, "error", create, after=True, status=(500, 503)[number % 2], count=1)
    assert make(cloud, module)["changed"]
    complete(cloud, module, expected)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("reads", [1, 2])
@pytest.mark.parametrize("module", MODULES)
def test_stale_reads_double_nothing(cloud: Cloud, module: str, reads: int) -> None:
    expected = wanted(cloud, module)
    prepared(cloud, module)
    cloud.fault("stale", reads=reads)
    assert make(cloud, module)["changed"]
    complete(cloud, module, expected)


@pytest.mark.usefixtures("unhurried")
def test_a_lost_answer_and_stale_reads_together_double_nothing(cloud: Cloud) -> None:
    expected = wanted(cloud, "ec2_vpc_network")
    prepared(cloud, "ec2_vpc_network")
    for create in ("ec2:CreateSubnet", "ec2:AllocateAddress", "ec2:CreateSecurityGroup"):
        fault(cloud, "lost", create, after=True, count=1)
    cloud.fault("stale", reads=2)
    make(cloud, "ec2_vpc_network")
    complete(cloud, "ec2_vpc_network", expected)


@pytest.mark.usefixtures("unhurried")
def test_a_lost_vpc_whose_default_group_is_seen_late_is_finished_by_the_next_run(cloud: Cloud) -> None:
    """The new plan is made while the default group is unseen, and so lacks the call that locks it."""
    expected = wanted(cloud, "ec2_vpc_network")
    prepared(cloud, "ec2_vpc_network")
    fault(cloud, "lost", "ec2:CreateVpc", after=True, count=1)
    cloud.fault("stale", reads=2)
    with pytest.raises(AwsFailure, match="default_security_group_locked.*Next: run again"):
        make(cloud, "ec2_vpc_network")
    make(cloud, "ec2_vpc_network")
    complete(cloud, "ec2_vpc_network", expected)


@pytest.mark.parametrize("module", MODULES)
def test_a_denied_read_names_the_action_to_allow(cloud: Cloud, module: str) -> None:
    prepared(cloud, module)
    fault(cloud, "denied", READS[module])
    assert f"allow {READS[module].replace('HeadBucket', 'ListBucket')}" in failure(cloud, module)


@pytest.mark.parametrize(("module", "action"), ONE_OF_EACH_SERVICE)
def test_a_denied_write_names_the_action_to_allow(cloud: Cloud, module: str, action: str) -> None:
    prepared(cloud, module)
    fault(cloud, "denied", action)
    assert f"Next: allow {action} for these credentials" in failure(cloud, module)


def test_an_action_whose_name_is_not_the_operations_is_named_all_the_same(cloud: Cloud) -> None:
    cloud.fault("denied", service="s3", operation="PutBucketEncryption")
    assert "allow s3:PutEncryptionConfiguration for" in failure(cloud, "s3_state_bucket")


def test_a_group_that_failed_says_why_and_is_made_after_its_removal(cloud: Cloud) -> None:
    module = "elasticache_replication_group"
    expected = wanted(cloud, module)
    prepared(cloud, module)
    cloud.fault("create-failed", count=1)
    with pytest.raises(AwsFailure, match="create-failed: .*InsufficientCacheClusterCapacity"):
        make(cloud, module)
    with pytest.raises(Refused, match="InsufficientCacheClusterCapacity.*state: absent"):
        make(cloud, module)
    run(cloud, module, {**DECLARATIONS[module], "state": "absent"})
    make(cloud, module)
    complete(cloud, module, expected)


def test_a_nat_gateway_that_failed_says_why_and_the_next_run_makes_another(cloud: Cloud) -> None:
    module = "ec2_vpc_network"
    expected = wanted(cloud, module)
    prepared(cloud, module)
    cloud.fault("nat-failed", code="InsufficientFreeAddressesInSubnet", count=1)
    with pytest.raises(AwsFailure, match="insufficient free addresses"):
        make(cloud, module)
    make(cloud, module)
    complete(cloud, module, expected)


def test_slow_answers_change_nothing(cloud: Cloud) -> None:
    cloud.fault("latency", ms=20)
    four_steps(cloud, "kinesis_data_stream", DECLARATIONS["kinesis_data_stream"])
