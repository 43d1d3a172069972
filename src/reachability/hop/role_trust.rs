//! The role trusts EC2.

use super::super::fix::Change;
use super::super::iam::trusts_ec2;
use super::super::tri::Tri;
use super::super::view::View;
use super::super::{Finding, Hop};
use crate::ir::NodeId;
use crate::resource::codec::Prop as _;
use crate::resource::{Dialect, PolicyDocument, Principal, Resource, Statement};

pub(super) fn check(view: &View<'_>, role: NodeId) -> Finding {
    let hop = Hop::RoleTrust;
    let Some(Resource::Role(it)) = view.graph.node(role).map(|node| &node.resource) else {
        return Finding::unknown(hop, "the role is not in the file");
    };
    let name = view.name(role);
    let finding = match trusts_ec2(&it.assume_role_policy) {
        Tri::Yes => Finding::pass(hop, format!("`{name}` trusts EC2")),
        Tri::Maybe => Finding::unknown(hop, format!("whether `{name}` trusts EC2 is not decided")),
        Tri::No => {
            let trust = PolicyDocument::new([Statement::allow(["sts:AssumeRole"])
                .principal(Principal::Service("ec2.amazonaws.com".into()))]);
            let finding = Finding::fail(
                hop,
                format!("`{name}` does not let ec2.amazonaws.com take it"),
            );
            match Change::set_owned(role, "assume_role_policy", |dialect: Dialect| {
                trust.put(dialect)
            }) {
                Some(change) => finding.fix(change),
                None => finding,
            }
        }
    };
    finding.at(role, "assume_role_policy")
}

pub(super) fn outside(what: &str) -> Option<Finding> {
    Some(Finding::unknown(
        Hop::RoleTrust,
        format!("whom {what} trusts is not in the file"),
    ))
}
