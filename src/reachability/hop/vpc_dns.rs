//! DNS of the VPC: resolves the names of the services.

use super::super::HopResult;
use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::path;
use super::super::ternary::Ternary;
use super::{Check, Connection, Entry, Hop, PathChoice, SequenceStep};
use crate::ir::{NodeId, Value};
use crate::resource::{DhcpOptions, DhcpOptionsAssociation, RawValue, Vpc};

const HOP: Hop = Hop::VpcDns;

pub(super) const ENTRY: Entry = Entry {
    code: "vpc-dns",
    reason: "the agent connects to the services by name",
    page: "\
**Checks** that the VPC resolves names. DNS support must be enabled. DNS hostnames, disabled by
default, must be enabled where an endpoint uses private DNS. DHCP options must provide the VPC
resolver.

**Unknown** if a private hosted zone covers the names of the services and its record does not
resolve to an endpoint. Also unknown for resolver rules, DNS firewalls, and other DNS servers.

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

fn flag(value: Option<&Value<bool>>, default: bool) -> Ternary {
    match value {
        None => default.into(),
        Some(Value::Lit(value)) => (*value).into(),
        Some(value) if value.is_absent() => default.into(),
        Some(Value::Expr(_)) => Ternary::Unknown,
    }
}

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    vec![check_vpc(connection, &connection.path)]
}

fn check_vpc(connection: &Connection<'_, '_>, path: &PathChoice) -> HopResult {
    let Resolved::Node(id, vpc) = connection.vpc else {
        return HopResult::unknown(HOP, "the DNS settings of the VPC are not in the file");
    };
    let unmodeled = |field| {
        connection
            .index
            .graph
            .node(id)
            .is_some_and(|node| node.is_unmodeled(field))
    };
    let name = connection.index.name(id);
    let attribute = |field: &'static str, value: Option<&Value<bool>>, default| {
        let value = if unmodeled(field) {
            Ternary::Unknown
        } else {
            flag(value, default)
        };
        (field, value)
    };
    let mut attributes = vec![attribute(
        "enable_dns_support",
        vpc.enable_dns_support.as_ref(),
        true,
    )];
    let private = match path {
        PathChoice::Endpoints(which) => which
            .iter()
            .any(|&at| connection.candidates[at].by_private_dns),
        _ => false,
    };
    if private {
        attributes.push(attribute(
            "enable_dns_hostnames",
            vpc.enable_dns_hostnames.as_ref(),
            false,
        ));
    }
    for (field, value) in &attributes {
        if value.is_no() {
            return HopResult::fail(HOP, format!("`{name}` has `{field}` disabled"))
                .at(id, field)
                .fix(Fix::set(id, field, RawValue::Bool(true)));
        }
    }
    if let Some(result) = resolvers(connection, (id, vpc)) {
        return result;
    }
    if let Some((field, _)) = attributes
        .iter()
        .find(|(_, value)| *value == Ternary::Unknown)
    {
        return HopResult::unknown(HOP, format!("`{field}` of `{name}` is unknown")).at(id, field);
    }
    if connection.index.is_dns_overridden(id) {
        return HopResult::unknown(
            HOP,
            format!(
                "resolver rules, a DNS firewall or a Route 53 Profile can change the addresses of names in \
                 `{name}`"
            ),
        )
        .at(id, "enable_dns_support");
    }
    if let Resolved::Node(subnet, it) = connection.subnet
        && !flag(it.ipv6_native.as_ref(), false).is_no()
    {
        return HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether `{}` has IPv4 addresses",
                connection.index.name(*subnet)
            ),
        )
        .at(*subnet, "ipv6_native");
    }
    if let Some(zone) = path::overriding_zone(connection.index, &connection.vpc, connection.service)
    {
        let answered = matches!(path, PathChoice::Endpoints(which)
            if which.iter().any(|&at| !connection.candidates[at].by_private_dns));
        if !answered {
            return HopResult::unknown(
                HOP,
                format!(
                    "private hosted zone `{}` covers `{}`, and the file does not show the addresses",
                    connection.index.name(zone),
                    connection.service
                ),
            )
            .at(zone, "name");
        }
    }
    HopResult::pass(HOP, format!("`{name}` resolves the names of the services"))
        .at(id, "enable_dns_support")
}

/// Checks the DNS servers in the DHCP options of the VPC.
fn resolvers(connection: &Connection<'_, '_>, (id, vpc): (NodeId, &Vpc)) -> Option<HopResult> {
    let index = connection.index;
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
        let undecided = |what: String| Some(HopResult::unknown(HOP, what).at(tie, "dhcp_options"));
        let (options_id, options) =
            match index.resolve_one::<DhcpOptions>(&association.dhcp_options) {
                Resolved::Node(id, options) => (id, options),
                Resolved::OtherType(_) | Resolved::Outside(_) => {
                    return undecided("the DHCP options of the VPC are not in the file".to_owned());
                }
            };
        let name = index.name(options_id);
        if !ours.and(index.exists(options_id)).is_yes() {
            return undecided(format!(
                "the file does not show whether the VPC has DHCP options `{name}`"
            ));
        }
        let at = (options_id, "domain_name_servers");
        let unmodeled = index
            .graph
            .node(options_id)
            .is_some_and(|node| node.is_unmodeled("domain_name_servers"));
        if options.domain_name_servers.is_empty() && !unmodeled {
            return Some(
                HopResult::fail(HOP, format!("DHCP options `{name}` have no DNS server"))
                    .at(at.0, at.1)
                    .fix(Fix::set(
                        at.0,
                        at.1,
                        RawValue::List(vec![RawValue::str("AmazonProvidedDNS")]),
                    )),
            );
        }
        let amazon = |server: &Value<crate::ir::Text>| {
            server.lit().is_some_and(|text| {
                text.eq_ignore_ascii_case("AmazonProvidedDNS") || text == "169.254.169.253"
            })
        };
        if unmodeled || !options.domain_name_servers.iter().all(amazon) {
            return Some(
                HopResult::unknown(
                    HOP,
                    format!(
                        "DHCP options `{name}` have other DNS servers; the file does not show \
                         whether these forward to the VPC resolver"
                    ),
                )
                .at(at.0, at.1),
            );
        }
    }
    None
}
