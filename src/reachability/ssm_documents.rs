//! What SSM documents do on a node, or with an instance.

use super::agent_effects::{Kind, has, names};
use super::functions::show;
use super::graph_index::{GraphIndex, visible_text};
use super::texts::ShownText;
use crate::ir::{Expr, Text, Value};
use crate::resource::{Document, Node, RawValue, Typed as _};

/// What the steps of a document do.
pub(super) enum Steps {
    /// They leave the agent connected.
    Harmless,
    /// They run a script.
    Script(ShownText),
    /// The check does not know what this document does.
    Unknown(String),
}

/// Returns the name of a document without its version, or the end of its ARN.
fn short(name: &str) -> &str {
    let name = name.trim().rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// Returns whether a document of AWS leaves the agent connected, or is for resources of another service.
pub(super) fn is_harmless(name: &str) -> bool {
    let name = short(name);
    let is_aws = name.starts_with("AWS-") || name.starts_with("AWSConfigRemediation-");
    has(Kind::Document, name) || is_aws && names(Kind::Service).any(|it| name.contains(it))
}

/// Returns what a document does with these parameters.
pub(super) fn steps(index: &GraphIndex<'_>, name: &Value<Text>, parameters: ShownText) -> Steps {
    if let Some((node, document)) = own(index, name) {
        return of_document(node, document, parameters);
    }
    let name = name_of(name);
    if is_harmless(&name) {
        return Steps::Harmless;
    }
    if has(Kind::Commands, short(&name)) {
        return Steps::Script(parameters);
    }
    Steps::Unknown(name.trim().to_owned())
}

/// Returns a document of the file.
fn own<'g>(index: &GraphIndex<'g>, name: &Value<Text>) -> Option<(&'g Node, &'g Document)> {
    let id = match name {
        Value::Expr(Expr::Attr(id, _) | Expr::Other(id, _)) => *id,
        Value::Lit(name) => {
            let mut all = index.all::<Document>();
            let named = |it: &Document| it.name.as_ref().and_then(Value::lit) == Some(name);
            all.find(|(_, _, it)| named(it))?.0
        }
        Value::Expr(_) => return None,
    };
    let node = index.graph.node(id)?;
    Some((node, Document::of(&node.resource)?))
}

fn of_document(node: &Node, document: &Document, parameters: ShownText) -> Steps {
    let mut text = parameters;
    let content = match &document.content.0 {
        RawValue::Json(inner) => inner.as_ref(),
        other => other,
    };
    let name = || node.display_id().to_owned();
    let RawValue::Object(map) = content else {
        // Text in YAML, or an expression.
        let is_complete = show(content, &mut text.text);
        text.is_complete &= is_complete || !text.text.trim().is_empty();
        return match text.text.trim().is_empty() {
            true => Steps::Unknown(name()),
            false => Steps::Script(text),
        };
    };
    let steps = match (map.get("mainSteps"), map.get("runtimeConfig")) {
        (Some(RawValue::List(steps)), _) => steps.as_slice(),
        _ => return Steps::Unknown(name()),
    };
    let mut runs = false;
    for step in steps {
        let RawValue::Object(step) = step else {
            return Steps::Unknown(name());
        };
        match step.get("action").and_then(RawValue::as_str) {
            Some("aws:runShellScript" | "aws:runPowerShellScript") => {
                runs = true;
                let inputs = match step.get("inputs") {
                    Some(RawValue::Object(inputs)) => inputs.get("runCommand"),
                    _ => None,
                };
                text.is_complete &= inputs.is_some_and(|it| show(it, &mut text.text));
            }
            Some(action) if has(Kind::Step, action) => {}
            _ => return Steps::Unknown(name()),
        }
    }
    match runs {
        true => Steps::Script(text),
        false => Steps::Harmless,
    }
}

/// Returns the text of a value that commands name, such as a document.
pub(super) fn name_of(value: &Value<Text>) -> String {
    match value {
        Value::Lit(text) => text.as_ref().to_owned(),
        Value::Expr(expr) => visible_text(expr),
    }
}
