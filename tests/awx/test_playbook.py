# SPDX-License-Identifier: Apache-2.0
"""playbooks/awx.yml against a stand-in of AWX's API: it keeps what it says, once, and refuses in sentences."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx.controller import Controller, serving
from tests.support.components import ROOT


def keep(address: str, *words: str, token: str = "good-token", **variables: Any) -> subprocess.CompletedProcess[str]:
    """A finished run of the playbook."""
    binaries = Path(sys.executable).parent
    environment = {**os.environ, "CONTROLLER_HOST": address, "CONTROLLER_OAUTH_TOKEN": token, "ANSIBLE_NOCOLOR": "1",
                   "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}  # fmt: skip
    command = [binaries / "ansible-playbook", "playbooks/awx.yml", "-e", json.dumps(variables), *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def changed(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"changed=(\d+)", done.stdout).group(1))


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return " ".join(done.stdout.split())


def objects(folder: Path, *kept: str) -> Path:
    """The shipped objects with fewer environments and verbs: awx.awx takes a process for every object."""
    shipped = yaml.safe_load((ROOT / "awx" / "objects.yml").read_text())
    shipped["left_out"] += sorted(shipped["environments"].keys() - set(kept))
    shipped["verbs"] = {verb: shipped["verbs"][verb] for verb in ("plan", "apply", "drift")}
    shipped["environments"] = {name: shipped["environments"][name] for name in kept}
    file = folder / "objects.yml"
    file.write_text(yaml.safe_dump(shipped, sort_keys=False))
    return file


def test_what_is_kept_is_kept_once_and_a_hand_is_named(tmp_path: Path) -> None:
    controller = Controller()
    given: dict[str, Any] = {"objects_file": str(objects(tmp_path, "prod"))}
    secret = "Canary/Wagtail+Bullfinch=2026"
    given["aws_inputs"] = {"prod": {"username": "AKIPROD", "password": secret}}
    with serving(controller) as address:
        first = keep(address, "-vvv", **given)
        assert changed(first) > 15
        assert secret not in first.stdout
        written = len(controller.writes)
        second = keep(address, **given)
        assert changed(second) == 0, second.stdout
        assert controller.writes[written:] == []

        template = controller.named("job_templates", "streambed-prod-apply")
        template["ask_variables_on_launch"] = True
        look = keep(address, "--check", **given)
        assert changed(look) == 1
        assert "streambed-prod-apply: ask_variables_on_launch: found True, wanted False" in look.stdout
        assert look.stdout.count(": found ") == 1
        assert controller.writes[written:] == []
    assert controller.named("credentials", "aws-streambed-prod")["inputs"]["password"] == secret
    (kept,) = (each for each in controller.things["credential_types"].values() if each["name"] == "Streambed")
    assert kept["injectors"]["env"]["AWS_ENDPOINT_URL"] == "{{ endpoint_url }}"
    order_of_a_release(controller)


def order_of_a_release(controller: Controller) -> None:
    """plan -> approval -> apply -> verify, in every workflow."""
    nodes = controller.things["workflow_job_template_nodes"]
    assert len(nodes) == 4
    after = {}
    for node in nodes.values():
        next_ones = controller.links.get(f"{node['url']}success_nodes/", [])
        after[node["identifier"]] = [nodes[each]["identifier"] for each in next_ones]
    assert after == {"plan": ["approval"], "approval": ["apply"], "apply": ["verify"], "verify": []}


@pytest.mark.parametrize(("given", "token", "said"), [
    ({"version": "21.14.0"}, "good-token", "version: found 21.14.0, wanted 24.0.0 or newer. Next: upgrade AWX"),
    ({}, "bad-token", "token: found one that AWX answers with 401, wanted one that may write. Next: make a token"),
    ({"galaxy": False}, "good-token", "galaxy_credentials: found 0 credentials of the name Ansible Galaxy"),
])  # fmt: skip
def test_an_awx_that_will_not_do_is_refused(given: dict[str, Any], token: str, said: str) -> None:
    controller = Controller(**given)
    with serving(controller) as address:
        assert said in sentence(keep(address, token=token))
    assert controller.writes == []


@pytest.mark.parametrize(("address", "said"), [
    ("http://127.0.0.1:9", "version: found no AWX that answers, wanted 24.0.0 or newer. Next: correct CONTROLLER_HOST"),
    ("", "AWX (CONTROLLER_HOST is not set): version: found no AWX that answers"),
])  # fmt: skip
def test_an_address_without_awx_is_refused(address: str, said: str) -> None:
    assert said in sentence(keep(address))


def test_environments_and_inventories_must_match(tmp_path: Path) -> None:
    objects = yaml.safe_load((ROOT / "awx" / "objects.yml").read_text())
    objects["environments"]["porridge"] = objects["environments"].pop("dev")
    file = tmp_path / "objects.yml"
    file.write_text(yaml.safe_dump(objects))
    said = sentence(keep("http://127.0.0.1:9", objects_file=str(file)))
    assert "environments: found porridge, wanted a folder inventories/porridge. Next: add the inventory" in said
    assert "inventories/dev: found no entry in awx/objects.yml, wanted one under environments. Next: add it" in said
