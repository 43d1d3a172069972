//! Limits of CloudFormation on a stack. Terraform has none of them.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>

use crate::ir::{Diagnostic, Diagnostics, Dialect, Stack, quoted};
use crate::resource::Graph;

/// Counts the resources in the template. Nested resources do not count.
fn resources(graph: &Graph, stack: &Stack) -> usize {
    let own = graph.nodes_of(stack).filter(|(id, node)| {
        node.resource.type_name(Dialect::Cfn).is_some()
            && node.resource.cfn_inside(*id, graph).is_none()
    });
    own.count()
}

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for stack in graph.stacks() {
        check_stack(graph, stack, out);
    }
}

pub(crate) fn check_stack(graph: &Graph, stack: &Stack, out: &mut Diagnostics) {
    let mut report = |code, about: &str, message: String, help: &str| {
        out.push(
            Diagnostic::error(code, message)
                .path(stack.name.clone())
                .at(stack.location.clone())
                .about(&[about])
                .help(help),
        );
    };
    let parameters = stack.parameters.iter().filter(|id| {
        let parameter = graph.parameter(**id);
        parameter.is_some_and(|it| it.only != Some(Dialect::Tf))
    });
    let parts = [
        ("resources", resources(graph, stack), 500),
        ("parameters", parameters.count(), 200),
        ("outputs", stack.outputs.len(), 200),
    ];
    for (what, count, max) in parts {
        if count > max {
            let about = if what == "parameters" {
                what
            } else {
                "instances"
            };
            report(
                "stack-limits",
                about,
                format!("stack has {count} {what}; CloudFormation allows {max}"),
                "split it into several stacks, or use Terraform",
            );
        }
    }
    let description = stack.description.as_ref().map_or(0, |text| text.len());
    if description > 1024 {
        report(
            "stack-description",
            "description",
            format!("stack description has {description} bytes; CloudFormation allows 1,024"),
            "shorten `description`",
        );
    }
    for (_, node) in graph.nodes_of(stack) {
        if node.cfn_id.len() > 255 {
            let id = quoted(&node.cfn_id);
            let message = format!("logical ID {id} exceeds 255 characters");
            out.push(
                Diagnostic::error("name-length", message)
                    .path(node.path.clone())
                    .at(node.location.clone())
                    .about(&["name"])
                    .help("shorten the construct IDs in the path"),
            );
        }
    }
}
