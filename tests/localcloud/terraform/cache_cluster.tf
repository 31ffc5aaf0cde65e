# SPDX-License-Identifier: Apache-2.0
# A replication group in cluster mode, with parameters, encryption, a token and logs.
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
  name       = "cache"
  subnet_ids = [for subnet in aws_subnet.this : subnet.id]
}

resource "aws_security_group" "this" {
  name   = "cache"
  vpc_id = aws_vpc.this.id
  ingress {
    from_port   = 6379
    to_port     = 6379
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/16"]
  }
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "cache"
  family      = "redis7"
  description = "sensors"
  parameter {
    name  = "cluster-enabled"
    value = "yes"
  }
  parameter {
    name  = "maxmemory-policy"
    value = var.changed ? "allkeys-lru" : "volatile-lru"
  }
}

resource "aws_cloudwatch_log_group" "slow" {
  name = "/cache/slow"
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = "cache"
  description                = "sensors"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.small"
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]
  num_node_groups            = var.changed ? 3 : 2
  replicas_per_node_group    = 1
  automatic_failover_enabled = true
  multi_az_enabled           = true
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token                 = "only-for-tests-token"
  auth_token_update_strategy = "ROTATE"
  snapshot_retention_limit   = var.changed ? 3 : 1
  snapshot_window            = "03:00-04:00"
  maintenance_window         = "sun:05:00-sun:06:00"
  apply_immediately          = true
  log_delivery_configuration {
    destination      = aws_cloudwatch_log_group.slow.name
    destination_type = "cloudwatch-logs"
    log_format       = "json"
    log_type         = "slow-log"
  }
  tags = { Stage = var.changed ? "two" : "one" }
}
