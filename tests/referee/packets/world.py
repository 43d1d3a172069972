"""The description of a network, from which templates, predictions and namespaces are made.

Objects refer to each other by ID. `None` is a property that the template does not contain.
"""

import ipaddress
from dataclasses import dataclass, field

REGION = "eu-central-1"
SERVICES = ("ssm", "ssmmessages")
HTTPS = 443
# net.ipv4.ip_local_port_range of Amazon Linux.
CLIENT_PORTS = (32768, 60999)
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
NAT_PORTS = (1024, 65535)
LINK_LOCAL_RESOLVER = "169.254.169.253"


@dataclass
class Rule:
    """A rule of a security group. `peer` is a CIDR block or the ID of a group."""

    protocol: str
    first: int
    last: int
    peer: str


@dataclass
class Group:
    """A security group. Without `egress` it allows all outbound traffic. `default`: the group that comes with the VPC."""

    vpc: str
    ingress: list[Rule] = field(default_factory=list)
    egress: list[Rule] | None = None
    default: bool = False


@dataclass
class Entry:
    number: int
    egress: bool
    allow: bool
    protocol: str
    first: int
    last: int
    cidr: str


@dataclass
class Acl:
    vpc: str
    entries: list[Entry]


@dataclass
class Route:
    """`kind` is `gateway`, `nat` or `interface`: a network interface that nothing uses, so that the route is a blackhole."""

    cidr: str
    kind: str
    target: str


@dataclass
class Table:
    vpc: str
    routes: list[Route]


@dataclass
class Subnet:
    vpc: str
    cidr: str
    zone: int
    public_addresses: bool | None = None
    acl: str | None = None
    table: str | None = None


@dataclass
class Vpc:
    cidrs: list[str]
    dns_support: bool | None = None
    dns_hostnames: bool | None = None
    # DNS servers of its DHCP options; `None`: no options of its own.
    servers: list[str] | None = None


@dataclass
class Gateway:
    """An internet gateway and the VPCs to which it is attached."""

    vpcs: list[str]


@dataclass
class Nat:
    subnet: str
    public: bool = True


@dataclass
class Endpoint:
    vpc: str
    service: str
    subnets: list[str]
    groups: list[str] | None
    private_dns: bool | None = True
    type: str | None = "Interface"
    region: str = REGION


@dataclass
class Zone:
    """A private hosted zone. `records` is a list of names with the ID of an endpoint or an address."""

    name: str
    vpcs: list[str]
    records: list[tuple[str, str]]


@dataclass
class Instance:
    subnet: str
    groups: list[str] | None
    address: str | None = None
    public: bool | None = None
    elastic: bool = False


@dataclass
class World:
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    gateways: dict[str, Gateway] = field(default_factory=dict)
    nats: dict[str, Nat] = field(default_factory=dict)
    acls: dict[str, Acl] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    # What was changed in a world that connects.
    mutation: str = ""

    def default_group(self, vpc):
        """Returns the ID of the default group of a VPC."""
        return next(name for name, group in self.groups.items() if group.default and group.vpc == vpc)

    def groups_of(self, member, vpc):
        """Returns the groups of an instance or endpoint; without any it gets the default group of the VPC."""
        return member.groups or [self.default_group(vpc)]

    def attached_gateway(self, vpc):
        return next((name for name, gateway in self.gateways.items() if vpc in gateway.vpcs), None)

    def instance_vpc(self, instance):
        return self.subnets[instance.subnet].vpc


def host_name(service):
    return f"{service}.{REGION}.amazonaws.com"


def service_name(endpoint):
    return f"com.amazonaws.{endpoint.region}.{endpoint.service}"


def bounds(cidr):
    """Returns the first and the last address of a block as numbers."""
    network = NETWORKS.get(cidr)
    if network is None:
        parsed = ipaddress.ip_network(cidr)
        network = NETWORKS[cidr] = (int(parsed[0]), int(parsed[-1]))
    return network


NETWORKS = {}


def number(address):
    return int(ipaddress.ip_address(address))


def text(address):
    return str(ipaddress.ip_address(address))


def contains(cidr, address):
    first, last = bounds(cidr)
    return first <= address <= last


def is_ipv6(cidr):
    return ":" in cidr


def is_cidr(peer):
    return "/" in peer


def usable(cidr):
    """Returns the first and the last address that AWS assigns: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html."""
    first, last = bounds(cidr)
    return first + 4, last - 1


def resolver_addresses(vpc):
    """Returns the addresses of the Amazon DNS server: https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html."""
    return [LINK_LOCAL_RESOLVER, text(bounds(vpc.cidrs[0])[0] + 2)]


def uses_amazon_dns(vpc):
    return vpc.servers is None or any(it == "AmazonProvidedDNS" or it in resolver_addresses(vpc) for it in vpc.servers)
