# SPDX-License-Identifier: Apache-2.0
# for_each: a table and a NAT gateway in each zone, rules of security groups as resources of their own.
locals { zones = { "eu-west-1a" = 0, "eu-west-1b" = 1 } }
resource "aws_vpc" "main" {
  cidr_block = "10.12.0.0/16"
  tags       = { Name = "fleet" }
}
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_subnet" "public" {
  for_each          = local.zones
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet("10.12.0.0/16", 8, each.value)
  availability_zone = each.key
  tags              = { Name = "fleet-public-${each.key}" }
}
resource "aws_subnet" "private" {
  for_each          = local.zones
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet("10.12.0.0/16", 8, 10 + each.value)
  availability_zone = each.key
  tags              = { Name = "fleet-private-${each.key}" }
}
resource "aws_eip" "nat" {
  for_each = local.zones
  domain   = "vpc"
}
resource "aws_nat_gateway" "main" {
  for_each      = local.zones
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
}
resource "aws_route_table" "public" { vpc_id = aws_vpc.main.id }
resource "aws_route_table" "private" {
  for_each = local.zones
  vpc_id   = aws_vpc.main.id
}
resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_route" "private" {
  for_each               = local.zones
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[each.key].id
}
resource "aws_route_table_association" "public" {
  for_each       = local.zones
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}
resource "aws_route_table_association" "private" {
  for_each       = local.zones
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}
resource "aws_security_group" "cache" {
  name        = "fleet-cache"
  description = "Cache"
  vpc_id      = aws_vpc.main.id
}
resource "aws_vpc_security_group_ingress_rule" "cache" {
  security_group_id = aws_security_group.cache.id
  cidr_ipv4         = "10.12.0.0/16"
  ip_protocol       = "tcp"
  from_port         = 6379
  to_port           = 6379
}
