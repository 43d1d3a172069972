//! The DNS servers of a VPC, by its DHCP options.

use std::net::Ipv4Addr;

use super::graph_index::{GraphIndex, Resolved};
use super::ternary::Ternary;
use crate::ir::{Cidr, NodeId, Text, Value};
use crate::resource::{DhcpOptions, DhcpOptionsAssociation, Vpc};

/// The DNS servers that the instances of a VPC use.
pub(crate) enum Resolver {
    /// The VPC resolver.
    Amazon,
    /// Public servers, which never return a private address of the VPC, and the DHCP options.
    Public(NodeId, Vec<Ipv4Addr>),
    /// The DHCP options have no server.
    None(NodeId),
    /// The file does not show how the servers answer.
    Unknown(String, (NodeId, &'static str)),
}

/// Public DNS servers of Google, Cloudflare, Quad9 and OpenDNS.
const PUBLIC: [Ipv4Addr; 8] = [
    Ipv4Addr::new(8, 8, 8, 8),
    Ipv4Addr::new(8, 8, 4, 4),
    Ipv4Addr::new(1, 1, 1, 1),
    Ipv4Addr::new(1, 0, 0, 1),
    Ipv4Addr::new(9, 9, 9, 9),
    Ipv4Addr::new(149, 112, 112, 112),
    Ipv4Addr::new(208, 67, 222, 222),
    Ipv4Addr::new(208, 67, 220, 220),
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
    second.is_some() && text.parse().ok().map(host) == second
}

/// Returns the range of one address.
pub(crate) fn host(address: Ipv4Addr) -> Cidr {
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
            let address = server.lit()?.parse().ok()?;
            PUBLIC.contains(&address).then_some(address)
        };
        if !unmodeled && servers.iter().all(|server| is_amazon(index, vpc, server)) {
            continue;
        }
        return match servers.iter().map(public).collect() {
            Some(servers) if !unmodeled => Resolver::Public(options_id, servers),
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
