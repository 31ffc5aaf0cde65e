# SPDX-License-Identifier: Apache-2.0
"""What to do to be refused as in a recorded error: the recording's name -> a call that has to be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.localcloud.recorded.world import LOCATION, TAGS, World

Provocation = Callable[[World], Any]
PROVOCATIONS: dict[str, Provocation] = {}
_ID = "0123456789abcdef0"


def refused_as(*names: str) -> Callable[[Provocation], Provocation]:
    """Registers what provokes the errors that were recorded under these names."""

    def register(provocation: Provocation) -> Provocation:
        for name in names:
            PROVOCATIONS[name] = provocation
        return provocation

    return register


def _plain(name: str, service: str, operation: str, **params: Any) -> None:
    refused_as(name)(lambda world: getattr(world.client(service), operation)(**params))


_plain("dynamodb/describe-continuous-backups/error-tablenotfoundexception", "dynamodb", "describe_continuous_backups",
       TableName="mosdef-deleted")  # fmt: skip
_plain("ec2/delete-security-group/error-invalidgroup-notfound", "ec2", "delete_security_group", GroupId=f"sg-{_ID}")
_plain("ec2/delete-subnet/error-invalidsubnetid-notfound", "ec2", "delete_subnet", SubnetId=f"subnet-{_ID}")
_plain("ec2/describe-addresses/error-invalidallocationid-notfound", "ec2", "describe_addresses",
       AllocationIds=[f"eipalloc-{_ID}"])  # fmt: skip
_plain("ec2/describe-internet-gateways/error-invalidinternetgatewayid-notfound", "ec2", "describe_internet_gateways",
       InternetGatewayIds=[f"igw-{_ID}"])  # fmt: skip
_plain("ec2/describe-network-interfaces/error-invalidnetworkinterfaceid-notfound", "ec2",
       "describe_network_interfaces", NetworkInterfaceIds=[f"eni-{_ID}"])  # fmt: skip
_plain("ec2/describe-security-groups/error-invalidgroup-notfound", "ec2", "describe_security_groups",
       GroupIds=[f"sg-{_ID}"])  # fmt: skip
_plain("ec2/describe-subnets/error-invalidsubnetid-notfound", "ec2", "describe_subnets", SubnetIds=[f"subnet-{_ID}"])
_plain("ec2/describe-vpc-endpoint-services/error-invalidservicename", "ec2", "describe_vpc_endpoint_services",
       ServiceNames=["com.amazonaws.us-east-1.deprecated-service"])  # fmt: skip
_plain("iam/get-role/error-nosuchentity", "iam", "get_role", RoleName="c7n-test-delete")
_plain("kms/describe-key/error-notfoundexception", "kms", "describe_key", KeyId="auto")
_plain("s3/get-bucket-versioning/error-no-bucket", "s3", "get_bucket_versioning", Bucket="no-such-bucket-of-demo")
_plain("s3/list-object-versions/error-nosuchbucket", "s3", "list_object_versions", Bucket="no-such-bucket-of-demo")
_plain("s3/create-bucket/error-constraint-us-east-1", "s3", "create_bucket", Bucket="wrongly-placed-of-demo",
       CreateBucketConfiguration={"LocationConstraint": "us-east-1"})  # fmt: skip


@refused_as("ec2/allocate-address/error-limit")
def _(world: World) -> Any:
    world.cloud.configure(quotas={"elastic_ips_per_region": 0})
    return world.address()


@refused_as("ec2/create-vpc/error-limit")
def _(world: World) -> Any:
    world.cloud.configure(quotas={"vpcs_per_region": 0})
    return world.ec2.create_vpc(CidrBlock="10.0.0.0/16")


@refused_as("ec2/authorize-security-group-ingress/error-invalidpermission-duplicate")
def _(world: World) -> Any:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[rule])


@refused_as("ec2/create-flow-logs/error-no-destination")
def _(world: World) -> Any:
    return world.ec2.create_flow_logs(
        ResourceIds=[world.vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3"
    )


def _interface(world: World, service: str) -> Any:
    return world.ec2.create_vpc_endpoint(
        VpcId=world.vpc, ServiceName=f"com.amazonaws.eu-west-1.{service}", VpcEndpointType="Interface",
        SubnetIds=[world.subnet], PrivateDnsEnabled=True,
    )  # fmt: skip


@refused_as("ec2/create-vpc-endpoint/error-private-dns-conflict")
def _(world: World) -> Any:
    _interface(world, "elasticloadbalancing")
    return _interface(world, "elasticloadbalancing")


@refused_as("ec2/create-vpc-endpoint/error-s3-interface-without-gateway")
def _(world: World) -> Any:
    return _interface(world, "s3")


@refused_as("ec2/delete-security-group/error-dependency")
def _(world: World) -> Any:
    assert world.interface
    return world.ec2.delete_security_group(GroupId=world.group)


@refused_as("ec2/delete-vpc/error-dependency")
def _(world: World) -> Any:
    assert world.subnet
    return world.ec2.delete_vpc(VpcId=world.vpc)


@refused_as("elasticache/create-replication-group/error-failover-with-one-node")
def _(world: World) -> Any:
    return world.cache_group("demo", AutomaticFailoverEnabled=True, NumCacheClusters=1)


@refused_as("elasticache/create-replication-group/error-parameter-group-family")
def _(world: World) -> Any:
    return world.cache_group("demo", NumCacheClusters=1, CacheParameterGroupName="default.redis6.x")


@refused_as("elasticache/create-user/error-iam-name-differs")
def _(world: World) -> Any:
    return world.cache.create_user(
        UserId="example-default", UserName="default", Engine="redis", AccessString="on ~* +@all",
        AuthenticationMode={"Type": "iam"},
    )  # fmt: skip


@refused_as("elasticache/delete-cache-subnet-group/error-in-use")
def _(world: World) -> Any:
    assert world.plain_group
    return world.cache.delete_cache_subnet_group(CacheSubnetGroupName=world.subnet_group)


@refused_as("elasticache/delete-replication-group/error-deleting")
def _(world: World) -> Any:
    name = "leaving"
    world.cache_group(name, NumCacheClusters=1)
    world.cloud.configure(settle_polls=5)
    world.cache.delete_replication_group(ReplicationGroupId=name)
    return world.cache.delete_replication_group(ReplicationGroupId=name)


@refused_as("elasticache/modify-replication-group-shard-configuration/error-not-available")
def _(world: World) -> Any:
    world.cloud.configure(settle_polls=9)
    world.cache_group("busy", NumNodeGroups=2, ReplicasPerNodeGroup=0, AutomaticFailoverEnabled=True)
    return world.cache.modify_replication_group_shard_configuration(
        ReplicationGroupId="busy", NodeGroupCount=3, ApplyImmediately=True
    )


def _modify(world: World, name: str, **changes: Any) -> Any:
    return world.cache.modify_replication_group(ReplicationGroupId=name, ApplyImmediately=True, **changes)


@refused_as("elasticache/modify-replication-group/error-mode-without-tls")
def _(world: World) -> Any:
    return _modify(world, world.plain_group, TransitEncryptionMode="preferred")


@refused_as("elasticache/modify-replication-group/error-snapshotting-cluster")
def _(world: World) -> Any:
    return _modify(world, world.sharded_group, SnapshottingClusterId="sharded-0001-001")


@refused_as("elasticache/modify-replication-group/error-tls-with-access-control")
def _(world: World) -> Any:
    world.cache_group("ruled", NumCacheClusters=1, TransitEncryptionEnabled=True, UserGroupIds=[world.users])
    return _modify(world, "ruled", TransitEncryptionEnabled=True, CacheNodeType="cache.t4g.medium")


@refused_as("elasticache/modify-replication-group/error-user-group-without-tls")
def _(world: World) -> Any:
    return _modify(world, world.plain_group, UserGroupIdsToAdd=[world.users])


@refused_as("s3/create-bucket/error-again-with-tags-us-east-1")
def _(world: World) -> Any:
    for _ in range(2):
        world.us_s3.create_bucket(Bucket="twice-in-us-of-demo", CreateBucketConfiguration={"Tags": TAGS})


@refused_as("s3/create-bucket/error-owned-by-you")
def _(world: World) -> Any:
    name = world.bucket("twice-of-demo")
    return world.client("s3").create_bucket(Bucket=name, **LOCATION)


@refused_as("s3/delete-bucket-policy/error-owner-no-account")
def _(world: World) -> Any:
    return world.client("s3").delete_bucket_policy(Bucket=world.bucket("owned-of-demo"), ExpectedBucketOwner="invalid")


@refused_as("s3/put-bucket-policy/error-other-owner")
def _(world: World) -> Any:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    name = world.bucket("owned-of-demo")
    return world.client("s3").put_bucket_policy(Bucket=name, Policy=policy, ExpectedBucketOwner="000000000002")


@refused_as("s3/get-public-access-block/error-accessdenied")
def _(world: World) -> Any:
    name = world.bucket("owned-of-demo")
    return world.client("s3").get_public_access_block(Bucket=name, ExpectedBucketOwner="000000000002")


def _of_new_bucket(recording: str, operation: str, *first: str) -> None:
    """A read of a bucket that has nothing of the kind, after these deletions."""

    def provoke(world: World) -> Any:
        name = world.bucket("empty-of-demo")
        for each in first:
            getattr(world.client("s3"), each)(Bucket=name)
        return getattr(world.client("s3"), operation)(Bucket=name)

    refused_as(recording)(provoke)


_of_new_bucket("s3/get-bucket-lifecycle-configuration/error-none", "get_bucket_lifecycle_configuration")
_of_new_bucket("s3/get-bucket-ownership-controls/error-after-delete", "get_bucket_ownership_controls",
               "delete_bucket_ownership_controls")  # fmt: skip
_of_new_bucket("s3/get-bucket-policy/error-nosuchbucketpolicy", "get_bucket_policy")
_of_new_bucket("s3/get-bucket-replication/error-none", "get_bucket_replication")
_of_new_bucket("s3/get-bucket-tagging/error-none", "get_bucket_tagging")
_of_new_bucket("s3/get-object-lock-configuration/error-none", "get_object_lock_configuration")
_of_new_bucket("s3/get-public-access-block/error-after-delete", "get_public_access_block",
               "delete_public_access_block")  # fmt: skip


@refused_as("s3/put-bucket-lifecycle-configuration/error-date-not-midnight")
def _(world: World) -> Any:
    rule = {"ID": "a", "Status": "Enabled", "Filter": {}, "Expiration": {"Date": "2030-01-01T12:00:00Z"}}
    return world.client("s3").put_bucket_lifecycle_configuration(
        Bucket=world.bucket("aging-of-demo"), LifecycleConfiguration={"Rules": [rule]}
    )


@refused_as("s3/put-bucket-lifecycle-configuration/error-missing-filter")
def _(world: World) -> Any:
    rule = {"ID": "a", "Status": "Enabled", "Expiration": {"Days": 3}}
    return world.client("s3").put_bucket_lifecycle_configuration(
        Bucket=world.bucket("aging-of-demo"), LifecycleConfiguration={"Rules": [rule]}
    )


@refused_as("s3/put-bucket-logging/error-no-target")
def _(world: World) -> Any:
    status = {"LoggingEnabled": {"TargetBucket": "no-such-bucket-of-demo", "TargetPrefix": "log"}}
    return world.client("s3").put_bucket_logging(Bucket=world.bucket("logged-of-demo"), BucketLoggingStatus=status)


@refused_as("s3/put-bucket-replication/error-destination")
def _(world: World) -> Any:
    target = {"Bucket": f"arn:aws:s3:::{world.bucket('target-of-demo')}"}
    rule = {"ID": "a", "Prefix": "", "Status": "Enabled", "Destination": target}
    return world.client("s3").put_bucket_replication(
        Bucket=world.versioned, ReplicationConfiguration={"Role": world.role, "Rules": [rule]}
    )


def _tag(world: World, tags: list[dict[str, str]]) -> Any:
    return world.client("s3").put_bucket_tagging(Bucket=world.bucket("tagged-of-demo"), Tagging={"TagSet": tags})


@refused_as("s3/put-bucket-tagging/error-aws-prefix")
def _(world: World) -> Any:
    return _tag(world, [{"Key": "aws:demo", "Value": "v"}])


@refused_as("s3/put-bucket-tagging/error-duplicate-keys")
def _(world: World) -> Any:
    return _tag(world, [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}])


@refused_as("s3/put-bucket-versioning/error-locked-bucket")
def _(world: World) -> Any:
    world.client("s3").create_bucket(Bucket="locked-of-demo", ObjectLockEnabledForBucket=True, **LOCATION)
    return world.client("s3").put_bucket_versioning(
        Bucket="locked-of-demo", VersioningConfiguration={"Status": "Suspended"}
    )


def _put(recording: str, before: str = "", **options: Any) -> None:
    """A conditional write; `before` is what happened to the key: nothing, `put` or `deleted`."""

    def provoke(world: World) -> Any:
        s3, own = world.client("s3"), {"Bucket": world.versioned, "Key": recording}
        if before:
            s3.put_object(**own, Body=b"")
        if before == "deleted":
            s3.delete_object(**own)
        return s3.put_object(**own, Body=b"new", **options)

    refused_as(recording)(provoke)


_put("s3/put-object/error-both-preconditions", IfMatch="e", IfNoneMatch="*")
_put("s3/put-object/error-if-match-behind-delete-marker", "deleted", IfMatch="e")
_put("s3/put-object/error-if-match-no-key", IfMatch="e")
_put("s3/put-object/error-if-none-match-bad-value", IfNoneMatch="e")
_put("s3/put-object/error-if-none-match", "put", IfNoneMatch="*")


@refused_as("s3/delete-object/error-if-match-wrong-etag")
def _(world: World) -> Any:
    s3, own = world.client("s3"), {"Bucket": world.versioned, "Key": "k"}
    s3.put_object(**own, Body=b"")
    return s3.delete_object(**own, IfMatch="e")
