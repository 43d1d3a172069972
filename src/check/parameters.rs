//! A parameter is what both languages can declare.

use crate::ir::{Diagnostic, Diagnostics, Graph, ParameterType};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for parameter in &graph.parameters {
        let mut report = |message: String, help: &str| {
            out.push(
                Diagnostic::error("parameter", message)
                    .path(parameter.id.clone())
                    .at(parameter.place.clone())
                    .help(help),
            );
        };
        let id = &parameter.id;
        let plain = id.starts_with(|c: char| c.is_ascii_alphabetic())
            && id.len() <= 255
            && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain {
            report(
                format!("`{}` is not the name of a parameter", id.escape_debug()),
                "take letters and digits only, such as `VpcId`",
            );
        }
        if let Some(default) = &parameter.default {
            if !parameter.allowed_values.is_empty() && !parameter.allowed_values.contains(default) {
                report(
                    format!("default `{default}` is not among the allowed values"),
                    "allow it, or take one that is allowed",
                );
            }
            if parameter.of == ParameterType::Number && default.parse::<i64>().is_err() {
                report(
                    format!("default `{default}` is not a number"),
                    "take a whole number",
                );
            }
            if default.len() > 4096 {
                report("the default has over 4096 bytes".to_owned(), "shorten it");
            }
        }
    }
}
