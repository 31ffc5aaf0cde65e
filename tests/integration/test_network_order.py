# SPDX-License-Identifier: Apache-2.0
"""What waits for what in the plan of a network, so that no traffic is cut and nothing is open for a moment."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.reconcile import planning
from ansible.module_utils.reconcile.graph import dependencies
from ansible.module_utils.reconcile.plan import Call

from localcloud.process import Cloud
from tests.integration.test_network_settings import BASE, emptied
from tests.support.components import component, options
from tests.support.runs import aws_of, run

pytestmark = pytest.mark.inside

MODULE = "ec2_vpc_network"
CLOSED = {"ingress": [{"rule_number": 100, "protocol": "all", "cidr_block": "vpc"},
                      {"rule_number": 110, "port": 443, "cidr_block": "0.0.0.0/0"}]}  # fmt: skip
OWN = {"ingress": [{"rule_number": 100, "port": 6379, "cidr_block": "vpc"}], "egress": []}
WITH_OWN = {**BASE["tiers"], "cache": {"internet": "none", "network_acl": OWN}}
APP = {"app": {"ingress": [], "egress": [{"protocol": "all", "cidr_block": "0.0.0.0/0"}]}}
NARROW = {"app": {"ingress": [], "egress": [{"port": 443, "cidr_block": "0.0.0.0/0"}]}}
FAR = {"far": {"internet": "none", "cidr_blocks": {"eu-west-1a": "10.21.0.0/24"}}}
TO_GROUP = {"traffic_type": "ALL", "retention_days": 30}
TO_BUCKET = {"destination": "arn:aws:s3:::flow-logs"}
ENFORCED = {"mode": "enforce", "exclusions": ["internet_gateway", "nat_gateway"]}


def planned(cloud: Cloud, before: dict[str, Any] | None, after: dict[str, Any]) -> list[Call]:
    """The calls from one declaration to the next; ``None`` is nothing at all."""
    emptied(cloud)
    if before is not None:
        run(cloud, MODULE, {**BASE, **before})
    given = options(MODULE, {**BASE, **after})
    return planning.planned(component(MODULE), given, component(MODULE).observe(aws_of(cloud), given))[2]


def matching(calls: list[Call], words: str) -> list[int]:
    """The calls with this operation, and this in what they are on or in why they are made."""
    operation, _, about = words.partition(" ")
    return [position for position, call in enumerate(calls)
            if call.operation == operation and about in f"{call.on} {call.why}"]  # fmt: skip


def everything_before(needs: list[set[int]], position: int) -> set[int]:
    """All calls that are finished before this one starts."""
    found: set[int] = set()
    left = {position}
    while left:
        found |= (new := set().union(*(needs[each] for each in left)) - found)
        left = new
    return found


@pytest.mark.parametrize(
    ("before", "after", "first", "then"),
    [
        ({}, {"default_network_acl": CLOSED}, "create_network_acl_entry", "replace_network_acl_entry"),
        ({}, {"tiers": WITH_OWN}, "create_network_acl_entry", "replace_network_acl_association"),
        ({"tiers": WITH_OWN}, {}, "replace_network_acl_association", "delete_network_acl"),
        (
            {"default_network_acl": CLOSED},
            {"default_network_acl": {"ingress": [{"rule_number": 1, "protocol": "all", "cidr_block": "vpc"}]}},
            "create_network_acl_entry",
            "delete_network_acl_entry",
        ),
        (
            {},
            {"default_network_acl": CLOSED, "ipv6_pool": "amazon"},
            "replace_network_acl_entry",
            "associate_vpc_cidr_block IPv6",
        ),
        (
            None,
            {"default_security_group_locked": True, "ipv6_pool": "amazon"},
            "revoke_security_group_egress default",
            "associate_vpc_cidr_block IPv6",
        ),
        (None, {"security_groups": APP, "ipv6_pool": "amazon"}, "associate_vpc_cidr_block", "create_security_group"),
        (
            {"security_groups": APP},
            {"security_groups": APP, "ipv6_pool": "amazon"},
            "associate_vpc_cidr_block",
            "revoke_security_group_egress",
        ),
        (None, {}, "attach_internet_gateway", "create_route public"),
        ({}, {"ipv6_pool": "amazon"}, "associate_vpc_cidr_block", "create_route public"),
        ({}, {"ipv6_pool": "amazon"}, "create_egress_only_internet_gateway", "create_route app"),
        ({"ipv6_pool": "amazon"}, {"ipv6_pool": "none"}, "delete_route app", "disassociate_subnet_cidr_block app"),
        ({"ipv6_pool": "amazon"}, {"ipv6_pool": "none"}, "delete_route", "delete_egress_only_internet_gateway"),
        (
            {"ipv6_pool": "amazon"},
            {"ipv6_pool": "none"},
            "disassociate_subnet_cidr_block",
            "disassociate_vpc_cidr_block",
        ),
        (
            {"ipv6_pool": "amazon", "tiers": {**BASE["tiers"], "app": {"internet": "nat", "enable_dns64": True}}},
            {"ipv6_pool": "none"},
            "modify_subnet_attribute app",
            "disassociate_subnet_cidr_block app",
        ),
        ({}, {"nat_gateways": "regional"}, "create_nat_gateway", "replace_route"),
        ({}, {"nat_gateways": "regional"}, "replace_route", "delete_nat_gateway"),
        ({"security_groups": APP}, {"security_groups": NARROW}, "authorize_security_group_egress",
         "revoke_security_group_egress"),
        (
            {},
            {"secondary_cidr_blocks": ["10.21.0.0/16"], "tiers": {**BASE["tiers"], **FAR}},
            "associate_vpc_cidr_block",
            "create_subnet far",
        ),
        (
            {"secondary_cidr_blocks": ["10.21.0.0/16"], "tiers": {**BASE["tiers"], **FAR}},
            {"secondary_cidr_blocks": []},
            "delete_subnet far",
            "disassociate_vpc_cidr_block",
        ),
        ({"flow_logs": TO_GROUP}, {"flow_logs": TO_BUCKET}, "create_flow_logs", "delete_log_group"),
        (
            {"dhcp_options": {"domain_name": "a.example"}},
            {"dhcp_options": {"domain_name": "b.example"}},
            "associate_dhcp_options",
            "delete_dhcp_options",
        ),
        ({}, {"nat_gateways": "regional", "encryption_control": ENFORCED}, "delete_nat_gateway",
         "modify_vpc_encryption_control"),
    ],
)  # fmt: skip
def test_one_thing_waits_for_the_other(
    cloud: Cloud, before: dict[str, Any] | None, after: dict[str, Any], first: str, then: str
) -> None:
    calls = planned(cloud, before, after)
    needs = dependencies(calls)
    earlier, later = matching(calls, first), matching(calls, then)
    assert earlier, [f"{call.operation} {call.on}" for call in calls]
    assert later, [f"{call.operation} {call.on}" for call in calls]
    for position in later:
        assert set(earlier) <= everything_before(needs, position)
