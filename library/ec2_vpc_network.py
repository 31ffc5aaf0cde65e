#!/usr/bin/python
# Copyright: Streambed contributors. Apache License 2.0 or GNU General Public License v3.0+, as you choose.
# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""The network of an environment, kept as declared: a VPC with all that belongs to it."""

DOCUMENTATION = r"""
module: ec2_vpc_network
short_description: Keep the VPC of an environment, with all that belongs to it, as declared
description:
  - Keeps a VPC with subnets by tier and zone, internet gateway, NAT gateways with their addresses, route tables,
    endpoints, security groups, the default security group and flow logs with their log groups and role.
  - Everything is found again by the ownership tags, by C(streambed:part) and by names derived from O(name); a run that
    died halfway is completed by the next one.
  - An option that is left out is no opinion, what is there stays; an empty list or dictionary says that none is wanted.
  - Subnets, routes and endpoints without our tags are left alone. The rules of a declared security group are kept
    exactly as declared.
options:
  name:
    description:
      - Name of the network and first part of the name of every part of it, at most 54 characters.
      - Left out, it is C(<stack_name>-<environment_suffix>).
    type: str
  vpc_id:
    description:
      - The VPC that this is about. Needed only where several bear this environment's tags, or with O(adopt).
    type: str
  adopt:
    description:
      - Whether the VPC of O(vpc_id), which bears nobody's ownership tags, becomes this environment's. What is in it
        stays as others made it, but for O(adopted_parts) and the internet gateway that tiers lead to.
    type: bool
    default: false
  adopted_parts:
    description:
      - Which of the things that others made in the VPC are which part of the network, as C(<kind>/<what>) and an id,
        such as C(subnet/app/eu-west-1a), C(route-table/app/eu-west-1a) or, for a table that a tier shares,
        C(route-table/<name>), C(nat/<zone>) with C(address/<zone>), C(internet-gateway), C(security-group/<key>),
        C(network-acl/<tier>), C(endpoint/<service>).
      - They get our ownership tags and keep the C(Name) that they have.
    type: dict
  part_names:
    description:
      - Names of single parts in the place of those made of O(name), as C(<kind>/<what>) and the C(Name) tag, such as
        C(subnet/app/eu-west-1a), C(route-table/<name>), C(nat/<zone>), C(address/<zone>), C(internet-gateway),
        C(security-group/<key>), C(endpoint/<service>), C(flow-log/<name>) or C(dhcp-options).
      - A name changes in place. What AWS itself calls a security group cannot change, and is no name of this kind.
    type: dict
  cidr_block:
    description: IPv4 block of the VPC, /16 to /28. A new VPC needs it or O(ipv4_ipam_pool_id); it cannot change.
    type: str
  ipv4_ipam_pool_id:
    description: IPAM pool that a new VPC's IPv4 block comes from, C(ipam-pool-…).
    type: str
  ipv4_netmask_length:
    description: Prefix of that block, 16 to 28, where O(cidr_block) does not say which one of the pool's it is.
    type: int
  secondary_cidr_blocks:
    description:
      - IPv4 blocks of the VPC beside O(cidr_block), /16 to /28; subnets are computed in them when that is full.
      - A block that is not listed is removed when no subnet is in it.
    type: list
    elements: str
  ipv6_pool:
    description:
      - Where the VPC's IPv6 block comes from, V(amazon), the id of an IPAM pool (C(ipam-pool-…)) or of a pool of
        addresses of one's own (C(ipv6pool-…)); V(none) takes the block away.
      - Each subnet gets a /64 of it that stays, tiers with C(internet=nat) an egress-only internet gateway as their way
        out.
    type: str
  ipv6_netmask_length:
    description: Prefix of a block from an IPAM pool, 44 to 60 in steps of 4. Left out, it is the pool's own.
    type: int
  zones:
    description:
      - Availability zones in which each tier has a subnet; together with O(tiers).
      - A zone that is added or removed moves no other subnet.
    type: list
    elements: str
  tiers:
    description:
      - Tiers of subnets by name, each with C(internet), and optionally the following.
      - C(internet) is C(gateway) for subnets with public addresses, C(nat) for subnets that only begin connections, or
        C(none).
      - C(zones) are those in which it has a subnet, where these are not all of O(zones). NAT gateways stand in the
        zones of their tier, and one zone's serves those that have none.
      - C(cidr_blocks) gives the block of a zone's subnet, by zone, instead of the computed one.
      - C(ipv6) is V(false) for a tier that gets no IPv6 block where the VPC has one.
      - C(ipv6_native) is V(true) for a tier whose subnets have IPv6 and nothing else; subnets stay what they are born
        as. NAT gateways and a cache with IPv4 addresses cannot stand in it, endpoints with C(ip_address_type=ipv6) can.
        With C(internet=nat) it begins connections by the egress-only internet gateway, and comes to hosts that have
        IPv4 only through the NAT gateway, with C(enable_dns64).
      - C(map_public_ip_on_launch), V(false) when left out, C(assign_ipv6_address_on_creation), C(enable_dns64),
        C(enable_resource_name_dns_a_record_on_launch), C(enable_resource_name_dns_aaaa_record_on_launch) and
        C(private_dns_hostname_type_on_launch) (V(ip-name) or V(resource-name)) are attributes of the tier's subnets.
        C(enable_dns64) adds the route through the NAT gateway that it needs.
      - C(network_acl) is a network ACL for the tier's subnets alone, with rules as in O(default_network_acl).
      - C(tags) are tags of the tier's subnets alone.
      - C(routes) leads blocks to targets beside the internet, by destination, such as C(pcx-…), C(tgw-…) or C(vgw-…).
        A destination may be the id of a prefix list. With C(internet=none) it may be C(0.0.0.0/0) or C(::/0), which
        leads out by a NAT instance (C(eni-…)), a firewall (C(vpce-…)) or a hub (C(tgw-…)) that others keep.
        Other routes stay, unless C(purge_routes) is true.
      - C(route_table) is the name of one route table for all subnets of the tiers that say so, in the place of one for
        each subnet. These tiers agree on all that it holds.
      - C(propagating_vgws) lists virtual private gateways that put their routes into the tier's tables.
    type: dict
  purge_subnets:
    description:
      - Whether subnets of others in the VPC are deleted. They are told in C(foreign) otherwise.
      - A network that is to go is refused as long as others have something in it that AWS would not delete it with.
    type: bool
    default: false
  subnet_prefix_length:
    description:
      - Prefix of computed subnets, 16 to 28.
      - Left out, it is such that O(reserved_tiers) times O(reserved_zones) subnets fill the VPC.
    type: int
  reserved_zones:
    description: Zones for which every tier keeps room.
    type: int
    default: 4
  reserved_tiers:
    description: Tiers for which the VPC keeps room.
    type: int
    default: 4
  nat_gateways:
    description:
      - NAT gateways for the tiers with C(internet=nat), in the first tier with C(internet=gateway).
      - A single one stays in its zone as long as that zone is declared. V(regional) is one that AWS spreads over the
        zones, and needs no tier with C(internet=gateway).
    type: str
    choices: [none, single, per_zone, regional]
  nat_allocation_ids:
    description:
      - Addresses for NAT gateways that are to be made, by zone, as C(eipalloc-…), in the place of new ones. They stay
        when the gateway goes.
    type: dict
  nat_secondary_allocation_ids:
    description:
      - Addresses that NAT gateways have beside their first, by zone, each a list of C(eipalloc-…) of yours, for more
        connections to one place. They come and go in place, an old one once its connections have ended, and stay when
        the gateway goes.
      - AWS takes 1 beside the first, and up to 7 when its quota is raised. A zone that is not listed has none; left
        out, each gateway keeps those that it has.
    type: dict
  dns_support:
    description: Whether the VPC's resolver answers. Left out, O(interface_endpoints) switch it on.
    type: bool
  dns_hostnames:
    description:
      - Whether hosts with public addresses have names; needs O(dns_support).
      - Left out, O(interface_endpoints) switch it on.
    type: bool
  network_address_usage_metrics:
    description: Whether CloudWatch counts the network address units that the VPC uses.
    type: bool
  instance_tenancy:
    description: Hardware of instances. Only a change to V(default) is possible.
    type: str
    choices: [default, dedicated]
  dhcp_options:
    description:
      - What hosts are told by DHCP, with C(domain_name), C(domain_name_servers) (up to four addresses, or
        V(AmazonProvidedDNS)), C(ntp_servers), C(netbios_name_servers), C(netbios_node_type) and
        C(ipv6_address_preferred_lease_time_seconds).
      - V({}) takes our set away, and AWS's own is used.
    type: dict
  gateway_endpoints:
    description: Services with a gateway endpoint in every route table, V(s3) and V(dynamodb).
    type: list
    elements: str
  interface_endpoints:
    description:
      - Short names of services with an interface endpoint, such as V(kinesis-streams).
      - They answer under the service's own name, to HTTPS from the VPC, through a security group of their own.
    type: list
    elements: str
  interface_endpoint_tier:
    description: Tier in whose subnets the interface endpoints stand.
    type: str
  endpoint_settings:
    description:
      - What is special about single endpoints, by service, with C(policy), a document, V({}) for AWS's own that lets
        everyone pass; left out, the policy stays.
      - Interface endpoints also have C(private_dns_enabled), V(true) when left out, C(security_groups), keys of
        O(security_groups) in the place of the endpoints' own group, C(tier) and C(zones), some of O(zones).
      - Their addresses and names are C(ip_address_type), V(ipv4), V(ipv6) or V(dualstack), C(dns_record_ip_type), the
        same words or V(service-defined), and of V(s3) C(private_dns_only_for_inbound_resolver_endpoint) - whether its
        private name is for those only who come from outside the VPC. Left out, each stays as it is.
    type: dict
  security_groups:
    description:
      - Security groups by key, each with C(description), C(ingress) and C(egress); the group is named C(<name>-<key>).
      - A rule has C(protocol) (C(tcp) when left out, C(udp), C(icmp), C(icmpv6), C(all), or the number of another one,
        which has no ports), C(port) or C(from_port) and C(to_port), and one of C(cidr_block), in which C(vpc) is the
        VPC's first block, C(ipv6_cidr_block), C(prefix_list), the id of one, and C(security_group), the key of a group
        in this dictionary or the id of somebody else's.
      - Rules of others are removed, unless C(purge_rules) is V(false); they are told in C(foreign) then.
      - C(ingress) or C(egress) left out is no opinion.
    type: dict
  default_security_group_locked:
    description: Whether the VPC's default security group is kept without rules. V(false) leaves it as it is.
    type: bool
  default_network_acl:
    description:
      - Rules of the VPC's default network ACL, which every subnet is under that has no other, as lists C(ingress) and
        C(egress). A direction left out stays as it is.
      - A rule has C(rule_number) (1 to 32766), C(action) (C(allow) when left out, C(deny)), C(protocol) (C(tcp) when
        left out, C(udp), C(icmp), C(icmpv6), C(all), or a number), C(port) or C(from_port) and C(to_port), or
        C(icmp_type) and C(icmp_code), and either C(cidr_block), in which C(vpc) is the VPC's first block, or
        C(ipv6_cidr_block).
    type: dict
  default_route_table_locked:
    description: Whether the VPC's main route table is kept without routes. V(false) leaves it as it is.
    type: bool
  flow_logs:
    description:
      - The flow log, with C(traffic_type) (C(ALL), C(ACCEPT), C(REJECT)), C(max_aggregation_interval_seconds) (60 or
        600), C(log_format) and C(destination).
      - Without C(destination) it goes to the log group C(/streambed/<name>/flow-logs), which has C(retention_days) and
        C(kms_key_id), the ARN of a key, and is written by a role of ours, or by that of C(iam_role_arn).
      - C(destination) may be the ARN of a bucket, or of a folder in it, with C(file_format) (C(plain-text),
        C(parquet)), C(hive_compatible_partitions) and C(per_hour_partition); the log group then goes, with its logs.
      - It may also be the ARN of a delivery stream of Firehose, or of a log group that somebody else keeps, to which a
        role of ours writes, or that of C(iam_role_arn).
      - C({}) removes it with its log group and role.
    type: dict
  further_flow_logs:
    description:
      - Flow logs beside that of O(flow_logs), by name, each with the keys of O(flow_logs) and a destination of its own;
        C({}) for one of all traffic. AWS cannot change a flow log, so one that differs is replaced.
      - Without C(destination) one goes to the log group C(/streambed/<name>/flow-logs/<its name>), and our role writes
        to it as well.
      - One that is not listed is removed with its log group; one that goes where another went is that one renamed.
    type: dict
  encryption_control:
    description:
      - Whether AWS looks at (C(mode=monitor)) or sees to (C(mode=enforce)) encryption in transit in the VPC, and what
        C(exclusions) are allowed to go without, such as V(internet_gateway) and V(nat_gateway).
      - V({}) takes the control away.
    type: dict
  block_public_access_exclusion:
    description:
      - What passes the VPC's internet gateway although the account blocks public access to VPCs. That setting itself is
        the account's, and not touched.
    type: str
    choices: [none, allow-bidirectional, allow-egress]
extends_documentation_fragment:
  - streambed
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Keep a network with public, application and cache subnets in two zones
  ec2_vpc_network:
    stack_name: sensors
    environment_suffix: dev
    cidr_block: 10.10.0.0/16
    zones: [eu-west-1a, eu-west-1b]
    tiers:
      public: {internet: gateway}
      app: {internet: nat}
      cache: {internet: none}
    nat_gateways: single
    dns_support: true
    dns_hostnames: true
    gateway_endpoints: [s3]
    interface_endpoints: [kinesis-streams]
    interface_endpoint_tier: app
    default_security_group_locked: true
    security_groups:
      app:
        ingress: []
        egress:
          - {port: 6379, security_group: cache}
          - {port: 443, cidr_block: 0.0.0.0/0}
      cache:
        ingress:
          - {port: 6379, security_group: app}
        egress: []
    flow_logs: {traffic_type: ALL, retention_days: 30, max_aggregation_interval_seconds: 600}

- name: Keep a network with IPv6, one NAT gateway for the region, and a network ACL around the cache
  ec2_vpc_network:
    stack_name: sensors
    environment_suffix: staging
    cidr_block: 10.30.0.0/16
    ipv6_pool: amazon
    zones: [eu-west-1a, eu-west-1b, eu-west-1c]
    tiers:
      app: {internet: nat, enable_dns64: true}
      cache:
        internet: none
        ipv6: false
        network_acl:
          ingress: [{rule_number: 100, port: 6379, cidr_block: vpc}]
          egress: [{rule_number: 100, from_port: 1024, to_port: 65535, cidr_block: vpc}]
    nat_gateways: regional
    default_route_table_locked: true

- name: Make a VPC that somebody made by hand this environment's
  ec2_vpc_network:
    stack_name: sensors
    environment_suffix: lab
    vpc_id: vpc-0a1b2c3d4e5f60718
    adopt: true

- name: Remove the network
  ec2_vpc_network:
    stack_name: sensors
    environment_suffix: dev
    state: absent
"""

