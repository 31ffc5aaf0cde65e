# SPDX-License-Identifier: Apache-2.0
# Counts: two kinds of private subnets behind one table, and an endpoint in all of them.
locals { zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
resource "aws_vpc" "this" { cidr_block = "10.11.0.0/16" }
resource "aws_internet_gateway" "this" { vpc_id = aws_vpc.this.id }
resource "aws_subnet" "public" {
  count             = 3
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet("10.11.0.0/16", 8, count.index)
  availability_zone = local.zones[count.index]
}
resource "aws_subnet" "app" {
  count             = 3
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet("10.11.0.0/16", 8, 10 + count.index)
  availability_zone = local.zones[count.index]
}
resource "aws_subnet" "data" {
  count             = 3
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet("10.11.0.0/16", 8, 20 + count.index)
  availability_zone = local.zones[count.index]
}
resource "aws_route_table" "public" { vpc_id = aws_vpc.this.id }
resource "aws_route_table" "private" { vpc_id = aws_vpc.this.id }
resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}
resource "aws_route_table_association" "public" {
  count          = 3
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}
resource "aws_route_table_association" "app" {
  count          = 3
  subnet_id      = aws_subnet.app[count.index].id
  route_table_id = aws_route_table.private.id
}
resource "aws_route_table_association" "data" {
  count          = 3
  subnet_id      = aws_subnet.data[count.index].id
  route_table_id = aws_route_table.private.id
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.this.id
  service_name    = "com.amazonaws.eu-west-1.s3"
  route_table_ids = [aws_route_table.public.id, aws_route_table.private.id]
}
