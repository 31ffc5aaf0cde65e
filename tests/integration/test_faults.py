# SPDX-License-Identifier: Apache-2.0
"""Answers that are lost and runs that die, at each operation: nothing is doubled, nothing is missing.

``STREAMBED_KILLS=all`` dies at every single call in every way.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.reconcile.errors import AwsFailure, LostAnswer

from localcloud.process import REGION, Cloud
from tests.support.components import MODULES
from tests.support.deaths import Killed, faulty, places
from tests.support.runs import run

pytestmark = pytest.mark.inside

DECLARATIONS = yaml.safe_load((Path(__file__).parent / "declarations.yml").read_text())
NETWORK = DECLARATIONS["ec2_vpc_network"]


def prepared(cloud: Cloud, module: str) -> None:
    cloud.reset()
    if module == "elasticache_replication_group":
        run(cloud, "ec2_vpc_network", NETWORK)


def objects(cloud: Cloud, region: str = REGION) -> Counter[str]:
    """How many objects of each kind the cloud holds."""
    ec2, cache = cloud.client("ec2", region_name=region), cloud.client("elasticache")
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    return Counter({
        "vpcs": len(ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]),
        "subnets": len(ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["false"]}])["Subnets"]),
        "gateways": len(ec2.describe_internet_gateways()["InternetGateways"]),
        "nats": len([each for each in gateways if each["State"] in ("pending", "available")]),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "tables": len(ec2.describe_route_tables()["RouteTables"]),
        "endpoints": len(ec2.describe_vpc_endpoints()["VpcEndpoints"]),
        "groups": len(ec2.describe_security_groups()["SecurityGroups"]),
        "rules": len(ec2.describe_security_group_rules()["SecurityGroupRules"]),
        "network ACLs": len(ec2.describe_network_acls()["NetworkAcls"]),
        "rules of network ACLs": sum(len(acl["Entries"]) for acl in ec2.describe_network_acls()["NetworkAcls"]),
        "DHCP options": len(ec2.describe_dhcp_options()["DhcpOptions"]),
        "egress-only gateways": len(ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]),
        "encryption controls": len(ec2.describe_vpc_encryption_controls()["VpcEncryptionControls"]),
        "exclusions": len(ec2.describe_vpc_block_public_access_exclusions()["VpcBlockPublicAccessExclusions"]),
        "flow logs": len(ec2.describe_flow_logs()["FlowLogs"]),
        "log groups": len(cloud.client("logs", region_name=region).describe_log_groups()["logGroups"]),
        "roles": len(cloud.client("iam").list_roles()["Roles"]),
        "replication groups": len(cache.describe_replication_groups()["ReplicationGroups"]),
        "cache clusters": len(cache.describe_cache_clusters()["CacheClusters"]),
        "subnet groups": len(cache.describe_cache_subnet_groups()["CacheSubnetGroups"]),
        "streams": len(cloud.client("kinesis").list_streams()["StreamNames"]),
        "buckets": len(cloud.client("s3").list_buckets()["Buckets"]),
        "tables in DynamoDB": len(cloud.client("dynamodb").list_tables()["TableNames"]),
    })  # fmt: skip


def undisturbed(cloud: Cloud, module: str) -> tuple[list[str], Counter[str]]:
    """The operations of a run's writes, and what it leaves."""
    prepared(cloud, module)
    result = run(cloud, module, DECLARATIONS[module])
    return [call["operation"] for call in result["calls"]], objects(cloud)


@pytest.mark.parametrize("after", [True, False], ids=["after it took effect", "before it took effect"])
@pytest.mark.parametrize("module", MODULES)
def test_a_lost_answer_doubles_nothing(cloud: Cloud, module: str, after: bool) -> None:
    writes, wanted = undisturbed(cloud, module)
    for fail_at in places(writes, after, 4):
        prepared(cloud, module)
        aws = faulty(cloud, fail_at, after, LostAnswer("the connection broke"))
        result = run(cloud, module, DECLARATIONS[module], aws=aws)
        assert result["changed"]
        assert objects(cloud) == wanted, f"write {fail_at} of {len(writes)}"
        assert not run(cloud, module, DECLARATIONS[module])["changed"], f"write {fail_at} of {len(writes)}"


@pytest.mark.parametrize("after", [True, False], ids=["after it took effect", "before it took effect"])
@pytest.mark.parametrize("module", MODULES)
def test_a_run_that_died_is_continued(cloud: Cloud, module: str, after: bool) -> None:
    writes, wanted = undisturbed(cloud, module)
    for fail_at in places(writes, 2 + after, 4):
        prepared(cloud, module)
        with pytest.raises(AwsFailure, match="Made before"):
            run(cloud, module, DECLARATIONS[module], aws=faulty(cloud, fail_at, after, Killed()))
        run(cloud, module, DECLARATIONS[module])
        assert objects(cloud) == wanted, f"write {fail_at} of {len(writes)}"
        before = len(cloud.journal())
        assert not run(cloud, module, DECLARATIONS[module])["changed"], f"write {fail_at} of {len(writes)}"
        assert not cloud.writes(before)
