//! The role trusts EC2.

use super::super::fix::Fix;
use super::super::graph_index::GraphIndex;
use super::super::iam::trusts_ec2;
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use crate::ir::{Dialect, NodeId};
use crate::resource::{PolicyDocument, Principal, Resource, Statement, codec::Prop as _};

pub(super) fn check(index: &GraphIndex<'_>, role: NodeId) -> HopResult {
    let hop = Hop::RoleTrust;
    let Some(Resource::Role(it)) = index.graph.node(role).map(|node| &node.resource) else {
        return HopResult::unknown(hop, "the role is not in the file");
    };
    let name = index.name(role);
    let result = match trusts_ec2(&it.assume_role_policy) {
        Ternary::Yes => HopResult::pass(hop, format!("`{name}` trusts EC2")),
        Ternary::Unknown => {
            HopResult::unknown(hop, format!("whether `{name}` trusts EC2 is not decided"))
        }
        Ternary::No => {
            let trust = PolicyDocument::new([Statement::allow(["sts:AssumeRole"])
                .principal(Principal::Service("ec2.amazonaws.com".into()))]);
            let result = HopResult::fail(
                hop,
                format!("`{name}` does not let ec2.amazonaws.com take it"),
            );
            match Fix::set_owned(role, "assume_role_policy", |dialect: Dialect| {
                trust.put(dialect)
            }) {
                Some(fix) => result.fix(fix),
                None => result,
            }
        }
    };
    result.at(role, "assume_role_policy")
}

pub(super) fn outside(what: &str) -> Option<HopResult> {
    Some(HopResult::unknown(
        Hop::RoleTrust,
        format!("whom {what} trusts is not in the file"),
    ))
}
