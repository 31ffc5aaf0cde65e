"""What plain moto gets wrong: each probe is true as long as it does. The docstrings say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.elasticache.responses import ElastiCacheResponse

Client = Callable[[str], Any]
Probe = Callable[[Client], bool]
#: Probe -> the overlaid operations that it speaks for.
PROBES: dict[Probe, set[str]] = {}

ZONE = "eu-west-1a"
LOCATION = {"LocationConstraint": "eu-west-1"}


def still_wrong(service: str, *operations: str) -> Callable[[Probe], Probe]:
    """Registers a probe, and the operations of which it shows why they are overlaid."""

    def register(probe: Probe) -> Probe:
        PROBES[probe] = {f"{service}:{operation}" for operation in operations}
        return probe

    return register


def accepted(call: Callable[..., Any], **params: Any) -> bool:
    """Whether the call is answered; any error is a no."""
    try:
        call(**params)
    except ClientError:
        return False
    return True


def network(client: Client) -> tuple[Any, str, str]:
    """EC2, a VPC and a subnet in it."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    return ec2, vpc, subnet


def gateway(client: Client) -> tuple[Any, str, str, dict[str, str]]:
    """EC2, a NAT gateway, its address and the ids around it."""
    ec2, vpc, subnet = network(client)
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    return ec2, nat, address, {"vpc": vpc, "subnet": subnet, "igw": igw}


def interface_endpoint(client: Client) -> tuple[Any, str, str]:
    """EC2, an interface endpoint and its subnet."""
    ec2, vpc, subnet = network(client)
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.eu-west-1.kinesis-streams",
        SubnetIds=[subnet],
    )
    return ec2, made["VpcEndpoint"]["VpcEndpointId"], subnet


# --- EC2 -----------------------------------------------------------------------------------------------------------


@still_wrong("ec2", "create_vpc", "create_default_vpc")
def no_quota_of_vpcs(client: Client) -> bool:
    """As many VPCs as wanted."""
    return all(accepted(client("ec2").create_vpc, CidrBlock="10.0.0.0/16") for _ in range(7))


@still_wrong("ec2", "create_subnet")
def host_bits_are_kept(client: Client) -> bool:
    """A CIDR block keeps its host bits."""
    ec2, vpc, _ = network(client)
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.7/24")["Subnet"]["CidrBlock"] != "10.0.9.0/24"


@still_wrong("ec2", "associate_subnet_cidr_block")
def subnets_take_any_ipv6_block(client: Client) -> bool:
    """A subnet gets an IPv6 block in a VPC that has none."""
    ec2, _, subnet = network(client)
    return accepted(ec2.associate_subnet_cidr_block, SubnetId=subnet, Ipv6CidrBlock="2001:db8::/64")


@still_wrong("ec2", "associate_vpc_cidr_block", "describe_vpcs", "disassociate_vpc_cidr_block")
def blocks_are_there_at_once_and_go_under_subnets(client: Client) -> bool:
    """An IPv6 block without a passage, and without its rules in the default network ACL; a block in use goes."""
    ec2, vpc, _ = network(client)
    ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    shown = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=shown["Ipv6CidrBlock"].replace("/56", "/64"))
    acl = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"][0]
    gone = accepted(ec2.disassociate_vpc_cidr_block, AssociationId=shown["AssociationId"])
    return gone and not any("Ipv6CidrBlock" in entry for entry in acl["Entries"])


@still_wrong("ec2", "create_dhcp_options", "associate_dhcp_options")
def dhcp_options_forget_tags_and_go_with_their_vpc(client: Client) -> bool:
    """A set has no tags, and is deleted along with the VPC."""
    ec2, vpc = client("ec2"), client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    tags = [{"ResourceType": "dhcp-options", "Tags": [{"Key": "a", "Value": "b"}]}]
    names = [{"Key": "domain-name", "Values": ["example.com"]}]
    made = ec2.create_dhcp_options(DhcpConfigurations=names, TagSpecifications=tags)["DhcpOptions"]
    ec2.associate_dhcp_options(DhcpOptionsId=made["DhcpOptionsId"], VpcId=vpc)
    ec2.delete_vpc(VpcId=vpc)
    return not made.get("Tags") and not accepted(ec2.describe_dhcp_options, DhcpOptionsIds=[made["DhcpOptionsId"]])


