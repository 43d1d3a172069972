//! Policies that IAM refuses, of any role in the stack.

use super::{Refusal, is_in_stack};
use crate::ir::{Expr, Link, NodeId, quoted};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::iam;
use crate::reachability::iam::rejection::{self, PolicyKind};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::codec::{Prop as _, UnmodeledNotes};
use crate::resource::{
    InlinePolicy, ManagedPolicy, NO_STATEMENT, Node, PolicyDocument, RawValue, Resource, Role,
    RolePolicy, RolePolicyAttachment, managed_policies,
};

/// The error of a service that refuses a policy, and where a session reads the policy.
#[derive(Clone, Copy)]
struct Service {
    name: &'static str,
    error: &'static str,
    hop: Hop,
}

const IAM_TRUST: Service = Service {
    name: "IAM",
    error: "MalformedPolicyDocument",
    hop: Hop::RoleTrust,
};
const IAM_IDENTITY: Service = Service {
    hop: Hop::RolePermissions,
    ..IAM_TRUST
};
const S3: Service = Service {
    name: "S3",
    error: "MalformedPolicy",
    hop: Hop::Agent,
};
const SNS: Service = Service {
    name: "SNS",
    error: "InvalidParameter",
    hop: Hop::Agent,
};
const KMS: Service = Service {
    name: "KMS",
    error: "MalformedPolicyDocumentException",
    hop: Hop::Agent,
};
const EC2: Service = Service {
    name: "EC2",
    error: "InvalidPolicyDocument",
    hop: Hop::EndpointPolicy,
};

/// Returns the refusal of a policy.
fn refuse(
    index: &GraphIndex<'_>,
    (id, node): (NodeId, &Node),
    (field, document): (&'static str, &PolicyDocument),
    (kind, service): (PolicyKind, Service),
) -> Option<Refusal> {
    if node.is_lookup() {
        return None;
    }
    // A file without the policy has another error.
    let is_of_app = node.origin.as_ref().is_none_or(|it| it.is_of_app);
    let is_empty = document.is_absent() && document.malformed.is_none() && is_of_app;
    let (certain, why) = match is_empty && !node.is_unmodeled(field) {
        true => (Ternary::Yes, NO_STATEMENT.to_owned()),
        false => rejection::of_document(index, document, kind)?,
    };
    let verb = match certain {
        Ternary::Yes => "refuses",
        _ => "can refuse",
    };
    let Service { name, error, hop } = service;
    let reason = format!("{name} {verb} `{}` (`{error}`): {why}", index.name(id));
    let certain = is_in_stack(node).and(certain);
    let refusal = Refusal::new(hop, (id, field), certain, reason)?;
    Some(refusal.fix(Fix::manual(format!("correct the policy: {why}"))))
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>
pub(super) fn malformed(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let trust = index.all::<Role>().filter_map(|(id, node, it)| {
        let of = ("assume_role_policy", &it.assume_role_policy);
        refuse(index, (id, node), of, (PolicyKind::Trust, IAM_TRUST))
    });
    let identity = |id: NodeId, node: &Node, document: &PolicyDocument| {
        let kind = (PolicyKind::Identity, IAM_IDENTITY);
        refuse(index, (id, node), ("policy_document", document), kind)
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

/// Returns the refusal of a policy by its name, where IAM accepts only an ARN.
fn name_for_arn(
    index: &GraphIndex<'_>,
    (id, node): (NodeId, &Node),
    field: &'static str,
    arn: &Expr,
) -> Option<Refusal> {
    let Expr::Text(name) = arn else { return None };
    if name.starts_with("arn:") || !is_written(node) {
        return None;
    }
    let reason = format!(
        "IAM refuses `{}` (`ValidationError`): {} is not the ARN of a policy",
        index.name(id),
        quoted(name)
    );
    let partition = index.region().map_or("aws", |region| region.partition);
    let fix = match managed_policies::find(name)
        .map(|_| name.as_ref())
        .or_else(|| managed_policies::near(name))
    {
        Some(known) => format!("use `arn:{partition}:iam::aws:policy/{known}`"),
        None => format!("use an ARN such as `arn:{partition}:iam::123456789012:policy/team`"),
    };
    let refusal = Refusal::new(Hop::RolePermissions, (id, field), is_in_stack(node), reason)?;
    Some(refusal.fix(Fix::manual(fix)))
}

/// AWS managed policies that do not exist. The path or the case of a letter is another one, or the data
/// does not contain the name.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>
pub(super) fn missing(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let refuse = |id: NodeId, node: &Node, field, arn: &Expr| {
        if let Some(refusal) = name_for_arn(index, (id, node), field, arn) {
            return Some(refusal);
        }
        let (_, name) = iam::aws_managed(index, arn)?;
        if !is_written(node) || managed_policies::find(&name).is_some() {
            return None;
        }
        let own = index.name(id);
        let (certain, reason, fix) = match managed_policies::near(&name) {
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
        let boundary = role.permissions_boundary.iter();
        let of_boundary = |link| of_role(id, node, "permissions_boundary", link);
        let boundary = boundary.filter_map(of_boundary);
        links.filter_map(of).chain(boundary).collect::<Vec<_>>()
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

/// A policy of a resource.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>
/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html>
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>
pub(super) fn malformed_of_resources(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, node): (NodeId, &Node)| {
        let (field, document, service) = match &node.resource {
            Resource::BucketPolicy(it) => ("policy_document", &it.policy_document, S3),
            Resource::TopicPolicy(it) => ("policy_document", &it.policy_document, SNS),
            Resource::KmsKey(it) => ("key_policy", it.key_policy.as_ref()?, KMS),
            Resource::VpcEndpoint(it) => ("policy", it.policy.as_ref()?, EC2),
            Resource::VpcEndpointPolicy(it) => ("policy", &it.policy, EC2),
            _ => return None,
        };
        if node.is_absent() {
            return None;
        }
        let kind = (PolicyKind::Resource, service);
        refuse(index, (id, node), (field, document), kind)
    };
    let nodes = index.stacks.iter().flat_map(|it| index.graph.nodes_of(it));
    nodes.filter_map(one).collect()
}
