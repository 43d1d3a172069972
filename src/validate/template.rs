//! Errors for which CloudFormation, or the service, refuses what the backend prints.

use std::collections::HashMap;

use crate::ir::{Diagnostic, Diagnostics, Dialect, Severity, SourceLocation};
use crate::resource::{Certain, Graph};

/// The code of the errors.
pub(crate) const TEMPLATE_ERROR: &str = "template";

/// Reports the errors in the printed template, which the reachability check reports as refusals.
pub(crate) fn template_errors(graph: &Graph, out: &mut Diagnostics) {
    let Some(printed) = graph.printed(Dialect::Cfn) else {
        return;
    };
    let mut add = |is_certain: bool, reason: &str, fix: &str, at: (&str, &SourceLocation)| {
        let of = match is_certain {
            true => Diagnostic::error(TEMPLATE_ERROR, reason),
            false => Diagnostic::warning(TEMPLATE_ERROR, reason),
        };
        let of = of.path(at.0).at(at.1.clone());
        out.push(of.only(Dialect::Cfn).help(fix));
    };
    for (id, node) in printed.nodes() {
        let Some(origin) = node.origin.as_ref().filter(|it| !it.is_excluded) else {
            continue;
        };
        let errors = origin.errors.iter().map(|it| it.reason.as_str());
        let invalid = origin.invalid.iter().map(|it| it.reason.as_str());
        let reasons: Vec<&str> = errors.chain(invalid).collect();
        let lines = graph.lines_of(id, &reasons);
        let mut lines = lines.iter();
        let mut at = || (node.path.as_str(), lines.next().unwrap_or(&node.location));
        for it in &origin.errors {
            add(it.is_certain, &it.reason, &it.fix, at());
        }
        for it in &origin.invalid {
            let reason = format!(
                "{} refuses `{}` (`{}`): {}",
                it.by, node.path, it.error, it.reason
            );
            add(it.certain == Certain::Yes, &reason, &it.fix, at());
        }
    }
    for (stack, it) in &printed.errors {
        if let Some(stack) = printed.stacks.get(stack.index()) {
            let at = (stack.name.as_str(), &stack.location);
            add(it.is_certain, &it.reason, &it.fix, at);
        }
    }
}

/// Returns the template errors of resources without another error, which says it better. The other error
/// is of the resource, of a construct around it, or of a rule inside it.
pub(super) fn uncovered(
    graph: &Graph,
    template: Vec<Diagnostic>,
    others: &Diagnostics,
) -> Vec<Diagnostic> {
    let counts = |it: &&Diagnostic| it.severity == Severity::Error && it.only != Some(Dialect::Tf);
    let errors: Vec<&Diagnostic> = others.iter().filter(counts).collect();
    // A setting without a value has consequences everywhere.
    if errors.iter().any(|it| it.paths.is_empty()) {
        return Vec::new();
    }
    let paths = errors.iter().flat_map(|it| &it.paths);
    let mut covered: Vec<&str> = paths.map(String::as_str).collect();
    if covered.is_empty() || template.is_empty() {
        return template;
    }
    let inside: HashMap<&str, &str> = graph
        .nodes()
        .filter_map(|(id, node)| {
            let outer = graph.node(node.resource.cfn_inside(id, graph)?)?;
            Some((node.path.as_str(), outer.path.as_str()))
        })
        .collect();
    covered.extend(
        covered
            .clone()
            .iter()
            .filter_map(|it| inside.get(it).copied()),
    );
    let is_covered = |path: &String| {
        covered.iter().any(|it| {
            path.strip_prefix(it)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let mut left = template;
    left.retain(|it| !it.paths.iter().any(is_covered));
    left
}
