# SPDX-License-Identifier: Apache-2.0
"""Jobs as AWX runs them: ansible-runner, a copy of the repository, credentials in the environment, events kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.module_utils.environment.lock import Place

from localcloud.process import ACCESS_KEY, Cloud
from tests.integration.test_lock import TERRAFORMS
from tests.integration.test_secrets import TOKEN, assert_nowhere
from tests.support import image
from tests.support.runner import CANARY, job, job_through_files, private_data_dir, results


@pytest.fixture(params=["", "image"], ids=["process", "container"])
def contained(request: pytest.FixtureRequest) -> str:
    """The image of a job's container; nothing for a job that is a process here."""
    return image.built() if request.param else ""


def stranger_and_hand(cloud: Cloud) -> None:
    """Changes that somebody made by hand: on a child, on a tag, on a setting."""
    ec2, kinesis = cloud.client("ec2"), cloud.client("kinesis")
    ours = [{"Name": "tag:Name", "Values": ["sensors-*dev*"]}]
    group = next(each for each in ec2.describe_security_groups(Filters=ours)["SecurityGroups"] if each["IpPermissions"])
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    kinesis.update_shard_count(StreamName="sensors-dev", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    while (
        kinesis.describe_stream_summary(StreamName="sensors-dev")["StreamDescriptionSummary"]["StreamStatus"]
        != "ACTIVE"
    ):
        pass
    bucket = "sensors-dev-state-123456789012"
    cloud.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def files(folder: Path) -> dict[str, str]:
    return {str(file): file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file()}


def test_plan_apply_and_drift_as_jobs(cloud: Cloud, tmp_path: Path, contained: str) -> None:
    folder = private_data_dir(tmp_path / "runner", cloud, image=contained)
    before = set(files(tmp_path))

    plan = job(folder, "plan.yml", "--check", "--diff", awx_project_revision="r1")
    assert (plan.status, plan.rc) == ("successful", 0), plan.output
    # The container is gone when somebody reads this: nothing sends them to a file in it.
    assert "plan.json" not in plan.output
    assert not cloud.writes()
    told = plan.artifacts["streambed_plan"]["dev"]
    assert told["components"].keys() == {"vpc", "redis", "kinesis", "state_bucket"}
    assert all(told["components"].values())
    assert sum(told["components"].values()) == told["calls"] == sum(told["classes"].values())

    apply = job(folder, "site.yml", awx_project_revision="r1", environment_allowed_changes=[], **plan.artifacts)
    assert apply.rc == 0, apply.output
    assert apply.artifacts["streambed_outputs"]["dev"]
    assert "STREAMBED dev: DONE" in apply.output

    calm = job(folder, "drift.yml", "--check", "--diff")
    assert calm.rc == 0, calm.output
    assert calm.artifacts["streambed_drift"]["dev"]["differences"] == []
    writes = len(cloud.writes())

    stranger_and_hand(cloud)
    made_by_hand = len(cloud.writes())
    alarm = job(folder, "drift.yml", "--check", "--diff")
    assert (alarm.status, alarm.rc) == ("failed", 2), alarm.output
    told = alarm.artifacts["streambed_failure"]["dev"]
    assert told.startswith("environment sensors-dev: drift: found "), told
    assert len(cloud.writes()) == made_by_hand > writes
    found = alarm.artifacts["streambed_drift"]["dev"]
    named = {(entry["component"], entry["attribute"].partition(".")[0]) for entry in found["differences"]}
    assert named == {("vpc", "security_groups"), ("kinesis", "shard_count"), ("state_bucket", "versioning_enabled")}
    written = json.loads((folder / "project" / "artifacts" / "dev" / "drift.json").read_text())
    assert written == found

    new = [Path(name) for name in set(files(tmp_path)) - before]
    ours = [folder / name for name in ("project", "artifacts", "env")]
    assert not [name for name in new if not any(map(name.is_relative_to, ours))]
    # ansible-runner itself writes the environment to artifacts/<id>, as command and env.list; AWX masks it.
    its = ("command", "env.list", "envvars")
    kept = {name: text for name, text in files(tmp_path).items() if Path(name).name not in its}
    assert any("job_events" in name for name in kept)
    assert_nowhere(CANARY, kept)
    assert_nowhere(ACCESS_KEY, {name: text for name, text in kept.items() if "job_events" in name})
    # A worker says its lines through the main process; one that prints them itself is warned of.
    assert not [name for name, text in kept.items() if "errantly" in text]


def test_what_is_approved_is_what_is_applied_or_nothing(cloud: Cloud, tmp_path: Path, contained: str) -> None:
    """A workflow hands what the plan said to the next node as extra variables."""
    folder = private_data_dir(tmp_path, cloud, image=contained)
    plan = job(folder, "plan.yml", "--check", awx_project_revision="r1")
    told, approved = plan.artifacts["streambed_plan"]["dev"], plan.artifacts["approved_plan"]["dev"]
    assert (approved["digest"], approved["revision"], approved["left_off"]) == (told["digest"], "r1", 0)
    assert len(approved["order"]) == told["calls"]

    # What AWX's template says beside: without an approval nothing is let through, whoever launched it.
    unapproved = {"environment_allowed_changes": []}
    alone = job(folder, "site.yml", awx_project_revision="r1", **unapproved)
    assert alone.rc == 2
    assert "allowed_changes: found" in " ".join(alone.output.split())

    other = job(folder, "site.yml", awx_project_revision="r2", **unapproved, **plan.artifacts)
    assert other.rc == 2
    said = "revision: found r2, wanted r1, at which it was planned. Next: launch it again"
    assert said in " ".join(other.output.split())
    assert said in other.artifacts["streambed_failure"]["dev"], "an alert of a failed apply says why"
    assert not cloud.writes()

    # The same commit, and a world that has changed meanwhile.
    (folder / "project" / "artifacts" / "dev" / "plan.json").unlink()
    cloud.client("kinesis").create_stream(StreamName="sensors-dev", ShardCount=1)
    made = len(cloud.writes())
    late = job(folder, "site.yml", awx_project_revision="r1", **unapproved, **plan.artifacts)
    assert late.rc == 2
    said = " ".join(late.output.split())
    assert f"wanted the approved {told['digest']}" in said
    assert "no longer: " in said
    assert len(cloud.writes()) == made


def test_a_job_that_waits_and_one_that_unlocks_say_who_holds_the_lock(cloud: Cloud, tmp_path: Path) -> None:
    folder = private_data_dir(tmp_path, cloud)
    assert job(folder, "site.yml", "--tags", "state_bucket").rc == 0
    place = Place("sensors-dev-state-123456789012", "dev/sensors.tfstate")
    cloud.client("s3").put_object(**place.params, Body=json.dumps(TERRAFORMS))
    holder = "held by root@vm since 2026-11-23T17:51:34.92115548Z for OperationTypeApply"

    late = job(folder, "site.yml", environment_lock_wait_seconds=12)
    assert late.rc == 2
    # The result repeats its lines; said while it waits it is once, at the beginning of a line.
    told = [line for line in late.output.splitlines() if line.startswith("waiting for the lock")]
    assert [line.startswith(f"waiting for the lock, {holder}") for line in told] == [True], late.output
    assert "RETRYING" not in late.output
    assert holder in late.artifacts["streambed_failure"]["dev"]

    asked = job(folder, "unlock.yml")
    assert asked.rc == 0, asked.output
    assert f"environment sensors-dev: locked, {holder}" in asked.output


def test_the_secret_of_a_component_is_in_no_event(cloud: Cloud, tmp_path: Path, contained: str) -> None:
    folder = private_data_dir(tmp_path, cloud, image=contained)
    secrets = tmp_path / "env" / "secrets.json"
    secrets.write_text(json.dumps({"redis_auth_token": TOKEN, "redis_auth_token_version": "one"}))
    # ansible-runner mounts its directory there.
    seen = Path("/runner") if contained else tmp_path
    done = job(folder, "drift.yml", "-vvv", "--diff", "-e", f"@{seen / secrets.relative_to(tmp_path)}")
    assert done.rc == 2, done.output
    kept = {name: text for name, text in files(tmp_path).items() if Path(name).parent.name != "env"}
    assert_nowhere(TOKEN, kept)
    assert done.artifacts["streambed_drift"]["dev"]["differences"][0]["attribute"] == "existence"


def test_the_ordinary_module_route_finds_the_same(cloud: Cloud, tmp_path: Path) -> None:
    folder = private_data_dir(tmp_path, cloud)
    inside = job(folder, "plan.yml", "--check")
    outside = job(folder, "plan.yml", "--check", streambed_run_in_controller=False)
    assert (inside.rc, outside.rc) == (0, 0), outside.output
    assert inside.artifacts == outside.artifacts
    (one,), (other,) = results(inside, "environment_run"), results(outside, "environment_run")
    assert one["plan"] == other["plan"]


def test_transmit_worker_process_is_the_same_job(cloud: Cloud, tmp_path: Path) -> None:
    folder = private_data_dir(tmp_path / "control", cloud)
    straight = job(folder, "plan.yml", "--check", "--limit", "dev")
    apart = job_through_files(folder, tmp_path / "node", "plan.yml", "--check", "--limit", "dev")
    assert (apart.status, apart.rc) == ("successful", 0), apart.output
    assert apart.artifacts == straight.artifacts
    assert [event["event"] for event in apart.events] == [event["event"] for event in straight.events]


def test_a_slice_of_the_fleet_sees_its_own_environments(cloud: Cloud, tmp_path: Path) -> None:
    folder = private_data_dir(tmp_path, cloud, "fleet")
    done = job(folder, "drift.yml", "--check", "--limit", "plant-01:plant-03")
    assert done.rc == 2, done.output
    found = done.artifacts["streambed_drift"]
    assert found.keys() == done.artifacts["streambed_failure"].keys() == {"plant-01", "plant-03"}
    assert found["plant-01"]["environment"] == "sensors-plant-01"


def test_a_job_without_the_configuration_fails(cloud: Cloud, tmp_path: Path) -> None:
    folder = private_data_dir(tmp_path, cloud)
    (folder / "project" / "ansible.cfg").unlink()
    done = job(folder, "plan.yml")
    assert done.rc != 0
    assert "the role 'environment' was not found" in done.output


@pytest.mark.parametrize("playbook", ["plan.yml", "site.yml", "drift.yml", "destroy.yml"])
def test_a_limit_that_matches_nothing_fails(cloud: Cloud, tmp_path: Path, playbook: str) -> None:
    done = job(private_data_dir(tmp_path, cloud), playbook, "--limit", "porridge")
    assert (done.status, done.rc) == ("failed", 1)
    assert not cloud.journal()


def test_an_answer_that_is_not_the_environments_name_destroys_nothing(cloud: Cloud, tmp_path: Path) -> None:
    done = job(private_data_dir(tmp_path, cloud), "destroy.yml", confirm="prod")
    assert done.rc == 2
    said = "environment sensors-dev: environment_confirm: found prod, wanted dev. Next: to remove all of it"
    assert said in " ".join(done.output.split())
    assert not cloud.journal()
