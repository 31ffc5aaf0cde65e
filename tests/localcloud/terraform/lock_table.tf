# SPDX-License-Identifier: Apache-2.0
# The table that older Terraform locks in.
variable "changed" { type = bool }

resource "aws_dynamodb_table" "lock" {
  name         = "terraform-lock"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
  point_in_time_recovery {
    enabled = var.changed
  }
  server_side_encryption {
    enabled = true
  }
  tags = { Stage = var.changed ? "two" : "one" }
}

resource "aws_dynamodb_table" "provisioned" {
  name           = "provisioned"
  billing_mode   = "PROVISIONED"
  read_capacity  = var.changed ? 2 : 1
  write_capacity = 1
  hash_key       = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
  ttl {
    attribute_name = "until"
    enabled        = true
  }
}
