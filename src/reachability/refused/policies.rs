//! Policies that IAM refuses, of any role in the stack.

use super::{Refusal, is_in_stack};
use crate::ir::{Link, NodeId};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::iam;
use crate::reachability::iam::rejection::{self, PolicyKind};
use crate::reachability::managed;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{
    InlinePolicy, ManagedPolicy, Node, PolicyDocument, Role, RolePolicy, RolePolicyAttachment,
    VpcEndpoint, VpcEndpointPolicy,
};

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

/// A policy of an endpoint with an error of syntax.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html>
pub(super) fn malformed_of_endpoints(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let refuse = |id: NodeId, node: &Node, document: &PolicyDocument| {
        let why = document.malformed.as_ref().filter(|_| !node.is_lookup())?;
        let reason = format!(
            "EC2 refuses the policy of `{}` (`InvalidPolicyDocument`): {why}",
            index.name(id)
        );
        let at = (id, "policy");
        let refusal = Refusal::new(Hop::EndpointPolicy, at, is_in_stack(node), reason)?;
        Some(refusal.fix(Fix::manual(format!("correct the policy: {why}"))))
    };
    let own = index.all::<VpcEndpoint>();
    let own = own.filter_map(|(id, node, it)| refuse(id, node, it.policy.as_ref()?));
    let separate = index.all::<VpcEndpointPolicy>();
    let separate = separate.filter_map(|(id, node, it)| refuse(id, node, &it.policy));
    own.chain(separate).collect()
}

/// An AWS managed policy that does not exist, since its path or the case of a letter is another one.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>
pub(super) fn missing(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let of_role = |id: NodeId, node: &Node, field, link: &Link<ManagedPolicy>| {
        let all = index.resolve(link);
        let [Resolved::Outside(expr)] = all.as_slice() else {
            return None;
        };
        let (_, name) = iam::aws_managed(index, expr)?;
        if node.is_lookup() || managed::find(&name).is_some() {
            return None;
        }
        let known = managed::near(&name)?;
        let reason = format!(
            "IAM refuses `{}` (`NoSuchEntity`): there is no AWS managed policy `{name}`",
            index.name(id)
        );
        let refusal = Refusal::new(Hop::RolePermissions, (id, field), is_in_stack(node), reason)?;
        Some(refusal.fix(Fix::manual(format!("attach `{known}`"))))
    };
    let own = index.all::<Role>().flat_map(|(id, node, role)| {
        let links = role.managed_policies.iter();
        let of = |link| of_role(id, node, "managed_policies", link);
        links.filter_map(of).collect::<Vec<_>>()
    });
    let attached = index.all::<RolePolicyAttachment>();
    let attached = attached.filter_map(|(id, node, it)| of_role(id, node, "policy", &it.policy));
    own.chain(attached).collect()
}
