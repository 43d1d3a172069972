//! Instance profile: present, with a role.

use super::super::HopResult;
use super::super::fix::{Changes, Fix, link, raw};
use super::super::functions;
use super::super::graph_index::{GraphIndex, Resolved};
use super::super::iam::{CallContext, Caller, trusts_ec2};
use super::super::instance::InstanceConfig;
use super::super::setting::Setting;
use super::super::ternary::Ternary;
use super::{Check, Context, DiagramBox, Entry, Hop, SequenceStep, fixes};
use crate::ir::{Expr, NodeId, Value};
use crate::resource::{InstanceProfile, Node, RawValue, Resource, Role, ServiceSetting};
use crate::session_manager::REGISTER_ACTION;

pub(super) const ENTRY: Entry = Entry {
    code: "instance-profile",
    reason: "the agent signs its requests with the role of the instance profile",
    page: "\
**Checks** that the instance has an instance profile, and that the profile has a role.

**Fails** if there is none, or if the instance names a role instead of a profile. Default Host
Management provides a role to instances without a profile, and to instances whose role does not
allow the agent to register. Pass `--assume dhmc` if it is enabled in the account and
Region. A plan that enables it also passes. The role that its setting names is checked if the plan
contains it.

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
    /// A role that Default Host Management provides.
    Managed(NodeId),
    /// A role outside the file, described by this text.
    Outside(String),
    /// No role, or none that matters.
    None,
}

/// The service setting of Default Host Management, which provides a role to instances without an
/// instance profile.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>
const DHMC: &str = "/ssm/managed-instance/default-ec2-instance-management-role";

/// Returns whether Default Host Management is enabled, as far as the file and the options specify.
pub(super) fn default_host_management(index: &GraphIndex<'_>) -> Ternary {
    if index.assumptions.dhmc {
        return Ternary::Yes;
    }
    let by_setting = index.all::<ServiceSetting>();
    let by_setting = by_setting.map(|(id, _, it)| enables(it).and(index.exists(id)));
    Ternary::any(by_setting).or(by_custom_resource(index))
}

/// Returns whether a setting enables Default Host Management.
fn enables(it: &ServiceSetting) -> Ternary {
    let name = match &it.setting_id {
        Value::Lit(id) => id.ends_with(DHMC).into(),
        Value::Expr(Expr::Concat(parts)) => match parts.last() {
            Some(Expr::Text(end)) => end.ends_with(DHMC).into(),
            _ => Ternary::Unknown,
        },
        Value::Expr(_) => Ternary::Unknown,
    };
    let on = match &it.setting_value {
        Value::Lit(value) => (value != "$None" && !value.is_empty()).into(),
        // The name of a role.
        Value::Expr(Expr::Attr(..) | Expr::Concat(_)) => Ternary::Yes,
        Value::Expr(_) => Ternary::Unknown,
    };
    name.and(on)
}

/// Returns the role of Default Host Management: that of the setting, or the one that AWS creates.
fn managed_role(index: &GraphIndex<'_>) -> InstanceRole {
    let settings = index.all::<ServiceSetting>();
    let mut on = settings.filter(|(id, _, it)| !enables(it).and(index.exists(*id)).is_no());
    let Some((_, _, setting)) = on.next() else {
        return InstanceRole::None;
    };
    let name = match &setting.setting_value {
        Value::Lit(text) => Expr::Text(text.clone()),
        // The text before the name is the path of the role.
        Value::Expr(Expr::Concat(parts)) => match parts.last() {
            Some(last) => last.clone(),
            None => Expr::Concat(Vec::new()),
        },
        Value::Expr(expr) => expr.clone(),
    };
    match index.role(&Value::Expr(name.clone())).as_slice() {
        [Resolved::Node(role, _)] if index.exists(*role).is_yes() => InstanceRole::Managed(*role),
        [Resolved::Outside(Expr::Text(text))] if text.ends_with(DHMC_ROLE) => InstanceRole::None,
        _ => InstanceRole::Outside(format!(
            "role `{}` of Default Host Management",
            index.shown(&name)
        )),
    }
}

