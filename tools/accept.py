# SPDX-License-Identifier: Apache-2.0
"""Tries Streambed on a sandbox account: lays a small environment, changes each component once, looks, removes all.

``python tools/accept.py ENVIRONMENT [--answers FOLDER]``. It writes, so it asks first; ``CONFIRM=<suffix>`` answers.
All that it makes bears the tag ``expires``, and goes at the end, also where a step fails. ``--answers`` keeps every
answer of AWS, cleaned of accounts and ids.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(sys.executable).parent
ROLES = ("vpc", "redis", "kinesis", "state_bucket")
LASTS = timedelta(hours=6)
# Two zones and one node: what costs least and still has every kind of part.
SMALL: dict[str, Any] = {
    "vpc_nat_gateways": "none", "vpc_interface_endpoints": [], "vpc_flow_logs": {},
    "vpc_tiers": {"app": {"internet": "none"}, "cache": {"internet": "none"}},
    "redis_cluster_mode": "disabled", "redis_num_cache_clusters": 1, "redis_num_node_groups": None,
    "redis_replicas_per_node_group": None, "redis_multi_az_enabled": False, "redis_automatic_failover_enabled": False,
    "redis_cache_node_type": "cache.t4g.micro", "redis_snapshot_retention_days": 1, "redis_apply_immediately": True,
    "redis_final_snapshot": False, "kinesis_stream_mode": "PROVISIONED", "kinesis_shard_count": 1,
    "kinesis_retention_hours": 24, "state_bucket_noncurrent_versions_days": 7,
    "state_bucket_delete_state_history": True, "environment_allowed_changes": None,
}  # fmt: skip
# One change of each component.
CHANGED: dict[str, Any] = {
    "vpc_tiers": {"app": {"internet": "none", "tags": {"changed": "yes"}}, "cache": {"internet": "none"}},
    "redis_snapshot_retention_days": 2, "kinesis_retention_hours": 48, "state_bucket_noncurrent_versions_days": 8,
}  # fmt: skip


def run(program: str, words: list[str], answers: str = "") -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_NOCOLOR": "1"}
    given |= {"STREAMBED_ANSWERS": str(Path(answers).absolute())} if answers else {}
    command = [str(BINARIES / program), *words]
    return subprocess.run(command, cwd=ROOT, env=given, text=True, capture_output=True, check=False)


def about(environment: str) -> dict[str, Any]:
    """What the inventory says of its one host, templates rendered.  Raises SystemExit where it says nothing."""
    wanted = "{{ {'suffix': environment_suffix, 'stack': stack_name, 'account': account_id, 'region': region,"
    wanted += " 'variables': environment_variables} }}"
    done = run("ansible", ["-i", f"inventories/{environment}", "all", "-m", "ansible.builtin.debug",
                           "-a", json.dumps({"msg": wanted})])  # fmt: skip
    if done.returncode:
        raise SystemExit(f"inventories/{environment}: {done.stdout}{done.stderr}")
    return dict(json.loads(done.stdout[done.stdout.index("{") :])["msg"])


def play(environment: str, playbook: str, variables: Mapping[str, Any], answers: str) -> bool:
    """Whether a playbook ended well; what it says is shown where it did not."""
    words = ["-i", f"inventories/{environment}", f"playbooks/{playbook}.yml", "-e", json.dumps(variables)]
    done = run("ansible-playbook", words, answers)
    print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {playbook}", flush=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    return done.returncode == 0


def seen(found: Mapping[str, Any]) -> dict[str, Any]:
    """What boto3 shows of the environment, apart from Streambed's own eyes."""
    os.environ.update({name: str(value) for name, value in found["variables"].items()})
    name = f"{found['stack']}-{found['suffix']}"
    region = {"region_name": found["region"]}
    tags = [{"Name": f"tag:streambed:{key}", "Values": [found[of]]}
            for key, of in (("stack", "stack"), ("environment", "suffix"))]  # fmt: skip
    vpcs = boto3.client("ec2", **region).describe_vpcs(Filters=tags)["Vpcs"]
    groups = boto3.client("elasticache", **region).describe_replication_groups()["ReplicationGroups"]
    buckets = boto3.client("s3", **region).list_buckets()["Buckets"]
    kinesis = boto3.client("kinesis", **region)
    there = name in kinesis.list_streams()["StreamNames"]
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"] if there else {}
    return {
        "vpcs": len(vpcs),
        "expires": sorted({tag["Value"] for vpc in vpcs for tag in vpc["Tags"] if tag["Key"] == "expires"}),
        "snapshot_days": [each["SnapshotRetentionLimit"] for each in groups if each["ReplicationGroupId"] == name],
        "stream_hours": summary.get("RetentionPeriodHours"),
        "buckets": [each["Name"] for each in buckets if each["Name"] == f"{name}-state-{found['account']}"],
    }


def accepted(environment: str, found: Mapping[str, Any], answers: str) -> bool:
    """Whether everything went as it should; whatever happened, the environment is removed."""
    expires = (datetime.now(UTC) + LASTS).strftime("%Y-%m-%dT%H:%M:%SZ")
    small = {**SMALL, **{f"{role}_tags": {"expires": expires} for role in ROLES}}
    changed = {**small, **CHANGED}
    good = True
    try:
        for variables in (small, changed):
            good = good and play(environment, "site", variables, answers)
            good = good and play(environment, "drift", variables, answers)
        look = seen(found)
        wanted = {"vpcs": 1, "expires": [expires], "snapshot_days": [2], "stream_hours": 48}
        right = all(look[key] == value for key, value in wanted.items()) and len(look["buckets"]) == 1
        print(f"{'ok    ' if right else 'FAILED'} seen with boto3: {look}", flush=True)
        good = good and right
    finally:
        good = play(environment, "destroy", {**changed, "confirm": found["suffix"]}, answers) and good
    left = seen(found)
    print(f"{'ok    ' if not any(left.values()) else 'FAILED'} nothing is left: {left}", flush=True)
    return good and not any(left.values())


def main() -> int:
    """0 when the account takes everything, 1 when something failed, 2 when nobody agreed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment")
    parser.add_argument("--answers", default="", help="folder in which AWS's answers are kept")
    given = parser.parse_args()
    found = about(given.environment)
    where = f"{found['stack']}-{found['suffix']} in account {found['account']}, {found['region']}"
    confirm = os.environ.get("CONFIRM", "")
    if not confirm and sys.stdin.isatty():
        confirm = input(f"This lays {where}, changes and removes it. Its name, {found['suffix']}, to go on: ").strip()
    if confirm != found["suffix"]:
        print(f"CONFIRM: found {confirm or 'nothing'}, wanted {found['suffix']}: accept lays and removes {where}")
        return 2
    if any(seen(found).values()):
        print(f"{where}: found something of this name, wanted nothing. Next: choose another environment_suffix")
        return 2
    return 0 if accepted(given.environment, found, given.answers) else 1


if __name__ == "__main__":
    sys.exit(main())
