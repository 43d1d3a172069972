//! Arguments that two plans know only after apply: they differ if their references do.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Side;
use super::configuration::Configuration;
use super::plan::KNOWN_AFTER_APPLY;

fn has_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text == KNOWN_AFTER_APPLY,
        Value::Array(items) => items.iter().any(has_unknown),
        Value::Object(map) => map.values().any(has_unknown),
        _ => false,
    }
}

fn replace_unknown(value: &mut Value, text: &str) {
    match value {
        Value::String(it) if it == KNOWN_AFTER_APPLY => text.clone_into(it),
        Value::Array(items) => items.iter_mut().for_each(|it| replace_unknown(it, text)),
        Value::Object(map) => map.values_mut().for_each(|it| replace_unknown(it, text)),
        _ => {}
    }
}

/// Writes the references of arguments that both plans know only after apply, where they differ. `old` has the
/// addresses of `new`; `moved` has the addresses before and after.
pub(crate) fn shown(
    (old, new): (&mut Side, &mut Side),
    (then, now): (&Configuration<'_>, &Configuration<'_>),
    moved: &[(String, String)],
) {
    let renamed = |reference: String| {
        let of = |(was, is): &(String, String)| {
            let rest = reference.strip_prefix(was.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then(|| format!("{is}{rest}"))
        };
        moved.iter().find_map(of).unwrap_or(reference.clone())
    };
    for (id, entry) in &mut new.resources {
        let Some(before) = old.resources.get_mut(id) else {
            continue;
        };
        let (Value::Object(was), Value::Object(is)) =
            (&mut before.properties, &mut entry.properties)
        else {
            continue;
        };
        let from = moved.iter().find(|(_, is)| is == id);
        let from = from.map_or(id, |(was, _)| was);
        let hides = |it: &Map<String, Value>, key: &String| it.get(key).is_some_and(has_unknown);
        let hidden = is.keys().filter(|it| hides(was, it) && hides(is, it));
        let hidden: Vec<String> = hidden.cloned().collect();
        for key in &hidden {
            let (Some(referred), Some(refers)) =
                (then.references(from, key), now.references(id, key))
            else {
                continue;
            };
            let referred: BTreeSet<String> = referred.into_iter().map(renamed).collect();
            if referred == refers {
                continue;
            }
            for (side, names) in [(&mut *was, &referred), (&mut *is, &refers)] {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                if let (Some(value), false) = (side.get_mut(key), names.is_empty()) {
                    replace_unknown(value, &names.join(", "));
                }
            }
        }
    }
}
