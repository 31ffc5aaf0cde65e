# SPDX-License-Identifier: Apache-2.0
"""VPCs, subnets and route tables: quotas, and what must be gone before they can go.

Source: EC2 API reference DeleteVpc, DeleteSubnet, DeleteRouteTable, CreateVpc, CreateRoute; "Error codes".
"""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.models import elasticache_backends

from localcloud.clock import clock
from localcloud.overlays.ec2.base import Base, violation
from localcloud.overlays.ec2.gateways import is_gone
from localcloud.overlays.ec2.subnets import become_native
from localcloud.overlays.elasticache.store import store_of
from localcloud.overlays.interfaces import still_there
from localcloud.refusals import refuse
from localcloud.settings import settings

_KIND = "vpc"
#: Source: VPC user guide, "Subnet sizing for IPv6": from /44 to /64 in steps of 4.
_IPV6_LENGTHS = range(44, 65, 4)
_TARGETS = (
    "CarrierGatewayId", "CoreNetworkArn", "EgressOnlyInternetGatewayId", "GatewayId", "InstanceId", "LocalGatewayId",
    "NatGatewayId", "NetworkInterfaceId", "TransitGatewayId", "VpcEndpointId", "OdbNetworkArn",
    "VpcPeeringConnectionId",
)  # fmt: skip


