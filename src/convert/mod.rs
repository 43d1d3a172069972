//! Converts templates to modules and plans to templates. Live resources move without replacement.
//!
//! Conversion is strict: a property that the model does not support, or that has no equivalent in
//! the other language, is an error. It is never dropped.

mod ids;
mod imports;

use crate::backend::tf::has_equivalent;
use crate::ir::{Diagnostic, Diagnostics, Dialect, Expr, NodeId, Value, kebab};
use crate::resource::{
    Bucket, Expiration, Field, Graph, Instance, LifecycleFilter, Node, Occurs, RawValue,
    SecurityGroup, Typed,
};

pub(crate) use ids::Ids;
pub(crate) use imports::{imports, resources_to_import};

/// Returns the name of a language.
fn language(of: Dialect) -> &'static str {
    of.pick("CloudFormation", "Terraform")
}

/// Returns why the other language cannot express a value.
fn obstacle(expr: &Expr, to: Dialect) -> Option<String> {
    Some(match expr {
        Expr::SourceParam { name: text, .. } | Expr::Opaque(text) | Expr::Unknown(text) => {
            format!("`{text}` has no equivalent in {}", language(to))
        }
        Expr::Call(name, arguments) if to == Dialect::Tf && has_equivalent(name, arguments) => {
            return None;
        }
        Expr::Call(name, arguments) => {
            let mut call = name.to_string();
            for argument in arguments {
                if let Expr::Text(text) = argument {
                    call.extend([" ", text]);
                }
            }
            format!("`{call}` has no equivalent in {}", language(to))
        }
        Expr::Attr(_, attr) if to == Dialect::Cfn && attr.cfn == crate::ir::CfnAttr::GetAtt("") => {
            format!("CloudFormation has no attribute `{}`", attr.tf)
        }
        Expr::Other(_, name) => format!("unsupported attribute `{name}`"),
        Expr::OneOf(_) => "the file does not determine this value".to_owned(),
        Expr::Concat(parts) if parts.iter().any(Expr::is_list) => {
            "expected text, found a list".to_owned()
        }
        _ => return None,
    })
}

/// Properties that the other language expresses differently: as separate resources, as tags of
/// volumes, or, for the update of documents, as Terraform's only behavior.
const EQUIVALENTS: [(&str, &str); 9] = [
    ("Bucket", "public_access_block"),
    ("Bucket", "versioning"),
    ("Bucket", "encryption"),
    ("Bucket", "lifecycle"),
    ("Bucket", "ownership"),
    ("Document", "update_method"),
    ("EventRule", "targets"),
    ("Instance", "propagate_tags_to_volume_on_creation"),
    ("Role", "managed_policies"),
];

/// Sets properties that each language expresses differently for both languages.
pub(crate) fn pair(graph: &mut Graph) {
    // The provider sets the description that CloudFormation requires.
    graph.update_all::<SecurityGroup>(|_, group| {
        if group.description.is_absent() {
            group.description = Value::Lit("Managed by Terraform".into());
        }
    });
    graph.update_all::<Bucket>(|_, bucket| {
        for rule in &mut bucket.lifecycle {
            match (&rule.expiration_in_days, &rule.expiration) {
                (Some(days), None) => rule.expiration = Some(Expiration::new(days.clone())),
                (None, Some(end)) => rule.expiration_in_days = Some(end.days.clone()),
                _ => {}
            }
            if rule.filter.is_none() {
                rule.filter = Some(LifecycleFilter::new());
            }
        }
    });
}

/// Returns whether a resource lacks a name that the other language requires.
fn lacks_name(node: &Node, field: &Field, to: Dialect) -> bool {
    let name = to.pick(field.cfn, field.tf);
    field.occurs == Occurs::Required
        && (name.ends_with("name") || name.ends_with("Name"))
        && matches!(node.resource.put(to).remove_path(name), Some(RawValue::Expr(it)) if *it == Expr::Absent)
}

