//! The OpenAPI documents of APIs: which operations need no authorization, and the resource policy.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::Value;

use super::super::Entry;
use super::{Direction, list, name};

/// Properties that contain an OpenAPI document, also as text.
const DOCUMENTS: [&str; 3] = ["Body", "DefinitionBody", "body"];

const METHODS: [&str; 9] = [
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "trace",
    "x-amazon-apigateway-any-method",
];

/// Returns the OpenAPI document of an API.
fn document(entry: &Entry) -> Option<Cow<'_, Value>> {
    let value = DOCUMENTS
        .iter()
        .find_map(|key| entry.properties.get(*key))?;
    match value {
        Value::String(text) => serde_json::from_str(text).ok().map(Cow::Owned),
        other => Some(Cow::Borrowed(other)),
    }
}

/// Returns whether the OpenAPI document of an API contains its resource policy.
pub(super) fn has_policy(entry: &Entry) -> bool {
    document(entry).is_some_and(|it| it.get("x-amazon-apigateway-policy").is_some())
}

/// Returns the requirements as text, and none if a request can have no authorization.
fn requirements(value: &Value) -> Option<String> {
    let Value::Array(items) = value else {
        return Some(name(value));
    };
    let one = |item: &Value| -> Option<String> {
        let Value::Object(schemes) = item else {
            return Some(name(item));
        };
        let mut all: Vec<String> = Vec::new();
        for (scheme, scopes) in schemes {
            let mut scopes: Vec<String> = list(Some(scopes)).into_iter().map(name).collect();
            scopes.sort();
            all.push(match scopes.is_empty() {
                true => scheme.clone(),
                false => format!("{scheme} ({})", scopes.join(", ")),
            });
        }
        all.sort();
        (!all.is_empty()).then(|| all.join(" and "))
    };
    // A request meets one of the requirements.
    let mut all = items.iter().map(one).collect::<Option<Vec<String>>>()?;
    all.sort();
    (!all.is_empty()).then(|| all.join(" or "))
}

/// Returns the requirements of each operation: its own, or the ones of the document.
fn operations(entry: &Entry) -> IndexMap<String, Option<String>> {
    let mut out = IndexMap::new();
    let Some(document) = document(entry) else {
        return out;
    };
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, methods) in paths.into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            if !METHODS.contains(&method.to_lowercase().as_str()) {
                continue;
            }
            let security = operation.get("security").or(document.get("security"));
            let method = match method.strip_prefix("x-amazon-apigateway-") {
                Some(_) => "ANY".to_owned(),
                None => method.to_uppercase(),
            };
            let of = security.and_then(requirements);
            out.insert(format!("{method} {path}"), of);
        }
    }
    out
}

/// Returns the changes of the authorization of operations that stay.
pub(super) fn changes(before: &Entry, after: &Entry) -> Vec<(Direction, String)> {
    let (was, is) = (operations(before), operations(after));
    let one = |(operation, now): (String, Option<String>)| {
        let then = was.get(&operation)?;
        Some(match (then, now) {
            (then, now) if *then == now => return None,
            (Some(then), None) => {
                let what = format!("{operation} no longer requires {then}");
                (Direction::Broader, what)
            }
            (None, Some(now)) => (Direction::Narrower, format!("{operation} requires {now}")),
            (then, now) => {
                let [then, now] = [then.clone(), now].map(Option::unwrap_or_default);
                let what = format!("{operation} requires {now} instead of {then}");
                (Direction::Unknown, what)
            }
        })
    };
    is.into_iter().filter_map(one).collect()
}
