//! What IAM allows: policies with wildcards, exceptions, denials, conditions and boundaries.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

mod statement;

use std::borrow::Cow;
use std::rc::Rc;

pub(crate) use statement::{CallContext, Caller, document_allows, sample_region, trusts_ec2};

use super::graph_index::{GraphIndex, Resolved, visible_text};
use super::managed;
use super::role_policies::{Boundary, Grant, RolePermissions};
use super::ternary::Ternary;
use crate::ir::{Expr, Link, NodeId, Pseudo, Text, Value};
use crate::resource::{
    Effect, InlinePolicy, ManagedPolicy, PolicyAttachment, PolicyDocument, Resource, Role,
    RolePolicy, RolePolicyAttachment, RolePolicyAttachments,
};
use statement::applies;

/// The decision about an action, and the policy that determines it.
pub(crate) struct Decision {
    pub(crate) allowed: Ternary,
    pub(crate) detail: String,
    pub(crate) at: Option<(NodeId, &'static str)>,
}

/// Returns the policy that a link names.
fn document_of<'g>(
    index: &GraphIndex<'g>,
    link: &Link<ManagedPolicy>,
) -> Result<(Cow<'g, PolicyDocument>, Ternary, Option<NodeId>, String), String> {
    let mut all = index.resolve(link);
    let to = match all.len() {
        1 => all.swap_remove(0),
        _ => return Err("one of several policies".to_owned()),
    };
    match to {
        Resolved::Node(id, policy) => Ok((
            Cow::Borrowed(&policy.policy_document),
            index.exists(id),
            Some(id),
            index.name(id),
        )),
        Resolved::OtherType(id) => Err(index.name(id)),
        Resolved::Outside(expr) => {
            let name = aws_managed(&expr);
            match name.as_deref().and_then(managed::find) {
                Some(document) => Ok((
                    Cow::Owned(document),
                    Ternary::Yes,
                    None,
                    name.unwrap_or_default(),
                )),
                None => match by_name(index, &expr) {
                    Some((id, policy)) => Ok((
                        Cow::Borrowed(&policy.policy_document),
                        index.exists(id),
                        Some(id),
                        index.name(id),
                    )),
                    None => Err(visible_text(&expr)),
                },
            }
        }
    }
}

/// Finds a policy of the file by the name at the end of an ARN.
fn by_name<'g>(index: &GraphIndex<'g>, expr: &Expr) -> Option<(NodeId, &'g ManagedPolicy)> {
    let end = match expr {
        Expr::Text(text) => text.as_ref(),
        Expr::Concat(parts) => match parts.last()? {
            Expr::Text(text) => text.as_ref(),
            _ => return None,
        },
        _ => return None,
    };
    let name = end.rsplit('/').next()?;
    index
        .all::<ManagedPolicy>()
        .find(|(_, _, policy)| {
            policy
                .managed_policy_name
                .as_ref()
                .and_then(Value::lit)
                .is_some_and(|text| text == name)
        })
        .map(|(id, _, policy)| (id, policy))
}

