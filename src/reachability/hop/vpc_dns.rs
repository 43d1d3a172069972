//! DNS of the VPC: resolves the names of the services.

use std::net::Ipv4Addr;

use super::super::dhcp::{self, Resolver};
use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::internet_route::internet_route_to;
use super::super::names::{self, Resolution};
use super::super::routes::{InternetRoute, flag};
use super::super::security;
use super::super::ternary::Ternary;
use super::super::{HopResult, path, setting};
use super::{Check, Connection, Entry, Hop, PathChoice, SequenceStep, fixes};
use crate::ir::{NodeId, Value};
use crate::resource::{RawValue, VpcEndpoint};

const HOP: Hop = Hop::VpcDns;

pub(super) const ENTRY: Entry = Entry {
    code: "vpc-dns",
    reason: "the agent connects to the services by name",
    page: "\
**Checks** that the VPC resolves names. DNS support must be enabled. DNS hostnames, disabled by
default, must be enabled where an endpoint uses private DNS, and for private hosted zones. DHCP
options must provide the VPC resolver, by name or address. With a public DNS server such as
`8.8.8.8`, the agent never uses an endpoint: it needs a route to the internet.

**Fails** if a private hosted zone covers the name of a service and has no record for it, or if DNS
Firewall blocks the name. The most specific zone applies: private DNS of an endpoint has precedence
over a zone such as `amazonaws.com`. Also fails if AWS refuses the VPC resources, such as two hosted
zones of one name.

**Unknown** for records whose address is not in the file, resolver rules for the name, and other DNS
servers. Also for lists of DNS Firewall and Route 53 Profiles outside the file.

**Fix:** set `EnableDnsHostnames: true`.

<https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>
",
    expected: "Both values are `true`.",
    commands: &[
        "aws ec2 describe-vpc-attribute --vpc-id \"$VPC\" --attribute enableDnsSupport",
        "aws ec2 describe-vpc-attribute --vpc-id \"$VPC\" --attribute enableDnsHostnames",
    ],
    boxes: &[],
    steps: &[SequenceStep::Resolve],
    check: Check::Connection(check),
};

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    let mut results = vec![check_vpc(connection)];
    if let PathChoice::Endpoints(which) = &connection.path {
        let families = which.iter().map(|&at| {
            let candidate = &connection.candidates[at];
            address_family(connection, candidate.id, candidate.endpoint)
        });
        results.extend(families.flatten());
    } else {
        results.extend(ipv6_only(connection));
    }
    results
}

fn check_vpc(connection: &Connection<'_, '_>) -> HopResult {
    let Resolved::Node(id, _) = connection.vpc else {
        return HopResult::unknown(HOP, "the DNS settings of the VPC are not in the file");
    };
    let name = connection.index.name(id);
    match &connection.resolver {
        Resolver::Amazon => {}
        Resolver::Public(options, servers) => {
            return public_servers(connection, *options, servers);
        }
        Resolver::None(options) => {
            let shown = connection.index.name(*options);
            return HopResult::fail(HOP, format!("DHCP options `{shown}` have no DNS server"))
                .at(*options, "domain_name_servers")
                .fix(amazon_provided(*options));
        }
        Resolver::Unknown(reason, (node, field)) => {
            return HopResult::unknown(HOP, reason.clone()).at(*node, field);
        }
    }
    if let Some(result) = attributes(connection, id) {
        return result;
    }
    match &connection.resolution {
        Resolution::Nothing(reason, (node, field), fix) => {
            let result = HopResult::fail(HOP, reason.clone()).at(*node, field);
            match fixes::record(connection, *node).or_else(|| fix.clone()) {
                Some(fix) => result.fix(fix),
                None => result,
            }
        }
        Resolution::Unknown(Some((reason, (node, field)))) => {
            HopResult::unknown(HOP, reason.clone()).at(*node, field)
        }
        _ => HopResult::pass(HOP, format!("`{name}` resolves the names of the services"))
            .at(id, "enable_dns_support"),
    }
}

fn amazon_provided(options: NodeId) -> Fix {
    Fix::set(
        options,
        "domain_name_servers",
        RawValue::List(vec![RawValue::str("AmazonProvidedDNS")]),
    )
}

