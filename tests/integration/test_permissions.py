# SPDX-License-Identifier: Apache-2.0
"""The policies that are made for an environment, held against an embedded cloud that evaluates them: with them a whole
plan, run, verification and removal goes through, and without any one action it is denied and named.

`STREAMBED_PERMISSIONS=all` takes away each action that the runs use, `2/5` the second fifth of them; each commit takes
away some.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws, explain
from ansible.module_utils.environment import permissions
from ansible.module_utils.reconcile.errors import Failure, Refused
from botocore.exceptions import ClientError

from localcloud import ec2_access
from localcloud.calls import Call
from localcloud.fault_answers import action_of
from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support import figures
from tests.support.environments import conducted, requested
from tests.support.runs import connection

pytestmark = pytest.mark.inside

VARIABLES: dict[str, Any] = {
    "vpc_cidr_block": "10.97.0.0/16", "vpc_nat_gateways": "single", "vpc_gateway_endpoints": ["s3"],
    "vpc_interface_endpoints": ["kinesis-streams"], "vpc_flow_logs": {"traffic_type": "ALL", "retention_days": 30},
    "kinesis_shard_count": 1, "kinesis_retention_hours": 48, "redis_apply_immediately": True,
    "redis_final_snapshot": False, "state_bucket_lock_table": True, "state_bucket_delete_state_history": True,
    "redis_alarms": {"evictions": 0.0},
    "redis_log_delivery": [{"log_type": "slow-log", "destination_type": "cloudwatch-logs", "retention_days": 30}],
}  # fmt: skip


def policies(verb: str, variables: dict[str, Any] = VARIABLES, **options: Any) -> list[dict[str, Any]]:
    """The policies of one verb."""
    found = permissions.policies(requested(variables, **options))
    return [document for name, document in found.items() if name.rpartition("-")[0] == verb]


def without(documents: Iterable[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The policies with one action taken away."""
    kept = [
        {**document, "Statement": [{**each, "Action": [name for name in each["Action"] if name != action]}
                                   for each in document["Statement"]]}
        for document in documents
    ]  # fmt: skip
    return [{**each, "Statement": [part for part in each["Statement"] if part["Action"]]} for each in kept]


