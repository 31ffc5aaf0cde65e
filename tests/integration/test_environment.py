"""Changes that cross components: one plan, which is the deed call by call; one run; the second writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support.environments import conducted, one_plan, operations, settled

# Small enough to be laid often: two tiers in two zones, nothing that costs by the hour.
SMALL: dict[str, Any] = {
    "vpc_cidr_block": "10.90.0.0/16", "vpc_nat_gateways": "none", "vpc_flow_logs": {}, "vpc_gateway_endpoints": [],
    "vpc_tiers": {"app": {"internet": "none"}, "cache": {"internet": "none"}}, "vpc_default_network_acl": None,
    "redis_final_snapshot": False, "redis_apply_immediately": True, "state_bucket_delete_state_history": True,
}  # fmt: skip
GROUPS = {
    "app": {"description": "Apps", "ingress": [], "egress": []},
    "cache": {"description": "Redis", "ingress": [{"port": 6379, "security_group": "app"}], "egress": []},
}


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