/// The role that AWS names for Default Host Management.
const DHMC_ROLE: &str = "AWSSystemsManagerDefaultEC2InstanceManagementRole";

/// Returns whether a custom resource can enable Default Host Management: it names the setting or its
/// role.
fn by_custom_resource(index: &GraphIndex<'_>) -> Ternary {
    let names_it = |node: &Node| {
        let of = node.resource.type_name(node.dialect()).unwrap_or_default();
        let is_custom = of.starts_with("Custom::") || of == "AWS::CloudFormation::CustomResource";
        let mut text = String::new();
        if is_custom && !node.is_absent() {
            let properties = node.resource.put(node.dialect());
            properties.iter().for_each(|(_, value)| {
                functions::show(value, &mut text);
            });
        }
        text.contains(DHMC) || text.contains(DHMC_ROLE)
    };
    match index.graph.nodes().any(|(_, node)| names_it(node)) {
        true => Ternary::Unknown,
        false => Ternary::No,
    }
}

/// Returns the result of the hop, and the role of the instance.
///
/// The agent uses Default Host Management if EC2 provides no credentials, or if the role does not
/// allow the agent to register.
pub(super) fn find_role(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
) -> (HopResult, InstanceRole) {
    let (profile, role) = role_of_profile(index, instance);
    let InstanceRole::Node(id) = role else {
        return (profile, role);
    };
    let managed = default_host_management(index);
    if managed.is_no() {
        return (profile, role);
    }
    let on = CallContext::of(Caller::Holder(Some(id)));
    let registers = index
        .role_permissions(id)
        .allows(index, REGISTER_ACTION, &on);
    let trusts = match index.graph.node(id).map(|node| &node.resource) {
        Some(Resource::Role(it)) => trusts_ec2(index, &it.assume_role_policy).holds,
        _ => Ternary::Unknown,
    };
    if !registers.allowed.and(trusts).is_no() {
        return (profile, role);
    }
    let name = index.name(id);
    let detail = match managed {
        Ternary::Yes => format!("Default Host Management provides the role in place of `{name}`"),
        _ => {
            format!("the file does not show whether Default Host Management replaces role `{name}`")
        }
    };
    let result = HopResult::new(profile.hop, managed, detail);
    let result = match profile.at {
        Some((node, field)) => result.at(node, field),
        None => result,
    };
    (result, managed_role(index))
}

fn role_of_profile(
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
            let managed = match default_host_management(index) {
                Ternary::Yes => Some(HopResult::pass(
                    hop,
                    "Default Host Management provides the role",
                )),
                Ternary::Unknown => Some(HopResult::unknown(
                    hop,
                    "the file does not show whether Default Host Management is enabled",
                )),
                Ternary::No => None,
            };
            if let Some(result) = managed {
                return (
                    result.at(instance.launch_source, "iam_instance_profile"),
                    managed_role(index),
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
                    .fix(fixes::profile(index, instance, None)),
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
            let fix = fixes::profile(index, instance, role.then_some(id));
            (result.fix(fix), InstanceRole::None)
        }
        Resolved::Outside(expr) => {
            let what = index.shown(&expr);
            (
                HopResult::unknown(hop, format!("instance profile `{what}` is not in the file"))
                    .at(node, field),
                InstanceRole::Outside(format!("the role of instance profile `{what}`")),
            )
        }
    }
}

fn add_role(index: &GraphIndex<'_>, profile: NodeId) -> Fix {
    let mut changes = Changes::new(index.graph);
    let role = fixes::role(index, &mut changes);
    let name = raw::<Role>(&link(role));
    changes.push(Fix::Set {
        node: profile,
        field: "role",
        cfn: RawValue::List(vec![name.clone()]),
        tf: name,
    });
    changes.done()
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
                .fix(add_role(index, id)),
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
            .fix(add_role(index, id)),
            InstanceRole::None,
        ),
        Resolved::Outside(expr) => (
            pass,
            InstanceRole::Outside(format!("role `{}`", index.shown(&expr))),
        ),
    }
}
