//! Graphs of either language as sides of a comparison.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::rename::renamed;
use super::replace::without_brackets;
use super::{Entry, OUTSIDE, Side};
use crate::backend::cfn::value_of;
use crate::backend::tf;
use crate::ir::{Dialect, terraform_name};
use crate::resource::{Graph, Node, RawValue, RolePolicyAttachment, Typed};

fn entry(kind: &str, properties: Value) -> Entry {
    Entry {
        kind: kind.to_owned(),
        properties,
        attributes: Map::new(),
    }
}

/// Converts scalars to text, as in a template.
fn as_text(value: Value) -> Value {
    match value {
        Value::Bool(it) => it.to_string().into(),
        Value::Number(it) => it.to_string().into(),
        Value::Array(items) => items.into_iter().map(as_text).collect(),
        Value::Object(map) => {
            // Terraform writes empty strings for unset values.
            let set = map.into_iter().filter(|(_, it)| *it != "");
            let entries = set.map(|(key, it)| (key, as_text(it)));
            Value::Object(entries.collect())
        }
        other => other,
    }
}

fn is_inside(node: &Node) -> bool {
    node.origin.as_ref().is_some_and(|it| it.parent.is_some())
}

/// Returns the access-related resources with CloudFormation types and properties.
pub(crate) fn by_cfn(graph: &Graph) -> Side {
    let mut graph = graph.clone();
    for (_, node) in graph.nodes_mut() {
        node.cfn_id = node.display_id().to_owned();
    }
    let mut side = Side::default();
    for (_, node) in graph.nodes().filter(|(_, node)| !node.is_absent()) {
        if let Some(kind) = node.resource.type_name(Dialect::Cfn) {
            let properties = value_of(&graph, RawValue::Object(node.resource.put(Dialect::Cfn)));
            let mut properties = as_text(properties);
            if kind == "AWS::EC2::SecurityGroup"
                && node.dialect() == Dialect::Tf
                && let Value::Object(map) = &mut properties
            {
                // Terraform removes EC2's default rule; in Terraform, all rules are separate.
                map.entry("SecurityGroupEgress")
                    .or_insert_with(|| Value::Array(Vec::new()));
            }
            side.resources
                .insert(node.display_id().to_owned(), entry(kind, properties));
        }
    }
    // In CloudFormation, managed policies are a property of the role.
    for (_, node) in graph.nodes() {
        if RolePolicyAttachment::of(&node.resource).is_none() {
            continue;
        }
        let map = value_of(&graph, RawValue::Object(node.resource.put(Dialect::Tf)));
        let role = match map.get("role") {
            // A role outside the file has its name.
            Some(Value::String(name)) => {
                let outside = || Entry {
                    attributes: Map::from_iter([(OUTSIDE.to_owned(), Value::Bool(true))]),
                    ..entry("AWS::IAM::Role", Value::Object(Map::new()))
                };
                side.resources.entry(name.clone()).or_insert_with(outside);
                Some(name.as_str())
            }
            role => role.and_then(|it| it.get("Ref")).and_then(Value::as_str),
        };
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

/// Returns the resources with Terraform types and arguments, and their display names. A template is
/// converted to Terraform first.
pub(crate) fn by_tf(graph: &Graph) -> (Side, IndexMap<String, String>) {
    let mut graph = graph.clone();
    for (_, node) in graph.nodes_mut() {
        node.tf_name = terraform_name(&without_brackets(&node.tf_name));
    }
    let (mut side, mut names) = (Side::default(), IndexMap::new());
    for it in tf::resources(&graph) {
        let Some(node) = graph.node(it.node).filter(|node| !node.is_absent()) else {
            continue;
        };
        if it.kind.starts_with("data.") || node.display_id().starts_with("data.") {
            continue;
        }
        let own = node.resource.type_name(Dialect::Tf) == Some(it.kind.as_str())
            && it.name == node.tf_name;
        let address = match own {
            true => node.display_id().to_owned(),
            false => format!("{} ({})", node.display_id(), it.kind),
        };
        let address = match side.resources.contains_key(&address) {
            true => format!("{address} {}", it.name),
            false => address,
        };
        if !own || !is_inside(node) {
            names.insert(address.clone(), it.name);
        }
        side.resources
            .insert(address, entry(&it.kind, it.arguments));
    }
    // Resources that exist only in CloudFormation.
    for (_, node) in graph.nodes().filter(|(_, node)| !node.is_absent()) {
        let only = node.resource.type_name(Dialect::Tf).is_none();
        if let (true, Some(kind)) = (only, node.resource.type_name(Dialect::Cfn)) {
            let properties = value_of(&graph, RawValue::Object(node.resource.put(Dialect::Cfn)));
            side.resources
                .insert(node.display_id().to_owned(), entry(kind, properties));
        }
    }
    (side, names)
}

/// Returns pairs of addresses of the same resource: equal type and name, or equal except for the
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

/// Returns the old side with the addresses of the new side.
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
