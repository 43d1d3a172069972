//! A parameter is what both languages can declare.

use regex_lite::Regex;

use crate::ir::{Diagnostic, Diagnostics, ParameterType, Text, quoted};
use crate::resource::Graph;

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for parameter in &graph.parameters {
        let mut report = |setting: &str, message: String, help: &str| {
            out.push(
                Diagnostic::error("parameter", message)
                    .path(parameter.id.clone())
                    .at(parameter.location.clone())
                    .about(&[setting])
                    .help(help),
            );
        };
        let id = &parameter.id;
        let plain = id.starts_with(|c: char| c.is_ascii_alphabetic())
            && id.len() <= 255
            && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain {
            report(
                // The key itself, which is the place already.
                "id",
                format!("{} is not the name of a parameter", quoted(id)),
                "take letters and digits only, such as `VpcId`",
            );
        }
        let list = parameter.of.is_list();
        let pattern = parameter.allowed_pattern.as_deref();
        // The only types that CloudFormation takes a pattern for.
        let text = matches!(
            parameter.of,
            ParameterType::String | ParameterType::StringList
        );
        if pattern.is_some() && !text {
            report(
                "allowed_pattern",
                format!("`{}` takes no pattern", parameter.of.cfn()),
                "remove it, or declare the parameter as `String`",
            );
        }
        let shape = match (pattern, parameter.of.pattern()) {
            (Some(pattern), _) => match anchored(pattern) {
                Ok(shape) => shape.map(|shape| (shape, pattern)),
                Err(error) => {
                    report(
                        "allowed_pattern",
                        format!("{} is not a pattern: {error}", quoted(pattern)),
                        "write what both CloudFormation and Terraform understand: no look-around, \
                         no references back",
                    );
                    None
                }
            },
            // Of this module, and right.
            (None, Some(pattern)) => anchored(pattern)
                .ok()
                .flatten()
                .map(|shape| (shape, pattern)),
            (None, None) => None,
        };
        let items = |text: &'_ Text| -> Vec<String> {
            if list {
                text.split(',').map(|item| item.trim().to_owned()).collect()
            } else {
                vec![text.to_string()]
            }
        };
        let allowed = parameter.allowed_values.iter();
        let given = allowed.map(|text| ("allowed_values", "allowed value", text));
        let default = parameter.default.iter();
        let given = given.chain(default.clone().map(|text| ("default", "default", text)));
        for (setting, what, text) in given {
            for item in items(text) {
                let shown = quoted(&item);
                if parameter.of == ParameterType::Number && item.parse::<i64>().is_err() {
                    report(
                        setting,
                        format!("{what} {shown} is not a whole number"),
                        "take a whole number such as `20`",
                    );
                }
                if let Some((shape, pattern)) = &shape
                    && !shape.is_match(&item)
                {
                    report(
                        setting,
                        format!("{what} {shown} does not match `{pattern}`"),
                        "take one that matches as a whole",
                    );
                }
            }
        }
        for default in default {
            for item in items(default) {
                if !parameter.allowed_values.is_empty()
                    && !parameter.allowed_values.iter().any(|it| **it == *item)
                {
                    report(
                        "default",
                        format!("default {} is not among the allowed values", quoted(&item)),
                        "allow it, or take one that is allowed",
                    );
                }
            }
            if default.len() > 4096 {
                report(
                    "default",
                    "the default has over 4096 bytes".to_owned(),
                    "shorten it",
                );
            }
        }
    }
}

/// Returns a pattern for the whole of a text, or nothing where this program cannot tell: it knows
/// no classes of Unicode, which both languages have.
fn anchored(pattern: &str) -> Result<Option<Regex>, regex_lite::Error> {
    if ["\\p", "\\P"].iter().any(|class| pattern.contains(class)) {
        return Ok(None);
    }
    // By itself first: a parenthesis too many would close the one around it.
    Regex::new(pattern)?;
    Regex::new(&format!("^(?:{pattern})$")).map(Some)
}
