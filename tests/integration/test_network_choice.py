# SPDX-License-Identifier: Apache-2.0
"""Which VPC a run is about: several of ours, one to adopt, one of others."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "ec2_vpc_network"
GIVEN: dict[str, Any] = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a"],
    "tiers": {"public": {"internet": "gateway"}, "app": {"internet": "none"}},
}


def made(cloud: Cloud, **tags: str) -> str:
    """A VPC that somebody made by hand."""
    specification = [{"ResourceType": "vpc", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
    vpc = cloud.client("ec2").create_vpc(
        CidrBlock="10.20.0.0/16", **({"TagSpecifications": specification} if tags else {})
    )
    return vpc["Vpc"]["VpcId"]


def refusal(cloud: Cloud, **given: Any) -> str:
    before = len(cloud.journal())
    with pytest.raises(Refused) as refused:
        run(cloud, MODULE, {**GIVEN, **given})
    assert not cloud.writes(before)
    return str(refused.value)


def test_several_vpcs_of_ours_are_listed_and_one_is_named(cloud: Cloud) -> None:
    first = run(cloud, MODULE, GIVEN)["resource"]["vpc_id"]
    ours = {"streambed:stack": "sensors", "streambed:environment": "test"}
    second = made(cloud, **ours)
    text = refusal(cloud)
    assert f"ownership tags: found {', '.join(sorted((first, second)))}, wanted one VPC" in text
    assert "Next: name one in vpc_id" in text
    assert not run(cloud, MODULE, {**GIVEN, "vpc_id": first})["changed"]
    assert four_steps(cloud, MODULE, {**GIVEN, "vpc_id": second})["resource"]["vpc_id"] == second
    four_steps(cloud, MODULE, {"state": "absent", "vpc_id": second})
    assert not run(cloud, MODULE, GIVEN)["changed"]


def test_a_vpc_of_nobody_is_adopted_with_what_is_in_it(cloud: Cloud) -> None:
    ec2, vpc = cloud.client("ec2"), made(cloud, Name="by hand", team="a")
    theirs = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/24")["Subnet"]["SubnetId"]
    assert f"vpc_id: found {vpc} without our tags" in (text := refusal(cloud, vpc_id=vpc))
    assert "Next: set adopt to true if it shall be this environment's" in text
    done = four_steps(cloud, MODULE, {**GIVEN, "vpc_id": vpc, "adopt": True})
    assert done["resource"]["vpc_id"] == vpc
    assert done["resource"]["tags"]["team"] == "a"
    assert [each["id"] for each in done["foreign"]] == [theirs]
    # From now on it is found by its tags.
    assert not run(cloud, MODULE, GIVEN)["changed"]


def test_a_vpc_of_another_environment_is_never_taken(cloud: Cloud) -> None:
    theirs = {"streambed:stack": "sensors", "streambed:environment": "prod"}
    vpc = made(cloud, **theirs)
    text = refusal(cloud, vpc_id=vpc, adopt=True)
    assert f"found {vpc} of streambed:stack=sensors, streambed:environment=prod" in text
    assert "Next: choose another VPC" in text
    assert "without our tags" in refusal(cloud, vpc_id=made(cloud), adopt=True, state="absent")


def test_a_vpc_that_is_not_there_is_said(cloud: Cloud) -> None:
    assert "vpc_id: found vpc-0123456789abcdef0, which is not there" in refusal(cloud, vpc_id="vpc-0123456789abcdef0")


def test_an_environment_has_one_vpc(cloud: Cloud) -> None:
    ours = run(cloud, MODULE, GIVEN)["resource"]["vpc_id"]
    text = refusal(cloud, vpc_id=made(cloud), adopt=True)
    assert f"wanted {ours}, which bears this environment's tags" in text
