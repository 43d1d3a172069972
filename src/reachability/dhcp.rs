//! The DNS servers of a VPC, by its DHCP options.

use super::graph_index::{GraphIndex, Resolved};
use super::ternary::Ternary;
use crate::ir::{Cidr, NodeId, Text, Value};
use crate::resource::{DhcpOptions, DhcpOptionsAssociation, SecurityGroupEgress, Vpc};

/// The DNS servers that the instances of a VPC use.
pub(crate) enum Resolver {
    /// The VPC resolver.
    Amazon,
    /// Public servers, which never return a private address of the VPC. The DHCP options, and the
    /// first server.
    Public(NodeId, String),
    /// The DHCP options have no server.
    None(NodeId),
    /// The file does not show how the servers answer.
    Unknown(String, (NodeId, &'static str)),
}

/// Public DNS servers of Google, Cloudflare, Quad9 and OpenDNS.
const PUBLIC: [&str; 8] = [
    "8.8.8.8",
    "8.8.4.4",
    "1.1.1.1",
    "1.0.0.1",
    "9.9.9.9",
    "149.112.112.112",
    "208.67.222.222",
    "208.67.220.220",
];

/// Returns whether a server is the VPC resolver: the base of the primary range of the VPC plus two,
/// or a fixed address.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>
fn is_amazon(index: &GraphIndex<'_>, vpc: &Vpc, server: &Value<Text>) -> bool {
    let Some(text) = server.lit() else {
        return false;
    };
    if text.eq_ignore_ascii_case("AmazonProvidedDNS")
        || matches!(text.as_ref(), "169.254.169.253" | "fd00:ec2::253")
    {
        return true;
    }
    let second = index
        .cidr(&vpc.cidr_block)
        .and_then(|range| range.block(32, 2));
    second.is_some() && text.parse::<std::net::Ipv4Addr>().ok().map(host) == second
}

fn host(address: std::net::Ipv4Addr) -> Cidr {
    Cidr::v4(address.octets(), 32)
}

/// Returns the DNS servers of a VPC.
pub(crate) fn resolver(index: &GraphIndex<'_>, (id, vpc): (NodeId, &Vpc)) -> Resolver {
    for (tie, _, association) in index.all::<DhcpOptionsAssociation>() {
        let ours = Ternary::any(
            index
                .resolve(&association.vpc)
                .iter()
                .map(|to| to.same(&Resolved::Node(id, vpc))),
        )
        .and(index.exists(tie));
        if ours.is_no()
            || matches!(association.dhcp_options.lit(), Some(id) if id.as_str() == "default")
        {
            continue;
        }
        let at = (tie, "dhcp_options");
        let Resolved::Node(options_id, options) =
            index.resolve_one::<DhcpOptions>(&association.dhcp_options)
        else {
            let reason = "the DHCP options of the VPC are not in the file";
            return Resolver::Unknown(reason.to_owned(), at);
        };
        let name = index.name(options_id);
        if !ours.and(index.exists(options_id)).is_yes() {
            let reason =
                format!("the file does not show whether the VPC has DHCP options `{name}`");
            return Resolver::Unknown(reason, at);
        }
        let unmodeled = index
            .graph
            .node(options_id)
            .is_some_and(|node| node.is_unmodeled("domain_name_servers"));
        let servers = &options.domain_name_servers;
        if servers.is_empty() && !unmodeled {
            return Resolver::None(options_id);
        }
        let public = |server: &Value<Text>| {
            server
                .lit()
                .is_some_and(|text| PUBLIC.contains(&text.as_ref()))
        };
        if !unmodeled && servers.iter().all(|server| is_amazon(index, vpc, server)) {
            continue;
        }
        return match servers.first() {
            Some(Value::Lit(first)) if !unmodeled && servers.iter().all(public) => {
                Resolver::Public(options_id, first.to_string())
            }
            _ => Resolver::Unknown(
                format!(
                    "DHCP options `{name}` have other DNS servers; the file does not show whether \
                     these forward to the VPC resolver"
                ),
                (options_id, "domain_name_servers"),
            ),
        };
    }
    Resolver::Amazon
}

/// Returns whether the security groups of an instance allow queries to a public DNS server. Queries
/// to the VPC resolver need no rule.
pub(crate) fn allows_queries(index: &GraphIndex<'_>, groups: &[NodeId], server: &str) -> Ternary {
    let Some(server) = server.parse().ok().map(host) else {
        return Ternary::Unknown;
    };
    Ternary::any(index.all::<SecurityGroupEgress>().map(|(id, _, rule)| {
        let ours = Ternary::any(
            groups
                .iter()
                .map(|group| index.points_to(&rule.group, *group)),
        );
        let protocol = match rule.ip_protocol.lit().map(|it| it.to_ascii_lowercase()) {
            None => Ternary::Unknown,
            Some(of) if of == "-1" || of == "all" => Ternary::Yes,
            Some(of) if of == "udp" || of == "17" => ports(rule),
            Some(_) => Ternary::No,
        };
        let peer = match &rule.cidr_ip {
            Some(range) => match index.cidr(range) {
                Some(range) => range.contains(server).into(),
                None => Ternary::Unknown,
            },
            None if rule.destination_prefix_list.is_some() => Ternary::Unknown,
            None => Ternary::No,
        };
        ours.and(protocol).and(peer).and(index.exists(id))
    }))
}

fn ports(rule: &SecurityGroupEgress) -> Ternary {
    const DNS: i64 = 53;
    let lit = |port: &Option<Value<i64>>| port.as_ref().and_then(Value::lit).copied();
    match (lit(&rule.from_port), lit(&rule.to_port)) {
        (Some(-1), _) => Ternary::Yes,
        (Some(from), Some(to)) => (from <= DNS && DNS <= to).into(),
        _ => Ternary::Unknown,
    }
}
