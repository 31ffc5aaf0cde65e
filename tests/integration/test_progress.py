# SPDX-License-Identifier: Apache-2.0
"""Slow work of all components is under way together, and waited for with one line of progress per tick."""

from __future__ import annotations

import json
import re
from pathlib import Path

from localcloud.process import Cloud
from tests.support.playbooks import play


def site(cloud: Cloud, folder: Path, **variables: object) -> tuple[int, str]:
    given = {"environment_artifacts_folder": str(folder), "environment_progress_seconds": 0.3, **variables}
    done = play(cloud, "playbooks/site.yml", "-e", json.dumps(given))
    return done.returncode, done.stdout + done.stderr


def test_everything_slow_is_in_the_making_at_the_same_time(cloud: Cloud, tmp_path: Path) -> None:
    cloud.configure(settle_polls=6)
    code, output = site(cloud, tmp_path)
    assert code == 0, output
    operations = [entry["operation"] for entry in cloud.journal()]
    created = operations.index("CreateReplicationGroup")
    last_wait = len(operations) - operations[::-1].index("DescribeNatGateways")
    assert operations.index("CreateNatGateway") < created < last_wait
    assert operations.index("CreateStream") < last_wait
    lines = re.findall(r"waiting \d+ s: (.*)", output)
    assert lines
    for noun in ("replication group sensors-local: creating", "stream sensors-local: CREATING", "NAT gateway"):
        assert any(noun in line for line in lines), noun


def test_a_separate_process_waits_as_well(cloud: Cloud, tmp_path: Path) -> None:
    code, output = site(cloud, tmp_path, streambed_run_in_controller=False)
    assert code == 0, output
    before = len(cloud.journal())
    code, output = site(cloud, tmp_path)
    assert code == 0, output
    assert "changed=0" in output
    assert not cloud.writes(before)


def test_an_object_that_fails_is_named_and_the_others_arrive(cloud: Cloud, tmp_path: Path) -> None:
    cloud.configure(settle_polls={"nat_gateway": 30, "default": 1})
    code, output = site(cloud, tmp_path, vpc_wait_timeout=1)
    assert code == 2
    assert "NAT gateway" in output
    assert "is still pending" in output
    status = cloud.client("kinesis").describe_stream_summary(StreamName="sensors-local")["StreamDescriptionSummary"]
    assert status["StreamStatus"] == "ACTIVE"
    assert status["EncryptionType"] == "KMS"
    code, output = site(cloud, tmp_path)  # the wait continues
    assert code == 0, output
