# SPDX-License-Identifier: Apache-2.0
# Names that nobody would give today, and rules in the older resources.
resource "aws_vpc" "VPC" {
  cidr_block           = "10.16.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "Legacy VPC (do not touch)" }
}
resource "aws_security_group" "Web_SG" {
  name        = "Web SG"
  description = "web"
  vpc_id      = aws_vpc.VPC.id
}
resource "aws_security_group_rule" "https" {
  type              = "ingress"
  security_group_id = aws_security_group.Web_SG.id
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0", "10.0.0.0/8"]
}
resource "aws_security_group_rule" "self" {
  type              = "ingress"
  security_group_id = aws_security_group.Web_SG.id
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  self              = true
}
