# SPDX-License-Identifier: Apache-2.0
"""What plain moto gets wrong: routes, network ACLs, and the rules of security groups."""

from __future__ import annotations

import itertools
from typing import Any

from botocore.exceptions import ClientError

from tests.localcloud.probes.registry import Client, accepted, network, still_wrong


@still_wrong("ec2", "associate_route_table")
def subnets_have_two_route_tables(client: Client) -> bool:
    """A subnet is associated with a second table."""
    ec2, vpc, subnet = network(client)
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    return all(accepted(ec2.associate_route_table, RouteTableId=table, SubnetId=subnet) for table in tables)


@still_wrong("ec2", "delete_route")
def local_routes_can_be_deleted(client: Client) -> bool:
    """The route inside the VPC goes."""
    ec2, vpc, _ = network(client)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    return accepted(ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")


@still_wrong("ec2", "create_network_acl")
def new_network_acls_have_no_last_rule(client: Client) -> bool:
    """The rules 32767, which deny the rest, are missing."""
    ec2, vpc, _ = network(client)
    return not ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["Entries"]


@still_wrong("ec2", "modify_vpc_attribute")
def host_names_need_no_support(client: Client) -> bool:
    """Host names are switched on where DNS support is off."""
    ec2, vpc, _ = network(client)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    return accepted(ec2.modify_vpc_attribute, VpcId=vpc, EnableDnsHostnames={"Value": True})


def group(client: Client) -> tuple[Any, dict[str, str]]:
    """EC2, and a security group's id with that of its one rule, to be given to a call."""
    ec2, vpc, _ = network(client)
    name = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    made = ec2.authorize_security_group_ingress(GroupId=name, IpPermissions=[rule])["SecurityGroupRules"]
    return ec2, {"GroupId": name, "rule": made[0]["SecurityGroupRuleId"]}


@still_wrong("ec2", "revoke_security_group_ingress")
def unknown_rules_are_unknown_permissions(client: Client) -> bool:
    """An id that no rule has is told as a permission that is not there."""
    ec2, made = group(client)
    try:
        ec2.revoke_security_group_ingress(GroupId=made["GroupId"], SecurityGroupRuleIds=["sgr-00000000000000000"])
    except ClientError as error:
        return error.response["Error"]["Code"] != "InvalidSecurityGroupRuleId.NotFound"
    return True


@still_wrong("ec2", "modify_security_group_rules")
def rules_change_their_kind(client: Client) -> bool:
    """A rule for a block becomes one for a group."""
    ec2, made = group(client)
    wanted = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "ReferencedGroupId": made["GroupId"]}
    change = {"SecurityGroupRuleId": made["rule"], "SecurityGroupRule": wanted}
    return accepted(ec2.modify_security_group_rules, GroupId=made["GroupId"], SecurityGroupRules=[change])


@still_wrong("ec2", "describe_vpc_endpoint_services")
def services_lack_their_kinds(client: Client) -> bool:
    """A service that is there as a gateway and as an interface is one entry, or none; or there is a failure."""
    name = "com.amazonaws.eu-west-1.s3"
    try:
        found = client("ec2").describe_vpc_endpoint_services(ServiceNames=[name])["ServiceDetails"]
    except Exception:
        return True
    kinds = itertools.chain.from_iterable(each["ServiceType"] for each in found)
    return {kind["ServiceType"] for kind in kinds} != {"Gateway", "Interface"}


@still_wrong("ec2", "delete_flow_logs")
def deleted_flow_logs_are_not_told(client: Client) -> bool:
    """The answer has no list of what could not be deleted."""
    ec2, vpc, _ = network(client)
    role = "arn:aws:iam::123456789012:role/flow"
    made = ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="flow",
                                DeliverLogsPermissionArn=role)  # fmt: skip
    return "Unsuccessful" not in ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"])
