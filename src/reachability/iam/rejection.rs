//! Policies that IAM rejects. CloudFormation and Terraform then do not create the role.

use crate::resource::{PolicyDocument, Statement};

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
