//! Parameters of a template.

use super::Tree;
use crate::ir::{ParameterDeclaration, ParameterType, Text};

pub(super) fn parameter<'g>(parameter: &'g ParameterDeclaration) -> Tree<'g> {
    let mut body = vec![("Type".into(), Tree::Str(parameter.cfn_type()))];
    if let Some(text) = &parameter.description {
        body.push(("Description".into(), Tree::str(text.as_ref())));
    }
    let value = |text: &'g Text| match (parameter.of, text.parse()) {
        (ParameterType::Number, Ok(number)) => Tree::Int(number),
        _ => Tree::str(text.as_ref()),
    };
    if let Some(text) = &parameter.default {
        body.push(("Default".into(), value(text)));
    }
    if !parameter.allowed_values.is_empty() {
        let values = parameter.allowed_values.iter().map(value);
        body.push(("AllowedValues".into(), Tree::List(values.collect())));
    }
    if let Some(text) = &parameter.allowed_pattern {
        body.push(("AllowedPattern".into(), Tree::str(text.as_ref())));
    }
    let [least, most] = parameter.length.map(|it| it.map(|it| Tree::Int(it.into())));
    let [from, to] = parameter.range.each_ref().map(|it| it.as_ref().map(value));
    let limits = [
        ("MinLength", least),
        ("MaxLength", most),
        ("MinValue", from),
        ("MaxValue", to),
    ];
    body.extend(
        limits
            .into_iter()
            .filter_map(|(name, it)| Some((name.into(), it?))),
    );
    if let Some(text) = &parameter.constraint_description {
        body.push(("ConstraintDescription".into(), Tree::str(text.as_ref())));
    }
    if parameter.no_echo {
        body.push(("NoEcho".into(), Tree::Bool(true)));
    }
    Tree::Map(body)
}
