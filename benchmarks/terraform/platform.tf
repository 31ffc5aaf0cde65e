# SPDX-License-Identifier: Apache-2.0
# The environment of inventories/local as Terraform keeps it, a twin called terraform-local; for benchmarks/no_op.py.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }

locals {
  name  = "terraform-local"
  tags  = { "streambed:stack" = "terraform", "streambed:environment" = "local" }
  zones = ["eu-west-1a", "eu-west-1b"]
  tiers = ["public", "app", "cache"]
  subnets = { for pair in setproduct(local.tiers, local.zones) : "${pair[0]}/${pair[1]}" => {
    tier = pair[0]
    zone = pair[1]
    cidr = cidrsubnet("10.20.0.0/16", 4, index(local.tiers, pair[0]) * 4 + index(local.zones, pair[1]))
  } }
}

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "embedded-cloud-access"
  secret_key                  = "embedded-cloud-nonsecret"
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_credentials_validation = true
  default_tags { tags = local.tags }
  endpoints {
    cloudwatchlogs = var.endpoint
    dynamodb       = var.endpoint
    ec2            = var.endpoint
    elasticache    = var.endpoint
    iam            = var.endpoint
    kinesis        = var.endpoint
    s3             = var.endpoint
    sts            = var.endpoint
  }
}

data "aws_caller_identity" "here" {}

resource "aws_vpc" "this" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = local.name }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "this" {
  for_each          = local.subnets
  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value.cidr
  availability_zone = each.value.zone
  tags              = { Name = each.key }
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.this["public/eu-west-1a"].id
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "this" {
  for_each = local.subnets
  vpc_id   = aws_vpc.this.id
  tags     = { Name = each.key }
}

resource "aws_route_table_association" "this" {
  for_each       = local.subnets
  route_table_id = aws_route_table.this[each.key].id
  subnet_id      = aws_subnet.this[each.key].id
}

resource "aws_route" "internet" {
  for_each               = { for key, each in local.subnets : key => each if each.tier == "public" }
  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route" "nat" {
  for_each               = { for key, each in local.subnets : key => each if each.tier == "app" }
  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}

resource "aws_security_group" "this" {
  for_each    = toset(["app", "cache", "endpoints"])
  name        = "${local.name}-${each.key}"
  description = each.key
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "app" {
  security_group_id = aws_security_group.this["app"].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "cache" {
  security_group_id            = aws_security_group.this["cache"].id
  referenced_security_group_id = aws_security_group.this["app"].id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id = aws_security_group.this["endpoints"].id
  cidr_ipv4         = aws_vpc.this.cidr_block
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.this.id
  service_name    = "com.amazonaws.eu-west-1.s3"
  route_table_ids = [for each in aws_route_table.this : each.id]
}

resource "aws_vpc_endpoint" "kinesis" {
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.eu-west-1.kinesis-streams"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in local.zones : aws_subnet.this["app/${zone}"].id]
  security_group_ids  = [aws_security_group.this["endpoints"].id]
}

resource "aws_cloudwatch_log_group" "flows" {
  name              = "/terraform/${local.name}/flow-logs"
  retention_in_days = 30
}

resource "aws_iam_role" "flows" {
  name = "${local.name}-flow-logs"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "vpc-flow-logs.amazonaws.com" }
  }] })
}

resource "aws_iam_role_policy" "flows" {
  name = "write-flow-logs"
  role = aws_iam_role.flows.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect   = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource = "${aws_cloudwatch_log_group.flows.arn}:*"
  }] })
}

resource "aws_flow_log" "this" {
  vpc_id               = aws_vpc.this.id
  traffic_type         = "ALL"
  iam_role_arn         = aws_iam_role.flows.arn
  log_destination      = aws_cloudwatch_log_group.flows.arn
  log_destination_type = "cloud-watch-logs"
}

resource "aws_elasticache_subnet_group" "this" {
  name       = local.name
  subnet_ids = [for zone in local.zones : aws_subnet.this["cache/${zone}"].id]
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = local.name
  description                = "Sensor cache"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.small"
  num_node_groups            = 2
  replicas_per_node_group    = 1
  automatic_failover_enabled = true
  multi_az_enabled           = true
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  snapshot_retention_limit   = 1
  parameter_group_name       = "default.redis7.cluster.on"
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this["cache"].id]
}

resource "aws_kinesis_stream" "this" {
  name             = local.name
  shard_count      = 1
  retention_period = 24
  encryption_type  = "KMS"
  kms_key_id       = "alias/aws/kinesis"
  stream_mode_details { stream_mode = "PROVISIONED" }
}

resource "aws_s3_bucket" "state" {
  bucket        = "${local.name}-state-${data.aws_caller_identity.here.account_id}"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id
  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Sid       = "DenyInsecureTransport", Effect = "Deny", Principal = "*", Action = "s3:*",
    Resource  = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
  depends_on = [aws_s3_bucket_public_access_block.state]
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    id     = "expire-old-states"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days           = 7
      newer_noncurrent_versions = 3
    }
  }
  depends_on = [aws_s3_bucket_versioning.state]
}

resource "aws_dynamodb_table" "lock" {
  name         = "${local.name}-state-lock"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
}
