# SPDX-License-Identifier: Apache-2.0
"""What to ask localcloud for an answer that is comparable with a recorded one: (service, operation) -> a call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.localcloud.recorded.world import TAGS, TRUST, World, tagged

Recipe = Callable[[World], Any]
RECIPES: dict[tuple[str, str], Recipe] = {}


def answers(service: str, operation: str) -> Callable[[Recipe], Recipe]:
    """Registers what makes the answer, or a list of answers."""

    def register(recipe: Recipe) -> Recipe:
        RECIPES[service, operation] = recipe
        return recipe

    return register


def _ec2(operation: str, *parts: str) -> None:
    """A read of EC2's, once these parts of the world are there."""

    def recipe(world: World) -> Any:
        for part in parts:
            getattr(world, part)
        return getattr(world.ec2, operation.replace("-", "_"))()

    answers("ec2", operation)(recipe)


def _cache(operation: str, *parts: str) -> None:
    """A read of ElastiCache's, once these parts of the world are there."""

    def recipe(world: World) -> Any:
        for part in parts:
            getattr(world, part)
        return getattr(world.cache, operation.replace("-", "_"))()

    answers("elasticache", operation)(recipe)


_ec2("describe-addresses", "nat", "interface")
_ec2("describe-availability-zones")
_ec2("describe-egress-only-internet-gateways", "egress")
_ec2("describe-flow-logs", "flow_logs")
_ec2("describe-internet-gateways", "gateway")
_ec2("describe-nat-gateways", "nat")
_ec2("describe-network-acls", "subnet")
_ec2("describe-network-interfaces", "interface", "endpoints", "nat")
_ec2("describe-prefix-lists")
_ec2("describe-route-tables", "table", "endpoints")
_ec2("describe-security-groups", "group")
_ec2("describe-subnets", "subnet")
_ec2("describe-vpc-endpoint-services")
_ec2("describe-vpc-endpoints", "endpoints")
_ec2("describe-vpcs", "vpc")
_cache("describe-cache-parameter-groups")
_cache("describe-cache-subnet-groups", "subnet_group")
_cache("describe-events", "plain_group")
_cache("describe-replication-groups", "plain_group", "sharded_group")
_cache("describe-users", "users")


@answers("ec2", "describe-security-group-rules")
def _(world: World) -> Any:
    return world.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [world.group]}])


@answers("ec2", "describe-vpc-attribute")
def _(world: World) -> Any:
    return world.ec2.describe_vpc_attribute(VpcId=world.vpc, Attribute="enableDnsHostnames")


