//! Apps of one output language.

use crate::ir::{Diagnostics, Dialect};
use crate::resource::{Graph, Resource};

/// Reports raw resources that a language of the app does not have, and that it should.
pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    check_dependencies(graph, out);
    let Some(only) = graph.language() else {
        return;
    };
    for (_, node) in graph.nodes() {
        let is_raw = matches!(node.resource, Resource::Raw(_));
        let is_lost = node.resource.type_name(only).is_none();
        if is_raw && is_lost && node.resource.type_name(only.other()).is_some() {
            let message = format!(
                "no output contains the resource: it has no {0} type, and the app is only for {0}",
                only.name()
            );
            let own = only.pick(".cfn(\"AWS::…\")", ".tf(\"aws_…\")");
            let found = node.warning("raw-resource-type", message);
            out.push(found.help(format!("add its type with `{own}`, or remove the resource")));
        }
    }
}

/// Reports dependencies on raw resources that a language of the app does not have.
fn check_dependencies(graph: &Graph, out: &mut Diagnostics) {
    for (_, node) in graph.nodes() {
        let after = node.depends_on.iter().filter_map(|it| graph.node(*it));
        for after in after.filter(|it| matches!(it.resource, Resource::Raw(_))) {
            let mut languages = graph.languages().iter().copied();
            let is_lost = |it: &Dialect| {
                node.resource.type_name(*it).is_some() && after.resource.type_name(*it).is_none()
            };
            let Some(dialect) = languages.find(is_lost) else {
                continue;
            };
            let message = format!(
                "the dependency on `{}` has no effect in {}, which does not have the resource",
                after.path,
                dialect.name()
            );
            let own = dialect.pick(".cfn(\"AWS::…\")", ".tf(\"aws_…\")");
            let found = node.warning("reference", message).only(dialect);
            out.push(found.help(format!(
                "add its type with `{own}`, or depend on its equivalent"
            )));
        }
    }
}

/// Removes the diagnostics about a language that the app does not have.
pub(super) fn relevant(graph: &Graph, found: Diagnostics) -> Diagnostics {
    let has = |only: Option<Dialect>| only.is_none_or(|it| graph.has_language(it));
    found.into_iter().filter(|it| has(it.only)).collect()
}