RETURN = r"""
calls:
  description: The writes that were made, or in check mode would be made, in order.
  returned: success
  type: list
  elements: dict
  sample:
    - service: ec2
      operation: create_subnet
      params: {VpcId: (known after apply), CidrBlock: 10.10.0.0/20, AvailabilityZone: eu-west-1a}
      "on": subnet public/eu-west-1a
      why: create subnet public/eu-west-1a
      change: create
resource:
  description:
    - The network as it is after the run, in the words of the options, with C(vpc_id).
    - Subnets and route tables stand under C(<tier>/<zone>), NAT gateways under their zone, endpoints under the
      short name of the service, security groups under their key, network ACLs under their tier, each with its C(id).
  returned: success
  type: dict
  sample:
    vpc_id: vpc-0a1b2c3d
    cidr_block: 10.10.0.0/16
    subnets:
      app/eu-west-1a: {id: subnet-0a1b2c3d, cidr_block: 10.10.64.0/20, zone: eu-west-1a, tier: app}
calls_left:
  description: Calls that a run without O(wait) left to a later one, since they need what is still in the making.
  returned: success
  type: list
  elements: dict
scheduled:
  description: Options whose change waits for a maintenance window; a network has none.
  returned: success
  type: dict
foreign:
  description: What others have put into the network, each with C(what), C(id), C(where) and C(found). It is left alone.
  returned: success
  type: list
  elements: dict
waiting_for:
  description: What AWS was still in the middle of at the last look.
  returned: success
  type: list
  elements: str
aws_calls:
  description: Calls made, as C(reads) and C(writes).
  returned: success
  type: dict
"""

from ansible.module_utils.ec2_vpc_network.component import COMPONENT
from ansible.module_utils.reconcile.entry import run


def main() -> None:
    run(COMPONENT)


if __name__ == "__main__":
    main()