@still_wrong("ec2", "create_network_acl_entry", "replace_network_acl_entry", "delete_network_acl_entry")
def rules_of_network_acls_forget_icmp_types(client: Client) -> bool:
    """A rule for ICMP has no type, and a rule that is not there can be deleted with a server's failure only."""
    ec2, vpc, _ = network(client)
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    rule = {"RuleNumber": 1, "Protocol": "1", "RuleAction": "allow", "Egress": False, "CidrBlock": "10.0.0.0/8"}
    ec2.create_network_acl_entry(NetworkAclId=acl, IcmpTypeCode={"Type": 8, "Code": -1}, **rule)
    shown = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    return not any("IcmpTypeCode" in entry for entry in shown)


@still_wrong("ec2", "create_flow_logs")
def flow_logs_go_to_no_folder(client: Client) -> bool:
    """A folder of a bucket is taken for the bucket."""
    ec2, vpc, _ = network(client)
    made = ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3",
                                LogDestination="arn:aws:s3:::logs/folder")  # fmt: skip
    return "logs/folder does not exist" in made["Unsuccessful"][0]["Error"]["Message"]


@still_wrong("ec2", "revoke_security_group_egress")
def rules_for_ipv6_outlast_ipv6(client: Client) -> bool:
    """A rule for IPv6 that a VPC without IPv6 has cannot be revoked, nor is that said."""
    ec2, vpc, _ = network(client)
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
    return accepted(ec2.revoke_security_group_egress, GroupId=group, IpPermissions=rule)


@still_wrong("ec2", "modify_subnet_attribute")
def subnets_lack_attributes(client: Client) -> bool:
    """EnableDns64 is taken and forgotten."""
    ec2, _, subnet = network(client)
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableDns64={"Value": True})
    return not ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0].get("EnableDns64")


@still_wrong("ec2", "allocate_address", "create_internet_gateway", "create_egress_only_internet_gateway")
def no_quota_of_addresses_and_gateways(client: Client) -> bool:
    """As many addresses and internet gateways as wanted."""
    ec2 = client("ec2")
    return all(accepted(ec2.allocate_address) and accepted(ec2.create_internet_gateway) for _ in range(7))


@still_wrong("ec2", "attach_internet_gateway")
def two_internet_gateways_on_one_vpc(client: Client) -> bool:
    """A VPC takes a second internet gateway."""
    ec2, vpc, _ = network(client)
    made = [ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(2)]
    return all(accepted(ec2.attach_internet_gateway, InternetGatewayId=igw, VpcId=vpc) for igw in made)


@still_wrong("ec2", "create_nat_gateway", "describe_nat_gateways")
def nat_gateways_are_there_at_once(client: Client) -> bool:
    """No `pending`, with or without an internet gateway."""
    ec2, _, subnet = network(client)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["State"] == "available"


@still_wrong("ec2", "delete_nat_gateway")
def nat_gateways_are_gone_at_once(client: Client) -> bool:
    """No `deleting`."""
    ec2, nat, *_ = gateway(client)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    found = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    return [each["State"] for each in found] != ["deleting"]


@still_wrong("ec2", "release_address", "disassociate_address")
def addresses_in_use_are_let_go(client: Client) -> bool:
    """The address of a living NAT gateway can be released."""
    ec2, _, address, _ = gateway(client)
    return accepted(ec2.release_address, AllocationId=address)


@still_wrong("ec2", "detach_internet_gateway")
def internet_gateways_are_detached_from_mapped_addresses(client: Client) -> bool:
    """An internet gateway can be detached under a NAT gateway."""
    ec2, _, _, ids = gateway(client)
    return accepted(ec2.detach_internet_gateway, InternetGatewayId=ids["igw"], VpcId=ids["vpc"])


@still_wrong("ec2", "delete_subnet", "delete_vpc")
def subnets_go_under_what_stands_in_them(client: Client) -> bool:
    """A subnet can be deleted under a NAT gateway."""
    ec2, _, _, ids = gateway(client)
    return accepted(ec2.delete_subnet, SubnetId=ids["subnet"])


@still_wrong("ec2", "delete_route_table")
def main_route_tables_can_be_deleted(client: Client) -> bool:
    """The main route table of a VPC can be deleted."""
    ec2, vpc, _ = network(client)
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    return accepted(ec2.delete_route_table, RouteTableId=tables[0]["RouteTableId"])


