//! What other resources run on an instance when they are created: State Manager associations, and
//! provisioners of Terraform.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-about.html>

use super::functions::show;
use super::graph_index::GraphIndex;
use super::instance::InstanceConfig;
use super::ssm_documents::{self, Steps};
use super::ternary::Ternary;
use super::texts::ShownText;
use crate::ir::{Expr, NodeId, Text, Value};
use crate::resource::{Association, AutoScalingGroup, Instance, NodeTarget, Provisioner, RawValue};

/// Commands that a resource runs on an instance.
pub(super) struct NodeCommands {
    pub(super) by: NodeId,
    /// Whether the file determines that they run on this instance.
    pub(super) certain: Ternary,
    pub(super) steps: Steps,
}

/// Returns the commands that other resources run on an instance.
pub(super) fn all(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> Vec<NodeCommands> {
    let associations = index.all::<Association>().filter_map(|(id, node, it)| {
        let ids = ["InstanceId", "instance_id"];
        let other = node.origin.as_ref().and_then(|origin| {
            let of = &origin.unknown_properties;
            ids.into_iter().find_map(|name| of.get(name))
        });
        let certain = match (it.targets.as_slice(), other) {
            ([], Some(id)) => of_value(id, instance.node),
            ([], None) => Ternary::Unknown,
            (targets, _) => Ternary::any(targets.iter().map(|it| is_target(index, instance, it))),
        };
        let mut parameters = ShownText::new("", true);
        for (_, value) in it.parameters.iter() {
            for text in index.texts(value) {
                parameters.text.push_str(&text.text);
                parameters.text.push('\n');
                parameters.is_complete &= text.is_complete;
            }
        }
        let steps = ssm_documents::steps(index, &it.name, parameters);
        (!certain.is_no()).then_some(NodeCommands {
            by: id,
            certain,
            steps,
        })
    });
    associations
        .chain(provisioners(index, instance))
        .filter(|it| !matches!(it.steps, Steps::Harmless))
        .collect()
}

fn of_value(value: &RawValue<'_>, instance: NodeId) -> Ternary {
    match value {
        RawValue::Str(text) => (text == "*").into(),
        RawValue::Expr(expr) => match expr.as_ref() {
            Expr::Attr(id, _) => (*id == instance).into(),
            Expr::Text(text) => (text == "*").into(),
            _ => Ternary::Unknown,
        },
        _ => Ternary::Unknown,
    }
}

/// Returns whether a target selects an instance.
pub(super) fn is_target(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
    target: &NodeTarget,
) -> Ternary {
    let Value::Lit(key) = &target.key else {
        return Ternary::Unknown;
    };
    if key.eq_ignore_ascii_case("InstanceIds") {
        let of = |value: &Value<Text>| match value {
            Value::Lit(id) => of_value(&RawValue::Str(id.clone()), instance.node),
            Value::Expr(expr) => of_value(
                &RawValue::Expr(std::borrow::Cow::Borrowed(expr)),
                instance.node,
            ),
        };
        return match target.values.is_empty() {
            true => Ternary::Unknown,
            false => Ternary::any(target.values.iter().map(of)),
        };
    }
    match key.strip_prefix("tag:") {
        Some(tag) => has_tag(index, instance, tag, &target.values),
        None => Ternary::Unknown,
    }
}

/// Returns whether an instance has a tag with one of these values. The deployment can add tags to all
/// resources, and a launch template to its instances.
fn has_tag(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
    key: &str,
    values: &[Value<Text>],
) -> Ternary {
    let own = match index.graph.node(instance.node).map(|it| &it.resource) {
        Some(crate::resource::Resource::Instance(it)) => it.tags.get(key),
        Some(crate::resource::Resource::AutoScalingGroup(it)) => {
            let named = |it: &&crate::resource::GroupTag| it.key.lit().is_some_and(|it| it == key);
            it.tags.iter().find(named).map(|it| &it.value)
        }
        _ => None,
    };
    let is_open = instance.sources.len() > 1
        || ["tags", "Tags"].iter().any(|field| {
            let node = index.graph.node(instance.node);
            node.is_some_and(|it| it.is_unmodeled(field))
        });
    match own {
        Some(own) => Ternary::any(values.iter().map(|value| match (own, value) {
            (Value::Lit(own), Value::Lit(value)) => (own == value).into(),
            _ => Ternary::Unknown,
        })),
        None if is_open => Ternary::Unknown,
        None => Ternary::No,
    }
}

/// Returns the commands of `remote-exec` and `file` that run on an instance. The connection is not in
/// a plan, so those of a resource that refers to no instance can run on any.
fn provisioners(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> Vec<NodeCommands> {
    let nodes = index.stacks.iter().flat_map(|it| index.graph.nodes_of(it));
    let mut found = Vec::new();
    for (id, node) in nodes.filter(|(_, node)| !node.is_absent()) {
        let all = node.origin.iter().flat_map(|it| &it.provisioners);
        let remote: Vec<&Provisioner> = all.filter(|it| it.kind != "local-exec").collect();
        if remote.is_empty() {
            continue;
        }
        let is_instance = |id: NodeId| {
            let resource = index.graph.node(id).map(|it| &it.resource);
            resource.is_some_and(is_launched)
        };
        let mut references = node.references();
        references.extend(remote.iter().flat_map(|it| it.arguments.references()));
        let certain = if id == instance.node {
            Ternary::Yes
        } else if is_instance(id) {
            Ternary::No
        } else if references.contains(&instance.node) {
            Ternary::Unknown
        } else {
            Ternary::from(!references.into_iter().any(is_instance)).and(Ternary::Unknown)
        };
        if certain.is_no() {
            continue;
        }
        let mut text = ShownText::new("", true);
        for provisioner in remote {
            append(provisioner, &mut text);
        }
        found.push(NodeCommands {
            by: id,
            certain,
            steps: Steps::Script(text),
        });
    }
    found
}

/// Returns whether a resource is an instance or launches instances.
pub(super) fn is_launched(resource: &crate::resource::Resource) -> bool {
    use crate::resource::Typed as _;
    Instance::of(resource).is_some() || AutoScalingGroup::of(resource).is_some()
}

/// Appends the commands of a provisioner, or the file that it writes.
fn append(provisioner: &Provisioner, text: &mut ShownText) {
    let of = |name: &str| {
        let mut shown = String::new();
        let value = provisioner.arguments.get(name)?;
        let is_complete = show(value, &mut shown);
        Some((shown, is_complete))
    };
    if provisioner.kind == "file" {
        let (path, _) = of("destination").unwrap_or_default();
        let (content, _) = of("content").unwrap_or_default();
        for line in content.lines().chain([""]) {
            let line = super::written_file::written(path.trim(), line);
            text.text.push_str(&line);
            text.text.push('\n');
        }
        return;
    }
    match of("inline") {
        Some((shown, is_complete)) => {
            text.text.push_str(&shown);
            text.is_complete &= is_complete;
        }
        // The scripts are files.
        None => text.is_complete = false,
    }
}
