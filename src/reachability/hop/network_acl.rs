//! Network ACLs: allow requests and return traffic in both subnets.

use super::super::cache::Acl;
use super::super::dhcp::{self, Resolver};
use super::super::fix::Fix;
use super::super::graph_index::{GraphIndex, Resolved};
use super::super::image::{Image, classify};
use super::super::instance::InstanceConfig;
use super::super::network_acl::{Ports, Protocol, Side, acl_allows, acl_of};
use super::super::path::Candidate;
use super::super::routes::{Exit, InternetRoute};
use super::super::setting::Setting;
use super::super::ternary::Ternary;
use super::super::{HopResult, HopStatus};
use super::{Check, Connection, Entry, Hop, PathChoice, SequenceStep, address_in, subnets_of};
use crate::ir::{Cidr, Dialect, NodeId, Value};
use crate::resource::{Map, NetworkAcl, NetworkAclEntry, RawValue, Resource, Subnet, Typed};

const HOP: Hop = Hop::NetworkAcl;

pub(super) const ENTRY: Entry = Entry {
    code: "network-acl",
    reason: "both subnets must allow requests and return traffic, since network ACLs are stateless",
    page: "\
**Checks** the network ACLs of both subnets if a request crosses between subnets. They must allow
port 443 to the endpoint, and the source ports of the instance for the return traffic. These are
32768 to 60999 on Linux and 49152 to 65535 on Windows. If the image does not show the operating
system, both ranges must pass. With a public DNS server, they must also allow its queries. Within one subnet, network ACLs have no effect.

**Fix:** allow the ports in both directions.
",
    expected: "Between two subnets, the entries allow port 443 to the endpoint, and the source ports of \
               the instance back.",
    commands: &["aws ec2 describe-network-acls \
         --filters \"Name=association.subnet-id,Values=$SUBNET\" \
         --query 'NetworkAcls[].Entries[]' --output table"],
    boxes: &[],
    steps: &[SequenceStep::Connect],
    check: Check::Connection(check),
};

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    match (&connection.path, &connection.internet_route) {
        (PathChoice::Endpoints(_), _) => {
            let endpoints = connection.endpoints().into_iter();
            endpoints
                .flat_map(|endpoint| to_endpoint(connection, endpoint))
                .collect()
        }
        // With an unknown route too, the destination is a public address.
        (PathChoice::Internet, InternetRoute::Works(..) | InternetRoute::Unknown(_)) => {
            let mut results = vec![to_internet(connection, HTTPS, &Side::Internet)];
            if let Resolver::Public(_, servers) = &connection.resolver {
                let each = servers.iter().map(|it| Side::Address(dhcp::host(*it)));
                results.extend(each.map(|server| to_internet(connection, DNS, &server)));
            }
            results
        }
        (PathChoice::Internet | PathChoice::Unknown, _) => Vec::new(),
    }
}

/// A service outside the subnet.
type Service = (Protocol, &'static [Ports]);
const HTTPS: Service = (Protocol::Tcp, &[(443, 443)]);
const DNS: Service = (Protocol::Udp, &[(53, 53)]);
/// The source ports of a NAT gateway.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
const OF_NAT: &[Ports] = &[(1024, 65535)];
/// The default of the Linux kernel.
const OF_LINUX: Ports = (32768, 60999);
const OF_WINDOWS: Ports = (49152, 65535);

/// Returns the source ports of an instance: one range, or several if its operating system is unknown.
fn source_ports(connection: &Connection<'_, '_>) -> &'static [Ports] {
    match is_windows(connection) {
        Some(true) => &[OF_WINDOWS],
        Some(false) => &[OF_LINUX],
        None => &[OF_LINUX, OF_WINDOWS],
    }
}

fn is_windows(connection: &Connection<'_, '_>) -> Option<bool> {
    let InstanceConfig {
        image, user_data, ..
    } = connection.instance;
    let changes_ports = match user_data {
        Setting::Known(_, _, Value::Lit(text)) => text.contains("ip_local_port_range"),
        _ => false,
    };
    let Setting::Known(_, _, link) = image else {
        return None;
    };
    let name = match classify(connection.index, link) {
        Image::WithAgent(name) | Image::WithoutAgent(name) => name.to_ascii_lowercase(),
        Image::Opaque(_) => return None,
    };
    (!changes_ports).then(|| name.contains("windows"))
}

/// Traffic in one direction through one network ACL.
struct Step<'a, 'g> {
    of: &'a Resolved<'g, Subnet>,
    egress: bool,
    protocol: Protocol,
    /// The destination ports, or candidates for them.
    ports: &'static [Ports],
    side: Side<'a, 'g>,
}

