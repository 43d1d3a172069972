//! Errors for which CloudFormation, or the service, refuses what the backend prints.

use std::collections::HashMap;

use crate::ir::{Diagnostic, Diagnostics, Dialect, Severity, SourceLocation};
use crate::resource::{Certain, Graph};

/// The code of the errors.
pub(crate) const TEMPLATE_ERROR: &str = "template";

/// Reports the errors in the printed template, which the reachability check reports as refusals.
pub(crate) fn template_errors(graph: &Graph, printed: &Graph, out: &mut Diagnostics) {
    let mut add = |is_certain: bool, reason: String, fix: String, at: (&str, &SourceLocation)| {
        let of = match is_certain {
            true => Diagnostic::error(TEMPLATE_ERROR, reason),
            false => Diagnostic::warning(TEMPLATE_ERROR, reason),
        };
        let of = of.path(at.0).at(at.1.clone()).suppressible();
        out.push(of.only(Dialect::Cfn).help(fix));
    };
    for (id, node) in printed.nodes() {
        let Some(origin) = node.origin.as_ref().filter(|it| !it.is_excluded) else {
            continue;
        };
        let errors = origin.errors.iter().map(|it| it.reason.as_str());
        let invalid = origin.invalid.iter().map(|it| it.reason.as_str());
        let reasons: Vec<&str> = errors.chain(invalid).collect();
        let lines = graph.lines_of(id, &reasons, |changed| changed.reasons(id));
        let mut lines = lines.iter();
        let mut at = || (node.path.as_str(), lines.next().unwrap_or(&node.location));
        let own = |text: &str| {
            graph
                .node(id)
                .map_or(text.to_owned(), |it| it.in_setters(text))
        };
        for it in &origin.errors {
            add(it.is_certain, own(&it.reason), own(&it.fix), at());
        }
        for it in &origin.invalid {
            let reason = format!(
                "{} refuses `{}` (`{}`): {}",
                it.by, node.path, it.error, it.reason
            );
            let is_certain = it.certain == Certain::Yes;
            add(is_certain, own(&reason), own(&it.fix), at());
        }
    }
    for (stack, it) in &printed.errors {
        if let Some(stack) = printed.stacks.get(stack.index()) {
            let mut outputs = stack.outputs.iter();
            let output = outputs.find(|output| it.reason.contains(&format!("`{}`", output.path)));
            let at = match output {
                Some(output) => (output.path.as_str(), &output.location),
                None => (stack.name.as_str(), &stack.location),
            };
            add(it.is_certain, it.reason.clone(), it.fix.clone(), at);
        }
    }
}

/// Codes of errors that have no consequences in the values of a resource.
const APART: [&str; 3] = [
    "cross-account-reference",
    "cross-region-reference",
    "duplicate-name",
];

/// Returns whether an error has no consequences in the values of a resource. An override applies if only the
/// schema does not accept it.
fn is_apart(it: &Diagnostic) -> bool {
    APART.contains(&it.code) || it.code == "override" && !it.is_suppressible
}

/// Codes of errors, and the words with which a template error says the same.
const SAME: [(&str, &str); 4] = [
    ("circular-dependency", "circular dependency"),
    ("reference", " refers to "),
    ("tags", "tag"),
    ("user-data-size", "user data"),
];

/// Returns the template errors that are not a consequence of another error, which says it better.
pub(super) fn uncovered(
    graph: &Graph,
    template: Vec<Diagnostic>,
    others: &Diagnostics,
) -> Vec<Diagnostic> {
    let counts = |it: &&Diagnostic| it.severity == Severity::Error && !is_apart(it);
    let errors: Vec<&Diagnostic> = others.iter().filter(counts).collect();
    if errors.is_empty() || template.is_empty() {
        return template;
    }
    // A rule inside its security group.
    let inside: HashMap<&str, &str> = graph
        .nodes()
        .filter_map(|(id, node)| {
            let outer = graph.node(node.resource.cfn_inside(id, graph)?)?;
            Some((node.path.as_str(), outer.path.as_str()))
        })
        .collect();
    let covers = |error: &Diagnostic, it: &Diagnostic| {
        let of_resource = |path: &String| {
            let outer = inside.get(path.as_str());
            it.paths
                .iter()
                .any(|own| own == path || Some(&own.as_str()) == outer)
        };
        // A construct continues with a wrong setting in all of its resources, which have its line.
        let of_construct = |path: &String| {
            let is_below = |own: &String| {
                let rest = own.strip_prefix(path.as_str());
                rest.is_some_and(|rest| rest.starts_with('/'))
            };
            it.paths.iter().any(is_below)
                && it
                    .locations
                    .iter()
                    .all(|line| error.locations.contains(line))
        };
        let is_in_language = error.only.is_none() || error.only == it.only;
        is_in_language
            && (error.paths.iter().any(of_construct)
                || error.paths.iter().any(of_resource) && is_of_same_value(error, it))
    };
    let mut left = template;
    left.retain(|it| !errors.iter().any(|error| covers(error, it)));
    left
}

/// Returns whether two errors of a resource name the same property or value.
fn is_of_same_value(error: &Diagnostic, other: &Diagnostic) -> bool {
    let texts = |it: &Diagnostic| format!("{} {}", it.message, it.help.as_deref().unwrap_or(""));
    let (own, other) = (texts(error), texts(other));
    if let Some((_, text)) = SAME.iter().find(|(code, _)| *code == error.code) {
        return other.to_lowercase().contains(text);
    }
    let words = |text: &str| -> Vec<String> {
        let quoted = text.split('`').skip(1).step_by(2);
        // Of `SecurityGroupEgress.CidrIp` and `cidr_ip`, the last names are equal.
        let last = quoted.map(|it| it.rsplit('.').next().unwrap_or(it));
        last.map(|it| it.replace('_', "").to_lowercase()).collect()
    };
    let own = words(&own);
    words(&other).iter().any(|it| own.contains(it))
}
