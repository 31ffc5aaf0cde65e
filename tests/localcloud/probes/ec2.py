# SPDX-License-Identifier: Apache-2.0
"""What plain moto gets wrong: EC2."""

from __future__ import annotations

from tests.localcloud.probes.registry import Client, accepted, gateway, interface_endpoint, network, still_wrong


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
