//! Whether a statement of a policy is about a call: wildcards, exceptions, conditions, principals.

use super::super::graph_index::{GraphIndex, expr_of, visible_text};
use super::super::ternary::Ternary;
use crate::ir::{Expr, NodeId, Pseudo, Text, Value};
use crate::resource::{Effect, PolicyDocument, Principal, Role, Statement};
use crate::session_manager::{LOG_GROUP_ACTION, REGISTER_ACTION};

/// Evaluates an action in a single document, such as a permissions boundary or an endpoint policy.
pub(crate) fn document_allows(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    action: &str,
    on: &CallContext<'_>,
) -> Ternary {
    let mut allowed = Ternary::No;
    let mut denied = Ternary::No;
    for statement in &document.statements {
        let applies = applies(index, statement, action, on);
        match statement.effect {
            Effect::Allow => allowed = allowed.or(applies),
            Effect::Deny => denied = denied.or(applies),
        }
    }
    if document.opaque.is_some() {
        return if denied.is_yes() {
            Ternary::No
        } else {
            Ternary::Unknown
        };
    }
    allowed.and(!denied)
}

/// The caller of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The principal that the policy is attached to. Statements name no principal.
    Holder,
    /// A role in the file.
    Role(NodeId),
    /// A role outside the file.
    Unknown,
}

/// The caller and the resource of an action.
pub(crate) struct CallContext<'a> {
    /// The caller.
    pub(crate) caller: Caller,
    /// The resource if the file names it.
    pub(crate) resource: Option<&'a Expr>,
}

impl CallContext<'_> {
    /// A call of the agent for its own instance.
    pub(crate) const AGENT: CallContext<'static> = CallContext {
        caller: Caller::Holder,
        resource: None,
    };
}

/// Returns whether a statement applies to a call.
pub(super) fn applies(
    index: &GraphIndex<'_>,
    statement: &Statement,
    action: &str,
    on: &CallContext<'_>,
) -> Ternary {
    let named = Ternary::any(statement.actions.iter().map(|it| pattern(it, action)));
    let action_is_meant = if statement.not.actions { !named } else { named };
    if action_is_meant.is_no() {
        return Ternary::No;
    }
    let resource_is_meant = match statement.resources.is_empty() {
        true => Ternary::Yes,
        false if statement.not.resources => {
            let none = statement
                .resources
                .iter()
                .map(|it| resource(index, it, action, on));
            match Ternary::any(none) {
                Ternary::No => Ternary::Yes,
                _ => Ternary::Unknown,
            }
        }
        false => Ternary::any(
            statement
                .resources
                .iter()
                .map(|it| resource(index, it, action, on)),
        ),
    };
    let conditions = statement
        .conditions
        .iter()
        .map(|(operator, key, values)| condition(index, operator, key, values, on));
    action_is_meant
        .and(resource_is_meant)
        .and(Ternary::all(conditions))
        .and(principal(index, statement, on))
}

/// Whether a pattern of an action is met.
fn pattern(value: &Value<Text>, action: &str) -> Ternary {
    match value {
        Value::Lit(text) => glob(&text.to_ascii_lowercase(), &action.to_ascii_lowercase()).into(),
        Value::Expr(Expr::OneOf(of)) => Ternary::unanimous(of.iter().map(|one| match one {
            Expr::Text(text) => pattern(&Value::Lit(text.clone()), action),
            _ => Ternary::Unknown,
        })),
        Value::Expr(_) => Ternary::Unknown,
    }
}

/// Matches a pattern: `*` is any text, `?` any character.
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

