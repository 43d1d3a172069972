//! Blocks that are not resources: providers, data sources, variables and moves.

use std::borrow::Cow;

use super::hcl;
use super::tree::{Block, Body, Item, Tree};
use crate::ir::{DataSource, Dialect, ParameterDeclaration, ParameterType, Text};
use crate::region::Region;
use crate::resource::{Graph, Node};
use crate::validate::Export;

/// Returns the version of the provider, with the aliases that the caller of the module passes.
pub(super) fn required_providers<'a>(aliases: &[(String, &Region)]) -> Block<'a> {
    let mut source = vec![
        ("source".into(), Tree::Str("hashicorp/aws".into())),
        ("version".into(), Tree::Str(">= 5.40, < 7.0".into())),
    ];
    if !aliases.is_empty() {
        let aliases = aliases
            .iter()
            .map(|(alias, _)| Tree::Address(format!("aws.{alias}")));
        source.push((
            "configuration_aliases".into(),
            Tree::List(aliases.collect()),
        ));
    }
    let mut providers = Body::default();
    providers.argument("aws", Tree::Map(source));
    let mut body = Body::default();
    body.block("required_providers", providers);
    Block {
        of: "terraform",
        labels: Vec::new(),
        body,
    }
}

/// Returns the configuration of a provider.
pub(super) fn provider<'a>(
    alias: Option<String>,
    region: Option<&'static Region>,
    account: Option<&'a str>,
) -> Block<'a> {
    let mut body = Body::default();
    if let Some(alias) = alias {
        body.argument("alias", Tree::Str(alias.into()));
    }
    if let Some(region) = region {
        body.argument("region", Tree::Str(region.name.into()));
    }
    if let Some(account) = account {
        let account = Tree::List(vec![Tree::Str(account.into())]);
        body.argument("allowed_account_ids", account);
    }
    Block {
        of: "provider",
        labels: vec!["aws".into()],
        body,
    }
}

pub(super) fn data_block<'a>(data: DataSource) -> Block<'a> {
    let mut body = Body::default();
    if data == DataSource::Zones {
        // Endpoints do not support Local Zones and disabled zones.
        let mut filter = Body::default();
        filter.argument("name", Tree::Str("opt-in-status".into()));
        filter.argument(
            "values",
            Tree::List(vec![Tree::Str("opt-in-not-required".into())]),
        );
        body.argument("state", Tree::Str("available".into()));
        body.block("filter", filter);
    }
    if data == DataSource::Service {
        body.argument("service_id", Tree::Str("ssm".into()));
    }
    let labels = data.labels().into_iter().map(Cow::Borrowed).collect();
    Block {
        of: "data",
        labels,
        body,
    }
}

pub(super) fn moved<'a>(node: &Node, out: &mut Vec<Block<'a>>) {
    let Some(of) = node.resource.type_name(Dialect::Tf) else {
        return;
    };
    // Terraform moves no data sources.
    if of.starts_with("data.") {
        return;
    }
    let mut names: Vec<&str> = node.moved_from.iter().map(String::as_str).collect();
    names.push(&node.tf_name);
    for pair in names.windows(2) {
        if pair[0] == pair[1] {
            continue;
        }
        let mut body = Body::default();
        for (key, name) in [("from", pair[0]), ("to", pair[1])] {
            body.argument(key, Tree::Address(format!("{of}.{name}")));
        }
        out.push(Block {
            of: "moved",
            labels: Vec::new(),
            body,
        });
    }
}

/// Returns the variable for a value of another stack.
pub(super) fn import_variable<'a>(graph: &Graph, export: &Export) -> Block<'a> {
    let mut body = Body::default();
    let of = &graph.stacks[export.from.index()].name;
    let description = format!("Output {} of {of}", export.tf_name);
    body.argument("description", Tree::Str(description.into()));
    body.argument("type", Tree::Address("string".to_owned()));
    body.argument("nullable", Tree::Bool(false));
    Block {
        of: "variable",
        labels: vec![export.variable(graph).into()],
        body,
    }
}

