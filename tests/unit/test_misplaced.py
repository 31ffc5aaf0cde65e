# SPDX-License-Identifier: Apache-2.0
"""A secret in a second place is refused by that place's name, alone, and is in no word of what is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.environments import requested

TOKEN = "CanaryWagtail-Bullfinch-2026"
SECRET = {"redis_auth_token": TOKEN, "redis_auth_token_version": "1"}


def said(**variables: Any) -> list[str]:
    return [str(each) for each in requested({**SECRET, **variables}).refusals]


@pytest.mark.parametrize(("variable", "value"), [
    ("redis_tags", {"team": TOKEN}), ("redis_tags", {TOKEN: "team"}), ("redis_description", f"a {TOKEN}"),
    ("redis_parameters", {"maxmemory-policy": [TOKEN]}), ("kinesis_consumers", [f"{TOKEN}-reader"]),
    ("vpc_tiers", {TOKEN: {"internet": "none"}}), ("state_bucket_tags", {"a": "b", "c": TOKEN}),
    ("redis_num_node_groups", TOKEN),
])  # fmt: skip
def test_its_place_is_named_and_nothing_else_is_said(variable: str, value: Any) -> None:
    [refusal] = said(**{variable: value})
    assert f"{variable}: found the value of a secret" in refusal
    assert TOKEN not in refusal


def test_a_name_that_holds_it_is_left_out_as_well() -> None:
    found = said(environment_suffix=TOKEN.lower(), redis_auth_token=TOKEN.lower())
    assert found
    assert all("the value of a secret" in each and TOKEN.lower() not in each for each in found)


def test_a_secret_in_its_own_place_and_short_values_are_none_of_this() -> None:
    assert said(redis_tags={"team": "telemetry"}) == []
    # The version is a part of no secret.
    assert said(kinesis_tags={"version": "1"}) == []
