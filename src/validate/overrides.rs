//! Validation of overrides.

use crate::ir::{Diagnostic, Diagnostics, Dialect, NodeId, near, typo};
use crate::resource::{Change, Graph, Node, Override, Part, RawResource, RawValue, Schema};

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

/// Returns the error for an argument in `ignore_changes` that the type does not have. Of a type without
/// a schema, only a name similar to an argument of the resource is an error.
fn ignored_name(
    graph: &Graph,
    (id, node): (NodeId, &Node),
    name: &str,
) -> Option<(String, String)> {
    let argument = name.split(['.', '[']).next().unwrap_or_default();
    let type_name = node.resource.type_name(Dialect::Tf)?;
    if argument == "all" {
        return None;
    }
    if let Some(schema) = Schema::of(type_name, Dialect::Tf) {
        return schema.check_ignored(argument);
    }
    let (map, _) = node.printed(id, graph, Dialect::Tf);
    let known: Vec<&str> = map.iter().map(|(key, _)| key).collect();
    if known.contains(&argument) {
        return None;
    }
    let meant = typo(argument, known.into_iter())?;
    let message = format!("unknown argument `{argument}`");
    Some((message, format!("did you mean `{meant}`?")))
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
        let (Change::Set(value) | Change::Append(value)) = &change.change else {
            continue;
        };
        let ignored = match change.pointer.as_str() {
            "/provider" if own => {
                if let Some((message, help)) =
                    value.as_str().and_then(|it| provider(graph, node, it))
                {
                    report(change, format!("override `/provider`: {message}"), help);
                }
                continue;
            }
            "/lifecycle" if own => value.get("ignore_changes"),
            "/lifecycle/ignore_changes" if own => Some(value),
            _ => continue,
        };
        let names = ignored.map(|it| {
            it.as_array()
                .map_or(std::slice::from_ref(it), Vec::as_slice)
        });
        for name in names.into_iter().flatten().filter_map(|it| it.as_str()) {
            if let Some((message, help)) = ignored_name(graph, (id, node), name) {
                let message = format!("override `{}`: {message}", change.pointer);
                report(change, message, help);
            }
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
        report(
            change,
            message,
            "declare it with `Scope::condition`".to_owned(),
        );
    }
}
