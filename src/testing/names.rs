//! Names in assertions: one that does not exist would let an assertion pass.

use serde_json::Value;

use super::matcher::{Kind, Matcher};
use crate::ir::{Dialect, Expr, nearest, typo};
use crate::resource::{KINDS, Map, RawValue, property_errors};

/// Returns the language of a type name, or the reason why it names no type.
pub(super) fn language_of(type_name: &str) -> Result<Dialect, String> {
    match (type_name.contains("::"), type_name.contains('_')) {
        (true, _) => Ok(Dialect::Cfn),
        (false, true) => Ok(Dialect::Tf),
        (false, false) if type_name == "module" => Ok(Dialect::Tf),
        (false, false) => Err(format!(
            "`{type_name}` is not a resource type; use a name such as `AWS::SQS::Queue` or \
             `aws_sqs_queue`"
        )),
    }
}

/// Returns the error for a type that does not exist. The app has `own` types, which validation checked.
pub(super) fn unknown_type(type_name: &str, dialect: Dialect, own: &[String]) -> Option<String> {
    if own.iter().any(|it| it == type_name) {
        return None;
    }
    let own = own.iter().map(String::as_str);
    let hint = match dialect {
        Dialect::Cfn if property_errors::is_type(type_name) => return None,
        Dialect::Cfn if type_name.starts_with("AWS::") => {
            let known = property_errors::types().map(|it| -> &str { it });
            nearest(type_name, known.chain(own))
        }
        // A type of another author, of which no table exists.
        Dialect::Cfn => did_you_mean(typo(type_name, own)?),
        Dialect::Tf => {
            let of_kinds = KINDS.iter().flat_map(|kind| {
                let satellites = kind.satellite_import_ids.iter().map(|it| it.0);
                satellites.chain([kind.tf]).filter(|it| !it.is_empty())
            });
            let known: Vec<&str> = of_kinds.chain(own).collect();
            if known.contains(&type_name) {
                return None;
            }
            did_you_mean(typo(type_name, known.into_iter())?)
        }
    };
    Some(format!("unknown resource type `{type_name}`; {hint}"))
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// Returns the error for a property that a type does not have, and none of its `printed` resources.
pub(super) fn unknown_property(
    dialect: Dialect,
    type_name: &str,
    expected: &Matcher,
    printed: &[Value],
) -> Option<String> {
    let RawValue::Object(names) = named(expected) else {
        return None;
    };
    let is_known = |name: &str| {
        let is_meta = dialect == Dialect::Tf && matches!(name, "count" | "depends_on");
        is_meta || printed.iter().any(|it| it.get(name).is_some())
    };
    let names = names.into_iter().filter(|(name, _)| !is_known(name));
    property_errors::unknown_name(type_name, dialect, &names.collect())
}

/// Returns the names of a matcher, without its values.
fn named(matcher: &Matcher) -> RawValue<'static> {
    let leaf = || RawValue::from(Expr::Absent);
    match &matcher.0 {
        Kind::ObjectLike(entries) => {
            let is_function = |it: &str| it == "Ref" || it.starts_with("Fn::");
            if entries.iter().any(|(key, _)| is_function(key)) {
                return leaf();
            }
            let mut map = Map::default();
            for (key, inner) in entries {
                map.set(key.clone(), named(inner));
            }
            RawValue::Object(map)
        }
        Kind::ArrayWith(items) => RawValue::List(items.iter().map(named).collect()),
        Kind::Not(inner) => named(inner),
        _ => leaf(),
    }
}
