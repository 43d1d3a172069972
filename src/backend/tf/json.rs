//! Terraform JSON of a module.
//!
//! See [JSON configuration syntax](https://developer.hashicorp.com/terraform/language/syntax/json).

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use super::hcl::{escape_template, expression};
use super::{Block, Body, Item, Part, Tree};
use crate::backend::json;

/// Blocks, grouped by type and labels.
#[derive(Default)]
struct Group<'a> {
    inner: IndexMap<&'a str, Group<'a>>,
    bodies: Vec<&'a Body<'a>>,
}

pub(super) fn print(blocks: &[Block<'_>]) -> String {
    let mut root = Group::default();
    for block in blocks {
        let mut group = root.inner.entry(block.of).or_default();
        for label in &block.labels {
            group = group.inner.entry(label).or_default();
        }
        group.bodies.push(&block.body);
    }
    json::print(&root)
}

/// Writes a single item without a list.
fn one_or_many<T: Serialize, S: Serializer>(items: &[T], to: S) -> Result<S::Ok, S::Error> {
    match items {
        [only] => only.serialize(to),
        many => to.collect_seq(many),
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.bodies.as_slice() {
            [] => to.collect_map(&self.inner),
            bodies => one_or_many(bodies, to),
        }
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, item)| (key, Entry(item))))
    }
}

/// An item of a body.
struct Entry<'a>(&'a Item<'a>);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Entry(Item::Argument(value)) => value.serialize(to),
            Entry(Item::Comments(lines)) => lines.serialize(to),
            Entry(Item::Blocks(blocks)) => one_or_many(blocks, to),
        }
    }
}

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Null => to.serialize_unit(),
            Tree::Bool(value) => to.serialize_bool(*value),
            Tree::Int(value) => to.serialize_i64(*value),
            Tree::Str(text) => to.serialize_str(&escape_template(text)),
            Tree::Expr(code) => to.collect_str(&format_args!("${{{code}}}")),
            Tree::Address(address) => to.serialize_str(address),
            Tree::Addresses(pairs) => to.collect_map(pairs.iter().map(|(key, it)| (key, it))),
            Tree::Template(parts) => to.serialize_str(&template(parts)),
            Tree::List(items) => to.collect_seq(items),
            Tree::Map(entries) => {
                let entries = entries.iter();
                to.collect_map(entries.map(|(key, value)| (escape_template(key), value)))
            }
            Tree::Json(inner) if is_plain(inner) => to.serialize_str(&json::compact(inner)),
            Tree::Json(_) | Tree::Base64(_) => {
                to.collect_str(&format_args!("${{{}}}", expression(self, 0)))
            }
            Tree::Raw(value) => value.serialize(to),
        }
    }
}

fn template(parts: &[Part<'_>]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(&escape_template(piece)),
            Part::Expr(code) => {
                text.push_str("${");
                text.push_str(code);
                text.push('}');
            }
        }
    }
    text
}

/// Returns whether JSON text can contain the expressions of a document: neither the code nor its
/// value requires escapes.
fn is_plain(document: &Tree<'_>) -> bool {
    let safe = |code: &str| {
        !code.starts_with("var.") && !code.contains(|c: char| "\"\\".contains(c) || c.is_control())
    };
    match document {
        Tree::Bool(_) | Tree::Int(_) | Tree::Str(_) => true,
        Tree::Expr(code) => safe(code),
        Tree::Template(parts) => parts.iter().all(|part| match part {
            Part::Expr(code) => safe(code),
            Part::Text(_) => true,
        }),
        Tree::List(items) => items.iter().all(is_plain),
        Tree::Map(entries) => entries.iter().all(|(_, value)| is_plain(value)),
        Tree::Null
        | Tree::Address(_)
        | Tree::Addresses(_)
        | Tree::Json(_)
        | Tree::Base64(_)
        | Tree::Raw(_) => false,
    }
}
