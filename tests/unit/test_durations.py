# SPDX-License-Identifier: Apache-2.0
"""How long things usually take: what plans say is what the embedded cloud takes at full pace."""

from __future__ import annotations

import pytest
from ansible.module_utils.ec2_vpc_network import waits
from ansible.module_utils.elasticache_replication_group import calls, names, users
from ansible.module_utils.kinesis_data_stream import names as stream
from ansible.module_utils.kinesis_data_stream.plan import consumer_settled
from ansible.module_utils.reconcile.plan import DISRUPTIVE, Wait

from localcloud.settings import DURATIONS


@pytest.mark.parametrize(
    ("kind", "wait"),
    [
        ("replication_group", names.settled("g")),
        ("replication_group", names.gone("g")),
        ("user", users.user_wait("u")),
        ("user", users.user_group_wait("u")),
        ("nat_gateway", waits.nat_gateway("a", "nat-1")),
        ("nat_gateway", waits.nat_gateway_gone("a", "nat-1")),
        ("nat_address", waits.nat_addresses("a", "nat-1", ["eipalloc-1"], there=True)),
        ("nat_address_drain", waits.nat_addresses("a", "nat-1", ["eipalloc-1"], there=False)),
        ("vpc_endpoint", waits.endpoint("kms", "vpce-1")),
        ("vpc_endpoint", waits.endpoint_gone("kms", "vpce-1")),
        ("vpc_encryption_control", waits.encryption_control("c")),
        ("vpc_encryption_control", waits.encryption_control_gone("c")),
        ("vpc_exclusion", waits.exclusion("e")),
        ("vpc_exclusion", waits.exclusion_gone("e")),
        ("stream", stream.settled("s")),
        ("stream", stream.gone("s")),
        ("stream", consumer_settled("c", {}, "ACTIVE")),
    ],
)
def test_a_wait_says_what_its_object_usually_takes(kind: str, wait: Wait) -> None:
    assert wait.typical_seconds == DURATIONS[kind]


def test_a_gateway_endpoint_goes_at_once() -> None:
    assert waits.endpoint_gone("s3", "vpce-1", slow=False).typical_seconds == 0


def test_a_setting_takes_less_than_new_nodes() -> None:
    setting = calls.change("g", "modify_replication_group", {"SnapshotWindow": "05:00-06:00"}, "change the window")
    scaled = calls.change("g", "increase_replica_count", {"NewReplicaCount": 2}, "add replicas")
    moved = calls.change("g", "modify_replication_group", {"CacheNodeType": "cache.m7g.large"}, "resize", DISRUPTIVE)
    found = [each.wait.typical_seconds for each in (setting, scaled, moved) if each.wait]
    assert found == [calls.MODIFYING_SHOWS_SECONDS, names.NODES_SECONDS, names.NODES_SECONDS]
