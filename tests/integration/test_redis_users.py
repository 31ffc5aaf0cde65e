# SPDX-License-Identifier: Apache-2.0
"""Users and user groups: made before the group uses them, changed beside it, gone after it; from a token and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import AwsFailure, Refused

from localcloud.process import Cloud
from tests.integration.test_faults import Killed, faulty
from tests.integration.test_redis_secret import NETWORK
from tests.integration.test_secrets import assert_nowhere, site, traces
from tests.support.runs import four_steps, run

MODULE = "elasticache_replication_group"
PASSWORDS = ("Canary&Wagtail#Bullfinch^2026", "Siskin&Dunnock#Nuthatch^2027")
TOKEN = "not-a-secret-not-a-secret-1"
GROUP = "sensors-test"
NOBODY = {"user_name": "default", "access_string": "off -@all", "authentication_type": "no-password-required"}
PLAIN = {"cache_node_type": "cache.t4g.small", "num_cache_clusters": 1}


@pytest.fixture
def app(cloud: Cloud) -> dict[str, Any]:
    """A user with a password that is in Secrets Manager."""
    run(cloud, "ec2_vpc_network", NETWORK)
    secret = cloud.client("secretsmanager").create_secret(Name="app", SecretString=PASSWORDS[0])
    return {"user_name": "app", "access_string": "on +@read ~readings:*", "password_secret_arns": [secret["ARN"]]}


def job() -> dict[str, Any]:
    return {"user_name": f"{GROUP}-job", "access_string": "on ~* +@all", "authentication_type": "iam"}


def shown(cloud: Cloud) -> tuple[list[str], dict[str, list[str]], dict[str, str]]:
    """As plain boto3 sees it: the group's user groups, users by user group, access strings by user."""
    cache = cloud.client("elasticache")
    groups = cache.describe_replication_groups()["ReplicationGroups"]
    return (
        groups[0].get("UserGroupIds", []) if groups else [],
        {each["UserGroupId"]: sorted(each["UserIds"]) for each in cache.describe_user_groups()["UserGroups"]},
        {
            each["UserId"]: each["AccessString"]
            for each in cache.describe_users()["Users"]
            if each["UserId"] != "default"
        },
    )


def operations(result: dict[str, Any]) -> list[str]:
    return [call["operation"] for call in result["calls"]]


def test_users_come_change_and_go(cloud: Cloud, app: dict[str, Any]) -> None:
    born = four_steps(cloud, MODULE, {**PLAIN, "users": [NOBODY, app]})
    assert operations(born)[-4:] == ["create_user", "create_user", "create_user_group", "create_replication_group"]
    everybody = {f"{GROUP}-app": "on ~readings:* -@all +@read", f"{GROUP}-default": "off -@all"}
    assert shown(cloud) == ([GROUP], {GROUP: sorted(everybody)}, everybody)
    more = four_steps(cloud, MODULE, {**PLAIN, "users": [NOBODY, {**app, "access_string": "on ~* +@read"}, job()]})
    assert operations(more) == ["modify_user", "create_user", "modify_user_group"]
    less = four_steps(cloud, MODULE, {**PLAIN, "users": [NOBODY, job()], "tags": {"team": "telemetry"}})
    assert operations(less)[-1] == "delete_user"
    assert shown(cloud)[1] == {GROUP: [f"{GROUP}-default", f"{GROUP}-job"]}
    assert not run(cloud, MODULE, PLAIN)["changed"], "users that are left out stay"
    assert operations(four_steps(cloud, MODULE, {**PLAIN, "users": []}))[0] == "modify_replication_group"
    assert shown(cloud) == ([], {}, {})


def test_all_of_it_goes_with_the_group(cloud: Cloud, app: dict[str, Any]) -> None:
    four_steps(cloud, MODULE, {**PLAIN, "users": [NOBODY, app]})
    gone = four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False})
    assert set(operations(gone)[-3:]) == {"delete_user_group", "delete_user"}
    assert shown(cloud) == ([], {}, {})


@pytest.mark.parametrize("after_effect", [True, False])
def test_from_a_token_to_users_and_back_interrupted_at_each_call(
    cloud: Cloud, app: dict[str, Any], after_effect: bool
) -> None:
    token = {**PLAIN, "auth_token": TOKEN, "auth_token_version": "1"}
    ends = ({**PLAIN, "users": [NOBODY, app]}, {**token, "users": []})
    run(cloud, MODULE, token)
    plans = []
    for declared in ends:
        for died_at in range(1, 10):
            plans.append(operations(run(cloud, MODULE, declared, check=True)))
            if not plans[-1]:
                break
            if died_at > len(plans[-1]):
                run(cloud, MODULE, declared)
                continue
            with pytest.raises(AwsFailure, match="Made before"):
                run(cloud, MODULE, declared, aws=faulty(cloud, died_at, after_effect, Killed()))
        assert plans[-1] == [], plans
        group = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
        assert group["AuthTokenEnabled"] is ("auth_token" in declared)
        assert shown(cloud)[0] == ([] if "auth_token" in declared else [GROUP])
    assert plans[0][2:] == ["create_user_group", "modify_replication_group", "remove_tags_from_resource"]


