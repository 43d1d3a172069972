//! Validation of overrides.

use serde_json::Value as Json;

use crate::ir::{Diagnostic, Diagnostics, Dialect, NodeId, near, typo};
use crate::resource::{
    Change, Graph, Map, Node, Override, Part, RawResource, RawValue, Schema, Typed,
};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for (_, node, raw) in graph.all::<RawResource>() {
        let own = raw.argument_value("provider").and_then(RawValue::as_str);
        if let Some((message, help)) = own.and_then(|it| provider(graph, node, it)) {
            let line = raw.line_of(Dialect::Tf, "provider");
            out.push(
                node.error_at("raw-resource-provider", message, line)
                    .only(Dialect::Tf)
                    .help(help),
            );
        }
    }
    for (id, node) in graph.nodes() {
        if node.origin.is_none()
            && (RawResource::of(&node.resource).is_some() || !node.overrides.is_empty())
        {
            check_ignored(graph, (id, node), out);
        }
    }
    let nodes = graph.nodes();
    for (id, node) in nodes.filter(|(_, node)| !node.overrides.is_empty()) {
        check_node(graph, (id, node), out);
    }
}

/// Returns the error for a provider that the stack does not declare.
pub(super) fn provider(graph: &Graph, node: &Node, provider: &str) -> Option<(String, String)> {
    let stack = graph.stacks().nth(node.stack().index());
    let aliases = stack.map_or(&[][..], |stack| stack.provider_aliases.as_slice());
    let aliases: Vec<String> = aliases.iter().map(|it| format!("aws.{}", it.0)).collect();
    if aliases.iter().any(|it| it == provider) {
        return None;
    }
    let message = format!("the stack has no provider `{provider}`");
    let help = match near(provider, aliases.iter().map(String::as_str)) {
        Some(alias) => format!("did you mean `{alias}`?"),
        None => "declare it with `Scope::provider_alias`".to_owned(),
    };
    Some((message, help))
}

/// Returns the error for an argument in `ignore_changes` that the type does not have: whether it is certain, the
/// message and the hint. Of a type without a schema, only a name similar to an argument of the resource is an
/// error.
fn ignored_name(type_name: &str, map: &Map<'_>, name: &str) -> Option<(bool, String, String)> {
    if name == "all" {
        return None;
    }
    if let Some(schema) = Schema::of(type_name, Dialect::Tf) {
        let error = schema.check_ignored(name)?;
        return Some(match error.is_certain {
            true => (true, error.message, error.help),
            false => {
                let message = format!("{}: {}", error.message, schema.doubt());
                (false, message, error.help)
            }
        });
    }
    let argument = name.split(['.', '[']).next().unwrap_or_default();
    let known: Vec<&str> = map.iter().map(|(key, _)| key).collect();
    if known.contains(&argument) {
        return None;
    }
    let meant = typo(argument, known.into_iter())?;
    let message = format!("unknown argument `{argument}`");
    Some((true, message, format!("did you mean `{meant}`?")))
}

/// Returns the texts of a value or a list.
fn texts<'m>(value: &'m RawValue<'_>) -> Vec<&'m str> {
    match value {
        RawValue::List(items) => items.iter().filter_map(RawValue::as_str).collect(),
        RawValue::Raw(json) => match json.as_ref() {
            Json::Array(items) => items.iter().filter_map(Json::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        },
        one => one.as_str().into_iter().collect(),
    }
}

/// Returns whether JSON contains a text.
fn contains(json: &Json, text: &str) -> bool {
    match json {
        Json::Array(items) => items.iter().any(|it| contains(it, text)),
        Json::Object(entries) => entries.values().any(|it| contains(it, text)),
        other => other.as_str() == Some(text),
    }
}

/// Reports the names in `ignore_changes` that the type does not have, each at the line that sets it.
fn check_ignored(graph: &Graph, (id, node): (NodeId, &Node), out: &mut Diagnostics) {
    let Some(type_name) = node.resource.type_name(Dialect::Tf) else {
        return;
    };
    let (map, _) = node.printed(id, graph, Dialect::Tf);
    let Some(names) = map.get_path("lifecycle.ignore_changes") else {
        return;
    };
    for name in texts(names) {
        let Some((is_certain, message, help)) = ignored_name(type_name, &map, name) else {
            continue;
        };
        let sets = |it: &&Override| match &it.change {
            Change::Set(json) | Change::Append(json) | Change::Block(json) => {
                it.dialect == Dialect::Tf
                    && it.pointer.starts_with("/lifecycle")
                    && contains(json, name)
            }
            Change::Remove => false,
        };
        let change = node.overrides.iter().find(sets);
        let raw = RawResource::of(&node.resource);
        let line = raw.and_then(|it| it.line_of(Dialect::Tf, "lifecycle"));
        let own = line.as_ref().unwrap_or(&node.location);
        let location = change.map_or(own, |it| it.location_or(&node.location));
        let (code, message) = match change {
            Some(it) => ("override", format!("override `{}`: {message}", it.pointer)),
            None => ("raw-resource-property", message),
        };
        let found = Diagnostic::error(code, message).path(node.path.clone());
        let found = found.at(location.clone()).only(Dialect::Tf).help(help);
        out.push(match is_certain {
            true => found.suppressible(),
            false => found.unless_new(),
        });
    }
}

/// Reports the overrides that do not apply, each at its line.
fn check_node(graph: &Graph, (id, node): (NodeId, &Node), out: &mut Diagnostics) {
    let mut report = |change: &Override, message: String, help: String| {
        out.push(
            Diagnostic::error("override", message)
                .path(node.path.clone())
                .at(change.location_or(&node.location).clone())
                .only(change.dialect)
                .help(help),
        );
    };
    for change in &node.overrides {
        let of = node.resource.type_name(change.dialect);
        if of.is_none() || change.part == Part::Attributes && change.dialect == Dialect::Tf {
            let language = change.dialect.pick("CloudFormation", "Terraform");
            let message = format!(
                "override `{}` has no effect: the resource does not exist in {language}",
                change.pointer
            );
            report(change, message, "remove the override".to_owned());
        }
    }
    for dialect in [Dialect::Cfn, Dialect::Tf] {
        if node.resource.type_name(dialect).is_some() {
            for error in node.printed(id, graph, dialect).1 {
                report(error.change, error.message, error.help);
            }
        }
    }
    for change in &node.overrides {
        let own = change.dialect == Dialect::Tf && change.part == Part::Properties;
        if let (Change::Set(value), true) = (&change.change, own && change.pointer == "/provider")
            && let Some((message, help)) = value.as_str().and_then(|it| provider(graph, node, it))
        {
            report(change, format!("override `/provider`: {message}"), help);
        }
    }
    let mut attributes = node.cfn_attributes(graph);
    for error in node.override_attributes(&mut attributes) {
        report(error.change, error.message, error.help);
    }
    let condition = node.overridden_condition();
    let unknown = condition.filter(|id| graph.condition_of(node, id).is_none());
    let change = node.overrides.iter().find(|it| it.pointer == "/Condition");
    if let (Some(unknown), Some(change)) = (unknown, change) {
        let message = format!("override `/Condition`: the stack has no condition `{unknown}`");
        let help = "declare it with `Scope::condition`";
        report(change, message, help.to_owned());
    }
}
