# SPDX-License-Identifier: Apache-2.0
"""Tables: what is asked and what is there -> the calls.  The cases are data, one file per module in cases/."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.reconcile import identity, planning
from ansible.module_utils.reconcile.component import Seen
from ansible.module_utils.reconcile.errors import Refused
from ansible.module_utils.reconcile.graph import ordered
from ansible.module_utils.reconcile.offers import NETWORK, Network, Subnet
from ansible.module_utils.reconcile.plan import CHANGES, Ref, chain, described

from tests.support.components import MODULES, component, options

CASES = Path(__file__).parent / "cases"


class Loader(yaml.SafeLoader):
    """YAML in which ``!ref name`` is a value that is known after apply only."""


Loader.add_constructor("!ref", lambda loader, node: Ref(loader.construct_scalar(node)))


def cases() -> list[Any]:
    found = []
    for name in MODULES:
        for case in yaml.load((CASES / f"{name}.yml").read_text(), Loader):  # noqa: S506  our own files
            found.append(pytest.param(name, case, id=f"{name}: {case['name']}"))
    return found


def with_network(given: dict[str, Any], around: dict[str, Any]) -> dict[str, Any]:
    """A case states ids and zones; here they become the network that offers them."""
    ids, zones = around.get("subnet_ids", []), around.get("zones", [])
    if not zones and all(isinstance(each, Ref) for each in ids):
        ids = []  # a network that nobody has planned
    pairs = [(subnet, zones[place % len(zones)] if zones else "eu-west-1a") for place, subnet in enumerate(ids)]
    pairs += [(f"subnet-in-{zone}", zone) for zone in zones[len(ids) :]] if ids else []
    subnets = tuple(Subnet(given["subnet_tier"] or "cache", zone, subnet) for subnet, zone in pairs)
    keys = given["security_group_names"] or ["cache"]
    groups = dict(zip(keys, around.get("security_group_ids", []), strict=False))
    return {**around, NETWORK: Network(subnets, groups), "named_subnets": subnets}


def planned(name: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan of a case, or Refused."""
    given = options(name, case["options"])
    seen = Seen(**(case.get("seen") or {"resource": None}))
    if NETWORK in component(name).leans_on:
        seen = replace(seen, around=with_network(given, seen.around))
    planning.refuse([*identity.refusals(given), *component(name).rules(given)])
    _, _, calls = planning.planned(component(name), given, seen)
    assert calls == ordered(calls)
    assert all(call.change in CHANGES for call in calls)
    # The headline of a plan says how long its waits usually take.
    assert all(wait.typical_seconds > 0 for call in calls for wait in chain(call.wait) if wait.slow)
    return [described(call) for call in calls]


@pytest.mark.parametrize(("name", "case"), cases())
def test_plan(name: str, case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(Refused) as refused:
            planned(name, case)
        for text in case["refused"]:
            assert text in str(refused.value)
        return
    calls = planned(name, case)
    wanted = case["calls"]
    shown = [{key: call[key] for key in each} for call, each in zip(calls, wanted, strict=False)]
    assert shown == wanted
    assert len(calls) == len(wanted), [call["operation"] for call in calls]
