//! Properties that cannot affect a session, and how the check treats every other one.

use super::raw_value::{Map, RawValue};
use crate::ir::{Dialect, Expr};

/// The number of occurrences of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurs {
    /// Exactly one.
    Required,
    /// At most one.
    Optional,
    /// Any number.
    Many,
}

/// A property in a resource table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The name in Rust.
    pub name: &'static str,
    /// The documentation, with its line breaks.
    pub doc: &'static str,
    /// The type in Rust.
    pub rust: &'static str,
    /// The number of occurrences.
    pub occurs: Occurs,
    /// The name in CloudFormation, with dots for nested properties. Empty if it has none.
    pub cfn: &'static str,
    /// The name in Terraform. Empty if it has none.
    pub tf: &'static str,
    /// The table of its value, if that has one.
    pub inside: Option<Inside>,
}

/// The table of a nested object.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Inside {
    /// The properties.
    pub fields: &'static [Field],
    /// The properties that cannot affect a session.
    pub inert: &'static [Inert],
}

/// A property that cannot affect a session. Every other property without a field, if a file sets it,
/// makes the hops that use the resource unknown.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Inert {
    /// The name in CloudFormation, with dots for nested properties. Empty if it has none. Includes
    /// the properties inside. After `=`: only these values, separated by `|`, cannot affect it.
    pub cfn: &'static str,
    /// The name in Terraform, in the same form. Empty if it has none.
    pub tf: &'static str,
    /// Why it cannot affect a session: some words.
    pub reason: &'static str,
}

/// Properties of many types that cannot affect a session.
const INERT: &[Inert] = &[
    Inert::new("Tags", "tags", "labels"),
    Inert::new("", "tags_all", "labels"),
    Inert::new("", "timeouts", "only the provider waits"),
    Inert::new("", "id", "AWS sets it"),
    Inert::new("", "arn", "AWS sets it"),
    Inert::new("", "owner_id", "AWS sets it"),
    Inert::new("", "region", "the reader of plans compares it"),
];

impl Inert {
    #[doc(hidden)]
    pub const fn new(cfn: &'static str, tf: &'static str, reason: &'static str) -> Inert {
        Inert { cfn, tf, reason }
    }

    /// Returns the name in a language, and the values to which it is limited.
    fn own(&self, dialect: Dialect) -> (&'static str, Option<&'static str>) {
        let own = dialect.pick(self.cfn, self.tf);
        own.split_once('=')
            .map_or((own, None), |(name, values)| (name, Some(values)))
    }

    /// Returns whether a property has this name, or is inside one that has.
    fn names(&self, name: &str, dialect: Dialect) -> bool {
        let (own, _) = self.own(dialect);
        let rest = (!own.is_empty()).then(|| name.strip_prefix(own)).flatten();
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// How the reachability check treats a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// The model has it.
    Modeled,
    /// It cannot affect a session.
    Inert {
        /// Why not: some words.
        reason: &'static str,
        /// The only values that cannot affect a session, separated by `|`. Default: all.
        values: Option<&'static str>,
    },
    /// If a file sets it, the hops that use the resource are unknown.
    Unmodeled,
}

impl Inside {
    pub(crate) fn coverage(&self, name: &str, dialect: Dialect) -> Coverage {
        if let Some(inert) = self
            .inert
            .iter()
            .chain(INERT)
            .find(|it| it.names(name, dialect))
        {
            let (_, values) = inert.own(dialect);
            return Coverage::Inert {
                reason: inert.reason,
                values,
            };
        }
        let of_field = |field: &Field| {
            let own = dialect.pick(field.cfn, field.tf);
            if own.is_empty() {
                return None;
            }
            if own == name || own.strip_prefix(name).is_some_and(|it| it.starts_with('.')) {
                return Some(Coverage::Modeled);
            }
            let inside = name.strip_prefix(own)?.strip_prefix('.')?;
            Some(match &field.inside {
                Some(table) => table.coverage(inside, dialect),
                None => Coverage::Modeled,
            })
        };
        self.fields
            .iter()
            .find_map(of_field)
            .unwrap_or(Coverage::Unmodeled)
    }
}

pub(crate) const NOT_MODELED: &str = "not modeled";

/// Returns the properties of a map that a file sets and that are not inert, with dots for nested ones.
pub(crate) fn unmodeled_properties(
    map: &Map<'_>,
    inert: &[Inert],
    dialect: Dialect,
) -> Vec<String> {
    let mut found = Vec::new();
    collect_unmodeled(
        map,
        "",
        &|name, term| is_inert(inert, name, Some(term), dialect),
        dialect,
        &mut found,
    );
    found
}

/// Returns whether a property is inert, or inside one that is.
pub(crate) fn is_inert(
    inert: &[Inert],
    name: &str,
    value: Option<&RawValue<'_>>,
    dialect: Dialect,
) -> bool {
    let is_one_of = |values: &str| {
        let text = match value {
            Some(RawValue::Str(text)) => text.to_string(),
            Some(RawValue::Int(number)) => number.to_string(),
            Some(RawValue::Bool(value)) => value.to_string(),
            _ => return false,
        };
        values.split('|').any(|it| it == text)
    };
    inert
        .iter()
        .chain(INERT)
        .filter(|it| it.names(name, dialect))
        .any(|it| it.own(dialect).1.is_none_or(is_one_of))
}

fn collect_unmodeled(
    map: &Map<'_>,
    before: &str,
    is_inert: &dyn Fn(&str, &RawValue<'_>) -> bool,
    dialect: Dialect,
    found: &mut Vec<String>,
) {
    for (key, term) in map.iter() {
        let name = format!("{before}{key}");
        if is_inert(&name, term) || is_unset(term, dialect) {
            continue;
        }
        let inside = format!("{name}.");
        match term {
            RawValue::Object(inner) | RawValue::Block(inner) => {
                collect_unmodeled(inner, &inside, is_inert, dialect, found);
            }
            RawValue::List(items) => {
                let mut leaf = false;
                for item in items {
                    match item {
                        RawValue::Object(inner) | RawValue::Block(inner) => {
                            collect_unmodeled(inner, &inside, is_inert, dialect, found);
                        }
                        _ => leaf = true,
                    }
                }
                if leaf {
                    found.push(name);
                }
            }
            _ => found.push(name),
        }
    }
    found.dedup();
}

/// Returns whether a value is that of a property that is not set. A plan contains such values.
fn is_unset(term: &RawValue<'_>, dialect: Dialect) -> bool {
    match term {
        RawValue::List(items) => items.iter().all(|it| is_unset(it, dialect)),
        RawValue::Object(map) | RawValue::Block(map) => {
            map.iter().all(|(_, it)| is_unset(it, dialect))
        }
        RawValue::Expr(expr) => matches!(expr.as_ref(), Expr::Absent),
        RawValue::Str(text) => dialect == Dialect::Tf && matches!(text.as_ref(), "" | "false"),
        RawValue::Bool(value) => dialect == Dialect::Tf && !value,
        RawValue::Int(value) => dialect == Dialect::Tf && *value == 0,
        _ => false,
    }
}
