//! Semantic comparison of two templates, by resource and property.
//!
//! Both sides are trees with text as scalars: `443` and `"443"`, JSON and YAML, short and long
//! forms are equal. A known parameter value or default replaces the parameter, so a changed value
//! appears where the template uses it.

mod access;
mod change_report;
mod configuration;
mod configured;
mod limit;
mod loss;
mod masking;
mod model;
mod plan;
mod references;
mod references_after_apply;
mod rename;
mod replace;
mod respelled;
mod secret;
mod templates;
mod update;
mod update_policy;
mod valuation;

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

#[cfg(test)]
use crate::frontend::cfn::Deployment;
#[cfg(test)]
use crate::frontend::tree::SyntaxError;

pub use access::{AccessChange, Direction};
#[cfg(feature = "deploy")]
pub(crate) use change_report::escape_text;
pub use change_report::{ChangeReport, Gate, SessionChange, Version};
pub use replace::{Replacement, ReplacementReason};

/// The name of the section with the collections of loops whose items are unknown.
const LOOPS: &str = "(loops)";

/// The attribute of a role outside the file, which stays without its attachments.
const OUTSIDE: &str = "(outside)";

/// A resource of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The type, such as `AWS::EC2::Instance`.
    pub(crate) kind: String,
    /// The properties.
    pub(crate) properties: Value,
    /// Other attributes, such as conditions, policies and dependencies.
    pub(crate) attributes: Map<String, Value>,
}

/// One side of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Side {
    /// The resources by logical ID, in the order of the template.
    pub(crate) resources: IndexMap<String, Entry>,
    /// All other sections, such as parameters, conditions and outputs.
    pub(crate) sections: IndexMap<String, Value>,
    /// The known parameter values.
    pub(crate) values: Vec<(String, String)>,
}

/// A changed property.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PropertyChange {
    /// The path, such as `MetadataOptions.HttpTokens` or `Tags[Name]`.
    pub path: String,
    /// The old value. `None` for a new property.
    pub old: Option<Value>,
    /// The new value. `None` for a removed property.
    pub new: Option<Value>,
}

/// A change of a resource or of an entry in another section.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// It is new.
    Added,
    /// It was removed.
    Removed,
    /// It has another type, and is therefore another resource.
    Retyped(String),
    /// Some properties changed.
    Changed(Vec<PropertyChange>),
    /// It replaces an equal resource with another ID.
    Renamed(String),
    /// It is the same resource with another address.
    Moved(String),
    /// Terraform removes it from the state, and does not destroy it.
    Forgotten,
}

/// A changed resource or entry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The section, such as `Resources`.
    pub section: String,
    /// The logical ID or name.
    pub id: String,
    /// The resource type, or empty text.
    pub kind: String,
    /// The change.
    pub change: Change,
    /// The reasons for a replacement.
    pub forced: Vec<Replacement>,
    /// What the update does in addition: sentences without a period.
    pub notes: Vec<String>,
}

