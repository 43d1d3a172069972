# The instance is given a network interface made beforehand.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = "ca-central-1"
}

data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_vpc" "lab" {
  cidr_block           = "10.8.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "lab" {
  vpc_id            = aws_vpc.lab.id
  cidr_block        = "10.8.4.0/22"
  availability_zone = "ca-central-1a"
}

resource "aws_security_group" "lab" {
  name        = "lab"
  description = "The lab machine and its endpoints"
  vpc_id      = aws_vpc.lab.id

  ingress {
    description = "HTTPS within the group"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    self        = true
  }

  egress {
    description = "anything within the group"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    self        = true
  }
}

resource "aws_network_interface" "lab" {
  subnet_id       = aws_subnet.lab.id
  private_ips     = ["10.8.4.10"]
  security_groups = [aws_security_group.lab.id]
}

resource "aws_vpc_endpoint" "ssm" {
  for_each = toset(["ssm", "ssmmessages"])

  vpc_id              = aws_vpc.lab.id
  service_name        = format("com.amazonaws.%s.%s", "ca-central-1", each.value)
  vpc_endpoint_type   = "Interface"
  ip_address_type     = "ipv4"
  subnet_ids          = [aws_subnet.lab.id]
  security_group_ids  = [aws_security_group.lab.id]
  private_dns_enabled = true
}

resource "aws_iam_role" "lab" {
  name = "lab"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })

  inline_policy {
    name = "sessions"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = "*"
      }]
    })
  }
}

resource "aws_iam_instance_profile" "lab" {
  name = "lab"
  role = aws_iam_role.lab.name
}

resource "aws_instance" "lab" {
  ami                  = data.aws_ssm_parameter.ami.value
  instance_type        = "t3.medium"
  iam_instance_profile = aws_iam_instance_profile.lab.name

  network_interface {
    network_interface_id = aws_network_interface.lab.id
    device_index         = 0
  }

  depends_on = [aws_vpc_endpoint.ssm]
}
