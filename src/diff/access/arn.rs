//! One spelling for the names and ARNs of resources: of an attribute, a reference, and a literal.

use serde_json::Value;

use super::super::{Entry, Side};

/// Type, the property of its name, and its ARN with `{}` for the name, which is the value of `Ref`.
const ARNS: [(&str, &str, &str); 5] = [
    (
        "AWS::DynamoDB::Table",
        "TableName",
        "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/{}",
    ),
    (
        "AWS::IAM::Role",
        "RoleName",
        "arn:aws:iam::${AWS::AccountId}:role/{}",
    ),
    (
        "AWS::KMS::Key",
        "KeyId",
        "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/{}",
    ),
    (
        "AWS::Lambda::Function",
        "FunctionName",
        "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:{}",
    ),
    ("AWS::S3::Bucket", "BucketName", "arn:aws:s3:::{}"),
];

/// Returns the name that `Ref` returns, and the ARN of a resource.
fn identity(id: &str, entry: &Entry) -> Option<(String, String)> {
    let (_, property, arn) = ARNS.iter().find(|(kind, ..)| *kind == entry.kind)?;
    // The path of a role is in its ARN.
    if entry.properties.get("Path").is_some_and(|it| it != "/") {
        return None;
    }
    let name = match entry.properties.get(*property) {
        Some(Value::String(name)) => name.clone(),
        _ => format!("${{{id}}}"),
    };
    let arn = arn.replace("{}", &name);
    Some((name, arn))
}

/// Returns the resource of the template with a literal name.
pub(super) fn resource_named<'s>(side: &'s Side, literal: &str) -> Option<&'s str> {
    let mut all = side.resources.iter();
    let found = all.find(|(id, entry)| identity(id, entry).is_some_and(|it| it.0 == literal))?;
    Some(found.0)
}

/// Returns a text with the same spelling for each name and ARN of a resource.
pub(in crate::diff) fn canonical(side: &Side, text: &str) -> String {
    let mut out = text.to_owned();
    for (id, entry) in &side.resources {
        if !out.contains(id.as_str()) {
            continue;
        }
        let Some((name, arn)) = identity(id, entry) else {
            continue;
        };
        if out == format!("{id}.Arn") {
            return arn;
        }
        if out == *id {
            return name;
        }
        out = out
            .replace(&format!("${{{id}.Arn}}"), &arn)
            .replace(&format!("${{{id}}}"), &name);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::read;
    use super::*;
    use crate::frontend::cfn::Deployment;

    #[test]
    fn a_name_and_an_arn_have_one_spelling() {
        let text = "Resources:
  B: {Type: AWS::S3::Bucket}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: n}}
  Below: {Type: AWS::IAM::Role, Properties: {Path: /p/}}";
        let side = read(text, &Deployment::default()).unwrap();
        let of = |text: &str| canonical(&side, text);
        assert_eq!(of("${B.Arn}/*"), of("arn:aws:s3:::${B}/*"));
        assert_eq!(of("${Named.Arn}/*"), "arn:aws:s3:::n/*");
        assert_eq!(of("Named"), "n");
        assert_eq!(of("B.Arn"), "arn:aws:s3:::${B}");
        assert_eq!(of("Below.Arn"), "Below.Arn");
        assert_ne!(of("${B.Arn}/*"), of("${Named.Arn}/*"));
    }
}
