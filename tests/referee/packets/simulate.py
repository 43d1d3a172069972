"""Predicts from AWS's documentation whether each instance connects to both services.

Nothing here is taken from the analysis in `src`. Addresses and ports that AWS chooses are variables: an instance connects
if every choice connects (`yes`), does not if none does (`no`), and otherwise `sometimes`.
"""

import ipaddress
from collections import Counter

from packets.world import (
    CLIENT_PORTS,
    HTTPS,
    NAT_PORTS,
    REGION,
    SERVICES,
    bounds,
    contains,
    host_name,
    is_cidr,
    is_ipv6,
    number,
    usable,
    uses_amazon_dns,
)

YES, NO, SOMETIMES = "yes", "no", "sometimes"
REJECTED = "AWS rejects the stack"
# Service addresses are public, and the file does not show which: 1.0.0.0 to 223.255.255.255 without the private blocks.
PUBLIC = [("1.0.0.0", "9.255.255.255"), ("11.0.0.0", "100.63.255.255"), ("128.0.0.0", "168.255.255.255")]
PUBLIC += [("193.0.0.0", "197.255.255.255"), ("204.0.0.0", "223.255.255.255")]
PUBLIC = [(number(first), number(last)) for first, last in PUBLIC]


def predict(world):
    """Returns the outcome and its reason for each instance."""
    reasons = refusals(world)
    if reasons:
        # CloudFormation deletes everything when the creation of a stack fails.
        return {name: (NO, f"{REJECTED}: {reasons[0]}") for name in world.instances}
    simulation = Simulation(world)
    return {name: simulation.outcome(name) for name in world.instances}


def overlap(one, other):
    return bounds(one)[0] <= bounds(other)[1] and bounds(other)[0] <= bounds(one)[1]


def within(inner, outer):
    return bounds(outer)[0] <= bounds(inner)[0] and bounds(inner)[1] <= bounds(outer)[1]


def repeated(values):
    return [value for value, count in Counter(values).items() if count > 1]


def refusals(world):
    """Returns why the API rejects a resource of the world."""
    return [
        reason
        for part in (network_refusals, route_refusals, group_refusals, endpoint_refusals, zone_refusals, instance_refusals)
        for reason in part(world)
    ]


def network_refusals(world):
    attached = [vpc for gateway in world.gateways.values() for vpc in gateway.vpcs]
    for vpc in repeated(attached):
        yield f"two internet gateways are attached to {vpc}"
    for name, gateway in world.gateways.items():
        if len(gateway.vpcs) > 1:
            yield f"{name} is attached to two VPCs"
    subnets = list(world.subnets.items())
    for index, (name, subnet) in enumerate(subnets):
        if not any(within(subnet.cidr, cidr) for cidr in world.vpcs[subnet.vpc].cidrs):
            yield f"{name} is outside the CIDR blocks of {subnet.vpc}"
        for other, second in subnets[index + 1 :]:
            if subnet.vpc == second.vpc and overlap(subnet.cidr, second.cidr):
                yield f"{name} and {other} overlap"
        if subnet.table and world.tables[subnet.table].vpc != subnet.vpc:
            yield f"{name} has a route table of another VPC"
        if subnet.acl and world.acls[subnet.acl].vpc != subnet.vpc:
            yield f"{name} has a network ACL of another VPC"
    for name, acl in world.acls.items():
        if repeated((entry.egress, entry.number) for entry in acl.entries):
            yield f"{name} has two entries of one number"


