//! Overrides of generated output.

use std::borrow::Cow;

use super::{Map, RawValue};
use crate::ir::Dialect;

/// A change to the generated output that the model does not support. Applied last.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The output language.
    pub dialect: Dialect,
    /// A JSON pointer below the resource's properties or arguments, such as `/Tags/0/Value`.
    pub pointer: String,
    /// The value in JSON of the output language. `None` removes the property.
    pub value: Option<serde_json::Value>,
}

/// Applies the overrides of a resource for one language. Validation reports errors before output.
pub(crate) fn apply_overrides<'a>(
    map: &mut Map<'a>,
    overrides: &'a [Override],
    dialect: Dialect,
) -> Result<(), String> {
    for change in overrides.iter().filter(|it| it.dialect == dialect) {
        let pointer = &change.pointer;
        let keys = pointer
            .strip_prefix('/')
            .ok_or_else(|| format!("override pointer `{pointer}` does not start with `/`"))?;
        let keys: Vec<String> = keys
            .split('/')
            .map(|key| key.replace("~1", "/").replace("~0", "~"))
            .collect();
        apply(map, &keys, change.value.as_ref(), dialect)
            .ok_or_else(|| format!("override pointer `{pointer}` does not exist"))?;
    }
    Ok(())
}

fn apply<'a>(
    map: &mut Map<'a>,
    keys: &[String],
    value: Option<&'a serde_json::Value>,
    dialect: Dialect,
) -> Option<()> {
    let (key, rest) = keys.split_first()?;
    if rest.is_empty() {
        match (value, map.get_mut(key)) {
            (Some(value), Some(term)) => *term = RawValue::Raw(Cow::Borrowed(value)),
            (Some(value), None) => map.insert(key.clone(), RawValue::Raw(Cow::Borrowed(value))),
            (None, _) => drop(map.remove(key)),
        }
        return Some(());
    }
    if map.get(key).is_none() {
        // An unknown nested value in Terraform is more often a block than a map.
        let inner = match dialect {
            Dialect::Cfn => RawValue::Object(Map::default()),
            Dialect::Tf => RawValue::Block(Map::default()),
        };
        map.insert(key.clone(), inner);
    }
    descend(map.get_mut(key)?, rest, value, dialect)
}

fn descend<'a>(
    term: &mut RawValue<'a>,
    keys: &[String],
    value: Option<&'a serde_json::Value>,
    dialect: Dialect,
) -> Option<()> {
    match term {
        RawValue::Object(map) | RawValue::Block(map) => apply(map, keys, value, dialect),
        RawValue::Json(inner) | RawValue::Base64(inner) => descend(inner, keys, value, dialect),
        RawValue::List(items) => {
            let (key, rest) = keys.split_first()?;
            let at = if key == "-" {
                items.len()
            } else {
                key.parse().ok()?
            };
            match (rest.is_empty(), value, at < items.len()) {
                (true, Some(value), true) => items[at] = RawValue::Raw(Cow::Borrowed(value)),
                (true, Some(value), false) if at == items.len() => {
                    items.push(RawValue::Raw(Cow::Borrowed(value)));
                }
                (true, None, true) => drop(items.remove(at)),
                (false, _, true) => return descend(&mut items[at], rest, value, dialect),
                _ => return None,
            }
            Some(())
        }
        _ => None,
    }
}
