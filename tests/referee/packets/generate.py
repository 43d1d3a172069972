"""Random worlds: networks that connect, networks with one wrong value, and networks of random values."""

import ipaddress
import random

from packets.mutate import mutate
from packets.values import ANY, HALVES, random_entry, random_rule, random_zone
from packets.world import (
    LINK_LOCAL_RESOLVER,
    SERVICES,
    Acl,
    Endpoint,
    Entry,
    Gateway,
    Group,
    Instance,
    Nat,
    Route,
    Rule,
    Subnet,
    Table,
    Vpc,
    World,
    Zone,
    host_name,
    text,
    usable,
)

# Every VPC has blocks that no other VPC has.
BLOCKS = (("10.0.0.0/16", "100.64.0.0/16"), ("10.1.0.0/16", "10.2.0.0/16"))


def generate(seed):
    """Returns the world of a seed."""
    rng = random.Random(seed)
    builder = Builder(rng)
    world = builder.world()
    style = rng.random()
    if style < 0.45:
        mutate(world, rng)
    elif style < 0.6:
        mutate(world, rng)
        mutate(world, rng)
    elif style < 0.9:
        randomize(world, rng)
    deduplicate(world)
    return world


def deduplicate(world):
    """The API rejects a rule that exists already; that is not what a random rule should test."""
    for group in world.groups.values():
        for direction in ("ingress", "egress"):
            rules = getattr(group, direction)
            if rules:
                unique = {
                    (it.protocol, *((0, 0) if it.protocol == "-1" else (it.first, it.last)), it.peer): it for it in rules
                }
                setattr(group, direction, list(unique.values()))
    for table in world.tables.values():
        table.routes = list({route.cidr: route for route in table.routes}.values())


