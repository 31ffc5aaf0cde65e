# SPDX-License-Identifier: Apache-2.0
"""What a page shows: pictures of states by component, the plan on them, and everything that is filled in escaped."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
from ansible.module_utils.ec2_vpc_network import drawing as network
from ansible.module_utils.elasticache_replication_group import drawing as cache
from ansible.module_utils.environment import report, timeline
from ansible.module_utils.kinesis_data_stream import drawing as stream
from ansible.module_utils.reconcile.drawing import Box, Way
from ansible.module_utils.s3_state_bucket import drawing as bucket

from tests.support.components import plugin

PAGES = plugin("playbooks/filter_plugins/pages.py")
TCP = {"protocol": "tcp", "from_port": 6379, "to_port": 6379}
TO_CACHE, FROM_APP = {**TCP, "security_group": "cache"}, {**TCP, "security_group": "app"}
ALL_OUT = {"protocol": "all", "cidr_block": "0.0.0.0/0"}


def test_a_subnet_says_what_leads_out_of_it() -> None:
    state = {
        "subnets": {"app/eu-west-1a": {"cidr_block": "10.0.0.0/20"},
                    "cache/eu-west-1a": {"cidr_block": "10.0.16.0/20"}},
        "route_tables": {"app": {"internet_routes": {"0.0.0.0/0": "NAT gateway eu-west-1a"},
                                 "subnets": ["app/eu-west-1a"]},
                         "cache": {"internet_routes": {}, "subnets": ["cache/eu-west-1a"]}},
        "nat_gateways": {"eu-west-1a": {"subnet": "app/eu-west-1a"}},
    }  # fmt: skip
    assert network.drawing(state).boxes == (
        Box("subnet app/eu-west-1a", "subnet", "10.0.0.0/20", ("out by NAT gateway eu-west-1a",), "app", "eu-west-1a"),
        Box("subnet cache/eu-west-1a", "subnet", "10.0.16.0/20", ("no way out",), "cache", "eu-west-1a"),
        Box("NAT gateway eu-west-1a", "NAT gateway", "an address to come", (), "app", "eu-west-1a"),
    )


@pytest.mark.parametrize(
    ("groups", "way"),
    [
        ({"app": {"egress": [TO_CACHE]}, "cache": {"ingress": [FROM_APP]}},
         Way("app", "cache", "tcp 6379")),
        ({"app": {"egress": []}, "cache": {"ingress": [FROM_APP]}},
         Way("app", "cache", "tcp 6379", "app has no such rule for egress")),
        ({"app": {"egress": [TO_CACHE]}, "cache": {"ingress": []}},
         Way("app", "cache", "tcp 6379", "cache has no such rule for ingress")),
        ({"cache": {"ingress": [{**TCP, "cidr_block": "10.0.0.0/8"}]}}, Way("10.0.0.0/8", "cache", "tcp 6379")),
        ({"app": {"egress": [ALL_OUT]}}, Way("app", "everywhere", "all")),
    ],
)  # fmt: skip
def test_a_way_between_two_groups_takes_the_rules_of_both(groups: dict[str, Any], way: Way) -> None:
    assert list(network.ways(groups)) == [way]


def test_a_group_that_lets_everything_out_needs_no_rule_of_its_own() -> None:
    groups = {"app": {"egress": [ALL_OUT]}, "cache": {"ingress": [FROM_APP]}}
    assert Way("app", "cache", "tcp 6379") in list(network.ways(groups))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"protocol": "all"}, "all"),
        ({"protocol": "50"}, "protocol 50"),
        ({"protocol": "udp", "from_port": 0, "to_port": 65535}, "udp all"),
        ({"protocol": "icmp", "from_port": -1, "to_port": -1}, "icmp all"),
        ({"protocol": "tcp", "from_port": 80, "to_port": 88}, "tcp 80-88"),
    ],
)
def test_a_rule_by_its_ports(rule: dict[str, Any], told: str) -> None:
    assert network.by(rule) == told


def test_nodes_stand_by_shard_and_zone_and_those_to_come_by_shard() -> None:
    state = {"name": "sensors", "engine": "valkey", "engine_version": "8.0", "cache_node_type": "cache.t4g.small",
             "members": {"0001": [{"id": "n1", "zone": "eu-west-1a", "primary": True}]}, "num_node_groups": 2,
             "replicas_per_node_group": 1}  # fmt: skip
    assert cache.drawing(state).boxes[1:] == (
        Box("node n1", "node", "n1", ("primary",), "shard 0001", "eu-west-1a"),
        Box("shard 0002", "nodes", "primary, 1 replicas", (), "shard 0002"),
    )
    assert cache.drawing({}).boxes == ()


@pytest.mark.parametrize(("count", "drawn"), [(2, 2), (stream.DRAWN, stream.DRAWN), (stream.DRAWN + 1, 0)])
def test_shards_are_drawn_as_long_as_a_row_holds_them(count: int, drawn: int) -> None:
    boxes = stream.drawing({"name": "s", "stream_mode": "PROVISIONED", "shard_count": count}).boxes
    assert len([each for each in boxes if each.kind == "shard"]) == drawn
    assert f"{count} shards" in boxes[0].facts


def test_a_bucket_says_what_it_lacks() -> None:
    state = {"name": "b", "versioning_enabled": False, "block_public_access": True, "lock_table": {"name": "t"}}
    boxes = bucket.drawing(state).boxes
    assert boxes[0].facts == ("not versioned", "public access blocked", "not TLS only")
    assert boxes[1].on == "table t"


@pytest.mark.parametrize(
    ("before", "after", "calls", "state"),
    [
        (True, True, set(), report.SAME),
        (False, True, {"create"}, report.NEW),
        (True, True, {"in place"}, report.CHANGES),
        (True, True, {"create", "delete"}, report.REPLACED),
        (True, False, {"delete"}, report.GOES),
        (True, False, set(), report.GOES),
    ],
)
def test_a_thing_bears_what_the_plan_does_with_it(before: bool, after: bool, calls: set[str], state: str) -> None:
    box = Box("subnet a", "subnet", "a")
    (found,) = report.merged([box] * before, [box] * after, {"subnet a": calls})
    assert found["state"] == state


def test_what_another_things_call_changes_about_it_is_a_change_of_it() -> None:
    before, after = (Box("subnet a", "subnet", "10.0.0.0/20", (way,)) for way in ("no way out", "out by NAT gateway"))
    (found,) = report.merged([before], [after], {"route table a": {"in place"}})
    assert (found["state"], found["facts"]) == ("changes", ["out by NAT gateway"])


def test_a_grid_has_its_columns_in_order() -> None:
    boxes = [{"row": "app", "column": "b"}, {"row": "app", "column": "a"}, {"row": "", "column": ""},
             {"row": "data", "column": ""}]  # fmt: skip
    found = report.grid(boxes)
    assert found["boxes"] == [boxes[2]]
    assert found["columns"] == ["a", "b"]
    assert found["rows"] == [{"name": "app", "across": [], "cells": [[boxes[1]], [boxes[0]]]},
                             {"name": "data", "across": [boxes[3]], "cells": [[], []]}]  # fmt: skip


COSTS = {"before": 1.0, "after": None, "increase": 2.5, "currency": "USD", "region": "eu-west-1", "as_of": "2026-11",
         "not_counted": "traffic", "assumed": [], "components": {"vpc": {"lines": [
             {"what": "NAT gateways", "count_after": None, "before": 1.0, "after": None}]}}}  # fmt: skip
EVIL = "<script>alert(1)</script>|x"
FOUND: dict[str, Any] = {
    "name": EVIL, "verdict": "differs", "refusals": [EVIL], "foreign": [{"what": EVIL}], "outputs": {"a": EVIL},
    "checks": [{"what": EVIL, "found": EVIL, "wanted": EVIL, "verdict": "stop"}], "looked_at": "now",
    "timeline": timeline.page({"verb": EVIL, "ended_at": EVIL, "seconds": 9, "calls": 1, "failed": True, "objects": [
        {"object": EVIL, "component": EVIL, "parts": [[0, 9]], "seconds": 9, "after": EVIL, "failed": True,
         "in_chain": True}], "chain": [{"object": EVIL, "seconds": 9}]}),
    "changes": [{"object": EVIL, "attribute": EVIL, "before": EVIL, "after": [EVIL]}],
    "components": [{"title": EVIL, "verdict": "differs", "columns": [EVIL], "ways": [
        {"source": EVIL, "target": EVIL, "by": EVIL, "hindrance": EVIL}],
        "boxes": [{"kind": EVIL, "label": EVIL, "facts": [EVIL], "state": "to come", "column": ""}],
        "rows": [{"name": EVIL, "across": [], "cells": [[]]}]}],
    "plan": {"account_id": EVIL, "region": EVIL, "environment_suffix": EVIL, "calls": 1, "classes": {"create": 1},
             "digest": "d", "costs": COSTS, "orphans": [{"arn": EVIL}],
             "order": [{"service": "ec2", "operation": "x", "why": EVIL, "change": "create"}]},
}  # fmt: skip


@pytest.mark.parametrize("template", ["report.html.j2", "fleet.html.j2", "plan.md.j2"])
def test_nothing_that_is_filled_in_becomes_markup(template: str) -> None:
    text = PAGES.page({**FOUND, "environments": [FOUND]}, template)
    assert "<script>" not in text
    assert "script&gt;alert" in text or "&lt;script>alert" in text


def test_a_page_needs_nothing_from_elsewhere() -> None:
    text = PAGES.page(FOUND, "report.html.j2")
    assert not [word for word in ("http:", "https:", "src=", "@import", "url(") if word in text]
    assert "unknown" in text, "a cost that nobody knows is no zero"


def test_a_page_without_a_run_has_no_timeline() -> None:
    assert "The last run" in PAGES.page(FOUND, "report.html.j2")
    assert "The last run" not in PAGES.page({**FOUND, "timeline": None}, "report.html.j2")


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    with pytest.raises(jinja2.UndefinedError):
        PAGES.page({**FOUND, "plan": {}}, "report.html.j2")
