# SPDX-License-Identifier: Apache-2.0
# Streams of both modes, a consumer and a policy.
variable "changed" { type = bool }

resource "aws_kinesis_stream" "provisioned" {
  name                = "provisioned"
  shard_count         = var.changed ? 4 : 2
  retention_period    = var.changed ? 48 : 24
  shard_level_metrics = var.changed ? ["IncomingBytes"] : ["IncomingBytes", "OutgoingBytes"]
  encryption_type     = "KMS"
  kms_key_id          = "alias/aws/kinesis"
  tags                = { Stage = var.changed ? "two" : "one" }
  stream_mode_details {
    stream_mode = "PROVISIONED"
  }
}

resource "aws_kinesis_stream" "on_demand" {
  name = "on-demand"
  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

resource "aws_kinesis_stream_consumer" "this" {
  name       = "reader"
  stream_arn = aws_kinesis_stream.provisioned.arn
}

resource "aws_kinesis_resource_policy" "this" {
  resource_arn = aws_kinesis_stream.on_demand.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.changed ? "two" : "one"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecord"]
      Resource  = aws_kinesis_stream.on_demand.arn
    }]
  })
}
