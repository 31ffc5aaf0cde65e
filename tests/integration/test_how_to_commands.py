# SPDX-License-Identifier: Apache-2.0
"""The how-to pages of few variables and many commands, from their own text: each `make` that a page names is run as it
stands, in a copy of this repository whose `dev` lives on the embedded cloud, and does what the page says of it.

A page that gains or loses a command does not fit its test any more.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.integration.test_how_to import PAGES
from tests.integration.test_lock import TERRAFORMS
from tests.support.clone import Clone
from tests.support.components import ROOT
from tests.support.stacks import STACKS, loaded

# What says an environment, fenced or in a sentence.
COMMAND = re.compile(r"(?:^ *|`)(make [a-z-]+ [A-Z]+=[^`\n]*)", re.MULTILINE)
HOW_TO = ROOT / "docs" / "how-to"
BUCKET = f"sensors-dev-state-{ACCOUNT}"
# Tested elsewhere: an archive that is built and installed.
ELSEWHERE = {"collection"}
RUN_HERE = {"add-an-environment", "recover", "hand-back", "from-terraform", "another-region"}


def commands(page: str) -> list[str]:
    """The commands of a page in their order, each once."""
    return list(dict.fromkeys(COMMAND.findall((HOW_TO / f"{page}.md").read_text())))


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    with Cloud(settle_polls=1) as cloud:
        yield Clone(tmp_path / "streambed", cloud)


def test_every_page_is_run() -> None:
    pages = {path.stem for path in HOW_TO.glob("*.md")}
    assert pages == {path.stem for path in PAGES} | RUN_HERE | ELSEWHERE
    for page in RUN_HERE:
        assert commands(page), page


def test_an_environment_is_added(clone: Clone) -> None:
    write, plan, site, destroy = commands("add-an-environment")
    assert "inventories/preview-42/hosts.yml is written" in clone.says(write)
    assert "sensors-preview-42: " in clone.says(plan)
    assert not clone.cloud.writes()
    assert "STREAMBED preview-42: DONE" in clone.says(site)
    [bucket] = clone.cloud.client("s3").list_buckets()["Buckets"]
    assert bucket["Name"] == f"sensors-preview-42-state-{ACCOUNT}"
    assert "STREAMBED preview-42: DONE" in clone.says(destroy)
    assert not clone.cloud.client("s3").list_buckets()["Buckets"]


def test_an_environment_recovers_and_is_handed_back(clone: Clone) -> None:
    history, holder, free, preflight, drift, site = commands("recover")
    s3 = clone.cloud.client("s3")
    clone.says("make site ENV=dev")
    assert " UTC: apply by arn:aws:" in clone.says(history)
    s3.put_object(Bucket=BUCKET, Key="dev/sensors.tfstate.tflock", Body=json.dumps({**TERRAFORMS, "ID": "d1e5c0de"}))
    assert f"{holder} LOCK_ID=d1e5c0de" == free
    assert "locked, held by root@vm" in clone.says(holder)
    assert "its lock is free" in clone.says(free)
    assert "STREAMBED dev: CHECKED" in clone.says(preflight)
    s3.delete_bucket_policy(Bucket=BUCKET)
    assert "tls_only: found false, declared true" in clone.says(drift, code=2)
    assert "STREAMBED dev: DONE" in clone.says(site)
    outputs, still = commands("hand-back")
    clone.says(outputs)
    written = json.loads((clone.folder / "artifacts" / "dev" / "outputs.json").read_text())
    assert written["state_bucket"]["name"] == BUCKET
    assert clone.cloud.client("ec2").describe_vpcs(VpcIds=[written["vpc"]["vpc_id"]])["Vpcs"]
    assert "sensors-dev: as declared" in clone.says(still)


def built(cloud: Cloud) -> dict[str, Any]:
    """The state of a stack that Terraform built, with all that is in it, in the bucket that the page names."""
    cloud.reset()
    # What Terraform built is there.
    cloud.configure(settle_polls=0)
    state = loaded(cloud, json.loads((STACKS / "seed.tfstate").read_text()))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="acme-states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="acme-states", Key="dev/iot.tfstate", Body=json.dumps(state))
    return state


def test_a_stack_of_terraform_is_taken_over(clone: Clone) -> None:
    look, adopt, plan, site, by_names = commands("from-terraform")
    built(clone.cloud)
    shutil.rmtree(clone.folder / "inventories" / "dev")
    before = len(clone.cloud.journal())
    assert "Nothing was changed. Next: CONFIRM=dev" in clone.says(look)
    assert not clone.cloud.writes(before)
    said = clone.says(adopt)
    assert "terraform state rm 'aws_kinesis_stream.telemetry'" in said
    assert "removed { from = aws_vpc.vpc" in said
    assert "iot-dev: nothing to do" in clone.says(plan)
    assert "STREAMBED dev: NOTHING TO DO" in clone.says(site)
    [vpc] = [each["instances"][0]["attributes"]["id"] for each in built(clone.cloud)["resources"]
             if each["type"] == "aws_vpc"]  # fmt: skip
    shutil.rmtree(clone.folder / "inventories" / "dev")
    assert "vpc-0a1b2c3d" in by_names
    before = len(clone.cloud.journal())
    assert "Nothing was changed. Next: CONFIRM=dev" in clone.says(by_names.replace("vpc-0a1b2c3d", vpc))
    assert not clone.cloud.writes(before)
    assert "STREAMBED dev: DONE" in clone.says(f"{by_names.replace('vpc-0a1b2c3d', vpc)} CONFIRM=dev")


def test_an_environment_moves_to_another_region_with_its_data(clone: Clone) -> None:
    write, plan, site, destroy = commands("another-region")
    cache = clone.cloud.client("elasticache")
    clone.says("make site ENV=dev")
    cache.create_snapshot(ReplicationGroupId="sensors-dev", SnapshotName="by-hand")
    clone.says(write)
    page = (HOW_TO / "another-region.md").read_text()
    [block] = re.findall(r"^ *```yaml\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    row, hosts = yaml.safe_load(block), clone.folder / "inventories" / "dev-central" / "hosts.yml"
    stated = yaml.safe_load(hosts.read_text())
    stated["all"]["hosts"]["dev-central"] |= row
    hosts.write_text(yaml.safe_dump(stated))
    assert "sensors-dev-central: " in clone.says(plan)
    before = len(clone.cloud.journal())
    assert "STREAMBED dev-central: DONE" in clone.says(site)
    [made] = [each for each in clone.cloud.writes(before) if each["operation"] == "CreateReplicationGroup"]
    assert made["region"] == row["region"] == "eu-central-1"
    assert made["params"]["SnapshotArns"] == row["redis_snapshot_arns"]
    del stated["all"]["hosts"]["dev-central"]["redis_snapshot_arns"]
    hosts.write_text(yaml.safe_dump(stated))
    assert "sensors-dev-central: nothing to do" in clone.says(plan)
    clone.says(destroy)
    names = [each["SnapshotName"] for each in cache.describe_snapshots()["Snapshots"]]
    assert sorted(name.partition("-final-")[0] for name in names) == ["by-hand", "sensors-dev"]
