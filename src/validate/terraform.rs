//! Values that services exclude, in Terraform. CloudFormation has its own rules for templates
//! (`template.rs`).

use super::{TEMPLATE_ERROR, literals, schemas};
use crate::ir::{Diagnostic, Diagnostics, Dialect, NodeId};
use crate::resource::schema;
use crate::resource::{
    Field, Graph, Node, Override, Part, RawValue, Resource, Schema, property_errors,
};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    // Without a template, no other check sees the values of the models.
    let is_only = graph.language() == Some(Dialect::Tf);
    let is_changed = |(_, node): &(NodeId, &Node)| {
        is_only
            || matches!(node.resource, Resource::Raw(_))
            || node.overrides.iter().any(changes_arguments)
    };
    if graph.nodes().any(|it| is_changed(&it))
        && let Some(printed) = graph.printed(Dialect::Tf)
    {
        for (id, node) in graph.nodes().filter(is_changed) {
            if let Some(other) = printed.node(id) {
                check_limits(graph, (id, node), &other.resource, is_only, out);
                check_ids(graph, node, &other.resource, out);
            }
        }
    }
}

fn changes_arguments(change: &Override) -> bool {
    change.dialect == Dialect::Tf && change.part == Part::Properties
}

/// Reports values of a modeled type that the service excludes. The provider's schema has no limits, so those of
/// CloudFormation apply to the same properties.
fn check_limits(
    graph: &Graph,
    (id, node): (NodeId, &Node),
    printed: &Resource,
    is_only: bool,
    out: &mut Diagnostics,
) {
    let Some(kind) = printed.kind().filter(|it| !it.tf.is_empty()) else {
        return;
    };
    let is_raw = node.resource.kind().is_none();
    let errors = |of: &Resource| {
        let map = of.put(Dialect::Cfn);
        // Terraform requires other arguments of a raw resource.
        match is_only && !is_raw {
            true => {
                let of = property_errors::Subject {
                    id: &node.path,
                    type_name: kind.cfn,
                    is_secret: &|_| false,
                    is_of_file: false,
                };
                property_errors::of_values(of, &map)
            }
            false => property_errors::of_limits(&node.path, kind.cfn, &map),
        }
    };
    let own = match node.resource.kind() {
        Some(_) if !is_only => errors(&node.resource),
        _ => Vec::new(),
    };
    let is_own = |reason: &str| own.iter().any(|it| it.reason == reason);
    let mut names = Vec::new();
    pairs(kind.fields, ("", ""), &mut names);
    let mut found = errors(printed);
    let arguments = node.evaluated(id, graph, Dialect::Tf);
    for (cfn, tf) in &names {
        // A model holds only integers.
        if let Some(RawValue::Raw(number)) = arguments.get_path(tf)
            && number.is_number()
        {
            let wrap = |inner, key: &str| {
                let entry = [(key.to_owned().into(), inner)];
                RawValue::Object(entry.into_iter().collect())
            };
            let number = RawValue::Raw(number.clone());
            if let RawValue::Object(map) = cfn.rsplit('.').fold(number, wrap) {
                found.extend(property_errors::of_limits(&node.path, kind.cfn, &map));
            }
        }
    }
    for error in found.iter().filter(|it| !is_own(&it.reason)) {
        let is_in = |(cfn, _): &&(String, String)| error.fix.contains(&format!("`{cfn}`"));
        let known = names.iter().find(is_in);
        let Some((cfn, tf)) = known.map_or_else(
            || is_only.then_some(("", "")),
            |(cfn, tf)| Some((cfn.as_str(), tf.as_str())),
        ) else {
            continue;
        };
        // The provider knows names of numbers, such as those of protocols.
        let schema = Schema::of(kind.tf, Dialect::Tf);
        let own = schema.and_then(|it| it.names().get(tf));
        if own.is_some_and(|it| it.form.is_text()) && error.reason.contains("not an integer") {
            continue;
        }
        let renamed = |text: &str| text.replace(&format!("`{cfn}`"), &format!("`{tf}`"));
        let mut changes = node.overrides.iter().rev();
        let change =
            changes.find(|it| changes_arguments(it) && schemas::is_inside(&it.pointer, tf));
        let (code, message) = match change {
            Some(it) => (
                "override",
                format!("override `{}`: {}", it.pointer, error.reason),
            ),
            None if node.resource.kind().is_some() => (TEMPLATE_ERROR, error.reason.clone()),
            None => ("raw-resource-property", error.reason.clone()),
        };
        let found = match error.is_certain {
            true => Diagnostic::error(code, renamed(&message)),
            false => Diagnostic::warning(code, renamed(&message)),
        };
        let location = change.map_or(&node.location, |it| it.location_or(&node.location));
        let found = found.suppressible();
        let found = found.path(node.path.clone()).at(location.clone());
        out.push(found.only(Dialect::Tf).help(renamed(&error.fix)));
    }
}

/// Reports invalid IDs and ARNs in overrides and raw arguments of a modeled type.
fn check_ids(graph: &Graph, node: &Node, printed: &Resource, out: &mut Diagnostics) {
    let is_raw = node.resource.kind().is_none();
    let stack = graph.stacks().nth(node.stack().index());
    let (Some(kind), Some(stack)) = (printed.kind(), stack) else {
        return;
    };
    if !is_raw && !node.overrides.iter().any(changes_arguments) {
        return;
    }
    let invalid = |of: &Resource| literals::invalid(&of.put(Dialect::Cfn), stack.region);
    let own = match is_raw {
        true => Vec::new(),
        false => invalid(&node.resource),
    };
    let mut names = Vec::new();
    pairs(kind.fields, ("", ""), &mut names);
    for it in invalid(printed) {
        if own.iter().any(|own| own.text == it.text) {
            continue;
        }
        let is_same = |(cfn, _): &&(String, String)| cfn.rsplit('.').next() == Some(&it.property);
        let tf = names
            .iter()
            .find(is_same)
            .map_or(&it.property, |(_, tf)| tf);
        // The schema has an error for text in place of a list.
        let form = format!("`{tf}` is text");
        if out
            .iter()
            .any(|it| it.paths.contains(&node.path) && it.message.contains(&form))
        {
            continue;
        }
        let (change, line) = node.cause_of(graph, Dialect::Tf, |value| it.is_in(value));
        let found = match change {
            Some(change) => it.of_override(change, tf),
            None => it.renamed(tf).only(Dialect::Tf),
        };
        out.push(found.path(node.path.clone()).at(line));
    }
}

/// Gathers the names of fields in both languages.
fn pairs(fields: &[Field], before: (&str, &str), found: &mut Vec<(String, String)>) {
    for it in fields
        .iter()
        .filter(|it| !it.cfn.is_empty() && !it.tf.is_empty())
    {
        let names = (
            schema::join(before.0, it.cfn),
            schema::join(before.1, it.tf),
        );
        if let Some(inside) = it.inside {
            pairs(inside.fields, (&names.0, &names.1), found);
        }
        found.push(names);
    }
}
