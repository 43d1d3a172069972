//! The instance has a profile with a role.

use super::super::fix::Change;
use super::super::host::{Host, Setting};
use super::super::view::{To, View, visible_text};
use super::super::{Finding, Hop};
use crate::ir::NodeId;
use crate::resource::{InstanceProfile, Resource, Role, ServiceSetting, Term, Typed};

/// The role of an instance.
pub(super) enum HostRole {
    Node(NodeId),
    /// It is not in the file.
    Outside(String),
    /// There is none, or it does not matter.
    None,
}

/// The setting that gives instances without a profile a role.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>
const DHMC: &str = "/ssm/managed-instance/default-ec2-instance-management-role";

fn host_management(view: &View<'_>) -> bool {
    view.assume.dhmc
        || view.all::<ServiceSetting>().any(|(id, _, it)| {
            let name = it.setting_id.lit().is_some_and(|id| id.ends_with(DHMC));
            let on = it
                .setting_value
                .lit()
                .is_none_or(|value| value != "$None" && !value.is_empty());
            name && on && view.exists(id).is_yes()
        })
}

pub(super) fn check(view: &View<'_>, host: &Host<'_>) -> (Finding, HostRole) {
    let hop = Hop::InstanceProfile;
    let (node, field, link) = match &host.profile {
        Setting::Is(node, field, link) if !link.is_absent() => (*node, *field, link),
        Setting::Unknown(node, field) => {
            let what = "the instance profile".to_owned();
            return (
                Finding::unknown(hop, "the instance profile is not decided").at(*node, field),
                HostRole::Outside(what),
            );
        }
        Setting::Unset | Setting::Is(..) => {
            if host_management(view) {
                let finding = Finding::pass(
                    hop,
                    "no profile is needed: Default Host Management gives the role",
                );
                return (
                    finding.at(host.launched_by, "iam_instance_profile"),
                    HostRole::None,
                );
            }
            let finding = Finding::fail(
                hop,
                format!("`{}` has no instance profile", view.name(host.launched_by)),
            );
            return (
                finding
                    .at(host.launched_by, "iam_instance_profile")
                    .fix(missing(view, host)),
                HostRole::None,
            );
        }
    };
    let mut profiles = view.profile(link);
    if profiles.len() != 1 {
        return (
            Finding::unknown(hop, "which instance profile it is, is not decided").at(node, field),
            HostRole::Outside("one of several profiles".to_owned()),
        );
    }
    match profiles.swap_remove(0) {
        To::Node(id, profile) => with_role(view, (node, field), id, profile),
        To::Wrong(id) => {
            let role = view
                .graph
                .node(id)
                .is_some_and(|node| matches!(node.resource, Resource::Role(_)));
            let kind = if role { "a role" } else { "no profile" };
            let finding = Finding::fail(
                hop,
                format!(
                    "`{}` is {kind}, and the instance wants an instance profile",
                    view.name(id)
                ),
            )
            .at(node, field);
            let fix = role.then(|| {
                Change::All(vec![
                    Change::add("InstanceProfile", InstanceProfile::new(role_link(id))),
                    Change::say("name that profile in the instance instead of the role"),
                ])
            });
            (
                finding.fix(
                    fix.unwrap_or_else(|| Change::say("name an instance profile in the instance")),
                ),
                HostRole::None,
            )
        }
        To::Outside(expr) => {
            let what = visible_text(&expr);
            (
                Finding::unknown(
                    hop,
                    format!("the instance profile `{what}` is not in the file"),
                )
                .at(node, field),
                HostRole::Outside(format!("the instance profile `{what}`")),
            )
        }
    }
}

fn role_link(id: NodeId) -> crate::ir::Link<Role> {
    crate::ir::Value::Expr(id.at(Role::LINK))
}

fn with_role(
    view: &View<'_>,
    at: (NodeId, &'static str),
    id: NodeId,
    profile: &InstanceProfile,
) -> (Finding, HostRole) {
    let hop = Hop::InstanceProfile;
    let name = view.name(id);
    if !view.exists(id).is_yes() {
        return (
            Finding::unknown(hop, format!("whether `{name}` exists is not decided")).at(at.0, at.1),
            HostRole::Outside(format!("the instance profile `{name}`")),
        );
    }
    if profile.role.0.is_absent() {
        let unread = view
            .graph
            .node(id)
            .is_some_and(|node| node.is_unread("role"));
        if unread {
            return (
                Finding::unknown(hop, format!("the role of `{name}` is not decided"))
                    .at(id, "role"),
                HostRole::Outside(format!("the role of `{name}`")),
            );
        }
        return (
            Finding::fail(hop, format!("the instance profile `{name}` has no role"))
                .at(id, "role")
                .fix(Change::say("give it a role that EC2 may take")),
            HostRole::None,
        );
    }
    let pass = Finding::pass(hop, format!("`{name}` gives the instance its role")).at(at.0, at.1);
    let mut roles = view.role(&profile.role.0);
    if roles.len() != 1 {
        return (pass, HostRole::Outside("one of several roles".to_owned()));
    }
    match roles.swap_remove(0) {
        To::Node(role, _) if view.exists(role).is_yes() => (pass, HostRole::Node(role)),
        To::Node(role, _) => (
            pass,
            HostRole::Outside(format!("the role `{}`", view.name(role))),
        ),
        To::Wrong(other) => (
            Finding::fail(
                hop,
                format!("`{}` in the profile `{name}` is no role", view.name(other)),
            )
            .at(id, "role")
            .fix(Change::say("name a role in the profile")),
            HostRole::None,
        ),
        To::Outside(expr) => (
            pass,
            HostRole::Outside(format!("the role `{}`", visible_text(&expr))),
        ),
    }
}

/// A profile for an instance that has none: one of the file that fits, or a new one.
fn missing(view: &View<'_>, host: &Host<'_>) -> Change {
    let set = |profile: NodeId| {
        Change::set(
            host.launched_by,
            "iam_instance_profile",
            Term::from(profile.at(InstanceProfile::LINK)),
        )
    };
    if let Some((id, ..)) = view.all::<InstanceProfile>().next() {
        return set(id);
    }
    let mut changes = Vec::new();
    match view
        .all::<Role>()
        .find(|(_, _, role)| super::super::iam::trusts_ec2(&role.assume_role_policy).is_yes())
    {
        Some((id, ..)) => {
            changes.push(Change::add(
                "InstanceProfile",
                InstanceProfile::new(role_link(id)),
            ));
        }
        None => changes.push(Change::say(
            "make a role that EC2 may take, with the policy AmazonSSMManagedInstanceCore, and an \
             instance profile with it",
        )),
    }
    changes.push(Change::say("name the profile in the instance"));
    Change::All(changes)
}
