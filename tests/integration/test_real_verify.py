# SPDX-License-Identifier: Apache-2.0
"""Verify against real servers: the sound cache passes, each broken one is named; skipped where there is no server.

`make real-redis` runs these.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from localcloud.redis.resp import Client
from tests.integration.test_drifts import NAME
from tests.integration.test_verify import VARIABLES, verified
from tests.localcloud.test_real_redis import needs_binary
from tests.support.environments import conducted

redis = pytest.importorskip("redis")

GENERATED = {**VARIABLES, "redis_auth_token_generation": 1, "redis_num_node_groups": 2}
SECRET, ALL = f"{NAME}-auth-token", f"cache {NAME}"
SHAPE, WITHOUT_TOKEN, WITHOUT_TLS = (
    f"{ALL}{more}" for more in (": slots and replicas", " without token", " without TLS")
)


@pytest.fixture
def served() -> Iterator[Cloud]:
    with Cloud(real_redis=True) as cloud:
        conducted(cloud, GENERATED)
        yield cloud


def lines_of(cloud: Cloud, **options: Any) -> dict[str, dict[str, str]]:
    given = {"cache_ca_file": cloud.redis()["ca_file"], **options}
    lines = verified(cloud, GENERATED, **given)
    return {what: line for what, line in lines.items() if what.startswith(ALL)}


def client(cloud: Cloud, member: str) -> Client:
    """A connection of somebody who has the token."""
    [server] = [each for each in cloud.redis()["servers"] if each["member"] == member]
    token = cloud.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
    connected = Client(server["port"], cloud.redis()["ca_file"])
    connected("AUTH", token)
    return connected


@needs_binary
def test_a_sound_cache_passes_and_keeps_no_key(served: Cloud) -> None:
    lines = lines_of(served)
    assert {what: line["verdict"] for what, line in lines.items()} == dict.fromkeys(
        (ALL, SHAPE, WITHOUT_TOKEN, WITHOUT_TLS), "ok"
    )
    for shard in ("0001", "0002"):
        with client(served, f"{NAME}-{shard}-001") as connected:
            assert connected("DBSIZE") == 0


def stopped(member: str) -> Callable[[Cloud], dict[str, Any]]:
    def break_(cloud: Cloud) -> dict[str, Any]:
        [pid] = [each["pid"] for each in cloud.redis()["servers"] if each["member"] == member]
        os.kill(pid, signal.SIGKILL)
        return {}

    return break_


def another_token(cloud: Cloud) -> dict[str, Any]:
    cloud.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString="not-the-token-of-this-cache")
    return {}


def no_secret(cloud: Cloud) -> dict[str, Any]:
    cloud.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    return {}


def another_authority(cloud: Cloud) -> dict[str, Any]:
    from localcloud.redis.certificate import make

    folder = Path(cloud.redis()["ca_file"]).parent / "another"
    folder.mkdir()
    return {"cache_ca_file": str(make(folder)[0])}


def slot_lost(cloud: Cloud) -> dict[str, Any]:
    with client(cloud, f"{NAME}-0001-001") as connected:
        connected("CLUSTER", "DELSLOTS", 0)
    return {}


def everybody_let_in(cloud: Cloud) -> dict[str, Any]:
    with client(cloud, f"{NAME}-0001-001") as connected:
        connected("ACL", "SETUSER", "default", "nopass")
    return {}


BROKEN: dict[str, tuple[Callable[[Cloud], dict[str, Any]], str, str]] = {
    "endpoint stopped": (stopped(f"{NAME}-0001-001"), ALL, "nothing listens at 127.0.0.1:"),
    "another shard stopped": (stopped(f"{NAME}-0002-001"), ALL, "127.0.0.1:"),
    # At first it does not answer; later the others have given it up.
    "replica stopped": (stopped(f"{NAME}-0002-002"), "", "replica"),
    "another token": (another_token, ALL, "AuthenticationError"),
    "no secret": (no_secret, ALL, "secret"),
    "another authority": (another_authority, ALL, "certificate"),
    "slot lost": (slot_lost, SHAPE, "16383 of 16384 slots are held"),
    "everybody let in": (everybody_let_in, WITHOUT_TOKEN, "let in"),
}


@needs_binary
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_cache_is_named(served: Cloud, name: str) -> None:
    break_, about, words = BROKEN[name]
    lines = lines_of(served, **break_(served))
    stops = {what: line["found"] for what, line in lines.items() if line["verdict"] == "stop"}
    assert any(words in found for what, found in stops.items() if about in ("", what)), lines
    assert "not-the-token" not in str(lines)
