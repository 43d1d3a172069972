//! Names in assertions: one that does not exist would let an assertion pass.

use serde_json::Value;

use super::matcher::{Kind, Matcher};
use crate::ir::{Dialect, Expr, nearest, typo};
use crate::resource::schema::{self, SchemaError};
use crate::resource::{ATTRIBUTES, Map, POLICIES, RawValue, Schema};

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
    let hint = match Schema::of(type_name, dialect) {
        Some(_) => return None,
        None if schema::is_of_aws(type_name, dialect) => {
            let known = schema::types(dialect).map(|it| -> &str { it });
            nearest(type_name, known.chain(own))
        }
        // A type of another author, of which no table exists.
        None => format!("did you mean `{}`?", typo(type_name, own)?),
    };
    Some(format!("unknown resource type `{type_name}`; {hint}"))
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
    let schema = Schema::of(type_name, dialect)?;
    let mut names = names.iter();
    let error = names.find_map(|(name, inner)| match is_known(name) {
        true => unknown_inside(schema, name, inner),
        false => unknown_name(schema, name, inner),
    })?;
    let SchemaError { message, help, .. } = error;
    Some(format!("{message} of `{type_name}`; {help}"))
}

/// Returns the error for a part that no resource of a type has in CloudFormation. Parts are properties,
/// attributes beside them, and names inside them.
pub(super) fn unknown_part(
    type_name: &str,
    expected: &Matcher,
    printed: &[Value],
) -> Option<String> {
    const PARTS: [&str; 3] = ["DependsOn", "Properties", "Type"];
    let Kind::ObjectLike(parts) = &expected.0 else {
        return None;
    };
    parts.iter().find_map(|(name, inner)| match name.as_str() {
        "Properties" => {
            let printed = printed.iter().filter_map(|it| it.get(name).cloned());
            unknown_property(Dialect::Cfn, type_name, inner, &printed.collect::<Vec<_>>())
        }
        name if POLICIES.contains(&name) => match Schema::of_policy(type_name, name) {
            Some(schema) => {
                let error = unknown_inside(schema, "", &named(inner))?;
                Some(format!("in `{name}`, {}; {}", error.message, error.help))
            }
            None => Some(format!("`{name}` has no effect on `{type_name}`")),
        },
        name if PARTS.contains(&name) || ATTRIBUTES.contains(&name) => None,
        name => {
            let known = PARTS.into_iter().chain(ATTRIBUTES);
            let hint = nearest(name, known);
            Some(format!("unknown attribute `{name}` of a resource; {hint}"))
        }
    })
}

/// Returns the error for the first name at or below a path that the schema does not have.
fn unknown_name(schema: Schema, path: &str, inner: &RawValue<'_>) -> Option<SchemaError> {
    let own = schema.check(path);
    own.or_else(|| unknown_inside(schema, path, inner))
}

fn unknown_inside(schema: Schema, path: &str, inner: &RawValue<'_>) -> Option<SchemaError> {
    match inner {
        RawValue::Object(map) => map
            .iter()
            .find_map(|(name, it)| unknown_name(schema, &schema::join(path, name), it)),
        RawValue::List(items) => items.iter().find_map(|it| unknown_inside(schema, path, it)),
        _ => None,
    }
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
