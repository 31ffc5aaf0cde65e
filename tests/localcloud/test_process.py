# SPDX-License-Identifier: Apache-2.0
"""Clouds start, are found, do not get in each other's way, and stop."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localcloud import process
from localcloud.process import ROOT, Cloud, CloudError


def run(verb: str, state_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localcloud", verb, "--state-dir", str(state_dir), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_up_status_up_again_down(tmp_path: Path) -> None:
    assert run("status", tmp_path).returncode == 3
    started = time.monotonic()
    first = run("up", tmp_path)
    assert first.returncode == 0, first.stderr
    assert time.monotonic() - started < 10
    try:
        pid = int((tmp_path / "pid").read_text())
        endpoint = (tmp_path / "endpoint").read_text().strip()
        assert endpoint.startswith("http://127.0.0.1:")
        assert os.getsid(pid) == pid
        assert run("status", tmp_path).returncode == 0
        again = run("up", tmp_path)
        assert again.returncode == 0
        assert "already up" in again.stdout
        assert int((tmp_path / "pid").read_text()) == pid
    finally:
        assert run("down", tmp_path).returncode == 0
    assert run("status", tmp_path).returncode == 3
    assert not (tmp_path / "pid").exists()
    assert not (tmp_path / "endpoint").exists()
    assert (tmp_path / "journal.jsonl").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_stale_pid_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "30"])
    try:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        (tmp_path / "pid").write_text(f"{stranger.pid}\n")
        (tmp_path / "endpoint").write_text(f"http://127.0.0.1:{port}\n")
        assert process.find(tmp_path) is None
        assert "not up" in process.down(tmp_path)
        assert stranger.poll() is None
        assert not (tmp_path / "pid").exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_hangs_is_ended_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_STOP_SECONDS", 0.2)
    monkeypatch.setattr(process, "_HEALTH_SECONDS", 0.5)
    pid = int(re.findall(r"pid (\d+)", process.up(tmp_path))[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(CloudError, match="does not answer"):
            process.up(tmp_path)
        assert f"pid {pid}" in process.down(tmp_path)
        assert os.waitpid(pid, 0) == (pid, signal.SIGKILL)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_the_pid_counts_only_when_the_server_says_it_is_its_own(server: Cloud, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(f"{os.getpid()}\n")
    (tmp_path / "endpoint").write_text(f"{server.endpoint}\n")
    assert process.find(tmp_path) is None
    assert process.find(server.state_dir) is not None


def test_a_taken_port_is_one_clear_line(server: Cloud, tmp_path: Path) -> None:
    port = server.endpoint.rsplit(":", 1)[1]
    failed = run("up", tmp_path, "--port", port)
    assert failed.returncode == 2
    assert failed.stderr.count("\n") == 1
    assert f"port {port}" in failed.stderr
    assert process.find(tmp_path) is None


def test_clouds_side_by_side_know_nothing_of_each_other(cloud: Cloud) -> None:
    with Cloud() as other:
        cloud.client("kinesis").create_stream(StreamName="mine", ShardCount=1)
        assert other.client("kinesis").list_streams()["StreamNames"] == []
        assert cloud.client("kinesis").list_streams()["StreamNames"] == ["mine"]
        assert [entry["operation"] for entry in other.journal()] == ["ListStreams"]


def test_a_cloud_ends_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(["sleep", "30"])
    options = ["--state-dir", str(tmp_path), "--parent-pid", str(parent.pid)]
    cloud = subprocess.Popen([sys.executable, "-m", "localcloud", "serve", *options], cwd=ROOT)
    try:
        deadline = time.monotonic() + 20
        while process.find(tmp_path) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.find(tmp_path) is not None
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert cloud.wait(10) == 0
    finally:
        parent.kill()
        cloud.kill()
        cloud.wait()


def test_reset_forgets_objects_and_calls_quickly(cloud: Cloud) -> None:
    cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    cloud.client("kinesis").create_stream(StreamName="mine", ShardCount=1)
    started = time.monotonic()
    cloud.reset()
    assert time.monotonic() - started < 0.5
    assert cloud.journal() == []
    assert (cloud.state_dir / "journal.jsonl").read_text() == ""
    assert cloud.client("kinesis").list_streams()["StreamNames"] == []
    vpcs = cloud.client("ec2").describe_vpcs()["Vpcs"]
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]


def test_reset_brings_the_settings_back(cloud: Cloud) -> None:
    cloud.configure(settle_polls=3, quotas={"vpcs_per_region": 1})
    cloud.reset()
    settings = cloud.configure()
    assert settings["settle_polls"] == 0
    assert settings["quotas"]["vpcs_per_region"] == 5


@pytest.mark.parametrize("settings", [{"settle_pols": 1}, {"settle_polls": -1}, {"quotas": {"vpcs": 1}}])
def test_a_setting_that_cannot_be_meant_is_refused(cloud: Cloud, settings: dict) -> None:
    with pytest.raises(CloudError):
        cloud.configure(**settings)
