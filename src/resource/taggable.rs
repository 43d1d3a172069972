//! The properties that hold the tags of resources, from the schemas of both languages.

use std::borrow::Cow;

use super::{Map, RawValue, Schema};
use crate::ir::{Dialect, Text, Value};

/// The property of a type that holds its tags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagProperty {
    name: &'static str,
    /// Whether it is a list of pairs. If not, it is a map.
    is_list: bool,
}

/// A tag of a resource.
pub(crate) type Tag<'a> = (&'a Text, &'a Value<Text>);

impl TagProperty {
    /// Returns the property of a type, if its schema has one.
    pub(crate) fn of(type_name: &str, dialect: Dialect) -> Option<TagProperty> {
        let found = Schema::of(type_name, dialect)?.tag_property()?;
        Some(TagProperty {
            name: found.name,
            is_list: found.form.is_list(),
        })
    }

    /// Returns the property of a type whose schema is unknown.
    pub(crate) fn usual(dialect: Dialect) -> TagProperty {
        TagProperty {
            name: dialect.pick("Tags", "tags"),
            is_list: dialect == Dialect::Cfn,
        }
    }

    /// Returns the tags in the property with their keys, or `None` if it has another form.
    fn entries<'m, 'a>(
        self,
        property: &'m RawValue<'a>,
    ) -> Option<Vec<(&'m str, &'m RawValue<'a>)>> {
        let pair = |item: &'m RawValue<'a>| match item {
            RawValue::Object(pair) => Some((pair.get("Key")?.as_str()?, pair.get("Value")?)),
            _ => None,
        };
        match property {
            RawValue::List(items) if self.is_list => Some(items.iter().filter_map(pair).collect()),
            RawValue::Object(map) if !self.is_list => Some(map.iter().collect()),
            _ => None,
        }
    }

    /// Adds tags to the property, which keeps its own. A property of another form stays as it is.
    pub(crate) fn add<'a>(self, map: &mut Map<'a>, tags: impl Iterator<Item = Tag<'a>>) {
        let (is_new, known): (bool, Vec<String>) = match map.get(self.name) {
            None => (true, Vec::new()),
            Some(property) => match self.entries(property) {
                Some(known) => (false, known.iter().map(|it| it.0.to_owned()).collect()),
                None => return,
            },
        };
        let mut tags = tags.filter(|(key, _)| !known.iter().any(|it| **it == ***key));
        let mut tags = tags.by_ref().peekable();
        if is_new && tags.peek().is_some() {
            let empty = match self.is_list {
                true => RawValue::List(Vec::new()),
                false => RawValue::Object(Map::default()),
            };
            map.insert(self.name, empty);
        }
        for (key, value) in tags {
            let key = Cow::Borrowed(key.as_ref());
            match map.get_mut(self.name) {
                Some(RawValue::List(items)) => {
                    let pair = [("Key", RawValue::Str(key)), ("Value", text(value))];
                    let pair = pair.into_iter().map(|(name, it)| (name.into(), it));
                    items.push(RawValue::Object(pair.collect()));
                }
                Some(RawValue::Object(entries)) => entries.insert(key, text(value)),
                _ => {}
            }
        }
    }

    /// Returns the error for tags that the property of `map` does not accept: it has another value for one
    /// of the resource, or another form.
    pub(crate) fn conflict<'a>(
        self,
        map: &Map<'_>,
        tags: impl Iterator<Item = Tag<'a>>,
        is_own: impl Fn(&str) -> bool,
    ) -> Option<(String, &'static str)> {
        let property = map.get(self.name)?;
        let mut tags = tags.peekable();
        let Some(known) = self.entries(property) else {
            let (first, _) = tags.peek()?;
            let (name, what) = (self.name, property.what());
            let form = match self.is_list {
                true => "a list of pairs",
                false => "a map",
            };
            let message =
                format!("cannot add tag `{first}` to `{name}`: it is {what}, and tags are {form}");
            return Some((message, "set all tags with `.tags(…)`"));
        };
        let differs = |(key, value): &Tag<'_>| {
            let mut known = known.iter();
            is_own(key) && known.any(|(own, other)| *own == key.as_ref() && **other != text(value))
        };
        let (key, _) = tags.find(differs)?;
        let message = format!(
            "`{}` and `.tags(…)` have different values for tag `{key}`",
            self.name
        );
        Some((message, "set the tag once"))
    }
}

/// Returns the path of a list of tags that has a key twice, and the key. Lists of other names can be filters, in
/// which a key has several values.
pub(crate) fn duplicate_tag(
    map: &Map<'_>,
    (type_name, dialect): (&str, Dialect),
) -> Option<(String, String)> {
    let own = TagProperty::of(type_name, dialect).map_or("", |it| it.name);
    duplicate_below(map, own)
}

fn duplicate_below(map: &Map<'_>, own: &str) -> Option<(String, String)> {
    map.iter().find_map(|(name, value)| {
        if (matches!(name, "Tags" | "tags" | "tag") || name == own)
            && let Some(key) = duplicate_in(value)
        {
            return Some((name.to_owned(), key));
        }
        let (path, key) = duplicate_inside(value, own)?;
        Some((format!("{name}.{path}"), key))
    })
}

fn duplicate_inside(value: &RawValue<'_>, own: &str) -> Option<(String, String)> {
    match value {
        RawValue::Object(map) | RawValue::Block(map) => duplicate_below(map, own),
        RawValue::List(items) => items.iter().find_map(|it| duplicate_inside(it, own)),
        RawValue::Raw(json) if json.is_array() || json.is_object() => {
            duplicate_inside(&RawValue::from(json.as_ref().clone()), own)
        }
        _ => None,
    }
}

/// Returns the key that a list of pairs has twice.
fn duplicate_in(value: &RawValue<'_>) -> Option<String> {
    let items = match value {
        RawValue::List(items) => items,
        RawValue::Raw(json) if json.is_array() => {
            return duplicate_in(&RawValue::from(json.as_ref().clone()));
        }
        _ => return None,
    };
    let key = |item: &RawValue<'_>| match item {
        RawValue::Object(pair) | RawValue::Block(pair) => {
            let key = pair.get("Key").or_else(|| pair.get("key"));
            key?.as_str().map(str::to_owned)
        }
        RawValue::Raw(json) => {
            let key = json.get("Key").or_else(|| json.get("key"));
            key?.as_str().map(str::to_owned)
        }
        _ => None,
    };
    let mut known: Vec<String> = Vec::new();
    for key in items.iter().filter_map(key) {
        if known.contains(&key) {
            return Some(key);
        }
        known.push(key);
    }
    None
}

fn text(value: &Value<Text>) -> RawValue<'_> {
    match value {
        Value::Lit(text) => RawValue::Str(Cow::Borrowed(text.as_ref())),
        Value::Expr(expr) => RawValue::Expr(Cow::Borrowed(expr)),
    }
}
