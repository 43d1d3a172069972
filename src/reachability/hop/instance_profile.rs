//! The instance has a profile with a role.

use super::super::fix::Fix;
use super::super::graph_index::{GraphIndex, Resolved, visible_text};
use super::super::instance::{InstanceConfig, Setting};
use super::super::{Hop, HopResult};
use crate::ir::NodeId;
use crate::resource::{InstanceProfile, RawValue, Resource, Role, ServiceSetting, Typed};

/// The role of an instance.
pub(super) enum InstanceRole {
    Node(NodeId),
    /// It is not in the file.
    Outside(String),
    /// There is none, or it does not matter.
    None,
}

/// The setting that gives instances without a profile a role.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>
const DHMC: &str = "/ssm/managed-instance/default-ec2-instance-management-role";

fn default_host_management(index: &GraphIndex<'_>) -> bool {
    index.assumptions.dhmc
        || index.all::<ServiceSetting>().any(|(id, _, it)| {
            let name = it.setting_id.lit().is_some_and(|id| id.ends_with(DHMC));
            let on = it
                .setting_value
                .lit()
                .is_none_or(|value| value != "$None" && !value.is_empty());
            name && on && index.exists(id).is_yes()
        })
}

pub(super) fn check(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
) -> (HopResult, InstanceRole) {
    let hop = Hop::InstanceProfile;
    let (node, field, link) = match &instance.profile {
        Setting::Known(node, field, link) if !link.is_absent() => (*node, *field, link),
        Setting::Unknown(node, field) => {
            let what = "the instance profile".to_owned();
            return (
                HopResult::unknown(hop, "the instance profile is not decided").at(*node, field),
                InstanceRole::Outside(what),
            );
        }
        Setting::Unset | Setting::Known(..) => {
            if default_host_management(index) {
                let result = HopResult::pass(
                    hop,
                    "no profile is needed: Default Host Management gives the role",
                );
                return (
                    result.at(instance.launch_source, "iam_instance_profile"),
                    InstanceRole::None,
                );
            }
            let result = HopResult::fail(
                hop,
                format!(
                    "`{}` has no instance profile",
                    index.name(instance.launch_source)
                ),
            );
            return (
                result
                    .at(instance.launch_source, "iam_instance_profile")
                    .fix(missing(index, instance)),
                InstanceRole::None,
            );
        }
    };
    let mut profiles = index.profile(link);
    if profiles.len() != 1 {
        return (
            HopResult::unknown(hop, "which instance profile it is, is not decided").at(node, field),
            InstanceRole::Outside("one of several profiles".to_owned()),
        );
    }
    match profiles.swap_remove(0) {
        Resolved::Node(id, profile) => with_role(index, (node, field), id, profile),
        Resolved::OtherType(id) => {
            let role = index
                .graph
                .node(id)
                .is_some_and(|node| matches!(node.resource, Resource::Role(_)));
            let kind = if role { "a role" } else { "no profile" };
            let result = HopResult::fail(
                hop,
                format!(
                    "`{}` is {kind}, and the instance wants an instance profile",
                    index.name(id)
                ),
            )
            .at(node, field);
            let fix = role.then(|| {
                Fix::All(vec![
                    Fix::add("InstanceProfile", InstanceProfile::new(role_link(id))),
                    Fix::manual("name that profile in the instance instead of the role"),
                ])
            });
            (
                result.fix(
                    fix.unwrap_or_else(|| Fix::manual("name an instance profile in the instance")),
                ),
                InstanceRole::None,
            )
        }
        Resolved::Outside(expr) => {
            let what = visible_text(&expr);
            (
                HopResult::unknown(
                    hop,
                    format!("the instance profile `{what}` is not in the file"),
                )
                .at(node, field),
                InstanceRole::Outside(format!("the instance profile `{what}`")),
            )
        }
    }
}

fn role_link(id: NodeId) -> crate::ir::Link<Role> {
    crate::ir::Value::Expr(id.at(Role::LINK))
}

fn with_role(
    index: &GraphIndex<'_>,
    at: (NodeId, &'static str),
    id: NodeId,
    profile: &InstanceProfile,
) -> (HopResult, InstanceRole) {
    let hop = Hop::InstanceProfile;
    let name = index.name(id);
    if !index.exists(id).is_yes() {
        return (
            HopResult::unknown(hop, format!("whether `{name}` exists is not decided"))
                .at(at.0, at.1),
            InstanceRole::Outside(format!("the instance profile `{name}`")),
        );
    }
    if profile.role.0.is_absent() {
        let unmodeled = index
            .graph
            .node(id)
            .is_some_and(|node| node.is_unmodeled("role"));
        if unmodeled {
            return (
                HopResult::unknown(hop, format!("the role of `{name}` is not decided"))
                    .at(id, "role"),
                InstanceRole::Outside(format!("the role of `{name}`")),
            );
        }
        return (
            HopResult::fail(hop, format!("the instance profile `{name}` has no role"))
                .at(id, "role")
                .fix(Fix::manual("give it a role that EC2 may take")),
            InstanceRole::None,
        );
    }
    let pass = HopResult::pass(hop, format!("`{name}` gives the instance its role")).at(at.0, at.1);
    let mut roles = index.role(&profile.role.0);
    if roles.len() != 1 {
        return (
            pass,
            InstanceRole::Outside("one of several roles".to_owned()),
        );
    }
    match roles.swap_remove(0) {
        Resolved::Node(role, _) if index.exists(role).is_yes() => (pass, InstanceRole::Node(role)),
        Resolved::Node(role, _) => (
            pass,
            InstanceRole::Outside(format!("the role `{}`", index.name(role))),
        ),
        Resolved::OtherType(other) => (
            HopResult::fail(
                hop,
                format!("`{}` in the profile `{name}` is no role", index.name(other)),
            )
            .at(id, "role")
            .fix(Fix::manual("name a role in the profile")),
            InstanceRole::None,
        ),
        Resolved::Outside(expr) => (
            pass,
            InstanceRole::Outside(format!("the role `{}`", visible_text(&expr))),
        ),
    }
}

/// A profile for an instance that has none: one of the file that fits, or a new one.
fn missing(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> Fix {
    let set = |profile: NodeId| {
        Fix::set(
            instance.launch_source,
            "iam_instance_profile",
            RawValue::from(profile.at(InstanceProfile::LINK)),
        )
    };
    if let Some((id, ..)) = index.all::<InstanceProfile>().next() {
        return set(id);
    }
    let mut changes = Vec::new();
    match index
        .all::<Role>()
        .find(|(_, _, role)| super::super::iam::trusts_ec2(&role.assume_role_policy).is_yes())
    {
        Some((id, ..)) => {
            changes.push(Fix::add(
                "InstanceProfile",
                InstanceProfile::new(role_link(id)),
            ));
        }
        None => changes.push(Fix::manual(
            "make a role that EC2 may take, with the policy AmazonSSMManagedInstanceCore, and an \
             instance profile with it",
        )),
    }
    changes.push(Fix::manual("name the profile in the instance"));
    Fix::All(changes)
}
