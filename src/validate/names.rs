//! Duplicate names.

use std::collections::{HashMap, HashSet};

use super::Links;
use crate::ir::{Diagnostic, Diagnostics, Dialect, SourceLocation, Stack, StackId, terraform_name};
use crate::resource::Graph;

/// Names in use, with their path and location.
type Taken<'a> = HashMap<(&'a str, &'a str), (&'a str, &'a SourceLocation)>;

/// What was reported.
#[derive(Default)]
struct Reported<'a> {
    /// Pairs of paths, and of their parents.
    paths: HashSet<(&'a str, &'a str)>,
    /// Pairs of lines that add the same path.
    lines: Vec<(&'a SourceLocation, &'a SourceLocation)>,
}

fn take<'a>(
    taken: &mut Taken<'a>,
    reported: &mut Reported<'a>,
    name: (&'a str, &'a str),
    path: &'a str,
    location: &'a SourceLocation,
    language: &str,
    out: &mut Diagnostics,
) {
    if let Some((other, at)) = taken.insert(name, (path, location)) {
        // Two constructs with one name collide in all parts and in both languages: one error is
        // enough.
        let above = |path: &'a str| path.rsplit_once('/').map_or("", |(above, _)| above);
        let parents = (above(other), above(path));
        let new = reported.paths.insert((other, path));
        if !new || (parents.0 != parents.1 && !reported.paths.insert(parents)) {
            return;
        }
        let lines = (at, location);
        if other == path && *at != SourceLocation::Default {
            if reported.lines.contains(&lines) {
                return;
            }
            reported.lines.push(lines);
        }
        out.push(
            Diagnostic::error(
                "duplicate-name",
                format!("duplicate name `{}` in {language}", name.1),
            )
            .path(other)
            .path(path)
            .at(at.clone())
            .at(location.clone())
            .about(&["name"])
            .help("rename one of them"),
        );
    }
}

/// Reports stacks of one module name: the root module calls a module for each stack.
fn check_modules(graph: &Graph, out: &mut Diagnostics) {
    let mut modules: HashMap<String, &Stack> = HashMap::new();
    for stack in graph.stacks() {
        let name = terraform_name(&stack.name);
        let message = format!("duplicate module name `{name}` in Terraform");
        if let Some(other) = modules.insert(name, stack) {
            out.push(
                Diagnostic::error("duplicate-name", message)
                    .path(other.name.clone())
                    .path(stack.name.clone())
                    .at(stack.location.clone())
                    .only(Dialect::Tf)
                    .help("rename one of the stacks; Terraform's names are in lowercase"),
            );
        }
    }
}

pub(super) fn check(graph: &Graph, links: &Links, out: &mut Diagnostics) {
    check_modules(graph, out);
    for (n, stack) in graph.stacks().enumerate() {
        let here = StackId::next(n);
        let parameter_names: Vec<(String, &SourceLocation, &str)> = stack
            .parameters
            .iter()
            .filter_map(|id| graph.parameter(*id))
            .map(|it| (terraform_name(&it.id), &it.location, it.id.as_str()))
            .collect();
        let max = stack.nodes.len() + stack.parameters.len();
        let (mut cfn, mut tf) = (Taken::with_capacity(max), Taken::with_capacity(max));
        let mut reported = Reported::default();
        for (name, location, id) in &parameter_names {
            take(
                &mut cfn,
                &mut reported,
                ("", id),
                id,
                location,
                "CloudFormation",
                out,
            );
            take(
                &mut tf,
                &mut reported,
                ("variable", name),
                id,
                location,
                "Terraform",
                out,
            );
        }
        let taken: Vec<(String, &str)> = links
            .imports_of(here)
            .filter_map(|it| Some((it.variable(graph), graph.node(it.node)?.path.as_str())))
            .collect();
        for (name, path) in &taken {
            let location = &stack.location;
            let name = ("variable", name.as_str());
            take(
                &mut tf,
                &mut reported,
                name,
                path,
                location,
                "Terraform",
                out,
            );
        }
        for (_, node) in graph.nodes_of(stack) {
            let location = node.name_location.as_ref().unwrap_or(&node.location);
            if node.resource.type_name(Dialect::Cfn).is_some() {
                take(
                    &mut cfn,
                    &mut reported,
                    ("", &node.cfn_id),
                    &node.path,
                    location,
                    "CloudFormation",
                    out,
                );
            }
            if let Some(of) = node.resource.type_name(Dialect::Tf) {
                take(
                    &mut tf,
                    &mut reported,
                    (of, &node.tf_name),
                    &node.path,
                    location,
                    "Terraform",
                    out,
                );
            }
        }
        let mut outputs = Taken::with_capacity(stack.outputs.len());
        for output in &stack.outputs {
            let name = ("output", output.cfn_id.as_str());
            take(
                &mut outputs,
                &mut reported,
                name,
                &output.path,
                &output.location,
                "the outputs",
                out,
            );
        }
        let exports = links.exports.iter();
        for export in exports.filter(|it| it.from == here && !it.has_output) {
            let Some(node) = graph.node(export.node) else {
                continue;
            };
            let name = ("output", export.cfn_id.as_str());
            let (path, location) = (node.path.as_str(), &node.location);
            take(
                &mut outputs,
                &mut reported,
                name,
                path,
                location,
                "the outputs",
                out,
            );
        }
    }
}
