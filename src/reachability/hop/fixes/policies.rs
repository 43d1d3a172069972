//! Policies, roles and instance profiles.

use crate::ir::{Dialect, Expr, Link, NodeId, Pseudo, Value};
use crate::reachability::fix::{Changes, Fix, in_region, link, raw};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::iam::{
    CallContext, Caller, document_allows, key_node, rejection, trusts_ec2,
};
use crate::reachability::instance::InstanceConfig;
use crate::resource::{
    Effect, InstanceProfile, KmsKey, ManagedPolicy, Map, PolicyDocument, Principal, RawValue,
    Resource, Role, RolePolicy, RolePolicyAttachment, Statement, Typed, codec::Prop as _,
};
use crate::session_manager::{CHANNEL_ACTIONS, REGISTER_ACTION};

/// The managed policy with every action of the agent.
const POLICY: &str = "AmazonSSMManagedInstanceCore";

fn core_policy(index: &GraphIndex<'_>) -> Link<ManagedPolicy> {
    let arn = Expr::concat([
        Expr::text("arn:"),
        Expr::Pseudo(Pseudo::Partition),
        Expr::text(":iam::aws:policy/"),
        Expr::text(POLICY),
    ]);
    match in_region(index.graph, index.region(), arn) {
        Value::Lit(text) => Value::Expr(Expr::Text(text)),
        Value::Expr(expr) => Value::Expr(expr),
    }
}

/// Returns the actions of the agent.
fn agent_actions() -> Vec<&'static str> {
    let actions = std::iter::once(REGISTER_ACTION).chain(CHANNEL_ACTIONS);
    actions.collect()
}

/// Returns the trust policy of the role of a service.
pub(in super::super) fn trust_policy(service: &str) -> PolicyDocument {
    let principal = Principal::Service(service.to_owned().into());
    PolicyDocument::new([Statement::allow(["sts:AssumeRole"]).principal(principal)])
}

/// Returns the policies that a role contains.
fn parts_of<'a>(
    index: &'a GraphIndex<'_>,
    role: NodeId,
) -> impl Iterator<Item = (NodeId, &'a Resource)> {
    let all = index.graph.nodes();
    all.filter(move |(_, node)| {
        let parent = node.origin.as_ref().and_then(|origin| origin.parent);
        parent == Some(role) && !node.is_absent()
    })
    .map(|(id, node)| (id, &node.resource))
}

/// Attaches the managed policy to a role of the file.
pub(in super::super) fn attach(index: &GraphIndex<'_>, role: NodeId) -> Fix {
    let mut changes = Changes::new(index.graph);
    let policy = core_policy(index);
    let mut own: Vec<Link<ManagedPolicy>> = match index.graph.node(role).map(|it| &it.resource) {
        Some(Resource::Role(it)) => it.managed_policies.clone(),
        _ => Vec::new(),
    };
    own.extend(parts_of(index, role).filter_map(|(_, part)| match part {
        Resource::RolePolicyAttachment(it) => Some(it.policy.clone()),
        _ => None,
    }));
    if changes.dialect == Dialect::Tf && own.is_empty() {
        changes.add(
            "session_manager",
            RolePolicyAttachment::new(link::<Role>(role), policy),
        );
    } else {
        // A list in the role detaches what is not in it.
        own.push(policy);
        let list = own.iter().map(raw).collect();
        changes.set(role, "managed_policies", RawValue::List(list));
    }
    changes.done()
}

/// Adds a role with the managed policy.
pub(in super::super) fn role(index: &GraphIndex<'_>, changes: &mut Changes) -> NodeId {
    let policy = core_policy(index);
    let new = Role::new(trust_policy("ec2.amazonaws.com"));
    match changes.dialect {
        Dialect::Cfn => changes.add("SessionManagerRole", new.managed_policies([policy])),
        Dialect::Tf => {
            let role = changes.add("SessionManagerRole", new);
            changes.add(
                "SessionManager",
                RolePolicyAttachment::new(link::<Role>(role), policy),
            );
            role
        }
    }
}

