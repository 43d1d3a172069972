//! The IAM role and instance profile of the instances.

use super::duplicates::{check_arn, check_arns};
use super::options::options;
use super::scope::{Construct, Scope};
use crate::ir::{Diagnostic, Expr, Handle, IntoValue, Link, NodeId, Text, Value, words};
use crate::resource::{
    InstanceProfile, ManagedPolicy, PolicyDocument, Principal, Role, RolePolicy, Statement, Tags,
};
use crate::session_manager::{CHANNEL_ACTIONS, REGISTER_ACTION};
use crate::validate::ArnOf;

words! {
    /// Permissions of the instances.
    #[non_exhaustive]
    pub enum Permissions {
        /// The managed policy `AmazonSSMManagedInstanceCore`.
        ManagedInstanceCore = "managed",
        /// The managed policy `AmazonSSMManagedEC2InstanceDefaultPolicy`: the same actions, without
        /// access to parameters.
        /// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedEC2InstanceDefaultPolicy.html>
        WithoutParameters = "without-parameters",
        /// Sessions only: five actions, and no access to parameters.
        /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html>
        SessionOnly = "session-only",
    }
}

impl Permissions {
    /// Returns the managed policy, if there is one.
    fn managed_policy(self) -> Option<&'static str> {
        match self {
            Permissions::ManagedInstanceCore => Some("AmazonSSMManagedInstanceCore"),
            Permissions::WithoutParameters => Some("AmazonSSMManagedEC2InstanceDefaultPolicy"),
            Permissions::SessionOnly => None,
        }
    }
}

options! {
    /// The IAM role and instance profile of the instances.
    #[derive(Clone, Debug)]
    pub struct InstanceRole, start |preset| preset.instance_role(), new own;
    options {
        /// Permissions of the role: `AmazonSSMManagedInstanceCore`, which also reads all parameters
        /// of Parameter Store, the same without parameters, or only those of sessions.
        permissions: def Permissions = Permissions::ManagedInstanceCore;
        /// IAM path of the role and the instance profile.
        path: opt Value<Text>, shown "`/`";
        /// ARN of the permissions boundary of the role. The boundary of the role of the stack also
        /// applies to its other roles.
        permissions_boundary: opt Link<ManagedPolicy>;
        /// ARNs of managed policies to attach in addition to `permissions`.
        managed_policies: many Link<ManagedPolicy>, kind Kind::List(&Link::<ManagedPolicy>::KIND);
        /// Tags of the role, in addition to the tags of the stack.
        tags: tags Tags;
    }
}

/// The instance role, for other constructs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceRoleHandles {
    /// The role.
    pub role: Handle<Role>,
    /// The profile.
    pub instance_profile: Handle<InstanceProfile>,
    /// The resources that an instance depends on.
    pub ready: Vec<NodeId>,
    pub(crate) permissions: Permissions,
}

impl InstanceRole {
    /// A role with these permissions.
    pub fn new(permissions: impl IntoValue<Permissions>) -> InstanceRole {
        InstanceRole::default().permissions(permissions)
    }

    /// Reports the policy of its permissions among the additional ones.
    fn check_repeats(&self, policy: &str, scope: &mut Scope<'_>) {
        let is_it = |link: &Link<ManagedPolicy>| {
            let arn = link.lit().map(crate::ir::Id::as_str);
            arn.and_then(|arn| arn.split_once(":iam::aws:policy/"))
                .is_some_and(|(_, name)| name == policy)
        };
        if let Some(n) = self.managed_policies.iter().position(is_it) {
            let message = format!("`managed_policies[{n}]` repeats `{policy}` of `permissions`");
            scope.add_diagnostic(
                Diagnostic::error("duplicate-value", message)
                    .about(&["managed_policies", &n.to_string()])
                    .help("remove the duplicate"),
            );
        }
    }
}

impl Construct for InstanceRole {
    type Handle = InstanceRoleHandles;

    fn build(self, scope: &mut Scope<'_>) -> InstanceRoleHandles {
        let trust = Statement::allow(["sts:AssumeRole"]).principal(Principal::Service(Value::Lit(
            Text::Borrowed("ec2.amazonaws.com"),
        )));
        if let Some(policy) = self.permissions.managed_policy() {
            self.check_repeats(policy, scope);
        }
        scope.tags(self.tags);
        if let Some(policy) = &self.permissions_boundary {
            check_arn("permissions_boundary", ArnOf::Policy, policy, scope);
        }
        let mut role = Role::new(PolicyDocument::new([trust]));
        role.path = self.path.clone();
        role.permissions_boundary = self.permissions_boundary;
        check_arns(
            "managed_policies",
            ArnOf::Policy,
            &self.managed_policies,
            scope,
        );
        if let Some(policy) = self.permissions.managed_policy() {
            let arn = Expr::concat([
                Expr::text("arn:"),
                scope.partition(),
                Expr::text(format!(":iam::aws:policy/{policy}")),
            ]);
            let arn: Link<ManagedPolicy> = match arn {
                Expr::Text(text) => Value::Lit(crate::ir::Id::new(text)),
                expr => Value::Expr(expr),
            };
            role = role.managed_policies([arn]);
        }
        role = role.managed_policies(self.managed_policies);
        let role = scope.add("Role", role);
        let mut ready = vec![role.node()];
        if self.permissions == Permissions::SessionOnly {
            let session = Statement::allow([REGISTER_ACTION]).on(["*"]).sid("Agent");
            let channels = Statement::allow(CHANNEL_ACTIONS).on(["*"]).sid("Sessions");
            let policy = RolePolicy::new("session", role, PolicyDocument::new([session, channels]));
            ready.push(scope.add("SessionPolicy", policy).node());
        }
        let mut profile = InstanceProfile::new(role);
        profile.path = self.path;
        let profile = scope.add("Profile", profile);
        scope.output("RoleArn", role.attr(Role::ARN), "The role of the instances");
        InstanceRoleHandles {
            role,
            instance_profile: profile,
            ready,
            permissions: self.permissions,
        }
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<PolicyDocument> for Vec<Statement> {
    fn into_value(self) -> PolicyDocument {
        PolicyDocument::new(self)
    }
}
