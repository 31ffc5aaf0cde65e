# SPDX-License-Identifier: Apache-2.0
"""VPC endpoints.

Source: EC2 API reference CreateVpcEndpoint, ModifyVpcEndpoint, DeleteVpcEndpoints; VPC user guide "Gateway endpoints"
and "Access an AWS service using an interface VPC endpoint".
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.utils import random_private_ip

from localcloud.clock import clock
from localcloud.overlays import interfaces
from localcloud.overlays.ec2 import services
from localcloud.overlays.ec2.base import Base, keep_matching
from localcloud.refusals import refuse

_KIND = "vpc_endpoint"
_GATEWAY_SERVICES = ("s3", "dynamodb")


class Endpoints(Base):
    """The calls on VPC endpoints."""

    def create_vpc_endpoint(self) -> ActionResult:
        """The endpoint; interface endpoints are `pending` for a while."""
        given = self.given
        kind = given.get("VpcEndpointType", "Gateway")
        self._check_service(given["ServiceName"], kind)
        vpc = self.ec2_backend.get_vpc(given["VpcId"])
        interface = kind == "Interface"
        private_dns = given.get("PrivateDnsEnabled", interface)
        _check_policy(given.get("PolicyDocument"))
        if interface:
            self._check_interface(vpc, given, private_dns)
            self._check_zones(given)
        for table_id in given.get("RouteTableIds", []):
            self._check_no_route_yet(table_id, given["ServiceName"])
        given |= {"VpcEndpointType": kind, "PrivateDnsEnabled": private_dns}
        if interface and not given.get("SecurityGroupIds"):
            given["SecurityGroupIds"] = [self.ec2_backend.get_default_security_group(vpc.id).id]
        endpoint = super().create_vpc_endpoint().result["VpcEndpoint"]
        endpoint.ip_address_type = given.get("IpAddressType", "ipv4")
        endpoint.dns_options = {"DnsRecordIpType": endpoint.ip_address_type, **given.get("DnsOptions", {})}
        if interface:
            self._adopt(endpoint)
            endpoint.state = "pending"
            clock.begin(_KIND, endpoint.id, lambda: setattr(endpoint, "state", "available"))
        return ActionResult({"VpcEndpoint": endpoint})

    def _check_service(self, name: str, kind: str) -> None:
        prefix = f"com.amazonaws.{self.region}."
        gateway = name.removeprefix(prefix) in _GATEWAY_SERVICES
        if not (name.startswith((prefix, "com.amazonaws.vpce.")) and (kind != "Gateway" or gateway)):
            raise refuse("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")

    def _check_zones(self, given: dict[str, Any]) -> None:
        """Source: CreateVpcEndpoint; terraform-provider-aws issues: the service has to be in the subnet's zone."""
        zones = [zone.name for zone in self.ec2_backend.describe_availability_zones([])]
        found = [each for each in services.details(self.region, zones) if each["ServiceName"] == given["ServiceName"]]
        offered = {zone for each in found for zone in each["AvailabilityZones"]}
        for name in given.get("SubnetIds", []) if found else []:
            if self.ec2_backend.get_subnet(name).availability_zone not in offered:
                message = f"The VPC endpoint service {given['ServiceName']} does not support the availability zone of "
                raise refuse("InvalidParameter", f"{message}the subnet: {name}.")

    def _check_interface(self, vpc: Any, given: dict[str, Any], private_dns: bool) -> None:
        subnets = [self.ec2_backend.get_subnet(name) for name in given.get("SubnetIds", [])]
        if any(subnet.ipv6_native for subnet in subnets) and given.get("IpAddressType") != "ipv6":
            # Source: PrivateLink guide, "Create a VPC endpoint": each kind of address takes subnets that have it.
            raise refuse("InvalidParameter", "IPv6 only subnets take endpoints with the IP address type ipv6.")
        zones = [subnet.availability_zone for subnet in subnets]
        if len(zones) != len(set(zones)):
            raise refuse("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the same zone.")
        for name in given.get("SecurityGroupIds", []):
            if self.ec2_backend.get_security_group_from_id(name) is None:
                raise refuse("InvalidSecurityGroupId.NotFound", f"The security group '{name}' does not exist")
        if not private_dns:
            return
        if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
            raise refuse(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
                f"for {vpc.id}",
            )
        self._check_gateway_beside(vpc, given)
        for other in self.ec2_backend.vpc_end_points.values():
            if (other.vpc_id, other.service_name, other.private_dns_enabled) == (vpc.id, given["ServiceName"], True):
                raise refuse(
                    "InvalidParameter",
                    f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                    f"{services.private_name(given['ServiceName'])} in the VPC {vpc.id}",
                )

    def _check_gateway_beside(self, vpc: Any, given: dict[str, Any]) -> None:
        """Source: recorded; terraform-aws-modules/terraform-aws-vpc#982."""
        options = given.get("DnsOptions", {})
        only_inbound = options.get("PrivateDnsOnlyForInboundResolverEndpoint", True)
        if not given["ServiceName"].endswith(".s3") or not only_inbound:
            return
        gateways = [e for e in self.ec2_backend.vpc_end_points.values() if e.vpc_endpoint_type == "Gateway"]
        if not any((each.vpc_id, each.service_name) == (vpc.id, given["ServiceName"]) for each in gateways):
            raise refuse(
                "InvalidParameter",
                f"To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc.id} must have a Gateway "
                "endpoint for the service.",
            )

    def _check_no_route_yet(self, table_id: str, service: str) -> None:
        """Source: EC2 error codes, RouteAlreadyExists: one route to a prefix list in a table."""
        for other in self.ec2_backend.vpc_end_points.values():
            if other.service_name == service and table_id in (other.route_table_ids or []):
                text = f"route table {table_id} already has a route with destination-prefix-list-id"
                raise refuse("RouteAlreadyExists", text)

    def describe_vpc_endpoint_services(self) -> ActionResult:
        """The services that match, with one entry for each type that they come in."""
        zones = [zone.name for zone in self.ec2_backend.describe_availability_zones([])]
        found = services.details(self.region, zones)
        wanted = self.given.get("ServiceNames", [])
        unknown = next((name for name in wanted if name not in {each["ServiceName"] for each in found}), None)
        if unknown:
            raise refuse("InvalidServiceName", f"The Vpc Endpoint Service '{unknown}' does not exist")
        found = [each for each in found if not wanted or each["ServiceName"] in wanted]
        filters: dict[str, list[str]] = {**self._filters_from_querystring()}
        found = [each for each in found if services.fits(each, filters)]
        names = sorted({each["ServiceName"] for each in found})
        return ActionResult({"ServiceNames": names, "ServiceDetails": found})

    def describe_vpc_endpoints(self) -> ActionResult:
        """The endpoints that match; each look brings one under way one poll nearer."""
        wanted = self.given.get("VpcEndpointIds", [])
        found = [self._endpoint(name) for name in wanted] or list(self.ec2_backend.vpc_end_points.values())
        fields = {
            "vpc-endpoint-id": lambda endpoint: endpoint.id,
            "vpc-id": lambda endpoint: endpoint.vpc_id,
            "service-name": lambda endpoint: endpoint.service_name,
            "vpc-endpoint-type": lambda endpoint: endpoint.vpc_endpoint_type,
            "vpc-endpoint-state": lambda endpoint: endpoint.state,
        }
        filters: dict[str, Any] = {**self._filters_from_querystring()}
        states = filters.pop("vpc-endpoint-state", None)
        found = keep_matching(found, filters, fields)
        for endpoint in found:
            clock.look(endpoint.id)
        found = [endpoint for endpoint in found if endpoint.id in self.ec2_backend.vpc_end_points]
        if states is not None:
            found = keep_matching(found, {"vpc-endpoint-state": states}, fields)
        return ActionResult({"VpcEndpoints": found})

    def modify_vpc_endpoint(self) -> ActionResult:
        """True. Route tables get and lose their route, subnets their network interface."""
        given = self.given
        endpoint = self._endpoint(given["VpcEndpointId"])
        clock.touch(endpoint.id)
        for table_id in given.get("AddRouteTableIds", []):
            self.ec2_backend.get_route_table(table_id)
            if table_id not in endpoint.route_table_ids:
                self._check_no_route_yet(table_id, endpoint.service_name)
                self._add_route(endpoint, table_id)
        for table_id in given.get("RemoveRouteTableIds", []):
            self._remove_route(endpoint, table_id)
        for subnet_id in given.get("AddSubnetIds", []):
            if subnet_id not in endpoint.subnet_ids:
                eni = self.ec2_backend.create_network_interface(subnet_id, random_private_ip())
                endpoint.network_interface_ids.append(eni.id)
        for subnet_id in given.get("RemoveSubnetIds", []):
            self._remove_interfaces(endpoint, subnet_id)
        endpoint.private_dns_enabled = given.get("PrivateDnsEnabled", endpoint.private_dns_enabled)
        _check_policy(given.get("PolicyDocument"))
        endpoint.ip_address_type = given.get("IpAddressType", endpoint.ip_address_type)
        endpoint.dns_options = {**endpoint.dns_options, **given.get("DnsOptions", {})}
        if given.get("ResetPolicy"):
            given["PolicyDocument"] = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
        answer = super().modify_vpc_endpoint()
        self._adopt(endpoint)
        return answer

    def _adopt(self, endpoint: Any) -> None:
        """The endpoint's interfaces say that they are its own, and are in its security groups."""
        for eni_id in endpoint.network_interface_ids or []:
            eni = self.ec2_backend.get_network_interface(eni_id)
            interfaces.own(eni, f"VPC Endpoint Interface {endpoint.id}", self.current_account, "vpc_endpoint")
            interfaces.put_into(self.ec2_backend, eni, endpoint.security_group_ids)

    def delete_vpc_endpoints(self) -> ActionResult:
        """The ids that could not be deleted; gateway endpoints are gone at once, interface endpoints later."""
        failed = []
        for name in self.given["VpcEndpointIds"]:
            endpoint = self.ec2_backend.vpc_end_points.get(name)
            if endpoint is None:
                message = f"The Vpc Endpoint Id '{name}' does not exist"
                error = {"Code": "InvalidVpcEndpoint.NotFound", "Message": message}
                failed.append({"ResourceId": name, "Error": error})
            elif endpoint.vpc_endpoint_type == "Gateway":
                self._endpoint_gone(endpoint)
            elif endpoint.state != "deleting":
                endpoint.state = "deleting"
                clock.begin(_KIND, endpoint.id, lambda gone=endpoint: self._endpoint_gone(gone))  # type: ignore[misc]
        return ActionResult({"Unsuccessful": failed})

    def _endpoint_gone(self, endpoint: Any) -> None:
        for table_id in endpoint.route_table_ids or []:
            self._remove_route(endpoint, table_id)
        for eni_id in endpoint.network_interface_ids or []:
            interfaces.let_go(self.ec2_backend, eni_id)
        self.ec2_backend.vpc_end_points.pop(endpoint.id, None)

    def _endpoint(self, name: str) -> Any:
        found = self.ec2_backend.vpc_end_points.get(name)
        if found is None:
            raise refuse("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{name}' does not exist")
        return found

    def _add_route(self, endpoint: Any, table_id: str) -> None:
        self.ec2_backend.create_route(
            table_id,
            None,
            gateway_id=endpoint.id,
            destination_prefix_list_id=endpoint.destination_prefix_list_id,
        )

    def _remove_route(self, endpoint: Any, table_id: str) -> None:
        table = self.ec2_backend.route_tables.get(table_id)
        for route in list(table._routes.values()) if table else []:
            if route.gateway is endpoint:
                del table._routes[route.id]

    def _remove_interfaces(self, endpoint: Any, subnet_id: str) -> None:
        for eni_id in list(endpoint.network_interface_ids):
            eni = self.ec2_backend.enis.get(eni_id)
            if eni and eni.subnet.id == subnet_id:
                endpoint.network_interface_ids.remove(eni_id)
                interfaces.let_go(self.ec2_backend, eni_id)


def _check_policy(policy: str | None) -> None:
    """Source: EC2 error codes, InvalidPolicyDocument."""
    try:
        good = policy is None or "Statement" in json.loads(policy)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise refuse("InvalidPolicyDocument", "The specified policy document is not a valid JSON policy document.")
