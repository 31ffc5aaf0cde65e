# SPDX-License-Identifier: Apache-2.0
"""An AUTH token in Secrets Manager: read when it is sent, rotated when its version changes, shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.integration.test_secrets import assert_nowhere, site, traces
from tests.support.runs import four_steps, run

MODULE = "elasticache_replication_group"
TOKENS = ("Canary&Wagtail#Bullfinch^2026", "Siskin&Dunnock#Nuthatch^2027")
VERSION_TAG = "streambed:auth-token-version"
NETWORK = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"cache": {"internet": "none"}},
    "security_groups": {"cache": {"description": "cache"}},
}


@pytest.fixture
def declared(cloud: Cloud) -> dict[str, Any]:
    run(cloud, "ec2_vpc_network", NETWORK)
    secret = cloud.client("secretsmanager").create_secret(Name="cache", SecretString=TOKENS[0])
    return {"cache_node_type": "cache.t4g.small", "num_cache_clusters": 1, "auth_token_secret_arn": secret["ARN"]}


def renew(cloud: Cloud, text: str) -> str:
    """The id of the secret's new version."""
    return cloud.client("secretsmanager").put_secret_value(SecretId="cache", SecretString=text)["VersionId"]


def noted(cloud: Cloud) -> str:
    """The version that the group's tag tells."""
    cache = cloud.client("elasticache")
    arn = cache.describe_replication_groups()["ReplicationGroups"][0]["ARN"]
    tags = {tag["Key"]: tag["Value"] for tag in cache.list_tags_for_resource(ResourceName=arn)["TagList"]}
    return tags[VERSION_TAG]


def operations(cloud: Cloud, since: int) -> list[str]:
    return [entry["operation"] for entry in cloud.journal(since)]


def test_the_token_is_rotated_when_the_secret_has_a_new_version(cloud: Cloud, declared: dict[str, Any]) -> None:
    results = [four_steps(cloud, MODULE, declared)]
    first = noted(cloud)
    before = len(cloud.journal())
    assert run(cloud, MODULE, declared)["aws_calls"]["reads"] <= 9
    assert "GetSecretValue" not in operations(cloud, before), "a token was read that nobody needs"
    second = renew(cloud, TOKENS[1])
    results.append(four_steps(cloud, MODULE, declared))
    calls = [call["operation"] for call in results[1]["calls"]]
    assert calls == ["modify_replication_group", "modify_replication_group", "add_tags_to_resource"]
    assert noted(cloud) == second != first
    told = json.dumps([results, cloud.journal()], default=str)
    assert not [token for token in TOKENS if token in told]


def test_a_later_run_rotates_what_one_without_waiting_left(cloud: Cloud, declared: dict[str, Any]) -> None:
    four_steps(cloud, MODULE, declared)
    second = renew(cloud, TOKENS[1])
    started = run(cloud, MODULE, {**declared, "wait": False})
    assert started["calls_left"]
    run(cloud, MODULE, declared)
    assert noted(cloud) == second
    assert not run(cloud, MODULE, declared)["changed"]


def test_a_token_of_ones_own_moves_into_a_secret(cloud: Cloud, declared: dict[str, Any]) -> None:
    plain = {**declared, "auth_token_secret_arn": None, "auth_token": TOKENS[1], "auth_token_version": "1"}
    four_steps(cloud, MODULE, plain)
    four_steps(cloud, MODULE, declared)


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"token": "Canary&Wagtail#Bullfinch^2026"}', "characters of text, wanted nothing but the token"),
     (None, "wanted a secret with a version AWSCURRENT")],
)  # fmt: skip
def test_a_secret_that_is_no_token_is_refused(
    cloud: Cloud, declared: dict[str, Any], text: str | None, words: str
) -> None:
    if text is None:
        declared["auth_token_secret_arn"] = declared["auth_token_secret_arn"].replace("cache", "other")
    else:
        renew(cloud, text)
    before = len(cloud.journal())
    with pytest.raises(Refused, match=words) as refused:
        run(cloud, MODULE, declared)
    assert not cloud.writes(before)
    assert TOKENS[0] not in str(refused.value)


def test_the_token_is_found_nowhere_after_a_whole_environment(cloud: Cloud, tmp_path: Path) -> None:
    secret = cloud.client("secretsmanager").create_secret(Name="cache", SecretString=TOKENS[0])
    variables = tmp_path / "variables.json"
    variables.write_text(json.dumps({"redis_auth_token_secret_arn": secret["ARN"]}))
    code, output = site(cloud, tmp_path, variables)
    assert code == 0, output
    assert noted(cloud) == secret["VersionId"]
    assert_nowhere(TOKENS[0], traces(cloud, tmp_path, output))