pub(super) fn variable<'a>(parameter: &'a ParameterDeclaration, name: String) -> Block<'a> {
    let list = parameter.expects_list();
    let mut body = Body::default();
    if let Some(text) = &parameter.description {
        body.argument("description", Tree::Str(text.as_ref().into()));
    }
    let of = match parameter.from_parameter_store {
        true => ParameterType::String.tf(),
        false => parameter.of.tf(),
    };
    body.argument("type", Tree::Address(of.to_owned()));
    body.argument("nullable", Tree::Bool(false));
    if let Some(default) = &parameter.default {
        let value = match (parameter.of, default.parse()) {
            (ParameterType::Number, Ok(number)) => Tree::Int(number),
            _ if list && default.trim().is_empty() => Tree::List(Vec::new()),
            _ if list => Tree::List(
                default
                    .split(',')
                    .map(|item| Tree::Str(item.trim().into()))
                    .collect(),
            ),
            _ => Tree::Str(default.as_ref().into()),
        };
        body.argument("default", value);
    }
    if parameter.no_echo {
        body.argument("sensitive", Tree::Bool(true));
    }
    let described = |constraint: String| match &parameter.constraint_description {
        Some(text) => format!("{constraint} {}.", text.trim_end_matches('.')),
        None => constraint,
    };
    let mut validations: Vec<Body<'a>> = Vec::new();
    let validate =
        |validations: &mut Vec<Body<'a>>, each: &dyn Fn(&str) -> String, message: String| {
            let condition = if list {
                format!("alltrue([for item in var.{name} : {}])", each("item"))
            } else {
                each(&format!("var.{name}"))
            };
            let mut validation = Body::default();
            validation.argument("condition", Tree::Expr(condition));
            validation.argument("error_message", Tree::Str(described(message).into()));
            validations.push(validation);
        };
    let whole = |pattern: &str| format!("^(?:{pattern})$");
    let pattern = match &parameter.allowed_pattern {
        Some(pattern) => Some(whole(pattern)),
        None if parameter.from_parameter_store => None,
        None => parameter.of.pattern().map(str::to_owned),
    };
    if let Some(pattern) = pattern {
        let regex = hcl::quoted(&pattern);
        let message = format!("The value of {name} must match {pattern}.");
        validate(
            &mut validations,
            &|item| format!("can(regex({regex}, {item}))"),
            message,
        );
    }
    if !parameter.allowed_values.is_empty() {
        let values: Vec<String> = parameter
            .allowed_values
            .iter()
            .map(|text| hcl::quoted(text))
            .collect();
        let message = format!(
            "The value of {name} must be one of {}.",
            parameter.allowed_values.join(", ")
        );
        let values = values.join(", ");
        let item = match parameter.of {
            ParameterType::Number => |item: &str| format!("tostring({item})"),
            _ => |item: &str| item.to_owned(),
        };
        validate(
            &mut validations,
            &|it| format!("contains([{values}], {})", item(it)),
            message,
        );
    }
    // The maximum of a list is that of its text.
    let text = |item: &str| match list {
        true => format!("join(\",\", {item})"),
        false => item.to_owned(),
    };
    let limits = [
        (
            &parameter.length[0].map(|it| it.to_string().into()),
            ">=",
            "characters",
        ),
        (
            &parameter.length[1].map(|it| it.to_string().into()),
            "<=",
            "characters",
        ),
        (&parameter.range[0], ">=", ""),
        (&parameter.range[1], "<=", ""),
    ];
    for (limit, operator, of) in limits {
        let Some(limit) = limit else { continue };
        let limit: &Text = limit;
        let limit: &str = limit.as_ref();
        let value = match of {
            "" => format!("var.{name}"),
            _ => format!("length({})", text(&format!("var.{name}"))),
        };
        let least = match operator {
            ">=" => "least",
            _ => "most",
        };
        let mut validation = Body::default();
        validation.argument(
            "condition",
            Tree::Expr(format!("{value} {operator} {limit}")),
        );
        let message = match of {
            "" => format!("The value of {name} must be at {least} {limit}."),
            _ => format!("The value of {name} must have at {least} {limit} {of}."),
        };
        validation.argument("error_message", Tree::Str(described(message).into()));
        validations.push(validation);
    }
    if !validations.is_empty() {
        body.0
            .push(("validation".into(), Item::Blocks(validations)));
    }
    Block {
        of: "variable",
        labels: vec![name.into()],
        body,
    }
}
