//! Managed policies, and properties whose absence allows everything.

use serde_json::Value;

use super::super::{Entry, Side};
use super::{branches, list, name, openapi};
use crate::tsv;

/// Columns: name, `only` or `also`.
const DENYING: &str = include_str!("denying_policies.tsv");

/// Properties that list managed policies.
const LISTS: [&str; 3] = [
    "ManagedPolicyArns",
    "ManagedPolicies",
    "managed_policy_arns",
];

/// Properties that name the managed policy of an attachment.
const ATTACHMENTS: [&str; 3] = [
    "policy_arn",
    "managed_policy_arn",
    "customer_managed_policy_reference",
];

/// What a managed policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allows,
    Denies,
    /// It denies some actions, or the files do not show its content.
    CanDeny,
}

/// Returns the name of an AWS managed policy for any partition, or the ARN of another policy.
pub(super) fn short(policy: &str) -> &str {
    of_aws(policy).unwrap_or(policy)
}

fn of_aws(policy: &str) -> Option<&str> {
    policy.split_once(":iam::aws:policy/").map(|(_, name)| name)
}

pub(super) fn effect(policy: &str) -> Effect {
    let Some(path) = of_aws(policy) else {
        return Effect::CanDeny;
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut rows = tsv::rows(DENYING).filter_map(|it| it.split_once('\t'));
    match rows.find(|(denying, _)| *denying == name) {
        None => Effect::Allows,
        Some((_, "only")) => Effect::Denies,
        Some(_) => Effect::CanDeny,
    }
}

/// Returns the ID of a managed policy of the template.
pub(super) fn managed<'s>(side: &'s Side, policy: &Value) -> Option<&'s str> {
    let name = name(policy);
    let id = name.strip_suffix(".PolicyArn").unwrap_or(&name);
    let (id, entry) = side.resources.get_key_value(id)?;
    (policy.is_object() && entry.kind == "AWS::IAM::ManagedPolicy").then_some(id.as_str())
}

/// Returns the managed policies that a resource has or attaches, without those of the template: their statements
/// count themselves.
pub(super) fn policies<'e>(entry: &'e Entry, side: &Side) -> Vec<&'e Value> {
    let keys = match entry.kind.ends_with("_policy_attachment") {
        true => &ATTACHMENTS[..],
        false => &LISTS[..],
    };
    let all = keys.iter().flat_map(|key| list(entry.properties.get(*key)));
    all.filter(|it| managed(side, it).is_none()).collect()
}

/// Types whose permissions are everything that the network, the role or the authorizer allows, without these
/// properties. An OpenAPI document can contain the policy of an API, too.
const OPEN_WITHOUT: [(&str, &[&str]); 13] = [
    (REST_APIS[0], &["Policy"]),
    ("AWS::EC2::VPCEndpoint", &["PolicyDocument"]),
    ("AWS::EFS::FileSystem", &["FileSystemPolicy"]),
    ("AWS::EKS::PodIdentityAssociation", &["Policy"]),
    (
        "AWS::RolesAnywhere::Profile",
        &["ManagedPolicyArns", "SessionPolicy"],
    ),
    (REST_APIS[1], &["Auth"]),
    ("AWS::Transfer::Access", &["Policy"]),
    ("AWS::Transfer::User", &["Policy"]),
    (REST_APIS[2], &["policy"]),
    ("aws_eks_pod_identity_association", &["policy"]),
    (
        "aws_rolesanywhere_profile",
        &["managed_policy_arns", "session_policy"],
    ),
    ("aws_transfer_access", &["policy"]),
    ("aws_transfer_user", &["policy"]),
];

const REST_APIS: [&str; 3] = [
    "AWS::ApiGateway::RestApi",
    "AWS::Serverless::Api",
    "aws_api_gateway_rest_api",
];

/// Returns whether a resource has none of the policies that limit its permissions.
pub(super) fn is_open(entry: &Entry) -> bool {
    let kind = entry.kind.as_str();
    let of_kind = OPEN_WITHOUT.iter().find(|(known, _)| *known == kind);
    let can_lack = |key: &&str| match entry.properties.get(*key) {
        Some(Value::Array(items)) if items.is_empty() => true,
        value => branches(value).contains(&None),
    };
    of_kind.is_some_and(|(_, keys)| keys.iter().all(can_lack))
        && !(REST_APIS.contains(&kind) && (openapi::has_policy(entry) || is_private(entry)))
}

/// Returns whether a REST API is private: without a policy, it denies all requests.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-create.html>
fn is_private(entry: &Entry) -> bool {
    let of = ["EndpointConfiguration", "endpoint_configuration"];
    let mut all = of.iter().filter_map(|key| entry.properties.get(*key));
    all.any(|it| it.to_string().contains("\"PRIVATE\""))
}