/// Checks the DNS attributes of the VPC.
fn attributes(connection: &Connection<'_, '_>, id: NodeId) -> Option<HopResult> {
    let name = connection.index.name(id);
    let [support, hostnames] = path::dns_attributes(connection.index, id)?;
    let mut required = vec![support];
    let by_zone = names::is_zone_unused(connection.index, &connection.vpc, connection.service)
        || connection
            .candidates
            .iter()
            .any(|it| it.exists.is_yes() && path::has_record(connection.index, it.id));
    let needs_zone = matches!(
        (&connection.path, &connection.internet_route),
        (PathChoice::Internet, InternetRoute::None)
    ) && by_zone;
    if needs_zone || matches!(connection.path, PathChoice::Endpoints(_)) {
        required.push(hostnames);
    }
    for (field, value) in &required {
        if value.is_no() {
            return Some(
                HopResult::fail(HOP, format!("`{name}` has `{field}` disabled"))
                    .at(id, field)
                    .fix(Fix::set(id, field, RawValue::Bool(true))),
            );
        }
    }
    required
        .iter()
        .find(|(_, value)| *value == Ternary::Unknown)
        .map(|(field, _)| {
            HopResult::unknown(HOP, format!("`{field}` of `{name}` is unknown")).at(id, field)
        })
}

/// Checks the path to the services by their public names. `network-acl` has the network ACLs for the
/// queries.
fn public_servers(
    connection: &Connection<'_, '_>,
    options: NodeId,
    servers: &[Ipv4Addr],
) -> HopResult {
    let index = connection.index;
    let name = index.name(options);
    let shown: Vec<String> = servers.iter().map(|it| format!("`{it}`")).collect();
    let shown = shown.join(" or ");
    let at = |result: HopResult| result.at(options, "domain_name_servers");
    let each = || servers.iter().map(|it| dhcp::host(*it));
    let allowed = match &connection.groups {
        Some(groups) => {
            Ternary::unanimous(each().map(|server| security::allows_queries(index, groups, server)))
        }
        None => Ternary::Unknown,
    };
    let routed = Ternary::unanimous(each().map(|server| {
        let (instance, subnet) = (connection.instance, connection.subnet);
        match internet_route_to(index, instance, subnet, server.into()) {
            InternetRoute::Works(..) => Ternary::Yes,
            InternetRoute::None | InternetRoute::Broken(..) => Ternary::No,
            InternetRoute::Unknown(_) => Ternary::Unknown,
        }
    }));
    at(match (routed, allowed) {
        (Ternary::No, _) => HopResult::fail(
            HOP,
            format!(
                "DHCP options `{name}` have the DNS server {shown}, which never resolves names to \
                 endpoints, and the subnet has no route to it"
            ),
        )
        .fix(amazon_provided(options)),
        (_, Ternary::No) => HopResult::fail(
            HOP,
            format!(
                "the security groups of the instance do not allow UDP 53 to {shown}, the DNS server \
                 of DHCP options `{name}`"
            ),
        )
        .fix(amazon_provided(options)),
        (Ternary::Unknown, _) => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether the subnet reaches {shown}, the DNS server of DHCP \
                 options `{name}`"
            ),
        ),
        (Ternary::Yes, Ternary::Yes) => HopResult::pass(
            HOP,
            format!("{shown} resolves `{}` to public addresses", connection.service),
        ),
        (Ternary::Yes, Ternary::Unknown) => HopResult::unknown(
            HOP,
            format!("the file does not show whether the instance can send queries to {shown}"),
        ),
    })
}

/// The address families of the records of an endpoint, or of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Families {
    ipv4: Ternary,
    ipv6: Ternary,
}

/// Returns the families of the addresses that the name of a service resolves to.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>
fn of_records(endpoint: &VpcEndpoint) -> Families {
    let text = |value: Option<&Value<crate::ir::Text>>| match value {
        None => Some(String::new()),
        Some(value) if value.is_absent() => Some(String::new()),
        Some(value) => value.lit().map(|text| text.to_ascii_lowercase()),
    };
    let options = endpoint.dns_options.as_ref();
    let records = text(options.and_then(|options| options.record_ip_type.as_ref()));
    let addresses = text(endpoint.ip_address_type.as_ref());
    let (ipv4, ipv6) = match (records.as_deref(), addresses.as_deref()) {
        (Some("ipv4" | "service-defined"), _) | (Some(""), Some("" | "ipv4")) => {
            (Ternary::Yes, Ternary::No)
        }
        (Some("ipv6"), _) | (Some(""), Some("ipv6")) => (Ternary::No, Ternary::Yes),
        (Some("dualstack"), _) => (Ternary::Yes, Ternary::Yes),
        // The default of a dual-stack endpoint depends on the service, and includes IPv4.
        (Some(""), Some("dualstack")) => (Ternary::Yes, Ternary::Unknown),
        _ => (Ternary::Unknown, Ternary::Unknown),
    };
    Families { ipv4, ipv6 }
}

