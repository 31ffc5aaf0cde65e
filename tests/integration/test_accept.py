# SPDX-License-Identifier: Apache-2.0
"""What a first real account is tried with: laid, changed, looked at, removed, with the answers kept."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from localcloud.process import Cloud
from tests.support.playbooks import ROOT


def accept(cloud: Cloud, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given: dict[str, Any] = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    given |= {"LOCALCLOUD_DIR": str(cloud.state_dir), "ANSIBLE_NOCOLOR": "1", **environment}
    command = [sys.executable, "tools/accept.py", "local", *words]
    return subprocess.run(command, cwd=ROOT, env=given, text=True, capture_output=True, check=False)


def test_nobody_who_did_not_confirm_has_anything_laid(cloud: Cloud) -> None:
    done = accept(cloud, CONFIRM="lokal")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "CONFIRM: found lokal, wanted local" in done.stdout
    assert not cloud.writes()


def test_an_account_is_tried_and_left_empty_with_evidence(cloud: Cloud, tmp_path: Path) -> None:
    done = accept(cloud, "--answers", str(tmp_path), CONFIRM="local")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
    assert "'snapshot_days': [2], 'stream_hours': 48" in done.stdout
    files = list(tmp_path.glob("*/*/*.json"))
    kept = {f"{file.parent.parent.name}/{file.parent.name}" for file in files}
    assert {"ec2/create-vpc", "elasticache/describe-replication-groups", "kinesis/describe-stream-summary"} <= kept
    content = json.loads(next(tmp_path.glob("ec2/create-vpc/*.json")).read_text())
    assert content["params"] is None
    # A stand-in, counted in the order in which the answer names its ids.
    assert re.fullmatch(r"vpc-0{15}[0-9a-f]{2}", content["response"]["Vpc"]["VpcId"])
    assert not list(tmp_path.glob("*/get-secret-value/*"))
