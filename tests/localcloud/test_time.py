# SPDX-License-Identifier: Apache-2.0
"""Snapshots in the making, maintenance windows that pass, and AWS's durations at another pace."""

from __future__ import annotations

import pytest

from localcloud.clock import Clock
from localcloud.process import Cloud, CloudError
from localcloud.settings import DURATIONS, SettingError, Settings
from tests.localcloud.network import Network, refused

TOKEN = "only-for-tests-001"


# Source: API reference, ReplicationGroup.Status: snapshotting.
def test_a_group_that_is_being_saved_takes_no_change(cloud: Cloud, network: Network) -> None:
    network.create()
    network.show()
    cloud.configure(settle_polls=1)
    network.cache.create_snapshot(SnapshotName="now", ReplicationGroupId="demo")
    with refused("InvalidReplicationGroupState", "snapshotting"):
        network.modify(SnapshotRetentionLimit=3, SnapshottingClusterId="demo-001")
    assert network.show()["Status"] == "snapshotting"
    assert network.show()["Status"] == "available"
    network.modify(SnapshotRetentionLimit=3, SnapshottingClusterId="demo-001")


# Source: terraform-provider-aws, waitReplicationGroupDeleted: a group on its way out is `deleting`, snapshot or not.
def test_a_last_snapshot_comes_before_the_deletion(cloud: Cloud, network: Network) -> None:
    network.create()
    network.show()
    cloud.configure(settle_polls=1)
    network.cache.delete_replication_group(ReplicationGroupId="demo", FinalSnapshotIdentifier="last")
    assert network.show()["Status"] == "deleting"
    assert network.show()["Status"] == "deleting"
    snapshots = network.cache.describe_snapshots(SnapshotName="last")["Snapshots"]
    assert [snapshot["SnapshotStatus"] for snapshot in snapshots] == ["available"]
    with refused("ReplicationGroupNotFoundFault"):
        network.show()


def test_without_a_last_snapshot_the_deletion_begins_at_once(cloud: Cloud, network: Network) -> None:
    network.create()
    network.show()
    cloud.configure(settle_polls=1)
    network.cache.delete_replication_group(ReplicationGroupId="demo")
    assert network.show()["Status"] == "deleting"


# Source: ElastiCache user guide, "Managing maintenance".
def test_what_is_pending_lands_when_the_maintenance_window_passes(cloud: Cloud, network: Network) -> None:
    network.replicated()
    network.show()
    network.modify(CacheNodeType="cache.t4g.medium", ApplyImmediately=False)
    assert network.show()["CacheNodeType"] == "cache.t4g.small"
    cloud.configure(settle_polls=1)
    assert cloud.pass_maintenance_window() == ["demo"]
    assert network.show()["Status"] == "modifying"
    shown = network.show()
    assert (shown["Status"], shown["CacheNodeType"]) == ("available", "cache.t4g.medium")
    assert "PendingModifiedValues" not in network.nodes()[0] or network.nodes()[0]["PendingModifiedValues"] == {}


def test_a_maintenance_window_without_pending_changes_changes_nothing(cloud: Cloud, network: Network) -> None:
    network.create()
    network.show()
    assert cloud.pass_maintenance_window() == []
    assert network.show()["Status"] == "available"


# Source: user guide, "Authenticating with the AUTH command": ROTATE on a group without token, then SET.
def test_the_first_token_is_only_required_after_set(network: Network) -> None:
    network.replicated(TransitEncryptionEnabled=True)
    network.show()
    network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="ROTATE")
    network.show()
    network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="SET")
    network.show()
    with refused("InvalidParameterCombination", "No modifications were requested"):
        network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="SET")


def test_set_without_rotate_is_refused(network: Network) -> None:
    network.replicated(TransitEncryptionEnabled=True)
    network.show()
    with refused("InvalidParameterCombination", "SET is only allowed"):
        network.modify(AuthToken=TOKEN, AuthTokenUpdateStrategy="SET")


# Source: API reference StartStreamEncryption: the stream is UPDATING, and ACTIVE again when the key is in use.
def test_encryption_of_a_stream_takes_its_time(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.describe_stream_summary(StreamName="s")
    cloud.configure(settle_polls=1)
    kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    with refused("ResourceInUseException", "UPDATING"):
        kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    before = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    after = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert (before["StreamStatus"], before["EncryptionType"]) == ("UPDATING", "NONE")
    assert (after["StreamStatus"], after["EncryptionType"]) == ("ACTIVE", "KMS")


def test_a_limit_of_a_day_is_over_when_the_day_is(cloud: Cloud) -> None:
    kinesis, name = cloud.client("kinesis"), "sensors"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def change(mode: str) -> None:
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})

    change("ON_DEMAND")
    change("PROVISIONED")
    with refused("LimitExceededException"):
        change("ON_DEMAND")
    cloud.configure(clock_ahead_seconds=24 * 3600)
    change("ON_DEMAND")


@pytest.mark.parametrize(("kind", "seconds"), DURATIONS.items())
def test_pace_is_a_fraction_of_what_aws_takes(kind: str, seconds: float) -> None:
    settings = Settings()
    settings.update({"pace": 0.01, "settle_seconds": {kind: 1}})
    assert settings.seconds(kind) == pytest.approx(1 + seconds / 100)


def test_pace_holds_an_object_back(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    cloud.configure(pace=0.05)
    kinesis.create_stream(StreamName="s", ShardCount=1)
    status = "StreamDescriptionSummary"
    assert kinesis.describe_stream_summary(StreamName="s")[status]["StreamStatus"] == "CREATING"
    kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 1, "MaxAttempts": 10})


@pytest.mark.parametrize("pace", [-1, "fast", {"stream": 1}, True])
def test_a_pace_that_cannot_be_meant_is_refused(pace: object) -> None:
    with pytest.raises(SettingError, match="pace"):
        Settings().update({"pace": pace})


def test_a_journey_in_two_parts_is_over_after_both() -> None:
    settings, arrived = Settings(), []
    clock = Clock(settings)
    settings.update({"settle_polls": 1})
    clock.begin("thing", "key", lambda: clock.begin("thing", "key", lambda: arrived.append(True)))
    for _ in range(2):
        clock.look("key")
    assert not arrived
    assert clock.touch("key")
    assert arrived == [True]


def test_the_control_api_does_not_know_everything(cloud: Cloud) -> None:
    with pytest.raises(CloudError, match="unknown setting"):
        cloud.configure(speed=2)