class Builder:
    def __init__(self, rng):
        self.rng, self.result = rng, World()

    def maybe(self, probability):
        return self.rng.random() < probability

    def world(self):
        for index in range(2 if self.maybe(0.25) else 1):
            self.vpc(index)
        return self.result

    def vpc(self, index):
        rng, world, name = self.rng, self.result, f"vpc{index}"
        cidrs = list(BLOCKS[index][: 2 if self.maybe(0.3) else 1])
        design = rng.choice(["endpoints", "endpoints", "endpoints", "nat", "public", "zone", "mixed"])
        world.vpcs[name] = vpc = Vpc(cidrs)
        vpc.dns_support = rng.choice([None, True])
        vpc.dns_hostnames = True if design in ("endpoints", "zone", "mixed") else rng.choice([None, True, False])
        if self.maybe(0.25):
            vpc.servers = rng.choice(
                [["AmazonProvidedDNS"], ["AmazonProvidedDNS"], [LINK_LOCAL_RESOLVER], ["10.%d.0.2" % index]]
            )
        world.groups[f"default{index}"] = Group(name, [Rule("-1", 0, 0, f"default{index}")], None, default=True)
        private = [self.subnet(name, index, zone=number % 3) for number in range(rng.choice([1, 2, 2, 3]))]
        if design in ("nat", "public", "mixed") or self.maybe(0.2):
            self.internet(name, index, private, design)
        services = {"nat": [], "public": [], "mixed": [rng.choice(SERVICES)]}.get(design, list(SERVICES))
        if services and self.maybe(0.2):
            services.append("ec2messages")
        self.instances(name, index, private, design, services)
        for service in services:
            self.endpoint(name, index, service, private, design)
        if design == "zone":
            self.zones(name, index, services)
        if self.maybe(0.4):
            self.acls(name, index)

    def subnet(self, vpc, index, zone, public=False):
        rng, world = self.rng, self.result
        number = len([it for it in world.subnets.values() if it.vpc == vpc])
        block = ipaddress.ip_network(rng.choice(world.vpcs[vpc].cidrs))
        prefix = rng.choice([24, 24, 26, 28])
        start = int(block[0]) + number * 256 + (rng.randrange(256 >> (32 - prefix)) << (32 - prefix) if prefix != 24 else 0)
        name = f"subnet{index}{number}"
        addresses = rng.choice([None, False]) if not public else rng.choice([True, None])
        world.subnets[name] = Subnet(vpc, f"{text(start)}/{prefix}", zone, addresses)
        if public or self.maybe(0.5):
            world.tables[f"table{index}{number}"] = Table(vpc, [])
            world.subnets[name].table = f"table{index}{number}"
        return name

    def internet(self, vpc, index, private, design):
        rng, world = self.rng, self.result
        gateway, nat = f"gateway{index}", f"nat{index}"
        world.gateways[gateway] = Gateway([vpc])
        public = self.subnet(vpc, index, zone=0, public=True)
        world.tables[world.subnets[public].table].routes = self.default_routes("gateway", gateway)
        if design == "public":
            for name in private:
                world.subnets[name].table = world.subnets[public].table
                world.subnets[name].public_addresses = rng.choice([True, True, None])
        elif design in ("nat", "mixed") or self.maybe(0.5):
            world.nats[nat] = Nat(public)
            for name in private:
                if not world.subnets[name].table:
                    world.subnets[name].table = name.replace("subnet", "table")
                    world.tables[world.subnets[name].table] = Table(vpc, [])
                world.tables[world.subnets[name].table].routes = self.default_routes("nat", nat)

    def default_routes(self, kind, target):
        blocks = [ANY] if self.maybe(0.8) else list(HALVES)
        if self.maybe(0.1):
            blocks.append("192.168.0.0/16")
        return [Route(cidr, kind, target) for cidr in blocks]

    def instances(self, vpc, index, private, design, services):
        rng, world = self.rng, self.result
        for number in range(rng.choice([1, 1, 2, 3])):
            subnet = rng.choice(private)
            groups = None
            if self.maybe(0.8):
                name = f"group{index}{number}"
                world.groups[name] = Group(vpc)
                groups = [name]
                if self.maybe(0.2):
                    groups.append(f"default{index}")
            instance = Instance(subnet, groups)
            if self.maybe(0.3):
                first, last = usable(world.subnets[subnet].cidr)
                taken = {it.address for it in world.instances.values()}
                free = [text(it) for it in range(first, last + 1) if text(it) not in taken]
                instance.address = rng.choice(free[:6])
            if design == "public":
                if self.maybe(0.3):
                    instance.elastic = True
                else:
                    instance.public = True if not world.subnets[subnet].public_addresses else rng.choice([None, True])
            elif self.maybe(0.1):
                instance.public = False
            world.instances[f"instance{index}{number}"] = instance

    def endpoint(self, vpc, index, service, private, design):
        rng, world = self.rng, self.result
        by_zone = {world.subnets[it].zone: it for it in rng.sample(private, len(private))}
        subnets = rng.sample(sorted(by_zone.values()), rng.randint(1, len(by_zone)))
        groups = None
        members = {name: it for name, it in world.instances.items() if world.instance_vpc(it) == vpc}
        shared = [name for name, group in world.groups.items() if name.startswith(f"service{index}")]
        if shared and self.maybe(0.5):
            groups = [shared[0]]
        elif self.maybe(0.9) or any(f"default{index}" not in world.groups_of(it, vpc) for it in members.values()):
            name = f"service{index}{service}"
            world.groups[name] = Group(vpc, self.inbound(vpc, members), rng.choice([None, []]))
            groups = [name]
        world.endpoints[f"endpoint{index}{service}"] = Endpoint(vpc, service, subnets, groups, design != "zone" or None)
        for instance in members.values():
            for name in instance.groups or []:
                group = world.groups[name]
                if not group.default and (group.egress is not None or self.maybe(0.5)):
                    group.egress = (group.egress or []) + self.outbound(vpc, subnets, groups or [f"default{index}"], design)

    def ports(self):
        """Returns a range that contains 443, in several forms."""
        return self.rng.choice([("tcp", 443, 443), ("tcp", 443, 443), ("tcp", 0, 65535), ("-1", 0, 0), ("tcp", 400, 500)])

    def rules(self, blocks):
        rules = []
        for block in blocks:
            if self.maybe(0.15):
                # A block written as its halves.
                rules += [Rule(*self.ports(), str(half)) for half in ipaddress.ip_network(block).subnets()]
            else:
                rules.append(Rule(*self.ports(), block))
        return rules

    def inbound(self, vpc, members):
        world, rng = self.result, self.rng
        choice = rng.choice(["vpc", "subnets", "groups", "any", "addresses"])
        if choice == "vpc":
            return self.rules(world.vpcs[vpc].cidrs)
        if choice == "subnets":
            return self.rules(sorted({world.subnets[it.subnet].cidr for it in members.values()}))
        if choice == "groups":
            return [Rule(*self.ports(), world.groups_of(it, vpc)[0]) for it in members.values()]
        if choice == "addresses" and all(it.address for it in members.values()):
            return [Rule(*self.ports(), f"{it.address}/32") for it in members.values()]
        return self.rules([ANY])

    def outbound(self, vpc, subnets, groups, design):
        world, rng = self.result, self.rng
        choice = rng.choice(["vpc", "subnets", "group", "any"]) if design != "mixed" else "any"
        if choice == "vpc":
            return self.rules(world.vpcs[vpc].cidrs)
        if choice == "subnets":
            return self.rules([world.subnets[it].cidr for it in subnets])
        if choice == "group":
            return [Rule(*self.ports(), rng.choice(groups))]
        return self.rules([ANY])

    def zones(self, vpc, index, services):
        world, rng = self.result, self.rng
        for service in services:
            world.zones[f"zone{index}{service}"] = Zone(
                host_name(service), [vpc], [(host_name(service), f"endpoint{index}{service}")]
            )
        if self.maybe(0.2):
            parent = rng.choice(["eu-central-1.amazonaws.com", "amazonaws.com"])
            records = [(host_name(service), f"endpoint{index}{service}") for service in services]
            if self.maybe(0.5):
                for service in services:
                    del world.zones[f"zone{index}{service}"]
            world.zones[f"zone{index}parent"] = Zone(parent, [vpc], records)

    def acls(self, vpc, index):
        world = self.result
        for number, (name, subnet) in enumerate(it for it in list(world.subnets.items()) if it[1].vpc == vpc):
            if self.maybe(0.6):
                acl = f"acl{index}{number}"
                world.acls[acl] = Acl(vpc, self.good_entries())
                subnet.acl = acl

    def good_entries(self):
        rng = self.rng
        if self.maybe(0.3):
            entries = [(False, True, "-1", 0, 0, ANY), (True, True, "-1", 0, 0, ANY)]
        else:
            # Endpoints, instances and NAT gateways may share the subnet.
            first = rng.choice([1024, 1024, 0])
            last = 65535
            entries = [(False, True, "tcp", 443, 443, ANY), (True, True, "tcp", 443, 443, ANY)]
            for egress in (False, True):
                for block in rng.choice([[ANY], list(HALVES)]):
                    middle = rng.choice([None, None, 40000])
                    ranges = [(first, last)] if middle is None else [(first, middle), (middle + 1, last)]
                    entries += [(egress, True, "tcp", *ports, block) for ports in ranges]
        if self.maybe(0.3):
            entries.insert(0, (rng.choice([True, False]), False, "tcp", 22, 22, ANY))
        numbers = sorted(rng.sample(range(1, 400), len(entries)))
        return [Entry(number, *entry) for number, entry in zip(numbers, entries)]


