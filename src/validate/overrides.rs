//! Validation of overrides.

use crate::ir::{Diagnostic, Diagnostics, Dialect, NodeId, SourceLocation};
use crate::resource::{Change, Graph, Node, Override, Part};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    let nodes = graph.nodes();
    for (id, node) in nodes.filter(|(_, node)| !node.overrides.is_empty()) {
        check_node(graph, (id, node), out);
    }
}

/// Reports the overrides that do not apply, each at its line.
fn check_node(graph: &Graph, (id, node): (NodeId, &Node), out: &mut Diagnostics) {
    let mut report = |change: &Override, message: String, help: String| {
        let location = match &change.location {
            SourceLocation::Default => node.location.clone(),
            own => own.clone(),
        };
        out.push(
            Diagnostic::error("override", message)
                .path(node.path.clone())
                .at(location)
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
        let Change::Set(serde_json::Value::String(provider)) = &change.change else {
            continue;
        };
        let stack = graph.stacks().nth(node.stack().index());
        let aliases = stack.map_or(&[][..], |stack| stack.provider_aliases.as_slice());
        let is_declared =
            |(alias, _): &(String, _)| provider.strip_prefix("aws.") == Some(alias.as_str());
        if change.dialect == Dialect::Tf
            && change.pointer == "/provider"
            && !aliases.iter().any(is_declared)
        {
            let message = format!("override `/provider`: the stack has no provider `{provider}`");
            report(
                change,
                message,
                "declare it with `Scope::provider_alias`".to_owned(),
            );
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
