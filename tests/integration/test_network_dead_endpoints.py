# SPDX-License-Identifier: Apache-2.0
"""An endpoint that never will work: told when it dies, replaced by the next run, gone with the network."""

from __future__ import annotations

import pytest
from ansible.module_utils.reconcile.errors import AwsFailure

from localcloud.process import Cloud
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

MODULE = "ec2_vpc_network"
NETWORK = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"app": {"internet": "none"}},
    "interface_endpoints": ["kinesis-streams"],
    "interface_endpoint_tier": "app",
}


@pytest.fixture(params=["failed", "rejected", "expired"])
def dead(cloud: Cloud, request: pytest.FixtureRequest) -> str:
    """The id of an endpoint in one of the states from which none comes back."""
    cloud.fault("endpoint-failed", state=request.param, message="no room for its interfaces", count=1)
    with pytest.raises(AwsFailure, match=f"{request.param}: no room for its interfaces"):
        run(cloud, MODULE, NETWORK)
    (found,) = cloud.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    return str(found["VpcEndpointId"])


def test_the_next_run_makes_another(cloud: Cloud, dead: str) -> None:
    four_steps(cloud, MODULE, NETWORK)
    (found,) = cloud.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    assert (found["State"], found["VpcEndpointId"] != dead) == ("available", True)


def test_it_goes_with_the_network(cloud: Cloud, dead: str) -> None:
    run(cloud, MODULE, {"state": "absent"})
    ec2 = cloud.client("ec2")
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert [vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]] == []
