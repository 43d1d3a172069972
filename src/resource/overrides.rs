//! Overrides of generated output.

use std::borrow::Cow;

use super::schema::{Schema, is_meta_block, join, suggestion};
use super::{Map, RawValue};
use crate::ir::{Dialect, SourceLocation};

/// A change to the generated output that the model does not support. Applied last.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Override {
    /// The output language.
    pub dialect: Dialect,
    /// The part of the resource that the pointer is in.
    pub part: Part,
    /// A JSON pointer such as `/Tags/0/Value`.
    pub pointer: String,
    /// The change.
    pub change: Change,
    /// The location in the source.
    pub location: SourceLocation,
}

/// A part of a resource in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The properties in CloudFormation, and the arguments and blocks in Terraform.
    Properties,
    /// The attributes in CloudFormation, such as `CreationPolicy`.
    Attributes,
}

/// What an override does at its pointer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Sets the value, in JSON of the output language.
    Set(serde_json::Value),
    /// Appends an item to a list.
    Append(serde_json::Value),
    /// Adds a block in Terraform, after those of the same name.
    Block(serde_json::Value),
    /// Removes the value.
    Remove,
}

impl Override {
    /// Creates an override of a property or an argument.
    pub fn new(dialect: Dialect, pointer: impl Into<String>, change: Change) -> Override {
        Override {
            dialect,
            part: Part::Properties,
            pointer: pointer.into(),
            change,
            location: SourceLocation::Default,
        }
    }

    /// Sets the part of the resource. Default: the properties.
    #[must_use]
    pub fn part(self, part: Part) -> Override {
        Override { part, ..self }
    }

    /// Returns its location in the source, or another one.
    pub(crate) fn location_or<'a>(&'a self, other: &'a SourceLocation) -> &'a SourceLocation {
        match &self.location {
            SourceLocation::Default => other,
            own => own,
        }
    }

    /// Sets the location in the source. Default: unknown.
    #[must_use]
    pub fn at(self, location: SourceLocation) -> Override {
        Override { location, ..self }
    }
}

/// Attributes of resources in CloudFormation.
pub(crate) const ATTRIBUTES: [&str; 6] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "Metadata",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

/// Attributes with a schema for each type that has them.
pub(crate) const POLICIES: [&str; 2] = ["CreationPolicy", "UpdatePolicy"];

/// Returns the error for an attribute that is text in place of an object, or the reverse.
fn form_of_attribute(attribute: &str, value: &RawValue<'_>) -> Outcome {
    let is_map = attribute == "Metadata" || POLICIES.contains(&attribute);
    let json = match value {
        RawValue::Raw(json) => json.as_ref(),
        _ => return Ok(()),
    };
    let (fits, wanted) = match is_map {
        true => (json.is_object(), "an object"),
        false => (json.is_string(), "text"),
    };
    match fits {
        true => Ok(()),
        false => error(
            format!("`{attribute}` is {}, and accepts {wanted}", value.what()),
            format!("set `{attribute}` to {wanted}"),
        ),
    }
}

/// An override that does not apply, and why.
#[derive(Debug)]
pub(crate) struct OverrideError<'a> {
    pub(crate) change: &'a Override,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Applies the overrides of one part of a resource, and returns those that do not apply. Validation
/// reports them before output.
pub(crate) fn apply_overrides<'a>(
    map: &mut Map<'a>,
    overrides: &'a [Override],
    type_name: &str,
    (dialect, part): (Dialect, Part),
) -> Vec<OverrideError<'a>> {
    let own = |it: &&Override| it.dialect == dialect && it.part == part;
    let mut own = overrides.iter().filter(own).peekable();
    // Most resources have none: reading the schemas takes half the time of a synthesis.
    if own.peek().is_none() {
        return Vec::new();
    }
    let target = Target {
        type_name,
        schema: match part {
            Part::Properties => Schema::of(type_name, dialect),
            Part::Attributes => None,
        },
        dialect,
        part,
    };
    let failed = own.filter_map(|change| {
        let (message, help) = target.change(map, change).err()?;
        Some(OverrideError {
            change,
            message: format!("override `{}`: {message}", change.pointer),
            help,
        })
    });
    failed.collect()
}

type Outcome = Result<(), (String, String)>;

fn error(message: impl Into<String>, help: impl Into<String>) -> Outcome {
    Err((message.into(), help.into()))
}

fn empty_pointer() -> Outcome {
    error(
        "the pointer is empty",
        "use a JSON pointer such as `/Tags/0/Value`",
    )
}

struct Target<'t> {
    type_name: &'t str,
    schema: Option<Schema>,
    dialect: Dialect,
    part: Part,
}

