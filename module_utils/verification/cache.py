# SPDX-License-Identifier: Apache-2.0
"""Whether a cache lets in who may come and nobody else, keeps a key on each shard, and has the replicas it should."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ..elasticache_replication_group.generated_token import secret_name
from ..environment.preflight import OK, STOP, WARNING, Check
from ..reconcile.errors import Failure
from . import traces

if TYPE_CHECKING:
    from ..aws.client import Aws

# What it takes differs between its versions more than its stubs allow for.
redis: Any
try:
    import redis
    from redis.crc import key_slot
except ImportError:  # a run without it verifies all but the cache, and says so
    redis = None

TIMEOUT_SECONDS = 5
GOSSIP_SECONDS, PAUSE_SECONDS = 10.0, 1.0
SLOTS = 16384
KEY_SECONDS = 60
INSIDE = ("run playbooks/verify.yml inside the VPC: on a host in a subnet of tier app with security group app, "
          "with this repository and the environment's inventory")  # fmt: skip
WORKS = "a key is written, read and deleted on each shard"


@dataclass(frozen=True)
class Login:
    """How clients come in; ``password`` is shown nowhere."""

    tls: bool
    ca_file: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def client(self, host: str, port: int) -> Any:
        """A client of one node.  It connects when it is first used."""
        encrypted = {"ssl": True, "ssl_cert_reqs": "required", "ssl_ca_certs": self.ca_file} if self.tls else {}
        return redis.Redis(host=host, port=port, username=self.username, password=self.password, protocol=2,
                           socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None,
                           decode_responses=True, **encrypted)  # fmt: skip


@dataclass(frozen=True)
class Shard:
    """Slots with the node that holds them and its replicas, of which ``connected`` are in touch with it."""

    slots: tuple[tuple[int, int], ...]
    primary: tuple[str, int]
    replicas: tuple[tuple[str, int], ...]
    connected: int


def checks(aws: Aws, options: Mapping[str, Any], group: Mapping[str, Any], ca_file: str | None) -> Iterator[Check]:
    """The lines of one replication group."""
    what = f"cache {group['name']}"
    host = group.get("configuration_endpoint") or group.get("primary_endpoint")
    if redis is None:
        yield Check(what, "not asked: redis-py is not installed", WORKS, WARNING, "pip install redis, then run again")
        return
    if not host:
        yield Check(what, "no endpoint yet", WORKS, STOP, "wait until the group is available")
        return
    far, dead = reach(host, int(group["port"]))
    if far or dead:
        step = INSIDE if far else "see the group's events: aws elasticache describe-events"
        yield Check(what, far or dead, WORKS, WARNING if far else STOP, step)
        return
    endpoint = (host, int(group["port"]))
    try:
        login, replicas = login_of(aws, options, group, ca_file), replicas_of(aws, group["name"])
    except traces.ERRORS as error:
        yield Check(what, traces.told(error), WORKS, STOP, "allow secretsmanager:GetSecretValue on the secret")
        return
    if not login.password and options.get("users"):
        yield Check(what, "not tried: no declared user has a password", WORKS, WARNING, "come in with IAM yourself")
        return
    ask = partial(shards_of, group=group, endpoint=endpoint, replicas=replicas)
    yield from _inside(what, group, login, endpoint, ask, lambda: aws.pause(PAUSE_SECONDS))


def _inside(
    what: str,
    group: Mapping[str, Any],
    login: Login,
    endpoint: tuple[str, int],
    ask: Callable[[Any], list[Shard]],
    pause: Callable[[], None],
) -> Iterator[Check]:
    """What the servers say and do; what they know of each other goes round by gossip, and may be a moment late."""
    client = login.client(*endpoint)
    try:
        traces.within(GOSSIP_SECONDS, pause, lambda: not list(shape_obstacles(ask(client), group)))
        shards = ask(client)
    except (redis.RedisError, OSError) as error:
        yield Check(what, words(error), WORKS, STOP, next_step(error))
        if isinstance(error, redis.AuthenticationError):
            # A server that lets everybody in takes no token either.
            yield from closed(what, group, login, *endpoint)
        return
    finally:
        client.close()
    wrong = [each for shard in shards for each in (*key_obstacles(login, shard), *node_obstacles(login, shard, pause))]
    yield line_of(what, wrong, WORKS, "see the group's events, and fail over or replace the node that is named")
    yield line_of(f"{what}: slots and replicas", list(shape_obstacles(shards, group)),
                  "all slots, and the replicas that AWS shows",
                  "wait for AWS to replace the node, or run drift.yml")  # fmt: skip
    yield from closed(what, group, login, *endpoint)


def line_of(what: str, wrong: Sequence[str], wanted: str, step: str) -> Check:
    """The line of what is wrong; a user who just may not use keys of ours is nothing that is."""
    told = list(dict.fromkeys(wrong))
    if not told:
        return Check(what, wanted, wanted, OK)
    verdict = WARNING if all("NoPermissionError" in each for each in told) else STOP
    return Check(what, "; ".join(told[:3]), wanted, verdict, step)


def reach(host: str, port: int) -> tuple[str, str]:
    """Why an endpoint is too far away, or else why it is dead; both empty for one that answers."""
    try:
        socket.create_connection((host, port), TIMEOUT_SECONDS).close()
    except ConnectionRefusedError:
        return "", f"nothing listens at {host}:{port}"
    except OSError as error:
        kind = "its name has no address here" if isinstance(error, socket.gaierror) else "no answer"
        return f"not reachable from here: {kind}", ""
    return "", ""


def login_of(aws: Aws, options: Mapping[str, Any], group: Mapping[str, Any], ca_file: str | None) -> Login:
    """How a client comes in: with the token, with the first user that has a password, or just so.

    Raises one of the errors of a read, or Failure where the secret is not there.
    """
    tls = bool(group.get("transit_encryption_enabled"))
    if options.get("auth_token"):
        return Login(tls, ca_file, None, options["auth_token"])
    # A generated token's secret has its name, whether it is there or not.
    generated = secret_name(options) if options.get("auth_token_generation") is not None else None
    secret = options.get("auth_token_secret_arn") or generated
    if secret:
        return Login(tls, ca_file, None, secret_text(aws, secret))
    for user in options.get("users") or ():
        if user.get("password_secret_arns"):
            return Login(tls, ca_file, user["user_name"], secret_text(aws, user["password_secret_arns"][0]))
    return Login(tls, ca_file)


def secret_text(aws: Aws, secret: str) -> str:
    """The text of a secret's current version.  Raises Failure where there is none."""
    answer = aws.read("secretsmanager", "get_secret_value", ("ResourceNotFoundException",), SecretId=secret)
    if not answer or not answer.get("SecretString"):
        raise Failure(f"secret {secret}: found nothing, wanted the token. Next: create it, or correct its name")
    return str(answer["SecretString"])


