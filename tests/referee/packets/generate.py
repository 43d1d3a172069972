"""Random worlds: networks that connect, networks with one wrong value, and networks of random values."""

import copy
import ipaddress
import random

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
    bounds,
    host_name,
    is_cidr,
    text,
    usable,
)

ANY = "0.0.0.0/0"
HALVES = ("0.0.0.0/1", "128.0.0.0/1")
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
                unique = {(it.protocol, *((0, 0) if it.protocol == "-1" else (it.first, it.last)), it.peer): it for it in rules}
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
            vpc.servers = rng.choice([["AmazonProvidedDNS"], ["AmazonProvidedDNS"], [LINK_LOCAL_RESOLVER], ["10.%d.0.2" % index]])
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
        world, rng = self.result, self.rng
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


def blocks_near(world, rng, vpc):
    """Returns a CIDR block that matters to a VPC."""
    subnet = rng.choice([it.cidr for it in world.subnets.values() if it.vpc == vpc])
    fixed = [it.address for it in world.instances.values() if it.address and world.instance_vpc(it) == vpc]
    options = [ANY, *HALVES, subnet, subnet, *map(str, ipaddress.ip_network(subnet).subnets()), *world.vpcs[vpc].cidrs]
    options += [f"{address}/32" for address in fixed] + ["192.168.0.0/16", "10.0.0.0/8"]
    return rng.choice(options)


def random_rule(world, rng, vpc):
    protocol, first, last = rng.choice(
        [("tcp", 443, 443)] * 4 + [("tcp", 0, 65535), ("-1", 0, 0), ("udp", 443, 443), ("tcp", 80, 80), ("tcp", 444, 65535), ("udp", 53, 53)]
    )
    groups = [name for name, group in world.groups.items() if group.vpc == vpc]
    peer = rng.choice(groups) if rng.random() < 0.3 else blocks_near(world, rng, vpc)
    return Rule(protocol, first, last, peer if rng.random() > 0.03 else "::/0")


def random_entry(world, rng, vpc, number):
    protocol, first, last = rng.choice(
        [("tcp", 443, 443)] * 3
        + [("tcp", 1024, 65535)] * 3
        + [("tcp", 32768, 60999), ("tcp", 32768, 65535), ("-1", 0, 0), ("udp", 0, 65535), ("tcp", 0, 65535), ("udp", 53, 53)]
        + [("tcp", 49152, 65535), ("tcp", 1024, 32767)]
    )
    return Entry(number, rng.random() < 0.5, rng.random() < 0.75, protocol, first, last, blocks_near(world, rng, vpc))


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


def random_zone(world, rng):
    vpc = rng.choice(sorted(world.vpcs))
    services = rng.sample(SERVICES, rng.randint(1, 2))
    name = rng.choice([host_name(services[0]), "eu-central-1.amazonaws.com", "amazonaws.com", "example.internal"])
    records = []
    for service in services:
        endpoints = [key for key, it in world.endpoints.items() if it.service == service]
        target = rng.choice([*endpoints * 3, "10.9.9.9"])
        record = rng.choice([host_name(service)] * 3 + ["*." + host_name(service).split(".", 1)[1]])
        if rng.random() < 0.7 and record.endswith("." + name) or record == name:
            records.append((record, target))
    vpcs = [vpc] if rng.random() < 0.8 else sorted(world.vpcs)
    world.zones[f"zone{len(world.zones)}x"] = Zone(name, vpcs, list(dict(records).items()))


def mutate(world, rng):
    """Changes one value; a mutation that does not fit the world is drawn again."""
    for _ in range(40):
        name = rng.choice(sorted(MUTATIONS))
        if MUTATIONS[name](world, rng) is not False:
            world.mutation = f"{world.mutation}, {name}" if world.mutation else name
            return


def pick(rng, objects, condition=lambda it: True):
    """Returns a random object, or raises `IndexError`, which `applied` turns into `False`."""
    return rng.choice([it for _, it in sorted(objects.items()) if condition(it)])


MUTATIONS = {}


def mutation(function):
    def applied(world, rng):
        try:
            return function(world, rng)
        except IndexError:
            return False

    MUTATIONS[function.__name__.replace("_", "-")] = applied
    return function


@mutation
def private_dns_off(world, rng):
    pick(rng, world.endpoints, lambda it: it.private_dns).private_dns = rng.choice([None, False])


@mutation
def private_dns_on(world, rng):
    pick(rng, world.endpoints, lambda it: not it.private_dns).private_dns = True


@mutation
def dns_support_off(world, rng):
    pick(rng, world.vpcs).dns_support = False


@mutation
def dns_hostnames_off(world, rng):
    pick(rng, world.vpcs).dns_hostnames = rng.choice([None, False])


@mutation
def foreign_resolver(world, rng):
    pick(rng, world.vpcs).servers = rng.choice([["8.8.8.8"], ["1.1.1.1"], ["9.9.9.9"]])