/// Returns the Region of the stack, or a sample if it is unknown.
pub(crate) fn sample_region(index: &GraphIndex<'_>) -> &'static str {
    index.region().map_or(SAMPLE_REGION, |region| region.name)
}

const SAMPLE_REGION: &str = "us-east-1";
const SAMPLE_ACCOUNT: &str = "123456789012";

/// Returns the text of an expression with a sample Region, account and partition.
fn sample_text(index: &GraphIndex<'_>, expr: &Expr) -> Option<String> {
    let region = sample_region(index);
    Some(match expr {
        Expr::Text(text) => text.to_string(),
        Expr::Pseudo(Pseudo::Region) => region.to_owned(),
        Expr::Pseudo(Pseudo::AccountId) => SAMPLE_ACCOUNT.to_owned(),
        Expr::Pseudo(Pseudo::Partition) => "aws".to_owned(),
        Expr::Concat(parts) => {
            let mut out = String::new();
            for part in parts {
                out.push_str(&sample_text(index, part)?);
            }
            out
        }
        _ => return None,
    })
}

/// Returns whether the resource of a statement matches the resource of a call.
fn resource(
    index: &GraphIndex<'_>,
    value: &Value<Text>,
    action: &str,
    on: &CallContext<'_>,
) -> Ternary {
    let expr = expr_of(value, Clone::clone);
    if matches!(&expr, Expr::Text(text) if !text.is_empty() && text.chars().all(|c| c == '*')) {
        return Ternary::Yes;
    }
    if let Some(meant) = on.resource {
        if is_same_arn(&expr, meant) {
            return Ternary::Yes;
        }
        let (Expr::Text(name), Some(pattern)) = (meant, sample_text(index, &expr)) else {
            return Ternary::Unknown;
        };
        // The name identifies a bucket, and the ARN a key.
        let known = if action.starts_with("s3:") {
            glob(&pattern, &format!("arn:aws:s3:::{name}"))
        } else if name.starts_with("arn:") {
            glob(&pattern, name)
        } else {
            return Ternary::Unknown;
        };
        return known.into();
    }
    // The channel actions have no resource: only `*` matches.
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmessagegatewayservice.html
    if action.starts_with("ssmmessages:") {
        return match &expr {
            Expr::Text(_) | Expr::Concat(_) | Expr::Attr(..) => Ternary::No,
            _ => Ternary::Unknown,
        };
    }
    let region = sample_region(index);
    let sample = match action {
        REGISTER_ACTION => {
            format!("arn:aws:ec2:{region}:{SAMPLE_ACCOUNT}:instance/i-0123456789abcdef0")
        }
        LOG_GROUP_ACTION => {
            format!("arn:aws:logs:{region}:{SAMPLE_ACCOUNT}:log-group::log-stream:")
        }
        _ => return Ternary::Unknown,
    };
    let Some(text) = sample_text(index, &expr) else {
        return Ternary::Unknown;
    };
    if glob(&text, &sample) {
        return Ternary::Yes;
    }
    // Another account, Region or instance can still be the actual one.
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
    if glob(&parts.join(":"), &sample) || managed {
        Ternary::Unknown
    } else {
        Ternary::No
    }
}

/// Returns whether two expressions refer to the same resource of the file.
fn is_same_arn(a: &Expr, b: &Expr) -> bool {
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

/// Evaluates a condition for a call of the agent.
fn condition(
    index: &GraphIndex<'_>,
    operator: &str,
    key: &str,
    values: &[Value<Text>],
    on: &CallContext<'_>,
) -> Ternary {
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let key = key.to_ascii_lowercase();
    // The known values of a call with the credentials of the role.
    let known: Option<Option<String>> = match key.as_str() {
        "aws:securetransport" => Some(Some("true".to_owned())),
        "aws:viaawsservice" | "aws:principalisawsservice" => Some(Some("false".to_owned())),
        "aws:multifactorauthpresent" | "aws:multifactorauthage" => Some(None),
        "aws:principaltype" => Some(Some("AssumedRole".to_owned())),
        "aws:requestedregion" => match index.region() {
            Some(region) => Some(Some(region.name.to_owned())),
            None if values
                .iter()
                .all(|value| matches!(value, Value::Expr(Expr::Pseudo(Pseudo::Region)))) =>
            {
                return if operator == "StringEquals" {
                    Ternary::Yes
                } else {
                    Ternary::Unknown
                };
            }
            None => None,
        },
        "aws:principalaccount" | "aws:sourceaccount" => {
            let holds =
                |value: &Value<Text>| matches!(value, Value::Expr(Expr::Pseudo(Pseudo::AccountId)));
            return if key == "aws:principalaccount"
                && operator == "StringEquals"
                && values.iter().any(holds)
            {
                Ternary::Yes
            } else {
                Ternary::Unknown
            };
        }
        "aws:principalarn" => {
            let holds = |value: &Value<Text>| match value {
                Value::Expr(Expr::Attr(id, attr)) => {
                    Caller::Role(*id) == on.caller && *attr == Role::ARN
                }
                _ => false,
            };
            return if matches!(
                operator,
                "ArnEquals" | "ArnLike" | "StringEquals" | "StringLike"
            ) && values.iter().any(holds)
            {
                Ternary::Yes
            } else {
                Ternary::Unknown
            };
        }
        _ => None,
    };
    let Some(known) = known else {
        return Ternary::Unknown;
    };
    let Some(known) = known else {
        if operator == "Null" {
            return Ternary::any(values.iter().map(|value| pattern(value, "true")));
        }
        return if if_exists || operator.contains("Not") {
            Ternary::Yes
        } else {
            Ternary::No
        };
    };
    let is = |like: bool| {
        Ternary::any(values.iter().map(|value| match value {
            Value::Lit(text) if like => glob(text, &known).into(),
            Value::Lit(text) => (text.eq_ignore_ascii_case(&known)).into(),
            Value::Expr(Expr::Pseudo(Pseudo::Region)) if key == "aws:requestedregion" => {
                Ternary::Yes
            }
            Value::Expr(_) => Ternary::Unknown,
        }))
    };
    match operator {
        "Bool" | "StringEquals" | "StringEqualsIgnoreCase" => is(false),
        "StringLike" => is(true),
        "StringNotEquals" | "StringNotEqualsIgnoreCase" => !is(false),
        "StringNotLike" => !is(true),
        "Null" => !Ternary::any(values.iter().map(|value| pattern(value, "true"))),
        _ => Ternary::Unknown,
    }
}

/// Returns whether the principal of a statement matches the caller.
fn principal(index: &GraphIndex<'_>, statement: &Statement, on: &CallContext<'_>) -> Ternary {
    if on.caller == Caller::Holder {
        return Ternary::Yes;
    }
    let Some(principal) = &statement.principal else {
        return Ternary::Unknown;
    };
    let named = match principal {
        Principal::Any => Ternary::Yes,
        Principal::Service(_) => Ternary::No,
        Principal::Aws(who) => is_role(index, who, on.caller),
        Principal::Several(kinds) => Ternary::any(kinds.iter().flat_map(|(kind, who)| {
            who.iter().map(move |who| match kind.as_ref() {
                "AWS" => is_role(index, who, on.caller),
                "Service" | "Federated" | "CanonicalUser" => Ternary::No,
                _ => Ternary::Unknown,
            })
        })),
    };
    if statement.not.principal {
        !named
    } else {
        named
    }
}

fn is_role(index: &GraphIndex<'_>, who: &Value<Text>, caller: Caller) -> Ternary {
    match who {
        Value::Lit(text) if text == "*" => Ternary::Yes,
        Value::Expr(Expr::Pseudo(Pseudo::AccountId)) => Ternary::Yes,
        Value::Expr(Expr::Attr(id, attr)) if *attr == Role::ARN => match caller {
            Caller::Role(role) => (*id == role).into(),
            _ => Ternary::Unknown,
        },
        other => {
            let expr = expr_of(other, Clone::clone);
            let own_account = match &expr {
                Expr::Concat(parts) => parts
                    .iter()
                    .any(|part| matches!(part, Expr::Pseudo(Pseudo::AccountId))),
                _ => false,
            };
            let text = visible_text(&expr);
            let complete = matches!(expr, Expr::Text(_)) || own_account;
            if !complete {
                return Ternary::Unknown;
            }
            // `arn:aws:iam::123456789012:root`, or the twelve digits alone.
            let named = text.split(':').nth(4).unwrap_or(text.as_str());
            let account = match index.graph.account() {
                _ if own_account => Ternary::Yes,
                Some(account) => (account == named).into(),
                None => Ternary::Unknown,
            };
            if !text.contains(':') || text.ends_with(":root") {
                return account;
            }
            let Caller::Role(role) = caller else {
                return Ternary::Unknown;
            };
            let name = index
                .graph
                .node(role)
                .and_then(|node| match &node.resource {
                    crate::resource::Resource::Role(role) => {
                        role.role_name.as_ref().and_then(Value::lit)
                    }
                    _ => None,
                });
            // A generated name never equals a written one.
            let is_meant = text.contains(":role/")
                && name.is_some_and(|name| text.rsplit('/').next() == Some(name.as_ref()));
            account.and(is_meant.into())
        }
    }
}

/// Returns whether a trust policy allows EC2 to assume the role.
pub(crate) fn trusts_ec2(document: &PolicyDocument) -> Ternary {
    let service = |who: &Value<Text>| match who {
        Value::Lit(text) => {
            matches!(text.as_ref(), "ec2.amazonaws.com" | "ec2.amazonaws.com.cn").into()
        }
        Value::Expr(Expr::Concat(parts)) => match parts.as_slice() {
            [Expr::Text(service), Expr::Pseudo(Pseudo::UrlSuffix)] => (service == "ec2.").into(),
            _ => Ternary::Unknown,
        },
        Value::Expr(Expr::OneOf(of)) => Ternary::unanimous(of.iter().map(|one| match one {
            Expr::Text(text) => {
                matches!(text.as_ref(), "ec2.amazonaws.com" | "ec2.amazonaws.com.cn").into()
            }
            _ => Ternary::Unknown,
        })),
        Value::Expr(_) => Ternary::Unknown,
    };
    let mut allowed = Ternary::No;
    for statement in &document.statements {
        let action = Ternary::any(
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
            None => Ternary::Unknown,
            Some(Principal::Any) => Ternary::Unknown,
            Some(Principal::Service(who)) => service(who),
            Some(Principal::Aws(who)) => match who {
                Value::Lit(text) if text == "*" => Ternary::Unknown,
                _ => Ternary::No,
            },
            Some(Principal::Several(kinds)) => {
                Ternary::any(kinds.iter().flat_map(|(kind, who)| {
                    who.iter().map(move |who| match kind.as_ref() {
                        "Service" => service(who),
                        "AWS" => match who {
                            Value::Lit(text) if text == "*" => Ternary::Unknown,
                            _ => Ternary::No,
                        },
                        _ => Ternary::No,
                    })
                }))
            }
        };
        let who = if statement.not.principal {
            Ternary::Unknown
        } else {
            who
        };
        let open = if statement.conditions.is_empty() {
            Ternary::Yes
        } else {
            Ternary::Unknown
        };
        let applies = action.and(who).and(open);
        match statement.effect {
            Effect::Allow => allowed = allowed.or(applies),
            Effect::Deny if applies.is_yes() => return Ternary::No,
            Effect::Deny if !applies.is_no() => allowed = allowed.and(Ternary::Unknown),
            Effect::Deny => {}
        }
    }
    if document.opaque.is_some() {
        return allowed.or(Ternary::Unknown);
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