@answers("ec2", "describe-dhcp-options")
def _(world: World) -> Any:
    world.ec2.create_dhcp_options(
        DhcpConfigurations=[
            {"Key": "domain-name", "Values": ["demo"]},
            {"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]},
        ],
        **tagged("dhcp-options"),
    )
    return world.ec2.describe_dhcp_options()


@answers("ec2", "associate-vpc-cidr-block")
def _(world: World) -> Any:
    vpc = world.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    six = world.ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    return [six, world.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.21.0.0/16")]


@answers("ec2", "disassociate-vpc-cidr-block")
def _(world: World) -> Any:
    four, six = RECIPES["ec2", "associate-vpc-cidr-block"](world)[::-1]
    names = (four["CidrBlockAssociation"]["AssociationId"], six["Ipv6CidrBlockAssociation"]["AssociationId"])
    world.ec2.describe_vpcs()
    return [world.ec2.disassociate_vpc_cidr_block(AssociationId=name) for name in names]


@answers("ec2", "authorize-security-group-ingress")
def _(world: World) -> Any:
    rule = {"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389, "IpRanges": [{"CidrIp": "172.31.0.0/16"}]}
    return world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[rule])


@answers("ec2", "create-egress-only-internet-gateway")
def _(world: World) -> Any:
    return world.ec2.create_egress_only_internet_gateway(VpcId=world.vpc)


@answers("ec2", "create-flow-logs")
def _(world: World) -> Any:
    assert world.flow_logs
    vpc = world.ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"]
    own = {"ResourceType": "VPC", "TrafficType": "ACCEPT", "LogDestinationType": "s3", "ResourceIds": [vpc],
           "ClientToken": "once"}  # fmt: skip
    bad = world.ec2.create_flow_logs(LogDestination="arn:aws:s3:::no-such-bucket-of-demo", **own)
    own["ClientToken"] = "again"
    return [bad, world.ec2.create_flow_logs(LogDestination="arn:aws:s3:::logs-of-demo", **own)]


@answers("ec2", "create-nat-gateway")
def _(world: World) -> Any:
    assert world.gateway
    return world.ec2.create_nat_gateway(SubnetId=world.subnet, AllocationId=world.address())


@answers("ec2", "delete-nat-gateway")
def _(world: World) -> Any:
    made = RECIPES["ec2", "create-nat-gateway"](world)["NatGateway"]["NatGatewayId"]
    return world.ec2.delete_nat_gateway(NatGatewayId=made)


@answers("ec2", "create-network-acl")
def _(world: World) -> Any:
    return world.ec2.create_network_acl(VpcId=world.vpc)


@answers("ec2", "replace-network-acl-association")
def _(world: World) -> Any:
    acl = world.ec2.create_network_acl(VpcId=world.vpc)["NetworkAcl"]["NetworkAclId"]
    own = [{"Name": "association.subnet-id", "Values": [world.subnet]}]
    now = world.ec2.describe_network_acls(Filters=own)["NetworkAcls"][0]["Associations"]
    name = next(each["NetworkAclAssociationId"] for each in now if each["SubnetId"] == world.subnet)
    return world.ec2.replace_network_acl_association(AssociationId=name, NetworkAclId=acl)


@answers("ec2", "create-security-group")
def _(world: World) -> Any:
    return world.ec2.create_security_group(GroupName="other", Description="d", VpcId=world.vpc)


@answers("ec2", "create-subnet")
def _(world: World) -> Any:
    blocks = world.ec2.describe_vpcs(VpcIds=[world.vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    six = blocks[0]["Ipv6CidrBlock"].replace("00::/56", "09::/64")
    return world.ec2.create_subnet(VpcId=world.vpc, CidrBlock="10.0.9.0/24", Ipv6CidrBlock=six, **tagged("subnet"))


@answers("ec2", "create-vpc")
def _(world: World) -> Any:
    six = world.ec2.create_vpc(CidrBlock="10.40.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    return [six, world.ec2.create_vpc(CidrBlock="10.41.0.0/16", **tagged("vpc"))]


@answers("ec2", "create-vpc-endpoint")
def _(world: World) -> Any:
    assert world.endpoints
    return world.ec2.create_vpc_endpoint(
        VpcId=world.vpc, ServiceName="com.amazonaws.eu-west-1.logs", VpcEndpointType="Interface",
        SubnetIds=[world.subnet], SecurityGroupIds=[world.group], PrivateDnsEnabled=False, **tagged("vpc-endpoint"),
    )  # fmt: skip


@answers("ec2", "delete-vpc-endpoints")
def _(world: World) -> Any:
    made = RECIPES["ec2", "create-vpc-endpoint"](world)["VpcEndpoint"]["VpcEndpointId"]
    return world.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])


@answers("elasticache", "create-cache-subnet-group")
def _(world: World) -> Any:
    return world.cache.create_cache_subnet_group(
        CacheSubnetGroupName="more", CacheSubnetGroupDescription="d", SubnetIds=[world.subnet]
    )


@answers("elasticache", "create-replication-group")
def _(world: World) -> Any:
    return world.cache_group("new", NumCacheClusters=1, AutomaticFailoverEnabled=False)


@answers("elasticache", "create-snapshot")
def _(world: World) -> Any:
    return world.cache.create_snapshot(CacheClusterId=f"{world.plain_group}-001", SnapshotName="of-member")


@answers("elasticache", "describe-snapshots")
def _(world: World) -> Any:
    world.cache.create_snapshot(CacheClusterId=f"{world.plain_group}-001", SnapshotName="one")
    world.cache.create_snapshot(ReplicationGroupId=world.sharded_group, SnapshotName="two")
    world.cache.describe_replication_groups()
    return world.cache.describe_snapshots(ShowNodeGroupConfig=True)


@answers("elasticache", "create-user-group")
def _(world: World) -> Any:
    assert world.users
    return world.cache.create_user_group(UserGroupId="more", Engine="redis", UserIds=["main"])


@answers("elasticache", "create-user")
def _(world: World) -> Any:
    return world.user("someone")


@answers("elasticache", "modify-user")
def _(world: World) -> Any:
    world.user("modified")
    world.cache.describe_users()
    return world.cache.modify_user(UserId="modified", AccessString="on +@all")


@answers("elasticache", "delete-user")
def _(world: World) -> Any:
    world.user("leaving")
    world.cache.describe_users()
    return world.cache.delete_user(UserId="leaving")


@answers("elasticache", "delete-user-group")
def _(world: World) -> Any:
    assert world.users
    world.cache.create_user_group(UserGroupId="leaving", Engine="redis", UserIds=["main"])
    world.cache.describe_user_groups()
    return world.cache.delete_user_group(UserGroupId="leaving")


@answers("elasticache", "modify-user-group")
def _(world: World) -> Any:
    world.user("joining")
    world.cache.describe_users()
    return world.cache.modify_user_group(UserGroupId=world.users, UserIdsToAdd=["joining"])


@answers("elasticache", "decrease-replica-count")
def _(world: World) -> Any:
    world.cache_group("shrinking", NumCacheClusters=3, AutomaticFailoverEnabled=True)
    return world.cache.decrease_replica_count(ReplicationGroupId="shrinking", NewReplicaCount=1, ApplyImmediately=True)


@answers("elasticache", "delete-replication-group")
def _(world: World) -> Any:
    world.cache_group("leaving", NumCacheClusters=1)
    return world.cache.delete_replication_group(ReplicationGroupId="leaving")


@answers("elasticache", "modify-replication-group")
def _(world: World) -> Any:
    world.cache_group("changing", NumCacheClusters=2, AutomaticFailoverEnabled=True)
    world.cache.modify_replication_group(
        ReplicationGroupId="changing", SnapshotRetentionLimit=5, SnapshottingClusterId="changing-002"
    )
    world.cache.describe_replication_groups(ReplicationGroupId="changing")
    return world.cache.modify_replication_group(ReplicationGroupId="changing", SnapshotRetentionLimit=6)


@answers("elasticache", "describe-cache-clusters")
def _(world: World) -> Any:
    topic = "arn:aws:sns:eu-west-1:123456789012:demo"
    world.cache_group("noted", NumCacheClusters=2, AutomaticFailoverEnabled=True, NotificationTopicArn=topic)
    assert world.sharded_group
    shown = world.cache.describe_cache_clusters(ShowCacheNodeInfo=True)
    world.cache.create_cache_cluster(
        CacheClusterId="alone", Engine="memcached", CacheNodeType="cache.t4g.small", NumCacheNodes=1,
        CacheSubnetGroupName=world.subnet_group,
    )  # fmt: skip
    return [shown, world.cache.describe_cache_clusters(ShowCacheNodeInfo=True)]


@answers("elasticache", "describe-cache-parameters")
def _(world: World) -> Any:
    return world.cache.describe_cache_parameters(CacheParameterGroupName="default.redis5.0")


@answers("elasticache", "describe-engine-default-parameters")
def _(world: World) -> Any:
    return world.cache.describe_engine_default_parameters(CacheParameterGroupFamily="redis5.0")


@answers("elasticache", "list-allowed-node-type-modifications")
def _(world: World) -> Any:
    world.cache_group("sized", NumCacheClusters=1, CacheNodeType="cache.m6g.xlarge")
    return world.cache.list_allowed_node_type_modifications(ReplicationGroupId="sized")


@answers("elasticache", "list-tags-for-resource")
def _(world: World) -> Any:
    arn = f"arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:{world.plain_group}"
    return world.cache.list_tags_for_resource(ResourceName=arn)


@answers("kinesis", "describe-limits")
def _(world: World) -> Any:
    return world.client("kinesis").describe_limits()


@answers("kinesis", "describe-stream")
def _(world: World) -> Any:
    return world.client("kinesis").describe_stream(StreamName=world.stream)


@answers("kinesis", "describe-stream-summary")
def _(world: World) -> Any:
    return world.client("kinesis").describe_stream_summary(StreamName=world.stream)


@answers("kinesis", "describe-stream-consumer")
def _(world: World) -> Any:
    assert world.stream
    return world.client("kinesis").describe_stream_consumer(StreamARN=world.stream_arn, ConsumerName="reader")


@answers("kinesis", "list-stream-consumers")
def _(world: World) -> Any:
    assert world.stream
    return world.client("kinesis").list_stream_consumers(StreamARN=world.stream_arn)


@answers("kinesis", "register-stream-consumer")
def _(world: World) -> Any:
    assert world.stream
    return world.client("kinesis").register_stream_consumer(StreamARN=world.stream_arn, ConsumerName="another")


@answers("kinesis", "enable-enhanced-monitoring")
def _(world: World) -> Any:
    return world.client("kinesis").enable_enhanced_monitoring(StreamName=world.stream, ShardLevelMetrics=["ALL"])


@answers("kinesis", "get-resource-policy")
def _(world: World) -> Any:
    assert world.stream
    return world.client("kinesis").get_resource_policy(ResourceARN=world.stream_arn)


@answers("kinesis", "list-tags-for-stream")
def _(world: World) -> Any:
    return world.client("kinesis").list_tags_for_stream(StreamName=world.stream)


@answers("kinesis", "update-shard-count")
def _(world: World) -> Any:
    return world.client("kinesis").update_shard_count(
        StreamName=world.stream, TargetShardCount=4, ScalingType="UNIFORM_SCALING"
    )


@answers("iam", "create-role")
def _(world: World) -> Any:
    return world.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=TRUST)


@answers("iam", "get-role")
def _(world: World) -> Any:
    assert world.role
    return world.client("iam").get_role(RoleName="demo")


@answers("iam", "get-role-policy")
def _(world: World) -> Any:
    assert world.role
    return world.client("iam").get_role_policy(RoleName="demo", PolicyName="p")


@answers("sts", "get-caller-identity")
def _(world: World) -> Any:
    return world.client("sts").get_caller_identity()


@answers("kms", "describe-key")
def _(world: World) -> Any:
    return world.client("kms").describe_key(KeyId=world.key)


@answers("logs", "describe-log-groups")
def _(world: World) -> Any:
    logs = world.client("logs")
    logs.create_log_group(logGroupName="/demo/keyed", kmsKeyId=world.key, tags={"App": "demo"})
    logs.put_retention_policy(logGroupName="/demo/keyed", retentionInDays=14)
    return logs.describe_log_groups()


@answers("logs", "list-tags-for-resource")
def _(world: World) -> Any:
    logs = world.client("logs")
    logs.create_log_group(logGroupName="/demo/tagged", tags={"App": "demo"})
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/demo/tagged"
    return logs.list_tags_for_resource(resourceArn=arn)


@answers("cloudwatch", "describe-alarms")
def _(world: World) -> Any:
    watch = world.client("cloudwatch")
    topic = ["arn:aws:sns:eu-west-1:123456789012:demo"]
    watch.put_metric_alarm(
        AlarmName="hot", AlarmDescription="d", MetricName="IncomingBytes", Namespace="AWS/Kinesis", Statistic="Sum",
        Period=60, EvaluationPeriods=2, Threshold=1, ComparisonOperator="GreaterThanThreshold",
        Dimensions=[{"Name": "StreamName", "Value": "demo"}], AlarmActions=topic, OKActions=topic,
    )  # fmt: skip
    return watch.describe_alarms()


@answers("dynamodb", "create-table")
def _(world: World) -> Any:
    more = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    counts = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    shown = world.dynamo("with-stream", BillingMode="PROVISIONED", ProvisionedThroughput=counts,
                         StreamSpecification=more)  # fmt: skip
    return [shown, world.dynamo("on-demand")]


@answers("dynamodb", "describe-table")
def _(world: World) -> Any:
    dynamo = world.client("dynamodb")
    world.dynamo("paid")
    return [dynamo.describe_table(TableName=name) for name in (world.table_name, "paid")]


@answers("dynamodb", "describe-continuous-backups")
def _(world: World) -> Any:
    return world.client("dynamodb").describe_continuous_backups(TableName=world.table_name)


@answers("dynamodb", "update-continuous-backups")
def _(world: World) -> Any:
    return world.client("dynamodb").update_continuous_backups(
        TableName=world.table_name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


@answers("dynamodb", "update-table")
def _(world: World) -> Any:
    return world.client("dynamodb").update_table(TableName=world.table_name, BillingMode="PAY_PER_REQUEST")


@answers("dynamodb", "scan")
def _(world: World) -> Any:
    dynamo = world.client("dynamodb")
    world.dynamo("songs")
    dynamo.put_item(TableName="songs", Item={"id": {"S": "a"}, "SongTitle": {"S": "b"}, "AlbumTitle": {"S": "c"}})
    return dynamo.scan(TableName="songs")


@answers("secretsmanager", "describe-secret")
def _(world: World) -> Any:
    return world.client("secretsmanager").describe_secret(SecretId=world.secret)


@answers("secretsmanager", "get-secret-value")
def _(world: World) -> Any:
    return world.client("secretsmanager").get_secret_value(SecretId=world.secret, VersionStage="AWSPREVIOUS")


@answers("service-quotas", "get-service-quota")
def _(world: World) -> Any:
    return world.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")


@answers("service-quotas", "get-aws-default-service-quota")
def _(world: World) -> Any:
    return world.client("service-quotas").get_aws_default_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")


@answers("service-quotas", "list-service-quotas")
def _(world: World) -> Any:
    return world.client("service-quotas").list_service_quotas(ServiceCode="vpc")


@answers("service-quotas", "list-aws-default-service-quotas")
def _(world: World) -> Any:
    return world.client("service-quotas").list_aws_default_service_quotas(ServiceCode="vpc")


@answers("s3", "create-bucket")
def _(world: World) -> Any:
    tagged_too = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1", "Tags": TAGS}}
    return world.client("s3").create_bucket(Bucket="new-of-demo", **tagged_too)


@answers("s3", "head-bucket")
def _(world: World) -> Any:
    return world.client("s3").head_bucket(Bucket=world.versioned)


@answers("s3", "get-bucket-location")
def _(world: World) -> Any:
    return world.client("s3").get_bucket_location(Bucket=world.versioned)


@answers("s3", "get-bucket-logging")
def _(world: World) -> Any:
    return world.client("s3").get_bucket_logging(Bucket=world.versioned)


@answers("s3", "get-bucket-ownership-controls")
def _(world: World) -> Any:
    return world.client("s3").get_bucket_ownership_controls(Bucket=world.versioned)


@answers("s3", "get-public-access-block")
def _(world: World) -> Any:
    return world.client("s3").get_public_access_block(Bucket=world.versioned)


@answers("s3", "get-bucket-versioning")
def _(world: World) -> Any:
    return world.client("s3").get_bucket_versioning(Bucket=world.versioned)


@answers("s3", "get-bucket-tagging")
def _(world: World) -> Any:
    name = world.bucket("tagged-of-demo")
    world.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})
    return world.client("s3").get_bucket_tagging(Bucket=name)


@answers("s3", "get-bucket-encryption")
def _(world: World) -> Any:
    s3 = world.client("s3")
    new = s3.get_bucket_encryption(Bucket=world.bucket("plain-of-demo"))
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": world.key},
        "BucketKeyEnabled": True,
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    name = world.bucket("keyed-of-demo")
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return [new, s3.get_bucket_encryption(Bucket=name)]


@answers("s3", "get-bucket-lifecycle-configuration")
def _(world: World) -> Any:
    on = {"Status": "Enabled"}
    rules = [
        {"ID": "a", "Filter": {"Prefix": "a/"}, "Expiration": {"ExpiredObjectDeleteMarker": True},
         "NoncurrentVersionExpiration": {"NoncurrentDays": 14, "NewerNoncurrentVersions": 2},
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}, **on},
        {"ID": "b", "Filter": {"Prefix": "b/"}, "Transitions": [{"Days": 60, "StorageClass": "GLACIER"}], **on},
        {"ID": "c", "Filter": {"Tag": {"Key": "k", "Value": "v"}}, "Expiration": {"Date": "2030-03-04T00:00:00Z"},
         **on},
        {"ID": "d", "Filter": {}, "Expiration": {"Days": 3}, **on},
        {"ID": "e", "Filter": {"Prefix": "e/"},
         "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "STANDARD_IA"}], **on},
    ]  # fmt: skip
    s3, name = world.client("s3"), world.bucket("aging-of-demo")
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    return s3.get_bucket_lifecycle_configuration(Bucket=name)


@answers("s3", "get-bucket-replication")
def _(world: World) -> Any:
    s3, there = world.client("s3"), f"arn:aws:s3:::{world.versioned}"
    name = world.bucket("copied-of-demo")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rules = [
        {"ID": "a", "Priority": 0, "Status": "Enabled", "DeleteMarkerReplication": {"Status": "Disabled"},
         "Filter": {"And": {"Prefix": "abc", "Tags": [{"Key": "Owner", "Value": "c7n"}]}},
         "Destination": {"Bucket": there}},
    ]  # fmt: skip
    shown = []
    for each in (rules, [{"ID": "old", "Prefix": "", "Status": "Enabled", "Destination": {"Bucket": there}}]):
        s3.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": world.role, "Rules": each})
        shown.append(s3.get_bucket_replication(Bucket=name))
    return shown


@answers("s3", "get-object-lock-configuration")
def _(world: World) -> Any:
    s3, name = world.client("s3"), world.bucket("locked-of-demo", ObjectLockEnabledForBucket=True)
    new = s3.get_object_lock_configuration(Bucket=name)
    rule = {"DefaultRetention": {"Days": 1, "Mode": "GOVERNANCE"}}
    s3.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    return [new, s3.get_object_lock_configuration(Bucket=name)]


@answers("s3", "put-object")
def _(world: World) -> Any:
    return world.client("s3").put_object(Bucket=world.versioned, Key="k", Body=b"")


@answers("s3", "delete-object")
def _(world: World) -> Any:
    world.client("s3").put_object(Bucket=world.versioned, Key="gone", Body=b"")
    return world.client("s3").delete_object(Bucket=world.versioned, Key="gone")


@answers("s3", "delete-objects")
def _(world: World) -> Any:
    unknown = [{"Key": "k", "VersionId": "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"}]
    return world.client("s3").delete_objects(Bucket=world.versioned, Delete={"Objects": unknown})


@answers("s3", "list-multipart-uploads")
def _(world: World) -> Any:
    world.client("s3").create_multipart_upload(Bucket=world.versioned, Key="part")
    return world.client("s3").list_multipart_uploads(Bucket=world.versioned)


@answers("s3", "put-bucket-policy")
def _(world: World) -> Any:
    name = world.bucket("policed-of-demo")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return world.client("s3").put_bucket_policy(Bucket=name, Policy=policy)
