# SPDX-License-Identifier: Apache-2.0
# Roles with each kind of policy, and log groups with their filters.
variable "changed" { type = bool }

resource "aws_iam_policy" "this" {
  name   = "reader"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = var.changed ? ["kinesis:Get*", "kinesis:List*"] : ["kinesis:Get*"], Resource = "*" }] })
}

resource "aws_iam_role" "this" {
  name                 = "reader"
  path                 = "/sensors/"
  description          = var.changed ? "two" : "one"
  max_session_duration = 7200
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
  })
  tags = { Stage = var.changed ? "two" : "one" }
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this.arn
}

resource "aws_iam_role_policy" "inline" {
  name   = "inline"
  role   = aws_iam_role.this.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "s3:*", Resource = "*" }] })
}

resource "aws_iam_instance_profile" "this" {
  name = "reader"
  role = aws_iam_role.this.name
}

resource "aws_kms_key" "logs" {
  description         = "logs"
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/sensors/app"
  retention_in_days = var.changed ? 90 : 30
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = var.changed ? "ERROR" : "[level = ERROR]"
  metric_transformation {
    name      = "Errors"
    namespace = "Sensors"
    value     = "1"
  }
}
