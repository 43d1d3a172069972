//! Tags: a list of pairs in CloudFormation, and a map in Terraform.

use std::borrow::Cow;

use super::codec::{Mismatch, Prop, read_text};
use super::raw_value::{Map, RawValue};
use crate::ir::{Dialect, Expr, IntoValue, Text, Value};

/// Tags with unique keys in insertion order: a list of pairs in CloudFormation, a map in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags(Vec<(Text, Value<Text>)>);

impl Tags {
    /// Sets a tag. An existing key keeps its position.
    pub fn set(&mut self, key: impl IntoValue<Text>, value: impl IntoValue<Value<Text>>) {
        let (key, value) = (key.into_value(), value.into_value());
        // Text in an expression is a literal.
        let value = Value::from(Expr::from(value));
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some(entry) => entry.1 = value,
            None => self.0.push((key, value)),
        }
    }

    /// Sets all tags of `more`.
    pub fn merge(&mut self, more: &Tags) {
        merge_entries(&mut self.0, &more.0);
    }

    /// Returns the value of a tag.
    pub fn get(&self, key: &str) -> Option<&Value<Text>> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Iterates over the tags.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value<Text>)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Returns the number of tags.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Sets the entries of `more`. An existing key keeps its position.
pub(crate) fn merge_entries(own: &mut Vec<(Text, Value<Text>)>, more: &[(Text, Value<Text>)]) {
    for (key, value) in more {
        match own.iter_mut().find(|(name, _)| name == key) {
            Some(entry) => entry.1 = value.clone(),
            None => own.push((key.clone(), value.clone())),
        }
    }
}

impl<K: IntoValue<Text>, V: IntoValue<Value<Text>>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut tags = Tags::default();
        tags.extend(pairs);
        tags
    }
}

impl<K: IntoValue<Text>, V: IntoValue<Value<Text>>> Extend<(K, V)> for Tags {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            self.set(key, value);
        }
    }
}

impl IntoIterator for Tags {
    type Item = (Text, Value<Text>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Tags {
    type Item = (&'a Text, &'a Value<Text>);
    type IntoIter = std::iter::Map<
        std::slice::Iter<'a, (Text, Value<Text>)>,
        fn(&'a (Text, Value<Text>)) -> Self::Item,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

#[diagnostic::do_not_recommend]
impl<K: IntoValue<Text>, V: IntoValue<Value<Text>>, const N: usize> From<[(K, V); N]> for Tags {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

#[diagnostic::do_not_recommend]
impl<K: IntoValue<Text>, V: IntoValue<Value<Text>>> From<Vec<(K, V)>> for Tags {
    fn from(pairs: Vec<(K, V)>) -> Self {
        pairs.into_iter().collect()
    }
}

#[diagnostic::do_not_recommend]
impl From<&Tags> for Tags {
    fn from(tags: &Tags) -> Self {
        tags.clone()
    }
}

fn tag_list<'a>(tags: &'a Tags) -> RawValue<'a> {
    let pair = |(key, value): &'a (Text, Value<Text>)| {
        let mut map = Map::with_capacity(2);
        map.insert("Key", RawValue::Str(Cow::Borrowed(key.as_ref())));
        if let Some(value) = value.put(Dialect::Cfn) {
            map.insert("Value", value);
        }
        RawValue::Object(map)
    };
    RawValue::List(tags.0.iter().map(pair).collect())
}

fn take_tag_list(term: RawValue<'_>) -> Result<Tags, Mismatch> {
    let RawValue::List(items) = term else {
        return Err(Mismatch::expected("a list of tags", &term));
    };
    let mut tags = Tags::default();
    for item in items {
        let RawValue::Object(mut map) = item else {
            return Err(Mismatch::expected("a map with `Key` and `Value`", &item));
        };
        let key = map
            .remove_path("Key")
            .ok_or_else(|| Mismatch::missing("Key"))?;
        let value = map
            .remove_path("Value")
            .ok_or_else(|| Mismatch::missing("Value"))?;
        tags.set(read_text(&key)?, Value::<Text>::take(value, Dialect::Cfn)?);
    }
    Ok(tags)
}

impl Prop for Tags {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        if self.is_empty() {
            return None;
        }
        Some(match dialect {
            Dialect::Cfn => tag_list(self),
            Dialect::Tf => {
                let entry = |(key, value): &'_ (Text, Value<Text>)| {
                    let term = match value {
                        Value::Lit(text) => RawValue::Str(text.clone()),
                        Value::Expr(expr) => RawValue::Expr(Cow::Owned(expr.clone())),
                    };
                    (key.clone(), term)
                };
                RawValue::Object(self.0.iter().map(entry).collect())
            }
        })
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        match dialect {
            Dialect::Cfn => take_tag_list(term),
            Dialect::Tf => match term {
                RawValue::Object(map) => map
                    .into_iter()
                    .map(|(key, term)| Ok((key.into_owned(), Value::take(term, dialect)?)))
                    .collect(),
                other => Err(Mismatch::expected("a map of tags", &other)),
            },
        }
    }

    fn blank() -> Self {
        Tags::default()
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        (0..from.length())
            .map(|n| (format!("k{n}"), Value::<Text>::sample(from)))
            .collect()
    }
}

/// Tags of a launch template, which CloudFormation nests in `TagSpecifications`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaunchTemplateTags(pub Tags);

impl LaunchTemplateTags {
    /// Sets all tags of `more`.
    pub(crate) fn merge(&mut self, more: &LaunchTemplateTags) {
        self.0.merge(&more.0);
    }
}

impl Prop for LaunchTemplateTags {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        match dialect {
            Dialect::Tf => self.0.put(dialect),
            Dialect::Cfn if self.0.is_empty() => None,
            Dialect::Cfn => {
                let mut map = Map::with_capacity(2);
                map.insert("ResourceType", RawValue::str("launch-template"));
                map.insert("Tags", tag_list(&self.0));
                Some(RawValue::List(vec![RawValue::Object(map)]))
            }
        }
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        if dialect == Dialect::Tf {
            return Tags::take(term, dialect).map(LaunchTemplateTags);
        }
        let RawValue::List(items) = term else {
            return Err(Mismatch::expected("a list of tag specifications", &term));
        };
        let mut tags = Tags::default();
        for item in items {
            if let RawValue::Object(mut map) = item
                && let Some(list) = map.remove_path("Tags")
            {
                tags.merge(&take_tag_list(list)?);
            }
        }
        Ok(LaunchTemplateTags(tags))
    }

    fn blank() -> Self {
        LaunchTemplateTags::default()
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        LaunchTemplateTags(Tags::sample(from))
    }
}