def replicas_of(aws: Aws, name: str) -> list[tuple[str, int]]:
    """The endpoints of replicas, which AWS shows where cluster mode is off; certificates are made out to these."""
    answer = aws.read("elasticache", "describe_replication_groups", ReplicationGroupId=name) or {}
    nodes = [node for group in answer.get("ReplicationGroups", ()) for shard in group.get("NodeGroups", ())
             for node in shard.get("NodeGroupMembers", ()) if node.get("CurrentRole") == "replica"]  # fmt: skip
    return [(node["ReadEndpoint"]["Address"], int(node["ReadEndpoint"]["Port"])) for node in nodes
            if node.get("ReadEndpoint")]  # fmt: skip


def shards_of(
    client: Any, group: Mapping[str, Any], endpoint: tuple[str, int], replicas: Sequence[tuple[str, int]]
) -> list[Shard]:
    """The shards as the servers themselves say; one with all slots where there is no cluster mode."""
    if group.get("cluster_mode") not in ("enabled", "compatible"):
        connected = int(client.info("replication")["connected_slaves"])
        return [Shard(((0, SLOTS - 1),), endpoint, tuple(replicas), connected)]
    return shards_in(client.execute_command("CLUSTER", "SLOTS"), endpoint[0])


def shards_in(answer: Sequence[Sequence[Any]], host: str) -> list[Shard]:
    """The shards of an answer to CLUSTER SLOTS, each node under the name that its certificate is made out to.

    Source: Redis command reference, CLUSTER SLOTS: first and last slot, then the primary and its replicas, each with
    the endpoint that it prefers (none: where it was asked), port, id, and from 7.0 on a list with its hostname.
    """
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for first, last, *nodes in answer:
        primary, *replicas = ((named(node) or host, int(node[1])) for node in nodes)
        shard = found.setdefault(primary, {"slots": [], "replicas": set()})
        shard["slots"].append((first, last))
        shard["replicas"] |= set(replicas)
    return [Shard(tuple(shard["slots"]), primary, tuple(sorted(shard["replicas"])), len(shard["replicas"]))
            for primary, shard in found.items()]  # fmt: skip


