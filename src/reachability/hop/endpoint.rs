//! Interface endpoint: exists for each service, unless the subnet has a route to the internet.

use super::super::HopResult;
use super::super::dhcp::Resolver;
use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::names;
use super::super::path;
use super::super::routes::InternetRoute;
use super::super::service_name::serves;
use super::super::ternary::Ternary;
use super::{
    Check, Connection, DiagramBox, Entry, Hop, PathChoice, SequenceStep, endpoint_private_dns,
    fixes, has_subnet, link_of, route, subnets_of,
};
use crate::ir::Value;
use crate::resource::{RawValue, VpcEndpoint};

const HOP: Hop = Hop::Endpoint;

pub(super) const ENTRY: Entry = Entry {
    code: "endpoint",
    reason: "without a route to the internet, a subnet reaches a service only through an endpoint",
    page: "\
**Checks** that interface endpoints for `ssm` and `ssmmessages` exist in the VPC, for its Region,
each with a subnet. Applies if the subnet has no route to the internet. `ec2messages` is optional.

**Fails** also if the endpoint is a gateway endpoint, the default type in both languages.

**Fix:** create an interface endpoint with private DNS in a subnet of the VPC.

<https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html>
",
    expected: "The endpoints for `ssm` and `ssmmessages` are `available`, or the subnet has a route to \
               the internet (`route`).",
    commands: &[
        "aws ec2 describe-vpc-endpoints --filters \"Name=vpc-id,Values=$VPC\" \
         --query 'VpcEndpoints[].[ServiceName,VpcEndpointType,State,length(SubnetIds)]' \
         --output table",
    ],
    boxes: &[DiagramBox::Endpoint],
    steps: &[SequenceStep::Resolve, SequenceStep::Connect],
    check: Check::Connection(check),
};

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    match (&connection.path, &connection.internet_route) {
        (PathChoice::Endpoints(which), _) => vec![present(connection, which)],
        // The hop `vpc-dns` fails.
        (PathChoice::Internet, InternetRoute::None)
            if names::is_zone_unused(connection.index, &connection.vpc, connection.service) =>
        {
            Vec::new()
        }
        (PathChoice::Internet, InternetRoute::None)
            if endpoint_private_dns::disabled(connection).is_none()
                && route::unused_gateway(connection).is_none()
                && !matches!(connection.resolver, Resolver::Public(..)) =>
        {
            vec![missing(connection)]
        }
        (PathChoice::Internet, _) => Vec::new(),
        (PathChoice::Unknown, _) if connection.has_no_address() => Vec::new(),
        (PathChoice::Unknown, _) => vec![unknown(connection)],
    }
}

/// Checks that each endpoint has a network interface.
fn present(connection: &Connection<'_, '_>, which: &[usize]) -> HopResult {
    for &at in which {
        let candidate = &connection.candidates[at];
        let unmodeled = connection
            .index
            .graph
            .node(candidate.id)
            .is_some_and(|node| node.is_unmodeled("subnets"));
        let subnets = subnets_of(connection.index, candidate);
        if !has_subnet(connection.index, candidate) {
            let name = connection.index.name(candidate.id);
            let result = if unmodeled
                || !subnets.is_empty()
                || connection.index.is_externally_modified(candidate.id)
            {
                HopResult::unknown(HOP, format!("the subnets of `{name}` are unknown"))
            } else {
                let result = HopResult::fail(
                    HOP,
                    format!("`{name}` has no subnet, and therefore no network interface"),
                );
                match link_of(connection.subnet) {
                    Some(Value::Expr(subnet)) => result.fix(Fix::set(
                        candidate.id,
                        "subnets",
                        RawValue::List(vec![RawValue::from(subnet)]),
                    )),
                    _ => result.fix(Fix::manual("add a subnet of the VPC to the endpoint")),
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
        format!("{} for `{}`", names.join(", "), connection.service),
    );
    match first {
        Some(id) => result.at(id, "service_name"),
        None => result,
    }
}

/// Returns the result for a service without an endpoint or a route to the internet.
fn missing(connection: &Connection<'_, '_>) -> HopResult {
    let service = connection.service;
    // A gateway endpoint is the common mistake, since it is the default type.
    for candidate in &connection.candidates {
        if candidate.exists.is_yes() && path::is_interface(candidate.endpoint).is_no() {
            return HopResult::fail(
                HOP,
                format!(
                    "`{}` is a gateway endpoint, and `{service}` requires an interface endpoint",
                    connection.index.name(candidate.id)
                ),
            )
            .at(candidate.id, "vpc_endpoint_type")
            .fix(fixes::endpoints(connection));
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
        let (reason, field) = if serves(connection.index, id, endpoint, service).is_no() {
            ("is for another region", "service_name")
        } else if is_in_other_vpc(connection, endpoint) {
            ("is in another VPC", "vpc")
        } else {
            ("does not exist", "service_name")
        };
        return HopResult::fail(
            HOP,
            format!(
                "the VPC has no endpoint for `{service}`, and the subnet has no route to the internet: \
                 `{name}` {reason}"
            ),
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
        format!(
            "the VPC has no endpoint for `{service}`, and the subnet has no route to the internet"
        ),
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
    fixes::by_nat(connection).unwrap_or_else(|| fixes::endpoints(connection))
}

/// Returns the result for a service whose endpoint is unknown.
fn unknown(connection: &Connection<'_, '_>) -> HopResult {
    let service = connection.service;
    let possible = connection
        .candidates
        .iter()
        .find(|it| path::is_interface(it.endpoint) != Ternary::No);
    match possible {
        Some(candidate) if candidate.exists.is_yes() => HopResult::pass(
            HOP,
            format!("`{}` for `{service}`", connection.index.name(candidate.id)),
        )
        .at(candidate.id, "service_name"),
        Some(candidate) => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether endpoint `{}` exists for `{service}`",
                connection.index.name(candidate.id)
            ),
        )
        .at(candidate.id, "service_name"),
        None => {
            let outside = !matches!(connection.vpc, Resolved::Node(..));
            let what = if outside {
                "the VPC and its endpoints are not in the file"
            } else {
                "a resource outside the file can add endpoints to the VPC"
            };
            let egress = match &connection.internet_route {
                InternetRoute::Works(..) => {
                    "; without an endpoint, the agent uses the route to the internet"
                }
                _ => "",
            };
            HopResult::unknown(HOP, format!("{what} (`{service}`{egress})")).at(
                connection.instance.subnet_source.0,
                connection.instance.subnet_source.1,
            )
        }
    }
}
