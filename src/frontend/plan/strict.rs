//! Reads a plan to convert it.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::json::has_unknown;
use super::{Lookups, Plan};
use crate::ir::{
    Diagnostic, Diagnostics, Dialect, Expr, Link, NodeId, Value, logical_id, terraform_name,
};
use crate::resource::{
    Graph, Instance, ManagedPolicy, Map, Node, RawResource, Role, RolePolicyAttachment, Typed,
};

/// The resources of a plan, the errors, and the state of each existing resource.
pub(crate) type StrictPlan = (Graph, Diagnostics, HashMap<NodeId, Json>);

/// Reads a plan to convert it: arguments that are not configured keep their default. Reports
/// everything that the model does not support.
///
/// # Errors
///
/// The missing part, if the document is not a plan.
pub(crate) fn read_strict(root: &Json) -> Result<StrictPlan, String> {
    if root.get("configuration").is_none() {
        return Err(
            "a state has no configuration; expected the output of `terraform show -json plan.out` \
             for a plan"
                .to_owned(),
        );
    }
    let mut plan = Plan::of(root, Lookups::AsValues)?;
    plan.configured = true;
    let mut out = Diagnostics::default();
    let mut values = HashMap::new();
    let mut attachments: Vec<(NodeId, Link<ManagedPolicy>)> = Vec::new();
    for at in 0..plan.resources.len() {
        let it = &plan.resources[at];
        let (id, address) = (it.id, it.address.to_owned());
        if it.data {
            continue;
        }
        let mut report = |reason: String| {
            out.push(Diagnostic::error(
                "convert",
                format!("`{address}`: {reason}"),
            ));
        };
        let mut map = match plan.lift.kind(id) {
            Some(_) => plan.arguments(at),
            None => Map::default(),
        };
        let set = it.config.and_then(|it| it.get("expressions"));
        let set = set.and_then(Json::as_object);
        let tagged_disks = set.is_some_and(|it| it.contains_key("volume_tags"));
        // These arguments repeat other arguments, or only the provider uses them.
        let skipped = ["tags_all", "volume_tags", "timeouts", "skip_destroy"];
        if let Some(set) = set {
            for (key, expression) in set {
                let constant = expression.get("constant_value");
                let constants = constant.and_then(Json::as_array).into_iter().flatten();
                let literal = |it: &&Json| it.as_str().is_some_and(|it| !it.contains("${"));
                if expression.get("references").is_some() && constants.filter(literal).count() > 0 {
                    report(format!(
                        "`{key}` contains constants and references; a plan shows only the references"
                    ));
                }
                let text = constant.and_then(Json::as_str).unwrap_or_default();
                if key.starts_with("user_data") && (text.contains("$${") || text.contains("%%{")) {
                    report(format!(
                        "a plan does not show whether `$$` in `{key}` is an escape"
                    ));
                }
            }
            let marks = it.sensitive.as_object();
            for (key, mark) in marks.into_iter().flatten() {
                if set.contains_key(key) && has_unknown(mark) {
                    report(format!("`{key}` is sensitive: replace it with a parameter"));
                }
            }
        }
        map.retain(|key| !skipped.contains(&key));
        values.insert(id, it.values.clone());
        let root_device = it
            .values
            .pointer("/root_block_device/0/device_name")
            .and_then(Json::as_str)
            .filter(|it| !it.is_empty())
            .map(str::to_owned);
        let after = plan.dependencies(at);
        for (_, reason) in plan.lift.fill_strict(id, map) {
            report(reason);
        }
        plan.lift.add_dependencies(id, after);
        let node = &mut plan.lift.graph.nodes[id.index()];
        if let (true, Some(instance)) = (tagged_disks, Instance::of_mut(&mut node.resource)) {
            instance.propagate_tags_to_volume_on_creation = Some(Value::Lit(true));
        }
        if let Some(instance) = Instance::of_mut(&mut node.resource)
            && let Some(volume) = &mut instance.root_volume
        {
            match root_device {
                Some(name) => volume.device_name = Value::Lit(name.into()),
                None => report(
                    "the plan does not contain the device name of the root volume".to_owned(),
                ),
            }
        }
        let name = plain_name(&address);
        node.cfn_id = logical_id(&name);
        node.tf_name = name;
        if let Some(attachment) = RolePolicyAttachment::of(&node.resource) {
            match &attachment.role {
                Value::Expr(Expr::Attr(role, _)) => {
                    attachments.push((*role, attachment.policy.clone()));
                }
                _ => report("the role is not a resource of the plan".to_owned()),
            }
        }
    }
    // Resources of several types with one name: append the type.
    let names: Vec<String> = plan
        .lift
        .graph
        .nodes
        .iter()
        .map(|it| it.cfn_id.clone())
        .collect();
    for node in &mut plan.lift.graph.nodes {
        if names.iter().filter(|it| **it == node.cfn_id).count() > 1 {
            let kind = node.resource.kind().map_or("", |it| it.name);
            node.cfn_id.push_str(kind);
            node.tf_name = format!("{}_{}", node.tf_name, terraform_name(kind));
        }
    }
    // CloudFormation lists managed policies in the role.
    for (role, policy) in attachments {
        let node = plan.lift.graph.nodes.get_mut(role.index());
        if let Some(role) = node.and_then(|it| Role::of_mut(&mut it.resource)) {
            role.managed_policies.push(policy);
        }
    }
    let mut graph = plan.lift.finish_strict();
    let stack = graph.stacks[0].clone();
    let is_removed = |node: &Node| {
        let data =
            matches!(node.resource.type_name(Dialect::Tf), Some(of) if of.starts_with("data."));
        data || RolePolicyAttachment::of(&node.resource).is_some()
    };
    let (retained, removed): (Vec<NodeId>, Vec<NodeId>) = stack
        .nodes
        .into_iter()
        .partition(|id| !is_removed(&graph.nodes[id.index()]));
    for id in removed {
        // The attachment belongs to no stack, so no output contains it.
        graph.nodes[id.index()].resource = RawResource::new().tf("removed").into();
        graph.nodes[id.index()].depends_on.clear();
    }
    for node in &mut graph.nodes {
        node.depends_on.retain(|id| retained.contains(id));
    }
    graph.stacks[0].nodes = retained;
    Ok((graph, out, values))
}

/// Returns a name for an address, without its type: `module.net.aws_vpc.main[0]` is `net_main_0`.
fn plain_name(address: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut parts = address.split('.').peekable();
    while let Some(part) = parts.next() {
        match part {
            "module" => words.extend(parts.next().map(str::to_owned)),
            of if of.starts_with("aws_") && parts.peek().is_some() => {}
            other => words.push(other.to_owned()),
        }
    }
    let joined = words.join("_");
    let plain: String = joined
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    plain.trim_matches('_').to_owned()
}
