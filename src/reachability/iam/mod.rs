//! What IAM allows: policies with wildcards, exceptions, denials, conditions and boundaries.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

mod condition;
mod context;
mod judgment;
mod pattern;
pub(crate) mod rejection;
mod statement;
mod text;
mod trust;

use std::borrow::Cow;
use std::rc::Rc;

pub(crate) use condition::{can_be, nat_address};
pub(crate) use context::{CallContext, Caller, NetworkPath};
pub(crate) use judgment::Judgment;
pub(crate) use statement::{
    document_allows, judge_document, judge_effect, key_node, sample_region,
};
pub(crate) use trust::{trusts, trusts_ec2};

use super::graph_index::{GraphIndex, Resolved, expr_of};
use super::role_policies::{Boundary, Grant, RolePermissions};
use super::ternary::Ternary;
use crate::ir::{Expr, Link, NodeId, Pseudo};
use crate::resource::{
    Effect, InlinePolicy, ManagedPolicy, PolicyAttachment, PolicyDocument, Resource, Role,
    RolePolicy, RolePolicyAttachment, RolePolicyAttachments, Statement, Typed, managed_policies,
};
use crate::session_manager::{CHANNEL_ACTIONS, REGISTER_ACTION};
use pattern::{known, matches};
use statement::{action_is_meant, applies};
use text::plain;

/// The decision about an action, and the policy that determines it.
pub(crate) struct Decision {
    pub(crate) allowed: Ternary,
    /// Whether a denial or the permissions boundary determines it, so that no allowance helps.
    pub(crate) is_denied: bool,
    pub(crate) detail: String,
    pub(crate) at: Option<(NodeId, &'static str)>,
}

/// Returns the policy that a link names, and whether it exists.
fn document_of<'g>(
    index: &GraphIndex<'g>,
    link: &Link<ManagedPolicy>,
) -> Result<(Cow<'g, PolicyDocument>, Ternary, Option<NodeId>, String), String> {
    let mut all = index.resolve(link);
    let to = match all.len() {
        1 => all.swap_remove(0),
        _ => return Err("one of several policies".to_owned()),
    };
    let of_file = |id: NodeId, policy: &'g ManagedPolicy, is_meant: Ternary| {
        let document = Cow::Borrowed(&policy.policy_document);
        let exists = index.exists(id).and(is_meant);
        (document, exists, Some(id), index.name(id))
    };
    match to {
        Resolved::Node(id, policy) => Ok(of_file(id, policy, Ternary::Yes)),
        Resolved::OtherType(id) => Err(index.name(id)),
        Resolved::Outside(expr) => {
            if let Some((partition, name)) = aws_managed(index, &expr) {
                // IAM does not attach a policy of another partition.
                let fits = index
                    .region()
                    .is_none_or(|region| region.partition == partition);
                return match managed_policies::find(&name) {
                    Some(document) => Ok((Cow::Owned(document), fits.into(), None, name)),
                    // IAM refuses to attach a policy that does not exist.
                    None if managed_policies::near(&name).is_some() => Ok((
                        Cow::Owned(PolicyDocument::default()),
                        Ternary::Yes,
                        None,
                        name,
                    )),
                    None => Err(name),
                };
            }
            let arn = plain(index, &expr);
            let named = index.all::<ManagedPolicy>().map(|(id, _, policy)| {
                let own = plain(index, &id.at(ManagedPolicy::LINK));
                (id, policy, matches(&arn, &own))
            });
            match named.max_by_key(|(_, _, is_meant)| *is_meant) {
                // The account of the ARN can be another one.
                Some((id, policy, is_meant @ Ternary::Yes)) => Ok(of_file(id, policy, is_meant)),
                Some((id, policy, is_meant @ Ternary::Unknown)) if known(&arn).is_some() => {
                    Ok(of_file(id, policy, is_meant))
                }
                _ => Err(index.shown(&expr)),
            }
        }
    }
}

/// Returns whether a policy can allow a call that the agent makes before a session.
pub(crate) fn can_allow_agent(index: &GraphIndex<'_>, document: &PolicyDocument) -> bool {
    let is_meant = |statement: &&Statement| {
        let actions = CHANNEL_ACTIONS.iter().chain([&REGISTER_ACTION]);
        statement.effect == Effect::Allow
            && actions
                .into_iter()
                .any(|action| !action_is_meant(index, statement, action).holds.is_no())
    };
    document.opaque.is_some() || document.statements.iter().any(|it| is_meant(&it))
}

