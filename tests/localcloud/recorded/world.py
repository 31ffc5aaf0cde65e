# SPDX-License-Identifier: Apache-2.0
"""An account in which there is something of everything that the recordings show."""

from __future__ import annotations

import itertools
import json
from functools import cached_property
from typing import Any

from localcloud.process import Cloud

LOCATION = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
TAGS = [{"Key": "Name", "Value": "demo"}]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)


def tagged(kind: str) -> dict[str, Any]:
    """TagSpecifications for one kind of object."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": TAGS}]}


class World:
    """One account; each part is laid when it is first asked for."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._numbers = itertools.count()

    def client(self, service: str) -> Any:
        """A client of the account."""
        return self.cloud.client(service)

    @cached_property
    def ec2(self) -> Any:
        """EC2."""
        return self.client("ec2")

    @cached_property
    def us_s3(self) -> Any:
        """S3 in us-east-1, where buckets may be created twice."""
        return self.cloud.client("s3", region_name="us-east-1")

    @cached_property
    def cache(self) -> Any:
        """ElastiCache."""
        return self.client("elasticache")

    @cached_property
    def vpc(self) -> str:
        """A VPC with IPv6, a second block, names, an internet gateway and flow logs."""
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True, **tagged("vpc"))
        name = vpc["Vpc"]["VpcId"]
        self.ec2.associate_vpc_cidr_block(VpcId=name, CidrBlock="10.2.0.0/16")
        self.ec2.modify_vpc_attribute(VpcId=name, EnableDnsHostnames={"Value": True})
        return str(name)

    @cached_property
    def subnet(self) -> str:
        """A subnet with IPv6 and a tag."""
        block = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        made = self.ec2.create_subnet(
            VpcId=self.vpc,
            CidrBlock="10.0.0.0/24",
            Ipv6CidrBlock=block.replace("/56", "/64"),
            AvailabilityZone="eu-west-1a",
            **tagged("subnet"),
        )
        return str(made["Subnet"]["SubnetId"])

    @cached_property
    def gateway(self) -> str:
        """An internet gateway on the VPC."""
        made = self.ec2.create_internet_gateway(**tagged("internet-gateway"))["InternetGateway"]
        self.ec2.attach_internet_gateway(VpcId=self.vpc, InternetGatewayId=made["InternetGatewayId"])
        return str(made["InternetGatewayId"])

    @cached_property
    def egress(self) -> str:
        """An egress-only internet gateway."""
        made = self.ec2.create_egress_only_internet_gateway(VpcId=self.vpc, **tagged("egress-only-internet-gateway"))
        return str(made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"])

    def address(self) -> str:
        """A new elastic IP."""
        return str(self.ec2.allocate_address(Domain="vpc", **tagged("elastic-ip"))["AllocationId"])

    @cached_property
    def nat(self) -> str:
        """A NAT gateway."""
        assert self.gateway
        made = self.ec2.create_nat_gateway(SubnetId=self.subnet, AllocationId=self.address(), **tagged("natgateway"))[
            "NatGateway"
        ]["NatGatewayId"]
        self.ec2.describe_nat_gateways()
        return str(made)

    @cached_property
    def table(self) -> str:
        """A route table with all our kinds of routes, on the subnet."""
        ec2 = self.ec2
        table = ec2.create_route_table(VpcId=self.vpc, **tagged("route-table"))["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", NatGatewayId=self.nat)
        ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=self.egress)
        other = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        peering = ec2.create_vpc_peering_connection(VpcId=self.vpc, PeerVpcId=other)["VpcPeeringConnection"]
        name = peering["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=name)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.7.0.0/16", VpcPeeringConnectionId=name)
        ec2.associate_route_table(RouteTableId=table, SubnetId=self.subnet)
        return str(table)

    @cached_property
    def group(self) -> str:
        """A security group with rules of every kind."""
        ec2 = self.ec2
        group = ec2.create_security_group(
            GroupName="demo", Description="for tests", VpcId=self.vpc, **tagged("security-group")
        )["GroupId"]
        prefix = ec2.describe_prefix_lists()["PrefixLists"][0]["PrefixListId"]
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {**rule, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]},
                {**rule, "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "all"}]},
                {**rule, "UserIdGroupPairs": [{"GroupId": group, "Description": "own"}]},
                {**rule, "PrefixListIds": [{"PrefixListId": prefix, "Description": "list"}]},
            ],
        )
        return str(group)

    @cached_property
    def interface(self) -> str:
        """A network interface with a public address."""
        eni = self.ec2.create_network_interface(
            SubnetId=self.subnet, Description="demo", Groups=[self.group], Ipv6AddressCount=1,
            **tagged("network-interface"),
        )["NetworkInterface"]["NetworkInterfaceId"]  # fmt: skip
        assert self.gateway
        self.ec2.associate_address(AllocationId=self.address(), NetworkInterfaceId=eni)
        return str(eni)

    @cached_property
    def endpoints(self) -> list[str]:
        """A gateway endpoint and an interface endpoint."""
        ec2 = self.ec2
        gateway = ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName="com.amazonaws.eu-west-1.s3", VpcEndpointType="Gateway",
            RouteTableIds=[self.table], **tagged("vpc-endpoint"),
        )  # fmt: skip
        interface = ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName="com.amazonaws.eu-west-1.kinesis-streams", VpcEndpointType="Interface",
            SubnetIds=[self.subnet], SecurityGroupIds=[self.group], PrivateDnsEnabled=True, **tagged("vpc-endpoint"),
        )  # fmt: skip
        ec2.describe_vpc_endpoints()
        return [made["VpcEndpoint"]["VpcEndpointId"] for made in (gateway, interface)]

    @cached_property
    def role(self) -> str:
        """The ARN of a role with a description, a boundary, tags and a policy."""
        iam = self.client("iam")
        boundary = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }))["Policy"]["Arn"]  # fmt: skip
        role = iam.create_role(
            RoleName="demo", AssumeRolePolicyDocument=TRUST, Description="d", PermissionsBoundary=boundary, Tags=TAGS
        )["Role"]["Arn"]
        iam.put_role_policy(RoleName="demo", PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }))  # fmt: skip
        return str(role)

    @cached_property
    def flow_logs(self) -> list[str]:
        """Flow logs to a bucket and to a log group."""
        self.client("s3").create_bucket(Bucket="logs-of-demo", **LOCATION)
        self.client("logs").create_log_group(logGroupName="/demo/flow")
        to_bucket = self.ec2.create_flow_logs(
            ResourceIds=[self.vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3",
            LogDestination="arn:aws:s3:::logs-of-demo", **tagged("vpc-flow-log"),
        )  # fmt: skip
        to_group = self.ec2.create_flow_logs(
            ResourceIds=[self.vpc], ResourceType="VPC", TrafficType="REJECT", LogGroupName="/demo/flow",
            DeliverLogsPermissionArn=self.role,
        )  # fmt: skip
        return [*to_bucket["FlowLogIds"], *to_group["FlowLogIds"]]

    @cached_property
    def subnet_group(self) -> str:
        """A cache subnet group."""
        self.cache.create_cache_subnet_group(
            CacheSubnetGroupName="net", CacheSubnetGroupDescription="d", SubnetIds=[self.subnet], Tags=TAGS
        )
        return "net"

    def cache_group(self, name: str, **options: Any) -> dict[str, Any]:
        """CreateReplicationGroup's answer; the group has arrived."""
        defaults = {
            "ReplicationGroupDescription": "for tests", "CacheNodeType": "cache.t4g.small", "Engine": "redis",
            "EngineVersion": "7.1", "CacheSubnetGroupName": self.subnet_group, "SecurityGroupIds": [self.group],
            "SnapshotRetentionLimit": 3, "SnapshotWindow": "03:00-04:00", "Tags": TAGS,
        }  # fmt: skip
        made: dict[str, Any] = self.cache.create_replication_group(ReplicationGroupId=name, **{**defaults, **options})
        self.cache.describe_replication_groups(ReplicationGroupId=name)
        return made

    @cached_property
    def plain_group(self) -> str:
        """A group with cluster mode off."""
        self.cache_group(
            "plain", NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=False,
            NotificationTopicArn="arn:aws:sns:eu-west-1:123456789012:demo",
        )  # fmt: skip
        return "plain"

    @cached_property
    def sharded_group(self) -> str:
        """A group with cluster mode on and two shards, TLS and a token."""
        self.cache_group(
            "sharded", NumNodeGroups=2, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True,
            TransitEncryptionEnabled=True, AtRestEncryptionEnabled=True, AuthToken="long-enough-to-be-a-token",
            LogDeliveryConfigurations=[{
                "LogType": "slow-log", "DestinationType": "cloudwatch-logs", "LogFormat": "json",
                "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "/demo/redis"}},
            }],
        )  # fmt: skip
        return "sharded"

    @cached_property
    def users(self) -> str:
        """A user group with the user `default` of ours; its name."""
        self.cache.create_user(
            UserId="main", UserName="default", Engine="redis", NoPasswordRequired=True, AccessString="on ~* +@all"
        )
        self.cache.create_user_group(UserGroupId="people", Engine="redis", UserIds=["main"])
        return "people"

    def user(self, name: str) -> dict[str, Any]:
        """CreateUser's answer."""
        made: dict[str, Any] = self.cache.create_user(
            UserId=name, UserName=name, Engine="redis", Passwords=["long-enough-password"], AccessString="on ~* +@all"
        )
        return made

    @cached_property
    def stream(self) -> str:
        """A stream with tags, a key and a consumer."""
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName="demo", ShardCount=2, Tags={"Name": "demo"})
        kinesis.describe_stream(StreamName="demo")
        kinesis.start_stream_encryption(StreamName="demo", EncryptionType="KMS", KeyId="alias/aws/kinesis")
        kinesis.describe_stream(StreamName="demo")
        kinesis.register_stream_consumer(StreamARN=self.stream_arn, ConsumerName="reader")
        return "demo"

    stream_arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/demo"

    def bucket(self, name: str, **options: Any) -> str:
        """A new bucket; its name, which begins with `name`."""
        own = f"{name}-{next(self._numbers)}"
        self.client("s3").create_bucket(Bucket=own, **{**LOCATION, **options})
        return own

    @cached_property
    def versioned(self) -> str:
        """A bucket with versioning."""
        name = self.bucket("versioned-of-demo")
        self.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def dynamo(self, name: str, **options: Any) -> dict[str, Any]:
        """CreateTable's answer."""
        defaults = {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        made: dict[str, Any] = self.client("dynamodb").create_table(TableName=name, **{**defaults, **options})
        return made

    @cached_property
    def table_name(self) -> str:
        """A table under a key of KMS's, with recovery and everything that DescribeTable can show."""
        self.dynamo(
            "demo",
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
            SSESpecification={"Enabled": True, "SSEType": "KMS"},
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-id",
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
                }
            ],
        )
        self.client("dynamodb").update_continuous_backups(
            TableName="demo", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        return "demo"

    @cached_property
    def key(self) -> str:
        """The ARN of a KMS key."""
        return str(self.client("kms").create_key(Tags=[{"TagKey": "Name", "TagValue": "demo"}])["KeyMetadata"]["Arn"])

    @cached_property
    def secret(self) -> str:
        """A secret with two versions, rotated."""
        manager = self.client("secretsmanager")
        manager.create_secret(Name="demo", SecretString="one", Tags=TAGS, Description="d")
        manager.put_secret_value(SecretId="demo", SecretString="two")
        return "demo"
