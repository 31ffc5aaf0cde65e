# SPDX-License-Identifier: Apache-2.0
"""The monthly costs of the four inventories, from nothing, against a calculation by hand; and the gate on them."""

from __future__ import annotations

import pytest
from ansible.module_utils.reconcile.errors import Refused

from localcloud.process import Cloud
from tests.support.environments import conducted, inventory

pytestmark = pytest.mark.inside
# By hand, from the pricing pages of eu-west-1: things, USD for one unit, units in a month, USD in a month.
BY_HAND = {
    "local": {
        "vpc": {"NAT gateways": (1, 0.048, 730, 35.04), "public IPv4 addresses": (1, 0.005, 730, 3.65),
                "interface endpoints by zone": (2, 0.011, 730, 16.06), "flow logs in GB": (10, 0.57, 1, 5.70)},
        "redis": {"redis nodes cache.t4g.small": (4, 0.035, 730, 102.20)},
        "kinesis": {"shards": (1, 0.017, 730, 12.41)},
        "state_bucket": {},
    },
    "dev": {
        "vpc": {"NAT gateways": (1, 0.048, 730, 35.04), "public IPv4 addresses": (1, 0.005, 730, 3.65),
                "flow logs in GB": (10, 0.57, 1, 5.70)},
        "redis": {"redis nodes cache.t4g.small": (2, 0.035, 730, 51.10)},
        "kinesis": {"shards": (1, 0.017, 730, 12.41)},
        "state_bucket": {},
    },
    "staging": {
        "vpc": {"NAT gateways": (1, 0.048, 730, 35.04), "public IPv4 addresses": (1, 0.005, 730, 3.65),
                "interface endpoints by zone": (3, 0.011, 730, 24.09), "flow logs in GB": (10, 0.57, 1, 5.70)},
        "redis": {"redis nodes cache.t4g.medium": (4, 0.07, 730, 204.40)},
        "kinesis": {"shards": (2, 0.017, 730, 24.82), "shards kept longer than a day": (2, 0.023, 730, 33.58)},
        "state_bucket": {},
    },
    "prod": {
        "vpc": {"NAT gateways": (3, 0.048, 730, 105.12), "public IPv4 addresses": (3, 0.005, 730, 10.95),
                "interface endpoints by zone": (3, 0.011, 730, 24.09), "flow logs in GB": (10, 0.57, 1, 5.70)},
        "redis": {"redis nodes cache.r7g.large": (9, 0.243, 730, 1596.51)},
        "kinesis": {"shards": (8, 0.017, 730, 99.28), "shards kept longer than a day": (8, 0.023, 730, 134.32)},
        "state_bucket": {},
    },
}  # fmt: skip
TOTALS = {"local": 175.06, "dev": 107.90, "staging": 331.28, "prod": 1975.97}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_costs_of_an_inventory_are_those_made_by_hand(cloud: Cloud, name: str) -> None:
    found = conducted(cloud, inventory(name), check=True)["plan"]["costs"]
    lines = {key: {line["what"]: line for line in part["lines"]} for key, part in found["components"].items()}
    assert {key: set(of_part) for key, of_part in lines.items()} == {
        key: set(of_part) for key, of_part in BY_HAND[name].items()
    }
    for key, of_part in BY_HAND[name].items():
        for what, (count, unit_price, units, monthly) in of_part.items():
            line = lines[key][what]
            assert round(count * unit_price * units, 2) == monthly, "the hand has slipped"
            assert (line["count_before"], line["count_after"]) == (0, count), what
            assert (line["unit_price"], line["after"], line["increase"]) == (unit_price, monthly, monthly), what
        assert found["components"][key]["after"] == round(sum(row[3] for row in of_part.values()), 2)
    assert (found["before"], found["after"], found["increase"]) == (0, TOTALS[name], TOTALS[name])
    assert found["unknown"] == []


def test_what_was_laid_costs_what_the_plan_said_and_a_change_its_difference(cloud: Cloud) -> None:
    declared = inventory("dev")
    plan = conducted(cloud, declared, check=True)["plan"]["costs"]
    conducted(cloud, declared)
    laid = conducted(cloud, declared, check=True)["plan"]["costs"]
    assert (laid["before"], laid["after"], laid["increase"]) == (plan["after"], plan["after"], 0)

    dearer = {**declared, "kinesis_shard_count": 2, "redis_replicas_per_node_group": 2}
    said: list[str] = []
    grown = conducted(cloud, dearer, check=True, say=said.append)["plan"]["costs"]
    assert grown["increase"] == round(12.41 + 25.55, 2)
    assert "costs: +37.96 USD a month, 107.90 → 145.86" in "\n".join(said)

    before = len(cloud.journal())
    with pytest.raises(Refused, match=r"max_monthly_increase: found \+37.96 USD a month, wanted at most 37.00"):
        conducted(cloud, dearer, max_monthly_increase=37)
    assert not cloud.writes(before)
    digest = conducted(cloud, dearer, check=True, max_monthly_increase=37)["digest"]
    conducted(cloud, dearer, max_monthly_increase=37, approved_plan=digest)
    assert conducted(cloud, dearer, check=True)["plan"]["costs"]["before"] == 145.86

    gone = conducted(cloud, {**declared, "redis_final_snapshot": False}, check=True, verb="destroy")["plan"]["costs"]
    assert (gone["before"], gone["after"]) == (145.86, 0)
