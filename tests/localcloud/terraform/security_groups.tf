# SPDX-License-Identifier: Apache-2.0
# Security groups in all three ways of writing their rules, and a prefix list.
variable "changed" { type = bool }

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_ec2_managed_prefix_list" "this" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 5
  entry {
    cidr        = "192.0.2.0/24"
    description = "one"
  }
  dynamic "entry" {
    for_each = var.changed ? ["198.51.100.0/24"] : []
    content {
      cidr = entry.value
    }
  }
}

resource "aws_security_group" "inline" {
  name        = "inline"
  description = "rules inside"
  vpc_id      = aws_vpc.this.id
  ingress {
    description     = "cache"
    from_port       = 6379
    to_port         = 6379
    protocol        = "tcp"
    security_groups = [aws_security_group.apart.id]
  }
  ingress {
    from_port       = var.changed ? 443 : 80
    to_port         = var.changed ? 443 : 80
    protocol        = "tcp"
    prefix_list_ids = [aws_ec2_managed_prefix_list.this.id]
  }
  egress {
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_security_group" "apart" {
  name        = "apart"
  description = "rules apart"
  vpc_id      = aws_vpc.this.id
  tags        = { Stage = var.changed ? "two" : "one" }
}

resource "aws_security_group_rule" "self" {
  security_group_id = aws_security_group.apart.id
  type              = "ingress"
  from_port         = 0
  to_port           = var.changed ? 65535 : 1024
  protocol          = "tcp"
  self              = true
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.apart.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
  tags              = { Stage = var.changed ? "two" : "one" }
}

resource "aws_vpc_security_group_ingress_rule" "esp" {
  security_group_id = aws_security_group.apart.id
  cidr_ipv4         = var.changed ? "10.0.0.0/8" : "10.0.0.0/16"
  ip_protocol       = "50"
}
