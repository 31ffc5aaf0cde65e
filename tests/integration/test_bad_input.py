# SPDX-License-Identifier: Apache-2.0
"""Bad input ends before any write with thing, name, field, found, wanted and next step, and never with a traceback."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.reconcile import planning
from ansible.module_utils.reconcile.errors import Failure, Refused

from localcloud.process import CREDENTIALS, REGION, Cloud
from tests.support import figures
from tests.support.environments import Remembering, conducted, requested
from tests.support.playbooks import ROOT, play
from tests.support.runs import aws_of, connection

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


# What is given beside inventory local, and the whole sentence that comes of it.
TABLE = yaml.safe_load((Path(__file__).parent / "bad_inputs.yml").read_text())
SENTENCE = re.compile(r"[A-Z]?[\w -]+ \S.*: \S.*: found .+, wanted .+\. Next: .+")
LONGEST_TEXT = 10  # lines
# Long values, by the word that stands for them in the table.
LONG = {
    "XXX300": "x" * 300, "KKK200": "k" * 200, "NAME129": "n" * 129, "NAME257": "n" * 257,
    "MANY51": {f"key{number}": "v" for number in range(51)}, "MANYNAMES21": [f"c{number}" for number in range(21)],
}  # fmt: skip


def written_out(value: Any) -> Any:
    """A value of the table with what its words stand for."""
    if isinstance(value, dict):
        return {written_out(key): written_out(each) for key, each in value.items()}
    if isinstance(value, list):
        return [written_out(each) for each in value]
    return LONG.get(value, value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def answers() -> dict[Any, Any]:
    """What an empty account answers, asked once."""
    return {}


def judged(cloud: Cloud, given: dict[str, Any], answers: dict[Any, Any]) -> str:
    """What is said of variables: without a look where that will do, else by a run on an empty account."""
    own = {name.removeprefix("environment_"): value for name, value in given.items() if name != "environment_suffix"}
    variables = {**LOCAL, **{name: given[name] for name in given if name == "environment_suffix"}, **own}
    asked = requested(variables)
    known = asked.refusals or [refusal.written(each.variables) for each in asked.declarations
                               for refusal in planning.rules(each)]  # fmt: skip
    if known:
        return str(Refused(known))
    aws = Remembering(connection(cloud), None, time.sleep, answers=answers)
    with pytest.raises((Refused, Failure)) as ended:
        conducted(cloud, variables, aws=aws)
    assert not cloud.writes(), "a run that was refused wrote"
    return str(ended.value)


@pytest.mark.parametrize("case", TABLE)
def test_each_bad_input_ends_with_one_sentence(cloud: Cloud, answers: dict[Any, Any], case: str) -> None:
    figures.count("bad inputs")
    given = written_out(TABLE[case]["given"])
    said = judged(cloud, given, answers)
    assert said == TABLE[case]["said"]
    assert SENTENCE.fullmatch(said), "thing, name, variable, found, wanted, next step, in one line"
    # Where two choices meet, the row says which variable is named instead: one zone, and redis_multi_az_enabled.
    assert any(name in said for name in TABLE[case].get("names", given)), "the variable is not named as it was written"
    assert len(said.splitlines()) <= LONGEST_TEXT


def test_there_are_enough_of_them() -> None:
    assert len(TABLE) >= 67 + 40


@pytest.mark.parametrize("region", ["eu-wst-1", "eu-west-1a"])
def test_a_region_that_is_none_is_named(cloud: Cloud, region: str) -> None:
    with pytest.raises(Refused, match=rf"region: found {region} \(did you mean eu-west-1\?\), wanted a region of AWS"):
        aws_of(cloud, region=region)


CASES = {
    "account": ({"account_id": "999999999999"}, ["account", "123456789012", "999999999999", "stop", "credentials"]),
    "region": ({"region": "eu-central-1"}, ["region", "eu-central-1"]),
    "zones": ({"vpc_zones": ["eu-west-1a", "eu-west-1z"]},
              ["vpc_zones: found eu-west-1z, which eu-west-1 does not offer", "eu-west-1b", "Next:"]),
    "overlap": ({"vpc_tiers": {"a": {"internet": "none", "cidr_blocks": {"eu-west-1a": "10.10.0.0/20"}},
                               "cache": {"internet": "none", "cidr_blocks": {"eu-west-1a": "10.10.0.0/21"}}},
                 "vpc_nat_gateways": "none", "vpc_interface_endpoints": []},
                ["cidr_blocks", "10.10.0.0/2", "Next:"]),
    "fit": ({"vpc_cidr_block": "10.10.0.0/26"}, ["10.10.0.0/26", "Next:"]),
    "type": ({"kinesis_shard_count": "many"}, ["kinesis_shard_count: found many", "a whole number", "Next:"]),
    "name": ({"stack_name": "Sensors_1"}, ["stack_name", "Sensors_1", "lower-case"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_declaration_is_refused_before_any_write(cloud: Cloud, case: str) -> None:
    variables, texts = CASES[case]
    output = told(cloud, variables)
    for text in texts:
        assert text in output


# One for each place in which a run can end: the account's checks, a look, the names, the types of values.
# What is wrong with the options of the run itself, Ansible finds before anything of ours does.
@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"environment_verb": "aply"}, "environment_verb: found aply (did you mean apply?), wanted adopt, apply,"),
        ({"environment_components": ["vpc", "kafka"]}, "environment_components: found kafka, wanted vpc, redis,"),
        ({"environment_lock_wait_seconds": "long"}, "environment_lock_wait_seconds: found long, wanted a whole number"),
    ],
)
def test_a_wrong_option_of_the_run_is_named_as_it_was_written(
    cloud: Cloud, tmp_path: Path, variables: dict[str, Any], text: str
) -> None:
    assert text in refused(cloud, tmp_path, variables, "plan")


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
