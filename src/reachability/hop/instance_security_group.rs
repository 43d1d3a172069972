//! The instance's security groups let its calls out.

use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::instance::Setting;
use super::super::path::Candidate;
use super::super::security::{Group, Peer, allows_outbound};
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use super::{Connection, groups_of, subnets_of, worst};
use crate::ir::{Cidr, NodeId, Value};
use crate::resource::{SecurityGroup, SecurityGroupEgress, Typed};

const HOP: Hop = Hop::InstanceSecurityGroup;

fn location(connection: &Connection<'_, '_>) -> (NodeId, &'static str) {
    match &connection.instance.security_groups {
        Setting::Known(node, field, _) | Setting::Unknown(node, field) => (*node, field),
        Setting::Unset => (connection.instance.node, "security_groups"),
    }
}

fn unknown(connection: &Connection<'_, '_>) -> HopResult {
    let at = location(connection);
    HopResult::unknown(HOP, "the instance's security groups are not decided").at(at.0, at.1)
}

fn at<'g>(connection: &Connection<'_, 'g>, groups: &[Group<'g>]) -> (NodeId, &'static str) {
    match groups.first() {
        Some(Group::Of(Resolved::Node(group, _))) => (*group, "egress"),
        _ => location(connection),
    }
}

fn names<'g>(connection: &Connection<'_, 'g>, groups: &[Group<'g>]) -> String {
    let names: Vec<String> = groups
        .iter()
        .map(|group| group.name(connection.index))
        .collect();
    names.join(", ")
}

pub(super) fn to_endpoint<'g>(
    connection: &Connection<'_, 'g>,
    candidate: &Candidate<'g>,
) -> Option<HopResult> {
    let Some(groups_of_instance) = &connection.groups else {
        return Some(unknown(connection));
    };
    let index = connection.index;
    let groups = groups_of(index, candidate, &connection.vpc);
    let subnets = subnets_of(index, candidate);
    let decided = subnets.iter().map(|(subnet, certain)| {
        let passes = allows_outbound(
            index,
            groups_of_instance,
            &Peer::Interfaces(&groups, subnet),
        );
        let passes = match passes {
            Ternary::No if !certain => Ternary::Unknown,
            passes => passes,
        };
        let name = match subnet {
            Resolved::Node(id, _) => index.name(*id),
            _ => "a subnet".to_owned(),
        };
        (passes, name)
    });
    let (passes, subnet) = worst(decided)?;
    let name = index.name(candidate.id);
    let shown = names(connection, groups_of_instance);
    let result = match passes {
        Ternary::Yes => HopResult::pass(HOP, format!("{shown} lets TCP 443 out to `{name}`")),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!("whether {shown} lets TCP 443 out to `{name}` in `{subnet}` is not decided"),
        ),
        Ternary::No => {
            let result = HopResult::fail(
                HOP,
                format!("{shown} does not let TCP 443 out to `{name}` in `{subnet}`"),
            );
            match fix_to(groups_of_instance, Some(&groups)) {
                Some(fix) => result.fix(fix),
                None => result.fix(Fix::manual("let the instance's group send TCP 443")),
            }
        }
    };
    let at = at(connection, groups_of_instance);
    Some(result.at(at.0, at.1))
}

fn fix_to(groups_of_instance: &[Group<'_>], peers: Option<&[Group<'_>]>) -> Option<Fix> {
    let node = |group: &Group<'_>| match group {
        Group::Of(Resolved::Node(id, _)) => Some(*id),
        _ => None,
    };
    let link =
        |id: NodeId| -> crate::ir::Link<SecurityGroup> { Value::Expr(id.at(SecurityGroup::LINK)) };
    let groups_of_instance = groups_of_instance.iter().find_map(node)?;
    let rule = SecurityGroupEgress::https(link(groups_of_instance));
    Some(match peers.and_then(|peers| peers.iter().find_map(node)) {
        Some(peer) => Fix::add("InstanceToEndpoints", rule.destination(link(peer))),
        None => Fix::add("InstanceToInternet", rule.cidr_ip(Cidr::ANY)),
    })
}

pub(super) fn to_internet(connection: &Connection<'_, '_>) -> HopResult {
    let Some(groups_of_instance) = &connection.groups else {
        return unknown(connection);
    };
    let shown = names(connection, groups_of_instance);
    let result = match allows_outbound(connection.index, groups_of_instance, &Peer::Internet) {
        Ternary::Yes => HopResult::pass(HOP, format!("{shown} lets TCP 443 out to the internet")),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!("whether {shown} lets TCP 443 out to the internet is not decided"),
        ),
        Ternary::No => {
            let result = HopResult::fail(
                HOP,
                format!(
                    "{shown} does not let TCP 443 out to the internet, where `{}` is",
                    connection.service
                ),
            );
            match fix_to(groups_of_instance, None) {
                Some(fix) => result.fix(fix),
                None => result.fix(Fix::manual("let the instance's group send TCP 443")),
            }
        }
    };
    let at = at(connection, groups_of_instance);
    result.at(at.0, at.1)
}

/// Whichever way it is, something must be let out.
pub(super) fn to_anywhere(connection: &Connection<'_, '_>) -> HopResult {
    let Some(groups_of_instance) = &connection.groups else {
        return unknown(connection);
    };
    let shown = names(connection, groups_of_instance);
    let result = match allows_outbound(connection.index, groups_of_instance, &Peer::Anywhere) {
        Ternary::No => {
            let result = HopResult::fail(HOP, format!("{shown} lets no TCP 443 out at all"));
            match fix_to(groups_of_instance, None) {
                Some(fix) => result.fix(fix),
                None => result.fix(Fix::manual("let the instance's group send TCP 443")),
            }
        }
        _ => HopResult::unknown(
            HOP,
            format!("whether {shown} lets the agent out depends on its way"),
        ),
    };
    let at = at(connection, groups_of_instance);
    result.at(at.0, at.1)
}
