# SPDX-License-Identifier: Apache-2.0
"""Bad input ends before any write with thing, name, field, found, wanted and next step, and never with a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.reconcile.errors import Failure, Refused

from localcloud.process import CREDENTIALS, REGION, Cloud
from tests.support.environments import conducted
from tests.support.playbooks import ROOT, play

# What inventory local declares, for runs that are told where the cloud is.
ELSEWHERE = ("environment_variables", "environment_allowed_changes")
LOCAL = {name: value for file in (ROOT / "inventories" / "local" / "group_vars" / "all").glob("*.yml")
         for name, value in yaml.safe_load(file.read_text()).items() if name not in ELSEWHERE}  # fmt: skip


def told(cloud: Cloud, variables: dict[str, Any], verb: str = "apply") -> str:
    """What ends a run of inventory local that must not have written."""
    with pytest.raises((Refused, Failure)) as ended:
        conducted(cloud, {**LOCAL, **variables}, verb=verb)
    assert not cloud.writes(), "a run that was refused wrote"
    return " ".join(str(ended.value).split())


def refused(cloud: Cloud, folder: Path, variables: dict[str, Any], playbook: str = "site", **environment: str) -> str:
    """What a run says that must fail without having written."""
    given = {"environment_artifacts_folder": str(folder), **variables}
    done = play(cloud, f"playbooks/{playbook}.yml", "-e", json.dumps(given), **environment)
    output = done.stdout + done.stderr
    assert done.returncode == 2, output
    assert "Traceback" not in output
    assert not cloud.writes(), "a run that was refused wrote"
    return " ".join(output.split())


CASES = {
    "account": ({"account_id": "999999999999"}, ["account", "123456789012", "999999999999", "stop", "credentials"]),
    "zones": ({"vpc_zones": ["eu-west-1a", "eu-west-1z"]},
              ["zones: found eu-west-1z, which eu-west-1 does not offer", "eu-west-1b", "Next:"]),
    "region": ({"region": "eu-central-1"}, ["region", "eu-central-1"]),
    "overlap": ({"vpc_tiers": {"a": {"internet": "none", "cidr_blocks": {"eu-west-1a": "10.10.0.0/20"}},
                               "cache": {"internet": "none", "cidr_blocks": {"eu-west-1a": "10.10.0.0/21"}}},
                 "vpc_nat_gateways": "none", "vpc_interface_endpoints": []},
                ["cidr_blocks", "10.10.0.0/2", "Next:"]),
    "fit": ({"vpc_cidr_block": "10.10.0.0/26"}, ["10.10.0.0/26", "Next:"]),
    "host bits": ({"vpc_cidr_block": "10.10.0.1/16"}, ["cidr_block", "10.10.0.1/16", "Next:"]),
    "multi-AZ": ({"redis_replicas_per_node_group": 0}, ["multi_az_enabled", "Next:"]),
    "family": ({"redis_cache_parameter_group_name": "default.redis7"}, ["default.redis7", "cluster", "Next:"]),
    "both shapes": ({"redis_num_cache_clusters": 2}, ["num_cache_clusters", "num_node_groups", "Next:"]),
    "token": ({"redis_auth_token": "short", "redis_auth_token_version": "1"}, ["auth_token", "16", "Next:"]),
    "shards": ({"kinesis_shard_count": 0}, ["shard_count", "1 to 10000", "Next:"]),
    "type": ({"kinesis_shard_count": "many"}, ["kinesis_shard_count: found", "many", "int", "Next:"]),
    "choice": ({"kinesis_stream_mode": "SOMETIMES"}, ["SOMETIMES", "PROVISIONED"]),
    "name": ({"stack_name": "Sensors_1"}, ["stack_name", "Sensors_1", "lower-case"]),
    "bucket": ({"state_bucket_name": "No_Bucket"}, ["No_Bucket", "Next:"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_declaration_is_refused_before_any_write(cloud: Cloud, case: str) -> None:
    variables, texts = CASES[case]
    output = told(cloud, variables)
    for text in texts:
        assert text in output


# One for each place in which a run can end: the account's checks, a look, the names, the types of values.
@pytest.mark.parametrize("case", ["account", "zones", "name", "type"])
def test_a_playbook_ends_with_the_same_sentence(cloud: Cloud, tmp_path: Path, case: str) -> None:
    variables, texts = CASES[case]
    output = refused(cloud, tmp_path, variables)
    for text in texts:
        assert text in output
    assert ("AWS calls: 0 reads" in output) == (case in ("name", "type")), "reads were made, and not told"


def test_a_misspelt_option_names_the_one_that_was_meant(cloud: Cloud, tmp_path: Path) -> None:
    done = play(cloud, "tests/integration/playbooks/misspelt.yml")
    assert done.returncode == 2
    output = " ".join((done.stdout + done.stderr).split())
    assert "unknown option replication_group_description (did you mean description?)" in output
    assert not cloud.journal()


@pytest.mark.parametrize(("quotas", "text"), [
    ({"vpcs_per_region": 1}, "VPCs 1 of 1 used room for 1 more stop"),
    ({"elastic_ips_per_region": 0}, "elastic IPs 0 of 0 used room for 1 more stop"),
    ({"nat_gateways_per_zone": 0}, "NAT gateways per zone 0 of 0 used room for 1 more stop"),
    ({"internet_gateways_per_region": 0}, "internet gateways 0 of 0 used room for 1 more stop"),
    ({"elasticache_nodes_per_region": 3}, "cache nodes 0 of 3 used room for 4 more stop"),
    ({"kinesis_shards_per_region": 0}, "shards 0 of 0 used room for 1 more stop"),
])  # fmt: skip
def test_a_quota_without_room_stops_the_run(cloud: Cloud, quotas: dict[str, int], text: str) -> None:
    cloud.configure(quotas=quotas)
    output = told(cloud, {})
    assert text in output
    assert "ask for a higher quota in Service Quotas" in output
    assert text in told(cloud, {}, "preflight")


def test_the_preflight_playbook_stops_as_well(cloud: Cloud, tmp_path: Path) -> None:
    cloud.configure(quotas={"vpcs_per_region": 1})
    assert "VPCs 1 of 1 used room for 1 more stop" in refused(cloud, tmp_path, {}, "preflight")


def test_an_endpoint_that_does_not_answer_is_named(cloud: Cloud, tmp_path: Path) -> None:
    variables = {"environment_variables": {**cloud.environment(), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}}
    assert "127.0.0.1:9" in refused(cloud, tmp_path, variables)


def test_missing_credentials_are_named(cloud: Cloud, tmp_path: Path) -> None:
    variables = {"environment_variables": {"AWS_ENDPOINT_URL": cloud.endpoint, "AWS_REGION": REGION,
                                           "AWS_EC2_METADATA_DISABLED": "true",
                                           "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
                                           "AWS_CONFIG_FILE": str(tmp_path / "none")}}  # fmt: skip
    output = refused(cloud, tmp_path, variables)
    assert "AWS_ACCESS_KEY_ID" in output


def foreign_stream(cloud: Cloud) -> None:
    cloud.client("kinesis").create_stream(StreamName="sensors-local", ShardCount=3)


def foreign_bucket(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(
        Bucket="sensors-local-state-123456789012", CreateBucketConfiguration={"LocationConstraint": REGION}
    )


def foreign_group(cloud: Cloud) -> None:
    cloud.client("elasticache").create_replication_group(
        ReplicationGroupId="sensors-local", ReplicationGroupDescription="someone else's",
        Engine="redis", CacheNodeType="cache.t4g.small", NumCacheClusters=1,
    )  # fmt: skip


@pytest.mark.parametrize("make", [foreign_stream, foreign_bucket, foreign_group])
def test_a_foreign_object_of_our_name_is_never_touched(cloud: Cloud, make: Any) -> None:
    make(cloud)
    before = len(cloud.journal())
    with pytest.raises(Refused, match=r"sensors-local.*: ownership tags: .*Next: "):
        conducted(cloud, LOCAL)
    assert not cloud.writes(before)


def test_no_credential_reaches_the_output(cloud: Cloud, tmp_path: Path) -> None:
    output = refused(cloud, tmp_path, {"kinesis_shard_count": 0}, ANSIBLE_VERBOSITY="4")
    assert CREDENTIALS["aws_secret_access_key"] not in output
