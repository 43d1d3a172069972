//! The syntax of IAM policies, as far as the model cannot represent an error.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use super::{Map, RawValue};

const ELEMENTS: &[&str] = &["Version", "Id", "Statement"];

const STATEMENT_ELEMENTS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// The error of a policy without statements.
pub(crate) const NO_STATEMENT: &str = "the policy has no statement";

const EXCLUSIVE: &[(&str, &str)] = &[
    ("Principal", "NotPrincipal"),
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
];

/// The condition operators, each with and without the affixes.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
const OPERATORS: [&str; 27] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

/// The prefixes of operators for keys with several values.
const SETS: [&str; 3] = ["", "ForAllValues:", "ForAnyValue:"];

/// The suffixes of operators for keys that a request can lack.
const EXISTENCE: [&str; 2] = ["", "IfExists"];

/// Returns all condition operators of IAM.
pub(crate) fn operators() -> impl Iterator<Item = String> {
    let with = |(set, name): (&'static str, &'static str)| {
        EXISTENCE.map(|exists| format!("{set}{name}{exists}"))
    };
    let of = |set: &'static str| OPERATORS.into_iter().map(move |name| (set, name));
    SETS.into_iter().flat_map(of).flat_map(with)
}

/// Returns whether IAM has a condition operator. It ignores the case of letters.
pub(crate) fn is_operator(text: &str) -> bool {
    OPERATORS.contains(&text) || operators().any(|it| it.eq_ignore_ascii_case(text))
}

/// The domains of service principals.
const DOMAINS: [&str; 4] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".amazon.com",
];

/// Returns whether the domain of a service principal only looks like one of AWS.
pub(crate) fn has_misspelled_domain(service: &str) -> bool {
    let is_like_ours = service.to_ascii_lowercase().contains("amazon");
    is_like_ours && !DOMAINS.iter().any(|it| service.ends_with(it))
}

/// Returns why IAM refuses a policy, if the file determines it.
pub(super) fn error(document: &Map<'_>) -> Option<String> {
    if let Some(element) = unknown(document, ELEMENTS) {
        return Some(format!("unknown element `{element}`"));
    }
    if let Some(RawValue::Str(version)) = document.get("Version")
        && !["2008-10-17", "2012-10-17"].contains(&version.as_ref())
    {
        return Some(format!("unknown version `{version}`"));
    }
    let statements = match document.get("Statement") {
        Some(RawValue::List(items)) if items.is_empty() => return Some(NO_STATEMENT.to_owned()),
        Some(RawValue::List(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    statements.iter().find_map(|it| match it {
        RawValue::Object(statement) => statement_error(statement),
        _ => None,
    })
}

fn statement_error(statement: &Map<'_>) -> Option<String> {
    if let Some(element) = unknown(statement, STATEMENT_ELEMENTS) {
        return Some(format!("unknown element `{element}` of a statement"));
    }
    let both = |(one, other): &&(&str, &str)| {
        statement.get(one).is_some() && statement.get(other).is_some()
    };
    if let Some((one, other)) = EXCLUSIVE.iter().find(both) {
        return Some(format!("a statement has `{one}` and `{other}`"));
    }
    match statement.get("Effect") {
        None => Some("a statement has no `Effect`".to_owned()),
        Some(RawValue::Str(effect)) if !["Allow", "Deny"].contains(&effect.as_ref()) => Some(
            format!("`Effect` is `{effect}`; IAM accepts `Allow` and `Deny`"),
        ),
        Some(_) => None,
    }
}

/// Returns an element that a policy does not have. A function can return elements.
fn unknown<'m>(map: &'m Map<'_>, known: &[&str]) -> Option<&'m str> {
    let mut names = map.iter().map(|(name, _)| name);
    let has_function = map.iter().any(|(name, _)| name.starts_with("Fn::"));
    let is_known = |name: &str| known.iter().any(|it| it.eq_ignore_ascii_case(name));
    names.find(|name| !is_known(name) && !has_function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_syntax_are_found() {
        let statement = serde_json::json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let found = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut json = serde_json::json!({"Version": "2012-10-17", "Statement": [statement]});
            change(&mut json);
            match RawValue::from(json) {
                RawValue::Object(map) => error(&map),
                _ => None,
            }
        };
        assert_eq!(found(&|_| {}), None);
        assert!(found(&|it| it["Version"] = "2012-10-18".into()).is_some());
        assert!(found(&|it| it["Statement"][0]["Effect"] = "allow".into()).is_some());
        assert!(found(&|it| it["Statement"][0]["NotAction"] = "s3:*".into()).is_some());
        assert!(found(&|it| it["Statement"][0]["Actions"] = "s3:*".into()).is_some());
        assert!(found(&|it| it["Statements"] = serde_json::json!([])).is_some());
        assert_eq!(found(&|it| it["Id"] = "a".into()), None);
        let none = found(&|it| it["Statement"] = serde_json::json!([]));
        assert_eq!(none.as_deref(), Some(NO_STATEMENT));
    }
}
