//! Policies that IAM rejects. CloudFormation and Terraform then do not create the role.

use super::super::graph_index::GraphIndex;
use super::super::ternary::Ternary;
use super::pattern::{Atom, known};
use super::text::{alternatives, plain};
use crate::ir::{CfnAttr, Expr, Text, Value, nearest, quoted};
use crate::resource::{PolicyDocument, Principal, Statement, has_misspelled_domain, is_operator};

/// The kind of a policy, which determines its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    Trust,
    Identity,
    /// A policy of a resource, such as a bucket.
    Resource,
}

/// Returns why IAM rejects a trust policy.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>
pub(crate) fn of_trust_policy(document: &PolicyDocument) -> Option<&'static str> {
    first(document, |statement| match statement {
        _ if !statement.resources.is_empty() => Some("a trust policy has no `Resource`"),
        _ if statement.principal.is_none() => Some("a trust policy requires a `Principal`"),
        _ => None,
    })
}

/// Returns why IAM rejects a policy of a role.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
pub(crate) fn of_role_policy(document: &PolicyDocument) -> Option<&'static str> {
    first(document, |statement| match statement {
        _ if statement.principal.is_some() => Some("a policy of a role has no `Principal`"),
        _ if statement.resources.is_empty() => Some("a policy of a role requires a `Resource`"),
        _ => None,
    })
}

/// Returns why a service rejects a policy of one of its resources.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn of_resource_policy(document: &PolicyDocument) -> Option<&'static str> {
    first(document, |statement| {
        let is_open = statement.principal.is_none();
        is_open.then_some("a policy of a resource requires a `Principal`")
    })
}

fn first(
    document: &PolicyDocument,
    of: impl Fn(&Statement) -> Option<&'static str>,
) -> Option<&'static str> {
    document.statements.iter().find_map(|statement| {
        let without_action = statement
            .actions
            .is_empty()
            .then_some("a statement requires an `Action`");
        without_action.or_else(|| of(statement))
    })
}

/// Returns why IAM refuses a policy, and whether the file determines it.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
pub(crate) fn of_document(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    kind: PolicyKind,
) -> Option<(Ternary, String)> {
    if let Some(error) = &document.malformed {
        return Some((Ternary::Yes, error.to_string()));
    }
    let elements = match kind {
        PolicyKind::Trust => of_trust_policy(document),
        PolicyKind::Identity => of_role_policy(document),
        PolicyKind::Resource => of_resource_policy(document),
    };
    let principals = || document.statements.iter().find_map(kinds_error);
    if let Some(error) = elements.map(str::to_owned).or_else(principals) {
        return Some((Ternary::Yes, error));
    }
    let mut statements = document.statements.iter();
    if kind == PolicyKind::Resource {
        return statements.find_map(|it| of_elements(index, it, kind));
    }
    let mut ids: Vec<&str> = Vec::new();
    for statement in &document.statements {
        if let Some(id) = &statement.sid {
            // The documents of IAM allow only letters and digits.
            if !id.chars().all(|c| c.is_ascii_alphanumeric()) {
                let error = format!("`Sid` `{id}` has other characters than letters and digits");
                return Some((Ternary::Yes, error));
            }
            if ids.contains(&id.as_ref()) && !id.is_empty() {
                return Some((
                    Ternary::Yes,
                    format!("two statements have the `Sid` `{id}`"),
                ));
            }
            ids.push(id);
        }
    }
    statements.find_map(|it| of_elements(index, it, kind).or_else(|| of_conditions(it)))
}

/// Returns the error of a principal without a value, or of a kind that does not exist.
fn kinds_error(statement: &Statement) -> Option<String> {
    const KINDS: [&str; 4] = ["AWS", "CanonicalUser", "Federated", "Service"];
    let Some(Principal::Several(kinds)) = &statement.principal else {
        return None;
    };
    // An empty list beside other principals is one that a module leaves open, and IAM accepts it.
    if kinds.iter().all(|(_, who)| who.is_empty()) {
        return Some("a `Principal` is empty".to_owned());
    }
    let (kind, _) = kinds
        .iter()
        .find(|(kind, _)| !KINDS.contains(&kind.as_ref()))?;
    let hint = nearest(kind, KINDS.into_iter());
    Some(format!(
        "unknown kind of principal {}; {hint}",
        quoted(kind)
    ))
}

