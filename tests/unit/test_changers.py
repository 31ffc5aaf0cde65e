# SPDX-License-Identifier: Apache-2.0
"""Whom CloudTrail's events name, and what it is asked about."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.module_utils.environment import changers, document, text
from ansible.module_utils.reconcile.plan import Call, Ref, Secret

GROUP, TABLE = "sg-0123456789abcdef0", "rtb-0123456789abcdef0"


def call(on: str = "it", **params: Any) -> Call:
    return Call("ec2", "change", params, on, "why")


@pytest.mark.parametrize(("params", "names"), [
    ({"GroupId": GROUP, "IpPermissions": [{"UserIdGroupPairs": [{"GroupId": "sg-00000000"}]}]}, [GROUP]),
    ({"StreamName": "sensors-dev", "RetentionPeriodHours": 24}, ["sensors-dev"]),
    ({"Bucket": "states", "ExpectedBucketOwner": "123456789012"}, ["states"]),
    ({"RouteTableId": TABLE, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": Ref("gateway")}, [TABLE]),
    ({"ReplicationGroupId": "sensors-dev", "AuthToken": Secret("hidden")}, ["sensors-dev"]),
    # A subnet that is made anew: whoever touched its VPC is not who took it away.
    ({"VpcId": "vpc-0123456789abcdef0", "TagSpecifications": [{"ResourceType": "subnet"}]}, []),
    ({"Description": "some words", "CidrBlock": "10.0.0.0/16"}, []),
])  # fmt: skip
def test_what_a_repair_names_is_asked_about(params: Any, names: Any) -> None:
    assert changers.names(call(**params)) == names


def test_each_object_is_asked_about_once_and_not_too_many() -> None:
    twice = [call("group", GroupId=GROUP), call("group", GroupId=GROUP), call("new", Description="x")]
    assert changers.subjects(twice) == {"group": [GROUP]}
    many = [call(f"stream {number}", StreamName=str(number)) for number in range(30)]
    assert len(changers.subjects(many)) == changers.OBJECTS


def event(name: str, minute: int, user: str = "alice", read_only: str = "false", **record: Any) -> dict[str, Any]:
    about = {"userIdentity": {"arn": f"arn:aws:iam::1:user/{user}"}, "sourceIPAddress": "192.0.2.7", **record}
    return {"EventName": name, "EventTime": datetime(2026, 1, 2, 3, minute, tzinfo=UTC), "ReadOnly": read_only,
            "Username": user, "CloudTrailEvent": json.dumps(about)}  # fmt: skip


def test_the_newest_change_that_took_effect_is_told() -> None:
    events = [event("Describe", 9, read_only="true"), event("Revoke", 8, errorCode="Client.Unauthorized"),
              event("Authorize", 5, "bob"), event("Revoke", 7)]  # fmt: skip
    assert changers.newest(events) == {
        "user": "arn:aws:iam::1:user/alice", "time": "2026-01-02 03:07:00 UTC", "call": "Revoke", "from": "192.0.2.7",
    }  # fmt: skip
    assert changers.newest(events[:2]) is None
    assert changers.newest([]) is None


def test_without_a_record_the_name_is_all_there_is() -> None:
    [bare] = [{**event("Revoke", 7), "CloudTrailEvent": None}]
    assert changers.newest([bare]) == {
        "user": "alice", "time": "2026-01-02 03:07:00 UTC", "call": "Revoke", "from": "unknown",
    }  # fmt: skip


EMPTY: dict[str, Any] = {
    "stack_name": "sensors", "environment_suffix": "dev", "components": {}, "order": [], "calls": 0, "refused": [],
    "orphans": [],
}  # fmt: skip


def test_drift_says_who_or_why_nobody_knows() -> None:
    drift = {**document.drift(EMPTY), "drifted": True}
    who = {"object": "security group cache", "user": "alice", "time": "today", "call": "Revoke", "from": "192.0.2.7"}
    assert text.drift_lines(drift) == []
    assert text.drift_lines({**drift, "changed_by": [who]}) == [
        "last changed by:", "  security group cache: alice, today, Revoke from 192.0.2.7",
    ]  # fmt: skip
    assert text.drift_lines({**drift, "changed_by_unknown": "LookupEvents: denied"}) == [
        "who changed it is not told: LookupEvents: denied"
    ]
