//! Names, and forms of values, that the schemas of both languages do not accept: in raw resources, after
//! overrides, and in references.

use super::meta_arguments;
use crate::ir::{CfnAttr, Diagnostic, Diagnostics, Dialect, Expr, NodeId};
use crate::resource::schema::{self, SchemaError};
use crate::resource::{
    Graph, Node, Override, POLICIES, Part, RawResource, RawValue, Schema, Typed,
};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for dialect in [Dialect::Cfn, Dialect::Tf] {
        for (id, node) in graph.nodes() {
            check_properties(graph, (id, node), dialect, out);
            check_references(graph, (id, node), dialect, out);
        }
        check_outputs(graph, dialect, out);
    }
    for (_, node) in graph.nodes() {
        check_policies(graph, node, out);
    }
}

fn changes(
    node: &Node,
    dialect: Dialect,
    part: Part,
) -> impl DoubleEndedIterator<Item = &Override> {
    let own = move |it: &&Override| it.dialect == dialect && it.part == part;
    node.overrides.iter().filter(own)
}

/// Reports the properties or arguments that the type does not accept, each at the line that sets it.
fn check_properties(
    graph: &Graph,
    (id, node): (NodeId, &Node),
    dialect: Dialect,
    out: &mut Diagnostics,
) {
    let raw = RawResource::of(&node.resource);
    let changes = || changes(node, dialect, Part::Properties);
    // Most resources have neither: reading the schemas takes half the time of a synthesis.
    if raw.is_none() && changes().next().is_none() {
        return;
    }
    let Some(of) = node.resource.type_name(dialect) else {
        return;
    };
    let schema = Schema::of(of, dialect);
    let (map, _) = node.printed(id, graph, dialect);
    let mut errors = match dialect {
        Dialect::Cfn => Vec::new(),
        Dialect::Tf => meta_arguments::errors(of, schema, &map),
    };
    errors.extend(schema.iter().flat_map(|it| it.errors(&map, raw.is_some())));
    for error in errors {
        let change = changes().rfind(|it| is_inside(&it.pointer, &error.path));
        let found = match (change, raw) {
            (Some(change), _) => of_override(node, change, "", dialect, &error),
            (None, Some(raw)) => {
                let name = error.path.split('.').next().unwrap_or_default();
                let line = raw.line_of(dialect, name);
                match (line, node.removal_policy) {
                    (None, Some(policy)) if name == "lifecycle" => {
                        let message = format!("`RemovalPolicy::{policy:?}`: {}", error.message);
                        let found = Diagnostic::error("removal-policy", message).only(dialect);
                        let help = "remove the call of `set_removal_policy`";
                        found.help(help).at(node.removal_location.clone())
                    }
                    (line, _) => {
                        let message = error.message.clone();
                        let found = diagnostic("raw-resource-property", dialect, &error, message);
                        found.at(line.unwrap_or_else(|| node.location.clone()))
                    }
                }
            }
            // The table of a model ensures the rest.
            (None, None) => continue,
        };
        out.push(found.path(node.path.clone()));
    }
}

/// Reports the names and values in `CreationPolicy` and `UpdatePolicy` that the type does not accept.
fn check_policies(graph: &Graph, node: &Node, out: &mut Diagnostics) {
    let changes = || changes(node, Dialect::Cfn, Part::Attributes);
    if changes().next().is_none() {
        return;
    }
    let of = node.resource.type_name(Dialect::Cfn).unwrap_or_default();
    let mut attributes = node.cfn_attributes(graph);
    let _ = node.override_attributes(&mut attributes);
    for policy in POLICIES {
        let (Some(value), Some(schema)) = (attributes.get(policy), Schema::of_policy(of, policy))
        else {
            continue;
        };
        for error in policy_errors(schema, value) {
            let path = schema::join(policy, &error.path);
            let change = changes().rfind(|it| is_inside(&it.pointer, &path));
            let place = format!("in `{policy}`, ");
            let found = change.map(|it| of_override(node, it, &place, Dialect::Cfn, &error));
            out.extend(found.map(|it| it.path(node.path.clone())));
        }
    }
}

fn policy_errors(schema: Schema, value: &RawValue<'_>) -> Vec<SchemaError> {
    match value {
        RawValue::Object(map) => schema.errors(map, true),
        RawValue::Raw(json) if json.is_object() => {
            policy_errors(schema, &RawValue::from(json.as_ref().clone()))
        }
        // Another form has its own error.
        _ => Vec::new(),
    }
}