@still_wrong("ec2", "create_route", "replace_route")
def routes_lead_to_other_networks(client: Client) -> bool:
    """A route may lead to an internet gateway that is attached to nothing."""
    ec2, vpc, _ = network(client)
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    return accepted(ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)


@still_wrong("ec2", "create_vpc_endpoint", "describe_vpc_endpoints")
def client_tokens_of_endpoints_are_ignored(client: Client) -> bool:
    """The same client token makes two endpoints."""
    ec2, vpc, _ = network(client)
    params = {"VpcId": vpc, "ServiceName": "com.amazonaws.eu-west-1.s3", "ClientToken": "once"}
    return len({ec2.create_vpc_endpoint(**params)["VpcEndpoint"]["VpcEndpointId"] for _ in range(2)}) == 2


@still_wrong("ec2", "modify_vpc_endpoint")
def changed_gateway_endpoints_make_no_routes(client: Client) -> bool:
    """A route table that is added to a gateway endpoint gets no route."""
    ec2, vpc, _ = network(client)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Gateway", ServiceName="com.amazonaws.eu-west-1.s3")
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpoint"]["VpcEndpointId"], AddRouteTableIds=[table])
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return not any("DestinationPrefixListId" in route for route in routes)


@still_wrong("ec2", "delete_vpc_endpoints", "describe_network_interfaces", "delete_network_interface")
def interfaces_of_endpoints_are_nobody_s(client: Client) -> bool:
    """The network interface of an endpoint can be deleted like any other."""
    ec2, _, subnet = interface_endpoint(client)
    own = [{"Name": "subnet-id", "Values": [subnet]}]
    found = ec2.describe_network_interfaces(Filters=own)["NetworkInterfaces"]
    return accepted(ec2.delete_network_interface, NetworkInterfaceId=found[0]["NetworkInterfaceId"])


