# SPDX-License-Identifier: Apache-2.0
"""Changes that cross components: one plan, which is the deed call by call; one run; the second writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.support.environments import conducted, one_plan, operations, settled
from tests.support.platform import GROUPS, SMALL

pytestmark = pytest.mark.inside


def before(plan: dict[str, Any], first: str, then: str) -> bool:
    """Whether every call of one operation comes before every call of another."""
    made = operations(plan)
    return max(i for i, each in enumerate(made) if each == first) < min(
        i for i, each in enumerate(made) if each == then
    )


def test_another_zone_comes_with_the_network_into_the_cache(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    plan = one_plan(cloud, {**SMALL, "vpc_zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]})
    assert "modify_cache_subnet_group" in operations(plan)
    assert before(plan, "create_subnet", "modify_cache_subnet_group")


def test_the_cache_moves_to_another_security_group_before_its_old_one_goes(cloud: Cloud) -> None:
    one_plan(cloud, {**SMALL, "vpc_security_groups": GROUPS})
    groups = {"app": GROUPS["app"], "redis": GROUPS["cache"]}
    plan = one_plan(cloud, {**SMALL, "vpc_security_groups": groups, "redis_security_group_names": ["redis"]})
    assert before(plan, "create_security_group", "modify_replication_group")
    assert before(plan, "modify_replication_group", "revoke_security_group_ingress")
    assert before(plan, "revoke_security_group_ingress", "delete_security_group")


ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_a_zone_is_given_up_once_the_nodes_have_left_it(cloud: Cloud) -> None:
    one_plan(cloud, {**SMALL, "vpc_zones": ZONES, "redis_num_node_groups": 1, "redis_replicas_per_node_group": 2})
    (subnets,) = cloud.client("elasticache").describe_cache_subnet_groups()["CacheSubnetGroups"]
    cached = {each["SubnetIdentifier"] for each in subnets["Subnets"]}
    fewer = {**SMALL, "vpc_zones": ZONES[:2], "redis_num_node_groups": 1, "redis_replicas_per_node_group": 1}
    plan = one_plan(cloud, fewer)
    assert before(plan, "decrease_replica_count", "modify_cache_subnet_group")
    made = operations(plan)
    left = [call["params"]["SubnetId"] for call in plan["order"] if call["operation"] == "delete_subnet"]
    (subnet,) = {each for each in left if each in cached}
    assert made.index("modify_cache_subnet_group") < next(
        at for at, call in enumerate(plan["order"]) if call["params"].get("SubnetId") == subnet
    )
    (group,) = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    nodes = [node["PreferredAvailabilityZone"] for node in group["NodeGroups"][0]["NodeGroupMembers"]]
    assert sorted(nodes) == ZONES[:2]


def test_a_zone_in_which_others_have_something_is_not_given_up_in_part(cloud: Cloud) -> None:
    one_plan(cloud, {**SMALL, "vpc_zones": ZONES})
    ec2 = cloud.client("ec2")
    filters = [{"Name": "tag:streambed:tier", "Values": ["app"]},
               {"Name": "availability-zone", "Values": ["eu-west-1c"]}]  # fmt: skip
    (subnet,) = ec2.describe_subnets(Filters=filters)["Subnets"]
    ec2.create_network_interface(SubnetId=subnet["SubnetId"], Description="a worker of the application")
    made = len(cloud.journal())
    with pytest.raises(Refused, match="a worker of the application. in subnet app/eu-west-1c"):
        conducted(cloud, {**SMALL, "vpc_zones": ZONES[:2]})
    assert not cloud.writes(made)


def test_a_tier_under_another_name_keeps_its_subnets_and_the_cache_in_them(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    tiers = {"app": {"internet": "none"}, "data": {"internet": "none"}}
    plan = one_plan(cloud, {**SMALL, "vpc_tiers": tiers, "redis_subnet_tier": "data"})
    assert set(operations(plan)) == {"create_tags"}


@pytest.mark.parametrize(("variables", "texts"), [
    ({"vpc_zones": ["eu-west-1a"]}, ["multi_az_enabled: found true, with subnets in eu-west-1a only", "add a zone"]),
    ({"redis_subnet_tier": "cachee"}, ["subnet_tier: found cachee (did you mean cache?), wanted app, cache"]),
    ({"redis_security_group_names": ["nope"]}, ["security_group_names: found nope", "wanted app, cache"]),
])  # fmt: skip
def test_what_does_not_fit_the_network_is_refused_before_any_write(
    cloud: Cloud, variables: dict[str, Any], texts: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        conducted(cloud, {**SMALL, **variables})
    for text in texts:
        assert text in str(refused.value)
    assert not cloud.writes()


def test_a_refusal_of_one_component_keeps_what_the_others_would_do(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    cloud.client("kinesis").increase_stream_retention_period(StreamName="sensors-test", RetentionPeriodHours=336)
    cloud.client("s3").delete_bucket_policy(Bucket="sensors-test-state-123456789012")
    drift = conducted(cloud, SMALL, check=True, verb="drift")
    assert drift["failed"]
    found = drift["drift"]
    assert [(each["component"], each["attribute"]) for each in found["differences"]] == [("state_bucket", "tls_only")]
    assert [each["component"] for each in found["refused"]] == ["kinesis"]
    assert "allow_retention_decrease" in found["refused"][0]["why"]
    made = len(cloud.journal())
    with pytest.raises(Refused, match="allow_retention_decrease"):
        conducted(cloud, SMALL)
    assert not cloud.writes(made), "a run wrote although something was refused"


def test_destroy_takes_everything_by_one_plan(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    plan = conducted(cloud, SMALL, check=True, verb="destroy")["plan"]
    assert before(plan, "delete_cache_subnet_group", "delete_vpc")
    assert operations(plan)[-1] == "delete_bucket"
    conducted(cloud, SMALL, verb="destroy")
    assert not cloud.client("ec2").describe_vpcs(Filters=[{"Name": "tag:streambed:stack", "Values": ["sensors"]}])[
        "Vpcs"
    ]
    assert not cloud.client("s3").list_buckets()["Buckets"]
    assert not cloud.client("kinesis").list_streams()["StreamNames"]
    assert not conducted(cloud, SMALL, verb="destroy")["changed"]


def test_exactly_the_approved_plan_is_made(cloud: Cloud) -> None:
    digest = conducted(cloud, SMALL, check=True)["digest"]
    assert digest == conducted(cloud, SMALL, check=True)["digest"]
    with pytest.raises(Refused, match=r"approved_plan: found .* wanted the approved 0123456789abcdef"):
        conducted(cloud, SMALL, approved_plan="0123456789abcdef")
    assert not cloud.writes()
    conducted(cloud, SMALL, approved_plan=digest)
    settled(cloud, SMALL)


def test_what_an_environment_holds_back_wants_an_approved_plan(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    guarded = {**SMALL, "allowed_changes": ["create", "in place", "deferred", "multi-step"]}
    wanted = {**guarded, "vpc_security_groups": {"cache": {"ingress": [], "egress": []}}}
    made = len(cloud.journal())
    with pytest.raises(Refused) as refused:
        conducted(cloud, wanted)
    assert "allowed_changes: found 1 delete: delete security group app" in str(refused.value)
    assert not cloud.writes(made)
    plan = conducted(cloud, wanted, check=True)
    assert f"approved_plan={plan['digest']}" in str(refused.value)
    conducted(cloud, wanted, approved_plan={"test": plan["digest"]})
    settled(cloud, wanted)


def test_a_world_that_changed_after_the_approval_is_named(cloud: Cloud, tmp_path: Any) -> None:
    one_plan(cloud, SMALL)
    wanted = {**SMALL, "kinesis_shard_count": 2, "artifacts_folder": str(tmp_path)}
    digest = conducted(cloud, wanted, check=True)["digest"]
    cloud.client("s3").delete_bucket_policy(Bucket="sensors-test-state-123456789012")
    made = len(cloud.journal())
    with pytest.raises(Refused, match="new: set the bucket policy"):
        conducted(cloud, wanted, approved_plan=digest)
    assert not cloud.writes(made)


TAGGED = {**SMALL, **{f"{role}_tags": {"team": "telemetry"} for role in ("vpc", "redis", "kinesis", "state_bucket")}}
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/sensors-test"
CACHE = "arn:aws:elasticache:eu-west-1:123456789012:{}:sensors-test"
BUCKET = "sensors-test-state-123456789012"


def vpc_of(cloud: Cloud) -> str:
    filters = [{"Name": "tag:streambed:environment", "Values": ["test"]}]
    (vpc,) = cloud.client("ec2").describe_vpcs(Filters=filters)["Vpcs"]
    return str(vpc["VpcId"])


# What somebody changes, and how; a glance must see each one.
INTRUSIONS: dict[str, Any] = {
    "a tag of the stream": lambda cloud: cloud.client("kinesis").untag_resource(
        ResourceARN=STREAM, TagKeys=["team"]),
    "a tag of the cache": lambda cloud: cloud.client("elasticache").remove_tags_from_resource(
        ResourceName=CACHE.format("replicationgroup"), TagKeys=["team"]),
    "a tag of the subnet group": lambda cloud: cloud.client("elasticache").add_tags_to_resource(
        ResourceName=CACHE.format("subnetgroup"), Tags=[{"Key": "team", "Value": "x"}]),
    "a tag of the bucket": lambda cloud: cloud.client("s3").put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [
        {"Key": key, "Value": value} for key, value in
        {"streambed:stack": "sensors", "streambed:environment": "test"}.items()]}),
    "grants under an owner of objects": lambda cloud: (
        cloud.client("s3").delete_bucket_ownership_controls(Bucket=BUCKET)),
    "DNS names": lambda cloud: cloud.client("ec2").modify_vpc_attribute(
        VpcId=vpc_of(cloud), EnableDnsHostnames={"Value": False}),
    "public access": lambda cloud: cloud.client("s3").delete_public_access_block(Bucket=BUCKET),
    "retention": lambda cloud: cloud.client("kinesis").increase_stream_retention_period(
        StreamName="sensors-test", RetentionPeriodHours=48),
}  # fmt: skip


def test_a_glance_hides_nothing(cloud: Cloud) -> None:
    declared = {**TAGGED, "kinesis_retention_hours": 24, "kinesis_allow_retention_decrease": True}
    one_plan(cloud, declared)
    for what, intrude in INTRUSIONS.items():
        intrude(cloud)
        assert conducted(cloud, declared)["changed"], f"{what}: not seen"
    settled(cloud, declared)


def test_what_bears_our_tags_beside_the_network_is_no_more_overlooked_by_a_glance(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    tags = [{"Key": "streambed:stack", "Value": "sensors"}, {"Key": "streambed:environment", "Value": "test"},
            {"Key": "streambed:part", "Value": "nat/eu-west-1a"}]  # fmt: skip
    cloud.client("ec2").allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    assert operations(conducted(cloud, SMALL)["plan"]) == ["release_address"]
    settled(cloud, SMALL)


def test_who_may_not_list_tags_sees_everything_all_the_same(cloud: Cloud) -> None:
    one_plan(cloud, TAGGED)
    cloud.fault("denied", operation="GetResources", count=9)
    assert not conducted(cloud, TAGGED)["changed"]
    cloud.client("kinesis").untag_resource(ResourceARN=STREAM, TagKeys=["team"])
    assert conducted(cloud, TAGGED)["changed"]


def test_a_role_alone_takes_no_part_of_its_environment_for_an_orphan(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    alone = conducted(cloud, SMALL, check=True, roles=("kinesis",), whole=False, purge_orphans=True)
    assert (alone["plan"]["calls"], alone["plan"]["orphans"]) == (0, [])


def test_orphans_are_told_and_go_when_they_are_to(cloud: Cloud) -> None:
    one_plan(cloud, SMALL)
    renamed = {**SMALL, "kinesis_name": "sensors-of-ours"}
    plan = conducted(cloud, renamed, check=True)["plan"]
    assert [each["id"] for each in plan["orphans"]] == ["sensors-test"]
    assert operations(plan)[0] == "create_stream"
    assert "delete_stream" not in operations(plan)
    conducted(cloud, renamed)
    assert conducted(cloud, renamed, check=True)["plan"]["orphans"], "an orphan went by itself"
    conducted(cloud, renamed, purge_orphans=True)
    assert cloud.client("kinesis").list_streams()["StreamNames"] == ["sensors-of-ours"]
    assert conducted(cloud, renamed, check=True)["plan"]["orphans"] == []
    settled(cloud, renamed)


def test_an_acl_of_more_rules_than_the_account_may_have_is_told_before_the_first_write(cloud: Cloud) -> None:
    rules = [{"rule_number": number, "port": number, "cidr_block": "vpc"} for number in range(1, 26)]
    tiers = {
        "app": {"internet": "none", "network_acl": {"ingress": rules, "egress": []}},
        "cache": SMALL["vpc_tiers"]["cache"],
    }
    with pytest.raises(AwsFailure, match="rules of one network ACL, with the last one: next: ask for a higher quota"):
        conducted(cloud, {**SMALL, "vpc_tiers": tiers})
    assert not cloud.writes()
    cloud.configure(quotas={"rules_per_network_acl": 40})
    conducted(cloud, {**SMALL, "vpc_tiers": tiers}, roles=("vpc",))


def test_outputs_of_a_half_laid_environment_name_what_is_missing(cloud: Cloud) -> None:
    conducted(cloud, SMALL, roles=("vpc",))
    with pytest.raises(Refused, match=r"redis: found nothing, wanted the component laid.*run playbooks/site\.yml"):
        conducted(cloud, SMALL, verb="outputs")


def test_a_bucket_that_shows_late_holds_the_lock_all_the_same(cloud: Cloud) -> None:
    cloud.fault("stale", service="s3", reads=3)
    said: list[str] = []
    conducted(cloud, SMALL, roles=("state_bucket", "kinesis"), say=said.append)
    made = [(each["operation"], str(each["params"].get("Key"))) for each in cloud.writes()]
    assert made[0][0] == "CreateBucket"
    assert made[1] == ("PutObject", "test/sensors.tfstate.tflock"), "something was made without the lock"
    assert not any("no state bucket holds" in line for line in said)
    cloud.clear_faults()
    settled(cloud, SMALL, roles=("state_bucket", "kinesis"))


def test_a_lock_that_cannot_be_freed_is_told(cloud: Cloud) -> None:
    cloud.fault("denied", service="s3", operation="DeleteObject")
    said: list[str] = []
    conducted(cloud, SMALL, roles=("state_bucket", "kinesis"), say=said.append)
    told = next(line for line in said if "is left, and ends 120 s after" in line)
    assert "allow s3:DeleteObject" in told


@pytest.mark.parametrize("after", [False, True])
def test_a_bucket_whose_answer_was_lost_is_made_once_and_holds_the_lock(cloud: Cloud, after: bool) -> None:
    cloud.fault("lost", service="s3", operation="CreateBucket", after=after, count=1)
    conducted(cloud, SMALL, roles=("state_bucket", "kinesis"))
    made = [each["operation"] for each in cloud.writes()]
    assert made[:3] == ["CreateBucket", "CreateBucket", "PutObject"], "something was made without the lock"
    settled(cloud, SMALL, roles=("state_bucket", "kinesis"))
