# SPDX-License-Identifier: Apache-2.0
"""A client on a real Redis, with TLS and a token, while our module rotates the token: nothing is refused or lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws

from localcloud.process import Cloud
from localcloud.redis.resp import Client
from tests.integration.test_cycles import NETWORK
from tests.localcloud.test_real_redis import NEW, OLD, admitted, needs_binary
from tests.support.runs import aws_of, run

MODULE = "elasticache_replication_group"
GROUP = {
    "engine": "redis",
    "engine_version": "7.1",
    "cache_node_type": "cache.t4g.small",
    "num_cache_clusters": 1,
    "security_group_names": ["cache"],
    "transit_encryption_mode": "required",
    "apply_immediately": True,
}


class Watched(Aws):
    """AWS that shows, after each write, what clients then meet; the group is looked at first, which lets it settle."""

    cloud: Cloud
    look: Any
    seen: list[Any]

    def write(self, *arguments: Any) -> dict[str, Any]:
        answer = super().write(*arguments)
        self.cloud.client("elasticache").describe_replication_groups()
        self.seen.append((arguments[2].get("AuthTokenUpdateStrategy", arguments[1]), *self.look()))
        return answer


@pytest.fixture
def served() -> Iterator[Cloud]:
    with Cloud(real_redis=True) as cloud:
        run(cloud, "ec2_vpc_network", NETWORK)
        yield cloud


def token(value: str, version: str) -> dict[str, Any]:
    return {**GROUP, "auth_token": value, "auth_token_version": version}


@needs_binary
def test_clients_write_and_read_before_during_and_after_a_rotation(served: Cloud) -> None:
    port = int(run(served, MODULE, token(OLD, "1"))["resource"]["port"])
    ca_file = served.redis()["ca_file"]
    written: list[str] = []

    with Client(port, ca_file) as connected:
        connected("AUTH", OLD)

        def look() -> tuple[list[str], bool]:
            """Which tokens let in; and whether all that was ever written can be read, by old connections and new."""
            tokens = admitted(port, ca_file)
            with Client(port, ca_file) as fresh:
                fresh("AUTH", tokens[-1])
                for client in (connected, fresh):
                    key = f"reading:{len(written)}"
                    client("SET", key, key)
                    written.append(key)
                both = [[client("GET", key) for key in written] for client in (connected, fresh)]
            return tokens, both == [written, written]

        assert look() == ([OLD], True)
        aws = aws_of(served, Watched)
        aws.cloud, aws.look, aws.seen = served, look, []
        run(served, MODULE, token(NEW, "2"), aws=aws)
        assert aws.seen == [
            ("ROTATE", [OLD, NEW], True),
            ("SET", [NEW], True),
            ("add_tags_to_resource", [NEW], True),
        ]
        assert look() == ([NEW], True)
