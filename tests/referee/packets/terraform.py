"""Writes a world as a Terraform configuration and plans it with the real provider.

A failed apply leaves the resources that exist, so that only worlds are used that AWS creates.
"""

import json
import random
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace

from packets import compare
from packets.cloudformation import IMAGE, NUMBERS
from packets.generate import generate
from packets.simulate import refusals
from packets.world import REGION, is_cidr, is_ipv6, service_name

TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TYPES = {
    "vpc": "aws_vpc",
    "subnet": "aws_subnet",
    "table": "aws_route_table",
    "gateway": "aws_internet_gateway",
    "nat": "aws_nat_gateway",
    "acl": "aws_network_acl",
}
# Arguments that are nested blocks.
BLOCKS = ("alias", "egress", "ingress", "vpc")


def configuration(worlds):
    """Returns the configuration of the worlds of some seeds, each with its own prefix.

    The seed selects between inline and standalone rules.
    """
    resources = {}
    for seed, world in worlds.items():
        writer = Writer(world, random.Random(f"terraform {seed}"))
        writer.write()
        prefixed = re.sub(r"(?<!data\.)\b(aws_[a-z0-9_]+)\.(?=[a-z])", rf"\1.{prefix(seed)}", json.dumps(writer.resources))
        for kind, named in json.loads(prefixed).items():
            resources.setdefault(kind, {}).update({prefix(seed) + name: it for name, it in named.items()})
    document = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": {"region": REGION}},
        "data": {"aws_ssm_parameter": {"image": {"name": IMAGE}}},
        "resource": resources,
    }
    return document


def native(document):
    """Returns a configuration in Terraform's own syntax, whose expressions a plan shows only by their references."""
    lines = ["terraform {", "  required_providers {", '    aws = { source = "hashicorp/aws" }', "  }", "}"]
    lines += block(["provider", "aws"], document["provider"]["aws"])
    for section in ("data", "resource"):
        for kind, named in document[section].items():
            for name, arguments in named.items():
                lines += block([section, kind, name], arguments)
    return "\n".join(lines) + "\n"


def block(labels, arguments):
    lines = [" ".join([labels[0], *map(json.dumps, labels[1:])]) + " {"]
    for key, value in arguments.items():
        if key in BLOCKS and isinstance(value, (dict, list)):
            inner = [value] if isinstance(value, dict) else value
            lines += [f"  {line}" for it in inner for line in block([key], it)]
        elif key == "depends_on":
            lines.append(f"  {key} = [{', '.join(value)}]")
        elif value is not None:
            lines.append(f"  {key} = {json.dumps(value)}")
    return [*lines, "}"]


def prefix(seed):
    return f"world{seed}_"


class Planner:
    """Plans with Terraform and its provider; an emulator answers the data source of the image."""

    def __init__(self, folder, emulator, is_native):
        # Terraform and the emulator are necessary for plans only.
        from harness.terraform import Terraform

        self.terraform = Terraform(folder)
        self.is_native = is_native
        self.place = SimpleNamespace(endpoint=emulator.endpoint, region=REGION)

    def plan(self, worlds):
        document = configuration(worlds)
        self.terraform.write(json.dumps(document), hcl=native(document) if self.is_native else None)
        return self.terraform.plan_as_json(self.place)


def compare_plans(program, seeds, is_native, batch=20):
    """Returns the disagreements over plans, and the number of instances. A plan of Terraform's own syntax shows less.

    One plan contains several worlds, since Terraform and the provider start slowly. What disagrees is planned again, alone.
    """
    from harness.emulators import emulators

    found, instances = [], 0
    with tempfile.TemporaryDirectory(prefix="packets-") as folder, emulators(folder) as started:
        planner, path = Planner(Path(folder) / "terraform", started.copy("terraform"), is_native), Path(folder) / "plan.json"
        for index in range(0, len(seeds), batch):
            worlds = {seed: generate(seed) for seed in seeds[index : index + batch]}
            path.write_text(planner.plan(worlds))
            report = compare.check(program, path)
            for seed, world in worlds.items():
                instances += len(world.instances)
                if disagreements(report, seed, world):
                    path.write_text(planner.plan({seed: world}))
                    found += disagreements(compare.check(program, path), seed, world)
    return found, instances


def disagreements(report, seed, world):
    return compare.disagreements(report, seed, world, lambda name: f"aws_instance.{prefix(seed)}{name}")


def created(start, count, size):
    """Returns seeds whose worlds AWS creates."""
    return [seed for seed in range(start, start + count) if not refusals(generate(seed))][:size]


def identifier(name):
    kind = next(kind for kind in TYPES if name.startswith(kind))
    return f"${{{TYPES[kind]}.{name}.id}}"


