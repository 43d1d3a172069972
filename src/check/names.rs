//! Two paths never have one name.

use std::collections::HashMap;

use crate::ir::{Diagnostic, Diagnostics, Graph, Place, terraform_name};
use crate::resource::Dialect;

/// A name that is taken, by whom, and where.
type Taken<'a> = HashMap<(&'a str, &'a str), (&'a str, &'a Place)>;

fn take<'a>(
    taken: &mut Taken<'a>,
    name: (&'a str, &'a str),
    path: &'a str,
    place: &'a Place,
    language: &str,
    out: &mut Diagnostics,
) {
    if let Some((other, at)) = taken.insert(name, (path, place)) {
        out.push(
            Diagnostic::error(
                "name-taken",
                format!("two things have the name `{}` in {language}", name.1),
            )
            .path(other)
            .path(path)
            .at(at.clone())
            .at(place.clone())
            .help("give one of them another id"),
        );
    }
}

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for stack in graph.stacks() {
        let parameter_names: Vec<(String, &Place, &str)> = stack
            .parameters
            .iter()
            .filter_map(|id| graph.parameter(*id))
            .map(|it| (terraform_name(&it.id), &it.place, it.id.as_str()))
            .collect();
        let most = stack.nodes.len() + stack.parameters.len();
        let (mut cfn, mut tf) = (Taken::with_capacity(most), Taken::with_capacity(most));
        for (name, place, id) in &parameter_names {
            take(&mut cfn, ("", id), id, place, "CloudFormation", out);
            take(&mut tf, ("variable", name), id, place, "Terraform", out);
        }
        for (_, node) in graph.nodes_of(stack) {
            if node.resource.type_name(Dialect::Cfn).is_some() {
                take(
                    &mut cfn,
                    ("", &node.cfn_id),
                    &node.path,
                    &node.place,
                    "CloudFormation",
                    out,
                );
            }
            if let Some(of) = node.resource.type_name(Dialect::Tf) {
                take(
                    &mut tf,
                    (of, &node.tf_name),
                    &node.path,
                    &node.place,
                    "Terraform",
                    out,
                );
            }
        }
        let mut outputs = Taken::with_capacity(stack.outputs.len());
        for output in &stack.outputs {
            let name = ("output", output.cfn_id.as_str());
            take(
                &mut outputs,
                name,
                &output.path,
                &output.place,
                "the outputs",
                out,
            );
        }
    }
}
