//! Terraform values of resources, for comparison.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Body, Item, Lower, Part, Tree};
use crate::ir::NodeId;
use crate::resource::Graph;

/// A resource as it would be in a module.
pub(crate) struct Lowered {
    /// The resource in the graph.
    pub(crate) node: NodeId,
    /// The type.
    pub(crate) kind: String,
    /// The name.
    pub(crate) name: String,
    /// The arguments, with expressions in `${}` and documents as objects.
    pub(crate) arguments: Value,
}

/// Meta-arguments, and an argument that repeats another.
const META: [&str; 5] = ["//", "count", "depends_on", "lifecycle", "volume_tags"];

/// Converts all resources of a graph that exist in Terraform.
pub(crate) fn resources(graph: &Graph) -> Vec<Lowered> {
    let Some(stack) = graph.stacks.first() else {
        return Vec::new();
    };
    let mut lower = Lower {
        graph,
        stack,
        links: None,
        data: BTreeSet::new(),
        stored: BTreeMap::new(),
        maps: BTreeSet::new(),
    };
    let mut out = Vec::new();
    for (id, node) in graph.nodes_of(stack) {
        let mut blocks = Vec::new();
        lower.resource(id, node, &mut blocks);
        for block in blocks {
            let mut labels = block.labels.iter().map(|it| it.clone().into_owned());
            let (Some(kind), Some(name)) = (labels.next(), labels.next()) else {
                continue;
            };
            out.push(Lowered {
                node: id,
                kind,
                name,
                arguments: body(&block.body, true),
            });
        }
    }
    out
}

fn body(it: &Body<'_>, top: bool) -> Value {
    let mut map = Map::new();
    for (key, item) in
        it.0.iter()
            .filter(|(key, _)| !top || !META.contains(&key.as_ref()))
    {
        let value = match item {
            Item::Argument(value) => tree(value),
            Item::Blocks(blocks) => blocks.iter().map(|it| body(it, false)).collect(),
            Item::Comments(_) => continue,
        };
        map.insert(key.clone().into_owned(), value);
    }
    Value::Object(map)
}

fn tree(it: &Tree<'_>) -> Value {
    match it {
        Tree::Null => Value::Null,
        Tree::Bool(value) => (*value).into(),
        Tree::Int(value) => (*value).into(),
        Tree::Str(text) => text.as_ref().into(),
        Tree::Expr(code) => format!("${{{code}}}").into(),
        Tree::Address(address) => address.as_str().into(),
        Tree::Addresses(pairs) => pairs.iter().cloned().collect(),
        Tree::Template(parts) => {
            let part = |it: &Part<'_>| match it {
                Part::Text(text) => text.clone().into_owned(),
                Part::Expr(code) => format!("${{{code}}}"),
            };
            parts.iter().map(part).collect::<String>().into()
        }
        Tree::List(items) => items.iter().map(tree).collect(),
        Tree::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| (key.clone().into_owned(), tree(value)));
            Value::Object(entries.collect())
        }
        Tree::Json(inner) | Tree::Base64(inner) => tree(inner),
        Tree::Raw(value) => value.clone().into_owned(),
    }
}
