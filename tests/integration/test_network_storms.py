# SPDX-License-Identifier: Apache-2.0
"""A network with everything in it, under lost answers, failing servers and stale reads: nothing is doubled or lost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.integration.test_faults import objects
from tests.integration.test_network_settings import BASE, emptied
from tests.support import runs
from tests.support.runs import run

MODULE = "ec2_vpc_network"
OWN: dict[str, Any] = {"ingress": [{"rule_number": 100, "port": 6379, "cidr_block": "vpc"}], "egress": []}
EVERYTHING: dict[str, Any] = {
    **BASE,
    "tiers": {
        "public": {"internet": "gateway"},
        "app": {"internet": "nat", "enable_dns64": True, "assign_ipv6_address_on_creation": True},
        "cache": {"internet": "none", "network_acl": OWN},
    },
    "nat_gateways": "regional",
    "secondary_cidr_blocks": ["10.21.0.0/16"],
    "ipv6_pool": "amazon",
    "default_network_acl": {"ingress": [{"rule_number": 100, "protocol": "all", "cidr_block": "vpc"}]},
    "default_security_group_locked": True,
    "default_route_table_locked": True,
    "dhcp_options": {"domain_name": "sensors.example"},
    "interface_endpoints": ["kinesis-streams"],
    "interface_endpoint_tier": "app",
    "security_groups": {"app": {"ingress": [], "egress": [{"port": 443, "cidr_block": "0.0.0.0/0"}]}},
    "flow_logs": {"destination": "arn:aws:s3:::flow-logs"},
    "encryption_control": {"mode": "monitor"},
    "block_public_access_exclusion": "allow-egress",
}
# A few to a run: the core goes on after a lost answer, but not after five.
WRITES = [
    ("AssociateVpcCidrBlock", "CreateEgressOnlyInternetGateway", "ModifySubnetAttribute"),
    ("CreateNetworkAcl", "CreateNetworkAclEntry", "ReplaceNetworkAclAssociation"),
    ("CreateDhcpOptions", "AssociateDhcpOptions", "CreateNatGateway"),
    ("CreateVpcEncryptionControl", "CreateVpcBlockPublicAccessExclusion", "CreateFlowLogs"),
    ("CreateVpc", "CreateSecurityGroup", "ReplaceNetworkAclEntry"),
]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's own pauses take no time; AWS's half minute is long enough for several looks on a busy machine."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(runs, "CLOCK_SPEED", 10)


def assert_complete(cloud: Cloud) -> None:
    """One of each object, and nothing to do; what struck before is over."""
    idle = [each for each in cloud.faults() if not each["struck"]]
    cloud.clear_faults()
    assert not idle, "a fault never struck"
    found = objects(cloud)
    before = len(cloud.journal())
    assert not run(cloud, MODULE, EVERYTHING)["changed"]
    assert not cloud.writes(before)
    emptied(cloud)
    run(cloud, MODULE, EVERYTHING)
    assert found == objects(cloud)


@pytest.mark.parametrize("kind", ["lost", "error"])
@pytest.mark.parametrize("writes", WRITES)
def test_a_write_whose_answer_is_lost_is_made_once(cloud: Cloud, writes: tuple[str, ...], kind: str) -> None:
    emptied(cloud)
    for write in writes:
        cloud.fault(
            kind, service="ec2", operation=write, after=True, count=1, **({"status": 503} if kind == "error" else {})
        )
    run(cloud, MODULE, EVERYTHING)
    assert_complete(cloud)


@pytest.mark.parametrize("reads", [1, 2])
def test_stale_reads_double_nothing(cloud: Cloud, reads: int) -> None:
    emptied(cloud)
    cloud.fault("stale", reads=reads)
    run(cloud, MODULE, EVERYTHING)
    assert_complete(cloud)


def test_all_of_it_goes_again(cloud: Cloud) -> None:
    emptied(cloud)
    untouched = objects(cloud)
    run(cloud, MODULE, EVERYTHING)
    cloud.fault("stale", reads=1)
    run(cloud, MODULE, {"state": "absent"})
    cloud.clear_faults()
    assert objects(cloud) == untouched
