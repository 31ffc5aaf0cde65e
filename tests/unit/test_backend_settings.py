# SPDX-License-Identifier: Apache-2.0
"""Backend settings: each Terraform version gets the lock that it knows, and nothing that it rejects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.environment.backend_settings import (
    backend_settings,
    hcl,
    json_twin,
    lock_note,
    parsed,
    state_key,
)
from ansible.module_utils.reconcile.errors import Refused

BUCKET = {"bucket": "sensors-dev-state-123456789012", "region": "eu-west-1", "key": "dev/network.tfstate"}
TABLE = "sensors-dev-state-lock"


def settings(**given: Any) -> dict[str, Any]:
    return backend_settings(**{**BUCKET, **given})


@pytest.mark.parametrize(
    ("version", "both", "lock"),
    [
        ("0.14.11", False, {"dynamodb_table": TABLE}),
        ("1.9.8", False, {"dynamodb_table": TABLE}),
        ("v1.9", False, {"dynamodb_table": TABLE}),
        ("1.10.0", False, {"use_lockfile": True}),
        ("1.10.5", True, {"use_lockfile": True, "dynamodb_table": TABLE}),
        ("1.11.0-rc1", False, {"use_lockfile": True}),
        ("1.11.4", False, {"use_lockfile": True}),
        ("1.11.4", True, {"use_lockfile": True, "dynamodb_table": TABLE}),
        ("1.17.0", False, {"use_lockfile": True}),
        ("2.0.0", False, {"use_lockfile": True}),
    ],
)
def test_each_version_gets_the_lock_it_knows(version: str, both: bool, lock: dict[str, Any]) -> None:
    found = settings(terraform_version=version, lock_table=TABLE, both=both)
    assert found == {**BUCKET, "encrypt": True, **lock}


@pytest.mark.parametrize("version", ["1.10.0", "1.11.4"])
def test_a_lock_file_needs_no_table(version: str) -> None:
    assert settings(terraform_version=version)["use_lockfile"] is True


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ({"terraform_version": "1.9.8"}, ["state_bucket_lock_table: found false", "Terraform 1.9.8"]),
        ({"terraform_version": "1.11.4", "both": True}, ["state_bucket_lock_table: found false", "both kinds of lock"]),
        ({"terraform_version": "1.9.8", "both": True, "lock_table": TABLE}, ["both", "reject use_lockfile"]),
        ({"terraform_version": "latest"}, ["terraform_version: found latest", "1.11.4"]),
        ({"terraform_version": "1"}, ["terraform_version: found 1,"]),
        ({"terraform_version": "1.11.4.5"}, ["terraform_version"]),
    ],
)
def test_what_cannot_lock_is_refused(given: dict[str, Any], texts: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        settings(**given)
    for text in texts:
        assert text in str(refused.value)


def test_a_key_is_named_only_where_there_is_one() -> None:
    assert "kms_key_id" not in settings()
    assert settings(kms_key_id="alias/state")["kms_key_id"] == "alias/state"


def test_versions_are_numbers_not_text() -> None:
    assert parsed("1.9.0", "k") < parsed("1.10.0", "k")


def test_the_state_lies_in_the_folder_of_its_environment() -> None:
    assert state_key("dev", "network") == "dev/network.tfstate"


@pytest.mark.parametrize("stack", ["", "../prod/network", "/network", "net work", "a/b"])
def test_a_state_cannot_leave_its_folder(stack: str) -> None:
    with pytest.raises(Refused, match="stack"):
        state_key("dev", stack)


def test_the_text_is_what_terraform_reads() -> None:
    found = settings(kms_key_id="alias/state", terraform_version="1.9.8", lock_table=TABLE)
    assert hcl(found, "why") == (
        "# why\n"
        'bucket         = "sensors-dev-state-123456789012"\n'
        'key            = "dev/network.tfstate"\n'
        'region         = "eu-west-1"\n'
        "encrypt        = true\n"
        'kms_key_id     = "alias/state"\n'
        'dynamodb_table = "sensors-dev-state-lock"\n'
    )


def test_text_without_a_note_has_no_comment() -> None:
    assert hcl(settings()).startswith("bucket ")


def test_templates_in_values_stay_text() -> None:
    assert hcl({"key": 'a"${b}%{c}'}) == 'key = "a\\"$${b}%%{c}"\n'


def test_the_json_twin_says_the_same() -> None:
    found = settings()
    assert json_twin(found) == {"terraform": {"backend": {"s3": found}}}
    assert json.loads(json.dumps(json_twin(found))) == json_twin(found)


@pytest.mark.parametrize(
    ("version", "both", "text"),
    [
        ("1.9.8", False, "locks in DynamoDB"),
        ("1.10.3", False, "experimental"),
        ("1.11.4", False, ".tflock"),
        ("1.11.4", True, "deprecated"),
    ],
)
def test_the_note_says_how_it_is_locked(version: str, both: bool, text: str) -> None:
    found = settings(terraform_version=version, lock_table=TABLE, both=both)
    assert text in lock_note(found, version)
    assert "\n" not in lock_note(found, version)
