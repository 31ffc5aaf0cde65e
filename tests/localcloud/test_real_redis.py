# SPDX-License-Identifier: Apache-2.0
"""Real servers behind the endpoints: clients connect as declared, keys survive what they survive at AWS, all ends."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.process import Cloud
from localcloud.redis.cluster import numbers
from localcloud.redis.fleet import find_binary
from localcloud.redis.resp import HOST, Client, ServerError
from tests.localcloud.network import Network

BINARY, REASON = find_binary()
# Real servers take their time to move slots and to elect primaries: `make real-redis`.
ASKED = os.environ.get("STREAMBED_REAL_REDIS") == "1"
needs_binary = pytest.mark.skipif(
    BINARY is None or not ASKED, reason=REASON or "not asked for; `make real-redis` runs these"
)

OLD, NEW = "only-for-tests-001", "only-for-tests-002"


@pytest.fixture(scope="module")
def served() -> Iterator[Cloud]:
    with Cloud(real_redis=True) as cloud:
        yield cloud


@pytest.fixture
def real(served: Cloud) -> Network:
    served.reset()
    return Network(served)


def port_of(endpoint: dict[str, Any]) -> int:
    assert endpoint["Address"] == HOST
    return int(endpoint["Port"])


def settled_port(network: Network) -> int:
    """The port at which clients begin, once the servers are there."""
    assert eventually(lambda: network.show()["Status"] == "available")
    shown = network.show()
    return port_of(shown.get("ConfigurationEndpoint") or shown["NodeGroups"][0]["PrimaryEndpoint"])


def cluster_call(port: int, *words: Any) -> Any:
    """One command on one key, wherever in the cluster that key is."""
    for _ in range(3):
        with Client(port) as client:
            try:
                return client(*words)
            except ServerError as error:
                moved = re.match(r"MOVED \d+ \S+:(\d+)", str(error))
                if moved is None:
                    raise
                port = int(moved[1])
    raise AssertionError("sent round in a circle")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith(("redis-server", "valkey-server"))
    except OSError:
        return False


def eventually(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)
    return done()


# --- when there are none -------------------------------------------------------------------------------------------


def test_endpoints_are_names_unless_asked_for_more(cloud: Cloud, network: Network) -> None:
    network.clustered()
    assert network.show()["ConfigurationEndpoint"]["Address"].endswith(".amazonaws.com")
    assert cloud.redis()["servers"] == []
    assert "real_redis is off" in cloud.health()["endpoints"]


def test_without_a_binary_endpoints_are_names_and_the_cloud_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with Cloud(real_redis=True) as cloud:
        network = Network(cloud)
        network.clustered()
        assert network.show()["ConfigurationEndpoint"]["Address"].endswith(".amazonaws.com")
        assert "installed" in cloud.health()["endpoints"]
        assert cloud.redis()["binary"] is None


# --- as declared ---------------------------------------------------------------------------------------------------


@needs_binary
def test_a_group_without_cluster_mode_replicates(real: Network) -> None:
    real.replicated(nodes=2)
    (shard,) = real.show()["NodeGroups"]
    with Client(port_of(shard["PrimaryEndpoint"])) as primary, Client(port_of(shard["ReaderEndpoint"])) as reader:
        primary("SET", "reading", "21.5")
        assert primary("WAIT", 1, 5000) == 1
        assert reader("GET", "reading") == "21.5"
        with pytest.raises(ServerError, match="READONLY"):
            reader("SET", "reading", "22")


@needs_binary
def test_a_cluster_has_its_slots_where_the_api_says(real: Network) -> None:
    real.clustered(shards=3, replicas=0)
    shown = real.show()
    with Client(port_of(shown["ConfigurationEndpoint"])) as client:
        slots = {(begin, end) for begin, end, *_ in client("CLUSTER", "SLOTS")}
    wanted = [numbers(shard["Slots"]) for shard in shown["NodeGroups"]]
    assert slots == {(part[0], part[-1]) for part in wanted}


@needs_binary
def test_tls_and_token_are_required_as_declared(served: Cloud, real: Network) -> None:
    real.replicated(TransitEncryptionEnabled=True, AuthToken=OLD)
    port, ca_file = settled_port(real), served.redis()["ca_file"]
    with pytest.raises((OSError, ServerError)), Client(port) as client:
        client("PING")
    with Client(port, ca_file) as client:
        with pytest.raises(ServerError, match="NOAUTH"):
            client("PING")
        with pytest.raises(ServerError, match="WRONGPASS"):
            client("AUTH", NEW)
        client("AUTH", OLD)
        assert client("PING") == "PONG"


def admitted(port: int, ca_file: str) -> list[str]:
    """Which of no token, the old and the new one let a client in."""
    found = []
    for token in ("", OLD, NEW):
        with Client(port, ca_file) as client:
            try:
                if token:
                    client("AUTH", token)
                client("PING")
                found.append(token)
            except ServerError:
                pass
    return found


@needs_binary
def test_rotate_lets_both_tokens_in_and_set_only_the_new_one(served: Cloud, real: Network) -> None:
    real.replicated(TransitEncryptionEnabled=True, AuthToken=OLD)
    port, ca_file = settled_port(real), served.redis()["ca_file"]
    assert admitted(port, ca_file) == [OLD]
    real.modify(AuthToken=NEW, AuthTokenUpdateStrategy="ROTATE")
    real.show()
    assert admitted(port, ca_file) == [OLD, NEW]
    real.modify(AuthToken=NEW, AuthTokenUpdateStrategy="SET")
    real.show()
    assert admitted(port, ca_file) == [NEW]


@needs_binary
def test_after_the_first_rotate_clients_without_a_token_come_in_until_set(served: Cloud, real: Network) -> None:
    real.replicated(TransitEncryptionEnabled=True)
    port, ca_file = settled_port(real), served.redis()["ca_file"]
    real.modify(AuthToken=NEW, AuthTokenUpdateStrategy="ROTATE")
    real.show()
    assert "" in admitted(port, ca_file)
    real.modify(AuthToken=NEW, AuthTokenUpdateStrategy="SET")
    real.show()
    assert admitted(port, ca_file) == [NEW]


# --- what keys survive ---------------------------------------------------------------------------------------------


@needs_binary
def test_keys_survive_more_and_fewer_shards(served: Cloud, real: Network) -> None:
    real.clustered(shards=2, replicas=0)
    port = settled_port(real)
    keys = [f"sensor:{number}" for number in range(50)]
    for key in keys:
        cluster_call(port, "SET", key, f"value of {key}")
    scale = {"ReplicationGroupId": "demo", "ApplyImmediately": True}
    for change in ({"NodeGroupCount": 3}, {"NodeGroupCount": 2, "NodeGroupsToRemove": ["0001"]}):
        real.cache.modify_replication_group_shard_configuration(**scale, **change)
        port = settled_port(real)
        assert len(served.redis()["servers"]) == change["NodeGroupCount"]
        assert [cluster_call(port, "GET", key) for key in keys] == [f"value of {key}" for key in keys]


@needs_binary
@pytest.mark.parametrize("clustered", [True, False])
def test_keys_survive_a_failover(real: Network, clustered: bool) -> None:
    real.clustered(shards=3, replicas=1) if clustered else real.replicated(nodes=2)
    before = settled_port(real)
    cluster_call(before, "SET", "reading", "21.5")
    real.cache.test_failover(ReplicationGroupId="demo", NodeGroupId="0001")
    after = settled_port(real)
    assert cluster_call(after, "GET", "reading") == "21.5"
    with Client(before) as client:
        assert client("ROLE")[0] == "slave"


@needs_binary
def test_a_group_and_its_keys_stay_however_slow_its_servers_are(served: Cloud, real: Network) -> None:
    real.replicated(nodes=2)
    port = settled_port(real)
    cluster_call(port, "SET", "reading", "21.5")
    slow = [server["pid"] for server in served.redis()["servers"]]
    for pid in slow:
        os.kill(pid, signal.SIGSTOP)
    try:
        real.cache.increase_replica_count(ReplicationGroupId="demo", NewReplicaCount=2, ApplyImmediately=True)
        assert real.show()["Status"] == "modifying", "its servers are on their way"
        events = real.cache.describe_events(SourceType="replication-group")["Events"]
        assert any("on their way" in event["Message"] for event in events)
    finally:
        for pid in slow:
            os.kill(pid, signal.SIGCONT)
    assert eventually(lambda: real.show()["Status"] == "available")
    assert cluster_call(settled_port(real), "GET", "reading") == "21.5"
    assert len(served.redis()["servers"]) == 3


@needs_binary
def test_a_server_that_died_leaves_names_and_says_so(served: Cloud, real: Network) -> None:
    real.replicated(nodes=2)
    real.show()
    os.kill(served.redis()["servers"][0]["pid"], signal.SIGKILL)
    real.cache.increase_replica_count(ReplicationGroupId="demo", NewReplicaCount=2, ApplyImmediately=True)
    assert real.show()["NodeGroups"][0]["PrimaryEndpoint"]["Address"].endswith(".amazonaws.com")
    assert any("no servers" in event["Message"] for event in real.cache.describe_events()["Events"])


# --- the end -------------------------------------------------------------------------------------------------------


def pids(cloud: Cloud) -> list[int]:
    found = [server["pid"] for server in cloud.redis()["servers"]]
    assert found
    assert all(alive(pid) for pid in found)
    return found


@needs_binary
def test_servers_end_with_the_group(served: Cloud, real: Network) -> None:
    real.replicated()
    real.show()
    running = pids(served)
    real.cache.delete_replication_group(ReplicationGroupId="demo")
    real.cache.describe_replication_groups()
    assert not any(alive(pid) for pid in running)


@needs_binary
def test_a_server_ends_with_its_node(served: Cloud, real: Network) -> None:
    real.replicated(nodes=3)
    real.show()
    assert len(pids(served)) == 3
    real.cache.decrease_replica_count(ReplicationGroupId="demo", NewReplicaCount=1, ApplyImmediately=True)
    real.show()
    assert len(pids(served)) == 2


@needs_binary
def test_servers_end_with_a_reset(served: Cloud, real: Network) -> None:
    real.replicated()
    real.show()
    running = pids(served)
    served.reset()
    assert served.redis()["servers"] == []
    assert not any(alive(pid) for pid in running)


@needs_binary
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_servers_end_with_the_cloud_however_that_ends(how: signal.Signals) -> None:
    with Cloud(real_redis=True) as cloud:
        network = Network(cloud)
        network.replicated(TransitEncryptionEnabled=True)
        network.show()
        running, directory = pids(cloud), Path(cloud.redis()["ca_file"]).parent
        os.kill(cloud.health()["pid"], how)
        assert eventually(lambda: not any(alive(pid) for pid in running))
        assert eventually(lambda: not directory.exists())
