"""Writes a world as a CloudFormation template. A seed selects the spelling; without one it is plain."""

import ipaddress
import json
import random
from dataclasses import dataclass

from packets.world import REGION, is_cidr, is_ipv6, service_name

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
PROTOCOLS = {"tcp": ("tcp", "6"), "udp": ("udp", "17"), "icmp": ("icmp", "1"), "-1": ("-1", -1)}
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "-1": -1}
ID_PREFIXES = {"vpc": "vpc", "subnet": "subnet", "table": "rtb", "gateway": "igw", "nat": "nat", "acl": "acl"}
# Resources to which no other refers.
LEAVES = {
    "AWS::EC2::Route",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::VPCDHCPOptionsAssociation",
    "AWS::EC2::EIPAssociation",
    "AWS::Route53::RecordSet",
}
NO_VALUE = {"Ref": "AWS::NoValue"}
# A rule that allows nothing useful: with an inline rule, CloudFormation deletes the rule that allows all outbound traffic.
NOTHING = {"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32"}
IDS = {
    "vpc": "VpcId",
    "subnet": "SubnetId",
    "table": "RouteTableId",
    "gateway": "InternetGatewayId",
    "nat": "NatGatewayId",
    "acl": "Id",
}


# Unusual spellings. A template has few of them, so that each shows its own effect.
FORMS = (
    "attribute id", "sub id", "join id", "if id", "attribute group", "sub group",
    "parameter", "mapping", "if", "text", "join", "no value", "split", "if list", "cidr", "zone list", "sub zone",
    "protocol number", "ports of all", "standalone", "false rule", "false route", "false entry", "true resource",
    "interfaces", "association", "service", "dot", "order", "resolve", "yaml", "tags",
)  # fmt: skip


@dataclass(frozen=True)
class Spelling:
    """A seed and the unusual forms that the template may contain."""

    seed: int = 0
    forms: tuple[str, ...] = ()

    @staticmethod
    def of(seed):
        rng = random.Random(f"spelling {seed}")
        return Spelling(seed, tuple(sorted(rng.sample(FORMS, rng.choice([0, 1, 2, 3, 4, 6])))))


PLAIN = Spelling()


def template(world, spelling=PLAIN):
    """Returns the text of the template."""
    writer = Writer(world, spelling)
    writer.write()
    document = writer.document()
    if "yaml" in spelling.forms or "tags" in spelling.forms:
        return "\n".join(yaml_lines(document, "tags" in spelling.forms)) + "\n"
    return json.dumps(document, indent=2) + "\n"


def title(name):
    return name[0].upper() + name[1:]