/// Returns the pointer of a path of names.
fn pointer_of(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// Returns whether a part of a pointer is the index of a list.
fn is_index(key: &str) -> bool {
    key == "-" || !key.is_empty() && key.bytes().all(|it| it.is_ascii_digit())
}

/// Returns JSON of the user as a map or list that can be changed. Its leaves stay as they are.
fn opened(json: serde_json::Value) -> RawValue<'static> {
    match json {
        serde_json::Value::Array(items) => RawValue::List(items.into_iter().map(opened).collect()),
        serde_json::Value::Object(entries) => RawValue::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), opened(value)))
                .collect(),
        ),
        leaf => RawValue::Raw(Cow::Owned(leaf)),
    }
}

impl Target<'_> {
    fn change<'a>(&self, map: &mut Map<'a>, change: &'a Override) -> Outcome {
        let Some(keys) = change.pointer.strip_prefix('/') else {
            return error(
                "the pointer does not start with `/`",
                "use a JSON pointer such as `/Tags/0/Value`",
            );
        };
        let keys: Vec<String> = keys
            .split('/')
            .map(|key| key.replace("~1", "/").replace("~0", "~"))
            .collect();
        if let [first, rest @ ..] = keys.as_slice()
            && first == "Properties"
            && self.dialect == Dialect::Cfn
            && self.part == Part::Properties
            && self.schema.is_none_or(|it| it.names().get(first).is_none())
        {
            return error(
                "the pointer starts below `Properties`",
                format!("use `/{}`", rest.join("/")),
            );
        }
        self.in_map(map, &keys, "", &change.change)
    }

    /// Returns the error for an attribute that resources do not have, or that is of another form.
    fn check_attribute(&self, path: &str, value: Option<&RawValue<'_>>) -> Outcome {
        if self.part != Part::Attributes {
            return Ok(());
        }
        let (attribute, inside) = path.split_once('.').unwrap_or((path, ""));
        if attribute == "DependsOn" {
            return error("`DependsOn` is generated", "call `Scope::depends_on`");
        }
        if !ATTRIBUTES.contains(&attribute) {
            let message = format!("unknown attribute `{attribute}`");
            return error(message, suggestion(attribute, &ATTRIBUTES));
        }
        if let (Some(value), "") = (value, inside) {
            form_of_attribute(attribute, value)?;
        }
        if POLICIES.contains(&attribute) && Schema::of_policy(self.type_name, attribute).is_none() {
            let message = format!("`{attribute}` has no effect on `{}`", self.type_name);
            return error(message, "remove it");
        }
        Ok(())
    }

    fn is_block(&self, path: &str) -> bool {
        self.dialect == Dialect::Tf
            && (is_meta_block(path) || self.schema.is_some_and(|it| it.is_block(path)))
    }

    /// Returns the value in the output: an object is a block where the schema has one.
    fn value<'a>(&self, path: &str, json: &'a serde_json::Value, block: bool) -> RawValue<'a> {
        match json {
            serde_json::Value::Object(entries) if block || self.is_block(path) => {
                let inside = |key: &str| join(path, key);
                let entries = entries.iter().map(|(key, value)| {
                    let value = self.value(&inside(key), value, false);
                    (Cow::Borrowed(key.as_str()), value)
                });
                RawValue::Block(entries.collect())
            }
            serde_json::Value::Array(items)
                if self.is_block(path) && items.iter().all(serde_json::Value::is_object) =>
            {
                RawValue::List(items.iter().map(|it| self.value(path, it, true)).collect())
            }
            other => RawValue::Raw(Cow::Borrowed(other)),
        }
    }

    fn in_map<'a>(
        &self,
        map: &mut Map<'a>,
        keys: &[String],
        path: &str,
        change: &'a Change,
    ) -> Outcome {
        let Some((key, rest)) = keys.split_first() else {
            return empty_pointer();
        };
        let inside = join(path, key);
        if *change == Change::Remove && map.get(key).is_none() {
            // A wrong override before this one does not help.
            let exists = |key: &&str| {
                let error = self.schema.and_then(|it| it.check(&join(path, key)));
                error.is_none()
            };
            let present: Vec<&str> = map.iter().map(|(key, _)| key).filter(exists).collect();
            return error(
                format!("there is nothing to remove at `{inside}`"),
                suggestion(key, &present),
            );
        }
        self.check_attribute(&inside, None)?;
        if let (false, Some(term)) = (rest.is_empty(), map.get_mut(key)) {
            return self.in_term(term, rest, &inside, change);
        }
        if let Some(index) = rest.first().filter(|it| is_index(it)) {
            let pointer = pointer_of(&inside);
            let set = |by: &str| format!("set the list with `{by}(\"{pointer}\", json!([…]))`");
            let help = match (self.part, self.dialect) {
                (Part::Attributes, _) => set("cfn_attribute"),
                (Part::Properties, dialect) => format!(
                    "{}, or add an item with `{}(\"{pointer}\", …)`",
                    set(dialect.pick("cfn", "tf")),
                    dialect.pick("cfn_append", "tf_append")
                ),
            };
            let message = format!("there is no list `{inside}`, so it has no item `{index}`");
            return error(message, help);
        }
        if !rest.is_empty() {
            // An unknown nested value in Terraform is more often a block than a map.
            let is_block =
                self.dialect == Dialect::Tf && (self.schema.is_none() || self.is_block(&inside));
            let mut inner = match is_block {
                true => RawValue::Block(Map::default()),
                false => RawValue::Object(Map::default()),
            };
            self.in_term(&mut inner, rest, &inside, change)?;
            map.insert(key.clone(), inner);
            return Ok(());
        }
        match change {
            Change::Remove => drop(map.remove(key)),
            Change::Set(value) => {
                let was_block = matches!(map.get(key), Some(RawValue::Block(_)));
                let value = self.value(&inside, value, was_block);
                self.check_attribute(&inside, Some(&value))?;
                map.set(key.clone(), value);
            }
            Change::Append(value) => {
                let item = self.value(&inside, value, false);
                match map.get_mut(key) {
                    None => map.insert(key.clone(), RawValue::List(vec![item])),
                    Some(list) => append(list, item, &inside)?,
                }
            }
            Change::Block(value) => {
                if !value.is_object() {
                    return error(
                        format!("a block `{inside}` is a JSON object"),
                        "use `json!({ \"argument\": \"value\" })`",
                    );
                }
                // A block of a later version of the provider would have no form here.
                let unknown = self.schema.and_then(|it| it.check(&inside));
                if let Some(error) = unknown {
                    return Err((error.message.replacen("argument", "block", 1), error.help));
                }
                let block = self.value(&inside, value, true);
                match map.get_mut(key) {
                    None => map.insert(key.clone(), block),
                    Some(blocks) => append(blocks, block, &inside)?,
                }
            }
        }
        Ok(())
    }

    fn in_term<'a>(
        &self,
        term: &mut RawValue<'a>,
        keys: &[String],
        path: &str,
        change: &'a Change,
    ) -> Outcome {
        if let RawValue::Raw(json) = term {
            *term = opened(json.as_ref().clone());
        }
        match term {
            // A plan contains a list for a single block.
            RawValue::Block(map) if keys.len() > 1 && keys[0] == "0" => {
                self.in_map(map, &keys[1..], path, change)
            }
            RawValue::Object(map) | RawValue::Block(map) => self.in_map(map, keys, path, change),
            RawValue::Json(inner) | RawValue::Base64(inner) => {
                self.in_term(inner, keys, path, change)
            }
            RawValue::List(items) => self.in_list(items, keys, path, change),
            other => error(
                format!("`{path}` is {}, and has nothing inside", other.what()),
                format!("set all of `{path}`"),
            ),
        }
    }

    fn in_list<'a>(
        &self,
        items: &mut Vec<RawValue<'a>>,
        keys: &[String],
        path: &str,
        change: &'a Change,
    ) -> Outcome {
        let Some((key, rest)) = keys.split_first() else {
            return empty_pointer();
        };
        let count = items.len();
        let at = match key.as_str() {
            "-" => Some(count),
            key => key.parse().ok(),
        };
        let items_of = match count {
            0 => "the list is empty".to_owned(),
            1 => "the list has one item, of index 0".to_owned(),
            count => format!("the list has the indices 0 to {}", count - 1),
        };
        match (at, change) {
            (Some(at), _) if at < count && !rest.is_empty() => {
                self.in_term(&mut items[at], rest, path, change)
            }
            (Some(at), Change::Set(value)) if at <= count && rest.is_empty() => {
                let item = self.value(path, value, false);
                if at < count {
                    items[at] = item;
                } else {
                    items.push(item);
                }
                Ok(())
            }
            (Some(at), Change::Remove) if at < count => {
                items.remove(at);
                Ok(())
            }
            (Some(at), Change::Append(value)) if at < count => {
                let item = self.value(path, value, false);
                append(&mut items[at], item, path)
            }
            _ => error(
                format!("`{path}` has no item `{key}`; {items_of}"),
                "use an index of the list, or `-` to append",
            ),
        }
    }
}

fn append<'a>(list: &mut RawValue<'a>, item: RawValue<'a>, path: &str) -> Outcome {
    if let RawValue::Raw(json) = list
        && json.is_array()
    {
        *list = opened(json.as_ref().clone());
    }
    match list {
        RawValue::List(items) => items.push(item),
        RawValue::Block(_) if matches!(item, RawValue::Block(_)) => {
            let first = std::mem::replace(list, RawValue::List(Vec::new()));
            *list = RawValue::List(vec![first, item]);
        }
        other => {
            return error(
                format!("`{path}` is {}, not a list", other.what()),
                format!("set `{path}` instead"),
            );
        }
    }
    Ok(())
}
