//! The launch template of an instance or Auto Scaling group, and its values.

use super::graph_index::{GraphIndex, Resolved};
use super::setting::{Setting, is_unmodeled};
use crate::ir::{Expr, Link, NodeId, Text, Value};
use crate::resource::{
    InstanceProfile, LaunchTemplate, LaunchTemplateSpecification, TemplateProfile,
};

/// The launch template of a specification.
pub(crate) enum Template<'g> {
    None,
    Known(NodeId, &'g LaunchTemplate),
    Unknown(NodeId, &'static str),
}

pub(crate) fn template<'g>(
    index: &GraphIndex<'g>,
    by: (NodeId, &'static str),
    link: Option<&Link<LaunchTemplate>>,
    name: Option<&Value<Text>>,
) -> Template<'g> {
    if let Some(link) = link.filter(|link| !link.is_absent()) {
        return match index.resolve_one(link) {
            Resolved::Node(id, it) => Template::Known(id, it),
            Resolved::OtherType(_) | Resolved::Outside(_) => Template::Unknown(by.0, by.1),
        };
    }
    let Some(name) = name else {
        return Template::Unknown(by.0, by.1);
    };
    // The name can refer to the launch template.
    if let Value::Expr(Expr::Other(node, _) | Expr::Attr(node, _)) = name
        && let Some(crate::resource::Resource::LaunchTemplate(it)) =
            index.graph.node(*node).map(|node| &node.resource)
    {
        return Template::Known(*node, it);
    }
    index
        .all::<LaunchTemplate>()
        .find(|(_, _, it)| it.launch_template_name.as_ref() == Some(name))
        .map_or(Template::Unknown(by.0, by.1), |(id, _, it)| {
            Template::Known(id, it)
        })
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
            Some(&spec.launch_template),
            spec.name.as_ref(),
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
