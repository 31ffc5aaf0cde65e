# SPDX-License-Identifier: Apache-2.0
"""The text of an environment's lock, who may take it over, and what those read who are kept waiting."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.environment.lock import Found, Place, new_lock, parsed, renewed

NOW = datetime(2026, 11, 24, 12, 0, 0, 5, UTC)
PLACE = Place("sensors-dev-state-1", "dev/sensors.tfstate")
OURS = new_lock(PLACE, "42", "change", "ada@host", "AWX job 7", 120, NOW)
# Source: what Terraform 1.11.4 wrote.
TERRAFORMS = (
    b'{"ID":"d1e5","Operation":"OperationTypeApply","Info":"","Who":"root@vm","Version":"1.11.4",'
    b'"Created":"2026-11-23T17:51:34.92115548Z","Path":"sensors-dev-state-1/dev/sensors.tfstate"}'
)


def test_a_lock_is_terraforms_lock_info() -> None:
    assert json.loads(OURS.body()).keys() == json.loads(TERRAFORMS).keys()
    assert json.loads(OURS.body())["Path"] == json.loads(TERRAFORMS)["Path"]
    assert PLACE.key == "dev/sensors.tfstate.tflock"
    assert parsed(OURS.body()) == OURS


def test_renewing_changes_the_text_and_neither_id_nor_beginning() -> None:
    later = renewed(OURS, NOW + timedelta(microseconds=1))
    assert later.body() != OURS.body()
    assert (later.id, later.created, later.lease_seconds) == ("42", OURS.created, 120)


@pytest.mark.parametrize(
    ("body", "age_seconds", "expired"),
    [
        (OURS.body(), 120, False),
        (OURS.body(), 121, True),
        (TERRAFORMS, 10**9, False),
        (TERRAFORMS.replace(b'"Info":""', b'"Info":"lease_seconds=1"'), 10**9, False),
        (OURS.body().replace(b"lease_seconds=120", b"lease_seconds=0"), 10**9, False),
        (b"no JSON", 10**9, False),
        (b"[]", 10**9, False),
    ],
)
def test_only_a_lease_of_ours_expires(body: bytes, age_seconds: float, expired: bool) -> None:
    assert Found(parsed(body), "etag", age_seconds).expired is expired


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (OURS.body(), ["held by ada@host (AWX job 7) since 2026-11-24T12:00:00.000005Z for Streambed change",
                       "its lease ends in 90 s"]),
        (TERRAFORMS, ["held by root@vm since 2026-11-23T17:51:34.92115548Z for OperationTypeApply",
                      "terraform force-unlock d1e5", "-e lock_id=d1e5"]),
        (b"no JSON", ["held by somebody who wrote no LockInfo since some time", "lock id (none)"]),
    ],
)  # fmt: skip
def test_whoever_waits_reads_for_whom(body: bytes, texts: list[str]) -> None:
    sentence = Found(parsed(body), "etag", 30).sentence()
    assert all(text in sentence for text in texts), sentence
