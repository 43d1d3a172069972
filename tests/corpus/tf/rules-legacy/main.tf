# The older aws_security_group_rule, with a list of groups and one rule per direction.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2"
}

resource "aws_vpc" "default" {
  cidr_block           = "192.168.0.0/22"
  enable_dns_hostnames = "true"
}

resource "aws_subnet" "one" {
  vpc_id     = aws_vpc.default.id
  cidr_block = "192.168.0.0/24"
}

resource "aws_security_group" "bastion" {
  name   = "bastion"
  vpc_id = aws_vpc.default.id
}

resource "aws_security_group" "vpce" {
  name   = "vpce"
  vpc_id = aws_vpc.default.id
}

resource "aws_security_group_rule" "bastion_out" {
  type                     = "egress"
  description              = "bastion to endpoints"
  security_group_id        = aws_security_group.bastion.id
  source_security_group_id = aws_security_group.vpce.id
  protocol                 = "tcp"
  from_port                = 443
  to_port                  = 443
}

resource "aws_security_group_rule" "vpce_in" {
  type                     = "ingress"
  description              = "endpoints from bastion"
  security_group_id        = aws_security_group.vpce.id
  source_security_group_id = aws_security_group.bastion.id
  protocol                 = "6"
  from_port                = 0
  to_port                  = 65535
}

resource "aws_vpc_endpoint" "ssm" {
  for_each = {
    ssm         = true
    ssmmessages = true
    ec2messages = true
  }

  vpc_id              = aws_vpc.default.id
  service_name        = join(".", ["com.amazonaws", data.aws_region.current.name, each.key])
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = each.value
  subnet_ids          = [aws_subnet.one.id]
  security_group_ids  = [aws_security_group.vpce.id]
}

resource "aws_iam_role" "bastion" {
  name = "bastion"

  assume_role_policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "",
          "Effect": "Allow",
          "Principal": { "Service": ["ec2.amazonaws.com"] },
          "Action": ["sts:AssumeRole"]
        }
      ]
    }
  EOT

  managed_policy_arns = [
    "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore",
  ]
}

resource "aws_iam_instance_profile" "bastion" {
  name = "bastion"
  role = aws_iam_role.bastion.name
}

resource "aws_instance" "bastion" {
  ami                    = data.aws_ssm_parameter.image.insecure_value
  instance_type          = "t3.nano"
  subnet_id              = aws_subnet.one.id
  iam_instance_profile   = aws_iam_instance_profile.bastion.name
  vpc_security_group_ids = [aws_security_group.bastion.id]

  lifecycle {
    ignore_changes = [ami]
  }
}
