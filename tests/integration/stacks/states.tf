# SPDX-License-Identifier: Apache-2.0
# The bucket of the states, and the table in which older versions of Terraform lock.
resource "aws_s3_bucket" "states" {
  bucket = "acme-states"
  tags   = { owner = "platform" }
}
resource "aws_s3_bucket_versioning" "states" {
  bucket = aws_s3_bucket.states.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket_ownership_controls" "states" {
  bucket = aws_s3_bucket.states.id
  rule { object_ownership = "BucketOwnerEnforced" }
}
resource "aws_s3_bucket_lifecycle_configuration" "states" {
  bucket = aws_s3_bucket.states.id
  rule {
    id     = "old"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration { noncurrent_days = 30 }
  }
}
resource "aws_dynamodb_table" "locks" {
  name         = "acme-locks"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
}