@mutation
def no_resolver(world, rng):
    pick(rng, world.vpcs).servers = []


@mutation
def endpoint_missing(world, rng):
    name = rng.choice(sorted(world.endpoints))
    del world.endpoints[name]
    for zone in world.zones.values():
        zone.records = [record for record in zone.records if record[1] != name]


@mutation
def endpoint_twice(world, rng):
    endpoint = copy.deepcopy(pick(rng, world.endpoints))
    if rng.random() < 0.5:
        endpoint.private_dns = False
    world.endpoints["endpointtwice"] = endpoint


@mutation
def endpoint_of_other_region(world, rng):
    pick(rng, world.endpoints).region = "eu-west-1"


@mutation
def endpoint_type(world, rng):
    pick(rng, world.endpoints).type = rng.choice([None, "Gateway"])


@mutation
def endpoint_without_subnets(world, rng):
    pick(rng, world.endpoints).subnets = []


@mutation
def endpoint_subnets_in_one_zone(world, rng):
    endpoint = pick(rng, world.endpoints, lambda it: len(it.subnets) > 1)
    world.subnets[endpoint.subnets[0]].zone = world.subnets[endpoint.subnets[1]].zone


@mutation
def endpoint_in_other_vpc(world, rng):
    endpoint = pick(rng, world.endpoints)
    other = pick(rng, {name: name for name in world.vpcs}, lambda it: it != endpoint.vpc)
    endpoint.vpc = other
    endpoint.subnets = [next(name for name, it in sorted(world.subnets.items()) if it.vpc == other)]
    endpoint.groups = None


@mutation
def endpoint_groups_of_other_vpc(world, rng):
    endpoint = pick(rng, world.endpoints)
    endpoint.groups = [rng.choice([name for name, it in sorted(world.groups.items()) if it.vpc != endpoint.vpc])]


@mutation
def endpoint_default_group(world, rng):
    pick(rng, world.endpoints, lambda it: it.groups).groups = None


@mutation
def instance_default_group(world, rng):
    pick(rng, world.instances, lambda it: it.groups).groups = None


@mutation
def instance_group_of_other_vpc(world, rng):
    instance = pick(rng, world.instances)
    vpc = world.instance_vpc(instance)
    instance.groups = [rng.choice([name for name, it in sorted(world.groups.items()) if it.vpc != vpc])]


@mutation
def rule_for_group_of_other_vpc(world, rng):
    group = pick(rng, world.groups, lambda it: not it.default)
    peer = rng.choice([name for name, it in sorted(world.groups.items()) if it.vpc != group.vpc])
    group.ingress.append(Rule("tcp", 443, 443, peer))


@mutation
def rule_missing(world, rng):
    group = pick(rng, world.groups, lambda it: not it.default and (it.ingress or it.egress))
    rules = rng.choice([it for it in (group.ingress, group.egress) if it])
    rules.remove(rng.choice(rules))


@mutation
def rule_port(world, rng):
    rule = random_existing_rule(world, rng)
    rule.protocol, rule.first, rule.last = rng.choice([("tcp", 80, 80), ("tcp", 444, 500), ("udp", 443, 443), ("tcp", 0, 442), ("icmp", -1, -1)])


@mutation
def rule_peer(world, rng):
    rule = random_existing_rule(world, rng)
    if is_cidr(rule.peer) and ":" not in rule.peer and not rule.peer.endswith("/32"):
        rule.peer = str(rng.choice(list(ipaddress.ip_network(rule.peer).subnets())))
    else:
        rule.peer = "192.168.0.0/16"


@mutation
def rule_ipv6(world, rng):
    random_existing_rule(world, rng).peer = "::/0"


def random_existing_rule(world, rng):
    rules = [rule for _, group in sorted(world.groups.items()) if not group.default for rule in [*group.ingress, *(group.egress or [])]]
    return rng.choice(rules)


@mutation
def egress_without_rules(world, rng):
    pick(rng, world.groups, lambda it: not it.default).egress = []


@mutation
def acl_empty(world, rng):
    subnet = pick(rng, world.subnets)
    world.acls["aclempty"] = Acl(subnet.vpc, [])
    subnet.acl = "aclempty"


@mutation
def acl_entry_missing(world, rng):
    acl = pick(rng, world.acls, lambda it: it.entries)
    acl.entries.remove(rng.choice(acl.entries))


@mutation
def acl_denial(world, rng):
    acl = pick(rng, world.acls, lambda it: it.entries)
    entry = rng.choice(acl.entries)
    ports = rng.choice([("tcp", entry.first, entry.last), ("-1", 0, 0), ("tcp", 50000, 50000), ("tcp", 61000, 65535)])
    if entry.protocol == "-1" and ports[1] == 0:
        ports = ("-1", 0, 0)
    used = {it.number for it in acl.entries}
    number = rng.choice([it for it in range(1, 500) if it not in used])
    acl.entries.append(Entry(number, entry.egress, False, *ports, blocks_near(world, rng, acl.vpc)))


