# SPDX-License-Identifier: Apache-2.0
"""ansible-runner as AWX uses it: a private data directory with a copy of the repository, events kept."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible_runner

from localcloud.process import Cloud
from tests.support.clone import deliver
from tests.support.image import RUN
from tests.support.playbooks import ROOT

# What AWX's own credential type and ours would inject; nothing else reaches a job.
CANARY = "Canary/Wagtail+Bullfinch=2026"


@dataclass(frozen=True)
class Job:
    """One finished job: its status, exit code, output, events, and what set_stats handed on."""

    status: str
    rc: int
    output: str
    events: list[dict[str, Any]]
    artifacts: dict[str, Any]
    folder: Path


def private_data_dir(folder: Path, cloud: Cloud, inventory: str = "dev", image: str = "") -> Path:
    """A directory as AWX makes it: the project, its inventory beside it, credentials in the environment.

    With an image its jobs run in a container, to which nothing but this directory is known.
    """
    deliver(folder / "project")
    shutil.copytree(ROOT / "inventories" / inventory, folder / "inventory")
    environment = {
        **cloud.environment(),
        "AWS_SECRET_ACCESS_KEY": CANARY,
        "STREAMBED_POLL_SECONDS": "0.1",
        "ANSIBLE_NOCOLOR": "1",
        **({} if image else {"HOME": str(folder / "home"), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}),
    }
    (folder / "home").mkdir()
    (folder / "env").mkdir()
    (folder / "env" / "envvars").write_text(json.dumps(environment))
    # The cloud listens on this machine's loopback.
    contained = {"process_isolation": True, "process_isolation_executable": "podman", "container_image": image,
                 "container_options": ["--network=host", "--pull=never", *RUN]}  # fmt: skip
    (folder / "env" / "settings").write_text(json.dumps(contained if image else {}))
    return folder


def order(folder: Path, *words: str, **variables: Any) -> None:
    """Writes down what the next job gets, as AWX does: words of the command line and extra variables."""
    (folder / "env" / "cmdline").write_text(" ".join(words))
    given = {"account_id": "123456789012", "awx_job_id": 7, **variables}
    (folder / "env" / "extravars").write_text(json.dumps(given))


def job(folder: Path, playbook: str, *words: str, **variables: Any) -> Job:
    """Runs a playbook from the root of the project, as ansible-runner's own `run` does."""
    order(folder, *words, **variables)
    ansible_runner.run(private_data_dir=str(folder), playbook=f"playbooks/{playbook}", quiet=True)
    return finished(folder)


def job_through_files(folder: Path, node: Path, playbook: str, *words: str, **variables: Any) -> Job:
    """The same job in AWX's three steps: transmit here, work on another node, process what came back."""
    order(folder, *words, **variables)
    node.mkdir()
    sent, returned, kept = node / "sent", node / "returned", node / "processed"
    with sent.open("wb") as out:
        ansible_runner.run(
            streamer="transmit", _output=out, private_data_dir=str(folder), playbook=f"playbooks/{playbook}"
        )
    with sent.open("rb") as source, returned.open("wb") as out:
        ansible_runner.run(streamer="worker", _input=source, _output=out, private_data_dir=str(node / "work"))
    with returned.open("rb") as source:
        ansible_runner.run(streamer="process", _input=source, ident="1", private_data_dir=str(kept), quiet=True)
    return finished(kept)


def finished(folder: Path) -> Job:
    """The newest job of a private data directory, out of what ansible-runner left there."""
    kept = max((folder / "artifacts").iterdir(), key=lambda each: each.stat().st_mtime)
    events = [json.loads(file.read_text()) for file in (kept / "job_events").glob("*.json")]
    events.sort(key=lambda event: event["counter"])
    handed_on = next((event["event_data"].get("artifact_data", {}) for event in reversed(events)
                      if event["event"] == "playbook_on_stats"), {})  # fmt: skip
    rc = int((kept / "rc").read_text())
    return Job((kept / "status").read_text(), rc, (kept / "stdout").read_text(), events, handed_on, folder)


def results(done: Job, action: str) -> list[dict[str, Any]]:
    """The results of all tasks with this action."""
    return [event["event_data"]["res"] for event in done.events
            if event["event"].startswith("runner_on_") and event["event_data"].get("task_action") == action
            and "res" in event["event_data"]]  # fmt: skip