/// Returns the values of a kind of principal.
fn principals<'s>(statement: &'s Statement, kind: &str) -> &'s [Value<Text>] {
    match (&statement.principal, kind) {
        (Some(Principal::Aws(who)), "AWS") | (Some(Principal::Service(who)), "Service") => {
            std::slice::from_ref(who)
        }
        (Some(Principal::Several(kinds)), _) => {
            let of = kinds.iter().find(|(own, _)| own == kind);
            of.map_or(&[][..], |(_, who)| who.as_slice())
        }
        _ => &[],
    }
}

/// Returns the error of the actions, resources and principals of a statement.
fn of_elements(
    index: &GraphIndex<'_>,
    statement: &Statement,
    kind: PolicyKind,
) -> Option<(Ternary, String)> {
    let mut actions = statement.actions.iter();
    if let Some(found) = actions.find_map(|it| wrong(index, it, |it| action_error(it, kind))) {
        return Some(found);
    }
    let mut resources = statement.resources.iter();
    if let Some(found) = resources.find_map(|it| wrong(index, it, |it| resource_error(index, it))) {
        return Some(found);
    }
    let mut aws = principals(statement, "AWS").iter();
    if let Some(found) = aws.find_map(|it| wrong(index, it, principal_error)) {
        return Some(found);
    }
    let mut services = principals(statement, "Service").iter();
    services.find_map(|it| wrong(index, it, service_error))
}

fn of_conditions(statement: &Statement) -> Option<(Ternary, String)> {
    statement.conditions.iter().find_map(|(operator, key, _)| {
        if !is_operator(operator) {
            // IAM can have a newer one.
            return Some((
                Ternary::Unknown,
                format!("unknown condition operator `{operator}`"),
            ));
        }
        (!key.contains(':')).then(|| {
            let error = format!("condition key `{key}` has no service prefix");
            (Ternary::Yes, error)
        })
    })
}

/// Returns the error of a value, and whether each of its alternatives has one.
fn wrong(
    index: &GraphIndex<'_>,
    value: &Value<Text>,
    error: impl Fn(&[Atom]) -> Option<String>,
) -> Option<(Ternary, String)> {
    let of = alternatives(value).into_iter();
    let errors: Vec<Option<String>> = of.map(|it| error(&plain(index, &it))).collect();
    let first = errors.iter().flatten().next()?.clone();
    let certain = match errors.iter().all(Option::is_some) {
        true => Ternary::Yes,
        false => Ternary::Unknown,
    };
    Some((certain, first))
}

fn action_error(action: &[Atom], kind: PolicyKind) -> Option<String> {
    let action = known(action)?;
    if action.chars().all(|c| c == '*') && !action.is_empty() {
        return None;
    }
    match action.split_once(':') {
        None => Some(format!("action `{action}` has no service prefix")),
        Some((service, _))
            if kind == PolicyKind::Trust
                && !service.eq_ignore_ascii_case("sts")
                && service != "*" =>
        {
            let error =
                format!("action `{action}` in a trust policy, which accepts only those of `sts`");
            Some(error)
        }
        Some((service, _)) if service.contains(['*', '?']) && service != "*" => Some(format!(
            "action `{action}` has a wildcard in its service prefix"
        )),
        Some(_) => None,
    }
}

/// Types of which `Ref` returns a name, an ID or a URL.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>
const NAMED_BY_REF: &[&str] = &[
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
];

/// Returns whether a part is the name or ID of a resource in the file.
fn is_name(index: &GraphIndex<'_>, part: &Atom) -> bool {
    let is_by_ref = |id| {
        let node = index.graph.node(id);
        let type_name = node.and_then(|it| it.resource.type_name(it.dialect()));
        type_name.is_some_and(|it| NAMED_BY_REF.contains(&it))
    };
    match part {
        Atom::Generated(_) | Atom::InstanceId(_) => true,
        Atom::Same(Expr::Other(id, name)) => name == "Ref" && is_by_ref(*id),
        Atom::Same(Expr::Attr(id, attr)) => attr.cfn == CfnAttr::Ref && is_by_ref(*id),
        _ => false,
    }
}