/// Names the resources whose name CloudFormation generates and Terraform requires: as the live
/// resource, else after the logical ID.
pub(crate) fn name_resources(graph: &mut Graph, ids: &Ids, out: &mut Diagnostics) {
    let (from, to) = (Dialect::Cfn, Dialect::Tf);
    for (_, node) in graph.nodes_mut() {
        let Some(kind) = node.resource.kind() else {
            continue;
        };
        let absent = |it: &&Field| !it.cfn.is_empty() && lacks_name(node, it, to);
        let Some(field) = kind.fields.iter().find(absent) else {
            continue;
        };
        let live = ids.physical(&node.cfn_id).map(str::to_owned);
        let name = live.unwrap_or_else(|| {
            let name = kebab(&node.cfn_id);
            let message = format!(
                "`{}`: CloudFormation generates `{}`; in Terraform it is `{name}`",
                node.path, field.cfn
            );
            out.push(Diagnostic::warning("convert", message).at(node.location.clone()));
            name
        });
        let mut map = node.resource.put(from).into_owned();
        map.remove_path(field.cfn);
        map.insert_path(field.cfn, RawValue::from(name), Dialect::Cfn);
        if let Ok(named) = (kind.take)(&mut map, from) {
            node.resource = named;
        }
    }
}

/// Returns the properties of a resource that have no equivalent in the other language.
fn without_equivalent(node: &Node, to: Dialect) -> Vec<String> {
    let mut out = Vec::new();
    let Some(kind) = node.resource.kind() else {
        return out;
    };
    let from = to.pick(Dialect::Tf, Dialect::Cfn);
    let mut stated = node.resource.put(from);
    for field in kind.fields {
        let (here, there) = (from.pick(field.cfn, field.tf), to.pick(field.cfn, field.tf));
        let otherwise = EQUIVALENTS.contains(&(kind.name, field.name));
        if !here.is_empty() && there.is_empty() && !otherwise && stated.remove_path(here).is_some()
        {
            out.push(format!("`{here}` has no equivalent in {}", language(to)));
        }
    }
    if let Some(instance) = Instance::of(&node.resource) {
        if !instance.network_interfaces.is_empty() {
            out.push(format!(
                "network interfaces of an instance have no equivalent in {}",
                language(to)
            ));
        }
        let device = instance
            .root_volume
            .as_ref()
            .and_then(|it| it.device_name.lit());
        if to == Dialect::Tf
            && let Some(device) =
                device.filter(|it| !matches!(it.as_ref(), "/dev/xvda" | "/dev/sda1"))
        {
            out.push(format!("`{device}` is possibly not the root device"));
        }
    }
    out
}

/// Reports everything that the other language cannot express.
pub(crate) fn check(graph: &Graph, to: Dialect, out: &mut Diagnostics) {
    let is_kept = |id: &NodeId| graph.stacks().any(|stack| stack.nodes.contains(id));
    let obstacle = |expr: &Expr, to: Dialect| match expr {
        Expr::Attr(id, _) | Expr::Other(id, _) if !is_kept(id) => {
            let node = graph.node(*id);
            let id = node.map_or("", |it| it.path.as_str());
            Some(format!("refers to `{id}`, which is not converted"))
        }
        expr => obstacle(expr, to),
    };
    let mut report = |node: &Node, what: String| {
        out.push(
            Diagnostic::error("convert", format!("`{}`: {what}", node.path))
                .at(node.location.clone()),
        );
    };
    let nodes = graph.stacks().flat_map(|stack| graph.nodes_of(stack));
    for (id, node) in nodes {
        if node.resource.type_name(to).is_none() {
            let of = node.resource.type_name(to.pick(Dialect::Tf, Dialect::Cfn));
            let of = of.unwrap_or_default();
            if !of.is_empty() {
                report(
                    node,
                    format!("`{of}` has no equivalent in {}", language(to)),
                );
            }
            continue;
        }
        let mut found: Vec<String> = without_equivalent(node, to);
        node.walk_printed(id, graph, to, &mut |expr| {
            if let Some(what) = obstacle(expr, to).filter(|it| !found.contains(it)) {
                found.push(what);
            }
        });
        for what in found {
            report(node, what);
        }
    }
    for condition in &graph.conditions {
        let mut found = None;
        let test = &condition.predicate;
        test.walk(&mut |expr| found = found.take().or_else(|| obstacle(expr, to)));
        if let Some(what) = found {
            let what = format!("condition `{}`: {what}", condition.id);
            out.push(Diagnostic::error("convert", what));
        }
    }
    for stack in graph.stacks() {
        for output in &stack.outputs {
            let mut found = None;
            let value = RawValue::from(output.value.clone());
            value.walk(&mut |expr| found = found.take().or_else(|| obstacle(expr, to)));
            if let Some(what) = found {
                let what = format!("output `{}`: {what}", output.cfn_id);
                out.push(Diagnostic::error("convert", what).at(output.location.clone()));
            }
        }
    }
}
