# SPDX-License-Identifier: Apache-2.0
"""What IAM's simulator says of a caller, and whom it is asked about."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.environment import named, rehearsal


def results(**decisions: str) -> list[dict[str, Any]]:
    return [{"EvalActionName": name.replace("_", ":"), "EvalDecision": each} for name, each in decisions.items()]


@pytest.mark.parametrize(("decisions", "verdict", "found"), [
    ({"ec2_A": "allowed", "ec2_B": "allowed"}, "ok", "2 actions allowed"),
    ({"ec2_A": "allowed", "ec2_B": "implicitDeny"}, "warning", "not allowed: ec2:B"),
    ({"ec2_A": "allowed"}, "warning", "not allowed: ec2:B"),
    ({"ec2_A": "explicitDeny", "ec2_B": "implicitDeny"}, "stop", "denied: ec2:A"),
])  # fmt: skip
def test_what_is_denied_stops_and_what_is_not_allowed_warns(decisions: Any, verdict: str, found: str) -> None:
    check = rehearsal.verdict(["ec2:A", "ec2:B"], results(**decisions))
    assert (check.verdict, check.found) == (verdict, found)
    assert bool(check.next_step) == (verdict != "ok")


@pytest.mark.parametrize(("caller", "source"), [
    ("arn:aws:sts::123456789012:assumed-role/deploy/me", "arn:aws:iam::123456789012:role/deploy"),
    ("arn:aws-cn:sts::123456789012:assumed-role/deploy/me", "arn:aws-cn:iam::123456789012:role/deploy"),
    ("arn:aws:iam::123456789012:user/me", "arn:aws:iam::123456789012:user/me"),
])  # fmt: skip
def test_a_session_is_its_role(caller: str, source: str) -> None:
    assert rehearsal.source_of(caller) == source


def test_every_key_that_is_declared_is_found() -> None:
    declared = {"kms_key_id": "alias/ours", "flow_logs": {"kms_key_id": "alias/logs", "retention_days": 3},
                "replication": {"kms_key_arn": "arn:aws:kms:eu-west-1:1:key/x"}, "other": None}  # fmt: skip
    assert dict(named.keys(declared)) == {"kms_key_id": "alias/ours", "flow_logs kms_key_id": "alias/logs",
                                          "replication kms_key_arn": "arn:aws:kms:eu-west-1:1:key/x"}  # fmt: skip
    assert list(named.keys({"kms_key_id": "alias/aws/s3"})) == []
    of_logs = {"log_delivery": [{"kms_key_id": None}, {"kms_key_id": "arn:k"}], "consumers": ["dashboard"]}
    assert list(named.keys(of_logs)) == [("log_delivery kms_key_id", "arn:k")]


def test_what_a_run_needs_beside_its_components_is_simulated_too() -> None:
    assert {"servicequotas:GetServiceQuota", "s3:PutObject", "tag:GetResources"} <= set(rehearsal.actions([]))


@pytest.mark.parametrize(("offered", "verdict"), [(True, "ok"), (False, "warning")])
def test_a_node_type_that_nobody_can_reserve_is_a_warning(offered: bool, verdict: str) -> None:
    check = rehearsal.type_check("cache.t4g.small", offered)
    assert (check.verdict, bool(check.next_step)) == (verdict, verdict != "ok")
