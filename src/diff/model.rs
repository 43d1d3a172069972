//! Graphs that were read from either language, as sides of a comparison.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::rename::renamed;
use super::{Entry, Side};
use crate::back::cfn::value_of;
use crate::back::tf;
use crate::ir::{Graph, Node, terraform_name};
use crate::resource::{Dialect, RolePolicyAttachment, Term, Typed};

/// The expressions of a plan's configuration, by address without indices.
pub(crate) type Configured = IndexMap<String, Value>;

/// Takes out what a configuration does not set, in blocks too.
fn as_set(value: &mut Value, expressions: &Value) {
    match (value, expressions) {
        (Value::Object(map), Value::Object(set)) => {
            // An expression has these, and a block its arguments.
            if set.contains_key("references") || set.contains_key("constant_value") {
                return;
            }
            map.retain(|key, _| set.contains_key(key));
            for (key, inner) in map {
                as_set(inner, &set[key]);
            }
        }
        (Value::Array(items), Value::Array(blocks)) => {
            for (n, item) in items.iter_mut().enumerate() {
                if let Some(block) = blocks.get(n).or(blocks.first()) {
                    as_set(item, block);
                }
            }
        }
        _ => {}
    }
}

/// Whether a plan's configuration says what stands inside a resource; computed lists are read too.
fn is_set(graph: &Graph, node: &Node, configured: Option<&Configured>) -> bool {
    let Some((configured, origin)) = configured.zip(node.origin.as_ref()) else {
        return true;
    };
    let parent = origin.inside.and_then(|id| graph.node(id));
    let set = parent.and_then(|it| configured.get(&without_indices(it.shown())));
    let property = origin.places.first().map_or("", |(name, _)| name.as_str());
    // The rules that a rule resource holds are itself.
    set.is_none_or(|set| property == "type" || set.get(property).is_some())
}

fn entry(kind: &str, properties: Value) -> Entry {
    Entry {
        kind: kind.to_owned(),
        properties,
        attributes: Map::new(),
    }
}

/// Scalars as text, as a template's are read.
fn as_text(value: Value) -> Value {
    match value {
        Value::Bool(it) => it.to_string().into(),
        Value::Number(it) => it.to_string().into(),
        Value::Array(items) => items.into_iter().map(as_text).collect(),
        Value::Object(map) => {
            // Terraform writes empty text where nothing is set.
            let set = map.into_iter().filter(|(_, it)| *it != "");
            let entries = set.map(|(key, it)| (key, as_text(it)));
            Value::Object(entries.collect())
        }
        other => other,
    }
}

