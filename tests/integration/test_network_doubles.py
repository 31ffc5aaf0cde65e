# SPDX-License-Identifier: Apache-2.0
"""Two objects that say to be the same part of a network: the run stops before it writes, and lists both."""

from __future__ import annotations

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support.runs import run

pytestmark = pytest.mark.inside

MODULE = "ec2_vpc_network"
NETWORK = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a"],
    "tiers": {"app": {"internet": "none"}},
}


@pytest.mark.parametrize("given", [NETWORK, {"state": "absent"}], ids=["present", "absent"])
def test_a_second_subnet_with_our_tags_stops_the_run_until_it_is_gone(cloud: Cloud, given: dict[str, object]) -> None:
    run(cloud, MODULE, NETWORK)
    ec2 = cloud.client("ec2")
    owned = [{"Name": "tag:streambed:part", "Values": ["subnet/app/eu-west-1a"]}]
    (first,) = ec2.describe_subnets(Filters=owned)["Subnets"]
    tags = [{"ResourceType": "subnet", "Tags": first["Tags"]}]
    second = ec2.create_subnet(VpcId=first["VpcId"], CidrBlock="10.20.240.0/20", TagSpecifications=tags)["Subnet"]
    ids = sorted([first["SubnetId"], second["SubnetId"]])
    written = len(cloud.writes())
    with pytest.raises(Refused, match=f"part=subnet/app/eu-west-1a: found {', '.join(ids)}, wanted one object"):
        run(cloud, MODULE, given)
    assert len(cloud.writes()) == written
    ec2.delete_subnet(SubnetId=second["SubnetId"])
    run(cloud, MODULE, given)