impl Difference {
    fn new(section: &str, id: &str, kind: &str, change: Change) -> Difference {
        Difference {
            section: section.to_owned(),
            id: id.to_owned(),
            kind: kind.to_owned(),
            change,
            forced: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn resource(id: &str, kind: &str, change: Change) -> Difference {
        Difference::new("Resources", id, kind, change)
    }

    /// Returns whether the resource is certainly replaced.
    pub fn is_replaced(&self) -> bool {
        self.forced.iter().any(|it| it.reason.is_certain())
    }

    /// Returns whether the resource may be replaced.
    pub fn may_be_replaced(&self) -> bool {
        !self.forced.is_empty()
    }

    /// Returns whether the rules for its replacement are unknown.
    fn has_unknown_replacement(&self) -> bool {
        let unknown = |it: &Replacement| matches!(it.reason, ReplacementReason::Unknown(_));
        !self.forced.is_empty() && self.forced.iter().all(unknown)
    }
}

/// Reads a template with the defaults of its parameters.
#[cfg(test)]
pub(crate) fn read(text: &str, deployment: &Deployment) -> Result<Side, SyntaxError> {
    Ok(valuation::Source::read(text, deployment)?.side(&valuation::assumed()))
}

/// Compares two templates, and returns the differences: new and changed entries in the order of the
/// new template, then removed ones.
pub(crate) fn compare(old: &Side, new: &Side) -> Vec<Difference> {
    let mut out = Vec::new();
    for (id, entry) in &new.resources {
        let change = match old.resources.get(id) {
            None => Change::Added,
            Some(before) if before.kind != entry.kind => Change::Retyped(before.kind.clone()),
            Some(before) => {
                let mut changes = Vec::new();
                properties(&before.properties, &entry.properties, "", &mut changes);
                let attributes = [before, entry].map(|it| Value::Object(it.attributes.clone()));
                let [was, is] = attributes;
                let mut beside = Vec::new();
                properties(&was, &is, "", &mut beside);
                // Other attributes are in parentheses, to separate them from properties.
                changes.extend(beside.into_iter().map(|mut change| {
                    change.path = format!("({})", change.path);
                    change
                }));
                if changes.is_empty() {
                    continue;
                }
                Change::Changed(changes)
            }
        };
        out.push(Difference::resource(id, &entry.kind, change));
    }
    for (id, entry) in &old.resources {
        if !new.resources.contains_key(id) {
            out.push(Difference::resource(id, &entry.kind, Change::Removed));
        }
    }
    rename::find(old, new, &mut out);
    replace::mark(old, new, &mut out);
    // In the order of the new template, then removed entries.
    let at = |it: &Difference| new.resources.get_index_of(&it.id).unwrap_or(usize::MAX);
    out.sort_by_key(at);
    sections(old, new, &mut out);
    replace::mark_macros(old, new, &mut out);
    for (name, value) in &new.values {
        let known = old.values.iter().find(|(known, _)| known == name);
        if let Some((_, was)) = known.filter(|(_, was)| was != value) {
            let change = PropertyChange {
                path: "(value)".to_owned(),
                old: Some(was.as_str().into()),
                new: Some(value.as_str().into()),
            };
            let change = Change::Changed(vec![change]);
            out.push(Difference::new("Parameters", name, "", change));
        }
    }
    out
}

fn sections(old: &Side, new: &Side, out: &mut Vec<Difference>) {
    let empty = Value::Object(Map::new());
    let gone = old
        .sections
        .keys()
        .filter(|it| !new.sections.contains_key(*it));
    for section in new.sections.keys().chain(gone) {
        let [was, is] = [old, new].map(|it| it.sections.get(section).unwrap_or(&empty));
        let mut push = |id: &str, change| out.push(Difference::new(section, id, "", change));
        let (Value::Object(was), Value::Object(is)) = (was, is) else {
            if was != is {
                let mut changes = Vec::new();
                properties(was, is, "", &mut changes);
                push("", Change::Changed(changes));
            }
            continue;
        };
        for (id, value) in is {
            match was.get(id) {
                None => push(id, Change::Added),
                Some(before) if before != value => {
                    let mut changes = Vec::new();
                    properties(before, value, "", &mut changes);
                    push(id, Change::Changed(changes));
                }
                Some(_) => {}
            }
        }
        for id in was.keys().filter(|id| !is.contains_key(*id)) {
            push(id, Change::Removed);
        }
    }
}

/// Returns the items of a list by key, for types with a key, such as tags.
fn keyed(items: &[Value]) -> Option<IndexMap<&str, &Value>> {
    let pairs = items.iter().map(|item| {
        let item = item.as_object()?;
        let value = item.get("Value").filter(|_| item.len() == 2)?;
        Some((item.get("Key")?.as_str()?, value))
    });
    pairs.collect()
}

/// Properties that identify an item of a list.
const ITEM_KEYS: [&str; 14] = [
    "Name",
    "name",
    "Id",
    "Key",
    "PolicyName",
    "Sid",
    "DeviceName",
    "AttributeName",
    "IndexName",
    "ParameterKey",
    "ParameterName",
    "Namespace",
    "Field",
    "OptionName",
];

/// Returns the key of an item, such as the name of a container.
fn item_key(item: &Value) -> Option<&str> {
    let map = item.as_object()?;
    ITEM_KEYS.iter().find_map(|key| map.get(*key)?.as_str())
}

/// Returns items by their key, and none for a key of several items.
fn by_key<'v>(items: &[&'v Value]) -> IndexMap<&'v str, Option<&'v Value>> {
    let mut out = IndexMap::new();
    for item in items.iter().copied() {
        if let Some(key) = item_key(item) {
            let known = out.insert(key, Some(item));
            if known.is_some() {
                out.insert(key, None);
            }
        }
    }
    out
}

fn is_function(value: &Map<String, Value>) -> bool {
    let mut keys = value.keys();
    matches!((keys.next(), keys.next()), (Some(key), None) if key == "Ref" || key.starts_with("Fn::"))
}

