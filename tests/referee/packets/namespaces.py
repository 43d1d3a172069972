"""Builds a world from Linux network namespaces and tries real connections in it.

Each VPC is a router with one bridge for each subnet, so that its forwarding rules see what a network ACL sees: traffic that
enters or leaves a subnet. They are stateless. Instances, interfaces of endpoints and NAT gateways are namespaces on a
bridge; security groups are stateful rules inside them. An internet gateway translates addresses one to one. dnsmasq answers
for the Amazon DNS server, with one more process for each private zone, and for the resolvers on the internet.
"""

import contextlib
import ctypes
import os
import random
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from packets.generate import generate
from packets.simulate import NO, SOMETIMES, YES, predict, refusals
from packets.world import (
    HTTPS,
    NAT_PORTS,
    SERVICES,
    bounds,
    host_name,
    is_cidr,
    is_ipv6,
    resolver_addresses,
    text,
    usable,
    uses_amazon_dns,
)

RESOLVERS = ("8.8.8.8", "1.1.1.1", "9.9.9.9")
PROGRAMS = ("ip", "nft", "dnsmasq", "sysctl")
CLONE_NEWNET = 0x40000000
SECONDS_TO_CONNECT = 1.2
LIBC = ctypes.CDLL(None, use_errno=True)


def missing():
    """Returns why namespaces cannot be used, or an empty text."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        return f"not installed: {', '.join(absent)}"
    name = f"probe{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return "the kernel does not allow network namespaces"
    subprocess.run(["ip", "netns", "del", name])
    return ""


def sample(start, count, size):
    """Returns seeds whose worlds AWS creates: half of them connect, and the others fail for reasons as different as possible."""
    connecting, failing = [], {}
    for seed in range(start, start + count):
        world = generate(seed)
        if refusals(world):
            continue
        failures = [reason for outcome, reason in predict(world).values() if outcome == NO]
        if failures:
            failing.setdefault("".join(it for it in failures[0] if not it.isdigit()), []).append(seed)
        else:
            connecting.append(seed)
        if len(connecting) > size and len(failing) > size:
            break
    # The first of each reason, then the second.
    ordered = [group[turn] for turn in range(size) for group in failing.values() if turn < len(group)]
    failed = ordered[: max(size - size // 2, size - len(connecting))]
    return sorted(failed + connecting[: size - len(failed)])


def compare_all(seeds, jobs=4):
    """Yields seed, instance, prediction, result and reason. The work is mostly waiting for connections that fail."""
    with ProcessPoolExecutor(jobs) as pool:
        for found in pool.map(compare, seeds):
            yield from found


def compare(seed):
    world = generate(seed)
    predicted = predict(world)
    with Network(world, seed) as network:
        return [
            (seed, name, outcome, network.outcome(name), reason)
            for name, (outcome, reason) in predicted.items()
            # Real connections try one of the choices.
            if outcome != SOMETIMES
        ]


class Network:
    """The namespaces of a world, deleted at the end of the block."""

    def __init__(self, world, seed):
        self.world, self.rng = world, random.Random(f"namespaces {seed}")
        self.prefix = f"rp{os.getpid()}x"
        self.namespaces, self.processes, self.listeners = [], [], []
        # Commands of `ip` and rules of nftables by namespace.
        self.links, self.addresses, self.rules = [], {}, {}
        self.address = {}
        self.bridges = {name: f"br{index}" for index, name in enumerate(world.subnets)}
        low, high = ("3.120.7.9", "18.195.20.3", "52.119.190.4", "99.77.3.5"), ("150.222.8.1", "176.32.70.3", "205.251.9.2")
        self.public = {service: [self.rng.choice(low), self.rng.choice(high)] for service in SERVICES}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="packets-")
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            listener.close()
        for process in self.processes:
            process.kill()
            process.wait()
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", self.full(name)], capture_output=True)
        os.close(self.home)
        self.folder.cleanup()

    def full(self, name):
        return self.prefix + name

    @contextlib.contextmanager
    def inside(self, name):
        """Moves this thread into a namespace: a socket stays in the namespace in which it was created."""
        with open(f"/run/netns/{self.full(name)}") as handle:
            self.enter(handle.fileno())
        try:
            yield
        finally:
            self.enter(self.home)

    @staticmethod
    def enter(handle):
        if LIBC.setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def build(self):
        self.choose_addresses()
        self.namespace("net")
        self.addresses["net"] += [f"addr add {it}/32 dev lo" for it in {*RESOLVERS, *sum(self.public.values(), [])}]
        for index, name in enumerate(self.world.vpcs):
            self.vpc(name)
            gateway = self.world.attached_gateway(name)
            if gateway:
                self.gateway(index, name)
        for name in self.address:
            self.interface(name)
        for name in self.world.vpcs:
            self.routes(name)
            self.acls(name)
        self.configure()
        self.name_servers()
        self.listen()

    def namespace(self, name):
        self.namespaces.append(name)
        self.addresses[name] = ["link set lo up"]
        self.rules[name] = []

    def choose_addresses(self):
        """Gives an address to each interface: instance, NAT gateway, or (endpoint, subnet)."""
        world = self.world
        taken = {(world.instance_vpc(it), it.address) for it in world.instances.values() if it.address}
        places = {("i", name): it.subnet for name, it in world.instances.items()}
        places |= {("n", name): it.subnet for name, it in world.nats.items()}
        places |= {("e", name, subnet): subnet for name, it in world.endpoints.items() for subnet in it.subnets}
        for key, subnet in places.items():
            vpc, (first, last) = world.subnets[subnet].vpc, usable(world.subnets[subnet].cidr)
            address = world.instances[key[1]].address if key[0] == "i" else None
            if address is None:
                free = (text(it) for it in self.rng.sample(range(first, last + 1), last + 1 - first))
                address = next(it for it in free if (vpc, it) not in taken)
            taken.add((vpc, address))
            self.address[key] = (subnet, address)

    def key_name(self, key):
        return f"{key[0]}{list(self.address).index(key)}"

    def vpc(self, name):
        world = self.world
        self.namespace(name)
        commands = self.addresses[name]
        for subnet, bridge in self.bridges.items():
            if world.subnets[subnet].vpc == name:
                first, prefix = bounds(world.subnets[subnet].cidr)[0], world.subnets[subnet].cidr.split("/")[1]
                commands += [
                    f"link add {bridge} type bridge",
                    f"link set {bridge} up",
                    f"addr add {text(first + 1)}/{prefix} dev {bridge}",
                ]
        commands += [f"addr add {it}/32 dev lo" for it in resolver_addresses(world.vpcs[name])]

    def gateway(self, index, vpc):
        """An internet gateway passes only the addresses that have a public address."""
        name = f"gw{index}"
        self.namespace(name)
        self.links.append((vpc, "gw", name, "vpc"))
        self.links.append((name, "net", "net", f"gw{index}"))
        inner, outer = f"169.254.{100 + index}", f"169.254.{200 + index}"
        self.addresses[vpc] += [f"addr add {inner}.1/30 dev gw", "link set gw up"]
        self.addresses[name] += [
            f"addr add {inner}.2/30 dev vpc",
            "link set vpc up",
            f"addr add {outer}.2/30 dev net",
            "link set net up",
        ]
        self.addresses[name] += [f"route add default via {outer}.1 dev net"]
        self.addresses[name] += [f"route add {cidr} via {inner}.1 dev vpc" for cidr in self.world.vpcs[vpc].cidrs]
        self.addresses["net"] += [f"addr add {outer}.1/30 dev gw{index}", f"link set gw{index} up"]
        self.addresses["net"] += [f"route add 198.51.{100 + index}.0/24 via {outer}.2 dev gw{index}"]
        public = {}
        for key, (subnet, address) in self.address.items():
            if self.world.subnets[subnet].vpc == vpc and self.is_public(key):
                public[address] = f"198.51.{100 + index}.{len(public) + 10}"
        rules = ["chain in { type nat hook prerouting priority -100;"]
        rules += [f"iifname net ip daddr {outside} dnat to {inside}" for inside, outside in public.items()]
        rules += ["}", "chain out { type nat hook postrouting priority 100;"]
        rules += [f"oifname net ip saddr {inside} snat to {outside}" for inside, outside in public.items()]
        rules += ["}", "chain pass { type filter hook forward priority 0; policy drop; iifname net accept"]
        rules += [f"iifname vpc ip saddr {inside} accept" for inside in public] + ["}"]
        self.rules[name] = rules

    def is_public(self, key):
        world = self.world
        if key[0] == "n":
            return world.nats[key[1]].public
        if key[0] == "e":
            return False
        instance = world.instances[key[1]]
        assigned = instance.public if instance.public is not None else world.subnets[instance.subnet].public_addresses
        return bool(instance.elastic or assigned)

    def interface(self, key):
        world, (subnet, address) = self.world, self.address[key]
        name, found = self.key_name(key), world.subnets[subnet]
        first, prefix = bounds(found.cidr)[0], found.cidr.split("/")[1]
        self.namespace(name)
        self.links.append((found.vpc, name, name, "eth0"))
        self.addresses[found.vpc] += [f"link set {name} master {self.bridges[subnet]}", f"link set {name} up"]
        self.addresses[name] += [
            f"addr add {address}/{prefix} dev eth0",
            "link set eth0 up",
            f"route add default via {text(first + 1)}",
        ]
        if key[0] == "n":
            ports = "{}-{}".format(*NAT_PORTS)
            masquerade = f"meta l4proto {{ tcp, udp }} masquerade to :{ports}"
            self.rules[name] = ["chain out { type nat hook postrouting priority 100;", masquerade, "}"]
        else:
            self.rules[name] = self.groups(key, found.vpc)

    def groups(self, key, vpc):
        """Stateful rules: a response to a connection is always allowed."""
        member = (self.world.instances if key[0] == "i" else self.world.endpoints)[key[1]]
        rules = []
        for chain, direction, side in (("input", "ingress", "saddr"), ("output", "egress", "daddr")):
            rules += [
                f"chain {chain} {{ type filter hook {chain} priority 0; policy drop;",
                "ct state established,related accept",
            ]
            rules += ["meta iif lo accept" if chain == "input" else "meta oif lo accept"]
            if chain == "output":
                # Security groups do not filter the Amazon DNS server.
                rules += [f"ip daddr {it} accept" for it in resolver_addresses(self.world.vpcs[vpc])]
            for group in self.world.groups_of(member, vpc):
                allowed = getattr(self.world.groups[group], direction)
                rules += (
                    ["accept"] if allowed is None else [line for rule in allowed for line in self.group_rule(rule, side)]
                )
            rules.append("}")
        return rules

    def group_rule(self, rule, side):
        if is_cidr(rule.peer):
            peers = [] if is_ipv6(rule.peer) else [rule.peer]
        else:
            peers = self.members(rule.peer)
        return [f"{peer_match(side, peer)}{ports(rule.protocol, rule.first, rule.last)} accept" for peer in peers]

    def members(self, group):
        """Returns the private addresses of the interfaces of a group."""
        world = self.world
        found = []
        for key, (subnet, address) in self.address.items():
            if key[0] != "n":
                member = (world.instances if key[0] == "i" else world.endpoints)[key[1]]
                if group in world.groups_of(member, world.subnets[subnet].vpc):
                    found.append(address)
        return found

    def routes(self, vpc):
        """Each subnet has a routing table for the traffic that it sends."""
        world, commands = self.world, self.addresses[vpc]
        for number, (name, bridge) in enumerate(self.bridges.items(), 100):
            subnet = world.subnets[name]
            if subnet.vpc != vpc:
                continue
            commands.append(f"rule add iif {bridge} lookup {number} priority {number}")
            # Without a route, the packet must not reach the next rule's table.
            commands.append(f"rule add iif {bridge} blackhole priority {1000 + number}")
            commands += [
                f"route add {other.cidr} dev {self.bridges[key]} table {number}"
                for key, other in world.subnets.items()
                if other.vpc == vpc
            ]
            for cidr in world.vpcs[vpc].cidrs:
                if cidr not in [other.cidr for other in world.subnets.values() if other.vpc == vpc]:
                    commands.append(f"route add blackhole {cidr} table {number}")
            for route in world.tables[subnet.table].routes if subnet.table else ():
                commands.append(f"route replace {self.target(vpc, route)} table {number}")

    def target(self, vpc, route):
        if route.kind == "gateway":
            index = list(self.world.vpcs).index(vpc)
            return f"{route.cidr} via 169.254.{100 + index}.2 dev gw"
        if route.kind == "nat":
            subnet, address = self.address["n", route.target]
            return f"{route.cidr} via {address} dev {self.bridges[subnet]}"
        return f"blackhole {route.cidr}"

    def acls(self, vpc):
        world, jumps, chains = self.world, [], []
        for name, bridge in self.bridges.items():
            subnet = world.subnets[name]
            if subnet.vpc != vpc or not subnet.acl:
                continue
            jumps += [f"iifname {bridge} oifname != {bridge} jump out_{bridge}"]
            for egress, chain, side in ((True, f"out_{bridge}", "daddr"), (False, f"in_{bridge}", "saddr")):
                chains.append(f"chain {chain} {{")
                for entry in sorted(world.acls[subnet.acl].entries, key=lambda it: it.number):
                    if entry.egress == egress:
                        verdict = "return" if entry.allow else "drop"
                        chains.append(
                            f"{peer_match(side, entry.cidr)}{ports(entry.protocol, entry.first, entry.last)} {verdict}"
                        )
                chains += ["drop", "}"]
            jumps += [f"oifname {bridge} iifname != {bridge} jump in_{bridge}"]
        self.rules[vpc] = [*chains, "chain forward { type filter hook forward priority 0;", *jumps, "}"]

    def configure(self):
        for name in self.namespaces:
            run("ip", "netns", "add", self.full(name))
            settings = ["net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"]
            settings += ["net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.default.send_redirects=0"]
            # Hosts do not route.
            settings = settings if name[0] not in "ie" else settings[1:]
            with self.inside(name):
                for setting in settings:
                    key, value = setting.split("=")
                    Path("/proc/sys", *key.split(".")).write_text(value)
        lines = [
            f"link add {a} netns {self.full(one)} type veth peer name {b} netns {self.full(other)}"
            for one, a, other, b in self.links
        ]
        run("ip", "-batch", "-", input="\n".join(lines))
        for name in self.namespaces:
            run("ip", "-n", self.full(name), "-batch", "-", input="\n".join(self.addresses[name]))
            if self.rules[name]:
                table = "\n".join(["table ip filter {", *self.rules[name], "}"])
                run("ip", "netns", "exec", self.full(name), "nft", "-f", "-", input=table)

    def name_servers(self):
        public = [(host_name(service), address) for service, addresses in self.public.items() for address in addresses]
        self.dnsmasq("net", 53, RESOLVERS, public)
        for name, vpc in self.world.vpcs.items():
            if not uses_amazon_dns(vpc) or vpc.dns_support is False:
                continue
            self.dnsmasq(name, 5300, ["127.0.0.1"], public)
            servers = ["--server=127.0.0.1#5300"]
            for port, (zone, records) in enumerate(self.zones(name, vpc).items(), 5301):
                self.dnsmasq(name, port, ["127.0.0.1"], records, f"--local=/{zone}/")
                servers.append(f"--server=/{zone}/127.0.0.1#{port}")
            self.dnsmasq(name, 53, resolver_addresses(vpc), [], *servers)

    def zones(self, name, vpc):
        """Returns the private zones that the Amazon DNS server of a VPC uses, with their records."""
        world, zones = self.world, {}
        if not vpc.dns_hostnames:
            return zones
        for zone in world.zones.values():
            if name in zone.vpcs:
                zones[zone.name] = [(record, address) for record, target in zone.records for address in self.targets(target)]
        for key, endpoint in world.endpoints.items():
            if endpoint.vpc == name and endpoint.private_dns:
                record = host_name(endpoint.service)
                zones[record] = [(record, address) for address in self.targets(key)]
        return zones

    def targets(self, target):
        if target not in self.world.endpoints:
            return [target]
        return [address for key, (_, address) in self.address.items() if key[:2] == ("e", target)]

    def dnsmasq(self, name, port, listening, records, *options):
        hosts = Path(self.folder.name) / f"{name}-{port}"
        hosts.write_text("".join(f"{address} {record}\n" for record, address in records if record[0] != "*"))
        wildcards = [f"--address=/{record[2:]}/{address}" for record, address in records if record[0] == "*"]
        command = [
            "ip",
            "netns",
            "exec",
            self.full(name),
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=",
        ]
        command += [
            "--no-resolv",
            "--no-hosts",
            "--user=root",
            "--bind-interfaces",
            f"--port={port}",
            f"--addn-hosts={hosts}",
        ]
        command += [f"--listen-address={it}" for it in listening]
        self.processes.append(
            subprocess.Popen([*command, *wildcards, *options], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        with self.inside(name):
            end = time.monotonic() + 5
            while query(listening[0], "example.internal", port, 0.1) is None:
                if time.monotonic() > end:
                    raise RuntimeError(f"dnsmasq does not start in {name}")

    def listen(self):
        for name in ["net", *(self.key_name(key) for key in self.address if key[0] == "e")]:
            with self.inside(name):
                listener = socket.socket()
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("0.0.0.0", HTTPS))
                # The kernel completes connections without `accept`.
                listener.listen(64)
                self.listeners.append(listener)

    def outcome(self, instance):
        """Returns the outcome of an instance: both services, at all addresses that DNS returns."""
        vpc = self.world.vpcs[self.world.instance_vpc(self.world.instances[instance])]
        servers = resolver_addresses(vpc)[1:] if uses_amazon_dns(vpc) else vpc.servers
        if not servers:
            return NO
        with self.inside(self.key_name(("i", instance))):
            outcomes = [self.connect(self.resolve(servers[0], service)) for service in SERVICES]
        if NO in outcomes:
            return NO
        return SOMETIMES if SOMETIMES in outcomes else YES

    def resolve(self, server, service):
        """Returns the addresses of a service, without those of another one, whose certificate the agent rejects."""
        others = {
            address
            for key, (_, address) in self.address.items()
            if key[0] == "e" and self.world.endpoints[key[1]].service != service
        }
        return [it for it in query(server, host_name(service), 53, 1) or [] if it not in others]

    @staticmethod
    def connect(addresses):
        attempts = []
        for address in addresses:
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex((address, HTTPS))
            attempts.append(client)
        end, connected, pending = time.monotonic() + SECONDS_TO_CONNECT, 0, list(attempts)
        while pending and time.monotonic() < end:
            ready = select.select([], pending, [], max(end - time.monotonic(), 0))[1]
            connected += sum(not it.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for it in ready)
            pending = [it for it in pending if it not in ready]
        for client in attempts:
            client.close()
        return NO if not connected else YES if connected == len(addresses) else SOMETIMES


def peer_match(side, cidr):
    return "" if cidr == "0.0.0.0/0" else f"ip {side} {cidr} "


def ports(protocol, first, last):
    if protocol == "-1":
        return "meta l4proto { tcp, udp, icmp }"
    return "ip protocol icmp" if protocol == "icmp" else f"{protocol} dport {first}-{last}"


def query(server, name, port, timeout):
    """Returns the IPv4 addresses of a name, empty if the server has none, or `None` without a response."""
    labels = b"".join(bytes([len(it)]) + it.encode() for it in name.split("."))
    packet = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        try:
            client.sendto(packet, (server, port))
            response = client.recv(4096)
        except OSError:
            time.sleep(0.01)
            return None
    answers, position, found = struct.unpack(">H", response[6:8])[0], len(packet), []
    for _ in range(answers):
        # dnsmasq compresses each name to a pointer.
        kind, length = struct.unpack(">H", response[position + 2 : position + 4])[0], response[position + 11]
        if kind == 1:
            found.append(socket.inet_ntoa(response[position + 12 : position + 16]))
        position += 12 + length
    return found


def run(*command, input=None):
    done = subprocess.run(command, input=input, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}\n{input}")
