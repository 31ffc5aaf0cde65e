# SPDX-License-Identifier: Apache-2.0
"""A secret in a wrong place as well, by mistake: every run refuses before it looks, and shows the secret nowhere.

Each place at no verbosity and at the highest, inside the controller and outside; looked for in eight encodings in all
that the run printed, wrote and sent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.canary import assert_nowhere, traces
from tests.support.playbooks import play

# One that a tag, a name or a description could be.
TOKEN = "CanaryWagtail-Bullfinch-2026"
ACCOUNT = "123456789012"
PLACES: dict[str, Any] = {
    "redis_tags": {"team": TOKEN},
    "redis_description": f"a {TOKEN} b",
    "redis_auth_token_version": TOKEN,
    "redis_engine_version": TOKEN,
    "redis_snapshot_window": TOKEN,
    "redis_cache_parameter_group_name": TOKEN,
    "redis_notification_topic_arn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:{TOKEN}",
    "redis_parameters": {"maxmemory-policy": TOKEN},
    "kinesis_tags": {TOKEN: "x"},
    "kinesis_kms_key_id": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{TOKEN}",
    "kinesis_streams": {"telemetry": {"name": TOKEN}},
    "vpc_tags": {"team": TOKEN},
    "vpc_security_groups": {"cache": {"description": TOKEN, "ingress": [], "egress": []}},
    "state_bucket_kms_key_id": f"alias/{TOKEN}",
    "environment_change_reference": TOKEN,
    "environment_allowed_changes": [TOKEN],
}


def nowhere(cloud: Cloud, folder: Path, given: dict[str, Any], verbosity: str) -> None:
    secrets = folder / "secrets.json"
    secrets.write_text(json.dumps(given))
    left = folder / "left"
    left.mkdir()
    told = json.dumps({"environment_artifacts_folder": str(left)})
    done = play(cloud, "playbooks/plan.yml", *filter(None, [verbosity]), "--diff", "-e", f"@{secrets}", "-e", told,
                ANSIBLE_LOG_PATH=str(left / "ansible.log"))  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 2, output
    assert "the value of a secret" in output
    assert not cloud.writes()
    assert_nowhere(TOKEN, traces(cloud, left, output))


@pytest.mark.parametrize("verbosity", ["", "-vvvv"], ids=["quiet", "loud"])
@pytest.mark.parametrize("place", PLACES)
def test_a_token_in_a_second_place_is_refused_and_not_shown(
    cloud: Cloud, tmp_path: Path, place: str, verbosity: str
) -> None:
    token = {"redis_auth_token": TOKEN, "redis_auth_token_version": "1"}
    nowhere(cloud, tmp_path, {**token, place: PLACES[place]}, verbosity)


@pytest.mark.parametrize("place", ["redis_tags", "redis_engine_version", "kinesis_kms_key_id"])
def test_so_it_is_outside_of_the_controller(cloud: Cloud, tmp_path: Path, place: str) -> None:
    token = {"redis_auth_token": TOKEN, "redis_auth_token_version": "1", "streambed_run_in_controller": False}
    nowhere(cloud, tmp_path, {**token, place: PLACES[place]}, "-vvvv")
