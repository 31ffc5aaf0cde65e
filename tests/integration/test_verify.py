# SPDX-License-Identifier: Apache-2.0
"""Worlds that are broken in one way each: verify names the cause, and passes the sound one without a trace.

One environment is laid; each row breaks it with boto3, as somebody might, and is taken back.
"""

from __future__ import annotations

import importlib.util
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.environment import account, lease, orphans
from ansible.module_utils.environment.components import COMPONENTS
from ansible.module_utils.verification import checks

from localcloud.process import Cloud
from tests.integration.test_drifts import ANYWHERE, APP, BUCKET, NAME, PUBLIC, Account, Undo
from tests.support.environments import conducted, inventory, settled
from tests.support.playbooks import play
from tests.support.runs import aws_of, but_locks, connection

VARIABLES: dict[str, Any] = {
    "vpc_cidr_block": "10.95.0.0/16", "vpc_nat_gateways": "single", "vpc_gateway_endpoints": ["s3"],
    "vpc_interface_endpoints": ["kinesis-streams"], "kinesis_shard_count": 2, "redis_apply_immediately": True,
    "redis_final_snapshot": False, "state_bucket_delete_state_history": True,
}  # fmt: skip
EVERYWHERE = "0.0.0.0/0"


class Intruder(Account):
    """The account as an intruder sees it, who can make AWS refuse as well."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.cloud = cloud


def verified(cloud: Cloud, variables: dict[str, Any] = VARIABLES, **options: Any) -> dict[str, dict[str, str]]:
    """The lines of the table by what they are about."""
    result = conducted(cloud, variables, verb="verify", **options)
    stops = [check["what"] for check in result["checks"] if check["verdict"] == "stop"]
    assert bool(result.get("failed")) is bool(stops)
    assert all(stop in result["msg"] for stop in stops)
    return {check["what"]: check for check in result["checks"]}


@pytest.fixture(scope="module")
def laid() -> Iterator[Cloud]:
    with Cloud(settle_polls=0) as cloud:
        conducted(cloud, VARIABLES)
        yield cloud


@dataclass(frozen=True)
class World:
    """``break_`` breaks it and returns how that is taken back; the line ``about`` then says ``words``."""

    name: str
    break_: Callable[[Intruder], Undo]
    about: str
    words: str
    verdict: str = "stop"


# Who may go where


def rules_gone(part: str, way: str, port: int) -> Callable[[Intruder], Undo]:
    """The rules of a security group on one port, taken away."""

    def break_(account: Intruder) -> Undo:
        group = account.part("group", f"security-group/{part}")
        key = "IpPermissions" if way == "ingress" else "IpPermissionsEgress"
        about = {
            "GroupId": group["GroupId"],
            "IpPermissions": [each for each in group[key] if each.get("FromPort") == port],
        }
        getattr(account.ec2, f"revoke_security_group_{way}")(**about)
        return lambda: getattr(account.ec2, f"authorize_security_group_{way}")(**about)

    return break_


def acl_denies(egress: bool, ports: tuple[int, int]) -> Callable[[Intruder], Undo]:
    """A rule that comes first in the ACL of all subnets."""

    def break_(account: Intruder) -> Undo:
        acl = account.inside("describe_network_acls", "NetworkAcls", {"Name": "default", "Values": ["true"]})
        about = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 5, "Egress": egress}
        account.ec2.create_network_acl_entry(**about, Protocol="6", RuleAction="deny", CidrBlock=EVERYWHERE,
                                             PortRange={"From": ports[0], "To": ports[1]})  # fmt: skip
        return lambda: account.ec2.delete_network_acl_entry(**about)

    return break_


def way_gone(part: str) -> Callable[[Intruder], Undo]:
    """The route to the internet of one route table, taken away."""

    def break_(account: Intruder) -> Undo:
        table = account.part("table", f"route-table/{part}")
        [route] = [each for each in table["Routes"] if each.get("DestinationCidrBlock") == EVERYWHERE]
        about = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": EVERYWHERE}
        target = {key: route[key] for key in ("NatGatewayId", "GatewayId") if route.get(key)}
        account.ec2.delete_route(**about)
        return lambda: account.ec2.create_route(**about, **target)

    return break_


def under_the_main_table(account: Intruder) -> Undo:
    table = account.part("table", f"route-table/{APP}")
    [own] = table["Associations"]
    account.ec2.disassociate_route_table(AssociationId=own["RouteTableAssociationId"])
    about = {"RouteTableId": table["RouteTableId"], "SubnetId": own["SubnetId"]}
    return lambda: account.ec2.associate_route_table(**about)


def endpoint(account: Account, service: str) -> str:
    return str(account.part("endpoint", f"endpoint/{service}")["VpcEndpointId"])


def without_private_name(account: Intruder) -> Undo:
    about = {"VpcEndpointId": endpoint(account, "kinesis-streams")}
    account.ec2.modify_vpc_endpoint(**about, PrivateDnsEnabled=False)
    return lambda: account.ec2.modify_vpc_endpoint(**about, PrivateDnsEnabled=True)


def endpoint_out_of_a_table(account: Intruder) -> Undo:
    about, table = {"VpcEndpointId": endpoint(account, "s3")}, account.part("table", f"route-table/{APP}")
    account.ec2.modify_vpc_endpoint(**about, RemoveRouteTableIds=[table["RouteTableId"]])
    return lambda: account.ec2.modify_vpc_endpoint(**about, AddRouteTableIds=[table["RouteTableId"]])


# What answers, and who may ask


def refused(service: str, operation: str, code: str) -> Callable[[Intruder], Undo]:
    """AWS refuses one operation with this code, whoever asks."""

    def break_(account: Intruder) -> Undo:
        account.cloud.fault("refuse", service=service, operation=operation, code=code, message="for a test")
        return account.cloud.clear_faults

    return break_


def denied_by_policy(*actions: str) -> Callable[[Intruder], Undo]:
    """The bucket's policy denies these actions on states."""

    def break_(account: Intruder) -> Undo:
        policy = account.s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
        denial = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": list(actions),
                  "Resource": f"arn:aws:s3:::{BUCKET}/*.tfstate"}  # fmt: skip
        document = json.loads(policy)
        document["Statement"].append(denial)
        account.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
        return lambda: account.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)

    return break_


