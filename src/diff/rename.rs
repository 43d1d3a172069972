//! Renamed resources.

use serde_json::Value;

use super::{Change, Difference, Entry, Side, properties};

/// Finds removed and new resources with equal properties, except for IDs and the tag `Name`. These
/// are renamed, and therefore replaced.
pub(crate) fn find(old: &Side, new: &Side, differences: &mut Vec<Difference>) {
    let ids = |expected: &Change| -> Vec<String> {
        let all = differences.iter();
        all.filter(|it| it.section == "Resources" && it.change == *expected)
            .map(|it| it.id.clone())
            .collect()
    };
    let (gone, mut added) = (ids(&Change::Removed), ids(&Change::Added));
    // Candidate pairs, guessed by type and position. They only help to compare references.
    let mut pairs: Vec<(String, String)> = Vec::new();
    // Exact matches first, so that similar resources do not use their partner.
    let exact = |was: &String| {
        let before = old.resources.get(was);
        let same = |is: &String| {
            let after = new.resources.get(is);
            before
                .zip(after)
                .is_some_and(|(a, b)| a.kind == b.kind && distance(a, b) == 0)
        };
        added.iter().any(same)
    };
    let (first, rest): (Vec<&String>, Vec<&String>) = gone.iter().partition(|it| exact(it));
    for was in first.into_iter().chain(rest) {
        let Some(before) = old.resources.get(was) else {
            continue;
        };
        let mut candidates: Vec<(usize, &String)> = added
            .iter()
            .filter_map(|is| {
                let after = new.resources.get(is)?;
                (after.kind == before.kind).then(|| (distance(before, after), is))
            })
            .collect();
        candidates.sort_by_key(|(distance, _)| *distance);
        if let Some(is) = candidates.first().map(|(_, is)| (*is).clone()) {
            added.retain(|it| *it != is);
            pairs.push((was.clone(), is));
        }
    }
    // A reference to a resource that is not a match is a difference.
    loop {
        let before = pairs.len();
        let known = pairs.clone();
        pairs.retain(|(was, is)| {
            let (Some(before), Some(after)) = (old.resources.get(was), new.resources.get(is))
            else {
                return false;
            };
            let mut changes = Vec::new();
            let named = renamed(&before.properties, &known);
            properties(&named, &after.properties, "", &mut changes);
            changes.retain(|it| it.path != "Tags[Name]" && it.path != "tags.Name");
            // Other attributes, such as a lost `DeletionPolicy`, are separate differences.
            let [was, is] = [before, after].map(|it| Value::Object(it.attributes.clone()));
            changes.is_empty() && renamed(&was, &known) == is
        });
        if pairs.len() == before {
            break;
        }
    }
    for (was, is) in &pairs {
        differences.retain(|it| it.id != *was || it.change != Change::Removed);
        for it in differences.iter_mut().filter(|it| it.id == *is) {
            it.change = Change::Renamed(was.clone());
        }
    }
}

/// Adds the resources that a plan only moves to another address.
pub(crate) fn add_moved(
    old: &Side,
    new: &Side,
    moved: &[(String, String)],
    differences: &mut Vec<Difference>,
) {
    for (from, to) in moved {
        let is_known = differences.iter().any(|it| it.id == *to);
        if let Some(entry) = new.resources.get(to)
            && old.resources.contains_key(from)
            && !is_known
        {
            let change = Change::Moved(from.clone());
            differences.push(Difference::resource(to, &entry.kind, change));
        }
    }
}

/// Returns the old and the new ID of each renamed resource.
pub(crate) fn pairs(differences: &[Difference]) -> Vec<(String, String)> {
    let renamed = differences.iter().filter_map(|it| match &it.change {
        Change::Renamed(was) => Some((was.clone(), it.id.clone())),
        _ => None,
    });
    renamed.collect()
}

/// Returns the number of top-level properties that differ.
fn distance(before: &Entry, after: &Entry) -> usize {
    let (Value::Object(was), Value::Object(is)) = (&before.properties, &after.properties) else {
        return usize::MAX;
    };
    let differing = is
        .iter()
        .filter(|(key, value)| was.get(*key) != Some(value));
    differing.count() + was.keys().filter(|key| !is.contains_key(*key)).count()
}

/// Returns a value with renamed IDs in its references.
pub(crate) fn renamed(value: &Value, pairs: &[(String, String)]) -> Value {
    let other = |id: &str| {
        let found = pairs.iter().find(|(was, _)| was == id);
        found.map_or_else(|| id.to_owned(), |(_, is)| is.clone())
    };
    match value {
        Value::Array(items) => items.iter().map(|it| renamed(it, pairs)).collect(),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, inner)| {
                let inner = match (key.as_str(), inner) {
                    ("Ref", Value::String(id)) => other(id).into(),
                    ("Fn::GetAtt", Value::String(path)) => match path.split_once('.') {
                        Some((id, rest)) => format!("{}.{rest}", other(id)).into(),
                        None => inner.clone(),
                    },
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        let mut parts = parts.clone();
                        if let Some(Value::String(id)) = parts.first_mut() {
                            *id = other(id);
                        }
                        Value::Array(parts)
                    }
                    ("Fn::Sub", Value::String(text)) => in_text(text, pairs).into(),
                    ("Fn::Sub", Value::Array(parts)) => {
                        let mut parts: Vec<Value> =
                            parts.iter().map(|it| renamed(it, pairs)).collect();
                        if let Some(Value::String(text)) = parts.first_mut() {
                            *text = in_text(text, pairs);
                        }
                        Value::Array(parts)
                    }
                    _ => renamed(inner, pairs),
                };
                (key.clone(), inner)
            });
            Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}

fn in_text(text: &str, pairs: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (was, is) in pairs {
        text = text.replace(&format!("${{{was}}}"), &format!("${{{is}}}"));
        text = text.replace(&format!("${{{was}."), &format!("${{{is}."));
    }
    text
}
