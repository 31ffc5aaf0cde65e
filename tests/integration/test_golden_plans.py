# SPDX-License-Identifier: Apache-2.0
"""The plan of each environment on an empty account, as text: a review shows infrastructure change as a diff.

``make plans`` writes the files anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.process import Cloud
from tests.support.playbooks import ROOT, play

GOLDEN = ROOT / "tests" / "golden"
SIGNS = {"create": "+", "delete": "-"}


def planned(cloud: Cloud, environment: str, folder: Path) -> dict[str, Any]:
    """The document that plan.yml writes; the account is the embedded cloud's, as is everything AWS would be asked."""
    variables = {
        "account_id": "123456789012",
        "environment_variables": {**cloud.environment(), "STREAMBED_POLL_SECONDS": "0.1"},
        "environment_artifacts_folder": str(folder),
    }
    done = play(cloud, "playbooks/plan.yml", "-e", json.dumps(variables), inventory=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "plan.json").read_text())


def as_text(plan: dict[str, Any]) -> str:
    """One paragraph for each call: what, on which object, why, with all parameters."""
    lines = [f"{plan['stack_name']}-{plan['environment_suffix']}: {plan['calls']} calls"]
    for name, component in plan["components"].items():
        lines += ["", f"# {name}: {len(component['calls'])} calls"]
        for call in component["calls"]:
            head = f"{SIGNS.get(call['change'], '~')} {call['service']}:{call['operation']} ({call['why']})"
            body = yaml.safe_dump(call["params"], width=110, sort_keys=True, default_flow_style=None)
            lines += [head, *(f"    {line}" for line in body.splitlines())]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_golden_plan(cloud: Cloud, environment: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = as_text(planned(cloud, environment, tmp_path))
    assert not cloud.writes(), "a plan wrote"
    file = GOLDEN / f"{environment}.txt"
    if request.config.getoption("--write-plans"):
        file.write_text(text)
    assert text == file.read_text(), f"the plan of {environment} changed; if that is meant, run `make plans`"