def no_policy(account: Intruder) -> Undo:
    policy = account.s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    account.s3.delete_bucket_policy(Bucket=BUCKET)
    return lambda: account.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)


def locked(account: Intruder) -> Undo:
    """Terraform holds the lock."""
    about = {"Bucket": BUCKET, "Key": "test/sensors.tfstate.tflock"}
    held = {"ID": "1", "Operation": "OperationTypeApply", "Info": "", "Who": "somebody@else", "Version": "1.11.4",
            "Created": "2026-01-01T00:00:00Z", "Path": f"{BUCKET}/test/sensors.tfstate"}  # fmt: skip
    account.s3.put_object(**about, Body=json.dumps(held).encode())
    return lambda: account.s3.delete_object(**about)


def lock_denied(account: Intruder) -> Undo:
    policy = account.s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    document = json.loads(policy)
    document["Statement"].append({"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
                                  "Resource": f"arn:aws:s3:::{BUCKET}/*.tflock"})  # fmt: skip
    account.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    return lambda: account.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)


# Posture


def open_to_the_world(account: Intruder) -> Undo:
    about = {"GroupId": account.part("group", "security-group/cache")["GroupId"], "IpPermissions": ANYWHERE}
    account.ec2.authorize_security_group_ingress(**about)
    return lambda: account.ec2.revoke_security_group_ingress(**about)


def not_encrypted(account: Intruder) -> Undo:
    about = {"StreamName": NAME, "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    account.kinesis.stop_stream_encryption(**about)
    return lambda: account.kinesis.start_stream_encryption(**about)


def public_addresses(account: Intruder) -> Undo:
    about = {"SubnetId": account.part("subnet", f"subnet/{PUBLIC}")["SubnetId"]}
    account.ec2.modify_subnet_attribute(**about, MapPublicIpOnLaunch={"Value": True})
    return lambda: account.ec2.modify_subnet_attribute(**about, MapPublicIpOnLaunch={"Value": False})


def not_blocked(account: Intruder) -> Undo:
    block = account.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    account.s3.delete_public_access_block(Bucket=BUCKET)
    return lambda: account.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)


