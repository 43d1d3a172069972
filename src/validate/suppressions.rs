//! Suppressions of diagnostics: those of custom rules, and errors in which this program can be wrong, because
//! AWS changes what its tables and schemas say.

use crate::ir::{Diagnostic, Diagnostics};
use crate::resource::Graph;

/// Removes the diagnostics that the graph suppresses, and reports suppressions without an effect.
pub(super) fn apply(graph: &Graph, found: Diagnostics) -> Diagnostics {
    let mut used = vec![false; graph.rule_suppressions.len()];
    let mut out: Diagnostics = found
        .into_iter()
        .filter_map(|mut diagnostic| {
            let before = diagnostic.paths.len();
            for (suppression, used) in graph.rule_suppressions.iter().zip(&mut used) {
                if diagnostic.is_suppressible && suppression.code == diagnostic.code {
                    let left = diagnostic.paths.len();
                    diagnostic.paths.retain(|path| !suppression.covers(path));
                    *used |= diagnostic.paths.len() < left;
                }
            }
            (before == 0 || !diagnostic.paths.is_empty()).then_some(diagnostic)
        })
        .collect();
    for (suppression, used) in graph.rule_suppressions.iter().zip(used) {
        let about = |diagnostic: Diagnostic| {
            diagnostic
                .path(suppression.path.clone())
                .at(suppression.location.clone())
        };
        let code = &suppression.code;
        if suppression.reason.trim().is_empty() {
            let message = format!("suppression of `{code}` has no reason");
            let help = "state the reason, for the next reader of the stack";
            out.push(about(Diagnostic::error("rule-suppression", message)).help(help));
        }
        if !used {
            let message = format!(
                "suppression of `{code}` has no effect; nothing here that has this code can be suppressed"
            );
            let help = "remove the suppression, or correct its code";
            out.push(about(Diagnostic::warning("rule-suppression", message)).help(help));
        }
    }
    out
}