/// Returns the error of a resource that is neither `*` nor an ARN.
fn resource_error(index: &GraphIndex<'_>, resource: &[Atom]) -> Option<String> {
    let literal = |atoms: &[Atom]| -> String {
        let chars = atoms.iter().map_while(|atom| match atom {
            Atom::Char(c) => Some(*c),
            _ => None,
        });
        chars.collect()
    };
    let start = literal(resource);
    let is_whole = start.chars().count() == resource.len();
    let is_loose = start.starts_with(['*', '?', '$']) || is_whole && start.is_empty();
    let shown = match is_whole {
        true => format!("`{start}`"),
        false => format!("`{start}...`"),
    };
    let error = || Some(format!("resource {shown} is neither an ARN nor `*`"));
    match start.strip_prefix("arn:") {
        _ if is_loose => None,
        None if start.is_empty() => {
            let is_name = resource.first().is_some_and(|it| is_name(index, it));
            let error = "a resource is the name or ID of a resource, not its ARN";
            is_name.then(|| error.to_owned())
        }
        None if !is_whole && "arn:".starts_with(&start) => None,
        None => error(),
        // PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
        Some(rest) if is_whole && !rest.contains(['*', '?', '$']) => {
            (rest.matches(':').count() < 4).then(error)?
        }
        Some(_) => None,
    }
}

/// Returns the error of an account, role or user that is neither an ARN, an account nor a unique ID.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn principal_error(who: &[Atom]) -> Option<String> {
    let who = known(who)?;
    let is_account = who.len() == 12 && who.bytes().all(|b| b.is_ascii_digit());
    let is_unique_id = who.starts_with('A') && who.chars().all(|c| c.is_ascii_alphanumeric());
    let is_valid = is_account || is_unique_id || who == "*" || who.starts_with("arn:");
    (!is_valid).then(|| match who.is_empty() {
        true => "a principal is empty".to_owned(),
        false => format!("principal `{who}` is neither an ARN nor an account"),
    })
}

/// Returns the error of a service without a domain, or whose domain is a typo.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services>
fn service_error(who: &[Atom]) -> Option<String> {
    let who = known(who)?;
    let is_word = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
    if !who.contains('.') && who != "*" {
        let such = match !who.is_empty() && who.bytes().all(is_word) {
            true => who.as_str(),
            false => "ec2",
        };
        return Some(format!(
            "{} is not a service principal, such as `{such}.amazonaws.com`",
            quoted(&who)
        ));
    }
    has_misspelled_domain(&who).then(|| format!("no service has the principal `{who}`"))
}

#[cfg(test)]
mod tests {
    use super::super::pattern::literal;
    use super::*;

    #[test]
    fn actions_have_a_service() {
        for (action, is_valid) in [
            ("*", true),
            ("s3:GetObject", true),
            ("S3:get*", true),
            ("*:*", true),
            ("GetObject", false),
            ("s3*", false),
            ("s*:Get", false),
        ] {
            let found = action_error(&literal(action), PolicyKind::Identity);
            assert_eq!(found.is_none(), is_valid, "{action}");
        }
        assert!(action_error(&literal("s3:GetObject"), PolicyKind::Trust).is_some());
        assert!(action_error(&literal("STS:TagSession"), PolicyKind::Trust).is_none());
    }

    #[test]
    fn resources_are_arns() {
        for (resource, is_valid) in [
            ("*", true),
            ("arn:aws:s3:::bucket/*", true),
            ("arn:*:s3:::bucket", true),
            ("arn:aws:iam::123456789012:role/x", true),
            ("arn:aws:*", true),
            ("my-bucket/*", false),
            ("arn:aws:s3:bucket", false),
            ("arn.aws.s3", false),
        ] {
            let graph = crate::resource::Graph::default();
            let index = GraphIndex::new(&graph, Default::default());
            let found = resource_error(&index, &literal(resource));
            assert_eq!(found.is_none(), is_valid, "{resource}");
        }
    }
}
