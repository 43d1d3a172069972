# Everything about the instance is in its launch template, but the subnet.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
  }
}

provider "aws" {
  region = "us-west-2"
}

locals {
  name = "reports"
}

resource "aws_vpc" "reports" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "reports" {
  vpc_id            = aws_vpc.reports.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "us-west-2b"
}

resource "aws_security_group" "reports" {
  name   = local.name
  vpc_id = aws_vpc.reports.id

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/16"]
  }
}

resource "aws_security_group" "endpoints" {
  name   = "${local.name}-endpoints"
  vpc_id = aws_vpc.reports.id

  ingress {
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    security_groups = [aws_security_group.reports.id]
  }
}

resource "aws_vpc_endpoint" "endpoints" {
  count = 3

  vpc_id              = aws_vpc.reports.id
  service_name        = "com.amazonaws.us-west-2.${["ssm", "ssmmessages", "ec2messages"][count.index]}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.reports.*.id
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
}

resource "aws_iam_role" "reports" {
  name_prefix = "${local.name}-"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Effect    = "Allow"
        Principal = { Service = ["ec2.amazonaws.com", "ssm.amazonaws.com"] }
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "reports" {
  for_each = {
    ssm        = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    cloudwatch = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
  }

  role       = aws_iam_role.reports.name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "reports" {
  name_prefix = "${local.name}-"
  role        = aws_iam_role.reports.name
}

resource "aws_launch_template" "reports" {
  name_prefix            = "${local.name}-"
  image_id               = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
  instance_type          = "t4g.small"
  vpc_security_group_ids = [aws_security_group.reports.id]
  update_default_version = true

  iam_instance_profile {
    arn = aws_iam_instance_profile.reports.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = local.name }
  }
}

resource "aws_instance" "reports" {
  subnet_id = aws_subnet.reports.id

  launch_template {
    id      = aws_launch_template.reports.id
    version = "$Default"
  }

  depends_on = [aws_vpc_endpoint.endpoints]
}
