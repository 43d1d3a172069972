//! Pseudo parameters and other names in plain strings, which only `Fn::Sub` replaces. CloudFormation passes
//! `${AWS::Region}` on as it is.

use crate::resource::{Map, RawValue, TemplateError};

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
const PSEUDO: &[&str] = &[
    "AccountId",
    "NotificationARNs",
    "Partition",
    "Region",
    "StackId",
    "StackName",
    "URLSuffix",
];

/// Properties whose text can be anything.
const FREE: &[&str] = &[
    "Body",
    "Comment",
    "Content",
    "DefinitionBody",
    "DefinitionString",
    "DefinitionSubstitutions",
    "Description",
    "Environment",
    "GroupDescription",
    "GroupName",
    "InlineCode",
    "Metadata",
    "Parameters",
    "Path",
    "TagSpecifications",
    "Tags",
    "TemplateBody",
    "UserData",
    "Value",
    "Values",
    "Variables",
    "ZipFile",
];

/// Properties with the name of an Availability Zone.
const ZONES: &[&str] = &["AvailabilityZone", "AvailabilityZones"];

/// Names of users, groups, roles and their policies.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
const NAMES: &[&str] = &[
    "GroupName",
    "Groups",
    "InstanceProfileName",
    "ManagedPolicyName",
    "PolicyName",
    "RoleName",
    "Roles",
    "UserName",
    "Users",
];

/// Returns the first error in the evaluated properties of a resource.
pub(super) fn errors(id: &str, type_name: &str, properties: &Map<'_>) -> Vec<TemplateError> {
    // The function of a custom resource can replace the names.
    if !type_name.starts_with("AWS::") || type_name == "AWS::CloudFormation::CustomResource" {
        return Vec::new();
    }
    let mut found = None;
    let at = Place {
        type_name,
        key: "",
        principal: false,
        statement: false,
    };
    in_object(properties, at, &mut found);
    let error = found.map(|(is_certain, key, text)| TemplateError {
        is_certain,
        ignores_condition: false,
        reason: format!(
            "`{id}` has `{text}` in `{key}`, and a plain string does not replace `{}`",
            name_in(&text).unwrap_or_default()
        ),
        fix: format!("use `Fn::Sub` for `{text}`"),
    });
    error.into_iter().collect()
}

/// The place of a value.
#[derive(Clone, Copy)]
struct Place<'m> {
    type_name: &'m str,
    key: &'m str,
    /// Whether it is in the principal of a statement.
    principal: bool,
    /// Whether it is in the statement of a policy.
    statement: bool,
}

/// Whether AWS certainly refuses a text, its property and the text.
type Found = Option<(bool, String, String)>;

fn in_object(map: &Map<'_>, at: Place<'_>, found: &mut Found) {
    for (key, value) in map.iter() {
        let is_name = at.type_name.starts_with("AWS::IAM::") && NAMES.contains(&key);
        let is_free = FREE.contains(&key) && !is_name;
        // The endpoint services have a check of their own.
        let is_service = at.type_name == "AWS::EC2::VPCEndpoint" && key == "ServiceName";
        // IAM replaces the variables of a condition.
        let is_condition = at.statement && key == "Condition";
        if is_free || is_service || is_condition {
            continue;
        }
        let at = Place {
            key,
            principal: at.principal || at.statement && matches!(key, "Principal" | "NotPrincipal"),
            statement: at.statement || key == "Statement",
            ..at
        };
        in_value(value, at, found);
    }
}

fn in_value(value: &RawValue<'_>, at: Place<'_>, found: &mut Found) {
    match value {
        RawValue::Object(map) => in_object(map, at, found),
        RawValue::List(items) => items.iter().for_each(|it| in_value(it, at, found)),
        RawValue::Json(inner) => in_value(inner, at, found),
        RawValue::Str(text) => {
            if let Some(is_certain) = error(text, at)
                && found.as_ref().is_none_or(|it| !it.0 && is_certain)
            {
                *found = Some((is_certain, at.key.to_owned(), text.to_string()));
            }
        }
        _ => {}
    }
}