/// Gives an instance an instance profile: the one of the file, or a new one for a role of the file or
/// a new role.
pub(in super::super) fn profile(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
    of: Option<NodeId>,
) -> Fix {
    let mut changes = Changes::new(index.graph);
    let usable = |(id, _, it): &(NodeId, _, &InstanceProfile)| {
        let role = index.role(&it.role.0);
        let named = role.first().and_then(|role| role.node());
        index.exists(*id).is_yes() && named.is_some() && of.is_none_or(|of| named == Some(of))
    };
    let id = match index.all::<InstanceProfile>().find(usable) {
        Some((id, ..)) => id,
        None => {
            let in_file = index.all::<Role>().find(|(id, _, role)| {
                index.exists(*id).is_yes()
                    && trusts_ec2(index, &role.assume_role_policy).holds.is_yes()
            });
            let role = match of.or(in_file.map(|(id, ..)| id)) {
                Some(role) => role,
                None => role(index, &mut changes),
            };
            changes.add("InstanceProfile", InstanceProfile::new(link::<Role>(role)))
        }
    };
    let by_name = id.at(InstanceProfile::LINK);
    let (field, value) = match index
        .graph
        .node(instance.launch_source)
        .map(|it| &it.resource)
    {
        Some(Resource::LaunchTemplate(it)) => {
            let by_arn = it
                .iam_instance_profile
                .as_ref()
                .is_some_and(|it| it.arn.is_some());
            match by_arn {
                true => ("iam_instance_profile.arn", id.at(InstanceProfile::ARN)),
                false => ("iam_instance_profile.name", by_name),
            }
        }
        _ => ("iam_instance_profile", by_name),
    };
    changes.set(instance.launch_source, field, RawValue::from(value));
    changes.done()
}

/// Allows actions in a policy of its own.
pub(in super::super) fn allow(
    index: &GraphIndex<'_>,
    role: NodeId,
    action: &str,
    resource: Option<&Expr>,
) -> Fix {
    let mut changes = Changes::new(index.graph);
    // A policy names a key by its ARN.
    let key = resource.and_then(|resource| key_node(index, resource));
    let on = match (key, resource) {
        (Some(key), _) => Value::Expr(key.at(KmsKey::LINK)),
        (None, Some(Expr::Text(text))) if !text.starts_with("arn:") => Value::Lit("*".into()),
        (None, Some(resource)) => Value::Expr(resource.clone()),
        (None, None) => Value::Lit("*".into()),
    };
    let name = format!("SessionPreferences-{}", action.replace(':', "-"));
    let statement = Statement::allow([action.to_owned()]).on([on]);
    let document = PolicyDocument::new([statement]);
    let exclusive = |(_, part): (_, &Resource)| matches!(part, Resource::RolePolicy(_));
    if changes.dialect == Dialect::Tf && parts_of(index, role).any(exclusive) {
        let policy = changes.add("SessionPreferences", ManagedPolicy::new(document));
        changes.add(
            "SessionPreferences",
            RolePolicyAttachment::new(link::<Role>(role), link(policy)),
        );
    } else {
        changes.add(
            "SessionPreferences",
            RolePolicy::new(name, link::<Role>(role), document),
        );
    }
    changes.done()
}

/// Returns a document that does not deny the actions, or none if it does not change.
fn without_denial(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    actions: &[&str],
    on: &CallContext<'_>,
) -> Option<PolicyDocument> {
    let denies = |statement: &Statement, action: &str| {
        let everything = Statement::allow(["*"]).on(["*"]).principal(Principal::Any);
        let pair = PolicyDocument::new([everything, statement.clone()]);
        !document_allows(index, &pair, action, on).is_yes()
    };
    let mut changed = document.clone();
    let mut any = false;
    changed.statements.retain_mut(|statement| {
        let hit: Vec<&str> = match statement.effect {
            Effect::Allow => Vec::new(),
            Effect::Deny => {
                let all = actions.iter().copied();
                all.filter(|action| denies(statement, action)).collect()
            }
        };
        if hit.is_empty() {
            return true;
        }
        any = true;
        let everything = |it: &Value<_>| it.lit().is_some_and(|it: &crate::ir::Text| it == "*");
        if statement.not.actions || statement.actions.iter().any(everything) {
            if !statement.not.actions {
                statement.actions.clear();
                statement.not.actions = true;
            }
            let more = hit
                .iter()
                .map(|action| Value::Lit((*action).to_owned().into()));
            statement.actions.extend(more);
            return true;
        }
        let one = |action: &Value<crate::ir::Text>| Statement {
            actions: vec![action.clone()],
            ..statement.clone()
        };
        let kept = statement.actions.iter().filter(|action| {
            let alone = one(action);
            !hit.iter().any(|hit| denies(&alone, hit))
        });
        let kept: Vec<_> = kept.cloned().collect();
        statement.actions = kept;
        !statement.actions.is_empty()
    });
    any.then_some(changed)
}

