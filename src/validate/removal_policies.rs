//! Snapshots before the removal of a resource.

use crate::ir::{Diagnostic, Diagnostics, Dialect, NodeId};
use crate::resource::property_errors::{REMOVAL_POLICIES, has_snapshots};
use crate::resource::{
    Change, FINAL_SNAPSHOT, Graph, Map, Node, Override, Part, RawValue, RemovalPolicy, Schema,
};

/// The argument of Terraform with the name of the snapshot.
const IDENTIFIER: &str = "final_snapshot_identifier";
/// The argument of Terraform that omits the snapshot.
const SKIP: &str = "skip_final_snapshot";

/// Reports overrides that contradict a removal policy, and resources of which a language creates no snapshot.
pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for (_, node) in graph.nodes() {
        if let Some(policy) = node.removal_policy {
            let changes = node.overrides.iter();
            out.extend(changes.filter_map(|it| contradiction(node, policy, it)));
        }
    }
    let snapshot = Some(RemovalPolicy::Snapshot);
    for (id, node) in graph
        .nodes()
        .filter(|(_, node)| node.removal_policy == snapshot)
    {
        let in_template = graph
            .has_language(Dialect::Cfn)
            .then(|| without_snapshots(node))
            .flatten();
        out.extend(in_template.or_else(|| check_module(graph, (id, node))));
    }
}

fn error(node: &Node, message: String) -> Diagnostic {
    let location = Some(node.removal_location.clone());
    let location = location.filter(|it| *it != crate::ir::SourceLocation::Default);
    node.error_at("removal-policy", message, location)
}

/// Returns the error for an override with another effect than the removal policy.
fn contradiction(node: &Node, policy: RemovalPolicy, change: &Override) -> Option<Diagnostic> {
    let Change::Set(value) = &change.change else {
        return None;
    };
    let name = change.pointer.strip_prefix('/')?;
    let is_contrary = match (change.dialect, change.part) {
        (Dialect::Cfn, Part::Attributes) if REMOVAL_POLICIES.contains(&name) => {
            // CloudFormation has two attributes to retain a resource.
            let fits: &[&str] = match policy {
                RemovalPolicy::Delete => &["Delete"],
                RemovalPolicy::Retain => &["Retain", "RetainExceptOnCreate"],
                RemovalPolicy::Snapshot => &["Snapshot"],
            };
            value.as_str().is_some_and(|it| !fits.contains(&it))
        }
        (Dialect::Tf, Part::Properties) if policy == RemovalPolicy::Retain => {
            let value = match name {
                "lifecycle" => value.get("prevent_destroy"),
                "lifecycle/prevent_destroy" => Some(value),
                _ => None,
            };
            // Some types have an argument of their own to retain the resource.
            let mut retained = Map::default();
            node.resource.tf_retained(&mut retained);
            retained.get_path("lifecycle.prevent_destroy").is_some()
                && value.is_some_and(|it| *it == false || it.as_str() == Some("false"))
        }
        _ => false,
    };
    let message = format!(
        "override `{}`: it contradicts `RemovalPolicy::{policy:?}` of the resource",
        change.pointer
    );
    let found = Diagnostic::error("removal-policy", message).path(node.path.clone());
    let found = found.at(change.location_or(&node.location).clone());
    let help = "remove the override, or set the other policy with `set_removal_policy`";
    is_contrary.then(|| found.only(change.dialect).help(help))
}

fn without_snapshots(node: &Node) -> Option<Diagnostic> {
    let of = node.resource.type_name(Dialect::Cfn)?;
    let message =
        format!("`RemovalPolicy::Snapshot` applies to types with snapshots, and `{of}` has none");
    let help = "use `RemovalPolicy::Retain` to keep the resource";
    (!has_snapshots(of)).then(|| error(node, message).suppressible().help(help))
}

fn check_module(graph: &Graph, (id, node): (NodeId, &Node)) -> Option<Diagnostic> {
    let of = node.resource.type_name(Dialect::Tf)?;
    let schema = Schema::of(of, Dialect::Tf);
    let accepts = |name: &str| schema.is_some_and(|it| it.names().get(name).is_some());
    let (map, _) = node.printed(id, graph, Dialect::Tf);
    let is = |name: &str, value: bool| boolean(&map, name) == Some(value);
    let required = "`RemovalPolicy::Snapshot` requires";
    let (message, help) = if accepts(IDENTIFIER) && map.get(IDENTIFIER).is_none() {
        (
            format!("{required} `{IDENTIFIER}` of `{of}` in Terraform"),
            format!("set `{IDENTIFIER}` to a name that no snapshot of the account has"),
        )
    } else if is(SKIP, true) {
        (
            format!("{required} a snapshot, and `{SKIP}` of `{of}` omits it in Terraform"),
            format!("remove `{SKIP}`"),
        )
    } else if is(FINAL_SNAPSHOT, false) {
        (
            format!("{required} `{FINAL_SNAPSHOT}` of `{of}` to be `true` in Terraform"),
            format!("remove `{FINAL_SNAPSHOT}`"),
        )
    } else if accepts(IDENTIFIER) || accepts(FINAL_SNAPSHOT) {
        return None;
    } else {
        let message = format!(
            "`RemovalPolicy::Snapshot` has no equivalent for `{of}` in Terraform, which destroys it \
             without a snapshot"
        );
        let help = "use `RemovalPolicy::Retain` to keep the resource".to_owned();
        let found = error(node, message).only(Dialect::Tf).suppressible();
        return Some(found.help(help));
    };
    Some(error(node, message).only(Dialect::Tf).help(help))
}

fn boolean(map: &Map<'_>, name: &str) -> Option<bool> {
    match map.get(name)? {
        RawValue::Bool(value) => Some(*value),
        RawValue::Raw(json) => json.as_bool(),
        _ => None,
    }
}
