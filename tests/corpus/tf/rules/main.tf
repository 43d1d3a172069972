# Security group rules as resources of their own; both groups refer to each other.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "https" {
  type    = number
  default = 443
}

data "aws_ami" "al2023" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_vpc" "this" {
  cidr_block           = "172.31.0.0/20"
  enable_dns_hostnames = true
}

resource "aws_subnet" "app" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = "172.31.0.0/24"
  availability_zone = "${var.region}a"
}

resource "aws_subnet" "endpoint" {
  for_each = {
    a = "172.31.8.0/24"
    b = "172.31.9.0/24"
  }

  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value
  availability_zone = "${var.region}${each.key}"
}

resource "aws_security_group" "server" {
  name_prefix = "server-"
  description = "Servers"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "endpoint" {
  name_prefix = "endpoint-"
  description = "Interface endpoints"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "server_https" {
  security_group_id            = aws_security_group.server.id
  description                  = "Servers to endpoints"
  ip_protocol                  = "tcp"
  from_port                    = var.https
  to_port                      = var.https
  referenced_security_group_id = aws_security_group.endpoint.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoint_https" {
  security_group_id            = aws_security_group.endpoint.id
  description                  = "Endpoints from servers"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.server.id
}

resource "aws_vpc_endpoint" "ssm" {
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.ssm"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for s in aws_subnet.endpoint : s.id]
  security_group_ids  = [aws_security_group.endpoint.id]
}

resource "aws_vpc_endpoint" "ssmmessages" {
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.ssmmessages"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for s in aws_subnet.endpoint : s.id]
  security_group_ids  = [aws_security_group.endpoint.id]
}

resource "aws_iam_role" "server" {
  name_prefix        = "server-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy" "core" {
  name = "AmazonSSMManagedInstanceCore"
}

resource "aws_iam_role_policy_attachment" "core" {
  role       = aws_iam_role.server.id
  policy_arn = data.aws_iam_policy.core.arn
}

resource "aws_iam_instance_profile" "server" {
  role = aws_iam_role.server.id
}

resource "aws_instance" "server" {
  ami                         = data.aws_ami.al2023.id
  instance_type               = "t3.small"
  subnet_id                   = aws_subnet.app.id
  iam_instance_profile        = aws_iam_instance_profile.server.id
  vpc_security_group_ids      = [aws_security_group.server.id]
  associate_public_ip_address = false

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }
}
