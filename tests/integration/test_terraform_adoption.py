# SPDX-License-Identifier: Apache-2.0
"""Stacks that a real Terraform built are adopted, and Terraform sees nothing but tags afterwards.

STREAMBED_WRITE_STATES=1 keeps the states, without secrets, beside the stacks, for ``test_adopted_states.py``, which
needs no Terraform.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.test_terraform_client import MIRROR, TERRAFORM, Client, provider
from tests.support.environments import conducted, settled
from tests.support.stacks import STACKS, adopted_with, of_module, roles, scrubbed
from tools.terraform_network import network
from tools.terraform_state import read

pytestmark = [
    pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed"),
    pytest.mark.skipif(not MIRROR, reason="STREAMBED_TERRAFORM_MIRROR does not name the folder of the AWS provider"),
]
CASES = sorted(path.stem for path in STACKS.glob("*.tf")) + ["nested"]


@pytest.fixture
def terraform(cloud: Cloud, tmp_path: Path) -> Iterator[Client]:
    cloud.configure(settle_polls=0, quotas={"vpcs_per_region": 10})
    with provider(cloud) as environment:
        client = Client(tmp_path, environment)
        modules = {case: {"source": f"./{case}"} for case in CASES}
        (tmp_path / "main.tf.json").write_text(json.dumps({"module": modules}))
        for case in CASES:
            if (STACKS / case).is_dir():
                shutil.copytree(STACKS / case, tmp_path / case)
            else:
                (tmp_path / case).mkdir()
                shutil.copy(STACKS / f"{case}.tf", tmp_path / case / "main.tf")
        yield client


def beside_tags(plan: dict[str, Any]) -> list[str]:
    """What a plan of Terraform's would change other than tags."""
    found = []
    for each in plan.get("resource_changes", ()):
        before, after = ({key: value for key, value in (each["change"][side] or {}).items()
                          if key not in ("tags", "tags_all")} for side in ("before", "after"))  # fmt: skip
        if each["change"]["actions"] not in (["no-op"], ["read"]) and before != after:
            found.append(f"{each['address']}: {each['change']['actions']}")
    return found


def test_what_terraform_built_is_adopted_and_terraform_sees_tags_alone(terraform: Client, cloud: Cloud) -> None:
    terraform.does("init", "-input=false")
    terraform.does("apply", "-auto-approve", "-input=false")
    whole = json.loads((terraform.folder / "terraform.tfstate").read_text())
    for case in CASES if os.environ.get("STREAMBED_WRITE_STATES") else ():
        state = scrubbed(of_module(whole, case))
        (STACKS / f"{case}.tfstate").write_text(json.dumps(state, indent=1, sort_keys=True) + "\n")
    for case in CASES:
        found = read(of_module(whole, case), network)
        given, chosen = adopted_with(found, case), roles(found)
        conducted(cloud, given, verb="adopt", confirm=case.replace("_", "-"), roles=chosen)
        settled(cloud, given, roles=chosen)
    terraform.does("plan", "-input=false", "-out=plan")
    code, text = terraform.run("show", "-json", "plan")
    assert code == 0, text
    assert not beside_tags(json.loads(text))
