//! Policies that IAM refuses, of any role in the stack.

use super::{Refusal, is_in_stack};
use crate::ir::NodeId;
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::iam::rejection::{self, PolicyKind};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{InlinePolicy, ManagedPolicy, Node, PolicyDocument, Role, RolePolicy};

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>
pub(super) fn malformed(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let refuse = |at: (NodeId, &'static str), node: &Node, document: &PolicyDocument, kind| {
        if node.is_lookup() {
            return None;
        }
        let (certain, why) = rejection::of_document(index, document, kind)?;
        let refuses = match certain {
            Ternary::Yes => "refuses",
            _ => "can refuse",
        };
        let reason = format!(
            "IAM {refuses} `{}` (`MalformedPolicyDocument`): {why}",
            index.name(at.0)
        );
        let hop = match kind {
            PolicyKind::Trust => Hop::RoleTrust,
            PolicyKind::Identity => Hop::RolePermissions,
        };
        let refusal = Refusal::new(hop, at, is_in_stack(node).and(certain), reason)?;
        Some(refusal.fix(Fix::manual(format!("correct the policy: {why}"))))
    };
    let trust = index.all::<Role>().filter_map(|(id, node, it)| {
        let at = (id, "assume_role_policy");
        refuse(at, node, &it.assume_role_policy, PolicyKind::Trust)
    });
    let identity = |id, node, document| {
        let at = (id, "policy_document");
        refuse(at, node, document, PolicyKind::Identity)
    };
    let of_role = index.all::<RolePolicy>();
    let of_role = of_role.filter_map(|(id, node, it)| identity(id, node, &it.policy_document));
    let inline = index.all::<InlinePolicy>();
    let inline = inline.filter_map(|(id, node, it)| identity(id, node, &it.policy_document));
    let managed = index.all::<ManagedPolicy>();
    let managed = managed.filter_map(|(id, node, it)| identity(id, node, &it.policy_document));
    trust.chain(of_role).chain(inline).chain(managed).collect()
}
