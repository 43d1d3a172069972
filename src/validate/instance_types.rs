//! Instance types that do not exist, or that the Region of a stack does not offer.

use crate::ir::{Diagnostic, Diagnostics, Dialect, Text, Value, nearest, quoted};
use crate::region::{Offer, Region, instance_types, offer};
use crate::resource::{Change, Graph, Node, Override, Part, Resource, is_arm64};

const CODE: &str = "instance-type";

/// Returns the finding about an instance type that no Region offers, or not the Region of the stack. What
/// can be new since the data was read is a warning: a family, or a type in a Region.
pub(crate) fn unoffered(name: &str, region: Option<&'static Region>) -> Option<Diagnostic> {
    let (is_error, message) = match (offer(name, region), region) {
        (Offer::Offered, _) | (Offer::Elsewhere, None) => return None,
        (Offer::Elsewhere, Some(region)) => {
            (false, format!("`{}` does not offer `{name}`", region.name))
        }
        (Offer::NoSize, _) => (true, format!("unknown instance type `{name}`")),
        (Offer::NoFamily, _) => (false, format!("unknown instance type `{name}`")),
    };
    let found = match is_error {
        true => Diagnostic::error(CODE, message),
        false => Diagnostic::warning(CODE, message),
    };
    let known: Vec<String> = instance_types(region).collect();
    let help = nearest(name, known.iter().map(String::as_str));
    let found = found.suppressible();
    Some(found.about(&["instance_type"]).help(help))
}

/// Reports the types of resources in both languages. Constructs report those of their settings.
pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    let is_changed =
        |node: &Node| !node.overrides.is_empty() || matches!(node.resource, Resource::Raw(_));
    let of_app = || graph.nodes().filter(|(_, node)| node.origin.is_none());
    let mut found: Vec<Diagnostic> = Vec::new();
    for (_, node) in of_app() {
        let own = types(&node.resource).into_iter();
        found.extend(own.filter_map(|name| finding(graph, node, name, None)));
    }
    if of_app().any(|(_, node)| is_changed(node)) {
        for &dialect in graph.languages() {
            let Some(printed) = graph.printed(dialect) else {
                continue;
            };
            for (id, node) in of_app().filter(|(_, node)| is_changed(node)) {
                let own = types(&node.resource);
                let other = printed
                    .node(id)
                    .map_or(Vec::new(), |it| types(&it.resource));
                let other = other.into_iter().filter(|it| !own.contains(it));
                for it in other.filter_map(|name| finding(graph, node, name, Some(dialect))) {
                    let same = |other: &&mut Diagnostic| {
                        (&other.message, &other.paths, &other.locations)
                            == (&it.message, &it.paths, &it.locations)
                    };
                    match found.iter_mut().find(same) {
                        Some(other) => other.only = None,
                        None => found.push(it),
                    }
                }
            }
        }
    }
    out.extend(found);
}

fn types(resource: &Resource) -> Vec<&Text> {
    let values: Vec<&Value<Text>> = match resource {
        Resource::Instance(it) => vec![&it.instance_type],
        Resource::LaunchTemplate(it) => it.instance_type.iter().collect(),
        Resource::LaunchConfiguration(it) => it.instance_type.iter().collect(),
        Resource::AutoScalingGroup(it) => {
            let all = it.mixed_overrides.iter();
            all.filter_map(|it| it.instance_type.as_ref()).collect()
        }
        _ => Vec::new(),
    };
    values.into_iter().filter_map(Value::lit).collect()
}

fn finding(graph: &Graph, node: &Node, name: &str, only: Option<Dialect>) -> Option<Diagnostic> {
    let is_covered = |it: &Diagnostic| {
        let mut paths = it.paths.iter();
        it.code == CODE && paths.any(|path| node.path.starts_with(path.as_str()))
    };
    let change = only.and_then(|it| setter(node, it, name));
    if change.is_none() && graph.diagnostics.iter().any(is_covered) {
        return None;
    }
    let region = graph.stacks().nth(node.stack().index());
    let region = region.and_then(|it| it.known_region());
    let mut found = match is_arm64(name) {
        // An instance reports its own.
        None if only.is_none() && matches!(node.resource, Resource::Instance(_)) => return None,
        None => {
            let message = format!("{} is not an instance type", quoted(name));
            Diagnostic::error(CODE, message).help("use a type such as `t3.micro` or `t4g.small`")
        }
        Some(_) => unoffered(name, region)?,
    };
    found.only = only;
    let location = change.map_or(&node.location, |it| it.location_or(&node.location));
    Some(found.path(node.path.clone()).at(location.clone()))
}

/// Returns the override that sets a type.
fn setter<'n>(node: &'n Node, dialect: Dialect, name: &str) -> Option<&'n Override> {
    let is_own = |it: &&Override| it.dialect == dialect && it.part == Part::Properties;
    let mut own = node.overrides.iter().rev().filter(is_own);
    own.find(|it| match &it.change {
        Change::Set(value) | Change::Append(value) | Change::Block(value) => contains(value, name),
        Change::Remove => false,
    })
}

fn contains(value: &serde_json::Value, text: &str) -> bool {
    match value {
        serde_json::Value::String(own) => own == text,
        serde_json::Value::Array(items) => items.iter().any(|it| contains(it, text)),
        serde_json::Value::Object(entries) => entries.values().any(|it| contains(it, text)),
        _ => false,
    }
}
