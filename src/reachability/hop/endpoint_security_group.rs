//! The endpoint's security groups admit the instance.

use super::super::fix::Change;
use super::super::path::Candidate;
use super::super::security::{Group, Peer, admits};
use super::super::tri::Tri;
use super::super::view::To;
use super::super::{Finding, Hop};
use super::{Dial, groups_of};
use crate::ir::Value;
use crate::resource::{SecurityGroup, SecurityGroupIngress, Typed};

const HOP: Hop = Hop::EndpointSecurityGroup;

pub(super) fn check<'g>(dial: &Dial<'_, 'g>, candidate: &Candidate<'g>) -> Option<Finding> {
    let view = dial.view;
    let name = view.name(candidate.id);
    let unread = view
        .graph
        .node(candidate.id)
        .is_some_and(|node| node.is_unread("security_groups"));
    if unread {
        return Some(
            Finding::unknown(
                HOP,
                format!("the security groups of `{name}` are not decided"),
            )
            .at(candidate.id, "security_groups"),
        );
    }
    let groups = groups_of(view, candidate, &dial.vpc);
    let own = dial.groups.as_deref().unwrap_or_default();
    let admitted = admits(view, &groups, &Peer::Interfaces(own, dial.subnet));
    // Groups that are not decided may be admitted.
    let admitted = match dial.groups {
        None if admitted.is_no() => Tri::Maybe,
        _ => admitted,
    };
    let at = match groups.first() {
        Some(Group::Of(To::Node(group, _))) => (*group, "ingress"),
        _ => (candidate.id, "security_groups"),
    };
    let shown = groups
        .iter()
        .map(|group| group.name(view))
        .collect::<Vec<_>>()
        .join(", ");
    let finding = match admitted {
        Tri::Yes => Finding::pass(HOP, format!("{shown} of `{name}` admits the instance")),
        Tri::Maybe => Finding::unknown(
            HOP,
            format!("whether {shown} of `{name}` admits the instance is not decided"),
        ),
        Tri::No => {
            let finding = Finding::fail(
                HOP,
                format!("{shown} of `{name}` does not admit TCP 443 from the instance"),
            );
            match fix(&groups, own) {
                Some(change) => finding.fix(change),
                None => finding.fix(Change::say(
                    "give the endpoint a security group that admits TCP 443 from the instance's",
                )),
            }
        }
    };
    Some(finding.at(at.0, at.1))
}

fn fix(groups: &[Group<'_>], own: &[Group<'_>]) -> Option<Change> {
    let node = |group: &Group<'_>| match group {
        Group::Of(To::Node(id, _)) => Some(*id),
        _ => None,
    };
    let (endpoint, instance) = (groups.iter().find_map(node)?, own.iter().find_map(node)?);
    let link = |id: crate::ir::NodeId| Value::Expr(id.at(SecurityGroup::LINK));
    Some(Change::add(
        "EndpointsFromInstance",
        SecurityGroupIngress::https(link(endpoint)).source(link(instance)),
    ))
}
