//! An endpoint is there, or a way out.

use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::path::{self, InternetRoute};
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use super::{Connection, link_of, service_name, subnets_of};
use crate::ir::Value;
use crate::resource::{EndpointType, RawValue, VpcEndpoint};

const HOP: Hop = Hop::Endpoint;

/// There are endpoints; each needs an interface somewhere.
pub(super) fn present(connection: &Connection<'_, '_>, which: &[usize]) -> HopResult {
    for &at in which {
        let candidate = &connection.candidates[at];
        let unmodeled = connection
            .index
            .graph
            .node(candidate.id)
            .is_some_and(|node| node.is_unmodeled("subnets"));
        let subnets = subnets_of(connection.index, candidate);
        if !subnets.iter().any(|(_, certain)| *certain) {
            let name = connection.index.name(candidate.id);
            let result = if unmodeled
                || !subnets.is_empty()
                || connection.index.is_externally_modified(candidate.id)
            {
                HopResult::unknown(HOP, format!("the subnets of `{name}` are not decided"))
            } else {
                let result =
                    HopResult::fail(HOP, format!("`{name}` has no subnet, and so no interface"));
                match link_of(connection.subnet) {
                    Some(Value::Expr(subnet)) => result.fix(Fix::set(
                        candidate.id,
                        "subnets",
                        RawValue::List(vec![RawValue::from(subnet)]),
                    )),
                    _ => result.fix(Fix::manual("give it a subnet of the VPC")),
                }
            };
            return result.at(candidate.id, "subnets");
        }
    }
    let first = which.first().map(|&at| connection.candidates[at].id);
    let names: Vec<String> = which
        .iter()
        .map(|&at| format!("`{}`", connection.index.name(connection.candidates[at].id)))
        .collect();
    let result = HopResult::pass(
        HOP,
        format!("{} for {}", names.join(", "), connection.service),
    );
    match first {
        Some(id) => result.at(id, "service_name"),
        None => result,
    }
}

/// Nothing leads to the service.
pub(super) fn missing(connection: &Connection<'_, '_>) -> HopResult {
    let service = connection.service;
    // A gateway for it is the usual slip: the type's default.
    for candidate in &connection.candidates {
        if candidate.exists.is_yes() && path::is_interface(candidate.endpoint).is_no() {
            return HopResult::fail(
                HOP,
                format!(
                    "`{}` is a gateway endpoint, and `{service}` is served by interfaces only",
                    connection.index.name(candidate.id)
                ),
            )
            .at(candidate.id, "vpc_endpoint_type")
            .fix(Fix::set(
                candidate.id,
                "vpc_endpoint_type",
                RawValue::str(EndpointType::Interface.as_str()),
            ));
        }
    }
    let elsewhere = connection
        .index
        .all::<VpcEndpoint>()
        .find_map(|(id, _, endpoint)| {
            let token = path::token(&endpoint.service_name);
            (token.as_deref() == Some(service)).then_some((id, endpoint))
        });
    if let Some((id, endpoint)) = elsewhere {
        let name = connection.index.name(id);
        let (reason, field) = if path::serves(connection.index, endpoint, service).is_no() {
            ("is for another region", "service_name")
        } else if is_in_other_vpc(connection, endpoint) {
            ("is in another VPC", "vpc")
        } else {
            ("does not exist", "service_name")
        };
        return HopResult::fail(
            HOP,
            format!("no endpoint for `{service}`, and no way out of the subnet: `{name}` {reason}"),
        )
        .at(id, field)
        .fix(add(connection));
    }
    let at = match connection.vpc {
        Resolved::Node(id, _) => Some(id),
        _ => None,
    };
    let result = HopResult::fail(
        HOP,
        format!("the VPC has no endpoint for `{service}`, and the subnet no way out"),
    )
    .fix(add(connection));
    match at {
        Some(id) => result.at(id, "cidr_block"),
        None => result,
    }
}

fn is_in_other_vpc(connection: &Connection<'_, '_>, endpoint: &VpcEndpoint) -> bool {
    let same = connection
        .index
        .resolve(&endpoint.vpc)
        .iter()
        .map(|vpc| vpc.same(&connection.vpc))
        .collect::<Vec<_>>();
    Ternary::any(same).is_no()
}

fn add(connection: &Connection<'_, '_>) -> Fix {
    let Some(vpc) = link_of(&connection.vpc) else {
        return Fix::manual(format!(
            "add an interface endpoint for {}",
            connection.service
        ));
    };
    let mut endpoint = VpcEndpoint::new(
        vpc,
        service_name(connection, connection.service),
        EndpointType::Interface,
    )
    .private_dns_enabled(true)
    .subnets(link_of(connection.subnet));
    // The groups of the endpoints that are there serve this one too.
    let sibling = connection
        .index
        .all::<VpcEndpoint>()
        .find(|(_, _, other)| !other.security_groups.is_empty());
    if let Some((_, _, sibling)) = sibling {
        endpoint = endpoint.security_groups(sibling.security_groups.clone());
    }
    let mut name = connection.service.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Fix::add(format!("{name}Endpoint"), endpoint)
}

/// It is not decided whether there is one.
pub(super) fn unknown(connection: &Connection<'_, '_>) -> HopResult {
    let service = connection.service;
    let possible = connection
        .candidates
        .iter()
        .find(|it| path::is_interface(it.endpoint) != Ternary::No);
    match possible {
        Some(candidate) if candidate.exists.is_yes() => HopResult::pass(
            HOP,
            format!("`{}` for {service}", connection.index.name(candidate.id)),
        )
        .at(candidate.id, "service_name"),
        Some(candidate) => HopResult::unknown(
            HOP,
            format!(
                "whether `{}` is there for `{service}` is not decided",
                connection.index.name(candidate.id)
            ),
        )
        .at(candidate.id, "service_name"),
        None => {
            let outside = !matches!(connection.vpc, Resolved::Node(..));
            let what = if outside {
                "the VPC is not in the file, nor are its endpoints"
            } else {
                "something outside the file may add endpoints to the VPC"
            };
            let egress = match &connection.internet_route {
                InternetRoute::Works(..) => "; without one the subnet's way out is taken",
                _ => "",
            };
            HopResult::unknown(HOP, format!("{what} (`{service}`{egress})")).at(
                connection.instance.subnet_source.0,
                connection.instance.subnet_source.1,
            )
        }
    }
}
