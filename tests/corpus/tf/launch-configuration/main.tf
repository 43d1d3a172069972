# An old stack: launch configuration, Amazon Linux 2, one endpoint resource per service.

provider "aws" {
  region = "eu-west-3"
}

variable "environment" {
  default = "test"
}

data "aws_ami" "amazon_linux_2" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["amzn2-ami-hvm-*-x86_64-gp2"]
  }
}

resource "aws_vpc" "legacy" {
  cidr_block           = "10.10.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.legacy.id
  cidr_block        = "10.10.1.0/24"
  availability_zone = "eu-west-3a"
}

resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.legacy.id
  cidr_block        = "10.10.2.0/24"
  availability_zone = "eu-west-3b"
}

resource "aws_security_group" "batch" {
  name   = "batch-${var.environment}"
  vpc_id = aws_vpc.legacy.id

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "endpoint" {
  name   = "endpoint-${var.environment}"
  vpc_id = aws_vpc.legacy.id

  ingress {
    from_port       = 0
    to_port         = 0
    protocol        = "-1"
    security_groups = ["${aws_security_group.batch.id}"]
  }
}

resource "aws_vpc_endpoint" "ssm" {
  vpc_id              = aws_vpc.legacy.id
  service_name        = "com.amazonaws.eu-west-3.ssm"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [aws_subnet.a.id, aws_subnet.b.id]
  security_group_ids  = [aws_security_group.endpoint.id]
  private_dns_enabled = true
}

resource "aws_vpc_endpoint" "ssmmessages" {
  vpc_id              = aws_vpc.legacy.id
  service_name        = "com.amazonaws.eu-west-3.ssmmessages"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [aws_subnet.a.id, aws_subnet.b.id]
  security_group_ids  = [aws_security_group.endpoint.id]
  private_dns_enabled = true # messages
}

resource "aws_vpc_endpoint" "ec2messages" {
  vpc_id              = aws_vpc.legacy.id
  service_name        = "com.amazonaws.eu-west-3.ec2messages"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [aws_subnet.a.id, aws_subnet.b.id]
  security_group_ids  = [aws_security_group.endpoint.id]
  private_dns_enabled = true
}

resource "aws_iam_role" "batch" {
  name = "batch-${var.environment}"
  path = "/service/"

  assume_role_policy = <<EOF
{
  "Version": "2008-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Service": "ec2.amazonaws.com"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}
EOF
}

resource "aws_iam_policy_attachment" "ssm" {
  name       = "ssm"
  roles      = [aws_iam_role.batch.name]
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforSSM"
}

resource "aws_iam_instance_profile" "batch" {
  name = "batch-${var.environment}"
  role = aws_iam_role.batch.name
}

resource "aws_launch_configuration" "batch" {
  name_prefix          = "batch-"
  image_id             = data.aws_ami.amazon_linux_2.image_id
  instance_type        = "m5.large"
  iam_instance_profile = aws_iam_instance_profile.batch.id
  security_groups      = [aws_security_group.batch.id]

  user_data = <<-EOT
    #!/bin/bash
    echo ready > /var/tmp/ready
  EOT

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "batch" {
  name                 = "batch-${var.environment}"
  launch_configuration = aws_launch_configuration.batch.name
  vpc_zone_identifier  = [aws_subnet.a.id, aws_subnet.b.id]
  min_size             = 1
  max_size             = 4
}