class Writer:
    def __init__(self, world, rng):
        self.world, self.rng, self.resources = world, rng, {}

    def add(self, kind, name, /, **arguments):
        self.resources.setdefault(kind, {})[name] = {key: value for key, value in arguments.items() if value is not None}

    def group(self, name):
        group = self.world.groups[name]
        return (
            f"${{aws_vpc.{group.vpc}.default_security_group_id}}" if group.default else f"${{aws_security_group.{name}.id}}"
        )

    def write(self):
        self.add("aws_iam_role", "agent", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [TRUST]}))
        managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
        self.add("aws_iam_role_policy_attachment", "agent", role="${aws_iam_role.agent.name}", policy_arn=managed)
        self.add("aws_iam_instance_profile", "agent", role="${aws_iam_role.agent.name}")
        for name, vpc in self.world.vpcs.items():
            self.vpc(name, vpc)
        for name, gateway in self.world.gateways.items():
            self.add("aws_internet_gateway", name, vpc_id=identifier(gateway.vpcs[0]) if gateway.vpcs else None)
        for name, subnet in self.world.subnets.items():
            self.subnet(name, subnet)
        for name, nat in self.world.nats.items():
            kind = "public" if nat.public else "private"
            allocation = f"${{aws_eip.{name}.allocation_id}}" if nat.public else None
            if nat.public:
                self.add("aws_eip", name, domain="vpc")
            self.add(
                "aws_nat_gateway", name, subnet_id=identifier(nat.subnet), connectivity_type=kind, allocation_id=allocation
            )
        for name, table in self.world.tables.items():
            self.table(name, table)
        for name, acl in self.world.acls.items():
            self.acl(name, acl)
        for name, group in self.world.groups.items():
            self.security_group(name, group)
        for name, endpoint in self.world.endpoints.items():
            self.endpoint(name, endpoint)
        for name, zone in self.world.zones.items():
            self.zone(name, zone)
        for name, instance in self.world.instances.items():
            self.instance(name, instance)

    def vpc(self, name, vpc):
        arguments = {"enable_dns_support": vpc.dns_support, "enable_dns_hostnames": vpc.dns_hostnames}
        self.add("aws_vpc", name, cidr_block=vpc.cidrs[0], **arguments)
        for index, cidr in enumerate(vpc.cidrs[1:]):
            self.add("aws_vpc_ipv4_cidr_block_association", f"{name}block{index}", vpc_id=identifier(name), cidr_block=cidr)
        if vpc.servers is not None:
            options = {"domain_name_servers": vpc.servers} if vpc.servers else {"domain_name": "example.internal"}
            self.add("aws_vpc_dhcp_options", name, **options)
            options = f"${{aws_vpc_dhcp_options.{name}.id}}"
            self.add("aws_vpc_dhcp_options_association", name, vpc_id=identifier(name), dhcp_options_id=options)

    def subnet(self, name, subnet):
        blocks = self.world.vpcs[subnet.vpc].cidrs[1:]
        depends = [f"aws_vpc_ipv4_cidr_block_association.{subnet.vpc}block{index}" for index in range(len(blocks))]
        self.add(
            "aws_subnet",
            name,
            vpc_id=identifier(subnet.vpc),
            cidr_block=subnet.cidr,
            availability_zone=REGION + "abc"[subnet.zone],
            map_public_ip_on_launch=subnet.public_addresses,
            depends_on=depends or None,
        )
        if subnet.table:
            self.add(
                "aws_route_table_association", name, subnet_id=identifier(name), route_table_id=identifier(subnet.table)
            )
        if subnet.acl:
            self.add("aws_network_acl_association", name, subnet_id=identifier(name), network_acl_id=identifier(subnet.acl))

    def table(self, name, table):
        self.add("aws_route_table", name, vpc_id=identifier(table.vpc))
        for index, route in enumerate(table.routes):
            target = {"gateway": "gateway_id", "nat": "nat_gateway_id", "interface": "network_interface_id"}[route.kind]
            value = identifier(route.target)
            if route.kind == "interface":
                self.add("aws_network_interface", f"{name}unused{index}", subnet_id=value)
                value = f"${{aws_network_interface.{name}unused{index}.id}}"
            arguments = {"destination_cidr_block": route.cidr, target: value}
            self.add("aws_route", f"{name}route{index}", route_table_id=identifier(name), **arguments)

    def acl(self, name, acl):
        inline = self.rng.random() < 0.5
        lists = {"ingress": [], "egress": []}
        for index, entry in enumerate(acl.entries):
            action = "allow" if entry.allow else "deny"
            first, last = (0, 0) if entry.protocol == "-1" else (entry.first, entry.last)
            if inline:
                rule = {"rule_no": entry.number, "action": action, "protocol": entry.protocol, "cidr_block": entry.cidr}
                rule |= {"from_port": first, "to_port": last, "icmp_code": None, "icmp_type": None, "ipv6_cidr_block": None}
                lists["egress" if entry.egress else "ingress"].append(rule)
            else:
                rule = {"rule_number": entry.number, "rule_action": action, "protocol": str(NUMBERS[entry.protocol])}
                rule |= {"egress": entry.egress, "cidr_block": entry.cidr, "from_port": first, "to_port": last}
                self.add("aws_network_acl_rule", f"{name}rule{index}", network_acl_id=identifier(name), **rule)
        self.add(
            "aws_network_acl", name, vpc_id=identifier(acl.vpc), **{key: value for key, value in lists.items() if value}
        )

    def security_group(self, name, group):
        # The provider deletes the rule that allows all outbound traffic.
        egress = [("-1", 0, 0, "0.0.0.0/0")] if group.egress is None else [tuple(vars(it).values()) for it in group.egress]
        ingress = [tuple(vars(it).values()) for it in group.ingress]
        order = list(self.world.groups)
        if group.default:
            ingress, egress = [rule for rule in ingress if rule[3] != name], []
        # Inline and standalone rules of one group conflict, and inline references to later groups are a circular dependency.
        later = any(not is_cidr(rule[3]) and order.index(rule[3]) > order.index(name) for rule in [*ingress, *egress])
        if not group.default:
            lists = {}
            if not later and self.rng.random() < 0.5:
                lists = {
                    key: [self.inline(name, rule) for rule in rules]
                    for key, rules in (("ingress", ingress), ("egress", egress))
                    if rules
                }
                ingress = egress = []
            self.add("aws_security_group", name, name=name, vpc_id=identifier(group.vpc), **lists)
        for direction, rules in (("ingress", ingress), ("egress", egress)):
            for index, (protocol, first, last, peer) in enumerate(rules):
                rule = {"ip_protocol": protocol}
                if protocol != "-1":
                    rule |= {"from_port": first, "to_port": last}
                if is_cidr(peer):
                    rule["cidr_ipv6" if is_ipv6(peer) else "cidr_ipv4"] = peer
                else:
                    rule["referenced_security_group_id"] = self.group(peer)
                kind = f"aws_vpc_security_group_{direction}_rule"
                self.add(kind, f"{name}{direction}{index}", security_group_id=self.group(name), **rule)

    def inline(self, name, rule):
        protocol, first, last, peer = rule
        block = {"protocol": protocol, "from_port": first, "to_port": last, "description": None, "prefix_list_ids": None}
        block |= {"cidr_blocks": None, "ipv6_cidr_blocks": None, "security_groups": None, "self": None}
        if is_cidr(peer):
            block["ipv6_cidr_blocks" if is_ipv6(peer) else "cidr_blocks"] = [peer]
        elif peer == name:
            block["self"] = True
        else:
            block["security_groups"] = [self.group(peer)]
        return block

    def endpoint(self, name, endpoint):
        self.add(
            "aws_vpc_endpoint",
            name,
            vpc_id=identifier(endpoint.vpc),
            service_name=service_name(endpoint),
            vpc_endpoint_type=endpoint.type,
            private_dns_enabled=endpoint.private_dns,
            subnet_ids=[identifier(it) for it in endpoint.subnets] or None,
            security_group_ids=[self.group(it) for it in endpoint.groups] if endpoint.groups else None,
        )

    def zone(self, name, zone):
        self.add("aws_route53_zone", name, name=zone.name, vpc=[{"vpc_id": identifier(vpc)} for vpc in zone.vpcs])
        for index, (record, target) in enumerate(zone.records):
            arguments = {"zone_id": f"${{aws_route53_zone.{name}.zone_id}}", "name": record, "type": "A"}
            if target in self.world.endpoints:
                entry = f"aws_vpc_endpoint.{target}.dns_entry[0]"
                arguments["alias"] = {
                    "name": f"${{{entry}.dns_name}}",
                    "zone_id": f"${{{entry}.hosted_zone_id}}",
                    "evaluate_target_health": False,
                }
            else:
                arguments |= {"ttl": 300, "records": [target]}
            self.add("aws_route53_record", f"{name}record{index}", **arguments)

    def instance(self, name, instance):
        self.add(
            "aws_instance",
            name,
            ami="${data.aws_ssm_parameter.image.value}",
            instance_type="t3.micro",
            iam_instance_profile="${aws_iam_instance_profile.agent.name}",
            subnet_id=identifier(instance.subnet),
            vpc_security_group_ids=[self.group(it) for it in instance.groups] if instance.groups else None,
            private_ip=instance.address,
            associate_public_ip_address=instance.public,
        )
        if instance.elastic:
            self.add("aws_eip", name, domain="vpc", instance=f"${{aws_instance.{name}.id}}")
