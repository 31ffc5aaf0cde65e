# SPDX-License-Identifier: Apache-2.0
"""What was saved is the same in another cloud; what is no state of this version is refused, and changes nothing."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import pickle
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.__main__ import main
from localcloud.inside import Inside
from localcloud.process import Cloud, CloudError
from tests.localcloud.recorded.world import World
from tests.localcloud.test_recordings import ROOM
from tests.support.environments import conducted, settled
from tests.support.platform import SMALL

READS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("ec2", "describe_vpcs", {}),
    ("ec2", "describe_subnets", {}),
    ("ec2", "describe_route_tables", {}),
    ("ec2", "describe_security_groups", {}),
    ("ec2", "describe_security_group_rules", {}),
    ("ec2", "describe_network_acls", {}),
    ("ec2", "describe_internet_gateways", {}),
    ("ec2", "describe_egress_only_internet_gateways", {}),
    ("ec2", "describe_nat_gateways", {}),
    ("ec2", "describe_addresses", {}),
    ("ec2", "describe_network_interfaces", {}),
    ("ec2", "describe_vpc_endpoints", {}),
    ("ec2", "describe_flow_logs", {}),
    ("ec2", "describe_vpc_peering_connections", {}),
    ("ec2", "describe_tags", {}),
    ("elasticache", "describe_replication_groups", {}),
    ("elasticache", "describe_cache_clusters", {"ShowCacheNodeInfo": True}),
    ("elasticache", "describe_cache_subnet_groups", {}),
    ("elasticache", "describe_users", {}),
    ("elasticache", "describe_user_groups", {}),
    ("elasticache", "describe_snapshots", {}),
    ("kinesis", "list_streams", {}),
    ("s3", "list_buckets", {}),
    ("iam", "list_roles", {}),
    ("logs", "describe_log_groups", {}),
    ("kms", "list_keys", {}),
    ("dynamodb", "list_tables", {}),
    ("secretsmanager", "list_secrets", {}),
)


def seen(cloud: Cloud) -> dict[str, Any]:
    """What every read tells."""
    told = {}
    for service, operation, params in READS:
        answer = getattr(cloud.client(service), operation)(**params)
        told[f"{service}.{operation}"] = {name: each for name, each in answer.items() if name != "ResponseMetadata"}
    return told


@pytest.fixture
def inside() -> Iterator[Inside]:
    with Inside(quotas=ROOM) as cloud:
        yield cloud


def test_something_of_everything_is_as_it_was(inside: Inside, tmp_path: Path) -> None:
    world = World(inside)
    for name, part in vars(World).items():
        if isinstance(part, functools.cached_property):
            getattr(world, name)
    inside.client("s3").put_object(Bucket="logs-of-demo", Key="a/b", Body=b"content", Metadata={"of": "it"})
    kms, kinesis = inside.client("kms"), inside.client("kinesis")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"open")["CiphertextBlob"]
    shown = kms.get_public_key(KeyId=signing)["PublicKey"]
    kinesis.create_stream(StreamName="kept", ShardCount=1)
    place = kinesis.put_record(StreamName="kept", Data=b"record", PartitionKey="k")
    file = tmp_path / "laid.state"
    # Attachments of interfaces are dated when they are first shown.
    seen(inside)
    inside.save(file)
    before = seen(inside)
    inside.reset()
    assert seen(inside) != before
    inside.load(file)
    assert inside.journal() == []
    assert seen(inside) == before
    kept = inside.client("s3").get_object(Bucket="logs-of-demo", Key="a/b")
    assert (kept["Body"].read(), kept["Metadata"]) == (b"content", {"of": "it"})
    assert kms.decrypt(KeyId=key, CiphertextBlob=sealed)["Plaintext"] == b"open"
    assert kms.get_public_key(KeyId=signing)["PublicKey"] == shown
    iterator = kinesis.get_shard_iterator(
        StreamName="kept", ShardId=place["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert [each["Data"] for each in kinesis.get_records(ShardIterator=iterator)["Records"]] == [b"record"]
    inside.client("ec2").create_subnet(VpcId=world.vpc, CidrBlock="10.0.9.0/24")


def test_an_environment_is_laid_here_and_settled_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "laid.state"
    with Inside(settle_polls=1) as cloud:
        conducted(cloud, SMALL)
        cloud.save(file)
    assert os.stat(file).st_mode & 0o777 == 0o600
    with Cloud() as other:
        assert main(["load", str(file), "--state-dir", str(other.state_dir)]) == 0
        settled(other, SMALL)
        again = tmp_path / "again.state"
        assert main(["save", str(again), "--state-dir", str(other.state_dir)]) == 0
        assert again.exists()
        assert main(["load", str(tmp_path / "none"), "--state-dir", str(other.state_dir)]) == 2
        (tmp_path / "other").write_bytes(b"{}")
        assert main(["load", str(tmp_path / "other"), "--state-dir", str(other.state_dir)]) == 2
    assert main(["save", str(file), "--state-dir", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"localcloud has loaded its state from {file}",
        f"localcloud has saved its state to {again}",
    ]
    assert "No such file" in told.err
    assert "this is no state that localcloud saved" in told.err
    assert "localcloud is not up; start it with" in told.err


class Call:
    """What a pickle calls when nobody looks."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("called",)


def changed(data: bytes, body: bytes | None = None, **head: Any) -> bytes:
    """The state with other words at its head, or another content."""
    line, _, own = data.partition(b"\n")
    body = own if body is None else body
    digest = {} if body is own else {"sha256": hashlib.sha256(body).hexdigest()}
    return json.dumps({**json.loads(line), **digest, **head}).encode() + b"\n" + body


def test_what_is_no_state_of_this_version_changes_nothing(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")
    file = tmp_path / "state"
    inside.save(file)
    good = file.read_bytes()
    for bad, words in (
        (b"", "this is no state that localcloud saved"),
        (b"[]\nx", "this is no state that localcloud saved"),
        (changed(good, moto="4.0.0"), r"another version \(form 1, moto 4.0.0.*lay the environment anew"),
        (changed(good, form=99), r"another version \(form 99"),
        (good[:-1], "damaged"),
        (changed(good, b"nothing"), "cannot be loaded"),
        (changed(good, zlib.compress(pickle.dumps(Call()))), "mkdir is not among what a cloud holds"),
        (changed(good, zlib.compress(pickle.dumps(getattr))), "getattr is not among what a cloud holds"),
    ):
        file.write_bytes(bad)
        with pytest.raises(CloudError, match=words):
            inside.load(file)
    assert not (tmp_path / "called").exists()
    assert "10.1.0.0/16" in [vpc["CidrBlock"] for vpc in inside.client("ec2").describe_vpcs()["Vpcs"]]


def test_servers_are_no_part_of_a_state(inside: Inside, tmp_path: Path) -> None:
    inside.configure(real_redis=True)
    with pytest.raises(CloudError, match="lay it with the setting real_redis off"):
        inside.save(tmp_path / "state")
    assert not (tmp_path / "state").exists()