fn check_steps<'g>(
    connection: &Connection<'_, 'g>,
    steps: &[Step<'_, 'g>],
    pass: String,
) -> HopResult {
    let index = connection.index;
    let mut unknown = None;
    for step in steps {
        let acl = acl_of(index, step.of);
        let of_each = step.ports.iter();
        let allowed = Ternary::unanimous(of_each.map(|ports| {
            acl_allows(
                index,
                &acl,
                step.egress,
                (step.protocol, *ports),
                &step.side,
            )
        }));
        let subnet = match step.of {
            Resolved::Node(id, _) => format!("subnet `{}`", index.name(*id)),
            _ => "a subnet outside the file".to_owned(),
        };
        let direction = if step.egress { "outbound" } else { "inbound" };
        let (from, to) = range(step.ports);
        let ports = if from == to {
            let protocol = if step.protocol == Protocol::Udp {
                "UDP "
            } else {
                ""
            };
            format!("{protocol}port {from}")
        } else {
            format!("return traffic to ports {from}-{to}")
        };
        let at = match &*acl {
            Acl::Entries(id, _) => (*id, "vpc"),
            Acl::Default(entries) => match entries.first() {
                Some((id, ..)) => (*id, "rule_action"),
                None => connection.instance.subnet_source,
            },
            _ => connection.instance.subnet_source,
        };
        match allowed {
            Ternary::Yes => {}
            Ternary::Unknown => {
                unknown.get_or_insert_with(|| {
                    HopResult::unknown(
                        HOP,
                        format!(
                            "the file does not show whether the network ACL of {subnet} allows \
                             {direction} {ports}"
                        ),
                    )
                    .at(at.0, at.1)
                });
            }
            Ternary::No => {
                let result = HopResult::fail(
                    HOP,
                    format!("the network ACL of {subnet} does not allow {direction} {ports}"),
                )
                .at(at.0, at.1);
                return match &*acl {
                    Acl::Entries(id, entries) => {
                        // The entry with the lowest number takes precedence.
                        let own = entries.iter().filter(|(_, it, _)| {
                            let egress = it.egress.as_ref().and_then(Value::lit);
                            egress.copied().unwrap_or(false) == step.egress
                        });
                        let numbers = own.filter_map(|(_, it, _)| it.rule_number.lit());
                        let first = numbers.min().map_or(100, |min| min - 1);
                        result.fix(if first < 1 {
                            Fix::manual(
                                "allow the ports in an entry before the one that denies them",
                            )
                        } else {
                            fix(index, *id, first, step)
                        })
                    }
                    Acl::Default(entries) => {
                        // AWS's own entry allows the ports after the entries of the file.
                        let denies = entries.iter().filter(|(_, it, _)| {
                            let egress = it.egress.as_ref().and_then(Value::lit);
                            egress.copied().unwrap_or(false) == step.egress
                                && it.rule_action.lit().is_some_and(|it| it == "deny")
                        });
                        let denies: Vec<NodeId> = denies.map(|(id, ..)| *id).collect();
                        result.fix(match denies.as_slice() {
                            [only] => Fix::remove(index.graph, *only),
                            _ => Fix::manual("remove the entries that deny the ports"),
                        })
                    }
                    _ => result,
                };
            }
        }
    }
    unknown.unwrap_or_else(|| HopResult::pass(HOP, pass))
}

/// Returns the range that contains all candidates.
fn range(ports: &[Ports]) -> Ports {
    let first = ports.iter().map(|it| it.0).min().unwrap_or_default();
    let last = ports.iter().map(|it| it.1).max().unwrap_or_default();
    (first, last)
}

fn fix(index: &GraphIndex<'_>, acl: NodeId, first: i64, step: &Step<'_, '_>) -> Fix {
    let cidr = match &step.side {
        Side::Interface(Resolved::Node(_, subnet), _) => subnet.cidr_block.clone(),
        Side::Address(address) => Value::Lit(*address),
        _ => Value::Lit(Cidr::ANY),
    };
    let (from, to) = range(step.ports);
    if is_inline(index, acl) {
        let field = if step.egress { "egress" } else { "ingress" };
        let cidr = match cidr {
            Value::Lit(cidr) => RawValue::Str(cidr.to_string().into()),
            Value::Expr(expr) => RawValue::from(expr),
        };
        let mut block = Map::default();
        block.insert("rule_no", RawValue::Int(first));
        block.insert("protocol", RawValue::str("tcp"));
        block.insert("action", RawValue::str("allow"));
        block.insert("cidr_block", cidr);
        block.insert("from_port", RawValue::Int(from));
        block.insert("to_port", RawValue::Int(to));
        return Fix::set(acl, field, RawValue::Block(block));
    }
    let entry = NetworkAclEntry::new(
        Value::Expr(acl.at(NetworkAcl::LINK)),
        Value::Lit(first),
        step.protocol.names()[1],
        "allow",
    )
    .egress(step.egress)
    .cidr_block(cidr)
    .from_port(from)
    .to_port(to);
    Fix::add(
        if step.egress {
            "AllowOutbound"
        } else {
            "AllowInbound"
        },
        entry,
    )
}

