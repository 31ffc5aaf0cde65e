# SPDX-License-Identifier: Apache-2.0
"""Slow work of all components is under way together, and waited for before people's eyes: as lines, or as a picture."""

from __future__ import annotations

import json
import re
from pathlib import Path

from localcloud.process import Cloud
from tests.support.playbooks import on_a_terminal, play

# What a terminal is told before and after something is drawn on it.
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


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
    lines = re.findall(r"waiting \d+ s, \d+ calls made, \d+ left: (.*)", output)
    assert lines
    for told in (r"replication group sensors-local: creating [\d.]+s of usually 12m00s",
                 r"stream sensors-local: CREATING [\d.]+s of usually 20s", r"NAT gateway \S+: pending"):  # fmt: skip
        assert any(re.search(told, line) for line in lines), told
    assert "timeline: " in output


def test_what_is_no_terminal_gets_plain_lines(cloud: Cloud, tmp_path: Path) -> None:
    cloud.configure(settle_polls=6)
    code, output = site(cloud, tmp_path)
    assert code == 0, output
    assert not [each for each in ("\x1b", "\r", "WARNING") if each in output]
    cloud.reset()
    cloud.configure(settle_polls=6)
    given = json.dumps({"environment_artifacts_folder": str(tmp_path), "environment_progress_seconds": 0.3})
    code, output = on_a_terminal(cloud, "playbooks/site.yml", "-e", given, ANSIBLE_NOCOLOR="1")
    assert code == 0, output
    assert "\x1b" not in output
    assert re.search(r"waiting \d+ s, \d+ calls made", output)


def test_a_terminal_shows_what_is_waited_for(cloud: Cloud, tmp_path: Path) -> None:
    cloud.configure(settle_polls=6, settle_seconds={"replication_group": 4, "default": 0})
    given = json.dumps({"environment_artifacts_folder": str(tmp_path)})
    code, output = on_a_terminal(cloud, "playbooks/site.yml", "-e", given)
    assert code == 0, output
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", output)
    assert re.search(r"replication group sensors-local +creating +[\d.]+s / 12m00s", text), text
    assert re.search(r"stream sensors-local +CREATING +[\d.]+s / 20s", text), text
    assert re.search(r"local: \d+ calls made, \d+ left", text)
    assert not re.search(r"waiting \d+ s", text), "what is drawn is not said as well"
    assert "WARNING" not in text
    ticks = {float(each) for each in re.findall(r"replication group sensors-local +creating +([\d.]+)s", text)}
    assert max(ticks) - min(ticks) > 2, "its times go on"
    assert output.count(HIDE_CURSOR) == output.count(SHOW_CURSOR) > 0
    after = text[text.rindex("timeline: ") :]
    assert "calls made" not in after, "the picture is gone at the end"
    assert "STREAMBED local: DONE" in after
    before = len(cloud.journal())
    code, output = on_a_terminal(cloud, "playbooks/site.yml", "-e", given, PYTHONPROFILEIMPORTTIME="1")
    assert code == 0, output
    assert not cloud.writes(before)
    assert HIDE_CURSOR not in output
    assert not re.search(r"^import time:.*\| +rich", output, re.MULTILINE), "nothing was drawn, and rich imported"


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
