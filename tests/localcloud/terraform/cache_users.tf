# SPDX-License-Identifier: Apache-2.0
# A replication group without cluster mode, let in by users.
variable "changed" { type = bool }

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "this" {
  for_each          = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value
  availability_zone = "eu-west-1${each.key}"
}

resource "aws_elasticache_subnet_group" "this" {
  name       = "plain"
  subnet_ids = [for subnet in aws_subnet.this : subnet.id]
}

resource "aws_elasticache_user" "default" {
  user_id       = "no-default"
  user_name     = "default"
  engine        = "redis"
  access_string = "off ~* -@all"
  passwords     = ["only-for-tests-password"]
}

resource "aws_elasticache_user" "app" {
  user_id       = "app"
  user_name     = "app"
  engine        = "redis"
  access_string = var.changed ? "on ~app:* -@all +@read +@write" : "on ~app:* -@all +@read"
  authentication_mode {
    type      = "password"
    passwords = ["only-for-tests-password"]
  }
}

resource "aws_elasticache_user_group" "this" {
  engine        = "redis"
  user_group_id = "app"
  user_ids      = [aws_elasticache_user.default.user_id, aws_elasticache_user.app.user_id]
  tags          = { Stage = var.changed ? "two" : "one" }
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = "plain"
  description                = var.changed ? "two" : "one"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = var.changed ? "cache.m7g.large" : "cache.t4g.small"
  num_cache_clusters         = var.changed ? 3 : 2
  port                       = 6379
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  automatic_failover_enabled = true
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  user_group_ids             = [aws_elasticache_user_group.this.id]
  apply_immediately          = true
}
