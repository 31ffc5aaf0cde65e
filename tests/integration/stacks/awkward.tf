# SPDX-License-Identifier: Apache-2.0
# What cannot be said: a subnet that uses the main table, uneven zones, a table that two of three zones share, two
# streams.
resource "aws_vpc" "odd" { cidr_block = "10.14.0.0/16" }
resource "aws_subnet" "even_a" {
  vpc_id            = aws_vpc.odd.id
  cidr_block        = "10.14.1.0/24"
  availability_zone = "eu-west-1a"
  tags              = { Name = "even-a" }
}
resource "aws_subnet" "even_b" {
  vpc_id            = aws_vpc.odd.id
  cidr_block        = "10.14.2.0/24"
  availability_zone = "eu-west-1b"
  tags              = { Name = "even-b" }
}
resource "aws_route_table" "even" { vpc_id = aws_vpc.odd.id }
resource "aws_route_table_association" "even_a" {
  subnet_id      = aws_subnet.even_a.id
  route_table_id = aws_route_table.even.id
}
resource "aws_route_table_association" "even_b" {
  subnet_id      = aws_subnet.even_b.id
  route_table_id = aws_route_table.even.id
}
resource "aws_subnet" "alone" {
  vpc_id            = aws_vpc.odd.id
  cidr_block        = "10.14.3.0/24"
  availability_zone = "eu-west-1c"
}
resource "aws_kinesis_stream" "first" {
  name        = "first"
  shard_count = 1
}
resource "aws_kinesis_stream" "second" {
  name        = "second"
  shard_count = 1
}
