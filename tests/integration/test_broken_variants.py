# SPDX-License-Identifier: Apache-2.0
"""Streambed made wrong on purpose: each variant fails on the embedded cloud, and its untouched twin passes there.

A variant changes the plan just before it is carried out. Variants and twins run without patience: what AWS refuses is
not sent again, so that only the order and the waits of the plan itself can make it pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.reconcile.component import Component
from ansible.module_utils.reconcile.errors import AwsFailure, LostAnswer, Refused
from ansible.module_utils.reconcile.plan import Call

from localcloud.process import REGION, Cloud
from tests.integration.test_faults import DECLARATIONS
from tests.support.components import component
from tests.support.runs import aws_of, connection, run

Breaking = Callable[[list[Call]], list[Call]]

NETWORK, GROUP, STREAM, BUCKET = (
    "ec2_vpc_network",
    "elasticache_replication_group",
    "kinesis_data_stream",
    "s3_state_bucket",
)
GONE = {"state": "absent"}

#: A network with a NAT gateway and nothing that lingers.
ROUTED = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"public": {"internet": "gateway"}, "app": {"internet": "nat"}},
    "nat_gateways": "single",
}
#: A network with an interface endpoint, and groups that name each other.
ENDPOINTS = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"app": {"internet": "none"}},
    "dns_support": True,
    "dns_hostnames": True,
    "interface_endpoints": ["kinesis-streams"],
    "interface_endpoint_tier": "app",
    "security_groups": {
        "app": {"description": "app", "ingress": [], "egress": [{"port": 6379, "security_group": "cache"}]},
        "cache": {"description": "cache", "ingress": [{"port": 6379, "security_group": "app"}], "egress": []},
    },
}
#: A group without cluster mode, open to changes of every kind.
PLAIN = {
    "engine": "redis",
    "engine_version": "7.1",
    "cache_node_type": "cache.t4g.small",
    "num_cache_clusters": 2,
    "automatic_failover_enabled": True,
    "multi_az_enabled": True,
    "transit_encryption_enabled": False,
    "subnet_tier": "cache",
    "security_group_names": ["cache"],
    "apply_immediately": True,
}
SHARDED = DECLARATIONS[GROUP] | {"apply_immediately": True, "allow_memory_decrease": True}


class Impatient(Aws):
    """AWS as it is met by somebody who never sends a refused call again."""

    def write(self, service: str, operation: str, params: Any, _patience: Any, *rest: Any) -> dict[str, Any]:
        return super().write(service, operation, params, {}, *rest)


@dataclass(frozen=True)
class Variant:
    """One mistake: what was declared before, what is declared now, and how the plan for it is broken."""

    module: str
    before: dict[str, Any] | None
    now: dict[str, Any]
    breaking: Breaking
    #: What AWS says about it: a pattern of operation, error code and message.
    error: str
    region: str = REGION


def broken(module: str, breaking: Breaking) -> Component:
    """The component with every plan of it broken."""
    sound = component(module)
    return replace(
        sound,
        create=lambda desired: breaking(sound.create(desired)),
        update=lambda *states: breaking(sound.update(*states)),
        delete=lambda seen, options: breaking(sound.delete(seen, options)),
    )


def first(operation: str) -> Breaking:
    """The calls of one operation are made before all others; what has to be done to the same object is left out."""

    def breaking(calls: list[Call]) -> list[Call]:
        early = {call.on for call in calls if call.operation == operation}
        return [
            replace(call, after=()) if call.operation == operation
            else replace(call, after=(*call.after, *(early - {call.on})))
            for call in calls if call.operation == operation or call.on not in early
        ]  # fmt: skip

    return breaking


def last(operation: str, behind: str) -> Breaking:
    """The calls of one operation wait for those of another, which no longer wait for anybody."""

    def breaking(calls: list[Call]) -> list[Call]:
        early = tuple(call.on for call in calls if call.operation == behind)
        changed = []
        for call in calls:
            if call.operation == behind:
                call = replace(call, after=())
            elif call.operation == operation:
                call = replace(call, after=early)
            changed.append(call)
        return changed

    return breaking


def without_waits(calls: list[Call]) -> list[Call]:
    """Each call is made as soon as the one before it is answered."""
    return [replace(call, wait=None) for call in calls]


def without(operation: str, parameter: str) -> Breaking:
    """One parameter of one operation is forgotten."""
    return changed(operation, lambda params: {key: value for key, value in params.items() if key != parameter})


def given(operation: str, **wrong: Any) -> Breaking:
    """Parameters of one operation are wrong."""
    return changed(operation, lambda params: {**params, **wrong})


def changed(operation: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Breaking:
    def breaking(calls: list[Call]) -> list[Call]:
        return [replace(c, params=change(dict(c.params))) if c.operation == operation else c for c in calls]

    return breaking


def only_last_step(operation: str) -> Breaking:
    """Of several steps with one operation only the last is taken, as if the others were not needed."""

    def breaking(calls: list[Call]) -> list[Call]:
        steps = [call for call in calls if call.operation == operation]
        return [call for call in calls if call not in steps[:-1]]

    return breaking


def backwards(calls: list[Call]) -> list[Call]:
    """The steps of a change in the wrong order."""
    return calls[::-1]


def tls_at_once(calls: list[Call]) -> list[Call]:
    """TLS is required in the very call that switches it on."""
    required = {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "required"}
    return given("modify_replication_group", **required)(only_last_step("modify_replication_group")(calls))


def as_instance(params: dict[str, Any]) -> dict[str, Any]:
    """Tags are meant for another kind of thing than the one that is made."""
    wrong = [{**specification, "ResourceType": "instance"} for specification in params["TagSpecifications"]]
    return params | {"TagSpecifications": wrong}


def with_location(params: dict[str, Any]) -> dict[str, Any]:
    """The region is named, where it must not be."""
    return params | {"CreateBucketConfiguration": {"LocationConstraint": "us-east-1"}}


NETWORK_VARIANTS = {
    "a subnet goes while its NAT gateway lives": Variant(
        NETWORK, ROUTED, GONE, first("delete_subnet"), "DeleteSubnet: DependencyViolation"),
    "an address is released before its NAT gateway is gone": Variant(
        NETWORK, ROUTED, GONE, first("release_address"), "ReleaseAddress: AuthFailure"),
    "nobody waits until the NAT gateway is gone": Variant(
        NETWORK, ROUTED, GONE, without_waits, "(ReleaseAddress: AuthFailure|DeleteSubnet: DependencyViolation)"),
    "the internet gateway is detached while addresses are mapped": Variant(
        NETWORK, ROUTED, GONE, first("detach_internet_gateway"),
        "DetachInternetGateway: DependencyViolation: .*mapped public address"),
    "the VPC goes before what is in it": Variant(
        NETWORK, ROUTED, GONE, first("delete_vpc"), "DeleteVpc: DependencyViolation"),
    "a route table goes before it is taken from its subnet": Variant(
        NETWORK, ROUTED, GONE, first("delete_route_table"), "DeleteRouteTable: DependencyViolation"),
    "a subnet goes while an interface endpoint lives": Variant(
        NETWORK, ENDPOINTS, GONE, first("delete_subnet"), "DeleteSubnet: DependencyViolation"),
    "a security group goes while others name it": Variant(
        NETWORK, ENDPOINTS, GONE, first("delete_security_group"), "DeleteSecurityGroup: DependencyViolation"),
    "a NAT gateway comes before the internet gateway is attached": Variant(
        NETWORK, None, ROUTED, last("attach_internet_gateway", behind="create_nat_gateway"),
        "NAT gateway eu-west-1a is failed: Network .* has no Internet gateway attached"),
    "tags name another kind of resource": Variant(
        NETWORK, None, ROUTED, changed("create_subnet", as_instance), "CreateSubnet: InvalidParameterValue"),
}  # fmt: skip
MODIFY = "modify_replication_group"
SCALE = "modify_replication_group_shard_configuration"
CREATE = "create_replication_group"
TOKEN = {"transit_encryption_enabled": True, "auth_token": "not-a-secret-not-a-secret", "auth_token_version": "1"}
GROUP_VARIANTS = {
    "the subnet group goes before the nodes": Variant(
        GROUP, SHARDED, GONE, first("delete_cache_subnet_group"), "DeleteCacheSubnetGroup: CacheSubnetGroupInUse"),
    "nobody waits between two changes of a group": Variant(
        GROUP, PLAIN, PLAIN | {"snapshot_retention_days": 3, "cache_node_type": "cache.t4g.medium"}, without_waits,
        "ModifyReplicationGroup: InvalidReplicationGroupState"),
    "TLS is required at once": Variant(
        GROUP, PLAIN, PLAIN | {"transit_encryption_enabled": True, "transit_encryption_mode": "required"}, tls_at_once,
        "ModifyReplicationGroup: InvalidParameterCombination: .*preferred"),
    "shards go without saying which": Variant(
        GROUP, SHARDED, SHARDED | {"num_node_groups": 1}, without(SCALE, "NodeGroupsToRemove"),
        "ShardConfiguration: InvalidParameterCombination: .*NodeGroupsToRemove"),
    "the parameter group is for another cluster mode": Variant(
        GROUP, None, SHARDED, given(CREATE, CacheParameterGroupName="default.redis7"),
        "CreateReplicationGroup: InvalidParameterCombination: .*cluster mode disabled"),
    "the parameter group is of another family": Variant(
        GROUP, None, SHARDED, given(CREATE, CacheParameterGroupName="default.redis6.x.cluster.on"),
        "CreateReplicationGroup: InvalidParameterCombination: .*family redis7"),
    "replicas go before Multi-AZ is off": Variant(
        GROUP, PLAIN, PLAIN | {"num_cache_clusters": 1, "multi_az_enabled": False, "automatic_failover_enabled": False},
        backwards, "DecreaseReplicaCount: InvalidParameterCombination"),
    "a token is set that was not rotated in": Variant(
        GROUP, PLAIN | TOKEN, PLAIN | TOKEN | {"auth_token": "another-one-another-one", "auth_token_version": "2"},
        only_last_step(MODIFY), "ModifyReplicationGroup: InvalidParameterCombination: SET is only allowed"),
}  # fmt: skip
OTHER_VARIANTS = {
    "nobody waits between two changes of a stream": Variant(
        STREAM, {"shard_count": 2}, {"shard_count": 4, "retention_hours": 168}, without_waits,
        "IncreaseStreamRetentionPeriod: ResourceInUseException"),
    "a stream grows to four times its shards at once": Variant(
        STREAM, {"shard_count": 2}, {"shard_count": 8}, only_last_step("update_shard_count"),
        "UpdateShardCount: LimitExceededException"),
    "a stream shrinks to a quarter of its shards at once": Variant(
        STREAM, {"shard_count": 8}, {"shard_count": 2}, only_last_step("update_shard_count"),
        "UpdateShardCount: LimitExceededException"),
    "a bucket outside us-east-1 does not say where": Variant(
        BUCKET, None, DECLARATIONS[BUCKET], without("create_bucket", "CreateBucketConfiguration"),
        "CreateBucket: IllegalLocationConstraintException"),
    "a bucket in us-east-1 says where": Variant(
        BUCKET, None, DECLARATIONS[BUCKET], changed("create_bucket", with_location),
        "CreateBucket: InvalidLocationConstraint", region="us-east-1"),
}  # fmt: skip
VARIANTS = {**NETWORK_VARIANTS, **GROUP_VARIANTS, **OTHER_VARIANTS}


@pytest.fixture
def strict(cloud: Cloud) -> Cloud:
    """The cloud with states on, and without network interfaces that stay behind: those need patience from anybody."""
    cloud.configure(settle_polls={"default": 1, "network_interface": 0})
    return cloud


def aws_in(cloud: Cloud, region: str, kind: type[Aws] = Impatient) -> Aws:
    return kind({**connection(cloud), "region_name": region}, None, lambda _: None)


def laid(cloud: Cloud, variant: Variant) -> None:
    """What is there before the declaration that the variant gets wrong."""
    if variant.module == GROUP:
        run(cloud, NETWORK, DECLARATIONS[NETWORK])
    if variant.before is not None:
        run(cloud, variant.module, variant.before)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_broken_variant_fails(strict: Cloud, name: str) -> None:
    variant = VARIANTS[name]
    laid(strict, variant)
    wrong = broken(variant.module, variant.breaking)
    with pytest.raises(AwsFailure, match=variant.error):
        run(strict, variant.module, variant.now, aws=aws_in(strict, variant.region), variant=wrong)


@pytest.mark.parametrize("name", VARIANTS)
def test_its_untouched_twin_passes(strict: Cloud, name: str) -> None:
    variant = VARIANTS[name]
    laid(strict, variant)
    aws = aws_in(strict, variant.region)
    assert run(strict, variant.module, variant.now, aws=aws)["changed"]
    assert not run(strict, variant.module, variant.now, aws=aws)["changed"]
    assert [entry for entry in strict.writes() if entry["error"]] == []


# --- creation without tags -----------------------------------------------------------------------------------------


def test_a_group_without_ownership_tags_is_nobody_s(strict: Cloud) -> None:
    run(strict, NETWORK, DECLARATIONS[NETWORK])
    with pytest.raises(AwsFailure, match="ownership tags"):
        run(strict, GROUP, SHARDED, variant=broken(GROUP, without("create_replication_group", "Tags")))
    with pytest.raises(Refused, match="ownership tags"):
        run(strict, GROUP, SHARDED)


def test_a_vpc_without_ownership_tags_is_made_again(strict: Cloud) -> None:
    untagged = broken(NETWORK, without("create_vpc", "TagSpecifications"))
    with pytest.raises(AwsFailure, match="AWS does not show it"):
        run(strict, NETWORK, {"cidr_block": "10.20.0.0/16"}, variant=untagged)
    run(strict, NETWORK, {"cidr_block": "10.20.0.0/16"})
    assert vpcs(strict) == 2


# --- a create whose answer is lost ---------------------------------------------------------------------------------


class Lossy(Aws):
    """AWS whose first answer to CreateVpc is lost."""

    lost = False

    def write(self, service: str, operation: str, *rest: Any) -> dict[str, Any]:
        answer = super().write(service, operation, *rest)
        if operation == "create_vpc" and not self.lost:
            self.lost = True
            return self.without_answer(service, operation, *rest)
        return answer

    def without_answer(self, *_: Any) -> dict[str, Any]:
        raise LostAnswer("the connection broke")


class Blind(Lossy):
    """Whoever gets no answer sends the same call again, as boto3 does by default."""

    def without_answer(self, *call: Any) -> dict[str, Any]:
        return self.write(*call)


def vpcs(cloud: Cloud) -> int:
    return len(cloud.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"])


def test_a_create_that_is_blindly_sent_again_makes_two(strict: Cloud) -> None:
    with pytest.raises(AwsFailure, match="ownership tags: found .*vpc-.*vpc-.*, wanted one VPC"):
        run(strict, NETWORK, ROUTED, aws=aws_of(strict, Blind))
    assert vpcs(strict) == 2


def test_a_create_that_is_looked_for_first_makes_one(strict: Cloud) -> None:
    run(strict, NETWORK, ROUTED, aws=aws_of(strict, Lossy))
    assert vpcs(strict) == 1


# --- what stays behind for a while ---------------------------------------------------------------------------------


def test_without_patience_a_teardown_stops_at_what_stays_behind(cloud: Cloud) -> None:
    run(cloud, NETWORK, ENDPOINTS)
    with pytest.raises(AwsFailure, match="(DeleteSubnet|DeleteSecurityGroup): DependencyViolation"):
        run(cloud, NETWORK, GONE, aws=aws_in(cloud, REGION))


def test_with_patience_a_teardown_outlasts_it(cloud: Cloud) -> None:
    run(cloud, NETWORK, ENDPOINTS)
    run(cloud, NETWORK, GONE)
    assert vpcs(cloud) == 0
