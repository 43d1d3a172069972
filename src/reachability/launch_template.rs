//! The launch template of an instance or Auto Scaling group, and its values.

use super::graph_index::{GraphIndex, Resolved};
use super::setting::{Setting, is_unmodeled};
use crate::ir::{Expr, Link, NodeId, Text, Value};
use crate::resource::{
    InstanceProfile, LaunchTemplate, LaunchTemplateSpecification, RawValue, Resource,
    TemplateProfile,
};

/// The launch template of a specification.
pub(crate) enum Template<'g> {
    None,
    Known(NodeId, &'g LaunchTemplate),
    Unknown(NodeId, &'static str),
}

/// Finds the launch template of a specification. The file contains one version of it: the one that
/// the deployment creates, or the latest one.
pub(crate) fn template<'g>(
    index: &GraphIndex<'g>,
    by: (NodeId, &'static str),
    (link, name): (Option<&Link<LaunchTemplate>>, Option<&Value<Text>>),
    version: Option<&Value<Text>>,
) -> Template<'g> {
    match find(index, link, name) {
        Some((id, it)) if is_in_file(index, id, version) => Template::Known(id, it),
        _ => Template::Unknown(by.0, by.1),
    }
}

fn find<'g>(
    index: &GraphIndex<'g>,
    link: Option<&Link<LaunchTemplate>>,
    name: Option<&Value<Text>>,
) -> Option<(NodeId, &'g LaunchTemplate)> {
    if let Some(link) = link.filter(|link| !link.is_absent()) {
        return match index.resolve_one(link) {
            Resolved::Node(id, it) => Some((id, it)),
            Resolved::OtherType(_) | Resolved::Outside(_) => None,
        };
    }
    // The name can refer to the launch template.
    if let Value::Expr(Expr::Other(node, _) | Expr::Attr(node, _)) = name?
        && let Some(Resource::LaunchTemplate(it)) =
            index.graph.node(*node).map(|node| &node.resource)
    {
        return Some((*node, it));
    }
    index
        .all::<LaunchTemplate>()
        .find(|(_, _, it)| it.launch_template_name.as_ref() == name)
        .map(|(id, _, it)| (id, it))
}

/// Returns whether a version has the content in the file.
///
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html>
fn is_in_file(index: &GraphIndex<'_>, id: NodeId, version: Option<&Value<Text>>) -> bool {
    let Some(node) = index.graph.node(id) else {
        return false;
    };
    let version = match version {
        None | Some(Value::Expr(Expr::Absent)) => "$Default",
        Some(Value::Lit(version)) => version,
        Some(Value::Expr(Expr::Attr(node, attr))) if *node == id => {
            if *attr == LaunchTemplate::LATEST_VERSION {
                return true;
            }
            "$Default"
        }
        Some(Value::Expr(Expr::Other(node, _))) if *node == id => "$Default",
        Some(Value::Expr(_)) => return false,
    };
    if version == "$Latest" || node.is_lookup() {
        return true;
    }
    // Terraform's plan of an existing launch template shows the numbers of its versions.
    let number = |name| {
        let value = node.origin.as_ref()?.unknown_properties.get(name)?;
        match value {
            RawValue::Int(number) => Some(*number),
            _ => None,
        }
    };
    let (latest, default) = (number("latest_version"), number("default_version"));
    match (version, latest, default) {
        ("$Default", Some(latest), Some(default)) => latest == default,
        // The apply creates a version, and keeps the number of the default one.
        ("$Default", None, Some(_)) => false,
        ("$Default", _, None) => true,
        (version, Some(latest), _) => version == latest.to_string(),
        // The deployment creates the first version.
        (version, None, None) => version == "1",
        (_, None, Some(_)) => false,
    }
}

pub(crate) fn template_of_specification<'g>(
    index: &GraphIndex<'g>,
    by: NodeId,
    spec: Option<&LaunchTemplateSpecification>,
) -> Template<'g> {
    if is_unmodeled(index, by, "launch_template") {
        return Template::Unknown(by, "launch_template");
    }
    match spec {
        None => Template::None,
        Some(spec) => template(
            index,
            (by, "launch_template"),
            (Some(&spec.launch_template), spec.name.as_ref()),
            Some(&spec.version),
        ),
    }
}

/// Returns the value of a field in a launch template.
pub(super) fn from_template<T>(
    index: &GraphIndex<'_>,
    template: &Template<'_>,
    field: &'static str,
    get: impl FnOnce(&LaunchTemplate) -> Option<T>,
) -> Setting<T> {
    match template {
        Template::None => Setting::Unset,
        Template::Unknown(node, by) => Setting::Unknown(*node, by),
        Template::Known(id, it) => {
            Setting::of(*id, field, get(it), is_unmodeled(index, *id, field))
        }
    }
}

pub(super) fn profile_of(profile: &TemplateProfile) -> Option<Link<InstanceProfile>> {
    profile.arn.clone().or_else(|| profile.name.clone())
}