def other_value(value):
    """Returns another value of the same type, for the branch of a condition that is not used."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if "/" in value:
        return "fd00::/8" if is_ipv6(value) else "192.168.7.0/24"
    return {"Interface": "Gateway", "Gateway": "Interface", "-1": "udp"}.get(value, "10.0.0.9" if "." in value else "-1")


class Writer:
    def __init__(self, world, spelling):
        self.world, self.forms = world, spelling.forms
        self.seed, self.rng = spelling.seed, random.Random(spelling.seed)
        self.resources, self.parameters, self.conditions, self.mappings = {}, {}, {}, {}

    def some(self, form, probability=0.5):
        """Draws whether to use an unusual spelling."""
        return form in self.forms and self.rng.random() < probability

    def choose(self, form, usual, *unusual):
        return self.rng.choice(unusual) if self.some(form) else usual

    def add(self, name, kind, properties=None, depends=()):
        resource = {"Type": kind}
        properties = {key: value for key, value in (properties or {}).items() if value is not None}
        if self.some("order"):
            properties = dict(self.rng.sample(list(properties.items()), len(properties)))
        if properties:
            resource["Properties"] = properties
        if depends:
            resource["DependsOn"] = sorted(depends) if len(depends) > 1 or self.some("order") else depends[0]
        if kind in LEAVES and self.some("true resource", 0.3):
            resource["Condition"] = self.condition(True)
        self.resources[name] = resource
        return resource

    def condition(self, holds):
        name = "Enabled" if holds else "Disabled"
        self.parameters.setdefault("Stage", {"Type": "String", "Default": "production"})
        self.conditions["Enabled"] = self.conditions.get("Enabled") or self.rng.choice(
            [
                {"Fn::Equals": [{"Ref": "Stage"}, "production"]},
                {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "test"]}]},
                {"Fn::Or": [{"Fn::Equals": [{"Ref": "Stage"}, "production"]}, {"Fn::Equals": [{"Ref": "Stage"}, "beta"]}]},
            ]
        )
        self.conditions["Disabled"] = {"Fn::Not": [{"Condition": "Enabled"}]}
        return name

    def value(self, value):
        """Returns a spelling of a constant."""
        forms = [form for form in ("parameter", "mapping", "if", "text", "join") if form in self.forms]
        if value is None or not forms or self.rng.random() < 0.6:
            return value
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        form = self.rng.choice(forms)
        if form == "parameter":
            name = f"Value{len(self.parameters)}"
            self.parameters[name] = {"Type": "String", "Default": shown}
            return self.rng.choice([{"Ref": name}, {"Fn::Sub": f"${{{name}}}"}])
        if form == "mapping":
            key = f"Key{len(self.mappings.get('Values', {}))}"
            self.mappings.setdefault("Values", {})[key] = {"Value": shown}
            return {"Fn::FindInMap": ["Values", key, "Value"]}
        if form == "if":
            if self.rng.random() < 0.5:
                return {"Fn::If": [self.condition(True), value, other_value(value)]}
            return {"Fn::If": [self.condition(False), other_value(value), value]}
        return shown if form == "text" else {"Fn::Join": ["", [shown]]}

    def optional(self, value, other):
        """Returns a property, or for an absent one sometimes a condition that removes another value."""
        if value is None and self.some("no value"):
            return {"Fn::If": [self.condition(True), NO_VALUE, other]}
        return self.value(value)

    def reference(self, name):
        """Returns a reference to a resource by its ID."""
        kind = next(kind for kind in ("vpc", "subnet", "table", "gateway", "nat", "acl") if name.startswith(kind))
        logical = title(name)
        if self.some("attribute id"):
            return {"Fn::GetAtt": [logical, IDS[kind]]}
        if self.some("sub id"):
            return {"Fn::Sub": self.rng.choice([f"${{{logical}}}", f"${{{logical}.{IDS[kind]}}}"])}
        if self.some("join id"):
            return {"Fn::Join": ["", [{"Ref": logical}]]}
        if self.some("if id"):
            return {"Fn::If": [self.condition(True), {"Ref": logical}, f"{ID_PREFIXES[kind]}-0123456789abcdef0"]}
        return {"Ref": logical}

    def group(self, name):
        if self.world.groups[name].default:
            return {"Fn::GetAtt": [title(self.world.groups[name].vpc), "DefaultSecurityGroup"]}
        logical = title(name)
        if self.some("sub group"):
            return {"Fn::Sub": self.rng.choice([f"${{{logical}.GroupId}}", f"${{{logical}}}"])}
        return self.choose(
            "attribute group", {"Fn::GetAtt": [logical, "GroupId"]}, {"Ref": logical}, {"Fn::GetAtt": [logical, "Id"]}
        )

    def listed(self, values):
        """Returns a spelling of a list."""
        if values and self.some("split"):
            return {"Fn::Split": [",", {"Fn::Join": [",", values]}]}
        if values and self.some("if list"):
            return {"Fn::If": [self.condition(False), [], values]}
        return values

    def write(self):
        for collection, write in (
            ("vpcs", self.vpc),
            ("gateways", self.gateway),
            ("subnets", self.subnet),
            ("nats", self.nat),
            ("tables", self.table),
            ("acls", self.acl),
            ("groups", self.write_group),
            ("endpoints", self.endpoint),
            ("zones", self.zone),
            ("instances", self.instance),
        ):
            for name in getattr(self.world, collection):
                # The spelling of an object does not depend on other objects.
                self.rng = random.Random(f"{self.seed} {name}")
                write(name)
        self.role()

    def gateway(self, name):
        self.add(title(name), "AWS::EC2::InternetGateway")
        for index, vpc in enumerate(self.world.gateways[name].vpcs):
            properties = {"VpcId": self.reference(vpc), "InternetGatewayId": self.reference(name)}
            self.add(f"{title(name)}Attachment{index or ''}", "AWS::EC2::VPCGatewayAttachment", properties)

    def vpc(self, name):
        vpc, logical = self.world.vpcs[name], title(name)
        properties = {
            "CidrBlock": self.value(vpc.cidrs[0]),
            "EnableDnsSupport": self.optional(vpc.dns_support, False),
            "EnableDnsHostnames": self.optional(vpc.dns_hostnames, True),
        }
        self.add(logical, "AWS::EC2::VPC", properties)
        for index, cidr in enumerate(vpc.cidrs[1:]):
            self.add(
                f"{logical}Block{index}",
                "AWS::EC2::VPCCidrBlock",
                {"VpcId": self.reference(name), "CidrBlock": self.value(cidr)},
            )
        if vpc.servers is not None:
            options = {"DomainNameServers": vpc.servers} if vpc.servers else {"DomainName": "example.internal"}
            self.add(f"{logical}Options", "AWS::EC2::DHCPOptions", options)
            properties = {"VpcId": self.reference(name), "DhcpOptionsId": {"Ref": f"{logical}Options"}}
            self.add(f"{logical}OptionsAssociation", "AWS::EC2::VPCDHCPOptionsAssociation", properties)

    def subnet(self, name):
        subnet, logical = self.world.subnets[name], title(name)
        blocks = self.world.vpcs[subnet.vpc].cidrs
        secondary = [f"{title(subnet.vpc)}Block{index}" for index in range(len(blocks) - 1)]
        properties = {
            "VpcId": self.reference(subnet.vpc),
            "CidrBlock": self.subnet_block(subnet, blocks),
            "AvailabilityZone": self.zone_name(subnet.zone),
            "MapPublicIpOnLaunch": self.optional(subnet.public_addresses, True),
        }
        self.add(logical, "AWS::EC2::Subnet", properties, secondary)
        if subnet.table:
            properties = {"SubnetId": self.reference(name), "RouteTableId": self.reference(subnet.table)}
            self.add(f"{logical}Table", "AWS::EC2::SubnetRouteTableAssociation", properties)
        if subnet.acl:
            properties = {"SubnetId": self.reference(name), "NetworkAclId": self.reference(subnet.acl)}
            self.add(f"{logical}Acl", "AWS::EC2::SubnetNetworkAclAssociation", properties)

    def subnet_block(self, subnet, blocks):
        block, parent = ipaddress.ip_network(subnet.cidr), ipaddress.ip_network(blocks[0])
        if block.prefixlen == 24 and block.subnet_of(parent) and self.some("cidr"):
            index = (int(block[0]) - int(parent[0])) // 256
            source = {"Fn::GetAtt": [title(subnet.vpc), "CidrBlock"]}
            return {"Fn::Select": [index, {"Fn::Cidr": [source, index + 1, 8]}]}
        return self.value(subnet.cidr)

    def zone_name(self, zone):
        if "zone list" in self.forms:
            # Which Availability Zone is the first of the list is not in the file: all subnets use the list, or none.
            return {
                "Fn::Select": [
                    self.rng.choice([zone, str(zone)]),
                    {"Fn::GetAZs": self.rng.choice(["", {"Ref": "AWS::Region"}])},
                ]
            }
        letter = "abc"[zone]
        joined = {"Fn::Join": ["", [{"Ref": "AWS::Region"}, letter]]}
        return self.choose("sub zone", REGION + letter, {"Fn::Sub": "${AWS::Region}" + letter}, joined)

    def attachments(self, vpc):
        return [
            f"{title(name)}Attachment{index or ''}"
            for name, gateway in self.world.gateways.items()
            for index, attached in enumerate(gateway.vpcs)
            if attached == vpc
        ]

    def nat(self, name):
        nat = self.world.nats[name]
        properties = {"SubnetId": self.reference(nat.subnet)}
        if nat.public:
            depends = self.attachments(self.world.subnets[nat.subnet].vpc)
            self.add(f"{title(name)}Address", "AWS::EC2::EIP", {"Domain": "vpc"}, depends)
            properties["AllocationId"] = {"Fn::GetAtt": [f"{title(name)}Address", "AllocationId"]}
            properties["ConnectivityType"] = self.choose("no value", None, "public")
        else:
            properties["ConnectivityType"] = "private"
        self.add(title(name), "AWS::EC2::NatGateway", properties, self.attachments(self.world.subnets[nat.subnet].vpc))

    def table(self, name):
        table = self.world.tables[name]
        self.add(title(name), "AWS::EC2::RouteTable", {"VpcId": self.reference(table.vpc)})
        for index, route in enumerate(table.routes):
            target = self.route_target(name, index, route)
            properties = {"RouteTableId": self.reference(name), "DestinationCidrBlock": self.value(route.cidr), **target}
            depends = self.attachments(table.vpc) if route.kind == "gateway" else ()
            self.add(f"{title(name)}Route{index}", "AWS::EC2::Route", properties, depends)
        if self.some("false route") and table.routes:
            # A route whose condition is false must change nothing.
            properties = {"RouteTableId": self.reference(name), "DestinationCidrBlock": "52.0.0.0/7"}
            properties |= self.route_target(name, 99, table.routes[0])
            self.add(f"{title(name)}Unused", "AWS::EC2::Route", properties)["Condition"] = self.condition(False)

    def route_target(self, name, index, route):
        if route.kind == "gateway":
            return {"GatewayId": self.reference(route.target)}
        if route.kind == "nat":
            return {"NatGatewayId": self.reference(route.target)}
        interface = f"{title(name)}Interface{index}"
        self.add(interface, "AWS::EC2::NetworkInterface", {"SubnetId": self.reference(route.target)})
        return {"NetworkInterfaceId": {"Ref": interface}}

    def acl(self, name):
        acl = self.world.acls[name]
        self.add(title(name), "AWS::EC2::NetworkAcl", {"VpcId": self.reference(acl.vpc)})
        for index, entry in enumerate(acl.entries):
            properties = {
                "NetworkAclId": self.reference(name),
                "RuleNumber": self.value(entry.number),
                "Protocol": self.value(NUMBERS[entry.protocol]),
                "RuleAction": "allow" if entry.allow else "deny",
                "Egress": True if entry.egress else self.choose("no value", False, None),
                "CidrBlock": self.value(entry.cidr),
            }
            if entry.protocol != "-1":
                properties["PortRange"] = {"From": self.value(entry.first), "To": self.value(entry.last)}
            elif self.some("ports of all"):
                # Ignored with protocol -1.
                properties["PortRange"] = {"From": 22, "To": 22}
            self.add(f"{title(name)}Entry{index}", "AWS::EC2::NetworkAclEntry", properties)
        if self.some("false entry"):
            properties = {
                "NetworkAclId": self.reference(name),
                "RuleNumber": 32766,
                "Protocol": -1,
                "CidrBlock": "0.0.0.0/0",
            }
            properties |= {"RuleAction": "allow", "Egress": self.rng.choice([True, False])}
            self.add(f"{title(name)}Unused", "AWS::EC2::NetworkAclEntry", properties)["Condition"] = self.condition(False)

    def rule(self, rule, peer):
        """Returns the properties of a rule; `peer` is the prefix of the properties that refer to a group."""
        shown = {"IpProtocol": self.value(self.choose("protocol number", *PROTOCOLS[rule.protocol]))}
        if rule.protocol != "-1":
            shown |= {"FromPort": self.value(rule.first), "ToPort": self.value(rule.last)}
        elif self.some("ports of all"):
            # Ignored with protocol -1.
            shown |= {"FromPort": 22, "ToPort": 22}
        if not is_cidr(rule.peer):
            shown[f"{peer}SecurityGroupId"] = self.group(rule.peer)
        else:
            shown["CidrIpv6" if is_ipv6(rule.peer) else "CidrIp"] = self.value(rule.peer)
        return shown

    def write_group(self, name):
        group, logical = self.world.groups[name], title(name)
        order = list(self.world.groups)
        standalone = []
        lists = {"Ingress": [], "Egress": []}
        for direction, rules, peer in (("Ingress", group.ingress, "Source"), ("Egress", group.egress or [], "Destination")):
            for rule in rules:
                if group.default and rule.peer == name:
                    continue
                # Inline references in both directions would be a circular dependency.
                circular = (
                    not is_cidr(rule.peer)
                    and not self.world.groups[rule.peer].default
                    and order.index(rule.peer) >= order.index(name)
                )
                if circular or group.default or self.some("standalone"):
                    standalone.append((direction, self.rule(rule, peer)))
                else:
                    lists[direction].append(self.rule(rule, peer))
        if not group.default:
            if group.egress is not None and not lists["Egress"]:
                lists["Egress"].append(NOTHING)
            if lists["Ingress"] and self.some("false rule"):
                lists["Ingress"].append(self.unused_rule())
            properties = {"GroupDescription": name, "VpcId": self.reference(group.vpc)}
            properties |= {f"SecurityGroup{direction}": rules for direction, rules in lists.items() if rules}
            self.add(logical, "AWS::EC2::SecurityGroup", properties)
        for index, (direction, rule) in enumerate(standalone):
            self.add(
                f"{logical}{direction}{index}", f"AWS::EC2::SecurityGroup{direction}", {"GroupId": self.group(name), **rule}
            )

    def unused_rule(self):
        rule = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
        return {"Fn::If": [self.condition(False), rule, NO_VALUE]}

    def endpoint(self, name):
        endpoint = self.world.endpoints[name]
        properties = {
            "VpcId": self.reference(endpoint.vpc),
            "ServiceName": self.service(endpoint),
            "VpcEndpointType": self.optional(endpoint.type, "Interface"),
            "PrivateDnsEnabled": self.optional(endpoint.private_dns, True),
            "SubnetIds": self.listed([self.reference(it) for it in endpoint.subnets]) or None,
            "SecurityGroupIds": self.listed([self.group(it) for it in endpoint.groups]) if endpoint.groups else None,
        }
        if endpoint.type == "Gateway":
            del properties["SubnetIds"], properties["SecurityGroupIds"]
        self.add(title(name), "AWS::EC2::VPCEndpoint", properties)

    def service(self, endpoint):
        full = service_name(endpoint)
        if endpoint.region != REGION:
            return full
        return self.choose(
            "service",
            *[
                full,
                {"Fn::Sub": "com.amazonaws.${AWS::Region}." + endpoint.service},
                {"Fn::Join": ["", ["com.amazonaws.", {"Ref": "AWS::Region"}, "." + endpoint.service]]},
                {"Fn::Join": [".", ["com.amazonaws", {"Ref": "AWS::Region"}, endpoint.service]]},
                {"Fn::Sub": ["com.amazonaws.${AWS::Region}.${Service}", {"Service": endpoint.service}]},
            ],
        )

    def zone(self, name):
        zone = self.world.zones[name]
        dot = "." if "dot" in self.forms else ""
        vpcs = [
            {"VPCId": self.reference(vpc), "VPCRegion": self.choose("service", REGION, {"Ref": "AWS::Region"})}
            for vpc in zone.vpcs
        ]
        self.add(title(name), "AWS::Route53::HostedZone", {"Name": zone.name + dot, "VPCs": vpcs})
        for index, (record, target) in enumerate(zone.records):
            properties = {
                "HostedZoneId": self.choose("attribute id", {"Ref": title(name)}, {"Fn::GetAtt": [title(name), "Id"]}),
                "Name": record + dot,
                "Type": "A",
            }
            if target in self.world.endpoints:
                entry = {"Fn::Select": [0, {"Fn::GetAtt": [title(target), "DnsEntries"]}]}
                hosted, dns = ({"Fn::Select": [part, {"Fn::Split": [":", entry]}]} for part in (0, 1))
                properties["AliasTarget"] = {"DNSName": dns, "HostedZoneId": hosted}
            else:
                properties |= {"TTL": "300", "ResourceRecords": [target]}
            self.add(f"{title(name)}Record{index}", "AWS::Route53::RecordSet", properties)

    def role(self):
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
        properties = {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "ManagedPolicyArns": [managed],
        }
        self.add("Role", "AWS::IAM::Role", properties)
        self.add("Profile", "AWS::IAM::InstanceProfile", {"Roles": [{"Ref": "Role"}]})
        self.parameters["Image"] = {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": IMAGE}

    def image(self):
        return self.choose("resolve", {"Ref": "Image"}, "{{resolve:ssm:%s}}" % IMAGE)

    def instance(self, name):
        world, instance, logical = self.world, self.world.instances[name], title(name)
        groups = self.listed([self.group(it) for it in instance.groups]) if instance.groups else None
        properties = {"ImageId": self.image(), "InstanceType": "t3.micro", "IamInstanceProfile": {"Ref": "Profile"}}
        address = {
            "SubnetId": self.reference(instance.subnet),
            "PrivateIpAddress": self.optional(instance.address, "10.0.0.9"),
        }
        if instance.public is not None or self.some("interfaces"):
            interface = {"DeviceIndex": self.choose("text", "0", 0), **address, "GroupSet": groups}
            interface["AssociatePublicIpAddress"] = self.optional(instance.public, True)
            properties["NetworkInterfaces"] = [{key: value for key, value in interface.items() if value is not None}]
        else:
            properties |= {**address, "SecurityGroupIds": groups}
        self.add(logical, "AWS::EC2::Instance", properties)
        if instance.elastic:
            depends = self.attachments(world.instance_vpc(instance))
            if self.some("association"):
                self.add(f"{logical}Address", "AWS::EC2::EIP", {"Domain": "vpc"}, depends)
                properties = {
                    "InstanceId": {"Ref": logical},
                    "AllocationId": {"Fn::GetAtt": [f"{logical}Address", "AllocationId"]},
                }
                self.add(f"{logical}Association", "AWS::EC2::EIPAssociation", properties)
            else:
                self.add(f"{logical}Address", "AWS::EC2::EIP", {"InstanceId": {"Ref": logical}}, depends)

    def document(self):
        resources = self.resources
        if self.some("order"):
            resources = dict(self.rng.sample(list(resources.items()), len(resources)))
        sections = {"Parameters": self.parameters, "Mappings": self.mappings, "Conditions": self.conditions}
        used = {name: section for name, section in sections.items() if section}
        return {"AWSTemplateFormatVersion": "2010-09-09", **used, "Resources": resources}


def yaml_lines(value, tags, indent=0):
    """Returns the lines of a block; every text is in JSON's quotes."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from entry_lines(f"{pad}{key}:", item, tags, indent + 1)
    elif isinstance(value, list) and value:
        for item in value:
            yield from entry_lines(f"{pad}-", item, tags, indent + 1)
    else:
        yield pad + json.dumps(value)


def entry_lines(start, item, tags, indent):
    if isinstance(item, dict) and len(item) == 1 and tags:
        ((key, argument),) = item.items()
        tag = "!" + key.removeprefix("Fn::")
        # A tag directly inside a tag is allowed only on separate nodes, which a block is.
        if key in ("Ref", "Condition") and isinstance(argument, str):
            yield f"{start} {tag} {json.dumps(argument)}"
            return
        if key == "Fn::GetAtt":
            yield f"{start} {tag} {'.'.join(argument)}"
            return
        if key.startswith("Fn::"):
            yield from entry_lines(f"{start} {tag}", argument, False if isinstance(argument, dict) else tags, indent)
            return
    if isinstance(item, (dict, list)) and item:
        yield start
        yield from yaml_lines(item, tags, indent)
    else:
        yield f"{start} {json.dumps(item)}"
