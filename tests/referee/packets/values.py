"""Random values that matter to a world."""

import ipaddress

from packets.world import (
    SERVICES,
    Entry,
    Rule,
    Zone,
    host_name,
)

ANY = "0.0.0.0/0"
HALVES = ("0.0.0.0/1", "128.0.0.0/1")


def blocks_near(world, rng, vpc):
    """Returns a CIDR block that matters to a VPC."""
    subnet = rng.choice([it.cidr for it in world.subnets.values() if it.vpc == vpc])
    fixed = [it.address for it in world.instances.values() if it.address and world.instance_vpc(it) == vpc]
    options = [ANY, *HALVES, subnet, subnet, *map(str, ipaddress.ip_network(subnet).subnets()), *world.vpcs[vpc].cidrs]
    options += [f"{address}/32" for address in fixed] + ["192.168.0.0/16", "10.0.0.0/8"]
    return rng.choice(options)


def random_rule(world, rng, vpc):
    protocol, first, last = rng.choice(
        [("tcp", 443, 443)] * 4
        + [("tcp", 0, 65535), ("-1", 0, 0), ("udp", 443, 443), ("tcp", 80, 80), ("tcp", 444, 65535), ("udp", 53, 53)]
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
