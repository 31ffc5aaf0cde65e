# SPDX-License-Identifier: Apache-2.0
"""Credentials as people have them: profiles that assume roles, with and without MFA, SSO, and what each reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.aws import credentials
from ansible.module_utils.aws.client import Aws, explain
from ansible.module_utils.reconcile.errors import Failure
from botocore import exceptions as boto

from localcloud.process import CREDENTIALS, REGION, Cloud

CONFIG = f"""
[profile keys]
region = {REGION}
aws_access_key_id = {CREDENTIALS["aws_access_key_id"]}
aws_secret_access_key = {CREDENTIALS["aws_secret_access_key"]}
[profile role]
region = {REGION}
role_arn = arn:aws:iam::123456789012:role/operator
source_profile = keys
[profile other]
region = {REGION}
role_arn = arn:aws:iam::210987654321:role/operator
source_profile = keys
[profile mfa]
region = {REGION}
role_arn = arn:aws:iam::123456789012:role/operator
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/ada
[profile sso]
region = {REGION}
sso_start_url = https://example.invalid/start
sso_region = {REGION}
sso_account_id = 123456789012
sso_role_name = operator
"""


@pytest.fixture
def home(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with profiles, and the cloud as every endpoint."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint)
    return tmp_path


def aws_of(profile: str) -> Aws:
    return Aws({"region_name": REGION}, profile, lambda seconds: None)


def assumed(cloud: Cloud) -> list[dict[str, Any]]:
    return [entry for entry in cloud.journal() if entry["operation"] == "AssumeRole"]


def test_a_role_is_assumed_once_for_all_tasks_and_kept_where_the_cli_keeps_it(cloud: Cloud, home: Path) -> None:
    for _ in range(3):
        assert aws_of("role").read("ec2", "describe_vpcs") is not None
    assert len(assumed(cloud)) == 1
    kept = list((home / ".aws" / "cli" / "cache").iterdir())
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o077 == 0, "nobody else reads it"


def test_two_accounts_in_one_run_do_not_mix(cloud: Cloud, home: Path) -> None:
    found = {profile: aws_of(profile).read("sts", "get_caller_identity") for profile in ("role", "other", "role")}
    accounts = {profile: answer["Account"] for profile, answer in found.items() if answer}
    assert accounts["other"] != accounts["role"] or len(assumed(cloud)) == 2
    assert {entry["params"]["RoleArn"] for entry in assumed(cloud)} == {
        "arn:aws:iam::123456789012:role/operator",
        "arn:aws:iam::210987654321:role/operator",
    }


def test_a_token_of_a_device_is_asked_for_by_the_cli_and_never_in_a_run(cloud: Cloud, home: Path) -> None:
    with pytest.raises(Failure, match="Next: aws sts get-caller-identity --profile mfa, which asks for the token"):
        aws_of("mfa").read("ec2", "describe_vpcs")
    assert not assumed(cloud)


def test_who_is_not_logged_in_reads_the_command(home: Path) -> None:
    with pytest.raises(Failure, match="Next: aws sso login --profile sso"):
        aws_of("sso").read("ec2", "describe_vpcs")


def test_a_profile_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(Failure, match="nobody.*Next: correct AWS_PROFILE"):
        aws_of("nobody").read("ec2", "describe_vpcs")


def test_without_any_credentials_both_ways_are_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (home / ".aws" / "config").write_text("")
    with pytest.raises(Failure, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile"):
        Aws({"region_name": REGION}, None, lambda seconds: None).read("ec2", "describe_vpcs")


@pytest.mark.parametrize(("error", "words"), [
    (boto.UnauthorizedSSOTokenError(), "aws sso login --profile prod"),
    (boto.RefreshWithMFAUnsupportedError(), "aws sts get-caller-identity --profile prod"),
    (boto.NoCredentialsError(), "AWS_PROFILE"),
])  # fmt: skip
def test_each_error_has_its_command(error: Exception, words: str) -> None:
    assert words in credentials.sentence(error, "prod")


def test_credentials_that_ended_in_a_wait_are_a_clear_end() -> None:
    error = boto.ClientError({"Error": {"Code": "ExpiredToken", "Message": "The token has expired."}}, "DescribeVpcs")
    assert "Next: renew the credentials" in explain(error)
