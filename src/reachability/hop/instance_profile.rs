//! Instance profile: present, with a role.

use super::super::HopResult;
use super::super::fix::Fix;
use super::super::graph_index::{GraphIndex, Resolved, visible_text};
use super::super::instance::InstanceConfig;
use super::super::setting::Setting;
use super::{Check, Context, DiagramBox, Entry, Hop, SequenceStep};
use crate::ir::NodeId;
use crate::resource::{InstanceProfile, RawValue, Resource, Role, ServiceSetting, Typed};

pub(super) const ENTRY: Entry = Entry {
    code: "instance-profile",
    reason: "the agent signs its requests with the role of the instance profile",
    page: "\
**Checks** that the instance has an instance profile, and that the profile has a role.

**Fails** if there is none, or if the instance names a role instead of a profile. Default Host
Management provides a role to instances without a profile. Pass `--assume dhmc` if it is enabled in
the account and Region. A plan that enables it also passes.

**Fix:** create an instance profile with a role, and name the profile in the instance.

<https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html>
",
    expected: "One instance profile is associated, and it contains the role.",
    commands: &[
        "aws ec2 describe-iam-instance-profile-associations \
         --filters \"Name=instance-id,Values=$INSTANCE\" --output table",
        "aws iam get-instance-profile --instance-profile-name \"$PROFILE\" \
         --query 'InstanceProfile.Roles[].RoleName'",
    ],
    boxes: &[DiagramBox::Role],
    steps: &[SequenceStep::Credentials],
    check: Check::Instance(check),
};

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    vec![context.profile.clone()]
}

/// The role of an instance.
pub(super) enum InstanceRole {
    Node(NodeId),
    /// A role outside the file, described by this text.
    Outside(String),
    /// No role, or none that matters.
    None,
}

/// The service setting of Default Host Management, which provides a role to instances without an
/// instance profile.
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

/// Returns the result of the hop, and the role of the instance.
pub(super) fn find_role(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
) -> (HopResult, InstanceRole) {
    let hop = Hop::InstanceProfile;
    let (node, field, link) = match &instance.profile {
        Setting::Known(node, field, link) if !link.is_absent() => (*node, *field, link),
        Setting::Unknown(node, field) => {
            let what = "the role of the instance profile".to_owned();
            return (
                HopResult::unknown(hop, "the instance profile is unknown").at(*node, field),
                InstanceRole::Outside(what),
            );
        }
        Setting::Unset | Setting::Known(..) => {
            if default_host_management(index) {
                let result = HopResult::pass(hop, "Default Host Management provides the role");
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
            HopResult::unknown(hop, "the instance has one of several instance profiles")
                .at(node, field),
            InstanceRole::Outside("the role of one of several instance profiles".to_owned()),
        );
    }
    match profiles.swap_remove(0) {
        Resolved::Node(id, profile) => with_role(index, (node, field), id, profile),
        Resolved::OtherType(id) => {
            let role = index
                .graph
                .node(id)
                .is_some_and(|node| matches!(node.resource, Resource::Role(_)));
            let kind = if role {
                "a role"
            } else {
                "not an instance profile"
            };
            let result = HopResult::fail(
                hop,
                format!(
                    "`{}` is {kind}, and the instance requires an instance profile",
                    index.name(id)
                ),
            )
            .at(node, field);
            let fix = role.then(|| {
                Fix::All(vec![
                    Fix::add("InstanceProfile", InstanceProfile::new(role_link(id))),
                    Fix::manual("name this instance profile in the instance, in place of the role"),
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
                HopResult::unknown(hop, format!("instance profile `{what}` is not in the file"))
                    .at(node, field),
                InstanceRole::Outside(format!("the role of instance profile `{what}`")),
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
        let reason = match index.doubt(id) {
            Some(doubt) => format!("`{name}` {doubt}"),
            None => format!("the file does not show whether `{name}` exists"),
        };
        return (
            HopResult::unknown(hop, reason).at(at.0, at.1),
            InstanceRole::Outside(format!("the role of instance profile `{name}`")),
        );
    }
    if profile.role.0.is_absent() {
        let unmodeled = index
            .graph
            .node(id)
            .is_some_and(|node| node.is_unmodeled("role"));
        if unmodeled {
            return (
                HopResult::unknown(hop, format!("the role of `{name}` is unknown")).at(id, "role"),
                InstanceRole::Outside(format!("the role of instance profile `{name}`")),
            );
        }
        return (
            HopResult::fail(hop, format!("instance profile `{name}` has no role"))
                .at(id, "role")
                .fix(Fix::manual(
                    "add a role that trusts `ec2.amazonaws.com` to the instance profile",
                )),
            InstanceRole::None,
        );
    }
    let pass = HopResult::pass(hop, format!("instance profile `{name}` has a role")).at(at.0, at.1);
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
            match index.doubt(role) {
                Some(doubt) => HopResult::unknown(hop, format!("`{}` {doubt}", index.name(role)))
                    .at(id, "role"),
                None => pass,
            },
            InstanceRole::Outside(format!("role `{}`", index.name(role))),
        ),
        Resolved::OtherType(other) => (
            HopResult::fail(
                hop,
                format!(
                    "`{}` in instance profile `{name}` is not a role",
                    index.name(other)
                ),
            )
            .at(id, "role")
            .fix(Fix::manual("name a role in the instance profile")),
            InstanceRole::None,
        ),
        Resolved::Outside(expr) => (
            pass,
            InstanceRole::Outside(format!("role `{}`", visible_text(&expr))),
        ),
    }
}

/// Returns the fix for an instance without a profile: an instance profile of the file, or a new one.
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
            "create a role that trusts `ec2.amazonaws.com` with the policy \
             `AmazonSSMManagedInstanceCore`, and an instance profile with this role",
        )),
    }
    changes.push(Fix::manual("name the instance profile in the instance"));
    Fix::All(changes)
}
