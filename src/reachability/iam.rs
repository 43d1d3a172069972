//! What IAM allows: policies with wildcards, exceptions, denials, conditions and boundaries.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use std::borrow::Cow;

use super::managed;
use super::tri::Tri;
use super::view::{To, View, expr_of};
use crate::ir::{Expr, Link, NodeId, Pseudo, Text, Value};
use crate::resource::{
    Effect, InlinePolicy, ManagedPolicy, PolicyAttachment, PolicyDocument, Principal, Role,
    RolePolicy, RolePolicyAttachment, RolePolicyAttachments, Statement,
};

/// What the agent needs for a plain session.
pub(crate) const REGISTER: &str = "ssm:UpdateInstanceInformation";
/// What the agent needs of the message service.
pub(crate) const CHANNELS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/// A policy that a role has.
#[derive(Debug)]
struct Grant<'g> {
    document: Cow<'g, PolicyDocument>,
    exists: Tri,
    at: Option<(NodeId, &'static str)>,
    name: String,
}

#[derive(Debug)]
enum Boundary<'g> {
    Document(Cow<'g, PolicyDocument>, String),
    Unknown(String),
}

/// All policies of a role.
#[derive(Debug, Default)]
pub(crate) struct Identity<'g> {
    grants: Vec<Grant<'g>>,
    /// Policies whose documents are elsewhere.
    elsewhere: Vec<String>,
    boundary: Option<Boundary<'g>>,
    /// Whether something outside the file may add policies.
    open: bool,
}

/// Whether an action is allowed, and what decides.
pub(crate) struct Decision {
    pub(crate) allowed: Tri,
    pub(crate) detail: String,
    pub(crate) at: Option<(NodeId, &'static str)>,
}

/// The policy that a link names.
fn document_of<'g>(
    view: &View<'g>,
    link: &Link<ManagedPolicy>,
) -> Result<(Cow<'g, PolicyDocument>, Tri, Option<NodeId>, String), String> {
    let mut all = view.to(link);
    let to = match all.len() {
        1 => all.swap_remove(0),
        _ => return Err("one of several policies".to_owned()),
    };
    match to {
        To::Node(id, policy) => Ok((
            Cow::Borrowed(&policy.policy_document),
            view.exists(id),
            Some(id),
            view.name(id),
        )),
        To::Wrong(id) => Err(view.name(id)),
        To::Outside(expr) => {
            let name = aws_managed(&expr);
            match name.as_deref().and_then(managed::find) {
                Some(document) => Ok((
                    Cow::Owned(document),
                    Tri::Yes,
                    None,
                    name.unwrap_or_default(),
                )),
                None => match by_name(view, &expr) {
                    Some((id, policy)) => Ok((
                        Cow::Borrowed(&policy.policy_document),
                        view.exists(id),
                        Some(id),
                        view.name(id),
                    )),
                    None => Err(super::view::visible_text(&expr)),
                },
            }
        }
    }
}

/// A policy of the file by the name at the end of an ARN that was put together.
fn by_name<'g>(view: &View<'g>, expr: &Expr) -> Option<(NodeId, &'g ManagedPolicy)> {
    let end = match expr {
        Expr::Text(text) => text.as_ref(),
        Expr::Concat(parts) => match parts.last()? {
            Expr::Text(text) => text.as_ref(),
            _ => return None,
        },
        _ => return None,
    };
    let name = end.rsplit('/').next()?;
    view.all::<ManagedPolicy>()
        .find(|(_, _, policy)| {
            policy
                .managed_policy_name
                .as_ref()
                .and_then(Value::lit)
                .is_some_and(|own| own == name)
        })
        .map(|(id, _, policy)| (id, policy))
}

