//! Errors for which CloudFormation, or the service, refuses what the backend prints.

use crate::ir::{Diagnostic, Diagnostics, Dialect, SourceLocation};
use crate::resource::{Certain, Graph};

/// Reports the errors in the printed template, which the reachability check reports as refusals.
pub(crate) fn template_errors(graph: &Graph, out: &mut Diagnostics) {
    let Some(printed) = graph.printed(Dialect::Cfn) else {
        return;
    };
    let mut add = |is_certain: bool, reason: &str, fix: &str, at: (&str, &SourceLocation)| {
        let of = match is_certain {
            true => Diagnostic::error("template", reason),
            false => Diagnostic::warning("template", reason),
        };
        let of = of.path(at.0).at(at.1.clone());
        out.push(of.only(Dialect::Cfn).help(fix));
    };
    for node in &printed.nodes {
        let Some(origin) = node.origin.as_ref().filter(|it| !it.is_excluded) else {
            continue;
        };
        let at = (node.path.as_str(), &node.location);
        for it in &origin.errors {
            add(it.is_certain, &it.reason, &it.fix, at);
        }
        for it in &origin.invalid {
            let reason = format!(
                "{} refuses `{}` (`{}`): {}",
                it.by, node.path, it.error, it.reason
            );
            add(it.certain == Certain::Yes, &reason, &it.fix, at);
        }
    }
    for (stack, it) in &printed.errors {
        if let Some(stack) = printed.stacks.get(stack.index()) {
            let at = (stack.name.as_str(), &stack.location);
            add(it.is_certain, &it.reason, &it.fix, at);
        }
    }
}
