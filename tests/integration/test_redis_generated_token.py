# SPDX-License-Identifier: Apache-2.0
"""An AUTH token that is made in Secrets Manager: one for each generation, whatever dies between, shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.elasticache_replication_group.rules import TOKEN
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.integration.test_faults import Killed, faulty
from tests.integration.test_redis_secret import NETWORK, VERSION_TAG, noted
from tests.integration.test_secrets import assert_nowhere, site, traces
from tests.support.runs import four_steps, run

MODULE = "elasticache_replication_group"
SECRET = "sensors-test-auth-token"
PLAIN = {"cache_node_type": "cache.t4g.small", "num_cache_clusters": 1}
FIRST, SECOND = ({**PLAIN, "auth_token_generation": number} for number in (1, 2))
ROTATION = ["put_secret_value", "tag_resource", "modify_replication_group", "update_secret_version_stage",
            "modify_replication_group", "add_tags_to_resource"]  # fmt: skip


@pytest.fixture(autouse=True)
def network(cloud: Cloud) -> None:
    run(cloud, "ec2_vpc_network", NETWORK)


def token(cloud: Cloud, stage: str = "AWSCURRENT") -> tuple[str, str]:
    """The token and the id of its version, as a client reads them."""
    answer = cloud.client("secretsmanager").get_secret_value(SecretId=SECRET, VersionStage=stage)
    return answer["SecretString"], answer["VersionId"]


def operations(result: dict[str, Any]) -> list[str]:
    return [call["operation"] for call in result["calls"]]


def lets_in(cloud: Cloud, text: str) -> bool:
    """Whether the group has exactly this token: AWS finds nothing to do when it is set once more."""
    cache = cloud.client("elasticache")
    try:
        cache.modify_replication_group(ReplicationGroupId="sensors-test", AuthToken=text, AuthTokenUpdateStrategy="SET",
                                       ApplyImmediately=True)  # fmt: skip
    except cache.exceptions.InvalidParameterCombinationException as error:
        return "No modifications were requested" in str(error)
    return False


def test_each_generation_has_its_token(cloud: Cloud) -> None:
    born = four_steps(cloud, MODULE, FIRST)
    assert operations(born)[-2:] == ["create_secret", "create_replication_group"]
    first, version = token(cloud)
    assert TOKEN.match(first)
    assert noted(cloud) == version
    assert lets_in(cloud, first)
    before = len(cloud.journal())
    run(cloud, MODULE, FIRST)
    assert "GetSecretValue" not in [entry["operation"] for entry in cloud.journal(before)]
    next_one = four_steps(cloud, MODULE, SECOND)
    assert operations(next_one) == ROTATION
    second, version = token(cloud)
    assert second != first == token(cloud, "AWSPREVIOUS")[0]
    assert noted(cloud) == version
    assert lets_in(cloud, second)
    told = json.dumps([born, next_one, cloud.journal()], default=str)
    assert first not in told
    assert second not in told
    with pytest.raises(Refused, match="auth_token_generation: found 1, wanted the present 2 or a later one"):
        run(cloud, MODULE, FIRST)
    four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False})
    assert cloud.client("secretsmanager").list_secrets()["SecretList"] == []
    four_steps(cloud, MODULE, FIRST)


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_rotation_that_died_at_any_call_neither_loses_a_token_nor_makes_two(cloud: Cloud, after_effect: bool) -> None:
    run(cloud, MODULE, FIRST)
    for number, died_at in enumerate(range(1, len(ROTATION) + 1), start=2):
        declared = {**PLAIN, "auth_token_generation": number}
        before, _ = token(cloud)
        with pytest.raises(AwsFailure, match="Made before"):
            run(cloud, MODULE, declared, aws=faulty(cloud, died_at, after_effect, Killed()))
        run(cloud, MODULE, declared)
        versions = cloud.client("secretsmanager").list_secret_version_ids(SecretId=SECRET, IncludeDeprecated=True)
        assert len(versions["Versions"]) == number, "a token too many"
        after, version = token(cloud)
        assert (noted(cloud), token(cloud, "AWSPREVIOUS")[0]) == (version, before)
        assert lets_in(cloud, after)
        assert not run(cloud, MODULE, declared)["changed"]


@pytest.mark.parametrize("died_at", [1, 2, 3])
@pytest.mark.parametrize("after_effect", [True, False])
def test_a_birth_that_died_goes_on_with_its_token(cloud: Cloud, died_at: int, after_effect: bool) -> None:
    with pytest.raises(AwsFailure, match="Made before"):
        run(cloud, MODULE, FIRST, aws=faulty(cloud, died_at, after_effect, Killed()))
    run(cloud, MODULE, FIRST)
    assert lets_in(cloud, token(cloud)[0])
    assert not run(cloud, MODULE, FIRST)["changed"]


def test_a_group_without_a_token_gets_one_and_gives_it_up_for_users(cloud: Cloud) -> None:
    four_steps(cloud, MODULE, PLAIN)
    four_steps(cloud, MODULE, FIRST)
    assert lets_in(cloud, token(cloud)[0])
    nobody = {"user_name": "default", "access_string": "off -@all", "authentication_type": "no-password-required"}
    four_steps(cloud, MODULE, {**PLAIN, "users": [nobody]})
    group = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    tags = cloud.client("elasticache").list_tags_for_resource(ResourceName=group["ARN"])["TagList"]
    assert VERSION_TAG not in [tag["Key"] for tag in tags]


def test_a_later_run_rotates_what_one_without_waiting_left(cloud: Cloud) -> None:
    run(cloud, MODULE, FIRST)
    started = run(cloud, MODULE, {**SECOND, "wait": False})
    assert started["calls_left"]
    run(cloud, MODULE, SECOND)
    assert lets_in(cloud, token(cloud)[0])
    assert not run(cloud, MODULE, SECOND)["changed"]


def test_a_secret_of_somebody_else_is_left_alone(cloud: Cloud) -> None:
    cloud.client("secretsmanager").create_secret(Name=SECRET, SecretString="somebody-else-s")
    with pytest.raises(Refused, match=f"secret {SECRET}: ownership tags"):
        run(cloud, MODULE, FIRST)
    four_steps(cloud, MODULE, PLAIN)
    four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False})
    assert token(cloud)[0] == "somebody-else-s"


@pytest.mark.parametrize(
    ("change", "words"),
    [({"auth_token_generation": 0}, "wanted 1 or more"),
     ({"auth_token": "not-a-secret-not-a-secret-1"}, "wanted no auth_token beside it"),
     ({"transit_encryption_enabled": False}, "found a token without TLS"),
     ({"tags": {"streambed:auth-token-generation": "1"}}, "wanted a tag of your own")],
)  # fmt: skip
def test_what_cannot_be_made_is_refused(cloud: Cloud, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        run(cloud, MODULE, {**FIRST, **change})


@pytest.mark.parametrize("fails", [False, True])
def test_the_token_is_found_nowhere_after_a_whole_environment(cloud: Cloud, tmp_path: Path, fails: bool) -> None:
    variables = tmp_path / "variables.json"
    variables.write_text(json.dumps({"redis_auth_token_generation": 1}))
    if fails:
        cloud.fault("refuse", service="elasticache", operation="CreateReplicationGroup", code="InvalidVPCNetworkState",
                    message="no")  # fmt: skip
    code, output = site(cloud, tmp_path, variables)
    assert code == (2 if fails else 0), output
    [secret] = cloud.client("secretsmanager").list_secrets()["SecretList"]
    made = cloud.client("secretsmanager").get_secret_value(SecretId=secret["ARN"])["SecretString"]
    assert_nowhere(made, traces(cloud, tmp_path, output))