/// Returns whether a managed policy can allow such a call. One outside the file can.
pub(crate) fn link_can_allow_agent(index: &GraphIndex<'_>, link: &Link<ManagedPolicy>) -> bool {
    document_of(index, link).map_or(true, |(document, ..)| can_allow_agent(index, &document))
}

/// Returns the partition of an AWS managed policy, and its path and name.
pub(super) fn aws_managed(index: &GraphIndex<'_>, expr: &Expr) -> Option<(String, String)> {
    let parts = match expr {
        Expr::Concat(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    // Only the partition can be unknown.
    let mut text = String::new();
    for part in parts {
        match part {
            Expr::Text(part) => text.push_str(part),
            Expr::Pseudo(Pseudo::Partition) => {
                text.push_str(index.region().map_or("aws", |region| region.partition));
            }
            _ => return None,
        }
    }
    let (front, name) = text.split_once(":iam::aws:policy/")?;
    Some((front.strip_prefix("arn:")?.to_owned(), name.to_owned()))
}

/// Returns whether no exclusive resource of Terraform detaches a policy from a role. The order of
/// the resources in an apply has another result.
fn stays_attached(
    index: &GraphIndex<'_>,
    policy: &Link<ManagedPolicy>,
    ours: &impl Fn(&Link<Role>) -> Ternary,
) -> Ternary {
    let arn = |link: &Link<ManagedPolicy>| {
        plain(index, &expr_of(link, |id| id.as_str().to_owned().into()))
    };
    let same = |link: &Link<ManagedPolicy>| matches(&arn(link), &arn(policy));
    // Detaches all other policies of the role.
    let of_role = index.all::<RolePolicyAttachments>().map(|(at, _, it)| {
        let lists = Ternary::any(it.policies.iter().map(same));
        ours(&it.role).and(index.exists(at)).and(!lists)
    });
    // Detaches the policy from all other roles.
    let of_policy = index.all::<PolicyAttachment>().map(|(at, _, it)| {
        let lists = Ternary::any(it.roles.iter().map(ours));
        same(&it.policy).and(index.exists(at)).and(!lists)
    });
    let detaches = Ternary::any(of_role.chain(of_policy));
    if detaches.is_no() {
        Ternary::Yes
    } else {
        Ternary::Unknown
    }
}

/// Returns whether no exclusive resource of Terraform deletes an inline policy of a role.
fn stays_inline(index: &GraphIndex<'_>, role: NodeId, policy: NodeId) -> Ternary {
    let mut nodes = index
        .graph
        .stacks()
        .flat_map(|stack| index.graph.nodes_of(stack));
    let deletes = nodes.any(|(_, node)| {
        let of = node.resource.type_name(node.dialect());
        of == Some("aws_iam_role_policies_exclusive") && !node.is_absent() && {
            let named = node.references();
            named.contains(&role) && !named.contains(&policy)
        }
    });
    if deletes {
        Ternary::Unknown
    } else {
        Ternary::Yes
    }
}

impl<'g> GraphIndex<'g> {
    /// Returns what IAM allows a role; computed once.
    pub(crate) fn role_permissions(&self, role: NodeId) -> Rc<RolePermissions<'g>> {
        if let Some(known) = self.permissions.borrow().get(&role) {
            return known.clone();
        }
        let permissions = Rc::new(RolePermissions::of(self, role));
        self.permissions
            .borrow_mut()
            .insert(role, permissions.clone());
        permissions
    }
}

impl<'g> RolePermissions<'g> {
    /// Collects the policies of a role: inline, attached, and standalone.
    pub(crate) fn of(index: &GraphIndex<'g>, id: NodeId) -> RolePermissions<'g> {
        let mut permissions = RolePermissions {
            open: index.is_externally_modified(id),
            boundary_at: Some((id, "permissions_boundary")),
            ..RolePermissions::default()
        };
        let Some(role) = index.graph.node(id).and_then(|node| match &node.resource {
            Resource::Role(role) => Some(role.as_ref()),
            _ => None,
        }) else {
            return permissions;
        };
        let ours = |link: &Link<Role>| {
            let same = |to: &Resolved<'_, Role>| to.same(&Resolved::Node(id, role));
            Ternary::unanimous(index.role(link).iter().map(same))
        };
        for link in &role.managed_policies {
            permissions.attach(index, link, Ternary::Yes, (id, "managed_policies"));
        }
        let is_unmodeled = |field: &str| {
            let node = index.graph.node(id);
            node.is_some_and(|node| node.is_unmodeled(field))
        };
        let lists = [
            "managed_policies",
            "managed_policy_arns",
            "Policies",
            "inline_policy",
        ];
        if lists.into_iter().any(is_unmodeled) {
            permissions.external.push("a policy".to_owned());
        }
        for (at, _, policy) in index.all::<RolePolicy>() {
            let ours = ours(&policy.role).and(stays_inline(index, id, at));
            permissions.add(index, ours, at, &policy.policy_document);
        }
        for (at, _, policy) in index.all::<InlinePolicy>() {
            let ours = Ternary::any(policy.roles.iter().map(ours));
            permissions.add(index, ours, at, &policy.policy_document);
        }
        for (at, _, policy) in index.all::<ManagedPolicy>() {
            let ours = Ternary::any(policy.roles.iter().map(ours));
            permissions.add(index, ours, at, &policy.policy_document);
        }
        for (at, _, it) in index.all::<RolePolicyAttachment>() {
            let stays = stays_attached(index, &it.policy, &ours);
            // IAM expects the name.
            let by_name = !matches!(it.role, crate::ir::Value::Expr(Expr::Attr(_, Role::ARN)));
            let ours = ours(&it.role).and(index.exists(at)).and(stays);
            let ours = ours.and(by_name.into());
            permissions.attach(index, &it.policy, ours, (at, "policy"));
        }
        for (at, _, it) in index.all::<PolicyAttachment>() {
            let ours = Ternary::any(it.roles.iter().map(ours)).and(index.exists(at));
            permissions.attach(index, &it.policy, ours, (at, "policy"));
        }
        for (at, _, it) in index.all::<RolePolicyAttachments>() {
            for policy in &it.policies {
                let ours = ours(&it.role).and(index.exists(at));
                permissions.attach(index, policy, ours, (at, "policies"));
            }
        }
        if let Some(link) = role
            .permissions_boundary
            .as_ref()
            .filter(|link| link.lit().is_none_or(|id| !id.as_str().is_empty()))
        {
            permissions.boundary_at = Some((id, "permissions_boundary"));
            permissions.boundary = Some(match document_of(index, link) {
                Ok((document, exists, policy, name)) if exists.is_yes() => {
                    let of_policy = policy.map(|policy| (policy, "policy_document"));
                    permissions.boundary_at = of_policy.or(permissions.boundary_at);
                    Boundary::Document(document, name)
                }
                Ok((.., name)) | Err(name) => Boundary::External(name),
            });
        }
        if permissions.boundary.is_none() && is_unmodeled("permissions_boundary") {
            permissions.boundary = Some(Boundary::Unmodeled);
            permissions.boundary_at = Some((id, "permissions_boundary"));
        }
        permissions
    }

    fn add(
        &mut self,
        index: &GraphIndex<'g>,
        ours: Ternary,
        at: NodeId,
        document: &'g PolicyDocument,
    ) {
        if ours.is_no() {
            return;
        }
        self.grants.push(Grant {
            document: Cow::Borrowed(document),
            exists: ours.and(index.exists(at)),
            at: Some((at, "policy_document")),
            name: index.name(at),
        });
    }

    fn attach(
        &mut self,
        index: &GraphIndex<'g>,
        link: &Link<ManagedPolicy>,
        ours: Ternary,
        at: (NodeId, &'static str),
    ) {
        if ours.is_no() {
            return;
        }
        match document_of(index, link) {
            Ok((document, exists, node, name)) => self.grants.push(Grant {
                document,
                exists: ours.and(exists),
                at: Some(node.map_or(at, |node| (node, "policy_document"))),
                name,
            }),
            Err(name) => self.external.push(name),
        }
    }

    /// Returns whether the role has no policy.
    pub(crate) fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.external.is_empty()
    }

    /// Returns the policy that IAM rejects, with the reason.
    pub(in crate::reachability) fn rejected(&self) -> Option<(&Grant<'g>, &'static str)> {
        let mut certain = self.grants.iter().filter(|grant| grant.exists.is_yes());
        certain.find_map(|grant| Some((grant, rejection::of_role_policy(&grant.document)?)))
    }

    /// Evaluates an action.
    pub(crate) fn allows(
        &self,
        index: &GraphIndex<'_>,
        action: &str,
        on: &CallContext<'_>,
    ) -> Decision {
        let mut allowed = Judgment::from(Ternary::No);
        let mut denied = Judgment::from(Ternary::No);
        let (mut allowed_at, mut denied_by) = (None, None);
        for grant in &self.grants {
            let exists = Judgment::of(grant.exists, || format!("whether `{}` exists", grant.name));
            let judged = grant.document.statements.iter().map(|statement| {
                let applies = applies(index, statement, action, on).and(exists.clone());
                (statement.effect, applies)
            });
            // A part that the file does not resolve can allow or deny.
            let opaque = grant.document.opaque.iter().flat_map(|_| {
                let applies = Judgment::unknown(format!("a part of `{}`", grant.name));
                [(Effect::Allow, applies.clone()), (Effect::Deny, applies)]
            });
            for (effect, applies) in judged.chain(opaque) {
                let (strongest, by) = match effect {
                    Effect::Allow => (&mut allowed, &mut allowed_at),
                    Effect::Deny => (&mut denied, &mut denied_by),
                };
                if applies.holds > strongest.holds {
                    *strongest = applies;
                    *by = Some(grant);
                }
            }
        }
        let at = |grant: Option<&Grant<'_>>| grant.and_then(|grant| grant.at);
        let name =
            |grant: Option<&Grant<'_>>| grant.map(|grant| grant.name.clone()).unwrap_or_default();
        let decide = |allowed, detail, grant| Decision {
            allowed,
            is_denied: denied.holds.is_yes(),
            detail,
            at: at(grant),
        };
        if denied.holds.is_yes() {
            let detail = format!("`{}` denies `{action}`", name(denied_by));
            return decide(Ternary::No, detail, denied_by);
        }
        if allowed.holds.is_no() && (!self.external.is_empty() || self.open) {
            let detail = match self.external.first() {
                Some(name) => {
                    format!("whether `{name}` allows `{action}` is not in the file")
                }
                None => format!("what is not in the file may allow `{action}`"),
            };
            return decide(Ternary::Unknown, detail, allowed_at);
        }
        if allowed.holds.is_no() {
            let detail = format!("no policy of the role allows `{action}`");
            return decide(Ternary::No, detail, None);
        }
        if let Some(decision) = self.within_boundary(index, action, on) {
            return decision;
        }
        if denied.holds == Ternary::Unknown {
            let detail = format!(
                "whether `{}` denies `{action}` depends on {}",
                name(denied_by),
                denied.cause
            );
            return decide(Ternary::Unknown, detail, denied_by);
        }
        if let Some(name) = self.external.first() {
            let detail = format!("the file does not show whether `{name}` denies `{action}`");
            return decide(Ternary::Unknown, detail, None);
        }
        let detail = match allowed.holds {
            Ternary::Yes => format!("`{action}` is allowed"),
            _ => format!(
                "whether `{}` allows `{action}` depends on {}",
                name(allowed_at),
                allowed.cause
            ),
        };
        decide(allowed.holds, detail, allowed_at)
    }

    /// Returns the decision of the permissions boundary if it does not allow the action.
    fn within_boundary(
        &self,
        index: &GraphIndex<'_>,
        action: &str,
        on: &CallContext<'_>,
    ) -> Option<Decision> {
        let (allowed, detail) = match self.boundary.as_ref()? {
            Boundary::External(_) if index.assumptions.boundary => return None,
            Boundary::External(name) => (
                Ternary::Unknown,
                format!(
                    "whether the boundary `{name}` allows `{action}` is not in the file (`--assume boundary`)"
                ),
            ),
            Boundary::Unmodeled => (
                Ternary::Unknown,
                format!("whether the boundary of the role allows `{action}` is not in the file"),
            ),
            Boundary::Document(document, name) => {
                let judged = judge_document(index, document, action, on);
                let detail = match judged.holds {
                    Ternary::Yes => return None,
                    Ternary::No => {
                        format!("the permissions boundary `{name}` does not allow `{action}`")
                    }
                    Ternary::Unknown => format!(
                        "whether the permissions boundary `{name}` allows `{action}` depends on {}",
                        judged.cause
                    ),
                };
                (judged.holds, detail)
            }
        };
        Some(Decision {
            allowed,
            is_denied: allowed.is_no(),
            detail,
            at: self.boundary_at,
        })
    }
}
