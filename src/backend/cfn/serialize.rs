//! JSON of a template.

use serde::{Serialize, Serializer};

use super::Tree;

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Bool(value) => to.serialize_bool(*value),
            Tree::Int(value) => to.serialize_i64(*value),
            Tree::Str(text) => to.serialize_str(text),
            Tree::List(items) => to.collect_seq(items),
            Tree::Map(entries) => to.collect_map(entries.iter().map(|(key, value)| (key, value))),
            Tree::Call(name, argument) => to.collect_map([(name, argument)]),
            Tree::Raw(value) => value.serialize(to),
        }
    }
}
