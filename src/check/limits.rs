//! A stack is what CloudFormation takes.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>

use crate::ir::{Diagnostic, Diagnostics, Graph};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for stack in graph.stacks() {
        let parts = [
            ("resources", stack.nodes.len(), 500),
            ("parameters", stack.parameters.len(), 200),
            ("outputs", stack.outputs.len(), 200),
        ];
        for (what, count, most) in parts {
            if count > most {
                let message = format!("CloudFormation takes at most {most} {what}, not {count}");
                out.push(
                    Diagnostic::error("stack-limits", message)
                        .path(stack.name.clone())
                        .at(stack.place.clone())
                        .about(&[if what == "parameters" {
                            what
                        } else {
                            "instances"
                        }])
                        .help("split it into several stacks"),
                );
            }
        }
        if stack
            .description
            .as_ref()
            .is_some_and(|text| text.len() > 1024)
        {
            out.push(
                Diagnostic::error("stack-description", "the description has over 1024 bytes")
                    .path(stack.name.clone())
                    .at(stack.place.clone())
                    .about(&["description"])
                    .help("shorten it"),
            );
        }
    }
}
