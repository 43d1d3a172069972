//! The VPC resolves the services' names.

use super::super::fix::Change;
use super::super::path;
use super::super::tri::Tri;
use super::super::view::To;
use super::super::{Finding, Hop};
use super::{Dial, Way};
use crate::ir::{NodeId, Value};
use crate::resource::{DhcpOptions, DhcpOptionsAssociation, Term, Vpc};

const HOP: Hop = Hop::VpcDns;

fn flag(value: Option<&Value<bool>>, default: bool) -> Tri {
    match value {
        None => default.into(),
        Some(Value::Lit(value)) => (*value).into(),
        Some(value) if value.is_absent() => default.into(),
        Some(Value::Expr(_)) => Tri::Maybe,
    }
}

pub(super) fn check(dial: &Dial<'_, '_>, way: &Way) -> Finding {
    let To::Node(id, vpc) = dial.vpc else {
        return Finding::unknown(HOP, "the VPC's DNS settings are not in the file");
    };
    let unread = |field| {
        dial.view
            .graph
            .node(id)
            .is_some_and(|node| node.is_unread(field))
    };
    let name = dial.view.name(id);
    let attribute = |field: &'static str, value: Option<&Value<bool>>, default| {
        let value = if unread(field) {
            Tri::Maybe
        } else {
            flag(value, default)
        };
        (field, value)
    };
    let mut asked = vec![attribute(
        "enable_dns_support",
        vpc.enable_dns_support.as_ref(),
        true,
    )];
    let private = match way {
        Way::Endpoints(which) => which.iter().any(|&at| dial.candidates[at].by_private_dns),
        _ => false,
    };
    if private {
        asked.push(attribute(
            "enable_dns_hostnames",
            vpc.enable_dns_hostnames.as_ref(),
            false,
        ));
    }
    for (field, value) in &asked {
        if value.is_no() {
            return Finding::fail(HOP, format!("`{name}` has `{field}` off"))
                .at(id, field)
                .fix(Change::set(id, field, Term::Bool(true)));
        }
    }
    if let Some(finding) = resolvers(dial, (id, vpc)) {
        return finding;
    }
    if let Some((field, _)) = asked.iter().find(|(_, value)| *value == Tri::Maybe) {
        return Finding::unknown(HOP, format!("`{field}` of `{name}` is not decided"))
            .at(id, field);
    }
    if dial.view.is_renamed(id) {
        return Finding::unknown(
            HOP,
            format!(
                "resolver rules, a DNS firewall or a profile decide what names lead to in `{name}`"
            ),
        )
        .at(id, "enable_dns_support");
    }
    if let To::Node(subnet, it) = dial.subnet
        && !flag(it.ipv6_native.as_ref(), false).is_no()
    {
        return Finding::unknown(
            HOP,
            format!("`{}` is or may be IPv6-only", dial.view.name(*subnet)),
        )
        .at(*subnet, "ipv6_native");
    }
    if let Some(zone) = path::swallowed(dial.view, &dial.vpc, dial.service) {
        let answered = matches!(way, Way::Endpoints(which)
            if which.iter().any(|&at| !dial.candidates[at].by_private_dns));
        if !answered {
            return Finding::unknown(
                HOP,
                format!(
                    "the private zone `{}` answers for `{}`, and where it leads is not decided",
                    dial.view.name(zone),
                    dial.service
                ),
            )
            .at(zone, "name");
        }
    }
    Finding::pass(HOP, format!("`{name}` resolves the services' names"))
        .at(id, "enable_dns_support")
}

/// What DHCP tells instances to ask.
fn resolvers(dial: &Dial<'_, '_>, (id, vpc): (NodeId, &Vpc)) -> Option<Finding> {
    let view = dial.view;
    for (tie, _, association) in view.all::<DhcpOptionsAssociation>() {
        let ours = Tri::any(
            view.to(&association.vpc)
                .iter()
                .map(|to| to.same(&To::Node(id, vpc))),
        )
        .and(view.exists(tie));
        if ours.is_no()
            || matches!(association.dhcp_options.lit(), Some(id) if id.as_str() == "default")
        {
            continue;
        }
        let undecided = |what: String| Some(Finding::unknown(HOP, what).at(tie, "dhcp_options"));
        let (options_id, options) = match view.only::<DhcpOptions>(&association.dhcp_options) {
            To::Node(id, options) => (id, options),
            To::Wrong(_) | To::Outside(_) => {
                return undecided("the VPC's DHCP options are not in the file".to_owned());
            }
        };
        let name = view.name(options_id);
        if !ours.and(view.exists(options_id)).is_yes() {
            return undecided(format!("whether the VPC has `{name}` is not decided"));
        }
        let at = (options_id, "domain_name_servers");
        let unread = view
            .graph
            .node(options_id)
            .is_some_and(|node| node.is_unread("domain_name_servers"));
        if options.domain_name_servers.is_empty() && !unread {
            return Some(
                Finding::fail(HOP, format!("`{name}` hands out no DNS server"))
                    .at(at.0, at.1)
                    .fix(Change::set(
                        at.0,
                        at.1,
                        Term::List(vec![Term::str("AmazonProvidedDNS")]),
                    )),
            );
        }
        let amazon = |server: &Value<crate::ir::Text>| {
            server.lit().is_some_and(|text| {
                text.eq_ignore_ascii_case("AmazonProvidedDNS") || text == "169.254.169.253"
            })
        };
        if unread || !options.domain_name_servers.iter().all(amazon) {
            return Some(
                Finding::unknown(
                    HOP,
                    format!(
                        "`{name}` names other DNS servers: whether they forward the services' \
                         names to the VPC's resolver is not in the file"
                    ),
                )
                .at(at.0, at.1),
            );
        }
    }
    None
}