def keys_of(cloud: Cloud, documents: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The keys of a user who has these policies and no others, as botocore takes them."""
    iam, name = cloud.client("iam"), f"user-{uuid.uuid4()}"
    iam.create_user(UserName=name)
    for number, document in enumerate(documents):
        made = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(document))["Policy"]
        iam.attach_user_policy(UserName=name, PolicyArn=made["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def user_with(cloud: Cloud, documents: Iterable[dict[str, Any]], retry_seconds: float = 60) -> Aws:
    """AWS as a user sees it who has these policies and no others."""
    keys = {**connection(cloud), **keys_of(cloud, documents)}
    return Aws(keys, None, lambda seconds: time.sleep(min(seconds, 0.01)), retry_seconds=retry_seconds)


@pytest.fixture
def strict(cloud: Cloud) -> Iterator[Cloud]:
    cloud.configure(iam=True)
    yield cloud
    cloud.configure(iam=False)


def as_(cloud: Cloud, verb: str, **options: Any) -> dict[str, Any]:
    """The result of one verb by somebody who has its policies alone."""
    name = {"plan": "apply"}.get(verb, verb)
    return conducted(cloud, VARIABLES, aws=user_with(cloud, policies(verb)), verb=name, check=verb == "plan", **options)


def test_with_its_policies_each_verb_goes_through(strict: Cloud) -> None:
    assert as_(strict, "plan")["changed"]
    assert as_(strict, "apply")["changed"]
    assert not conducted(strict, VARIABLES, aws=user_with(strict, policies("plan")), verb="drift")["drift"]["drifted"]
    assert not as_(strict, "plan")["changed"]
    assert not as_(strict, "apply")["changed"]
    as_(strict, "verify")
    assert as_(strict, "destroy")["changed"]
    assert not conducted(strict, VARIABLES, verb="destroy", check=True)["changed"]


def test_a_lock_in_a_bucket_of_others_is_within_reach(strict: Cloud) -> None:
    elsewhere = {"lock_bucket": "acme-locks", "roles": ("kinesis",)}
    strict.client("s3").create_bucket(
        Bucket="acme-locks", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})  # fmt: skip
    for verb in ("apply", "destroy"):
        aws = user_with(strict, policies(verb, **elsewhere))
        before = len(strict.journal())
        assert conducted(strict, VARIABLES, aws=aws, verb=verb, **elsewhere)["changed"]
        locks = [each for each in strict.writes(before) if each["operation"] == "PutObject"]
        assert {each["params"]["Bucket"] for each in locks} == {"acme-locks"}


# A sample of what runs use, for each commit: of EC2 by tags made and found, by name, without a name, and of the lock.
SAMPLE = {
    "plan": ["ec2:DescribeVpcs", "s3:GetBucketPolicy"],
    "apply": ["ec2:CreateTags", "ec2:CreateSubnet", "kinesis:StartStreamEncryption", "s3:PutObject"],
    "verify": ["kinesis:PutRecord"],
    "destroy": ["ec2:DeleteSubnet", "elasticache:DeleteReplicationGroup"],
}
DENIED = ("UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "403")
# What a run does without: what bears our tags is looked for one by one then, names of node types and of endpoint
# services are AWS's to refuse, and some settings are looked for where somebody declares them.
DISPENSABLE = {
    "elasticache:DescribeReservedCacheNodesOfferings", "ec2:DescribeVpcEndpointServices", "tag:GetResources",
    "ec2:DescribeDhcpOptions", "ec2:DescribeEgressOnlyInternetGateways", "ec2:DescribeVpcBlockPublicAccessExclusions",
    "ec2:DescribeVpcEncryptionControls",
}  # fmt: skip
# Source: STS API reference, GetCallerIdentity: "No permissions are required".
UNDENIABLE = {"sts:GetCallerIdentity"}


def test_a_global_datastore_is_within_reach(strict: Cloud) -> None:
    """Begun, ended and removed by whoever has the environment's own policies and no others."""
    large = {**VARIABLES, "redis_cache_node_type": "cache.r7g.large", "redis_transit_encryption_mode": "required"}
    begun = {**large, "redis_global_replication_group_id_suffix": "telemetry"}
    ended = {**large, "redis_global_replication_group_id": ""}
    for declared, verb in ((begun, "apply"), (ended, "apply"), (begun, "apply"), (begun, "destroy")):
        aws = user_with(strict, policies(verb, declared))
        assert conducted(strict, declared, aws=aws, verb=verb)["changed"]


def actions_of(entry: dict[str, Any]) -> set[str]:
    """The IAM actions that a call of the journal takes."""
    call = Call(entry["service"], entry["operation"], given=entry["params"], region=entry["region"])
    parts = ec2_access.parts(call, action_of(call)) if call.service == "ec2" else ()
    return {action_of(call), *(action for action, _arn, _keys in parts)}


def used_by(cloud: Cloud, verb: str) -> list[str]:
    """The actions of a verb's policies that its run on this cloud takes."""
    since = len(cloud.journal())
    as_(cloud, verb)
    asked = {name for document in policies(verb) for each in document["Statement"] for name in each["Action"]}
    return sorted((asked - UNDENIABLE) & {action for entry in cloud.journal(since) for action in actions_of(entry)})


def prepared(cloud: Cloud, verb: str) -> None:
    """A world in which the verb has everything to do: nothing is there for an apply, all of it for the others."""
    conducted(cloud, VARIABLES, verb="destroy" if verb == "apply" else "apply")


def told(cloud: Cloud, verb: str, action: str) -> str:
    """What a run of the verb says to somebody who may do all but one action."""
    aws, lines = user_with(cloud, without(policies(verb), action), retry_seconds=1), list[str]()
    name = {"plan": "apply"}.get(verb, verb)
    try:
        result = conducted(cloud, VARIABLES, aws=aws, verb=name, check=verb == "plan", say=lines.append)
    except (Failure, Refused) as error:
        return str(error)
    except ClientError as error:
        # As the entry of a run tells it.
        return explain(error)
    return json.dumps([result.get("msg"), result.get("checks"), result["plan"]["refused"], lines])


def taken_away(cloud: Cloud, verb: str) -> list[str]:
    """The actions that are taken away in turn: some, all that the verb uses, or a part of those."""
    wanted, _, parts = os.environ.get("STREAMBED_PERMISSIONS", "").partition("/")
    if not wanted:
        return SAMPLE[verb]
    every = used_by(cloud, verb)
    return every[int(wanted) - 1 :: int(parts)] if parts else every


@pytest.mark.parametrize("verb", list(SAMPLE))
def test_an_action_that_is_missing_is_denied_and_named(strict: Cloud, verb: str, tmp_path: Path) -> None:
    prepared(strict, verb)
    begun = tmp_path / "begun"
    strict.save(begun)
    for action in taken_away(strict, verb):
        figures.count("actions taken away")
        strict.load(begun)
        since, said = len(strict.journal()), told(strict, verb, action)
        denials = [entry for entry in strict.journal(since) if entry["error"] in DENIED]
        assert any(action in actions_of(entry) for entry in denials), f"{verb} without {action}: {denials}"
        assert action in said or action in DISPENSABLE, f"{verb} without {action}: {said}"


def test_what_belongs_to_another_environment_is_out_of_reach(strict: Cloud) -> None:
    """Each environment's policies, held against the objects of the other one in the same account."""
    other = {**VARIABLES, "environment_suffix": "other"}
    conducted(strict, other)
    keys, ec2 = keys_of(strict, policies("apply") + policies("destroy")), strict.client("ec2")
    theirs = {"Name": "tag:streambed:environment", "Values": ["other"]}
    vpc = ec2.describe_vpcs(Filters=[theirs])["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets(Filters=[theirs])["Subnets"][0]["SubnetId"]
    ours = [{"Key": "streambed:stack", "Value": "sensors"}, {"Key": "streambed:environment", "Value": "test"}]
    for service, operation, params in (
        ("ec2", "delete_subnet", {"SubnetId": subnet}),
        ("ec2", "create_tags", {"Resources": [subnet], "Tags": ours}),
        ("ec2", "modify_vpc_attribute", {"VpcId": vpc, "EnableDnsSupport": {"Value": False}}),
        ("ec2", "create_internet_gateway", {}),
        ("kinesis", "delete_stream", {"StreamName": "sensors-other"}),
        ("elasticache", "delete_replication_group", {"ReplicationGroupId": "sensors-other"}),
        ("elasticache", "delete_cache_subnet_group", {"CacheSubnetGroupName": "sensors-other"}),
        ("s3", "delete_bucket", {"Bucket": f"sensors-other-state-{ACCOUNT}"}),
        ("dynamodb", "delete_table", {"TableName": "sensors-other-state-lock"}),
        ("logs", "delete_log_group", {"logGroupName": "/streambed/sensors-other/flow-logs"}),
        ("iam", "delete_role", {"RoleName": "sensors-other-flow-logs"}),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(strict.client(service, **keys), operation)(**params)
        assert refused.value.response["Error"]["Code"] in DENIED, operation