TO_CACHE, TO_KINESIS, TO_S3 = (f"clients in app to {where}" for where in ("the cache", "kinesis-streams", "s3"))
TO_INTERNET, STREAM = "clients in app to the internet", f"stream {NAME}"
WORLDS = [
    World("cache lets nobody in", rules_gone("cache", "ingress", 6379), TO_CACHE, "lets nothing in to port 6379 from"),
    World("app lets nothing out to the cache", rules_gone("app", "egress", 6379), TO_CACHE, "lets nothing out to port"),
    World("ACL denies the port", acl_denies(True, (6379, 6379)), TO_CACHE, "lets TCP 6379 not out to"),
    World("ACL denies the port on the way in", acl_denies(False, (6000, 7000)), TO_CACHE, "lets TCP 6379 not in from"),
    World("ACL denies the answers", acl_denies(False, (40000, 40100)), TO_CACHE, "lets TCP 32768-60999 not in from"),
    World("app lets nothing out", rules_gone("app", "egress", 443), TO_KINESIS, "lets nothing out to port 443"),
    World("endpoint lets nobody in", rules_gone("endpoints", "ingress", 443), TO_KINESIS, "lets nothing in to port"),
    World("endpoint has no name", without_private_name, TO_KINESIS, "does not answer under the service's own name"),
    World("endpoint out of a table", endpoint_out_of_a_table, TO_S3, f"route table of subnet/{APP}"),
    World("no way out", way_gone(APP), TO_INTERNET, "has no route to 0.0.0.0/0"),
    World("NAT without a way out", way_gone(PUBLIC), TO_INTERNET, "which has no route to an internet gateway"),
    World("another table", under_the_main_table, TO_INTERNET, "has no route to 0.0.0.0/0"),
    World("ACL denies HTTPS", acl_denies(True, (443, 443)), TO_INTERNET, "lets TCP 443 not out to 0.0.0.0/0"),
    World("key disabled", refused("kinesis", "PutRecord", "KMSDisabledException"), STREAM, "2 of 2 shards: Put"),
    World("may not put", refused("kinesis", "PutRecord", "AccessDeniedException"), STREAM, "AccessDeniedException"),
    World("may not get", refused("kinesis", "GetRecords", "AccessDeniedException"), STREAM, "GetRecords: AccessDenied"),
    World("may not write states", denied_by_policy("s3:PutObject"), "state", "PutObject: AccessDenied"),
    World("may not read states", denied_by_policy("s3:GetObject"), "state", "GetObject: AccessDenied"),
    World("may not lock", lock_denied, "lock", "PutObject: AccessDenied"),
    World("locked", locked, "lock", "held by somebody@else", "warning"),
    World("plain HTTP allowed", no_policy, "posture S3.5", "does not hold", "warning"),
    World("cache open to the world", open_to_the_world, "posture EC2.18", "does not hold", "warning"),
    World("not encrypted", not_encrypted, "posture Kinesis.1", "does not hold", "warning"),
    World("public addresses", public_addresses, "posture EC2.15", "does not hold", "warning"),
    World("public access not blocked", not_blocked, "posture S3.8", "does not hold", "warning"),
]  # fmt: skip


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_broken_world_is_found_and_its_cause_named(laid: Cloud, world: World) -> None:
    undo = world.break_(Intruder(laid))
    try:
        lines = verified(laid)
    finally:
        undo()
    assert world.about in lines, list(lines)
    line = lines[world.about]
    assert line["verdict"] == world.verdict, line
    assert world.words in line["found"], line
    assert line["next_step"]


def objects(cloud: Cloud) -> dict[str, Any]:
    """All that a verification might leave: versions in the bucket, and how the stream is."""
    found = cloud.client("s3").list_object_versions(Bucket=BUCKET)
    stream = cloud.client("kinesis").describe_stream_summary(StreamName=NAME)["StreamDescriptionSummary"]
    versions = [
        (each["Key"], each["VersionId"]) for kind in ("Versions", "DeleteMarkers") for each in found.get(kind, [])
    ]
    return {"versions": sorted(versions), "stream": stream}


def test_a_sound_world_passes_and_bears_no_trace(laid: Cloud) -> None:
    before, since = objects(laid), len(laid.journal())
    lines = verified(laid)
    assert [line for line in lines.values() if line["verdict"] == "stop"] == []
    assert lines["as declared"]["verdict"] == "ok"
    assert lines[STREAM]["found"].startswith("2 shards, put to get ")
    found, step = (lines[f"cache {NAME}"][part] for part in ("found", "next_step"))
    if importlib.util.find_spec("redis"):
        assert ("not reachable from here" in found, "inside the VPC" in step) == (True, True)
    else:
        assert (found, step) == ("not asked: redis-py is not installed", "pip install redis, then run again")
    written = [entry["operation"] for entry in but_locks(laid.writes(since))]
    assert written == ["PutRecord", "PutRecord", "PutObject", "DeleteObject"]
    assert objects(laid) == before
    settled(laid, VARIABLES)