@mutation
def acl_client_ports(world, rng):
    acl = pick(rng, world.acls)
    entry = rng.choice([it for it in acl.entries if it.last == 65535])
    entry.first, entry.last = rng.choice([(49152, 65535), (32768, 60999), (32768, 65535), (1024, 60999), (1024, 32767), (32768, 60998)])


@mutation
def acl_number_twice(world, rng):
    acl = pick(rng, world.acls, lambda it: len(it.entries) > 1)
    entry = rng.choice(acl.entries)
    acl.entries.append(Entry(entry.number, entry.egress, True, "tcp", 8080, 8080, ANY))


@mutation
def route_missing(world, rng):
    table = pick(rng, world.tables, lambda it: it.routes)
    table.routes.remove(rng.choice(table.routes))


@mutation
def route_blackhole(world, rng):
    table = pick(rng, world.tables, lambda it: it.routes)
    route = rng.choice(table.routes)
    subnet = rng.choice([name for name, it in sorted(world.subnets.items()) if it.vpc == table.vpc])
    route.kind, route.target = "interface", subnet


@mutation
def route_more_specific(world, rng):
    table = pick(rng, world.tables, lambda it: it.routes)
    subnet = rng.choice([name for name, it in sorted(world.subnets.items()) if it.vpc == table.vpc])
    table.routes.append(Route(rng.choice(["0.0.0.0/2", "32.0.0.0/3", "128.0.0.0/1", "192.168.0.0/16"]), "interface", subnet))


@mutation
def route_inside_the_vpc(world, rng):
    """AWS does not document the effect on traffic inside the subnet, so that the subnet itself keeps its routes."""
    endpoint = pick(rng, world.endpoints, lambda it: it.subnets)
    subnet = world.subnets[endpoint.subnets[0]]
    users = [it for it in world.instances.values() if world.subnets[it.subnet].vpc == subnet.vpc and it.subnet != endpoint.subnets[0]]
    table = world.subnets[rng.choice(users).subnet].table
    if table is None or table == subnet.table:
        return False
    world.tables[table].routes.append(Route(subnet.cidr, "interface", endpoint.subnets[0]))


@mutation
def table_not_associated(world, rng):
    pick(rng, world.subnets, lambda it: it.table).table = None


@mutation
def gateway_not_attached(world, rng):
    pick(rng, world.gateways).vpcs = []


@mutation
def gateway_twice(world, rng):
    gateway = pick(rng, world.gateways)
    world.gateways["gatewaytwice"] = Gateway(list(gateway.vpcs))


@mutation
def nat_in_private_subnet(world, rng):
    nat = pick(rng, world.nats)
    vpc = world.subnets[nat.subnet].vpc
    nat.subnet = rng.choice([name for name, it in sorted(world.subnets.items()) if it.vpc == vpc and name != nat.subnet])


@mutation
def nat_private(world, rng):
    pick(rng, world.nats).public = False


@mutation
def no_public_address(world, rng):
    instance = pick(rng, world.instances, lambda it: it.public or it.elastic or world.subnets[it.subnet].public_addresses)
    instance.elastic, instance.public = False, rng.choice([False, None])


@mutation
def public_address(world, rng):
    instance = pick(rng, world.instances)
    instance.public = True


@mutation
def elastic_address(world, rng):
    pick(rng, world.instances).elastic = True


@mutation
def fixed_address(world, rng):
    instance = pick(rng, world.instances)
    first, last = bounds(world.subnets[instance.subnet].cidr)
    instance.address = rng.choice([text(first + 3), text(last), text(first + 5), text(first + 6), text(last + 9)])


@mutation
def instance_in_other_subnet(world, rng):
    instance = pick(rng, world.instances)
    vpc = world.instance_vpc(instance)
    instance.subnet = rng.choice([name for name, it in sorted(world.subnets.items()) if it.vpc == vpc])
    instance.address = None


@mutation
def subnets_overlap(world, rng):
    names = sorted(world.subnets)
    one, other = rng.sample(names, 2) if len(names) > 1 else (None, None)
    if one is None or world.subnets[one].vpc != world.subnets[other].vpc:
        return False
    world.subnets[one].cidr = world.subnets[other].cidr
    for instance in world.instances.values():
        if instance.subnet == one:
            instance.address = None


@mutation
def zone_added(world, rng):
    random_zone(world, rng)


@mutation
def zone_empty(world, rng):
    pick(rng, world.zones).records = []


@mutation
def zone_twice(world, rng):
    name = rng.choice(sorted(world.zones))
    world.zones["zonetwice"] = copy.deepcopy(world.zones[name])


@mutation
def zone_of_other_vpc(world, rng):
    zone = pick(rng, world.zones)
    zone.vpcs = [rng.choice([it for it in sorted(world.vpcs) if it not in zone.vpcs])]


@mutation
def other_service(world, rng):
    pick(rng, world.endpoints).service = rng.choice(["ec2messages", "kms", "ec2"])
