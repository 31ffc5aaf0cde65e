# SPDX-License-Identifier: Apache-2.0
"""Every control that docs/posture.md says to hold, looked at with plain boto3 in an environment with the defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.process import Cloud
from tests.support.playbooks import ROOT, play

EVERYONE = ("0.0.0.0/0", "::/0")
PORTS_OF_ADMINISTRATION = (22, 3389)
Account = Callable[[str], Any]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Clients for an account in which inventory prod was laid."""
    with Cloud(settle_polls=1) as cloud:
        variables = {
            "account_id": "123456789012",
            "environment_variables": {**cloud.environment(), "STREAMBED_POLL_SECONDS": "0.1"},
            "environment_artifacts_folder": str(tmp_path_factory.mktemp("outputs")),
        }
        done = play(cloud, "playbooks/site.yml", "-e", json.dumps(variables), inventory="prod")
        assert done.returncode == 0, done.stdout + done.stderr
        yield cloud.client


def vpc_filter(account: Account) -> list[dict[str, Any]]:
    [vpc] = account("ec2").describe_vpcs(Filters=[{"Name": "tag-key", "Values": ["streambed:stack"]}])["Vpcs"]
    return [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]


def groups(account: Account) -> list[dict[str, Any]]:
    return account("ec2").describe_security_groups(Filters=vpc_filter(account))["SecurityGroups"]


def no_ingress_from_the_world(account: Account) -> bool:
    rules = [rule for group in groups(account) for rule in group["IpPermissions"]]
    blocks = [each["CidrIp"] for rule in rules for each in rule["IpRanges"]]
    blocks += [each["CidrIpv6"] for rule in rules for each in rule["Ipv6Ranges"]]
    return bool(rules) and not set(blocks) & set(EVERYONE)


def default_group_lets_nothing_pass(account: Account) -> bool:
    [default] = [group for group in groups(account) if group["GroupName"] == "default"]
    return not default["IpPermissions"] and not default["IpPermissionsEgress"]


def flow_log_of_all_traffic(account: Account) -> bool:
    logs = account("ec2").describe_flow_logs()["FlowLogs"]
    return [(log["TrafficType"], log["FlowLogStatus"]) for log in logs] == [("ALL", "ACTIVE")]


def addresses_in_use(account: Account) -> bool:
    addresses = account("ec2").describe_addresses()["Addresses"]
    return bool(addresses) and all("AssociationId" in each for each in addresses)


def no_public_addresses(account: Account) -> bool:
    subnets = account("ec2").describe_subnets(Filters=vpc_filter(account))["Subnets"]
    return bool(subnets) and not any(each["MapPublicIpOnLaunch"] for each in subnets)


def acls(account: Account) -> list[dict[str, Any]]:
    return account("ec2").describe_network_acls(Filters=vpc_filter(account))["NetworkAcls"]


def acls_in_use(account: Account) -> bool:
    return all(acl["Associations"] for acl in acls(account))


def no_acl_lets_the_world_in(account: Account) -> bool:
    """Rules that allow are counted whatever stands before them, as AWS Config does."""
    entries = [entry for acl in acls(account) for entry in acl["Entries"]]
    open_ = [entry for entry in entries if not entry["Egress"] and entry["RuleAction"] == "allow"
             and {entry.get("CidrBlock"), entry.get("Ipv6CidrBlock")} & set(EVERYONE)]  # fmt: skip
    ranges = [
        entry.get("PortRange", {"From": 0, "To": 65535}) for entry in open_ if entry["Protocol"] in ("-1", "6", "17")
    ]
    return bool(ranges) and not any(
        ports["From"] <= port <= ports["To"] for ports in ranges for port in PORTS_OF_ADMINISTRATION
    )


def group(account: Account) -> dict[str, Any]:
    [found] = account("elasticache").describe_replication_groups()["ReplicationGroups"]
    return found


def member(account: Account) -> dict[str, Any]:
    return account("elasticache").describe_cache_clusters()["CacheClusters"][0]


def stream(account: Account) -> dict[str, Any]:
    [name] = account("kinesis").list_streams()["StreamNames"]
    return account("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def of_bucket(account: Account, operation: str) -> dict[str, Any]:
    [bucket] = account("s3").list_buckets()["Buckets"]
    return getattr(account("s3"), operation)(Bucket=bucket["Name"])


def blocked(account: Account) -> bool:
    found = of_bucket(account, "get_public_access_block")["PublicAccessBlockConfiguration"]
    return len(found) == 4 and all(found.values())


def lifecycle(account: Account) -> list[dict[str, Any]]:
    return of_bucket(account, "get_bucket_lifecycle_configuration")["Rules"]


def denies_plain_http(account: Account) -> bool:
    policy = json.loads(of_bucket(account, "get_bucket_policy")["Policy"])
    return any(each["Effect"] == "Deny" and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
               for each in policy["Statement"])  # fmt: skip


CONTROLS: dict[str, Callable[[Account], Any]] = {
    "EC2.2": default_group_lets_nothing_pass,
    "EC2.6": flow_log_of_all_traffic,
    "EC2.12": addresses_in_use,
    **dict.fromkeys(("EC2.13", "EC2.14", "EC2.18", "EC2.19"), no_ingress_from_the_world),
    "EC2.15": no_public_addresses,
    "EC2.16": acls_in_use,
    "EC2.21": no_acl_lets_the_world_in,
    "ElastiCache.1": lambda account: group(account)["SnapshotRetentionLimit"] >= 1,
    "ElastiCache.2": lambda account: member(account)["AutoMinorVersionUpgrade"],
    "ElastiCache.3": lambda account: group(account)["AutomaticFailover"] == "enabled",
    "ElastiCache.4": lambda account: group(account)["AtRestEncryptionEnabled"],
    "ElastiCache.5": lambda account: group(account)["TransitEncryptionMode"] == "required",
    "ElastiCache.7": lambda account: member(account)["CacheSubnetGroupName"] != "default",
    "Kinesis.1": lambda account: stream(account)["EncryptionType"] == "KMS",
    "Kinesis.2": lambda account: account("kinesis").list_tags_for_stream(StreamName=stream(account)["StreamName"])[
        "Tags"
    ],
    "Kinesis.3": lambda account: stream(account)["RetentionPeriodHours"] >= 168,
    "S3.5": denies_plain_http,
    "S3.8": blocked,
    "S3.10": lambda account: any("NoncurrentVersionExpiration" in rule for rule in lifecycle(account)),
    "S3.12": lambda account: (
        of_bucket(account, "get_bucket_ownership_controls")["OwnershipControls"]["Rules"]
        == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    ),
    "S3.13": lambda account: any("AbortIncompleteMultipartUpload" in rule for rule in lifecycle(account)),
    "S3.14": lambda account: of_bucket(account, "get_bucket_versioning")["Status"] == "Enabled",
}


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_holds(account: Account, control: str) -> None:
    assert CONTROLS[control](account)


def test_the_page_names_what_is_looked_at() -> None:
    page = (ROOT / "docs" / "posture.md").read_text()
    holds, _, exceptions = page.partition("## Exceptions")
    assert re.findall(r"^\| (\w+\.\d+) \|", holds, re.MULTILINE) == sorted(CONTROLS, key=place)
    assert not set(re.findall(r"^\| (\w+\.\d+) \|", exceptions, re.MULTILINE)) & set(CONTROLS)


def place(control: str) -> tuple[str, int]:
    """Service and number."""
    service, _, number = control.partition(".")
    return service, int(number)