def randomize(world, rng):
    """Replaces parts of a world by random values."""
    world.mutation = "random"
    part = rng.choice(["groups", "acls", "both", "routes", "dns"])
    if part in ("groups", "both"):
        for group in world.groups.values():
            if group.default:
                group.ingress += [random_rule(world, rng, group.vpc)] if rng.random() < 0.2 else []
                continue
            if rng.random() < 0.6:
                group.egress = rng.choice([None, [random_rule(world, rng, group.vpc) for _ in range(rng.randint(0, 4))]])
            if rng.random() < 0.6:
                group.ingress = [random_rule(world, rng, group.vpc) for _ in range(rng.randint(0, 4))]
    if part in ("acls", "both"):
        for name, subnet in world.subnets.items():
            if rng.random() < 0.6:
                count = rng.randint(2, 9)
                numbers = rng.sample(range(1, 32767), count)
                acl = "acl" + name.removeprefix("subnet") + "r"
                world.acls[acl] = Acl(subnet.vpc, [random_entry(world, rng, subnet.vpc, it) for it in numbers])
                if rng.random() < 0.6:
                    world.acls[acl].entries += [
                        Entry(32000 + egress, bool(egress), True, "tcp", 0, 65535, ANY)
                        for egress in (0, 1)
                        if 32000 + egress not in numbers
                    ]
                subnet.acl = acl
    if part == "routes":
        for table in world.tables.values():
            if rng.random() < 0.7:
                table.routes = []
                for cidr in rng.sample([ANY, *HALVES, "52.0.0.0/8", "192.168.0.0/16"], rng.randint(0, 3)):
                    table.routes += random_route(world, rng, table.vpc, cidr)
        for subnet in world.subnets.values():
            if rng.random() < 0.3:
                subnet.table = rng.choice([None, *(name for name, it in world.tables.items() if it.vpc == subnet.vpc)])
            if rng.random() < 0.3:
                subnet.public_addresses = rng.choice([None, True, False])
    if part == "dns":
        for vpc in world.vpcs.values():
            vpc.dns_support, vpc.dns_hostnames = rng.choice([None, True, False]), rng.choice([True, True, None, False])
            if rng.random() < 0.3:
                vpc.servers = rng.choice([None, ["AmazonProvidedDNS"], ["8.8.8.8"], ["1.1.1.1"], [LINK_LOCAL_RESOLVER]])
        for endpoint in world.endpoints.values():
            if rng.random() < 0.5:
                endpoint.private_dns = rng.choice([None, False, True])
        if rng.random() < 0.6:
            random_zone(world, rng)


def random_route(world, rng, vpc, cidr):
    gateways = [("gateway", name) for name, gateway in world.gateways.items() if vpc in gateway.vpcs]
    nats = [("nat", name) for name, nat in world.nats.items() if world.subnets[nat.subnet].vpc == vpc]
    subnets = [("interface", name) for name, subnet in world.subnets.items() if subnet.vpc == vpc]
    options = gateways * 3 + nats * 3 + subnets[:1]
    return [Route(cidr, *rng.choice(options))] if options else []
