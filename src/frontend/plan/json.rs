//! The relevant parts of a plan file.

use serde_json::Value as Json;
use serde_json::value::RawValue as JsonText;

use crate::resource::{Map, RawValue};

/// The relevant parts of a plan file. Most of a file is the values before and after each change,
/// which the reader skips.
#[derive(serde::Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    planned_values: Option<&'a JsonText>,
    /// Only in a state.
    #[serde(borrow)]
    values: Option<&'a JsonText>,
    #[serde(borrow)]
    configuration: Option<&'a JsonText>,
    #[serde(borrow)]
    prior_state: Option<&'a JsonText>,
    #[serde(borrow)]
    variables: Option<&'a JsonText>,
    #[serde(default, borrow)]
    resource_changes: Vec<Change<'a>>,
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Change<'a> {
    #[serde(default)]
    address: String,
    /// The key of an object that an earlier apply replaced and did not destroy.
    deposed: Option<String>,
    #[serde(default, borrow)]
    change: Unknowns<'a>,
}

#[derive(Default, serde::Deserialize, serde::Serialize)]
struct Unknowns<'a> {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(borrow)]
    after_unknown: Option<&'a JsonText>,
}

/// Limits the memory for the values of a plan.
const MAX_VALUES: usize = 900_000;

/// Parses the relevant parts of a plan.
///
/// # Errors
///
/// The location and the message.
pub(crate) fn parse(text: &str) -> Result<Json, ((u32, u32), String)> {
    let wrong = |error: serde_json::Error| {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let at = (number(error.line()), number(error.column()));
        (at, format!("invalid plan JSON: {error}"))
    };
    let file: File<'_> = serde_json::from_str(text).map_err(wrong)?;
    let parts = [
        ("planned_values", file.planned_values.or(file.values)),
        ("configuration", file.configuration),
        ("prior_state", file.prior_state),
        ("variables", file.variables),
    ];
    let unknowns = file
        .resource_changes
        .iter()
        .map(|it| it.change.after_unknown);
    let values: usize = parts
        .iter()
        .map(|(_, raw)| *raw)
        .chain(unknowns)
        .flatten()
        .map(|raw| {
            raw.get()
                .bytes()
                .filter(|b| matches!(b, b',' | b':'))
                .count()
        })
        .sum();
    if values > MAX_VALUES {
        return Err((
            (1, 1),
            format!("the plan has more than {MAX_VALUES} values"),
        ));
    }
    let mut root = serde_json::Map::new();
    for (key, raw) in parts {
        if let Some(raw) = raw {
            root.insert(
                key.to_owned(),
                serde_json::from_str(raw.get()).map_err(wrong)?,
            );
        }
    }
    let changes = serde_json::to_value(file.resource_changes).map_err(wrong)?;
    root.insert("resource_changes".to_owned(), changes);
    Ok(Json::Object(root))
}

pub(crate) fn array(value: Option<&Json>) -> &[Json] {
    value.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// Returns whether a resource of a state is deposed: the next apply destroys it.
pub(super) fn is_deposed(resource: &Json) -> bool {
    resource.get("deposed_key").is_some_and(Json::is_string)
}

pub(super) fn index_text(index: &Json) -> Option<String> {
    match index {
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

pub(super) fn has_unknown(unknown: &Json) -> bool {
    match unknown {
        Json::Bool(value) => *value,
        Json::Array(items) => items.iter().any(has_unknown),
        Json::Object(map) => map.values().any(has_unknown),
        _ => false,
    }
}

/// Returns a known value; null means that the argument is not set.
pub(super) fn plain(value: &Json) -> RawValue<'static> {
    match value {
        Json::Array(items) => RawValue::List(
            items
                .iter()
                .filter(|item| !item.is_null())
                .map(plain)
                .collect(),
        ),
        Json::Object(entries) => {
            let mut map = Map::default();
            for (key, value) in entries {
                if !value.is_null() {
                    map.insert(key.clone(), plain(value));
                }
            }
            RawValue::Object(map)
        }
        other => RawValue::from(other.clone()),
    }
}
