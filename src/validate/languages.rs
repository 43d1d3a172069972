//! Apps of one output language.

use crate::ir::{Diagnostics, Dialect};
use crate::resource::{Graph, Resource};

/// Reports raw resources that the only language of the app does not have.
pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
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

/// Removes the diagnostics about a language that the app does not have.
pub(super) fn relevant(graph: &Graph, found: Diagnostics) -> Diagnostics {
    let has = |only: Option<Dialect>| only.is_none_or(|it| graph.has_language(it));
    found.into_iter().filter(|it| has(it.only)).collect()
}
