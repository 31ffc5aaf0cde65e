# SPDX-License-Identifier: Apache-2.0
# IPv6 beside IPv4, an egress-only gateway, DHCP options, a network ACL.
variable "changed" { type = bool }

resource "aws_vpc" "this" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
}

resource "aws_subnet" "this" {
  vpc_id                          = aws_vpc.this.id
  cidr_block                      = "10.0.0.0/24"
  ipv6_cidr_block                 = cidrsubnet(aws_vpc.this.ipv6_cidr_block, 8, 1)
  assign_ipv6_address_on_creation = var.changed
}

resource "aws_egress_only_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "out" }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route" "out" {
  route_table_id              = aws_route_table.this.id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  subnet_id      = aws_subnet.this.id
  route_table_id = aws_route_table.this.id
}

resource "aws_vpc_dhcp_options" "this" {
  domain_name         = var.changed ? "two.internal" : "one.internal"
  domain_name_servers = ["AmazonProvidedDNS"]
  tags                = { Name = "names" }
}

resource "aws_vpc_dhcp_options_association" "this" {
  vpc_id          = aws_vpc.this.id
  dhcp_options_id = aws_vpc_dhcp_options.this.id
}

resource "aws_network_acl" "this" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = [aws_subnet.this.id]
  tags       = { Name = "acl" }
}

resource "aws_network_acl_rule" "in" {
  for_each       = { "100" = 443, "110" = var.changed ? 6380 : 6379 }
  network_acl_id = aws_network_acl.this.id
  rule_number    = tonumber(each.key)
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "10.0.0.0/16"
  from_port      = each.value
  to_port        = each.value
}

resource "aws_network_acl_rule" "icmp" {
  network_acl_id  = aws_network_acl.this.id
  rule_number     = 200
  egress          = true
  protocol        = "58"
  rule_action     = "allow"
  ipv6_cidr_block = "::/0"
  icmp_type       = -1
  icmp_code       = -1
}
