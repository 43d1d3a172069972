//! Values of hidden parameters in plain text.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use crate::ir::{Diagnostic, Diagnostics, Dialect, Expr, SourceLocation};
use crate::resource::Graph;

const CODE: &str = "secret";

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for stack in graph.stacks() {
        // A template that is converted is another author's.
        let is_of_app = |it: &SourceLocation| !matches!(it, SourceLocation::File(_));
        for output in stack.outputs.iter().filter(|it| is_of_app(&it.location)) {
            let mut shown = None;
            output.value.walk_in(Some(Dialect::Cfn), &mut |expr| {
                if let Expr::Param(id) = expr {
                    let hidden = graph.parameter(*id).filter(|it| it.no_echo);
                    shown = shown.or(hidden);
                }
            });
            if let Some(parameter) = shown {
                let message = format!(
                    "the output shows the value of the hidden parameter `{}`: `NoEcho` does not apply to outputs",
                    parameter.id
                );
                let found = Diagnostic::error(CODE, message).path(output.path.clone());
                let found = found.at(output.location.clone()).only(Dialect::Cfn);
                out.push(
                    found
                        .suppressible()
                        .help("remove the output, or store the value in Secrets Manager"),
                );
            }
        }
        for parameter in stack
            .parameters
            .iter()
            .filter_map(|id| graph.parameter(*id))
        {
            let has_default = parameter.default_value().is_some_and(|it| !it.is_empty());
            if parameter.no_echo && has_default && is_of_app(&parameter.location) {
                let message = format!(
                    "the output shows the default of the hidden parameter `{}`",
                    parameter.id
                );
                let found = Diagnostic::warning(CODE, message).path(stack.name.clone());
                let found = found.at(parameter.location.clone());
                out.push(found.help("remove the default, and pass the value at deployment"));
            }
        }
    }
}
