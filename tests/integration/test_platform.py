# SPDX-License-Identifier: Apache-2.0
"""The whole environment through the playbooks, as a person runs them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.platform import ours
from tests.support.playbooks import play
from tests.support.runs import but_locks, unmatched

MOST_READS = 30


@pytest.fixture(scope="module")
def laid() -> Iterator[Cloud]:
    """A cloud of its own, on which the tests of this module follow each other: empty, laid, removed."""
    with Cloud(settle_polls=1) as cloud:
        yield cloud


def run(cloud: Cloud, playbook: str, folder: Path, **variables: Any) -> tuple[int, str]:
    """Exit code and output; what the run writes down goes to ``folder``."""
    given = {"environment_artifacts_folder": str(folder), **variables}
    done = play(cloud, f"playbooks/{playbook}.yml", "-e", json.dumps(given))
    return done.returncode, done.stdout + done.stderr


def changed(output: str) -> int:
    return int(re.search(r"changed=(\d+)", output).group(1))


def test_the_plan_on_an_empty_account_is_what_a_run_then_does(laid: Cloud, tmp_path: Path) -> None:
    code, output = run(laid, "plan", tmp_path)
    assert code == 0, output
    assert not laid.writes(), "the plan wrote"
    plan = json.loads((tmp_path / "plan.json").read_text())
    calls = [call for component in plan["components"].values() for call in component["calls"]]
    assert plan["calls"] == len(calls) > 50
    code, output = run(laid, "site", tmp_path)
    assert code == 0, output
    assert unmatched(calls, but_locks(laid.writes())) == ([], [])


def test_the_outputs_name_what_is_there(laid: Cloud, tmp_path: Path) -> None:
    code, output = run(laid, "outputs", tmp_path)
    assert code == 0, output
    outputs = json.loads((tmp_path / "outputs.json").read_text())
    vpc = laid.client("ec2").describe_vpcs(VpcIds=[outputs["vpc"]["vpc_id"]])["Vpcs"][0]
    assert vpc["CidrBlock"] == outputs["vpc"]["cidr_block"]
    group = laid.client("elasticache").describe_replication_groups(ReplicationGroupId=outputs["redis"]["name"])
    endpoint = group["ReplicationGroups"][0]["ConfigurationEndpoint"]["Address"]
    assert outputs["redis"]["configuration_endpoint"] == endpoint
    assert outputs["pending"] == []
    backend = json.loads((tmp_path / "backend.tf.json").read_text())["terraform"]["backend"]["s3"]
    assert backend == outputs["backend"]
    assert backend["key"] == "local/sensors.tfstate"
    laid.client("s3").head_bucket(Bucket=backend["bucket"])
    assert 'key          = "local/sensors.tfstate"' in (tmp_path / "backend.hcl").read_text()


def test_a_second_run_changes_nothing_and_reads_little(laid: Cloud, tmp_path: Path) -> None:
    before = len(laid.journal())
    code, output = run(laid, "site", tmp_path)
    assert code == 0, output
    assert changed(output) == 0
    assert not laid.writes(before)
    assert len(laid.journal(before)) <= MOST_READS
    code, output = run(laid, "plan", tmp_path)
    assert json.loads((tmp_path / "plan.json").read_text())["calls"] == 0
    assert len(re.findall(r"^\w+: .*: nothing to do$", output, re.MULTILINE)) == 4


def test_what_someone_changed_is_planned_and_put_back(laid: Cloud, tmp_path: Path) -> None:
    laid.client("s3").delete_bucket_policy(Bucket="sensors-local-state-123456789012")
    code, _ = run(laid, "plan", tmp_path)
    assert code == 0
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert [call["operation"] for call in plan["components"]["state_bucket"]["calls"]] == ["put_bucket_policy"]
    before = len(laid.journal())
    code, output = run(laid, "site", tmp_path)
    assert code == 0, output
    assert [entry["operation"] for entry in but_locks(laid.writes(before))] == ["PutBucketPolicy"]


def test_destroy_wants_the_environments_name(laid: Cloud, tmp_path: Path) -> None:
    before = len(laid.journal())
    code, output = run(laid, "destroy", tmp_path, confirm="prod")
    assert code == 2
    assert "confirm: found prod, wanted local" in " ".join(output.split())
    assert not laid.journal(before)


def test_destroy_keeps_a_bucket_whose_state_has_resources(laid: Cloud, tmp_path: Path) -> None:
    state = {"version": 4, "resources": [{"type": "aws_instance", "name": "consumer"}]}
    laid.client("s3").put_object(
        Bucket="sensors-local-state-123456789012", Key="local/sensors.tfstate", Body=json.dumps(state)
    )
    before = len(laid.journal())
    code, output = run(laid, "destroy", tmp_path, confirm="local")
    assert code == 2
    assert "local/sensors.tfstate" in output
    assert not laid.writes(before), "something was removed before the refusal"
    laid.client("s3").put_object(
        Bucket="sensors-local-state-123456789012", Key="local/sensors.tfstate", Body='{"version": 4, "resources": []}'
    )


def test_destroy_leaves_nothing_of_ours(laid: Cloud, tmp_path: Path) -> None:
    assert len(ours(laid)) > 10
    code, output = run(laid, "destroy", tmp_path, confirm="local")
    assert code == 0, output
    assert ours(laid) == {}
    before = len(laid.journal())
    code, output = run(laid, "destroy", tmp_path, confirm="local")
    assert code == 0, output
    assert changed(output) == 0
    assert not laid.writes(before)