/// Returns whether Terraform removes the entries of a network ACL that are not in it.
fn is_inline(index: &GraphIndex<'_>, acl: NodeId) -> bool {
    let Some(node) = index.graph.node(acl) else {
        return false;
    };
    let is_default = matches!(node.resource, Resource::DefaultNetworkAcl(_));
    let mut entries = index.all::<NetworkAclEntry>();
    let own = entries.any(|(_, node, _)| {
        let origin = node.origin.as_ref();
        origin.is_some_and(|origin| origin.parent == Some(acl))
    });
    node.dialect() == Dialect::Tf && (is_default || own)
}

fn to_endpoint<'g>(connection: &Connection<'_, 'g>, candidate: &Candidate<'g>) -> Vec<HopResult> {
    let name = connection.index.name(candidate.id);
    let subnets = subnets_of(connection.index, candidate);
    let of_each = subnets.iter().map(|(subnet, certain)| {
        // Network ACLs filter only traffic that crosses the border of a subnet.
        if connection.subnet.same(subnet).is_yes() {
            let detail = format!("endpoint `{name}` is in the subnet of the instance");
            return (HopResult::pass(HOP, detail), *certain);
        }
        let ports = source_ports(connection);
        let instance = || Side::Interface(connection.subnet, connection.instance.address);
        let address = address_in(connection.index, candidate, subnet);
        let endpoint = || Side::Interface(subnet, address);
        let steps = [
            Step {
                of: connection.subnet,
                egress: true,
                protocol: HTTPS.0,
                ports: HTTPS.1,
                side: endpoint(),
            },
            Step {
                of: subnet,
                egress: false,
                protocol: HTTPS.0,
                ports: HTTPS.1,
                side: instance(),
            },
            Step {
                of: subnet,
                egress: true,
                protocol: HTTPS.0,
                ports,
                side: instance(),
            },
            Step {
                of: connection.subnet,
                egress: false,
                protocol: HTTPS.0,
                ports,
                side: endpoint(),
            },
        ];
        let result = check_steps(
            connection,
            &steps,
            format!("network ACLs allow requests to endpoint `{name}` and the return traffic"),
        );
        (result, *certain)
    });
    let of_each: Vec<(HopResult, bool)> = of_each.collect();
    // Whichever of them the endpoint has.
    let fails_in_each = of_each.iter().all(|(it, _)| it.status == HopStatus::Fail);
    let results = of_each.into_iter().map(|(mut result, certain)| {
        if !certain && !fails_in_each {
            result.status = result.status.max(HopStatus::Unknown);
        }
        result
    });
    results.collect()
}

fn to_internet<'g>(
    connection: &Connection<'_, 'g>,
    (protocol, service): Service,
    peer: &Side<'_, 'g>,
) -> HopResult {
    let step = |of, egress, ports, side| Step {
        of,
        egress,
        protocol,
        ports,
        side,
    };
    let subnet = connection.subnet;
    let ports = source_ports(connection);
    let instance = || Side::Interface(subnet, connection.instance.address);
    let mut steps = vec![
        step(subnet, true, service, peer.clone()),
        step(subnet, false, ports, peer.clone()),
    ];
    if let InternetRoute::Works(_, Exit::Nat(nat)) = &connection.internet_route
        && !subnet.same(nat).is_yes()
    {
        steps.push(step(nat, false, service, instance()));
        steps.push(step(nat, true, service, peer.clone()));
        steps.push(step(nat, false, OF_NAT, peer.clone()));
        steps.push(step(nat, true, ports, instance()));
    }
    let what = match protocol {
        Protocol::Tcp => "requests to the internet",
        Protocol::Udp => "queries to the public DNS server",
    };
    check_steps(
        connection,
        &steps,
        format!("network ACLs allow {what} and the return traffic"),
    )
}
