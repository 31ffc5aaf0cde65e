# SPDX-License-Identifier: Apache-2.0
"""Check, run, check, run for every declaration in cycles/, one after the other on one cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.process import Cloud
from tests.support.components import MODULES
from tests.support.runs import four_steps, run

pytestmark = pytest.mark.inside

CYCLES = Path(__file__).parent / "cycles"
NETWORK = {
    "cidr_block": "10.20.0.0/16",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "tiers": {"app": {"internet": "none"}, "cache": {"internet": "none"}},
    "security_groups": {"app": {"description": "app"}, "cache": {"description": "cache"}},
}


def cycles() -> list[Any]:
    found = []
    for name in MODULES:
        for cycle in yaml.safe_load((CYCLES / f"{name}.yml").read_text()):
            found.append(pytest.param(name, cycle["steps"], id=f"{name}: {cycle['name']}"))
    return found


@pytest.mark.parametrize(("module", "steps"), cycles())
def test_cycle(cloud: Cloud, module: str, steps: list[dict[str, Any]]) -> None:
    if module == "elasticache_replication_group":
        run(cloud, "ec2_vpc_network", NETWORK)
    for step in steps:
        result = four_steps(cloud, module, step)
    if steps[-1].get("state") == "absent":
        assert result["resource"] == {}
