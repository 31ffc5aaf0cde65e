# SPDX-License-Identifier: Apache-2.0
"""playbooks/report.yml: the smallest and the largest example, new, laid, drifted and refused, in a browser's eyes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.process import Cloud
from tests.support import browser
from tests.support.components import plugin
from tests.support.environments import conducted
from tests.support.platform import SMALL
from tests.support.playbooks import ROOT, play

PAGES = plugin("playbooks/filter_plugins/pages.py")
DESKTOP, PHONE = 1280, 390
LARGEST = {
    **SMALL,
    "vpc_zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
    "vpc_tiers": {"public": {"internet": "gateway"}, "app": {"internet": "nat"}, "cache": {"internet": "none"},
                  "spare": {"internet": "none"}},
    "vpc_nat_gateways": "per_zone",
    "vpc_gateway_endpoints": ["s3", "dynamodb"],
    "vpc_interface_endpoints": ["kinesis-streams", "logs", "secretsmanager"],
    "redis_num_node_groups": 4, "redis_replicas_per_node_group": 2,
    "kinesis_shard_count": 24, "kinesis_consumers": ["dashboards", "archive"],
    "state_bucket_lock_table": True,
}  # fmt: skip


def drawn(cloud: Cloud, variables: dict[str, Any]) -> dict[str, Any]:
    before = len(cloud.journal())
    found: dict[str, Any] = conducted(cloud, variables, verb="report", check=True)["report"]
    assert not cloud.writes(before), "a report wrote"
    return found


def states(found: dict[str, Any], key: str) -> dict[str, str]:
    """What the plan does with each thing of a component, by what calls name it."""
    part = next(each for each in found["components"] if each["title"].startswith(key))
    cells = [each for row in part["rows"] for group in (row["across"], *row["cells"]) for each in group]
    return {each["on"]: each["state"] for each in (*part["boxes"], *cells)}


def test_a_report_shows_what_is_there_and_what_a_run_would_do(cloud: Cloud) -> None:
    new = drawn(cloud, SMALL)
    assert new["verdict"] == "differs"
    assert set(states(new, "VPC").values()) == {"to come"}
    conducted(cloud, SMALL)
    laid = drawn(cloud, SMALL)
    assert laid["verdict"] == "in order"
    assert set(states(laid, "VPC").values()) == {"as declared"}
    assert laid["outputs"]["vpc"]["vpc_id"]
    assert {check["verdict"] for check in laid["checks"]} <= {"ok", "warning"}
    assert not [check for check in laid["checks"] if "not tried" in check["found"]], (
        "a page tries nothing, and is whole"
    )
    moved = drawn(cloud, {**SMALL, "vpc_zones": ["eu-west-1a", "eu-west-1c"], "kinesis_shard_count": 2})
    found = states(moved, "VPC")
    assert (found["subnet cache/eu-west-1b"], found["subnet cache/eu-west-1c"]) == ("goes", "to come")
    assert states(moved, "Kinesis")["shard 2"] == "to come"


def test_a_report_shows_what_others_changed_and_what_is_refused(cloud: Cloud) -> None:
    conducted(cloud, SMALL)
    ec2 = cloud.client("ec2")
    named = [{"Name": "group-name", "Values": ["sensors-test-cache"]}]
    (group,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    found = drawn(cloud, SMALL)
    assert states(found, "VPC")["security group cache"] == "changes"
    refused = drawn(cloud, {**SMALL, "kinesis_retention_hours": 24})
    assert refused["verdict"] == "refused"
    assert [why for why in refused["refusals"] if "retention" in why]


def test_the_playbook_writes_pages_for_each_environment_and_for_all(cloud: Cloud, tmp_path: Path) -> None:
    rows = {name: {"environment_suffix": name, "vpc_cidr_block": f"10.{number}.0.0/16"}
            for number, name in enumerate(("one", "two"))}  # fmt: skip
    hosts = {"all": {"hosts": rows, "vars": {"ansible_connection": "local"}}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(hosts))
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all").symlink_to(ROOT / "inventories" / "local" / "group_vars" / "all")
    folder = f"environment_artifacts_folder={tmp_path}/out/{{{{ environment_suffix }}}}"
    place = os.path.relpath(tmp_path, ROOT / "inventories")
    done = play(cloud, "playbooks/report.yml", "-e", folder, inventory=place, ANSIBLE_SHOW_CUSTOM_STATS="1")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in rows:
        page = (tmp_path / "out" / name / "report.html").read_text()
        assert f"sensors-{name}" in page
        assert "create" in (tmp_path / "out" / name / "plan.md").read_text()
    handed_on = done.stdout.partition("CUSTOM STATS")[2]
    assert all(f"### sensors-{name}: differs" in handed_on for name in rows), "AWX is handed the plan of each"
    assert 'href="two/report.html"' in (tmp_path / "out" / "fleet.html").read_text()
    assert not cloud.writes()


@pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium on the PATH")
@pytest.mark.parametrize("size", ["smallest", "largest"])
def test_nothing_overlaps_and_nothing_flows_over(cloud: Cloud, tmp_path: Path, size: str) -> None:
    variables = {**(SMALL if size == "smallest" else LARGEST), "artifacts_folder": str(tmp_path)}
    pages = {"new": drawn(cloud, variables)}
    conducted(cloud, variables)
    pages["laid"] = drawn(cloud, variables)
    assert pages["new"]["timeline"] is None
    assert len(pages["laid"]["timeline"]["rows"]) > 3
    pages["changed"] = drawn(cloud, {**variables, "vpc_zones": ["eu-west-1a", "eu-west-1b"], "kinesis_shard_count": 8,
                                     "redis_engine": "valkey", "redis_engine_version": "8.0"})  # fmt: skip
    for name, found in pages.items():
        file = tmp_path / f"{name}.html"
        file.write_text(PAGES.page(found, "report.html.j2"))
        for width in (DESKTOP, PHONE):
            told = browser.measured(file, width, tmp_path)
            assert told["boxes"] > 5
            assert (told["wide"], told["overlapping"], told["scrolls"]) == ([], [], False), (name, width)
