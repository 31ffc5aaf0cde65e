# SPDX-License-Identifier: Apache-2.0
"""What is read out of Terraform's states, on tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.stacks import STACKS
from tools.adopt import differing, forgetting, lock_table_of, text_of, where
from tools.terraform_network import network, policy
from tools.terraform_state import Found, State, read

TOKEN = "only-a-token-of-a-test-0123456789"
CASES = sorted(path.stem for path in STACKS.glob("*.tfstate"))


def resource(kind: str, label: str = "this", /, key: Any = None, module: str = "", **attributes: Any) -> dict[str, Any]:
    instance = {"attributes": attributes} | ({} if key is None else {"index_key": key})
    return {"mode": "managed", "type": kind, "name": label, "instances": [instance]} | (
        {"module": module} if module else {}
    )


def found_in(*resources: dict[str, Any], bucket: str = "") -> Found:
    return read({"version": 4, "resources": list(resources)}, network, bucket)


STREAM = resource("aws_kinesis_stream", name="a", shard_count=2, retention_period=24, encryption_type="NONE",
                  stream_mode_details=[], shard_level_metrics=None, enforce_consumer_deletion=False)  # fmt: skip


@pytest.mark.parametrize("document", [{}, {"version": 3}, [], None, "text"])
def test_what_is_no_state_is_said(document: Any) -> None:
    with pytest.raises(ValueError, match=r"STATE: found version .*, wanted a Terraform state of version 4\. Next: "):
        State(document)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "aws_kinesis_stream.this"),
        ({"key": 0}, "aws_kinesis_stream.this[0]"),
        ({"key": "a b"}, 'aws_kinesis_stream.this["a b"]'),
        ({"module": 'module.x["eu"].module.y'}, 'module.x["eu"].module.y.aws_kinesis_stream.this'),
    ],
)
def test_resources_are_named_as_terraform_names_them(given: dict[str, Any], address: str) -> None:
    assert found_in(resource("aws_kinesis_stream", **given)).adopted == [address]


def test_data_and_deposed_instances_count_for_nothing() -> None:
    data = {**STREAM, "mode": "data"}
    deposed = {**STREAM, "instances": [{**STREAM["instances"][0], "deposed": "00000001"}]}
    found = found_in(data, deposed)
    assert (found.adopted, found.unsaid, found.components) == ([], [], [])


def test_a_token_comes_no_further_than_the_state() -> None:
    group = resource("aws_elasticache_replication_group", replication_group_id="a", auth_token=TOKEN)
    found = found_in(group)
    assert TOKEN not in repr(found)
    assert "auth_token: it stays in force and is written nowhere here" in "\n".join(found.unsaid)
    assert TOKEN not in text_of("dev", "iot", {}, found)


@pytest.mark.parametrize("case", CASES)
def test_the_states_of_the_tests_hold_no_secret(case: str) -> None:
    assert TOKEN not in (STACKS / f"{case}.tfstate").read_text()


def test_only_what_differs_from_the_defaults_is_written() -> None:
    found = found_in(STREAM)
    assert differing(found.variables) == {
        "kinesis_name": "a", "kinesis_shard_count": 2, "kinesis_retention_hours": 24, "kinesis_encryption_type": "NONE",
        "kinesis_adopt": True, "kinesis_purge_tags": False}  # fmt: skip
    text = text_of("dev", "iot", {"region": "eu-west-1"}, found)
    assert "environment_components: [kinesis]" in text


def test_a_second_stream_is_one_of_several_and_unknown_things_are_named() -> None:
    again = resource("aws_kinesis_stream", "Alerts_eu", key="b", name="b", stream_mode_details=[])
    found = found_in(STREAM, again, resource("aws_lambda_function", "f"))
    several = found.variables["kinesis_streams"]
    assert {key: each["name"] for key, each in several.items()} == {"this": "a", "alerts-eu-b": "b"}
    assert several["this"]["adopt"] is True
    assert found.unsaid == ["aws_lambda_function.f: no component keeps such a thing; it stays in Terraform"]


def test_the_bucket_of_the_state_is_chosen_among_several() -> None:
    buckets = [resource("aws_s3_bucket", name, bucket=name) for name in ("a", "b")]
    assert found_in(*buckets).components == []
    assert found_in(*buckets, bucket="b").variables["state_bucket_name"] == "b"


@pytest.mark.parametrize(
    ("policy", "tls_only"),
    [
        ("", False),
        ('{"Statement": [{"Effect": "Allow"}]}', False),
        ('{"Statement": [{"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}', True),
    ],
)
def test_a_bucket_policy_says_whether_tls_is_asked_for(policy: str, tls_only: bool) -> None:
    found = found_in(resource("aws_s3_bucket", bucket="a"), resource("aws_s3_bucket_policy", bucket="a", policy=policy))
    assert found.variables["state_bucket_tls_only"] is tls_only
    assert not found.unsaid


SAID = {
    "seed": ["vpc", "redis", "kinesis", "state_bucket"], "counted": ["vpc"], "each": ["vpc"],
    "on_demand": ["kinesis"], "nested": ["vpc", "kinesis"], "states": ["state_bucket"], "awkward": ["vpc", "kinesis"],
    "plain_cache": ["vpc", "redis"], "several": ["kinesis"], "old_rules": ["vpc"],
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_kept_state_says_its_components(case: str) -> None:
    state = json.loads((STACKS / f"{case}.tfstate").read_text())
    found = read(state, network)
    assert found.components == SAID[case]
    managed = {each.address for each in State(state).resources}
    told = {line.split(":")[0].split(" ")[0] for line in found.unsaid}
    assert managed == {*found.adopted} | (told & managed)


def test_what_is_awkward_is_listed() -> None:
    found = read(json.loads((STACKS / "awkward.tfstate").read_text()), network)
    told = "\n".join(found.unsaid)
    assert "aws_subnet.alone: a tier has a subnet in each zone (eu-west-1a, eu-west-1b), and this one in" in told
    assert sorted(found.variables["kinesis_streams"]) == ["first", "second"]


@pytest.mark.parametrize(
    ("text", "document"),
    [
        (None, {}),
        ('{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}', {}),
        ('{"Statement": [{"Effect": "Deny"}]}', {"Statement": [{"Effect": "Deny"}]}),
    ],
)
def test_awss_own_policy_is_none(text: str | None, document: dict[str, Any]) -> None:
    assert policy(text) == document


def test_the_old_stack_is_told_what_to_forget() -> None:
    lines = "\n".join(forgetting(['module.a["x"].aws_subnet.s[0]', 'module.a["x"].aws_subnet.s[1]']))
    assert """terraform state rm 'module.a["x"].aws_subnet.s[1]'""" in lines
    assert lines.count("removed {") == 1
    assert "from = module.a.aws_subnet.s\n" in lines


def test_a_state_tells_its_account_its_region_and_its_lock_table() -> None:
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/a"
    table = resource("aws_dynamodb_table", name="locks", hash_key="LockID")
    document = {"version": 4, "resources": [resource("aws_kinesis_stream", arn=arn), table]}
    assert where(document) == {"account_id": "123456789012", "region": "eu-west-1"}
    assert lock_table_of(document) == "locks"