/// An address without the indices of `count` and `for_each`.
fn without_indices(address: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_u32;
    for c in address.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn is_inside(node: &Node) -> bool {
    node.origin.as_ref().is_some_and(|it| it.inside.is_some())
}

/// Who may do what, by CloudFormation's types and properties.
pub(crate) fn by_cfn(graph: &Graph, configured: Option<&Configured>) -> Side {
    let mut graph = graph.clone();
    for (_, node) in graph.nodes_mut() {
        node.cfn_id = node.shown().to_owned();
    }
    let mut side = Side::default();
    let there = |node: &Node| !node.is_absent() && is_set(&graph, node, configured);
    for (_, node) in graph.nodes().filter(|(_, node)| there(node)) {
        if let Some(kind) = node.resource.type_name(Dialect::Cfn) {
            let properties = value_of(&graph, Term::Object(node.resource.put(Dialect::Cfn)));
            let mut properties = as_text(properties);
            if kind == "AWS::EC2::SecurityGroup"
                && node.dialect() == Dialect::Tf
                && let Value::Object(map) = &mut properties
            {
                // Terraform takes EC2's own rule away; those that it has stand by themselves here.
                map.entry("SecurityGroupEgress")
                    .or_insert_with(|| Value::Array(Vec::new()));
            }
            side.resources
                .insert(node.shown().to_owned(), entry(kind, properties));
        }
    }
    // Managed policies are a property of the role there.
    for (_, node) in graph.nodes() {
        if RolePolicyAttachment::of(&node.resource).is_none() {
            continue;
        }
        let map = value_of(&graph, Term::Object(node.resource.put(Dialect::Tf)));
        let role = map.get("role").and_then(|it| it.get("Ref"));
        let role = role.and_then(Value::as_str);
        if let (Some(arn), Some(entry)) = (
            map.get("policy_arn"),
            role.and_then(|role| side.resources.get_mut(role)),
        ) && let Value::Object(properties) = &mut entry.properties
        {
            let arns = properties
                .entry("ManagedPolicyArns")
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(arns) = arns {
                arns.push(arn.clone());
            }
        }
    }
    side
}

/// What Terraform's resources are, by its types and arguments: a template's are those that would be
/// written for it, a plan's only say what its configuration says. With the name of each.
pub(crate) fn by_tf(
    graph: &Graph,
    configured: Option<&Configured>,
) -> (Side, IndexMap<String, String>) {
    let mut graph = graph.clone();
    for (_, node) in graph.nodes_mut() {
        node.tf_name = terraform_name(&without_indices(&node.tf_name));
    }
    let (mut side, mut names) = (Side::default(), IndexMap::new());
    for it in tf::resources(&graph) {
        let Some(node) = graph.node(it.node).filter(|node| !node.is_absent()) else {
            continue;
        };
        if it.kind.starts_with("data.") {
            continue;
        }
        let own = node.resource.type_name(Dialect::Tf) == Some(it.kind.as_str())
            && it.name == node.tf_name;
        let address = match own {
            true => node.shown().to_owned(),
            false => format!("{} ({})", node.shown(), it.kind),
        };
        let address = match side.resources.contains_key(&address) {
            true => format!("{address} {}", it.name),
            false => address,
        };
        let mut arguments = it.arguments;
        if !is_set(&graph, node, configured) {
            continue;
        }
        let set = configured.and_then(|all| all.get(&without_indices(node.shown())));
        if let (Some(set), false) = (set, is_inside(node)) {
            as_set(&mut arguments, set);
        }
        if !own || !is_inside(node) {
            names.insert(address.clone(), it.name);
        }
        side.resources.insert(address, entry(&it.kind, arguments));
    }
    // What only CloudFormation has.
    for (_, node) in graph.nodes().filter(|(_, node)| !node.is_absent()) {
        let only = node.resource.type_name(Dialect::Tf).is_none();
        if let (true, Some(kind)) = (only, node.resource.type_name(Dialect::Cfn)) {
            let properties = value_of(&graph, Term::Object(node.resource.put(Dialect::Cfn)));
            side.resources
                .insert(node.shown().to_owned(), entry(kind, properties));
        }
    }
    (side, names)
}

/// Pairs of addresses of the same resource: of the same type and name, or the same in all but the
/// name.
pub(crate) fn pairs(
    (old, old_names): (&Side, &IndexMap<String, String>),
    (new, new_names): (&Side, &IndexMap<String, String>),
) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut taken: Vec<&String> = Vec::new();
    for (was, before) in &old.resources {
        let name = old_names.get(was);
        let same = new.resources.iter().find(|(is, after)| {
            let same_name = name.is_some() && new_names.get(*is) == name;
            after.kind == before.kind && !taken.contains(is) && (*is == was || same_name)
        });
        if let Some((is, _)) = same {
            pairs.push((was.clone(), is.clone()));
            taken.push(is);
        }
    }
    for (was, before) in &old.resources {
        if pairs.iter().any(|(it, _)| it == was) {
            continue;
        }
        let same = new.resources.iter().find(|(is, after)| {
            after.kind == before.kind
                && after.properties == before.properties
                && !taken.contains(is)
        });
        if let Some((is, _)) = same {
            pairs.push((was.clone(), is.clone()));
            taken.push(is);
        }
    }
    pairs
}

/// The old side with the addresses that the new side has for the same resources.
pub(crate) fn aligned(old: Side, pairs: &[(String, String)]) -> Side {
    let mut out = Side {
        sections: old.sections,
        values: old.values,
        ..Side::default()
    };
    for (was, mut entry) in old.resources {
        entry.properties = renamed(&entry.properties, pairs);
        let is = pairs.iter().find(|(it, _)| *it == was);
        let is = is.map_or(was, |(_, is)| is.clone());
        out.resources.insert(is, entry);
    }
    out
}
