//! Changes of tags that a policy tests.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::{Entry, Side};
use super::{AccessChange, Direction, name};

/// The condition keys that contain the key of a tag of a resource or of a role or user.
const TESTS: [&str; 2] = ["resourcetag/", "principaltag/"];

/// Collects the keys of tags that a text tests.
fn tested(text: &str, out: &mut BTreeSet<String>) {
    let lower = text.to_lowercase();
    for test in TESTS {
        for (at, _) in lower.match_indices(test) {
            let key = &lower[at + test.len()..];
            let end = key.find(['}', '"', ',']).unwrap_or(key.len());
            out.insert(key[..end].trim().to_owned());
        }
    }
}

/// Returns whether a text, such as that of a whole plan, tests a tag.
pub(in crate::diff) fn tests_tags(text: &str) -> bool {
    let text = text.to_lowercase();
    TESTS.iter().any(|it| text.contains(it))
}

fn walk(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => tested(text, out),
        Value::Array(items) => items.iter().for_each(|it| walk(it, out)),
        Value::Object(map) => {
            for (key, inner) in map {
                tested(key, out);
                walk(inner, out);
            }
        }
        _ => {}
    }
}

/// Returns the tags of a resource, by key.
fn tags(entry: &Entry) -> BTreeMap<String, String> {
    let of = entry
        .properties
        .get("Tags")
        .or(entry.properties.get("tags"));
    match of {
        Some(Value::Object(map)) => map
            .iter()
            .map(|(key, it)| (key.clone(), name(it)))
            .collect(),
        Some(Value::Array(items)) => {
            let tag = |it: &Value| {
                let key = it.get("Key").or(it.get("key"))?;
                let value = it.get("Value").or(it.get("value"))?;
                Some((name(key), name(value)))
            };
            items.iter().filter_map(tag).collect()
        }
        _ => BTreeMap::new(),
    }
}

/// Returns the changes of tags of existing resources that a policy of either version tests.
pub(super) fn changes(old: &Side, new: &Side) -> Vec<AccessChange> {
    let mut keys = BTreeSet::new();
    for entry in old.resources.values().chain(new.resources.values()) {
        walk(&entry.properties, &mut keys);
    }
    let mut out = Vec::new();
    if keys.is_empty() {
        return out;
    }
    for (id, entry) in &new.resources {
        let Some(before) = old.resources.get(id) else {
            continue;
        };
        let (was, is) = (tags(before), tags(entry));
        let all: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        let changed = all.into_iter().filter(|key| was.get(*key) != is.get(*key));
        // The keys of tags in conditions have no case.
        for key in changed.filter(|it| keys.contains(&it.to_lowercase())) {
            out.push(AccessChange {
                direction: Direction::Unknown,
                owner: id.clone(),
                what: format!("tag {key} changes, and a policy tests it"),
            });
        }
    }
    out
}
