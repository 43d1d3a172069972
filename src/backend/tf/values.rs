//! Terraform values of resources, for comparison and assertions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Body, Item, Lower, Part, Tree};
use crate::ir::{NodeId, Stack, StackId};
use crate::resource::Graph;
#[cfg(feature = "testing")]
use crate::resource::RawValue;
use crate::validate::Links;
#[cfg(feature = "testing")]
use crate::validate::Validated;

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
#[cfg(feature = "diff")]
const META: [&str; 5] = ["//", "count", "depends_on", "lifecycle", "volume_tags"];

/// The form of a body.
#[derive(Clone, Copy)]
enum Form {
    /// As a plan has it: without meta-arguments at the top, and with a list for the blocks of a name.
    #[cfg(feature = "diff")]
    Plan { is_top: bool },
    /// As Terraform JSON has it: a single block is an object.
    #[cfg(feature = "testing")]
    Json,
}

/// Converts all resources of a graph that exist in Terraform.
#[cfg(feature = "diff")]
pub(crate) fn resources(graph: &Graph) -> Vec<Lowered> {
    match graph.stacks.first() {
        Some(stack) => lowered(&mut lower(graph, stack, None), Form::Plan { is_top: true }),
        None => Vec::new(),
    }
}

/// Returns the resources, data sources and module calls that the module of a stack has.
#[cfg(feature = "testing")]
pub(crate) fn printed(validated: &Validated<'_>, here: StackId) -> Vec<Lowered> {
    match validated.graph().stacks.get(here.index()) {
        Some(stack) => {
            let links = Some((here, validated.links()));
            lowered(&mut lower(validated.graph(), stack, links), Form::Json)
        }
        None => Vec::new(),
    }
}

/// Returns a value as the module of a stack has it.
#[cfg(feature = "testing")]
pub(crate) fn value_in(validated: &Validated<'_>, here: StackId, of: RawValue<'static>) -> Value {
    let graph = validated.graph();
    let stack = graph.stacks.get(here.index());
    stack.map_or(Value::Null, |stack| {
        tree(&lower(graph, stack, Some((here, validated.links()))).term(of))
    })
}

fn lower<'g, 'l>(
    graph: &'g Graph,
    stack: &'g Stack,
    links: Option<(StackId, &'l Links)>,
) -> Lower<'g, 'l> {
    Lower {
        graph,
        stack,
        links,
        data: BTreeSet::new(),
        passes_copies: false,
        stored: BTreeMap::new(),
        maps: BTreeSet::new(),
    }
}

fn lowered(lower: &mut Lower<'_, '_>, form: Form) -> Vec<Lowered> {
    let mut out = Vec::new();
    for (id, node) in lower.graph.nodes_of(lower.stack) {
        let mut blocks = Vec::new();
        lower.resource(id, node, &mut blocks);
        for block in blocks {
            let mut labels = block.labels.iter().map(|it| it.clone().into_owned());
            let (kind, name) = match (form, block.of, labels.next(), labels.next()) {
                #[cfg(feature = "testing")]
                (Form::Json, "data", Some(kind), Some(name)) => (format!("data.{kind}"), name),
                #[cfg(feature = "testing")]
                (Form::Json, of, Some(name), None) => (of.to_owned(), name),
                (_, _, Some(kind), Some(name)) => (kind, name),
                _ => continue,
            };
            out.push(Lowered {
                node: id,
                kind,
                name,
                arguments: body(&block.body, form),
            });
        }
    }
    out
}

fn body(it: &Body<'_>, form: Form) -> Value {
    let inside = match form {
        #[cfg(feature = "diff")]
        Form::Plan { .. } => Form::Plan { is_top: false },
        #[cfg(feature = "testing")]
        Form::Json => Form::Json,
    };
    let mut map = Map::new();
    for (key, item) in &it.0 {
        let value = match (item, form) {
            #[cfg(feature = "diff")]
            (_, Form::Plan { is_top: true }) if META.contains(&key.as_ref()) => continue,
            (Item::Comments(_), _) => continue,
            (Item::Argument(value), _) => tree(value),
            #[cfg(feature = "testing")]
            (Item::Blocks(blocks), Form::Json) if blocks.len() == 1 => body(&blocks[0], inside),
            (Item::Blocks(blocks), _) => blocks.iter().map(|it| body(it, inside)).collect(),
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