@still_wrong("ec2", "delete_security_group")
def groups_in_use_can_be_deleted(client: Client) -> bool:
    """A security group can be deleted while another one names it."""
    ec2, vpc, _ = network(client)
    ids = [ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in "ab"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": ids[0]}]}
    ec2.authorize_security_group_ingress(GroupId=ids[1], IpPermissions=[rule])
    return accepted(ec2.delete_security_group, GroupId=ids[0])


@still_wrong("ec2", "authorize_security_group_ingress", "authorize_security_group_egress")
def of_two_new_rules_one_is_shown(client: Client) -> bool:
    """The answer to two permissions has one rule."""
    ec2, vpc, _ = network(client)
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    ranges = {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    rules = [{**ranges, "FromPort": port, "ToPort": port} for port in (80, 443)]
    return len(ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)["SecurityGroupRules"]) != 2


# --- ElastiCache ---------------------------------------------------------------------------------------------------


def replication_group(client: Client) -> tuple[Any, dict[str, Any]]:
    """ElastiCache, and a group without cluster mode that should have two nodes."""
    cache = client("elasticache")
    made = cache.create_replication_group(
        ReplicationGroupId="demo", ReplicationGroupDescription="d", Engine="redis", NumCacheClusters=2
    )
    return cache, made["ReplicationGroup"]


@still_wrong("elasticache", "create_replication_group", "describe_replication_groups", "describe_cache_clusters")
def groups_are_there_at_once_and_have_no_members(client: Client) -> bool:
    """No `creating`; the nodes are no cache clusters."""
    cache, made = replication_group(client)
    return made["Status"] == "available" or cache.describe_cache_clusters()["CacheClusters"] == []


@still_wrong("elasticache", "modify_replication_group")
def changes_wait_for_nothing(client: Client) -> bool:
    """A node type that should wait for the maintenance window is there at once, or never."""
    cache, _ = replication_group(client)
    cache.modify_replication_group(ReplicationGroupId="demo", CacheNodeType="cache.m7g.large", ApplyImmediately=False)
    shown = cache.describe_cache_clusters()["CacheClusters"]
    return not any(each.get("PendingModifiedValues", {}).get("CacheNodeType") for each in shown)


@still_wrong("elasticache", "delete_replication_group")
def deleted_groups_stay(client: Client) -> bool:
    """A deleted group is `deleting` for ever."""
    cache, _ = replication_group(client)
    cache.delete_replication_group(ReplicationGroupId="demo")
    return all(accepted(cache.describe_replication_groups, ReplicationGroupId="demo") for _ in range(3))


@still_wrong("elasticache", "create_cache_subnet_group", "describe_cache_subnet_groups")
def subnet_groups_take_subnets_that_do_not_exist(client: Client) -> bool:
    """Any word is a subnet."""
    params = {"CacheSubnetGroupName": "g", "CacheSubnetGroupDescription": "d", "SubnetIds": ["subnet-0123"]}
    return accepted(client("elasticache").create_cache_subnet_group, **params)


@still_wrong("elasticache", "create_snapshot", "describe_snapshots", "delete_snapshot")
def snapshots_hold_no_nodes(client: Client) -> bool:
    """The snapshot of a group shows none of its node groups."""
    cache, _ = replication_group(client)
    made = cache.create_snapshot(SnapshotName="s", ReplicationGroupId="demo")["Snapshot"]
    return not made.get("NodeSnapshots")


@still_wrong("elasticache", "add_tags_to_resource", "remove_tags_from_resource", "list_tags_for_resource")
def tags_of_what_does_not_exist(client: Client) -> bool:
    """An unknown resource can be tagged."""
    arn = "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:nobody"
    return accepted(client("elasticache").add_tags_to_resource, ResourceName=arn, Tags=[{"Key": "a", "Value": "b"}])


@still_wrong("elasticache", "delete_user", "describe_users")
def users_are_in_no_group(_: Client) -> bool:
    """There are no user groups that could hold a user."""
    return not hasattr(ElastiCacheResponse, "create_user_group")


@still_wrong("elasticache", "create_user")
def access_strings_hold_passwords(client: Client) -> bool:
    """Whatever stands in an access string is taken, and user ids keep their capitals."""
    user = {"UserId": "App", "UserName": "app", "Engine": "redis", "AccessString": "on >secret ~* +@all"}
    return accepted(client("elasticache").create_user, **user, NoPasswordRequired=True)


# --- Kinesis -------------------------------------------------------------------------------------------------------


def stream(client: Client, shards: int = 2) -> Any:
    """Kinesis, with a stream `s`."""
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=shards, Tags={"team": "a"})
    return kinesis


def status(kinesis: Any) -> str:
    return kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamStatus"]


@still_wrong("kinesis", "create_stream", "describe_stream", "describe_stream_summary")
def streams_are_there_at_once_without_their_tags(client: Client) -> bool:
    """No CREATING; the tags are dropped."""
    kinesis = stream(client)
    return status(kinesis) == "ACTIVE" or kinesis.list_tags_for_stream(StreamName="s")["Tags"] == []


@still_wrong("kinesis", "delete_stream")
def streams_are_gone_at_once(client: Client) -> bool:
    """No DELETING."""
    kinesis = stream(client)
    kinesis.delete_stream(StreamName="s")
    return not accepted(kinesis.describe_stream_summary, StreamName="s")


@still_wrong("kinesis", "update_shard_count")
def streams_grow_without_limit(client: Client) -> bool:
    """From 2 to 50 shards in one step."""
    return accepted(
        stream(client).update_shard_count, StreamName="s", TargetShardCount=50, ScalingType="UNIFORM_SCALING"
    )


@still_wrong(
    "kinesis",
    "increase_stream_retention_period",
    "decrease_stream_retention_period",
    "start_stream_encryption",
    "stop_stream_encryption",
    "update_stream_mode",
    "split_shard",
    "merge_shards",
    "add_tags_to_stream",
    "remove_tags_from_stream",
)
def changes_of_a_stream_take_no_time(client: Client) -> bool:
    """No UPDATING, in which other changes are refused."""
    kinesis = stream(client)
    kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    return status(kinesis) == "ACTIVE"


@still_wrong("kinesis", "enable_enhanced_monitoring", "disable_enhanced_monitoring")
def all_metrics_is_a_metric(client: Client) -> bool:
    """ALL is kept as a word."""
    made = stream(client).enable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["ALL"])
    return made["DesiredShardLevelMetrics"] == ["ALL"]