/// Returns a policy of a resource that allows everyone the actions.
pub(in super::super) fn in_policy(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    actions: &[&str],
    on: &CallContext<'_>,
) -> PolicyDocument {
    let mut changed =
        without_denial(index, document, actions, on).unwrap_or_else(|| document.clone());
    let is_allowed = |action: &&str| document_allows(index, &changed, action, on).is_yes();
    if !actions.iter().all(is_allowed) {
        let names = actions.iter().map(|action| (*action).to_owned());
        let statement = Statement::allow(names).on(["*"]).principal(Principal::Any);
        changed.statements.push(statement);
    }
    changed
}

/// Returns a key policy that also allows a role to decrypt.
pub(in super::super) fn in_key_policy(
    index: &GraphIndex<'_>,
    key: NodeId,
    role: NodeId,
    action: &str,
    on: &CallContext<'_>,
) -> Option<Fix> {
    let Resource::KmsKey(it) = &index.graph.node(key)?.resource else {
        return None;
    };
    let own = it.key_policy.as_ref().filter(|own| own.opaque.is_none())?;
    let mut new = without_denial(index, own, &[action], on).unwrap_or_else(|| own.clone());
    // A role whose own policies name the key must exist after it: the account delegates to the role.
    let names_key = index.graph.nodes().any(|(id, node)| {
        let parent = node.origin.as_ref().and_then(|origin| origin.parent);
        (id == role || parent == Some(role)) && node.references().contains(&key)
    });
    let principal = match (names_key, index.graph.node(key)?.dialect()) {
        (false, _) => role.at(Role::ARN),
        (true, Dialect::Cfn) => Expr::concat([
            Expr::text("arn:"),
            Expr::Pseudo(Pseudo::Partition),
            Expr::text(":iam::"),
            Expr::Pseudo(Pseudo::AccountId),
            Expr::text(":root"),
        ]),
        (true, Dialect::Tf) => return None,
    };
    let statement = Statement::allow([action.to_owned()])
        .on(["*"])
        .principal(Principal::Aws(Value::Expr(principal)));
    new.statements.push(statement);
    document(key, "key_policy", &new)
}

/// Returns a policy document as the value of a property.
pub(in super::super) fn document(
    node: NodeId,
    field: &'static str,
    document: &PolicyDocument,
) -> Option<Fix> {
    Fix::set_owned(node, field, |dialect| document.put(dialect))
}

/// Changes documents of the policies of a role.
fn rewrite(
    index: &GraphIndex<'_>,
    role: NodeId,
    changes: &mut Changes,
    change: impl Fn(&PolicyDocument) -> Option<PolicyDocument>,
) -> Option<()> {
    let permissions = index.role_permissions(role);
    let is_of_role = |id: NodeId| {
        let mut places = permissions.grants.iter().filter_map(|grant| grant.at);
        places.any(|(at, _)| at == id)
    };
    let mut changed: Vec<(NodeId, PolicyDocument)> = Vec::new();
    for (id, node) in index.graph.nodes() {
        let own = match &node.resource {
            Resource::RolePolicy(it) => &it.policy_document,
            Resource::InlinePolicy(it) => &it.policy_document,
            Resource::ManagedPolicy(it) => &it.policy_document,
            _ => continue,
        };
        if own.opaque.is_none()
            && is_of_role(id)
            && let Some(new) = change(own)
        {
            changed.push((id, new));
        }
    }
    let is_inside = |id: NodeId| {
        let origin = index.graph.node(id).and_then(|node| node.origin.as_ref());
        origin.is_some_and(|origin| origin.parent == Some(role))
    };
    if changed.iter().any(|(id, _)| is_inside(*id)) {
        let list = inline(index, role, &changed, changes.dialect);
        changes.set(role, "policies", RawValue::List(list));
    }
    for (id, new) in &changed {
        if !is_inside(*id) {
            changes.push(document(*id, "policy_document", new)?);
        }
    }
    Some(())
}

