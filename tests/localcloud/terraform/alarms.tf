# SPDX-License-Identifier: Apache-2.0
# Alarms of a cache and of a stream, by one metric and by an expression.
variable "changed" { type = bool }

resource "aws_cloudwatch_metric_alarm" "memory" {
  for_each            = toset(["cache-001", "cache-002"])
  alarm_name          = "${each.key}-memory"
  alarm_description   = "memory"
  namespace           = "AWS/ElastiCache"
  metric_name         = "DatabaseMemoryUsagePercentage"
  dimensions          = { CacheClusterId = each.key }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.changed ? 80 : 90
  treat_missing_data  = "breaching"
  tags                = { Stage = var.changed ? "two" : "one" }
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "throttled"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  metric_query {
    id          = "e1"
    expression  = "m1/60"
    label       = "throttled a second"
    return_data = true
  }
  metric_query {
    id = "m1"
    metric {
      namespace   = "AWS/Kinesis"
      metric_name = "WriteProvisionedThroughputExceeded"
      dimensions  = { StreamName = "sensors" }
      stat        = "Sum"
      period      = var.changed ? 300 : 60
    }
  }
}