/// Checks that the instance has an address of a family that the name resolves to.
fn address_family(
    connection: &Connection<'_, '_>,
    id: NodeId,
    endpoint: &VpcEndpoint,
) -> Option<HopResult> {
    let index = connection.index;
    let records = of_records(endpoint);
    let Resolved::Node(subnet, it) = connection.subnet else {
        return (!records.ipv4.is_yes()).then(|| {
            HopResult::unknown(
                HOP,
                format!(
                    "the file does not show whether `{}` has IPv4 records",
                    index.name(id)
                ),
            )
            .at(id, "dns_options.record_ip_type")
        });
    };
    let native = flag(it.ipv6_native.as_ref());
    let instance = Families {
        ipv4: !native,
        // The agent falls back to IPv4, so IPv6 beside it does not matter.
        ipv6: native,
    };
    let by_ipv4 = instance.ipv4.and(records.ipv4);
    if by_ipv4.is_yes() {
        return None;
    }
    let dual = has_ipv6(connection).or(instance.ipv6);
    let by_ipv6 = dual.and(records.ipv6);
    if by_ipv4.or(by_ipv6).is_no() {
        let (have, field) = if records.ipv4.is_no() {
            ("IPv6", "dns_options.record_ip_type")
        } else {
            ("IPv4", "ip_address_type")
        };
        let right = if native.is_yes() { "ipv6" } else { "ipv4" };
        return Some(
            HopResult::fail(
                HOP,
                format!(
                    "`{}` resolves to {have} addresses only, and instances in `{}` have none",
                    index.name(id),
                    index.name(*subnet)
                ),
            )
            .at(id, field)
            .fix(Fix::All(vec![
                Fix::set(id, "ip_address_type", RawValue::str(right)),
                Fix::set(id, "dns_options.record_ip_type", RawValue::str(right)),
            ])),
        );
    }
    Some(
        HopResult::unknown(
            HOP,
            format!(
                "instances in `{}` reach `{}` by IPv6 only, which the check does not follow",
                index.name(*subnet),
                index.name(id)
            ),
        )
        .at(*subnet, "ipv6_native"),
    )
}

/// Returns whether the instance has an IPv6 address beside IPv4: the subnet assigns one, or the
/// instance requests one.
fn has_ipv6(connection: &Connection<'_, '_>) -> Ternary {
    let Resolved::Node(id, subnet) = connection.subnet else {
        return Ternary::Unknown;
    };
    if setting::is_unmodeled(connection.index, *id, "assign_ipv6_address_on_creation") {
        return Ternary::Unknown;
    }
    let requested = [connection.instance.node, connection.instance.launch_source]
        .into_iter()
        .filter_map(|id| connection.index.graph.node(id)?.origin.as_ref())
        .any(|origin| {
            let properties = origin.unknown_properties.iter();
            properties
                .filter(|(_, value)| !matches!(value, RawValue::Raw(_)))
                .any(|(name, _)| name.to_ascii_lowercase().starts_with("ipv6"))
                || origin
                    .unmodeled
                    .iter()
                    .any(|it| it.field.starts_with("network_interfaces"))
        });
    flag(subnet.assign_ipv6_address_on_creation.as_ref()).or(if requested {
        Ternary::Unknown
    } else {
        Ternary::No
    })
}

/// Checks that an instance that leaves the VPC has an IPv4 address, since the names of the services
/// have no IPv6 address.
fn ipv6_only(connection: &Connection<'_, '_>) -> Option<HopResult> {
    let Resolved::Node(subnet, it) = connection.subnet else {
        return None;
    };
    (!flag(it.ipv6_native.as_ref()).is_no()).then(|| {
        HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether `{}` has IPv4 addresses",
                connection.index.name(*subnet)
            ),
        )
        .at(*subnet, "ipv6_native")
    })
}
