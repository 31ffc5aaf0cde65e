# SPDX-License-Identifier: Apache-2.0
"""Terraform itself on our bucket, settings and lock; skipped where no terraform is on the PATH."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.environment import lease
from ansible.module_utils.environment.backend_settings import backend_settings, hcl, json_twin
from ansible.module_utils.environment.lock import Place

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.integration.test_faults import DECLARATIONS
from tests.support.runs import aws_of, run

TERRAFORM = shutil.which("terraform")
pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
BUCKET = f"sensors-test-state-{ACCOUNT}"
KEY = "test/sensors.tfstate"
PLACE = Place(BUCKET, KEY)
# terraform_data and local-exec are part of Terraform: no provider has to be installed. The apply holds the lock for as
# long as the file `hold` exists.
STACK: dict[str, Any] = {
    "resource": {"terraform_data": {"consumer": {
        "input": "${timestamp()}",
        "triggers_replace": ["${timestamp()}"],
        "provisioner": [{"local-exec": {"command": "touch held; while test -e hold; do sleep 0.05; done"}}],
    }}}
}  # fmt: skip
# What the embedded cloud needs beside our settings; on AWS nothing does.
EXTRA = ("use_path_style", "skip_credentials_validation", "skip_requesting_account_id", "skip_region_validation")


class Stack:
    """A Terraform stack in a folder of its own, on the embedded cloud."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, **cloud.environment(), "AWS_ENDPOINT_URL_S3": cloud.endpoint,
                            "AWS_ENDPOINT_URL_DYNAMODB": cloud.endpoint, "TF_IN_AUTOMATION": "1",
                            "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}  # fmt: skip
        (folder / "main.tf.json").write_text(json.dumps(STACK))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        assert TERRAFORM is not None
        return subprocess.Popen([TERRAFORM, *arguments, "-no-color"], cwd=self.folder, env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def init(self, *arguments: str) -> str:
        code, output = self.run("init", "-input=false", *arguments, *(f"-backend-config={name}=true" for name in EXTRA))
        assert code == 0, output
        return output


@pytest.fixture
def bucket(cloud: Cloud) -> Cloud:
    run(cloud, "s3_state_bucket", DECLARATIONS["s3_state_bucket"])
    return cloud


@pytest.fixture
def stack(bucket: Cloud, tmp_path: Path) -> Stack:
    """A stack that was initialised with our backend.hcl for Terraform 1.11."""
    made = Stack(bucket, tmp_path)
    (tmp_path / "backend.tf.json").write_text('{"terraform": {"backend": {"s3": {}}}}')
    (tmp_path / "backend.hcl").write_text(hcl(backend_settings(BUCKET, "eu-west-1", KEY)))
    assert "deprecated" not in made.init("-backend-config=backend.hcl").lower()
    return made


def state(cloud: Cloud) -> dict[str, Any]:
    return json.loads(cloud.client("s3").get_object(Bucket=BUCKET, Key=KEY)["Body"].read())


def test_backend_hcl_serves_terraform(bucket: Cloud, stack: Stack) -> None:
    code, output = stack.run("plan")
    assert code == 0, output
    code, output = stack.run("apply", "-auto-approve")
    assert code == 0, output
    assert [resource["name"] for resource in state(bucket)["resources"]] == ["consumer"]
    assert lease.look(aws_of(bucket), PLACE) is None


@pytest.mark.parametrize("both", [False, True], ids=["lock file", "both locks"])
def test_the_json_twin_serves_what_cdktf_synthesises(bucket: Cloud, tmp_path: Path, both: bool) -> None:
    made = Stack(bucket, tmp_path)
    table = f"{BUCKET.removesuffix(f'-{ACCOUNT}')}-lock"
    settings = backend_settings(BUCKET, "eu-west-1", KEY, None, "1.11", table, both)
    (tmp_path / "backend.tf.json").write_text(json.dumps(json_twin(settings)))
    made.init()
    code, output = made.run("apply", "-auto-approve")
    assert code == 0, output
    locked = [entry["operation"] for entry in bucket.writes() if (entry["params"] or {}).get("TableName") == table]
    assert ("PutItem" in locked) is both
    assert [resource["name"] for resource in state(bucket)["resources"]] == ["consumer"]


def test_terraform_keeps_streambed_out(bucket: Cloud, stack: Stack) -> None:
    hold = stack.folder / "hold"
    hold.touch()
    process = stack.start("apply", "-auto-approve")
    while not (stack.folder / "held").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    with pytest.raises(lease.Held, match="for OperationTypeApply, lock id .*terraform force-unlock"):
        lease.take(aws_of(bucket), PLACE, "change", "", 120)
    hold.unlink()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert lease.take(aws_of(bucket), PLACE, "change", "", 120)["id"]


def test_streambed_keeps_terraform_out_until_its_lock_is_forced(bucket: Cloud, stack: Stack) -> None:
    lock = lease.take(aws_of(bucket), PLACE, "change", "AWX job 42", 120)
    code, output = stack.run("apply", "-auto-approve")
    assert code == 1
    assert re.search(rf"ID:\s+{lock['id']}", output), output
    assert re.search(r"Operation:\s+Streambed change", output)
    assert "run=AWX job 42" in output
    code, output = stack.run("force-unlock", "-force", lock["id"])
    assert code == 0, output
    assert lease.look(aws_of(bucket), PLACE) is None
    code, output = stack.run("apply", "-auto-approve")
    assert code == 0, output


def test_our_unlock_frees_a_lock_of_terraform_that_died(bucket: Cloud, stack: Stack) -> None:
    (stack.folder / "hold").touch()
    process = stack.start("apply", "-auto-approve")
    while not (stack.folder / "held").exists():
        time.sleep(0.05)
    process.kill()
    process.communicate()
    (stack.folder / "hold").unlink()
    left = lease.look(aws_of(bucket), PLACE)
    assert left is not None
    assert lease.free(aws_of(bucket), PLACE, left.lock.id) is None
    code, output = stack.run("apply", "-auto-approve")
    assert code == 0, output
