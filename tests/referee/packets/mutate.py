"""Changes of one value in a world."""

import copy
import ipaddress

from packets.values import ANY, blocks_near, random_zone
from packets.world import (
    Acl,
    Entry,
    Gateway,
    Route,
    Rule,
    bounds,
    is_cidr,
    text,
)


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
    rule.protocol, rule.first, rule.last = rng.choice(
        [("tcp", 80, 80), ("tcp", 444, 500), ("udp", 443, 443), ("tcp", 0, 442), ("icmp", -1, -1)]
    )


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
    rules = [
        rule
        for _, group in sorted(world.groups.items())
        if not group.default
        for rule in [*group.ingress, *(group.egress or [])]
    ]
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
    entry.first, entry.last = rng.choice(
        [(49152, 65535), (32768, 60999), (32768, 65535), (1024, 60999), (1024, 32767), (32768, 60998)]
    )


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
    users = [
        it
        for it in world.instances.values()
        if world.subnets[it.subnet].vpc == subnet.vpc and it.subnet != endpoint.subnets[0]
    ]
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