class Vpcs(Base):
    """The calls on VPCs, subnets and route tables that AWS refuses more often than moto does."""

    def create_vpc(self) -> ActionResult:
        """The VPC, `pending` first; AWS clears the host bits of its CIDR block."""
        self._check_vpc_quota()
        self._clear_host_bits()
        answer: Any = super().create_vpc().result
        vpc = answer["Vpc"]
        vpc.state = "pending"
        clock.begin(_KIND, vpc.id, lambda: setattr(vpc, "state", "available"))
        return ActionResult(answer)

    def describe_vpcs(self) -> ActionResult:
        """moto's answer; each look brings a new VPC one poll nearer."""
        named = self.given.get("VpcIds") or list(self.ec2_backend.vpcs)
        for name in named:
            clock.look(name)
        return super().describe_vpcs()

    def modify_vpc_attribute(self) -> ActionResult:
        """Nothing; one attribute is set in a call. Source: ModifyVpcAttribute; VPC user guide, "DNS attributes"."""
        given = self.given
        vpc = self.ec2_backend.get_vpc(given["VpcId"])
        names = [name for name in given if name.startswith("Enable")]
        if len(names) > 1:
            text = f"Fields for multiple attribute types specified: {', '.join(names)}"
            raise refuse("InvalidParameterCombination", text)
        if names == ["EnableDnsHostnames"] and given["EnableDnsHostnames"].get("Value") and not vpc.enable_dns_support:
            raise refuse("InvalidParameterValue", "DNS hostnames need DNS support to be enabled")
        return super().modify_vpc_attribute()

    def create_default_vpc(self) -> ActionResult:
        """The default VPC, which counts like any other."""
        self._check_vpc_quota()
        return super().create_default_vpc()

    def create_subnet(self) -> ActionResult:
        """The subnet; AWS clears the host bits of its CIDR block."""
        self._clear_host_bits()
        # Source: CreateSubnet: between /28 and /16.
        if int(self.given.get("CidrBlock", "/16").rpartition("/")[2]) not in range(16, 29):
            raise refuse("InvalidSubnet.Range", f"The CIDR '{self.given['CidrBlock']}' is invalid.")
        self._check_zone()
        if "Ipv6CidrBlock" in self.given:
            self._check_ipv6(self.given["VpcId"], self.given["Ipv6CidrBlock"])
        answer: Any = super().create_subnet()
        become_native(answer.result["Subnet"])
        return answer

    def associate_subnet_cidr_block(self) -> ActionResult:
        """The association of the subnet with an IPv6 block that lies in the VPC's and is nobody else's."""
        subnet = self.ec2_backend.get_subnet(self.given["SubnetId"])
        self._check_ipv6(subnet.vpc_id, self.given["Ipv6CidrBlock"])
        return super().associate_subnet_cidr_block()

    def _check_ipv6(self, vpc_id: str, block: str) -> None:
        """Source: EC2 API reference CreateSubnet; error codes InvalidSubnet.Range and InvalidSubnet.Conflict."""
        ec2 = self.ec2_backend
        wanted = _ipv6(block)
        ranges = [_ipv6(a["cidr_block"]) for a in ec2.get_vpc(vpc_id).get_cidr_block_association_set(ipv6=True)]
        if (
            wanted is None
            or wanted.prefixlen not in _IPV6_LENGTHS
            or not any(wanted.subnet_of(there) for there in ranges if there)
        ):
            raise refuse("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
        siblings = [subnet for subnet in ec2.describe_subnets() if subnet.vpc_id == vpc_id]
        taken = [_ipv6(a["ipv6CidrBlock"]) for subnet in siblings for a in subnet.ipv6_cidr_block_association_set]
        if any(wanted.overlaps(other) for other in taken if other):
            raise refuse("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet")

    def _check_zone(self) -> None:
        zones = [zone.name for zone in self.ec2_backend.describe_availability_zones([])]
        wanted = self.given.get("AvailabilityZone")
        if wanted is not None and wanted not in zones:
            text = f"Value ({wanted}) for parameter availabilityZone is invalid. Subnets can currently only be created "
            raise refuse("InvalidParameterValue", f"{text}in the following availability zones: {', '.join(zones)}.")

    def _check_vpc_quota(self) -> None:
        # Source: quota L-F678F1CE; error code VpcLimitExceeded.
        if len(self.ec2_backend.vpcs) >= settings.quota("vpcs_per_region"):
            raise refuse("VpcLimitExceeded", "The maximum number of VPCs has been reached.")

    def _clear_host_bits(self) -> None:
        try:
            network = ipaddress.IPv4Network(self.given["CidrBlock"], strict=False)
        except (KeyError, ValueError):
            return  # moto has the refusal for this
        self.given["CidrBlock"] = str(network)

    def delete_vpc(self) -> ActionResult:
        """Nothing. The default network ACL, security group and the main route table go with the VPC."""
        vpc_id = self.given["VpcId"]
        ec2 = self.ec2_backend
        ec2.get_vpc(vpc_id)
        clock.touch(vpc_id)
        if self._dependents(vpc_id):
            raise violation("vpc", vpc_id)
        answer = super().delete_vpc()
        for acl in [acl for acl in ec2.network_acls.values() if acl.vpc_id == vpc_id]:
            del ec2.network_acls[acl.id]
        ec2.groups.pop(vpc_id, None)
        return answer

    def _dependents(self, vpc_id: str) -> list[str]:
        """The ids of what has to be deleted before the VPC."""
        ec2 = self.ec2_backend
        found = [subnet.id for subnet in ec2.describe_subnets() if subnet.vpc_id == vpc_id]
        found += [igw.id for igw in ec2.internet_gateways.values() if igw.vpc and igw.vpc.id == vpc_id]
        found += [nat.id for nat in ec2.nat_gateways.values() if nat.vpc_id == vpc_id and not is_gone(nat)]
        found += [endpoint.id for endpoint in ec2.vpc_end_points.values() if endpoint.vpc_id == vpc_id]
        found += [group.id for group in ec2.groups.get(vpc_id, {}).values() if group.name != "default"]
        found += [table.id for table in _route_tables(ec2, vpc_id) if table.main_association_id is None]
        found += [acl.id for acl in ec2.network_acls.values() if acl.vpc_id == vpc_id and not acl.default]
        found += [g.id for g in ec2.egress_only_internet_gateways.values() if g.vpc_id == vpc_id]
        return found

    def delete_subnet(self) -> ActionResult:
        """Nothing. Its associations with route tables and network ACLs go with it."""
        ec2, subnet_id = self.ec2_backend, self.given["SubnetId"]
        ec2.get_subnet(subnet_id)
        # What is being deleted may be gone by now, and its interfaces with it.
        store_of(elasticache_backends[self.current_account][self.region]).all_groups()
        if still_there(ec2, [eni for eni in ec2.enis.values() if eni.subnet.id == subnet_id]):
            raise violation("subnet", subnet_id)
        answer = super().delete_subnet()
        for holder in [*ec2.route_tables.values(), *ec2.network_acls.values()]:
            _forget_subnet(holder._associations, subnet_id)
        return answer

    def delete_route_table(self) -> ActionResult:
        """Nothing; the main route table only goes with its VPC."""
        table = self.ec2_backend.get_route_table(self.given["RouteTableId"])
        if table.main_association_id is not None:
            raise violation("routeTable", table.id)
        answer = super().delete_route_table()
        for endpoint in self.ec2_backend.vpc_end_points.values():
            endpoint.route_table_ids = [i for i in endpoint.route_table_ids or [] if i != table.id]
        return answer

    def enable_vgw_route_propagation(self) -> ActionResult:
        """Nothing; the gateway has to be attached to the table's VPC."""
        table, gateway = self.ec2_backend.get_route_table(self.given["RouteTableId"]), self.given["GatewayId"]
        known = self.ec2_backend.vpn_gateways.get(gateway)
        if known is None or table.vpc_id not in known.attachments:
            raise refuse("Gateway.NotAttached", f"The gateway {gateway} is not attached to {table.vpc_id}")
        there = table.__dict__.setdefault("propagating_vgws", [])
        if {"GatewayId": gateway} not in there:
            there.append({"GatewayId": gateway})
        return EmptyResult()

    def disable_vgw_route_propagation(self) -> ActionResult:
        """Nothing."""
        table = self.ec2_backend.get_route_table(self.given["RouteTableId"])
        gone = {"GatewayId": self.given["GatewayId"]}
        table.propagating_vgws = [each for each in table.__dict__.get("propagating_vgws", []) if each != gone]
        return EmptyResult()

    def delete_route(self) -> ActionResult:
        """moto's answer; the local route stays."""
        given = self.given
        block = given.get("DestinationCidrBlock") or given.get("DestinationIpv6CidrBlock")
        table = self.ec2_backend.get_route_table(given["RouteTableId"])
        route = next((each for each in table._routes.values() if block and block in _blocks(each)), None)
        if route is not None and route.local:
            text = f"cannot remove local route {block} in route table {table.id}"
            raise refuse("InvalidParameterValue", text)
        return super().delete_route()

    def associate_route_table(self) -> ActionResult:
        """The association; refused for a subnet that has another table.  Source: AssociateRouteTable API reference."""
        subnet_id, table_id = self.given.get("SubnetId"), self.given["RouteTableId"]
        for table in self.ec2_backend.route_tables.values():
            if subnet_id and subnet_id in table._associations.values() and table.id != table_id:
                association = next(key for key, value in table._associations.items() if value == subnet_id)
                message = f"the specified association for route table {table_id} conflicts with an existing association"
                raise refuse("Resource.AlreadyAssociated", f"{message} {association}")
        return super().associate_route_table()

    def create_route(self) -> ActionResult:
        """moto's answer, once the target is known to be usable from this route table."""
        if not any(name in self.given for name in _TARGETS):
            # Source: EC2 error codes, MissingParameter; CreateRoute: exactly one target.
            raise refuse("MissingParameter", "The request must contain exactly one target of the route")
        self._check_target()
        return super().create_route()

    def replace_route(self) -> ActionResult:
        """moto's answer, once the target is known to be usable from this route table."""
        self._check_target()
        return super().replace_route()

    def _check_target(self) -> None:
        ec2, given = self.ec2_backend, self.given
        nat = given.get("NatGatewayId")
        if nat and (nat not in ec2.nat_gateways or is_gone(ec2.nat_gateways[nat])):
            raise refuse("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
        transit = given.get("TransitGatewayId")
        if transit:
            vpc = ec2.get_route_table(given["RouteTableId"]).vpc_id
            attached = {
                (each.transit_gateway_id, each.resource_id) for each in ec2.transit_gateway_attachments.values()
            }
            if (transit, vpc) not in attached:
                raise refuse("InvalidTransitGatewayID.NotFound", f"The transitGateway ID '{transit}' does not exist.")
        igw = given.get("GatewayId", "")
        if igw.startswith("igw-"):
            table = ec2.get_route_table(given["RouteTableId"])
            attached = ec2.get_internet_gateway(igw).vpc
            if attached is None or attached.id != table.vpc_id:
                message = f"route table {table.id} and network gateway {igw} belong to different networks"
                raise refuse("InvalidParameterValue", message)


def _blocks(route: Any) -> tuple[Any, Any]:
    return route.destination_cidr_block, route.destination_ipv6_cidr_block


def _ipv6(block: str) -> ipaddress.IPv6Network | None:
    try:
        return ipaddress.IPv6Network(block)
    except ValueError:
        return None


def _route_tables(ec2: Any, vpc_id: str) -> list[Any]:
    return [table for table in ec2.route_tables.values() if table.vpc_id == vpc_id]


def _forget_subnet(associations: dict[str, Any], subnet_id: str) -> None:
    """Drop the associations with a subnet: route tables keep its id, network ACLs an object."""
    for name, target in list(associations.items()):
        if subnet_id in (target, getattr(target, "subnet_id", None)):
            del associations[name]
