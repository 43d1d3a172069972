//! An endpoint is there, or a way out.

use super::super::fix::Change;
use super::super::path::{self, Exit};
use super::super::tri::Tri;
use super::super::view::To;
use super::super::{Finding, Hop};
use super::{Dial, link_of, service_name, subnets_of};
use crate::ir::Value;
use crate::resource::{EndpointType, Term, VpcEndpoint};

const HOP: Hop = Hop::EndpointMissing;

/// There are endpoints; each needs an interface somewhere.
pub(super) fn present(dial: &Dial<'_, '_>, which: &[usize]) -> Finding {
    for &at in which {
        let candidate = &dial.candidates[at];
        let unread = dial
            .view
            .graph
            .node(candidate.id)
            .is_some_and(|node| node.is_unread("subnets"));
        let subnets = subnets_of(dial.view, candidate);
        if !subnets.iter().any(|(_, certain)| *certain) {
            let name = dial.view.name(candidate.id);
            let finding = if unread || !subnets.is_empty() || dial.view.is_touched(candidate.id) {
                Finding::unknown(HOP, format!("the subnets of `{name}` are not decided"))
            } else {
                let finding =
                    Finding::fail(HOP, format!("`{name}` has no subnet, and so no interface"));
                match link_of(dial.subnet) {
                    Some(Value::Expr(subnet)) => finding.fix(Change::set(
                        candidate.id,
                        "subnets",
                        Term::List(vec![Term::from(subnet)]),
                    )),
                    _ => finding.fix(Change::say("give it a subnet of the VPC")),
                }
            };
            return finding.at(candidate.id, "subnets");
        }
    }
    let first = which.first().map(|&at| dial.candidates[at].id);
    let names: Vec<String> = which
        .iter()
        .map(|&at| format!("`{}`", dial.view.name(dial.candidates[at].id)))
        .collect();
    let finding = Finding::pass(HOP, format!("{} for {}", names.join(", "), dial.service));
    match first {
        Some(id) => finding.at(id, "service_name"),
        None => finding,
    }
}

/// Nothing leads to the service.
pub(super) fn missing(dial: &Dial<'_, '_>) -> Finding {
    let service = dial.service;
    // A gateway for it is the usual slip: the type's default.
    for candidate in &dial.candidates {
        if candidate.is_there.is_yes() && path::is_interface(candidate.endpoint).is_no() {
            return Finding::fail(
                HOP,
                format!(
                    "`{}` is a gateway endpoint, and `{service}` is served by interfaces only",
                    dial.view.name(candidate.id)
                ),
            )
            .at(candidate.id, "vpc_endpoint_type")
            .fix(Change::set(
                candidate.id,
                "vpc_endpoint_type",
                Term::str(EndpointType::Interface.as_str()),
            ));
        }
    }
    let elsewhere = dial
        .view
        .all::<VpcEndpoint>()
        .find_map(|(id, _, endpoint)| {
            let token = path::token(&endpoint.service_name);
            (token.as_deref() == Some(service)).then_some((id, endpoint))
        });
    if let Some((id, endpoint)) = elsewhere {
        let name = dial.view.name(id);
        let (why, field) = if path::serves(dial.view, endpoint, service).is_no() {
            ("is for another region", "service_name")
        } else if view_vpc_differs(dial, endpoint) {
            ("is in another VPC", "vpc")
        } else {
            ("does not exist", "service_name")
        };
        return Finding::fail(
            HOP,
            format!("no endpoint for `{service}`, and no way out of the subnet: `{name}` {why}"),
        )
        .at(id, field)
        .fix(add(dial));
    }
    let at = match dial.vpc {
        To::Node(id, _) => Some(id),
        _ => None,
    };
    let finding = Finding::fail(
        HOP,
        format!("the VPC has no endpoint for `{service}`, and the subnet no way out"),
    )
    .fix(add(dial));
    match at {
        Some(id) => finding.at(id, "cidr_block"),
        None => finding,
    }
}

fn view_vpc_differs(dial: &Dial<'_, '_>, endpoint: &VpcEndpoint) -> bool {
    let same = dial
        .view
        .to(&endpoint.vpc)
        .iter()
        .map(|own| own.same(&dial.vpc))
        .collect::<Vec<_>>();
    Tri::any(same).is_no()
}

fn add(dial: &Dial<'_, '_>) -> Change {
    let Some(vpc) = link_of(&dial.vpc) else {
        return Change::say(format!("add an interface endpoint for {}", dial.service));
    };
    let mut endpoint = VpcEndpoint::new(
        vpc,
        service_name(dial, dial.service),
        EndpointType::Interface,
    )
    .private_dns_enabled(true)
    .subnets(link_of(dial.subnet));
    // The groups of the endpoints that are there serve this one too.
    let sibling = dial
        .view
        .all::<VpcEndpoint>()
        .find(|(_, _, other)| !other.security_groups.is_empty());
    if let Some((_, _, sibling)) = sibling {
        endpoint = endpoint.security_groups(sibling.security_groups.clone());
    }
    let mut name = dial.service.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Change::add(format!("{name}Endpoint"), endpoint)
}

/// It is not decided whether there is one.
pub(super) fn undecided(dial: &Dial<'_, '_>) -> Finding {
    let service = dial.service;
    let maybe = dial
        .candidates
        .iter()
        .find(|it| path::is_interface(it.endpoint) != Tri::No);
    match maybe {
        Some(candidate) if candidate.is_there.is_yes() => Finding::pass(
            HOP,
            format!("`{}` for {service}", dial.view.name(candidate.id)),
        )
        .at(candidate.id, "service_name"),
        Some(candidate) => Finding::unknown(
            HOP,
            format!(
                "whether `{}` is there for `{service}` is not decided",
                dial.view.name(candidate.id)
            ),
        )
        .at(candidate.id, "service_name"),
        None => {
            let outside = !matches!(dial.vpc, To::Node(..));
            let what = if outside {
                "the VPC is not in the file, nor are its endpoints"
            } else {
                "something outside the file may add endpoints to the VPC"
            };
            let way = match &dial.exit {
                Exit::Works(..) => "; without one the subnet's way out is taken",
                _ => "",
            };
            Finding::unknown(HOP, format!("{what} (`{service}`{way})"))
                .at(dial.host.placed_by.0, dial.host.placed_by.1)
        }
    }
}
