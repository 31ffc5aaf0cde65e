# SPDX-License-Identifier: Apache-2.0
# Streams by count and by for_each.
resource "aws_kinesis_stream" "lane" {
  count       = 2
  name        = "lane-${count.index}"
  shard_count = 1
}
resource "aws_kinesis_stream" "topic" {
  for_each         = toset(["alerts", "telemetry"])
  name             = "topic-${each.key}"
  retention_period = 72
  stream_mode_details { stream_mode = "ON_DEMAND" }
}
