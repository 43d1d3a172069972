variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  type = list(string)
}

variable "cidr_block" {
  type = string
}

variable "services" {
  type    = set(string)
  default = ["ssm", "ssmmessages"]
}

variable "private_dns_enabled" {
  type    = bool
  default = true
}

data "aws_vpc_endpoint_service" "this" {
  for_each = var.services

  service      = each.value
  service_type = "Interface"
}

resource "aws_security_group" "this" {
  name        = "endpoints"
  description = "Interface endpoints"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = var.cidr_block
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_endpoint" "this" {
  for_each = data.aws_vpc_endpoint_service.this

  vpc_id              = var.vpc_id
  service_name        = each.value.service_name
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.this.id]
  private_dns_enabled = var.private_dns_enabled
  tags                = { Name = each.key }
}

output "security_group_id" {
  value = aws_security_group.this.id
}
