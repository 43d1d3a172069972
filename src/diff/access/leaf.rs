//! The values of a resource by path.

use indexmap::IndexMap;
use serde_json::Value;

use super::super::secret::{is_secret_path, is_secret_text, placeholder};
use super::super::{Entry, is_function};
use super::{is_statement, list, name};

/// The values at each path, without the keys of items.
pub(super) type Leaves = IndexMap<String, Vec<String>>;

/// Collects the values at and below a path.
pub(super) fn leaves(value: &Value, path: &str, out: &mut Leaves) {
    match value {
        Value::Null => {}
        Value::Object(map) if map.len() == 1 && map.contains_key("Fn::If") => {
            // A condition that cannot be evaluated is reported for the resource.
            let branches = map.values().filter_map(Value::as_array).flatten().skip(1);
            branches.for_each(|it| leaves(it, path, out));
        }
        Value::Object(map) if is_function(map) => {
            out.entry(path.to_owned()).or_default().push(name(value));
        }
        // Policy documents are compared by statement.
        Value::Object(map) if is_policy(map) => {}
        // An empty block is a choice, such as `Allow: {}`.
        Value::Object(map) if map.is_empty() => {
            out.entry(path.to_owned())
                .or_default()
                .push("{}".to_owned());
        }
        Value::Object(map) if let Some((name, inner)) = named(map) => {
            leaves(inner, &format!("{path}.{name}"), out);
        }
        Value::Object(map) => {
            for (key, inner) in map {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                leaves(inner, &path, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| leaves(it, path, out)),
        Value::String(text) if text.is_empty() => {}
        // Terraform passes the documents of some types, such as definitions of containers, as text.
        Value::String(text) if let Some(document) = document(text) => leaves(&document, path, out),
        Value::String(text) => out.entry(path.to_owned()).or_default().push(text.clone()),
        other => out
            .entry(path.to_owned())
            .or_default()
            .push(other.to_string()),
    }
}

/// Adds the blocks of Terraform that have only blocks. Such a block is a choice, too, as in
/// `default_action { allow {} }`.
fn choices(value: &Value, path: &str, out: &mut Leaves) {
    let blocks = |it: &Value| match it {
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    };
    match value {
        Value::Array(items) => items.iter().for_each(|it| choices(it, path, out)),
        Value::Object(map) if !is_policy(map) => {
            if !path.is_empty() && !map.is_empty() && map.values().all(blocks) {
                let own = out.entry(path.to_owned()).or_default();
                own.push("{}".to_owned());
            }
            for (key, inner) in map.iter().filter(|it| blocks(it.1)) {
                let inside = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                choices(inner, &inside, out);
            }
        }
        _ => {}
    }
}

/// The keys of the name and of the value in items such as `{Key: access_logs.s3.enabled, Value: true}`.
const NAMED: [(&str, &str); 3] = [
    ("Key", "Value"),
    ("ParameterName", "ParameterValue"),
    ("name", "value"),
];

/// Returns the name and the value of an item that is a setting.
fn named(map: &serde_json::Map<String, Value>) -> Option<(&str, &Value)> {
    NAMED.iter().find_map(|(name, value)| {
        let name = map.get(*name)?.as_str()?;
        Some((name, map.get(*value)?))
    })
}

pub(super) fn of(entry: Option<&Entry>) -> Leaves {
    let mut out = Leaves::new();
    if let Some(entry) = entry {
        leaves(&entry.properties, "", &mut out);
        if !entry.kind.contains("::") {
            choices(&entry.properties, "", &mut out);
        }
    }
    if entry.is_some_and(|it| it.kind == "AWS::ElasticLoadBalancingV2::ListenerRule") {
        let both = std::mem::take(&mut out);
        for (path, values) in both {
            out.entry(in_short(&path)).or_default().extend(values);
        }
    }
    // A sentence must not reveal a secret.
    for (path, values) in &mut out {
        if is_secret_path(path) {
            for it in values.iter_mut().filter(|it| is_secret_text(it)) {
                *it = placeholder(it);
            }
        }
    }
    out
}

/// Returns the shorter of two paths of the same values of a condition.
fn in_short(path: &str) -> String {
    path.replace("PathPatternConfig.", "")
        .replace("HostHeaderConfig.", "")
}

/// Returns the content of a text that is a JSON document.
fn document(text: &str) -> Option<Value> {
    let is_document = text.trim_start().starts_with(['{', '[']);
    let value = is_document.then(|| serde_json::from_str(text).ok())?;
    value.filter(|it: &Value| it.is_object() || it.is_array())
}

/// Returns whether a document is a policy whose statements are compared as such.
fn is_policy(document: &serde_json::Map<String, Value>) -> bool {
    let statements = document.get("Statement");
    statements.is_some_and(|it| is_statement(it) || list(Some(it)).into_iter().any(is_statement))
}
