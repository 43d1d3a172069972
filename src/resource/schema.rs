//! Names of the properties of the modeled types, from the schemas of both languages.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Map, RawValue};
use crate::ir::{Dialect, near};

/// Arguments that Terraform itself defines for every resource.
const META_ARGUMENTS: [&str; 2] = ["lifecycle", "provider"];

/// The arguments of the block `lifecycle`.
const LIFECYCLE: [&str; 6] = [
    "create_before_destroy",
    "ignore_changes",
    "postcondition",
    "precondition",
    "prevent_destroy",
    "replace_triggered_by",
];

type Types = HashMap<String, Vec<String>>;

#[derive(serde::Deserialize)]
struct Schemas {
    cloudformation: Types,
    terraform: Types,
    read_only: Types,
}

fn schemas() -> Option<&'static Schemas> {
    static SCHEMAS: OnceLock<Option<Schemas>> = OnceLock::new();
    // A test reads the file.
    let read = || serde_json::from_str(include_str!("schema_names.json")).ok();
    SCHEMAS.get_or_init(read).as_ref()
}

/// The properties of a type. Nested names have dots, and lists no index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    names: &'static [String],
    read_only: &'static [String],
    dialect: Dialect,
}

impl Schema {
    /// Returns the schema of a type, if the tables have the type.
    pub(crate) fn of(type_name: &str, dialect: Dialect) -> Option<Schema> {
        let all = schemas()?;
        let names = dialect
            .pick(&all.cloudformation, &all.terraform)
            .get(type_name)?;
        Some(Schema {
            names,
            read_only: all.read_only.get(type_name).map_or(&[], Vec::as_slice),
            dialect,
        })
    }

    /// Returns all names.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        self.names.iter().map(String::as_str)
    }

    /// Returns the names inside a property.
    pub(crate) fn children<'s>(self, path: &'s str) -> impl Iterator<Item = &'static str> + 's {
        self.names.iter().filter_map(move |name| {
            let inside = match path {
                "" => Some(name.as_str()),
                path => name.strip_prefix(path)?.strip_prefix('.'),
            };
            inside.filter(|name| !name.contains('.'))
        })
    }

    /// Returns whether a property is an object with a schema: in Terraform, a block.
    pub(crate) fn is_block(self, path: &str) -> bool {
        is_meta_block(path) && self.dialect == Dialect::Tf || self.children(path).next().is_some()
    }

    /// Returns the error for a property that the type does not have, or that AWS sets.
    pub(crate) fn check(self, path: &str) -> Option<(String, String)> {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        // Below a property without a schema, everything is allowed.
        if !parent.is_empty() && !self.is_block(parent) {
            return None;
        }
        if self.read_only.iter().any(|it| it == path) {
            let message = format!("`{path}` is set by AWS");
            return Some((message, "remove it".to_owned()));
        }
        let mut known: Vec<&str> = self.children(parent).collect();
        if self.dialect == Dialect::Tf {
            match parent {
                "" => known.extend(META_ARGUMENTS),
                "lifecycle" => known.extend(LIFECYCLE),
                _ if is_meta_block(parent) => return None,
                _ => {}
            }
        }
        if known.contains(&key) {
            return None;
        }
        let what = self.dialect.pick("property", "argument");
        Some((format!("unknown {what} `{path}`"), suggestion(key, &known)))
    }
}

impl Schema {
    /// Returns the error for a name in `ignore_changes` that is not an argument or an attribute.
    pub(crate) fn check_ignored(self, name: &str) -> Option<(String, String)> {
        let is_set_by_aws = self.read_only.iter().any(|it| it == name);
        let known: Vec<&str> = self.children("").collect();
        if is_set_by_aws || known.contains(&name) {
            return None;
        }
        let message = format!("unknown argument `{name}`");
        Some((message, suggestion(name, &known)))
    }

    /// Reports the path and the error of each property that the type does not have.
    pub(crate) fn check_names(
        self,
        map: &Map<'_>,
        path: &str,
        report: &mut dyn FnMut(&str, (String, String)),
    ) {
        for (key, value) in map.iter() {
            let name = match path {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            };
            if let Some(found) = self.check(&name) {
                report(&name, found);
                continue;
            }
            let items = match value {
                RawValue::List(items) => items.as_slice(),
                one => std::slice::from_ref(one),
            };
            for item in items {
                if let RawValue::Object(inner) | RawValue::Block(inner) = item {
                    self.check_names(inner, &name, report);
                }
            }
        }
    }
}

/// Returns whether a path is a block that Terraform itself defines.
pub(crate) fn is_meta_block(path: &str) -> bool {
    matches!(
        path,
        "lifecycle" | "lifecycle.precondition" | "lifecycle.postcondition"
    )
}

/// Returns the hint for an unknown name.
pub(crate) fn suggestion(name: &str, known: &[&str]) -> String {
    match near(name, known.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => crate::ir::nearest(name, known.iter().copied()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_type_does_not_have_are_errors_with_the_nearest_one() {
        let instance = Schema::of("AWS::EC2::Instance", Dialect::Cfn).unwrap();
        assert!(instance.check("CpuOptions").is_none());
        assert!(instance.check("CpuOptions.CoreCount").is_none());
        let (message, help) = instance.check("CpuOptions.CoreCunt").unwrap();
        assert_eq!(message, "unknown property `CpuOptions.CoreCunt`");
        assert_eq!(help, "did you mean `CoreCount`?");
        assert!(instance.check("PrivateIp").unwrap().0.contains("by AWS"));
        let instance = Schema::of("aws_instance", Dialect::Tf).unwrap();
        assert!(instance.is_block("credit_specification"));
        assert!(!instance.is_block("tags"));
        assert!(instance.check("tags.anything").is_none());
        assert!(instance.check("lifecycle.ignore_changes").is_none());
        assert!(instance.check("lifecycle.ignore_change").is_some());
        assert!(Schema::of("aws_sqs_queue", Dialect::Tf).is_none());
    }
}