/// Corrects the policies of a role that IAM rejects for an element that is missing or forbidden.
pub(in super::super) fn correct(index: &GraphIndex<'_>, role: NodeId) -> Option<Fix> {
    let mut changes = Changes::new(index.graph);
    let corrected = |own: &PolicyDocument| {
        rejection::of_role_policy(own)?;
        let mut new = own.clone();
        for statement in &mut new.statements {
            statement.principal = None;
            if statement.resources.is_empty() {
                statement.resources.push(Value::Lit("*".into()));
            }
        }
        rejection::of_role_policy(&new).is_none().then_some(new)
    };
    rewrite(index, role, &mut changes, corrected)?;
    (!changes.is_empty()).then(|| changes.done())
}

/// Changes the policies of a role, and its permissions boundary, that deny the actions of the agent.
pub(in super::super) fn in_documents(
    index: &GraphIndex<'_>,
    role: NodeId,
    more: &[&str],
) -> Option<Fix> {
    let mut actions = agent_actions();
    actions.extend(more);
    let on = CallContext::of(Caller::Holder(Some(role)));
    let mut changes = Changes::new(index.graph);
    let Some(Resource::Role(it)) = index.graph.node(role).map(|node| &node.resource) else {
        return None;
    };
    rewrite(index, role, &mut changes, |own| {
        without_denial(index, own, &actions, &on)
    })?;
    if let Some(boundary) = &it.permissions_boundary {
        let mut all = index.resolve(boundary);
        if let Some(crate::reachability::graph_index::Resolved::Node(id, policy)) = all.pop()
            && all.is_empty()
        {
            let own = &policy.policy_document;
            let mut new = without_denial(index, own, &actions, &on).unwrap_or_else(|| own.clone());
            let is_allowed = |action: &&str| document_allows(index, &new, action, &on).is_yes();
            if !actions.iter().all(is_allowed) {
                let names = actions.iter().map(|action| (*action).to_owned());
                new.statements.push(Statement::allow(names).on(["*"]));
            }
            if new != *own && own.opaque.is_none() {
                changes.push(document(id, "policy_document", &new)?);
            }
        }
    }
    (!changes.is_empty()).then(|| changes.done())
}

/// Returns the policies in a role, some with new documents.
fn inline(
    index: &GraphIndex<'_>,
    role: NodeId,
    changed: &[(NodeId, PolicyDocument)],
    dialect: Dialect,
) -> Vec<RawValue<'static>> {
    let parts = parts_of(index, role).filter_map(|(id, part)| match part {
        Resource::RolePolicy(it) => Some((id, it)),
        _ => None,
    });
    parts
        .filter_map(|(id, it)| {
            let own = changed.iter().find(|(at, _)| *at == id);
            let document = own.map_or(&it.policy_document, |(_, document)| document);
            if document.statements.is_empty() {
                return None;
            }
            let name = match &it.policy_name {
                Value::Lit(text) => RawValue::Str(text.to_string().into()),
                Value::Expr(expr) => RawValue::from(expr.clone()),
            };
            let mut map = Map::default();
            map.insert(dialect.pick("PolicyName", "name"), name);
            let document = document.put(dialect)?.into_owned();
            map.insert(dialect.pick("PolicyDocument", "policy"), document);
            Some(match dialect {
                Dialect::Cfn => RawValue::Object(map),
                Dialect::Tf => RawValue::Block(map),
            })
        })
        .collect()
}