/// Returns whether AWS certainly refuses a text, or none if it accepts it.
fn error(text: &str, at: Place<'_>) -> Option<bool> {
    let name = name_in(text)?;
    let is_pseudo = name
        .strip_prefix("${AWS::")
        .and_then(|it| it.strip_suffix('}'))
        .is_some_and(|it| PSEUDO.contains(&it));
    if at.principal {
        // A principal has no policy variables.
        return Some(true);
    }
    if at.statement {
        // Elsewhere in an ARN, IAM reads a policy variable.
        return is_pseudo.then(|| text.starts_with("arn:${"));
    }
    let is_iam = at.type_name.starts_with("AWS::IAM::");
    if is_iam && NAMES.contains(&at.key) {
        return Some(true);
    }
    if text.starts_with("arn:") && is_arn(at.key) {
        return Some(is_iam || text.starts_with("arn:${"));
    }
    if ZONES.contains(&at.key) && at.type_name.starts_with("AWS::EC2::") {
        return Some(true);
    }
    // Prose and scripts contain spaces.
    (is_pseudo && !text.contains(char::is_whitespace)).then_some(false)
}

/// Returns whether a property is an ARN.
fn is_arn(key: &str) -> bool {
    let ends = ["Arn", "Arns", "ARN", "ARNs"];
    ends.iter().any(|it| key.ends_with(it)) || key == "PermissionsBoundary"
}

/// Returns the first `${...}` in a text.
fn name_in(text: &str) -> Option<&str> {
    let start = text.find("${")?;
    let length = text[start..].find('}')?;
    Some(&text[start..=start + length])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::object;
    use super::*;

    fn error_of(type_name: &str, properties: serde_json::Value) -> Option<bool> {
        let found = errors("It", type_name, &object(properties));
        found.first().map(|it| it.is_certain)
    }

    #[test]
    fn aws_refuses_names_that_only_a_substitution_replaces() {
        for (type_name, properties, expected) in [
            (
                "AWS::IAM::Role",
                json!({"ManagedPolicyArns": ["arn:${AWS::Partition}:iam::aws:policy/X"]}),
                Some(true),
            ),
            (
                "AWS::IAM::Role",
                json!({"ManagedPolicyArns": ["arn:aws:iam::${Account}:policy/X"]}),
                Some(true),
            ),
            (
                "AWS::IAM::Role",
                json!({"RoleName": "${AWS::StackName}-x"}),
                Some(true),
            ),
            (
                "AWS::IAM::Role",
                json!({"AssumeRolePolicyDocument": {"Statement": [
                    {"Principal": {"Service": "ec2.${AWS::URLSuffix}"}}
                ]}}),
                Some(true),
            ),
            (
                "AWS::S3::BucketPolicy",
                json!({"PolicyDocument": {"Statement": {
                    "Resource": ["arn:${AWS::Partition}:s3:::b"]
                }}}),
                Some(true),
            ),
            (
                "AWS::IAM::Policy",
                json!({"PolicyDocument": {"Statement": [
                    {"Resource": "arn:aws:s3:::b-${AWS::AccountId}"}
                ]}}),
                Some(false),
            ),
            (
                "AWS::IAM::Policy",
                json!({"PolicyDocument": {"Statement": [
                    {"Resource": "arn:aws:s3:::b/${aws:username}"}
                ]}}),
                None,
            ),
            (
                "AWS::EC2::Subnet",
                json!({"AvailabilityZone": "${AWS::Region}a"}),
                Some(true),
            ),
            (
                "AWS::Lambda::Function",
                json!({"Role": "x", "KmsKeyArn": "arn:${AWS::Partition}:kms:x"}),
                Some(true),
            ),
            (
                "AWS::S3::Bucket",
                json!({"BucketName": "b-${AWS::AccountId}"}),
                Some(false),
            ),
            // Texts that AWS accepts.
            (
                "AWS::EC2::SecurityGroup",
                json!({"GroupName": "${AWS::StackName}-web"}),
                None,
            ),
            (
                "AWS::EC2::VPC",
                json!({"Tags": [{"Value": "${AWS::StackName}"}]}),
                None,
            ),
            (
                "AWS::EC2::Instance",
                json!({"UserData": "echo ${AWS::Region}"}),
                None,
            ),
            (
                "AWS::IAM::Role",
                json!({"Description": "of ${AWS::StackName}"}),
                None,
            ),
            (
                "Custom::Thing",
                json!({"RoleArn": "arn:${AWS::Partition}:iam"}),
                None,
            ),
        ] {
            let found = error_of(type_name, properties.clone());
            assert_eq!(found, expected, "{type_name} {properties}");
        }
    }
}
