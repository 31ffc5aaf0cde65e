# SPDX-License-Identifier: Apache-2.0
variable "name" { type = string }
resource "aws_vpc" "this" {
  cidr_block         = "10.15.0.0/16"
  enable_dns_support = true
  tags               = { Name = "platform-${var.name}" }
}
resource "aws_subnet" "intra" {
  for_each          = { a = "eu-west-1a", b = "eu-west-1b" }
  vpc_id            = aws_vpc.this.id
  cidr_block        = each.key == "a" ? "10.15.1.0/24" : "10.15.2.0/24"
  availability_zone = each.value
}
resource "aws_route_table" "intra" {
  for_each = aws_subnet.intra
  vpc_id   = aws_vpc.this.id
}
resource "aws_route_table_association" "intra" {
  for_each       = aws_subnet.intra
  subnet_id      = each.value.id
  route_table_id = aws_route_table.intra[each.key].id
}
resource "aws_default_security_group" "this" { vpc_id = aws_vpc.this.id }
resource "aws_kinesis_stream" "this" {
  count       = 1
  name        = "platform-${var.name}"
  shard_count = 1
}
