# SPDX-License-Identifier: Apache-2.0
"""What the tables cannot reach: versions, windows, AWS's answers, and what AWS says beforehand."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible.module_utils.elasticache_replication_group import (
    alarms,
    logs,
    node_groups,
    parameters,
    secret,
    translate,
    windows,
)
from ansible.module_utils.elasticache_replication_group import leaving as leaving_module
from ansible.module_utils.elasticache_replication_group.misfits import misfits
from ansible.module_utils.elasticache_replication_group.names import tells_of
from ansible.module_utils.elasticache_replication_group.transitions import unwanted
from ansible.module_utils.elasticache_replication_group.versions import (
    Offer,
    at_least,
    engine_of,
    find,
    matches,
    newest,
    older,
)
from ansible.module_utils.reconcile.errors import AwsFailure
from ansible.module_utils.reconcile.plan import resolve

from tests.support.components import options

MODULE = "elasticache_replication_group"
OFFERS = (
    Offer("memcached", "1.6.22", "memcached1.6"),
    Offer("redis", "6.0", "redis6.x"),
    Offer("redis", "6.2", "redis6.x"),
    Offer("redis", "7.1", "redis7"),
    Offer("valkey", "7.2", "valkey7"),
    Offer("valkey", "8.0", "valkey8"),
    Offer("valkey", "10.0", "valkey10"),
)
AROUND = {"engine": "redis", "engine_version": "7.1", "family": "redis7"}
GROUP = {"status": "available", "cache_node_type": "cache.m6g.large", "engine_version": "7.1.0"}


@pytest.mark.parametrize(
    ("asked", "actual", "same"),
    [("7.1", "7.1.0", True), ("7.1.0", "7.1", True), ("6.x", "6.2.6", True), ("7.1", "7.10.0", False),
     ("6.x", "7.0.7", False), ("5.0.6", "5.0.5", False)],
)  # fmt: skip
def test_versions_match_as_far_as_they_are_written(asked: str, actual: str, same: bool) -> None:
    assert matches(asked, actual) is same


@pytest.mark.parametrize(
    ("one", "other", "is_older"),
    [("7.0", "7.1.0", True), ("7.1", "7.1.0", False), ("7.2", "7.10.0", True), ("6.x", "6.2.6", False),
     ("6.x", "7.0.7", True), ("8.0", "7.2.6", False)],
)  # fmt: skip
def test_older_counts_numbers_and_not_letters(one: str, other: str, is_older: bool) -> None:
    assert older(one, other) is is_older


@pytest.mark.parametrize(
    ("version", "floor", "reached"),
    [("7.0.5", (7, 0, 5), True), ("7.0.4", (7, 0, 5), False), ("7.0", (7, 0, 5), True), ("6.x", (7, 0), False),
     ("7.x", (7, 0), True), ("8.0.1", (7, 2), True), ("7.1.0", (7, 2), False)],
)  # fmt: skip
def test_at_least_takes_what_is_left_open_as_high_enough(version: str, floor: tuple[int, ...], reached: bool) -> None:
    assert at_least(version, *floor) is reached


def test_families_and_newest_versions_come_from_what_aws_offers() -> None:
    assert find(OFFERS, "redis", "6.x") == Offer("redis", "6.2", "redis6.x")
    assert find(OFFERS, "valkey", "8.0.1") == Offer("valkey", "8.0", "valkey8")
    assert find(OFFERS, "redis", "8.0") is None
    assert newest(OFFERS, "valkey") == Offer("valkey", "10.0", "valkey10")


def test_a_pending_version_tells_its_engine() -> None:
    assert engine_of(OFFERS, "redis", "8.0.1") == "valkey"
    assert engine_of(OFFERS, "redis", "7.1.0") == "redis"
    assert engine_of(OFFERS, "redis", "99") == "redis"


@pytest.mark.parametrize(
    ("weekly", "daily", "meet"),
    [("sun:23:30-mon:01:00", "00:30-01:30", True), ("sun:23:30-mon:01:00", "01:00-02:00", False),
     ("sun:04:00-sun:05:00", "03:30-04:30", True), ("sun:04:00-sun:05:00", "05:00-06:00", False),
     ("mon:00:00-mon:01:00", "23:30-00:30", True)],
)  # fmt: skip
def test_windows_meet_on_any_day_and_across_midnight(weekly: str, daily: str, meet: bool) -> None:
    assert windows.overlap(windows.maintenance(weekly), windows.snapshot(daily)) is meet


def test_node_groups_of_different_size_have_no_common_number_of_replicas() -> None:
    def shard(name: str, *zones: str) -> dict[str, Any]:
        return {"NodeGroupId": name, "NodeGroupMembers": [{"PreferredAvailabilityZone": zone} for zone in zones]}

    uneven = {"MemberClusters": ["a", "b", "c"], "NodeGroups": [shard("0001", "x", "y"), shard("0002", "x")]}
    shape = translate.shape(uneven, "enabled")
    assert shape["replicas_by_node_group"] == {"0001": 1, "0002": 0}
    assert shape["replicas_per_node_group"] is None
    assert shape["member_zones_spread"] is False
    assert translate.shape({"NodeGroups": [shard("0001")]}, "enabled")["member_zones_spread"] is None


def test_a_silenced_topic_is_no_topic_and_a_leaving_security_group_no_security_group() -> None:
    told = {"NotificationConfiguration": {"TopicArn": "arn:t", "TopicStatus": "inactive"}}
    assert translate.topic(told) == ""
    groups = [{"SecurityGroupId": "sg-b", "Status": "active"}, {"SecurityGroupId": "sg-a", "Status": "removing"}]
    assert translate.security_groups({"SecurityGroups": groups}) == ["sg-b"]


def refused(facts: dict[str, Any], observed: dict[str, Any] | None, around: dict[str, Any], **given: Any) -> str:
    found = misfits(options(MODULE, given), observed, {**AROUND, **around}, facts, OFFERS)
    return "\n".join(str(refusal) for refusal in found)


def test_a_failed_creation_is_told_with_its_events_and_the_way_out() -> None:
    moment = datetime.datetime(2026, 11, 24, 6, tzinfo=datetime.UTC)
    events = [
        {"Date": moment, "Message": "Insufficient capacity", "SourceIdentifier": "sensors-test-001"},
        {"Date": moment, "Message": "Something else", "SourceIdentifier": "sensors-test2"},
    ]
    told = refused({"events": {"Events": events}}, {**GROUP, "status": "create-failed"}, {})
    assert "create-failed (Insufficient capacity)" in told
    assert "state: absent" in told


def test_a_new_group_needs_a_node_type_and_a_version_that_aws_offers() -> None:
    told = refused({}, None, {"engine_version": "9.9", "family": None}, engine_version="9.9")
    assert "cache_node_type: found nothing" in told
    assert "engine_version: found 9.9, wanted a version that AWS offers for redis: 6.0, 6.2, 7.1" in told


def test_a_group_keeps_a_version_that_aws_offers_no_more() -> None:
    around = {"engine_version": "5.0.6", "family": None}
    assert refused({}, {**GROUP, "engine_version": "5.0.6"}, around, engine_version="5.0.6") == ""


@pytest.mark.parametrize(
    ("family", "cluster_enabled", "words"),
    [("redis7", "no", ""), ("redis6.x", "no", "ours of family redis6.x, wanted family redis7"),
     ("redis7", "yes", "ours with cluster-enabled yes, wanted cluster-enabled no")],
)  # fmt: skip
def test_a_parameter_group_has_to_fit_family_and_cluster_mode(family: str, cluster_enabled: str, words: str) -> None:
    facts = {
        "parameter_group": {"CacheParameterGroups": [{"CacheParameterGroupFamily": family}]},
        "parameters": {"Parameters": [{"ParameterName": "cluster-enabled", "ParameterValue": cluster_enabled}]},
    }
    told = refused(facts, GROUP, {}, cache_parameter_group_name="ours", num_cache_clusters=1)
    assert words in told
    assert bool(told) is bool(words)


@pytest.mark.parametrize(
    ("node_type", "leave", "words"),
    [("cache.m6g.xlarge", False, ""), ("cache.t4g.small", True, ""),
     ("cache.t4g.small", False, "not smaller than cache.m6g.large"), ("cache.x9.large", True, "wanted one of"),
     ("cache.r6gd.xlarge", True, "the same data tiering")],
)  # fmt: skip
def test_a_node_type_has_to_be_one_that_the_group_can_go_to(node_type: str, leave: bool, words: str) -> None:
    allowed = {"ScaleUpModifications": ["cache.m6g.xlarge"], "ScaleDownModifications": ["cache.t4g.small"]}
    told = refused({"node_types": allowed}, GROUP, {}, cache_node_type=node_type, allow_memory_decrease=leave)
    assert words in told
    assert bool(told) is bool(words)


def test_an_alias_has_to_lead_to_a_key() -> None:
    assert "kms_key_id: found alias/none" in refused({"key": None}, GROUP, {}, kms_key_id="alias/none")


def held(name: str, family: str, cluster_enabled: str = "no") -> dict[str, Any]:
    entries = [{"ParameterName": "cluster-enabled", "ParameterValue": cluster_enabled}]
    return {"name": name, "family": family, "parameters": entries}


@pytest.mark.parametrize(
    ("present", "in_use", "clustered", "name"),
    [([], None, False, "c"), ([], "default.redis7", True, "c"),
     ([held("c", "redis7")], "c", False, "c"),
     ([held("c", "redis6.x")], "c", False, "c-redis7"),
     ([held("c", "redis6.x"), held("c-redis7", "redis7")], "c", True, "c-redis7"),
     ([held("c", "redis7")], "c", True, "c-redis7"),
     ([held("c-redis7", "redis7")], "c-redis7", True, "c-redis7-cluster"),
     ([held("c-redis7", "redis7", "yes")], "c-redis7", True, "c-redis7"),
     ([held("c-redis6-x", "redis6.x")], "c-redis6-x", False, "c-redis7"),
     ([held("c", "redis7")], "default.redis7", True, "c")],
)  # fmt: skip
def test_the_parameter_group_is_one_that_fits_or_one_that_is_free(
    present: list[dict[str, Any]], in_use: str | None, clustered: bool, name: str
) -> None:
    groups = {each["name"]: each for each in present}
    assert parameters.chosen("c", "redis7", clustered, groups, in_use) == name


KNOWN = [
    {"ParameterName": "timeout", "DataType": "integer", "AllowedValues": "0,20-", "IsModifiable": True},
    {"ParameterName": "maxmemory-policy", "DataType": "string", "AllowedValues": "noeviction,allkeys-lru"},
    {"ParameterName": "active-defrag-cycle-max", "DataType": "integer", "AllowedValues": "1-75"},
    {"ParameterName": "appendonly", "DataType": "string", "AllowedValues": "yes,no", "IsModifiable": False},
]


@pytest.mark.parametrize(
    ("given", "words"),
    [({"timeout": 60, "maxmemory-policy": "noeviction", "active-defrag-cycle-max": "75"}, ""),
     ({"time-out": 60}, "found time-out, wanted a parameter of family redis7"),
     ({"appendonly": True}, "found appendonly, wanted a parameter that can be modified"),
     ({"maxmemory-policy": "lru"}, "found maxmemory-policy lru, wanted one of noeviction,allkeys-lru"),
     ({"active-defrag-cycle-max": 76}, "found active-defrag-cycle-max 76, wanted one of 1-75")],
)  # fmt: skip
def test_parameters_have_to_be_those_that_the_family_has(given: dict[str, Any], words: str) -> None:
    told = refused({"known_parameters": KNOWN}, GROUP, {}, parameters=given)
    assert words in told
    assert bool(told) is bool(words)


def test_an_own_parameter_group_is_not_replaced_without_a_word_on_what_it_shall_hold() -> None:
    observed = {**GROUP, "engine": "redis", "cache_parameter_group_name": "c", "cluster_mode": "disabled"}
    around = {"own_parameter_groups": ["c"], "clustered": False}
    assert refused({}, observed, around) == ""
    assert "parameters: found nothing" in refused({}, observed, {**around, "engine": "valkey", "family": "valkey8"})
    assert "parameters: found nothing" in refused({}, observed, {**around, "clustered": True})
    assert refused({}, observed, {**around, "clustered": True}, parameters={}) == ""


def test_tls_that_goes_takes_its_mode_along() -> None:
    group = {"Engine": "redis", "PendingModifiedValues": {"TransitEncryptionEnabled": False}}
    pending = translate.pending_state(group, {}, OFFERS)
    assert pending == {"transit_encryption_enabled": False, "transit_encryption_mode": None}


def test_what_waits_for_a_reboot_is_scheduled() -> None:
    assert translate.reboots({"CacheParameterGroup": {"ParameterApplyStatus": "in-sync"}}) == {}
    waiting = translate.reboots({"CacheParameterGroup": {"ParameterApplyStatus": "pending-reboot"}})
    assert "rebooted" in waiting["parameters"]


def test_log_delivery_that_is_pending_counts_and_one_that_ends_does_not() -> None:
    slow = {"LogType": "slow-log", "DestinationType": "cloudwatch-logs", "LogFormat": "json",
            "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "a"}}}  # fmt: skip
    engine = {"LogType": "engine-log", "DestinationType": "kinesis-firehose", "LogFormat": "text",
              "DestinationDetails": {"KinesisFirehoseDetails": {"DeliveryStream": "b"}}}  # fmt: skip
    ending = [{**slow, "Status": "disabling"}]
    assert logs.log_delivery_state({"Status": "available", "LogDeliveryConfigurations": ending}) == []
    assert logs.log_delivery_state({"Status": "creating"}) is None
    pending = {"PendingModifiedValues": {"LogDeliveryConfigurations": [engine]}, "LogDeliveryConfigurations": [slow]}
    assert [each["destination"] for each in logs.pending_log_delivery(pending)] == ["b", "a"]
    assert logs.pending_log_delivery({}) is None


def test_a_log_that_is_not_delivered_is_asked_for_again_with_the_reason() -> None:
    failed = {"LogType": "slow-log", "DestinationType": "cloudwatch-logs", "LogFormat": "json",
              "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "a"}},
              "Status": "error", "Message": "no such group"}  # fmt: skip
    group = {"Status": "available", "LogDeliveryConfigurations": [failed]}
    observed = {"log_delivery": logs.log_delivery_state(group), "log_delivery_errors": logs.delivery_errors(group)}
    wanted = [{"log_type": "slow-log", "destination_type": "cloudwatch-logs", "destination": "a", "log_format": "json"}]
    [call] = logs.log_delivery(observed, {"name": "g", "log_delivery": wanted}, {"log_delivery": None})
    assert call.why == "change log_delivery (slow-log failed: no such group)"


def test_events_of_members_are_events_of_the_group_and_those_of_others_are_not() -> None:
    sources = ("g", "g-001", "g-0001-002", "g2", "g-2", "other")
    assert [tells_of({"SourceIdentifier": source}, "g") for source in sources] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("given", "field", "present", "pending", "is_unwanted"),
    [({"cache_node_type": "a"}, "cache_node_type", "a", "b", True),
     ({"cache_node_type": "b"}, "cache_node_type", "a", "b", False), ({}, "cache_node_type", "a", "b", False),
     ({"engine_version": "7.0"}, "engine_version", "7.0.7", "7.1.0", True),
     ({"engine_version": "7.1"}, "engine_version", "7.0.7", "7.1.0", False),
     ({"num_cache_clusters": 2}, "cluster_mode", "disabled", "compatible", True),
     ({"transit_encryption_enabled": False}, "transit_encryption_mode", None, "preferred", True),
     ({"transit_encryption_mode": "required"}, "transit_encryption_mode", None, "preferred", False),
     ({}, "transit_encryption_mode", "preferred", None, True),
     ({"transit_encryption_enabled": False}, "transit_encryption_mode", "preferred", None, False)],
)  # fmt: skip
def test_what_waits_is_unwanted_when_the_present_value_is_declared(
    given: dict[str, Any], field: str, present: Any, pending: Any, is_unwanted: bool
) -> None:
    assert unwanted(options(MODULE, given), field, present, pending) is is_unwanted


def nodes_of(*counts: int) -> dict[str, Any]:
    """A group with so many nodes in each of its node groups."""
    shards = {f"{shard:04}": [f"sensors-test-{shard:04}-{node:03}" for node in range(1, count + 1)]
              for shard, count in enumerate(counts, 1)}  # fmt: skip
    members = {shard: [{"id": node, "zone": "eu-west-1a", "primary": None} for node in nodes]
               for shard, nodes in shards.items()}  # fmt: skip
    return {"members": members, "member_clusters": [node for nodes in shards.values() for node in nodes],
            "replicas_by_node_group": {shard: len(nodes) - 1 for shard, nodes in shards.items()}}  # fmt: skip


def shape(clusters: int | None = None, shards: int | None = None, replicas: int | None = None) -> dict[str, Any]:
    return {"name": "sensors-test", "num_cache_clusters": clusters, "num_node_groups": shards,
            "replicas_per_node_group": replicas, "subnet_group": None}  # fmt: skip


@pytest.mark.parametrize(("observed", "desired", "coming", "going"), [
    (None, shape(clusters=3), 3, 0),
    (None, shape(shards=2, replicas=1), 4, 0),
    (None, shape(shards=2), 2, 0),
    (nodes_of(2), shape(), 0, 0),
    (nodes_of(2), shape(clusters=5), 3, 0),
    (nodes_of(3), shape(clusters=1), 0, 2),
    (nodes_of(2, 2), shape(shards=3), 2, 0),
    (nodes_of(2, 2), shape(shards=1), 0, 2),
    (nodes_of(3, 3), shape(shards=3, replicas=1), 2, 2),
    (nodes_of(2, 2, 2), shape(shards=1, replicas=3), 2, 4),
    (nodes_of(1, 3), shape(shards=2, replicas=1), 1, 1),
])  # fmt: skip
def test_how_many_nodes_come_and_go(observed: Any, desired: Any, coming: int, going: int) -> None:
    assert alarms.scaled(observed, desired) == (coming, going)


def test_alarms_of_nodes_to_come_are_named_as_aws_names_the_nodes() -> None:
    given = options(MODULE, {"alarms": {"evictions": 0.0}})
    found = alarms.wanted(given, nodes_of(2), shape(clusters=3)) or {}
    assert list(found)[:2] == ["sensors-test-0001-001-evictions", "sensors-test-0001-002-evictions"]
    [(_unused, to_come)] = list(found.items())[2:]
    answer = {"nodes of replication group sensors-test": ["sensors-test-0001-001", "odd", "sensors-test-0001-002"]}
    known = resolve(to_come, answer)
    assert known["AlarmName"] == "odd-evictions"
    assert known["Dimensions"][0] == {"Name": "CacheClusterId", "Value": "odd"}
    with pytest.raises(AwsFailure, match="other nodes than were asked for"):
        resolve(to_come, {name: nodes[:1] for name, nodes in answer.items()})


def test_a_group_that_shows_no_nodes_says_nothing_of_its_alarms() -> None:
    given = options(MODULE, {"alarms": {"evictions": 0.0}})
    assert alarms.wanted(given, {"member_clusters": [], "members": {}}, shape(clusters=2)) is None


def test_alarms_of_others_that_begin_alike_are_none_of_ours() -> None:
    names = ["sensors-test-001-evictions", "sensors-test-0001-001-memory", "sensors-test-01-iterator-age",
             "sensors-test-0-evictions", "sensors-test-001-evictions-2", "sensors-test-001-errors"]  # fmt: skip
    found = alarms.of_nodes(options(MODULE, {}), {"MetricAlarms": [{"AlarmName": name} for name in names]})
    assert [each["AlarmName"] for each in found["MetricAlarms"]] == names[:2]


@pytest.mark.parametrize(("ranges", "good"), [
    (["0-16383"], True),
    (["8192-16383", "0-8191"], True),
    (["0-8191", "8191-16383"], False),
    (["0-8191", "8193-16383"], False),
    (["1-16383"], False),
    (["0-16384"], False),
    (["0-8191", None], False),
    (["0-8191", "x"], False),
    (["0-20000", "20001-16383"], False),
])  # fmt: skip
def test_slots_are_a_whole(ranges: list[str | None], good: bool) -> None:
    assert node_groups.whole(ranges) == good


@pytest.mark.parametrize(("there", "zones", "staying", "leaving", "coming"), [
    ("Aab", "aab", "Aab", "", ""),
    ("Aab", "aabb", "Aab", "", "b"),
    ("Aab", "ab", "Ab", "a", ""),
    ("aAb", "ab", "Ab", "a", ""),
    ("Aab", "bb", "b", "Aa", "b"),
])  # fmt: skip
def test_nodes_stay_where_they_are_declared(there: str, zones: str, staying: str, leaving: str, coming: str) -> None:
    nodes = [{"id": each, "zone": each.lower(), "primary": each.isupper()} for each in there]
    move = leaving_module.placed("0001", nodes, list(zones))
    ids = ["".join(node["id"] for node in part) for part in (move.staying, move.leaving)]
    assert (*ids, "".join(move.coming)) == (staying, leaving, coming)


@pytest.mark.parametrize(("resource", "reads"), [
    (None, True), ({"auth_token_enabled": False, "auth_token_version": ""}, True),
    ({"auth_token_enabled": True, "auth_token_version": "old"}, True),
    ({"auth_token_enabled": True, "auth_token_version": "new"}, False),
    ({"auth_token_enabled": True, "auth_token_version": None}, False),
])  # fmt: skip
def test_a_token_is_read_only_where_it_is_about_to_be_sent(resource: Any, reads: bool) -> None:
    given = options("elasticache_replication_group", {"auth_token_secret_arn": "arn:aws:secretsmanager:::secret:a"})
    assert bool(secret.fetch(given, resource, {"auth_token_version": "new"})) == reads