def route_refusals(world):
    for name, nat in world.nats.items():
        # CreateNatGateway: "Network vpc-… has no Internet gateway attached".
        if nat.public and not world.attached_gateway(world.subnets[nat.subnet].vpc):
            yield f"{name} is public in a VPC without an internet gateway"
    for name, table in world.tables.items():
        for cidr in repeated(str(ipaddress.ip_network(route.cidr)) for route in table.routes):
            yield f"{name} has two routes to {cidr}"
        for route in table.routes:
            # CreateRoute: "route table rtb-… and network gateway igw-… belong to different networks".
            if route.kind == "gateway" and table.vpc not in world.gateways[route.target].vpcs:
                yield f"{name} has a route to {route.target}, which is not attached to its VPC"
            if route.kind == "nat" and world.subnets[world.nats[route.target].subnet].vpc != table.vpc:
                yield f"{name} has a route to a NAT gateway of another VPC"
            if route.kind == "gateway" and any(within(route.cidr, cidr) for cidr in world.vpcs[table.vpc].cidrs):
                yield f"{name} has a route to a gateway that is more specific than the local route"


def group_refusals(world):
    for name, group in world.groups.items():
        for rules in (group.ingress, group.egress or []):
            shown = [
                (rule.protocol, *((0, 0) if rule.protocol == "-1" else (rule.first, rule.last)), rule.peer) for rule in rules
            ]
            if repeated(shown):
                yield f"{name} has a rule twice"
            for rule in rules:
                # https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
                if not is_cidr(rule.peer) and world.groups[rule.peer].vpc != group.vpc:
                    yield f"a rule of {name} refers to a group of another VPC without peering"


def endpoint_refusals(world):
    for name, endpoint in world.endpoints.items():
        vpc = world.vpcs[endpoint.vpc]
        if endpoint.region != REGION:
            yield f"{name} has a service of another Region"
        if endpoint.type != "Interface":
            yield f"{name} has a type that {endpoint.service} does not support"
        # https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html, prerequisites
        if endpoint.private_dns and not (vpc.dns_support is not False and vpc.dns_hostnames):
            yield f"{name} has private DNS in a VPC without both DNS attributes"
        if repeated(world.subnets[it].zone for it in endpoint.subnets):
            yield f"{name} has two subnets of one Availability Zone"
        if any(world.subnets[it].vpc != endpoint.vpc for it in endpoint.subnets):
            yield f"{name} has a subnet of another VPC"
        if any(world.groups[it].vpc != endpoint.vpc for it in endpoint.groups or []):
            yield f"{name} has a security group of another VPC"
    private = [(endpoint.vpc, endpoint.service) for endpoint in world.endpoints.values() if endpoint.private_dns]
    for vpc, service in repeated(private):
        yield f"two endpoints for {service} in {vpc} have private DNS"


def zone_refusals(world):
    private = {(endpoint.vpc, host_name(endpoint.service)) for endpoint in world.endpoints.values() if endpoint.private_dns}
    names = [(vpc, zone.name) for zone in world.zones.values() for vpc in zone.vpcs]
    for vpc, name in repeated(names):
        yield f"two private hosted zones {name} are associated with {vpc}"
    for vpc, name in names:
        # https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html, ConflictingDomainExists
        if (vpc, name) in private:
            yield f"the private hosted zone {name} conflicts with the private DNS of an endpoint in {vpc}"


def instance_refusals(world):
    addresses = []
    for name, instance in world.instances.items():
        subnet = world.subnets[instance.subnet]
        if any(world.groups[it].vpc != subnet.vpc for it in instance.groups or []):
            yield f"{name} has a security group of another VPC"
        if instance.address:
            first, last = usable(subnet.cidr)
            if not first <= number(instance.address) <= last:
                yield f"{name} has an address outside the usable part of its subnet"
            addresses.append((subnet.vpc, instance.address))
        # AssociateAddress, Gateway.NotAttached
        if instance.elastic and not world.attached_gateway(subnet.vpc):
            yield f"{name} has an Elastic IP address in a VPC without an internet gateway"
    for _, address in repeated(addresses):
        yield f"two instances have the address {address}"


class Sometimes(str):
    """The reason of a failure that depends on a port which the kernel or a NAT gateway chooses."""


