# SPDX-License-Identifier: Apache-2.0
"""The network: what AWS gives along, what it limits, and the order in which it lets go."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import Network, refused

NAME = [{"Key": "Name", "Value": "demo"}]


class Public:
    """A VPC with DNS, a public subnet, an attached internet gateway and an elastic IP."""

    def __init__(self, cloud: Cloud) -> None:
        self.ec2 = cloud.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.ec2.modify_vpc_attribute(VpcId=self.vpc, **{name: {"Value": True}})
        self.subnet = self.subnet_in("eu-west-1a", 0)
        self.igw = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        self.eip = self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def subnet_in(self, zone: str, number: int) -> str:
        options = {"VpcId": self.vpc, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": zone}
        return self.ec2.create_subnet(**options)["Subnet"]["SubnetId"]

    def nat(self, **options: Any) -> dict[str, Any]:
        tags = [{"ResourceType": "natgateway", "Tags": NAME}]
        options = {"SubnetId": self.subnet, "AllocationId": self.eip, "TagSpecifications": tags, **options}
        return self.ec2.create_nat_gateway(**options)["NatGateway"]

    def nat_states(self, **options: Any) -> list[str]:
        return [nat["State"] for nat in self.ec2.describe_nat_gateways(**options)["NatGateways"]]

    def table(self) -> str:
        return self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]

    def routes(self, table: str) -> list[dict[str, Any]]:
        return self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]

    def endpoint(self, service: str = "s3", **options: Any) -> dict[str, Any]:
        name = f"com.amazonaws.eu-west-1.{service}"
        return self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=name, **options)["VpcEndpoint"]


@pytest.fixture
def public(cloud: Cloud) -> Public:
    return Public(cloud)


@pytest.mark.parametrize(("asked", "given"), [("10.1.2.3/16", "10.1.0.0/16"), ("10.1.0.0/16", "10.1.0.0/16")])
def test_host_bits_are_cleared(cloud: Cloud, asked: str, given: str) -> None:
    assert cloud.client("ec2").create_vpc(CidrBlock=asked)["Vpc"]["CidrBlock"] == given


def test_tags_of_the_wrong_kind_are_refused(cloud: Cloud) -> None:
    tags = [{"ResourceType": "subnet", "Tags": NAME}]
    with refused("InvalidParameterValue", "taggable"):
        cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)


def test_unknown_filters_are_refused(public: Public) -> None:
    bogus = [{"Name": "bogus", "Values": ["x"]}]
    for method in ("describe_nat_gateways", "describe_vpc_endpoints", "describe_vpcs"):
        with refused("InvalidParameterValue", "The filter 'bogus' is invalid"):
            getattr(public.ec2, method)(Filters=bogus)


@pytest.mark.parametrize(("region", "zones"), [("eu-west-1", "abc"), ("eu-central-1", "abc")])
def test_zones(cloud: Cloud, region: str, zones: str) -> None:
    found = cloud.client("ec2", region_name=region).describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in found][:3] == [region + zone for zone in zones]


def test_quotas_stop_creation(cloud: Cloud, public: Public) -> None:
    cloud.configure(quotas={"vpcs_per_region": 2, "elastic_ips_per_region": 1, "nat_gateways_per_zone": 1})
    with refused("VpcLimitExceeded"):
        public.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    with refused("AddressLimitExceeded"):
        public.ec2.allocate_address(Domain="vpc")
    cloud.configure(quotas={"elastic_ips_per_region": 2})
    public.nat()
    other = public.ec2.allocate_address(Domain="vpc")["AllocationId"]
    with refused("NatGatewayLimitExceeded"):
        public.nat(AllocationId=other)
    public.nat(AllocationId=other, SubnetId=public.subnet_in("eu-west-1b", 1))


def test_nat_gateway_states_by_polls(cloud: Cloud, public: Public) -> None:
    cloud.configure(settle_polls={"nat_gateway": 2})
    nat = public.nat()
    assert (nat["State"], nat["ConnectivityType"]) == ("pending", "public")
    assert [public.nat_states() for _ in range(3)] == [["pending"], ["pending"], ["available"]]
    public.ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert [public.nat_states() for _ in range(3)] == [["deleting"], ["deleting"], ["deleted"]]
    with refused("NatGatewayNotFound"):
        public.ec2.delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")


def test_nat_gateway_filters(public: Public) -> None:
    public.nat()
    assert public.nat_states(Filters=[{"Name": "tag:Name", "Values": ["d?mo"]}]) == ["available"]
    assert public.nat_states(Filters=[{"Name": "tag:Name", "Values": ["other"]}]) == []
    assert public.nat_states(Filters=[{"Name": "state", "Values": ["pending"]}]) == []
    both = [{"Name": "vpc-id", "Values": [public.vpc]}, {"Name": "state", "Values": ["pending", "available"]}]
    assert public.nat_states(Filters=both) == ["available"]


def test_a_nat_gateway_needs_an_internet_gateway(public: Public) -> None:
    public.ec2.detach_internet_gateway(InternetGatewayId=public.igw, VpcId=public.vpc)
    public.nat()
    (nat,) = public.ec2.describe_nat_gateways()["NatGateways"]
    assert (nat["State"], nat["FailureCode"]) == ("failed", "Gateway.NotAttached")
    public.ec2.release_address(AllocationId=public.eip)


def test_client_tokens(public: Public) -> None:
    first = public.nat(ClientToken="one")
    assert public.nat(ClientToken="one")["NatGatewayId"] == first["NatGatewayId"]
    with refused("IdempotentParameterMismatch"):
        public.nat(ClientToken="one", SubnetId=public.subnet_in("eu-west-1b", 1))
    gateway = public.endpoint(ClientToken="two")
    assert public.endpoint(ClientToken="two")["VpcEndpointId"] == gateway["VpcEndpointId"]
    with refused("IdempotentParameterMismatch"):
        public.endpoint("dynamodb", ClientToken="two")


def test_an_address_in_use_is_not_released(public: Public) -> None:
    nat = public.nat()
    with refused("AuthFailure"):
        public.ec2.release_address(AllocationId=public.eip)
    public.ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    public.ec2.release_address(AllocationId=public.eip)
    with refused("InvalidAllocationID.NotFound"):
        public.ec2.release_address(AllocationId=public.eip)


def test_an_address_of_an_interface_is_in_use(public: Public) -> None:
    eni = public.ec2.create_network_interface(SubnetId=public.subnet)["NetworkInterface"]["NetworkInterfaceId"]
    public.ec2.associate_address(AllocationId=public.eip, NetworkInterfaceId=eni)
    with refused("InvalidIPAddress.InUse"):
        public.ec2.release_address(AllocationId=public.eip)


def test_one_internet_gateway_per_vpc(public: Public) -> None:
    other = public.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", "already has"):
        public.ec2.attach_internet_gateway(InternetGatewayId=other, VpcId=public.vpc)


def test_routes_need_a_target_that_fits(public: Public) -> None:
    table = public.table()
    options = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    with refused("InvalidNatGatewayID.NotFound"):
        public.ec2.create_route(**options, NatGatewayId="nat-0123456789abcdef0")
    foreign = public.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", "different networks"):
        public.ec2.create_route(**options, GatewayId=foreign)
    public.ec2.create_route(**options, GatewayId=public.igw)
    public.ec2.replace_route(**options, NatGatewayId=public.nat()["NatGatewayId"])


def test_gateway_endpoints_touch_routes(public: Public) -> None:
    one, two = public.table(), public.table()
    endpoint = public.endpoint(RouteTableIds=[one])
    assert (endpoint["VpcEndpointType"], endpoint["State"]) == ("Gateway", "available")
    assert [len(public.routes(table)) for table in (one, two)] == [2, 1]
    name = {"VpcEndpointId": endpoint["VpcEndpointId"]}
    public.ec2.modify_vpc_endpoint(**name, AddRouteTableIds=[two], RemoveRouteTableIds=[one])
    assert [len(public.routes(table)) for table in (one, two)] == [1, 2]
    (shown,) = public.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert shown["RouteTableIds"] == [two]
    failed = public.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"], "vpce-0"])["Unsuccessful"]
    assert [failure["ResourceId"] for failure in failed] == ["vpce-0"]
    assert len(public.routes(two)) == 1
    assert public.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_interface_endpoints(cloud: Cloud, public: Public) -> None:
    cloud.configure(settle_polls={"vpc_endpoint": 1})
    options = {"VpcEndpointType": "Interface", "SubnetIds": [public.subnet]}
    endpoint = public.endpoint("kinesis-streams", **options)
    assert endpoint["Groups"][0]["GroupName"] == "default"
    assert len(endpoint["NetworkInterfaceIds"]) == 1

    def states() -> list[str]:
        filters = [{"Name": "service-name", "Values": ["*.kinesis-streams"]}]
        return [e["State"] for e in public.ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]]

    assert [states(), states()] == [["pending"], ["available"]]
    with refused("InvalidParameter", "conflicting DNS"):
        public.endpoint("kinesis-streams", **options)
    with refused("DependencyViolation"):
        public.ec2.delete_subnet(SubnetId=public.subnet)
    public.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    with refused("DependencyViolation"):
        public.ec2.delete_subnet(SubnetId=public.subnet)
    assert [states(), states()] == [["deleting"], []]
    public.ec2.delete_subnet(SubnetId=public.subnet)


def test_endpoints_that_cannot_be_made(public: Public) -> None:
    with refused("InvalidServiceName"):
        public.endpoint("kinesis-streams")
    with refused("InvalidServiceName"):
        public.ec2.create_vpc_endpoint(VpcId=public.vpc, ServiceName="com.amazonaws.eu-west-9.s3")
    public.ec2.modify_vpc_attribute(VpcId=public.vpc, EnableDnsHostnames={"Value": False})
    with refused("InvalidParameter", "enableDnsHostnames"):
        public.endpoint("kinesis-streams", VpcEndpointType="Interface", SubnetIds=[public.subnet])
    with refused("DuplicateSubnetsInSameZone"):
        subnets = [public.subnet, public.subnet_in("eu-west-1a", 1)]
        public.endpoint("kinesis-streams", VpcEndpointType="Interface", SubnetIds=subnets, PrivateDnsEnabled=False)


def test_the_default_group_lets_its_members_in_and_stays(public: Public) -> None:
    of_vpc = [{"Name": "vpc-id", "Values": [public.vpc]}]
    (group,) = public.ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]
    (rule,) = group["IpPermissions"]
    assert rule["IpProtocol"] == "-1"
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group["GroupId"]]
    with refused("CannotDelete"):
        public.ec2.delete_security_group(GroupId=group["GroupId"])


def test_rules_of_security_groups(public: Public) -> None:
    make = public.ec2.create_security_group
    one, two = (make(GroupName=name, Description="d", VpcId=public.vpc)["GroupId"] for name in ("one", "two"))
    permissions = [
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "in"}]},
        {"IpProtocol": "tcp", "FromPort": 2, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": two, "Description": "two"}]},
    ]
    tags = [{"ResourceType": "security-group-rule", "Tags": NAME}]
    allow = public.ec2.authorize_security_group_ingress
    added = allow(GroupId=one, IpPermissions=permissions, TagSpecifications=tags)["SecurityGroupRules"]
    assert [rule["Description"] for rule in added] == ["in", "two"]
    by_tag = public.ec2.describe_security_group_rules(Filters=[{"Name": "tag:Name", "Values": ["demo"]}])
    assert {rule["SecurityGroupRuleId"] for rule in by_tag["SecurityGroupRules"]} == {
        rule["SecurityGroupRuleId"] for rule in added
    }
    new = {"IpProtocol": "tcp", "FromPort": 3, "ToPort": 3, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    same = {"IpProtocol": "tcp", "FromPort": 2, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": two}]}
    with refused("InvalidPermission.Duplicate"):
        allow(GroupId=one, IpPermissions=[new, same])
    rules = public.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [one]}])
    assert len([rule for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]]) == 2
    with refused("DependencyViolation"):
        public.ec2.delete_security_group(GroupId=two)
    public.ec2.revoke_security_group_ingress(GroupId=one, IpPermissions=[same])
    public.ec2.delete_security_group(GroupId=two)


def test_a_replication_group_holds_its_network(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.client("ec2")
    group = ec2.create_security_group(GroupName="cache", Description="d", VpcId=network.vpc)["GroupId"]
    network.create(SecurityGroupIds=[group], PreferredCacheClusterAZs=["eu-west-1a"])
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=network.subnets[0])
    network.cache.delete_replication_group(ReplicationGroupId="demo")
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=network.subnets[0])


def test_a_vpc_goes_last(public: Public) -> None:
    ec2, vpc = public.ec2, {"VpcId": public.vpc}
    of_vpc = [{"Name": "vpc-id", "Values": [public.vpc]}]
    (main,) = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    table = public.table()
    ec2.associate_route_table(RouteTableId=table, SubnetId=public.subnet)
    endpoint = public.endpoint(RouteTableIds=[table])["VpcEndpointId"]
    group = ec2.create_security_group(GroupName="one", Description="d", **vpc)["GroupId"]
    nat = public.nat()["NatGatewayId"]

    def still_needed() -> None:
        with refused("DependencyViolation"):
            ec2.delete_vpc(**vpc)

    still_needed()
    with refused("DependencyViolation", "mapped public"):
        ec2.detach_internet_gateway(InternetGatewayId=public.igw, **vpc)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=public.subnet)
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=main["RouteTableId"])
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.detach_internet_gateway(InternetGatewayId=public.igw, **vpc)
    ec2.delete_subnet(SubnetId=public.subnet)
    still_needed()
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    still_needed()
    ec2.delete_route_table(RouteTableId=table)
    still_needed()
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(**vpc)
    assert ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []
    assert ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"] == []
    assert ec2.describe_route_tables(Filters=of_vpc)["RouteTables"] == []


def test_an_attached_gateway_holds_its_vpc(public: Public) -> None:
    public.ec2.delete_subnet(SubnetId=public.subnet)
    with refused("DependencyViolation"):
        public.ec2.delete_vpc(VpcId=public.vpc)
    public.ec2.detach_internet_gateway(InternetGatewayId=public.igw, VpcId=public.vpc)
    public.ec2.delete_vpc(VpcId=public.vpc)
