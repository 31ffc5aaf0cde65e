# SPDX-License-Identifier: Apache-2.0
"""The examples are whole: each is planned without a word against it, laid as planned, and left as it is after that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from localcloud.process import Cloud
from tests.support.components import ROOT
from tests.support.environments import one_plan, resolved

EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.yml"))
# What an inventory says and no component reads.
OF_PLAYBOOKS = ("environment_variables",)


def declared(example: str, given: dict[str, str]) -> dict[str, Any]:
    """The variables of an example, with what has to be given beside them."""
    stated = yaml.safe_load((ROOT / "examples" / f"{example}.yml").read_text())["all"]["vars"]
    found = {name: resolved(value, given) for name, value in stated.items() if name not in OF_PLAYBOOKS}
    return {name if name == "environment_suffix" else name.removeprefix("environment_"): value
            for name, value in found.items()}  # fmt: skip


def a_network_of_others(cloud: Cloud) -> dict[str, str]:
    made = cloud.client("ec2").create_vpc(CidrBlock="10.80.0.0/16")
    return {"adopted_vpc_id": made["Vpc"]["VpcId"]}


def a_password(cloud: Cloud) -> dict[str, str]:
    made = cloud.client("secretsmanager").create_secret(Name="of-default", SecretString="long-enough-for-a-password")
    return {"secret_of_default": made["ARN"]}


BEFORE: dict[str, Callable[[Cloud], dict[str, str]]] = {
    "adopted_network": a_network_of_others, "iot_production": a_password,
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_laid_as_it_is_planned(cloud: Cloud, example: str) -> None:
    given = BEFORE[example](cloud) if example in BEFORE else {}
    plan = one_plan(cloud, declared(example, given))
    assert plan["calls"] > 0
    assert not plan["refused"]
