# SPDX-License-Identifier: Apache-2.0
# A cache without cluster mode, in a network of others, with a parameter group of its own.
data "aws_availability_zones" "here" {}
resource "aws_vpc" "of_others" { cidr_block = "10.13.0.0/16" }
resource "aws_subnet" "of_others" {
  count             = 2
  vpc_id            = aws_vpc.of_others.id
  cidr_block        = cidrsubnet("10.13.0.0/16", 8, count.index)
  availability_zone = data.aws_availability_zones.here.names[count.index]
}
resource "aws_elasticache_subnet_group" "cache" {
  name        = "sessions"
  description = "Sessions"
  subnet_ids  = aws_subnet.of_others[*].id
}
resource "aws_elasticache_parameter_group" "cache" {
  name   = "sessions"
  family = "valkey8"
  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }
}
resource "aws_security_group" "cache" {
  name        = "sessions"
  description = "Sessions"
  vpc_id      = aws_vpc.of_others.id
}
resource "aws_elasticache_replication_group" "cache" {
  replication_group_id       = "sessions"
  description                = "Sessions"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = "cache.t4g.micro"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  parameter_group_name       = aws_elasticache_parameter_group.cache.name
  subnet_group_name          = aws_elasticache_subnet_group.cache.name
  security_group_ids         = [aws_security_group.cache.id]
  snapshot_retention_limit   = 3
  snapshot_window            = "01:00-02:00"
  maintenance_window         = "mon:03:00-mon:04:00"
}