def test_check_mode_looks_and_tries_nothing(laid: Cloud) -> None:
    since = len(laid.journal())
    lines = verified(laid, check=True)
    assert lines["streams, cache, bucket, lock"]["found"] == "not tried in check mode"
    assert lines[TO_CACHE]["verdict"] == "ok"
    assert STREAM not in lines
    assert not laid.writes(since)


READS = re.compile(r":(Get|List|Describe|Scan)")


def with_keys_for(cloud: Cloud, actions: Iterable[str]) -> Aws:
    """AWS as a user sees it who may do these actions and no others."""
    iam, name = cloud.client("iam"), f"user-{uuid.uuid4()}"
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]
    iam.attach_user_policy(UserName=name, PolicyArn=made["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return Aws({**connection(cloud), **keys}, None, lambda seconds: time.sleep(min(seconds, 0.01)))


def test_a_verification_needs_the_permissions_that_its_page_lists_and_no_others(laid: Cloud) -> None:
    reads = {action for component in COMPONENTS.values() for action in component.permissions if READS.search(action)}
    enough = reads | account.PERMISSIONS | lease.PERMISSIONS | orphans.PERMISSIONS | checks.PERMISSIONS
    laid.configure(iam=True)
    try:
        lines = verified(laid, aws=with_keys_for(laid, enough))
        assert [line for line in lines.values() if line["verdict"] == "stop"] == []
        # What the cache's secret is for is asked only where the cache can be reached.
        for action in sorted(checks.PERMISSIONS - {"secretsmanager:GetSecretValue"}):
            lines = verified(laid, aws=with_keys_for(laid, enough - {action}))
            assert lines[STREAM]["verdict"] == "stop"
            assert action in lines[STREAM]["found"]
    finally:
        laid.configure(iam=False)


class Plain(Aws):
    """AWS at an endpoint that is HTTPS, as far as anybody asks; what goes without TLS is seen as such."""

    cloud: Cloud

    def endpoint_of(self, service: str) -> str:
        return f"https://{service}"

    def without_tls(self) -> Aws:
        self.cloud.configure(tls=False)
        return Aws(connection(self.cloud), None, self.pause)


@pytest.mark.parametrize(("policy", "found", "verdict"), [(True, "refused", "ok"), (False, "answered", "stop")])
def test_a_bucket_has_to_refuse_plain_http(laid: Cloud, policy: bool, found: str, verdict: str) -> None:
    from ansible.module_utils.verification.bucket import plain

    undo = (lambda: None) if policy else no_policy(Intruder(laid))
    aws = aws_of(laid, Plain)
    aws.cloud = laid
    try:
        line = plain(aws, BUCKET)
    finally:
        laid.configure(tls=True)
        undo()
    assert (line.found, line.verdict) == (found, verdict)


def test_the_playbook_shows_the_table_and_fails_where_something_is_broken(cloud: Cloud) -> None:
    conducted(cloud, {**inventory("local"), "environment_suffix": "local"})
    sound = play(cloud, "playbooks/verify.yml")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "STREAMBED local: WORKS" in sound.stdout
    assert "put to get" in sound.stdout

    group = Account(cloud).part("group", "security-group/cache")
    cloud.client("ec2").revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    broken = play(cloud, "playbooks/verify.yml")
    assert broken.returncode != 0
    assert "STREAMBED local: BROKEN" in broken.stdout
    assert "lets nothing in to port 6379 from security-group/app" in broken.stdout
    assert "environment sensors-local: does not work: clients in app to the cache" in broken.stdout.replace("\n", " ")


def test_what_is_not_there_is_named(cloud: Cloud) -> None:
    result = conducted(cloud, VARIABLES, verb="verify")
    nouns = {"VPC network", "ElastiCache replication group", "Kinesis data stream", "S3 state bucket"}
    lines = {check["what"]: check["found"] for check in result["checks"]}
    assert result["failed"]
    assert {lines.get(noun) for noun in nouns} == {"nothing"}
    assert not cloud.writes()
