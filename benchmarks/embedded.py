# SPDX-License-Identifier: Apache-2.0
"""What the embedded cloud costs: its start, a read among many environments, its memory, and what a reset gives back.

    .venv/bin/python -m benchmarks.embedded [--environments N] [--rounds N]

Processor time and memory are the server's own, as /proc tells them: they mean something on a busy machine, too.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

from localcloud.process import Cloud

READS = 50
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
KIB_IN_MIB = 1024
LOCATION = {"LocationConstraint": "eu-west-1"}


def lay(cloud: Cloud, number: int) -> None:
    """One small environment of each kind of object, by 24 calls."""
    ec2, name = cloud.client("ec2"), f"env-{number}"
    tags = [{"Key": "Name", "Value": name}, {"Key": "streambed:environment", "Value": name}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])["Vpc"]
    subnets = []
    for at, zone in enumerate("abcabc"):
        spot = {"VpcId": vpc["VpcId"], "CidrBlock": f"10.0.{at}.0/24", "AvailabilityZone": f"eu-west-1{zone}"}
        subnets.append(ec2.create_subnet(**spot)["Subnet"]["SubnetId"])
        table = ec2.create_route_table(VpcId=vpc["VpcId"])["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[-1])
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc["VpcId"])["GroupId"]
    cache = cloud.client("elasticache")
    cache.create_cache_subnet_group(CacheSubnetGroupName=name, CacheSubnetGroupDescription=name, SubnetIds=subnets[:3])
    cache.create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription=name, CacheNodeType="cache.t4g.small", Engine="valkey",
        NumNodeGroups=1, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True, CacheSubnetGroupName=name,
        SecurityGroupIds=[group],
    )  # fmt: skip
    cloud.client("kinesis").create_stream(StreamName=name, ShardCount=2)
    cloud.client("s3").create_bucket(Bucket=f"state-of-{name}", CreateBucketConfiguration=LOCATION)


def cpu_seconds(cloud: Cloud) -> float:
    """What the server has used so far."""
    fields = Path(f"/proc/{cloud.health()['pid']}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def memory(cloud: Cloud) -> float:
    """The server's resident memory in MiB."""
    status = Path(f"/proc/{cloud.health()['pid']}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / KIB_IN_MIB


def timed(act: Any) -> float:
    """Seconds on the clock."""
    started = time.monotonic()
    act()
    return time.monotonic() - started


def measure_many(cloud: Cloud, environments: int) -> None:
    """A read among many, and what they need."""
    cloud.reset()
    quotas = {"vpcs_per_region": environments + 1, "elasticache_nodes_per_region": 3 * environments}
    cloud.configure(quotas=quotas)
    for number in range(environments):
        lay(cloud, number)
    ec2 = cloud.client("ec2")
    for title, read in (
        ("DescribeVpcs", lambda: ec2.describe_vpcs()),
        ("DescribeVpcs of one by tag", lambda: ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["env-7"]}])),
    ):
        read()
        before = cpu_seconds(cloud)
        for _ in range(READS):
            read()
        each = 1000 * (cpu_seconds(cloud) - before) / READS
        print(f"{environments} environments, {title}: {each:.1f} ms of CPU", flush=True)
    print(f"{environments} environments, memory: {memory(cloud):.0f} MiB", flush=True)


def measure_rounds(cloud: Cloud, rounds: int) -> None:
    """Whether memory stays as it was while environments are laid and forgotten."""
    shown = max(1, rounds // 8)
    for number in range(rounds + 1):
        if number % shown == 0:
            print(f"after {number} rounds, memory: {memory(cloud):.0f} MiB", flush=True)
        cloud.reset()
        lay(cloud, number)


def main() -> None:
    """Print every figure as it is found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--environments", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2000)
    options = parser.parse_args()
    started = time.monotonic()
    with Cloud() as cloud:
        print(f"start: {time.monotonic() - started:.2f} s, {cpu_seconds(cloud):.2f} s of CPU", flush=True)
        ec2, before = cloud.client("ec2"), cpu_seconds(cloud)
        seconds = timed(ec2.describe_vpcs)
        print(f"first call: {seconds:.2f} s, {cpu_seconds(cloud) - before:.2f} s of CPU", flush=True)
        measure_many(cloud, options.environments)
        measure_rounds(cloud, options.rounds)


if __name__ == "__main__":
    main()