@still_wrong("kinesis", "register_stream_consumer")
def two_consumers_of_one_name(client: Client) -> bool:
    """A consumer can be registered twice."""
    kinesis = stream(client)
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    return all(accepted(kinesis.register_stream_consumer, StreamARN=arn, ConsumerName="c") for _ in range(2))


@still_wrong("kinesis", "deregister_stream_consumer")
def consumers_stay_when_they_are_named(client: Client) -> bool:
    """A consumer that is deregistered by its name stays."""
    kinesis = stream(client)
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="c")
    return len(kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]) == 1


@still_wrong("kinesis", "describe_limits")
def the_shard_limit_is_not_the_account_s(client: Client) -> bool:
    """The limit is a fixed number, other than the default of this region, and cannot be set."""
    return client("kinesis").describe_limits()["ShardLimit"] != 20_000


# --- S3, Service Quotas, and what is corrected inside moto's models --------------------------------------------------


@still_wrong("s3")
def tags_of_new_buckets_are_dropped(client: Client) -> bool:
    """CreateBucketConfiguration.Tags has no effect."""
    tags = [{"Key": "team", "Value": "a"}]
    client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={**LOCATION, "Tags": tags})
    return not accepted(client("s3").get_bucket_tagging, Bucket="states")


@still_wrong("s3")
def new_buckets_are_open(client: Client) -> bool:
    """A new bucket has no public access block."""
    client("s3").create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    return not accepted(client("s3").get_public_access_block, Bucket="states")


@still_wrong("s3")
def any_word_is_a_bucket_name(client: Client) -> bool:
    """Names with two dots in a row are taken."""
    return accepted(client("s3").create_bucket, Bucket="our..states", CreateBucketConfiguration=LOCATION)


@still_wrong("s3")
def tags_outlive_their_bucket(client: Client) -> bool:
    """A new bucket of the same name has the tags of the one before."""
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    s3.put_bucket_tagging(Bucket="states", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    s3.delete_bucket(Bucket="states")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    return accepted(s3.get_bucket_tagging, Bucket="states")


@still_wrong("s3")
def conditions_of_policies_are_not_read(client: Client) -> bool:
    """A policy against plain HTTP locks everybody out."""
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::states/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="states", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return not accepted(s3.put_object, Bucket="states", Key="k", Body=b"")


@still_wrong("s3")
def lifecycle_rules_forget_how_many_versions_stay(client: Client) -> bool:
    """NewerNoncurrentVersions is dropped."""
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    expiration = {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5}
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": expiration}
    s3.put_bucket_lifecycle_configuration(Bucket="states", LifecycleConfiguration={"Rules": [rule]})
    shown = s3.get_bucket_lifecycle_configuration(Bucket="states")["Rules"][0]["NoncurrentVersionExpiration"]
    return shown != expiration


@still_wrong("service-quotas", "get_service_quota", "list_aws_default_service_quotas")
def quotas_of_elasticache_are_unknown(client: Client) -> bool:
    """Only quotas of the VPC are there."""
    return not accepted(client("service-quotas").get_service_quota, ServiceCode="elasticache", QuotaCode="L-DFE45DF3")


@still_wrong("ec2")
def default_groups_let_nobody_in(client: Client) -> bool:
    """The default security group does not let its own members in."""
    ec2, vpc, _ = network(client)
    own = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return ec2.describe_security_groups(Filters=own)["SecurityGroups"][0]["IpPermissions"] == []


@still_wrong("kinesis")
def records_go_to_closed_shards(client: Client) -> bool:
    """After a reshard records still go to the parents."""
    kinesis = stream(client, shards=1)
    kinesis.update_shard_count(StreamName="s", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    put = kinesis.put_record(StreamName="s", Data=b"x", PartitionKey="p")
    shards = kinesis.list_shards(StreamName="s")["Shards"]
    closed = {shard["ShardId"] for shard in shards if "EndingSequenceNumber" in shard["SequenceNumberRange"]}
    return put["ShardId"] in closed


@still_wrong("resourcegroupstaggingapi", "get_resources")
def streams_bear_no_tags_for_the_tagging_api(client: Client) -> bool:
    """Streams, endpoints and addresses are not found by their tags."""
    stream(client, shards=1).add_tags_to_stream(StreamName="s", Tags={"team": "a"})
    return not client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