def named(node: Sequence[Any]) -> str:
    """A node's hostname where it tells one, else the endpoint that it prefers."""
    more = list(node[3]) if len(node) > 3 else []
    return str(dict(zip(more[::2], more[1::2], strict=False)).get("hostname") or node[0] or "")


def key_for(shard: Shard) -> str:
    """A key of our own that lies on this shard."""
    own = traces.fresh()
    keys = (f"{own}:{number}" for number in range(1_000_000))
    return next(key for key in keys if any(first <= key_slot(key.encode()) <= last for first, last in shard.slots))


def key_obstacles(login: Login, shard: Shard) -> Iterator[str]:
    """What keeps the primary of a shard from keeping a key; the key is gone afterwards, or within a minute."""
    client, key = login.client(*shard.primary), key_for(shard)
    try:
        client.set(key, traces.NAME, ex=KEY_SECONDS)
        got = client.get(key)
        client.delete(key)
    except (redis.RedisError, OSError) as error:
        yield f"{shard.primary[0]}:{shard.primary[1]}: {words(error)}"
        return
    finally:
        client.close()
    if got != traces.NAME:
        yield f"{shard.primary[0]}:{shard.primary[1]} gives back something else than it took"


def linked(client: Any) -> bool:
    """Whether a replica is in touch with its primary."""
    return bool(client.info("replication").get("master_link_status") == "up")


def node_obstacles(login: Login, shard: Shard, pause: Callable[[], None]) -> Iterator[str]:
    """Replicas that do not answer, or that are out of touch with their primary and stay so."""
    for host, port in shard.replicas:
        client = login.client(host, port)
        try:
            if not traces.within(GOSSIP_SECONDS, pause, partial(linked, client)):
                yield f"replica {host}:{port} has lost its primary"
        except (redis.RedisError, OSError) as error:
            yield f"replica {host}:{port}: {words(error)}"
        finally:
            client.close()


def shape_obstacles(shards: Sequence[Shard], group: Mapping[str, Any]) -> Iterator[str]:
    """What the servers say otherwise than AWS's API: slots that nobody holds, shards and replicas that are missing."""
    held = sum(last - first + 1 for shard in shards for first, last in shard.slots)
    if held != SLOTS:
        yield f"{held} of {SLOTS} slots are held"
    members = group.get("members") or {}
    if members and len(members) != len(shards):
        yield f"{len(shards)} shards, where AWS shows {len(members)}"
    replicas, wanted = sum(each.connected for each in shards), sum(len(each) - 1 for each in members.values())
    if members and replicas != wanted:
        yield f"{replicas} replicas, where AWS shows {wanted}"


def closed(what: str, group: Mapping[str, Any], login: Login, host: str, port: int) -> Iterator[Check]:
    """Who must not come in: without the token, and without TLS."""
    if login.password:
        yield _refuses(f"{what} without token", Login(login.tls, login.ca_file), host, port,
                       "redis_auth_token_generation or redis_users")  # fmt: skip
    if group.get("transit_encryption_mode") == "required":
        yield _refuses(f"{what} without TLS", Login(False, None, login.username, None), host, port,
                       "redis_transit_encryption_mode: required")  # fmt: skip


def _refuses(what: str, stranger: Login, host: str, port: int, option: str) -> Check:
    client = stranger.client(host, port)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return Check(what, "refused", "refused", OK)
    finally:
        client.close()
    return Check(what, "let in", "refused", STOP, f"set {option} and run site.yml")


def words(error: Exception) -> str:
    """What went wrong; redis-py's words hold no secret."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def next_step(error: Exception) -> str:
    """What to do about a client that did not get in."""
    if isinstance(error, (redis.AuthenticationError, redis.exceptions.NoPermissionError)):
        return "compare the token or the user with what the group has; site.yml sends the declared one"
    if "certificate" in str(error).lower() or "ssl" in str(error).lower():
        return "compare TLS on both sides; environment_cache_ca_file names the authority where it is not a public one"
    return "see the group's events: aws elasticache describe-events"