/// Returns the path and name of an AWS managed policy of any partition.
fn aws_managed(expr: &Expr) -> Option<String> {
    let text = match expr {
        Expr::Text(text) => text.clone(),
        Expr::Concat(parts) => {
            // Only the partition can be unknown.
            let mut out = String::new();
            for part in parts {
                match part {
                    Expr::Text(text) => out.push_str(text),
                    Expr::Pseudo(Pseudo::Partition) => out.push_str("aws"),
                    _ => return None,
                }
            }
            Text::Owned(out)
        }
        _ => return None,
    };
    text.split_once(":aws:policy/")
        .map(|(_, name)| name.to_owned())
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
        if index
            .graph
            .node(id)
            .is_some_and(|node| node.is_unmodeled("managed_policies"))
        {
            permissions.external.push("a policy".to_owned());
        }
        for (at, _, policy) in index.all::<RolePolicy>() {
            permissions.add(index, ours(&policy.role), at, &policy.policy_document);
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
            let ours = ours(&it.role).and(index.exists(at));
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
            permissions.boundary = Some(match document_of(index, link) {
                Ok((document, exists, _, name)) if exists.is_yes() => {
                    Boundary::Document(document, name)
                }
                Ok((.., name)) | Err(name) => Boundary::Unknown(name),
            });
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

    /// Evaluates an action.
    pub(crate) fn allows(
        &self,
        index: &GraphIndex<'_>,
        action: &str,
        on: &CallContext<'_>,
    ) -> Decision {
        let mut allowed = Ternary::No;
        let mut at = None;
        for grant in &self.grants {
            for statement in &grant.document.statements {
                let applies = applies(index, statement, action, on).and(grant.exists);
                match statement.effect {
                    Effect::Deny if applies.is_yes() => {
                        return Decision {
                            allowed: Ternary::No,
                            detail: format!("`{}` denies `{action}`", grant.name),
                            at: grant.at,
                        };
                    }
                    Effect::Deny | Effect::Allow => {}
                }
                if statement.effect == Effect::Allow && applies > allowed {
                    allowed = applies;
                    at = grant.at;
                }
            }
            if grant.document.opaque.is_some() && allowed.is_no() {
                allowed = Ternary::Unknown;
                at = grant.at;
            }
        }
        if allowed.is_no() && (!self.external.is_empty() || self.open) {
            let detail = match self.external.first() {
                Some(name) => {
                    format!("whether `{name}` allows `{action}` is not in the file")
                }
                None => format!("what is not in the file may allow `{action}`"),
            };
            return Decision {
                allowed: Ternary::Unknown,
                detail,
                at,
            };
        }
        if allowed.is_no() {
            return Decision {
                allowed,
                detail: format!("no policy of the role allows `{action}`"),
                at,
            };
        }
        if let Some(decision) = self.within_boundary(index, action, on) {
            return decision;
        }
        if let Some(decision) = self.maybe_denied(index, action, on) {
            return decision;
        }
        let detail = if allowed.is_yes() {
            format!("`{action}` is allowed")
        } else {
            format!("a condition decides whether `{action}` is allowed")
        };
        Decision {
            allowed,
            detail,
            at,
        }
    }

    /// Returns the decision of the permissions boundary if it does not allow the action.
    fn within_boundary(
        &self,
        index: &GraphIndex<'_>,
        action: &str,
        on: &CallContext<'_>,
    ) -> Option<Decision> {
        let decide = |allowed, detail| {
            Some(Decision {
                allowed,
                detail,
                at: None,
            })
        };
        match self.boundary.as_ref()? {
            Boundary::Unknown(name) => decide(
                Ternary::Unknown,
                format!("whether the boundary `{name}` allows `{action}` is not in the file"),
            ),
            Boundary::Document(document, name) => {
                match document_allows(index, document, action, on) {
                    Ternary::Yes => None,
                    Ternary::No => decide(
                        Ternary::No,
                        format!("the permissions boundary `{name}` does not allow `{action}`"),
                    ),
                    Ternary::Unknown => decide(
                        Ternary::Unknown,
                        format!("the boundary `{name}` may not allow `{action}`"),
                    ),
                }
            }
        }
    }

    /// Returns the decision if a policy can deny the allowed action.
    fn maybe_denied(
        &self,
        index: &GraphIndex<'_>,
        action: &str,
        on: &CallContext<'_>,
    ) -> Option<Decision> {
        let undecided = |name: &str, at| {
            Some(Decision {
                allowed: Ternary::Unknown,
                detail: format!("the file does not show whether `{name}` denies `{action}`"),
                at,
            })
        };
        for grant in &self.grants {
            let denies = grant.document.statements.iter().any(|statement| {
                statement.effect == Effect::Deny && !applies(index, statement, action, on).is_no()
            });
            if denies || grant.document.opaque.is_some() {
                return undecided(&grant.name, grant.at);
            }
        }
        self.external.first().and_then(|name| undecided(name, None))
    }
}
