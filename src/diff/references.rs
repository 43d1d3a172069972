//! References of properties to other resources.

use std::collections::HashSet;

use serde_json::Value;

/// Returns whether a property refers to a replaced resource, or to the version of a changed one.
pub(super) fn refers_to(
    properties: &Value,
    property: &str,
    replaced: &HashSet<String>,
    changed: &HashSet<String>,
) -> bool {
    let (mut values, mut ids, mut of) = (Vec::new(), HashSet::new(), HashSet::new());
    within(properties, property, &mut values);
    for it in values {
        named(it, &mut ids);
        versions(it, &mut of);
    }
    !ids.is_disjoint(replaced) || !of.is_disjoint(changed)
}

/// Attributes whose value changes with their resource.
const VERSIONS: [&str; 2] = ["LatestVersionNumber", "DefaultVersionNumber"];

/// Collects the logical IDs whose version a value refers to.
pub(super) fn versions(value: &Value, out: &mut HashSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| versions(it, out)),
        Value::Object(map) => {
            for (key, inner) in map {
                let path = match (key.as_str(), inner) {
                    ("Fn::GetAtt", Value::String(path)) => path.split_once('.'),
                    ("Fn::GetAtt", Value::Array(parts)) => match parts.as_slice() {
                        [Value::String(id), Value::String(name)] => {
                            Some((id.as_str(), name.as_str()))
                        }
                        _ => None,
                    },
                    _ => None,
                };
                match path {
                    Some((id, name)) if VERSIONS.contains(&name) => drop(out.insert(id.to_owned())),
                    _ => versions(inner, out),
                }
            }
        }
        _ => {}
    }
}

/// Collects the logical IDs that a value refers to.
pub(super) fn named(value: &Value, out: &mut HashSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| named(it, out)),
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(id)) => drop(out.insert(id.clone())),
                    ("Fn::GetAtt", Value::String(path)) => {
                        let id = path.split('.').next().unwrap_or_default();
                        out.insert(id.to_owned());
                    }
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        let id = parts.first().and_then(Value::as_str);
                        out.extend(id.map(str::to_owned));
                    }
                    ("Fn::Sub", inner) => {
                        let text = match inner {
                            Value::Array(parts) => parts.first().and_then(Value::as_str),
                            other => other.as_str(),
                        };
                        for piece in text.unwrap_or_default().split("${").skip(1) {
                            let id = piece.split(['}', '.']).next().unwrap_or_default();
                            out.insert(id.to_owned());
                        }
                        named(inner, out);
                    }
                    _ => named(inner, out),
                }
            }
        }
        _ => {}
    }
}

pub(super) fn within<'a>(value: &'a Value, path: &str, out: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| within(it, path, out)),
        value if path.is_empty() => out.push(value),
        Value::Object(map) => {
            let (key, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(inner) = map.get(key) {
                match rest {
                    "" => out.push(inner),
                    rest => within(inner, rest, out),
                }
            }
        }
        _ => {}
    }
}
