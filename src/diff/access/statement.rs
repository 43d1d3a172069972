//! The grants of the statements in a policy document.

use serde_json::Value;

use super::super::is_function;
use super::condition::Tests;
use super::{branches, is_statement, list, name};

/// The scope of a statement element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GrantResource {
    /// A value or pattern.
    This(String),
    /// All values except these.
    AllBut(Vec<String>),
    /// The statement does not contain the element.
    Nothing,
}

/// An allowed or denied action on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) owner: String,
    pub(super) allow: bool,
    pub(super) principal: GrantResource,
    pub(super) action: GrantResource,
    pub(super) resource: GrantResource,
    pub(super) condition: Tests,
    /// Whether it is a policy that can deny other actions.
    pub(super) can_deny: bool,
}

/// The version of a policy without one. It has no policy variables.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
const OLD_VERSION: &str = "2008-10-17";

/// Returns whether the text behind `${` is a policy variable such as `aws:username`, also inside `Fn::Sub`.
fn is_variable(behind: &str) -> bool {
    let name = behind.strip_prefix('!').unwrap_or(behind);
    let is_of_key = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-.".contains(it);
    let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
    !prefix.is_empty() && prefix.chars().all(is_of_key)
}

fn has_variables(value: &Value) -> bool {
    value.to_string().split("${").skip(1).any(is_variable)
}

/// Returns a statement in which the text of a policy variable stands for itself.
fn with_literal_variables(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let mut parts = text.split("${");
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                out.push_str(if is_variable(part) { "${$}{" } else { "${" });
                out.push_str(part);
            }
            out.into()
        }
        Value::Array(items) => items.iter().map(with_literal_variables).collect(),
        Value::Object(map) => {
            let entries = map.iter();
            let entries = entries.map(|(key, it)| (key.clone(), with_literal_variables(it)));
            Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}

/// Collects the grants of all policy documents in a value.
pub(super) fn statements(owner: &str, value: &Value, out: &mut Vec<Grant>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| statements(owner, item, out)),
        Value::Object(map) => match map.get("Statement") {
            Some(found) => {
                let version = map.get("Version").map(name);
                let is_old = version.is_none_or(|it| it == OLD_VERSION);
                for statement in list(Some(found)).into_iter().filter(|it| is_statement(it)) {
                    match is_old && has_variables(statement) {
                        true => explode(owner, &with_literal_variables(statement), out),
                        false => explode(owner, statement, out),
                    }
                }
            }
            None => map.values().for_each(|item| statements(owner, item, out)),
        },
        // Some types contain the document as text.
        Value::String(text) if text.contains("\"Statement\"") => {
            if let Ok(document @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
                statements(owner, &document, out);
            }
        }
        _ => {}
    }
}

/// Returns the values of an element or of its inverted form.
fn parts(statement: &Value, key: &str) -> Vec<GrantResource> {
    let mut out: Vec<GrantResource> = list(statement.get(key))
        .into_iter()
        .map(|it| GrantResource::This(name(it)))
        .collect();
    let but: Vec<String> = list(statement.get(format!("Not{key}")))
        .into_iter()
        .map(name)
        .collect();
    if !but.is_empty() {
        out.push(GrantResource::AllBut(but));
    }
    if out.is_empty() {
        out.push(GrantResource::Nothing);
    }
    out
}

/// Returns a principal by kind. An account ID is its root, and AWS principals need no kind.
fn who(kind: &str, value: &Value) -> String {
    let text = name(value);
    let is_account = text.len() == 12 && text.chars().all(|c| c.is_ascii_digit());
    match kind {
        "AWS" if text == "AWS::AccountId" => format!("arn:aws:iam::${{{text}}}:root"),
        "AWS" if is_account => format!("arn:aws:iam::{text}:root"),
        "AWS" => text,
        // The stack is in one partition, as for ARNs.
        "Service" => text.replace("${AWS::URLSuffix}", "amazonaws.com"),
        kind => format!("{kind} {text}"),
    }
}

fn principals(statement: &Value) -> Vec<GrantResource> {
    let of = |key: &str| -> Vec<String> {
        let mut out = Vec::new();
        for found in branches(statement.get(key)).into_iter().flatten() {
            match found {
                Value::Object(kinds) if !is_function(kinds) => {
                    for (kind, named) in kinds {
                        out.extend(list(Some(named)).into_iter().map(|it| who(kind, it)));
                    }
                }
                other => out.push(name(other)),
            }
        }
        out
    };
    let mut out: Vec<GrantResource> = of("Principal")
        .into_iter()
        .map(GrantResource::This)
        .collect();
    let but = of("NotPrincipal");
    if !but.is_empty() {
        out.push(GrantResource::AllBut(but));
    }
    if out.is_empty() {
        out.push(GrantResource::Nothing);
    }
    out
}

fn explode(owner: &str, statement: &Value, out: &mut Vec<Grant>) {
    for condition in branches(statement.get("Condition")) {
        under(owner, statement, &Tests::of(condition), out);
    }
}

/// Collects the grants of a statement with one of its conditions.
fn under(owner: &str, statement: &Value, condition: &Tests, out: &mut Vec<Grant>) {
    let (actions, resources) = (parts(statement, "Action"), parts(statement, "Resource"));
    // An empty default is a parameter that the deployment must set.
    let is_set = |it: &&GrantResource| **it != GrantResource::This(String::new());
    let principals = principals(statement);
    for effect in branches(statement.get("Effect")) {
        let allow = effect.and_then(Value::as_str) != Some("Deny");
        for principal in principals.iter().filter(is_set) {
            for action in &actions {
                out.extend(resources.iter().filter(is_set).map(|resource| Grant {
                    owner: owner.to_owned(),
                    allow,
                    principal: principal.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    condition: condition.clone(),
                    can_deny: false,
                }));
            }
        }
    }
}