def test_a_password_is_sent_when_its_secret_has_a_new_version(cloud: Cloud, app: dict[str, Any]) -> None:
    declared = {**PLAIN, "users": [NOBODY, app]}
    results = [four_steps(cloud, MODULE, declared)]
    before = len(cloud.journal())
    run(cloud, MODULE, declared)
    assert "GetSecretValue" not in [entry["operation"] for entry in cloud.journal(before)]
    cloud.client("secretsmanager").put_secret_value(SecretId="app", SecretString=PASSWORDS[1])
    results.append(four_steps(cloud, MODULE, declared))
    assert operations(results[1]) == ["modify_user", "add_tags_to_resource"]
    for other in (NOBODY | {"user_name": "app"}, app):
        results.append(four_steps(cloud, MODULE, {**PLAIN, "users": [NOBODY, other]}))
    told = json.dumps([results, cloud.journal()], default=str)
    assert not [password for password in PASSWORDS if password in told]


def test_a_named_user_group_takes_the_place_of_the_own(cloud: Cloud, app: dict[str, Any]) -> None:
    cache = cloud.client("elasticache")
    cache.create_user_group(UserGroupId="team", Engine="redis", UserIds=["default"])
    while cache.describe_user_groups(UserGroupId="team")["UserGroups"][0]["Status"] != "active":
        pass
    four_steps(cloud, MODULE, {**PLAIN, "users": [NOBODY, app]})
    four_steps(cloud, MODULE, {**PLAIN, "user_group_id": "Team"})
    assert shown(cloud) == (["team"], {"team": ["default"]}, {})
    four_steps(cloud, MODULE, {**PLAIN, "user_group_id": ""})
    assert shown(cloud)[0] == []


REFUSED = [
    ({"users": [{}]}, "wanted a user default with the engine redis"),
    ({"users": [NOBODY, {}], "engine": "valkey", "engine_version": "8.0"}, "wanted password or iam"),
    ({"users": [NOBODY, {}], "engine_version": "5.0.6"}, "wanted Redis 6.0 or later"),
    ({"users": [NOBODY, job()], "engine_version": "6.2"}, "wanted Redis 7.0 or later for iam"),
    ({"users": [NOBODY, {"password_secret_arns": ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:no-Ab1Cd2"]}]},
     "wanted a secret with a version AWSCURRENT"),
    ({"users": [NOBODY, {}], "user_group_id": "team"}, "wanted nothing with users"),
    ({"users": [NOBODY, {}], "auth_token": TOKEN}, "wanted one of the two"),
    ({"users": [NOBODY, {}], "transit_encryption_enabled": False}, "wanted transit_encryption_enabled beside it"),
    ({"users": [NOBODY, {**job(), "user_name": "job"}]}, "wanted a name that begins with sensors-test-"),
    ({"users": [NOBODY, {"access_string": "on >secret"}]}, "found a password after > of user app"),
    ({"users": [NOBODY, {"password_secret_arns": []}]}, "wanted the ARNs of one or two secrets"),
    ({"users": [NOBODY, {}, {"user_name": "App"}]}, "found user id sensors-test-app twice"),
    ({"users": [NOBODY, {"user_name": "a_b"}]}, "wanted letters, digits and single hyphens"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), REFUSED)
def test_users_that_cannot_be_are_refused(
    cloud: Cloud, app: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    users = [user if user.get("authentication_type") else {**app, **user} for user in change["users"]]
    before = len(cloud.journal())
    with pytest.raises(Refused, match=words) as refused:
        run(cloud, MODULE, {**PLAIN, **change, "users": users})
    assert not cloud.writes(before)
    assert PASSWORDS[0] not in str(refused.value)


def test_a_secret_that_is_no_password_is_refused(cloud: Cloud, app: dict[str, Any]) -> None:
    cloud.client("secretsmanager").put_secret_value(SecretId="app", SecretString="too-short")
    with pytest.raises(Refused, match="found 9 characters in arn:.*16 to 128 characters"):
        run(cloud, MODULE, {**PLAIN, "users": [NOBODY, app]})


def test_users_of_somebody_else_are_left_alone(cloud: Cloud, app: dict[str, Any]) -> None:
    cache = cloud.client("elasticache")
    cache.create_user(UserId=f"{GROUP}-app", UserName="app", Engine="redis", AccessString="off -@all",
                      NoPasswordRequired=True)  # fmt: skip
    with pytest.raises(Refused, match="ElastiCache user sensors-test-app: ownership tags"):
        run(cloud, MODULE, {**PLAIN, "users": [NOBODY, app]})
    four_steps(cloud, MODULE, {**PLAIN, "users": []})
    four_steps(cloud, MODULE, {"state": "absent", "final_snapshot": False})
    assert list(shown(cloud)[2]) == [f"{GROUP}-app"]


@pytest.mark.parametrize("fails", [False, True])
def test_a_password_is_found_nowhere_after_a_whole_environment(cloud: Cloud, tmp_path: Path, fails: bool) -> None:
    secret = cloud.client("secretsmanager").create_secret(Name="app", SecretString=PASSWORDS[0])
    user = {"user_name": "app", "access_string": "on ~* +@all", "password_secret_arns": [secret["ARN"]]}
    variables = tmp_path / "variables.json"
    variables.write_text(json.dumps({"redis_users": [NOBODY, user]}))
    if fails:
        cloud.fault("refuse", service="elasticache", operation="CreateUser", code="UserQuotaExceeded", message="full")
    code, output = site(cloud, tmp_path, variables)
    assert code == (2 if fails else 0), output
    assert_nowhere(PASSWORDS[0], traces(cloud, tmp_path, output))
