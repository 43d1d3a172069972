# A group of workers over three zones.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}

provider "aws" {
  region = "us-east-2"
}

locals {
  azs      = ["us-east-2a", "us-east-2b", "us-east-2c"]
  services = ["ssm", "ssmmessages", "ec2messages"]
}

data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = ["099720109477"]

  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"]
  }

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

resource "aws_vpc" "vpc" {
  cidr_block           = "10.99.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
}

resource "aws_subnet" "workers" {
  count = length(local.azs)

  vpc_id            = aws_vpc.vpc.id
  availability_zone = local.azs[count.index]
  cidr_block        = "10.99.${count.index}.0/24"
}

resource "aws_subnet" "endpoints" {
  for_each = toset(local.azs)

  vpc_id            = aws_vpc.vpc.id
  availability_zone = each.value
  cidr_block        = cidrsubnet("10.99.128.0/20", 4, index(local.azs, each.value))
}

resource "aws_security_group" "workers" {
  name_prefix = "workers-"
  vpc_id      = aws_vpc.vpc.id

  egress {
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "endpoints" {
  name_prefix = "endpoints-"
  vpc_id      = aws_vpc.vpc.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = aws_subnet.workers[*].cidr_block
  }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = toset(local.services)

  vpc_id              = aws_vpc.vpc.id
  service_name        = "com.amazonaws.us-east-2.${each.value}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = values(aws_subnet.endpoints)[*].id
  security_group_ids  = aws_security_group.endpoints.*.id
}

resource "aws_iam_role" "workers" {
  name = "workers"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }
  })
}

resource "aws_iam_role_policy_attachment" "workers" {
  role       = aws_iam_role.workers.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "workers" {
  name = "workers"
  role = aws_iam_role.workers.name
}

resource "aws_launch_template" "workers" {
  name_prefix   = "workers-"
  image_id      = data.aws_ami.ubuntu.id
  instance_type = "c6i.large"

  vpc_security_group_ids = [aws_security_group.workers.id]

  iam_instance_profile {
    name = aws_iam_instance_profile.workers.name
  }

  monitoring {
    enabled = true
  }
}

resource "aws_autoscaling_group" "workers" {
  name_prefix         = "workers-"
  min_size            = 3
  max_size            = 9
  vpc_zone_identifier = aws_subnet.workers[*].id

  launch_template {
    id      = aws_launch_template.workers.id
    version = "$Latest"
  }

  tag {
    key                 = "Name"
    value               = "worker"
    propagate_at_launch = true
  }

  depends_on = [aws_vpc_endpoint.interface]
}
