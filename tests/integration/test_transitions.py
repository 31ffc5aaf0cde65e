# SPDX-License-Identifier: Apache-2.0
"""Plans of what AWS is in the middle of: each comes at once, whatever the state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.reconcile import engine, planning

from localcloud.process import Cloud
from tests.support.components import component, options
from tests.support.runs import aws_of, run

pytestmark = pytest.mark.inside

DECLARATIONS = yaml.safe_load((Path(__file__).parent / "declarations.yml").read_text())
NETWORK, STREAM = DECLARATIONS["ec2_vpc_network"], DECLARATIONS["kinesis_data_stream"]
CACHE = DECLARATIONS["elasticache_replication_group"]
# More looks than any plan takes: what is begun stays under way.
FOR_EVER = 10_000
LONGEST_PLAN_SECONDS = 1.0
Act = Callable[[Cloud], Any]


def laid(module: str, given: Mapping[str, Any], **changes: Any) -> Act:
    """A run that leaves its slow waits to others."""
    return lambda cloud: run(cloud, module, {**given, **changes, "wait": False})


def changed(service: str, operation: str, **params: Any) -> Act:
    """A change by hand."""
    return lambda cloud: getattr(cloud.client(service), operation)(**params)


def nothing(cloud: Cloud) -> None:
    """The cloud as it is."""


def taken_away(cloud: Cloud) -> None:
    """Gateways and endpoints on their way out."""
    ec2 = cloud.client("ec2")
    for gateway in ec2.describe_nat_gateways()["NatGateways"]:
        ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[each["VpcEndpointId"] for each in endpoints])


GROUP: dict[str, Any] = {"ReplicationGroupId": "sensors-test", "ApplyImmediately": True}
STATES: dict[str, tuple[str, Mapping[str, Any], Act, Act]] = {
    "a stream that is being created": ("kinesis_data_stream", STREAM, nothing, laid("kinesis_data_stream", STREAM)),
    "a stream that is being changed": (
        "kinesis_data_stream", STREAM, laid("kinesis_data_stream", STREAM),
        changed("kinesis", "update_shard_count", StreamName="sensors-test", TargetShardCount=4,
                ScalingType="UNIFORM_SCALING")),
    "a stream that is being deleted": (
        "kinesis_data_stream", STREAM, laid("kinesis_data_stream", STREAM),
        changed("kinesis", "delete_stream", StreamName="sensors-test", EnforceConsumerDeletion=True)),
    "a network whose parts are being made": ("ec2_vpc_network", NETWORK, nothing, laid("ec2_vpc_network", NETWORK)),
    "a network whose parts are going": (
        "ec2_vpc_network", NETWORK, laid("ec2_vpc_network", NETWORK),
        taken_away),
    "a group that is being created": (
        "elasticache_replication_group", CACHE, nothing,
        laid("elasticache_replication_group", CACHE)),
    "a group that is being changed": (
        "elasticache_replication_group", CACHE, laid("elasticache_replication_group", CACHE),
        changed("elasticache", "modify_replication_group", ReplicationGroupDescription="another", **GROUP)),
    "a group that is being deleted": (
        "elasticache_replication_group", CACHE, laid("elasticache_replication_group", CACHE),
        changed("elasticache", "delete_replication_group", ReplicationGroupId="sensors-test",
                RetainPrimaryCluster=False)),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_a_plan_comes_at_once(cloud: Cloud, state: str) -> None:
    module, given, before, begin = STATES[state]
    cloud.configure(settle_polls=0)
    if module == "elasticache_replication_group":
        run(cloud, "ec2_vpc_network", NETWORK)
    before(cloud)
    cloud.configure(settle_polls=FOR_EVER)
    begin(cloud)
    declared = [planning.Declaration(module, component(module), options(module, dict(given)))]
    looks = engine.look(declared, aws_of(cloud))
    # Of this process alone: how long a thought takes is not what else the machine does.
    started = time.process_time()
    plan = planning.draw_up(declared, looks)
    assert time.process_time() - started < LONGEST_PLAN_SECONDS
    assert plan.parts[module].waits, "nothing was under way"


def test_a_stream_without_shards_yet_is_not_scaled(cloud: Cloud) -> None:
    cloud.configure(settle_polls=FOR_EVER)
    run(cloud, "kinesis_data_stream", {**STREAM, "wait": False})
    plan = run(cloud, "kinesis_data_stream", STREAM, check=True)
    assert "update_shard_count" not in [call["operation"] for call in plan["calls"]]