/// The path and name of a policy of AWS, whatever the partition.
fn aws_managed(expr: &Expr) -> Option<String> {
    let text = match expr {
        Expr::Text(text) => text.clone(),
        Expr::Concat(parts) => {
            // Only the partition may be left open.
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

impl<'g> Identity<'g> {
    /// Gathers all policies of a role, wherever they are said.
    pub(crate) fn of(view: &View<'g>, id: NodeId) -> Identity<'g> {
        let mut identity = Identity {
            open: view.is_touched(id),
            ..Identity::default()
        };
        let Some(role) = view.graph.node(id).and_then(|node| match &node.resource {
            crate::resource::Resource::Role(role) => Some(role.as_ref()),
            _ => None,
        }) else {
            return identity;
        };
        let ours = |link: &Link<Role>| {
            Tri::any(
                view.role(link)
                    .iter()
                    .map(|to| to.same(&To::Node(id, role))),
            )
        };
        for link in &role.managed_policies {
            identity.attach(view, link, Tri::Yes, (id, "managed_policies"));
        }
        if view
            .graph
            .node(id)
            .is_some_and(|node| node.is_unread("managed_policies"))
        {
            identity.elsewhere.push("a policy".to_owned());
        }
        for (at, _, policy) in view.all::<RolePolicy>() {
            identity.add(view, ours(&policy.role), at, &policy.policy_document);
        }
        for (at, _, policy) in view.all::<InlinePolicy>() {
            let ours = Tri::any(policy.roles.iter().map(ours));
            identity.add(view, ours, at, &policy.policy_document);
        }
        for (at, _, policy) in view.all::<ManagedPolicy>() {
            let ours = Tri::any(policy.roles.iter().map(ours));
            identity.add(view, ours, at, &policy.policy_document);
        }
        for (at, _, it) in view.all::<RolePolicyAttachment>() {
            let ours = ours(&it.role).and(view.exists(at));
            identity.attach(view, &it.policy, ours, (at, "policy"));
        }
        for (at, _, it) in view.all::<PolicyAttachment>() {
            let ours = Tri::any(it.roles.iter().map(ours)).and(view.exists(at));
            identity.attach(view, &it.policy, ours, (at, "policy"));
        }
        for (at, _, it) in view.all::<RolePolicyAttachments>() {
            for policy in &it.policies {
                let ours = ours(&it.role).and(view.exists(at));
                identity.attach(view, policy, ours, (at, "policies"));
            }
        }
        if let Some(link) = role
            .permissions_boundary
            .as_ref()
            .filter(|link| link.lit().is_none_or(|id| !id.as_str().is_empty()))
        {
            identity.boundary = Some(match document_of(view, link) {
                Ok((document, exists, _, name)) if exists.is_yes() => {
                    Boundary::Document(document, name)
                }
                Ok((.., name)) | Err(name) => Boundary::Unknown(name),
            });
        }
        identity
    }

    fn add(&mut self, view: &View<'g>, ours: Tri, at: NodeId, document: &'g PolicyDocument) {
        if ours.is_no() {
            return;
        }
        self.grants.push(Grant {
            document: Cow::Borrowed(document),
            exists: ours.and(view.exists(at)),
            at: Some((at, "policy_document")),
            name: view.name(at),
        });
    }

    fn attach(
        &mut self,
        view: &View<'g>,
        link: &Link<ManagedPolicy>,
        ours: Tri,
        at: (NodeId, &'static str),
    ) {
        if ours.is_no() {
            return;
        }
        match document_of(view, link) {
            Ok((document, exists, node, name)) => self.grants.push(Grant {
                document,
                exists: ours.and(exists),
                at: Some(node.map_or(at, |node| (node, "policy_document"))),
                name,
            }),
            Err(name) => self.elsewhere.push(name),
        }
    }

    /// Returns whether no policy at all is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.elsewhere.is_empty()
    }

    /// Decides an action.
    pub(crate) fn allows(&self, view: &View<'_>, action: &str, on: &Target<'_>) -> Decision {
        let mut allowed = Tri::No;
        let mut at = None;
        for grant in &self.grants {
            for statement in &grant.document.statements {
                let applies = applies(view, statement, action, on).and(grant.exists);
                match statement.effect {
                    Effect::Deny if applies.is_yes() => {
                        return Decision {
                            allowed: Tri::No,
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
                allowed = Tri::Maybe;
                at = grant.at;
            }
        }
        if allowed.is_no() && (!self.elsewhere.is_empty() || self.open) {
            let detail = match self.elsewhere.first() {
                Some(name) => {
                    format!("whether `{name}` allows `{action}` is not in the file")
                }
                None => format!("what is not in the file may allow `{action}`"),
            };
            return Decision {
                allowed: Tri::Maybe,
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
        if let Some(decision) = self.within_boundary(view, action, on) {
            return decision;
        }
        if let Some(decision) = self.maybe_denied(view, action, on) {
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

    /// What the boundary does not allow.
    fn within_boundary(&self, view: &View<'_>, action: &str, on: &Target<'_>) -> Option<Decision> {
        let decide = |allowed, detail| {
            Some(Decision {
                allowed,
                detail,
                at: None,
            })
        };
        match self.boundary.as_ref()? {
            Boundary::Unknown(name) => decide(
                Tri::Maybe,
                format!("whether the boundary `{name}` allows `{action}` is not in the file"),
            ),
            Boundary::Document(document, name) => {
                match document_allows(view, document, action, on) {
                    Tri::Yes => None,
                    Tri::No => decide(
                        Tri::No,
                        format!("the permissions boundary `{name}` does not allow `{action}`"),
                    ),
                    Tri::Maybe => decide(
                        Tri::Maybe,
                        format!("the boundary `{name}` may not allow `{action}`"),
                    ),
                }
            }
        }
    }

    /// What may take an allowed action away.
    fn maybe_denied(&self, view: &View<'_>, action: &str, on: &Target<'_>) -> Option<Decision> {
        let undecided = |name: &str, at| {
            Some(Decision {
                allowed: Tri::Maybe,
                detail: format!("whether `{name}` denies `{action}` is not decided"),
                at,
            })
        };
        for grant in &self.grants {
            let denies = grant.document.statements.iter().any(|statement| {
                statement.effect == Effect::Deny && !applies(view, statement, action, on).is_no()
            });
            if denies || grant.document.opaque.is_some() {
                return undecided(&grant.name, grant.at);
            }
        }
        self.elsewhere
            .first()
            .and_then(|name| undecided(name, None))
    }
}

/// Whether a single document allows, as a boundary or an endpoint's policy does.
pub(crate) fn document_allows(
    view: &View<'_>,
    document: &PolicyDocument,
    action: &str,
    on: &Target<'_>,
) -> Tri {
    let mut allowed = Tri::No;
    let mut denied = Tri::No;
    for statement in &document.statements {
        let applies = applies(view, statement, action, on);
        match statement.effect {
            Effect::Allow => allowed = allowed.or(applies),
            Effect::Deny => denied = denied.or(applies),
        }
    }
    if document.opaque.is_some() {
        return if denied.is_yes() { Tri::No } else { Tri::Maybe };
    }
    allowed.and(!denied)
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Whoever carries the policy: statements name no principal.
    Carrier,
    /// A role of the file.
    Role(NodeId),
    /// A role that the file does not tell.
    Somebody,
}

/// What an action is done to, and by whom.
pub(crate) struct Target<'a> {
    /// Who calls.
    pub(crate) caller: Caller,
    /// The resource, where it is one that the file names.
    pub(crate) resource: Option<&'a Expr>,
}

impl Target<'_> {
    /// A call of the agent for itself.
    pub(crate) const ITSELF: Target<'static> = Target {
        caller: Caller::Carrier,
        resource: None,
    };
}

/// Whether a statement is about this call.
fn applies(view: &View<'_>, statement: &Statement, action: &str, on: &Target<'_>) -> Tri {
    let named = Tri::any(statement.actions.iter().map(|it| pattern(it, action)));
    let action_is_meant = if statement.not.actions { !named } else { named };
    if action_is_meant.is_no() {
        return Tri::No;
    }
    let resource_is_meant = match statement.resources.is_empty() {
        true => Tri::Yes,
        false if statement.not.resources => {
            let none = statement
                .resources
                .iter()
                .map(|it| resource(view, it, action, on));
            match Tri::any(none) {
                Tri::No => Tri::Yes,
                _ => Tri::Maybe,
            }
        }
        false => Tri::any(
            statement
                .resources
                .iter()
                .map(|it| resource(view, it, action, on)),
        ),
    };
    let conditions = statement
        .conditions
        .iter()
        .map(|(operator, key, values)| condition(view, operator, key, values, on));
    action_is_meant
        .and(resource_is_meant)
        .and(Tri::all(conditions))
        .and(principal(view, statement, on))
}

/// Whether a pattern of an action is met.
fn pattern(value: &Value<Text>, action: &str) -> Tri {
    match value {
        Value::Lit(text) => glob(&text.to_ascii_lowercase(), &action.to_ascii_lowercase()).into(),
        Value::Expr(Expr::OneOf(of)) => Tri::agreed(of.iter().map(|one| match one {
            Expr::Text(text) => pattern(&Value::Lit(text.clone()), action),
            _ => Tri::Maybe,
        })),
        Value::Expr(_) => Tri::Maybe,
    }
}

/// `*` stands for any text, `?` for any character.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    p = star + 1;
                    t = from + 1;
                    back = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// A region that stands for the stack's own where that is not decided.
pub(crate) fn sample_region(view: &View<'_>) -> &'static str {
    view.region().map_or(SAMPLE_REGION, |region| region.name)
}

const SAMPLE_REGION: &str = "us-east-1";
const SAMPLE_ACCOUNT: &str = "123456789012";

/// Text with the place of deployment filled in by a sample.
fn sampled(view: &View<'_>, expr: &Expr) -> Option<String> {
    let region = sample_region(view);
    Some(match expr {
        Expr::Text(text) => text.to_string(),
        Expr::Pseudo(Pseudo::Region) => region.to_owned(),
        Expr::Pseudo(Pseudo::AccountId) => SAMPLE_ACCOUNT.to_owned(),
        Expr::Pseudo(Pseudo::Partition) => "aws".to_owned(),
        Expr::Concat(parts) => {
            let mut out = String::new();
            for part in parts {
                out.push_str(&sampled(view, part)?);
            }
            out
        }
        _ => return None,
    })
}

/// Whether a statement's resource is what the action is done to.
fn resource(view: &View<'_>, value: &Value<Text>, action: &str, on: &Target<'_>) -> Tri {
    let expr = expr_of(value, Clone::clone);
    if matches!(&expr, Expr::Text(text) if !text.is_empty() && text.chars().all(|c| c == '*')) {
        return Tri::Yes;
    }
    if let Some(meant) = on.resource {
        if names_same(&expr, meant) {
            return Tri::Yes;
        }
        let (Expr::Text(name), Some(pattern)) = (meant, sampled(view, &expr)) else {
            return Tri::Maybe;
        };
        // A bucket is told by its name, a key by its ARN or otherwise.
        let known = if action.starts_with("s3:") {
            glob(&pattern, &format!("arn:aws:s3:::{name}"))
        } else if name.starts_with("arn:") {
            glob(&pattern, name)
        } else {
            return Tri::Maybe;
        };
        return known.into();
    }
    // The channel actions have no resource: only `*` names them.
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmessagegatewayservice.html
    if action.starts_with("ssmmessages:") {
        return match &expr {
            Expr::Text(_) | Expr::Concat(_) | Expr::Attr(..) => Tri::No,
            _ => Tri::Maybe,
        };
    }
    let region = sample_region(view);
    let own = match action {
        REGISTER => format!("arn:aws:ec2:{region}:{SAMPLE_ACCOUNT}:instance/i-0123456789abcdef0"),
        "logs:DescribeLogGroups" => {
            format!("arn:aws:logs:{region}:{SAMPLE_ACCOUNT}:log-group::log-stream:")
        }
        _ => return Tri::Maybe,
    };
    let Some(text) = sampled(view, &expr) else {
        return Tri::Maybe;
    };
    if glob(&text, &own) {
        return Tri::Yes;
    }
    // Another account, region or instance may still be this one.
    let mut parts: Vec<&str> = text.splitn(6, ':').collect();
    for at in [1, 3, 4] {
        if let Some(part) = parts.get_mut(at) {
            *part = "*";
        }
    }
    let kind = parts
        .last()
        .and_then(|last| last.split_once('/'))
        .map(|(kind, _)| format!("{kind}/*"));
    if let (Some(kind), Some(last)) = (&kind, parts.last_mut()) {
        *last = kind.as_str();
    }
    let managed = text.contains(":ssm:");
    if glob(&parts.join(":"), &own) || managed {
        Tri::Maybe
    } else {
        Tri::No
    }
}

/// Whether two expressions are about the same resource of the file.
fn names_same(a: &Expr, b: &Expr) -> bool {
    let node = |expr: &Expr| {
        let mut found = None;
        expr.walk(&mut |part| {
            if let Expr::Attr(id, _) | Expr::Other(id, _) = part {
                found = Some(*id);
            }
        });
        found
    };
    a == b || (node(a).is_some() && node(a) == node(b))
}

/// Whether a condition holds for a call of the agent.
fn condition(
    view: &View<'_>,
    operator: &str,
    key: &str,
    values: &[Value<Text>],
    on: &Target<'_>,
) -> Tri {
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let key = key.to_ascii_lowercase();
    // What is known of a call that the agent makes with the role's credentials.
    let known: Option<Option<String>> = match key.as_str() {
        "aws:securetransport" => Some(Some("true".to_owned())),
        "aws:viaawsservice" | "aws:principalisawsservice" => Some(Some("false".to_owned())),
        "aws:multifactorauthpresent" | "aws:multifactorauthage" => Some(None),
        "aws:principaltype" => Some(Some("AssumedRole".to_owned())),
        "aws:requestedregion" => match view.region() {
            Some(region) => Some(Some(region.name.to_owned())),
            None if values
                .iter()
                .all(|value| matches!(value, Value::Expr(Expr::Pseudo(Pseudo::Region)))) =>
            {
                return if operator == "StringEquals" {
                    Tri::Yes
                } else {
                    Tri::Maybe
                };
            }
            None => None,
        },
        "aws:principalaccount" | "aws:sourceaccount" => {
            let own =
                |value: &Value<Text>| matches!(value, Value::Expr(Expr::Pseudo(Pseudo::AccountId)));
            return if key == "aws:principalaccount"
                && operator == "StringEquals"
                && values.iter().any(own)
            {
                Tri::Yes
            } else {
                Tri::Maybe
            };
        }
        "aws:principalarn" => {
            let own = |value: &Value<Text>| match value {
                Value::Expr(Expr::Attr(id, attr)) => {
                    Caller::Role(*id) == on.caller && *attr == Role::ARN
                }
                _ => false,
            };
            return if matches!(
                operator,
                "ArnEquals" | "ArnLike" | "StringEquals" | "StringLike"
            ) && values.iter().any(own)
            {
                Tri::Yes
            } else {
                Tri::Maybe
            };
        }
        _ => None,
    };
    let Some(known) = known else {
        return Tri::Maybe;
    };
    let Some(known) = known else {
        if operator == "Null" {
            return Tri::any(values.iter().map(|value| pattern(value, "true")));
        }
        return if if_exists || operator.contains("Not") {
            Tri::Yes
        } else {
            Tri::No
        };
    };
    let is = |like: bool| {
        Tri::any(values.iter().map(|value| match value {
            Value::Lit(text) if like => glob(text, &known).into(),
            Value::Lit(text) => (text.eq_ignore_ascii_case(&known)).into(),
            Value::Expr(Expr::Pseudo(Pseudo::Region)) if key == "aws:requestedregion" => Tri::Yes,
            Value::Expr(_) => Tri::Maybe,
        }))
    };
    match operator {
        "Bool" | "StringEquals" | "StringEqualsIgnoreCase" => is(false),
        "StringLike" => is(true),
        "StringNotEquals" | "StringNotEqualsIgnoreCase" => !is(false),
        "StringNotLike" => !is(true),
        "Null" => !Tri::any(values.iter().map(|value| pattern(value, "true"))),
        _ => Tri::Maybe,
    }
}

/// Whether a statement is about the role.
fn principal(view: &View<'_>, statement: &Statement, on: &Target<'_>) -> Tri {
    if on.caller == Caller::Carrier {
        return Tri::Yes;
    }
    let Some(principal) = &statement.principal else {
        return Tri::Maybe;
    };
    let named = match principal {
        Principal::Any => Tri::Yes,
        Principal::Service(_) => Tri::No,
        Principal::Aws(who) => is_role(view, who, on.caller),
        Principal::Several(kinds) => Tri::any(kinds.iter().flat_map(|(kind, who)| {
            who.iter().map(move |who| match kind.as_ref() {
                "AWS" => is_role(view, who, on.caller),
                "Service" | "Federated" | "CanonicalUser" => Tri::No,
                _ => Tri::Maybe,
            })
        })),
    };
    if statement.not.principal {
        !named
    } else {
        named
    }
}

fn is_role(view: &View<'_>, who: &Value<Text>, caller: Caller) -> Tri {
    match who {
        Value::Lit(text) if text == "*" => Tri::Yes,
        Value::Expr(Expr::Pseudo(Pseudo::AccountId)) => Tri::Yes,
        Value::Expr(Expr::Attr(id, attr)) if *attr == Role::ARN => match caller {
            Caller::Role(role) => (*id == role).into(),
            _ => Tri::Maybe,
        },
        other => {
            let expr = expr_of(other, Clone::clone);
            let own_account = match &expr {
                Expr::Concat(parts) => parts
                    .iter()
                    .any(|part| matches!(part, Expr::Pseudo(Pseudo::AccountId))),
                _ => false,
            };
            let text = super::view::visible_text(&expr);
            let whole = matches!(expr, Expr::Text(_)) || own_account;
            if !whole {
                return Tri::Maybe;
            }
            // `arn:aws:iam::123456789012:root`, or the twelve digits alone.
            let named = text.split(':').nth(4).unwrap_or(text.as_str());
            let account = match view.graph.account() {
                _ if own_account => Tri::Yes,
                Some(own) => (own == named).into(),
                None => Tri::Maybe,
            };
            if !text.contains(':') || text.ends_with(":root") {
                return account;
            }
            let Caller::Role(role) = caller else {
                return Tri::Maybe;
            };
            let name = view.graph.node(role).and_then(|node| match &node.resource {
                crate::resource::Resource::Role(role) => {
                    role.role_name.as_ref().and_then(Value::lit)
                }
                _ => None,
            });
            // A name that is generated is no name that anybody wrote.
            let is_meant = text.contains(":role/")
                && name.is_some_and(|name| text.rsplit('/').next() == Some(name.as_ref()));
            account.and(is_meant.into())
        }
    }
}

/// Whether a trust policy lets EC2 take the role.
pub(crate) fn trusts_ec2(document: &PolicyDocument) -> Tri {
    let service = |who: &Value<Text>| match who {
        Value::Lit(text) => {
            matches!(text.as_ref(), "ec2.amazonaws.com" | "ec2.amazonaws.com.cn").into()
        }
        Value::Expr(Expr::Concat(parts)) => match parts.as_slice() {
            [Expr::Text(service), Expr::Pseudo(Pseudo::UrlSuffix)] => (service == "ec2.").into(),
            _ => Tri::Maybe,
        },
        Value::Expr(Expr::OneOf(of)) => Tri::agreed(of.iter().map(|one| match one {
            Expr::Text(text) => {
                matches!(text.as_ref(), "ec2.amazonaws.com" | "ec2.amazonaws.com.cn").into()
            }
            _ => Tri::Maybe,
        })),
        Value::Expr(_) => Tri::Maybe,
    };
    let mut allowed = Tri::No;
    for statement in &document.statements {
        let action = Tri::any(
            statement
                .actions
                .iter()
                .map(|it| pattern(it, "sts:AssumeRole")),
        );
        let action = if statement.not.actions {
            !action
        } else {
            action
        };
        let who = match &statement.principal {
            None => Tri::Maybe,
            Some(Principal::Any) => Tri::Maybe,
            Some(Principal::Service(who)) => service(who),
            Some(Principal::Aws(who)) => match who {
                Value::Lit(text) if text == "*" => Tri::Maybe,
                _ => Tri::No,
            },
            Some(Principal::Several(kinds)) => Tri::any(kinds.iter().flat_map(|(kind, who)| {
                who.iter().map(move |who| match kind.as_ref() {
                    "Service" => service(who),
                    "AWS" => match who {
                        Value::Lit(text) if text == "*" => Tri::Maybe,
                        _ => Tri::No,
                    },
                    _ => Tri::No,
                })
            })),
        };
        let who = if statement.not.principal {
            Tri::Maybe
        } else {
            who
        };
        let open = if statement.conditions.is_empty() {
            Tri::Yes
        } else {
            Tri::Maybe
        };
        let applies = action.and(who).and(open);
        match statement.effect {
            Effect::Allow => allowed = allowed.or(applies),
            Effect::Deny if applies.is_yes() => return Tri::No,
            Effect::Deny if !applies.is_no() => allowed = allowed.and(Tri::Maybe),
            Effect::Deny => {}
        }
    }
    if document.opaque.is_some() {
        return allowed.or(Tri::Maybe);
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn wildcards_match_as_iam_has_it() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("ssm:*", "ssm:updateinstanceinformation", true),
            ("ssm:*", "ssmmessages:opendatachannel", false),
            ("ssm*", "ssmmessages:opendatachannel", true),
            ("ssm:update?nstance*", "ssm:updateinstanceinformation", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
