//! Whether a statement of a policy is about a call: wildcards, exceptions, conditions, principals.

use super::super::action_name::names_action;
use super::super::graph_index::GraphIndex;
use super::super::ternary::Ternary;
use super::condition::{condition, equals};
use super::context::{CallContext, Caller};
use super::judgment::Judgment;
use super::pattern::{Atom, literal, lowercase, matches};
use super::text::{
    Reading, alternatives, atoms, auto_scaling_role, instance_arn, plain, push_arn, push_pseudo,
    role_arn, session_arn,
};
use crate::ir::{Expr, NodeId, Pseudo, Text, Value};
use crate::resource::{
    Effect, KmsAlias, KmsKey, PolicyDocument, Principal, Resource, Statement, Typed,
};
use crate::session_manager::{LOG_GROUP_ACTION, REGISTER_ACTION};

/// Evaluates an action in a single document, such as a permissions boundary or an endpoint policy.
pub(crate) fn document_allows(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    action: &str,
    on: &CallContext<'_>,
) -> Ternary {
    judge_document(index, document, action, on).holds
}

/// Evaluates an action in a single document, with the fact that determines it.
pub(crate) fn judge_document(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    action: &str,
    on: &CallContext<'_>,
) -> Judgment {
    let applies = |effect| judge_effect(index, document, effect, action, on);
    applies(Effect::Allow).and(!applies(Effect::Deny))
}

/// Returns whether a statement with an effect applies to a call, with the fact that determines it.
pub(crate) fn judge_effect(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    effect: Effect,
    action: &str,
    on: &CallContext<'_>,
) -> Judgment {
    let ours = document.statements.iter().filter(|it| it.effect == effect);
    let judged = Judgment::any(ours.map(|it| applies(index, it, action, on)));
    match document.opaque {
        // A part that the file does not resolve can have each effect.
        Some(_) => judged.or(Judgment::unknown(
            "a statement that the file does not resolve",
        )),
        None => judged,
    }
}

/// Returns whether a statement applies to a call.
pub(super) fn applies(
    index: &GraphIndex<'_>,
    statement: &Statement,
    action: &str,
    on: &CallContext<'_>,
) -> Judgment {
    let action_is_meant = action_is_meant(index, statement, action);
    if action_is_meant.holds.is_no() {
        return action_is_meant;
    }
    let named = || {
        let each = statement.resources.iter();
        Judgment::any(each.map(|it| resource(index, it, action, on)))
    };
    let resource_is_meant = match statement.resources.is_empty() {
        true => Ternary::Yes.into(),
        false if statement.not.resources => !named(),
        false => named(),
    };
    let conditions = statement
        .conditions
        .iter()
        .map(|(operator, key, values)| condition(index, (operator, key, values), action, on));
    action_is_meant
        .and(resource_is_meant)
        .and(Judgment::all(conditions))
        .and(principal(index, statement, on))
}

/// Returns whether a statement is about an action.
pub(super) fn action_is_meant(
    index: &GraphIndex<'_>,
    statement: &Statement,
    action: &str,
) -> Judgment {
    let named = Judgment::any(statement.actions.iter().map(|it| {
        if let Value::Lit(pattern) = it {
            return names_action(pattern.as_bytes(), action.as_bytes()).into();
        }
        let wanted = literal(&action.to_ascii_lowercase());
        let one = |expr: Expr| matches(&lowercase(action_pattern(index, &expr)), &wanted);
        let holds = Ternary::unanimous(alternatives(it).into_iter().map(one));
        Judgment::of(holds, || {
            "an action that the file does not resolve".to_owned()
        })
    }));
    if statement.not.actions { !named } else { named }
}

/// Actions have wildcards and no variables.
fn action_pattern(index: &GraphIndex<'_>, expr: &Expr) -> Vec<Atom> {
    let mut pattern = plain(index, expr);
    for atom in &mut pattern {
        match atom {
            Atom::Char('*') => *atom = Atom::Any,
            Atom::Char('?') => *atom = Atom::One,
            _ => {}
        }
    }
    pattern
}

const SAMPLE_REGION: &str = "us-east-1";

