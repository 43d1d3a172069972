//! Names in IAM policies that only look like those of IAM.

use crate::ir::{Diagnostics, Expr, Link, Value, nearest, quoted, typo};
use crate::resource::{
    Graph, ManagedPolicy, Node, PolicyDocument, Resource, Role, is_operator, managed_policies,
    operators,
};

/// The actions of STS.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_sts.html>
const STS_ACTIONS: [&str; 16] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetDelegatedAccessToken",
    "GetFederationToken",
    "GetServiceBearerToken",
    "GetSessionToken",
    "GetWebIdentityToken",
    "SetContext",
    "SetSourceIdentity",
    "TagGetWebIdentityToken",
    "TagSession",
];

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for (_, node) in graph.nodes() {
        for (setter, document) in documents(&node.resource) {
            if node.keeps(setter) {
                check_conditions(node, setter, document, out);
            }
        }
        if let Resource::Role(role) = &node.resource {
            check_trust(node, role, out);
            check_managed(node, role, out);
        }
    }
}

/// Returns the policies of a resource, with their setters.
fn documents(resource: &Resource) -> Vec<(&'static str, &PolicyDocument)> {
    const OWN: &str = "policy_document";
    match resource {
        Resource::Role(it) => vec![("assume_role_policy", &it.assume_role_policy)],
        Resource::RolePolicy(it) => vec![(OWN, &it.policy_document)],
        Resource::InlinePolicy(it) => vec![(OWN, &it.policy_document)],
        Resource::ManagedPolicy(it) => vec![(OWN, &it.policy_document)],
        Resource::BucketPolicy(it) => vec![(OWN, &it.policy_document)],
        Resource::TopicPolicy(it) => vec![(OWN, &it.policy_document)],
        Resource::KmsKey(it) => it.key_policy.iter().map(|it| ("key_policy", it)).collect(),
        Resource::VpcEndpoint(it) => it.policy.iter().map(|it| ("policy", it)).collect(),
        _ => Vec::new(),
    }
}

/// Reports condition operators that IAM does not have.
fn check_conditions(
    node: &Node,
    setter: &'static str,
    document: &PolicyDocument,
    out: &mut Diagnostics,
) {
    let conditions = document.statements.iter().flat_map(|it| &it.conditions);
    for (operator, ..) in conditions.filter(|(operator, ..)| !is_operator(operator)) {
        let message = format!("unknown condition operator {}", quoted(operator));
        let found = node.error("policy-condition", message).about(&[setter]);
        let known: Vec<String> = operators().collect();
        let help = nearest(operator, known.iter().map(String::as_str));
        out.push(found.help(help).unless_new());
    }
}

/// Reports typos of the actions of STS, the only ones in a trust policy.
fn check_trust(node: &Node, role: &Role, out: &mut Diagnostics) {
    const SETTER: &str = "assume_role_policy";
    if !node.keeps(SETTER) {
        return;
    }
    let statements = role.assume_role_policy.statements.iter();
    for action in statements.flat_map(|it| &it.actions).filter_map(Value::lit) {
        let Some((service, name)) = action.split_once(':') else {
            continue;
        };
        let is_known = STS_ACTIONS.iter().any(|it| it.eq_ignore_ascii_case(name));
        if !service.eq_ignore_ascii_case("sts") || is_known || name.contains(['*', '?']) {
            continue;
        }
        if let Some(known) = typo(name, STS_ACTIONS.into_iter()) {
            let message = format!("unknown action {} in the trust policy", quoted(action));
            let found = node.error("policy-action", message).about(&[SETTER]);
            out.push(
                found
                    .help(format!("did you mean `sts:{known}`?"))
                    .unless_new(),
            );
        }
    }
}

/// Reports typos of the names of AWS managed policies.
fn check_managed(node: &Node, role: &Role, out: &mut Diagnostics) {
    let attached = role
        .managed_policies
        .iter()
        .map(|it| ("managed_policies", it));
    let boundary = role.permissions_boundary.iter();
    let boundary = boundary.map(|it| ("permissions_boundary", it));
    for (setter, link) in attached.chain(boundary).filter(|(it, _)| node.keeps(it)) {
        let Some(name) = aws_managed(link) else {
            continue;
        };
        if let Some(known) = managed_policies::misspelled(name) {
            let message = format!("there is no AWS managed policy {}", quoted(name));
            let found = node.error("managed-policy", message).about(&[setter]);
            out.push(found.help(format!("did you mean `{known}`?")).unless_new());
        }
    }
}

/// Returns the path and name of an AWS managed policy, if its ARN is literal behind the partition.
fn aws_managed(link: &Link<ManagedPolicy>) -> Option<&str> {
    let arn = match link {
        Value::Lit(id) => id.as_str(),
        Value::Expr(Expr::Text(text)) => text,
        Value::Expr(Expr::Concat(parts)) => match parts.last()? {
            Expr::Text(text) => text,
            _ => return None,
        },
        Value::Expr(_) => return None,
    };
    Some(arn.split_once(":iam::aws:policy/")?.1)
}
