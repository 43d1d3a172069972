//! The endpoint's security groups admit the instance.

use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::path::Candidate;
use super::super::security::{Group, Peer, allows_inbound};
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use super::{Connection, groups_of};
use crate::ir::Value;
use crate::resource::{SecurityGroup, SecurityGroupIngress, Typed};

const HOP: Hop = Hop::EndpointSecurityGroup;

pub(super) fn check<'g>(
    connection: &Connection<'_, 'g>,
    candidate: &Candidate<'g>,
) -> Option<HopResult> {
    let index = connection.index;
    let name = index.name(candidate.id);
    let unmodeled = index
        .graph
        .node(candidate.id)
        .is_some_and(|node| node.is_unmodeled("security_groups"));
    if unmodeled {
        return Some(
            HopResult::unknown(
                HOP,
                format!("the security groups of `{name}` are not decided"),
            )
            .at(candidate.id, "security_groups"),
        );
    }
    let groups = groups_of(index, candidate, &connection.vpc);
    let instance_groups = connection.groups.as_deref().unwrap_or_default();
    let admitted = allows_inbound(
        index,
        &groups,
        &Peer::Interfaces(instance_groups, connection.subnet),
    );
    // Groups that are not decided may be admitted.
    let admitted = match connection.groups {
        None if admitted.is_no() => Ternary::Unknown,
        _ => admitted,
    };
    let at = match groups.first() {
        Some(Group::Of(Resolved::Node(group, _))) => (*group, "ingress"),
        _ => (candidate.id, "security_groups"),
    };
    let shown = groups
        .iter()
        .map(|group| group.name(index))
        .collect::<Vec<_>>()
        .join(", ");
    let result = match admitted {
        Ternary::Yes => HopResult::pass(HOP, format!("{shown} of `{name}` admits the instance")),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!("whether {shown} of `{name}` admits the instance is not decided"),
        ),
        Ternary::No => {
            let result = HopResult::fail(
                HOP,
                format!("{shown} of `{name}` does not admit TCP 443 from the instance"),
            );
            match fix(&groups, instance_groups) {
                Some(fix) => result.fix(fix),
                None => result.fix(Fix::manual(
                    "give the endpoint a security group that admits TCP 443 from the instance's",
                )),
            }
        }
    };
    Some(result.at(at.0, at.1))
}

fn fix(groups: &[Group<'_>], instance_groups: &[Group<'_>]) -> Option<Fix> {
    let node = |group: &Group<'_>| match group {
        Group::Of(Resolved::Node(id, _)) => Some(*id),
        _ => None,
    };
    let (endpoint, instance) = (
        groups.iter().find_map(node)?,
        instance_groups.iter().find_map(node)?,
    );
    let link = |id: crate::ir::NodeId| Value::Expr(id.at(SecurityGroup::LINK));
    Some(Fix::add(
        "EndpointsFromInstance",
        SecurityGroupIngress::https(link(endpoint)).source(link(instance)),
    ))
}
