# Network, endpoints and instances as child modules; ids travel through outputs.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = "eu-west-2"
}

variable "create_endpoints" {
  type    = bool
  default = true
}

variable "enable_dns_hostnames" {
  type    = bool
  default = true
}

variable "instances" {
  type = map(object({
    type          = optional(string, "t3.micro")
    subnet        = optional(number, 0)
    http_endpoint = optional(string, "enabled")
  }))
  default = {
    web    = { type = "t3.small" }
    worker = { subnet = 1 }
  }
}

module "network" {
  source = "./modules/network"

  name                 = "shop"
  cidr                 = "10.64.0.0/18"
  enable_dns_hostnames = var.enable_dns_hostnames
}

module "endpoints" {
  source = "./modules/endpoints"
  count  = var.create_endpoints ? 1 : 0

  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.private_subnet_ids
  cidr_block = module.network.vpc_cidr_block
}

module "instance" {
  source   = "./modules/instance"
  for_each = var.instances

  name          = each.key
  instance_type = each.value.type
  vpc_id        = module.network.vpc_id
  subnet_id     = module.network.private_subnet_ids[each.value.subnet]
  http_endpoint = each.value.http_endpoint

  depends_on = [module.endpoints]
}

output "instance_ids" {
  value = { for name, instance in module.instance : name => instance.id }
}
