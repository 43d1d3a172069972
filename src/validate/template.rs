//! Errors for which CloudFormation, or the service, refuses what the backend prints.

use crate::ir::{Diagnostic, Diagnostics, Dialect};
use crate::resource::{Certain, Graph, Node};

/// Reports the errors in the printed template, which the reachability check reports as refusals.
pub(crate) fn template_errors(graph: &Graph, out: &mut Diagnostics) {
    let Some(printed) = graph.printed(Dialect::Cfn) else {
        return;
    };
    let mut add = |is_certain: bool, reason: &str, fix: &str, node: Option<&Node>| {
        let of = match is_certain {
            true => Diagnostic::error("template", reason),
            false => Diagnostic::warning("template", reason),
        };
        let of = of.only(Dialect::Cfn).help(fix);
        out.push(match node {
            Some(node) => of.path(node.path.clone()).at(node.location.clone()),
            None => of,
        });
    };
    for node in &printed.nodes {
        let Some(origin) = node.origin.as_ref().filter(|it| !it.is_excluded) else {
            continue;
        };
        for it in &origin.errors {
            add(it.is_certain, &it.reason, &it.fix, Some(node));
        }
        for it in &origin.invalid {
            let reason = format!(
                "{} refuses `{}` (`{}`): {}",
                it.by, node.path, it.error, it.reason
            );
            add(it.certain == Certain::Yes, &reason, &it.fix, Some(node));
        }
    }
    for (_, it) in &printed.errors {
        add(it.is_certain, &it.reason, &it.fix, None);
    }
}
