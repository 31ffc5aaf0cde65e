# SPDX-License-Identifier: Apache-2.0
"""Stacks of which Terraform's states are kept here are adopted: the plan is nothing but tags, and empty after it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.environment.gates import TAGGING
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support.environments import conducted, operations, settled
from tests.support.stacks import STACKS, adopted_with, loaded, roles
from tools.terraform_network import network
from tools.terraform_state import read

pytestmark = pytest.mark.inside
CASES = sorted(path.stem for path in STACKS.glob("*.tfstate"))


def state_of(case: str) -> dict[str, Any]:
    return dict(json.loads((STACKS / f"{case}.tfstate").read_text()))


def test_every_stack_has_its_state() -> None:
    assert sorted({path.stem for path in STACKS.iterdir()}) == CASES
    assert len(CASES) >= 10


@pytest.mark.parametrize("case", CASES)
def test_a_stack_is_adopted_by_tags_alone(cloud: Cloud, case: str) -> None:
    cloud.configure(settle_polls=0, quotas={"vpcs_per_region": 10})
    found = read(loaded(cloud, state_of(case)), network)
    given, chosen, name = adopted_with(found, case), roles(found), case.replace("_", "-")
    before = len(cloud.journal())
    plan = conducted(cloud, given, verb="adopt", roles=chosen)
    assert not cloud.writes(before), "an adoption that nobody confirmed wrote"
    assert plan["headline"] == "PLAN"
    assert {*operations(plan["plan"])} <= {*TAGGING}
    done = conducted(cloud, given, verb="adopt", confirm=name, roles=chosen)
    assert done["headline"] == "DONE"
    settled(cloud, given, roles=chosen)


def test_more_than_tags_is_refused_and_another_name_too(cloud: Cloud) -> None:
    found = read(loaded(cloud, state_of("on_demand")), network)
    given = {**adopted_with(found, "on_demand"), "kinesis_retention_hours": 48}
    before = len(cloud.journal())
    with pytest.raises(Refused, match=r"adopt: found 1 calls beside tags: stream events: .*wanted tags alone"):
        conducted(cloud, given, verb="adopt", confirm="on-demand", roles=("kinesis",))
    with pytest.raises(Refused, match="environment_confirm: found prod, wanted on-demand"):
        conducted(cloud, given, verb="adopt", confirm="prod", roles=("kinesis",))
    assert not cloud.writes(before)
