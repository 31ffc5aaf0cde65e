# SPDX-License-Identifier: Apache-2.0
"""A token is sent to AWS and found nowhere else: not in output at any verbosity, not in a file, not in a result."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.canary import TOKEN, assert_nowhere, traces
from tests.support.playbooks import play


def site(cloud: Cloud, folder: Path, secrets: Path, **variables: Any) -> tuple[int, str]:
    given = {"environment_artifacts_folder": str(folder), **variables}
    done = play(cloud, "playbooks/site.yml", "-vvvv", "--diff", "-e", json.dumps(given), "-e", f"@{secrets}",
                ANSIBLE_LOG_PATH=str(folder / "ansible.log"))  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secrets") / "secrets.json"
    file.write_text(json.dumps({"redis_auth_token": TOKEN, "redis_auth_token_version": "one"}))
    return file


@pytest.mark.parametrize("in_controller", [True, False])
def test_a_token_is_found_nowhere(cloud: Cloud, tmp_path: Path, secrets: Path, in_controller: bool) -> None:
    code, output = site(cloud, tmp_path, secrets, streambed_run_in_controller=in_controller)
    assert code == 0, output
    group = cloud.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    assert group["AuthTokenEnabled"]
    assert_nowhere(TOKEN, traces(cloud, tmp_path, output))


@pytest.mark.parametrize("in_controller", [True, False])
def test_a_token_is_found_nowhere_when_the_run_fails(
    cloud: Cloud, tmp_path: Path, secrets: Path, in_controller: bool
) -> None:
    cloud.configure(quotas={"elasticache_subnet_groups_per_region": 0})
    code, output = site(cloud, tmp_path, secrets, streambed_run_in_controller=in_controller)
    assert code == 2
    assert "CacheSubnetGroupQuotaExceeded" in output
    assert_nowhere(TOKEN, traces(cloud, tmp_path, output))


def test_the_search_finds_a_secret_that_is_there() -> None:
    with pytest.raises(AssertionError, match="holds the secret"):
        assert_nowhere(TOKEN, {"a file": f"token={urllib.parse.quote(TOKEN)}"})