/// Returns the Region of the stack, or a sample if it is unknown.
pub(crate) fn sample_region(index: &GraphIndex<'_>) -> &'static str {
    index.region().map_or(SAMPLE_REGION, |region| region.name)
}

/// Returns whether the resource of a statement matches the resource of a call.
fn resource(
    index: &GraphIndex<'_>,
    value: &Value<Text>,
    action: &str,
    on: &CallContext<'_>,
) -> Judgment {
    if matches!(value, Value::Lit(text) if text == "*") {
        return Ternary::Yes.into();
    }
    let meant = resource_of(index, action, on);
    let one = |expr: Expr| {
        let Some(pattern) = atoms(index, &expr, Reading::Pattern(on, action)) else {
            return Ternary::No;
        };
        if !pattern.is_empty() && pattern.iter().all(|atom| *atom == Atom::Any) {
            return Ternary::Yes;
        }
        match &meant {
            Meant::Arn(arn) => matches(&pattern, arn),
            // Only `*` matches an action without a resource.
            Meant::Nothing => matches(&pattern, &[Atom::Char('*')]).and(Ternary::Unknown),
        }
    };
    let holds = Ternary::unanimous(alternatives(value).into_iter().map(one));
    Judgment::of(holds, || {
        let all = alternatives(value);
        format!(
            "resource `{}`",
            index.shown(all.first().unwrap_or(&Expr::Absent))
        )
    })
}

/// The resource of a call.
enum Meant {
    Arn(Vec<Atom>),
    Nothing,
}

fn resource_of(index: &GraphIndex<'_>, action: &str, on: &CallContext<'_>) -> Meant {
    let arn = match (
        action.split_once(':').map(|(service, _)| service),
        on.resource,
    ) {
        (Some("s3"), Some(bucket)) => bucket_arn(index, bucket),
        (Some("kms"), Some(key)) => key_arn(index, key),
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_ssmmessages.html
        (Some("ssmmessages"), _) => return Meant::Nothing,
        (_, Some(resource)) => plain(index, resource),
        _ if action == REGISTER_ACTION => instance_arn(index, on.instance),
        _ if action == LOG_GROUP_ACTION => {
            let mut arn = Vec::new();
            push_arn(index, "logs", &mut arn);
            arn.extend(literal("log-group::log-stream:"));
            arn
        }
        _ => vec![Atom::Unknown],
    };
    Meant::Arn(arn)
}

/// Returns the ARN of a bucket or object by its ARN or name.
fn bucket_arn(index: &GraphIndex<'_>, bucket: &Expr) -> Vec<Atom> {
    let name = plain(index, bucket);
    if name.starts_with(&literal("arn:")) {
        return name;
    }
    let mut arn = Vec::new();
    push_arn(index, "s3", &mut arn);
    arn.extend(name);
    arn
}

/// Returns the ARN of a key by its ARN, ID or alias.
fn key_arn(index: &GraphIndex<'_>, key: &Expr) -> Vec<Atom> {
    if let Some(node) = key_node(index, key) {
        return plain(index, &node.at(KmsKey::LINK));
    }
    let text = plain(index, key);
    let names_key = |text: &[Atom]| {
        let parts: Vec<_> = text.splitn(6, |atom| *atom == Atom::Char(':')).collect();
        parts.len() == 6 && parts[5].starts_with(&literal("key/"))
    };
    let is_id = text.iter().all(|atom| match atom {
        Atom::Char(c) => c.is_ascii_alphanumeric() || *c == '-',
        _ => false,
    });
    let mut arn = Vec::new();
    push_arn(index, "kms", &mut arn);
    arn.extend(literal("key/"));
    match () {
        () if names_key(&text) => return text,
        () if is_id => arn.extend(text),
        () => arn.push(Atom::Unknown),
    }
    arn
}

/// Returns the key of the file that an ID, ARN or alias names.
pub(crate) fn key_node(index: &GraphIndex<'_>, key: &Expr) -> Option<NodeId> {
    let id = match key {
        Expr::Attr(id, _) | Expr::Other(id, _) => *id,
        Expr::Text(name) => {
            let named = |it: &KmsAlias| it.alias_name.lit().is_some_and(|alias| alias == name);
            index.all::<KmsAlias>().find(|(_, _, it)| named(it))?.0
        }
        _ => return None,
    };
    match &index.graph.node(id)?.resource {
        Resource::KmsAlias(it) => index.resolve_one(&it.target).node(),
        Resource::KmsKey(_) => Some(id),
        _ => None,
    }
}

/// Returns whether the principal of a statement matches the caller.
fn principal(index: &GraphIndex<'_>, statement: &Statement, on: &CallContext<'_>) -> Judgment {
    if matches!(on.caller, Caller::Holder(_)) {
        return Ternary::Yes.into();
    }
    let Some(principal) = &statement.principal else {
        return Judgment::unknown("a statement without a principal");
    };
    let named = match principal {
        Principal::Any => is_everyone(statement, on),
        Principal::Service(who) => is_service(index, who, on),
        Principal::Aws(who) => is_aws(index, who, statement, on),
        Principal::Several(kinds) => Judgment::any(kinds.iter().flat_map(|(kind, who)| {
            who.iter().map(move |who| match kind.as_ref() {
                "AWS" => is_aws(index, who, statement, on),
                "Service" => is_service(index, who, on),
                "Federated" | "CanonicalUser" => Ternary::No.into(),
                kind => Judgment::unknown(format!("principal type `{kind}`")),
            })
        })),
    };
    if !statement.not.principal {
        return named;
    }
    match (named.holds, statement.effect) {
        // An exception must name the role, its session and its account.
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        (Ternary::Yes, Effect::Deny)
            if on.caller.service().is_none() && !is_wildcard(principal) =>
        {
            Judgment::unknown("the exceptions in `NotPrincipal`")
        }
        (Ternary::No, Effect::Allow) if on.caller.service().is_some() => {
            Judgment::unknown("whether `NotPrincipal` includes the service")
        }
        _ => !named,
    }
}

fn is_wildcard(principal: &Principal) -> bool {
    let any = |who: &Value<Text>| who.lit().is_some_and(|text| text == "*");
    match principal {
        Principal::Any => true,
        Principal::Aws(who) => any(who),
        Principal::Service(_) => false,
        Principal::Several(kinds) => kinds
            .iter()
            .any(|(kind, who)| kind == "AWS" && who.iter().any(any)),
    }
}

/// Returns whether the principal `*` includes the caller. A denial of `*` includes services.
fn is_everyone(statement: &Statement, on: &CallContext<'_>) -> Judgment {
    match (on.caller.service(), statement.effect) {
        (Some(_), Effect::Allow) => Judgment::unknown("whether principal `*` includes the service"),
        _ => Ternary::Yes.into(),
    }
}

/// Returns whether a service principal is the caller.
fn is_service(index: &GraphIndex<'_>, who: &Value<Text>, on: &CallContext<'_>) -> Judgment {
    let Some(service) = on.caller.service() else {
        return Ternary::No.into();
    };
    let one = |expr: Expr| {
        let name = plain(index, &expr);
        // AWS accepts the suffix of the partition too.
        let mut with_suffix = literal(&format!("{service}."));
        push_pseudo(index, Pseudo::UrlSuffix, &mut with_suffix);
        let mut accepted = vec![literal(&format!("{service}.amazonaws.com")), with_suffix];
        // A Region that the file does not show can be in China.
        if index.region().is_none() {
            accepted.push(literal(&format!("{service}.amazonaws.com.cn")));
        }
        if service == "logs" {
            // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
            let mut regional = literal("logs.");
            push_pseudo(index, Pseudo::Region, &mut regional);
            regional.push(Atom::Char('.'));
            let mut plain_suffix = regional.clone();
            plain_suffix.extend(literal("amazonaws.com"));
            push_pseudo(index, Pseudo::UrlSuffix, &mut regional);
            accepted.extend([regional, plain_suffix]);
        }
        Ternary::any(accepted.iter().map(|accepted| {
            if name == *accepted {
                Ternary::Yes
            } else {
                matches(&name, accepted)
            }
        }))
    };
    let holds = Ternary::unanimous(alternatives(who).into_iter().map(one));
    Judgment::of(holds, || "a service principal".to_owned())
}

/// Returns whether an account, role or session is the caller.
fn is_aws(
    index: &GraphIndex<'_>,
    who: &Value<Text>,
    statement: &Statement,
    on: &CallContext<'_>,
) -> Judgment {
    if who.lit().is_some_and(|text| text == "*") {
        return is_everyone(statement, on);
    }
    if on.caller.service().is_some() {
        return Ternary::No.into();
    }
    let role = match on.caller {
        Caller::Role(role) => Some(role),
        _ => None,
    };
    let mut account = Vec::new();
    push_pseudo(index, Pseudo::AccountId, &mut account);
    let mut root = Vec::new();
    push_arn(index, "iam", &mut root);
    root.extend(literal("root"));
    let accepted = match on.caller {
        // The account cannot give permissions to a service-linked role.
        Caller::AutoScaling(group) => vec![auto_scaling_role(index, group)],
        Caller::Deployer => vec![account, root],
        _ => vec![
            account,
            root,
            role_arn(index, role),
            session_arn(index, role, on.instance),
        ],
    };
    let is_new = |expr: &Expr| matches!(expr, Expr::Attr(id, _) if index.graph.node(*id).is_some_and(|it| !it.is_lookup()));
    let one = |expr: Expr| {
        let named = Ternary::any(accepted.iter().map(|it| equals(index, &expr, it)));
        match on.caller {
            // A principal that the stack creates does not deploy it.
            Caller::Deployer if !is_new(&expr) => named.or(Ternary::Unknown),
            _ => named,
        }
    };
    let holds = Ternary::unanimous(alternatives(who).into_iter().map(one));
    Judgment::of(holds, || {
        let all = alternatives(who);
        format!(
            "principal `{}`",
            index.shown(all.first().unwrap_or(&Expr::Absent))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::names_action;

    #[test]
    fn wildcards_match_as_iam_has_it() {
        for (pattern, action, matches) in [
            ("*", "", true),
            ("ssm:*", "ssm:UpdateInstanceInformation", true),
            ("ssm:*", "ssmmessages:OpenDataChannel", false),
            ("ssm*", "ssmmessages:OpenDataChannel", true),
            ("SSM:update?nstance*", "ssm:UpdateInstanceInformation", true),
            (
                "ssmmessages:*Control*",
                "ssmmessages:OpenControlChannel",
                true,
            ),
            (
                "ssmmessages:*Control",
                "ssmmessages:OpenControlChannel",
                false,
            ),
            ("", "x", false),
        ] {
            let found = names_action(pattern.as_bytes(), action.as_bytes());
            assert_eq!(found, matches, "{pattern} {action}");
        }
    }
}
