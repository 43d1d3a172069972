//! Policies that IAM refuses, of any role in the stack.

use super::{Refusal, is_in_stack};
use crate::ir::{Expr, Link, NodeId};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::iam;
use crate::reachability::iam::rejection::{self, PolicyKind};
use crate::reachability::managed;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::codec::{Prop as _, UnmodeledNotes};
use crate::resource::{
    InlinePolicy, ManagedPolicy, Node, PolicyDocument, RawValue, Role, RolePolicy,
    RolePolicyAttachment, VpcEndpoint, VpcEndpointPolicy,
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
    let identity = |id: NodeId, node: &Node, document: &PolicyDocument| {
        let at = (id, "policy_document");
        refuse(at, node, document, PolicyKind::Identity)
    };
    let of_role = index.all::<RolePolicy>();
    let of_role = of_role.filter_map(|(id, node, it)| identity(id, node, &it.policy_document));
    let inline = index.all::<InlinePolicy>();
    let inline = inline.filter_map(|(id, node, it)| identity(id, node, &it.policy_document));
    let managed = index.all::<ManagedPolicy>();
    let managed = managed.filter_map(|(id, node, it)| identity(id, node, &it.policy_document));
    let others = principals(index).flat_map(|(id, node)| {
        let documents = documents(node);
        let refusals = documents.iter().filter_map(|it| identity(id, node, it));
        refusals.collect::<Vec<_>>()
    });
    let all = trust.chain(of_role).chain(inline).chain(managed);
    all.chain(others).collect()
}

/// Returns the users, groups and their policies, which have no table.
fn principals<'g>(index: &GraphIndex<'g>) -> impl Iterator<Item = (NodeId, &'g Node)> {
    const TYPES: [&str; 4] = ["Group", "GroupPolicy", "User", "UserPolicy"];
    index.graph.nodes().filter(|(_, node)| {
        let of = node.resource.type_name(node.dialect()).unwrap_or_default();
        let name = of.strip_prefix("AWS::IAM::");
        name.is_some_and(|it| TYPES.contains(&it)) && !node.is_absent()
    })
}

/// Returns the inline policies of a user or group, or the policy itself.
fn documents(node: &Node) -> Vec<PolicyDocument> {
    let (mut notes, field) = (Vec::new(), String::new());
    let mut notes = UnmodeledNotes {
        notes: &mut notes,
        field,
    };
    let mut read =
        |value: RawValue<'_>| PolicyDocument::lift(value.into_owned(), node.dialect(), &mut notes);
    let own = node.property("PolicyDocument", "").and_then(&mut read);
    let inside = match node.property("Policies", "") {
        Some(RawValue::List(items)) => items,
        _ => Vec::new(),
    };
    let inside = inside.into_iter().filter_map(|item| match item {
        RawValue::Object(mut map) => read(map.remove("PolicyDocument")?),
        _ => None,
    });
    own.into_iter().chain(inside).collect()
}

/// Returns whether the deployment creates or changes a resource.
fn is_written(node: &Node) -> bool {
    let is_existing = node.origin.as_ref().is_some_and(|it| it.is_existing);
    !node.is_lookup() && !is_existing
}

/// The policies that IAM attaches to a role unless AWS increases the quota.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const MOST_ATTACHED: usize = 10;

/// More managed policies than the quota.
pub(super) fn too_many(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let roles = index.all::<Role>().map(|(id, node, _)| (id, node));
    let all = roles.chain(principals(index)).filter(|it| is_written(it.1));
    let found = all.filter_map(|(id, node)| {
        let count = attached(node).iter().filter(|it| !it.is_spliced()).count();
        if count <= MOST_ATTACHED {
            return None;
        }
        let reason = format!(
            "IAM can refuse `{}` (`LimitExceeded`): it has {count} managed policies, more than the \
             quota of {MOST_ATTACHED}",
            index.name(id)
        );
        let at = (id, "managed_policies");
        let refusal = Refusal::new(Hop::RolePermissions, at, Ternary::Unknown, reason)?;
        let fix = "attach fewer policies, or increase the quota of the account";
        Some(refusal.fix(Fix::manual(fix)))
    });
    found.collect()
}

/// Returns the managed policies in the list of a principal.
fn attached(node: &Node) -> Vec<RawValue<'_>> {
    match node.property("ManagedPolicyArns", "managed_policy_arns") {
        Some(RawValue::List(items)) => items,
        _ => Vec::new(),
    }
}

/// AWS managed policies that do not exist. The path or the case of a letter is another one, or the data
/// does not contain the name.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>
pub(super) fn missing(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let refuse = |id: NodeId, node: &Node, field, arn: &Expr| {
        let (_, name) = iam::aws_managed(index, arn)?;
        if !is_written(node) || managed::find(&name).is_some() {
            return None;
        }
        let own = index.name(id);
        let (certain, reason, fix) = match managed::near(&name) {
            Some(known) => (
                is_in_stack(node),
                format!(
                    "IAM refuses `{own}` (`NoSuchEntity`): there is no AWS managed policy `{name}`"
                ),
                format!("attach `{known}`"),
            ),
            None => (
                Ternary::Unknown,
                format!(
                    "IAM can refuse `{own}` (`NoSuchEntity`): no AWS managed policy `{name}` is known"
                ),
                "use the ARN of an AWS managed policy, with its path".to_owned(),
            ),
        };
        let refusal = Refusal::new(Hop::RolePermissions, (id, field), certain, reason)?;
        Some(refusal.fix(Fix::manual(fix)))
    };
    let of_role = |id: NodeId, node: &Node, field, link: &Link<ManagedPolicy>| match index
        .resolve(link)
        .as_slice()
    {
        [Resolved::Outside(arn)] => refuse(id, node, field, arn),
        _ => None,
    };
    let own = index.all::<Role>().flat_map(|(id, node, role)| {
        let links = role.managed_policies.iter();
        let of = |link| of_role(id, node, "managed_policies", link);
        links.filter_map(of).collect::<Vec<_>>()
    });
    let beside = index.all::<RolePolicyAttachment>();
    let beside = beside.filter_map(|(id, node, it)| of_role(id, node, "policy", &it.policy));
    let others = principals(index).flat_map(|(id, node)| {
        let arns = attached(node);
        let of = |arn: &RawValue<'_>| match arn {
            RawValue::Str(text) => {
                let arn = Expr::Text(text.to_string().into());
                refuse(id, node, "managed_policies", &arn)
            }
            RawValue::Expr(arn) => refuse(id, node, "managed_policies", arn),
            _ => None,
        };
        arns.iter().filter_map(of).collect::<Vec<_>>()
    });
    own.chain(beside).chain(others).collect()
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
