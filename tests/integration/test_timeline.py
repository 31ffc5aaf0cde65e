# SPDX-License-Identifier: Apache-2.0
"""What a changing run leaves of its times: timeline.json, and its lines, whether it ends well or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.reconcile.errors import AwsFailure

from localcloud.process import Cloud
from tests.support.environments import conducted
from tests.support.platform import SMALL
from tests.support.runs import CLOCK_SPEED, but_locks

pytestmark = pytest.mark.inside


def left(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "timeline.json").read_text())
    return found


def test_a_changing_run_leaves_what_took_how_long_and_what_held_it_up(cloud: Cloud, tmp_path: Path) -> None:
    variables = {**SMALL, "vpc_nat_gateways": "single", "artifacts_folder": str(tmp_path),
                 "vpc_tiers": {**SMALL["vpc_tiers"], "public": {"internet": "gateway"}}}  # fmt: skip
    cloud.configure(settle_seconds={"replication_group": 4, "nat_gateway": 0.5, "default": 0})
    said: list[str] = []
    conducted(cloud, variables, say=said.append)
    found = left(tmp_path)
    assert (found["environment"], found["verb"], found["failed"]) == ("sensors-test", "apply", False)
    assert found["calls"] == len(but_locks(cloud.writes()))
    assert sum(len(each["parts"]) for each in found["objects"]) == found["calls"]
    *before, last = found["chain"]
    assert last["object"] == "replication group sensors-test"
    assert "subnet" in " ".join(each["object"] for each in before)
    by_name = {each["object"]: each for each in found["objects"]}
    nat = next(each for name, each in by_name.items() if name.startswith("NAT gateway"))
    assert (by_name[last["object"]]["seconds"] >= 4 * CLOCK_SPEED, nat["seconds"] >= 0.5 * CLOCK_SPEED) == (True, True)
    assert nat["after"]
    assert all(start >= 0 and start + takes <= found["seconds"] + 0.2
               for each in found["objects"] for start, takes in each["parts"])  # fmt: skip
    (told,) = [lines for lines in said if lines.startswith("timeline: ")]
    assert any(line.startswith("* replication group sensors-test") for line in told.splitlines())
    written = (tmp_path / "timeline.json").stat().st_mtime_ns
    said.clear()
    conducted(cloud, variables, say=said.append)
    assert (tmp_path / "timeline.json").stat().st_mtime_ns == written, "a run that changed nothing wrote it anew"
    assert not [lines for lines in said if "timeline: " in lines]


def stream(cloud: Cloud, folder: Path, within: int = 0, **options: Any) -> dict[str, Any]:
    """A run of an environment that is a stream, and nothing else."""
    variables = {"artifacts_folder": str(folder), **({"kinesis_wait_timeout": within} if within else {})}
    return conducted(cloud, variables, roles=("kinesis",), whole=False, lock=False, outputs=False, **options)


def test_a_run_that_fails_leaves_its_times_as_well(cloud: Cloud, tmp_path: Path) -> None:
    cloud.configure(settle_polls={"stream": 100_000, "default": 0})
    with pytest.raises(AwsFailure, match="is still CREATING"):
        stream(cloud, tmp_path, within=20)
    found = left(tmp_path)
    assert found["failed"]
    assert [(each["object"], each["failed"]) for each in found["objects"]] == [("stream sensors-test", True)]


def test_a_plan_leaves_none_and_a_removal_its_own(cloud: Cloud, tmp_path: Path) -> None:
    stream(cloud, tmp_path, check=True)
    assert not (tmp_path / "timeline.json").exists()
    stream(cloud, tmp_path)
    stream(cloud, tmp_path, verb="destroy")
    assert left(tmp_path)["verb"] == "destroy"


def test_a_folder_that_cannot_be_written_to_fails_no_removal(cloud: Cloud, tmp_path: Path) -> None:
    stream(cloud, tmp_path)
    (tmp_path / "a file").touch()
    stream(cloud, tmp_path / "a file", verb="destroy")
    assert not cloud.client("kinesis").list_streams()["StreamNames"]