/// Reports references to attributes that a type does not have.
fn check_references(
    graph: &Graph,
    (id, node): (NodeId, &Node),
    dialect: Dialect,
    out: &mut Diagnostics,
) {
    let mut see = |expr: &Expr| {
        let Some(found) = reference_error(graph, expr, dialect) else {
            return;
        };
        let (change, line) = node.cause_of(graph, dialect, |value| {
            let mut is_cause = false;
            value.walk_in(Some(dialect), &mut |it| is_cause |= it == expr);
            is_cause
        });
        let (code, prefix) = match change {
            Some(it) => ("override", format!("override `{}`: ", it.pointer)),
            None => ("reference", String::new()),
        };
        out.push(found.of(code, &prefix).path(node.path.clone()).at(line));
    };
    // The references of Terraform in JSON have a check of all that they can name.
    let is_json = RawResource::of(&node.resource).is_some() || !node.overrides.is_empty();
    if dialect == Dialect::Cfn && is_json && node.resource.type_name(dialect).is_some() {
        node.evaluated(id, graph, dialect)
            .walk_in(Some(dialect), &mut see);
    } else {
        node.walk_printed(id, graph, dialect, &mut see);
    }
}

/// Reports the same for outputs.
fn check_outputs(graph: &Graph, dialect: Dialect, out: &mut Diagnostics) {
    for output in graph.stacks().flat_map(|it| &it.outputs) {
        output.value.walk_in(Some(dialect), &mut |expr| {
            if let Some(found) = reference_error(graph, expr, dialect) {
                let found = found.of("reference", "").path(output.path.clone());
                out.push(found.at(output.location.clone()));
            }
        });
    }
}

/// A reference to an attribute that a type does not have.
struct WrongReference {
    schema: Schema,
    error: SchemaError,
    message: String,
}

impl WrongReference {
    fn of(self, code: &'static str, prefix: &str) -> Diagnostic {
        let message = format!("{prefix}{}", self.message);
        diagnostic(code, self.schema.dialect(), &self.error, message)
    }
}

/// Returns the error for a reference to an attribute that a type does not have.
fn reference_error(graph: &Graph, expr: &Expr, dialect: Dialect) -> Option<WrongReference> {
    let (target, name) = match (expr, dialect) {
        (Expr::Attr(target, attr), Dialect::Tf) => (target, attr.tf.split(['.', '[']).next()?),
        (Expr::Attr(target, attr), Dialect::Cfn) => match &attr.cfn {
            CfnAttr::GetAtt(name) => (target, *name),
            CfnAttr::Ref => return None,
        },
        (Expr::Other(target, name), Dialect::Cfn) if name != "Ref" => (target, name.as_ref()),
        _ => return None,
    };
    // An attribute without a name has an error of its own.
    if name.is_empty() {
        return None;
    }
    let target = graph.node(*target)?;
    let of = target.resource.type_name(dialect)?;
    let schema = Schema::of(of, dialect)?;
    let error = schema.check_attribute(name)?;
    let message = format!(
        "refers to attribute `{name}` of `{}`, which `{of}` does not have",
        target.path
    );
    Some(WrongReference {
        schema,
        error,
        message,
    })
}

/// Returns the diagnostic of an override, at its line.
fn of_override(
    node: &Node,
    change: &Override,
    place: &str,
    dialect: Dialect,
    error: &SchemaError,
) -> Diagnostic {
    let message = format!("override `{}`: {place}{}", change.pointer, error.message);
    let location = change.location_or(&node.location).clone();
    diagnostic("override", dialect, error, message).at(location)
}

/// Returns the diagnostic of a name or a value that a schema does not accept. A later version can have the name,
/// so that the hint says how to keep it.
fn diagnostic(
    code: &'static str,
    dialect: Dialect,
    error: &SchemaError,
    message: String,
) -> Diagnostic {
    let message = match error.is_certain {
        true => message,
        false => format!("{message}: {}", schema::doubt(dialect)),
    };
    let found = Diagnostic::error(code, message).only(dialect);
    let found = found.help(error.help.clone());
    match error.is_certain {
        true => found.suppressible(),
        false => found.unless_new(),
    }
}

/// Returns whether a pointer names a path, a part of it, or what is around it.
pub(super) fn is_inside(pointer: &str, path: &str) -> bool {
    // Another text is not a pointer, and has its own error.
    if !pointer.starts_with('/') {
        return false;
    }
    let is_index = |it: &&str| *it == "-" || it.parse::<usize>().is_ok();
    let keys = pointer.split('/').skip(1).filter(|it| !is_index(it));
    let mut pairs = keys.zip(path.split('.'));
    pairs.all(|(key, name)| key == name)
}

#[cfg(test)]
mod tests {
    use super::is_inside;

    #[test]
    fn a_pointer_is_at_above_or_below_a_path() {
        for (pointer, path, wanted) in [
            ("/a", "a", true),
            ("/a", "a.b", true),
            ("/a/0/b", "a.b", true),
            ("/a/b/c", "a.b", true),
            ("/a/b", "a.c", false),
            ("/a", "ab", false),
        ] {
            assert_eq!(is_inside(pointer, path), wanted, "{pointer} {path}");
        }
    }
}