def combined(*reasons):
    """Returns a certain failure, else one that happens sometimes, else an empty text."""
    failures = [reason for reason in reasons if reason]
    return next((reason for reason in failures if not isinstance(reason, Sometimes)), failures[0] if failures else "")


class Choices:
    """Collects the results of all choices of AWS."""

    def __init__(self):
        self.connected, self.reason = False, ""

    def add(self, reason):
        """Adds a result, empty if the connection succeeds; reports whether the outcome is final."""
        if not reason or isinstance(reason, Sometimes):
            self.connected = True
        self.reason = self.reason or reason
        return self.connected and bool(self.reason)

    def outcome(self):
        if not self.reason:
            return YES, ""
        return (SOMETIMES if self.connected else NO), self.reason


class Simulation:
    def __init__(self, world):
        self.world = world
        cuts, ports = set(), set()
        rules = [rule for group in world.groups.values() for rule in [*group.ingress, *(group.egress or [])]]
        blocks = [rule.peer for rule in rules if is_cidr(rule.peer) and not is_ipv6(rule.peer)]
        blocks += [route.cidr for table in world.tables.values() for route in table.routes]
        for acl in world.acls.values():
            for entry in acl.entries:
                blocks.append(entry.cidr)
                ports |= {entry.first, entry.last + 1}
        for block in blocks:
            first, last = bounds(block)
            cuts |= {first, last + 1}
        self.cuts, self.ports = sorted(cuts), sorted(ports)
        self.fixed = {number(it.address) for it in world.instances.values() if it.address}

    def values(self, first, last, cuts, excluded=()):
        """Returns a value of each part of a range in which all rules decide equally."""
        starts = [first, *(cut for cut in cuts if first < cut <= last)]
        for start, end in zip(starts, [*starts[1:], last + 1]):
            chosen = next((value for value in range(start, min(end, start + 64)) if value not in excluded), None)
            if chosen is not None:
                yield chosen

    def addresses_in(self, subnet):
        return list(self.values(*usable(self.world.subnets[subnet].cidr), self.cuts, self.fixed))

    def instance_addresses(self, instance):
        return [number(instance.address)] if instance.address else self.addresses_in(instance.subnet)

    def public_addresses(self):
        return [address for first, last in PUBLIC for address in self.values(first, last, self.cuts)]

    def outcome(self, name):
        """Returns the outcome of an instance: it needs both services."""
        found = []
        for service in SERVICES:
            result, reason = self.connect(name, service)
            if result == NO:
                return NO, f"{service}: {reason}"
            found.append((result, f"{service}: {reason}"))
        return next((it for it in found if it[0] == SOMETIMES), (YES, ""))

    def connect(self, name, service):
        world, instance = self.world, self.world.instances[name]
        kind, answer = self.resolve(world.instance_vpc(instance), service)
        if kind == "fails":
            return NO, answer
        if kind in ("foreign", "public"):
            outcomes = [self.to_public(instance, self.public_addresses(), "tcp", HTTPS)]
            if kind == "foreign":
                outcomes.append(self.to_public(instance, [number(it) for it in answer], "udp", 53))
            return min(outcomes, key=lambda it: (NO, SOMETIMES, YES).index(it[0]))
        if kind == "address":
            return NO, f"nothing listens at {answer}"
        # TLS: the certificate of an endpoint has the names of its own service only, and the agent verifies it.
        # https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
        if world.endpoints[answer].service != service:
            return NO, f"{answer} is an endpoint of another service"
        return self.to_endpoint(instance, world.endpoints[answer])

    def resolve(self, vpc_name, service):
        """Returns where the name of a service leads."""
        world, vpc, name = self.world, self.world.vpcs[vpc_name], host_name(service)
        if vpc.servers is not None and not vpc.servers:
            return "fails", "the DHCP options contain no DNS server"
        if not uses_amazon_dns(vpc):
            return "foreign", vpc.servers
        if vpc.dns_support is False:
            return "fails", "the VPC has no DNS server"
        zones = {}
        # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html: both attributes,
        # the most specific zone, and no fallback to public records.
        if vpc.dns_hostnames:
            for zone in world.zones.values():
                if vpc_name in zone.vpcs:
                    zones[zone.name] = dict(zone.records)
            for key, endpoint in world.endpoints.items():
                if endpoint.vpc == vpc_name and endpoint.private_dns:
                    zones[host_name(endpoint.service)] = {host_name(endpoint.service): key}
        for zone in sorted(zones, key=len, reverse=True):
            if name == zone or name.endswith("." + zone):
                wildcards = ["*." + name.split(".", count)[-1] for count in (1, 2, 3)]
                for candidate in [name, *wildcards]:
                    if candidate in zones[zone]:
                        target = zones[zone][candidate]
                        return ("endpoint" if target in world.endpoints else "address"), target
                return "fails", f"the private hosted zone {zone} has no record for {name}"
        return "public", ""

    def to_endpoint(self, instance, endpoint):
        world = self.world
        vpc = world.instance_vpc(instance)
        if endpoint.vpc != vpc:
            return NO, "the endpoint is in another VPC"
        if not endpoint.subnets:
            return NO, "the endpoint has no subnet"
        groups, others = world.groups_of(instance, vpc), world.groups_of(endpoint, vpc)
        choices = Choices()
        # DNS returns the addresses of all subnets in turn:
        # https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
        for subnet in endpoint.subnets:
            for source in self.instance_addresses(instance):
                for destination in self.addresses_in(subnet):
                    if choices.add(self.in_vpc(instance, groups, source, subnet, others, destination)):
                        return choices.outcome()
        return choices.outcome()

    def in_vpc(self, instance, groups, source, subnet, others, destination):
        """Returns why a connection to an interface fails."""
        world = self.world
        if not self.group_allows(groups, "egress", "tcp", HTTPS, destination, others):
            return "the security groups of the instance do not allow outbound traffic"
        route = self.route(instance.subnet, destination)
        if route != "local":
            return "a more specific route leads away from the endpoint"
        # A route table is for all traffic that leaves a subnet, also that of an endpoint:
        # https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
        if self.route(subnet, source) != "local":
            return "a more specific route leads return traffic away from the instance"
        if not self.group_allows(others, "ingress", "tcp", HTTPS, source, groups):
            return "the security groups of the endpoint do not allow inbound traffic"
        if instance.subnet == subnet:
            return ""
        here, there = world.subnets[instance.subnet].acl, world.subnets[subnet].acl
        if not self.acl_allows(here, True, "tcp", destination, HTTPS):
            return "the network ACL of the instance denies outbound traffic"
        if not self.acl_allows(there, False, "tcp", source, HTTPS):
            return "the network ACL of the endpoint denies inbound traffic"
        return self.all_ports(
            CLIENT_PORTS,
            lambda port: (
                self.acl_allows(there, True, "tcp", source, port) and self.acl_allows(here, False, "tcp", destination, port)
            ),
            "a network ACL denies return traffic",
        )

    def all_ports(self, ports, allowed, reason):
        results = {allowed(port) for port in self.values(*ports, self.ports)}
        if results == {True}:
            return ""
        return Sometimes(reason) if len(results) == 2 else reason

    def to_public(self, instance, addresses, protocol, port):
        choices = Choices()
        for source in self.instance_addresses(instance):
            for destination in addresses:
                if choices.add(self.public(instance, source, destination, protocol, port)):
                    return choices.outcome()
        return choices.outcome()

    def public(self, instance, source, destination, protocol, port):
        world = self.world
        vpc = world.instance_vpc(instance)
        acl = world.subnets[instance.subnet].acl
        if not self.group_allows(world.groups_of(instance, vpc), "egress", protocol, port, destination, ()):
            return "the security groups of the instance do not allow outbound traffic"
        route = self.route(instance.subnet, destination)
        if route is None or route.kind == "interface":
            return "no route" if route is None else "the route is a blackhole"
        if not self.acl_allows(acl, True, protocol, destination, port):
            return "the network ACL of the instance denies outbound traffic"
        returned = self.all_ports(
            CLIENT_PORTS,
            lambda client: self.acl_allows(acl, False, protocol, destination, client),
            "the network ACL of the instance denies return traffic",
        )
        if route.kind == "gateway":
            return combined(returned, "" if self.has_public_address(instance) else "the instance has no public address")
        return combined(returned, self.through_nat(world.nats[route.target], source, destination, protocol, port))

    def through_nat(self, nat, source, destination, protocol, port):
        """The network ACL of the NAT gateway's subnet sees each packet twice, before and after the translation."""
        acl = self.world.subnets[nat.subnet].acl
        if not nat.public:
            return "the NAT gateway is private"
        onward = self.route(nat.subnet, destination)
        if onward is None or onward.kind != "gateway":
            return "the subnet of the NAT gateway has no route to an internet gateway"
        if self.route(nat.subnet, source) != "local":
            return "a more specific route leads return traffic away from the instance"
        if not self.acl_allows(acl, False, protocol, source, port):
            return "the network ACL of the NAT gateway denies traffic from the instance"
        if not self.acl_allows(acl, True, protocol, destination, port):
            return "the network ACL of the NAT gateway denies outbound traffic"
        returned = self.all_ports(
            NAT_PORTS,
            lambda client: self.acl_allows(acl, False, protocol, destination, client),
            "the network ACL of the NAT gateway denies return traffic",
        )
        return combined(
            returned,
            self.all_ports(
                CLIENT_PORTS,
                lambda client: self.acl_allows(acl, True, protocol, source, client),
                "the network ACL of the NAT gateway denies return traffic to the instance",
            ),
        )

    def has_public_address(self, instance):
        if instance.elastic:
            return True
        if instance.public is not None:
            return instance.public
        return bool(self.world.subnets[instance.subnet].public_addresses)

    def route(self, subnet, destination):
        """Returns the most specific route: `local`, a route, or `None`."""
        world = self.world
        found = world.subnets[subnet]
        routes = [("local", cidr) for cidr in world.vpcs[found.vpc].cidrs]
        # The main route table of a new VPC has the local routes only.
        if found.table:
            routes += [(route, route.cidr) for route in world.tables[found.table].routes]
        matching = [
            (bounds(cidr)[1] - bounds(cidr)[0], index)
            for index, (_, cidr) in enumerate(routes)
            if contains(cidr, destination)
        ]
        return routes[min(matching)[1]][0] if matching else None

    def group_allows(self, groups, direction, protocol, port, peer, peer_groups):
        for name in groups:
            rules = getattr(self.world.groups[name], direction)
            if rules is None:
                return True
            for rule in rules:
                if rule.protocol not in ("-1", protocol):
                    continue
                if rule.protocol != "-1" and not rule.first <= port <= rule.last:
                    continue
                if is_cidr(rule.peer):
                    if not is_ipv6(rule.peer) and contains(rule.peer, peer):
                        return True
                elif rule.peer in peer_groups:
                    return True
        return False

    def acl_allows(self, acl, egress, protocol, peer, port):
        if acl is None:
            return True
        key = (acl, egress, protocol, peer, port)
        if key not in self.__dict__.setdefault("decided", {}):
            self.decided[key] = self.first_match(acl, egress, protocol, peer, port)
        return self.decided[key]

    def first_match(self, acl, egress, protocol, peer, port):
        for entry in sorted(self.world.acls[acl].entries, key=lambda it: it.number):
            if entry.egress != egress or entry.protocol not in ("-1", protocol) or not contains(entry.cidr, peer):
                continue
            if entry.protocol == "-1" or entry.first <= port <= entry.last:
                return entry.allow
        return False