fn properties(old: &Value, new: &Value, path: &str, out: &mut Vec<PropertyChange>) {
    if old == new {
        return;
    }
    let under = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    let whole = |old: Option<&Value>, new: Option<&Value>, path: String| PropertyChange {
        path,
        old: old.cloned(),
        new: new.cloned(),
    };
    match (old, new) {
        (Value::Object(was), Value::Object(is)) if !is_function(was) && !is_function(is) => {
            for (key, value) in is {
                match was.get(key) {
                    Some(before) => properties(before, value, &under(key), out),
                    None => out.push(whole(None, Some(value), under(key))),
                }
            }
            for (key, value) in was.iter().filter(|(key, _)| !is.contains_key(*key)) {
                out.push(whole(Some(value), None, under(key)));
            }
        }
        (Value::Array(was), Value::Array(is)) => {
            if let (Some(was), Some(is)) = (keyed(was), keyed(is)) {
                let at = |key: &str| format!("{path}[{key}]");
                for (key, value) in &is {
                    match was.get(key) {
                        Some(before) => properties(before, value, &at(key), out),
                        None => out.push(whole(None, Some(value), at(key))),
                    }
                }
                for (key, value) in was.iter().filter(|(key, _)| !is.contains_key(*key)) {
                    out.push(whole(Some(value), None, at(key)));
                }
                return;
            }
            // The order of equal items does not matter.
            let mut left: Vec<&Value> = was.iter().collect();
            let mut more = Vec::new();
            for item in is {
                match left.iter().position(|it| *it == item) {
                    Some(at) => drop(left.remove(at)),
                    None => more.push(item),
                }
            }
            // Items with the same key are one item.
            let (before, after) = (by_key(&left), by_key(&more));
            let mut shared = HashSet::new();
            for (key, is) in &after {
                if let (Some(was), Some(is)) = (before.get(key).copied().flatten(), is) {
                    properties(was, is, &format!("{path}[{key}]"), out);
                    shared.insert(*key);
                }
            }
            let remains = |it: &&Value| item_key(it).is_none_or(|key| !shared.contains(key));
            left.retain(remains);
            more.retain(remains);
            if left.is_empty() && more.is_empty() && !shared.is_empty() {
                return;
            }
            if left.is_empty() && more.is_empty() {
                out.push(whole(Some(old), Some(new), path.to_owned()));
            } else if left.len() == 1 && more.len() == 1 {
                properties(left[0], more[0], &format!("{path}[]"), out);
            } else {
                let item = || format!("{path}[]");
                out.extend(left.iter().map(|it| whole(Some(it), None, item())));
                out.extend(more.iter().map(|it| whole(None, Some(it), item())));
            }
        }
        _ => out.push(whole(Some(old), Some(new), path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(old: &str, new: &str) -> Vec<String> {
        let [old, new] = [old, new].map(|text| read(text, &Deployment::default()).unwrap());
        let shown = |it: &Option<Value>| it.as_ref().map_or("-".to_owned(), Value::to_string);
        compare(&old, &new)
            .iter()
            .flat_map(|it| match &it.change {
                Change::Changed(changes) => changes
                    .iter()
                    .map(|c| format!("{} {} {} {}", it.id, c.path, shown(&c.old), shown(&c.new)))
                    .collect(),
                other => vec![format!("{} {other:?}", it.id)],
            })
            .collect()
    }

    #[test]
    fn spelling_is_no_difference() {
        let json = r#"{"Resources":{"A":{"Type":"T","Properties":{"Port":443,"V":{"Ref":"B"}}}}}"#;
        let yaml = "Resources:\n  A:\n    Type: T\n    Properties: {V: !Ref B, Port: '443'}\n";
        assert!(differences(json, yaml).is_empty());
    }

    #[test]
    fn deployment_values_are_substituted() {
        let of = |value: &str| format!("Resources: {{A: {{Type: T, Properties: {{V: {value}}}}}}}");
        let (evaluated, literal) = (of("!Sub 'a.${AWS::Region}.b'"), of("a.eu-west-1.b"));
        let deployment = Deployment {
            region: crate::Region::find("eu-west-1"),
            ..Deployment::default()
        };
        let sides = [&evaluated, &literal].map(|text| read(text, &deployment).unwrap());
        assert!(compare(&sides[0], &sides[1]).is_empty());
        assert_eq!(differences(&evaluated, &literal).len(), 1);
    }

    #[test]
    fn properties_are_reported_one_by_one() {
        let old = "Resources: {A: {Type: T, Properties: {X: {Y: 1, Z: 2}, Tags: [{Key: k, Value: v}]}}, B: {Type: T}}";
        let new = "Resources: {A: {Type: T, DependsOn: C, Properties: {X: {Y: 1, Z: 3}, Tags: [{Key: l, Value: v}]}}, C: {Type: U}}";
        assert_eq!(
            differences(old, new),
            [
                "A X.Z \"2\" \"3\"",
                "A Tags[l] - \"v\"",
                "A Tags[k] \"v\" -",
                "A (DependsOn) - \"C\"",
                "C Added",
                "B Removed"
            ]
        );
    }

    #[test]
    fn a_parameter_with_another_value_is_a_difference_where_it_is_used() {
        let text = "Parameters: {P: {Type: String}}\nResources: {A: {Type: T, Properties: {X: !Ref P, Y: !Sub 'a-${P}'}}}";
        let [old, new] = ["1", "2"].map(|value| {
            let parameters = vec![("P".into(), value.into())];
            let deployment = Deployment {
                parameters,
                ..Deployment::default()
            };
            read(text, &deployment).unwrap()
        });
        let found = compare(&old, &new);
        assert!(
            matches!(&found[..], [one, value] if value.section == "Parameters" && matches!(&one.change, Change::Changed(it) if it.len() == 2))
        );
    }
}
