# Instances and endpoints in subnets of their own, each behind a network ACL.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

locals {
  app_cidr       = "10.50.1.0/24"
  endpoint_cidrs = ["10.50.8.0/24", "10.50.9.0/24"]
}

data "aws_ssm_parameter" "al2023" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_vpc" "main" {
  cidr_block           = "10.50.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "app" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = local.app_cidr
  availability_zone = "us-east-1a"
}

resource "aws_subnet" "endpoints" {
  count = length(local.endpoint_cidrs)

  vpc_id            = aws_vpc.main.id
  cidr_block        = local.endpoint_cidrs[count.index]
  availability_zone = ["us-east-1a", "us-east-1b"][count.index]
}

resource "aws_network_acl" "app" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.app.id]

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "10.50.8.0/23"
    from_port  = 443
    to_port    = 443
  }

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "10.50.0.0/16"
    from_port  = 1024
    to_port    = 65535
  }
}

resource "aws_network_acl" "endpoints" {
  vpc_id = aws_vpc.main.id
}

resource "aws_network_acl_association" "endpoints" {
  count = length(local.endpoint_cidrs)

  network_acl_id = aws_network_acl.endpoints.id
  subnet_id      = aws_subnet.endpoints[count.index].id
}

resource "aws_network_acl_rule" "endpoints_in" {
  network_acl_id = aws_network_acl.endpoints.id
  rule_number    = 200
  egress         = false
  protocol       = "6"
  rule_action    = "allow"
  cidr_block     = local.app_cidr
  from_port      = 443
  to_port        = 443
}

resource "aws_network_acl_rule" "endpoints_out" {
  network_acl_id = aws_network_acl.endpoints.id
  rule_number    = 200
  egress         = true
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = local.app_cidr
  from_port      = 1024
  to_port        = 65535
}

resource "aws_security_group" "app" {
  name   = "app"
  vpc_id = aws_vpc.main.id

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = local.endpoint_cidrs
  }
}

resource "aws_security_group" "endpoints" {
  name   = "endpoints"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [local.app_cidr]
  }
}

resource "aws_vpc_endpoint" "this" {
  for_each = toset(["ssm", "ssmmessages", "ec2messages"])

  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.us-east-1.${each.value}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = aws_subnet.endpoints[*].id
  security_group_ids  = [aws_security_group.endpoints.id]
}

resource "aws_iam_role" "app" {
  name = "app"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "app" {
  role       = aws_iam_role.app.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "app" {
  name = "app"
  role = aws_iam_role.app.name
}

resource "aws_instance" "app" {
  ami                    = data.aws_ssm_parameter.al2023.value
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.app.id
  iam_instance_profile   = aws_iam_instance_profile.app.name
  vpc_security_group_ids = [aws_security_group.app.id]
}
