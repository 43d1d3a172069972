//! Validation of parameters for both languages.

use regex_lite::Regex;

use crate::ir::{Diagnostic, Diagnostics, ParameterDeclaration, ParameterType, Text, quoted};
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
                // The location already is that of the key.
                "id",
                format!("{} is not a parameter name", quoted(id)),
                "use letters and digits only, such as `VpcId`",
            );
        }
        if parameter.from_parameter_store && parameter.of == ParameterType::Number {
            report(
                "from_parameter_store",
                format!("CloudFormation has no type `{}`", parameter.cfn_type()),
                "remove `from_parameter_store`, or use the type `String`",
            );
        }
        let list = parameter.expects_list();
        let pattern = parameter.allowed_pattern.as_deref();
        // CloudFormation supports a pattern only for these types.
        let text = !parameter.from_parameter_store
            && matches!(
                parameter.of,
                ParameterType::String | ParameterType::StringList
            );
        if pattern.is_some() && !text {
            report(
                "allowed_pattern",
                format!(
                    "a parameter of type `{}` cannot have a pattern",
                    parameter.cfn_type()
                ),
                "remove the pattern, or use the type `String`",
            );
        }
        let of_type = parameter
            .of
            .pattern()
            .filter(|_| !parameter.from_parameter_store);
        let shape = match (pattern, of_type) {
            (Some(pattern), _) => match anchored(pattern) {
                Ok(shape) => shape.map(|shape| (shape, pattern)),
                Err(error) => {
                    report(
                        "allowed_pattern",
                        format!("{} is not a regular expression: {error}", quoted(pattern)),
                        "use syntax that CloudFormation and Terraform both support: no look-around, \
                         no backreferences",
                    );
                    None
                }
            },
            // A pattern of `ParameterType`, covered by tests.
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
                        format!("{what} {shown} is not an integer"),
                        "use an integer such as `20`",
                    );
                }
                if let Some((shape, pattern)) = &shape
                    && !shape.is_match(&item)
                {
                    report(
                        setting,
                        format!("{what} {shown} does not match `{pattern}`"),
                        "use a value that matches the entire pattern",
                    );
                }
            }
        }
        for (setting, message, help) in empty_limits(parameter) {
            report(setting, message, help);
        }
        for default in default {
            for (message, help) in beyond_limits(parameter, default) {
                report("default", message, &help);
            }
            for item in items(default) {
                if !parameter.allowed_values.is_empty()
                    && !parameter.allowed_values.iter().any(|it| **it == *item)
                {
                    report(
                        "default",
                        format!("default {} is not an allowed value", quoted(&item)),
                        "add it to `allowed_values`, or use an allowed value",
                    );
                }
            }
            if default.len() > 4096 {
                report(
                    "default",
                    "default exceeds 4,096 bytes".to_owned(),
                    "shorten `default`",
                );
            }
        }
    }
}

/// Returns the limits of a number, if both languages read them.
fn range(parameter: &ParameterDeclaration) -> [Option<i64>; 2] {
    let number = |it: &Option<Text>| it.as_ref().and_then(|it| it.parse().ok());
    parameter.range.each_ref().map(number)
}

/// Returns the limits that no value fits: the setting, the message and the fix.
fn empty_limits(parameter: &ParameterDeclaration) -> Vec<(&'static str, String, &'static str)> {
    let is_empty = |limits: [Option<i64>; 2]| match limits {
        [Some(least), Some(most)] if least > most => Some((least, most)),
        _ => None,
    };
    let length = parameter.length.map(|it| it.map(i64::from));
    let all = [("range", range(parameter)), ("length", length)];
    let wrong = all.into_iter().filter_map(|(setting, limits)| {
        let (least, most) = is_empty(limits)?;
        let message = format!("`{setting}` allows no value: {least} is greater than {most}");
        Some((setting, message, "set the smaller number first"))
    });
    wrong.collect()
}

/// Returns the limits that a default does not fit. CloudFormation and Terraform refuse such a parameter.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>
fn beyond_limits(parameter: &ParameterDeclaration, default: &str) -> Vec<(String, String)> {
    // The limits are those of the value, and a name in Parameter Store is none.
    if parameter.from_parameter_store {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut check = |value: i64, shown: String, limits: [Option<i64>; 2], unit: &str| {
        let [least, most] = limits;
        // Another error reports them.
        if matches!(limits, [Some(least), Some(most)] if least > most) {
            return;
        }
        let error = match (
            least.filter(|it| value < *it),
            most.filter(|it| value > *it),
        ) {
            (Some(least), _) => (
                format!("{shown}; the parameter requires at least {least}"),
                format!("use {least}{unit} or more"),
            ),
            (_, Some(most)) => (
                format!("{shown}; the parameter allows at most {most}"),
                format!("use {most}{unit} or less"),
            ),
            (None, None) => return,
        };
        found.push(error);
    };
    match parameter.of {
        ParameterType::Number => {
            if let Ok(value) = default.parse() {
                let shown = format!("default {} is out of range", quoted(default));
                check(value, shown, range(parameter), "");
            }
        }
        ParameterType::String => {
            let count = default.chars().count();
            let shown = format!("default {} has {count} characters", quoted(default));
            let limits = parameter.length.map(|it| it.map(i64::from));
            // A count beyond `i64` does not fit in memory.
            let value = i64::try_from(count).unwrap_or(i64::MAX);
            check(value, shown, limits, " characters");
        }
        _ => {}
    }
    found
}

/// Returns a regular expression that matches the entire text, or `None` for Unicode classes, which
/// both languages support and `regex_lite` does not.
fn anchored(pattern: &str) -> Result<Option<Regex>, regex_lite::Error> {
    if ["\\p", "\\P"].iter().any(|class| pattern.contains(class)) {
        return Ok(None);
    }
    // The pattern alone first: an extra parenthesis would close the group around it.
    Regex::new(pattern)?;
    Regex::new(&format!("^(?:{pattern})$")).map(Some)
}
